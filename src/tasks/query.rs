//! Which tasks a list has, and in which order.

use rusqlite::types::Value as Sql;

use crate::base::Timestamp;

/// Where the tasks of a list stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Whatever is not closed.
    #[default]
    Open,
    /// Open, not waiting for anything, and not for later.
    Ready,
    /// Open, and waiting for another one.
    Blocked,
    /// Open, and its day has passed.
    Overdue,
    /// Closed ones, too.
    All,
    /// Deleted ones, and no others.
    Deleted,
    /// One status.
    Of(Vec<String>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What comes next first.
    #[default]
    Rank,
    Due,
    Priority,
    Created,
    Updated,
    Title,
}

impl Sort {
    pub const ALL: [Self; 6] = [
        Self::Rank,
        Self::Due,
        Self::Priority,
        Self::Created,
        Self::Updated,
        Self::Title,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::Due => "due",
            Self::Priority => "priority",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Title => "title",
        }
    }

    const fn order(self) -> &'static str {
        match self {
            Self::Rank => "task.closed, task.rank",
            Self::Due => "task.due IS NULL, task.due, task.rank",
            Self::Priority => {
                "CASE task.priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 \
                 WHEN 'low' THEN 3 ELSE 4 END, task.rank"
            }
            Self::Created => "task.id DESC",
            Self::Updated => "thing.updated DESC, task.id DESC",
            Self::Title => "task.title COLLATE NOCASE, task.id",
        }
    }
}

/// Which tasks somebody wants to see.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: State,
    /// Every one of these.
    pub labels: Vec<String>,
    pub priorities: Vec<String>,
    /// A project, by its id; an empty one is none.
    pub project: Option<String>,
    pub workspace: Option<String>,
    /// An epic, by its id; an empty one is none.
    pub epic: Option<String>,
    pub epics_only: bool,
    /// Words that a search looks for.
    pub words: Option<String>,
    pub sort: Sort,
    pub limit: Option<usize>,
}

/// A question in SQL, with what goes in its places.
pub struct Question {
    pub tables: String,
    pub conditions: String,
    pub order: &'static str,
    pub values: Vec<Sql>,
}

pub const THING: &str = " JOIN thing ON thing.n = task.thing";
/// The project of a task, and the one that it comes to.
pub const PROJECTS: &str = " LEFT JOIN project ON project.id = task.project \
    LEFT JOIN project AS shown ON shown.id = project.shown";
const WORDS: &str = " JOIN words ON words.rowid = task.thing";

/// A task waits for another one that is open.
pub const WAITS: &str = "EXISTS (SELECT 1 FROM depend JOIN task AS first ON first.id = depend.needs \
     WHERE depend.task = task.thing AND NOT depend.circle AND NOT first.closed AND NOT first.deleted)";

impl Filter {
    /// The filter as SQL. Where words are looked for, the best come first.
    #[must_use]
    pub fn question(&self, now: Timestamp) -> Question {
        let mut it = Building::default();
        self.state(&mut it, now);
        for label in &self.labels {
            it.with(
                "EXISTS (SELECT 1 FROM label WHERE label.task = task.thing AND label.name = ?)",
                label,
            );
        }
        it.any("task.priority", &self.priorities);
        match self.project.as_deref() {
            None => {}
            Some("") => it.bare("task.project IS NULL"),
            Some(project) => it.with(
                "task.project IN (SELECT id FROM project WHERE shown = ?)",
                project,
            ),
        }
        if let Some(workspace) = &self.workspace {
            it.with(
                "coalesce(shown.workspace, task.workspace, '') = ?",
                workspace,
            );
        }
        match self.epic.as_deref() {
            None => {}
            Some("") => it.bare("task.epic IS NULL"),
            Some(epic) => it.with("task.epic = ?", epic),
        }
        if self.epics_only {
            it.bare("task.is_epic");
        }
        let mut order = self.sort.order();
        if let Some(words) = &self.words {
            it.with("words MATCH ?", &matching(words));
            if self.sort == Sort::Rank {
                order = "words.rank, task.rank";
            }
        }
        Question {
            tables: self.tables(),
            conditions: it.conditions.join(" AND "),
            order,
            values: it.values,
        }
    }

    /// No table that nothing is asked of: each task would be looked up in it in vain.
    fn tables(&self) -> String {
        let beside = [
            (self.sort == Sort::Updated, THING),
            (self.workspace.is_some(), PROJECTS),
            (self.words.is_some(), WORDS),
        ];
        let beside = beside.iter().filter(|(is_asked, _)| *is_asked);
        let tables = beside.map(|(_, table)| *table).collect::<String>();
        format!("task{tables}")
    }

    fn state(&self, it: &mut Building, now: Timestamp) {
        it.bare(match self.state {
            State::Deleted => "task.deleted = 1",
            _ => "task.deleted = 0",
        });
        let (moment, today) = (now.to_string(), now.to_string()[..10].to_owned());
        match &self.state {
            State::All | State::Deleted => {}
            State::Of(all) => it.any("task.status", all),
            State::Open => it.bare("task.closed = 0"),
            State::Ready => {
                it.bare("task.closed = 0");
                it.bare(&format!("NOT {WAITS}"));
                it.with("coalesce(task.available, '') <= ?", &moment);
            }
            State::Blocked => {
                it.bare("task.closed = 0");
                it.bare(WAITS);
            }
            State::Overdue => {
                it.bare("task.closed = 0");
                // A day has passed when the next one has begun.
                it.with(
                    "task.due < CASE length(task.due) WHEN 10 THEN substr(?, 1, 10) ELSE ",
                    &today,
                );
                it.extend("? END", &moment);
            }
        }
    }
}

#[derive(Default)]
struct Building {
    conditions: Vec<String>,
    values: Vec<Sql>,
}

impl Building {
    fn bare(&mut self, condition: &str) {
        self.conditions.push(condition.to_owned());
    }

    fn with(&mut self, condition: &str, value: &str) {
        self.bare(condition);
        self.values.push(Sql::Text(value.to_owned()));
    }

    /// Goes on with the last condition.
    fn extend(&mut self, condition: &str, value: &str) {
        if let Some(last) = self.conditions.last_mut() {
            last.push_str(condition);
        }
        self.values.push(Sql::Text(value.to_owned()));
    }

    fn any(&mut self, column: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        let places = vec!["?"; values.len()].join(", ");
        self.bare(&format!("{column} IN ({places})"));
        self.values.extend(values.iter().cloned().map(Sql::Text));
    }
}

/// Words as the search reads them: all of them, the last one perhaps not written to its end.
fn matching(words: &str) -> String {
    let quoted = |word: &str| format!("\"{}\"", word.replace('"', "\"\""));
    let words: Vec<String> = words.split_whitespace().map(quoted).collect();
    format!("{}*", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_words_whatever_stands_in_them() {
        assert_eq!(matching("fix login"), "\"fix\" \"login\"*");
        assert_eq!(
            matching("a\"b OR NEAR(x)"),
            "\"a\"\"b\" \"OR\" \"NEAR(x)\"*"
        );
    }
}
