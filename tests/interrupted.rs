//! Runs that are killed while they write into several projects: all of it comes, or none of it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::crash::{Place, kill_after, part_of, text, usual, utf8};
use crate::kit::{Machine, Rng, commits, scale, seed, tree};

const PROJECTS: [&str; 3] = ["api", "web", "lib"];

type Files = BTreeMap<String, Vec<u8>>;

/// A machine with several projects, connected.
fn machine(place: &Place, name: &str) -> Machine {
    let machine = place.sandbox.machine(name);
    for project in PROJECTS {
        let url = format!("https://git.example.com/team/{project}.git");
        let dir = machine.checkout(project, url.as_str());
        machine.write(dir.join(".aigon/first"), "1\n");
        machine.ok(&["project", "add", utf8(&dir)]);
    }
    machine.ok(&["backup", "configure", utf8(&place.bare)]);
    machine
}

/// All that is in the projects of a machine, but for what a killed run has in the making.
fn state_of(machine: &Machine) -> Files {
    let mut files = tree(&machine.home.join("code"));
    files.retain(|path, _| !path.contains(".holdall-tmp-"));
    files
}

/// Changes, additions and deletions in every project.
fn work(machine: &Machine, rng: &mut Rng) {
    for project in PROJECTS {
        for _ in 0..25 {
            let path = format!(
                "code/{project}/.aigon/{}/{:02}",
                rng.below(4),
                rng.below(30)
            );
            if rng.below(5) == 0 {
                std::fs::remove_file(machine.home.join(path)).ok();
            } else {
                let length = rng.between(10, 30_000);
                machine.write(path, text(rng, length));
            }
        }
    }
}

fn is_interrupted(machine: &Machine) -> bool {
    let (_, document) = machine.json(&["backup", "status", "--offline"]);
    !document["data"]["interrupted"].is_null()
}

/// Two machines that have the same, and how long a run takes as things are.
struct Ground {
    place: Place,
    from: Machine,
    to: Machine,
    usually: Cell<Duration>,
}

impl Ground {
    fn new() -> Self {
        let place = Place::new();
        let [from, to] = ["laptop", "desktop"].map(|name| machine(&place, name));
        work(&from, &mut seed(0));
        from.ok(&["backup", "push"]);
        let usually = usual(|| drop(to.ok(&["backup", "pull"])));
        Self {
            place,
            from,
            to,
            usually: Cell::new(usually),
        }
    }

    /// More work is pushed. What the other machine has, and what it is to have.
    fn more(&self, rng: &mut Rng) -> (Files, Files) {
        work(&self.from, rng);
        self.from.ok(&["backup", "push"]);
        (state_of(&self.to), state_of(&self.from))
    }

    fn kill(&self, command: &str, rng: &mut Rng) {
        let run = self.to.spawn(&["backup", command]);
        let usually = self.usually.get();
        let in_time = kill_after(run, part_of(usually, rng), &self.place.bare);
        // What others do on this machine makes all of them longer, or shorter.
        self.usually
            .set(usually.mul_f64(if in_time { 1.1 } else { 0.8 }));
    }
}

/// So many kills, and on until some of them were seen to fall into the writing: on a machine with much
/// to do the first ones may all come too early.
#[track_caller]
fn kill_on(least: usize, mut once: impl FnMut(usize) -> bool) {
    let seen = (0..least * 20).any(|number| once(number) && number + 1 >= least);
    assert!(seen, "no kill fell into the writing");
}

