//! A pack in the making. It appears whole, with its index, or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Crc;
use tempfile::NamedTempFile;

use crate::base::{ObjectId, TEMP_PREFIX, seams, sync_dir};

use super::index::{self, Place};
use super::pack::PackStream;

const BUFFER: usize = 256 * 1024;

pub struct NewPack {
    dir: PathBuf,
    temp: NamedTempFile,
    stream: PackStream<BufWriter<File>>,
    places: Vec<Place>,
    /// Of the entry that is being written.
    offset: u64,
    crc: Crc,
}

impl NewPack {
    /// Begins a pack of so many objects for this directory.
    pub fn begin(dir: &Path, count: usize) -> io::Result<Self> {
        let temp = temp_in(dir)?;
        let out = BufWriter::with_capacity(BUFFER, temp.as_file().try_clone()?);
        let stream = PackStream::begin(out, count)?;
        Ok(Self {
            dir: dir.to_owned(),
            temp,
            offset: stream.written,
            stream,
            places: Vec::with_capacity(count),
            crc: Crc::new(),
        })
    }

    /// Where the entry begins that comes next.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// A piece of an entry.
    pub fn write(&mut self, raw: &[u8]) -> io::Result<()> {
        self.crc.update(raw);
        self.stream.write(raw)
    }

    /// The entry is whole, and is this object's. Returns its checksum.
    pub fn end(&mut self, id: ObjectId) -> u32 {
        let crc = self.crc.sum();
        self.places.push(Place {
            id,
            crc,
            offset: self.offset,
        });
        self.offset = self.stream.written;
        self.crc.reset();
        crc
    }

    /// Gives it its name, durably; returns the name. The index comes last: a pack without one is
    /// nobody's, and swept away after a crash.
    pub fn place(self) -> io::Result<String> {
        let (out, sum) = self.stream.finish()?;
        drop(out);
        let name = format!("pack-{}", ObjectId::from_bytes(sum));
        let mut temp_index = temp_in(&self.dir)?;
        let out = BufWriter::with_capacity(BUFFER, temp_index.as_file_mut());
        index::write(self.places, sum, out)?;
        for (mut file, ending) in [(self.temp, "pack"), (temp_index, "idx")] {
            file.as_file().sync_all()?;
            let alive = seams::step();
            file.disable_cleanup(seams::is_dead());
            alive?;
            file.persist(self.dir.join(format!("{name}.{ending}")))?;
        }
        sync_dir(&self.dir).map_err(io::Error::other)?;
        Ok(name)
    }
}

fn temp_in(dir: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(dir)
}
