//! One bare remote, and machines that are connected to it with the same project.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::kit::{Machine, Ran, Sandbox, clone, git, tree, try_git};

pub const API: &str = "git@github.com:team/api.git";

pub type Files = BTreeMap<String, Vec<u8>>;

/// Two machines, each with a checkout of `api`, and the remote they share.
pub struct Scene {
    pub sandbox: Sandbox,
    pub bare: PathBuf,
    pub a: Machine,
    pub b: Machine,
}

impl Scene {
    /// Connected and registered; nothing was pushed yet.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        let [a, b] = ["laptop", "desktop"].map(|name| {
            let machine = sandbox.machine(name);
            connect(&machine, &bare);
            let dir = machine.checkout("api", API);
            if name == "laptop" {
                // The other one learns of the state directory from the vault.
                fs::create_dir(dir.join(".aigon")).expect("a directory can be made");
            }
            add(&machine, &dir);
            machine
        });
        Self {
            sandbox,
            bare,
            a,
            b,
        }
    }

    /// The first machine pushed these files of `.aigon`, and the second one pulled them.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let scene = Self::new();
        for (name, text) in files {
            scene.a.write(state(name), text);
        }
        pushed(&scene.a);
        scene.b.ok(&["backup", "pull"]);
        scene
    }

    /// What a stranger's clone of the remote shows.
    pub fn vault(&self) -> Files {
        vault(&self.sandbox, &self.bare)
    }

    /// One file of the project as the vault has it.
    #[track_caller]
    pub fn stored(&self, name: &str) -> String {
        git(
            &["show", &format!("main:projects/api/.aigon/{name}")],
            &self.bare,
        )
    }
}

/// A path of the project's state directory, from the home.
pub fn state(name: &str) -> PathBuf {
    Path::new("code/api/.aigon").join(name)
}

/// The text of a file on a machine.
#[track_caller]
pub fn text(machine: &Machine, path: impl AsRef<Path>) -> String {
    String::from_utf8(machine.read(path)).expect("the file is text")
}

pub fn is_there(machine: &Machine, path: impl AsRef<Path>) -> bool {
    fs::symlink_metadata(machine.home.join(path)).is_ok()
}

pub fn remove(machine: &Machine, path: impl AsRef<Path>) {
    fs::remove_file(machine.home.join(path)).expect("the file can be deleted");
}

#[track_caller]
pub fn connect(machine: &Machine, bare: &Path) {
    machine.ok(&["backup", "configure", utf8(bare)]);
}

#[track_caller]
pub fn add(machine: &Machine, dir: &Path) {
    machine.ok(&["project", "add", utf8(dir)]);
}

pub fn utf8(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

/// Pushes, and fails the test unless all went well; what was reported.
#[track_caller]
pub fn pushed(machine: &Machine) -> Value {
    let (code, document) = machine.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["pushed"]),
        (0, &true.into()),
        "{document}"
    );
    document["data"].clone()
}

/// Pulls, and fails the test unless all went well; what was reported.
#[track_caller]
pub fn pulled(machine: &Machine) -> Value {
    let (code, document) = machine.json(&["backup", "pull"]);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

/// Runs, and fails the test unless it ends with this code and this kind of error. Its message.
#[track_caller]
pub fn fails(machine: &Machine, args: &[&str], (code, kind): (i32, &str)) -> String {
    let (ended, document) = machine.json(args);
    let error = &document["error"];
    assert_eq!(
        (ended, error["kind"].as_str()),
        (code, Some(kind)),
        "{document}"
    );
    assert!(document.get("data").is_none(), "{document}");
    error["message"].as_str().expect("a message").to_owned()
}

/// What a stranger's clone of a remote shows.
pub fn vault(sandbox: &Sandbox, bare: &Path) -> Files {
    let into = tempfile::tempdir_in(sandbox.path()).expect("a directory for the clone");
    let into = into.path().join("clone");
    clone(bare, &into);
    tree(&into)
}

/// Whether any object of a repository, reachable or not, has these bytes.
pub fn any_object_has(repository: &Path, needle: &str) -> bool {
    let all = ["cat-file", "--batch-all-objects", "--batch"];
    git(&all, repository).contains(needle)
}

pub fn tip(repository: &Path) -> String {
    let ran: Ran = try_git(
        &["rev-parse", "-q", "--verify", "refs/heads/main"],
        repository,
    );
    ran.stdout.trim_end().to_owned()
}

/// Installs a hook in the remote.
pub fn hook(repository: &Path, name: &str, script: &str) -> PathBuf {
    let path = repository.join("hooks").join(name);
    fs::create_dir_all(path.parent().expect("it has one")).expect("a directory can be made");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the hook can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    path
}

/// Changes the vault by hand: a clone, some work in it, one commit, pushed.
pub fn by_hand(sandbox: &Sandbox, bare: &Path, work: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir_in(sandbox.path()).expect("a directory for the clone");
    let clone_dir = dir.path().join("clone");
    clone(bare, &clone_dir);
    work(&clone_dir);
    git(&["add", "-A", "-f"], &clone_dir);
    git(&["commit", "-q", "-m", "by hand"], &clone_dir);
    git(&["push", "-q", "origin", "HEAD:main"], &clone_dir);
}

/// Copies a directory with everything in it.
pub fn copy_dir(from: &Path, to: &Path) {
    let args = ["-a", utf8(from), utf8(to)];
    let ran = std::process::Command::new("cp").args(args).status();
    assert!(ran.expect("cp can be run").success(), "{}", from.display());
}

/// From now on what is closed is closed for this machine, too: the system's own user may read and
/// write everywhere, unless that is taken away.
pub fn bound(sandbox: &Sandbox, machine: &mut Machine) {
    let script = sandbox.path().join("bound.sh");
    let program = env!("CARGO_BIN_EXE_holdall");
    let text = format!(
        "#!/bin/sh\n[ $(id -u) = 0 ] || exec {program} \"$@\"\n\
         exec setpriv --bounding-set=-dac_override,-dac_read_search {program} \"$@\"\n"
    );
    fs::write(&script, text).expect("written");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
    machine.stand_in(script, Duration::from_mins(1));
}

/// Sets the mode of a file or directory of a machine.
pub fn chmod(machine: &Machine, path: impl AsRef<Path>, mode: u32) {
    let mode = fs::Permissions::from_mode(mode);
    fs::set_permissions(machine.home.join(path), mode).expect("it is ours");
}

/// Makes a run that wrote one that was killed before it was through: its journal is open again.
#[track_caller]
pub fn as_if_killed(machine: &Machine, number: &str) {
    let store = machine.home.join("holdall/data/vault.git");
    let through = format!("refs/holdall/undo/{number}");
    git(&["update-ref", "refs/holdall/landing", &through], &store);
    git(&["update-ref", "-d", &through], &store);
}
