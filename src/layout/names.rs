//! Where everything stands in the vault.

use crate::base::{MachineId, VaultPath};

use super::record::forked_from;
use super::{LayoutError, Side, TextName, VariantDir};

pub(super) const VAULT: &str = "vault.json";
pub(super) const ALLOWED: &str = "allowed.json";
pub(super) const MACHINES: &str = "machines";
pub(super) const PROJECTS: &str = "projects";
/// The record beside the content of a project.
pub const PROJECT_RECORD: &str = "project.json";
pub(super) const SETTINGS: &str = "settings";
pub(super) const CONFLICTS: &str = "conflicts";
pub(super) const TASKS: &str = "tasks";
pub(super) const OPS: &str = "ops";
const TEXTS: &str = "text";
/// What a segment's file name ends with.
pub(super) const SEGMENT_SUFFIX: &str = ".jsonl";
pub(super) const CONFLICT: &str = "conflict.json";
pub(super) const VARIANT: &str = "variant.json";
/// What a record's file name ends with.
pub(super) const SUFFIX: &str = ".json";

fn fixed(name: &str) -> VaultPath {
    below(&VaultPath::root(), name)
}

fn below(dir: &VaultPath, name: &str) -> VaultPath {
    dir.child(name.as_bytes())
        .expect("names spelled here and checked ids are valid names")
}

#[must_use]
pub fn vault_record() -> VaultPath {
    fixed(VAULT)
}

#[must_use]
pub fn readme() -> VaultPath {
    fixed("README.md")
}

#[must_use]
pub fn attributes() -> VaultPath {
    fixed(".gitattributes")
}

#[must_use]
pub fn allowed_record() -> VaultPath {
    fixed(ALLOWED)
}

#[must_use]
pub fn machines_dir() -> VaultPath {
    fixed(MACHINES)
}

#[must_use]
pub fn machine_record(machine: &MachineId) -> VaultPath {
    below(&machines_dir(), &format!("{machine}{SUFFIX}"))
}

#[must_use]
pub fn projects_dir() -> VaultPath {
    fixed(PROJECTS)
}

/// The directory of the project called `name` in the vault. The name comes from anywhere.
pub fn project_dir(name: &str) -> Result<VaultPath, LayoutError> {
    Ok(projects_dir().child(name.as_bytes())?)
}

pub fn project_record(name: &str) -> Result<VaultPath, LayoutError> {
    Ok(below(&project_dir(name)?, PROJECT_RECORD))
}

#[must_use]
pub fn settings_dir() -> VaultPath {
    fixed(SETTINGS)
}

/// The directory of a tool's settings. The tool's name comes from anywhere.
pub fn settings_tool_dir(tool: &str) -> Result<VaultPath, LayoutError> {
    Ok(settings_dir().child(tool.as_bytes())?)
}

#[must_use]
pub fn conflicts_dir() -> VaultPath {
    fixed(CONFLICTS)
}

/// The directory of a conflict. Only [`super::ConflictRecord::id`] makes such ids, but one may
/// also be typed by a person, so it is checked.
pub fn conflict_dir(id: &str) -> Result<VaultPath, LayoutError> {
    Ok(conflicts_dir().child(id.as_bytes())?)
}

pub fn conflict_record(id: &str) -> Result<VaultPath, LayoutError> {
    Ok(below(&conflict_dir(id)?, CONFLICT))
}

/// What was filed under a conflict: by a machine, or in a fork of its directory.
pub fn variant_dir(id: &str, dir: impl Into<VariantDir>) -> Result<VaultPath, LayoutError> {
    Ok(below(&conflict_dir(id)?, dir.into().as_str()))
}

pub fn variant_record(id: &str, dir: impl Into<VariantDir>) -> Result<VaultPath, LayoutError> {
    Ok(below(&variant_dir(id, dir)?, VARIANT))
}

/// Whether a path is the record of what one machine filed.
#[must_use]
pub fn is_variant_record(path: &VaultPath) -> bool {
    path.below(&conflicts_dir()).is_some() && path.name() == Some(VARIANT)
}

pub fn variant_side(
    id: &str,
    dir: impl Into<VariantDir>,
    side: Side,
) -> Result<VaultPath, LayoutError> {
    Ok(below(&variant_dir(id, dir)?, side.as_str()))
}

/// Everything of the task list.
#[must_use]
pub fn tasks_dir() -> VaultPath {
    fixed(TASKS)
}

/// Where the chains of ops are, one directory each.
#[must_use]
pub fn ops_dir() -> VaultPath {
    below(&fixed(TASKS), OPS)
}

/// The directory of a chain: a replica's id, or that of a fork. It comes from anywhere.
pub fn chain_dir(chain: &str) -> Result<VaultPath, LayoutError> {
    Ok(ops_dir().child(chain.as_bytes())?)
}

/// The name of the segment that begins with this op.
#[must_use]
pub fn segment_name(first: u64) -> String {
    format!("{first:08}{SEGMENT_SUFFIX}")
}

/// The first op of a segment of this name.
#[must_use]
pub fn segment_first(name: &str) -> Option<u64> {
    let first = name.strip_suffix(SEGMENT_SUFFIX)?.parse().ok()?;
    (first > 0 && segment_name(first) == name).then_some(first)
}

/// Whether a directory of this name is a replica's chain, or a fork of one.
#[must_use]
pub fn is_chain(name: &str) -> bool {
    forked_from(name).is_some()
}

pub fn segment(chain: &str, first: u64) -> Result<VaultPath, LayoutError> {
    Ok(below(&chain_dir(chain)?, &segment_name(first)))
}

/// A value that is too long for an op.
#[must_use]
pub fn long_text(name: &TextName) -> VaultPath {
    below(&texts_dir(), name.as_str())
}

#[must_use]
pub fn texts_dir() -> VaultPath {
    below(&fixed(TASKS), TEXTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_outside_stays_one_name() {
        for name in ["", ".", "..", "a/b", "a\0", ".git", "GIT~1"] {
            assert!(project_dir(name).is_err(), "{name:?}");
            assert!(project_record(name).is_err(), "{name:?}");
            assert!(settings_tool_dir(name).is_err(), "{name:?}");
            assert!(conflict_dir(name).is_err(), "{name:?}");
        }
        let path = project_record("api~2").expect("a plain name");
        assert_eq!(path.as_str(), "projects/api~2/project.json");
    }

    #[test]
    fn the_parts_of_a_conflict_stand_below_it() {
        let machine = MachineId::parse("k7f3q2hm9x").expect("valid");
        let side = variant_side("00ff", &machine, Side::Vault).expect("valid");
        assert_eq!(side.as_str(), "conflicts/00ff/k7f3q2hm9x/vault");
        let record = variant_record("00ff", &machine).expect("valid");
        assert_eq!(record.as_str(), "conflicts/00ff/k7f3q2hm9x/variant.json");
    }
}
