//! A push while the remote is away: what changed is kept, and arrives with the next one that gets through.

use std::fs;
use std::path::{Path, PathBuf};

use crate::kit::{Machine, Sandbox, commits, fsck, git};

struct Place {
    sandbox: Sandbox,
    bare: PathBuf,
}

impl Place {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        Self { sandbox, bare }
    }

    fn machine(&self, name: &str) -> Machine {
        let machine = self.sandbox.machine(name);
        let project = machine.checkout("api", "https://git.example.com/team/api.git");
        machine.write("code/api/.aigon/plan.md", "one\n");
        machine.ok(&["project", "add", utf8(&project)]);
        machine.ok(&["backup", "configure", utf8(&self.bare)]);
        machine.ok(&["sync"]);
        machine
    }

    fn away(&self) -> PathBuf {
        self.sandbox.path().join("away.git")
    }

    fn goes(&self) {
        fs::rename(&self.bare, self.away()).expect("moved");
    }

    fn comes(&self) {
        fs::rename(self.away(), &self.bare).expect("moved");
    }

    /// The file as each commit of the vault has it, the newest first; what it is for several in a row once.
    fn past_of_plan(&self) -> Vec<String> {
        let show = |commit: &str| {
            git(
                &["show", &format!("{commit}:projects/api/.aigon/plan.md")],
                &self.bare,
            )
        };
        let all = commits(&self.bare);
        let mut past: Vec<String> = all.iter().map(|commit| show(&commit.id)).collect();
        past.dedup();
        past
    }
}

const PLAN: &str = "code/api/.aigon/plan.md";

/// The words of a push that cannot reach the remote.
fn push_offline(machine: &Machine) -> String {
    let ran = machine.run(&["backup", "push"]);
    assert_eq!(ran.code, 4, "{ran}");
    assert!(ran.stderr.contains("cannot be reached"), "{ran}");
    ran.stderr
}

#[test]
fn each_state_that_was_kept_while_the_remote_was_away_is_in_its_history_then() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    place.goes();
    for state in ["two\n", "three\n"] {
        laptop.write(PLAN, state);
        let words = push_offline(&laptop);
        assert!(words.contains("kept here as"), "{words}");
    }
    // Nothing new: there is nothing to keep.
    push_offline(&laptop);
    laptop.ok(&["task", "add", "Made offline"]);
    let (_, status) = laptop.json(&["backup", "status"]);
    assert_eq!(status["data"]["offline"], 2, "{status}");
    assert!(
        laptop
            .run(&["backup", "status"])
            .stdout
            .contains("2 commits made while the remote was away")
    );
    laptop.write(PLAN, "four\n");
    place.comes();
    let ran = laptop.ok(&["backup", "push"]);
    assert!(ran.stdout.contains("pushed"), "{ran}");
    assert_eq!(
        place.past_of_plan(),
        ["four\n", "three\n", "two\n", "one\n"]
    );
    fsck(&place.bare);
    let (_, status) = laptop.json(&["backup", "status"]);
    assert_eq!(status["data"]["offline"], 0, "{status}");
    let again = laptop.ok(&["backup", "push"]);
    assert!(again.stdout.contains("nothing to push"), "{again}");
    let desk = place.sandbox.machine("desk");
    let project = desk.checkout("api", "https://git.example.com/team/api.git");
    desk.ok(&["project", "add", utf8(&project)]);
    desk.ok(&["backup", "configure", utf8(&place.bare)]);
    desk.ok(&["backup", "pull"]);
    assert_eq!(desk.read(PLAN), b"four\n");
    assert!(desk.ok(&["task", "list"]).stdout.contains("Made offline"));
}

#[test]
fn what_was_kept_and_taken_back_is_in_the_history_and_not_in_the_vault() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    place.goes();
    laptop.write(PLAN, "a passing thought\n");
    push_offline(&laptop);
    laptop.write(PLAN, "one\n");
    place.comes();
    laptop.ok(&["backup", "push"]);
    assert_eq!(
        place.past_of_plan(),
        ["one\n", "a passing thought\n", "one\n"]
    );
    laptop.write(PLAN, "two\n");
    laptop.ok(&["backup", "push"]);
    assert_eq!(place.past_of_plan()[0], "two\n");
}

#[test]
fn where_the_vault_moved_meanwhile_the_disk_is_merged_and_what_was_kept_stays_here() {
    let place = Place::new();
    let (laptop, desk) = (place.machine("laptop"), place.machine("desk"));
    laptop.ok(&["sync"]);
    place.goes();
    laptop.write(PLAN, "on the train\n");
    push_offline(&laptop);
    laptop.write(PLAN, "at home again\n");
    place.comes();
    desk.write("code/api/.aigon/desk.md", "meanwhile\n");
    desk.ok(&["backup", "push"]);
    let ran = laptop.ok(&["sync"]);
    assert!(ran.stderr.contains("backup restore --at "), "{ran}");
    assert_eq!(laptop.read("code/api/.aigon/desk.md"), b"meanwhile\n");
    desk.ok(&["sync"]);
    assert_eq!(desk.read(PLAN), b"at home again\n");
    // The state of the train is in this machine's own copy of the vault.
    let store = laptop.home.join("holdall/data/vault.git");
    let kept = git(
        &[
            "for-each-ref",
            "--format=%(objectname)",
            "refs/holdall/kept/",
        ],
        &store,
    );
    let kept = kept.lines().next().expect("it is kept");
    laptop.ok(&[
        "backup",
        "restore",
        "--at",
        kept,
        "--path",
        "projects/api/.aigon/plan.md",
    ]);
    assert_eq!(laptop.read(PLAN), b"on the train\n");
}

