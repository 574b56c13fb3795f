//! What is asked of a machine whose copy of the vault is gone: nothing is answered out of a new one.

use std::fs;

use serde_json::json;

use super::doctor::{data, found};
use super::repair::{prepare, store};
use crate::flow::scene::utf8;
use crate::kit::{Machine, Sandbox};

/// What is answered out of the copy of the vault.
const ASKED: [&[&str]; 12] = [
    &["backup", "log"],
    &["backup", "diff"],
    &["backup", "undo", "--list"],
    &["conflict", "list"],
    &["conflict", "show", "abcdef"],
    &["conflict", "diff", "abcdef"],
    &["conflict", "resolve", "--all", "--use", "local", "--yes"],
    &["secret", "list"],
    &["task", "list"],
    &["task", "search", "x"],
    &["workspace", "list"],
    &["epic", "list"],
];

/// None of them answers, and all say the same; the status and the doctor say it beside what they know.
#[track_caller]
fn nothing_is_answered(machine: &Machine, more: &[&[&str]]) {
    let found = found(machine, "store", &[]);
    assert_eq!(found["verdict"], "fail", "{found}");
    let words = &found["message"];
    for args in ASKED.iter().chain(more) {
        let (code, document) = machine.json(args);
        let error = &document["error"];
        assert_eq!(
            (code, &error["kind"], &error["message"]),
            (70, &json!("corrupt"), words),
            "{args:?}: {document}"
        );
    }
    let (code, document) = machine.json(&["backup", "status"]);
    let gone = &document["data"]["gone"];
    assert_eq!((code, &gone["message"]), (0, words), "{document}");
    assert_eq!(document["hints"], gone["hints"], "{document}");
    let ran = machine.run(&["backup", "status"]);
    assert!(ran.stdout.contains("is said without it"), "{ran}");
}

#[test]
fn nothing_is_answered_out_of_a_store_that_is_gone() {
    let scene = prepare();
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    nothing_is_answered(&scene.b, &[]);
}

#[test]
fn nothing_is_answered_where_all_is_gone() {
    let scene = prepare();
    fs::remove_dir_all(data(&scene.b, "")).expect("removed");
    let path = scene.b.home.join("code/api");
    let more: [&[&str]; 3] = [
        &["project", "list"],
        &["project", "add", utf8(&path)],
        &["project", "explain", utf8(&path)],
    ];
    nothing_is_answered(&scene.b, &more);
    // And the look before it is connected anew answers as ever.
    let (code, document) = scene.b.json(&["restore", utf8(&scene.bare), "--dry-run"]);
    assert!(code == 0 || code == 3, "{document}");
}

#[test]
fn a_machine_that_was_never_connected_is_answered() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    for is_begun in [false, true] {
        if is_begun {
            machine.ok(&["task", "add", "Mine"]);
        }
        for args in ASKED {
            let (code, document) = machine.json(args);
            assert_ne!(code, 70, "{args:?}: {document}");
        }
        machine.ok(&["project", "list"]);
        let (_, document) = machine.json(&["backup", "status"]);
        assert!(document["data"]["gone"].is_null(), "{document}");
    }
}
