//! `conflicts/<id>/`: one file that could not be merged, and what each machine filed about it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::base::{Id, MachineId, ObjectId, Timestamp, VaultPath};

use super::LayoutError;
use super::record::{
    Fields, Form, ID, MACHINE, MOMENT, PATH, Record, TEXT, forked_from, text, write_record,
};

const TOOL: Form<String> = Form {
    expected: "the plain name of a tool",
    rule: None,
    parse: |value| text(value).filter(|name| VaultPath::root().child(name.as_bytes()).is_ok()),
};
const SIDE_KIND: Form<SideKind> = Form {
    expected: "absent, file, exec or link",
    rule: None,
    parse: |value| match value.as_str()? {
        "absent" => Some(SideKind::Absent),
        "file" => Some(SideKind::File),
        "exec" => Some(SideKind::Exec),
        "link" => Some(SideKind::Link),
        _ => None,
    },
};

/// Whose path is in conflict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    Project(Id),
    /// The settings of the tool of this name.
    Settings(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConflictRecord {
    #[serde(flatten)]
    pub owner: Owner,
    /// Below the project's or the tool's directory.
    pub path: VaultPath,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl ConflictRecord {
    /// The name of the conflict's directory: every machine finds the same for one path.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = blake3::Hasher::new();
        match &self.owner {
            Owner::Project(id) => hash.update(b"project/").update(id.as_str().as_bytes()),
            Owner::Settings(tool) => hash.update(b"settings/").update(tool.as_bytes()),
        };
        hash.update(b"\0").update(self.path.as_str().as_bytes());
        hash.finalize().to_hex()[..16].to_owned()
    }
}

impl Record for ConflictRecord {
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, bytes, "V46")?;
        let project = fields.may("project", &ID)?;
        let tool = fields.may("settings", &TOOL)?;
        let owner = match (project, tool) {
            (Some(id), None) => Owner::Project(id),
            (None, Some(tool)) => Owner::Settings(tool),
            _ => {
                let expected = "the one owner of the path beside `settings`";
                return Err(fields.malformed("project", expected, "V46"));
            }
        };
        Ok(Self {
            owner,
            path: fields.need("path", &PATH)?,
            extra: fields.rest(),
        })
    }

    fn write(&self) -> Vec<u8> {
        write_record(self)
    }
}

/// What a side of a conflict was on its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SideKind {
    Absent,
    File,
    Exec,
    Link,
}

/// A side of a conflict, and the name of the file that has its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What the machine had.
    Local,
    /// What both sides came from.
    Base,
    /// What the vault had.
    Vault,
}

impl Side {
    pub const ALL: [Self; 3] = [Self::Local, Self::Base, Self::Vault];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Base => "base",
            Self::Vault => "vault",
        }
    }
}

/// The directory of a variant: that of the machine which filed it, or a fork of that, where another
/// variant has to stand beside the machine's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantDir(String);

impl VariantDir {
    /// The fork for a variant with this content: the same one whenever it is filed again.
    #[must_use]
    pub fn fork(machine: &MachineId, content: ObjectId) -> Self {
        Self(format!("{machine}~{}", content.short()))
    }

