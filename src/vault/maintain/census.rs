//! What lies in the object store: its packs and its loose objects, by a look at the directories.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::ObjectId;

/// A pack with its index.
#[derive(Clone, Debug)]
pub struct Pack {
    pub name: String,
    pub bytes: u64,
}

#[derive(Debug, Default)]
pub struct Census {
    /// The smallest first.
    pub packs: Vec<Pack>,
    pub loose: Vec<ObjectId>,
    pub loose_bytes: u64,
}

impl Census {
    pub fn take(objects: &Path) -> io::Result<Self> {
        let mut census = Self::default();
        for entry in fs::read_dir(objects)? {
            let entry = entry?;
            match entry.file_name().to_str() {
                Some("pack") => census.count_packs(&entry.path())?,
                Some(start) if start.len() == 2 => census.count_loose(start, &entry.path())?,
                _ => {}
            }
        }
        census.packs.sort_unstable_by_key(|pack| pack.bytes);
        Ok(census)
    }

    fn count_packs(&mut self, dir: &Path) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str());
            let is_index = path.extension().is_some_and(|ending| ending == "idx");
            let Some(name) = name.filter(|_| is_index) else {
                continue;
            };
            match fs::metadata(path.with_extension("pack")) {
                Ok(pack) => self.packs.push(Pack {
                    name: name.to_owned(),
                    bytes: pack.len(),
                }),
                // Its pack was deleted, and a power cut brought the index back.
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    fn count_loose(&mut self, start: &str, dir: &Path) -> io::Result<()> {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let rest = entry.file_name();
            let id = rest.to_str().map(|rest| format!("{start}{rest}"));
            if let Some(id) = id.and_then(|text| ObjectId::parse(&text).ok()) {
                self.loose.push(id);
                self.loose_bytes += entry.metadata()?.len();
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
