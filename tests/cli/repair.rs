//! What `doctor --repair` mends: a machine that has of everything what no push took is damaged in each way
//! that disks and people know, and has all of it again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::doctor::{data, examined, found, healthy, mended, not_well, object, token};
use crate::flow::scene::{
    Scene, bound, chmod, copy_dir, is_there, pulled, pushed, remove, state, text, utf8,
};
use crate::kit::{Machine, git, tree};

pub const REPAIR: &str = "holdall doctor --repair";

/// Two machines; the second one has task changes that were not sent, a value that the gate withheld, runs
/// that can be undone, a commit that was made while the remote was away, an edit and a deletion.
pub fn prepare() -> Scene {
    let scene = healthy();
    scene.a.write(state("gone"), "to be deleted\n");
    pushed(&scene.a);
    pulled(&scene.b);
    scene.b.ok(&["task", "add", "Unsent", "--label", "here"]);
    let secret = format!("the token is {}", token());
    let held = scene
        .b
        .run(&["task", "add", "Held", "--description", &secret]);
    assert_eq!(held.code, 3, "{held}");
    scene.b.write(state("x"), "made while away\n");
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 4);
    fs::rename(&away, &scene.bare).expect("moved back");
    scene.b.write(state("x"), "edited\n");
    remove(&scene.b, state("gone"));
    scene
}

pub fn store(machine: &Machine) -> PathBuf {
    data(machine, "vault.git")
}

pub fn undo_list(machine: &Machine) -> Value {
    let (code, document) = machine.json(&["backup", "undo", "--list"]);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

pub fn tasks(machine: &Machine) -> String {
    machine
        .ok(&["task", "list", "--all", "--everywhere"])
        .stdout
}

/// The doctor finds the damage and names the command.
#[track_caller]
pub fn is_named(machine: &Machine, check: &str) {
    let found = found(machine, check, &["--integrity"]);
    assert_eq!(
        (&found["verdict"], &found["fix"]),
        (&json!("fail"), &json!(REPAIR)),
        "{found}"
    );
}

/// The command mends it; what it did. That the last push did not reach the remote is no damage.
#[track_caller]
pub fn repaired(machine: &Machine) -> Value {
    let (_, document) = machine.json(&["doctor", "--repair"]);
    let data = &document["data"];
    let now = examined(machine, &["--integrity"]);
    for checks in [data["checks"].as_array().expect("a table"), &now] {
        let failed = checks.iter().filter(|it| it["verdict"] == "fail");
        let failed: Vec<_> = failed.filter(|it| it["name"] != "runs").collect();
        assert!(failed.is_empty(), "{failed:?} {document}");
    }
    data["repaired"].clone()
}

/// Both have all of it, and nobody has anything to decide.
#[track_caller]
pub fn all_arrives(scene: &Scene) {
    let (_, held) = scene.b.json(&["secret", "list"]);
    let found = held["data"]["found"].as_array().map(Vec::len);
    assert_eq!(found, Some(1), "what is withheld is here: {held}");
    all_travels(scene);
}

/// All but what never leaves a machine.
#[track_caller]
pub fn all_travels(scene: &Scene) {
    let (code, document) = scene.b.json(&["backup", "push"]);
    let data = &document["data"];
    assert!(code == 0 || code == 3, "{document}");
    assert_eq!(data["pushed"], true, "{document}");
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "edited\n");
    for machine in [&scene.a, &scene.b] {
        assert!(!is_there(machine, state("gone")));
        let (_, conflicts) = machine.json(&["conflict", "list"]);
        assert_eq!(conflicts["data"]["conflicts"], json!([]), "{conflicts}");
        let (_, status) = machine.json(&["backup", "status"]);
        let machines = status["data"]["machines"].as_array().expect("a list");
        assert_eq!(machines.len(), 2, "{status}");
        for title in ["Unsent", "Held", "Renew", "Fix the login"] {
            assert!(tasks(machine).contains(title), "{}", tasks(machine));
        }
    }
}

/// A machine that has everything is damaged so, found, mended, and has everything.
#[track_caller]
pub fn is_mended(damage: impl Fn(&Machine)) -> Value {
    let scene = prepare();
    let undos = undo_list(&scene.b);
    damage(&scene.b);
    is_named(&scene.b, "store");
    let report = repaired(&scene.b);
    assert_eq!(undo_list(&scene.b), undos, "{report}");
    all_arrives(&scene);
    scene.b.ok(&["backup", "undo"]);
    report["store"].clone()
}

