//! A pack in the making. It appears with its index in one step, or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use flate2::Crc;
use tempfile::NamedTempFile;

use crate::base::{ObjectId, TEMP_PREFIX, sync_dir};
use crate::vault::pack::PackStream;

use super::census::Sort;
use super::source::{Entry, index_of};

const SUM: usize = 20;

pub struct Target {
    packs: PathBuf,
    temp: NamedTempFile,
    stream: PackStream<BufWriter<File>>,
    entries: Vec<Entry>,
    at: u64,
    began: u64,
    crc: Crc,
}

impl Target {
    pub fn begin(packs: &Path, count: usize) -> io::Result<Self> {
        let temp = temp_in(packs)?;
        let out = BufWriter::with_capacity(256 * 1024, temp.as_file().try_clone()?);
        Ok(Self {
            packs: packs.to_owned(),
            stream: PackStream::begin(out, count)?,
            temp,
            entries: Vec::with_capacity(count),
            at: 12,
            began: 12,
            crc: Crc::new(),
        })
    }

    /// Where the next entry will begin.
    pub const fn at(&self) -> u64 {
        self.at
    }

    /// The next bytes of the entry that is being written.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.entry(bytes)?;
        self.crc.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// The entry is whole.
    pub fn end(&mut self, id: ObjectId) {
        self.entries.push(Entry {
            id,
            offset: self.began,
            length: self.at - self.began,
            crc: self.crc.sum(),
        });
        self.began = self.at;
        self.crc.reset();
    }

    /// Gives it its name, durably; the index last, because a pack without one is nobody's.
    pub fn place(mut self, sort: Sort) -> io::Result<String> {
        self.stream.finish()?;
        self.temp.as_file().sync_all()?;
        let mut sum = [0; SUM];
        let end = self.at;
        self.temp.as_file().read_exact_at(&mut sum, end)?;
        let name = format!("pack-{}", ObjectId::from_bytes(sum));
        let mut index = temp_in(&self.packs)?;
        io::Write::write_all(&mut index, &index_of(&mut self.entries, &sum))?;
        index.as_file().sync_all()?;
        let path = self.packs.join(&name);
        if let Some(mark) = sort.mark() {
            File::create(path.with_extension(mark))?;
        }
        self.temp.persist(path.with_extension("pack"))?;
        index.persist(path.with_extension("idx"))?;
        sync_dir(&self.packs).map_err(io::Error::other)?;
        Ok(name)
    }
}

fn temp_in(packs: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .permissions(fs::Permissions::from_mode(0o444))
        .tempfile_in(packs)
}
