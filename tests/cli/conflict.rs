//! Conflicts as a person at a terminal meets them.

use std::fs::File;
use std::io::{Read, Write};
use std::process::Stdio;
use std::thread;

use crate::flow::conflicts::{X, disputed, has_conflict, list};
use crate::flow::scene::{Scene, pushed, state, text};
use crate::kit::{Machine, terminal};

/// What was said, with plain words for what is another one in each run.
fn plain(scene: &Scene, machine: &Machine, said: &str) -> String {
    let conflict = &list(machine)[0];
    let word = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let variant = &conflict["variants"][0];
    [
        (word(&conflict["id"]), "ID"),
        (word(&variant["token"]), "TOKEN"),
        (word(&variant["machine"]), "desktop"),
        (scene.sandbox.path().display().to_string(), "/sandbox"),
        ("just now".to_owned(), "AGO"),
    ]
    .into_iter()
    .chain(
        (5..60)
            .rev()
            .map(|age| (format!("{age} seconds ago"), "AGO")),
    )
    .fold(said.to_owned(), |said, (from, to)| said.replace(&from, to))
}

/// A conflict whose machines have no time to be told apart by.
fn scene() -> Scene {
    let scene = disputed();
    for machine in [&scene.a, &scene.b] {
        machine.ok(&["config", "set", "machine.name", "desktop"]);
    }
    scene
}

#[test]
fn the_list_and_one_conflict_read_well() {
    let scene = scene();
    let said = scene.a.ok(&["conflict", "list"]);
    let all = plain(&scene, &scene.a, &format!("{}{}", said.stdout, said.stderr));
    insta::assert_snapshot!(all);
    let said = scene.a.ok(&["conflict", "show", X]);
    let all = plain(&scene, &scene.a, &format!("{}{}", said.stdout, said.stderr));
    insta::assert_snapshot!(all);
    for line in all.lines().filter(|line| !line.contains("/sandbox")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    let said = scene.a.ok(&["conflict", "diff", X, "--base"]);
    insta::assert_snapshot!(plain(&scene, &scene.a, &said.stdout));
}

#[test]
fn a_decision_is_told_until_it_is_pushed() {
    let scene = scene();
    let said = scene
        .a
        .ok(&["conflict", "resolve", X, "--use", "vault", "--dry-run"]);
    insta::assert_snapshot!(said.stdout, @r"
    would decide  api/.aigon/x: the vault's version; this disk has it already
    1 conflict; nothing was changed
    ");
    let said = scene.b.ok(&["conflict", "resolve", X, "--use", "vault"]);
    let all = plain(&scene, &scene.b, &format!("{}{}", said.stdout, said.stderr));
    insta::assert_snapshot!(all, @r"
    decided  api/.aigon/x: the vault's version; on this disk, too
    hint: send it: `holdall backup push`
    hint: to take it back: `holdall backup undo`
    ");
    let said = scene.b.ok(&["conflict", "list"]);
    assert!(said.stdout.contains("decided here"), "{said}");
    let said = scene.b.ok(&["backup", "status"]);
    assert!(said.stdout.contains(", 1 decision on conflicts"), "{said}");
    assert!(
        said.stdout.contains("decided here; the next push"),
        "{said}"
    );
    let said = scene.b.ok(&["backup", "push"]);
    assert!(
        said.stdout.starts_with("resolved  api/.aigon/x: "),
        "{said}"
    );
    let said = scene.b.ok(&["conflict", "list"]);
    assert!(said.stdout.starts_with("no conflicts\n"), "{said}");
}

/// Runs with a terminal for all that is asked; the exit code and what it said there.
fn asked(machine: &Machine, args: &[&str], editor: &str) -> (Option<i32>, String) {
    let (ours, theirs) = terminal();
    let stdin = theirs.try_clone().expect("a second handle");
    let mut command = machine.command(args);
    command
        .env("EDITOR", editor)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(theirs);
    let mut child = command.spawn().expect("it can be started");
    drop(command);
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        // A terminal whose other end is closed answers with an error.
        File::from(ours).read_to_end(&mut bytes).ok();
        bytes
    });
    let code = child.wait().expect("it ends").code();
    let said = reader.join().expect("a reader does not panic");
    (code, String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn an_editor_opens_with_both_versions_and_its_text_is_the_decision() {
    let scene = disputed();
    let resolve = ["conflict", "resolve", X];
    scene.b.write(
        "shown.sh",
        "cp \"$1\" \"$HOME/shown\"; echo both > \"$1\"\n",
    );
    let (code, said) = asked(&scene.b, &resolve, "sh shown.sh");
    assert_eq!(code, Some(0), "{said}");
    let shown = text(&scene.b, "shown");
    for part in ["<<<<<<< vault\na\n|||||||", "\n1\n=======\nb\n>>>>>>> "] {
        assert!(shown.contains(part), "{shown}");
    }
    assert_eq!(text(&scene.b, state("x")), "both\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("x"), "both\n");
}

#[test]
fn an_editor_that_fails_or_leaves_markers_decides_nothing_and_no_text_is_lost() {
    let scene = disputed();
    let resolve = ["conflict", "resolve", X];
    let (code, said) = asked(&scene.b, &resolve, "exit 3; :");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("did not end well"), "{said}");
    scene.b.write("half.sh", "echo 'my work' >> \"$1\"\n");
    let (code, said) = asked(&scene.b, &resolve, "sh half.sh");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("still has conflict markers"), "{said}");
    let kept = said.split("your text is in ").nth(1).expect("it is named");
    let kept = kept.split(": ").next().expect("a path");
    assert!(text(&scene.b, kept).ends_with("my work\n"));
    // The vault's content moves while the editor is open.
    scene.b.write(
        "slow.sh",
        "echo more > code/api/.aigon/x; echo both > \"$1\"\n",
    );
    let (code, said) = asked(&scene.b, &resolve, "sh slow.sh");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("changed meanwhile"), "{said}");
    assert_eq!(text(&scene.b, state("x")), "more\n");
    assert!(has_conflict(&scene));
}

#[test]
fn what_came_while_a_person_was_asked_about_all_is_not_decided() {
    let scene = disputed();
    let (ours, theirs) = terminal();
    let mut command = scene
        .b
        .command(&["conflict", "resolve", "--all", "--use", "vault"]);
    command
        .stdin(theirs.try_clone().expect("a second handle"))
        .stdout(Stdio::null())
        .stderr(theirs);
    let mut child = command.spawn().expect("it can be started");
    drop(command);
    let mut here = File::from(ours);
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("Decide so?") {
        let mut byte = [0];
        here.read_exact(&mut byte).expect("it asks");
        said.extend(byte);
    }
    scene.a.write(state("y"), "a\n");
    assert_eq!(scene.a.run(&["backup", "push"]).code, 3);
    scene.b.write(state("y"), "b\n");
    assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
    here.write_all(b"y\n").expect("it can be typed");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let decided = |conflict: &serde_json::Value| !conflict["decided"].is_null();
    let said: Vec<bool> = list(&scene.b).iter().map(decided).collect();
    assert_eq!(said, [true, false]);
    assert_eq!(text(&scene.b, state("y")), "b\n");
}
