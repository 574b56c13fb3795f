//! `task undo`: each kind of thing that a command does, done back.

use serde_json::Value;

use super::task::{add, desk, refused, shown, titles};
use crate::kit::{Machine, Sandbox};

/// Does something and undoes it: the task is as it was, but for when it was changed.
#[track_caller]
fn comes_back(desk: &Machine, task: &str, args: &[&str]) {
    let before = plain(&shown(desk, task));
    desk.ok(args);
    let after = plain(&shown(desk, task));
    assert_ne!(before, after, "{args:?}");
    let ran = desk.ok(&["task", "undo"]);
    assert!(ran.stdout.starts_with("undone  "), "{ran}");
    assert_eq!(plain(&shown(desk, task)), before, "{args:?}");
    desk.ok(&["task", "undo", "--redo"]);
    assert_eq!(plain(&shown(desk, task)), after, "{args:?}");
    desk.ok(&["task", "undo"]);
    assert_eq!(plain(&shown(desk, task)), before, "{args:?}");
}

/// What a person sees of a task.
fn plain(task: &Value) -> Value {
    let mut task = task.clone();
    for key in ["updated", "seen"] {
        task[key] = Value::Null;
    }
    for note in task["notes"].as_array_mut().into_iter().flatten() {
        note["token"] = Value::Null;
        note["at"] = Value::Null;
    }
    task
}

#[test]
fn each_kind_of_change_is_undone_and_done_again() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (task, other) = (
        add(&desk, &["One", "--label", "a", "--due", "2030-01-01"]),
        add(&desk, &["Other"]),
    );
    desk.ok(&["epic", "add", "Large"]);
    desk.ok(&["workspace", "add", "work"]);
    let (_, epics) = desk.json(&["epic", "list"]);
    let epic = epics["data"]["epics"][0]["ref"].as_str().expect("a ref");
    let long = "long ".repeat(20_000);
    for args in [
        &["task", "edit", &task, "--title", "Won", "--priority", "low"][..],
        &["task", "edit", &task, "--due", "none"],
        &["task", "edit", &task, "--description", "some"],
        &["task", "edit", &task, "--description", &long],
        &["task", "edit", &task, "--meta", "k=v"],
        &["task", "edit", &task, "--epic", epic],
        &["task", "edit", &task, "--workspace", "work"],
        &["task", "start", &task],
        &["task", "done", &task],
        &["task", "cancel", &task],
        &["task", "delete", &task],
        &["task", "label", "add", &task, "b"],
        &["task", "label", "remove", &task, "a"],
        &["task", "depend", "add", &task, &other],
        &["task", "note", "add", &task, "said"],
    ] {
        comes_back(&desk, &task, args);
    }
}

#[test]
fn one_step_after_the_other_is_undone_to_the_beginning() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(
        &desk,
        &["One", "--label", "a", "--description", &"x ".repeat(40_000)],
    );
    desk.ok(&["task", "start", &task]);
    desk.ok(&["task", "done", &task]);
    desk.ok(&["task", "note", "add", &task, "said"]);
    desk.ok(&["task", "delete", &task]);
    let listed = desk.ok(&["task", "undo", "--list"]).stdout;
    let said: Vec<_> = listed.lines().map(|line| line.split("  ").last()).collect();
    let expected = ["delete", "note", "done", "start"].map(|verb| format!("{verb}: {task}"));
    let expected: Vec<_> = expected
        .iter()
        .map(String::as_str)
        .chain(["add: One"])
        .map(Some)
        .collect();
    assert_eq!(said, expected);
    desk.ok(&["task", "undo", "2"]);
    let found = shown(&desk, &task);
    assert_eq!(
        (&found["deleted"], &found["notes"]),
        (&false.into(), &serde_json::json!([]))
    );
    for status in ["active", "inbox"] {
        desk.ok(&["task", "undo"]);
        assert_eq!(shown(&desk, &task)["status"], status);
    }
    desk.ok(&["task", "undo"]);
    assert_eq!(titles(&desk, &["task", "list", "--all"]), [""; 0]);
    assert_eq!(titles(&desk, &["task", "list", "--deleted"]), ["One"]);
    refused(&desk, &["task", "undo"], (1, "refused", "nothing to undo"));
}

#[test]
fn what_was_written_over_it_since_stays_and_is_named() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(&desk, &["One"]);
    desk.ok(&["task", "edit", &task, "--title", "Two", "--priority", "low"]);
    desk.ok(&["task", "edit", &task, "--title", "Three"]);
    let (_, undone) = desk.json(&["task", "undo", "2"]);
    assert_eq!(undone["data"]["deeds"].as_array().map(Vec::len), Some(2));
    assert_eq!(shown(&desk, &task)["title"], "One");
    desk.ok(&["task", "undo", "--redo"]);
    assert_eq!(shown(&desk, &task)["title"], "Three");
    assert_eq!(shown(&desk, &task)["priority"], "low");
    let listed = desk.ok(&["task", "undo", "--list"]).stdout;
    let again = format!("redo: edit: {task}, edit: {task}\n");
    let first = listed.lines().next().map(|line| format!("{line}\n"));
    assert!(first.is_some_and(|line| line.ends_with(&again)), "{listed}");
    desk.ok(&["task", "undo"]);
    let ran = desk.ok(&["task", "undo", "--redo"]);
    let words = format!("done again  edit: {task}, edit: {task} (");
    assert!(ran.stdout.starts_with(&words), "{ran}");
    refused(
        &desk,
        &["task", "undo", "--redo"],
        (1, "refused", "nothing to redo"),
    );
}

#[test]
fn a_project_that_was_begun_by_an_undone_task_is_there_for_the_next() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let api = desk.checkout("api", None);
    desk.ok(&["project", "add", api.to_str().expect("UTF-8")]);
    add(&desk, &["One", "--project", "api"]);
    desk.ok(&["task", "undo"]);
    let task = add(&desk, &["Two", "--project", "api"]);
    assert!(task.starts_with("API-"), "{task}");
    assert_eq!(
        titles(&desk, &["task", "list", "--project", "api"]),
        ["Two"]
    );
}

#[test]
fn workspaces_and_epics_are_undone_too() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    desk.ok(&["workspace", "add", "work"]);
    desk.ok(&["workspace", "rename", "work", "acme"]);
    desk.ok(&["workspace", "delete", "acme"]);
    for expected in ["acme", "work"] {
        desk.ok(&["task", "undo"]);
        let (_, list) = desk.json(&["workspace", "list"]);
        assert_eq!(list["data"]["workspaces"][1]["name"], expected, "{list}");
    }
    desk.ok(&["task", "undo"]);
    let (_, list) = desk.json(&["workspace", "list"]);
    assert_eq!(list["data"]["workspaces"].as_array().map(Vec::len), Some(1));
    desk.ok(&["epic", "add", "Large"]);
    desk.ok(&["task", "undo"]);
    assert_eq!(desk.ok(&["epic", "list"]).stdout, "no epics\n");
}
