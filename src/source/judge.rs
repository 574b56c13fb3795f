//! What becomes of one name in a directory.

use std::fs::{self, FileType, Metadata};

use crate::base::{Stat, VaultPath, escape_name, is_temp_name};

use super::entry::{Entry, Reason, Stay, What};
use super::walk::{Visit, is_gone};

impl Visit<'_, '_> {
    /// Names an entry and decides about it; nothing where it is gone.
    pub(super) fn meet(
        &self,
        name: &[u8],
        kind: Option<FileType>,
        look: impl FnOnce() -> std::io::Result<Metadata>,
    ) -> Option<Entry> {
        let alias = escape_name(name);
        let alias = (alias.as_bytes() != name).then(|| alias.into_owned());
        let path = self
            .job
            .path
            .child(alias.as_ref().map_or(name, String::as_bytes));
        // Another file may already be called what this one would be called.
        let is_free = |alias: &String| fs::symlink_metadata(self.host().join(alias)).is_err();
        let entry = |what| {
            Some(Entry {
                name: name.to_vec(),
                alias: alias.clone(),
                what,
            })
        };
        let Some(kind) = kind else {
            return entry(stays(Reason::Unreadable, false));
        };
        let is_dir = kind.is_dir();
        match path {
            Ok(path) if alias.as_ref().is_none_or(is_free) => {
                entry(self.decide(&path, name, kind, look)?)
            }
            _ => entry(What::Stays(Stay {
                reason: Reason::BadName,
                rule: Some(name.escape_ascii().to_string()),
                is_dir,
                stat: None,
            })),
        }
    }

    /// Decides about an entry that has a name.
    fn decide(
        &self,
        path: &VaultPath,
        name: &[u8],
        kind: FileType,
        look: impl FnOnce() -> std::io::Result<Metadata>,
    ) -> Option<What> {
        let is_dir = kind.is_dir();
        if is_temp_name(name) {
            return Some(stays(Reason::Temporary, is_dir));
        }
        if name.eq_ignore_ascii_case(b".git") {
            return Some(stays(Reason::Nested, is_dir));
        }
        let decision = (self.options.rules)(path, is_dir);
        if let Some(reason) = decision
            .as_ref()
            .and_then(|decision| Reason::of(decision.class))
        {
            return Some(What::Stays(Stay {
                reason,
                rule: decision.map(|decision| decision.rule.text.clone()),
                is_dir,
                stat: None,
            }));
        }
        if (self.options.tracked)(&self.place_of(name)) {
            return Some(stays(Reason::Tracked, is_dir));
        }
        if is_dir {
            return Some(What::Dir);
        }
        if !kind.is_file() && !kind.is_symlink() {
            return Some(stays(Reason::NotAFile, false));
        }
        let stat = match look() {
            Ok(seen) => Stat::of(&seen),
            Err(fault) if is_gone(&fault) => return None,
            Err(_) => return Some(stays(Reason::Unreadable, false)),
        };
        Some(if kind.is_symlink() {
            What::Link(stat)
        } else if stat.size > self.options.max_file && decision.is_none() {
            What::Stays(Stay {
                reason: Reason::TooLarge,
                rule: None,
                is_dir,
                stat: Some(stat),
            })
        } else {
            What::File(stat)
        })
    }

    pub(super) fn place_of(&self, name: &[u8]) -> Vec<u8> {
        let mut place = self.job.place.clone();
        if !place.is_empty() {
            place.push(b'/');
        }
        place.extend_from_slice(name);
        place
    }
}

const fn stays(reason: Reason, is_dir: bool) -> What {
    What::Stays(Stay {
        reason,
        rule: None,
        is_dir,
        stat: None,
    })
}
