//! What git cannot carry, and names that it would quote, travel and come back.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use crate::kit::{Machine, fsck};

use super::scene::{Scene, is_there, pulled, pushed, remove, state, text, tip, utf8};

fn mode(machine: &Machine, name: &str) -> u32 {
    let meta = fs::metadata(machine.home.join(state(name))).expect("it is there");
    meta.permissions().mode() & 0o777
}

fn set_mode(machine: &Machine, name: &str, mode: u32) {
    let path = machine.home.join(state(name));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
}

#[test]
fn empty_directories_come_and_go() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::create_dir_all(scene.a.home.join(state("empty/inner"))).expect("a directory");
    pushed(&scene.a);
    pulled(&scene.b);
    assert!(scene.b.home.join(state("empty/inner")).is_dir());
    fs::remove_dir_all(scene.a.home.join(state("empty"))).expect("it can be deleted");
    pushed(&scene.a);
    pulled(&scene.b);
    assert!(!is_there(&scene.b, state("empty/inner")));
    let before = tip(&scene.bare);
    pushed(&scene.b);
    pushed(&scene.a);
    assert_eq!(tip(&scene.bare), before, "both agree");
}

#[test]
fn a_state_directory_that_was_deleted_does_not_come_back_empty() {
    let scene = Scene::with(&[("x", "1\n")]);
    let notes = |machine: &Machine| machine.home.join("code/api/.notes");
    scene.a.write("code/api/.notes/n", "1\n");
    let dir = scene.a.home.join("code/api");
    scene
        .a
        .ok(&["project", "add", utf8(&dir), "--state", ".notes"]);
    pushed(&scene.a);
    pulled(&scene.b);
    fs::remove_dir_all(notes(&scene.a)).expect("it can be deleted");
    let all = "--allow-mass-delete";
    scene.a.ok(&["backup", "push", all]);
    scene.b.ok(&["backup", "pull", all]);
    assert!(!notes(&scene.b).join("n").exists());
    let before = tip(&scene.bare);
    pushed(&scene.b);
    assert_eq!(tip(&scene.bare), before, "that it is empty is no news");
    pulled(&scene.a);
    assert!(!notes(&scene.a).exists());
}

#[test]
fn a_directory_that_lost_its_last_file_on_both_sides_does_not_come_back_empty() {
    for first in ["push", "pull"] {
        let scene = Scene::with(&[("x", "1\n"), ("d/e/y", "1\n")]);
        fs::remove_dir_all(scene.a.home.join(state("d"))).expect("it can be deleted");
        pushed(&scene.a);
        // As a pull leaves it that is killed between the file and its directory.
        remove(&scene.b, state("d/e/y"));
        let before = tip(&scene.bare);
        scene.b.ok(&["backup", first]);
        scene.b.ok(&["backup", "push"]);
        assert_eq!(tip(&scene.bare), before, "{first}");
        scene.b.ok(&["backup", "pull"]);
        assert!(!is_there(&scene.b, state("d")), "{first}");
        pulled(&scene.a);
        assert!(!is_there(&scene.a, state("d")), "{first}");
    }
}

#[test]
fn the_longest_names_come_change_and_go() {
    let lengths = [230, 240, 247, 250, 251, 252, 255];
    let name = |length| "n".repeat(length);
    let scene = Scene::with(&[("x", "1\n")]);
    for text in ["1\n", "2\n"] {
        for length in lengths {
            scene.a.write(state(&name(length)), text);
        }
        pushed(&scene.a);
        let data = pulled(&scene.b);
        assert_eq!(data["projects"][0]["kept"], 0, "{data}");
        for length in lengths {
            assert_eq!(self::text(&scene.b, state(&name(length))), text);
        }
    }
    for length in lengths {
        remove(&scene.a, state(&name(length)));
    }
    pushed(&scene.a);
    pulled(&scene.b);
    for length in lengths {
        assert!(!is_there(&scene.b, state(&name(length))), "{length}");
    }
}

