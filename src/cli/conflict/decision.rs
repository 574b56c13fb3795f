//! What became of decisions, as a push or a pull tells it.

use crate::cli::show::printable;
use crate::flow::conflict::{DecisionLine, DecisionOutcome};
use crate::flow::quoted;

/// What became of a decision in a push.
pub fn decision_words(line: &DecisionLine) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let (verb, words) = match line.outcome {
        DecisionOutcome::Carried => ("resolved", "the vault takes the decision"),
        DecisionOutcome::Dropped => (
            "not resolved",
            "it is not what it was when you decided; the decision is dropped",
        ),
        DecisionOutcome::TakenBack => (
            "not resolved",
            "this disk has again what it had before; the decision is dropped",
        ),
        DecisionOutcome::Withheld => (
            "not resolved",
            "the gate holds the content back; the decision waits",
        ),
    };
    format!("{verb}  {}: {words}\n", printable(&place))
}

/// What to do about decisions that hold no more.
pub fn decision_hint(lines: &[DecisionLine]) -> Option<String> {
    let with = |outcome| lines.iter().find(move |line| line.outcome == outcome);
    if let Some(line) = with(DecisionOutcome::Dropped) {
        let id = quoted(&line.id);
        return Some(format!("look at it again: `holdall conflict show {id}`"));
    }
    let id = quoted(&with(DecisionOutcome::Withheld)?.id);
    Some(format!(
        "what was chosen has the secret itself: choose again: `holdall conflict resolve {id}`"
    ))
}
