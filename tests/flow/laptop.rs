//! The new laptop: one command makes it ready, and touches nothing that is not meant.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::kit::{Machine, Sandbox, answered, clone, commits, git, tree};

use super::scene::{
    API, Scene, add, by_hand, connect, copy_dir, fails, is_there, pushed, state, text, utf8,
};

const WEB: &str = "https://github.com/team/web";

/// A vault with `api` (ssh), `web` (https) and `notes`, which has no remote; hosts where the first two
/// are published; and a machine that is new.
struct Office {
    sandbox: Sandbox,
    bare: PathBuf,
    laptop: Machine,
    new: Machine,
}

impl Office {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        let laptop = sandbox.machine("laptop");
        connect(&laptop, &bare);
        let projects = [("api", Some(API)), ("web", Some(WEB)), ("notes", None)];
        for (name, origin) in projects {
            let dir = laptop.checkout(name, origin);
            laptop.write(dir.join(".aigon/x"), format!("{name}\n"));
            laptop.write(dir.join(".aigon/deep/er.json"), "{}\n");
            add(&laptop, &dir);
            if origin.is_some() {
                let host = sandbox.path().join("hosts/team").join(name);
                fs::create_dir_all(host.parent().expect("it has one")).expect("made");
                clone(&dir, &host);
            }
        }
        let home = laptop.home.display();
        laptop.write(
            ".claude/settings.json",
            format!("{{\"hooks\": {{\"Stop\": [{{\"hooks\": [{{\"command\": \"{home}/bin/done\"}}]}}]}}}}\n"),
        );
        pushed(&laptop);
        let new = sandbox.machine("new");
        let office = Self {
            sandbox,
            bare,
            laptop,
            new,
        };
        office.reaches(&office.new, &["https://github.com/", "git@github.com:"]);
        office
    }

    /// On this machine git finds the hosts under these addresses.
    fn reaches(&self, machine: &Machine, addresses: &[&str]) {
        let hosts = self.sandbox.path().join("hosts");
        let lines = addresses.iter();
        let lines = lines.map(|it| format!("\tinsteadOf = {it}\n"));
        let config = format!(
            "[url \"{}/\"]\n{}[safe]\n\tdirectory = *\n",
            hosts.display(),
            lines.collect::<String>()
        );
        machine.write(".gitconfig", config);
    }

    fn restore(&self, code: i32, args: &[&str]) -> Value {
        restore(&self.new, &self.bare, code, args)
    }
}

#[track_caller]
fn restore(machine: &Machine, bare: &Path, code: i32, args: &[&str]) -> Value {
    let (ended, document) = machine.json(&[&["restore", utf8(bare)], args].concat());
    assert_eq!(ended, code, "{document}");
    document["data"].clone()
}

/// By name, where each project of the plan is.
fn places(data: &Value) -> Vec<(String, String)> {
    let projects = data["projects"].as_array().expect("a list");
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    let pair = |project: &Value| (word(&project["name"]), word(&project["place"]));
    projects.iter().map(pair).collect()
}

fn pairs(expected: [(&str, &str); 3]) -> Vec<(String, String)> {
    let owned = |(name, place): (&str, &str)| (name.to_owned(), place.to_owned());
    expected.map(owned).into()
}

fn is_configured(machine: &Machine) -> bool {
    is_there(machine, "holdall/config.toml")
}

#[test]
fn one_command_makes_a_new_laptop_ready() {
    let office = Office::new();
    let new = &office.new;
    // A checkout under another name, in another place.
    new.checkout("work/backend", "https://github.com/team/api.git");
    let data = office.restore(0, &["--clone"]);
    let expected = [("api", "found"), ("notes", "missing"), ("web", "cloned")];
    assert_eq!(places(&data), pairs(expected), "{data}");
    assert_eq!(text(new, "code/work/backend/.aigon/x"), "api\n");
    assert_eq!(text(new, "code/web/.aigon/x"), "web\n");
    assert_eq!(text(new, "code/web/.aigon/deep/er.json"), "{}\n");
    let origin = git(&["remote", "get-url", "origin"], &new.home.join("code/web"));
    assert_eq!(origin.trim(), WEB);
    assert!(is_there(new, "code/web/README.md"));
    // Nothing of the other machine's home came along.
    let theirs = office.laptop.home.display().to_string();
    for (path, bytes) in tree(&new.home) {
        let is_state = !path.starts_with("holdall/");
        let found = is_state && String::from_utf8_lossy(&bytes).contains(&theirs);
        assert!(!found, "{path}");
    }
    let settings = text(new, ".claude/settings.json");
    let own = new.home.join("bin/done");
    assert!(settings.contains(utf8(&own)), "{settings}");
    let next = data["projects"][1]["next"].as_str().expect("a command");
    assert!(next.starts_with("holdall project link PATH "), "{next}");
    // From here on it is a machine like any other.
    new.write("code/web/.aigon/x", "changed\n");
    pushed(new);
    office.laptop.ok(&["backup", "pull"]);
    assert_eq!(text(&office.laptop, "code/web/.aigon/x"), "changed\n");
}

