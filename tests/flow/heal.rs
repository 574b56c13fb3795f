//! A remote that is not what it was: older, elsewhere, emptied, or another one.

use std::fs;

use crate::kit::{fsck, git, is_linear};

use super::scene::{
    Scene, add, by_hand, connect, copy_dir, fails, is_there, pulled, pushed, state, text, tip, utf8,
};

/// The host restores its backup of this repository.
fn backed_up(scene: &Scene) -> impl Fn() {
    let (bare, backup) = (scene.bare.clone(), scene.sandbox.path().join("backup.git"));
    copy_dir(&bare, &backup);
    move || {
        fs::remove_dir_all(&bare).expect("it can be deleted");
        copy_dir(&backup, &bare);
    }
}

#[test]
fn a_rewound_remote_gets_back_what_it_lost() {
    let scene = Scene::with(&[("x", "1\n")]);
    let restore = backed_up(&scene);
    scene.a.write(state("x"), "2\n");
    scene.a.write(state("later"), "later\n");
    pushed(&scene.a);
    let lost = tip(&scene.bare);
    restore();
    let data = pushed(&scene.a);
    assert_eq!(data["healed"], "rewound", "{data}");
    assert_eq!(tip(&scene.bare), lost, "the very same commits");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "2\n");
    assert_eq!(text(&scene.b, state("later")), "later\n");
    assert!(pushed(&scene.a)["healed"].is_null());
}

#[test]
fn a_pull_from_a_rewound_remote_takes_nothing_back() {
    let scene = Scene::with(&[("x", "1\n")]);
    let restore = backed_up(&scene);
    scene.a.write(state("x"), "2\n");
    scene.a.write(state("later"), "later\n");
    pushed(&scene.a);
    restore();
    let data = pulled(&scene.a);
    assert_eq!(data["healed"], "rewound", "{data}");
    assert_eq!(text(&scene.a, state("x")), "2\n");
    assert!(is_there(&scene.a, state("later")));
    assert_eq!(pushed(&scene.a)["healed"], "rewound");
    assert_eq!(scene.stored("x"), "2\n");
}

#[test]
fn a_diverged_remote_is_merged_and_nothing_is_lost() {
    let scene = Scene::with(&[("x", "1\n"), ("both", "0\n")]);
    let restore = backed_up(&scene);
    scene.a.write(state("x"), "2\n");
    scene.a.write(state("from-a"), "a\n");
    scene.a.write(state("both"), "a\n");
    pushed(&scene.a);
    restore();
    // The other machine goes on from the old state, and never saw the lost commit.
    scene.b.write(state("from-b"), "b\n");
    scene.b.write(state("both"), "b\n");
    assert!(pushed(&scene.b)["healed"].is_null());
    let (code, document) = scene.a.json(&["backup", "push"]);
    let data = &document["data"];
    assert_eq!(data["healed"], "diverged", "{data}");
    assert_eq!(
        (code, &data["conflicts"][0]["path"]),
        (3, &".aigon/both".into()),
        "{data}"
    );
    for (name, content) in [
        ("x", "2\n"),
        ("from-a", "a\n"),
        ("from-b", "b\n"),
        ("both", "b\n"),
    ] {
        assert_eq!(scene.stored(name), content, "{name}");
    }
    let files = scene.vault();
    let on_file = files
        .iter()
        .any(|(path, bytes)| path.starts_with("conflicts/") && bytes == b"a\n");
    assert!(on_file, "{:?}", files.keys());
    assert!(is_linear(&scene.bare));
    fsck(&scene.bare);
    pulled_with_conflict(&scene);
    assert_eq!(text(&scene.a, state("from-b")), "b\n");
    scene.b.json(&["backup", "pull"]);
    assert_eq!(text(&scene.b, state("from-a")), "a\n");
    assert_eq!(text(&scene.b, state("both")), "b\n");
}

fn pulled_with_conflict(scene: &Scene) {
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["conflicts"][0]["path"], ".aigon/both");
}

#[test]
fn an_emptied_remote_gets_the_whole_history_again() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    let before = tip(&scene.bare);
    fs::remove_dir_all(&scene.bare).expect("it can be deleted");
    scene.sandbox.bare("vault.git");
    scene.b.write(state("from-b"), "b\n");
    let data = pushed(&scene.a);
    assert_eq!(data["healed"], "emptied", "{data}");
    assert_eq!(tip(&scene.bare), before);
    pushed(&scene.b);
    assert_eq!(scene.stored("from-b"), "b\n");
    assert_eq!(scene.stored("x"), "2\n");
}

#[test]
fn a_pull_from_an_emptied_remote_deletes_nothing() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::remove_dir_all(&scene.bare).expect("it can be deleted");
    scene.sandbox.bare("vault.git");
    let data = pulled(&scene.b);
    assert_eq!(data["healed"], "emptied", "{data}");
    assert_eq!(text(&scene.b, state("x")), "1\n");
}

