//! A decision that holds no more: its choice meets what the vault has as what both changed.

use serde_json::json;

use crate::kit::Machine;

use super::conflicts::{X, disputed, is_settled, list, resolved};
use super::scene::{Scene, add, connect, pushed, state, text, tip};

/// Every machine has what the vault has, or a version of its own on file; and nothing is left to do.
#[track_caller]
fn is_quiet(scene: &Scene) {
    for machine in [&scene.a, &scene.b, &scene.a, &scene.b] {
        machine.run(&["sync"]);
    }
    let before = tip(&scene.bare);
    for machine in [&scene.a, &scene.b] {
        let (_, document) = machine.json(&["sync"]);
        let data = &document["data"];
        assert_eq!(data["push"]["committed"], false, "{data}");
        assert_eq!(data["pull"]["applied"], false, "{data}");
    }
    assert_eq!(tip(&scene.bare), before, "quiet stays quiet");
}

/// The outcomes of the decisions of this machine, told by a push or by a pull.
#[track_caller]
fn drops(machine: &Machine, verb: &str) {
    let (code, document) = machine.json(&["backup", verb]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["resolved"][0]["outcome"], "dropped");
}

fn versions(machine: &Machine) -> Vec<String> {
    let conflict = &list(machine)[0];
    let variants = conflict["variants"].as_array().expect("a list").iter();
    let values = variants.map(|it| it["value"].as_str().expect("text").to_owned());
    let mut values: Vec<String> = values.collect();
    values.sort();
    values
}

#[test]
fn a_choice_that_was_dropped_is_no_edit_of_what_the_vault_has() {
    for verbs in [["push", "push"], ["pull", "push"]] {
        let scene = disputed();
        resolved(&scene.a, &[X, "--use", "local"]);
        scene.b.write(state("x"), "b again\n");
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
        drops(&scene.a, verbs[0]);
        assert_eq!(scene.stored("x"), "a\n", "as everybody saw it");
        assert_eq!(text(&scene.a, state("x")), "b\n", "no disk loses its own");
        assert_eq!(scene.a.run(&["backup", verbs[1]]).code, 3);
        assert_eq!(scene.stored("x"), "a\n");
        assert_eq!(
            list(&scene.a)[0]["base"],
            "1\n",
            "what the choice came from"
        );
        assert_eq!(versions(&scene.a), ["b\n", "b again\n"]);
        is_quiet(&scene);
        assert_eq!(scene.stored("x"), "a\n");
    }
}

#[test]
fn of_two_choices_the_second_one_is_a_conflict_again() {
    for (by_a, by_b, first) in [("local", "vault", "push"), ("local", "vault", "pull")]
        .into_iter()
        .chain([("vault", "local", "push"), ("vault", "local", "pull")])
        .chain([("local", "base", "push"), ("local", "base", "pull")])
    {
        let scene = disputed();
        resolved(&scene.a, &[X, "--use", by_a]);
        resolved(&scene.b, &[X, "--use", by_b]);
        pushed(&scene.a);
        let [taken, chosen] = [&scene.a, &scene.b].map(|it| text(it, state("x")));
        drops(&scene.b, first);
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3, "{by_b} {first}");
        assert_eq!(scene.stored("x"), taken, "{by_b} {first}");
        assert_eq!(text(&scene.b, state("x")), chosen, "{by_b} {first}");
        assert_eq!(versions(&scene.b), [chosen.as_str()], "{by_b} {first}");
        is_quiet(&scene);
        assert_eq!(scene.stored("x"), taken);
        resolved(&scene.b, &[X, "--use", "local"]);
        pushed(&scene.b);
        is_settled(&scene, &chosen);
    }
}

#[test]
fn a_dropped_choice_that_a_pull_decides_needs_no_other_word() {
    let scene = disputed();
    resolved(&scene.a, &[X, "--use", "local"]);
    scene.b.write(state("x"), "b again\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    scene.a.run(&["backup", "pull", "--take", "local"]);
    let (_, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(document["data"]["resolved"], json!([]), "{document}");
    assert_eq!(scene.stored("x"), "b\n");
    is_quiet(&scene);
}

#[test]
fn the_vaults_version_that_was_chosen_where_it_stood_takes_newer_ones() {
    let scene = disputed();
    let other = scene.sandbox.machine("office");
    connect(&other, &scene.bare);
    let dir = other.checkout("api", "https://github.com/team/api");
    add(&other, &dir);
    assert_eq!(other.run(&["backup", "pull"]).code, 3);
    resolved(&scene.a, &[X, "--use", "vault"]);
    other.write(dir.join(".aigon/x"), "newer\n");
    other.run(&["backup", "push"]);
    assert_eq!(scene.stored("x"), "newer\n");
    drops(&scene.a, "pull");
    assert_eq!(text(&scene.a, state("x")), "newer\n");
    assert_eq!(versions(&scene.a), ["b\n"]);
    is_quiet(&scene);
}
