//! Steps on a disk: temp files beside their places, made durable together, and then one after the
//! other a last look at the place, a rename, and a look at what the rename brought out.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;

use crate::base::{Leaf, Stat, TEMP_PREFIX};

use super::RestoreError;
use super::append::append;
use super::beside;
use super::durable::Durable;
use super::emptied::remove_emptied;
use super::group::{Beside, Group, Waiting};
use super::judge::Judge;
use super::kept::{Fault, StepOutcome, WhyKept, unread};
use super::place::{Place, Root};
use super::repository::Repositories;
use super::seen::{Reached, Spot};
use super::step::{Step, StepKind, Target};
use super::taken::taken_name;

/// So much is written at once.
const BLOCK: usize = 64 * 1024;

/// Carries the steps out; outcomes come in the order of the steps. A fault of the disk (full, gone)
/// ends it: what was done is whole, what was not is untouched. The names that were given are durable
/// once the whole run says so, and nobody may build on them before.
pub fn apply(
    target: &Target<'_>,
    steps: &[Step],
    durable: &Durable,
) -> Result<Vec<StepOutcome>, RestoreError> {
    let root = Root::open(target.root.as_path());
    let root = root.map_err(|source| target.fault("open", None, source))?;
    let run = Run::new(root, durable, target);
    let outcomes = run.all(steps)?;
    remove_emptied(target, steps, &outcomes, |names| run.remove_dir(names));
    Ok(outcomes)
}

struct Run<'r, 't> {
    root: Root,
    durable: &'r Durable,
    target: &'r Target<'t>,
    block: RefCell<Vec<u8>>,
}

impl<'r, 't> Run<'r, 't> {
    fn new(root: Root, durable: &'r Durable, target: &'r Target<'t>) -> Self {
        let block = RefCell::new(vec![0; BLOCK]);
        Self {
            root,
            durable,
            target,
            block,
        }
    }

    fn all(&self, steps: &[Step]) -> Result<Vec<StepOutcome>, RestoreError> {
        let mut outcomes = vec![StepOutcome::Already; steps.len()];
        let mut group = Group::default();
        let done = self.each(steps, &mut group, &mut outcomes);
        // After a fault too: the next run believes what it finds here.
        let closed = self.close(&mut group);
        done.and(closed)?;
        Ok(outcomes)
    }

