//! Everything that is made of the log, made of it again.

use std::collections::BTreeSet;

use rusqlite::{Row, params};

use crate::base::MachineId;
use crate::layout::{OpId, OpRecord, names};
use crate::oplog::{Digest, Op, OpFault};

use super::TasksError;
use super::change::{Change, READER};
use super::log::{Coming, State};

/// So many lines are held at once.
const BATCH: i64 = 512;

/// What is made of the log. Things keep their numbers: withheld values and deeds go by these.
const CLEAR: &str = "\
    UPDATE thing SET live = '[]', updated = 0; \
    DELETE FROM early; DELETE FROM wanted; DELETE FROM workspace; DELETE FROM project; DELETE FROM task; \
    DELETE FROM label; DELETE FROM depend; DELETE FROM note; DELETE FROM dispute; \
    INSERT INTO words (words) VALUES ('delete-all'); \
    UPDATE chain SET stop = NULL;";

/// A line of the log as it stands there.
struct Kept {
    id: OpId,
    coming: Coming,
}

impl Change<'_> {
    /// Reads the whole log again, line by line as it came, and makes everything else of it. What an
    /// earlier holdall did not understand is taken in by one that does.
    pub(super) fn rebuild(&mut self) -> Result<(), TasksError> {
        self.settle()?;
        self.tx.execute_batch(CLEAR)?;
        self.digest = Digest::default();
        // Ops that may not be passed by, and all that stand behind one.
        let mut stopped = BTreeSet::new();
        let mut place = 0;
        loop {
            let kept = self.kept_after(place)?;
            let Some(last) = kept.last().and_then(|kept| kept.coming.place) else {
                break;
            };
            for it in kept {
                self.read_again(it, &mut stopped)?;
            }
            place = last;
        }
        self.again = None;
        if !stopped.is_empty() {
            self.mark_stops(&stopped)?;
        }
        self.tx
            .execute("UPDATE replica SET reader = ?1", [READER])?;
        self.settle()
    }

    fn kept_after(&self, place: i64) -> Result<Vec<Kept>, TasksError> {
        let mut find = self.tx.prepare_cached(
            "SELECT n, id, replica, seq, prev, line FROM op WHERE n > ?1 ORDER BY n LIMIT ?2",
        )?;
        let rows = find.query_map([place, BATCH], |row: &Row<'_>| {
            let seq: i64 = row.get(3)?;
            let replica: String = row.get(2)?;
            Ok((
                replica,
                seq,
                row.get(0)?,
                row.get(1)?,
                row.get(4)?,
                row.get(5)?,
            ))
        })?;
        rows.map(|row| {
            let (replica, seq, place, id, prev, line): (_, _, i64, _, _, _) = row?;
            let replica = MachineId::parse(&replica);
            let replica = replica.map_err(|_| TasksError::Damaged {
                what: "the name of a replica",
            })?;
            let coming = Coming {
                replica,
                seq: u64::try_from(seq).unwrap_or(0),
                prev: OpId::from_bytes(prev),
                line,
                state: State::TakenIn,
                place: Some(place),
            };
            let id = OpId::from_bytes(id);
            Ok(Kept { id, coming })
        })
        .collect()
    }

    fn read_again(&mut self, it: Kept, stopped: &mut BTreeSet<OpId>) -> Result<(), TasksError> {
        let Kept { id, coming } = it;
        self.again = coming.place;
        let waits = stopped.contains(&coming.prev);
        let record = OpRecord::read(&names::ops_dir(), &coming.line).ok();
        let op = record.map(|record| Op::of(&coming.replica, id, &record));
        if waits || matches!(op, Some(Err(OpFault::Must))) {
            stopped.insert(id);
        }
        match op {
            Some(Ok(_)) if waits => self.put_by(id, State::Waits, coming),
            Some(Ok(op)) => self.take_in(&op, coming),
            _ => self.put_by(id, State::SetAside, coming),
        }
    }

    /// Where each chain stops.
    fn mark_stops(&self, stopped: &BTreeSet<OpId>) -> Result<(), TasksError> {
        for chain in self.reading().chains()? {
            let lines = self.reading().lines(&chain, 0)?;
            let stop = lines.iter().find(|line| stopped.contains(&line.id));
            let stop = stop.map(|line| super::log::number(line.seq));
            self.tx.execute(
                "UPDATE chain SET stop = ?2 WHERE name = ?1",
                params![chain.name, stop],
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::types::Value;
    use serde_json::json;

    use super::super::kit::{NOW, Place, meet};
    use super::super::model::field;
    use super::super::verify::MADE;

    /// What is made of the log, row by row, and what a search finds.
    fn made(place: &Place) -> Vec<String> {
        let mut made: Vec<String> = MADE
            .iter()
            .flat_map(|table| {
                let mut rows = rows(place, &format!("SELECT * FROM {table}"));
                rows.sort();
                rows.into_iter().map(move |row| format!("{table}: {row}"))
            })
            .collect();
        for word in ["cert*", "staging", "login", "soon"] {
            let sql = format!("SELECT rowid FROM words WHERE words MATCH '{word}' ORDER BY rowid");
            made.push(format!("{word}: {:?}", rows(place, &sql)));
        }
        made
    }

    fn rows(place: &Place, sql: &str) -> Vec<String> {
        let mut find = place.store.db.prepare(sql).expect("a table");
        let columns = find.column_count();
        let rows = find.query_map([], |row| {
            let cells = (0..columns).map(|at| row.get::<_, Value>(at));
            cells.collect::<Result<Vec<_>, _>>()
        });
        let rows = rows.expect("asked").map(|row| row.expect("read"));
        rows.map(|row| format!("{row:?}")).collect()
    }

    fn rebuild(place: &mut Place) {
        let done = place.store.rebuild(&place.edges);
        done.expect("made again");
    }

    /// Two who disagree about several things, and one who heard of a part only.
    fn scene() -> (Place, Place) {
        let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
        let on = a.add("Renew the certificate");
        let other = a.add("Fix the login");
        a.set(&other, field::STATUS, "active");
        meet(&mut a, &mut b);
        a.set(&on, field::STATUS, "active");
        b.set(&on, field::STATUS, "done");
        a.write("note", |pen| {
            pen.add(&other, field::NOTES, json!("on staging first"))
        });
        a.write("label", |pen| pen.add(&on, field::LABELS, json!("ops")));
        b.write("depend", |pen| {
            pen.add(&on, field::DEPENDS, json!(other.id.as_str()))
        });
        b.write("depend", |pen| {
            pen.add(&other, field::DEPENDS, json!(on.id.as_str()))
        });
        b.write("delete", |pen| {
            let seen = pen.seen(&other, None)?;
            pen.delete(&other, &seen)
        });
        a.set(&on, field::DESCRIPTION, "soon: hunter2");
        meet(&mut a, &mut b);
        (a, b)
    }

    #[test]
    fn what_is_made_again_of_the_log_is_what_was_there() {
        let (a, b) = scene();
        for mut place in [a, b] {
            let before = made(&place);
            assert!(
                before.iter().any(|row| row.starts_with("dispute: ")),
                "{before:#?}"
            );
            rebuild(&mut place);
            assert_eq!(made(&place), before);
            let damage = "DELETE FROM label; UPDATE task SET title = 'x', status = 'todo'; \
                DELETE FROM depend; DELETE FROM dispute; DELETE FROM words WHERE rowid = 1; \
                UPDATE replica SET digest = zeroblob(32); UPDATE thing SET live = '[]'";
            place.store.db.execute_batch(damage).expect("damaged");
            assert_ne!(made(&place), before);
            rebuild(&mut place);
            assert_eq!(made(&place), before);
        }
    }

    #[test]
    fn a_program_that_knows_more_takes_in_what_an_earlier_one_set_aside() {
        let (mut place, other) = scene();
        let before = made(&place);
        // An earlier program met an op of the other's that may not be passed by, and understood it not.
        let name = other.chains().remove(0).0;
        let raw = &place.store.db;
        let stop = "UPDATE op SET thing = NULL, state = min(2, seq) WHERE replica = ?1";
        raw.execute(stop, [&name]).expect("changed");
        raw.execute("UPDATE chain SET stop = 1 WHERE name = ?1", [&name])
            .expect("changed");
        raw.execute("UPDATE replica SET reader = 0", [])
            .expect("changed");
        let read = place
            .store
            .change::<_, super::TasksError>(&place.edges, |_| Ok(()));
        read.expect("read again");
        assert_eq!(made(&place), before);
    }
}
