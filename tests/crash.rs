//! Runs that are killed: the plain next run succeeds, nothing is lost, and nothing half-done stays.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::kit::{
    Machine, Ran, Rng, Sandbox, Started, commits, fsck, git, git_takes_all, is_linear, scale, seed,
    tree,
};

const URL: &str = "https://git.example.com/team/api.git";
/// How long git may go on by itself after the program that started it was killed. The housekeeping
/// that a push sets off in the remote is among that, and takes its time.
const AFTERLIFE: Duration = Duration::from_mins(2);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Git {
    Installed,
    Missing,
}

/// A remote, and machines that have one project in common.
pub(crate) struct Place {
    pub(crate) sandbox: Sandbox,
    pub(crate) bare: PathBuf,
    /// What was written so far and should be in the vault, by path in the project.
    written: BTreeMap<String, Vec<u8>>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        fs::create_dir(sandbox.path().join("no-programs")).expect("the sandbox takes a directory");
        Self {
            sandbox,
            bare,
            written: BTreeMap::new(),
        }
    }

    /// A machine with the project, not yet connected.
    fn unconnected(&self, name: &str, has_git: Git) -> Machine {
        let mut machine = self.sandbox.machine(name);
        if has_git == Git::Missing {
            machine.env("PATH", self.sandbox.path().join("no-programs"));
        } else {
            git_takes_all(&self.bare);
        }
        let project = machine.checkout("api", URL);
        fs::create_dir(project.join(".aigon")).expect("the project takes a directory");
        machine.ok(&["project", "add", utf8(&project)]);
        machine
    }

    pub(crate) fn machine(&self, name: &str, has_git: Git) -> Machine {
        let machine = self.unconnected(name, has_git);
        machine.ok(&["backup", "configure", utf8(&self.bare)]);
        machine
    }

    /// A place with a machine that pushed its work once.
    fn begun(has_git: Git) -> (Self, Machine) {
        let mut place = Self::new();
        let machine = place.machine("laptop", has_git);
        place.work(&machine, "laptop", &mut seed(1));
        machine.ok(&["backup", "push"]);
        (place, machine)
    }

    pub(crate) fn write(&mut self, machine: &Machine, path: String, bytes: Vec<u8>) {
        machine.write(format!("code/api/{path}"), &bytes);
        self.written.insert(path, bytes);
    }

    /// A few files, some new and some changed, some of a size that takes time.
    fn work(&mut self, machine: &Machine, who: &str, rng: &mut Rng) {
        for _ in 0..rng.between(1, 6) {
            let path = format!(".aigon/{who}/{}/{:02}.md", rng.below(3), rng.below(40));
            let length = [60, 3_000, 200_000][rng.below(3)];
            let bytes = text(rng, length);
            self.write(machine, path, bytes);
        }
    }

    /// Whatever was written is in the vault, and its history is one line in which every commit says
    /// something.
    pub(crate) fn holds_all(&self, what: &str) {
        let list = git(
            &["ls-tree", "-r", "-z", "refs/heads/main:projects/api"],
            &self.bare,
        );
        let ids: BTreeMap<&str, &str> = list
            .split_terminator('\0')
            .filter_map(|line| {
                let (meta, path) = line.split_once('\t')?;
                Some((path, meta.rsplit(' ').next()?))
            })
            .collect();
        for (path, bytes) in &self.written {
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, bytes).expect("it has an id");
            let found = ids.get(path.as_str()).copied();
            assert_eq!(found, Some(id.to_string().as_str()), "{path} {what}");
        }
    }

    /// The dearer look: for the end, and now and then before.
    pub(crate) fn is_sound(&self, machines: usize, what: &str) {
        assert!(is_linear(&self.bare), "{what}: the history is not one line");
        fsck(&self.bare);
        let trees = git(&["log", "--format=%T", "refs/heads/main"], &self.bare);
        let trees: Vec<&str> = trees.lines().collect();
        assert!(
            trees.windows(2).all(|pair| pair[0] != pair[1]),
            "{what}: a commit says nothing"
        );
        let records = git(
            &["ls-tree", "--name-only", "refs/heads/main:machines"],
            &self.bare,
        );
        assert_eq!(records.lines().count(), machines, "{what}: {records}");
    }

    /// Nothing half-done lies anywhere: in the machine's home, its projects, the remote.
    pub(crate) fn is_tidy(&self, machine: &Machine, what: &str) {
        let until = Instant::now() + AFTERLIFE;
        let left = loop {
            let mut left = strays(&machine.home);
            left.extend(strays(&self.bare));
            // The remote's own housekeeping holds a lock for a moment.
            if left.is_empty() || !git_works_in(&self.bare) || Instant::now() > until {
                break left;
            }
            thread::sleep(Duration::from_millis(20));
        };
        assert!(left.is_empty(), "{what} left {left:#?}");
    }
}

