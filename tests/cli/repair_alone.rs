//! What `doctor --repair` does where nobody has more of the vault than this machine: the remote was made anew, and
//! is empty.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::doctor::{data, pack_of};
use super::repair::{emptied, overwritten, prepare, store, tasks};
use crate::flow::scene::{Scene, state, text};
use crate::kit::{Machine, git};

fn id_of(machine: &Machine, name: &str) -> String {
    git(&["rev-parse", name], &store(machine)).trim().to_owned()
}

/// It ends, and the only fault is that the remote lacks what it was seen to have.
#[track_caller]
fn repaired_alone(machine: &Machine) -> Value {
    let (_, document) = machine.json(&["doctor", "--repair"]);
    assert_eq!(document["error"], Value::Null, "{document}");
    let checks = document["data"]["checks"].as_array().expect("a table");
    let failed = checks.iter().filter(|it| it["verdict"] == "fail");
    let mut failed = failed.filter(|it| it["name"] != "runs");
    assert!(failed.all(|it| it["name"] == "in_step"), "{document}");
    let store = &document["data"]["repaired"]["store"];
    assert_eq!(store["fetched"], false, "{document}");
    store.clone()
}

/// The next plain push fills the remote, with the history that the vault had.
#[track_caller]
fn fills(scene: &Scene, last_seen: &str) {
    let ran = scene.b.run(&["backup", "push"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    let history = git(&["rev-list", "main"], &scene.bare);
    assert!(history.contains(last_seen), "{history}");
    let sent = scene.vault();
    assert_eq!(sent["projects/api/.aigon/x"], b"edited\n", "{sent:?}");
    assert!(!sent.contains_key("projects/api/.aigon/gone"), "{sent:?}");
    assert_eq!(text(&scene.b, state("x")), "edited\n");
    for title in ["Unsent", "Held", "Renew"] {
        assert!(tasks(&scene.b).contains(title), "{}", tasks(&scene.b));
    }
    let (_, document) = scene.b.json(&["doctor", "--integrity"]);
    let checks = document["data"]["checks"].as_array().expect("a table");
    let is_well = checks.iter().all(|it| it["verdict"] != "fail");
    assert!(is_well, "{document}");
}

fn zeroed(pack: &Path) {
    let length = fs::read(pack).expect("read").len();
    overwritten(pack, &vec![0; length]);
}

#[test]
fn a_damaged_commit_that_waited_holds_up_nobody_whose_remote_is_empty() {
    let scene = prepare();
    let (waits, last_seen) = (
        id_of(&scene.b, "refs/holdall/offline"),
        id_of(&scene.b, "main"),
    );
    let pack = pack_of(&scene.b, &waits);
    assert_ne!(pack, pack_of(&scene.b, &last_seen));
    zeroed(&pack);
    emptied(&scene);
    let report = repaired_alone(&scene.b);
    let lost = report["lost"].as_array().expect("a list");
    let lost: Vec<_> = lost.iter().map(|it| (&it["ref"], &it["commit"])).collect();
    let offline = json!("refs/holdall/offline");
    assert_eq!(lost, [(&offline, &json!(waits))], "{report}");
    fills(&scene, &last_seen);
}

#[test]
fn without_any_ref_what_was_agreed_last_says_where_the_vault_stood() {
    for gone in ["vault.git/refs", "vault.git/refs/heads"] {
        let scene = prepare();
        let last_seen = id_of(&scene.b, "main");
        fs::remove_dir_all(data(&scene.b, gone)).expect("removed");
        emptied(&scene);
        repaired_alone(&scene.b);
        assert_eq!(id_of(&scene.b, "main"), last_seen);
        fills(&scene, &last_seen);
    }
}

#[test]
fn where_the_vault_stood_is_damaged_nobody_goes_back_to_what_was_before() {
    let scene = prepare();
    zeroed(&pack_of(&scene.b, &id_of(&scene.b, "main")));
    emptied(&scene);
    let (code, document) = scene.b.json(&["doctor", "--repair"]);
    let hints = document["error"]["hints"].to_string();
    assert!(code == 1 && hints.contains("another machine"), "{document}");
    scene.a.ok(&["backup", "push"]);
    let (_, document) = scene.b.json(&["doctor", "--repair"]);
    assert_eq!(document["error"], Value::Null, "{document}");
}

#[test]
fn without_a_remote_only_what_was_lost_is_gone() {
    let scene = prepare();
    scene.b.ok(&["config", "unset", "remote.url"]);
    zeroed(&pack_of(&scene.b, &id_of(&scene.b, "refs/holdall/offline")));
    let (_, document) = scene.b.json(&["doctor", "--repair"]);
    let lost = &document["data"]["repaired"]["store"]["lost"];
    assert_eq!(lost[0]["ref"], "refs/holdall/offline", "{document}");
    scene.b.ok(&["backup", "push"]);
}
