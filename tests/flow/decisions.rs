//! What becomes of a decision between the choice and the push that carries it, and on other machines.

use std::time::Duration;

use serde_json::{Value, json};

use crate::crash::{kill_after, part_of, usual};
use crate::kit::{Machine, scale, seed};

use super::conflicts::{QUEUE, X, disputed, has_conflict, id, is_settled, list, resolved};
use super::scene::{Scene, add, as_if_killed, connect, pulled, pushed, remove, state, text, tip};

#[test]
fn what_both_came_from_stays_until_the_push_though_it_looks_unchanged() {
    let scene = disputed();
    resolved(&scene.b, &[X, "--use", "base"]);
    assert_eq!(text(&scene.b, state("x")), "1\n");
    let data = pulled(&scene.b);
    assert_eq!(data["conflicts"][0]["decided"], true, "{data}");
    assert_eq!(text(&scene.b, state("x")), "1\n");
    pushed(&scene.b);
    is_settled(&scene, "1\n");
}

#[test]
fn an_edit_after_the_choice_is_an_edit_of_the_choice() {
    let scene = disputed();
    resolved(&scene.b, &[X, "--use", "vault"]);
    scene.b.write(state("x"), "a and more\n");
    pushed(&scene.b);
    is_settled(&scene, "a and more\n");
}

#[test]
fn an_edit_of_the_filed_version_meets_the_decision_and_neither_is_lost() {
    let scene = disputed();
    scene.b.write(state("x"), "b again\n");
    scene.a.write("merged", "both\n");
    resolved(&scene.a, &[X, "--file", "merged"]);
    pushed(&scene.a);
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    assert_eq!(scene.stored("x"), "both\n");
    assert_eq!(text(&scene.b, state("x")), "b again\n");
    let conflict = &list(&scene.b)[0];
    assert_eq!(conflict["base"], "b\n", "what was filed counts as agreed");
    assert_eq!(conflict["variants"][0]["value"], "b again\n");
}

#[test]
fn nothing_is_resolved_unseen() {
    // The vault's content moves, or another version is filed.
    let scene = disputed();
    let id = id(&scene.b);
    resolved(&scene.b, &[&id, "--use", "local"]);
    scene.a.write(state("x"), "a again\n");
    assert_eq!(scene.a.run(&["backup", "push"]).code, 3);
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let line = &document["data"]["resolved"][0];
    assert_eq!(line["outcome"], "dropped", "{document}");
    assert_eq!(line["id"], id.as_str());
    assert_eq!(scene.stored("x"), "a again\n");
    assert_eq!(text(&scene.b, state("x")), "b\n");
    assert_eq!(list(&scene.b)[0]["decided"], Value::Null);
    let (_, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(document["data"]["resolved"], json!([]), "said once");

    let scene = disputed();
    resolved(&scene.a, &[X, "--use", "vault"]);
    scene.b.write(state("x"), "b again\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["resolved"][0]["outcome"], "dropped");
    assert!(has_conflict(&scene));
}

#[test]
fn two_machines_that_decide_at_once_lose_neither_choice() {
    let scene = disputed();
    for (machine, choice) in [(&scene.a, "one\n"), (&scene.b, "two\n")] {
        machine.write("merged", choice);
        resolved(machine, &[X, "--file", "merged"]);
    }
    pushed(&scene.a);
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["resolved"][0]["outcome"], "dropped");
    assert_eq!(scene.stored("x"), "one\n");
    assert_eq!(
        list(&scene.a).len(),
        0,
        "this machine saw nothing of it yet"
    );
    assert_eq!(scene.a.run(&["backup", "pull"]).code, 3);
    assert_eq!(list(&scene.a)[0]["variants"][0]["value"], "two\n");
}

#[test]
fn a_choice_can_be_changed_until_it_is_pushed() {
    let scene = disputed();
    resolved(&scene.b, &[X, "--use", "vault"]);
    resolved(&scene.b, &[X, "--use", "local"]);
    assert_eq!(text(&scene.b, state("x")), "b\n");
    resolved(&scene.b, &[X, "--use", "base"]);
    resolved(&scene.b, &[X, "--use", "local"]);
    pushed(&scene.b);
    is_settled(&scene, "b\n");
}

/// A run that was killed between writing its decision down and telling that it is on the disk.
fn killed(machine: &Machine, on_disk: &str) {
    let queue = text(machine, QUEUE).replace("\"written\": true", "\"written\": false");
    machine.write(QUEUE, queue);
    machine.write(state("x"), on_disk);
}

#[test]
fn a_killed_run_leaves_a_decision_that_the_next_runs_carry_out() {
    for from_filer in [true, false] {
        for (left, pull_first) in [("b\n", false), ("b\n", true), ("both\n", false)] {
            let scene = disputed();
            let machine = if from_filer { &scene.b } else { &scene.a };
            let left = if left == "b\n" && !from_filer {
                "a\n"
            } else {
                left
            };
            machine.write("merged", "both\n");
            resolved(machine, &[X, "--file", "merged"]);
            killed(machine, left);
            if pull_first {
                pulled(machine);
                assert_eq!(text(machine, state("x")), left);
            }
            pushed(machine);
            is_settled(&scene, "both\n");
        }
    }
}

#[test]
fn an_edit_after_a_killed_run_is_not_lost() {
    let scene = disputed();
    scene.b.write("merged", "both\n");
    resolved(&scene.b, &[X, "--file", "merged"]);
    killed(&scene.b, "b, edited\n");
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(scene.stored("x"), "both\n");
    assert_eq!(text(&scene.b, state("x")), "b, edited\n");
    assert_eq!(list(&scene.b)[0]["variants"][0]["value"], "b, edited\n");
}

#[test]
fn who_brings_back_what_stood_here_takes_the_choice_back() {
    let scene = disputed();
    resolved(&scene.b, &[X, "--use", "vault"]);
    scene.b.write(state("x"), "b\n");
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["resolved"][0]["outcome"], "taken_back");
    assert!(has_conflict(&scene));
    assert_eq!(scene.stored("x"), "a\n");
}

