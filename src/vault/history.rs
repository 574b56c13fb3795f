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

/// The last of a line of commits, the oldest first, that was there at a time. Where clocks contradict
/// each other, as many as can be are believed, of two rows the one that was complete first, and none
/// that is ahead of now; what is not believed was made right after the one before it.
fn last_until(times: &[Timestamp], time: Timestamp, now: Timestamp) -> Option<usize> {
    // The longest row of times that never fall: for each length the one that ends the lowest.
    let (mut ends, mut newest) = (Vec::<usize>::new(), None);
    let mut before = vec![None; times.len()];
    for (at, own) in times.iter().enumerate().filter(|(_, own)| **own <= now) {
        let length = ends.partition_point(|end| times[*end] <= *own);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if let Some(end) = ends.get_mut(length) {
            *end = at;
        } else {
            ends.push(at);
            newest = Some(at);
        }
    }
    let mut end = times.len();
    while let Some(at) = newest {
        if times[at] <= time {
            return end.checked_sub(1);
        }
        (end, newest) = (at, before[at]);
    }
    None
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
            let mut line = self.commits(tip, None)?;
            line.reverse();
            let times = line.iter().map(|id| Ok(self.commit_info(*id)?.time));
            let times = times.collect::<Result<Vec<_>, VaultError>>()?;
            let until = last_until(&times, time, now).ok_or_else(unknown)?;
            return Ok(line[until]);
        }
        let object = self.repo.revparse_single(text).map_err(|_| unknown())?;
        let commit = object.peel_to_commit().map_err(|_| unknown())?;
        Ok(object_id(commit.id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_clock_among_commits_changes_nothing_about_the_others() {
        let last = |times: &[i64], time: i64| {
            let times: Vec<_> = times.iter().map(|at| Timestamp::from_millis(*at)).collect();
            let [time, now] = [time, 100].map(Timestamp::from_millis);
            last_until(&times, time, now)
        };
        for (times, time, expected) in [
            (&[10, 20, 30][..], 25, Some(1)),
            (&[10, 20, 20, 30], 20, Some(2)),
            (&[10, 20, 30], 9, None),
            (&[10, 20, 30], 99, Some(2)),
            // In the past: on top, in between, first.
            (&[10, 90, 1], 50, Some(0)),
            (&[90, 1], 50, None),
            (&[10, 1, 20, 30], 15, Some(1)),
            (&[1, 10, 20], 5, Some(0)),
            // Ahead of now.
            (&[10, 20, 500, 30], 99, Some(3)),
            (&[10, 20, 500, 30], 25, Some(2)),
            (&[500, 600], 99, None),
            (&[], 50, None),
        ] {
            assert_eq!(last(times, time), expected, "{times:?} at {time}");
        }
    }
}
