//! The demo: it ends well, checks what it shows, and leaves nothing behind.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{Said, holdall};

/// The demo with a temporary directory of its own: what it said, and what it left there.
fn play(
    args: &[&str],
    change: impl FnOnce(&mut Command),
) -> (Said, Vec<String>, tempfile::TempDir) {
    let home = tempfile::tempdir().expect("a directory");
    let temp = home.path().join("temp");
    fs::create_dir(&temp).expect("made");
    let mut command = holdall(home.path(), args);
    command.env("TMPDIR", &temp);
    change(&mut command);
    let said: Said = command.output().expect("it runs").into();
    let left = names(&temp);
    (said, left, home)
}

fn names(dir: &Path) -> Vec<String> {
    fs::read_dir(dir)
        .expect("listed")
        .map(|entry| {
            entry
                .expect("listed")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect()
}

#[test]
fn the_demo_ends_well_and_leaves_nothing_behind() {
    let (said, left, home) = play(&["demo"], |_| ());
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(0), ""),
        "{}",
        said.stdout
    );
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(names(home.path()), ["temp"], "it makes nothing in the home");
    for line in [
        "$ holdall backup push",
        "withheld  shop/.aigon/notes/deploy.md: holds a secret",
        "conflict  shop/.aigon/notes/decisions.md",
        "(exit 3)",
        "Now with your own: holdall project add PATH; holdall backup push",
    ] {
        assert!(
            said.stdout.contains(line),
            "{line} is missing: {}",
            said.stdout
        );
    }
    assert!(!said.stdout.contains("ghp_"), "the token is not shown");
}

#[test]
fn with_json_the_demo_is_one_document_of_its_steps() {
    let (said, left, _home) = play(&["demo", "--json"], |_| ());
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(left.is_empty(), "{left:?}");
    let document: Value = serde_json::from_str(&said.stdout).expect("one document");
    assert_eq!(document["command"], "demo");
    let data = &document["data"];
    assert_eq!(
        (&data["ok"], &data["dir"]),
        (&Value::Bool(true), &Value::Null)
    );
    let steps = data["steps"].as_array().expect("a list");
    assert!(steps.len() > 20);
    for step in steps {
        for part in ["machine", "command", "shows"] {
            assert!(
                step[part].as_str().is_some_and(|text| !text.is_empty()),
                "{step}"
            );
        }
    }
    let exits: Vec<u64> = steps
        .iter()
        .filter_map(|step| step["exit"].as_u64())
        .collect();
    assert_eq!(exits.len(), steps.len());
    assert_eq!(
        exits.iter().filter(|exit| **exit == 3).count(),
        3,
        "a secret, a conflict twice"
    );
}

#[test]
fn a_demo_that_is_kept_can_be_looked_at() {
    let (said, left, home) = play(&["demo", "--keep"], |_| ());
    assert_eq!((said.code, left.len()), (Some(0), 1), "{}", said.stderr);
    assert!(said.stdout.contains(&left[0]), "it says where");
    let stage = home.path().join("temp").join(&left[0]);
    for path in [
        "laptop/code/shop/.aigon",
        "desktop/work/shop/.aigon",
        "host/vault.git",
    ] {
        assert!(stage.join(path).is_dir(), "{path}");
    }
}

#[test]
fn the_demo_does_not_see_the_environment_of_its_caller() {
    let (said, _, home) = play(&["demo", "-q"], |command| {
        let home = command.get_current_dir().expect("set").to_owned();
        fs::write(home.join(".gitconfig"), "broken [").expect("written");
        command
            .env("HOLDALL_HOME", home.join("mine"))
            .env("XDG_CONFIG_HOME", home.join("xdg"))
            .env("GIT_DIR", home.join("nowhere"))
            .env("GIT_AUTHOR_NAME", "Somebody Else");
    });
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(0), ""),
        "{}",
        said.stdout
    );
    assert!(!home.path().join("mine").exists() && !home.path().join("xdg").exists());
}

#[test]
fn without_git_the_demo_says_what_it_needs() {
    let (said, left, _home) = play(&["demo"], |command| {
        command.env("PATH", "/nowhere");
    });
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    assert!(
        said.stderr.contains("git is not on PATH"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("hint: install git"), "{}", said.stderr);
    assert!(left.is_empty());
}
