//! A vault whose branch was given another history.

use std::fs;
use std::path::Path;

use crate::kit::git;

use super::scene::{Scene, fails, pulled, pushed, state, text, tip, utf8};

/// One commit without parents takes the place of all, after somebody changed what it has.
fn rewritten(scene: &Scene, change: impl FnOnce(&Path)) {
    let copy = scene.sandbox.path().join("copy");
    crate::kit::clone(&scene.bare, &copy);
    change(&copy);
    git(&["checkout", "-q", "--orphan", "fresh"], &copy);
    git(&["add", "-A", "-f"], &copy);
    git(&["commit", "-q", "-m", "rewritten"], &copy);
    git(&["push", "-q", "-f", "origin", "fresh:main"], &copy);
}

#[test]
fn a_replaced_history_is_refused_and_left_alone() {
    let scene = Scene::with(&[("x", "1\n")]);
    rewritten(&scene, |copy| {
        fs::write(copy.join("notes.txt"), "mine\n").expect("written");
    });
    let replaced = tip(&scene.bare);
    scene.a.write(state("x"), "2\n");
    for command in ["push", "pull"] {
        let message = fails(&scene.a, &["backup", command], (6, "rewound"));
        assert!(message.contains(utf8(&scene.bare)), "{message}");
    }
    assert_eq!(tip(&scene.bare), replaced);
    assert_eq!(text(&scene.a, state("x")), "2\n");
    let configure = ["backup", "configure", utf8(&scene.bare)];
    fails(&scene.a, &configure, (6, "rewound"));
    // The hint of the error is the way on.
    scene.a.ok(&[&configure[..], &["--replace"]].concat());
    let ran = scene.a.run(&["backup", "push"]);
    assert_eq!(
        ran.code, 3,
        "x differs, and nothing is agreed any more: {ran}"
    );
    assert!(!ran.stderr.contains("another machine"), "{ran}");
    let machines = git(&["ls-tree", "--name-only", "main:machines"], &scene.bare);
    assert_eq!(machines.lines().count(), 1, "{machines}");
    let files = scene.vault();
    assert_eq!(files["projects/api/.aigon/x"], b"1\n");
    assert!(
        files.values().any(|bytes| bytes == b"2\n"),
        "{:?}",
        files.keys()
    );
}

#[test]
fn a_higher_epoch_is_taken_without_common_history() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    rewritten(&scene, |copy| {
        let record = fs::read_to_string(copy.join("vault.json")).expect("it is there");
        let raised = record.replace("\"epoch\": 0", "\"epoch\": 1");
        assert_ne!(record, raised);
        fs::write(copy.join("vault.json"), raised).expect("it can be written");
    });
    scene.a.write(state("x"), "2\n");
    let data = pushed(&scene.a);
    assert!(data["healed"].is_null(), "{data}");
    assert_eq!(scene.stored("x"), "2\n");
    assert_eq!(scene.stored("y"), "1\n");
    assert_eq!(
        crate::kit::commits(&scene.bare).len(),
        2,
        "the old history stays away"
    );
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "2\n");
}

#[test]
fn a_history_that_begins_with_what_was_seen_is_taken() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    rewritten(&scene, |_| ());
    scene.a.ok(&["backup", "configure", utf8(&scene.bare)]);
    scene.a.write(state("x"), "2\n");
    let data = pushed(&scene.a);
    assert!(data["healed"].is_null(), "{data}");
    assert_eq!(crate::kit::commits(&scene.bare).len(), 2);
    // This one sees it first when it has grown.
    scene.b.write(state("y"), "2\n");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "2\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("y"), "2\n");
    assert_eq!(scene.stored("x"), "2\n");
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("y")), "2\n");
}
