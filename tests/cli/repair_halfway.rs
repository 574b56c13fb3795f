//! What `doctor --repair` tells where it did not come to its end: what it had mended by then, and what was lost.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::{Value, json};

use super::doctor::data;
use super::repair::{REPAIR, all_travels, is_named, overwritten, prepare, repaired, store, tasks};
use crate::flow::scene::{Scene, pushed, state};
use crate::kit::{Machine, Ran};

/// It ends with this code and kind, and the document has what was mended beside the error.
#[track_caller]
fn halfway(machine: &Machine, (code, kind): (i32, &str)) -> (Value, Value) {
    let (was, document) = machine.json(&["doctor", "--repair"]);
    let error = &document["error"];
    assert_eq!((was, &error["kind"]), (code, &json!(kind)), "{document}");
    let repaired = &document["data"]["repaired"];
    assert!(repaired.is_object(), "{document}");
    assert!(
        !error.to_string().contains("nothing was changed"),
        "{document}"
    );
    (repaired.clone(), error.clone())
}

/// A commit that waits is lost to its ref.
fn damaged_store(machine: &Machine) {
    overwritten(&store(machine).join("refs/holdall/offline"), b"");
}

/// The list is of a later version: no damage, and nothing that this one can use.
fn newer_list(machine: &Machine, version: i64) -> i64 {
    let db = rusqlite::Connection::open(data(machine, "tasks.db")).expect("opened");
    let form = |row: &rusqlite::Row<'_>| row.get(0);
    let before = db.query_row("PRAGMA user_version", [], form).expect("read");
    db.pragma_update(None, "user_version", version)
        .expect("set");
    before
}

#[test]
fn what_was_lost_with_the_store_is_told_whatever_ends_the_rest() {
    let scene = prepare();
    damaged_store(&scene.b);
    let before = newer_list(&scene.b, 99);
    let (report, _) = halfway(&scene.b, (6, "newer_format"));
    let store = &report["store"];
    assert_eq!(store["lost"][0]["ref"], "refs/holdall/offline", "{report}");
    assert_ne!(store["found"], json!([]), "{report}");
    assert!(store["damaged"].is_string(), "{report}");
    newer_list(&scene.b, before);
    assert_eq!(repaired(&scene.b)["store"], Value::Null);
    all_travels(&scene);
}

fn told_halfway(machine: &Machine, code: i32) -> Ran {
    let ran = machine.run(&["doctor", "--repair"]);
    assert_eq!(ran.code, code, "{ran}");
    assert!(ran.stderr.contains("error:"), "{ran}");
    assert!(!ran.stderr.contains("nothing was changed"), "{ran}");
    assert!(!ran.stdout.contains("checks"), "{ran}");
    ran
}

#[test]
fn people_are_told_the_same() {
    let scene = prepare();
    damaged_store(&scene.b);
    newer_list(&scene.b, 99);
    let ran = told_halfway(&scene.b, 6);
    let told = "could not be read: the commits made while the remote was away\n";
    assert!(ran.stdout.contains(told), "{ran}");
    assert!(ran.stdout.contains("found, and nothing led to it"), "{ran}");
}

#[test]
fn settings_that_were_put_back_are_told_where_the_remote_is_away() {
    let scene = prepare();
    let settings = scene.b.home.join("holdall/config.toml");
    scene.b.ok(&["backup", "pull"]);
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    fs::remove_file(&settings).expect("removed");
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    let (report, _) = halfway(&scene.b, (4, "unreachable"));
    assert_eq!(report["settings"], true, "{report}");
    fs::remove_file(&settings).expect("removed");
    let ran = told_halfway(&scene.b, 4);
    assert!(ran.stdout.contains("the settings were put back"), "{ran}");
    // The next time nothing was: then it says so.
    let ran = scene.b.run(&["doctor", "--repair"]);
    assert!(ran.stderr.contains("nothing was changed"), "{ran}");
}

#[test]
fn a_store_that_was_mended_is_told_where_the_list_of_projects_cannot_be_made() {
    let scene = Scene::new();
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    fs::remove_file(data(&scene.a, "projects.json")).expect("removed");
    fs::remove_file(store(&scene.a).join("HEAD")).expect("removed");
    let (report, error) = halfway(&scene.a, (70, "corrupt"));
    assert_eq!(report["store"]["head"], true, "{report}");
    let hints = error["hints"].to_string();
    assert!(hints.contains("holdall project add PATH"), "{error}");
}

#[test]
fn a_directory_in_the_place_of_the_task_list_goes_aside() {
    for is_link in [false, true] {
        let scene = prepare();
        let file = data(&scene.b, "tasks.db");
        fs::remove_file(&file).expect("removed");
        if is_link {
            let dir = scene.b.home.join("elsewhere");
            fs::create_dir(&dir).expect("made");
            symlink(&dir, &file).expect("linked");
        } else {
            fs::create_dir(&file).expect("made");
        }
        let kept = file.join("kept");
        fs::write(&kept, "by somebody\n").expect("written");
        for (path, mode) in [(&file, 0o700), (&kept, 0o600)] {
            fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
        }
        for args in [&["task", "list"][..], &["task", "add", "New"]] {
            let (code, document) = scene.b.json(args);
            let hints = document["error"]["hints"].to_string();
            assert!(code == 70 && hints.contains(REPAIR), "{document}");
        }
        is_named(&scene.b, "tasks");
        let report = repaired(&scene.b);
        let aside = data(&scene.b, "tasks.db.damaged");
        assert_eq!(report["tasks"]["damaged"], json!(aside), "{report}");
        let kept = fs::read(aside.join("kept")).expect("kept");
        assert_eq!(kept, b"by somebody\n");
        assert!(tasks(&scene.b).contains("Renew"));
        all_travels(&scene);
    }
}
