//! A remote that has lost something is never said to have it.

use std::fs;

use crate::kit::git;

use super::scene::{Scene, fails, tip, utf8};

/// Every command that speaks to the remote names what is wrong with it; a report ends with 0.
#[track_caller]
fn is_said(scene: &Scene, words: &str) {
    for command in ["push", "pull"] {
        let message = fails(&scene.b, &["backup", command], (70, "corrupt"));
        assert!(message.contains(words), "{message}");
    }
    let (code, document) = scene.b.json(&["backup", "status"]);
    assert_eq!(code, 0, "{document}");
    let error = document["data"]["remote"]["error"].to_string();
    assert!(error.contains(words), "{document}");
}

#[test]
fn a_branch_whose_commit_is_gone_or_empty_is_not_in_step() {
    for is_gone in [true, false] {
        let scene = Scene::with(&[("x", "1\n")]);
        let tip = tip(&scene.bare);
        let object = scene.bare.join("objects").join(&tip[..2]).join(&tip[2..]);
        if !object.exists() {
            loosen(&scene);
        }
        fs::remove_file(&object).expect("it was loose");
        if !is_gone {
            fs::write(&object, "").expect("written");
        }
        is_said(&scene, &tip);
    }
}

/// Makes every object of the remote a file of its own.
fn loosen(scene: &Scene) {
    let packs = scene.bare.join("objects/pack");
    let aside = scene.sandbox.path().join("packs");
    fs::rename(&packs, &aside).expect("moved");
    fs::create_dir(&packs).expect("made");
    for pack in fs::read_dir(&aside).expect("listed") {
        let pack = pack.expect("an entry").path();
        if pack.extension().is_some_and(|it| it == "pack") {
            let unpack = format!("git unpack-objects -q < '{}'", utf8(&pack));
            let run = format!("alias.loosen=!{unpack}");
            git(&["-c", &run, "loosen"], &scene.bare);
        }
    }
}

#[test]
fn an_empty_head_is_not_in_step() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::write(scene.bare.join("HEAD"), "").expect("written");
    is_said(&scene, "HEAD");
}

#[test]
fn a_shallow_history_is_told_from_damage_of_this_machines_copy() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(super::scene::state("x"), "2\n");
    super::scene::pushed(&scene.a);
    let shallow = scene.sandbox.path().join("shallow.git");
    let from = format!("file://{}", utf8(&scene.bare));
    let args = [
        "clone",
        "-q",
        "--bare",
        "--depth",
        "1",
        &from,
        utf8(&shallow),
    ];
    git(&args, scene.sandbox.path());
    let new = scene.sandbox.machine("new");
    let message = fails(&new, &["restore", "--yes", utf8(&shallow)], (1, "refused"));
    assert!(message.contains("shallow"), "{message}");
}