#[test]
fn a_decision_waits_while_the_gate_holds_its_content() {
    let scene = disputed();
    let secret = format!("token = ghp_{}\n", "Zq7Kd93mXw1LbV5tRc8NyUf2HsJ0aPeG4oTi");
    scene.b.write("merged", &secret);
    resolved(&scene.b, &[X, "--file", "merged"]);
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let data = &document["data"];
    assert_eq!(data["resolved"][0]["outcome"], "withheld", "{data}");
    let fingerprint = data["withheld"][0]["fingerprint"].as_str().expect("one");
    assert_eq!(scene.stored("x"), "a\n");
    assert!(has_conflict(&scene));
    scene.b.ok(&["secret", "allow", fingerprint]);
    pushed(&scene.b);
    is_settled(&scene, &secret);
}

#[test]
fn a_push_of_another_project_leaves_the_decision_waiting() {
    let scene = disputed();
    let dir = scene.b.checkout("web", "https://github.com/team/web");
    scene.b.write(dir.join(".aigon/y"), "web\n");
    super::scene::add(&scene.b, &dir);
    resolved(&scene.b, &[X, "--use", "vault"]);
    scene.b.run(&["backup", "push", "--project", "web"]);
    assert!(has_conflict(&scene));
    let (_, document) = scene.b.json(&["backup", "status"]);
    let data = &document["data"];
    assert_eq!(data["pending"]["resolved"], 1, "{data}");
    assert_eq!(data["conflict_list"][0]["decided"], true, "{data}");
    pushed(&scene.b);
    is_settled(&scene, "a\n");
}

#[test]
fn a_dry_push_says_what_it_would_carry_and_carries_nothing() {
    let scene = disputed();
    resolved(&scene.b, &[X, "--use", "vault"]);
    let before = tip(&scene.bare);
    let (code, document) = scene.b.json(&["backup", "push", "--dry-run"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["data"]["resolved"][0]["outcome"], "carried");
    assert_eq!(tip(&scene.bare), before);
    pushed(&scene.b);
    is_settled(&scene, "a\n");
}

#[test]
fn a_file_that_is_gone_after_the_choice_is_no_decision_to_delete_it() {
    let scene = disputed();
    resolved(&scene.b, &[X, "--use", "vault"]);
    remove(&scene.b, state("x"));
    pushed(&scene.b);
    is_settled(&scene, "a\n");
}

#[test]
fn a_push_of_one_project_carries_no_decision_about_what_is_not_here() {
    let scene = disputed();
    let other = scene.sandbox.machine("office");
    connect(&other, &scene.bare);
    let dir = other.checkout("web", "https://github.com/team/web");
    other.write(dir.join(".aigon/y"), "web\n");
    add(&other, &dir);
    assert_eq!(other.run(&["backup", "pull"]).code, 3);
    resolved(&other, &[&id(&other), "--use", "local"]);
    other.run(&["backup", "push", "--project", "web"]);
    assert!(has_conflict(&scene));
    pushed(&other);
    is_settled(&scene, "b\n");
}

#[test]
fn a_choice_that_is_killed_at_any_moment_is_made_or_not_and_loses_nothing() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    let mut rng = seed(1);
    let mut usually = Duration::from_millis(100);
    for round in 0..scale(60) {
        let [ours, theirs, choice] = ["a", "b", "both"].map(|who| format!("{who} {round}\n"));
        scene.a.write(state("x"), &ours);
        pushed(&scene.a);
        scene.b.write(state("x"), &theirs);
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
        scene.b.write("merged", &choice);
        let resolve = ["conflict", "resolve", X, "--file", "merged"];
        let run = scene.b.spawn(&resolve);
        let was_killed = kill_after(run, part_of(usually, &mut rng), &scene.bare);
        let here = text(&scene.b, state("x"));
        assert!(here == theirs || here == choice, "round {round}: {here}");
        let code = scene.b.run(&["backup", "push"]).code;
        if has_conflict(&scene) {
            assert!(was_killed && code == 3, "round {round}");
            assert_eq!((scene.stored("x"), here), (ours, theirs), "round {round}");
            usually = usual(|| drop(resolved(&scene.b, &resolve[2..])));
            pushed(&scene.b);
        }
        is_settled(&scene, &choice);
    }
}

