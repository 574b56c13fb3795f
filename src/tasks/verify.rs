//! Whether the store is what its log says. All of it is looked at in a copy: nobody waits, and nothing
//! that is found is changed.

use rusqlite::Connection;

use crate::base::{Edges, Holder, HostPath};
use crate::layout::{OpId, TextName};

use super::chains::Chain;
use super::{Store, TasksError};

/// What is made of the log. What a search looks for comes as SQLite tells it, word by word.
pub(super) const MADE: [&str; 13] = [
    "thing",
    "early",
    "wanted",
    "workspace",
    "project",
    "task",
    "label",
    "depend",
    "note",
    "dispute",
    "replica",
    "op",
    "chain",
];
const WORDS: &str = "words_told";
const TELL_WORDS: &str =
    "CREATE VIRTUAL TABLE temp.words_told USING fts5vocab(main, words, instance)";

/// What a look at the store came to.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Verified {
    pub ops: u64,
    /// The chains that are not what their ops say, and why.
    pub chains: Vec<(String, &'static str)>,
    /// The long values that are not what they are named after.
    pub texts: Vec<String>,
    /// The tables that the log comes to otherwise.
    pub tables: Vec<&'static str>,
    /// Ops that say nothing which was understood, and those that wait behind one.
    pub aside: u64,
    /// The same, if the log were read now.
    pub aside_then: u64,
}

impl Store {
    /// What SQLite finds wrong with the file; the thorough look compares the indexes, too.
    pub fn verify_file(&self, thorough: bool) -> Result<Option<String>, TasksError> {
        let pragma = if thorough {
            "integrity_check"
        } else {
            "quick_check"
        };
        let said: String = self
            .db
            .query_row(&format!("PRAGMA {pragma}(1)"), [], |row| row.get(0))?;
        Ok((said != "ok").then_some(said))
    }

    /// Looks at all that is in it, in a copy that is made in this directory.
    pub fn verify(
        &self,
        edges: &Edges,
        (dir, holder): (&HostPath, &Holder),
    ) -> Result<Verified, TasksError> {
        let mut copy = self.copied(&dir.join("tasks.db"), holder)?;
        let mut found = Verified {
            ops: count(&copy.db, "SELECT count(*) FROM op")?,
            texts: wrong_texts(&copy.db)?,
            aside: set_aside(&copy.db)?,
            ..Verified::default()
        };
        let chains = copy.reading().chains()?;
        for chain in chains {
            let fault = fault_of(&copy, &chain)?;
            found.chains.extend(fault.map(|fault| (chain.name, fault)));
        }
        copy.db.execute_batch(TELL_WORDS)?;
        for table in tables() {
            let keep = format!("CREATE TEMP TABLE was_{table} AS SELECT * FROM {table}");
            copy.db.execute_batch(&keep)?;
        }
        copy.rebuild(edges)?;
        for table in tables() {
            if differs(&copy.db, table)? {
                found
                    .tables
                    .push(if table == WORDS { "words" } else { table });
            }
        }
        found.aside_then = set_aside(&copy.db)?;
        Ok(found)
    }
}

fn tables() -> impl Iterator<Item = &'static str> {
    MADE.into_iter().chain([WORDS])
}

fn differs(db: &Connection, table: &str) -> Result<bool, TasksError> {
    let sql = format!(
        "SELECT EXISTS (SELECT * FROM {table} EXCEPT SELECT * FROM was_{table}) \
         OR EXISTS (SELECT * FROM was_{table} EXCEPT SELECT * FROM {table})"
    );
    Ok(db.query_row(&sql, [], |row| row.get(0))?)
}

