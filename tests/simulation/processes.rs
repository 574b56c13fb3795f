//! Task lists once more, with what the simulation leaves out: real processes that run at once and are
//! killed at any moment, git's own bare repository, and the commands as people type them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use holdall::layout::OpId;

use crate::kit::{Machine, Ran, Rng, Sandbox, fsck, git, scale, seed};

use super::book::{Book, Ops, ops_of};
use super::desk::rows;
use super::{desk, lists, vault};

/// Done, or done and something wants a decision.
const DONE: [i32; 2] = [0, 3];

struct World {
    sandbox: Sandbox,
    bare: PathBuf,
    machines: Vec<Machine>,
    book: Book,
}

impl World {
    fn new(count: usize) -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        let machines = (0..count).map(|m| connected(&sandbox, &format!("m{m}"), &bare));
        let machines = machines.collect();
        let mut world = Self {
            sandbox,
            bare,
            machines,
            book: Book::default(),
        };
        world.noted(|world| drop(world.machines[0].ok(&["task", "add", "The first"])));
        world.machines.iter().for_each(synced);
        world
    }

    fn lists(&self) -> impl Iterator<Item = PathBuf> {
        self.machines.iter().map(list_of)
    }

    fn ops(&self) -> Ops {
        self.lists().flat_map(|list| ops_of(&list)).collect()
    }

    /// Does something, and writes down which ops are new.
    fn noted(&mut self, act: impl FnOnce(&Self)) {
        let (before, there) = (self.ops(), vault::ops(&self.bare));
        act(self);
        let mut after = self.ops();
        // What only the vault had may have come meanwhile, and so may what a remote that was set back
        // lacked and a machine's own copy of it still had.
        after.retain(|id, _| !there.contains(id) && !self.book.has(*id));
        self.book.changed(&before, after).expect("no op twice");
    }

    fn step(&mut self, rng: &mut Rng) {
        let m = rng.below(self.machines.len());
        let other = (m + 1) % self.machines.len();
        match rng.below(20) {
            0..=8 => self.noted(|world| written(&world.machines[m], rng)),
            9..=11 => synced(&self.machines[m]),
            12..=14 => self.noted(|world| world.at_once([m, other], rng)),
            15 | 16 => self.noted(|world| world.killed(m, rng)),
            17 => self.set_back(m, |list| copy_list(&aside(list), list)),
            18 => self.set_back(m, remove_list),
            _ => self.rewound(),
        }
        if rng.below(4) == 0 {
            let list = list_of(&self.machines[m]);
            copy_list(&list, &aside(&list));
        }
    }

    /// Two machines sync, and on one of them somebody writes meanwhile.
    fn at_once(&self, [one, other]: [usize; 2], rng: &mut Rng) {
        let started = [one, other].map(|m| self.machines[m].spawn(&["sync"]));
        written(&self.machines[one], rng);
        for run in started {
            let ran = run.finish();
            assert!(DONE.contains(&ran.code), "{ran}");
        }
    }

    fn killed(&self, m: usize, rng: &mut Rng) {
        let run = match rng.below(3) {
            0 => self.machines[m].spawn(&["task", "add", "Begun and killed"]),
            _ => self.machines[m].spawn(&["sync"]),
        };
        thread::sleep(Duration::from_millis(rng.below(60) as u64));
        run.kill_9();
    }

    /// Copies are destroyed: what is nowhere any more cannot be asked for.
    fn set_back(&mut self, m: usize, change: impl FnOnce(&Path)) {
        change(&list_of(&self.machines[m]));
        let mut anywhere = vault::ops(&self.bare);
        anywhere.extend(self.ops().into_keys());
        self.book.set_back(&anywhere);
    }

    /// The remote is as it was a commit ago.
    fn rewound(&mut self) {
        let count = git(&["rev-list", "--count", "--all"], &self.bare);
        if count.trim().parse::<usize>().is_ok_and(|count| count > 1) {
            // Whoever was killed may have left it: git asks a person to remove it, and holdall does without.
            fs::remove_file(self.bare.join("refs/heads/main.lock")).ok();
            git(&["update-ref", "refs/heads/main", "main~1"], &self.bare);
            self.set_back(0, |_| {});
        }
    }

    /// The plain next runs bring all of them together; a new machine has the same.
    fn judge(&mut self) {
        let fresh = connected(&self.sandbox, "fresh", &self.bare);
        self.machines.push(fresh);
        for _ in 0..3 {
            self.machines.iter().for_each(synced);
        }
        let there = vault::ops(&self.bare);
        self.book
            .is_kept("the vault", &there)
            .expect("all is there");
        let mut digests = BTreeSet::new();
        for list in self.lists() {
            let ops = ops_of(&list);
            self.book
                .is_true("a list", &ops)
                .expect("somebody wrote it");
            let here: BTreeSet<OpId> = ops.keys().copied().collect();
            assert_eq!(here, there, "{}", list.display());
            if list.exists() {
                lists::is_true(&list, &ops).expect("it shows what its ops come to");
                let digest = desk::open(&list).reading().digest();
                digests.insert(digest.expect("it can be read").to_string());
            }
        }
        assert!(digests.len() <= 1, "{digests:?}");
        fsck(&self.bare);
    }
}