pub(crate) fn utf8(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

/// Text that packs badly, so that it takes time on its way.
pub(crate) fn text(rng: &mut Rng, length: usize) -> Vec<u8> {
    let mut bytes = rng.bytes(length);
    for byte in &mut bytes {
        *byte = b'a' + *byte % 26;
    }
    bytes.push(b'\n');
    bytes
}

/// Files in the making, quarantines, and locks that are held by nobody. The locks of holdall itself
/// stay as files and are held by the system's lock on them; what stands in `run.lock` is the sign
/// that something still has to be cleared away.
fn strays(dir: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).into_iter().flatten();
    entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy();
            let was_let_go = || entry.metadata().is_ok_and(|meta| meta.len() == 0);
            let stays = [
                "projects.json.lock",
                "this-machine.json.lock",
                "tasks.db.lock",
            ];
            let is_free = stays.contains(&&*name) || (name == "run.lock" && was_let_go());
            (name.ends_with(".lock") && !is_free)
                || ["tmp_", ".holdall-tmp-", "incoming-", ".tmp-"]
                    .iter()
                    .any(|start| name.starts_with(start))
                || name.contains("_git2_")
        })
        .map(walkdir::DirEntry::into_path)
        .collect()
}

/// Whether some process stands in this directory or was started for it. Where this cannot be seen,
/// a moment is waited instead.
fn git_works_in(bare: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else {
        thread::sleep(Duration::from_millis(500));
        return false;
    };
    processes.flatten().any(|process| {
        let process = process.path();
        let stands_here = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(bare));
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        stands_here || (line.contains("receive-pack") && line.contains(utf8(bare)))
    })
}

/// Kills a run after a part of the time that it usually takes; what git it had started ends by
/// itself. Whether it was in time.
pub(crate) fn kill_after(run: Started, pause: Duration, bare: &Path) -> bool {
    thread::sleep(pause);
    let was_killed = run.kill_9().code == 137;
    wait_for_git(bare);
    was_killed
}

fn wait_for_git(bare: &Path) {
    let until = Instant::now() + AFTERLIFE;
    while git_works_in(bare) {
        assert!(Instant::now() < until, "git does not end by itself");
        thread::sleep(Duration::from_millis(5));
    }
}

/// How long a run takes that is left alone.
pub(crate) fn usual(run: impl FnOnce()) -> Duration {
    let since = Instant::now();
    run();
    since.elapsed()
}

/// From nothing to a fifth more than all of it.
pub(crate) fn part_of(usual: Duration, rng: &mut Rng) -> Duration {
    usual.mul_f64(f64::from(u32::try_from(rng.below(1_200)).expect("it is small")) / 1_000.0)
}