pub fn each_pack(store: &Path, work: impl Fn(&Path)) {
    let packs = fs::read_dir(store.join("objects/pack")).expect("listed");
    for path in packs.map(|it| it.expect("an entry").path()) {
        if path.extension().is_some_and(|it| it == "pack") {
            work(&path);
        }
    }
}

#[test]
fn a_pack_without_its_index_gets_another() {
    let report = is_mended(|machine| {
        each_pack(&store(machine), |pack| {
            fs::remove_file(pack.with_extension("idx")).expect("removed");
        });
    });
    assert_eq!(report["damaged"], Value::Null, "{report}");
    assert_eq!(report["fetched"], false, "{report}");
    assert!(report["indexes"].as_u64() > Some(1), "{report}");
}

#[test]
fn a_store_without_a_head_gets_one() {
    for damage in [None, Some("")] {
        let report = is_mended(|machine| {
            let head = store(machine).join("HEAD");
            match damage {
                None => fs::remove_file(head),
                Some(text) => fs::write(head, text),
            }
            .expect("damaged");
        });
        assert_eq!(report["head"], true, "{report}");
        assert_eq!(report["damaged"], Value::Null, "{report}");
    }
}

/// Every pack becomes objects that lie by themselves, as git leaves them.
fn unpacked(store: &Path) {
    let aside = tempfile::tempdir_in(store.parent().expect("it has one")).expect("made");
    each_pack(store, |pack| {
        let to = aside.path().join(pack.file_name().expect("a name"));
        fs::rename(pack, &to).expect("moved");
        fs::remove_file(pack.with_extension("idx")).expect("removed");
        let from = fs::File::open(&to).expect("opened");
        let mut git = std::process::Command::new("git");
        git.args(["unpack-objects", "-q"]).current_dir(store);
        assert!(git.stdin(from).status().expect("it runs").success());
    });
}

fn loose(store: &Path, id: &str) -> PathBuf {
    store.join("objects").join(&id[..2]).join(&id[2..])
}

/// An empty repository lies where the vault was.
pub fn emptied(scene: &Scene) {
    fs::remove_dir_all(&scene.bare).expect("removed");
    let make = ["init", "--bare", "-q", "-b", "main", utf8(&scene.bare)];
    git(&make, &scene.b.home);
}

/// The list of projects is what it was.
#[track_caller]
pub fn is_listed_again(machine: &Machine, report: &Value) {
    let root = machine.home.join("code/api");
    let all = json!({"registered": [{"name": "api", "path": root}], "lost": []});
    assert_eq!(report["projects"], all, "{report}");
}

pub fn overwritten(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).expect("removed");
    fs::write(path, bytes).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("set");
}

#[test]
fn an_object_that_is_gone_comes_from_the_remote_and_all_else_stays() {
    let report = is_mended(|machine| {
        unpacked(&store(machine));
        let id = object(machine, "projects/api/.aigon/x");
        fs::remove_file(loose(&store(machine), &id)).expect("removed");
    });
    assert_eq!(report["fetched"], true, "{report}");
    assert_eq!(report["lost"], json!([]), "{report}");
}

#[test]
fn what_is_whole_in_a_pack_that_was_cut_off_is_kept() {
    let report = is_mended(|machine| {
        each_pack(&store(machine), |pack| {
            let bytes = fs::read(pack).expect("read");
            overwritten(pack, &bytes[..bytes.len() - 12]);
        });
    });
    // The hash at the end of each is all that was cut off.
    assert_eq!(report["fetched"], false, "{report}");
    assert_eq!(report["lost"], json!([]), "{report}");
}

#[test]
fn a_loose_object_of_zeros_comes_from_the_remote() {
    let report = is_mended(|machine| {
        unpacked(&store(machine));
        let path = loose(&store(machine), &object(machine, "projects/api/.aigon/x"));
        let length = fs::read(&path).expect("read").len();
        overwritten(&path, &vec![0; length]);
    });
    assert_eq!(report["fetched"], true, "{report}");
    assert_eq!(report["lost"], json!([]), "{report}");
}

