//! `pull --take`: conflicts decided at once for one side.

use crate::kit::Machine;

use super::scene::{Scene, is_there, pulled, pushed, state, text};

/// Both changed a file; the second machine filed its version.
fn in_conflict(files: bool) -> Scene {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), "a\n");
    pushed(&scene.a);
    scene.b.write(state("x"), "b\n");
    if files {
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    }
    scene
}

#[track_caller]
fn took(machine: &Machine, side: &str) -> serde_json::Value {
    let (code, document) = machine.json(&["backup", "pull", "--take", side]);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

fn conflicts(scene: &Scene) -> usize {
    let vault = scene.vault();
    vault
        .keys()
        .filter(|path| path.starts_with("conflicts/"))
        .count()
}

#[test]
fn the_vaults_version_comes_onto_this_disk_and_goes_back_by_an_undo() {
    for files in [false, true] {
        let scene = in_conflict(files);
        let (code, document) = scene
            .b
            .json(&["backup", "pull", "--take", "vault", "--dry-run"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(
            document["data"]["projects"][0]["taken"][0]["take"], "vault",
            "{document}"
        );
        assert_eq!(text(&scene.b, state("x")), "b\n");
        took(&scene.b, "vault");
        assert_eq!(text(&scene.b, state("x")), "a\n");
        scene.b.ok(&["backup", "undo"]);
        assert_eq!(text(&scene.b, state("x")), "b\n");
        // It is the conflict that it was.
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
        took(&scene.b, "vault");
        pushed(&scene.b);
        assert_eq!(conflicts(&scene), 0);
        assert_eq!(scene.stored("x"), "a\n");
        pulled(&scene.b);
        pulled(&scene.a);
    }
}

#[test]
fn this_disks_version_goes_into_the_vault_with_the_next_push() {
    for files in [false, true] {
        let scene = in_conflict(files);
        let data = took(&scene.b, "local");
        assert_eq!(data["projects"][0]["taken"][0]["take"], "local", "{data}");
        assert_eq!(text(&scene.b, state("x")), "b\n");
        pushed(&scene.b);
        assert_eq!(scene.stored("x"), "b\n");
        assert_eq!(conflicts(&scene), 0);
        pulled(&scene.a);
        assert_eq!(text(&scene.a, state("x")), "b\n");
    }
}

#[test]
fn a_file_and_a_directory_are_decided_as_one() {
    for side in ["local", "vault"] {
        let scene = Scene::with(&[("y", "1\n")]);
        scene.a.write(state("x/in"), "a\n");
        pushed(&scene.a);
        scene.b.write(state("x"), "b\n");
        assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
        took(&scene.b, side);
        pushed(&scene.b);
        pulled(&scene.a);
        assert_eq!(conflicts(&scene), 0, "{side}");
        for machine in [&scene.a, &scene.b] {
            let is_dir = is_there(machine, state("x/in"));
            assert_eq!(is_dir, side == "vault", "{side}");
        }
    }
}

#[test]
fn what_is_no_conflict_is_decided_by_nobody() {
    let scene = in_conflict(false);
    scene.b.write(state("y"), "mine\n");
    took(&scene.b, "vault");
    assert_eq!(text(&scene.b, state("y")), "mine\n");
}
