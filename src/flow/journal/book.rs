//! Where journals stand: `landing` while a run writes, then by number; and how long they stay.

use crate::base::seams::{Rule, is_broken};
use crate::base::{ObjectId, Timestamp};
use crate::flow::{FlowError, Writer};
use crate::vault::{NewCommit, Objects, RefName, Store};

use super::record::{Head, Journal};

/// So long a run can be undone.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1000;
/// So many of the last ones stay, whatever the clock says.
const ALWAYS_KEPT: usize = 3;

impl Head {
    /// Of a run that is about to write.
    pub fn new(writer: &Writer<'_>, command: &str) -> Result<Self, FlowError> {
        Ok(Self {
            number: next_number(&writer.store)?,
            command: command.to_owned(),
            at: writer.session.edges.clock.now(),
            undoes: None,
            is_edit: false,
            files: 0,
            projects: Vec::new(),
        })
    }
}

/// The number of the next run that writes.
fn next_number(store: &Store) -> Result<u64, FlowError> {
    let last = store.undo_numbers()?.last().copied().unwrap_or(0);
    let open = interrupted(store)?.map_or(0, |(head, _)| head.number);
    Ok(last.max(open) + 1)
}

/// Stores the journal, durably, with all that waits: from now on a run that is killed can be finished
/// or taken back. One that was there and could not be finished can still be undone.
pub fn begin(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    journal: &Journal,
    tip: Option<ObjectId>,
) -> Result<(), FlowError> {
    remember_open(&writer.store)?;
    let tree = journal.put(objects)?;
    let message = format!("what {} writes onto this disk\n", journal.head.command);
    let new = NewCommit {
        tree,
        parent: tip,
        author: &writer.author(),
        at: journal.head.at,
        message: &message,
    };
    let commit = objects.private_commit(&new, None)?;
    objects.flush()?;
    if is_broken(Rule::LandingIsRemembered) {
        return Ok(());
    }
    Ok(writer.store.write_ref(RefName::Landing, commit)?)
}

/// The run that was killed while it wrote, or that a disk failed, with the tree of its journal.
pub fn interrupted(store: &Store) -> Result<Option<(Head, ObjectId)>, FlowError> {
    let commit = store.read_ref(RefName::Landing)?;
    commit.map(|commit| read(store, commit)).transpose()
}

fn read(store: &Store, commit: ObjectId) -> Result<(Head, ObjectId), FlowError> {
    let tree = store.tree_of(commit)?;
    Ok((Head::read(store, tree)?, tree))
}

/// The run is through: it can be undone by its number.
pub fn landed(store: &Store) -> Result<(), FlowError> {
    if remember_open(store)? {
        drop_landing(store)?;
    }
    Ok(())
}

/// Whether there was one.
fn remember_open(store: &Store) -> Result<bool, FlowError> {
    let Some(commit) = store.read_ref(RefName::Landing)? else {
        return Ok(false);
    };
    // What cannot be read now may be read later. The open one always is the last one.
    let last = store.undo_numbers()?.last().copied().unwrap_or(0);
    let number = read(store, commit).map_or(last + 1, |(head, _)| head.number);
    store.remember_undo(number, commit)?;
    Ok(true)
}

/// Nothing was written: there is nothing to finish, and nothing to undo.
pub fn drop_landing(store: &Store) -> Result<(), FlowError> {
    Ok(store.delete_ref(RefName::Landing)?)
}

/// The journals of runs that are through.
#[derive(Default)]
pub struct Journals {
    /// What runs they are of, the newest first.
    pub heads: Vec<Head>,
    /// The numbers of those that cannot be read, the newest first: they hide no other.
    pub unreadable: Vec<u64>,
}

pub fn journals(store: &Store) -> Result<Journals, FlowError> {
    let mut all = Journals::default();
    for number in store.undo_numbers()?.into_iter().rev() {
        match numbered(store, number) {
            Ok((head, _)) => all.heads.push(head),
            Err(_) => all.unreadable.push(number),
        }
    }
    Ok(all)
}

fn numbered(store: &Store, number: u64) -> Result<(Head, ObjectId), FlowError> {
    read(store, store.undo_state(number)?)
}

/// The journal of a run that is known by its number; whether it was killed.
pub fn journal(store: &Store, number: u64) -> Result<(Journal, bool), FlowError> {
    let open = interrupted(store)?.filter(|(head, _)| head.number == number);
    let is_open = open.is_some();
    let (_, tree) = open.map_or_else(|| numbered(store, number), Ok)?;
    Ok((Journal::read(store, tree)?, is_open))
}

/// Forgets what is older than thirty days. The last few stay: a clock may be years off.
pub fn prune(store: &Store, now: Timestamp) -> Result<(), FlowError> {
    let numbers = store.undo_numbers()?;
    let old = numbers.len().saturating_sub(ALWAYS_KEPT);
    for number in &numbers[..old] {
        let at = store.commit_info(store.undo_state(*number)?)?.time;
        if now.millis().saturating_sub(at.millis()) < KEPT_FOR {
            break;
        }
        store.forget_undo(*number)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{HostPath, Sink};
    use crate::vault::Author;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    /// Runs of these days, numbered from 1; the numbers that are left on another day.
    fn left(days: &[i64], now: i64) -> Vec<u64> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let mut objects = Objects::new(&store);
        let author = Author {
            name: "laptop".to_owned(),
            email: "m@x".to_owned(),
        };
        for (number, day) in (1..).zip(days) {
            let new = NewCommit {
                tree: objects.put_tree(&[]).expect("stored"),
                parent: None,
                author: &author,
                at: Timestamp::from_millis(day * DAY),
                message: "m",
            };
            let commit = objects.private_commit(&new, None).expect("made");
            objects.flush().expect("written");
            store.remember_undo(number, commit).expect("written");
        }
        prune(&store, Timestamp::from_millis(now * DAY)).expect("pruned");
        store.undo_numbers().expect("read")
    }

    #[test]
    fn what_is_older_than_thirty_days_goes_but_for_the_last_three() {
        assert_eq!(left(&[1, 2, 20, 21, 22], 40), [3, 4, 5]);
        assert_eq!(left(&[1, 11, 20, 21, 22], 40), [2, 3, 4, 5]);
        assert_eq!(left(&[1, 2, 3], 40), [1, 2, 3]);
        // Numbers are no text.
        assert_eq!(left(&[1; 12], 2).len(), 12);
    }

    #[test]
    fn a_clock_that_is_years_off_takes_little() {
        assert_eq!(left(&[1000, 1001, 1002, 1003, 1004], 4000), [3, 4, 5]);
        assert_eq!(left(&[1000, 1001, 1002, 1003, 1004], 0), [1, 2, 3, 4, 5]);
    }
}
