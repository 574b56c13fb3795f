//! One step at a time: a temp file beside the target, a last look at the target, a rename, and a look
//! at what the rename brought out.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;

use crate::base::{HostPath, Kind, Leaf, Random, StoreError, TEMP_PREFIX, VaultPath};

use super::RestoreError;
use super::beside;
use super::database::forbidden_by_database;
use super::kept::{StepOutcome, WhyKept, why_kept};
use super::link::leads_inside;
use super::place::{Found, Hash, Place, Reached, Root, Standing};
use super::taken::taken_name;

/// Where the bytes of a step come from, to be read piece by piece.
pub type Content<'a> = &'a dyn Fn(&Step) -> Result<Box<dyn Read + 'a>, RestoreError>;

/// So much is written at once.
const BLOCK: usize = 64 * 1024;
/// No system follows a longer link.
const LONGEST_LINK: u64 = 4_096;
/// So much of a file says what it is.
const HEAD: u64 = 64;

/// One change of the disk.
#[derive(Clone, Debug)]
pub struct Step {
    /// How the path is spoken of.
    pub path: VaultPath,
    /// The real names on this disk, below the root.
    pub names: Vec<OsString>,
    pub kind: StepKind,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    /// Put this there, if what stands there is what is expected.
    Write {
        leaf: Leaf,
        private: bool,
        expected: Option<Leaf>,
    },
    Delete {
        expected: Leaf,
    },
    MakeDir,
    RemoveDir,
    /// Make a file readable by its owner alone, or by others again.
    Private(bool),
}

/// Where steps are carried out, and with what.
pub struct Target<'a> {
    pub root: &'a HostPath,
    /// The state directories: they stay, also with nothing left in them.
    pub keep: &'a [VaultPath],
    pub content: Content<'a>,
    pub hash: Hash<'a>,
    pub random: &'a dyn Random,
}

/// Carries the steps out; outcomes come in the order of the steps. A fault of the disk (full, gone)
/// ends it: what was done is whole, what was not is untouched.
pub fn apply(target: &Target<'_>, steps: &[Step]) -> Result<Vec<StepOutcome>, RestoreError> {
    let path = target.root.as_path();
    let root = Root::open(path).map_err(|source| RestoreError::Io {
        action: "open",
        path: path.to_owned(),
        source,
    })?;
    let run = Run::new(root, target);
    let mut outcomes = Vec::with_capacity(steps.len());
    let mut emptied = BTreeMap::new();
    for step in steps {
        let outcome = run.step(step)?;
        let takes = matches!(step.kind, StepKind::Delete { .. } | StepKind::RemoveDir);
        if takes && outcome == StepOutcome::Done {
            emptied.insert(&step.names, &step.path);
        }
        outcomes.push(outcome);
    }
    let made = steps
        .iter()
        .filter(|step| matches!(step.kind, StepKind::MakeDir));
    run.remove_emptied(&emptied, &made.map(|step| &step.path).collect());
    Ok(outcomes)
}

struct Run<'r, 't> {
    root: Root,
    target: &'r Target<'t>,
    block: RefCell<Vec<u8>>,
}

impl<'r, 't> Run<'r, 't> {
    fn new(root: Root, target: &'r Target<'t>) -> Self {
        let block = RefCell::new(vec![0; BLOCK]);
        Self {
            root,
            target,
            block,
        }
    }

    fn step(&self, step: &Step) -> Result<StepOutcome, RestoreError> {
        match self.attempt(step) {
            Ok(outcome) => Ok(outcome),
            Err(Fault::Io(fault)) => match why_kept(&fault) {
                Some(why) => Ok(StepOutcome::Kept(why)),
                None => Err(RestoreError::Io {
                    action: "write",
                    path: self.target.root.below(&step.path).as_path().to_owned(),
                    source: fault,
                }),
            },
            Err(Fault::Restore(fault)) => Err(fault),
        }
    }

    fn attempt(&self, step: &Step) -> Result<StepOutcome, Fault> {
        let makes = matches!(step.kind, StepKind::Write { .. } | StepKind::MakeDir);
        let place = match self.root.reach(&step.names, makes)? {
            Reached::Place(place) => place,
            // What was to go is gone, and of what is not there no mode is to be changed.
            Reached::Nowhere if matches!(step.kind, StepKind::Delete { .. }) => {
                return Ok(StepOutcome::Done);
            }
            Reached::Nowhere => return Ok(StepOutcome::Already),
            Reached::OtherSpelling => return Ok(StepOutcome::Kept(WhyKept::CaseClash)),
        };
        match &step.kind {
            StepKind::Write {
                leaf,
                private,
                expected,
            } => self.write(step, &place, (*leaf, *private), *expected),
            StepKind::Delete { expected } => self.delete(step, &place, *expected),
            StepKind::MakeDir => Ok(beside::make_dir(&self.root, &step.names, &place)?),
            StepKind::RemoveDir => Ok(beside::remove_dir(&place)?),
            StepKind::Private(private) => Ok(beside::set_private(&place, *private)?),
        }
    }