    /// A directory as it stands in a vault.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        forked_from(name).map(|_| Self(name.to_owned()))
    }

    /// The machine that filed what is in it.
    #[must_use]
    pub fn machine(&self) -> &str {
        self.0.split('~').next().unwrap_or_default()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&MachineId> for VariantDir {
    fn from(machine: &MachineId) -> Self {
        Self(machine.to_string())
    }
}

/// What one machine filed: its sides stand beside this record as plain files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VariantRecord {
    pub machine: MachineId,
    /// The machine's name, so that a reader needs no other file.
    pub name: String,
    pub at: Timestamp,
    pub local: SideKind,
    pub base: SideKind,
    pub vault: SideKind,
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl VariantRecord {
    #[must_use]
    pub const fn side(&self, side: Side) -> SideKind {
        match side {
            Side::Local => self.local,
            Side::Base => self.base,
            Side::Vault => self.vault,
        }
    }
}

impl Record for VariantRecord {
    fn read(path: &VaultPath, bytes: &[u8]) -> Result<Self, LayoutError> {
        let mut fields = Fields::open(path, bytes, "V48")?;
        Ok(Self {
            machine: fields.need("machine", &MACHINE)?,
            name: fields.need("name", &TEXT)?,
            at: fields.need("at", &MOMENT)?,
            local: fields.need("local", &SIDE_KIND)?,
            base: fields.need("base", &SIDE_KIND)?,
            vault: fields.need("vault", &SIDE_KIND)?,
            extra: fields.rest(),
        })
    }

    fn write(&self) -> Vec<u8> {
        write_record(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::*;

    fn conflict(text: &str) -> Result<ConflictRecord, LayoutError> {
        let path = names::conflict_record("0011223344556677").expect("valid");
        ConflictRecord::read(&path, text.as_bytes())
    }

    #[test]
    fn a_conflict_has_one_owner_and_a_path_inside_it() {
        let project = r#""project":"01KAG3QZ5T8W2N4M6P0R9S7V1X""#;
        for (fields, rule) in [
            (r#""path":"a""#.to_owned(), "V46"),
            (format!(r#"{project},"settings":"x","path":"a""#), "V46"),
            (format!(r#"{project},"path":"../a""#), "V46"),
            (format!(r#"{project},"path":"""#), "V46"),
            (r#""settings":"a/b","path":"a""#.to_owned(), "V46"),
            (r#""project":"x","path":"a""#.to_owned(), "V22"),
        ] {
            let error = conflict(&format!("{{{fields}}}")).expect_err(&fields);
            assert_eq!(error.rule(), rule, "{fields}");
        }
    }

    #[test]
    fn each_path_of_each_owner_has_its_own_id() {
        let id = |owner: Owner, path: &str| {
            let record = ConflictRecord {
                owner,
                path: VaultPath::parse(path).expect("valid"),
                extra: Map::new(),
            };
            record.id()
        };
        let text = "01KAG3QZ5T8W2N4M6P0R9S7V1X";
        let project = Owner::Project(Id::parse(text).expect("valid"));
        let tool = Owner::Settings(text.to_owned());
        let first = id(project.clone(), "a/b");
        assert_eq!(first.len(), 16);
        assert_eq!(first, id(project.clone(), "a/b"));
        assert_ne!(first, id(project, "a"));
        assert_ne!(first, id(tool, "a/b"));
    }

    #[test]
    fn a_variant_stands_under_its_machine_or_a_fork_of_it() {
        let machine = MachineId::parse("k7f3q2hm9x").expect("valid");
        let fork = VariantDir::fork(&machine, ObjectId::from_bytes([0xab; 20]));
        assert_eq!(fork.as_str(), "k7f3q2hm9x~ababababab");
        assert_eq!(fork.machine(), machine.as_str());
        assert_eq!(VariantDir::parse(fork.as_str()), Some(fork));
        assert_eq!(
            VariantDir::parse(machine.as_str()),
            Some(VariantDir::from(&machine))
        );
        for name in [
            "k7f3q2hm9x~",
            "k7f3q2hm9x~AB",
            "k7f3q2hm9x~a~b",
            "desk",
            "~ab",
        ] {
            assert_eq!(VariantDir::parse(name), None, "{name}");
        }
    }

    #[test]
    fn unknown_fields_survive_in_both_records() {
        let text = "{\n  \"settings\": \"aigon\",\n  \"path\": \"config.json\",\n  \"z\": 1,\n  \"a\": {}\n}\n";
        let record = conflict(text).expect("valid");
        assert_eq!(record.owner, Owner::Settings("aigon".to_owned()));
        assert_eq!(
            String::from_utf8(record.write()).ok().as_deref(),
            Some(text)
        );

        let text = "{\n  \"machine\": \"k7f3q2hm9x\",\n  \"name\": \"desk\",\n  \"at\": \"2026-11-21T01:02:03.123Z\",\n  \"local\": \"exec\",\n  \"base\": \"absent\",\n  \"vault\": \"link\",\n  \"z\": 1\n}\n";
        let path = VaultPath::parse("variant.json").expect("valid");
        let record = VariantRecord::read(&path, text.as_bytes()).expect("valid");
        assert_eq!(
            String::from_utf8(record.write()).ok().as_deref(),
            Some(text)
        );
        let error = VariantRecord::read(&path, text.replace("exec", "tree").as_bytes());
        assert_eq!(error.expect_err("no such kind").rule(), "V48");
    }
}