/// Pushes are killed. Now and then the run after it too, and now and then another machine was there
/// in between.
fn kill_pushes(kills: usize, has_git: Git) {
    let mut place = Place::new();
    let machine = place.machine("laptop", has_git);
    let other = place.machine("desktop", has_git);
    for (who, name) in [(&machine, "laptop"), (&other, "desktop")] {
        place.work(who, name, &mut seed(0));
        who.ok(&["backup", "push"]);
    }
    place.work(&machine, "laptop", &mut seed(1));
    let mut usually = usual(|| drop(machine.ok(&["backup", "push"])));
    let mut killed = 0;
    for number in 0..kills {
        let what = format!("after kill {number}");
        let mut rng = seed(1_000 + number as u64);
        place.work(&machine, "laptop", &mut rng);
        for _ in 0..[1, 1, 1, 2, 3][rng.below(5)] {
            let run = machine.spawn(&["backup", "push"]);
            killed += usize::from(kill_after(run, part_of(usually, &mut rng), &place.bare));
        }
        if rng.below(3) == 0 {
            place.work(&other, "desktop", &mut rng);
            other.ok(&["backup", "push"]);
        }
        if rng.below(2) == 0 {
            place.work(&machine, "laptop", &mut rng);
        }
        usually = (usually + usual(|| drop(machine.ok(&["backup", "push"])))) / 2;
        place.is_tidy(&machine, &what);
        place.holds_all(&what);
        if number % 10 == 0 {
            place.is_sound(2, &what);
        }
    }
    assert!(
        killed * 3 >= kills,
        "only {killed} of {kills} kills were in time"
    );
    place.is_sound(2, "in the end");
    for who in [&other, &machine] {
        who.ok(&["backup", "pull"]);
        assert!(state_of(who) == place.written, "a disk has not all of it");
    }
}

/// The project's state on a machine, by path in the project.
fn state_of(machine: &Machine) -> BTreeMap<String, Vec<u8>> {
    let files = tree(&machine.home.join("code/api/.aigon")).into_iter();
    files
        .map(|(path, bytes)| (format!(".aigon/{path}"), bytes))
        .collect()
}

#[test]
fn a_killed_push_is_mended_by_the_next() {
    kill_pushes(scale(100), Git::Installed);
}

#[test]
fn a_killed_push_without_git_is_mended_by_the_next() {
    kill_pushes(scale(100), Git::Missing);
}

#[test]
fn a_killed_pull_is_mended_by_the_next() {
    let mut place = Place::new();
    let from = place.machine("laptop", Git::Installed);
    let to = place.machine("desktop", Git::Installed);
    let mut killed = 0;
    let mut usually = None;
    let kills = scale(100);
    for number in 0..=kills {
        let what = format!("after kill {number}");
        let mut rng = seed(2_000 + number as u64);
        let before = place.written.clone();
        for _ in 0..60 {
            let path = format!(".aigon/{}/{:02}.md", rng.below(4), rng.below(40));
            let length = rng.between(10, 40_000);
            let bytes = text(&mut rng, length);
            place.write(&from, path, bytes);
        }
        from.ok(&["backup", "push"]);
        // The first pull of all is left alone, and timed.
        if let Some(usually) = usually {
            let run = to.spawn(&["backup", "pull"]);
            killed += usize::from(kill_after(run, part_of(usually, &mut rng), &place.bare));
            let mut now = state_of(&to);
            now.retain(|path, _| !path.contains("/.holdall-tmp-"));
            for (path, bytes) in &now {
                let is_whole = [before.get(path), place.written.get(path)].contains(&Some(bytes));
                assert!(is_whole, "{path} is torn {what}");
            }
            assert!(
                before.keys().all(|path| now.contains_key(path)),
                "{what} a file is gone"
            );
        }
        let took = usual(|| drop(to.ok(&["backup", "pull"])));
        usually = Some(usually.map_or(took, |usually| (usually + took) / 2));
        assert!(state_of(&to) == place.written, "{what} the disks differ");
        place.is_tidy(&to, &what);
    }
    assert!(
        killed * 3 >= kills,
        "only {killed} of {kills} kills were in time"
    );
    let before = commits(&place.bare);
    to.ok(&["backup", "push"]);
    // What came by a pull is nobody's change, killed or not.
    assert_eq!(commits(&place.bare), before);
    place.holds_all("in the end");
    place.is_sound(1, "in the end");
}

