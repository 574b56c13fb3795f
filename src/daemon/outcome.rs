//! How a run ended, as its own document says it.

use serde::{Deserialize, Serialize};

use crate::base::BaseError;

/// How a run ended. What it says of itself comes from another process, and maybe of another version: what
/// is missing there counts as none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Its exit code; nothing where a signal ended it.
    pub code: Option<u8>,
    /// What kind of fault ended it, and how it tells that.
    pub error: Option<Fault>,
    /// What it did, in numbers.
    pub did: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: String,
    pub message: String,
}

#[derive(Deserialize)]
struct Document {
    data: Option<Data>,
    error: Option<Fault>,
}

/// Of a push, or of a sync, which has one in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    #[serde(flatten)]
    own: Push,
    push: Option<Push>,
    pull: Option<Pull>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Push {
    committed: bool,
    moved: bool,
    /// Of a push without a remote it is said that nothing was.
    pushed: Option<bool>,
    commit: Option<String>,
    files: Counts,
    ops: Ops,
    conflicts: Vec<serde::de::IgnoredAny>,
    withheld: Vec<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pull {
    projects: Vec<Counts>,
    settings: Vec<Counts>,
    ops: Ops,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    added: u64,
    changed: u64,
    removed: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ops {
    sent: u64,
    received: u64,
}

impl Outcome {
    pub fn read(code: Option<i32>, answer: &[u8], words: &str) -> Self {
        let code = code.and_then(|code| u8::try_from(code).ok());
        let document: Option<Document> = serde_json::from_slice(answer).ok();
        let Some(document) = document else {
            let words = words.lines().last().unwrap_or("it said nothing");
            return Self {
                code,
                error: Some(Fault::internal(words)),
                did: Vec::new(),
            };
        };
        Self {
            code,
            error: document.error,
            did: document.data.map(did).unwrap_or_default(),
        }
    }

    /// It could not be started.
    pub fn broken(fault: &BaseError) -> Self {
        let cause = std::error::Error::source(fault);
        let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
        Self {
            error: Some(Fault::internal(&format!("{fault}{cause}"))),
            ..Self::default()
        }
    }

    /// It was waited for too long.
    pub fn silent() -> Self {
        Self {
            error: Some(Fault::internal("it did not end, and was ended")),
            ..Self::default()
        }
    }

    /// Done, be it that something wants a decision.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self.code, Some(0 | 3)) && self.error.is_none()
    }

    /// Somebody else is at it: nothing was tried.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.error
            .as_ref()
            .is_some_and(|fault| fault.kind == "busy")
    }

    /// In one line.
    #[must_use]
    pub fn words(&self) -> String {
        match &self.error {
            Some(fault) => format!("failed ({}): {}", fault.kind, fault.message),
            None if self.did.is_empty() => "nothing to do".to_owned(),
            None => self.did.join(", "),
        }
    }
}

impl Fault {
    fn internal(message: &str) -> Self {
        Self {
            kind: "internal".to_owned(),
            message: message.to_owned(),
        }
    }
}

fn did(data: Data) -> Vec<String> {
    let push = data.push.unwrap_or(data.own);
    let mut did = Vec::new();
    if let Some(pull) = &data.pull {
        let units = pull.projects.iter().chain(&pull.settings);
        let files: u64 = units.map(Counts::all).sum();
        did.extend(some(files, "file", "taken in"));
        did.extend(some(pull.ops.received, "task change", "taken in"));
    }
    let way = match push.pushed {
        Some(false) => "kept here",
        _ => "sent",
    };
    did.extend(some(push.files.all(), "file", way));
    did.extend(some(push.ops.sent, "task change", way));
    if data.pull.is_none() {
        did.extend(some(push.ops.received, "task change", "taken in"));
    }
    let commit: Option<String> = push.commit.map(|id| id.chars().take(8).collect());
    if let Some(commit) = commit.filter(|_| push.committed || push.moved) {
        did.push(format!("commit {commit}"));
    }
    did.extend(some(push.conflicts.len() as u64, "conflict", "open"));
    did.extend(some(push.withheld.len() as u64, "path", "withheld"));
    did
}

impl Counts {
    const fn all(&self) -> u64 {
        self.added + self.changed + self.removed
    }
}

fn some(number: u64, what: &str, verb: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what} {verb}")),
        _ => Some(format!("{number} {what}s {verb}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_in_numbers() {
        let push = br#"{"holdall":1,"command":"backup push","data":{"committed":true,"moved":true,
            "commit":"0123456789abcdef","files":{"scanned":9,"added":1,"changed":2,"removed":0},
            "ops":{"sent":1,"received":0},"conflicts":[{"id":"x"}],"withheld":[{},{}],"new":{"key":1}}}"#;
        let outcome = Outcome::read(Some(3), push, "");
        assert!(outcome.is_ok());
        assert_eq!(
            outcome.words(),
            "3 files sent, 1 task change sent, commit 01234567, 1 conflict open, 2 paths withheld"
        );
        let sync = br#"{"data":{"pull":{"projects":[{"added":1,"changed":0,"removed":1}],"settings":[],
            "ops":{"sent":0,"received":4}},"push":{"committed":false,"commit":"01","ops":{"sent":0,"received":4}}}}"#;
        let words = Outcome::read(Some(0), sync, "").words();
        assert_eq!(words, "2 files taken in, 4 task changes taken in");
        let alone =
            br#"{"data":{"committed":true,"moved":true,"pushed":false,"commit":"01","remote":null,
            "files":{"added":1},"ops":{"sent":1,"received":0}}}"#;
        let words = Outcome::read(Some(0), alone, "").words();
        assert_eq!(
            words,
            "1 file kept here, 1 task change kept here, commit 01"
        );
        let nothing = Outcome::read(Some(0), br#"{"data":{"committed":false}}"#, "");
        assert_eq!(
            (nothing.words().as_str(), nothing.is_ok()),
            ("nothing to do", true)
        );
    }

    #[test]
    fn a_failure_is_told_with_its_kind_and_so_is_a_run_without_a_word() {
        let fault = br#"{"error":{"kind":"unreachable","message":"host is away","hints":["h"]}}"#;
        let outcome = Outcome::read(Some(4), fault, "");
        assert_eq!(outcome.words(), "failed (unreachable): host is away");
        assert!(!outcome.is_ok() && !outcome.is_busy());
        let busy = br#"{"error":{"kind":"busy","message":"another holdall is at work"}}"#;
        assert!(Outcome::read(Some(4), busy, "").is_busy());
        let killed = Outcome::read(None, b"", "first\nlast words\n");
        assert_eq!(killed.words(), "failed (internal): last words");
        assert!(!killed.is_ok());
    }
}
