//! Looking at the settings of this machine, and changing them.

use std::path::Path;

use serde::Serialize;

use crate::base::{Env, HostPath};
use crate::config::{Config, ConfigFile, KEYS, Key, RULES, SCHEDULE, Setting, Value};
use crate::schedule::Cadence;
use crate::snapshot::masked_name;
use crate::vault::wire::Address;

use super::hosting::{self, Patience};
use super::session::{address, own_rules, preset_names, readings, unknown_presets};
use super::{FlowError, Places, kept_config};

/// A key and what holds for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigEntry {
    pub key: &'static str,
    /// What the file says, else the default; sizes in bytes.
    pub value: Value,
    /// The value as `config set` takes it.
    pub text: String,
    pub default: Value,
    /// Whether the file says it.
    pub set: bool,
    /// Where in the file.
    pub line: Option<usize>,
    pub description: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct ConfigListReport {
    pub file: HostPath,
    pub exists: bool,
    pub entries: Vec<ConfigEntry>,
}

#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct ConfigGetReport {
    pub file: HostPath,
    #[serde(flatten)]
    pub entry: ConfigEntry,
}

#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct ConfigChangeReport {
    pub file: HostPath,
    pub key: String,
    /// What holds now; nothing for a key that holdall does not know.
    pub value: Value,
    pub text: String,
    /// Whether the key had another value before, or none.
    pub changed: bool,
    /// Whether the file is new.
    pub created: bool,
}

#[derive(Clone, Debug, Serialize)]
#[must_use]
pub struct ConfigPathReport {
    pub file: HostPath,
    pub exists: bool,
}

/// Every key with its value, in the order of the reference.
pub fn list(places: &Places) -> Result<ConfigListReport, FlowError> {
    let file = ConfigFile::open(&places.config_file)?;
    let settings = file.settings()?;
    Ok(ConfigListReport {
        file: places.config_file.clone(),
        exists: file.exists(),
        entries: KEYS.iter().map(|key| entry(key, &settings)).collect(),
    })
}

/// One key with its value.
pub fn get(places: &Places, key: &str) -> Result<ConfigGetReport, FlowError> {
    let key = Key::named(key)?;
    let settings = ConfigFile::open(&places.config_file)?.settings()?;
    Ok(ConfigGetReport {
        file: places.config_file.clone(),
        entry: entry(key, &settings),
    })
}

/// Sets a key; the file is made where there is none.
pub fn set(
    places: &Places,
    env: &Env,
    key: &str,
    text: &str,
) -> Result<ConfigChangeReport, FlowError> {
    let mut file = kept_config::open(places)?;
    let existed = file.exists();
    let changed = file.set(key, text)?;
    if key == RULES {
        // A broken rule would stop every run from then on.
        own_rules(&places.config_file, &file.rules()?)?;
    }
    if key == SCHEDULE {
        Cadence::parse(text)?;
    }
    let key = Key::named(key)?;
    let value = Value::parse(key, text)?;
    refuse_unknown_presets(key, &value)?;
    refuse_secret(key, text)?;
    refuse_unreachable(places, key, text)?;
    refuse_public(places, env, key, text)?;
    kept_config::save(places, &mut file)?;
    Ok(ConfigChangeReport {
        file: places.config_file.clone(),
        key: key.name.to_owned(),
        text: value.to_string(),
        value,
        changed,
        created: changed && !existed,
    })
}

/// A misspelt name would switch nothing off, and nobody would hear of it.
fn refuse_unknown_presets(key: &Key, value: &Value) -> Result<(), FlowError> {
    let Value::List(names) = value else {
        return Ok(());
    };
    if !matches!(key.name, "presets.off" | "settings.off") {
        return Ok(());
    }
    match unknown_presets(names).next() {
        Some(name) => Err(FlowError::NoSuchPreset {
            name: name.clone(),
            known: preset_names(),
        }),
        None => Ok(()),
    }
}

/// Everybody reads the machine's name in the vault: the gate would stop every push. And a token that
/// stands where its file should be named would be shown and kept.
fn refuse_secret(key: &Key, text: &str) -> Result<(), FlowError> {
    if key.name == "remote.token_file" && masked_name(text) != text {
        return Err(FlowError::Refused {
            what: "remote.token_file takes the path of a file, and this looks like a token"
                .to_owned(),
            hint: "write the token into a file of mode 600, and name that one".to_owned(),
        });
    }
    if key.name == "machine.name" && masked_name(text) != text {
        return Err(FlowError::Refused {
            what: "machine.name would have a secret in it, and everybody reads it in the vault"
                .to_owned(),
            hint: "take another name: `holdall config set machine.name NAME`".to_owned(),
        });
    }
    Ok(())
}

/// What no run could reach would end every run. A relative path means another place in each of them.
fn refuse_unreachable(places: &Places, key: &Key, text: &str) -> Result<(), FlowError> {
    if key.name != "remote.url" {
        return Ok(());
    }
    match address(places, text, Path::new(""))? {
        Address::Path(path) if !path.is_absolute() => {}
        _ => return Ok(()),
    }
    Err(FlowError::Refused {
        what: format!("`{text}` is a relative path, and runs begin in many places"),
        hint: "write the whole path, or connect with `holdall backup configure PATH`".to_owned(),
    })
}

