//! A whole vault against every rule that its files can show.

use std::collections::BTreeMap;

use crate::base::{Id, Kind, VaultPath, is_temp_name};

use super::chains::check_chain;
use super::names::{
    self, CONFLICT, CONFLICTS, MACHINES, OPS, PROJECT_RECORD, PROJECTS, SEGMENT_SUFFIX, SUFFIX,
    TASKS, VARIANT,
};
use super::{
    Access, AllowedRecord, ConflictRecord, LayoutError, MachineRecord, ProjectRecord, Record, Side,
    SideKind, VariantDir, VariantRecord, VaultRecord,
};

/// The files of a vault, wherever they are.
pub trait VaultFiles {
    /// Every file and link, by its path as it stands there: nobody has looked at it yet.
    fn paths(&self) -> Vec<(Vec<u8>, Kind)>;

    /// The content of a file, the target of a link; nothing where neither is there.
    fn read(&self, path: &VaultPath) -> Option<Vec<u8>>;
}

/// All faults of a vault. One made for a newer format has a single one, that.
pub fn check(files: &dyn VaultFiles) -> Vec<LayoutError> {
    let mut check = Check {
        files,
        known: BTreeMap::new(),
        faults: Vec::new(),
    };
    check.paths();
    if let Some(newer) = check.vault() {
        return vec![newer];
    }
    check.records();
    check.faults
}

struct Check<'a> {
    files: &'a dyn VaultFiles,
    known: BTreeMap<VaultPath, Kind>,
    faults: Vec<LayoutError>,
}

