//! What `doctor --repair` takes from nobody else, what it finds that no ref names, and that no way ends there.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::doctor::data;
use super::repair::{prepare, repaired, tasks};
use crate::flow::scene::{Scene, add, connect, pushed, utf8};
use crate::kit::{Machine, git, scale, tree};

/// A vault that somebody else has.
fn strange(scene: &Scene) -> PathBuf {
    let bare = scene.sandbox.bare("strange.git");
    let stranger = scene.sandbox.machine("stranger");
    connect(&stranger, &bare);
    let dir = stranger.checkout("web", "git@github.com:team/web.git");
    stranger.write("code/web/.aigon/w", "1\n");
    add(&stranger, &dir);
    stranger.ok(&["task", "add", "Strange"]);
    pushed(&stranger);
    bare
}

fn removed(machine: &Machine, name: &str) {
    let path = data(machine, name);
    let gone = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    gone.expect("removed");
}

#[track_caller]
fn refused(machine: &Machine, (code, kind): (i32, &str), help: &[&str]) -> Value {
    let (was, document) = machine.json(&["doctor", "--repair"]);
    let error = &document["error"];
    assert_eq!((was, &error["kind"]), (code, &json!(kind)), "{document}");
    let hints = error["hints"].to_string();
    for help in help {
        assert!(hints.contains(help), "{document}");
    }
    error.clone()
}

#[test]
fn another_vault_is_not_taken_for_ones_own() {
    let losses: [&[&str]; 7] = [
        &["vault.git/refs/heads/main"],
        &["vault.git"],
        &["vault.git/refs/heads", "vault.git/refs/holdall"],
        &[
            "vault.git/refs/heads/main",
            "vault.git/refs/holdall/published",
        ],
        &["vault.git/objects/pack"],
        &["vault.git/refs/heads/main", "vault.git/objects/pack"],
        &["vault.git", "tasks.db"],
    ];
    for gone in losses.into_iter().take(scale(60)) {
        let scene = prepare();
        let strange = strange(&scene);
        scene.b.ok(&["config", "set", "remote.url", utf8(&strange)]);
        let (code, document) = scene.b.json(&["sync"]);
        assert_eq!(code, 6, "{document}");
        for name in gone {
            removed(&scene.b, name);
        }
        let before = tree(&data(&scene.b, ""));
        refused(&scene.b, (6, "other_vault"), &["holdall backup configure"]);
        assert!(tree(&data(&scene.b, "")) == before, "{gone:?}");
        // With its own vault it is mended.
        scene
            .b
            .ok(&["config", "set", "remote.url", utf8(&scene.bare)]);
        repaired(&scene.b);
        assert!(!tasks(&scene.b).contains("Strange"));
        let ran = scene.b.run(&["sync"]);
        assert!(ran.code == 0 || ran.code == 3, "{ran}");
        assert_eq!(
            git(&["ls-tree", "--name-only", "main:projects"], &scene.bare),
            "api\n"
        );
    }
}

#[test]
fn who_wants_another_vault_after_a_loss_gets_it() {
    for gone in ["vault.git/refs/heads/main", "vault.git"] {
        let scene = prepare();
        let strange = strange(&scene);
        scene.b.ok(&["config", "set", "remote.url", utf8(&strange)]);
        removed(&scene.b, gone);
        let words = format!("holdall backup configure {} --replace", utf8(&strange));
        refused(&scene.b, (6, "other_vault"), &[&words]);
        scene
            .b
            .ok(&["backup", "configure", utf8(&strange), "--replace"]);
        let ran = scene.b.run(&["sync"]);
        assert!(ran.code == 0 || ran.code == 3, "{ran}");
        repaired(&scene.b);
        assert_eq!(
            git(&["ls-tree", "--name-only", "main:projects"], &strange),
            "api\nweb\n"
        );
    }
}
