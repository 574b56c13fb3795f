//! `backup configure` tells apart what is at an address, and never writes there.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::kit::{Machine, Sandbox, git, tree, try_git};

use super::scene::{API, Scene, add, connect, fails, pushed, state, text, tip, utf8};

fn refused(machine: &Machine, address: &Path, expected: (i32, &str)) -> String {
    let before = machine.ok(&["config", "list"]).stdout;
    let message = fails(machine, &["backup", "configure", utf8(address)], expected);
    assert!(message.contains(utf8(address)), "{message}");
    let after = machine.ok(&["config", "list"]).stdout;
    assert_eq!(before, after, "a refused address is not kept");
    message
}

#[test]
fn an_unreachable_path_is_unreachable() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    refused(
        &machine,
        &sandbox.path().join("nowhere"),
        (4, "unreachable"),
    );
}

#[test]
fn a_repository_of_another_user_is_not_allowed() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let bare = sandbox.bare("vault.git");
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        chown(&bare, Some(12_345), Some(12_345)).expect("root can give it away");
    } else {
        fs::set_permissions(&bare, fs::Permissions::from_mode(0o000)).expect("a mode can be set");
    }
    refused(&machine, &bare, (5, "auth"));
    if !is_root {
        fs::set_permissions(&bare, fs::Permissions::from_mode(0o755)).expect("a mode can be set");
    }
}

#[test]
fn an_empty_repository_is_empty_and_stays_so() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let bare = sandbox.bare("vault.git");
    let before = tree(&bare);
    for address in [utf8(&bare).to_owned(), format!("file://{}", utf8(&bare))] {
        let (code, document) = machine.json(&["backup", "configure", &address]);
        let data = &document["data"];
        assert_eq!(
            (code, data["state"].as_str(), data["vault"].is_null()),
            (0, Some("empty"), true),
            "{document}"
        );
        assert_eq!(tree(&bare), before);
    }
}

#[test]
fn a_vault_is_a_vault() {
    let scene = Scene::with(&[("x", "1\n")]);
    let before = tree(&scene.bare);
    let machine = scene.sandbox.machine("tower");
    let (code, document) = machine.json(&["backup", "configure", utf8(&scene.bare)]);
    let data = &document["data"];
    assert_eq!(
        (code, data["state"].as_str(), data["projects"].as_u64()),
        (0, Some("vault"), Some(1)),
        "{document}"
    );
    assert!(data["vault"].is_string(), "{document}");
    assert_eq!(tree(&scene.bare), before);
}

#[test]
fn everything_else_is_not_a_vault_and_is_left_alone() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let work = machine.checkout("api", API);
    let other = sandbox.bare("other.git");
    git(&["push", "-q", utf8(&other), "main"], &work);
    let branch = sandbox.bare("branch.git");
    git(&["push", "-q", utf8(&branch), "main:trunk"], &work);
    let plain = sandbox.path().join("plain");
    machine.write(plain.join("file"), "1");
    let file = sandbox.path().join("plain/file");
    for address in [&other, &branch, &work, &work.join(".git"), &plain, &file] {
        let whole = |path: &Path| {
            if path.is_dir() {
                tree(path)
            } else {
                tree(&plain)
            }
        };
        let before = whole(address);
        refused(&machine, address, (6, "not_a_vault"));
        assert_eq!(whole(address), before, "{}", address.display());
    }
}

#[test]
fn a_repository_with_sha256_names_is_named_as_such() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let path = sandbox.path().join("sha256.git");
    let made = try_git(
        &[
            "init",
            "-q",
            "--bare",
            "--object-format=sha256",
            utf8(&path),
        ],
        sandbox.path(),
    );
    assert_eq!(made.code, 0, "{made}");
    let message = refused(&machine, &path, (1, "refused"));
    assert!(message.contains("SHA-256"), "{message}");
}

#[test]
fn without_a_check_any_address_is_taken() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let nowhere = sandbox.path().join("nowhere.git");
    machine.ok(&["backup", "configure", utf8(&nowhere), "--no-check"]);
    fails(&machine, &["backup", "push"], (4, "unreachable"));
}

/// A vault of another machine, with a project of its own.
fn another_vault(scene: &Scene) -> PathBuf {
    let bare = scene.sandbox.bare("other.git");
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &bare);
    let web = tower.checkout("web", "https://github.com/team/web");
    tower.write("code/web/.aigon/y", "web\n");
    add(&tower, &web);
    pushed(&tower);
    bare
}

#[test]
fn another_vault_is_taken_only_with_replace() {
    let scene = Scene::with(&[("x", "1\n")]);
    let other = another_vault(&scene);
    let (before, theirs) = (tip(&scene.bare), tip(&other));

    let message = fails(
        &scene.a,
        &["backup", "configure", utf8(&other)],
        (6, "other_vault"),
    );
    assert!(message.contains("another vault"), "{message}");
    assert_eq!(tip(&other), theirs);

    let (code, document) = scene
        .a
        .json(&["backup", "configure", utf8(&other), "--replace"]);
    assert_eq!(
        (code, &document["data"]["replaced"]),
        (0, &true.into()),
        "{document}"
    );
    assert_eq!(tip(&other), theirs, "configure never writes there");
    pushed(&scene.a);
    assert_eq!(git(&["show", "main:projects/api/.aigon/x"], &other), "1\n");
    assert_eq!(
        git(&["show", "main:projects/web/.aigon/y"], &other),
        "web\n"
    );
    assert_eq!(tip(&scene.bare), before, "the old vault stays as it was");
}

