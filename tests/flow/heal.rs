//! A remote that is not what it was: older, elsewhere, emptied, or another one.

use std::fs;

use std::os::unix::fs::PermissionsExt;

use crate::kit::{Machine, fsck, git, is_linear};

use super::scene::{
    Scene, add, by_hand, connect, copy_dir, is_there, pulled, pushed, state, text, tip,
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

/// A new checkout of `web` with one file of state, pushed.
fn with_web(machine: &Machine, url: &str, plan: &str) {
    let dir = machine.checkout("web", url);
    machine.write("code/web/.aigon/plan", plan);
    add(machine, &dir);
    pushed(machine);
}

#[test]
fn two_projects_of_one_name_stay_two_where_histories_meet() {
    let scene = Scene::with(&[("x", "1\n")]);
    let restore = backed_up(&scene);
    with_web(&scene.a, "git@github.com:one/web.git", "a\n");
    scene.a.write("code/web/.aigon/private", "a's own\n");
    pushed(&scene.a);
    restore();
    with_web(&scene.b, "git@github.com:two/web.git", "b\n");
    let data = pushed(&scene.a);
    assert_eq!(data["healed"], "diverged", "{data}");
    let files = scene.vault();
    assert_eq!(files["projects/web/.aigon/plan"], b"b\n");
    assert!(!files.contains_key("projects/web/.aigon/private"));
    assert_eq!(files["projects/web~2/.aigon/plan"], b"a\n");
    assert_eq!(files["projects/web~2/.aigon/private"], b"a's own\n");
    pulled(&scene.b);
    assert!(!is_there(&scene.b, "code/web/.aigon/private"));
    assert_eq!(text(&scene.b, "code/web/.aigon/plan"), "b\n");
    let data = pulled(&scene.a);
    assert_eq!(data["skipped"], serde_json::json!([]), "{data}");
    assert_eq!(text(&scene.a, "code/web/.aigon/plan"), "a\n");
    assert_eq!(pushed(&scene.a)["committed"], false);
}

#[test]
fn a_project_that_both_histories_added_is_one() {
    let scene = Scene::with(&[("x", "1\n")]);
    let restore = backed_up(&scene);
    scene.a.write("code/web/.aigon/only-a", "a\n");
    with_web(&scene.a, "git@github.com:team/web.git", "a\n");
    restore();
    with_web(&scene.b, "https://github.com/team/web", "b\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let files = scene.vault();
    assert_eq!(files["projects/web/.aigon/plan"], b"b\n");
    assert_eq!(files["projects/web/.aigon/only-a"], b"a\n");
    assert!(!files.keys().any(|path| path.starts_with("projects/web~")));
    assert!(files.values().any(|bytes| bytes == b"a\n"));
    assert_eq!(text(&scene.a, "code/web/.aigon/plan"), "a\n");
}

#[test]
fn a_project_that_one_history_removed_stays_removed() {
    let scene = Scene::with(&[("x", "1\n")]);
    with_web(&scene.a, "git@github.com:team/web.git", "1\n");
    let old = scene.a.checkout("old", "git@github.com:team/old.git");
    scene.a.write("code/old/.aigon/x", "1\n");
    add(&scene.a, &old);
    pushed(&scene.a);
    pulled(&scene.b);
    let restore = backed_up(&scene);
    scene.a.write("code/old/.aigon/x", "2\n");
    pushed(&scene.a);
    scene.a.ok(&["project", "remove", "web", "--from-vault"]);
    restore();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::remove_dir_all(dir.join("projects/old")).expect("deleted");
        fs::write(dir.join("notes.txt"), "mine\n").expect("written");
    });
    assert_eq!(pushed(&scene.a)["healed"], "diverged");
    let files = scene.vault();
    for gone in ["projects/web/", "projects/old/"] {
        assert!(!files.keys().any(|path| path.starts_with(gone)), "{gone}");
    }
    assert_eq!(files["notes.txt"], b"mine\n");
    assert!(is_there(&scene.a, "code/old/.aigon/x"));
}

#[test]
fn records_of_two_histories_are_merged_field_by_field() {
    let private = |machine: &Machine, name: &str| {
        machine.write(state(name), "p\n");
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(machine.home.join(state(name)), mode).expect("a mode can be set");
    };
    let scene = Scene::with(&[("x", "1\n")]);
    let allow = |machine: &str, print: &str| {
        let entry = format!("{{\"at\":\"2026-11-21T01:02:03.123Z\",\"machine\":\"{machine}\"}}");
        let record = format!("{{\"allowed\":{{\"{print}\":{entry}}}}}\n");
        by_hand(&scene.sandbox, &scene.bare, |dir| {
            fs::write(dir.join("allowed.json"), record).expect("written");
            fs::write(dir.join("notes.txt"), print).expect("written");
        });
    };
    let restore = backed_up(&scene);
    private(&scene.a, "of-a");
    pushed(&scene.a);
    allow("k7f3q2hm9x", "00112233445566778899");
    pulled(&scene.a);
    restore();
    private(&scene.b, "of-b");
    pushed(&scene.b);
    allow("4zt8w2n6pa", "99887766554433221100");
    pushed(&scene.a);
    pulled(&scene.a);
    let mode = |name: &str| {
        let found = fs::metadata(scene.a.home.join(state(name))).expect("it is there");
        found.permissions().mode() & 0o777
    };
    assert_eq!((mode("of-a"), mode("of-b")), (0o600, 0o600));
    let files = scene.vault();
    let allowed = String::from_utf8_lossy(&files["allowed.json"]);
    assert!(allowed.contains("00112233445566778899"), "{allowed}");
    assert!(allowed.contains("99887766554433221100"), "{allowed}");
    // Nobody's file has no variants: the lost version gets a name of its own.
    assert_eq!(files["notes.txt"], b"99887766554433221100");
    assert!(files.iter().any(|(path, bytes)| {
        path.starts_with("notes.txt~") && bytes == b"00112233445566778899"
    }));
}

