//! Keeping this machine's store small: few packs, few loose objects, later versions told as changes.
//!
//! *In*: the store, when a run has done all else with it. *Out*: the same objects in fewer files.
//! *Never*: the network; deleting what the new pack does not have; a large content compressed again.
//!
//! A new pack is written beside the old ones, synced, and looked at; it appears with its index; only
//! then the old ones go. Whoever reads meanwhile finds each object in the one or the other. A run
//! that is killed leaves temp files, or objects twice, which the next gathering makes one of.

mod census;
mod delta;
mod gather;
mod lineage;
mod plan;
mod source;
mod target;

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use git2::Repository;

use crate::base::{BaseError, ObjectId};

use super::{Store, VaultError};
use census::Census;
use gather::{Gather, Gathered};
use source::Source;

impl Store {
    /// Puts the store in order where that is due, and says whether it was. For the holder of the run
    /// lock, as the last thing that a run does: what is open elsewhere still reads the old packs.
    pub fn maintain(&self) -> Result<bool, VaultError> {
        let objects = self.path.join("objects");
        let failed = BaseError::io("consolidate the packs of", &self.path);
        let worked = self.gather_due(&objects).map_err(failed)?;
        Ok(worked)
    }

    fn gather_due(&self, objects: &Path) -> io::Result<bool> {
        let census = Census::take(objects)?;
        let jobs = plan::due(&census);
        if jobs.is_empty() {
            return Ok(false);
        }
        // A look of its own at the store: this one's knows packs that will be gone.
        let repo = Repository::open_bare(&self.path).map_err(io::Error::other)?;
        let odb = repo.odb().map_err(io::Error::other)?;
        for job in &jobs {
            let packs = objects.join("pack");
            let open = |at: &usize| Source::open(&packs, &census.packs[*at].name);
            let sources: Vec<_> = job.packs.iter().map(open).collect::<Result<_, _>>()?;
            let loose = if job.with_loose {
                &census.loose[..]
            } else {
                &[]
            };
            let mut gather = Gather::new(&odb, &sources, loose)?;
            gather.find_pairs()?;
            let gathered = gather.write(&packs)?;
            check(&packs, &gathered)?;
            clear(objects, &gathered, (&sources, loose))?;
        }
        Ok(true)
    }
}

/// Whether what was gathered is in the new packs, as the disk has them now.
fn check(packs: &Path, gathered: &Gathered) -> io::Result<()> {
    let mut found = HashSet::new();
    for name in &gathered.packs {
        let entries = Source::open(packs, name)?.entries;
        found.extend(entries.iter().map(|entry| entry.id));
    }
    if gathered.objects.is_subset(&found) {
        Ok(())
    } else {
        Err(source::damaged(
            "a new pack has not all that it should have",
        ))
    }
}

/// Deletes the old files. An index goes before its pack: without it nobody looks for the pack.
fn clear(
    objects: &Path,
    gathered: &Gathered,
    (sources, loose): (&[Source], &[ObjectId]),
) -> io::Result<()> {
    let packs = objects.join("pack");
    for source in sources {
        let is_whole = source
            .entries
            .iter()
            .all(|entry| gathered.objects.contains(&entry.id));
        if is_whole && !gathered.packs.contains(&source.name) {
            for ending in ["idx", "rev", "bitmap", "keep", "pack"] {
                remove(&packs.join(&source.name).with_extension(ending))?;
            }
        }
    }
    for id in loose.iter().filter(|id| gathered.objects.contains(id)) {
        let path = census::loose_path(objects, *id);
        remove(&path)?;
        // One that is not empty stays.
        path.parent().map(fs::remove_dir);
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}