#[test]
fn the_plan_says_what_there_is_and_changes_nothing() {
    let office = Office::new();
    office.new.checkout("api", API);
    let before = tree(&office.new.home);
    let data = office.restore(0, &["--dry-run", "--clone"]);
    let expected = [("api", "found"), ("notes", "missing"), ("web", "to_clone")];
    assert_eq!(places(&data), pairs(expected), "{data}");
    assert_eq!(data["dry_run"], true);
    assert!(data["pull"].is_null(), "{data}");
    assert_eq!(
        data["machines"][0]["name"],
        data["projects"][0]["last_writer"]["machine"]
    );
    let api = &data["projects"][0];
    assert_eq!(
        (&api["files"], &api["bytes"]),
        (&2.into(), &7.into()),
        "{data}"
    );
    assert_eq!(data["settings"][0]["name"], "claude", "{data}");
    assert_eq!(tree(&office.new.home), before);
    let ran = office.new.ok(&["restore", utf8(&office.bare), "--dry-run"]);
    for words in [
        "machines, by last push",
        "2 files",
        "found: ",
        "nothing was changed",
    ] {
        assert!(ran.stdout.contains(words), "{ran}");
    }
    assert!(ran.stderr.contains("--clone"), "{ran}");
    assert_eq!(tree(&office.new.home), before);
    assert_eq!(commits(&office.bare).len(), 1);
}

#[test]
fn who_wrote_last_is_told_for_each_project() {
    let office = Office::new();
    office.new.checkout("web", WEB);
    office.restore(0, &[]);
    office.new.ok(&["config", "set", "machine.name", "tower"]);
    office.new.write("code/web/.aigon/x", "2\n");
    pushed(&office.new);
    let third = office.sandbox.machine("third");
    let data = restore(&third, &office.bare, 0, &["--dry-run"]);
    let writer = |at: usize| data["projects"][at]["last_writer"]["machine"].clone();
    assert_ne!(writer(0), "tower", "{data}");
    assert_eq!(writer(2), "tower", "{data}");
    assert_eq!(data["machines"].as_array().map(Vec::len), Some(2), "{data}");
}

#[test]
fn a_directory_of_the_right_name_that_is_something_else_is_not_touched() {
    let office = Office::new();
    let new = &office.new;
    let fork = new.checkout("web", "https://github.com/someone/web");
    new.write(fork.join(".aigon/x"), "somebody else's\n");
    new.write("code/notes/.aigon/x", "no repository\n");
    new.write("code/api", "a file\n");
    let before = tree(&new.home.join("code"));
    let data = office.restore(3, &["--clone"]);
    let expected = [
        ("api", "in_the_way"),
        ("notes", "missing"),
        ("web", "in_the_way"),
    ];
    assert_eq!(places(&data), pairs(expected), "{data}");
    assert_eq!(tree(&new.home.join("code")), before);
    let next = data["projects"][2]["next"].as_str().expect("a command");
    assert!(next.contains("code/web"), "{next}");
    let list = new.json(&["project", "list"]).1;
    assert_eq!(list["data"]["projects"].as_array().map(Vec::len), Some(0));
}

#[test]
fn state_that_was_here_before_is_merged_or_kept() {
    let office = Office::new();
    let new = &office.new;
    new.checkout("api", API);
    new.write(state("x"), "of this machine\n");
    new.write(state("own"), "own\n");
    new.write(".claude/settings.json", "{\"theme\": \"dark\"}\n");
    let data = office.restore(3, &[]);
    assert!(
        data["pull"]["conflicts"]
            .as_array()
            .is_some_and(|it| !it.is_empty()),
        "{data}"
    );
    assert_eq!(text(new, state("x")), "of this machine\n");
    assert_eq!(text(new, state("own")), "own\n");
    assert_eq!(text(new, state("deep/er.json")), "{}\n");
    assert!(text(new, ".claude/settings.json").contains("dark"));
}

