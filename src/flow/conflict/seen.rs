//! What a person was shown of a conflict.

use crate::base::{Leaf, ObjectId};

use super::view::Conflict;

/// A state of a file's conflict, as it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    filed: Option<ObjectId>,
    vault: Option<Leaf>,
    local: Option<Leaf>,
}

impl Seen {
    pub(super) fn of(conflict: &Conflict) -> Self {
        Self {
            filed: conflict.filed,
            vault: conflict.vault,
            local: conflict.here.and_then(|here| here.local),
        }
    }

    /// Whether a conflict still is as it was shown.
    #[must_use]
    pub fn is_of(&self, conflict: &Conflict) -> bool {
        Self::of(conflict) == *self
    }
}

/// The same of either kind; of a field it is a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EitherSeen {
    File(Seen),
    Field(String),
}

/// A conflict as a text to be edited.
pub struct Draft {
    pub id: String,
    /// The file's name: an editor knows by it what it is.
    pub name: String,
    pub text: Vec<u8>,
    pub seen: EitherSeen,
}
