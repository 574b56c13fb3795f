//! Why a directory could not be listed, or a rule not be understood.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::Reason;

#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{path} is not there")]
    Missing { path: PathBuf },
    #[error("{path} is not a directory")]
    NotADirectory { path: PathBuf },
    #[error("cannot look at {path}")]
    Io {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{place}: the rule cannot be understood")]
    Rule {
        place: RulePlace,
        #[source]
        source: RuleFault,
    },
    #[error("the rules are too large together")]
    TooManyRules {
        #[source]
        source: globset::Error,
    },
    #[error("{file} cannot be read as rules: {why}")]
    NoRulesFile { file: String, why: &'static str },
}

impl SourceError {
    /// The line that a broken rule stands in, and what is wrong with it.
    #[must_use]
    pub fn line_and_cause(&self) -> (Option<usize>, String) {
        match self {
            Self::Rule {
                place: RulePlace::File { line, .. },
                source,
            } => (Some(*line), source.to_string()),
            Self::Io { source, .. } => (None, source.to_string()),
            other => (None, other.to_string()),
        }
    }

    /// Why the directory stays whose rules these would be.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Io { .. } => Reason::Unreadable,
            _ => Reason::BadRules,
        }
    }
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RulePlace {
    /// In the preset of this name.
    Preset {
        preset: String,
    },
    File {
        file: String,
        line: usize,
    },
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset { preset } => write!(f, "preset {preset}"),
            Self::File { file, line } => write!(f, "{file}, line {line}"),
        }
    }
}

/// What is wrong with one rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    #[error("`{pattern}` matches nothing: {why}")]
    Pattern { pattern: String, why: &'static str },
    #[error(
        "`{word}` is neither a class (keep, disposable, local, secret, large) nor a merge class \
         (union, json, text, binary, sqlite), nor a list of JSON (set=KEY, keyed=KEY/ID); where it \
         belongs to the pattern, write `\\ {word}`"
    )]
    UnknownWord { word: String },
    #[error("`{word}` is one too many: a rule has one class and one merge class at most")]
    OneTooMany { word: String },
    #[error("`:{word}` names no list: write `:set=KEY` or `:keyed=KEY/ID`")]
    BadList { word: String },
    #[error("`:set` and `:keyed` speak of lists in JSON: `:json` has to stand beside them")]
    ListsOfWhat,
    #[error(
        "there is no pattern before `{word}`; a name that begins with a colon is written `\\{word}`"
    )]
    NoPattern { word: String },
    #[error("`!` says that it travels, and `:{word}` that it stays: one of them has to go")]
    KeptAndLeft { word: &'static str },
    #[error("it is not UTF-8")]
    NotText,
}