#[test]
fn a_place_that_cannot_be_made_is_told_and_the_rest_is_pulled() {
    let office = Office::new();
    // A file is no directory, whoever asks.
    office.new.write("taken", "a file\n");
    let data = office.restore(3, &["--clone", "--into", "taken/place"]);
    let reason = &data["projects"][0]["tried"][0]["reason"];
    assert!(
        reason.as_str().is_some_and(|it| it.contains("taken")),
        "{data}"
    );
    assert!(data["pull"].is_object(), "{data}");
}

#[test]
fn a_clone_that_fails_is_told_and_the_rest_goes_on() {
    let office = Office::new();
    let new = &office.new;
    let away = office.sandbox.path().join("away");
    fs::rename(office.sandbox.path().join("hosts/team/api"), &away).expect("moved");
    let data = office.restore(3, &["--clone", "--into", "fresh/place"]);
    let expected = [
        ("api", "not_cloned"),
        ("notes", "missing"),
        ("web", "cloned"),
    ];
    assert_eq!(places(&data), pairs(expected), "{data}");
    let tried = data["projects"][0]["tried"]
        .as_array()
        .expect("a list")
        .clone();
    let urls: Vec<_> = tried.iter().map(|it| it["url"].clone()).collect();
    assert_eq!(
        urls,
        ["https://github.com/team/api", "git@github.com:team/api"]
    );
    assert!(
        tried[0]["reason"].as_str().is_some_and(|it| !it.is_empty()),
        "{data}"
    );
    assert_eq!(text(new, "fresh/place/web/.aigon/x"), "web\n");
    let left: Vec<_> = fs::read_dir(new.home.join("fresh/place"))
        .expect("there")
        .collect();
    assert_eq!(left.len(), 1, "nothing unfinished is left");
    // The same command goes on where it was.
    fs::rename(&away, office.sandbox.path().join("hosts/team/api")).expect("moved");
    let data = office.restore(0, &["--clone", "--into", "fresh/place"]);
    let expected = [
        ("api", "cloned"),
        ("notes", "missing"),
        ("web", "registered"),
    ];
    assert_eq!(places(&data), pairs(expected), "{data}");
    assert_eq!(text(new, "fresh/place/api/.aigon/x"), "api\n");
}

#[test]
fn the_way_to_a_host_can_be_chosen() {
    let office = Office::new();
    office.reaches(&office.new, &["git@github.com:"]);
    let data = office.restore(0, &["--clone", "--clone-with", "ssh"]);
    assert_eq!(
        data["projects"][0]["from"], "git@github.com:team/api",
        "{data}"
    );
    let ran = office
        .new
        .run(&["restore", utf8(&office.bare), "--clone-with", "ssh"]);
    assert_eq!(ran.code, 2, "{ran}");
}

