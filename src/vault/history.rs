//! Commits and how they stand to each other.

use git2::Sort;

use crate::base::{ObjectId, Timestamp};

use super::store::{object_id, oid};
use super::{Store, VaultError};

/// How a tip stands to the tip that was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Same,
    /// The tip grew out of what was seen.
    Ahead,
    /// The tip is older than what was seen.
    Rewound,
    /// Both grew out of this commit.
    Diverged(ObjectId),
    /// They share nothing.
    Unrelated,
}

/// What a commit says of itself.
#[derive(Clone, Debug)]
pub struct CommitInfo {
    pub id: ObjectId,
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    pub time: Timestamp,
    pub author: String,
    pub summary: String,
    pub message: String,
}

impl Store {
    pub fn relation(&self, seen: ObjectId, tip: ObjectId) -> Result<Relation, VaultError> {
        if seen == tip {
            return Ok(Relation::Same);
        }
        match self.repo.merge_base(oid(seen), oid(tip)) {
            Ok(base) if base == oid(seen) => Ok(Relation::Ahead),
            Ok(base) if base == oid(tip) => Ok(Relation::Rewound),
            Ok(base) => Ok(Relation::Diverged(object_id(base))),
            Err(fault) if fault.code() == git2::ErrorCode::NotFound => Ok(Relation::Unrelated),
            Err(fault) => Err(self.fault("read the history of")(fault)),
        }
    }

    pub fn commit_info(&self, id: ObjectId) -> Result<CommitInfo, VaultError> {
        let bad = |source| VaultError::BadCommit { id, source };
        let commit = self.repo.find_commit(oid(id)).map_err(bad)?;
        let author = commit.author();
        Ok(CommitInfo {
            id,
            tree: object_id(commit.tree_id()),
            parents: commit.parent_ids().map(object_id).collect(),
            time: Timestamp::from_millis(commit.time().seconds().saturating_mul(1000)),
            author: String::from_utf8_lossy(author.name_bytes()).into_owned(),
            summary: String::from_utf8_lossy(commit.summary_bytes().unwrap_or_default())
                .into_owned(),
            message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
        })
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, VaultError> {
        let bad = |source| VaultError::BadCommit { id: commit, source };
        let found = self.repo.find_commit(oid(commit)).map_err(bad)?;
        Ok(object_id(found.tree_id()))
    }

    /// The commits that lead to `tip` and not to `hidden`, the newest first.
    pub fn commits(
        &self,
        tip: ObjectId,
        hidden: Option<ObjectId>,
    ) -> Result<Vec<ObjectId>, VaultError> {
        let fault = self.fault("read the history of");
        let mut walk = self.repo.revwalk().map_err(&fault)?;
        walk.set_sorting(Sort::TOPOLOGICAL).map_err(&fault)?;
        walk.push(oid(tip)).map_err(&fault)?;
        if let Some(hidden) = hidden {
            walk.hide(oid(hidden)).map_err(&fault)?;
        }
        walk.map(|id| id.map(object_id))
            .collect::<Result<_, _>>()
            .map_err(fault)
    }

    /// The commit that a person named: an id, the beginning of one, `HEAD~2`, or a moment, which
    /// means the last one until then.
    pub fn resolve(&self, text: &str, now: Timestamp) -> Result<ObjectId, VaultError> {
        let unknown = || VaultError::NoSuchRevision {
            text: text.to_owned(),
        };
        if let Some(time) = Timestamp::in_words(text, now) {
            let tip = self.read_ref(super::RefName::Branch)?.ok_or_else(unknown)?;
            for id in self.commits(tip, None)? {
                if self.commit_info(id)?.time <= time {
                    return Ok(id);
                }
            }
            return Err(unknown());
        }
        let object = self.repo.revparse_single(text).map_err(|_| unknown())?;
        let commit = object.peel_to_commit().map_err(|_| unknown())?;
        Ok(object_id(commit.id()))
    }
}