/// The very first push, into an empty remote: there is no store yet, and no vault.
fn kill_first_pushes(kills: usize, has_git: Git) {
    let mut usually = None;
    for number in 0..=kills {
        let what = format!("after first kill {number}");
        let mut rng = seed(3_000 + number as u64);
        let mut place = Place::new();
        let machine = place.machine("laptop", has_git);
        place.work(&machine, "laptop", &mut rng);
        if let Some(usually) = usually {
            let run = machine.spawn(&["backup", "push"]);
            kill_after(run, part_of(usually, &mut rng), &place.bare);
        }
        let took = usual(|| drop(machine.ok(&["backup", "push"])));
        usually.get_or_insert(took);
        assert_eq!(commits(&place.bare).len(), 1, "{what}");
        place.is_tidy(&machine, &what);
        place.holds_all(&what);
        place.is_sound(1, &what);
    }
}

#[test]
fn a_killed_first_push_is_mended_by_the_next() {
    kill_first_pushes(scale(50), Git::Installed);
    kill_first_pushes(scale(30), Git::Missing);
}

#[test]
fn a_killed_push_into_the_vault_on_this_machine_is_mended_by_the_next() {
    let mut place = Place::new();
    let machine = place.unconnected("laptop", Git::Missing);
    place.bare = machine.home.join("holdall/data/vault.git");
    place.work(&machine, "laptop", &mut seed(0));
    let mut usually = usual(|| drop(machine.ok(&["backup", "push"])));
    let kills = scale(100);
    for number in 0..kills {
        let what = format!("after kill {number}");
        let mut rng = seed(7_000 + number as u64);
        place.work(&machine, "laptop", &mut rng);
        let run = machine.spawn(&["backup", "push"]);
        kill_after(run, part_of(usually, &mut rng), &place.bare);
        usually = (usually + usual(|| drop(machine.ok(&["backup", "push"])))) / 2;
        place.is_tidy(&machine, &what);
        place.holds_all(&what);
    }
    assert!(commits(&place.bare).len() <= kills + 1);
    place.is_sound(1, "in the end");
}

#[test]
fn a_killed_configure_is_mended_by_the_next() {
    let mut place = Place::new();
    let first = place.machine("laptop", Git::Installed);
    place.work(&first, "laptop", &mut seed(0));
    first.ok(&["backup", "push"]);
    let mut usually = None;
    for number in 0..=scale(50) {
        let what = format!("after configure {number}");
        let mut rng = seed(4_000 + number as u64);
        let machine = place.unconnected(&format!("m{number}"), Git::Installed);
        let configure = ["backup", "configure", utf8(&place.bare)];
        if let Some(usually) = usually {
            kill_after(
                machine.spawn(&configure),
                part_of(usually, &mut rng),
                &place.bare,
            );
        }
        let took = usual(|| drop(machine.ok(&configure)));
        usually.get_or_insert(took);
        let mut left = strays(&machine.home);
        // It says that projects and remote still have to be looked at: only a push or pull does.
        left.retain(|path| !path.ends_with("run.lock"));
        assert!(left.is_empty(), "{what} left {left:#?}");
        machine.ok(&["backup", "pull"]);
        assert!(
            state_of(&machine) == place.written,
            "{what} the disks differ"
        );
        place.is_tidy(&machine, &what);
    }
}