#[test]
fn decisions_that_are_pushed_at_once_all_arrive() {
    let scene = Scene::with(&[("x", "1\n"), ("z", "1\n")]);
    let (mut round, mut again) = (0, 0);
    // Until one of them had to begin again on what the other one had sent.
    while again == 0 && round < 20 {
        round += 1;
        for name in ["x", "z"] {
            scene.a.write(state(name), format!("a {round}\n"));
        }
        pushed(&scene.a);
        for name in ["x", "z"] {
            scene.b.write(state(name), format!("b {round}\n"));
        }
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
        assert_eq!(scene.a.run(&["backup", "pull"]).code, 3);
        resolved(&scene.a, &["api:.aigon/x", "--use", "local"]);
        resolved(&scene.b, &["api:.aigon/z", "--use", "vault"]);
        let runs = [&scene.a, &scene.b].map(|it| it.spawn(&["backup", "push", "--json"]));
        for run in runs {
            let document = run.finish().document();
            let data = &document["data"];
            assert_eq!(data["resolved"][0]["outcome"], "carried", "{document}");
            again += usize::from(data["attempts"].as_u64() > Some(1));
        }
        assert_eq!(scene.stored("z"), format!("a {round}\n"));
        is_settled(&scene, &format!("b {round}\n"));
    }
    assert!(again > 0, "no push met another one in {round} rounds");
}

#[test]
fn choices_of_one_run_are_undone_together_and_the_conflicts_are_back() {
    let scene = disputed();
    scene.a.write(state("y"), "a\n");
    pushed_with_conflict(&scene.a);
    scene.b.write(state("y"), "b\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let args = ["conflict", "resolve", "--all", "--use", "vault", "--yes"];
    let (code, document) = scene.b.json(&args);
    assert_eq!(code, 0, "{document}");
    assert!(document["data"]["undo"].is_string(), "{document}");
    for name in ["x", "y"] {
        assert_eq!(text(&scene.b, state(name)), "a\n");
    }
    scene.b.ok(&["backup", "undo"]);
    for name in ["x", "y"] {
        assert_eq!(text(&scene.b, state(name)), "b\n", "{name}");
    }
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let outcomes = document["data"]["resolved"].as_array().expect("a list");
    assert_eq!(outcomes.len(), 2, "{document}");
    assert!(outcomes.iter().all(|it| it["outcome"] == "taken_back"));
    assert_eq!(list(&scene.b).len(), 2);
}

fn pushed_with_conflict(machine: &Machine) {
    assert_eq!(machine.run(&["backup", "push"]).code, 3);
}

/// A choice of a run that was killed and taken back is no choice any more.
#[test]
fn an_undo_takes_back_what_a_killed_run_decided() {
    let scene = disputed();
    let before = text(&scene.b, state("x"));
    resolved(&scene.b, &[X, "--use", "vault"]);
    let (_, document) = scene.b.json(&["backup", "undo", "--list"]);
    let number = document["data"]["entries"][0]["id"].as_str();
    as_if_killed(&scene.b, number.expect("an id"));
    let queue = text(&scene.b, QUEUE);
    scene.b.write(
        QUEUE,
        queue.replace("\"written\": true", "\"written\": false"),
    );
    scene.b.ok(&["backup", "undo"]);
    assert_eq!(text(&scene.b, state("x")), before);
    assert_eq!(list(&scene.b)[0]["decided"], Value::Null);
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    assert!(has_conflict(&scene));
    assert_eq!(text(&scene.b, state("x")), before);
}
