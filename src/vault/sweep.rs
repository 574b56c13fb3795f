//! Clearing away what a killed run left in the store. Only the holder of the run lock may.

use std::fs;
use std::path::Path;

use crate::base::{BaseError, is_temp_name, seams, sweep_temp_files};

use super::mend::keeps_more;
use super::{Store, VaultError};

impl Store {
    /// Deletes half-written files and stale ref locks; says how many.
    pub fn sweep(&self) -> Result<usize, VaultError> {
        let mut swept = sweep_temp_files(&self.path)?;
        swept += sweep_below(&self.path.join("refs"), &|name| name.ends_with(".lock"))?;
        swept += sweep_below(&self.path.join("objects"), &is_unfinished_object)?;
        swept += self.sweep_lone_packs()?;
        for name in ["packed-refs.lock", "HEAD.lock", "config.lock"] {
            swept += remove(&self.path.join(name))?;
        }
        Ok(swept)
    }

    /// A pack without an index is one that had not appeared yet, or was being deleted, and an index
    /// without a pack one that a power cut brought back. Either way the objects are elsewhere; where
    /// they are not, the index was lost.
    fn sweep_lone_packs(&self) -> Result<usize, VaultError> {
        let mut swept = 0;
        let Ok(entries) = fs::read_dir(self.path.join("objects/pack")) else {
            return Ok(0);
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let ending = path.extension().and_then(|ending| ending.to_str());
            let other_half = match ending {
                Some("pack") => "idx",
                Some("idx") => "pack",
                _ => continue,
            };
            let is_lone = !path.with_extension(other_half).exists();
            if is_lone && !(other_half == "idx" && keeps_more(self, &path)?) {
                swept += remove(&path)?;
            }
        }
        Ok(swept)
    }
}

/// libgit2 writes `tmp_object_git2_…` and `pack_git2_…` before it renames them.
fn is_unfinished_object(name: &str) -> bool {
    is_temp_name(name.as_bytes()) || name.contains("_git2_") || name.ends_with(".lock")
}

fn remove(path: &Path) -> Result<usize, BaseError> {
    match seams::step().and_then(|()| fs::remove_file(path)) {
        Ok(()) => Ok(1),
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(fault) => Err(BaseError::io("delete", path)(fault)),
    }
}

fn sweep_below(dir: &Path, is_stale: &dyn Fn(&str) -> bool) -> Result<usize, BaseError> {
    let mut swept = 0;
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        let Ok(entries) = fs::read_dir(&dir) else {
            continue;
        };
        for entry in entries.flatten() {
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_dir {
                open.push(entry.path());
            } else if entry.file_name().to_str().is_some_and(is_stale) {
                swept += remove(&entry.path())?;
            }
        }
    }
    Ok(swept)
}