/// A hook of the remote, in place of the one of that name.
fn hook(bare: &Path, name: &str, script: &str) {
    let file = bare.join("hooks").join(name);
    fs::create_dir_all(bare.join("hooks")).expect("the remote takes a directory");
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("the hook can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
}

fn wait_for(file: &Path) {
    let until = Instant::now() + AFTERLIFE;
    while !file.exists() {
        assert!(Instant::now() < until, "{} never came", file.display());
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_lost_reply_is_found_out_and_makes_no_second_commit() {
    for others_push in [false, true] {
        let mut place = Place::new();
        let machine = place.machine("laptop", Git::Installed);
        let other = place.machine("desktop", Git::Installed);
        place.work(&machine, "laptop", &mut seed(1));
        machine.ok(&["backup", "push"]);
        // The ref has moved, and the hook keeps the answer back.
        let held = place.bare.join("held");
        let script = "cat > /dev/null; : > held; for n in $(seq 500); do test -e held || exit 0; sleep 0.02; done";
        hook(&place.bare, "post-receive", script);
        place.work(&machine, "laptop", &mut seed(2));
        let run = machine.spawn(&["backup", "push"]);
        wait_for(&held);
        assert_eq!(run.kill_9().code, 137);
        fs::remove_file(place.bare.join("hooks/post-receive")).expect("it is there");
        fs::remove_file(&held).expect("it is there");
        wait_for_git(&place.bare);
        assert_eq!(commits(&place.bare).len(), 2);
        if others_push {
            place.work(&other, "desktop", &mut seed(3));
            other.ok(&["backup", "push"]);
        }
        let arrived = commits(&place.bare);
        let (code, document) = machine.json(&["backup", "push"]);
        assert_eq!(
            (code, &document["data"]["committed"]),
            (0, &false.into()),
            "{document}"
        );
        assert_eq!(document["data"]["pushed"], true, "{document}");
        assert_eq!(commits(&place.bare), arrived);
        place.is_tidy(&machine, "the lost reply");
        place.holds_all("after a lost reply");
        place.is_sound(1 + usize::from(others_push), "after a lost reply");
    }
}

#[test]
fn a_push_that_arrives_after_its_own_next_run_began_is_no_stranger() {
    let (mut place, machine) = Place::begun(Git::Installed);
    // The first call waits for the second one, which waits until the first one's commit is there.
    let script = r#"tip=$(git rev-parse refs/heads/main)
if mkdir first; then
  for n in $(seq 500); do test -e second && exit 0; sleep 0.02; done
else
  : > second
  for n in $(seq 500); do test "$tip" = "$(git rev-parse refs/heads/main)" || exit 0; sleep 0.02; done
fi"#;
    hook(&place.bare, "pre-receive", script);
    place.work(&machine, "laptop", &mut seed(2));
    let run = machine.spawn(&["backup", "push"]);
    wait_for(&place.bare.join("first"));
    assert_eq!(run.kill_9().code, 137);
    place.work(&machine, "laptop", &mut seed(3));
    let (code, document) = machine.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["attempts"]),
        (0, &2.into()),
        "{document}"
    );
    wait_for_git(&place.bare);
    place.is_tidy(&machine, "the late arrival");
    place.holds_all("after a late arrival");
    // It still is one machine, and it knows its own record.
    place.is_sound(1, "after a late arrival");
}

#[test]
fn what_a_pull_agreed_on_holds_when_an_older_push_arrives_after_it() {
    let mut place = Place::new();
    let machine = place.machine("laptop", Git::Installed);
    let other = place.machine("desktop", Git::Installed);
    for name in ["kept", "shared"] {
        place.write(&machine, format!(".aigon/{name}.md"), b"1\n".to_vec());
    }
    machine.ok(&["backup", "push"]);
    other.ok(&["backup", "pull"]);
    place.write(&other, ".aigon/shared.md".to_owned(), b"2\n".to_vec());
    other.ok(&["backup", "push"]);
    let script = ": > held; for n in $(seq 500); do test -e held || exit 0; sleep 0.02; done";
    hook(&place.bare, "pre-receive", script);
    place.write(&machine, ".aigon/new.md".to_owned(), b"new\n".to_vec());
    let run = machine.spawn(&["backup", "push"]);
    let held = place.bare.join("held");
    wait_for(&held);
    assert_eq!(run.kill_9().code, 137);
    machine.ok(&["backup", "pull"]);
    assert_eq!(machine.read("code/api/.aigon/shared.md"), b"2\n");
    fs::remove_file(place.bare.join("hooks/pre-receive")).expect("it is there");
    fs::remove_file(&held).expect("it is there");
    wait_for_git(&place.bare);
    assert_eq!(commits(&place.bare).len(), 3, "the push has arrived");
    // What the pull wrote is deleted: it must not come back as if it had never been seen here.
    fs::remove_file(machine.home.join("code/api/.aigon/shared.md")).expect("it is there");
    place.written.remove(".aigon/shared.md");
    let (code, document) = machine.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["files"]["removed"]),
        (0, &1.into()),
        "{document}"
    );
    place.is_tidy(&machine, "the late arrival");
    place.holds_all("after a late arrival");
    place.is_sound(2, "after a late arrival");
}

