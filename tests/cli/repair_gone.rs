//! What was here and is gone: no run takes this machine for a new one, and what helps is named. And nobody is
//! alarmed who never had it.

use std::fs;

use serde_json::{Value, json};

use super::doctor::{data, examined, found, healthy};
use super::repair::{
    REPAIR, all_arrives, all_travels, is_listed_again, is_named, prepare, repaired, store,
    undo_list,
};
use crate::flow::scene::{API, Scene, add, connect, pulled, pushed, state, text, utf8};
use crate::kit::{Machine, Sandbox, git, tree};

const RUNS: [&[&str]; 4] = [
    &["backup", "push"],
    &["backup", "pull"],
    &["sync"],
    &["backup", "push", "--dry-run"],
];

/// Neither of them goes on, and each names what helps; neither the vault nor the disk is other than it was.
#[track_caller]
fn is_refused(scene: &Scene, machine: &Machine, help: &str) {
    let before = (
        git(&["rev-parse", "main"], &scene.bare),
        tree(&machine.home.join("code")),
    );
    for args in RUNS {
        let (code, document) = machine.json(args);
        let error = &document["error"];
        assert_eq!(
            (code, &error["kind"]),
            (70, &json!("corrupt")),
            "{document}"
        );
        assert!(error["hints"].to_string().contains(help), "{document}");
    }
    let after = (
        git(&["rev-parse", "main"], &scene.bare),
        tree(&machine.home.join("code")),
    );
    assert!(before == after, "something was changed");
}

fn removed(machine: &Machine, name: &str) {
    fs::remove_file(data(machine, name)).expect("removed");
}