/// The same as for an address that is connected: there it can be allowed.
fn refuse_public(places: &Places, env: &Env, key: &Key, text: &str) -> Result<(), FlowError> {
    // A file with a fault elsewhere may be mended key by key.
    let config = Config::load(&places.config_file);
    if let Some(config) = config.ok().filter(|_| key.name == "remote.url") {
        let readings = readings(places, env, text);
        hosting::refuse_public(&readings, text, env, Patience::of(&config))?;
    }
    Ok(())
}

/// Lets a key have its default again.
pub fn unset(places: &Places, key: &str) -> Result<ConfigChangeReport, FlowError> {
    let mut file = kept_config::open(places)?;
    let changed = file.unset(key)?;
    kept_config::save(places, &mut file)?;
    let default = KEYS.iter().find(|known| known.name == key);
    let value = default.map_or(Value::Absent, |known| known.default.clone());
    Ok(ConfigChangeReport {
        file: places.config_file.clone(),
        key: key.to_owned(),
        text: value.to_string(),
        value,
        changed,
        created: false,
    })
}

/// Where the file is, or would be; it need not be readable.
pub fn path(places: &Places) -> ConfigPathReport {
    ConfigPathReport {
        file: places.config_file.clone(),
        exists: places.config_file.as_path().exists(),
    }
}

fn entry(key: &'static Key, settings: &[Setting]) -> ConfigEntry {
    let setting = settings.iter().find(|setting| setting.key.name == key.name);
    let value = setting.map_or(&key.default, |setting| &setting.value);
    ConfigEntry {
        key: key.name,
        value: value.clone(),
        text: value.to_string(),
        default: key.default.clone(),
        set: setting.is_some(),
        line: setting.map(|setting| setting.line),
        description: key.description,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::flow::ErrorKind;

    fn places(dir: &tempfile::TempDir) -> Places {
        let home = HostPath::new(dir.path()).expect("absolute");
        Places {
            config_file: home.join("config.toml"),
            data: home.join("data"),
            state: home.join("state"),
            home,
        }
    }

    #[test]
    fn what_is_set_is_listed_and_what_is_unset_has_its_default() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let places = places(&dir);
        let report = list(&places).expect("listed");
        assert!(!report.exists);
        assert_eq!(report.entries.len(), KEYS.len());
        assert!(report.entries.iter().all(|entry| !entry.set));

        let report = set(&places, &Env::default(), "limits.max_file", "1 MB").expect("set");
        assert!(report.changed && report.created);
        let report = set(&places, &Env::default(), "limits.max_file", "1000000").expect("set");
        assert!(!report.changed && !report.created);
        let entry = serde_json::to_value(get(&places, "limits.max_file").expect("there"));
        let entry = entry.expect("serializes");
        assert_eq!(entry["key"], "limits.max_file");
        assert_eq!(entry["value"], json!(1_000_000));
        assert_eq!(entry["text"], "1MB");
        assert_eq!(entry["default"], json!(25_000_000));
        assert_eq!(entry["set"], json!(true));
        assert!(entry["line"].is_u64());
        assert!(list(&places).expect("listed").exists);

        let report = unset(&places, "limits.max_file").expect("unset");
        assert!(report.changed);
        assert_eq!(report.text, "25MB");
        assert!(!unset(&places, "limits.max_file").expect("again").changed);
        let none = get(&places, "remote.url").expect("known").entry;
        assert_eq!((none.value, none.set), (Value::Absent, false));
    }

    #[test]
    fn a_wrong_key_is_invalid_and_hints_what_to_run() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let places = places(&dir);
        let faults = [
            get(&places, "remote.urll").expect_err("unknown"),
            set(&places, &Env::default(), "remote.urll", "x").expect_err("unknown"),
            unset(&places, "remote.urll").expect_err("unknown"),
        ];
        for fault in faults {
            assert_eq!(fault.kind(), ErrorKind::Invalid);
            assert!(fault.to_string().contains("`remote.url`"), "{fault}");
            assert!(fault.hints()[0].contains("holdall config list"));
        }
        let secret =
            set(&places, &Env::default(), "remote.url", "https://a:b@c/d").expect_err("refused");
        assert_eq!(secret.kind(), ErrorKind::Invalid);
        assert!(secret.hints()[0].contains("credential helper"));
        assert!(!path(&places).exists);
    }

    #[test]
    fn a_broken_file_is_named_and_stays_and_a_wrong_key_in_it_can_be_unset() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let places = places(&dir);
        let file = places.config_file.as_path();
        fs::write(file, "[remote").expect("written");
        let fault = set(&places, &Env::default(), "remote.url", "/srv/v").expect_err("broken");
        assert_eq!(fault.kind(), ErrorKind::Invalid);
        assert!(fault.to_string().contains(&places.config_file.to_string()));
        assert_eq!(fs::read_to_string(file).expect("read"), "[remote");
        assert!(path(&places).exists);

        fs::write(file, "[remote]\n\"it's\" = 1\n").expect("written");
        let fault = list(&places).expect_err("an unknown key");
        let hint = &fault.hints()[0];
        assert!(
            hint.ends_with(r#"`holdall config unset 'remote."it'\''s"'`"#),
            "{hint}"
        );
        assert!(unset(&places, "remote.\"it's\"").expect("unset").changed);
        assert!(list(&places).is_ok());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_io_fault() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let places = places(&dir);
        fs::create_dir(places.config_file.as_path()).expect("a directory in its place");
        let fault = list(&places).expect_err("not a file");
        assert_eq!(fault.kind(), ErrorKind::Io);
    }
}