#[test]
fn a_ref_that_names_nothing_is_found_again() {
    for names in [
        &["refs/heads/main"][..],
        &["refs/holdall/base"],
        &[
            "refs/heads/main",
            "refs/holdall/base",
            "refs/holdall/published",
        ],
    ] {
        let report = is_mended(|machine| {
            for name in names {
                overwritten(&store(machine).join(name), b"\0\0\0");
            }
        });
        assert_eq!(report["lost"], json!([]), "{report}");
    }
}

#[test]
fn an_undo_step_whose_ref_names_nothing_has_it_again() {
    let scene = prepare();
    let undo = fs::read_dir(store(&scene.b).join("refs/holdall/undo")).expect("listed");
    let last = undo.map(|it| it.expect("an entry").file_name()).max();
    let last = last.expect("there is one").into_string().expect("a number");
    let name = format!("refs/holdall/undo/{last}");
    let before = undo_list(&scene.b);
    overwritten(&store(&scene.b).join(&name), b"");
    let report = repaired(&scene.b);
    assert_eq!(report["store"]["lost"], json!([]), "{report}");
    assert_eq!(undo_list(&scene.b), before);
    all_arrives(&scene);
}

#[test]
fn a_store_that_is_gone_comes_from_the_remote_and_the_machine_stays_itself() {
    let scene = prepare();
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    is_named(&scene.b, "store");
    let report = repaired(&scene.b);
    assert_eq!(
        report["store"]["lost"][0]["ref"], "refs/holdall/base",
        "{report}"
    );
    // What was deleted is not known any more, nor what an edit came from: both versions are on file.
    scene.b.run(&["sync"]);
    assert_eq!(text(&scene.b, state("x")), "edited\n");
    let (_, conflicts) = scene.b.json(&["conflict", "list"]);
    assert_eq!(
        conflicts["data"]["conflicts"][0]["path"], ".aigon/x",
        "{conflicts}"
    );
    let (_, status) = scene.b.json(&["backup", "status"]);
    let machines = status["data"]["machines"].as_array().expect("a list");
    assert_eq!(machines.len(), 2, "{status}");
    assert!(tasks(&scene.a).contains("Renew") && tasks(&scene.b).contains("Unsent"));
}

#[test]
fn where_the_remote_does_not_answer_nothing_is_changed_that_needs_it() {
    let scene = prepare();
    overwritten(&store(&scene.b).join("refs/heads/main"), b"");
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    let before = tree(&data(&scene.b, ""));
    let (code, document) = scene.b.json(&["doctor", "--repair"]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (4, &json!("unreachable")),
        "{document}"
    );
    assert_eq!(tree(&data(&scene.b, "")), before);
    // An index needs nobody.
    each_pack(&store(&scene.b), |pack| {
        fs::remove_file(pack.with_extension("idx")).expect("removed");
    });
    scene.b.json(&["doctor", "--repair"]);
    each_pack(&store(&scene.b), |pack| {
        assert!(pack.with_extension("idx").exists());
    });
    fs::rename(&away, &scene.bare).expect("moved back");
    repaired(&scene.b);
    all_arrives(&scene);
}

#[test]
fn without_a_remote_nothing_begins_anew_while_a_backup_may_have_it() {
    let scene = prepare();
    let backup = scene.b.home.join("backup");
    copy_dir(&store(&scene.b), &backup);
    scene.b.ok(&["config", "unset", "remote.url"]);
    overwritten(&store(&scene.b).join("refs/heads/main"), b"");
    let before = tree(&store(&scene.b));
    let (code, document) = scene.b.json(&["doctor", "--repair"]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (1, &json!("refused")),
        "{document}"
    );
    assert!(
        document["error"]["hints"][0]
            .as_str()
            .is_some_and(|it| it.contains("backup copy"))
    );
    assert_eq!(tree(&store(&scene.b)), before);
    fs::remove_dir_all(store(&scene.b)).expect("removed");
    fs::rename(&backup, store(&scene.b)).expect("moved");
    let report = repaired(&scene.b);
    assert_eq!(
        report,
        json!({"store": null, "tasks": null}),
        "nothing is damaged"
    );
}

#[test]
fn a_repair_that_was_killed_before_its_last_step_is_finished_by_the_next_run() {
    let scene = prepare();
    let place = store(&scene.b);
    // As it is between the two names.
    fs::rename(&place, place.with_extension("git.mended")).expect("moved");
    assert!(!scene.b.ok(&["backup", "log"]).stdout.is_empty());
    all_arrives(&scene);
    assert!(place.is_dir() && !place.with_extension("git.mended").exists());
}

