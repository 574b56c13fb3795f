//! What can be said of two versions without reading them: the mode changed here and the content there,
//! or one of them is a link.

use crate::base::{Kind, Leaf, ObjectId};

use super::super::Trio;

/// Two versions of a path that both sides changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// Mode and content changed on one side each.
    Merged(Leaf),
    /// It will be this, with whatever content comes out.
    Contents(Kind),
    /// One of them is no file.
    Conflict,
}

/// Looks at kinds and names of contents alone.
#[must_use]
pub fn plain(trio: &Trio) -> Plain {
    let is_file = |leaf: &Leaf| matches!(leaf.kind, Kind::File | Kind::Exec);
    let (Some(local), Some(vault)) = (trio.local.filter(is_file), trio.vault.filter(is_file))
    else {
        return Plain::Conflict;
    };
    // What was a link or nothing says nothing of a file.
    let base = trio.base.filter(is_file);
    let kind = match base {
        Some(base) if vault.kind == base.kind => local.kind,
        None if local.kind == Kind::Exec => Kind::Exec,
        _ => vault.kind,
    };
    let id = one_sided(base.map(|base| base.id), local.id, vault.id);
    id.map_or(Plain::Contents(kind), |id| Plain::Merged(Leaf { kind, id }))
}

fn one_sided(base: Option<ObjectId>, local: ObjectId, vault: ObjectId) -> Option<ObjectId> {
    if local == vault || base == Some(local) {
        return Some(vault);
    }
    (base == Some(vault)).then_some(local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::VaultPath;
    use Kind::{Exec, File, Link};

    fn leaf(kind: Kind, id: u8) -> Leaf {
        let id = ObjectId::from_bytes([id; 20]);
        Leaf { kind, id }
    }

    fn told(base: impl Into<Option<Leaf>>, local: Leaf, vault: impl Into<Option<Leaf>>) -> Plain {
        plain(&Trio {
            path: VaultPath::parse("x").expect("valid"),
            base: base.into(),
            local: Some(local),
            vault: vault.into(),
            barred: false,
        })
    }

    #[test]
    fn a_mode_from_one_side_and_a_content_from_the_other_are_one_file() {
        let both = leaf(Exec, 2);
        let base = leaf(File, 1);
        let (mode, content) = (leaf(Exec, 1), leaf(File, 2));
        assert_eq!(told(base, mode, content), Plain::Merged(both));
        assert_eq!(told(base, content, mode), Plain::Merged(both));
        assert_eq!(
            told(None, leaf(File, 2), leaf(Exec, 2)),
            Plain::Merged(both)
        );
        assert_eq!(told(leaf(Exec, 1), leaf(File, 1), leaf(Exec, 2)), {
            Plain::Merged(leaf(File, 2))
        });
    }

    #[test]
    fn two_contents_are_to_be_read_and_links_are_not() {
        let (one, two) = (leaf(File, 1), leaf(Exec, 2));
        assert_eq!(told(leaf(File, 3), one, two), Plain::Contents(Exec));
        assert_eq!(told(leaf(Link, 3), one, two), Plain::Contents(Exec));
        assert_eq!(told(one, leaf(Link, 3), two), Plain::Conflict);
        assert_eq!(told(one, two, leaf(Link, 3)), Plain::Conflict);
        assert_eq!(told(one, two, None), Plain::Conflict);
    }
}
