//! A vault that somebody made by hand, and an older state of it that is to come back; and objects that
//! are made to exhaust whoever reads them.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::kit::{git, tree};

use super::hostile::{around, attack, blob, raw_tree};
use super::scene::{Scene, is_there, state, tip, utf8};

/// Restores the tip, in its place and beside, after a pull; nothing around the state may change.
fn restored_both_ways(scene: &Scene, what: &str) -> serde_json::Value {
    let before = around(scene);
    scene.b.run(&["backup", "pull"]);
    assert_eq!(around(scene), before, "{what}: pull");
    let ran = scene
        .b
        .run(&["backup", "restore", "--at", "HEAD", "--json"]);
    assert!([0, 1, 3, 70].contains(&ran.code), "{what}: {ran}");
    assert_eq!(around(scene), before, "{what}: in place");
    let dir = scene.sandbox.path().join("beside");
    fs::create_dir(&dir).expect("made");
    let to = dir.join("then");
    let (code, document) = scene
        .b
        .json(&["backup", "restore", "--at", "HEAD", "--to", utf8(&to)]);
    assert!([0, 1, 3, 70].contains(&code), "{what}: {document}");
    assert_eq!(around(scene), before, "{what}: beside");
    let names: Vec<_> = fs::read_dir(&dir).expect("it is there").flatten().collect();
    assert!(names.len() <= 1, "{what}: {names:?}");
    let inside = tree(&to);
    let is_state = |path: &String| path.starts_with("projects/api/.aigon/");
    assert!(inside.keys().all(is_state), "{what}: {inside:?}");
    fs::remove_dir_all(&dir).expect("deleted");
    document
}

#[test]
fn hostile_names_come_back_nowhere_and_are_said() {
    for name in [
        "..",
        ".git",
        ".GIT",
        "git~1",
        "a/../../../out",
        "/abs",
        ".holdall-tmp-x",
    ] {
        let scene = Scene::with(&[("x", "1\n")]);
        let evil = blob(&scene.bare, b"#!/bin/sh\ntouch /tmp/owned\n");
        let hooks = raw_tree(&scene.bare, &[("100755", "post-checkout", &evil)]);
        let dir = raw_tree(&scene.bare, &[("40000", "hooks", &hooks)]);
        attack(&scene, &[("40000", name, &dir)]);
        let document = restored_both_ways(&scene, name);
        let refused = &document["data"]["projects"][0]["refused_names"];
        let is_said = refused.as_array().is_some_and(|names| names.len() == 1);
        assert!(
            is_said || document["error"].is_object(),
            "{name}: {document}"
        );
    }
}

#[test]
fn links_of_an_older_state_lead_nowhere_out() {
    for target in [
        "../../..",
        "/etc/passwd",
        "../../../../outside",
        "../.git/hooks",
    ] {
        let scene = Scene::with(&[("x", "1\n")]);
        let link = blob(&scene.bare, target.as_bytes());
        attack(&scene, &[("120000", "door", &link)]);
        let document = restored_both_ways(&scene, target);
        let kept = &document["data"]["projects"][0]["kept_paths"][0];
        assert_eq!(kept["why"], "link_leaves", "{target}: {document}");
        assert!(!is_there(&scene.b, state("door")));
    }
}

#[test]
fn a_tree_of_ten_thousand_levels_is_refused_and_stops_nothing_else() {
    for depth in [2_030, 10_000] {
        deep_tree(depth);
    }
}

/// Git itself hands out none of more than 2,048 levels: then the pull fails, and the disk is as it was.
fn deep_tree(depth: usize) {
    let scene = Scene::with(&[("x", "1\n")]);
    let repository = git2::Repository::open_bare(&scene.bare).expect("a repository");
    let odb = repository.odb().expect("objects");
    let put = |kind, bytes: &[u8]| odb.write(kind, bytes).expect("written");
    let mut id = put(git2::ObjectType::Blob, b"deep\n");
    let mut mode = "100644";
    for _ in 0..depth {
        let mut bytes = format!("{mode} d\0").into_bytes();
        bytes.extend_from_slice(id.as_bytes());
        id = put(git2::ObjectType::Tree, &bytes);
        mode = "40000";
    }
    let good = blob(&scene.bare, b"good\n");
    attack(
        &scene,
        &[
            ("40000", "deep", &id.to_string()),
            ("100644", "good", &good),
        ],
    );
    let ran = scene.b.run(&["backup", "pull"]);
    if ran.code != 0 {
        assert!(depth > 2_048 && ran.stderr.contains("error:"), "{ran}");
        assert!(!is_there(&scene.b, state("good")) && !is_there(&scene.b, state("deep")));
        return;
    }
    assert_eq!(scene.b.read(state("good")), b"good\n");
    let document = restored_both_ways(&scene, "a deep tree");
    let refused = &document["data"]["projects"][0]["refused_names"];
    assert!(refused[0].is_string(), "{document}");
    assert!(!is_there(&scene.b, state("deep")));
    scene.b.write(state("mine"), "1\n");
    scene.b.json(&["backup", "push"]);
    assert_eq!(scene.stored("mine"), "1\n");
}

/// A loose object that says of itself what is not so.
fn lie(bare: &Path, header: &str, content: &[u8]) -> String {
    let id = "a".repeat(40);
    let dir = bare.join("objects").join(&id[..2]);
    fs::create_dir_all(&dir).expect("made");
    let file = fs::File::create(dir.join(&id[2..])).expect("made");
    let mut deflate = flate2::write::ZlibEncoder::new(file, flate2::Compression::fast());
    deflate.write_all(header.as_bytes()).expect("written");
    deflate.write_all(content).expect("written");
    deflate.finish().expect("written");
    id
}

#[test]
fn a_content_that_lies_about_its_size_is_an_error_and_no_file() {
    let scene = Scene::with(&[("x", "1\n")]);
    let before = tree(&scene.b.home.join("code"));
    let honest = tip(&scene.bare);
    let id = lie(
        &scene.bare,
        "blob 10737418240\0",
        b"ten gigabytes, they say\n",
    );
    attack(&scene, &[("100644", "huge", &id)]);
    let ran = scene.b.run(&["backup", "pull"]);
    assert!(ran.code != 0 && ran.stderr.contains("error:"), "{ran}");
    assert_eq!(tree(&scene.b.home.join("code")), before);
    git(&["update-ref", "refs/heads/main", &honest], &scene.bare);
    scene.a.write(state("x"), "2\n");
    scene.a.ok(&["backup", "push"]);
    scene.b.ok(&["backup", "pull"]);
    assert_eq!(scene.b.read(state("x")), b"2\n");
}
