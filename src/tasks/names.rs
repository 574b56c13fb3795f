//! Projects that are other names of one: two machines can begin the same project, each for itself.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use super::TasksError;

/// Finds for every project the one that it comes to.
pub fn settle(db: &Connection) -> Result<(), TasksError> {
    let mut find = db.prepare("SELECT id, same, shown FROM project")?;
    let rows = find.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?;
    let all: BTreeMap<String, (Option<String>, String)> = rows.collect::<Result<_, _>>()?;
    let same: BTreeMap<&str, &str> = all
        .iter()
        .filter_map(|(id, (same, _))| Some((id.as_str(), same.as_deref()?)))
        .collect();
    for (id, (_, shown)) in &all {
        let end = end_of(&same, id);
        if end != shown {
            db.execute(
                "UPDATE project SET shown = ?2 WHERE id = ?1",
                params![id, end],
            )?;
        }
    }
    Ok(())
}

/// Where the names lead; of those that lead in a circle to the least.
fn end_of<'a>(same: &BTreeMap<&'a str, &'a str>, id: &'a str) -> &'a str {
    let (mut at, mut seen) = (id, BTreeSet::new());
    while let Some(next) = same.get(at) {
        if !seen.insert(at) {
            let mut circle = vec![at];
            while let Some(next) = same.get(circle[circle.len() - 1]).filter(|it| **it != at) {
                circle.push(next);
            }
            return circle.into_iter().min().unwrap_or(at);
        }
        at = next;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_one_project_even_in_a_circle() {
        let same = BTreeMap::from([("a", "b"), ("b", "c"), ("x", "z"), ("z", "y"), ("y", "z")]);
        for (id, end) in [
            ("a", "c"),
            ("b", "c"),
            ("c", "c"),
            ("x", "y"),
            ("y", "y"),
            ("z", "y"),
        ] {
            assert_eq!(end_of(&same, id), end, "{id}");
        }
    }
}
