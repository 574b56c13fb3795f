//! What is on file under `conflicts/`: each conflict with every version that some machine filed.

use crate::base::{Kind, Leaf, ObjectId, Timestamp, Trees, VaultPath};
use crate::flow::{FlowError, stored};
use crate::layout::{
    ConflictRecord, Owner, Record, Side, SideKind, VariantDir, VariantRecord, names,
};
use crate::merge::{find, list_dir};
use crate::vault::Objects;

/// So many hexadecimal digits name a version.
const TOKEN: usize = 8;

/// One version to choose from, with what its machine knew when it filed it.
#[derive(Clone, Debug)]
pub struct Version {
    pub dir: VariantDir,
    /// The machine's name.
    pub machine: String,
    /// None for what is only on this disk.
    pub at: Option<Timestamp>,
    pub local: Option<Leaf>,
    pub base: Option<Leaf>,
    pub vault: Option<Leaf>,
}

impl Version {
    /// Names the version: the same as long as all its sides are.
    #[must_use]
    pub fn token(&self) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(self.dir.as_str().as_bytes());
        for side in [self.local, self.base, self.vault] {
            let word = side.map_or_else(String::new, |leaf| format!("{:?} {}", leaf.kind, leaf.id));
            hash.update(b"\0").update(word.as_bytes());
        }
        hash.finalize().to_hex()[..TOKEN].to_owned()
    }
}

/// A conflict as the vault has it.
pub struct OnFile {
    pub id: String,
    /// Its directory as a whole: another one says something else.
    pub tree: ObjectId,
    pub owner: Owner,
    pub path: VaultPath,
    pub versions: Vec<Version>,
    /// There is something in it that cannot be read, and so cannot be shown.
    pub is_damaged: bool,
}

/// All that can be read, and the names of what cannot.
pub fn on_file(
    objects: &Objects<'_>,
    tree: Option<ObjectId>,
) -> Result<(Vec<OnFile>, Vec<String>), FlowError> {
    let (mut read, mut unreadable) = (Vec::new(), Vec::new());
    for entry in list_dir(objects, tree, &names::conflicts_dir())? {
        let Ok(id) = String::from_utf8(entry.name) else {
            continue;
        };
        if entry.kind != Kind::Tree {
            continue;
        }
        match read_one(objects, &id, entry.id)? {
            Some(conflict) => read.push(conflict),
            None => unreadable.push(id),
        }
    }
    Ok((read, unreadable))
}

/// What the conflict in a directory is about. A record under another id, or about the project's own
/// record, was written to mislead, and is as good as none.
pub fn record(
    objects: &Objects<'_>,
    (id, tree): (&str, ObjectId),
) -> Result<Option<ConflictRecord>, FlowError> {
    let Ok(path) = names::conflict_record(id) else {
        return Ok(None);
    };
    let honest = |record: &ConflictRecord| {
        record.id() == id && record.path.as_str() != names::PROJECT_RECORD
    };
    let record: Option<ConflictRecord> = read(objects, tree, &path)?;
    Ok(record.filter(honest))
}

fn read_one(objects: &Objects<'_>, id: &str, tree: ObjectId) -> Result<Option<OnFile>, FlowError> {
    let Some(record) = record(objects, (id, tree))? else {
        return Ok(None);
    };
    let mut conflict = OnFile {
        id: id.to_owned(),
        tree,
        owner: record.owner,
        path: record.path,
        versions: Vec::new(),
        is_damaged: false,
    };
    for entry in objects.tree(tree)? {
        if entry.kind != Kind::Tree {
            continue;
        }
        let name = String::from_utf8(entry.name).ok();
        let dir = name.and_then(|name| VariantDir::parse(&name));
        let version = match dir {
            Some(dir) => version(objects, (id, dir), entry.id)?,
            None => None,
        };
        match version {
            Some(version) => conflict.versions.push(version),
            None => conflict.is_damaged = true,
        }
    }
    Ok(Some(conflict))
}

fn version(
    objects: &Objects<'_>,
    (id, dir): (&str, VariantDir),
    tree: ObjectId,
) -> Result<Option<Version>, FlowError> {
    let path = names::variant_record(id, dir.clone())?;
    let Some(record): Option<VariantRecord> = read(objects, tree, &path)? else {
        return Ok(None);
    };
    let mut sides = [None; 3];
    for (place, side) in sides.iter_mut().zip([Side::Local, Side::Base, Side::Vault]) {
        let kind = match record.side(side) {
            SideKind::Absent => continue,
            SideKind::File => Kind::File,
            SideKind::Exec => Kind::Exec,
            SideKind::Link => Kind::Link,
        };
        let Some(leaf) = find(objects, Some(tree), &VaultPath::parse(side.as_str())?)? else {
            return Ok(None);
        };
        if leaf.kind != Kind::File {
            return Ok(None);
        }
        *place = Some(Leaf { kind, id: leaf.id });
    }
    let [local, base, vault] = sides;
    Ok(Some(Version {
        dir,
        machine: record.name,
        at: Some(record.at),
        local,
        base,
        vault,
    }))
}

/// The record at this path, whose directory is at hand, where it can be read.
fn read<R: Record>(
    objects: &Objects<'_>,
    dir: ObjectId,
    path: &VaultPath,
) -> Result<Option<R>, FlowError> {
    let name = VaultPath::parse(path.name().unwrap_or_default())?;
    let leaf = find(objects, Some(dir), &name)?;
    Ok(stored::record(objects, path, leaf)?.and_then(Result::ok))
}

/// What a disk can hold of an entry of the vault: a directory is no file.
#[must_use]
pub fn as_file(leaf: Option<Leaf>) -> Option<Leaf> {
    leaf.filter(|leaf| !matches!(leaf.kind, Kind::Tree | Kind::Foreign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::MachineId;

    #[test]
    fn a_token_changes_with_every_side_and_with_nothing_else() {
        let leaf = |byte, kind| {
            let id = ObjectId::from_bytes([byte; 20]);
            Some(Leaf { kind, id })
        };
        let machine = MachineId::parse("k7f3q2hm9x").expect("valid");
        let version = Version {
            dir: VariantDir::from(&machine),
            machine: "laptop".to_owned(),
            at: None,
            local: leaf(1, Kind::File),
            base: leaf(2, Kind::File),
            vault: None,
        };
        let token = version.token();
        assert_eq!(token.len(), TOKEN);
        let named = Version {
            machine: "other".to_owned(),
            at: Some(Timestamp::from_millis(1)),
            ..version.clone()
        };
        assert_eq!(named.token(), token);
        let fork = VariantDir::fork(&machine, ObjectId::from_bytes([3; 20]));
        for other in [
            Version {
                dir: fork,
                ..version.clone()
            },
            Version {
                local: leaf(1, Kind::Exec),
                ..version.clone()
            },
            Version {
                base: None,
                vault: leaf(2, Kind::File),
                ..version.clone()
            },
        ] {
            assert_ne!(other.token(), token);
        }
    }
}