fn count(db: &Connection, sql: &str) -> Result<u64, TasksError> {
    let count: i64 = db.query_row(sql, [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

fn set_aside(db: &Connection) -> Result<u64, TasksError> {
    count(db, "SELECT count(*) FROM op WHERE state <> 0")
}

/// Follows a chain from its first op: each is named after its line and the one before it.
fn fault_of(store: &Store, chain: &Chain) -> Result<Option<&'static str>, TasksError> {
    let (mut seq, mut id) = (0, OpId::NONE);
    for line in store.reading().lines(chain, 0)? {
        seq += 1;
        if line.seq != seq {
            return Ok(Some("ops of it are missing"));
        }
        id = id.next(&line.bytes);
        if line.id != id {
            return Ok(Some("an op of it is not the one that was written"));
        }
    }
    let is_whole = (seq, id) == (chain.seq, chain.id);
    Ok((!is_whole).then_some("it ends too early"))
}

fn wrong_texts(db: &Connection) -> Result<Vec<String>, TasksError> {
    let mut find = db.prepare("SELECT name, bytes FROM text ORDER BY name")?;
    let mut rows = find.query([])?;
    let mut wrong = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, bytes): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if TextName::of(&bytes).as_str() != name {
            wrong.push(name);
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::super::kit::{NOW, Place, holder, meet};
    use super::super::model::field;
    use super::*;

    fn verified(place: &Place) -> Verified {
        let dir = tempfile::tempdir().expect("a temp dir");
        let dir = HostPath::new(dir.path()).expect("absolute");
        let found = place.store.verify(&place.edges, (&dir, &holder()));
        found.expect("looked at")
    }

    /// Two who disagree, with a text that is withheld.
    fn scene() -> (Place, Place) {
        let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
        let on = a.add("Renew the certificate");
        meet(&mut a, &mut b);
        a.set(&on, field::STATUS, "active");
        b.set(&on, field::STATUS, "done");
        a.set(&on, field::DESCRIPTION, "soon: hunter2");
        b.write("delete", |pen| {
            let seen = pen.seen(&on, None)?;
            pen.delete(&on, &seen)
        });
        meet(&mut a, &mut b);
        (a, b)
    }

    #[test]
    fn a_sound_store_is_what_its_log_says() {
        let (a, b) = scene();
        for place in [a, b] {
            let found = verified(&place);
            assert!(found.ops > 4, "{found:?}");
            let ops = found.ops;
            assert_eq!(
                found,
                Verified {
                    ops,
                    ..Verified::default()
                }
            );
            for thorough in [true, false] {
                let said = place.store.verify_file(thorough).expect("looked at");
                assert_eq!(said, None);
            }
        }
    }

    #[test]
    fn whatever_was_changed_by_hand_is_named_and_left() {
        for (damage, tables) in [
            ("UPDATE task SET title = 'x'", &["task"][..]),
            ("DELETE FROM dispute", &["dispute"]),
            ("UPDATE thing SET live = '[]'", &["thing"]),
            ("UPDATE replica SET digest = zeroblob(32)", &["replica"]),
            ("DELETE FROM words WHERE rowid = 1", &["words"]),
        ] {
            let (place, _) = scene();
            place.store.db.execute_batch(damage).expect("damaged");
            for _ in 0..2 {
                let found = verified(&place);
                assert_eq!(found.tables, tables, "{damage}");
                assert!(found.chains.is_empty(), "{found:?}");
            }
        }
    }

    #[test]
    fn a_chain_of_which_something_was_changed_or_is_gone_is_named() {
        for (damage, words) in [
            (
                "UPDATE op SET line = CAST(replace(CAST(line AS TEXT), 'Renew', 'Break') AS BLOB)",
                "an op of it is not the one that was written",
            ),
            ("DELETE FROM op WHERE seq = 1", "ops of it are missing"),
            (
                "UPDATE chain SET seq = seq + 1, id = zeroblob(16)",
                "it ends too early",
            ),
        ] {
            let mut place = Place::new(NOW);
            place.add("Renew the certificate");
            place.add("Fix the login");
            place.store.db.execute_batch(damage).expect("damaged");
            let found = verified(&place);
            let why: Vec<_> = found.chains.iter().map(|(_, why)| *why).collect();
            assert_eq!(why, [words], "{damage}");
        }
    }

    #[test]
    fn an_op_that_an_earlier_holdall_set_aside_is_one_that_this_one_understands() {
        let (place, _) = scene();
        let aside = "UPDATE op SET state = 1, thing = NULL WHERE n = (SELECT max(n) FROM op)";
        place.store.db.execute_batch(aside).expect("changed");
        let found = verified(&place);
        assert_eq!((found.aside, found.aside_then), (1, 0), "{found:?}");
    }

    #[test]
    fn a_long_value_that_is_another_one_is_named() {
        let (place, _) = scene();
        let put = "INSERT INTO text VALUES ('00ff', x'2a')";
        place.store.db.execute_batch(put).expect("written");
        assert_eq!(verified(&place).texts, ["00ff"]);
    }
}
