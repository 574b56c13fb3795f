//! A machine that lost its data directory and is connected anew: until that came to something every run says
//! what is gone, and after it that the projects are to be found again.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::doctor::{data, examined, found, is_well};
use super::repair::{REPAIR, prepare, store};
use crate::flow::scene::{API, Scene, connect, pulled, pushed, state, text, utf8};
use crate::kit::{Machine, Sandbox, git};

/// The remote is away as long as the work goes on.
fn while_away<T>(scene: &Scene, work: impl FnOnce() -> T) -> T {
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    let done = work();
    fs::rename(&away, &scene.bare).expect("moved back");
    done
}

/// No run goes on, and each names what helps.
#[track_caller]
fn is_gone(machine: &Machine, help: &str) {
    for args in [
        &["backup", "push"][..],
        &["backup", "pull"],
        &["sync"],
        &["backup", "push", "--dry-run"],
        &["task", "add", "New"],
    ] {
        let (code, document) = machine.json(args);
        let error = &document["error"];
        assert_eq!(
            (code, &error["kind"]),
            (70, &json!("corrupt")),
            "{args:?}: {document}"
        );
        assert!(error["hints"].to_string().contains(help), "{document}");
    }
    let found = found(machine, "store", &[]);
    let fix = found["fix"].as_str().unwrap_or_default();
    assert!(found["verdict"] == "fail" && fix.contains(help), "{found}");
}

/// A machine that pushed, and lost its data directory while the configuration and the state stay.
fn lost() -> Scene {
    let scene = prepare();
    fs::remove_dir_all(data(&scene.b, "")).expect("removed");
    scene
}