#[test]
fn a_sync_keeps_what_changed_and_a_dry_run_keeps_nothing() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    place.goes();
    laptop.write(PLAN, "two\n");
    let ran = laptop.run(&["backup", "push", "--dry-run"]);
    assert_eq!(ran.code, 4, "{ran}");
    assert!(!ran.stderr.contains("kept here"), "{ran}");
    let ran = laptop.run(&["sync"]);
    assert_eq!(ran.code, 4, "{ran}");
    assert!(ran.stderr.contains("kept here as"), "{ran}");
    laptop.write(PLAN, "three\n");
    place.comes();
    laptop.ok(&["sync"]);
    assert_eq!(place.past_of_plan(), ["three\n", "two\n", "one\n"]);
}

#[test]
fn a_secret_is_kept_in_no_commit_that_waits() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    place.goes();
    let token = ["ghp_", "x7Kq9WmZ2vB4nT8rY1cF5hJ3dL6gPsA0eUi2"].concat();
    laptop.write("code/api/.aigon/notes.md", format!("token = {token}\n"));
    laptop.write(PLAN, "two\n");
    push_offline(&laptop);
    fs::remove_file(laptop.home.join("code/api/.aigon/notes.md")).expect("there");
    place.comes();
    laptop.ok(&["backup", "push"]);
    let all = git(&["log", "-p", "--all"], &place.bare);
    assert!(all.contains("two") && !all.contains(&token), "{all}");
}

#[test]
fn what_may_pass_no_more_is_in_no_state_that_is_published() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let token = ["ghp_", "x7Kq9WmZ2vB4nT8rY1cF5hJ3dL6gPsA0eUi2"].concat();
    place.goes();
    laptop.write("code/api/.aigon/notes.md", format!("token = {token}\n"));
    let (_, list) = laptop.json(&["secret", "list"]);
    let fingerprint = list["data"]["found"][0]["fingerprint"].as_str();
    let fingerprint = fingerprint.expect("it is found").to_owned();
    laptop.ok(&["secret", "allow", &fingerprint]);
    push_offline(&laptop);
    // A change of mind, and one more state that stands on the first.
    laptop.ok(&["secret", "revoke", &fingerprint]);
    laptop.write(PLAN, "two\n");
    push_offline(&laptop);
    laptop.write(PLAN, "three\n");
    place.comes();
    let ran = laptop.run(&["backup", "push"]);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(
        ran.stderr
            .contains("notes.md that may not leave this machine any more")
            && ran.stderr.contains("holdall backup restore --at "),
        "{ran}"
    );
    let all = git(&["log", "-p", "--all"], &place.bare);
    assert!(all.contains("three") && !all.contains(&token), "{all}");
    assert_eq!(place.past_of_plan(), ["three\n", "one\n"]);
    // It is told once, and what was kept is there.
    let (_, status) = laptop.json(&["backup", "status"]);
    assert_eq!(status["data"]["offline"], 0, "{status}");
    let again = laptop.run(&["backup", "push"]);
    assert!(!again.stderr.contains("any more"), "{again}");
    let kept = git(
        &["log", "-p", "--all"],
        &laptop.home.join("holdall/data/vault.git"),
    );
    assert!(kept.contains(&token));
}

#[test]
fn a_project_that_is_new_while_the_remote_is_away_arrives_under_its_id() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    place.goes();
    let project = laptop.checkout("web", "https://git.example.com/team/web.git");
    laptop.write("code/web/.aigon/state.json", "{}\n");
    laptop.ok(&["project", "add", utf8(&project)]);
    let list = || fs::read_to_string(laptop.home.join("holdall/data/projects.json")).expect("text");
    let id = |list: &str| {
        let list: serde_json::Value = serde_json::from_str(list).expect("JSON");
        let projects = list["projects"].as_array().expect("a list").clone();
        let web = projects.into_iter().find(|it| it["name"] == "web");
        web.expect("it is registered")["id"].clone()
    };
    let before = id(&list());
    push_offline(&laptop);
    laptop.write("code/web/.aigon/state.json", "{\"more\": 1}\n");
    place.comes();
    laptop.ok(&["backup", "push"]);
    assert_eq!(id(&list()), before);
    let record = git(&["show", "main:projects/web/project.json"], &place.bare);
    assert!(
        record.contains(before.as_str().expect("a text")),
        "{record}"
    );
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("the sandbox has a UTF-8 path")
}
