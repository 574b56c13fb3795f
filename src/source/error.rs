//! Why a directory could not be listed, or a rule not be understood.

use std::path::PathBuf;

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
    #[error("`{pattern}` is not a pattern")]
    Pattern {
        pattern: String,
        #[source]
        source: Option<globset::Error>,
    },
    #[error("the rules of `{preset}` are too large together")]
    TooManyRules {
        preset: String,
        #[source]
        source: globset::Error,
    },
}
