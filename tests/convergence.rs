//! Machines that push at once, each from a process of its own: nothing is lost, the history is one
//! line, and in the end all of them have the same and are quiet.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use holdall::base::{Kind, VaultPath};
use holdall::layout::{VaultFiles, check};

use crate::kit::{
    Machine, Rng, Sandbox, clone, commits, fsck, git, git_takes_all, is_linear, scale, seed, tree,
};

const SHARED: &str = "https://git.example.com/team/shared.git";

/// How a machine gets its commits into a remote on this disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// The remote's own `receive-pack`.
    Git,
    /// Straight into the object store, because no git is installed.
    Store,
}

struct Racer {
    machine: Machine,
    name: &'static str,
    /// What it wrote, by path in the vault.
    wrote: BTreeMap<String, Vec<u8>>,
}

impl Racer {
    fn new(sandbox: &Sandbox, name: &'static str, bare: &Path, route: Route) -> Self {
        let mut machine = sandbox.machine(name);
        if route == Route::Store {
            let nothing = sandbox.path().join("no-programs");
            fs::create_dir_all(&nothing).expect("the sandbox takes a directory");
            machine.env("PATH", &nothing);
        } else {
            git_takes_all(bare);
        }
        let own = format!("https://git.example.com/{name}/own.git");
        for project in [
            machine.checkout("shared", SHARED),
            machine.checkout(&format!("own-{name}"), own.as_str()),
        ] {
            fs::create_dir_all(project.join(".aigon")).expect("the project takes a directory");
            machine.ok(&["project", "add", utf8(&project)]);
        }
        machine.ok(&["backup", "configure", utf8(bare)]);
        Self {
            machine,
            name,
            wrote: BTreeMap::new(),
        }
    }

    /// New files: in the directory that both have, in one of its own, in a project of its own.
    fn work(&mut self, round: usize, rng: &mut Rng) {
        let name = self.name;
        let own = format!("own-{name}");
        for (project, path) in [
            ("shared", format!(".aigon/both/{round:03}-{name}.json")),
            ("shared", format!(".aigon/{name}/{}.md", round % 7)),
            (own.as_str(), format!(".aigon/notes/{round:03}.md")),
        ] {
            let text = format!(
                "{{\"round\": {round}, \"by\": \"{name}\", \"n\": {}}}\n",
                rng.next()
            );
            self.machine.write(format!("code/{project}/{path}"), &text);
            let in_vault = format!("projects/{project}/{path}");
            self.wrote.insert(in_vault, text.into_bytes());
        }
    }

    fn state_of(&self, project: &str) -> BTreeMap<String, Vec<u8>> {
        tree(&self.machine.home.join("code").join(project).join(".aigon"))
    }
}

/// A plain clone, as the rules of the layout look at it.
struct Cloned(BTreeMap<String, Vec<u8>>);

impl VaultFiles for Cloned {
    fn paths(&self) -> Vec<(Vec<u8>, Kind)> {
        let path = |path: &String| (path.clone().into_bytes(), Kind::File);
        self.0.keys().map(path).collect()
    }

    fn read(&self, path: &VaultPath) -> Option<Vec<u8>> {
        self.0.get(path.as_str()).cloned()
    }
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

/// Both push in the same moment, again and again. Each run has something to say, so each makes one
/// commit and no more.
fn race(rounds: usize, routes: [Route; 2]) {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let mut racers = [("laptop", routes[0]), ("desktop", routes[1])]
        .map(|(name, route)| Racer::new(&sandbox, name, &bare, route));
    let mut again = 0;
    for round in 0..rounds {
        let mut rng = seed(round as u64);
        for racer in &mut racers {
            racer.work(round, &mut rng);
        }
        let started = racers
            .each_ref()
            .map(|racer| racer.machine.spawn(&["backup", "push", "--json"]));
        for (racer, run) in racers.iter().zip(started) {
            let ran = run.finish();
            assert!(ran.code == 0, "{} in round {round}: {ran}", racer.name);
            let attempts = ran.document()["data"]["attempts"].as_u64();
            again += attempts.expect("a push counts its attempts") - 1;
        }
        assert_eq!(commits(&bare).len(), 2 * (round + 1), "after round {round}");
    }
    assert!(again > 0, "they never met: this was no race");
    is_whole(&sandbox, &bare, &racers);
    is_quiet(&bare, &racers);
}

/// The vault as anybody sees it: with git alone, and by the rules of its layout.
fn is_whole(sandbox: &Sandbox, bare: &Path, racers: &[Racer]) {
    assert!(is_linear(bare), "the history is not one line");
    fsck(bare);
    let copy: PathBuf = sandbox.path().join("clone");
    clone(bare, &copy);
    assert_eq!(git(&["status", "--porcelain"], &copy), "");
    let files = tree(&copy);
    for (path, bytes) in racers.iter().flat_map(|racer| &racer.wrote) {
        assert!(
            files.get(path) == Some(bytes),
            "{path} is not as it was written"
        );
    }
    let faults = check(&Cloned(files.clone()));
    assert!(faults.is_empty(), "{faults:#?}");
    let wrote = |path: &String| racers.iter().any(|racer| racer.wrote.contains_key(path));
    let records: Vec<&str> = files
        .keys()
        .filter(|path| !wrote(path))
        .map(|path| {
            if path.starts_with("machines/") {
                "machines/*"
            } else {
                path
            }
        })
        .collect();
    assert_eq!(
        records,
        [
            ".gitattributes",
            "README.md",
            "machines/*",
            "machines/*",
            "projects/own-desktop/project.json",
            "projects/own-laptop/project.json",
            "projects/shared/project.json",
            "vault.json",
        ]
    );
}

/// After a pull on each the disks are equal, and nobody has anything left to say.
fn is_quiet(bare: &Path, racers: &[Racer; 2]) {
    for racer in racers {
        racer.machine.ok(&["backup", "pull"]);
    }
    let [first, second] = racers.each_ref().map(|racer| racer.state_of("shared"));
    assert!(first == second, "the disks differ");
    let shared = racers.iter().flat_map(|racer| &racer.wrote);
    let shared: BTreeMap<_, _> = shared
        .filter_map(|(path, bytes)| {
            let path = path.strip_prefix("projects/shared/.aigon/")?;
            Some((path.to_owned(), bytes.clone()))
        })
        .collect();
    assert!(first == shared, "the disks do not hold what was written");
    let before = commits(bare);
    for racer in racers {
        let (code, document) = racer.machine.json(&["backup", "push"]);
        assert_eq!(
            (code, &document["data"]["committed"]),
            (0, &false.into()),
            "{document}"
        );
        let (code, document) = racer.machine.json(&["backup", "pull"]);
        assert_eq!(
            (code, &document["data"]["applied"]),
            (0, &false.into()),
            "{document}"
        );
    }
    assert_eq!(commits(bare), before);
}

#[test]
fn two_machines_that_push_at_once_both_arrive() {
    race(scale(200), [Route::Git, Route::Git]);
}

#[test]
fn two_machines_without_git_that_push_at_once_both_arrive() {
    race(scale(100), [Route::Store, Route::Store]);
}

#[test]
fn a_machine_with_git_and_one_without_that_push_at_once_both_arrive() {
    race(scale(100), [Route::Git, Route::Store]);
}