    fn write(
        &self,
        step: &Step,
        place: &Place,
        (leaf, private): (Leaf, bool),
        expected: Option<Leaf>,
    ) -> Result<StepOutcome, Fault> {
        let mut content = (self.target.content)(step).map_err(Fault::Restore)?;
        let temp = OsString::from(format!("{TEMP_PREFIX}{:016x}", self.chance()?));
        let is_link = leaf.kind == Kind::Link;
        // A link whole, and of a file what shows a database.
        let first = if is_link { LONGEST_LINK } else { HEAD };
        let mut head = Vec::new();
        let read = (&mut content).take(first).read_to_end(&mut head);
        read.map_err(unread)?;
        if is_link {
            if head.is_empty() {
                return Ok(StepOutcome::Kept(WhyKept::NameRefused));
            }
            if !leads_inside(&self.root, &step.names, &head)? {
                return Ok(StepOutcome::Kept(WhyKept::LinkLeaves));
            }
        }
        if let Some(why) = forbidden_by_database(place, &head)? {
            return Ok(StepOutcome::Kept(why));
        }
        let mut content = head.as_slice().chain(content);
        let written = match leaf.kind {
            Kind::Link => place
                .link_beside(&temp, OsStr::from_bytes(&head))
                .map_err(Fault::Io),
            _ => self.write_temp(place, &temp, (leaf, private), &mut content),
        };
        let outcome = written.and_then(|()| match expected {
            None => self.add(step, place, &temp),
            Some(expected) => self.replace(step, place, &temp, expected),
        });
        if !matches!(outcome, Ok(StepOutcome::Done)) {
            place.unlink_beside(&temp);
        }
        outcome
    }

    fn write_temp(
        &self,
        place: &Place,
        temp: &OsStr,
        (leaf, private): (Leaf, bool),
        content: &mut dyn Read,
    ) -> Result<(), Fault> {
        let mode = match (leaf.kind, private) {
            (Kind::Exec, true) => 0o700,
            (Kind::Exec, false) => 0o755,
            (_, true) => 0o600,
            (_, false) => 0o644,
        };
        let mut file = place.create_beside(temp, mode)?;
        let mut block = self.block.borrow_mut();
        loop {
            match content.read(&mut block) {
                Ok(0) => break,
                Ok(got) => file.write_all(&block[..got])?,
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return Err(unread(fault)),
            }
        }
        file.sync_all()?;
        Ok(())
    }

    fn add(&self, step: &Step, place: &Place, temp: &OsStr) -> Result<StepOutcome, Fault> {
        if place.rename_new(temp, &place.name)? {
            place.sync()?;
            return Ok(StepOutcome::Done);
        }
        let why = match place.standing()? {
            _ if !self.root.is_spelled(&place.dir, &step.names)? => WhyKept::CaseClash,
            Standing::Dir | Standing::Other => WhyKept::InTheWay,
            _ => WhyKept::Changed,
        };
        Ok(StepOutcome::Kept(why))
    }

    /// The new file and the old one change places, and then the old one is looked at again: an edit
    /// that fell between the look and the exchange goes back. No sweep knows the name under which
    /// this happens.
    fn replace(
        &self,
        step: &Step,
        place: &Place,
        temp: &OsStr,
        expected: Leaf,
    ) -> Result<StepOutcome, Fault> {
        let ours = place.look(temp, self.target.hash)?;
        if let Some(why) = self.is_not(step, place, expected)? {
            return Ok(StepOutcome::Kept(why));
        }
        let taken = taken_name(&place.name, self.chance()?);
        place.rename_beside(temp, &taken)?;
        match place.exchange(&taken) {
            Ok(true) => {}
            // This file system cannot: then the look above was the last one.
            Ok(false) => {
                place.rename_beside(&taken, &place.name)?;
                place.sync()?;
                return Ok(StepOutcome::Done);
            }
            Err(fault) => {
                place.unlink_beside(&taken);
                return Err(fault.into());
            }
        }
        let Some(why) = self.differs(place, &taken, expected)? else {
            place.unlink_beside(&taken);
            place.sync()?;
            return Ok(StepOutcome::Done);
        };
        place.exchange(&taken)?;
        // What comes out now is ours again, or yet another edit.
        if place.look(&taken, self.target.hash)? == ours {
            place.unlink_beside(&taken);
        } else {
            place.keep(&taken)?;
        }
        Ok(StepOutcome::Kept(why))
    }

