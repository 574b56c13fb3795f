//! What a check found: its verdict, the cause, and what mends it.

use serde::Serialize;

use super::super::lacking::Lack;
use super::super::places::MACHINE_FILE;
use super::super::{FlowError, Session};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct Found {
    pub verdict: Verdict,
    pub message: String,
    /// The one command, or act, that mends it.
    pub fix: Option<String>,
    /// The check that has to be well before this one can be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<&'static str>,
    /// How long somebody else took to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

/// A check as the table has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub name: &'static str,
    #[serde(flatten)]
    pub found: Found,
}

impl Found {
    pub fn ok(message: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Ok,
            message: message.into(),
            fix: None,
            waits_for: None,
            ms: None,
        }
    }

    pub fn warn(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warn,
            fix: Some(fix.into()),
            ..Self::ok(message)
        }
    }

    pub fn fail(message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Fail,
            fix: Some(fix.into()),
            ..Self::ok(message)
        }
    }

    /// A check that cannot be made. Nobody knows whether it would go well, and it is no failure of its
    /// own: what has to be mended is told where it was found.
    pub fn waits(check: &'static str) -> Self {
        Self {
            verdict: Verdict::Warn,
            waits_for: Some(check),
            ..Self::ok(format!("not looked at before {check} is well"))
        }
    }

    /// What a flow could not do. Where a file is damaged that many stand on, one check tells of it and
    /// the others wait for that.
    pub fn of(fault: &FlowError) -> Self {
        match fault {
            FlowError::Project(_) => Self::waits("projects"),
            FlowError::BadFile { path, .. } if path.ends_with(MACHINE_FILE) => Self::waits("home"),
            _ => Self::told(fault),
        }
    }

    /// Something that was here is gone.
    pub fn lacking(session: &Session<'_>, lack: Lack) -> Self {
        Self {
            verdict: Verdict::Fail,
            fix: lack.hints(session).into_iter().next(),
            ..Self::ok(lack.words(session))
        }
    }

    /// The same from the check that is to tell of it, with the flow's own words about what to do next.
    pub fn told(fault: &FlowError) -> Self {
        Self {
            verdict: Verdict::Fail,
            fix: fault.hints().into_iter().next(),
            ..Self::ok(fault.message())
        }
    }

    #[must_use]
    pub const fn is_fail(&self) -> bool {
        matches!(self.verdict, Verdict::Fail)
    }
}

/// `1 object`, `2 objects`.
#[must_use]
pub fn counted(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// The first of many, and how many more there are; nothing of none.
#[must_use]
pub fn first_of<T: ToString>(all: &[T]) -> Option<String> {
    let (first, rest) = all.split_first()?;
    Some(match rest.len() {
        0 => first.to_string(),
        more => format!("{} (and {more} more)", first.to_string()),
    })
}
