//! Tasks as people read them.

use std::fmt::Write as _;

use crate::cli::answer::Look;
use crate::cli::show::{Table, ago, printable};
use crate::flow::quoted;
use crate::flow::task::{EXISTENCE, ShowReport, TaskEntry, WithheldText};

/// A longer title is cut in a list.
const WIDTH: usize = 72;

/// One line for each task.
pub fn rows(tasks: &[TaskEntry], look: &Look) -> Table {
    let mut table = Table::new();
    for task in tasks {
        table.row([
            task.reference.clone(),
            task.status.clone(),
            unless_none(&task.priority),
            short(&task.title),
            marks(task, look),
        ]);
    }
    table
}

/// A title as a column can hold it.
fn short(title: &str) -> String {
    match title.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", title[..at].trim_end()),
        None => title.to_owned(),
    }
}

fn unless_none(priority: &str) -> String {
    if priority == "none" {
        String::new()
    } else {
        priority.to_owned()
    }
}

/// What else there is to know at a glance.
fn marks(task: &TaskEntry, look: &Look) -> String {
    let mut marks: Vec<String> = task.labels.iter().map(|it| format!("#{it}")).collect();
    if task.is_epic {
        marks.push("epic".to_owned());
    }
    if let Some(due) = &task.due {
        marks.push(due_words(task, due, look));
    }
    if task.blocked && !is_closed(task) {
        marks.push("blocked".to_owned());
    }
    if task.deleted {
        marks.push("deleted".to_owned());
    }
    if !task.conflicts.is_empty() {
        marks.push(format!("conflict: {}", task.conflicts.join(", ")));
    }
    marks.join(" ")
}

pub fn is_closed(task: &TaskEntry) -> bool {
    matches!(task.status.as_str(), "done" | "canceled")
}

fn due_words(task: &TaskEntry, due: &str, look: &Look) -> String {
    let now = look.now.to_string();
    let is_over = due < &now[..due.len().min(now.len())];
    let word = if is_over && !is_closed(task) {
        "overdue since"
    } else {
        "due"
    };
    format!("{word} {}", moment(due))
}

/// A day, or a moment to the minute.
fn moment(text: &str) -> String {
    match text.get(..16) {
        Some(minutes) => format!("{} UTC", minutes.replace('T', " ")),
        None => text.to_owned(),
    }
}

/// Everything about a task.
pub fn page(report: &ShowReport, look: &Look) -> String {
    let task = &report.task;
    let mut text = format!(
        "{}  {}\n",
        printable(&task.reference),
        printable(&task.title)
    );
    text.push_str(&facts(task, look).to_string());
    let description = task.description.trim_end();
    if !description.is_empty() {
        text.push('\n');
        text.push_str(&indented(description));
    }
    let lists = [
        ("waits for", &report.needs),
        ("is waited for by", &report.needed_by),
        ("parts", &report.parts),
    ];
    for (heading, tasks) in lists {
        if !tasks.is_empty() {
            writeln!(text, "\n{heading}").ok();
            for line in rows(tasks, look).lines() {
                writeln!(text, "  {line}").ok();
            }
        }
    }
    text.push_str(&circles(report));
    let notes = task.notes.iter().flatten();
    for (at, note) in notes.enumerate() {
        if at == 0 {
            text.push_str("\nnotes\n");
        }
        let by = note.by.as_deref().unwrap_or("somebody");
        let (token, when) = (&note.token, ago(note.at, look.now));
        writeln!(text, "  {token}  {when}, {}", printable(by)).ok();
        text.push_str(&indented(note.text.trim_end()));
    }
    text
}

/// What goes round in a circle, by way of this task.
fn circles(report: &ShowReport) -> String {
    let mut text = String::new();
    if !report.not_waited_for.is_empty() {
        let refs = printable(&report.not_waited_for.join(", ")).into_owned();
        writeln!(text, "\nnot waited for, because it closes a circle: {refs}").ok();
    }
    if !report.epic_circle.is_empty() {
        let refs = printable(&report.epic_circle.join(", ")).into_owned();
        writeln!(
            text,
            "\nits epics go round in a circle: by {refs} back to itself"
        )
        .ok();
    }
    text
}

fn facts(task: &TaskEntry, look: &Look) -> Table {
    let mut table = Table::new();
    table.row(["status", &task.status]);
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            table.row([name.to_owned(), value]);
        }
    };
    fact("priority", unless_none(&task.priority));
    fact("project", task.project.clone().unwrap_or_default());
    if task.workspace != "default" {
        fact("workspace", task.workspace.clone());
    }
    fact("epic", task.epic.clone().unwrap_or_default());
    fact("labels", task.labels.join(", "));
    fact("due", task.due.as_deref().map(moment).unwrap_or_default());
    let available = task.available.as_deref().map(moment);
    fact("available", available.unwrap_or_default());
    for (name, value) in &task.meta {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        fact(name, value);
    }
    fact("conflict", task.conflicts.join(", "));
    if task.deleted {
        fact("deleted", "yes".to_owned());
    }
    fact("created", ago(task.created, look.now));
    fact("changed", ago(task.updated, look.now));
    table
}

/// Text of somebody's, each line safe to show.
fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let line = line.replace('\t', "    ");
        writeln!(all, "{}", format!("    {}", printable(&line)).trim_end()).ok();
        all
    })
}

/// What stays on this machine.
pub fn withheld(lines: &[WithheldText]) -> String {
    lines.iter().fold(String::new(), |mut all, line| {
        let (field, rule) = (printable(&line.field), &line.rule);
        writeln!(
            all,
            "withheld  {field}: it holds a secret ({rule}); the text stays on this machine"
        )
        .ok();
        all
    })
}

pub fn withheld_hints(lines: &[WithheldText]) -> Vec<String> {
    let hint = |line: &WithheldText| {
        format!(
            "take the secret out, or let that one value travel: `holdall secret allow {}`",
            line.fingerprint
        )
    };
    lines.iter().map(hint).take(1).collect()
}

pub fn conflict_hint(task: &TaskEntry) -> Option<String> {
    let field = task.conflicts.first()?;
    let (name, words) = (quoted(&task.reference), quoted(field));
    let see = format!("see both with `holdall conflict show {name} {words}`");
    let on = &task.reference;
    Some(if field == EXISTENCE {
        format!("{on} was deleted and changed at once: {see}")
    } else {
        let field = printable(field);
        format!(
            "somebody else wrote {field} of {on} since: {see}; what is written next without --if-seen stands alone"
        )
    })
}
