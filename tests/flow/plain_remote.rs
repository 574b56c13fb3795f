//! A small push to a bare repository on a disk: git takes it where it would do more than to keep it.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::git;

use super::scene::{Scene, hook, pushed, state};

/// How many packs a repository has, and how many objects that are in none.
fn kept(repository: &Path) -> (usize, usize) {
    let said = git(&["count-objects", "-v"], repository);
    let count = |name: &str| {
        let mut lines = said.lines();
        let found = lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        found.expect("git says it")
    };
    (count("packs:"), count("count:"))
}

/// What one more small push leaves in the remote: packs and loose objects.
fn one_more(scene: &Scene, text: &str) -> (usize, usize) {
    let before = kept(&scene.bare);
    scene.a.write(state("x"), text);
    pushed(&scene.a);
    let after = kept(&scene.bare);
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn a_small_push_to_a_plain_remote_is_one_pack() {
    let scene = Scene::with(&[("x", "1\n")]);
    assert_eq!(one_more(&scene, "2\n"), (1, 0));
    git(&["fsck", "--strict"], &scene.bare);
}

#[test]
fn what_a_remote_is_set_to_do_with_a_push_is_done() {
    let scene = Scene::with(&[("x", "1\n")]);
    git(&["config", "receive.unpackLimit", "1000"], &scene.bare);
    let (packs, loose) = one_more(&scene, "2\n");
    assert!(packs == 0 && loose > 0, "{packs} {loose}");
    git(&["config", "--unset", "receive.unpackLimit"], &scene.bare);
    git(&["config", "gc.auto", "0"], &scene.bare);
    git(&["config", "remote.copy.url", "elsewhere"], &scene.bare);
    assert_eq!(one_more(&scene, "3\n"), (1, 0));
}

#[test]
fn the_hooks_of_a_remote_run() {
    let scene = Scene::with(&[("x", "1\n")]);
    let ran = scene.sandbox.path().join("ran");
    hook(
        &scene.bare,
        "post-receive",
        &format!("touch '{}'", ran.display()),
    );
    one_more(&scene, "2\n");
    assert!(ran.exists());
}

#[test]
fn hooks_that_cannot_be_looked_at_are_left_to_git() {
    let scene = Scene::with(&[("x", "1\n")]);
    let hooks = scene.bare.join("hooks");
    fs::remove_dir_all(&hooks).ok();
    assert_eq!(one_more(&scene, "2\n"), (1, 0));
    fs::write(&hooks, "").expect("written");
    let (packs, loose) = one_more(&scene, "3\n");
    assert!(packs == 0 && loose > 0, "{packs} {loose}");
}

#[test]
fn a_remote_of_many_packs_is_put_in_order() {
    let scene = Scene::with(&[("x", "1\n")]);
    let file = scene.sandbox.path().join("file");
    for number in 0..51 {
        fs::write(&file, format!("{number}\n")).expect("written");
        let id = git(
            &["hash-object", "-w", "--", file.to_str().expect("UTF-8")],
            &scene.bare,
        );
        let script = format!("echo {} | git pack-objects -q objects/pack/pack", id.trim());
        let ran = std::process::Command::new("/bin/sh")
            .args(["-c", &script])
            .current_dir(&scene.bare)
            .output();
        assert!(ran.expect("sh runs").status.success());
    }
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    // Git does it behind the back of whoever asked.
    let until = Instant::now() + Duration::from_mins(1);
    while kept(&scene.bare).0 > 5 {
        assert!(Instant::now() < until, "{:?}", kept(&scene.bare));
        thread::sleep(Duration::from_millis(50));
    }
    git(&["fsck", "--strict"], &scene.bare);
}