#[test]
fn an_interrupted_restore_is_simply_run_again() {
    let office = Office::new();
    let new = &office.new;
    // A git that has begun to write when it is killed.
    let slow = new.home.join("bin/git");
    new.write(
        &slow,
        "#!/bin/sh\nfor last; do :; done\nmkdir -p \"$last/half\"\necho begun >&2\nexec sleep 60\n",
    );
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    let path = std::env::var("PATH").expect("PATH is set");
    let mut killed = office.sandbox.machine("new");
    killed.env("PATH", format!("{}:{path}", utf8(&new.home.join("bin"))));
    let started = killed.spawn(&["restore", utf8(&office.bare), "--clone"]);
    let is_begun = || {
        let code = fs::read_dir(new.home.join("code"));
        let mut code = code.into_iter().flatten().flatten();
        code.any(|entry| entry.path().join("half").is_dir())
    };
    for _ in 0..600 {
        if is_begun() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(is_begun(), "the clone began");
    started.kill_9();
    let data = office.restore(0, &["--clone"]);
    let expected = [("api", "cloned"), ("notes", "missing"), ("web", "cloned")];
    assert_eq!(places(&data), pairs(expected), "{data}");
    assert_eq!(
        fs::read_dir(new.home.join("code")).expect("there").count(),
        2
    );
    assert_eq!(text(new, state("x")), "api\n");
    // And once more, with nothing left to do.
    let before = tree(&new.home.join("code"));
    let data = office.restore(0, &["--clone"]);
    let expected = [
        ("api", "registered"),
        ("notes", "missing"),
        ("web", "registered"),
    ];
    assert_eq!(places(&data), pairs(expected), "{data}");
    assert_eq!(data["pull"]["applied"], false, "{data}");
    assert_eq!(tree(&new.home.join("code")), before);
}

#[test]
fn a_clone_that_hangs_is_given_up() {
    let office = Office::new();
    let new = &office.new;
    let slow = new.home.join("bin/git");
    new.write(&slow, "#!/bin/sh\nexec sleep 600\n");
    fs::set_permissions(&slow, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    let path = std::env::var("PATH").expect("PATH is set");
    let mut machine = office.sandbox.machine("new");
    machine.env("PATH", format!("{}:{path}", utf8(&new.home.join("bin"))));
    machine.ok(&["config", "set", "remote.idle_timeout", "1"]);
    // The program that takes a vault's pack is git, too: this one is asked for nothing but clones.
    let (code, document) = machine.json(&[
        "restore",
        utf8(&office.bare),
        "--clone",
        "--clone-with",
        "ssh",
    ]);
    assert_eq!(code, 3, "{document}");
    let reason = document["data"]["projects"][0]["tried"][0]["reason"].clone();
    assert_eq!(reason, "nothing was heard for 1 s", "{document}");
}

#[test]
fn what_is_no_vault_or_another_one_is_refused_and_nothing_is_kept() {
    let office = Office::new();
    let new = &office.new;
    let empty = office.sandbox.bare("empty.git");
    let code = office.sandbox.bare("code.git");
    by_hand(&office.sandbox, &code, |dir| {
        fs::write(dir.join("main.c"), "int main;").expect("written");
    });
    let gone = office.sandbox.path().join("gone.git");
    for (url, expected) in [
        (utf8(&empty), (1, "not_found")),
        (utf8(&code), (6, "not_a_vault")),
        (utf8(&gone), (4, "unreachable")),
        ("https://me:secret@host.example/v.git", (1, "invalid")),
        ("", (1, "invalid")),
    ] {
        for dry_run in [&[][..], &["--dry-run"]] {
            let message = fails(new, &[&["restore", url], dry_run].concat(), expected);
            assert!(!message.contains("secret"), "{message}");
        }
        assert!(!is_configured(new), "{url}");
    }
    for (into, kind) in [("gone", "not_found"), (".gitconfig", "io")] {
        let args = ["restore", utf8(&office.bare), "--into", into];
        fails(new, &args, (1, kind));
    }
    assert!(!is_configured(new));
    // A machine that has a vault keeps it.
    let other = office.sandbox.bare("other.git");
    let (_, document) = office.laptop.json(&["restore", utf8(&other)]);
    assert_eq!(document["error"]["kind"], "refused", "{document}");
    let (_, document) = office.laptop.json(&["config", "get", "remote.url"]);
    assert!(document.to_string().contains("vault.git"), "{document}");
}

#[test]
fn a_machine_that_knows_another_vault_is_told_so() {
    let office = Office::new();
    let other = Scene::with(&[("x", "1\n")]);
    let copy = office.sandbox.path().join("vault-copy.git");
    copy_dir(&other.bare, &copy);
    office.laptop.ok(&["config", "unset", "remote.url"]);
    fails(
        &office.laptop,
        &["restore", utf8(&copy)],
        (6, "other_vault"),
    );
    assert!(!text(&office.laptop, "holdall/config.toml").contains("vault-copy"));
}

#[test]
fn at_a_terminal_the_plan_is_shown_and_nothing_is_written_without_a_yes() {
    let office = Office::new();
    let new = &office.new;
    new.checkout("api", API);
    let args = ["restore", utf8(&office.bare)];
    for no in ["\n", "n\n", "maybe\n"] {
        let ran = answered(new, &args, no);
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ran.stderr.contains("found: "), "{ran}");
        assert!(!is_configured(new) && !is_there(new, state("x")), "{ran}");
    }
    let ran = answered(new, &args, "y\n");
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(text(new, state("x")), "api\n");
    let ran = answered(new, &[&args[..], &["--yes"]].concat(), "");
    assert_eq!(ran.code, 0, "{ran}");
    assert!(!ran.stderr.contains("Restore this?"), "{ran}");
}

#[test]
fn two_checkouts_of_one_project_wait_for_a_person() {
    let office = Office::new();
    let new = &office.new;
    new.checkout("one", API);
    new.checkout("two", API);
    let data = office.restore(3, &["--clone"]);
    let expected = [
        ("api", "undecided"),
        ("notes", "missing"),
        ("web", "cloned"),
    ];
    assert_eq!(places(&data), pairs(expected), "{data}");
    for name in ["one", "two"] {
        assert!(!is_there(new, format!("code/{name}/.aigon")), "{name}");
    }
    new.ok(&["project", "link", "code/two", "api"]);
    office.restore(0, &[]);
    assert_eq!(text(new, "code/two/.aigon/x"), "api\n");
    assert!(!is_there(new, "code/one/.aigon"));
}
