//! What `doctor --repair` takes from nobody else, what it finds that no ref names, and that no way ends there.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::doctor::{data, pack_of};
use super::repair::{
    REPAIR, all_arrives, emptied, is_named, overwritten, prepare, repaired, store, tasks, undo_list,
};
use crate::flow::scene::{Scene, add, connect, pushed, state, text, utf8};
use crate::kit::{Machine, git, scale, tree};

/// A vault that somebody else has.
fn strange(scene: &Scene) -> PathBuf {
    let bare = scene.sandbox.bare("strange.git");
    let stranger = scene.sandbox.machine("stranger");
    connect(&stranger, &bare);
    let dir = stranger.checkout("web", "git@github.com:team/web.git");
    stranger.write("code/web/.aigon/w", "1\n");
    add(&stranger, &dir);
    stranger.ok(&["task", "add", "Strange"]);
    pushed(&stranger);
    bare
}

fn removed(machine: &Machine, name: &str) {
    let path = data(machine, name);
    let gone = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    gone.expect("removed");
}

#[track_caller]
fn refused(machine: &Machine, (code, kind): (i32, &str), help: &[&str]) -> Value {
    let (was, document) = machine.json(&["doctor", "--repair"]);
    let error = &document["error"];
    assert_eq!((was, &error["kind"]), (code, &json!(kind)), "{document}");
    let hints = error["hints"].to_string();
    for help in help {
        assert!(hints.contains(help), "{document}");
    }
    error.clone()
}

#[test]
fn another_vault_is_not_taken_for_ones_own() {
    let losses: [&[&str]; 7] = [
        &["vault.git/refs/heads/main"],
        &["vault.git"],
        &["vault.git/refs/heads", "vault.git/refs/holdall"],
        &[
            "vault.git/refs/heads/main",
            "vault.git/refs/holdall/published",
        ],
        &["vault.git/objects/pack"],
        &["vault.git/refs/heads/main", "vault.git/objects/pack"],
        &["vault.git", "tasks.db"],
    ];
    for gone in losses.into_iter().take(scale(60)) {
        let scene = prepare();
        let strange = strange(&scene);
        scene.b.ok(&["config", "set", "remote.url", utf8(&strange)]);
        let (code, document) = scene.b.json(&["sync"]);
        assert_eq!(code, 6, "{document}");
        for name in gone {
            removed(&scene.b, name);
        }
        let before = tree(&data(&scene.b, ""));
        refused(&scene.b, (6, "other_vault"), &["holdall backup configure"]);
        assert!(tree(&data(&scene.b, "")) == before, "{gone:?}");
        // With its own vault it is mended.
        scene
            .b
            .ok(&["config", "set", "remote.url", utf8(&scene.bare)]);
        repaired(&scene.b);
        assert!(!tasks(&scene.b).contains("Strange"));
        let ran = scene.b.run(&["sync"]);
        assert!(ran.code == 0 || ran.code == 3, "{ran}");
        assert_eq!(
            git(&["ls-tree", "--name-only", "main:projects"], &scene.bare),
            "api\n"
        );
    }
}

#[test]
fn who_wants_another_vault_after_a_loss_gets_it() {
    for gone in ["vault.git/refs/heads/main", "vault.git"] {
        let scene = prepare();
        let strange = strange(&scene);
        scene.b.ok(&["config", "set", "remote.url", utf8(&strange)]);
        removed(&scene.b, gone);
        let words = format!("holdall backup configure {} --replace", utf8(&strange));
        refused(&scene.b, (6, "other_vault"), &[&words]);
        scene
            .b
            .ok(&["backup", "configure", utf8(&strange), "--replace"]);
        let ran = scene.b.run(&["sync"]);
        assert!(ran.code == 0 || ran.code == 3, "{ran}");
        repaired(&scene.b);
        assert_eq!(
            git(&["ls-tree", "--name-only", "main:projects"], &strange),
            "api\nweb\n"
        );
    }
}

/// One more commit that waits for the remote.
fn made_while_away(scene: &Scene, content: &str) -> String {
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    scene.b.write(state("x"), content);
    assert_eq!(scene.b.run(&["backup", "push"]).code, 4);
    fs::rename(&away, &scene.bare).expect("moved back");
    waiting(&scene.b)
}

fn waiting(machine: &Machine) -> String {
    let id = git(&["rev-parse", "refs/holdall/offline"], &store(machine));
    id.trim().to_owned()
}