    /// What is deleted leaves its place first, so that what is looked at last is what goes.
    fn delete(&self, step: &Step, place: &Place, expected: Leaf) -> Result<StepOutcome, Fault> {
        if let Some(why) = self.is_not(step, place, expected)? {
            return Ok(StepOutcome::Kept(why));
        }
        let taken = taken_name(&place.name, self.chance()?);
        place.rename_beside(&place.name, &taken)?;
        if let Some(why) = self.differs(place, &taken, expected)? {
            place.give_back(&taken)?;
            return Ok(StepOutcome::Kept(why));
        }
        place.unlink_beside(&taken);
        place.sync()?;
        Ok(StepOutcome::Done)
    }

    /// Whether something else than expected stands at the place, or under another spelling of it, or
    /// an open database.
    fn is_not(&self, step: &Step, place: &Place, expected: Leaf) -> Result<Option<WhyKept>, Fault> {
        let open = forbidden_by_database(place, &[])?;
        let why = open.map_or_else(
            || self.differs(place, &place.name, expected),
            |it| Ok(Some(it)),
        )?;
        if why.is_none() && !self.root.is_spelled(&place.dir, &step.names)? {
            return Ok(Some(WhyKept::CaseClash));
        }
        Ok(why)
    }

    /// Whether what stands under a name is something else than expected. Nothing means: no.
    fn differs(
        &self,
        place: &Place,
        name: &OsStr,
        expected: Leaf,
    ) -> Result<Option<WhyKept>, Fault> {
        Ok(match place.look(name, self.target.hash)? {
            Found::Other => Some(WhyKept::InTheWay),
            Found::Leaf(leaf) if leaf == expected => None,
            Found::Nothing | Found::Leaf(_) => Some(WhyKept::Changed),
        })
    }

    fn chance(&self) -> Result<u64, Fault> {
        let mut chance = [0; 8];
        self.target
            .random
            .fill(&mut chance)
            .map_err(|fault| Fault::Restore(fault.into()))?;
        Ok(u64::from_be_bytes(chance))
    }

    /// A directory whose last entry was deleted goes too, but never a state directory itself, and none
    /// that is wanted as an empty one.
    fn remove_emptied(
        &self,
        deleted: &BTreeMap<&Vec<OsString>, &VaultPath>,
        wanted: &BTreeSet<&VaultPath>,
    ) {
        for (names, path) in deleted.iter().rev() {
            for (depth, above) in (1..names.len()).rev().zip(path.ancestors()) {
                let is_inside = self.target.keep.iter().any(|root| {
                    let tail = above.below(root);
                    tail.is_some_and(|tail| !tail.is_root())
                });
                let gone = is_inside
                    && !wanted.contains(&above)
                    && self.root.reach(&names[..depth], false).is_ok_and(
                        |reached| matches!(reached, Reached::Place(place) if place.remove_dir().unwrap_or(false)),
                    );
                if !gone {
                    break;
                }
            }
        }
    }
}

/// What the content could not give is no fault of the disk.
fn unread(fault: io::Error) -> Fault {
    Fault::Restore(StoreError::Failed(Box::new(fault)).into())
}

enum Fault {
    Io(io::Error),
    Restore(RestoreError),
}