impl Check<'_> {
    fn broken(&mut self, path: &VaultPath, fault: &'static str, rule: &'static str) {
        self.faults.push(LayoutError::Broken {
            path: path.clone(),
            fault,
            rule,
        });
    }

    fn paths(&mut self) {
        for (raw, kind) in self.files.paths() {
            let mut path = VaultPath::root();
            let mut fault = None;
            for name in raw.split(|byte| *byte == b'/') {
                match path.child(name) {
                    Ok(longer) => path = longer,
                    Err(found) => {
                        fault = Some(found);
                        break;
                    }
                }
            }
            if let Some(fault) = fault {
                self.faults.push(fault.into());
                continue;
            }
            if path.names().any(|name| is_temp_name(name.as_bytes())) {
                self.broken(&path, "is an unfinished file", "V10");
            }
            self.known.insert(path, kind);
        }
    }

    /// The record at `path`; its faults are noted.
    fn record<R: Record>(&mut self, path: &VaultPath) -> Option<R> {
        match self.known.get(path) {
            Some(Kind::File | Kind::Exec) => {}
            Some(_) => {
                self.broken(path, "is a record but not a plain file", "V11");
                return None;
            }
            None => return None,
        }
        let bytes = self.files.read(path)?;
        R::read(path, &bytes)
            .map_err(|fault| self.faults.push(fault))
            .ok()
    }

    /// Looks at what makes this a vault. Answers where it is one that nobody here can read.
    fn vault(&mut self) -> Option<LayoutError> {
        let path = names::vault_record();
        if !self.known.contains_key(&path) {
            self.broken(&path, "is missing", "V4");
        }
        let record = self.record::<VaultRecord>(&path);
        if let Some(at) = self.faults.iter().position(LayoutError::is_newer_format) {
            return Some(self.faults.swap_remove(at));
        }
        let record = record.filter(|record| record.access() == Access::Refused)?;
        Some(if record.encryption.is_some() {
            LayoutError::Encrypted { path }
        } else {
            LayoutError::NewerFormat {
                path,
                needed: record.min_reader.into(),
                known: super::FORMAT,
            }
        })
    }

    fn records(&mut self) {
        self.attributes();
        self.record::<AllowedRecord>(&names::allowed_record());
        let mut projects = BTreeMap::new();
        let mut conflicts = BTreeMap::new();
        let mut chains: BTreeMap<VaultPath, Vec<_>> = BTreeMap::new();
        let known: Vec<VaultPath> = self.known.keys().cloned().collect();
        for path in &known {
            let parts: Vec<&str> = path.names().collect();
            match parts.as_slice() {
                [MACHINES, name] => self.machine(path, name),
                [PROJECTS, name, PROJECT_RECORD] => self.project(path, name, &mut projects),
                [TASKS, OPS, chain, name] if name.ends_with(SEGMENT_SUFFIX) => {
                    let content = self.files.read(path).unwrap_or_default();
                    let dir = names::chain_dir(chain).expect("a part of a known path");
                    chains.entry(dir).or_default().push((path.clone(), content));
                }
                [CONFLICTS, id, rest @ ..] if !rest.is_empty() => {
                    let seen: &mut ConflictSeen = conflicts.entry((*id).to_owned()).or_default();
                    self.conflict(path, id, rest, seen);
                }
                _ => {}
            }
        }
        for (dir, files) in chains {
            self.faults.extend(check_chain(&dir, &files));
        }
        for (id, seen) in conflicts {
            self.conflict_is_whole(&id, &seen);
        }
    }

    fn attributes(&mut self) {
        let path = names::attributes();
        let bytes = self.files.read(&path).unwrap_or_default();
        let is_file = self.known.get(&path) == Some(&Kind::File);
        let whole = bytes
            .split(|byte| *byte == b'\n')
            .any(|line| line == b"* -text");
        if !is_file || !whole {
            self.broken(&path, "has no line `* -text`", "V5");
        }
    }

    fn machine(&mut self, path: &VaultPath, name: &str) {
        let Some(stem) = name.strip_suffix(SUFFIX) else {
            return;
        };
        let record = self.record::<MachineRecord>(path);
        if record.is_some_and(|record| record.machine.as_str() != stem) {
            self.broken(path, "is named after another machine than it is of", "V30");
        }
    }

    fn project(&mut self, path: &VaultPath, name: &str, seen: &mut BTreeMap<Id, VaultPath>) {
        let Some(record) = self.record::<ProjectRecord>(path) else {
            return;
        };
        if record.name != name {
            self.broken(path, "has another name than its directory", "V34");
        }
        if seen.insert(record.id, path.clone()).is_some() {
            self.broken(path, "has the id of another project", "V35");
        }
    }

    fn conflict(&mut self, path: &VaultPath, id: &str, rest: &[&str], seen: &mut ConflictSeen) {
        match rest {
            [CONFLICT] => {
                seen.record = true;
                let record = self.record::<ConflictRecord>(path);
                if record.is_some_and(|record| record.id() != id) {
                    self.broken(path, "is not in the directory of its id", "V47");
                }
            }
            [dir, VARIANT] => {
                seen.variant = true;
                let Some(record) = self.record::<VariantRecord>(path) else {
                    return;
                };
                match VariantDir::parse(dir) {
                    Some(dir) if dir.machine() == record.machine.as_str() => {
                        self.sides(id, &dir, &record);
                    }
                    _ => self.broken(path, "is filed under another machine", "V48"),
                }
            }
            _ => {}
        }
    }

    fn sides(&mut self, id: &str, dir: &VariantDir, record: &VariantRecord) {
        for side in Side::ALL {
            let Ok(path) = names::variant_side(id, dir.clone(), side) else {
                continue;
            };
            match (record.side(side), self.known.get(&path)) {
                (SideKind::Absent, Some(_)) => {
                    self.broken(&path, "is there although its variant says absent", "V49");
                }
                (SideKind::Absent, None) | (_, Some(Kind::File)) => {}
                (_, Some(_)) => self.broken(&path, "is not a plain file", "V49"),
                (_, None) => self.broken(&path, "is missing from its variant", "V49"),
            }
        }
    }

    fn conflict_is_whole(&mut self, id: &str, seen: &ConflictSeen) {
        let Ok(path) = names::conflict_dir(id) else {
            return;
        };
        if !seen.record {
            self.broken(&path, "has no conflict.json", "V50");
        }
        if !seen.variant {
            self.broken(&path, "has no variant of any machine", "V50");
        }
    }
}

/// What was found of one conflict so far.
#[derive(Default)]
struct ConflictSeen {
    record: bool,
    variant: bool,
}

#[cfg(test)]
mod tests {
    use super::super::{ATTRIBUTES_TEXT, FORMAT};
    use super::*;
    use crate::base::{MachineId, Timestamp};

    /// A vault in memory, for what no directory of files can hold.
    struct Held(BTreeMap<Vec<u8>, (Kind, Vec<u8>)>);

    impl VaultFiles for Held {
        fn paths(&self) -> Vec<(Vec<u8>, Kind)> {
            let paths = self.0.iter();
            paths
                .map(|(path, (kind, _))| (path.clone(), *kind))
                .collect()
        }

        fn read(&self, path: &VaultPath) -> Option<Vec<u8>> {
            let file = self.0.get(path.as_str().as_bytes())?;
            Some(file.1.clone())
        }
    }

    fn vault_record() -> VaultRecord {
        let id = Id::parse("01KAG3QZ5T8W2N4M6P0R9S7V1X").expect("valid");
        VaultRecord::new(id, Timestamp::from_millis(0))
    }