/// What the report says that was found is on file, and comes back as it says.
#[track_caller]
fn is_found(scene: &Scene, report: &Value, (commit, content): (&str, &str)) {
    let found = report["store"]["found"].as_array().expect("a list");
    let found = found.iter().find(|it| it["commit"] == commit);
    let restore = found.map(|it| it["restore"].as_str().expect("a command"));
    let args: Vec<&str> = restore
        .unwrap_or_else(|| panic!("{report}"))
        .split(' ')
        .collect();
    let ran = scene.b.run(&args[1..]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    assert_eq!(text(&scene.b, state("x")), content);
}

#[test]
fn without_refs_what_waits_and_what_can_be_undone_is_found() {
    let scene = prepare();
    let (last, undos) = (waiting(&scene.b), undo_list(&scene.b));
    removed(&scene.b, "vault.git/refs");
    let report = repaired(&scene.b);
    let told = report["store"]["lost"].to_string();
    assert!(
        told.contains("commits made while the remote was away"),
        "{report}"
    );
    assert_eq!(undo_list(&scene.b), undos, "{report}");
    all_arrives(&scene);
    is_found(&scene, &report, (&last, "made while away\n"));
}

#[test]
fn a_commit_that_waits_is_found_where_its_ref_names_nothing() {
    let scene = prepare();
    let waits = waiting(&scene.b);
    overwritten(&store(&scene.b).join("refs/holdall/offline"), b"");
    let report = repaired(&scene.b);
    let lost = report["store"]["lost"].as_array().expect("a list");
    let names: Vec<&Value> = lost.iter().map(|it| &it["ref"]).collect();
    assert_eq!(names, [&json!("refs/holdall/offline")], "{report}");
    all_arrives(&scene);
    let listed = scene.b.ok(&["backup", "log"]);
    assert!(!listed.stdout.is_empty());
    is_found(&scene, &report, (&waits, "made while away\n"));
}

#[test]
fn of_a_line_of_commits_the_rest_is_found_where_the_last_one_is_gone() {
    let scene = prepare();
    let first = waiting(&scene.b);
    let second = made_while_away(&scene, "away again\n");
    let third = made_while_away(&scene, "and again\n");
    scene.b.write(state("x"), "edited\n");
    let pack = pack_of(&scene.b, &third);
    assert_ne!(pack, pack_of(&scene.b, &second));
    fs::remove_file(pack.with_extension("idx")).expect("removed");
    fs::remove_file(pack).expect("removed");
    let report = repaired(&scene.b);
    all_arrives(&scene);
    is_found(&scene, &report, (&second, "away again\n"));
    assert!(
        !report["store"]["found"].to_string().contains(&first),
        "it leads to the first"
    );
    let ran = scene.b.ok(&["doctor"]);
    assert!(!ran.stdout.contains("found, and"), "{ran}");
}

#[test]
fn of_a_store_that_is_gone_it_is_said_what_went_with_it() {
    let scene = prepare();
    removed(&scene.b, "vault.git");
    let ran = scene.b.run(&["doctor", "--repair"]);
    assert!(
        ran.stdout
            .contains("what could be undone, if there were any"),
        "{ran}"
    );
}

/// It begins anew at an empty repository, and all that the disk has gets there.
#[track_caller]
fn begins_anew(scene: &Scene, machine: &Machine) {
    let bare = scene.sandbox.bare("new.git");
    machine.ok(&["backup", "configure", utf8(&bare)]);
    let ran = machine.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    assert_eq!(
        git(&["show", "main:projects/api/.aigon/x"], &bare),
        "edited\n"
    );
    repaired(machine);
}

#[test]
fn a_vault_that_was_on_this_machine_alone_begins_anew_at_an_empty_repository() {
    let scene = Scene::new();
    scene.a.ok(&["config", "unset", "remote.url"]);
    scene.a.write(state("x"), "edited\n");
    scene.a.ok(&["task", "add", "Alone"]);
    scene.a.ok(&["backup", "push"]);
    removed(&scene.a, "vault.git");
    refused(
        &scene.a,
        (1, "refused"),
        &["backup copy", "a new empty repository"],
    );
    begins_anew(&scene, &scene.a);
    assert!(tasks(&scene.a).contains("Alone"));
}

#[test]
fn where_the_remote_is_empty_too_another_machine_pushes_or_this_one_begins_anew() {
    let scene = prepare();
    removed(&scene.b, "vault.git");
    emptied(&scene);
    refused(
        &scene.b,
        (1, "refused"),
        &["backup copy", "holdall backup push"],
    );
    begins_anew(&scene, &scene.b);
    // What it names.
    let scene = prepare();
    removed(&scene.b, "vault.git");
    emptied(&scene);
    pushed(&scene.a);
    repaired(&scene.b);
}

#[test]
fn a_name_that_cannot_be_read_is_written_down_again() {
    for bytes in [&b""[..], b"\0garbage"] {
        let scene = prepare();
        let file = data(&scene.b, "this-machine.json");
        let before = fs::read(&file).expect("read");
        overwritten(&file, bytes);
        let (code, document) = scene.b.json(&["sync"]);
        assert_eq!(
            (code, &document["error"]["hints"]),
            (70, &json!([REPAIR])),
            "{document}"
        );
        is_named(&scene.b, "home");
        let report = repaired(&scene.b);
        assert!(report["machine"].is_string(), "{report}");
        assert_eq!(fs::read(&file).expect("read"), before);
        let aside = data(&scene.b, "this-machine.json.damaged");
        assert_eq!(fs::read(aside).expect("kept"), bytes);
        all_arrives(&scene);
    }
}

#[test]
fn a_file_in_the_place_of_the_store_goes_aside() {
    let scene = prepare();
    removed(&scene.b, "vault.git");
    fs::write(store(&scene.b), "").expect("written");
    overwritten(&store(&scene.b), b"no store\n");
    is_named(&scene.b, "store");
    let report = repaired(&scene.b);
    assert_eq!(report["store"]["fetched"], true, "{report}");
    let aside = fs::read(data(&scene.b, "vault.git.damaged"));
    assert_eq!(aside.expect("kept"), b"no store\n");
    let ran = scene.b.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
}

#[test]
fn a_list_of_projects_of_which_nothing_tells_any_more_is_named() {
    let scene = prepare();
    for name in ["projects.json", "vault.git/objects/pack"] {
        removed(&scene.b, name);
    }
    let ran = scene.b.run(&["doctor", "--repair"]);
    let told = "could not be read: the list of this machine's projects, if it had any: `holdall project add PATH`";
    assert!(ran.stdout.contains(told), "{ran}");
    add(&scene.b, &scene.b.home.join("code/api"));
    let ran = scene.b.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    repaired(&scene.b);
}