impl From<io::Error> for Fault {
    fn from(fault: io::Error) -> Self {
        Self::Io(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::StepOutcome::{Done, Kept};
    use super::*;
    use crate::base::{Edges, ObjectId};
    use std::cell::Cell;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn hash(bytes: &[u8]) -> ObjectId {
        let mut id = [0; 20];
        id.copy_from_slice(&blake3::hash(bytes).as_bytes()[..20]);
        ObjectId::from_bytes(id)
    }

    fn leaf(kind: Kind, text: &str) -> Leaf {
        Leaf {
            kind,
            id: hash(text.as_bytes()),
        }
    }

    fn step(path: &str, kind: StepKind) -> Step {
        let path = VaultPath::parse(path).expect("valid");
        Step {
            names: path.names().map(OsString::from).collect(),
            path,
            kind,
        }
    }

    fn put(path: &str, expected: Option<&str>) -> Step {
        let expected = expected.map(|text| leaf(Kind::File, text));
        step(
            path,
            StepKind::Write {
                leaf: leaf(Kind::File, "new"),
                private: false,
                expected,
            },
        )
    }

    fn run(root: &Path, steps: &[Step], bytes: &str) -> Vec<StepOutcome> {
        run_with(root, steps, bytes, &hash)
    }

    fn run_with(
        root: &Path,
        steps: &[Step],
        bytes: &str,
        hash: &dyn Fn(&[u8]) -> ObjectId,
    ) -> Vec<StepOutcome> {
        let root = HostPath::new(root).expect("absolute");
        let edges = Edges::fixed(0);
        let keep = [".aigon", "a/b"].map(|path| VaultPath::parse(path).expect("valid"));
        let target = Target {
            root: &root,
            keep: &keep,
            content: &|_| Ok(Box::new(bytes.as_bytes())),
            hash: &|from, _| {
                let mut bytes = Vec::new();
                from.read_to_end(&mut bytes)?;
                Ok(hash(&bytes))
            },
            random: edges.random.as_ref(),
        };
        apply(&target, steps).expect("no fault of the disk")
    }

    fn delete(path: &str) -> Step {
        let expected = leaf(Kind::File, "old");
        step(path, StepKind::Delete { expected })
    }

    /// A hash that edits a file when `text` is hashed for the first time: right after the last look.
    fn editing<'a>(
        path: &'a Path,
        text: &'a str,
        edit: &'a str,
    ) -> impl Fn(&[u8]) -> ObjectId + 'a {
        let done = Cell::new(false);
        move |bytes| {
            if bytes == text.as_bytes() && !done.replace(true) {
                fs::write(path, edit).expect("edited");
            }
            hash(bytes)
        }
    }

    fn files(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("listed").flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_edit_between_the_look_and_the_rename_is_kept() {
        for (kind, bytes) in [(put("x", Some("old")), "new"), (delete("x"), "")] {
            let dir = tempfile::tempdir().expect("a temp dir");
            let path = dir.path().join("x");
            fs::write(&path, "old").expect("written");
            let hash = editing(&path, "old", "edit");
            let outcomes = run_with(dir.path(), &[kind], bytes, &hash);
            assert_eq!(outcomes, [Kept(WhyKept::Changed)]);
            assert_eq!(fs::read_to_string(&path).expect("there"), "edit");
            assert_eq!(files(dir.path()), ["x"]);
        }
    }

    #[test]
    fn of_two_edits_in_that_moment_both_are_kept() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("x");
        fs::write(&path, "old").expect("written");
        let first = editing(&path, "old", "edit");
        let second = editing(&path, "edit", "another");
        let hash = |bytes: &[u8]| {
            second(bytes);
            first(bytes)
        };
        let outcomes = run_with(dir.path(), &[put("x", Some("old"))], "new", &hash);
        assert_eq!(outcomes, [Kept(WhyKept::Changed)]);
        let names = files(dir.path());
        assert_eq!(names.len(), 2);
        let text = |name: &str| fs::read_to_string(dir.path().join(name)).expect("there");
        assert_eq!(
            (text("x"), text(&names[1])),
            ("edit".into(), "another".into())
        );
    }