/// As a killed run would have left it: the lock names a holder, and something half-done lies about.
fn pretend_killed(machine: &Machine, leftover: &str) -> PathBuf {
    let holder = r#"{"pid":1,"command":"backup pull","since":"2026-01-01T00:00:00.000Z"}"#;
    machine.write("holdall/data/run.lock", holder);
    machine.write(leftover, "half");
    machine.home.join(leftover)
}

#[test]
fn temp_files_go_wherever_a_killed_run_may_have_left_them() {
    let mut place = Place::new();
    let machine = place.machine("laptop", Git::Installed);
    place.work(&machine, "laptop", &mut seed(1));
    machine.write(".aigon/config.json", "{}\n");
    machine.ok(&["backup", "push"]);
    for leftover in [
        "holdall/.holdall-tmp-a",
        "holdall/data/.holdall-tmp-a",
        "holdall/data/.holdall-tmp-d/HEAD",
        "holdall/state/.holdall-tmp-a",
        "holdall/state/seen/.holdall-tmp-a",
        "holdall/data/vault.git/.holdall-tmp-a",
        "holdall/data/vault.git/objects/pack/.holdall-tmp-a",
        "holdall/data/vault.git/objects/pack/pack_git2_a",
        "holdall/data/vault.git/objects/aa/tmp_object_git2_a",
        "holdall/data/vault.git/refs/holdall/base.lock",
        "code/api/.aigon/laptop/.holdall-tmp-a",
        "code/api/.holdall-tmp-a",
        ".aigon/.holdall-tmp-a",
    ] {
        for command in ["push", "pull"] {
            let left = pretend_killed(&machine, leftover);
            machine.ok(&["backup", command]);
            assert!(!left.exists(), "{leftover} survived a {command}");
            place.is_tidy(&machine, leftover);
        }
    }
}

#[test]
fn a_run_that_cannot_clear_away_leaves_it_to_the_next() {
    let (place, machine) = Place::begun(Git::Installed);
    let left = pretend_killed(&machine, "code/api/.aigon/laptop/.holdall-tmp-a");
    let away = place.sandbox.path().join("away.git");
    fs::rename(&place.bare, &away).expect("the remote can be moved");
    assert_eq!(machine.run(&["backup", "push"]).code, 4);
    fs::rename(&away, &place.bare).expect("the remote can be moved");
    machine.ok(&["backup", "configure", utf8(&place.bare)]);
    assert!(left.exists());
    machine.ok(&["backup", "pull"]);
    place.is_tidy(&machine, "the pull after all that");
}

#[test]
fn a_lock_that_a_killed_push_left_in_the_remote_is_broken() {
    for has_git in [Git::Installed, Git::Missing] {
        let (mut place, machine) = Place::begun(has_git);
        for lock in ["refs/heads/main.lock", "HEAD.lock"] {
            pretend_killed(&machine, "holdall/state/.holdall-tmp-a");
            fs::write(place.bare.join(lock), "").expect("the remote takes a file");
            place.work(&machine, "laptop", &mut seed(2));
            machine.ok(&["backup", "push"]);
            place.is_tidy(&machine, lock);
        }
        place.holds_all("after dead locks");
    }
}