/// No check fails but that of runs: the last push did not reach the remote.
#[track_caller]
fn not_alarmed(machine: &Machine) {
    let checks = examined(machine, &[]);
    let failed = checks
        .iter()
        .filter(|it| it["verdict"] == "fail" && it["name"] != "runs");
    let failed: Vec<&Value> = failed.collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_ref_that_is_gone_is_found_again() {
    for names in [
        &["heads/main"][..],
        &["holdall/base"],
        &["heads/main", "holdall/base"],
        &["heads/main", "holdall/base", "holdall/published"],
    ] {
        let scene = prepare();
        let undos = undo_list(&scene.b);
        for name in names {
            removed(&scene.b, &format!("vault.git/refs/{name}"));
        }
        is_refused(&scene, &scene.b, REPAIR);
        is_named(&scene.b, "store");
        let report = repaired(&scene.b);
        assert_eq!(report["store"]["lost"], json!([]), "{report}");
        assert_eq!(undo_list(&scene.b), undos, "{report}");
        all_arrives(&scene);
    }
}

#[test]
fn a_base_that_is_gone_is_found_with_no_remote() {
    let scene = prepare();
    removed(&scene.b, "vault.git/refs/holdall/base");
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    let (_, document) = scene.b.json(&["doctor", "--repair"]);
    let report = &document["data"]["repaired"]["store"];
    assert_eq!(
        (&report["fetched"], &report["lost"]),
        (&json!(false), &json!([])),
        "{document}"
    );
    fs::rename(&away, &scene.bare).expect("moved back");
    all_arrives(&scene);
}

#[test]
fn a_store_that_is_gone_is_made_by_no_run() {
    let scene = prepare();
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    is_refused(&scene, &scene.b, REPAIR);
    assert!(!store(&scene.b).exists(), "nobody made a new one");
    is_named(&scene.b, "store");
    repaired(&scene.b);
    let (_, status) = scene.b.json(&["backup", "status"]);
    let machines = status["data"]["machines"].as_array().expect("a list");
    assert_eq!(machines.len(), 2, "{status}");
}

#[test]
fn a_name_that_is_gone_is_that_of_the_record_that_was_written_last() {
    let scene = prepare();
    let before = fs::read(data(&scene.b, "this-machine.json")).expect("read");
    removed(&scene.b, "this-machine.json");
    is_refused(&scene, &scene.b, REPAIR);
    let (code, document) = scene.b.json(&["task", "add", "Another"]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (70, &json!("corrupt")),
        "{document}"
    );
    is_named(&scene.b, "home");
    let report = repaired(&scene.b);
    assert!(report["machine"].is_string(), "{report}");
    assert_eq!(
        fs::read(data(&scene.b, "this-machine.json")).expect("read"),
        before
    );
    all_arrives(&scene);
}

#[test]
fn a_list_of_projects_that_is_gone_is_made_of_what_pulls_wrote_down() {
    let scene = prepare();
    removed(&scene.b, "projects.json");
    is_refused(&scene, &scene.b, REPAIR);
    is_named(&scene.b, "projects");
    let report = repaired(&scene.b);
    is_listed_again(&scene.b, &report);
    all_arrives(&scene);
}

#[test]
fn where_nothing_says_where_projects_lie_they_are_named_and_a_person_adds_them() {
    let scene = Scene::new();
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    removed(&scene.a, "projects.json");
    is_refused(&scene, &scene.a, REPAIR);
    let (code, document) = scene.a.json(&["doctor", "--repair"]);
    let error = &document["error"];
    assert_eq!(
        (code, &error["kind"]),
        (70, &json!("corrupt")),
        "{document}"
    );
    let hints = error["hints"].to_string();
    assert!(
        hints.contains("holdall project add PATH") && hints.contains("api"),
        "{document}"
    );
    add(&scene.a, &scene.a.home.join("code/api"));
    fs::remove_file(scene.a.home.join(state("x"))).expect("deleted");
    scene.a.write(state("y"), "2\n");
    pushed(&scene.a);
    assert!(
        !scene.vault().contains_key("projects/api/.aigon/x"),
        "what was deleted stays deleted"
    );
}

#[test]
fn settings_that_are_gone_or_empty_are_put_back_before_anything_leaves_that_they_kept_here() {
    for is_emptied in [false, true] {
        let scene = prepare();
        scene.b.ok(&["backup", "push"]);
        // No run went well with them yet.
        scene.b.ok(&["config", "set", "rules", "/private/"]);
        scene.b.write(state("private/diary.md"), "dear diary\n");
        let file = scene.b.home.join("holdall/config.toml");
        let settings = fs::read(&file).expect("read");
        if is_emptied {
            fs::write(&file, "").expect("emptied");
        } else {
            fs::remove_file(&file).expect("removed");
        }
        is_refused(&scene, &scene.b, REPAIR);
        // No other run makes one with nothing in it but what was asked for.
        for args in [
            &["config", "set", "notify.desktop", "false"][..],
            &["config", "unset", "rules"],
            &["backup", "schedule", "daily"],
            &["settings", "remove", "claude"],
            &["daemon", "run", "--once"],
            &["backup", "schedule"],
            &["backup", "verify"],
            &["restore", utf8(&scene.bare), "--yes"],
        ] {
            let (code, document) = scene.b.json(args);
            assert_eq!(
                (code, &document["error"]["kind"]),
                (70, &json!("corrupt")),
                "{args:?}: {document}"
            );
        }
        let (_, document) = scene.b.json(&["daemon", "status"]);
        assert!(document["data"]["no_schedule"].is_string(), "{document}");
        let (_, document) = scene.b.json(&["backup", "status"]);
        assert_eq!(document["data"]["gone"]["kind"], "corrupt", "{document}");
        let found = found(&scene.b, "config", &[]);
        assert_eq!(
            (&found["verdict"], &found["fix"]),
            (&json!("fail"), &json!(REPAIR)),
            "{found}"
        );
        let (_, document) = scene.b.json(&["doctor", "--repair"]);
        assert_eq!(document["data"]["repaired"]["settings"], true, "{document}");
        assert_eq!(fs::read(&file).expect("read"), settings);
        not_alarmed(&scene.b);
        all_arrives(&scene);
        let sent = scene.vault();
        assert!(!sent.keys().any(|path| path.contains("diary")), "{sent:?}");
    }
}

#[test]
fn settings_that_others_take_the_place_of_are_kept_and_named() {
    let scene = prepare();
    scene.b.ok(&["config", "set", "rules", "/private/"]);
    fs::remove_file(scene.b.home.join("holdall/config.toml")).expect("removed");
    let ran = scene.b.ok(&["backup", "configure", utf8(&scene.bare)]);
    assert!(ran.stderr.contains("config.toml.before-"), "{ran}");
    let names = fs::read_dir(data(&scene.b, "")).expect("listed").flatten();
    let mut kept = names.filter(|it| {
        it.file_name()
            .as_encoded_bytes()
            .starts_with(b"config.toml.before-")
    });
    let text = fs::read_to_string(kept.next().expect("kept").path()).expect("read");
    assert!(text.contains("/private/"), "{text}");
    not_alarmed(&scene.b);
}

#[test]
fn a_machine_that_never_had_a_project_gets_its_store_back() {
    let scene = prepare();
    let lone = scene.sandbox.machine("lone");
    connect(&lone, &scene.bare);
    lone.ok(&["task", "add", "Here alone"]);
    lone.write(".aigon/config.json", "{}\n");
    lone.ok(&["sync"]);
    fs::remove_dir_all(store(&lone)).expect("removed");
    let (code, document) = lone.json(&["doctor", "--repair"]);
    assert_eq!(code, 0, "{document}");
    let ran = lone.ok(&["task", "list"]);
    assert!(ran.stdout.contains("Here alone"), "{ran}");
    lone.ok(&["sync"]);
}

#[test]
fn who_begins_with_other_settings_says_so() {
    let scene = prepare();
    fs::remove_file(scene.b.home.join("holdall/config.toml")).expect("removed");
    // Nor is a copy of them there.
    removed(&scene.b, "config.toml");
    is_refused(&scene, &scene.b, "holdall backup configure URL");
    connect(&scene.b, &scene.bare);
    not_alarmed(&scene.b);
    all_arrives(&scene);
}

#[test]
fn a_machine_of_which_only_the_state_is_left_does_not_begin_as_a_new_one() {
    for has_config in [true, false] {
        let scene = prepare();
        fs::remove_dir_all(data(&scene.b, "")).expect("removed");
        if !has_config {
            fs::remove_file(scene.b.home.join("holdall/config.toml")).expect("removed");
        }
        let url = utf8(&scene.bare);
        let help = format!(
            "holdall backup configure {}",
            if has_config { url } else { "URL" }
        );
        is_refused(&scene, &scene.b, &help);
        let (code, document) = scene.b.json(&["task", "add", "New"]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (70, &json!("corrupt")),
            "{document}"
        );
        let found = found(&scene.b, "store", &[]);
        let fix = found["fix"].as_str().unwrap_or_default();
        assert!(found["verdict"] == "fail" && fix.contains(&help), "{found}");
        let checks = examined(&scene.b, &[]);
        let tasks = checks.iter().find(|it| it["name"] == "tasks");
        let waits_for = tasks.map(|it| &it["waits_for"]);
        assert_eq!(waits_for, Some(&json!("store")), "{checks:?}");
        let (code, document) = scene.b.json(&["doctor", "--repair"]);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (70, &json!("corrupt")),
            "{document}"
        );
        assert!(!store(&scene.b).exists() && !data(&scene.b, "tasks.db").exists());
        // What it names.
        connect(&scene.b, &scene.bare);
        let code = utf8(&scene.b.home.join("code")).to_owned();
        let ran = scene.b.run(&["restore", url, "--into", &code, "--yes"]);
        assert!(ran.code == 0 || ran.code == 3, "{ran}");
        not_alarmed(&scene.b);
        let ran = scene.b.run(&["sync"]);
        assert!(ran.code == 0 || ran.code == 3, "{ran}");
        assert_eq!(
            text(&scene.b, state("x")),
            "edited\n",
            "what the disk had is not written over"
        );
    }
}