#[test]
fn a_replaced_history_is_refused_and_left_alone() {
    let scene = Scene::with(&[("x", "1\n")]);
    let copy = scene.sandbox.path().join("copy");
    crate::kit::clone(&scene.bare, &copy);
    git(&["checkout", "-q", "--orphan", "fresh"], &copy);
    git(&["commit", "-q", "-m", "rewritten"], &copy);
    git(&["push", "-q", "-f", "origin", "fresh:main"], &copy);
    let replaced = tip(&scene.bare);
    scene.a.write(state("x"), "2\n");
    for command in ["push", "pull"] {
        let message = fails(&scene.a, &["backup", command], (6, "rewound"));
        assert!(message.contains(utf8(&scene.bare)), "{message}");
    }
    assert_eq!(tip(&scene.bare), replaced);
    assert_eq!(text(&scene.a, state("x")), "2\n");
    // The hint of the error is the way on.
    scene
        .a
        .ok(&["backup", "configure", utf8(&scene.bare), "--replace"]);
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(
        code, 3,
        "x differs, and nothing is agreed any more: {document}"
    );
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
    let copy = scene.sandbox.path().join("copy");
    crate::kit::clone(&scene.bare, &copy);
    let record = fs::read_to_string(copy.join("vault.json")).expect("it is there");
    let raised = record.replace("\"epoch\": 0", "\"epoch\": 1");
    assert_ne!(record, raised);
    fs::write(copy.join("vault.json"), raised).expect("it can be written");
    git(&["checkout", "-q", "--orphan", "fresh"], &copy);
    git(&["add", "-A", "-f"], &copy);
    git(&["commit", "-q", "-m", "compacted"], &copy);
    git(&["push", "-q", "-f", "origin", "fresh:main"], &copy);
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
fn a_commit_made_by_hand_is_an_ordinary_change() {
    let scene = Scene::with(&[("x", "1\n"), ("gone", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("projects/api/.aigon/x"), "by hand\n").expect("written");
        fs::remove_file(dir.join("projects/api/.aigon/gone")).expect("deleted");
        fs::write(dir.join("notes.txt"), "mine\n").expect("written");
    });
    scene.a.write(state("new"), "new\n");
    pushed(&scene.a);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "by hand\n");
    assert!(!is_there(&scene.a, state("gone")));
    assert_eq!(scene.vault()["notes.txt"], b"mine\n");
}

#[test]
fn a_cloned_machine_goes_on_under_an_id_of_its_own() {
    let scene = Scene::with(&[("x", "1\n")]);
    let twin = scene.sandbox.machine("twin");
    fs::remove_dir_all(&twin.home).expect("it can be deleted");
    copy_dir(&scene.a.home, &twin.home);
    // The registry names places: the clone of a disk has the same ones, this copy has not.
    let checkout = scene.a.home.join("code/api");
    scene.a.write(state("from-a"), "a\n");
    pushed(&scene.a);
    let machines = || git(&["ls-tree", "--name-only", "main:machines"], &scene.bare);
    let before = machines().lines().count();
    fs::write(checkout.join(".aigon/from-twin"), "twin\n").expect("written");
    let data = pushed(&twin);
    assert_eq!(data["committed"], true, "{data}");
    assert_eq!(machines().lines().count(), before + 1, "{}", machines());
    let id = |machine: &crate::kit::Machine| {
        let (_, document) = machine.json(&["backup", "status"]);
        let machines = document["data"]["machines"]
            .as_array()
            .expect("a list")
            .clone();
        let own = machines.iter().find(|line| line["this"] == true).cloned();
        own.expect("it knows itself")["id"].clone()
    };
    assert_ne!(id(&scene.a), id(&twin));
    scene.a.write(state("from-a"), "a again\n");
    pushed(&scene.a);
    assert_eq!(
        machines().lines().count(),
        before + 1,
        "both keep theirs now"
    );
    assert_eq!(scene.stored("from-a"), "a again\n");
    assert_eq!(scene.stored("from-twin"), "twin\n");
}

#[test]
fn a_lost_state_of_this_machine_meets_the_vault_for_the_first_time() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    fs::remove_dir_all(scene.b.home.join("holdall")).expect("it can be deleted");
    connect(&scene.b, &scene.bare);
    add(&scene.b, &scene.b.home.join("code/api"));
    super::scene::remove(&scene.b, state("y"));
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(
        code, 3,
        "x differs, and nobody knows which is newer: {document}"
    );
    assert_eq!(scene.stored("x"), "2\n");
    assert_eq!(scene.stored("y"), "1\n", "absence deletes nothing");
    scene.b.json(&["backup", "pull"]);
    assert_eq!(text(&scene.b, state("x")), "1\n");
    assert_eq!(text(&scene.b, state("y")), "1\n");
}