    #[test]
    fn of_two_names_that_a_disk_takes_for_one_the_first_stays() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::create_dir(dir.path().join("d")).expect("made");
        fs::write(dir.path().join("x"), "old").expect("written");
        let path = HostPath::new(dir.path()).expect("absolute");
        let edges = Edges::fixed(0);
        let target = Target {
            root: &path,
            keep: &[],
            content: &|_| Ok(Box::new(b"new".as_slice())),
            hash: &|from, _| {
                let mut bytes = Vec::new();
                from.read_to_end(&mut bytes)?;
                Ok(hash(&bytes))
            },
            random: edges.random.as_ref(),
        };
        let mut root = Root::open(dir.path()).expect("open");
        // A disk that has `X` and `D`, and finds them for `x` and `d`.
        root.list = |_| Ok(["X".into(), "D".into()].into());
        let run = Run::new(root, &target);
        let make = step("d", StepKind::MakeDir);
        for step in [
            put("x", None),
            put("x", Some("old")),
            delete("x"),
            make,
            put("d/y", None),
        ] {
            let outcome = run.step(&step).expect("no fault of the disk");
            assert_eq!(outcome, Kept(WhyKept::CaseClash), "{step:?}");
        }
        assert_eq!(
            fs::read_to_string(dir.path().join("x")).expect("there"),
            "old"
        );
        assert_eq!(files(dir.path()), ["d", "x"]);
        assert!(files(&dir.path().join("d")).is_empty());
    }

    #[test]
    fn a_mode_that_changed_is_a_change() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("x");
        fs::write(&path, "old").expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("set");
        for kind in [put("x", Some("old")), delete("x")] {
            let outcomes = run(dir.path(), &[kind], "new");
            assert_eq!(outcomes, [Kept(WhyKept::Changed)]);
        }
    }

    #[test]
    fn a_link_to_nothing_stops_nobody() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let link = StepKind::Write {
            leaf: leaf(Kind::Link, ""),
            private: false,
            expected: None,
        };
        let outcomes = run(dir.path(), &[step("x", link)], "");
        assert_eq!(outcomes, [Kept(WhyKept::NameRefused)]);
    }

    #[test]
    fn only_what_is_as_expected_is_replaced() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::create_dir_all(dir.path().join("a")).expect("made");
        fs::write(dir.path().join("a/same"), "old").expect("written");
        fs::write(dir.path().join("a/edited"), "edited").expect("written");
        fs::write(dir.path().join("a/unexpected"), "mine").expect("written");
        let steps = [
            put("a/same", Some("old")),
            put("a/edited", Some("old")),
            put("a/unexpected", None),
            put("b/c/fresh", None),
        ];
        let outcomes = run(dir.path(), &steps, "new");
        assert_eq!(
            outcomes,
            [Done, Kept(WhyKept::Changed), Kept(WhyKept::Changed), Done]
        );
        let read = |name: &str| fs::read_to_string(dir.path().join(name)).expect("there");
        assert_eq!(
            (
                read("a/same"),
                read("a/edited"),
                read("a/unexpected"),
                read("b/c/fresh")
            ),
            ("new".into(), "edited".into(), "mine".into(), "new".into())
        );
        assert_eq!(
            fs::read_dir(dir.path().join("a")).expect("listed").count(),
            3,
            "no temp files stay"
        );
    }

    #[test]
    fn a_link_on_the_way_is_never_followed() {
        let outside = tempfile::tempdir().expect("a temp dir");
        let dir = tempfile::tempdir().expect("a temp dir");
        symlink(outside.path(), dir.path().join("a")).expect("linked");
        let victim = outside.path().join("victim");
        fs::write(&victim, "old").expect("written");
        let steps = [
            put("a/victim", Some("old")),
            put("a/x", None),
            delete("a/victim"),
        ];
        let outcomes = run(dir.path(), &steps, "new");
        assert_eq!(outcomes, [StepOutcome::Kept(WhyKept::NotADirectory); 3]);
        assert_eq!(fs::read_to_string(&victim).expect("there"), "old");
        assert!(!outside.path().join("x").exists());
    }

    #[test]
    fn a_link_may_not_lead_out_of_the_project() {
        let dir = tempfile::tempdir().expect("a temp dir");
        for (target, outcome) in [
            ("../../etc/passwd", StepOutcome::Kept(WhyKept::LinkLeaves)),
            ("/etc/passwd", StepOutcome::Kept(WhyKept::LinkLeaves)),
            ("b/../../../x", StepOutcome::Kept(WhyKept::LinkLeaves)),
            ("../sibling", StepOutcome::Done),
        ] {
            let link = StepKind::Write {
                leaf: leaf(Kind::Link, target),
                private: false,
                expected: None,
            };
            fs::remove_file(dir.path().join("a/link")).ok();
            assert_eq!(
                run(dir.path(), &[step("a/link", link)], target),
                [outcome],
                "{target}"
            );
        }
    }

    #[test]
    fn an_emptied_directory_goes_and_the_state_directory_stays() {
        let dir = tempfile::tempdir().expect("a temp dir");
        for (root, path) in [(".aigon", "deep/er/x"), ("a/b", "c/x"), ("a/b", "x")] {
            let file = dir.path().join(root).join(path);
            fs::create_dir_all(file.parent().expect("it has one")).expect("made");
            fs::write(file, "old").expect("written");
            let delete = delete(&format!("{root}/{path}"));
            assert_eq!(run(dir.path(), &[delete], ""), [Done]);
            assert!(files(&dir.path().join(root)).is_empty(), "{root}/{path}");
        }
    }

    #[test]
    fn modes_are_as_asked() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let write = |kind, private| StepKind::Write {
            leaf: leaf(kind, "new"),
            private,
            expected: None,
        };
        let steps = [
            step("a/plain", write(Kind::File, false)),
            step("a/private", write(Kind::File, true)),
            step("a/run", write(Kind::Exec, false)),
        ];
        assert_eq!(run(dir.path(), &steps, "new"), [StepOutcome::Done; 3]);
        let mode = |name: &str| {
            fs::metadata(dir.path().join(name))
                .expect("there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode("a/plain"), mode("a/private"), mode("a/run")),
            (0o644, 0o600, 0o755)
        );
    }
}
