//! What this user may not read.

use crate::kit::{Machine, git};

use super::scene::{Scene, bound, chmod, pushed, state};

/// A scene whose first machine reads nothing that is closed.
fn scene() -> Scene {
    let mut scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    bound(&scene.sandbox, &mut scene.a);
    scene
}

#[test]
fn what_a_closed_git_tracks_does_not_travel() {
    let scene = scene();
    let dir = scene.a.home.join("code/api");
    scene.a.write(state("tracked"), "t\n");
    git(&["add", "-f", ".aigon/tracked"], &dir);
    git(&["commit", "-q", "-m", "tracked"], &dir);
    scene.a.write(state("x"), "2\n");
    for mode in [0o000, 0o600] {
        chmod(&scene.a, dir.join(".git"), mode);
        let (code, document) = scene.a.json(&["backup", "push"]);
        chmod(&scene.a, dir.join(".git"), 0o755);
        assert_eq!(code, 3, "{mode:o}: {document}");
        let line = &document["data"]["withheld"][0];
        assert_eq!(line["path"], ".aigon", "{mode:o}: {document}");
        assert_eq!(line["reason"], "unreadable", "{mode:o}: {document}");
        assert!(!scene.vault().contains_key("projects/api/.aigon/tracked"));
        assert_eq!(scene.stored("x"), "1\n");
    }
    pushed(&scene.a);
    assert!(!scene.vault().contains_key("projects/api/.aigon/tracked"));
    assert_eq!(scene.stored("x"), "2\n");
}

#[test]
fn a_closed_state_directory_has_no_rules_that_could_be_mended() {
    let scene = scene();
    for place in ["code/api/.aigon", "code/api"] {
        chmod(&scene.a, place, 0o000);
        let (code, document) = scene.a.json(&["backup", "push"]);
        let (_, status) = scene.a.json(&["backup", "status"]);
        chmod(&scene.a, place, 0o755);
        assert_eq!(code, 3, "{place}: {document}");
        for document in [document, status] {
            let line = &document["data"]["withheld"][0];
            assert_eq!(line["path"], ".aigon", "{place}: {document}");
            assert_eq!(line["reason"], "unreadable", "{place}: {document}");
        }
    }
    let rules = state(".holdallignore");
    scene.a.write(&rules, "y\n");
    chmod(&scene.a, &rules, 0o000);
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let line = &document["data"]["withheld"][0];
    assert_eq!(line["reason"], "bad_rules", "{document}");
}

#[test]
fn a_restore_that_could_not_write_does_not_say_that_all_is_as_it_was_then() {
    let scene = scene();
    let then = crate::flow::scene::tip(&scene.bare);
    scene.a.write(state("x"), "2\n");
    scene.a.write(state("y"), "2\n");
    pushed(&scene.a);
    let restore = ["backup", "restore", "--at", &then];
    let path = |name: &'static str| [&restore[..], &["--path", name]].concat();
    chmod(&scene.a, state("x"), 0o000);
    let ran = scene.a.run(&path(".aigon/x"));
    chmod(&scene.a, state("x"), 0o644);
    assert_eq!(ran.code, 3, "{ran}");
    assert!(
        ran.stdout.contains("nothing was written: 1 withheld path"),
        "{ran}"
    );
    assert!(ran.stderr.contains("`holdall backup restore --at"), "{ran}");
    // What a rule keeps here is named.
    scene.a.ok(&["config", "set", "rules", "[\"/y\"]"]);
    let ran = scene.a.ok(&path(".aigon/y"));
    assert!(
        ran.stdout
            .contains("kept  api/.aigon/y: a rule leaves it as it is here"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("all is as"), "{ran}");
    // What is nobody's state cannot come back.
    for more in [&[][..], &["--to", "there"]] {
        let args = [&path("machines")[..], more].concat();
        let said = super::scene::fails(&scene.a, &args, (1, "refused"));
        assert!(said.contains("machines"), "{said}");
    }
    let ran = scene.a.ok(&path(".aigon/x"));
    assert!(ran.stdout.contains("restored"), "{ran}");
    let ran = scene.a.ok(&path(".aigon/x"));
    assert!(ran.stdout.contains("all is as in"), "{ran}");
}

#[test]
fn what_arrived_is_told_as_arrived_where_it_cannot_be_noted() {
    let mut scene = Scene::with(&[("x", "1\n")]);
    bound(&scene.sandbox, &mut scene.a);
    bound(&scene.sandbox, &mut scene.b);
    let closed = |machine: &Machine, mode| {
        for place in ["holdall/state/seen", "holdall/state"] {
            chmod(machine, place, mode);
        }
    };
    scene.a.write(state("x"), "2\n");
    closed(&scene.a, 0o500);
    closed(&scene.b, 0o500);
    for (machine, command) in [(&scene.a, "push"), (&scene.b, "pull")] {
        let ran = machine.ok(&["backup", command]);
        for what in ["how this run went", "what was read"] {
            let words = format!("{what} is not remembered");
            assert!(ran.stderr.contains(&words), "{ran}");
        }
    }
    assert_eq!(scene.stored("x"), "2\n");
    assert_eq!(scene.b.read(state("x")), b"2\n");
    scene.b.ok(&["sync"]);
    // What fails is told as it failed.
    let away = scene.bare.with_extension("away");
    std::fs::rename(&scene.bare, away).expect("moved");
    let ran = scene.a.run(&["backup", "push"]);
    assert_eq!(ran.code, 4, "{ran}");
    let ran = scene.a.run(&["sync"]);
    assert_eq!(ran.code, 4, "{ran}");
}
