//! What a person may set: `config.toml`, its keys, their types and defaults.
//!
//! *In*: the file's path, or a key and a text. *Out*: a typed [`Config`], or the file with one key
//! changed and everything else as it was. *Never*: be seen by a box: a flow hands each box the
//! options it needs.

mod error;
mod file;
mod keys;
mod value;

use std::time::Duration;

use crate::base::HostPath;

pub use error::{ConfigError, Place};
pub use file::ConfigFile;
pub use keys::{KEYS, Key, KeyType, RULES, SCHEDULE, SCHEDULE_PULL};
pub use value::{Setting, Value};

/// Every setting, with the default where the file says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub remote_url: Option<String>,
    pub connect_timeout: Duration,
    pub idle_timeout: Duration,
    pub ca_file: Option<String>,
    pub token_file: Option<String>,
    pub allow_insecure: bool,
    pub machine_name: Option<String>,
    /// How often a push comes by itself; not at all where nothing is set.
    pub schedule: Option<String>,
    /// What comes by itself also pulls.
    pub schedule_pull: bool,
    /// Commands of the person's own, after a run that did something and after one that failed.
    pub after_push: Option<String>,
    pub after_pull: Option<String>,
    pub on_failure: Option<String>,
    pub hook_timeout: Duration,
    /// The desktop says when pushes in the background fail.
    pub notify_desktop: bool,
    pub presets_off: Vec<String>,
    pub settings_add: Vec<String>,
    pub settings_off: Vec<String>,
    pub max_file: u64,
    pub warn_project: u64,
    /// A person's own rules, as they wrote them.
    pub rules: Vec<Written>,
}

/// An item of a list, and its line in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    pub line: usize,
}

impl Default for Config {
    fn default() -> Self {
        let mut config = Self {
            remote_url: None,
            connect_timeout: Duration::ZERO,
            idle_timeout: Duration::ZERO,
            ca_file: None,
            token_file: None,
            allow_insecure: false,
            machine_name: None,
            schedule: None,
            schedule_pull: false,
            after_push: None,
            after_pull: None,
            on_failure: None,
            hook_timeout: Duration::ZERO,
            notify_desktop: false,
            presets_off: Vec::new(),
            settings_add: Vec::new(),
            settings_off: Vec::new(),
            max_file: 0,
            warn_project: 0,
            rules: Vec::new(),
        };
        for key in KEYS {
            key.put(&mut config, key.default.clone(), &[]);
        }
        config
    }
}

impl Config {
    /// Reads the file; where there is none, everything has its default.
    pub fn load(path: &HostPath) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for setting in ConfigFile::open(path)?.settings()? {
            setting
                .key
                .put(&mut config, setting.value, &setting.item_lines);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