#[test]
fn what_fails_to_connect_a_machine_that_lost_all_leaves_it_as_it_was() {
    let scene = lost();
    let url = utf8(&scene.bare).to_owned();
    let code = utf8(&scene.b.home.join("code")).to_owned();
    while_away(&scene, || {
        for args in [
            &["backup", "configure", &url][..],
            &["restore", &url, "--into", &code, "--yes"],
        ] {
            assert_eq!(scene.b.run(args).code, 4, "{args:?}");
            assert!(!store(&scene.b).exists(), "{args:?}");
            assert!(!data(&scene.b, "this-machine.json").exists(), "{args:?}");
        }
        is_gone(&scene.b, "holdall backup configure");
    });
    is_gone(&scene.b, "holdall backup configure");
    // An address that nobody asked tells of no vault.
    scene.b.ok(&["backup", "configure", &url, "--no-check"]);
    is_gone(&scene.b, "holdall backup configure");
    scene.b.ok(&["backup", "configure", &url]);
    let ran = scene.b.run(&["restore", &url, "--into", &code, "--yes"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    is_well(&scene.b, "store");
    is_well(&scene.b, "projects");
    assert_eq!(text(&scene.b, state("x")), "edited\n");
}

#[test]
fn an_import_that_fails_leaves_it_as_it_was() {
    let scene = lost();
    let file = scene.b.home.join("aigon.json");
    let config = json!({"backup": {"remote": utf8(&scene.bare)}, "repos": []});
    fs::write(&file, config.to_string()).expect("written");
    while_away(&scene, || {
        let ran = scene
            .b
            .run(&["import", "--from", "aigon", "--yes", utf8(&file)]);
        assert_ne!(ran.code, 0, "{ran}");
    });
    assert!(!store(&scene.b).exists());
    is_gone(&scene.b, "holdall backup configure");
    // One that names no vault has nothing to bring back.
    fs::write(&file, "{}").expect("written");
    let ran = scene
        .b
        .run(&["import", "--from", "aigon", "--yes", utf8(&file)]);
    assert_eq!(ran.code, 70, "{ran}");
    is_gone(&scene.b, "holdall backup configure");
}

#[test]
fn an_empty_store_that_a_killed_run_left_is_not_taken_for_a_new_machine() {
    let scene = lost();
    let dir = store(&scene.b);
    git(
        &["init", "-q", "--bare", "-b", "main", utf8(&dir)],
        &scene.b.home,
    );
    fs::write(
        data(&scene.b, "this-machine.json"),
        "{\"machine\":\"m-00000000000000000000000001\"}",
    )
    .expect("written");
    is_gone(&scene.b, "holdall backup configure");
    let (code, document) = scene.b.json(&["doctor", "--repair"]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (70, &json!("corrupt")),
        "{document}"
    );
    connect(&scene.b, &scene.bare);
    scene.b.ok(&["backup", "push"]);
}

#[test]
fn a_machine_that_is_connected_anew_is_told_to_find_its_projects() {
    for is_added in [false, true] {
        let scene = lost();
        connect(&scene.b, &scene.bare);
        let help = format!("holdall restore {}", utf8(&scene.bare));
        for _ in 0..2 {
            let found = found(&scene.b, "projects", &[]);
            let fix = found["fix"].as_str().unwrap_or_default();
            assert!(found["verdict"] == "warn" && fix.contains(&help), "{found}");
            let (code, document) = scene.b.json(&["backup", "push"]);
            assert_eq!(code, 0, "{document}");
            assert!(document["hints"].to_string().contains(&help), "{document}");
        }
        let code = scene.b.home.join("code");
        if is_added {
            scene.b.run(&["project", "add", utf8(&code.join("api"))]);
        } else {
            let url = utf8(&scene.bare);
            scene
                .b
                .run(&["restore", url, "--into", utf8(&code), "--yes"]);
        }
        not_told(&scene.b);
    }
}

/// Nobody is to look for a project.
#[track_caller]
fn not_told(machine: &Machine) {
    let checks = examined(machine, &[]);
    let found = checks.iter().find(|it| it["name"] == "projects");
    assert_eq!(found.expect("a check")["verdict"], "ok", "{checks:?}");
    let ran = machine.run(&["backup", "push"]);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!said.contains("connected anew"), "{ran}");
}

#[test]
fn nobody_is_told_to_look_for_what_was_never_there_or_given_up() {
    // All projects were removed, and the machine was connected again.
    let scene = prepare();
    scene.b.ok(&["project", "remove", "api"]);
    connect(&scene.b, &scene.bare);
    not_told(&scene.b);
    // Only tasks travel.
    let third = scene.sandbox.machine("third");
    connect(&third, &scene.bare);
    third.ok(&["task", "add", "Mine"]);
    not_told(&third);
    pulled(&third);
    not_told(&third);
    // And again after it lost all of it, for it never had a project.
    fs::remove_dir_all(data(&third, "")).expect("removed");
    connect(&third, &scene.bare);
    not_told(&third);
    // A new machine, connected and not, with nothing that could be sent.
    let alone = Sandbox::new();
    let bare: PathBuf = alone.bare("vault.git");
    let machine = alone.machine("laptop");
    not_told(&machine);
    connect(&machine, &bare);
    not_told(&machine);
    not_told(&machine);
}

#[test]
fn a_store_that_is_gone_is_not_damaged_by_connecting_again() {
    let scene = prepare();
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    while_away(&scene, || {
        let ran = scene.b.run(&["backup", "configure", utf8(&scene.bare)]);
        assert_eq!(ran.code, 4, "{ran}");
    });
    is_gone(&scene.b, REPAIR);
    connect(&scene.b, &scene.bare);
    is_well(&scene.b, "store");
    let ran = scene.b.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    is_well(&scene.b, "store");
    assert_eq!(text(&scene.b, state("x")), "edited\n");
}

#[test]
fn a_new_machine_that_could_not_be_connected_is_still_a_new_one() {
    let scene = Scene::new();
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    let fresh = scene.sandbox.machine("fresh");
    let url = utf8(&scene.bare).to_owned();
    while_away(&scene, || {
        assert_eq!(fresh.run(&["backup", "configure", &url]).code, 4);
    });
    assert!(!store(&fresh).exists());
    fresh.checkout("api", API);
    let code = utf8(&fresh.home.join("code")).to_owned();
    fresh.ok(&["restore", &url, "--into", &code, "--yes"]);
    assert_eq!(text(&fresh, state("x")), "1\n");
    pushed(&fresh);
}