    fn held(more: &[(&[u8], Kind, &[u8])]) -> Held {
        let record = vault_record().write();
        let minimal: [(&[u8], Kind, &[u8]); 2] = [
            (b"vault.json", Kind::File, &record),
            (b".gitattributes", Kind::File, ATTRIBUTES_TEXT.as_bytes()),
        ];
        let files = minimal.iter().chain(more);
        Held(
            files
                .map(|(path, kind, bytes)| (path.to_vec(), (*kind, bytes.to_vec())))
                .collect(),
        )
    }

    fn rules(files: &Held) -> Vec<&'static str> {
        check(files).iter().map(LayoutError::rule).collect()
    }

    #[test]
    fn the_smallest_vault_is_whole() {
        assert!(rules(&held(&[])).is_empty());
        assert_eq!(rules(&Held(BTreeMap::new())), ["V4", "V5"]);
    }

    #[test]
    fn paths_that_a_directory_cannot_hold_are_refused_and_do_not_hide_others() {
        let long = b"x".repeat(256);
        for (path, rule) in [
            (b"a//b".as_slice(), "V7"),
            (b"/etc/passwd", "V7"),
            (b"a/../../b", "V7"),
            (b"a/./b", "V7"),
            (b"a\0b", "V7"),
            (b"caf\xe9", "V7"),
            (b"projects/api/.git/hooks/x", "V8"),
            (b"projects/api/.GIT", "V8"),
            (b"git~1", "V8"),
            (b".gitmodules", "V8"),
            (&long, "V9"),
        ] {
            let files = held(&[
                (path, Kind::File, b""),
                (b"x/.holdall-tmp-1", Kind::File, b""),
            ]);
            let mut found = rules(&files);
            found.sort_unstable();
            assert_eq!(found, ["V10", rule], "{}", String::from_utf8_lossy(path));
        }
    }

    #[test]
    fn a_record_that_is_no_plain_file_is_refused() {
        for kind in [Kind::Link, Kind::Foreign] {
            let files = held(&[(b"allowed.json", kind, b"../../secret")]);
            assert_eq!(rules(&files), ["V11"]);
        }
        let files = held(&[(b"vault.json", Kind::Link, b"other.json")]);
        assert_eq!(rules(&files), ["V11"]);
    }

    #[test]
    fn what_nobody_knows_is_left_in_peace() {
        let files = held(&[
            (b"notes/mine.md", Kind::File, b""),
            (b"module", Kind::Foreign, b""),
            (b"machines/readme.txt", Kind::File, b""),
            (b"projects/gone/.aigon/x", Kind::File, b""),
            (b"settings/odd", Kind::Link, b"/etc"),
            (b"later.json", Kind::File, b"not JSON"),
            (b"tasks/ops/k7f3q2hm9x/notes.md", Kind::File, b""),
            (b"tasks/checkpoint/1", Kind::File, b""),
        ]);
        assert!(rules(&files).is_empty());
    }

    #[test]
    fn of_a_newer_vault_only_that_is_said() {
        let mut record = vault_record();
        record.min_reader = FORMAT + 1;
        record.min_writer = FORMAT + 1;
        record.format = FORMAT + 1;
        let bytes = record.write();
        let files = held(&[
            (b"vault.json", Kind::File, &bytes),
            (b"allowed.json", Kind::File, b"a new form"),
        ]);
        assert_eq!(rules(&files), ["V25"]);
    }

    #[test]
    fn a_link_cannot_pose_as_a_side_of_a_conflict() {
        let machine = MachineId::parse("k7f3q2hm9x").expect("valid");
        let conflict = ConflictRecord {
            owner: super::super::Owner::Settings("aigon".to_owned()),
            path: VaultPath::parse("config.json").expect("valid"),
            extra: serde_json::Map::new(),
        };
        let variant = VariantRecord {
            machine: machine.clone(),
            name: "desk".to_owned(),
            at: Timestamp::from_millis(0),
            local: SideKind::Link,
            base: SideKind::Absent,
            vault: SideKind::Absent,
            extra: serde_json::Map::new(),
        };
        let id = conflict.id();
        let at = |path: Result<VaultPath, LayoutError>| path.expect("valid").as_str().to_owned();
        let record = at(names::conflict_record(&id));
        let variant_at = at(names::variant_record(&id, &machine));
        let local = at(names::variant_side(&id, &machine, Side::Local));
        for (kind, expected) in [(Kind::File, vec![]), (Kind::Link, vec!["V49"])] {
            let files = held(&[
                (record.as_bytes(), Kind::File, &conflict.write()),
                (variant_at.as_bytes(), Kind::File, &variant.write()),
                (local.as_bytes(), kind, b"/etc/passwd"),
            ]);
            assert_eq!(rules(&files), expected);
        }
    }
}