#[test]
fn a_killed_pull_is_finished_by_the_next_run_in_all_projects_or_none() {
    let ground = Ground::new();
    let to = &ground.to;
    let mut interrupted = 0;
    kill_on(scale(100), |number| {
        let mut rng = seed(8_000 + number as u64);
        let (before, after) = ground.more(&mut rng);
        ground.kill("pull", &mut rng);
        let is_open = is_interrupted(to);
        interrupted += usize::from(is_open);
        let count = commits(&ground.place.bare);
        // A push, also where it cannot reach the remote, is a next run like any other.
        let (code, document) = to.json(&["backup", "push"]);
        let finished = &document["data"]["finished"];
        assert_eq!(code, 0, "kill {number}: {document}");
        assert_eq!(finished.is_object(), is_open, "kill {number}: {finished}");
        let now = state_of(to);
        assert!(!is_interrupted(to), "kill {number}");
        assert!(now == after || (now == before && !is_open), "kill {number}");
        assert_eq!(commits(&ground.place.bare), count, "kill {number}");
        to.ok(&["backup", "pull"]);
        assert!(state_of(to) == after, "kill {number}");
        ground.place.is_tidy(to, &format!("kill {number}"));
        interrupted > 0
    });
}

#[test]
fn an_undo_takes_a_killed_pull_back_and_a_killed_undo_is_finished() {
    let ground = Ground::new();
    let to = &ground.to;
    let (mut pulls, mut undos) = (0, 0);
    kill_on(scale(120), |number| {
        let mut rng = seed(9_000 + number as u64);
        let (before, after) = ground.more(&mut rng);
        ground.kill("pull", &mut rng);
        pulls += usize::from(is_interrupted(to));
        if !is_interrupted(to) && state_of(to) == before {
            to.ok(&["backup", "pull"]);
        }
        if number % 2 == 0 {
            to.ok(&["backup", "undo"]);
            assert!(state_of(to) == before, "kill {number}");
        } else {
            ground.kill("undo", &mut rng);
            let (_, known) = to.json(&["backup", "undo", "--list"]);
            let last = &known["data"]["entries"][0];
            let is_back = last["command"] == "undo";
            undos += usize::from(is_back && last["interrupted"] == true);
            let count = commits(&ground.place.bare);
            to.ok(&["backup", "push"]);
            assert!(
                state_of(to) == if is_back { before } else { after.clone() },
                "kill {number}"
            );
            assert_eq!(commits(&ground.place.bare), count, "kill {number}");
        }
        assert!(!is_interrupted(to), "kill {number}");
        to.ok(&["backup", "pull"]);
        assert!(state_of(to) == after, "kill {number}");
        ground.place.is_tidy(to, &format!("kill {number}"));
        pulls + undos > 1
    });
}

/// What the killed one had done half is not forgotten: all is as before it.
#[test]
fn a_killed_undo_is_taken_back_by_a_plain_undo() {
    let ground = Ground::new();
    let to = &ground.to;
    let mut interrupted = 0;
    kill_on(scale(60).max(12), |number| {
        let mut rng = seed(9_500 + number as u64);
        let (_, after) = ground.more(&mut rng);
        to.ok(&["backup", "pull"]);
        ground.kill("undo", &mut rng);
        if is_interrupted(to) {
            interrupted += 1;
            let count = commits(&ground.place.bare);
            to.ok(&["backup", "undo"]);
            assert!(state_of(to) == after, "kill {number}");
            to.ok(&["backup", "push"]);
            assert_eq!(commits(&ground.place.bare), count, "kill {number}");
        }
        to.ok(&["backup", "pull"]);
        assert!(state_of(to) == after, "kill {number}");
        interrupted > 0
    });
}

/// The first pull learns under which ids the vault knows the projects, and did not live to note them.
#[test]
fn a_killed_first_pull_is_taken_back() {
    let ground = Ground::new();
    ground.more(&mut seed(9_700));
    let mut interrupted = 0;
    kill_on(scale(40).max(8), |number| {
        let new = machine(&ground.place, &format!("new-{number}"));
        let before = state_of(&new);
        let run = new.spawn(&["backup", "pull"]);
        let after = part_of(ground.usually.get(), &mut seed(9_700 + number as u64));
        kill_after(run, after, &ground.place.bare);
        if is_interrupted(&new) {
            interrupted += 1;
            new.ok(&["backup", "undo"]);
            assert!(state_of(&new) == before, "kill {number}");
        }
        interrupted > 0
    });
}