#[test]
fn whoever_comes_to_another_vault_is_told_how_many_tasks_go_with_it() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["task", "add", "One"]);
    let (_, document) = scene.a.json(&["task", "add", "Two"]);
    let task = document["data"]["task"]["ref"].as_str().expect("a ref");
    scene.a.ok(&["task", "done", task]);
    pushed(&scene.a);
    let other = another_vault(&scene);
    let configure = ["backup", "configure", utf8(&other), "--replace"];
    let ran = scene.a.ok(&configure);
    let said = "2 tasks of this machine will be in it, too: the next push sends them\n";
    assert!(ran.stdout.contains(said), "{ran}");
    pushed(&scene.a);
    let (_, document) = scene.a.json(&configure);
    let data = &document["data"];
    assert_eq!(
        (&data["replaced"], &data["tasks"]),
        (&false.into(), &0.into())
    );
    assert_eq!(
        scene
            .a
            .ok(&["task", "list", "--all"])
            .stdout
            .lines()
            .count(),
        2
    );
}

#[test]
fn another_vault_put_in_place_of_the_known_one_is_refused_by_push_and_pull() {
    let scene = Scene::with(&[("x", "1\n")]);
    let other = another_vault(&scene);
    fs::rename(&scene.bare, scene.sandbox.path().join("gone")).expect("it can be moved");
    fs::rename(&other, &scene.bare).expect("it can be moved");
    let before = tree(&scene.bare);
    scene.a.write(state("x"), "2\n");
    for command in ["push", "pull"] {
        fails(&scene.a, &["backup", command], (6, "other_vault"));
    }
    assert_eq!(tree(&scene.bare), before);
    assert_eq!(text(&scene.a, state("x")), "2\n");
}

#[test]
fn an_embedded_vault_is_published_with_its_history_to_an_empty_remote() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let dir = machine.checkout("api", API);
    machine.write(state("x"), "1\n");
    add(&machine, &dir);
    for round in ["1\n", "2\n", "3\n"] {
        machine.write(state("x"), round);
        let (code, document) = machine.json(&["backup", "push"]);
        assert_eq!(
            (
                code,
                &document["data"]["committed"],
                &document["data"]["pushed"]
            ),
            (0, &true.into(), &false.into()),
            "{document}"
        );
    }
    let bare = sandbox.bare("vault.git");
    connect(&machine, &bare);
    assert_eq!(tip(&bare), "", "configure never writes there");
    pushed(&machine);
    let history = git(
        &["log", "--format=%H", "main", "--", "projects/api/.aigon/x"],
        &bare,
    );
    assert_eq!(history.lines().count(), 3, "{history}");
    assert_eq!(git(&["show", "main~2:projects/api/.aigon/x"], &bare), "1\n");
}

#[test]
fn an_embedded_vault_joins_the_vault_that_it_is_connected_to() {
    let scene = Scene::with(&[("shared", "theirs\n"), ("only-there", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    let dir = tower.checkout("api", API);
    tower.write(state("shared"), "ours\n");
    tower.write(state("only-here"), "2\n");
    add(&tower, &dir);
    tower.ok(&["backup", "push"]);
    let known = git(&["show", "main:vault.json"], &scene.bare);
    connect(&tower, &scene.bare);
    let (code, document) = tower.json(&["backup", "push"]);
    assert_eq!(code, 3, "one file is in conflict: {document}");
    assert_eq!(document["data"]["pushed"], true, "{document}");
    assert_eq!(git(&["show", "main:vault.json"], &scene.bare), known);
    let files = scene.vault();
    for (name, bytes) in [
        ("shared", "theirs\n"),
        ("only-there", "1\n"),
        ("only-here", "2\n"),
    ] {
        assert_eq!(
            files[&format!("projects/api/.aigon/{name}")],
            bytes.as_bytes(),
            "{name}"
        );
    }
    let on_file = files
        .iter()
        .any(|(path, bytes)| path.starts_with("conflicts/") && bytes == b"ours\n");
    assert!(on_file, "{:?}", files.keys());
    let pull = tower.json(&["backup", "pull"]);
    assert_eq!(pull.0, 3, "{}", pull.1);
    assert_eq!(text(&tower, state("shared")), "ours\n");
    assert_eq!(text(&tower, state("only-there")), "1\n");
    scene.b.json(&["backup", "pull"]);
    assert_eq!(text(&scene.b, state("only-here")), "2\n");
    assert_eq!(text(&scene.b, state("shared")), "theirs\n");
}