    /// In the order of the steps, but that files wait for each other to be durable.
    fn each<'s>(
        &self,
        steps: &'s [Step],
        group: &mut Group<'s>,
        outcomes: &mut [StepOutcome],
    ) -> Result<(), RestoreError> {
        let repositories = Repositories::made(&self.root, steps);
        for (number, step) in steps.iter().enumerate() {
            if repositories.take(step) {
                outcomes[number] = StepOutcome::Kept(WhyKept::Repository);
                continue;
            }
            let writes = matches!(step.kind, StepKind::Write { .. });
            if group.is_full() || (group.is_waiting() && !writes) {
                self.land_all(group, outcomes)?;
            }
            let mut attempt = self.attempt((number, step), group);
            if group.is_waiting() && attempt.as_ref().is_err_and(Fault::is_of_room) {
                // What waits takes room twice, until it has the place of what was there.
                self.land_all(group, outcomes)?;
                attempt = self.attempt((number, step), group);
            }
            if let Some(outcome) = self.told(step, attempt)? {
                outcomes[number] = outcome;
            }
        }
        self.land_all(group, outcomes)
    }

    fn land_all(
        &self,
        group: &mut Group<'_>,
        outcomes: &mut [StepOutcome],
    ) -> Result<(), RestoreError> {
        let written = group.written(self.durable);
        for waiting in written.map_err(|fault| self.target.fault("write", None, fault))? {
            let (number, step) = (waiting.number, waiting.step);
            let landed = self.land(waiting).map(Some);
            if let Some(outcome) = self.told(step, landed)? {
                outcomes[number] = outcome;
            }
        }
        self.close(group)
    }

    fn close(&self, group: &mut Group<'_>) -> Result<(), RestoreError> {
        let closed = group.close(self.durable);
        closed.map_err(|fault| self.target.fault("write", None, fault))
    }

    /// A fault of one path is an outcome.
    fn told(
        &self,
        step: &Step,
        attempt: Result<Option<StepOutcome>, Fault>,
    ) -> Result<Option<StepOutcome>, RestoreError> {
        attempt.or_else(|fault| {
            let why = fault.why_kept(|source| self.target.fault("write", Some(step), source))?;
            Ok(Some(StepOutcome::Kept(why)))
        })
    }

    /// What becomes of a step; nothing yet of a file that waits.
    fn attempt<'s>(
        &self,
        (number, step): (usize, &'s Step),
        group: &mut Group<'s>,
    ) -> Result<Option<StepOutcome>, Fault> {
        let reached = match step.kind {
            StepKind::Write { .. } => group.reach(&self.root, step, Some(self.durable))?,
            StepKind::Delete { .. } => group.reach(&self.root, step, None)?,
            StepKind::MakeDir => self.root.reach(&step.names, Some(self.durable))?,
            StepKind::Append { .. } | StepKind::RemoveDir | StepKind::Private(_) => {
                self.root.reach(&step.names, None)?
            }
        };
        let place = match step.at(reached) {
            Ok(place) => place,
            Err(outcome) => return Ok(Some(outcome)),
        };
        let outcome = match &step.kind {
            StepKind::Write { .. } => {
                group.wait(self.write_beside((number, step), place)?);
                return Ok(None);
            }
            StepKind::Append { .. } => self.append(step, &place)?,
            StepKind::Delete { expected } => self.delete(step, &place, *expected)?,
            StepKind::MakeDir => self.make_dir(step, &place)?,
            StepKind::RemoveDir => beside::done(self.remove(&place)?),
            StepKind::Private(private) => beside::set_private(&place, *private)?,
        };
        Ok(Some(outcome))
    }

    fn write_beside<'s>(
        &self,
        (number, step): (usize, &'s Step),
        place: Place,
    ) -> Result<Waiting<'s>, Fault> {
        let mut content = (self.target.content)(step)?;
        let temp = OsString::from(format!("{TEMP_PREFIX}{:016x}", self.chance()?));
        let mut waiting = Waiting {
            number,
            step,
            beside: Beside::new(place, temp),
            head: Vec::new(),
            bytes: 0,
        };
        let is_link = step.kind.makes_link();
        let read = (&mut content)
            .take(step.kind.head())
            .read_to_end(&mut waiting.head);
        read.map_err(unread)?;
        if !is_link {
            let mut content = waiting.head.as_slice().chain(content);
            waiting.bytes = self.write_temp(&waiting, &mut content)?;
        } else if !waiting.head.is_empty() {
            let target = OsStr::from_bytes(&waiting.head);
            let Beside { place, temp, .. } = &waiting.beside;
            place.link_beside(temp, target)?;
        }
        Ok(waiting)
    }

    fn write_temp(&self, waiting: &Waiting<'_>, content: &mut dyn Read) -> Result<u64, Fault> {
        let Beside { place, temp, .. } = &waiting.beside;
        let mut file = place.create_beside(temp, waiting.step.kind.mode())?;
        let mut block = self.block.borrow_mut();
        let mut bytes = 0;
        loop {
            match content.read(&mut block) {
                Ok(0) => break,
                Ok(got) => {
                    file.write_all(&block[..got])?;
                    bytes += got as u64;
                }
                Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
                Err(fault) => return Err(unread(fault).into()),
            }
        }
        if waiting.step.kind.expected().is_none() {
            beside::set_time(&file, self.target.mtime_ns)?;
        }
        self.durable.file(&file)?;
        Ok(bytes)
    }

    /// Gives a file that is durable its name, if nothing speaks against it.
    fn land(&self, mut waiting: Waiting<'_>) -> Result<StepOutcome, Fault> {
        let (step, head) = (waiting.step, &waiting.head);
        let Beside { place, temp, .. } = &waiting.beside;
        let head = || Ok::<_, Fault>(head.clone());
        if let Some(why) = self.judge().of_content(step, place, head)? {
            return Ok(StepOutcome::Kept(why));
        }
        let outcome = match step.kind.expected() {
            None => self.add(step, place, temp)?,
            Some(expected) => self.replace(step, place, temp, expected)?,
        };
        if outcome == StepOutcome::Done {
            self.tell_of_new(&waiting);
            waiting.beside.landed = true;
        }
        Ok(outcome)
    }

    /// What has our time is still what we wrote: whoever writes to it gives it another one.
    fn tell_of_new(&self, waiting: &Waiting<'_>) {
        let Place { dir, name } = &waiting.beside.place;
        let is_ours = |stat: &Stat| {
            stat.mtime_ns == self.target.mtime_ns && stat.size == waiting.bytes && stat.is_file()
        };
        if let Ok(stat) = Stat::at(dir, name)
            && is_ours(&stat)
        {
            (self.target.landed)(waiting.step, stat);
        }
    }

    fn add(&self, step: &Step, place: &Place, temp: &OsStr) -> Result<StepOutcome, Fault> {
        if place.rename_new(temp, &place.name)? {
            return Ok(StepOutcome::Done);
        }
        let why = self.judge().of_new(place, &step.names)?;
        // It may be gone by now.
        Ok(StepOutcome::Kept(why.unwrap_or(WhyKept::Changed)))
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
        if let Some(why) = self.judge().of_known(place, &step.names, expected)? {
            return Ok(StepOutcome::Kept(why));
        }
        let taken = taken_name(&place.name, self.chance()?);
        place.rename_beside(temp, &taken)?;
        match place.exchange(&taken) {
            Ok(true) => {}
            // This file system cannot: then the look above was the last one.
            Ok(false) => {
                place.rename_beside(&taken, &place.name)?;
                return Ok(StepOutcome::Done);
            }
            Err(fault) => {
                place.unlink_beside(&taken);
                return Err(fault.into());
            }
        }
        let Some(why) = self.judge().differs(place, &taken, expected)? else {
            place.unlink_beside(&taken);
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

    /// A log grows where it stands. What another program added in that moment stays: then the file is
    /// not what was meant, and that is said.
    fn append(&self, step: &Step, place: &Place) -> Result<StepOutcome, Fault> {
        let StepKind::Append {
            leaf,
            expected,
            from,
        } = step.kind
        else {
            return Ok(StepOutcome::Already);
        };
        if let Some(why) = self.judge().of_known(place, &step.names, expected)? {
            return Ok(StepOutcome::Kept(why));
        }
        let mut content = (self.target.content)(step)?;
        append(place, &mut content, from)?;
        let why = self.judge().differs(place, &place.name, leaf)?;
        Ok(why.map_or(StepOutcome::Done, StepOutcome::Kept))
    }

    /// What is deleted leaves its place first, so that what is looked at last is what goes.
    fn delete(&self, step: &Step, place: &Place, expected: Leaf) -> Result<StepOutcome, Fault> {
        if let Some(why) = self.judge().of_known(place, &step.names, expected)? {
            return Ok(StepOutcome::Kept(why));
        }
        let taken = taken_name(&place.name, self.chance()?);
        place.rename_beside(&place.name, &taken)?;
        if let Some(why) = self.judge().differs(place, &taken, expected)? {
            place.give_back(&taken)?;
            return Ok(StepOutcome::Kept(why));
        }
        place.unlink_beside(&taken);
        Ok(StepOutcome::Done)
    }

    fn chance(&self) -> Result<u64, Fault> {
        let mut chance = [0; 8];
        self.target
            .random
            .fill(&mut chance)
            .map_err(RestoreError::from)?;
        Ok(u64::from_be_bytes(chance))
    }

    fn make_dir(&self, step: &Step, place: &Place) -> Result<StepOutcome, Fault> {
        let outcome = beside::dir_to_make(&self.root, &step.names, place)?;
        if outcome == StepOutcome::Done {
            place.make_dir()?;
            self.durable.dir(&place.dir)?;
        }
        Ok(outcome)
    }

    /// Removes an empty directory; says whether it was one.
    fn remove(&self, place: &Place) -> io::Result<bool> {
        let is_removed = place.remove_dir()?;
        if is_removed {
            self.durable.dir(&place.dir)?;
        }
        Ok(is_removed)
    }

    fn remove_dir(&self, names: &[OsString]) -> bool {
        let reached = self.root.reach(names, None);
        reached.is_ok_and(|reached| {
            matches!(reached, Reached::Place(place) if self.remove(&place).unwrap_or(false))
        })
    }

    fn judge(&self) -> Judge<'_, Root> {
        Judge {
            disk: &self.root,
            hash: self.target.hash,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StepOutcome::{Done, Kept};
    use super::*;
    use crate::base::{Edges, HostPath, Kind, ObjectId, StoreError, VaultPath};
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
            mtime_ns: 0,
            landed: &|_, _| (),
        };
        apply(&target, steps, &Durable::new(steps.len())).expect("no fault of the disk")
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
    fn a_log_grows_only_from_what_it_was_and_what_comes_between_stays() {
        let grow = || {
            let (new, old) = (leaf(Kind::File, "old new"), leaf(Kind::File, "old"));
            step(
                "x",
                StepKind::Append {
                    leaf: new,
                    expected: old,
                    from: 3,
                },
            )
        };
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = dir.path().join("x");
        let (text, told) = ("old new", |outcome: &[StepOutcome]| outcome[0]);
        assert_eq!(
            told(&run(dir.path(), &[grow()], text)),
            Kept(WhyKept::Changed)
        );
        for (before, edit, outcome, after) in [
            ("old", "", Done, "old new"),
            ("edit", "", Kept(WhyKept::Changed), "edit"),
            ("old", "old, edit", Kept(WhyKept::Changed), "old, edit new"),
        ] {
            fs::write(&path, before).expect("written");
            let hash = editing(&path, if edit.is_empty() { "none" } else { "old" }, edit);
            assert_eq!(told(&run_with(dir.path(), &[grow()], text, &hash)), outcome);
            assert_eq!(fs::read_to_string(&path).expect("there"), after);
        }
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
            mtime_ns: 0,
            landed: &|_, _| (),
        };
        let mut root = Root::open(dir.path()).expect("open");
        // A disk that has `X` and `D`, and finds them for `x` and `d`.
        root.list = |_| Ok(["X".into(), "D".into()].into());
        let durable = Durable::new(5);
        let run = Run::new(root, &durable, &target);
        let make = step("d", StepKind::MakeDir);
        let steps = [
            put("x", None),
            put("x", Some("old")),
            delete("x"),
            make,
            put("d/y", None),
        ];
        let outcomes = run.all(&steps).expect("no fault of the disk");
        assert_eq!(outcomes, [Kept(WhyKept::CaseClash); 5]);
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

    /// What becomes of steps when each path has bytes of its own.
    fn run_of(
        root: &Path,
        steps: &[Step],
        bytes: &dyn Fn(&Step) -> Result<Vec<u8>, RestoreError>,
    ) -> Result<Vec<StepOutcome>, RestoreError> {
        let root = HostPath::new(root).expect("absolute");
        let edges = Edges::fixed(0);
        let target = Target {
            root: &root,
            keep: &[],
            content: &|step| Ok(Box::new(io::Cursor::new(bytes(step)?))),
            hash: &|from, _| {
                let mut bytes = Vec::new();
                from.read_to_end(&mut bytes)?;
                Ok(hash(&bytes))
            },
            random: edges.random.as_ref(),
            mtime_ns: 0,
            landed: &|_, _| (),
        };
        apply(&target, steps, &Durable::new(steps.len()))
    }

    #[test]
    fn more_files_than_wait_together_all_land() {
        let dir = tempfile::tempdir().expect("a temp dir");
        fs::create_dir(dir.path().join("3")).expect("made");
        fs::write(dir.path().join("3/103"), "mine").expect("written");
        let path = |number: usize| format!("{}/{number}", number % 25);
        let steps: Vec<_> = (0..1_100).map(|number| put(&path(number), None)).collect();
        let text = |step: &Step| Ok(step.path.to_string().into_bytes());
        let outcomes = run_of(dir.path(), &steps, &text).expect("no fault of the disk");
        for (number, outcome) in outcomes.into_iter().enumerate() {
            let there = fs::read_to_string(dir.path().join(path(number))).expect("there");
            if number == 103 {
                assert_eq!((outcome, there), (Kept(WhyKept::Changed), "mine".into()));
            } else {
                assert_eq!((outcome, there), (Done, path(number)));
            }
        }
        assert_eq!(files(&dir.path().join("0")).len(), 44, "no temp files stay");
    }

    #[test]
    fn no_file_has_its_name_before_all_that_wait_with_it_are_written() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let seen = Cell::new(0);
        let steps = ["a", "b", "c"].map(|path| put(path, None));
        let text = |step: &Step| {
            let names = files(dir.path());
            assert!(names.iter().all(|name| name.starts_with(TEMP_PREFIX)));
            seen.set(seen.get() + names.len());
            Ok(step.path.to_string().into_bytes())
        };
        let outcomes = run_of(dir.path(), &steps, &text).expect("no fault of the disk");
        assert_eq!((outcomes.as_slice(), seen.get()), ([Done; 3].as_slice(), 3));
        assert_eq!(files(dir.path()), ["a", "b", "c"]);
    }

    #[test]
    fn a_directory_is_durable_with_all_those_above_it() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let root = HostPath::new(dir.path()).expect("absolute");
        let edges = Edges::fixed(0);
        let target = Target {
            root: &root,
            keep: &[],
            content: &|_| Ok(Box::new(b"new".as_slice())),
            hash: &|_, _| Ok(hash(b"")),
            random: edges.random.as_ref(),
            mtime_ns: 0,
            landed: &|_, _| (),
        };
        let durable = Durable::new(2);
        let steps = [put("a/b/x", None), step("c/d", StepKind::MakeDir)];
        apply(&target, &steps, &durable).expect("no fault of the disk");
        for path in ["", "a", "a/b", "c"] {
            assert!(durable.was_asked_for(&dir.path().join(path)), "{path}");
        }
        let steps = [step("c/d", StepKind::RemoveDir)];
        let durable = Durable::new(1);
        apply(&target, &steps, &durable).expect("no fault of the disk");
        assert!(durable.was_asked_for(&dir.path().join("c")));
    }

    #[test]
    fn a_fault_leaves_no_temp_file_and_no_half_group() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let steps = ["a", "b", "c"].map(|path| put(path, None));
        let text = |step: &Step| match step.path.to_string().as_str() {
            "c" => Err(StoreError::Failed("gone".into()).into()),
            path => Ok(path.as_bytes().to_vec()),
        };
        assert!(run_of(dir.path(), &steps, &text).is_err());
        assert!(files(dir.path()).is_empty());
    }

    #[test]
    fn a_log_that_comes_with_its_database_stays_out() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let steps = ["x.db", "x.db-wal"].map(|path| put(path, None));
        let text = |_: &Step| Ok(b"SQLite format 3\0 and so on".to_vec());
        let outcomes = run_of(dir.path(), &steps, &text).expect("no fault of the disk");
        assert_eq!(outcomes, [Done, Kept(WhyKept::BesideDatabase)]);
        assert_eq!(files(dir.path()), ["x.db"]);
    }
}
