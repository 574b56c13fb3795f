//! The one table of keys.

use std::time::Duration;

use super::{Config, ConfigError, Value, Written};

/// Which values a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// A url, an scp-like address or a path.
    Url,
    Text,
    Seconds,
    Size,
    Switch,
    List,
    /// A list in which the order counts, and an item may stand twice.
    Rules,
}

/// A key of `config.toml`.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub kind: KeyType,
    pub default: Value,
    pub description: &'static str,
    place: for<'c> fn(&'c mut Config) -> Slot<'c>,
}

/// Where in [`Config`] the value goes.
enum Slot<'c> {
    Text(&'c mut Option<String>),
    Seconds(&'c mut Duration),
    Size(&'c mut u64),
    Switch(&'c mut bool),
    List(&'c mut Vec<String>),
    Written(&'c mut Vec<Written>),
}

/// The key of a person's own rules.
pub const RULES: &str = "rules";
/// The keys of what comes by itself.
pub const SCHEDULE: &str = "schedule.push";
pub const SCHEDULE_PULL: &str = "schedule.pull";

/// Every key there is: reading, listing, setting and the template of a new file follow this table.
pub const KEYS: &[Key] = &[
    Key {
        name: "remote.url",
        kind: KeyType::Url,
        default: Value::Absent,
        description: "where the vault is pushed to: a path, or an address as git knows it",
        place: |config| Slot::Text(&mut config.remote_url),
    },
    Key {
        name: "remote.connect_timeout",
        kind: KeyType::Seconds,
        default: Value::Seconds(15),
        description: "seconds until holdall gives up to reach a host",
        place: |config| Slot::Seconds(&mut config.connect_timeout),
    },
    Key {
        name: "remote.idle_timeout",
        kind: KeyType::Seconds,
        default: Value::Seconds(60),
        description: "seconds without a byte from the remote until holdall gives up",
        place: |config| Slot::Seconds(&mut config.idle_timeout),
    },
    Key {
        name: "remote.ca_file",
        kind: KeyType::Text,
        default: Value::Absent,
        description: "a file of certificates (PEM) that https trusts beside those of the system",
        place: |config| Slot::Text(&mut config.ca_file),
    },
    Key {
        name: "remote.token_file",
        kind: KeyType::Text,
        default: Value::Absent,
        description: "a file with a token for https, which nobody else may read",
        place: |config| Slot::Text(&mut config.token_file),
    },
    Key {
        name: "remote.allow_insecure",
        kind: KeyType::Switch,
        default: Value::Switch(false),
        description: "whether http:// may lead to other machines: everybody on the way reads along",
        place: |config| Slot::Switch(&mut config.allow_insecure),
    },
    Key {
        name: "machine.name",
        kind: KeyType::Text,
        default: Value::Absent,
        description: "what this machine is called in the vault; its host name if not set",
        place: |config| Slot::Text(&mut config.machine_name),
    },
    Key {
        name: SCHEDULE,
        kind: KeyType::Text,
        default: Value::Absent,
        description: "how often a push comes by itself: hourly, daily, weekly, or five fields as cron has them",
        place: |config| Slot::Text(&mut config.schedule),
    },
    Key {
        name: SCHEDULE_PULL,
        kind: KeyType::Switch,
        default: Value::Switch(false),
        description: "whether what comes by itself also pulls",
        place: |config| Slot::Switch(&mut config.schedule_pull),
    },
    Key {
        name: "hooks.after_push",
        kind: KeyType::Text,
        default: Value::Absent,
        description: "a command that is run after each push that sent something, and told of it as JSON",
        place: |config| Slot::Text(&mut config.after_push),
    },
    Key {
        name: "hooks.after_pull",
        kind: KeyType::Text,
        default: Value::Absent,
        description: "a command that is run after each pull that brought something, and told of it as JSON",
        place: |config| Slot::Text(&mut config.after_pull),
    },
    Key {
        name: "hooks.on_failure",
        kind: KeyType::Text,
        default: Value::Absent,
        description: "a command that is run after each push, pull or sync that failed, and told why as JSON",
        place: |config| Slot::Text(&mut config.on_failure),
    },
    Key {
        name: "hooks.timeout",
        kind: KeyType::Seconds,
        default: Value::Seconds(30),
        description: "seconds until a hook is ended with all that it started",
        place: |config| Slot::Seconds(&mut config.hook_timeout),
    },
    Key {
        name: "notify.desktop",
        kind: KeyType::Switch,
        default: Value::Switch(true),
        description: "whether the desktop says when pushes in the background fail",
        place: |config| Slot::Switch(&mut config.notify_desktop),
    },
    Key {
        name: "presets.off",
        kind: KeyType::List,
        default: Value::List(Vec::new()),
        description: "presets that are not used, by name",
        place: |config| Slot::List(&mut config.presets_off),
    },
    Key {
        name: "settings.add",
        kind: KeyType::List,
        default: Value::List(Vec::new()),
        description: "paths of more settings that travel, beside those of the presets",
        place: |config| Slot::List(&mut config.settings_add),
    },
    Key {
        name: "settings.off",
        kind: KeyType::List,
        default: Value::List(Vec::new()),
        description: "tools whose settings stay here",
        place: |config| Slot::List(&mut config.settings_off),
    },
    Key {
        name: RULES,
        kind: KeyType::Rules,
        default: Value::List(Vec::new()),
        description: "your own rules, such as \"*.bak\" or \"!keep.log\": what stays here, and what travels after all",
        place: |config| Slot::Written(&mut config.rules),
    },
    Key {
        name: "limits.max_file",
        kind: KeyType::Size,
        default: Value::Size(25_000_000),
        description: "larger files stay here: a size such as 25MB or 8MiB, or a number of bytes",
        place: |config| Slot::Size(&mut config.max_file),
    },
    Key {
        name: "limits.warn_project",
        kind: KeyType::Size,
        default: Value::Size(2_000_000_000),
        description: "a push says so when the state of one project is larger",
        place: |config| Slot::Size(&mut config.warn_project),
    },
];

impl Key {
    /// The key of this name, or an error that names those like it.
    pub fn named(name: &str) -> Result<&'static Self, ConfigError> {
        let found = KEYS.iter().find(|key| key.name == name);
        found.ok_or_else(|| ConfigError::UnknownKey {
            at: None,
            key: name.chars().take(80).collect(),
            near: near(name),
        })
    }

    /// Puts the value where it belongs; `lines` has the line of each item of a list.
    pub(super) fn put(&self, config: &mut Config, value: Value, lines: &[usize]) {
        match ((self.place)(config), value) {
            (Slot::Text(slot), Value::Text(text)) => *slot = Some(text),
            (Slot::Seconds(slot), Value::Seconds(seconds)) => *slot = Duration::from_secs(seconds),
            (Slot::Size(slot), Value::Size(bytes)) => *slot = bytes,
            (Slot::Switch(slot), Value::Switch(on)) => *slot = on,
            (Slot::List(slot), Value::List(items)) => *slot = items,
            (Slot::Written(slot), Value::List(items)) => {
                let lines = lines.iter().copied().chain(std::iter::repeat(0));
                let items = items.into_iter().zip(lines);
                *slot = items.map(|(text, line)| Written { text, line }).collect();
            }
            // Absent, as a default can be. Values of another type are refused before this.
            _ => {}
        }
    }
}

/// Names like this one, the likest first: misspelt, or given without their table or their rest.
fn near(name: &str) -> Vec<String> {
    // The measure takes quadratic time, and nothing that long is a misspelt key.
    let name: String = name.chars().take(80).collect::<String>().to_lowercase();
    let name = name.replace(['"', '\''], "").replace('-', "_");
    let mut rated: Vec<(f64, &str)> = KEYS
        .iter()
        .map(|key| {
            let (table, own) = key.name.split_once('.').unwrap_or(("", key.name));
            let part = f64::from(u8::from(name == table || name == own)) * 0.9;
            (part.max(strsim::jaro_winkler(&name, key.name)), key.name)
        })
        .filter(|(likeness, _)| *likeness >= 0.85)
        .collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0));
    rated
        .iter()
        .take(3)
        .map(|(_, key)| (*key).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::toml::TomlDoc;

    #[test]
    fn every_default_is_one_the_key_takes() {
        for key in KEYS {
            let toml = key.default.to_toml();
            assert_eq!(toml.is_none(), key.default == Value::Absent);
            if let Some(written) = toml {
                let doc = TomlDoc::parse(format!("v = {written}").as_bytes()).expect("TOML");
                let read = Value::from_toml(key, doc.value("v").expect("there")).expect("taken");
                assert_eq!(read, key.default);
            }
        }
    }
}
