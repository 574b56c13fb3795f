//! The configuration of Aigon: which repositories it knows, and where its vault is.

use serde::Deserialize;
use serde_json::{Map, Value};

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

/// As the file has it. A file that has something else there was not written by Aigon, or by one that
/// nobody here knows: it is refused before anything is made of a part of it.
#[derive(Deserialize)]
struct Written {
    repos: Option<Vec<String>>,
    backup: Option<Map<String, Value>>,
}

impl AigonConfig {
    pub fn read(file: &HostPath) -> Result<Self, FlowError> {
        let path = file.as_path();
        if !path.exists() {
            return Err(FlowError::NoSuchPath {
                path: path.to_owned(),
            });
        }
        if !path.is_file() {
            return Err(FlowError::Refused {
                what: format!("{file} is not a file"),
                hint: "name the configuration of Aigon itself, its `config.json`".to_owned(),
            });
        }
        let bytes = read_limited(path, MAX_SIZE)?;
        Self::parse(&bytes).map_err(|fault| FlowError::Refused {
            what: format!("{file} cannot be read as a configuration of Aigon: {fault}"),
            hint: "mend it, then run the command again; nothing was changed".to_owned(),
        })
    }

    fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        // Of a list the fields of a record could be read, too.
        let object: Map<String, Value> = serde_json::from_slice(bytes)?;
        let written = Written::deserialize(Value::Object(object))?;
        let word = |key: &str| {
            let text = written.backup.as_ref()?.get(key)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Ok(Self {
            remote: word("remote"),
            schedule: word("schedule"),
            repos: written.repos.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_nothing_and_what_has_another_form_is_refused() {
        let read = |text: &str| AigonConfig::parse(text.as_bytes());
        for text in [
            "{}",
            "{\"backup\": {\"remote\": \" \", \"schedule\": 3}}",
            "{\"serverPort\": 4100, \"repos\": null, \"backup\": null}",
        ] {
            assert_eq!(read(text).expect(text), AigonConfig::default());
        }
        for text in [
            "[]",
            "[[], {}]",
            "5",
            "{\"repos\": 5}",
            "{\"repos\": \"/x\"}",
            "{\"repos\": [1, null]}",
            "{\"repos\": [\"/a\", 2]}",
            "{\"backup\": []}",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let text = "{\"repos\": [\"/a\", \"/b\"], \"backup\": {\"remote\": \" /v.git\\n\", \"schedule\": \"hourly\"}}";
        let found = read(text).expect("as Aigon writes it");
        assert_eq!(found.repos, ["/a", "/b"]);
        assert_eq!(found.remote.as_deref(), Some("/v.git"));
        assert_eq!(found.schedule.as_deref(), Some("hourly"));
    }
}
