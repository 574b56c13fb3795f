//! Settings that others added and this machine did not ask for: they stay in the vault, and are named.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::{HostPath, VaultPath};
use crate::layout::names;
use crate::merge::leaves;
use crate::vault::Objects;

use super::here::Here;
use super::unit::{HOME_TOOL, Unit};
use super::upstream::Upstream;
use super::{FlowError, Session};

/// A file or directory of the vault's settings that nobody added here.
#[derive(Debug, Serialize)]
pub struct Unasked {
    /// Where it would lie.
    pub path: HostPath,
    pub files: usize,
}

/// Nothing is written to a place of the home directory that its owner has not named, whatever the
/// vault has.
pub fn unasked(
    session: &Session<'_>,
    (here, upstream): (&Here, &Upstream),
    objects: &Objects<'_>,
) -> Result<Vec<Unasked>, FlowError> {
    let units = || here.settings.iter().map(|scanned| &scanned.unit);
    let mut found = Vec::new();
    for unit in units() {
        found.extend(beside(
            objects,
            upstream,
            (&unit.name, &unit.root),
            Some(unit),
        )?);
    }
    if !units().any(|unit| unit.name == HOME_TOOL) {
        let home = (HOME_TOOL, &session.places.home);
        found.extend(beside(objects, upstream, home, None)?);
    }
    Ok(found)
}

/// What the vault has for one tool beside what this machine carries, by the first name of each path:
/// the directory in which all with this name lie, or the only file.
fn beside(
    objects: &Objects<'_>,
    upstream: &Upstream,
    (tool, root): (&str, &HostPath),
    carried: Option<&Unit>,
) -> Result<Vec<Unasked>, FlowError> {
    let tree = upstream.dir(objects, &names::settings_tool_dir(tool)?)?;
    let mut groups: BTreeMap<String, (VaultPath, usize)> = BTreeMap::new();
    for path in leaves(objects, tree)?.into_keys() {
        if carried.is_some_and(|unit| unit.covers(&path)) {
            continue;
        }
        let first = path.names().next().unwrap_or_default().to_owned();
        let (common, files) = groups.entry(first).or_insert_with(|| (path.clone(), 0));
        *files += 1;
        while path.below(common).is_none() {
            *common = common.parent().unwrap_or_else(VaultPath::root);
        }
    }
    let line = |(common, files): (VaultPath, usize)| Unasked {
        path: root.below(&common),
        files,
    };
    Ok(groups.into_values().map(line).collect())
}
