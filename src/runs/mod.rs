//! What each run did, when, and how it ended: the facts for the status and for "is a push due?".
//!
//! *In*: one line of facts at the end of a run. *Out*: the last run of each command, and the last
//! that went well. *Never*: a judgement; what to do about it is decided elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::{BaseError, HostPath, Timestamp, read_if_there, write_atomic};

const MAX_BYTES: u64 = 1 << 20;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub began: Timestamp,
    pub ended: Timestamp,
    pub ok: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What is remembered of one command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub last: Option<Run>,
    pub last_ok: Option<Run>,
    /// How many failed since.
    #[serde(default)]
    pub failures: u32,
    /// When the first of these began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
}

/// The runs of this machine, by command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs(BTreeMap<String, History>);

impl Runs {
    /// What is remembered. Facts that cannot be read are forgotten: they only inform.
    pub fn load(file: &HostPath) -> Result<Self, BaseError> {
        Ok(Self::read(file)?.unwrap_or_default())
    }

    /// The same for whoever tells of it: nothing where they cannot be read.
    pub fn read(file: &HostPath) -> Result<Option<Self>, BaseError> {
        let bytes = read_if_there(file.as_path(), MAX_BYTES)?;
        Ok(bytes.map_or_else(
            || Some(Self::default()),
            |bytes| serde_json::from_slice(&bytes).ok(),
        ))
    }

    #[must_use]
    pub fn of(&self, command: &str) -> History {
        self.0.get(command).cloned().unwrap_or_default()
    }

    /// Adds a run.
    pub fn record(file: &HostPath, ended: Vec<(&str, Run)>) -> Result<(), BaseError> {
        let mut runs = Self::load(file)?;
        for (command, run) in ended {
            let history = runs.0.entry(command.to_owned()).or_default();
            if run.ok {
                history.last_ok = Some(run.clone());
                history.failures = 0;
                history.failing_since = None;
            } else {
                history.failing_since.get_or_insert(run.began);
                history.failures = history.failures.saturating_add(1);
            }
            history.last = Some(run);
        }
        let mut bytes = serde_json::to_vec_pretty(&runs).expect("plain data");
        bytes.push(b'\n');
        write_atomic(file.as_path(), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_does_not_hide_the_last_success() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = HostPath::new(dir.path().join("runs.json")).expect("absolute");
        let run = |millis, ok| Run {
            began: Timestamp::from_millis(millis),
            ended: Timestamp::from_millis(millis + 1),
            ok,
            kind: None,
            message: None,
        };
        Runs::record(&file, vec![("push", run(1, true))]).expect("written");
        Runs::record(&file, vec![("push", run(2, false))]).expect("written");
        Runs::record(&file, vec![("push", run(3, false))]).expect("written");
        let history = Runs::load(&file).expect("read").of("push");
        assert_eq!(
            (history.last_ok, history.last, history.failures),
            (Some(run(1, true)), Some(run(3, false)), 2)
        );
        assert_eq!(history.failing_since, Some(Timestamp::from_millis(2)));
        Runs::record(&file, vec![("push", run(4, true))]).expect("written");
        let history = Runs::load(&file).expect("read").of("push");
        assert_eq!((history.failures, history.failing_since), (0, None));
    }
}
