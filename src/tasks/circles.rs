//! Tasks that wait for each other in a circle: what two people wrote at once is kept, and the latest of
//! it is not waited for.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::TasksError;

/// Finds which dependencies close a circle, in the order in which they were written. That is a
/// function of what is written, so it comes to the same everywhere.
pub fn settle(db: &Connection) -> Result<(), TasksError> {
    let mut find = db.prepare(
        "SELECT task.id, depend.needs, depend.task, depend.circle FROM depend \
         JOIN task ON task.thing = depend.task ORDER BY depend.rank",
    )?;
    let rows = find.query_map([], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let all: Vec<(String, String, i64, bool)> = rows.collect::<Result<_, _>>()?;
    let edges = all
        .iter()
        .map(|(task, needs, ..)| (task.as_str(), needs.as_str()));
    let closing = closing(&edges.collect::<Vec<_>>());
    for (at, (_, needs, task, was)) in all.iter().enumerate() {
        let is = closing.contains(&at);
        if is != *was {
            db.execute(
                "UPDATE depend SET circle = ?3 WHERE task = ?1 AND needs = ?2",
                params![task, needs, is],
            )?;
        }
    }
    Ok(())
}

/// The edges that close a circle with those before them.
fn closing(edges: &[(&str, &str)]) -> BTreeSet<usize> {
    let mut kept: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut closing = BTreeSet::new();
    for (at, (task, needs)) in edges.iter().enumerate() {
        if leads(&kept, needs, task) {
            closing.insert(at);
        } else {
            kept.entry(task).or_default().push(needs);
        }
    }
    closing
}

fn leads(edges: &BTreeMap<&str, Vec<&str>>, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            next.extend(edges.get(at).into_iter().flatten());
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_edge_that_closes_a_circle_is_not_waited_for() {
        let edges = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")];
        assert_eq!(closing(&edges), BTreeSet::from([2, 4]));
        assert!(closing(&edges[..2]).is_empty());
    }
}
