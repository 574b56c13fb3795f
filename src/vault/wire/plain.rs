//! Whether a remote on this machine's disk is a store and nothing more, so that a small push needs no git.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use git2::{ConfigLevel, Repository};

use crate::base::{Blobs, ObjectId, Program};
use crate::vault::Objects;

use super::path::PathRemote;

/// Git keeps so many objects one by one; more of them, or longer ones, are worth a program of their own.
const FEW: usize = 100;
const SMALL: u64 = 1024 * 1024;

/// Git puts a store in order that has more packs.
const MOST_PACKS: usize = 50;

/// What git writes into a new repository. Whoever set something else asks git for something more.
const USUAL: [&str; 6] = [
    "core.repositoryformatversion",
    "core.filemode",
    "core.bare",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.symlinks",
];
/// And what no push asks for.
const OF_OTHERS: [&str; 3] = ["remote.", "branch.", "gc."];

impl PathRemote {
    /// Git would do with these objects just what is done without it. It takes some four programs for
    /// that, and several times as long.
    pub(super) fn needs_no_git(&self, objects: &Objects<'_>, ids: &[ObjectId]) -> bool {
        let is_plain = |repo: Repository| has_usual_config(&repo).unwrap_or(false);
        is_small(objects, ids) && !has_hooks(&self.path) && self.open().is_ok_and(is_plain)
    }

    /// Has git put the remote in order after a push that it did not see, where that is due. What is in
    /// no order is whole.
    pub(super) fn tidy(&self, git: &Path) {
        let packs = fs::read_dir(self.path.join("objects/pack"));
        let names = packs.into_iter().flatten().flatten();
        let packs = names
            .filter(|entry| Path::new(&entry.file_name()).extension() == Some("pack".as_ref()));
        if packs.count() > MOST_PACKS {
            self.ask(git)
                .args(["gc", "--auto", "--quiet"])
                .output()
                .ok();
        }
    }

    /// Git at this remote, as nobody's settings but the remote's own have it.
    pub(super) fn ask(&self, git: &Path) -> Program {
        let safe = format!("safe.directory={}", self.path.display());
        Program::new(git, &self.options.env)
            .dir(&self.path)
            .var("GIT_CONFIG_GLOBAL", "/dev/null")
            .var("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", &safe])
    }
}

fn is_small(objects: &Objects<'_>, ids: &[ObjectId]) -> bool {
    let sizes = || ids.iter().map(|id| objects.size(*id));
    ids.len() <= FEW
        && sizes()
            .sum::<Result<u64, _>>()
            .is_ok_and(|all| all <= SMALL)
}

/// Git makes examples, and runs nothing that is called so. Where nobody can look there may be others.
fn has_hooks(path: &Path) -> bool {
    let mut entries = match fs::read_dir(path.join("hooks")) {
        Ok(entries) => entries,
        Err(fault) => return fault.kind() != ErrorKind::NotFound,
    };
    entries.any(|entry| {
        let name = entry.map(|entry| entry.file_name());
        name.map_or(true, |name| !name.as_encoded_bytes().ends_with(b".sample"))
    })
}

fn has_usual_config(repo: &Repository) -> Result<bool, git2::Error> {
    let own = repo.config()?.open_level(ConfigLevel::Local)?;
    let mut entries = own.entries(None)?;
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.name()?;
        let of_others = || OF_OTHERS.iter().any(|it| name.starts_with(it));
        if !USUAL.contains(&name) && !of_others() {
            return Ok(false);
        }
    }
    Ok(true)
}
