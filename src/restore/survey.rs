//! What stands at many places now: asked before anything is decided about them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;

use crate::base::{HostPath, Leaf, VaultPath};

use super::RestoreError;
use super::place::Root;
use super::seen::{Disk, Found, Hash, Reached, Spot};

/// The file or link at each of these places, which are named as on the disk. A directory, what cannot
/// be read, and a place that no way leads to are none: whoever writes there looks again.
pub fn survey(
    root: &HostPath,
    places: &BTreeMap<VaultPath, Vec<OsString>>,
    hash: Hash<'_>,
) -> Result<BTreeMap<VaultPath, Leaf>, RestoreError> {
    let root = match Root::open(root.as_path()) {
        Ok(root) => root,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(source) => {
            return Err(RestoreError::Io {
                action: "open",
                path: root.as_path().to_owned(),
                source,
            });
        }
    };
    let leaf = |names: &[OsString]| match root.way_to(names) {
        Ok(Reached::Place(place)) => match place.look(place.name(), hash) {
            Ok(Found::Leaf(leaf)) => Some(leaf),
            _ => None,
        },
        _ => None,
    };
    let found = places
        .iter()
        .filter_map(|(path, names)| Some((path.clone(), leaf(names)?)));
    Ok(found.collect())
}