#[test]
fn names_that_some_disks_take_for_one_travel_all_and_are_named() {
    let scene = Scene::with(&[("x", "1\n")]);
    let names = ["d/README", "d/Readme", "gr\u{fc}n", "gru\u{308}n"];
    for name in names {
        scene.a.write(state(name), name);
    }
    // Said each time, not only when it is new.
    for _ in 0..2 {
        let data = pushed(&scene.a);
        let expected = serde_json::json!([
            {"project": "api", "path": ".aigon", "names": ["gru\u{308}n", "gr\u{fc}n"]},
            {"project": "api", "path": ".aigon/d", "names": ["README", "Readme"]},
        ]);
        let mut alike = data["alike"].as_array().expect("a list").clone();
        alike.sort_by_key(|line| line["path"].to_string());
        assert_eq!(serde_json::Value::from(alike), expected, "{data}");
    }
    let said = scene.a.ok(&["backup", "push"]);
    for part in [
        "alike  api/.aigon/d: README, Readme: ",
        "gru\\u{308}n, gr\\u{fc}n",
    ] {
        assert!(said.stdout.contains(part), "{said}");
    }
    pulled(&scene.b);
    for name in names {
        assert_eq!(text(&scene.b, state(name)), name);
    }
    fs::remove_file(scene.a.home.join(state("d/README"))).expect("it can be deleted");
    fs::remove_file(scene.a.home.join(state("gr\u{fc}n"))).expect("it can be deleted");
    assert_eq!(pushed(&scene.a)["alike"], serde_json::json!([]));
}

#[test]
fn a_directory_that_becomes_empty_stays_as_an_empty_one() {
    let scene = Scene::with(&[("x", "1\n"), ("box/file", "1\n")]);
    fs::create_dir_all(scene.a.home.join(state("nest/inner"))).expect("a directory");
    pushed(&scene.a);
    pulled(&scene.b);
    fs::remove_dir(scene.a.home.join(state("nest/inner"))).expect("it can be deleted");
    fs::remove_file(scene.a.home.join(state("box/file"))).expect("it can be deleted");
    pushed(&scene.a);
    pulled(&scene.b);
    for dir in ["nest", "box"] {
        let left = fs::read_dir(scene.b.home.join(state(dir))).expect("it is there");
        assert_eq!(left.count(), 0, "{dir}");
    }
    assert_eq!(pushed(&scene.b)["committed"], false);
}

#[test]
fn a_file_put_into_an_empty_directory_elsewhere_arrives() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::create_dir(scene.a.home.join(state("box"))).expect("a directory");
    pushed(&scene.a);
    pulled(&scene.b);
    scene.b.write(state("box/file"), "1\n");
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("box/file")), "1\n");
}

#[test]
fn private_and_executable_modes_travel_and_change() {
    let scene = Scene::with(&[
        ("private", "1\n"),
        ("run.sh", "#!/bin/sh\n"),
        ("plain", "1\n"),
    ]);
    set_mode(&scene.a, "private", 0o600);
    set_mode(&scene.a, "run.sh", 0o755);
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(mode(&scene.b, "private"), 0o600);
    assert_eq!(mode(&scene.b, "run.sh") & 0o100, 0o100);
    assert_eq!(mode(&scene.b, "plain") & 0o100, 0);
    set_mode(&scene.b, "private", 0o644);
    set_mode(&scene.b, "run.sh", 0o644);
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(mode(&scene.a, "private") & 0o077, 0o044);
    assert_eq!(mode(&scene.a, "run.sh") & 0o100, 0);
}

#[test]
fn a_changed_private_file_stays_private() {
    let scene = Scene::with(&[("private", "1\n")]);
    set_mode(&scene.a, "private", 0o600);
    pushed(&scene.a);
    pulled(&scene.b);
    scene.a.write(state("private"), "2\n");
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("private")), "2\n");
    assert_eq!(mode(&scene.b, "private"), 0o600);
}

#[test]
fn links_travel_as_links_and_are_not_followed() {
    let scene = Scene::with(&[("x", "1\n")]);
    let secret = scene.a.home.join("outside");
    scene.a.write("outside/file", "not yours\n");
    for (target, name) in [("x", "link"), ("gone", "broken"), ("dir", "to-dir")] {
        symlink(target, scene.a.home.join(state(name))).expect("a link");
    }
    scene.a.write(state("dir/y"), "1\n");
    pushed(&scene.a);
    pulled(&scene.b);
    for (target, name) in [("x", "link"), ("gone", "broken"), ("dir", "to-dir")] {
        let read = fs::read_link(scene.b.home.join(state(name)));
        assert_eq!(read.ok(), Some(PathBuf::from(target)), "{name}");
    }
    // A link that leads out of the project is a link too; what it leads to does not travel.
    symlink(&secret, scene.a.home.join(state("out"))).expect("a link");
    scene.a.json(&["backup", "push"]);
    let files = scene.vault();
    assert!(files.values().all(|bytes| bytes != b"not yours\n"));
    assert!(!files.contains_key("projects/api/.aigon/out/file"));
    fs::remove_file(scene.a.home.join(state("link"))).expect("deleted");
    scene.a.json(&["backup", "push"]);
    scene.b.json(&["backup", "pull"]);
    assert!(!is_there(&scene.b, state("link")));
}