#[test]
fn a_repair_that_was_killed_leaves_what_the_next_one_mends() {
    for millis in [2, 5, 10, 20, 40, 80, 160] {
        let scene = prepare();
        overwritten(&store(&scene.b).join("refs/heads/main"), b"");
        each_pack(&store(&scene.b), |pack| {
            fs::remove_file(pack.with_extension("idx")).expect("removed");
        });
        let run = scene.b.spawn(&["doctor", "--repair"]);
        std::thread::sleep(std::time::Duration::from_millis(millis));
        run.kill_9();
        scene.b.run(&["backup", "push"]);
        repaired(&scene.b);
        all_arrives(&scene);
    }
}

#[test]
fn repair_and_rebuild_are_asked_for_one_by_one() {
    let scene = healthy();
    assert_eq!(scene.b.run(&["doctor", "--repair", "--rebuild"]).code, 2);
    let ran = scene.b.ok(&["doctor", "--repair"]);
    assert!(ran.stdout.starts_with("nothing is damaged"), "{ran}");
}

fn tasks_file(machine: &Machine) -> PathBuf {
    data(machine, "tasks.db")
}

fn task_undos(machine: &Machine) -> String {
    machine.ok(&["task", "undo", "--list"]).stdout
}

/// The same of a machine whose task list is damaged so.
#[track_caller]
fn tasks_are_mended(damage: impl Fn(&Path)) -> Value {
    let scene = prepare();
    let before = (tasks(&scene.b), task_undos(&scene.b));
    damage(&tasks_file(&scene.b));
    is_named(&scene.b, "tasks");
    let report = repaired(&scene.b);
    assert_eq!((tasks(&scene.b), task_undos(&scene.b)), before, "{report}");
    let damaged = report["tasks"]["damaged"].as_str().expect("it is kept");
    assert!(damaged.ends_with("tasks.db.damaged") && Path::new(damaged).is_file());
    all_arrives(&scene);
    scene.b.ok(&["task", "undo"]);
    assert!(
        !tasks(&scene.b).contains("Held"),
        "the last deed was undone"
    );
    assert_eq!(report["store"], Value::Null, "{report}");
    report["tasks"].clone()
}

#[test]
fn a_task_list_without_a_header_has_all_of_it_again() {
    let report = tasks_are_mended(|file| {
        let mut bytes = fs::read(file).expect("read");
        bytes[..100].fill(0x5a);
        overwritten(file, &bytes);
    });
    assert_eq!(report["lost"], 0, "{report}");
}

#[test]
fn of_a_page_that_is_gone_only_what_was_on_it_is() {
    let report = tasks_are_mended(|file| {
        // The last one is of the words that a search looks for, or of an index.
        let mut bytes = fs::read(file).expect("read");
        let last = bytes.len() - 4096;
        bytes[last..].fill(0);
        overwritten(file, &bytes);
    });
    assert_eq!(report["lost"], 0, "{report}");
}

#[test]
fn an_op_of_another_machine_that_was_changed_comes_from_the_vault() {
    let letter = "UPDATE op SET line = CAST(replace(CAST(line AS TEXT), 'Renew', 'Break') AS BLOB)";
    let report = tasks_are_mended(|file| {
        let db = rusqlite::Connection::open(file).expect("opened");
        db.execute_batch(letter).expect("done");
    });
    assert_eq!(report["lost"], 0, "{report}");
}

#[test]
fn a_task_list_that_is_empty_or_gone_comes_from_the_vault_and_from_what_was_committed_meanwhile() {
    for is_there in [true, false] {
        let scene = prepare();
        if is_there {
            overwritten(&tasks_file(&scene.b), b"");
        } else {
            fs::remove_file(tasks_file(&scene.b)).expect("removed");
        }
        is_named(&scene.b, "tasks");
        let report = repaired(&scene.b);
        assert!(report["tasks"]["received"].as_u64() > Some(0), "{report}");
        all_travels(&scene);
    }
}

