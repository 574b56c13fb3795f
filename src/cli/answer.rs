//! What a command comes back with: an answer, or a failure.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::base::Timestamp;
use crate::flow::{ErrorKind, FlowError};

use super::exit;

/// What a text may depend on beside its report.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub now: Timestamp,
    pub verbose: bool,
}

/// A report with the way to read it to people, and what its end means.
pub struct Answer {
    report: Box<dyn Shown>,
    hints: Vec<String>,
    failure: Option<Failure>,
    code: u8,
}

trait Shown {
    fn data(&self) -> serde_json::Result<Box<RawValue>>;
    fn text(&self, look: &Look) -> String;
}

struct WithText<R, F>(R, F);

impl<R: Serialize, F: Fn(&R, &Look) -> String> Shown for WithText<R, F> {
    fn data(&self) -> serde_json::Result<Box<RawValue>> {
        to_raw_value(&self.0)
    }

    fn text(&self, look: &Look) -> String {
        (self.1)(&self.0, look)
    }
}

impl Answer {
    /// A report that ended well. The text is the answer for people, its last newline included.
    #[must_use]
    pub fn new<R: Serialize + 'static>(
        report: R,
        text: impl Fn(&R, &Look) -> String + 'static,
    ) -> Self {
        Self {
            report: Box::new(WithText(report, text)),
            hints: Vec::new(),
            failure: None,
            code: exit::DONE,
        }
    }

    /// Exit 3 where something waits for a decision: a conflict, a withheld secret, an unreadable file.
    #[must_use]
    pub const fn needs_decision(mut self, needs: bool) -> Self {
        if needs && self.code == exit::DONE {
            self.code = exit::DECISION;
        }
        self
    }

    /// Exit 1 although there is a report: a check that found faults.
    #[must_use]
    pub const fn found_faults(mut self, found: bool) -> Self {
        if found {
            self.code = exit::FAILED;
        }
        self
    }

    /// What is told stands, and a fault ended the rest: both are told, and the fault says the code.
    #[must_use]
    pub fn failing(mut self, failure: Option<Failure>) -> Self {
        self.code = failure.as_ref().map_or(self.code, Failure::code);
        self.failure = failure;
        self
    }

    /// The end of something else is the end of this.
    #[must_use]
    pub const fn ending_with(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// What to do next: said on stderr, and part of the document.
    #[must_use]
    pub fn hints(mut self, hints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.hints.extend(hints.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub const fn code(&self) -> u8 {
        self.code
    }

    #[must_use]
    pub fn text(&self, look: &Look) -> String {
        self.report.text(look)
    }

    #[must_use]
    pub fn to_hints(&self) -> &[String] {
        &self.hints
    }

    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    pub(super) fn data(&self) -> Result<Box<RawValue>, Failure> {
        self.report
            .data()
            .map_err(|fault| Failure::bug(format!("the report cannot be written as JSON: {fault}")))
    }
}

/// Why there is no answer, as people and programs are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub kind: ErrorKind,
    pub message: String,
    pub hints: Vec<String>,
}

impl Failure {
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::Internal,
            message: format!("this is a bug in holdall: {}", message.into()),
            hints: vec![
                "your files are as safe as after a power cut: run the command again".to_owned(),
                format!(
                    "please report it with the command you ran and `holdall {}`",
                    env!("CARGO_PKG_VERSION")
                ),
            ],
        }
    }

    #[must_use]
    pub const fn code(&self) -> u8 {
        exit::code_of(self.kind)
    }
}

impl From<&FlowError> for Failure {
    fn from(error: &FlowError) -> Self {
        Self {
            kind: error.kind(),
            message: error.message(),
            hints: error.hints(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::BaseError;

    fn answer() -> Answer {
        Answer::new(7, |number, _| format!("{number}\n"))
    }

    #[test]
    fn a_decision_is_3_and_a_fault_is_1() {
        assert_eq!(answer().code(), 0);
        assert_eq!(answer().needs_decision(true).code(), 3);
        assert_eq!(answer().needs_decision(false).code(), 0);
        assert_eq!(answer().found_faults(true).needs_decision(true).code(), 1);
        assert_eq!(answer().needs_decision(true).found_faults(true).code(), 1);
    }

    #[test]
    fn the_causes_of_an_error_stand_behind_it_in_one_line() {
        let gone = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = FlowError::from(BaseError::io("open", "/x/config.toml")(gone));
        let failure = Failure::from(&error);
        assert_eq!(failure.message, "cannot open /x/config.toml: no such file");
        assert_eq!(failure.code(), 1);
    }
}