const NAMES: [&[u8]; 10] = [
    b"with\nnewline",
    b"with\"quote",
    b"with'quote",
    b"back\\slash",
    b"not-utf8-\xff\xfe",
    b"caf\xc3\xa9",
    b" leading and trailing ",
    b"per%cent%20",
    b"co:lon*?<>|",
    b"-dash",
];

#[test]
fn odd_names_come_back_as_they_were() {
    let scene = Scene::with(&[("x", "1\n")]);
    let place =
        |machine: &Machine, name: &[u8]| machine.home.join(state("")).join(OsStr::from_bytes(name));
    for name in NAMES {
        fs::write(place(&scene.a, name), name).expect("the disk takes it");
        let dir = [name, b".d"].concat();
        fs::create_dir(place(&scene.a, &dir)).expect("the disk takes it");
        fs::write(place(&scene.a, &dir).join("inner"), name).expect("the disk takes it");
    }
    pushed(&scene.a);
    fsck(&scene.bare);
    pulled(&scene.b);
    for name in NAMES {
        let shown = name.escape_ascii();
        let read = fs::read(place(&scene.b, name)).ok();
        assert_eq!(read.as_deref(), Some(name), "{shown}");
        let inner = place(&scene.b, &[name, b".d"].concat()).join("inner");
        assert_eq!(fs::read(inner).ok().as_deref(), Some(name), "{shown}");
    }
    let before = tip(&scene.bare);
    for machine in [&scene.a, &scene.b] {
        assert_eq!(pushed(machine)["committed"], false);
    }
    assert_eq!(tip(&scene.bare), before);
    for name in NAMES {
        fs::remove_file(place(&scene.b, name)).expect("deleted");
    }
    pushed(&scene.b);
    pulled(&scene.a);
    for name in NAMES {
        assert!(!place(&scene.a, name).exists(), "{}", name.escape_ascii());
    }
}

#[test]
fn bytes_come_back_as_they_were() {
    let scene = Scene::new();
    let mut rng = crate::kit::seed(7);
    let contents: Vec<(String, Vec<u8>)> = vec![
        ("crlf.txt".to_owned(), b"a\r\nb\r\n".to_vec()),
        ("mixed.txt".to_owned(), b"a\r\nb\n\r".to_vec()),
        ("empty".to_owned(), Vec::new()),
        ("no-newline".to_owned(), b"x".to_vec()),
        ("binary".to_owned(), rng.bytes(200_000)),
        ("ident.txt".to_owned(), b"$Id$ $Id: x $\n".to_vec()),
        ("zeros".to_owned(), vec![0; 3_000_000]),
    ];
    for (name, bytes) in &contents {
        scene.a.write(state(name), bytes);
    }
    pushed(&scene.a);
    pulled(&scene.b);
    let files = scene.vault();
    for (name, bytes) in &contents {
        assert!(scene.b.read(state(name)) == *bytes, "{name}");
        assert!(
            files[&format!("projects/api/.aigon/{name}")] == *bytes,
            "{name}"
        );
    }
}

#[test]
fn a_state_directory_that_appears_after_the_project_was_added_travels_too() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene
        .a
        .write("code/api/.claude/agents/review.md", "Look twice.\n");
    pushed(&scene.a);
    pulled(&scene.b);
    let there = scene.b.read("code/api/.claude/agents/review.md");
    assert_eq!(there, b"Look twice.\n");
    let before = tip(&scene.bare);
    pushed(&scene.b);
    pushed(&scene.a);
    assert_eq!(tip(&scene.bare), before, "both agree");
}

#[test]
fn a_name_that_only_git_refuses_comes_back_and_one_that_git_would_obey_does_not() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state(".gitmodules"), "modules\n");
    scene.a.write(state("GIT~1/hooks"), "hook\n");
    pushed(&scene.a);
    let (_, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(text(&scene.b, state(".gitmodules")), "modules\n");
    assert!(!is_there(&scene.b, state("GIT~1")));
    let kept = &document["data"]["projects"][0]["kept_paths"];
    assert_eq!(kept[0]["why"], "name_of_git", "{document}");
    pushed(&scene.b);
    assert_eq!(
        scene.vault()["projects/api/.aigon/%47IT~1/hooks"],
        b"hook\n"
    );
}