#[test]
fn the_lost_version_and_that_of_this_disk_are_both_filed() {
    let scene = Scene::with(&[("x", "0\n")]);
    let restore = backed_up(&scene);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("projects/api/.aigon/x"), "lost\n").expect("written");
    });
    scene.a.write(state("other"), "o\n");
    pushed(&scene.a);
    restore();
    scene.b.write(state("x"), "b\n");
    pushed(&scene.b);
    scene.a.write(state("x"), "a\n");
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!((code, &document["data"]["healed"]), (3, &"diverged".into()));
    assert_eq!(document["data"]["conflicts"][0]["path"], ".aigon/x");
    let filed = |content: &str| {
        let files = scene.vault().into_iter();
        let mut of =
            files.filter(|(path, _)| path.starts_with("conflicts/") && path.ends_with("/local"));
        of.any(|(_, bytes)| bytes == content.as_bytes())
    };
    assert!(
        filed("lost\n") && filed("a\n"),
        "{:?}",
        scene.vault().keys()
    );
    assert_eq!(scene.stored("x"), "b\n");
    // Our own variant goes when it merges; the lost one waits for a decision.
    scene.a.write(state("x"), "b\n");
    scene.a.json(&["backup", "push"]);
    assert!(
        filed("lost\n") && !filed("a\n"),
        "{:?}",
        scene.vault().keys()
    );
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
}

#[test]
fn a_variant_that_both_histories_filed_stands_in_both_versions() {
    let scene = Scene::with(&[("x", "0\n")]);
    scene.a.write(state("x"), "a1\n");
    pushed(&scene.a);
    scene.b.write(state("x"), "b1\n");
    assert_eq!(scene.b.json(&["backup", "push"]).0, 3);
    let restore = backed_up(&scene);
    scene.b.write(state("x"), "b2\n");
    assert_eq!(scene.b.json(&["backup", "push"]).0, 3);
    scene.a.json(&["backup", "pull"]);
    restore();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let mut of = fs::read_dir(dir.join("conflicts")).expect("there is one");
        let conflict = of.next().expect("there is one").expect("readable").path();
        for entry in fs::read_dir(conflict).expect("readable") {
            let local = entry.expect("readable").path().join("local");
            if local.is_file() {
                fs::write(local, "by hand\n").expect("written");
            }
        }
    });
    scene.a.json(&["backup", "push"]);
    let files = scene.vault();
    for content in ["by hand\n", "b2\n"] {
        let is_filed = files
            .iter()
            .any(|(path, bytes)| path.ends_with("/local") && bytes == content.as_bytes());
        assert!(is_filed, "{content} {:?}", files.keys());
    }
    // The other machine saw the same history, and has nothing to add.
    let before = tip(&scene.bare);
    scene.b.json(&["backup", "push"]);
    scene.b.json(&["backup", "push"]);
    let after = tip(&scene.bare);
    scene.a.json(&["backup", "push"]);
    scene.b.json(&["backup", "push"]);
    assert_eq!(tip(&scene.bare), after, "quiet, after {before}");
}

#[test]
fn what_was_published_before_does_not_block_the_merging_of_histories() {
    let scene = Scene::with(&[("x", "1\n")]);
    let restore = backed_up(&scene);
    let token = format!("token={}{}\n", "ghp_", "a1".repeat(18));
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("notes.txt"), &token).expect("written");
        fs::write(dir.join("projects/api/.aigon/t"), &token).expect("written");
    });
    pulled(&scene.a);
    restore();
    scene.b.write(state("y"), "b\n");
    pushed(&scene.b);
    assert_eq!(pushed(&scene.a)["healed"], "diverged");
    assert_eq!(scene.vault()["notes.txt"], token.as_bytes());
    assert_eq!(scene.stored("t"), token);
    // What is new is looked at as ever.
    scene.a.write(state("new"), format!("again {token}"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["withheld"][0]["path"], ".aigon/new");
}

#[test]
fn a_pull_that_takes_the_other_history_says_so_and_an_undo_of_it_is_on_file() {
    let scene = Scene::with(&[("x", "1\n")]);
    let restore = backed_up(&scene);
    scene.a.write(state("x"), "a\n");
    pushed(&scene.a);
    restore();
    scene.b.write(state("x"), "b\n");
    pushed(&scene.b);
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(text(&scene.a, state("x")), "b\n");
    assert_eq!(
        document["data"]["conflicts"][0]["here"], false,
        "{document}"
    );
    scene.a.json(&["backup", "push"]);
    scene.a.ok(&["backup", "undo"]);
    assert_eq!(text(&scene.a, state("x")), "a\n");
    let (_, document) = scene.a.json(&["backup", "push"]);
    let line = &document["data"]["conflicts"][0];
    assert_eq!(
        line["filed"], true,
        "the lost history's version is this one: {line}"
    );
}