#[test]
fn without_its_log_a_task_list_is_an_older_one_and_goes_on_under_a_new_name() {
    let scene = prepare();
    let db = rusqlite::Connection::open(tasks_file(&scene.b)).expect("opened");
    let asked = db.query_row("SELECT count(*) FROM op", [], |row| row.get::<_, i64>(0));
    assert!(asked.expect("read") > 0);
    scene.b.ok(&["task", "add", "In the log"]);
    scene.b.run(&["backup", "push"]);
    // As a power cut on a disk that lies leaves it.
    std::mem::forget(db);
    for ending in ["db-wal", "db-shm"] {
        fs::remove_file(tasks_file(&scene.b).with_extension(ending)).expect("removed");
    }
    scene.b.ok(&["task", "add", "After it"]);
    let ran = scene.b.run(&["sync"]);
    assert!(!ran.stderr.contains("another machine"), "{ran}");
    all_arrives(&scene);
    for machine in [&scene.a, &scene.b] {
        let tasks = tasks(machine);
        assert!(
            tasks.contains("In the log") && tasks.contains("After it"),
            "{tasks}"
        );
    }
    let now = examined(&scene.b, &["--integrity"]);
    assert!(now.iter().all(|it| it["verdict"] != "fail"), "{now:?}");
}

#[test]
fn a_repair_of_tasks_that_was_killed_leaves_what_the_next_one_mends() {
    for millis in [5, 20, 60, 120] {
        let scene = prepare();
        let mut bytes = fs::read(tasks_file(&scene.b)).expect("read");
        bytes[..100].fill(0);
        overwritten(&tasks_file(&scene.b), &bytes);
        let run = scene.b.spawn(&["doctor", "--repair"]);
        std::thread::sleep(std::time::Duration::from_millis(millis));
        run.kill_9();
        repaired(&scene.b);
        all_arrives(&scene);
    }
}

#[test]
fn a_list_that_was_mended_takes_its_place_with_the_next_command() {
    let scene = prepare();
    let file = tasks_file(&scene.b);
    fs::rename(&file, file.with_extension("db.mended")).expect("moved");
    scene.b.ok(&["task", "add", "One more"]);
    assert!(tasks(&scene.b).contains("Unsent"));
    all_arrives(&scene);
}

#[test]
fn other_commands_that_meet_damage_name_the_same() {
    let scene = prepare();
    let hinted = |args: &[&str]| {
        let (code, document) = scene.b.json(args);
        let hints = document["error"]["hints"].to_string();
        assert!(code == 70 && hints.contains(REPAIR), "{document}");
    };
    overwritten(&tasks_file(&scene.b), &[0x5a; 8192]);
    hinted(&["task", "list"]);
    overwritten(&store(&scene.b).join("refs/heads/main"), b"");
    hinted(&["backup", "push"]);
    hinted(&["backup", "log"]);
}

#[test]
fn what_is_closed_is_no_damage() {
    let mut scene = healthy();
    bound(&scene.sandbox, &mut scene.b);
    let pack = || {
        let mut all = tree(&store(&scene.b)).into_keys();
        let pack = all.rfind(|name| name.ends_with(".pack"));
        format!("vault.git/{}", pack.expect("there is one"))
    };
    for (path, mode, check) in [
        ("../config.toml", 0o000, "config"),
        ("tasks.db", 0o000, "tasks"),
        ("tasks.db", 0o400, "tasks"),
        ("vault.git", 0o000, "store"),
        (&pack(), 0o000, "store"),
        ("", 0o500, "permissions"),
    ] {
        let path = format!("holdall/data/{path}");
        chmod(&scene.b, &path, mode);
        let found = found(&scene.b, check, &["--integrity"]);
        let fix = found["fix"].as_str().unwrap_or_default();
        assert!(
            found["verdict"] == "fail" && fix.starts_with("chmod u+rw"),
            "{path}: {found}"
        );
        let message = found["message"].as_str().unwrap_or_default();
        assert!(
            message.contains(path.rsplit('/').next().unwrap_or_default()),
            "{found}"
        );
        if check == "store" {
            let (code, document) = scene.b.json(&["doctor", "--repair"]);
            assert_eq!(
                (code, &document["error"]["hints"][0]),
                (1, &json!(fix)),
                "{document}"
            );
        }
        mended(&scene.sandbox, "desktop", &found);
        assert_eq!(
            not_well(&scene.b, &["--integrity"]),
            [json!(null); 0],
            "{path}"
        );
    }
}

