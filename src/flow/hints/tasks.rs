//! What to do about faults of the task list.

use crate::tasks::TasksError;

use super::REPAIR;
use super::closed::closed_hints;

/// So many candidates are worth a line of their own.
const MANY: usize = 10;

pub fn tasks_hints(fault: &TasksError) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match fault {
        TasksError::NoSuchTask { .. } => one(
            "see all of them: `holdall task list --all --everywhere`; deleted ones: `holdall task list --deleted --everywhere`",
        ),
        TasksError::NoRef { .. } => {
            one("find it by its words: `holdall task search WORDS`, or `holdall task list`")
        }
        TasksError::Ambiguous { candidates, .. } => candidates
            .iter()
            .take(MANY)
            .map(|(name, title)| format!("if it is “{title}”: {name}"))
            .collect(),
        TasksError::NoToken { .. } => {
            one("`holdall task show REF --json` says the token of the task as it is now: `seen`")
        }
        TasksError::Newer { .. } => one("install the holdall that wrote it"),
        TasksError::Base(fault) => closed_hints(fault),
        _ if fault.is_busy() => one("run the command again in a moment"),
        _ if fault.is_damage() => vec![format!(
            "what still reads is kept, and the rest comes from the vault: `{REPAIR}`"
        )],
        _ => Vec::new(),
    }
}
