//! What is closed to this user, or on a disk that is not mounted: it is not gone, and not damaged.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use serde_json::{Value, json};

use super::doctor::{data, examined, healthy, is_found, mended, not_well};
use crate::flow::scene::{Scene, bound, chmod};
use crate::kit::Machine;

const RUNS: [&[&str]; 4] = [
    &["backup", "push"],
    &["backup", "pull"],
    &["sync"],
    &["task", "list"],
];

/// Two machines, of which the second opens nothing that is closed.
fn scene() -> Scene {
    let mut scene = healthy();
    bound(&scene.sandbox, &mut scene.b);
    scene
}

/// Ends with an ordinary failure, and names first what helps.
#[track_caller]
fn fails(machine: &Machine, args: &[&str], (kind, help): (&str, &str)) {
    let (code, document) = machine.json(args);
    let error = &document["error"];
    assert_eq!((code, &error["kind"]), (1, &json!(kind)), "{document}");
    let first = error["hints"][0].as_str().unwrap_or_default();
    assert!(first.contains(help), "{document}");
}

#[track_caller]
fn nothing_else_is_wrong(machine: &Machine, help: &str) {
    let checks = examined(machine, &[]);
    let failed = |check: &&Value| check["verdict"] == "fail" && check["name"] != "runs";
    for check in checks.iter().filter(failed) {
        let fix = check["fix"].as_str().unwrap_or_default();
        assert!(fix.contains(help), "{check}");
    }
}

#[test]
fn what_lies_in_a_closed_directory_is_not_gone() {
    let scene = scene();
    for place in ["holdall/data", "holdall"] {
        chmod(&scene.b, place, 0o000);
        for args in RUNS {
            fails(&scene.b, args, ("io", "chmod u+rwx"));
        }
        // Of settings that nobody can look at nothing is known.
        if place != "holdall" {
            nothing_else_is_wrong(&scene.b, "chmod u+rwx");
        }
        chmod(&scene.b, place, 0o700);
    }
    scene.b.ok(&["sync"]);
    assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
}

#[test]
fn a_copy_of_the_vault_that_is_closed_is_not_damaged() {
    let scene = scene();
    for (part, mode) in [
        ("", 0o000),
        ("", 0o600),
        ("objects", 0o000),
        ("objects/pack", 0o000),
        ("refs", 0o000),
    ] {
        let path = format!("holdall/data/vault.git/{part}");
        chmod(&scene.b, &path, mode);
        for args in &RUNS[..3] {
            fails(&scene.b, args, ("io", "chmod u+rw"));
        }
        let found = is_found(&scene.b, "store", ("fail", "is closed to you, its owner"));
        nothing_else_is_wrong(&scene.b, "chmod u+rw");
        mended(&scene.sandbox, "desktop", &found);
        scene.b.ok(&["sync"]);
        assert_eq!(not_well(&scene.b, &[]), [json!(null); 0], "{part}");
    }
}

#[test]
fn who_restores_onto_a_machine_with_a_closed_copy_of_the_vault_is_told_so() {
    let scene = scene();
    let url = scene.bare.display().to_string();
    for part in ["", "objects/pack"] {
        let path = format!("holdall/data/vault.git/{part}");
        chmod(&scene.b, &path, 0o000);
        for how in ["--yes", "--dry-run"] {
            fails(&scene.b, &["restore", &url, how], ("io", "chmod u+rw"));
        }
        chmod(&scene.b, &path, 0o700);
        scene.b.ok(&["restore", &url, "--yes"]);
    }
    assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
}

#[test]
fn a_copy_of_the_vault_that_somebody_else_owns_is_not_damaged() {
    let scene = scene();
    let store = data(&scene.b, "vault.git");
    // Only the system's own user gives something away.
    if chown(&store, Some(12_345), None).is_err() {
        return;
    }
    for args in &RUNS[..3] {
        fails(&scene.b, args, ("io", "sudo chown -R"));
    }
    is_found(&scene.b, "store", ("fail", "it belongs to the user 12345"));
}

#[test]
fn a_disk_that_is_not_mounted_is_named_and_nothing_is_made_in_its_place() {
    for place in ["holdall/data", "holdall"] {
        let scene = healthy();
        let (link, disk) = (scene.b.home.join(place), scene.sandbox.path().join("disk"));
        fs::rename(&link, &disk).expect("moved");
        symlink(&disk, &link).expect("linked");
        scene.b.ok(&["sync"]);
        let away = disk.with_extension("away");
        fs::rename(&disk, &away).expect("moved");
        for args in RUNS {
            fails(&scene.b, args, ("refused", "mount the disk"));
        }
        let home = is_found(&scene.b, "home", ("fail", "which is not there"));
        let target = disk.display().to_string();
        assert!(home["message"].to_string().contains(&target), "{home}");
        assert!(!disk.exists(), "something was made in its place");
        fs::rename(&away, &disk).expect("moved back");
        scene.b.ok(&["sync"]);
        assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
    }
}