#[test]
fn a_remote_that_lost_something_is_made_again_by_who_has_it() {
    let scene = healthy();
    unpacked(&scene.bare);
    let id = object(&scene.a, "projects/api/.aigon/x");
    fs::remove_file(loose(&scene.bare, &id)).expect("removed");
    let found = found(&scene.a, "in_step", &["--integrity"]);
    assert_eq!(found["verdict"], "fail", "{found}");
    mended(&scene.sandbox, "laptop", &found);
    scene.b.write(state("x"), "after\n");
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "after\n");
    for machine in [&scene.a, &scene.b] {
        assert_eq!(not_well(machine, &["--integrity"]), [json!(null); 0]);
    }
}

#[test]
fn a_task_list_that_was_cut_off_is_mended() {
    for missing in [1, 4096] {
        let report = tasks_are_mended(|file| {
            let bytes = fs::read(file).expect("read");
            overwritten(file, &bytes[..bytes.len() - missing]);
        });
        assert_eq!(report["lost"], 0, "{report}");
    }
}

#[test]
fn a_search_that_has_lost_its_settings_is_damage_like_any_other() {
    let report = tasks_are_mended(|file| {
        let db = rusqlite::Connection::open(file).expect("opened");
        db.execute_batch("DELETE FROM words_config").expect("done");
    });
    assert_eq!(report["lost"], 0, "{report}");
}

/// The page on which a table begins.
fn page_of(file: &Path, table: &str) -> usize {
    let db = rusqlite::Connection::open(file).expect("opened");
    let find = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: i64 = db
        .query_row(find, [table], |row| row.get(0))
        .expect("a table");
    usize::try_from(page).expect("a number")
}

fn lose_page(file: &Path, page: usize) {
    let mut bytes = fs::read(file).expect("read");
    bytes[(page - 1) * 4096..][..4096].fill(0x5a);
    overwritten(file, &bytes);
}

#[test]
fn a_list_that_does_not_say_what_its_tasks_are_called_keeps_what_never_left_this_machine() {
    let report = tasks_are_mended(|file| lose_page(file, page_of(file, "thing")));
    assert_eq!(report["lost"], 0, "{report}");
    assert_eq!(report["values_lost"], json!([]), "{report}");
}

#[test]
fn a_value_that_never_left_this_machine_and_is_lost_is_named() {
    let scene = prepare();
    let file = tasks_file(&scene.b);
    lose_page(&file, page_of(&file, "withheld"));
    is_named(&scene.b, "tasks");
    let ran = scene.b.run(&["doctor", "--repair"]);
    let (_, listed) = scene.b.json(&["task", "search", "Held"]);
    let reference = listed["data"]["tasks"][0]["ref"].as_str().expect("a task");
    let told = format!(
        "could not be read: the description of {reference}, which never left this machine\n"
    );
    assert!(ran.stdout.contains(&told), "{ran}");
    all_travels(&scene);
}

#[test]
fn no_new_task_list_takes_the_place_of_one_that_is_gone() {
    for is_there in [true, false] {
        let scene = prepare();
        let before = tasks(&scene.b);
        let file = tasks_file(&scene.b);
        if is_there {
            overwritten(&file, b"");
        } else {
            fs::remove_file(&file).expect("removed");
        }
        for args in [
            &["task", "add", "After the loss"][..],
            &["task", "list"],
            &["task", "undo"],
            &["task", "show", "7KQ9"],
        ] {
            let (code, document) = scene.b.json(args);
            let error = &document["error"];
            assert_eq!(
                (code, &error["kind"]),
                (70, &json!("corrupt")),
                "{document}"
            );
            assert!(error["hints"].to_string().contains(REPAIR), "{document}");
        }
        scene.b.json(&["backup", "push", "--dry-run"]);
        assert_eq!(file.exists(), is_there, "nobody made a new one");
        is_named(&scene.b, "tasks");
        repaired(&scene.b);
        assert_eq!(tasks(&scene.b), before);
        all_travels(&scene);
    }
}

#[test]
fn a_sync_brings_a_list_that_is_gone_back_with_what_was_committed_meanwhile() {
    let scene = prepare();
    fs::remove_file(tasks_file(&scene.b)).expect("removed");
    let ran = scene.b.run(&["backup", "pull"]);
    assert!(ran.stderr.contains("the task list is gone"), "{ran}");
    assert!(tasks(&scene.b).contains("Unsent"), "{}", tasks(&scene.b));
    all_travels(&scene);
}
