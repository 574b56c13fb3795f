//! Many at once: one JSON object on each line.

use serde_json::{Map, Value};

use super::super::{ErrorKind, FlowError};
use super::once::Once;

/// An object, and the number of its line.
pub type Numbered = (usize, Map<String, Value>);

/// The objects of a text with the numbers of their lines. Empty lines are passed by.
pub fn objects(text: &str) -> Result<Vec<Numbered>, FlowError> {
    // Some editors begin a text in UTF-8 with it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(at, line)| match serde_json::from_str(line) {
            Ok(Once(Value::Object(map))) => Ok((at + 1, map)),
            Ok(_) => Err(bad_line(at + 1, "it is no JSON object", None)),
            Err(fault) => Err(bad_line(at + 1, &fault.to_string(), None)),
        })
        .collect()
}

/// As `task undo --list` calls a command about so many.
pub fn tasks_counted(many: usize) -> String {
    let noun = if many == 1 { "task" } else { "tasks" };
    format!("{many} {noun}")
}

/// A fault of one line: nothing of any line is written. What is wrong with the store is no line's.
pub fn at_line(number: usize, fault: FlowError) -> FlowError {
    use ErrorKind::{Invalid, NotFound, Refused, Usage};
    if [Invalid, NotFound, Refused, Usage].contains(&fault.kind()) {
        return bad_line(number, &fault.message(), fault.hints().into_iter().next());
    }
    fault
}

fn bad_line(number: usize, why: &str, hint: Option<String>) -> FlowError {
    let rest = hint.map_or_else(String::new, |hint| format!(": {hint}"));
    FlowError::BadValue {
        what: format!("line {number} cannot be taken: {why}"),
        hint: format!("nothing was written; mend line {number} and run it again{rest}"),
    }
}
