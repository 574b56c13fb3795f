//! Vaults of other versions.

use std::fs;
use std::path::Path;

use super::scene::{Scene, by_hand, fails, pulled, pushed, state, text, tip, utf8};

fn raise(scene: &Scene, fields: &[&str]) {
    by_hand(&scene.sandbox, &scene.bare, |dir: &Path| {
        let path = dir.join("vault.json");
        let mut record = fs::read_to_string(&path).expect("it is there");
        for field in fields {
            record = record.replace(&format!("\"{field}\": 1"), &format!("\"{field}\": 99"));
        }
        fs::write(path, record).expect("written");
    });
}

#[test]
fn a_vault_for_newer_readers_is_neither_read_nor_written() {
    let scene = Scene::with(&[("x", "1\n")]);
    raise(&scene, &["format", "min_reader", "min_writer"]);
    scene.a.write(state("x"), "2\n");
    let before = tip(&scene.bare);
    for command in ["push", "pull"] {
        fails(&scene.a, &["backup", command], (6, "newer_format"));
    }
    let tower = scene.sandbox.machine("tower");
    fails(
        &tower,
        &["backup", "configure", utf8(&scene.bare)],
        (6, "newer_format"),
    );
    assert_eq!(tip(&scene.bare), before);
    assert_eq!(text(&scene.a, state("x")), "2\n");
}

#[test]
fn a_vault_for_newer_writers_is_read_but_not_written() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("y"), "2\n");
    pushed(&scene.a);
    raise(&scene, &["format", "min_writer"]);
    scene.b.write(state("x"), "2\n");
    let before = tip(&scene.bare);
    fails(&scene.b, &["backup", "push"], (6, "newer_format"));
    assert_eq!(tip(&scene.bare), before);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("y")), "2\n");
    assert_eq!(text(&scene.b, state("x")), "2\n");
}

#[test]
fn an_encrypted_vault_is_not_misread() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let path = dir.join("vault.json");
        let record = fs::read_to_string(&path).expect("it is there");
        let sealed = record.replace("\"encryption\": null", "\"encryption\": {\"kind\": \"x\"}");
        assert_ne!(record, sealed);
        fs::write(path, sealed).expect("written");
    });
    for command in ["push", "pull"] {
        fails(&scene.a, &["backup", command], (6, "newer_format"));
    }
}

#[test]
fn unknown_fields_and_paths_survive_a_push() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let path = dir.join("projects/api/project.json");
        let record = fs::read_to_string(&path).expect("it is there");
        let more = record.replacen('{', "{\n  \"colour\": {\"of\": [1, 2]},", 1);
        fs::write(path, more).expect("written");
        fs::create_dir(dir.join("later")).expect("a directory");
        fs::write(dir.join("later/thing"), "kept\n").expect("written");
    });
    fs::create_dir(scene.a.home.join(state("empty"))).expect("a directory");
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    let files = scene.vault();
    assert_eq!(files["later/thing"], b"kept\n");
    let record: serde_json::Value =
        serde_json::from_slice(&files["projects/api/project.json"]).expect("JSON");
    assert_eq!(
        record["colour"],
        serde_json::json!({"of": [1, 2]}),
        "{record}"
    );
    assert_eq!(record["paths"][".aigon/empty"]["dir"], true, "{record}");
}

#[test]
fn a_broken_record_stops_the_run_and_changes_nothing() {
    for record in ["vault.json", "projects/api/project.json"] {
        let scene = Scene::with(&[("x", "1\n")]);
        by_hand(&scene.sandbox, &scene.bare, |dir| {
            fs::write(dir.join(record), "{\"broken\": ").expect("written");
        });
        scene.a.write(state("x"), "2\n");
        let before = tip(&scene.bare);
        for command in ["push", "pull"] {
            let message = fails(&scene.a, &["backup", command], (70, "corrupt"));
            assert!(message.contains(record), "{message}");
        }
        assert_eq!(tip(&scene.bare), before);
        assert_eq!(text(&scene.a, state("x")), "2\n");
    }
}
