//! The configuration of Aigon: which repositories it knows, and where its vault is.

use serde::Deserialize;
use serde_json::Value;

use crate::base::{HostPath, read_limited};

use super::super::FlowError;

/// A longer file was not written by a person or a tool.
const MAX_SIZE: u64 = 1024 * 1024;

/// What of it is taken over.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AigonConfig {
    pub repos: Vec<String>,
    pub remote: Option<String>,
    pub schedule: Option<String>,
}

/// As the file has it. Whatever has another form than expected is as good as not there: other
/// programs are not ours to correct.
#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    repos: Value,
    #[serde(default)]
    backup: Value,
}

impl AigonConfig {
    pub fn read(file: &HostPath) -> Result<Self, FlowError> {
        let path = file.as_path();
        if !path.is_file() {
            return Err(FlowError::NoSuchPath {
                path: path.to_owned(),
            });
        }
        let bytes = read_limited(path, MAX_SIZE)?;
        let written: Written =
            serde_json::from_slice(&bytes).map_err(|fault| FlowError::Refused {
                what: format!("{file} is no JSON that can be read: {fault}"),
                hint: "mend it, then run the command again; nothing was changed".to_owned(),
            })?;
        Ok(Self::of(&written))
    }

    fn of(written: &Written) -> Self {
        let word = |key: &str| {
            let text = written.backup.get(key)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let repos = written.repos.as_array().into_iter().flatten();
        Self {
            repos: repos
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect(),
            remote: word("remote"),
            schedule: word("schedule"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_another_form_is_as_good_as_not_there() {
        let read = |text: &str| AigonConfig::of(&serde_json::from_str(text).expect("JSON"));
        for text in [
            "{}",
            "{\"repos\": \"/x\", \"backup\": []}",
            "{\"repos\": [1, null], \"backup\": {\"remote\": \" \", \"schedule\": 3}}",
        ] {
            assert_eq!(read(text), AigonConfig::default(), "{text}");
        }
        let text = "{\"repos\": [\"/a\", 2, \"/b\"], \"backup\": {\"remote\": \" /v.git\\n\", \"schedule\": \"hourly\"}}";
        let found = read(text);
        assert_eq!(found.repos, ["/a", "/b"]);
        assert_eq!(found.remote.as_deref(), Some("/v.git"));
        assert_eq!(found.schedule.as_deref(), Some("hourly"));
    }
}
