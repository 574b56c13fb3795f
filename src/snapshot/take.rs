//! Taking a snapshot of what the source found.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;

use crate::base::{Kind, Leaf, Sink, VaultPath};
use crate::layout::{PathNote, encode_name};
use crate::source::{Found, FoundKind, Left, Reason, Walked};

use super::{ReadOutcome, Sanitizer, SnapshotError, StatCache, read_whole};

/// How to take a snapshot.
pub struct TakeOptions<'a> {
    /// Names the unit in the cache.
    pub unit: &'a str,
    /// The settings file at a path may have keys that stay here.
    pub sanitizer: &'a dyn Fn(&VaultPath) -> Option<Sanitizer>,
    /// Told of every file, with its size.
    pub progress: &'a dyn Fn(u64),
}

/// What a disk holds, in clean form.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub leaves: BTreeMap<VaultPath, Leaf>,
    pub notes: BTreeMap<VaultPath, PathNote>,
    /// What stays behind for reasons that were found while reading.
    pub left: Vec<Left>,
}

/// Reads what is new, and takes the rest from the cache.
pub fn take(
    walked: &Walked,
    options: &TakeOptions<'_>,
    cache: &mut StatCache,
    sink: &mut dyn Sink,
) -> Result<Snapshot, SnapshotError> {
    let mut snapshot = Snapshot::default();
    for found in &walked.found {
        note(found, &mut snapshot.notes);
        (options.progress)(found.stat.size);
        let kind = match found.kind {
            FoundKind::File { exec: false, .. } => Kind::File,
            FoundKind::File { exec: true, .. } => Kind::Exec,
            FoundKind::Link => Kind::Link,
            FoundKind::EmptyDir => continue,
        };
        let id = match cache.known(options.unit, &found.path, &found.stat) {
            Some(id) => id,
            None => match read(found, options) {
                Ok(bytes) => sink.put_blob(&bytes)?,
                Err(Some((reason, what))) => {
                    let path = found.path.clone();
                    snapshot.left.push(Left {
                        path,
                        reason,
                        rule: what,
                        is_dir: false,
                    });
                    continue;
                }
                // Deleted between the walk and now: as if it had never been there.
                Err(None) => continue,
            },
        };
        cache.remember(options.unit, &found.path, &found.stat, id);
        snapshot
            .leaves
            .insert(found.path.clone(), Leaf { kind, id });
    }
    Ok(snapshot)
}

/// Why a file stays, and what was found.
type Fault = (Reason, Option<String>);

/// The clean content; or why there is none: nothing where the file is simply gone.
fn read(found: &Found, options: &TakeOptions<'_>) -> Result<Vec<u8>, Option<Fault>> {
    if matches!(found.kind, FoundKind::Link) {
        let target = std::fs::read_link(found.host.as_path());
        return target
            .map(|path| path.as_os_str().as_bytes().to_vec())
            .map_err(|_| None);
    }
    let bytes = match read_whole(found.host.as_path()) {
        ReadOutcome::Whole(bytes) => bytes,
        ReadOutcome::Unstable => return Err(Some((Reason::Unstable, None))),
        ReadOutcome::Unreadable(fault) => {
            return Err(Some((Reason::Unreadable, Some(fault.to_string()))));
        }
        ReadOutcome::Gone => return Err(None),
    };
    match (options.sanitizer)(&found.path) {
        None => Ok(bytes),
        Some(sanitizer) => sanitizer
            .clean(&bytes)
            .map(|clean| clean.text)
            .map_err(|fault| Some((Reason::Damaged, Some(fault.to_string())))),
    }
}

fn note(found: &Found, notes: &mut BTreeMap<VaultPath, PathNote>) {
    let note = PathNote {
        dir: matches!(found.kind, FoundKind::EmptyDir),
        private: matches!(found.kind, FoundKind::File { private: true, .. }),
        name: found.raw_name.as_deref().map(encode_name),
        ..PathNote::default()
    };
    if note != PathNote::default() {
        notes.insert(found.path.clone(), note);
    }
}
