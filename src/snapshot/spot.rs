//! Where an entry stands: on the disk, and in the vault.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::base::{HostPath, VaultPath, escape_name};
use crate::source::{Entry, Listing, Reason, What};

/// Files to which tools add line by line.
pub(super) fn is_log(name: &[u8]) -> bool {
    [&b".jsonl"[..], b".ndjson", b".log"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

pub(super) fn place_of(dir: &[u8], name: &[u8]) -> Vec<u8> {
    let mut place = dir.to_vec();
    if !place.is_empty() {
        place.push(b'/');
    }
    place.extend_from_slice(name);
    place
}

pub(super) fn host(root: &HostPath, dir: &[u8], name: &[u8]) -> HostPath {
    root.join(OsStr::from_bytes(&place_of(dir, name)))
}

/// The path of an entry; for a name that the vault cannot hold something that no real entry has.
pub(super) fn shown(dir: &VaultPath, entry: &Entry) -> VaultPath {
    let is_bad = matches!(&entry.what, What::Stays(stay) if stay.reason == Reason::BadName);
    if let Ok(path) = dir.child(entry.vault_name())
        && !is_bad
    {
        return path;
    }
    let mut text: String = escape_name(&entry.name).chars().take(40).collect();
    text.push('…');
    dir.child(text.as_bytes()).unwrap_or_else(|_| dir.clone())
}

/// So many private files of one directory, and no other, are one note.
const MANY: usize = 8;

pub(super) fn is_all_private(listing: &Listing) -> bool {
    let mut files = 0;
    for entry in &listing.entries {
        match &entry.what {
            What::File(stat) if stat.is_private() => files += 1,
            What::File(_) => return false,
            _ => {}
        }
    }
    files >= MANY
}
