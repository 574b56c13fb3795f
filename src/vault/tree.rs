//! How git writes a tree down.

use crate::base::{Kind, ObjectId, StoreError, TreeEntry};

const LINK: i32 = 0o120_000;
const TREE: i32 = 0o040_000;
const SUBMODULE: i32 = 0o160_000;

pub fn kind_of(mode: i32) -> Kind {
    match mode {
        TREE => Kind::Tree,
        LINK => Kind::Link,
        SUBMODULE => Kind::Foreign,
        // Old tools wrote 100664; git itself reads only the executable bit.
        mode if mode & 0o170_000 == 0o100_000 => {
            if mode & 0o111 == 0 {
                Kind::File
            } else {
                Kind::Exec
            }
        }
        _ => Kind::Foreign,
    }
}

const fn mode_of(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::File => b"100644",
        Kind::Exec => b"100755",
        Kind::Link => b"120000",
        Kind::Tree => b"40000",
        Kind::Foreign => b"160000",
    }
}

/// The bytes of a tree object. Git sorts directories as if their names ended in a slash.
pub fn encode(entries: &[TreeEntry]) -> Vec<u8> {
    let mut sorted: Vec<&TreeEntry> = entries.iter().collect();
    sorted.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
    let mut bytes = Vec::with_capacity(entries.len() * 48);
    for entry in sorted {
        bytes.extend_from_slice(mode_of(entry.kind));
        bytes.push(b' ');
        bytes.extend_from_slice(&entry.name);
        bytes.push(0);
        bytes.extend_from_slice(entry.id.as_bytes());
    }
    bytes
}

fn sort_key(entry: &TreeEntry) -> impl Iterator<Item = u8> {
    let slash = (entry.kind == Kind::Tree).then_some(b'/');
    entry.name.iter().copied().chain(slash)
}

/// Reads a tree object's bytes.
pub fn decode(id: ObjectId, bytes: &[u8]) -> Result<Vec<TreeEntry>, StoreError> {
    let damaged = |reason: &str| StoreError::Damaged {
        id,
        reason: reason.to_owned(),
    };
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let space = rest
            .iter()
            .position(|b| *b == b' ')
            .ok_or_else(|| damaged("a tree entry has no mode"))?;
        let mode = std::str::from_utf8(&rest[..space]).ok();
        let mode = mode.and_then(|text| i32::from_str_radix(text, 8).ok());
        let mode = mode.ok_or_else(|| damaged("a tree entry's mode is not a number"))?;
        rest = &rest[space + 1..];
        let end = rest
            .iter()
            .position(|b| *b == 0)
            .ok_or_else(|| damaged("a tree entry has no end"))?;
        let name = rest[..end].to_vec();
        let id_bytes = rest
            .get(end + 1..end + 21)
            .ok_or_else(|| damaged("a tree entry is cut off"))?;
        let mut raw = [0; 20];
        raw.copy_from_slice(id_bytes);
        rest = &rest[end + 21..];
        entries.push(TreeEntry {
            name,
            kind: kind_of(mode),
            id: ObjectId::from_bytes(raw),
        });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: Kind) -> TreeEntry {
        TreeEntry {
            name: name.as_bytes().to_vec(),
            kind,
            id: ObjectId::from_bytes([7; 20]),
        }
    }

    #[test]
    fn a_directory_sorts_as_if_it_ended_in_a_slash() {
        let entries = [
            entry("a", Kind::Tree),
            entry("a.b", Kind::File),
            entry("a0", Kind::File),
        ];
        let bytes = encode(&entries);
        let back = decode(ObjectId::from_bytes([0; 20]), &bytes).expect("it is whole");
        let names: Vec<_> = back
            .iter()
            .map(|e| String::from_utf8_lossy(&e.name).into_owned())
            .collect();
        assert_eq!(names, ["a.b", "a", "a0"]);
        let mut builder_order = back;
        builder_order.reverse();
        assert_eq!(encode(&builder_order), bytes);
    }

    #[test]
    fn a_cut_off_tree_is_damaged_not_a_panic() {
        let whole = encode(&[entry("name", Kind::Exec)]);
        for end in 1..whole.len() {
            assert!(
                decode(ObjectId::from_bytes([0; 20]), &whole[..end]).is_err(),
                "{end}"
            );
        }
    }
}
