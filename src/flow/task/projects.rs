//! Which project a task belongs to. A registered project is one of the task list's, too, from the first
//! task on that is about it.

use serde_json::json;

use crate::base::Id;
use crate::oplog::Existence;
use crate::project::{Registered, Registry};
use crate::tasks::model::{self, field};
use crate::tasks::{Pen, ProjectRow, Reading};

use super::super::{FlowError, Session};

/// Says that there is no project.
pub const NONE: &str = "none";

/// So long a prefix is at first, and at most.
const SHORT: usize = 3;
const LONG: usize = 8;

/// A project by its id, and how people call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    pub id: Id,
    pub name: String,
}

impl Project {
    fn of(row: &ProjectRow) -> Result<Self, FlowError> {
        Ok(Self {
            id: Id::parse(&row.id)?,
            name: row.name.clone(),
        })
    }
}

impl From<&Registered> for Project {
    fn from(registered: &Registered) -> Self {
        Self {
            id: registered.id.clone(),
            name: registered.name.clone(),
        }
    }
}

/// The project of the directory that somebody works in.
pub fn here(session: &Session<'_>) -> Result<Option<Project>, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    let cwd = &session.edges.env.cwd;
    let around = registry.projects.iter();
    let around = around.filter(|project| cwd.starts_with(project.path.as_path()));
    let nearest = around.max_by_key(|project| project.path.as_path().components().count());
    Ok(nearest.map(Project::from))
}

/// The project that somebody names: by its name or its id, registered here or known of tasks.
pub fn named(
    session: &Session<'_>,
    reading: &Reading<'_>,
    wanted: &str,
) -> Result<Project, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    let known = reading.projects()?;
    let mut meant: Vec<Project> = registry
        .find(wanted)
        .map(Project::from)
        .into_iter()
        .collect();
    let own = match meant.first() {
        Some(own) => reading.shown_project(own.id.as_str())?,
        None => None,
    };
    let is_other = |row: &ProjectRow| own.as_ref() != Some(&row.id);
    let is_called = |row: &ProjectRow| {
        row.name.eq_ignore_ascii_case(wanted) || row.id.eq_ignore_ascii_case(wanted)
    };
    // Another machine may have begun another project of this name.
    let is_id = meant
        .iter()
        .any(|it| it.id.as_str().eq_ignore_ascii_case(wanted));
    for row in known.iter().filter(|row| is_called(row) && is_other(row)) {
        if !is_id {
            meant.push(Project::of(row)?);
        }
    }
    if meant.is_empty() {
        let fitting = known.iter();
        let fitting = fitting.filter(|row| row.prefix.eq_ignore_ascii_case(wanted));
        meant = fitting.map(Project::of).collect::<Result<_, _>>()?;
    }
    if meant.len() > 1 {
        let ids: Vec<&str> = meant.iter().map(|it| it.id.as_str()).collect();
        return Err(FlowError::BadValue {
            what: format!("`{wanted}` could be more than one project"),
            hint: format!("name it by its id: {}", ids.join(" or ")),
        });
    }
    meant.pop().ok_or_else(|| {
        let names = known.into_iter().map(|row| row.name);
        let mut names: Vec<String> = names
            .chain(registry.projects.into_iter().map(|it| it.name))
            .collect();
        names.sort();
        names.dedup();
        FlowError::NoSuch {
            what: "project",
            wanted: wanted.to_owned(),
            known: names,
        }
    })
}

/// The projects of one command: what it begins is known to what follows.
#[derive(Default)]
pub struct Projects {
    prefixes: Vec<String>,
}

impl Projects {
    /// Makes sure that tasks can belong to a project.
    pub fn ready(&mut self, pen: &mut Pen<'_, '_, '_>, project: &Project) -> Result<(), FlowError> {
        let on = model::project(project.id.clone());
        let thing = pen.look(&on)?;
        if thing.existence() == Existence::Deleted {
            pen.undelete(&on)?;
            return Ok(());
        }
        if thing.all().next().is_some() {
            return Ok(());
        }
        let rows = pen.reading().projects()?;
        let mut taken: Vec<String> = rows.into_iter().map(|row| row.prefix).collect();
        taken.extend(self.prefixes.iter().cloned());
        let prefix = prefix(&project.name, &taken);
        let fields = vec![
            (field::NAME, json!(project.name)),
            (field::PREFIX, json!(prefix)),
        ];
        pen.begin(&on, fields)?;
        self.prefixes.push(prefix);
        Ok(())
    }
}

/// The beginning of a name, as long as it has to be to be the only one.
fn prefix(name: &str, taken: &[String]) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let mut letters: String = letters.take(LONG).collect::<String>().to_ascii_uppercase();
    if letters.is_empty() {
        letters.push('P');
    }
    let is_free = |prefix: &str| !taken.iter().any(|it| it.eq_ignore_ascii_case(prefix));
    let least = letters.len().min(SHORT);
    let mut longer = (least..=letters.len()).map(|length| &letters[..length]);
    if let Some(free) = longer.find(|prefix| is_free(prefix)) {
        return free.to_owned();
    }
    let numbered = (2_u64..).map(|number| format!("{}{number}", &letters[..least]));
    let mut free = numbered.filter(|prefix| is_free(prefix));
    free.next().expect("there is always another number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_the_beginning_of_a_name_that_no_other_project_has() {
        let taken = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        for (name, others, expected) in [
            ("api", &[][..], "API"),
            ("web-site", &[], "WEB"),
            ("x", &[], "X"),
            ("ünïcode", &[], "NCO"),
            ("日本", &[], "P"),
            ("apiary", &["API"], "APIA"),
            ("api", &["API"], "API2"),
            ("api", &["API", "api2"], "API3"),
        ] {
            assert_eq!(prefix(name, &taken(others)), expected, "{name}");
        }
    }
}
