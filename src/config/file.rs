//! The file itself: opened, changed, saved.

use crate::base::{HostPath, read_if_there, write_atomic};
use crate::doc::DocError;
use crate::doc::toml::{TomlDoc, TomlLeaf};

use super::{Config, ConfigError, KEYS, Key, Place, RULES, Setting, Value, Written};

const MAX_FILE: u64 = 1 << 20;

/// `config.toml`, to look at and to change. Nothing reaches the disk before [`ConfigFile::save`].
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: HostPath,
    doc: TomlDoc,
    /// What the disk held; nothing where there is no file yet.
    before: Option<Vec<u8>>,
}

impl ConfigFile {
    /// Opens the file, or begins a new one. The text must be TOML; its keys are not looked at, so
    /// that a wrong one can be mended here.
    pub fn open(path: &HostPath) -> Result<Self, ConfigError> {
        let before = read_if_there(path.as_path(), MAX_FILE)?;
        let doc = match &before {
            Some(bytes) => TomlDoc::parse(bytes),
            None => TomlDoc::parse(template().as_bytes()),
        };
        let doc = doc.map_err(|source| ConfigError::Syntax {
            path: path.clone(),
            source,
        })?;
        Ok(Self {
            path: path.clone(),
            doc,
            before,
        })
    }

    #[must_use]
    pub const fn exists(&self) -> bool {
        self.before.is_some()
    }

    /// What is set, each key and value checked, in the order of the file.
    pub fn settings(&self) -> Result<Vec<Setting>, ConfigError> {
        self.doc
            .leaves()
            .iter()
            .map(|leaf| self.read(leaf))
            .collect()
    }

    /// The person's own rules with their lines, whatever else the file says.
    pub fn rules(&self) -> Result<Vec<Written>, ConfigError> {
        let mut config = Config::default();
        for leaf in self.doc.leaves().iter().filter(|leaf| leaf.key == RULES) {
            let setting = self.read(leaf)?;
            setting
                .key
                .put(&mut config, setting.value, &setting.item_lines);
        }
        Ok(config.rules)
    }

    fn read(&self, leaf: &TomlLeaf) -> Result<Setting, ConfigError> {
        let line = leaf.at.line;
        let value = Key::named(&leaf.key)
            .and_then(|key| Value::from_toml(key, &leaf.value).map(|value| (key, value)));
        let path = self.path.clone();
        let (key, value) = value.map_err(|fault| fault.at(Place { path, line }))?;
        Ok(Setting {
            key,
            value,
            line,
            item_lines: leaf.item_lines.clone(),
        })
    }

    /// Sets a key from what a person typed. Says whether that changed anything.
    pub fn set(&mut self, name: &str, text: &str) -> Result<bool, ConfigError> {
        let key = Key::named(name)?;
        let value = Value::parse(key, text)?;
        self.put(key, &value)
    }

    /// Sets a list, whatever its items look like. Says whether that changed anything.
    pub fn set_list(&mut self, name: &str, items: &[String]) -> Result<bool, ConfigError> {
        let key = Key::named(name)?;
        let value = Value::List(items.to_vec()).checked(key)?;
        self.put(key, &value)
    }

    fn put(&mut self, key: &'static Key, value: &Value) -> Result<bool, ConfigError> {
        let there = self.doc.value(key.name);
        let same =
            there.is_some_and(|old| Value::from_toml(key, old).is_ok_and(|old| old == *value));
        let Some(written) = value.to_toml().filter(|_| !same) else {
            return Ok(false);
        };
        self.doc
            .set(key.name, &written)
            .map_err(|source| ConfigError::Edit {
                path: self.path.clone(),
                key: key.name.to_owned(),
                source,
            })?;
        Ok(true)
    }

    /// Takes a key out of the file, so that its default holds. Also takes out a key that holdall
    /// does not know, if it is there. Says whether there was anything to take out.
    pub fn unset(&mut self, name: &str) -> Result<bool, ConfigError> {
        match self.doc.remove(name) {
            Ok(true) => Ok(true),
            Ok(false) | Err(DocError::BadKey { .. }) => Key::named(name).map(|_| false),
            Err(source) => Err(ConfigError::Edit {
                path: self.path.clone(),
                key: name.to_owned(),
                source,
            }),
        }
    }

    /// Writes the file, if it is to change. Says whether it was written.
    pub fn save(&mut self) -> Result<bool, ConfigError> {
        let text = self.doc.to_string();
        let same = match &self.before {
            Some(before) => *before == text.as_bytes(),
            None => text == template(),
        };
        if same {
            return Ok(false);
        }
        if read_if_there(self.path.as_path(), MAX_FILE)? != self.before {
            return Err(ConfigError::ChangedMeanwhile {
                path: self.path.clone(),
            });
        }
        write_atomic(self.path.as_path(), text.as_bytes())?;
        self.before = Some(text.into_bytes());
        Ok(true)
    }
}

/// How a new file begins.
fn template() -> String {
    let head = concat!(
        "# Settings of holdall on this machine.\n",
        "#\n",
        "# `holdall config list` shows what holds now; `holdall config set KEY VALUE` changes one key\n",
        "# and leaves the rest of this file, comments too, as it is. These are the keys:\n",
    );
    let about = KEYS.iter().map(|key| {
        let default = match key.default.to_toml() {
            Some(value) => format!("; default {value}"),
            None => String::new(),
        };
        format!("#\n#   {}{default}\n#     {}\n", key.name, key.description)
    });
    std::iter::once(head.to_owned()).chain(about).collect()
}
