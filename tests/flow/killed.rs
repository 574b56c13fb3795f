//! Runs that are killed while they write: what the next one says and does about it.

use std::ffi::OsString;

use holdall::base::seams;
use holdall::base::{Edges, Env};
use holdall::flow::undo::{UndoOptions, undo};
use holdall::flow::{FlowError, Session, Silent, Writer};
use serde_json::Value;

use crate::kit::{Machine, git};

use super::conflicts::{X, disputed};
use super::logs::rest;
use super::scene::{Scene, as_if_killed, fails, pulled, pushed, state, text, tip};

fn status(machine: &Machine) -> Value {
    machine.json(&["backup", "status", "--offline"]).1["data"].clone()
}

/// A run within this process that dies at the first step at which there is a journal of it.
fn killed(machine: &Machine, work: impl Fn(&Writer<'_>) -> Result<(), FlowError>) {
    let vars = [("HOME", ""), ("HOLDALL_HOME", "holdall")];
    let vars = vars.map(|(name, below)| (name.to_owned(), machine.home.join(below)));
    let vars = vars.map(|(name, path)| (name, OsString::from(path)));
    let edges = Edges::system(Env::new(vars, machine.home.clone(), "here".to_owned()));
    for step in 1..100 {
        let session = Session::open(&edges, None, "test", &Silent).expect("a session");
        let writer = Writer::take(&session).expect("nobody else writes");
        seams::begin();
        seams::die_at(step);
        let ended = work(&writer);
        seams::begin();
        assert!(ended.is_err(), "it ended before a journal of it was seen");
        drop(writer);
        if !status(machine)["interrupted"].is_null() {
            return;
        }
    }
    panic!("no step is right behind the journal");
}

/// The second machine has two versions of a file behind it, and its undo of the second was killed.
fn killed_undo() -> Scene {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    pulled(&scene.b);
    let options = UndoOptions::default();
    killed(&scene.b, |writer| undo(writer, &options).map(drop));
    scene
}

/// What a push says beside its answer.
fn push(machine: &Machine) -> String {
    machine.ok(&["backup", "push"]).stderr
}

#[test]
fn no_pull_comes_by_itself_after_a_killed_undo() {
    let scene = killed_undo();
    assert!(!status(&scene.b)["pulls_paused"].is_null());
    push(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "1\n");
    assert!(!status(&scene.b)["pulls_paused"].is_null());
}

#[test]
fn what_is_said_about_a_finished_undo_takes_that_one_back() {
    let scene = killed_undo();
    let said = push(&scene.b);
    assert!(said.contains("undo 3 was interrupted"), "{said}");
    let typed = said.split('`').nth(1).expect("a command");
    let words: Vec<&str> = typed.split(' ').skip(1).collect();
    scene.b.ok(&words);
    assert_eq!(text(&scene.b, state("x")), "2\n", "after `{typed}`");
}

#[test]
fn every_run_that_writes_reports_what_it_finished_first() {
    for what in ["undo", "restore"] {
        let scene = killed_undo();
        let now = tip(&scene.bare);
        let run: &[&str] = match what {
            "undo" => &["backup", "undo", "1"],
            _ => &["backup", "restore", "--at", &now],
        };
        let (_, document) = scene.b.json(run);
        let finished = &document["data"]["finished"];
        assert_eq!(finished["command"], "undo", "{run:?}: {document}");
        assert_eq!(document["data"]["applied"], true, "{run:?}: {document}");
    }
    let scene = disputed();
    scene.a.write(state("y"), "1\n");
    scene.a.run(&["backup", "push"]);
    scene.b.run(&["backup", "pull"]);
    let options = UndoOptions::default();
    killed(&scene.b, |writer| undo(writer, &options).map(drop));
    let (_, document) = scene.b.json(&["conflict", "resolve", X, "--use", "local"]);
    let finished = &document["data"]["finished"];
    assert_eq!(finished["command"], "undo", "{document}");
}

/// A commit that is no journal.
const NONE: &str = "refs/holdall/base";

#[test]
fn a_journal_that_cannot_be_read_is_kept_and_stops_nobody() {
    let scene = killed_undo();
    let store = scene.b.home.join("holdall/data/vault.git");
    git(&["update-ref", "refs/holdall/landing", NONE], &store);
    let no_journal = git(&["rev-parse", NONE], &store);
    let said = push(&scene.b);
    assert!(said.contains("its journal cannot be read"), "{said}");
    let kept = git(&["rev-parse", "refs/holdall/undo/3"], &store);
    assert_eq!(kept, no_journal);
    assert_eq!(push(&scene.b), "", "it is said once");
    scene.b.ok(&["backup", "undo", "2"]);
    assert_eq!(text(&scene.b, state("x")), "1\n");
}

#[test]
fn a_journal_that_cannot_be_read_hides_no_other() {
    let scene = Scene::with(&[("x", "1\n")]);
    for version in ["2\n", "3\n"] {
        scene.a.write(state("x"), version);
        pushed(&scene.a);
        pulled(&scene.b);
    }
    let store = scene.b.home.join("holdall/data/vault.git");
    git(&["update-ref", "refs/holdall/undo/2", NONE], &store);
    let ran = scene.b.ok(&["backup", "undo", "--list"]);
    assert!(ran.stdout.contains("2  cannot be read"), "{ran}");
    let (_, document) = scene.b.json(&["backup", "undo"]);
    assert_eq!(document["data"]["undone"], "3", "{document}");
    // No run behind it is taken for it.
    fails(&scene.b, &["backup", "undo"], (70, "corrupt"));
    scene.b.ok(&["backup", "undo", "1"]);
}

#[test]
fn a_killed_pull_whose_log_somebody_writes_can_be_undone_later() {
    let scene = Scene::with(&[("x.jsonl", "{\"n\":1}\n")]);
    let both = "{\"n\":1}\n{\"n\":2}\n";
    scene.a.write(state("x.jsonl"), both);
    pushed(&scene.a);
    let data = pulled(&scene.b);
    let number = data["undo"].as_str().expect("an id");
    as_if_killed(&scene.b, number);
    scene.b.write(state("x.jsonl"), both);
    let (_, document) = scene.b.json(&["backup", "undo"]);
    let kept = &document["data"]["projects"][0]["kept_paths"];
    assert_eq!(kept[0]["why"], "just_written", "{document}");
    rest(&scene.b, state("x.jsonl"));
    scene.b.ok(&["backup", "undo", number]);
    assert_eq!(text(&scene.b, state("x.jsonl")), "{\"n\":1}\n");
}