#[test]
fn several_that_are_gone_at_once_come_back_together() {
    let scene = prepare();
    for name in [
        "projects.json",
        "this-machine.json",
        "vault.git/refs/holdall/base",
    ] {
        removed(&scene.b, name);
    }
    fs::remove_file(scene.b.home.join("holdall/config.toml")).expect("removed");
    is_refused(&scene, &scene.b, "holdall");
    // None of it needs the remote, and what is mended lets this machine be connected.
    let (_, document) = scene.b.json(&["doctor", "--repair"]);
    let report = &document["data"]["repaired"];
    assert!(report["machine"].is_string(), "{document}");
    assert_eq!(report["projects"]["lost"], json!([]), "{document}");
    assert_eq!(report["store"]["lost"], json!([]), "{document}");
    connect(&scene.b, &scene.bare);
    not_alarmed(&scene.b);
    all_arrives(&scene);
}

#[test]
fn a_store_and_the_task_list_that_are_gone_come_from_the_remote() {
    let scene = prepare();
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    removed(&scene.b, "tasks.db");
    is_refused(&scene, &scene.b, REPAIR);
    let report = repaired(&scene.b);
    assert_eq!(report["store"]["fetched"], true, "{report}");
    scene.b.run(&["sync"]);
    assert_eq!(text(&scene.b, state("x")), "edited\n");
}