fn connected(sandbox: &Sandbox, name: &str, bare: &Path) -> Machine {
    let machine = sandbox.machine(name);
    let bare = bare.to_str().expect("test paths are UTF-8");
    machine.ok(&["backup", "configure", bare]);
    machine
}

fn list_of(machine: &Machine) -> PathBuf {
    machine.home.join("holdall/data/tasks.db")
}

/// Where a copy of a list waits to be put back.
fn aside(list: &Path) -> PathBuf {
    list.with_file_name("earlier.db")
}

fn remove_list(list: &Path) {
    for end in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{end}", list.display())).ok();
    }
}

/// As a backup has it that was made while nobody wrote.
fn copy_list(from: &Path, to: &Path) {
    if from.exists() {
        remove_list(to);
        for end in ["", "-wal"] {
            let (from, to) = (
                format!("{}{end}", from.display()),
                format!("{}{end}", to.display()),
            );
            fs::copy(from, to).ok();
        }
    }
}

fn synced(machine: &Machine) {
    let ran = machine.run(&["sync"]);
    assert!(DONE.contains(&ran.code), "{ran}");
}

/// What a person does to a task, and mostly to one that others know, too.
fn written(machine: &Machine, rng: &mut Rng) {
    let list = list_of(machine);
    let known = list.exists().then(|| rows(&desk::open(&list)));
    let known = known.unwrap_or_default();
    let task = (!known.is_empty()).then(|| known[rng.below(known.len())].clone());
    let number = rng.below(4).to_string();
    let Some(task) = task.filter(|_| rng.below(6) > 0) else {
        let ran = typed(machine, &["task", "add", "Begun", &number]);
        assert_eq!(ran.code, 0, "{ran}");
        return;
    };
    let id = task.id.as_str();
    let edit: &[&str] = match rng.below(8) {
        _ if task.deleted => &["task", "restore", id],
        0 | 1 => &[
            "task",
            "edit",
            id,
            "--status",
            rng.pick(&["todo", "active", "done"]),
        ],
        2 => &["task", "edit", id, "--title", &number],
        3 => &["task", "edit", id, "--label", "red"],
        4 => &["task", "edit", id, "--unlabel", "red"],
        5 => &["task", "note", "add", id, "done so far"],
        6 => &["task", "delete", id],
        _ => &["task", "undo"],
    };
    // What was there when it was looked at may be gone, there may be nothing to undo, and a field of it
    // may be in conflict.
    let ran = typed(machine, edit);
    assert!([0, 1, 3].contains(&ran.code), "{ran}");
}

/// A list that was taken away is asked for first, as the error says.
fn typed(machine: &Machine, args: &[&str]) -> Ran {
    for _ in 0..100 {
        let ran = machine.run(args);
        if ran.code != 70 {
            return ran;
        }
        assert!(ran.stderr.contains("holdall doctor --repair"), "{ran}");
        // A remote that was set back is a failed check of its own, and a run that is at work makes the
        // list itself.
        let repair = machine.run(&["doctor", "--repair"]);
        assert!([0, 1, 4].contains(&repair.code), "{repair}");
    }
    panic!("what the error says does not help: {args:?}");
}

#[test]
fn real_processes_that_are_killed_and_set_back_lose_no_task() {
    for number in 0..scale(50) as u64 {
        let mut rng = seed(number);
        let mut world = World::new(2 + rng.below(2));
        for _ in 0..24 {
            world.step(&mut rng);
        }
        world.judge();
    }
}
