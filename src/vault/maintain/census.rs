//! What lies in the object store: its packs and its loose objects, by a look at the directories.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;

use crate::base::ObjectId;

use super::stock::{DEFLATE_AT_BEST, LARGE};

/// A pack with its index.
#[derive(Clone, Debug)]
pub struct Pack {
    pub name: String,
    pub bytes: u64,
    pub sort: Sort,
}

/// What kind of pack it is: an empty file beside it says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Plain,
    /// Of large contents. Git leaves such a pack as it is, too.
    Large,
    /// What nothing led to when it was set aside, so many seconds after 1970.
    Aside {
        since: i64,
    },
}

impl Sort {
    /// The ending of the file beside it.
    pub const fn mark(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Large => Some("keep"),
            Self::Aside { .. } => Some("aside"),
        }
    }
}

#[derive(Debug, Default)]
pub struct Census {
    pub packs: Vec<Pack>,
    /// Without the large ones, which stay as they are.
    pub loose: Vec<ObjectId>,
    pub loose_bytes: u64,
}

impl Census {
    pub fn take(objects: &Path) -> io::Result<Self> {
        let mut census = Self {
            packs: packs(&objects.join("pack"))?,
            ..Self::default()
        };
        for entry in fs::read_dir(objects)? {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(start) = name.to_str().filter(|name| name.len() == 2) {
                census.count(start, &entry.path())?;
            }
        }
        Ok(census)
    }

    fn count(&mut self, start: &str, dir: &Path) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let rest = entry.file_name();
            let id = rest.to_str().map(|rest| format!("{start}{rest}"));
            let Some(id) = id.and_then(|text| ObjectId::parse(&text).ok()) else {
                continue;
            };
            let bytes = entry.metadata()?.len();
            if bytes < LARGE / DEFLATE_AT_BEST || !is_large(&entry.path())? {
                self.loose.push(id);
                self.loose_bytes += bytes;
            }
        }
        Ok(())
    }
}

/// Where a loose object lies.
pub fn loose_path(objects: &Path, id: ObjectId) -> PathBuf {
    let name = id.to_string();
    objects.join(&name[..2]).join(&name[2..])
}

fn packs(dir: &Path) -> io::Result<Vec<Pack>> {
    let mut packs = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        let is_index = path.extension().is_some_and(|ending| ending == "idx");
        if let Some(name) = name.filter(|_| is_index) {
            let pack = match fs::metadata(path.with_extension("pack")) {
                Ok(pack) => pack,
                // Its pack was deleted, and a power cut brought the index back.
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => continue,
                Err(fault) => return Err(fault),
            };
            let sort = if path.with_extension("keep").exists() {
                Sort::Large
            } else if path.with_extension("aside").exists() {
                let since = pack.mtime();
                Sort::Aside { since }
            } else {
                Sort::Plain
            };
            packs.push(Pack {
                name: name.to_owned(),
                bytes: pack.len(),
                sort,
            });
        }
    }
    packs.sort_unstable_by_key(|pack| pack.bytes);
    Ok(packs)
}

/// A loose object says its kind and its size first: `blob 123`, and a zero byte.
fn is_large(path: &Path) -> io::Result<bool> {
    let inflated = ZlibDecoder::new(BufReader::with_capacity(512, File::open(path)?));
    let mut head = Vec::new();
    BufReader::with_capacity(64, inflated.take(64)).read_until(0, &mut head)?;
    let text = std::str::from_utf8(&head).unwrap_or_default();
    let size = text.trim_end_matches('\0').rsplit(' ').next();
    Ok(size
        .and_then(|size| size.parse().ok())
        .is_some_and(|size: u64| size > LARGE))
}