#[test]
fn nobody_is_alarmed_who_never_had_it() {
    // A machine before its first push, with a project that the vault knows.
    let scene = Scene::new();
    scene.a.write(state("x"), "1\n");
    not_alarmed(&scene.a);
    pushed(&scene.a);
    not_alarmed(&scene.b);
    pulled(&scene.b);
    not_alarmed(&scene.b);
    pulled(&scene.b);
    pushed(&scene.b);
    // One that was connected by hand, and has a name by its tasks.
    let third = scene.sandbox.machine("third");
    third.ok(&["task", "add", "Mine"]);
    third.ok(&["config", "set", "remote.url", utf8(&scene.bare)]);
    let dir = third.checkout("api", API);
    add(&third, &dir);
    third.ok(&["backup", "pull"]);
    not_alarmed(&third);
    pushed(&third);
}

#[test]
fn nobody_is_alarmed_who_goes_to_another_vault_or_to_none() {
    let scene = healthy();
    let other = scene.sandbox.bare("other.git");
    // Without a remote, and with it again.
    scene.b.ok(&["config", "unset", "remote.url"]);
    scene.b.write(state("x"), "alone\n");
    scene.b.ok(&["backup", "push"]);
    not_alarmed(&scene.b);
    connect(&scene.b, &scene.bare);
    pushed(&scene.b);
    pulled(&scene.a);
    // To an empty one, which gets all of it; and to one that is a stranger's.
    scene.a.ok(&["backup", "configure", utf8(&other)]);
    pushed(&scene.a);
    let strange = scene.sandbox.bare("strange.git");
    let stranger = scene.sandbox.machine("stranger");
    connect(&stranger, &strange);
    let dir = stranger.checkout("web", "git@github.com:team/web.git");
    stranger.write("code/web/.aigon/w", "1\n");
    add(&stranger, &dir);
    pushed(&stranger);
    for machine in [&scene.a, &scene.b] {
        machine.ok(&["backup", "configure", utf8(&strange), "--replace"]);
        not_alarmed(machine);
        let ran = machine.ok(&["doctor", "--repair"]);
        assert!(ran.stdout.starts_with("nothing is damaged"), "{ran}");
        machine.run(&["sync"]);
        pushed(machine);
        not_alarmed(machine);
    }
    all_travel(&scene);
}

fn all_travel(scene: &Scene) {
    scene.b.write(state("new"), "1\n");
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("new")), "1\n");
}

#[test]
fn a_new_home_that_was_restored_is_well() {
    let scene = healthy();
    let fresh = scene.sandbox.machine("fresh");
    fresh.checkout("api", API);
    let code = utf8(&fresh.home.join("code")).to_owned();
    fresh.ok(&["restore", utf8(&scene.bare), "--into", &code, "--yes"]);
    not_alarmed(&fresh);
    pushed(&fresh);
    let alone = Sandbox::new();
    let machine = alone.machine("laptop");
    for args in RUNS {
        let (code, document) = machine.json(args);
        assert_ne!(code, 70, "{document}");
    }
}

#[test]
fn a_machine_that_lost_all_but_its_tasks_goes_on_where_a_backup_is_put_back() {
    let scene = prepare();
    let kept = scene.b.home.join("kept");
    fs::rename(data(&scene.b, ""), &kept).expect("moved");
    is_refused(&scene, &scene.b, "backup copy");
    fs::remove_dir_all(data(&scene.b, "")).ok();
    fs::rename(&kept, data(&scene.b, "")).expect("moved back");
    not_alarmed(&scene.b);
    all_travels(&scene);
}
