//! How people name tasks: `API-7KQ9`, the prefix of the project and as much of the task's own name as
//! tells it from all others.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::TasksError;
use super::error::CANDIDATES;
use super::query::PROJECTS;

/// Less of a name than this is never shown: it would soon not be enough.
const LEAST: usize = 4;
/// The length of an id, and of the part of it that is chance.
const ID: usize = 26;
const KEY: usize = 16;

/// What somebody may have meant by a ref.
struct Wanted<'a> {
    prefix: Option<&'a str>,
    key: String,
    is_id: bool,
}

impl<'a> Wanted<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (prefix, key) = match text.rsplit_once('-') {
            Some((prefix, key)) => (Some(prefix), key),
            None => (None, text),
        };
        let key: String = key.chars().map(letter).collect::<Option<_>>()?;
        let is_id = prefix.is_none() && key.len() == ID;
        let fits = is_id || (1..=KEY).contains(&key.len());
        (fits && prefix != Some("")).then_some(Self { prefix, key, is_id })
    }
}

/// A letter as it is in names: some look like others.
fn letter(c: char) -> Option<char> {
    match c.to_ascii_uppercase() {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        'U' => None,
        c if c.is_ascii_alphanumeric() => Some(c),
        _ => None,
    }
}

/// The thing that a ref names.
pub fn resolve(db: &Connection, text: &str) -> Result<i64, TasksError> {
    let wanted = Wanted::parse(text).ok_or_else(|| TasksError::NoRef {
        wanted: text.to_owned(),
    })?;
    let no_such = || TasksError::NoSuchTask {
        wanted: text.to_owned(),
    };
    if wanted.is_id {
        let mut find = db.prepare_cached("SELECT thing FROM task WHERE id = ?1")?;
        let found = find.query_row([&wanted.key], |row| row.get(0)).optional()?;
        return found.ok_or_else(no_such);
    }
    let mut found = candidates(db, &wanted.key)?;
    if let (true, Some(prefix)) = (found.len() > 1, wanted.prefix) {
        let of_project = |it: &Candidate| it.prefix.eq_ignore_ascii_case(prefix);
        if found.iter().any(of_project) {
            found.retain(of_project);
        }
    }
    match found.as_slice() {
        [] => Err(no_such()),
        [one] => Ok(one.thing),
        several => {
            let named = |it: &Candidate| (it.reference.clone(), it.title.clone());
            Err(TasksError::Ambiguous {
                wanted: text.to_owned(),
                candidates: several.iter().map(named).collect(),
            })
        }
    }
}

struct Candidate {
    thing: i64,
    reference: String,
    title: String,
    prefix: String,
}

fn candidates(db: &Connection, key: &str) -> Result<Vec<Candidate>, TasksError> {
    let mut find = db.prepare_cached(&format!(
        "SELECT task.thing, task.title, coalesce(shown.prefix, ''), {REF} FROM task{PROJECTS} \
         WHERE task.key >= ?1 AND task.key < ?1 || '~' ORDER BY task.key LIMIT ?2",
    ))?;
    // Of more than are shown one more says so.
    let most = i64::try_from(CANDIDATES * 4).expect("a handful");
    let rows = find.query_map(params![key, most], |row| {
        Ok(Candidate {
            thing: row.get(0)?,
            title: row.get(1)?,
            prefix: row.get(2)?,
            reference: shown(row, 3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What a ref is made of, as columns: the task's name, those on both sides of it, and the prefix of the
/// project that it comes to.
pub const REF: &str = "task.key, \
    (SELECT max(near.key) FROM task AS near WHERE near.key < task.key), \
    (SELECT min(near.key) FROM task AS near WHERE near.key > task.key), coalesce(shown.prefix, '')";

/// The ref of the columns from here on.
pub fn shown(row: &Row<'_>, first: usize) -> rusqlite::Result<String> {
    let (key, prefix): (String, String) = (row.get(first)?, row.get(first + 3)?);
    let beside: [Option<String>; 2] = [row.get(first + 1)?, row.get(first + 2)?];
    Ok(shortest(&prefix, &key, beside.iter().flatten()))
}

/// The refs of all tasks by their ids, each told from those beside it as they are read.
pub fn all(db: &Connection) -> Result<HashMap<String, String>, TasksError> {
    let mut find = db.prepare(&format!(
        "SELECT task.id, task.key, coalesce(shown.prefix, '') FROM task{PROJECTS} ORDER BY task.key"
    ))?;
    let rows = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows: Vec<(String, String, String)> = rows.collect::<Result<_, _>>()?;
    let key = |at: usize| rows.get(at).map(|(_, key, _)| key);
    let all = rows.iter().enumerate().map(|(at, (id, own, prefix))| {
        let beside = [at.wrapping_sub(1), at + 1].map(key);
        (
            id.clone(),
            shortest(prefix, own, beside.into_iter().flatten()),
        )
    });
    Ok(all.collect())
}

/// The shortest ref that names this task, and no other one than those beside it.
fn shortest<'k>(prefix: &str, key: &str, beside: impl Iterator<Item = &'k String>) -> String {
    let common = |other: &String| {
        let same = key.bytes().zip(other.bytes());
        same.take_while(|(a, b)| a == b).count()
    };
    let common = beside.map(common).max().unwrap_or(0);
    let short = &key[..(common + 1).clamp(LEAST, KEY).min(key.len())];
    if prefix.is_empty() {
        return short.to_owned();
    }
    format!("{prefix}-{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_read_as_it_may_have_been_read_aloud() {
        let key = |text| Wanted::parse(text).map(|it| (it.prefix, it.key, it.is_id));
        let some = |prefix, key: &str| Some((prefix, key.to_owned(), false));
        assert_eq!(key("API-7kq9"), some(Some("API"), "7KQ9"));
        assert_eq!(key(" 7kO9"), some(None, "7K09"));
        assert_eq!(key("web-lIl1"), some(Some("web"), "1111"));
        assert_eq!(key("a-b-7KQ9"), some(Some("a-b"), "7KQ9"));
        let id = "01KAG6T0V2W4X6Y8Z1A3B5C7D9";
        assert_eq!(key(id), Some((None, id.to_owned(), true)));
        for text in [
            "",
            "-",
            "-7KQ9",
            "API-",
            "7KU9",
            "API-7K_9",
            &"A".repeat(17),
        ] {
            assert_eq!(key(text), None, "{text}");
        }
    }
}