#[test]
fn a_lock_that_another_machine_left_long_ago_stops_nobody() {
    for has_git in [Git::Installed, Git::Missing] {
        let (mut place, machine) = Place::begun(has_git);
        let lock = place.bare.join("refs/heads/main.lock");
        let file = fs::File::create(&lock).expect("the remote takes a file");
        let long_ago = SystemTime::now() - Duration::from_mins(10);
        file.set_modified(long_ago).expect("a time can be set");
        place.work(&machine, "laptop", &mut seed(2));
        machine.ok(&["backup", "push"]);
        place.is_tidy(&machine, "an old lock");
        place.holds_all("after an old lock");
    }
}

#[test]
fn a_lock_that_says_something_else_is_left_to_its_holder() {
    let (mut place, machine) = Place::begun(Git::Installed);
    pretend_killed(&machine, "holdall/state/.holdall-tmp-a");
    let lock = place.bare.join("refs/heads/main.lock");
    // The housekeeping of git would take ours away with its own. One may be at it for an instant.
    for key in ["gc.auto", "maintenance.auto"] {
        git(&["config", key, "0"], &place.bare);
    }
    while fs::File::create_new(&lock).is_err() {
        thread::sleep(Duration::from_millis(10));
    }
    fs::write(&lock, format!("{}\n", "ab".repeat(20))).expect("the remote takes a file");
    place.work(&machine, "laptop", &mut seed(2));
    assert_ne!(machine.run(&["backup", "push"]).code, 0);
    assert!(lock.exists());
    fs::remove_file(&lock).expect("it is there");
    machine.ok(&["backup", "push"]);
    place.holds_all("once the lock was let go");
}

