//! A vault that somebody made by hand to write where it must not.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::kit::{git, tree};

use super::scene::{Scene, by_hand, fails, is_there, pulled, pushed, state, text, utf8};

/// Runs git with something on its stdin, and without its checks of names.
pub(super) fn plumb(args: &[&str], input: &[u8], dir: &Path) -> String {
    let mut child = Command::new("git")
        .args(args)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git can be run");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(input).expect("git reads");
    drop(stdin);
    let output = child.wait_with_output().expect("git ends");
    assert!(output.status.success(), "git {}", args.join(" "));
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

pub(super) fn blob(dir: &Path, bytes: &[u8]) -> String {
    plumb(&["hash-object", "-w", "--stdin"], bytes, dir)
}

/// A tree object, byte by byte: git's own tools refuse such names.
pub(super) fn raw_tree(dir: &Path, entries: &[(&str, &str, &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        for pair in id.as_bytes().chunks(2) {
            let pair = std::str::from_utf8(pair).expect("hexadecimal");
            bytes.push(u8::from_str_radix(pair, 16).expect("hexadecimal"));
        }
    }
    let args = ["hash-object", "-t", "tree", "-w", "--stdin", "--literally"];
    plumb(&args, &bytes, dir)
}

/// Puts entries beside what `projects/api/.aigon` has, however wrong they are.
pub(super) fn attack(scene: &Scene, entries: &[(&str, &str, &str)]) {
    let bare = &scene.bare;
    let listed = |tree: &str| -> Vec<(String, String, String)> {
        git(&["ls-tree", tree], bare)
            .lines()
            .map(|line| {
                let (head, name) = line.split_once('\t').expect("a line of ls-tree");
                let mut head = head.split(' ');
                let mode = head.next().unwrap_or_default().trim_start_matches('0');
                let id = head.nth(1).unwrap_or_default();
                (mode.to_owned(), name.to_owned(), id.to_owned())
            })
            .collect()
    };
    let mut inner = entries
        .iter()
        .map(|(mode, name, id)| ((*mode).to_owned(), (*name).to_owned(), (*id).to_owned()))
        .chain(listed("main:projects/api/.aigon"))
        .collect::<Vec<_>>();
    inner.sort_by(|a, b| a.1.cmp(&b.1));
    let write = |list: &[(String, String, String)]| {
        let list: Vec<(&str, &str, &str)> = list
            .iter()
            .map(|(mode, name, id)| (mode.as_str(), name.as_str(), id.as_str()))
            .collect();
        raw_tree(bare, &list)
    };
    let mut id = write(&inner);
    for (above, name) in [
        ("main:projects/api", ".aigon"),
        ("main:projects", "api"),
        ("main", "projects"),
    ] {
        let mut list = listed(above);
        let entry = list.iter_mut().find(|entry| entry.1 == name);
        entry.expect("it is there").2 = id;
        id = write(&list);
    }
    let commit = git(&["commit-tree", "-p", "main", "-m", "evil", &id], bare);
    git(&["update-ref", "refs/heads/main", commit.trim_end()], bare);
}

/// Everything on a machine but holdall's own data and the state directory.
pub(super) fn around(scene: &Scene) -> impl PartialEq + std::fmt::Debug + use<> {
    let mut files = tree(&scene.b.home);
    files.retain(|path, _| !path.starts_with("holdall/"));
    let dot_git = tree(&scene.b.home.join("code/api/.git"));
    (files, dot_git)
}

#[test]
fn dots_slashes_and_git_directories_write_nothing() {
    for name in [
        "..",
        ".",
        ".git",
        ".GIT",
        "git~1",
        "a/../../../out",
        "/abs",
        "",
    ] {
        let scene = Scene::with(&[("x", "1\n")]);
        let before = around(&scene);
        let evil = blob(&scene.bare, b"#!/bin/sh\ntouch /tmp/owned\n");
        let hooks = raw_tree(&scene.bare, &[("100755", "post-checkout", &evil)]);
        let dir = raw_tree(&scene.bare, &[("40000", "hooks", &hooks)]);
        for (mode, id) in [("40000", &dir), ("100644", &evil)] {
            let scene_tip = super::scene::tip(&scene.bare);
            attack(&scene, &[(mode, name, id)]);
            let ran = scene.b.run(&["backup", "pull", "--json"]);
            assert_ne!(ran.code, 130, "{ran}");
            let document = ran.document();
            assert!(document["data"].is_object() || document["error"].is_object());
            assert_eq!(around(&scene), before, "{mode} {name:?}: {ran}");
            git(&["update-ref", "refs/heads/main", &scene_tip], &scene.bare);
        }
    }
}

#[test]
fn a_hostile_name_is_said_and_stops_nothing_else() {
    let scene = Scene::with(&[("x", "1\n")]);
    let evil = blob(&scene.bare, b"evil\n");
    let good = blob(&scene.bare, b"good\n");
    attack(
        &scene,
        &[("100644", ".git", &evil), ("100644", "new", &good)],
    );
    let (code, document) = scene.b.json(&["backup", "pull"]);
    let unit = &document["data"]["projects"][0];
    assert!(matches!(code, 0 | 3), "{document}");
    assert_eq!(
        unit["refused_names"].as_array().map(Vec::len),
        Some(1),
        "{document}"
    );
    assert_eq!(text(&scene.b, state("new")), "good\n");
    assert!(!is_there(&scene.b, state(".git")));
    // A push goes on as well, and takes nothing away that it does not know.
    scene.b.write(state("mine"), "1\n");
    scene.b.json(&["backup", "push"]);
    assert_eq!(scene.stored("mine"), "1\n");
}

#[test]
fn a_link_out_of_the_project_is_not_a_way_out() {
    let scene = Scene::with(&[("x", "1\n")]);
    let outside = scene.sandbox.path().join("outside");
    fs::create_dir(&outside).expect("a directory");
    for target in [utf8(&outside), "../../..", "../.git/hooks"] {
        let before_tip = super::scene::tip(&scene.bare);
        let link = blob(&scene.bare, target.as_bytes());
        attack(&scene, &[("120000", "door", &link)]);
        let (_, document) = scene.b.json(&["backup", "pull"]);
        let made = fs::read_link(scene.b.home.join(state("door")));
        assert!(made.is_err(), "{target}: {document}");
        let why = &document["data"]["projects"][0]["kept_paths"][0]["why"];
        assert_eq!(why, "link_leaves", "{document}");
        // Then a file behind it.
        git(&["update-ref", "refs/heads/main", &before_tip], &scene.bare);
        let evil = blob(&scene.bare, b"evil\n");
        let dir = raw_tree(&scene.bare, &[("100644", "evil", &evil)]);
        attack(&scene, &[("40000", "door", &dir)]);
        symlink(target, scene.b.home.join(state("door"))).expect("a link");
        let hooks = tree(&scene.b.home.join("code/api/.git"));
        scene.b.json(&["backup", "pull"]);
        assert!(tree(&outside).is_empty());
        assert!(!scene.b.home.join("code/evil").exists());
        assert!(!scene.b.home.join("evil").exists());
        assert_eq!(tree(&scene.b.home.join("code/api/.git")), hooks);
        fs::remove_file(scene.b.home.join(state("door"))).expect("deleted");
        git(&["update-ref", "refs/heads/main", &before_tip], &scene.bare);
    }
}

#[test]
fn two_links_together_are_not_a_way_out() {
    let scene = Scene::with(&[("x", "1\n")]);
    let up = blob(&scene.bare, b"..");
    let out = blob(&scene.bare, b"up/../secret");
    attack(&scene, &[("120000", "up", &up), ("120000", "out", &out)]);
    scene.b.write("code/secret", "not for the project\n");
    let document = pulled(&scene.b);
    let kept = &document["projects"][0]["kept_paths"];
    assert_eq!(kept[0]["why"], "link_leaves", "{document}");
    assert!(fs::read_link(scene.b.home.join(state("out"))).is_err());
}

#[test]
fn a_state_directory_that_is_a_link_here_is_not_written_through() {
    let scene = Scene::with(&[("x", "1\n")]);
    let outside = scene.sandbox.path().join("outside");
    fs::rename(scene.b.home.join("code/api/.aigon"), &outside).expect("moved");
    symlink(&outside, scene.b.home.join("code/api/.aigon")).expect("a link");
    scene.a.write(state("x"), "2\n");
    scene.a.ok(&["backup", "push"]);
    scene.b.json(&["backup", "pull"]);
    assert_eq!(tree(&outside)["x"], b"1\n");
    scene.b.json(&["backup", "push"]);
    assert_eq!(scene.stored("x"), "2\n");
}

#[test]
fn a_state_directory_named_by_the_vault_cannot_be_the_repository_or_lie_outside() {
    for dir in ["..", ".git", ".git/hooks", "/etc", ".aigon/../..", "src"] {
        let scene = Scene::with(&[("x", "1\n")]);
        scene.b.write("code/api/src/main.rs", "mine\n");
        super::scene::by_hand(&scene.sandbox, &scene.bare, |clone| {
            let path = clone.join("projects/api/project.json");
            let record = fs::read_to_string(&path).expect("it is there");
            let more = record.replace("\".aigon\"", &format!("\".aigon\", \"{dir}\""));
            assert_ne!(record, more);
            fs::write(path, more).expect("written");
            fs::create_dir(clone.join("projects/api/src")).expect("a directory");
            fs::write(clone.join("projects/api/src/main.rs"), "evil\n").expect("written");
        });
        let before = around(&scene);
        scene.b.json(&["backup", "pull"]);
        scene.b.json(&["backup", "push"]);
        assert_eq!(around(&scene), before, "{dir}");
    }
}

#[test]
fn submodules_in_the_vault_are_no_files_of_ours() {
    let scene = Scene::with(&[("x", "1\n")]);
    let commit = super::scene::tip(&scene.bare);
    attack(&scene, &[("160000", "module", &commit)]);
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert!(matches!(code, 0 | 3), "{document}");
    assert!(!is_there(&scene.b, state("module")));
    scene.b.write(state("mine"), "1\n");
    scene.b.json(&["backup", "push"]);
    assert_eq!(scene.stored("mine"), "1\n");
}

#[test]
fn a_list_of_allowed_values_that_is_no_record_is_named_with_the_way_out() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("allowed.json"), "junk\n").expect("written");
    });
    for command in ["pull", "push"] {
        let message = fails(&scene.b, &["backup", command], (70, "corrupt"));
        assert!(message.contains("allowed.json"), "{message}");
        let (_, document) = scene.b.json(&["backup", command]);
        assert!(document["error"]["hints"][0].is_string(), "{document}");
    }
    assert_eq!(scene.b.json(&["backup", "status"]).0, 0);
}

#[test]
fn a_name_of_unfinished_files_is_refused_and_said() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let state = dir.join("projects/api/.aigon");
        fs::write(state.join(".holdall-tmp-x"), "x\n").expect("written");
        fs::write(state.join("y"), "1\n").expect("written");
    });
    for more in [&["--dry-run"][..], &[]] {
        let (_, document) = scene.b.json(&[&["backup", "pull"], more].concat());
        let refused = &document["data"]["projects"][0]["refused_names"];
        assert_eq!(
            refused[0], "`.aigon/.holdall-tmp-x` has a name of unfinished files",
            "{document}"
        );
    }
    assert_eq!(text(&scene.b, state("y")), "1\n");
    assert!(!is_there(&scene.b, state(".holdall-tmp-x")));
    pushed(&scene.b);
    assert!(
        scene
            .vault()
            .contains_key("projects/api/.aigon/.holdall-tmp-x")
    );
}
