//! A damaged task list, and what can be saved of it.
//!
//! *In*: the file, whatever is left of it. *Out*: in a new list that has what the vault has, each op that
//! goes on where a chain there ends, the values that never left this machine, and what can be undone.
//! *Never*: write to the damaged file, or believe an op that is not what its chain says.

mod deeds;
mod leaves;
mod ops;
mod rows;

use crate::base::{Edges, MachineId};
use crate::layout::Entity;

use super::change::Change;
use super::{Store, TasksError};
pub use rows::Salvage;

/// What a new list got of a damaged one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rescued {
    /// Ops that nobody else has.
    pub ops: usize,
    /// Values that the gate let not out.
    pub withheld: usize,
    /// Deeds, which can be undone.
    pub deeds: usize,
    /// So many ops of the own chain could not be read; nothing where nobody knows how far it went.
    pub lost: Option<u64>,
    /// The own chain goes on.
    pub goes_on: bool,
    /// The fields of which this machine kept a value for itself that could not be read.
    pub gone: Vec<(Entity, String)>,
}

impl Store {
    /// Adds what was saved. A chain of which nobody says who wrote it was written by this machine.
    pub fn rescue(
        &mut self,
        edges: &Edges,
        (saved, machine): (&Salvage, &MachineId),
    ) -> Result<Rescued, TasksError> {
        self.change(edges, |change: &mut Change<'_>| {
            let mut rescued = Rescued::default();
            for (name, bytes) in &saved.texts {
                change.put_text(name, bytes)?;
            }
            rescued.ops = change.take_saved_ops(saved, machine)?;
            (rescued.goes_on, rescued.lost) = change.go_on_with(saved)?;
            change.settle()?;
            rescued.withheld = change.take_saved_values(saved)?;
            rescued.deeds = change.take_saved_deeds(saved)?;
            // What is withheld is shown, too.
            change.rebuild()?;
            rescued.gone = change.values_gone(machine)?;
            Ok(rescued)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::{Path, PathBuf};

    use rusqlite::Connection;

    use super::super::kit::{NOW, Place, holder, machine};
    use super::super::model::field;
    use super::*;
    use crate::base::HostPath;
    use crate::layout::OpId;

    /// A list that others know a part of, as its chains were when they were seen last.
    fn scene() -> (Place, Place) {
        scene_of(200)
    }

    fn scene_of(tasks: usize) -> (Place, Place) {
        let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
        let on = a.add("Renew the certificate");
        assert!(b.take_in(&a));
        a.set(&on, field::STATUS, "active");
        a.set(&on, field::DESCRIPTION, "soon: hunter2");
        for number in 0..tasks {
            a.add(&format!("Task {number}"));
        }
        (a, b)
    }

    /// The file of a list that nobody has open.
    fn file_of(place: &Place) -> PathBuf {
        let to = place.dir.path().join("left.db");
        place.store.copy_to(&to).expect("copied");
        to
    }

    /// A new list with what the other one has, and what is saved of a file.
    fn rescued(file: &Path, other: &Place) -> (Place, Rescued) {
        let mut place = Place::new(NOW + 9_000);
        assert!(place.take_in(other));
        let dir = tempfile::tempdir().expect("a temp dir");
        let saved = Salvage::read(file, dir.path(), &holder()).expect("read");
        let rescued = place.store.rescue(&place.edges, (&saved, &machine()));
        (place, rescued.expect("taken over"))
    }

    fn titles(place: &Place) -> usize {
        let all = place.chains().into_iter().map(|(_, files)| files.len());
        all.sum()
    }

    #[test]
    fn all_that_reads_is_there_again_and_the_chain_goes_on() {
        let (a, b) = scene();
        let file = file_of(&a);
        let before = fs::read(&file).expect("read");
        let (new, rescued) = super::tests::rescued(&file, &b);
        assert_eq!((rescued.lost, rescued.goes_on), (Some(0), true));
        assert_eq!((rescued.ops, rescued.withheld), (202, 1));
        assert_eq!(rescued.deeds, 203);
        assert_eq!((new.digest(), titles(&new)), (a.digest(), titles(&a)));
        let own = |place: &Place| place.store.reading().own_chain().expect("read");
        assert_eq!(
            own(&new).map(|it| (it.name, it.seq)),
            own(&a).map(|it| (it.name, it.seq))
        );
        let held = new.store.reading().withheld().expect("read");
        assert_eq!(held, a.store.reading().withheld().expect("read"));
        assert_eq!(fs::read(&file).expect("read"), before, "nobody wrote to it");
    }

    #[test]
    fn a_list_without_its_header_reads_all_the_same() {
        for length in [16, 100, 4096] {
            let (a, b) = scene();
            let file = file_of(&a);
            // As it is by itself: a copy is laid out anew.
            let live = a.dir.path().join("tasks.db");
            a.store
                .db
                .pragma_update(None, "wal_checkpoint", "TRUNCATE")
                .ok();
            fs::copy(&live, &file).expect("copied");
            let mut bytes = fs::read(&file).expect("read");
            bytes[..length].fill(0);
            fs::write(&file, bytes).expect("written");
            let (new, rescued) = rescued(&file, &b);
            assert_eq!(rescued.ops, 202, "{length} bytes: {rescued:?}");
            assert_eq!(new.digest(), a.digest());
        }
    }

    #[test]
    fn behind_a_gap_nothing_is_taken_and_another_chain_begins() {
        let (a, b) = scene();
        let file = file_of(&a);
        let db = Connection::open(&file).expect("opened");
        db.execute_batch("DELETE FROM op WHERE seq = 100")
            .expect("damaged");
        drop(db);
        let (new, rescued) = rescued(&file, &b);
        assert_eq!(
            (rescued.ops, rescued.lost, rescued.goes_on),
            (98, Some(104), false)
        );
        assert_eq!(new.store.reading().own_chain().expect("read"), None);
    }

    #[test]
    fn an_op_that_was_changed_is_not_believed() {
        let (a, b) = scene();
        let file = file_of(&a);
        let db = Connection::open(&file).expect("opened");
        let letter = "UPDATE op SET line = CAST(replace(CAST(line AS TEXT), 'Task 5\"', 'Tusk 5\"') AS BLOB)";
        db.execute_batch(letter).expect("damaged");
        drop(db);
        let (_, rescued) = rescued(&file, &b);
        assert_eq!((rescued.ops, rescued.goes_on), (7, false), "{rescued:?}");
    }

    #[test]
    fn pages_of_zeros_cost_what_was_on_them() {
        let (a, b) = scene_of(30);
        let file = file_of(&a);
        let before = fs::read(&file).expect("read");
        let (pages, mut whole) = (before.len() / 4096, 0);
        for page in 1..pages {
            let mut bytes = before.clone();
            bytes[page * 4096..][..4096].fill(0);
            fs::write(&file, bytes).expect("written");
            let (new, rescued) = rescued(&file, &b);
            match rescued.lost {
                Some(lost) => assert_eq!(rescued.ops as u64 + lost, 32, "page {page}"),
                // Nobody can say any more how far the chain went.
                None => assert!(!rescued.goes_on, "page {page}"),
            }
            whole += usize::from(rescued.ops == 32);
            let found = new.store.verify_file(true).expect("looked at");
            assert_eq!(found, None);
        }
        // Most pages are of what is made of the log.
        assert!(whole * 2 > pages, "{whole} of {pages}");
    }

    /// What becomes of a page.
    const DAMAGES: [fn(&mut Vec<u8>, usize); 4] = [
        |bytes, at| bytes[at..at + 4096].fill(0),
        |bytes, at| {
            let noise = (1_u64..).map(|it| it.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[1]);
            let page = bytes[at..at + 4096].iter_mut();
            page.zip(noise).for_each(|(byte, noise)| *byte = noise);
        },
        |bytes, at| bytes.truncate(at),
        |bytes, at| bytes.truncate(at + 4095),
    ];

    /// How many ops a person with SQLite alone reads behind the first one, where a list that was cut off is
    /// as long again as it was.
    fn read_by_hand(file: &Path, length: usize) -> usize {
        let bytes = File::options().write(true).open(file).expect("opened");
        bytes.set_len(length as u64).expect("filled up");
        let db = Connection::open(file).expect("opened");
        let Ok(mut find) = db.prepare("SELECT prev, line, id FROM op ORDER BY n") else {
            return 0;
        };
        let Ok(mut rows) = find.query([]) else {
            return 0;
        };
        let (mut last, mut read) = (OpId::NONE, 0_usize);
        while let Ok(Some(row)) = rows.next() {
            let ids = [row.get(0), row.get(2)].map(|id| id.map(OpId::from_bytes));
            let line = row.get::<_, Vec<u8>>(1).unwrap_or_default();
            if ids == [Ok(last), Ok(last.next(&line))] {
                last = last.next(&line);
                read += 1;
            }
        }
        read.saturating_sub(1)
    }

    #[test]
    fn whatever_becomes_of_a_page_it_is_told_as_damage_and_what_can_be_read_is_there_again() {
        let (a, b) = scene_of(30);
        let file = file_of(&a);
        let before = fs::read(&file).expect("read");
        for page in 0..before.len() / 4096 {
            // One of them for each page: what the pages hold is much alike.
            let damages = DAMAGES.iter().enumerate();
            for (kind, damage) in damages.filter(|(kind, _)| (kind + page) % DAMAGES.len() == 0) {
                let what = format!("page {page}, damage {kind}");
                let mut bytes = before.clone();
                damage(&mut bytes, page * 4096);
                fs::write(&file, &bytes).expect("written");
                if let Err(fault) = looked_at(&file) {
                    assert!(fault.is_damage(), "{what}: {fault:?}");
                }
                fs::write(&file, &bytes).expect("written");
                let (new, rescued) = rescued(&file, &b);
                assert_eq!(new.store.verify_file(true).expect("looked at"), None);
                let least = read_by_hand(&file, before.len());
                assert!(rescued.ops >= least, "{what}: {rescued:?}, not {least}");
            }
        }
    }

    /// As the doctor looks, and whoever writes.
    fn looked_at(file: &Path) -> Result<(), TasksError> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let (dir, file) = (HostPath::new(dir.path()), HostPath::new(file));
        let (dir, file) = (dir.expect("absolute"), file.expect("absolute"));
        let edges = Edges::fixed(NOW);
        let mut store = Store::open(&file, &holder())?;
        let broken = store.verify_file(true);
        let verified = store.verify(&edges, (&dir, &holder()));
        let rebuilt = store.rebuild(&edges);
        broken?;
        let _ = verified?;
        rebuilt
    }

    #[test]
    fn a_log_to_which_no_way_leads_is_read_page_by_page() {
        let (mut a, b) = scene();
        let on = a.add("Long");
        a.set(&on, field::DESCRIPTION, &"from page to page ".repeat(2_000));
        let file = file_of(&a);
        let db = Connection::open(&file).expect("opened");
        let root = "SELECT rootpage FROM sqlite_schema WHERE name = 'op'";
        let root: i64 = db.query_row(root, [], |row| row.get(0)).expect("a table");
        drop(db);
        let root = usize::try_from(root).expect("a page");
        let mut bytes = fs::read(&file).expect("read");
        bytes[(root - 1) * 4096..][..4096].fill(0);
        fs::write(&file, bytes).expect("written");
        let (new, rescued) = rescued(&file, &b);
        let all = (rescued.ops, rescued.lost, rescued.goes_on);
        assert_eq!(all, (204, Some(0), true));
        assert_eq!(new.digest(), a.digest());
    }

    #[test]
    fn whose_a_withheld_value_is_the_ops_say_where_nothing_else_does() {
        let (a, b) = scene_of(3);
        let file = file_of(&a);
        let db = Connection::open(&file).expect("opened");
        db.execute_batch("DELETE FROM thing").expect("damaged");
        drop(db);
        let (new, rescued) = rescued(&file, &b);
        assert_eq!((rescued.withheld, rescued.gone), (1, Vec::new()));
        let held = new.store.reading().withheld().expect("read");
        assert_eq!(held, a.store.reading().withheld().expect("read"));
    }

    #[test]
    fn a_withheld_value_that_is_lost_is_named_while_its_field_still_tells_of_it() {
        let (mut a, b) = scene_of(3);
        let held = a.store.reading().withheld().expect("read").remove(0);
        let lost = |a: &Place| {
            let file = file_of(a);
            let db = Connection::open(&file).expect("opened");
            db.execute_batch("DELETE FROM withheld").expect("damaged");
            drop(db);
            let (_, rescued) = rescued(&file, &b);
            fs::remove_file(&file).expect("removed");
            (rescued.withheld, rescued.gone)
        };
        let named = (held.on.clone(), field::DESCRIPTION.to_owned());
        assert_eq!(lost(&a), (0, vec![named]));
        a.set(&held.on, field::DESCRIPTION, "another one");
        assert_eq!(lost(&a), (0, Vec::new()));
    }

    #[test]
    fn of_an_empty_file_there_is_nothing() {
        let (a, b) = scene();
        let file = a.dir.path().join("empty.db");
        fs::write(&file, "").expect("made");
        let (new, rescued) = rescued(&file, &b);
        assert_eq!(rescued, Rescued::default());
        assert_eq!(new.digest(), b.digest());
    }
}