/// A git whose `receive-pack` takes everything, does `more`, and dies without a word on the ref.
fn dying_git(sandbox: &Path, more: &str) -> String {
    let dir = sandbox.join("dying-git");
    let script = format!(
        "#!/bin/sh\n\
         for remote; do :; done\n\
         PATH=${{PATH#*:}}\n\
         case \" $* \" in\n\
         *' receive-pack '*) ;;\n\
         *) exec git \"$@\" ;;\n\
         esac\n\
         git receive-pack --http-backend-info-refs \"$remote\"\n\
         cat > /dev/null\n\
         {more}\n\
         echo 'fatal: the line went dead' >&2\n\
         exit 1\n"
    );
    fs::create_dir_all(&dir).expect("the sandbox takes a directory");
    fs::write(dir.join("git"), script).expect("the sandbox takes a file");
    fs::set_permissions(dir.join("git"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = std::env::var("PATH").expect("tests run with a PATH");
    format!("{}:{path}", utf8(&dir))
}

#[test]
fn a_push_whose_end_nobody_told_is_remembered_as_under_way() {
    for more in [":", "touch \"$remote/refs/heads/main.lock\""] {
        let (mut place, mut machine) = Place::begun(Git::Installed);
        place.work(&machine, "laptop", &mut seed(2));
        machine.env("PATH", dying_git(place.sandbox.path(), more));
        let ran = machine.run(&["backup", "push"]);
        assert_eq!(ran.code, 4, "{ran}");
        assert!(ran.stderr.contains("the line went dead"), "{ran}");
        let sent = machine
            .home
            .join("holdall/data/vault.git/refs/holdall/sent");
        let waiting = fs::read_dir(sent).expect("the store has a list").count();
        assert_eq!(waiting, 1, "it may still arrive");
        fs::remove_file(place.bare.join("refs/heads/main.lock")).ok();
        machine.env(
            "PATH",
            std::env::var("PATH").expect("tests run with a PATH"),
        );
        machine.ok(&["backup", "push"]);
        place.holds_all("after a push that died unheard");
        place.is_sound(1, "after a push that died unheard");
    }
}

#[test]
fn a_lock_is_as_old_as_the_remotes_own_clock_says() {
    let (mut place, machine) = Place::begun(Git::Missing);
    let lock = place.bare.join("refs/heads/main.lock");
    let file = fs::File::create(&lock).expect("the remote takes a file");
    let long_ago = SystemTime::now() - Duration::from_mins(10);
    file.set_modified(long_ago).expect("a time can be set");
    // Where the remote takes no file its clock cannot be asked, and nobody else's counts.
    fs::rename(
        place.bare.join("objects/pack"),
        place.bare.join("objects/aside"),
    )
    .expect("moved");
    fs::write(place.bare.join("objects/pack"), "").expect("the remote takes a file");
    place.work(&machine, "laptop", &mut seed(2));
    assert_ne!(machine.run(&["backup", "push"]).code, 0);
    assert!(lock.exists());
}

#[test]
fn an_edit_that_a_killed_pull_had_in_hand_is_there_again() {
    let mut place = Place::new();
    let machine = place.machine("laptop", Git::Installed);
    place.write(&machine, ".aigon/x".to_owned(), b"known\n".to_vec());
    machine.ok(&["backup", "push"]);
    let taken = |mark: usize, text: &str| {
        let name = format!("code/api/.aigon/.holdall-tmp-taken-{mark:016x}-x");
        machine.write(name, text);
    };
    pretend_killed(&machine, "holdall/state/.holdall-tmp-a");
    taken(1, "known\n");
    taken(2, "an edit\n");
    machine.ok(&["backup", "pull"]);
    place.is_tidy(&machine, "the next pull");
    let kept = format!("code/api/.aigon/x.holdall-kept-{:016x}", 2);
    assert_eq!(machine.read("code/api/.aigon/x"), b"known\n");
    assert_eq!(machine.read(kept), b"an edit\n");
}

/// Runs with files limited to so many blocks: what a full disk is to a writer, short of one.
pub(crate) fn cramped(machine: &mut Machine, blocks: usize, args: &[&str]) -> Ran {
    let program = machine.command(&[]).get_program().to_owned();
    let program = program.to_str().expect("test paths are UTF-8");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let limit = Duration::from_mins(2);
    machine.stand_in("/bin/sh", limit);
    let ran = machine.run(&[&["-c", &script, program], args].concat());
    machine.stand_in(program, limit);
    ran
}

#[test]
fn a_disk_that_takes_no_more_is_an_error_and_loses_nothing() {
    for has_git in [Git::Installed, Git::Missing] {
        let mut place = Place::new();
        let mut machine = place.machine("laptop", has_git);
        let mut other = place.machine("desktop", has_git);
        place.work(&machine, "laptop", &mut seed(0));
        machine.ok(&["backup", "push"]);
        let mut failed = 0;
        for (number, blocks) in [0, 1, 2, 20, 100, 300, 500].into_iter().enumerate() {
            let what = format!("with {blocks} blocks");
            place.work(&machine, "laptop", &mut seed(5_000 + number as u64));
            let big = text(&mut seed(6_000 + number as u64), 200_000);
            place.write(&machine, format!(".aigon/big-{number}.md"), big);
            for (who, command) in [(&mut machine, "push"), (&mut other, "pull")] {
                let ran = cramped(who, blocks, &["backup", command]);
                assert!([0, 1, 4].contains(&ran.code), "{command} {what}: {ran}");
                assert!(
                    ran.code == 0 || ran.stderr.contains("error:"),
                    "{what}: {ran}"
                );
                failed += usize::from(ran.code != 0);
                who.ok(&["backup", command]);
                place.is_tidy(who, &what);
                place.holds_all(&what);
            }
            assert!(state_of(&other) == place.written, "{what} the disks differ");
        }
        assert!(failed > 4, "only {failed} runs met the limit");
        place.is_sound(1, "in the end");
    }
}
