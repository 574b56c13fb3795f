//! `projects/<name>/project.json`: which project this is, and what of it travels.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::{Id, VaultPath};

use super::names::PROJECT_RECORD;
use super::record::{Fields, Form, ID, OBJECT, Record, is_lower_hex, list, text, write_record};
use super::{LayoutError, PathNote};

const NAME: Form<String> = Form {
    expected: "one plain name",
    rule: Some("V34"),
    parse: |value| text(value).filter(|name| VaultPath::root().child(name.as_bytes()).is_ok()),
};
const REMOTES: Form<Vec<String>> = Form {
    expected: "a list of remotes like example.org/team/api",
    rule: Some("V36"),
    parse: |value| {
        list(value, |item| {
            is_normal_remote(item).then(|| item.to_owned())
        })
    },
};
const ROOTS: Form<Vec<String>> = Form {
    expected: "a list of commits of 40 lower-case hexadecimal digits",
    rule: Some("V37"),
    parse: |value| {
        list(value, |item| {
            (item.len() == 40 && is_lower_hex(item)).then(|| item.to_owned())
        })
    },
};
const DIRS: Form<Vec<VaultPath>> = Form {
    expected: "a list of directories inside the project",
    rule: Some("V38"),
    parse: |value| {
        list(value, |item| {
            let path = VaultPath::parse(item).ok()?;
            let hides_the_record = path.names().next() == Some(PROJECT_RECORD);
            (!hides_the_record).then_some(path)
        })
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectRecord {
    pub id: Id,
    /// The name of the project's directory in the vault.
    pub name: String,
    /// Normalised: `host/path`.
    pub remotes: Vec<String>,
    pub roots: Vec<String>,
    /// The state directories, such as `.aigon` or `sub/.x`.
    pub dirs: Vec<VaultPath>,
    /// By path below the project.
    pub paths: BTreeMap<VaultPath, PathNote>,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ProjectRecord {
    /// A project that the vault does not have yet.
    #[must_use]
    pub fn new(id: Id, name: String) -> Self {
        Self {
            id,
            name,
            remotes: Vec::new(),
            roots: Vec::new(),
            dirs: Vec::new(),
            paths: BTreeMap::new(),
            extra: Map::new(),
        }
    }
}

impl Record for ProjectRecord {
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, bytes, "V33")?;
        let id = fields.need("id", &ID)?;
        let name = fields.need("name", &NAME)?;
        let remotes = fields.need("remotes", &REMOTES)?;
        let roots = fields.need("roots", &ROOTS)?;
        let dirs = fields.need("dirs", &DIRS)?;
        let paths = fields.need("paths", &OBJECT)?;
        Ok(Self {
            id,
            name,
            remotes,
            roots,
            dirs,
            paths: notes(&fields, paths)?,
            extra: fields.rest(),
        })
    }

    fn write(&self) -> Vec<u8> {
        write_record(self)
    }
}

fn notes(
    fields: &Fields,
    paths: Map<String, Value>,
) -> Result<BTreeMap<VaultPath, PathNote>, LayoutError> {
    let mut notes = BTreeMap::new();
    for (path, note) in paths {
        let at = format!("paths.{path}");
        let (Ok(path), Value::Object(note)) = (VaultPath::parse(&path), note) else {
            return Err(fields.malformed(&at, "a note on a path", "V39"));
        };
        let note = PathNote::from_fields(fields.inside(&at, note, "V39"))?;
        notes.insert(path, note);
    }
    Ok(notes)
}

/// Whether this is `host/path`, and surely without a user or a password.
fn is_normal_remote(remote: &str) -> bool {
    let Some((host, path)) = remote.split_once('/') else {
        return false;
    };
    let plain = |text: &str| !text.chars().any(|c| c.is_control() || c.is_whitespace());
    !host.is_empty()
        && !host.contains('@')
        && !host.chars().any(char::is_uppercase)
        // `https:` of a whole url would be a host with nothing behind its colon.
        && !host.ends_with(':')
        && !path.is_empty()
        && !path.starts_with('/')
        && plain(host)
        && path.chars().all(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    const TEXT: &str = r#"{
  "id": "01KAG3QZ5T8W2N4M6P0R9S7V1X",
  "name": "api",
  "remotes": [
    "git.example.org:2222/team/api"
  ],
  "roots": [
    "0123456789abcdef0123456789abcdef01234567"
  ],
  "dirs": [
    ".aigon",
    "sub/.x"
  ],
  "paths": {
    ".aigon/empty": {
      "dir": true,
      "in note": [
        {
          "deep": null
        }
      ]
    },
    ".aigon/key": {
      "mode": "0600"
    },
    ".aigon/later": {
      "mode": "0640"
    },
    "sub/.x/caf%E9": {
      "name": "caf%E9"
    }
  },
  "zeta": {
    "b": 1,
    "a": 2
  },
  "alpha": []
}
"#;

    fn read(text: &str) -> Result<ProjectRecord, LayoutError> {
        let path = names::project_record("api").expect("valid");
        ProjectRecord::read(&path, text.as_bytes())
    }

    #[test]
    fn unknown_fields_and_values_survive_at_every_level() {
        let record = read(TEXT).expect("valid");
        let note = |path: &str| &record.paths[&VaultPath::parse(path).expect("valid")];
        assert!(note(".aigon/empty").dir);
        assert!(note(".aigon/key").private);
        assert!(!note(".aigon/later").private);
        assert_eq!(
            String::from_utf8(record.write()).ok().as_deref(),
            Some(TEXT)
        );
    }

    #[test]
    fn a_note_that_says_the_default_is_written_without_it() {
        let record = read(&TEXT.replace("\"dir\": true", "\"dir\": false")).expect("valid");
        assert!(!String::from_utf8_lossy(&record.write()).contains("\"dir\""));
    }

    #[test]
    fn a_mode_that_was_unknown_gives_way_when_a_file_becomes_private() {
        let mut record = read(TEXT).expect("valid");
        let path = VaultPath::parse(".aigon/later").expect("valid");
        record.paths.entry(path.clone()).or_default().private = true;
        let text = String::from_utf8(record.write()).expect("UTF-8");
        assert!(read(&text).expect("no key twice").paths[&path].private);
    }

    #[test]
    fn a_malformed_field_is_refused_by_its_rule() {
        for (from, to, rule) in [
            ("\"api\"", "\"a/b\"", "V34"),
            (
                "git.example.org:2222/team/api",
                "https://git.example.org/api",
                "V36",
            ),
            (
                "git.example.org:2222/team/api",
                "me:secret@git.example.org/api",
                "V36",
            ),
            ("git.example.org:2222/team/api", "/srv/git/api", "V36"),
            ("git.example.org:2222/team/api", "git.example.org", "V36"),
            ("01234567\"", "0123456\"", "V37"),
            ("abcdef0", "ABCDEF0", "V37"),
            ("\"sub/.x\"", "\"../.x\"", "V38"),
            ("\"sub/.x\"", "\"project.json\"", "V38"),
            ("\"sub/.x\"", "\"\"", "V38"),
            ("\".aigon/key\"", "\"/etc/passwd\"", "V39"),
            ("\"dir\": true", "\"dir\": 1", "V39"),
            ("\"0600\"", "600", "V39"),
            ("{\n      \"mode\": \"0600\"\n    }", "true", "V39"),
            ("\"name\": \"caf%E9\"", "\"name\": \"..\"", "V40"),
            ("\"paths\"", "\"path\"", "V33"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let error = read(&TEXT.replacen(from, to, 1)).expect_err(to);
            assert_eq!(error.rule(), rule, "{to}");
        }
    }
}
