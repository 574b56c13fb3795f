//! A remote that is damaged: who is told to make it again, and who is sent to another machine.

use std::fs;

use serde_json::{Value, json};

use super::doctor::{examined, object};
use super::repair::{all_travels, each_pack, overwritten, prepare, store};
use crate::flow::scene::{Scene, utf8};
use crate::kit::{Machine, git};

/// What nobody may read before this machine's copy was looked at.
const CLAIMS: [&str; 2] = ["is whole: a push brings it back", "mv "];

/// Each pack loses its end, and the last object in it with that.
fn cut_off(store: &std::path::Path) {
    each_pack(store, |pack| {
        let bytes = fs::read(pack).expect("read");
        overwritten(pack, &bytes[..bytes.len() - 40]);
    });
}

/// The remote lacks what this machine has to fetch from it.
fn damaged_remote(scene: &Scene) {
    let id = object(&scene.a, "projects/api/.aigon/x");
    let loose = scene.bare.join("objects").join(&id[..2]).join(&id[2..]);
    if loose.exists() {
        overwritten(&loose, b"");
    } else {
        cut_off(&scene.bare);
    }
}

fn fix_of(machine: &Machine, name: &str) -> String {
    let checks = examined(machine, &["--integrity"]);
    let found = checks.iter().find(|it| it["name"] == name);
    let found = found.expect("every check is there");
    assert_eq!(found["verdict"], "fail", "{found}");
    found["fix"].as_str().expect("a fix").to_owned()
}

#[test]
fn who_has_a_damaged_copy_is_sent_to_another_machine() {
    let scene = prepare();
    cut_off(&store(&scene.b));
    damaged_remote(&scene);
    let checks = examined(&scene.b, &["--integrity"]);
    let text = json!(checks).to_string();
    for claim in CLAIMS {
        assert!(!text.contains(claim), "{text}");
    }
    let (code, document) = scene.b.json(&["doctor", "--repair"]);
    let hints = document["error"]["hints"].to_string();
    assert_eq!(code, 70, "{document}");
    assert!(hints.contains("on another machine"), "{document}");
    for claim in CLAIMS {
        assert!(!hints.contains(claim), "{document}");
    }
    // What it names: there the copy is whole.
    let fix = fix_of(&scene.a, "remote");
    assert!(
        fix.starts_with("mv ") && fix.ends_with("holdall backup push"),
        "{fix}"
    );
    let aside = scene.bare.with_extension("git.damaged");
    fs::rename(&scene.bare, &aside).expect("moved");
    let make = ["init", "--bare", "-q", "-b", "main", utf8(&scene.bare)];
    git(&make, &scene.a.home);
    scene.a.ok(&["backup", "push"]);
    let (_, document) = scene.b.json(&["doctor", "--repair"]);
    assert_eq!(document["error"], Value::Null, "{document}");
    all_travels(&scene);
}

#[test]
fn who_has_a_whole_copy_is_told_to_make_the_remote_again_by_every_command() {
    let scene = prepare();
    damaged_remote(&scene);
    let fresh = scene.sandbox.machine("fresh");
    let (code, document) = scene.a.json(&["backup", "verify", "--read-data"]);
    assert_eq!(code, 70, "{document}");
    let hints = document["error"]["hints"].to_string();
    for claim in CLAIMS {
        assert!(hints.contains(claim), "{document}");
    }
    // Who has nothing of it yet has nothing to push.
    let into = utf8(&fresh.home).to_owned();
    let (code, document) = fresh.json(&["restore", utf8(&scene.bare), "--into", &into, "--yes"]);
    assert_ne!(code, 0, "{document}");
    let text = document.to_string();
    for claim in CLAIMS {
        assert!(!text.contains(claim), "{document}");
    }
}
