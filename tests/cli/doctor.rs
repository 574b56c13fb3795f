//! What the doctor finds: each check is seen to find what it is for, and to be well again after what it
//! names was done.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::flow::scene::{
    API, Scene, add, as_if_killed, bound, by_hand, chmod, connect, copy_dir, fails, pulled, pushed,
    remove, state, utf8,
};
use crate::kit::{Machine, Sandbox, git, tree};

/// Every check in its place.
const NAMES: [&str; 22] = [
    "home",
    "config",
    "versions",
    "permissions",
    "disk_space",
    "cloud_sync",
    "projects",
    "store",
    "vault",
    "remote",
    "in_step",
    "clock",
    "op_chains",
    "tasks",
    "digests",
    "set_aside",
    "caches",
    "conflicts",
    "withheld",
    "schedule",
    "runs",
    "background",
];

/// All that was found; the exit code is 1 where something failed, and the table is whole.
#[track_caller]
pub fn examined(machine: &Machine, args: &[&str]) -> Vec<Value> {
    let (code, document) = machine.json(&[&["doctor"], args].concat());
    let checks = document["data"]["checks"].as_array();
    let checks = checks.unwrap_or_else(|| panic!("no table: {document}"));
    let names: Vec<&str> = checks.iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, NAMES);
    let failed = checks.iter().any(|it| it["verdict"] == "fail");
    assert_eq!(code, i32::from(failed), "{document}");
    checks.clone()
}

/// What one check found.
#[track_caller]
pub fn found(machine: &Machine, name: &str, args: &[&str]) -> Value {
    let checks = examined(machine, args);
    let found = checks.into_iter().find(|it| it["name"] == name);
    found.expect("every check is there")
}

/// A check has this verdict, and says these words.
#[track_caller]
pub fn is_found(machine: &Machine, name: &str, (verdict, words): (&str, &str)) -> Value {
    let found = found(machine, name, &[]);
    let message = found["message"].as_str().expect("it says something");
    assert_eq!(found["verdict"], verdict, "{found}");
    assert!(message.contains(words), "{found}");
    found
}

#[track_caller]
pub fn is_well(machine: &Machine, name: &str) {
    is_found(machine, name, ("ok", ""));
}

/// Those that are not well.
#[track_caller]
pub fn not_well(machine: &Machine, args: &[&str]) -> Vec<Value> {
    let mut checks = examined(machine, args);
    checks.retain(|it| it["verdict"] != "ok");
    checks
}

/// Does what a check says: the command that it names, as a person would type it.
#[track_caller]
pub fn mended(sandbox: &Sandbox, name: &str, found: &Value) {
    let fix = found["fix"].as_str().expect("it says what mends it");
    typed(sandbox, name, fix);
}

#[track_caller]
fn typed(sandbox: &Sandbox, name: &str, line: &str) {
    let mut shell = sandbox.machine(name);
    let program = Path::new(env!("CARGO_BIN_EXE_holdall"));
    let place = program.parent().expect("it lies in a directory");
    let path = std::env::var("PATH").unwrap_or_default();
    shell.env("PATH", format!("{}:{path}", place.display()));
    shell.stand_in("/bin/sh", Duration::from_mins(1));
    shell.ok(&["-ec", line]);
}

/// Two machines that have seen each other, with a project and tasks.
pub fn healthy() -> Scene {
    let scene = Scene::with(&[("x", "1\n"), ("events.jsonl", "{\"n\":1}\n")]);
    scene
        .a
        .ok(&["task", "add", "Renew the certificate", "--label", "ops"]);
    pushed(&scene.a);
    pulled(&scene.b);
    scene.b.ok(&["task", "add", "Fix the login"]);
    scene.b.write(state("y"), "2\n");
    pushed(&scene.b);
    pulled(&scene.a);
    scene
}

pub fn data(machine: &Machine, name: &str) -> PathBuf {
    machine.home.join("holdall/data").join(name)
}

/// One object's pack and index.
pub fn pack_of(machine: &Machine, object: &str) -> PathBuf {
    let store = data(machine, "vault.git");
    let packs = fs::read_dir(store.join("objects/pack")).expect("listed");
    let packs = packs.map(|it| it.expect("an entry").path());
    let mut packs = packs.filter(|path| path.extension().is_some_and(|it| it == "pack"));
    let has = |pack: &PathBuf| git(&["verify-pack", "-v", utf8(pack)], &store).contains(object);
    packs.find(has).expect("some pack has it")
}

pub fn object(machine: &Machine, path: &str) -> String {
    let name = format!("main:{path}");
    let id = git(&["rev-parse", &name], &data(machine, "vault.git"));
    id.trim().to_owned()
}

#[test]
fn a_healthy_machine_and_a_healthy_second_one_are_well_and_stay_as_they_are() {
    let scene = healthy();
    for machine in [&scene.a, &scene.b] {
        let before = tree(&machine.home);
        for args in [&[][..], &["--integrity"]] {
            assert_eq!(not_well(machine, args), [json!(null); 0]);
        }
        let after = tree(&machine.home);
        let names = |files: &std::collections::BTreeMap<String, Vec<u8>>| {
            files.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names(&before), names(&after));
        assert!(before == after, "a file was changed");
    }
    let remote = found(&scene.a, "remote", &[]);
    assert!(remote["ms"].is_u64(), "{remote}");
}

#[test]
fn a_new_home_has_nothing_wrong_but_that_nothing_is_connected() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let found = not_well(&machine, &[]);
    let names: Vec<_> = found.iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["remote"], "{found:?}");
    assert!(!machine.home.join("holdall").exists());
    let ran = machine.ok(&["doctor"]);
    assert!(
        ran.stdout.contains("fix: holdall backup configure URL"),
        "{ran}"
    );
    assert!(ran.stdout.ends_with("22 checks: 1 to look at\n"), "{ran}");
}

#[test]
fn people_read_a_line_for_each_check_and_with_quiet_those_that_are_not_well() {
    let scene = healthy();
    let ran = scene.a.ok(&["doctor"]);
    assert_eq!(ran.stdout.lines().count(), NAMES.len() + 1, "{ran}");
    assert!(ran.stdout.ends_with("22 checks: all is well\n"), "{ran}");
    assert!(ran.stdout.contains(" ms)\n"), "{ran}");
    assert_eq!(scene.a.ok(&["doctor", "-q"]).stdout, "");
    fs::write(data(&scene.a, "projects.json"), "{").expect("written");
    let ran = scene.a.run(&["doctor", "-q"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stdout.contains("FAIL  projects"), "{ran}");
    assert!(!ran.stdout.contains("ok    "), "{ran}");
}

#[test]
fn whatever_is_broken_the_table_is_whole() {
    let scene = healthy();
    let home = scene.a.home.join("holdall");
    let damage = |name: &str| {
        fs::write(home.join(name), "no such thing\n".repeat(999)).expect("written");
    };
    for name in [
        "config.toml",
        "data/vault.git/HEAD",
        "data/tasks.db",
        "data/projects.json",
        "data/this-machine.json",
        "state/runs.json",
    ] {
        damage(name);
        examined(&scene.a, &[]);
        examined(&scene.a, &["--integrity"]);
    }
    is_found(&scene.a, "store", ("fail", "HEAD names nothing"));
    fs::remove_file(data(&scene.a, "vault.git/HEAD")).expect("removed");
    let failed = not_well(&scene.a, &[]);
    let has_failed = |name: &str| {
        let mut of = failed.iter().filter(|it| it["name"] == name);
        of.any(|it| it["verdict"] == "fail")
    };
    for name in ["config", "store", "tasks", "projects"] {
        assert!(has_failed(name), "{name}: {failed:?}");
    }
    let waits = failed.iter().find(|it| it["name"] == "vault");
    assert_eq!(waits.expect("it waits")["waits_for"], "store");
}

#[test]
fn without_a_home_directory_the_table_says_so() {
    let scene = healthy();
    let mut machine = scene.sandbox.machine("laptop");
    machine.unset("HOME");
    let found = is_found(&machine, "home", ("fail", "HOME is not set"));
    assert!(found["fix"].as_str().expect("one").starts_with("set HOME"));
    is_found(
        &machine,
        "store",
        ("warn", "not looked at before home is well"),
    );
    is_well(&scene.a, "home");
}

#[test]
fn a_key_that_nobody_knows_is_taken_out_by_the_command() {
    let scene = healthy();
    let file = scene.a.home.join("holdall/config.toml");
    let text = fs::read_to_string(&file).expect("read");
    fs::write(&file, format!("{text}\n[nonsense]\nx = 1\n")).expect("written");
    let broken = is_found(&scene.a, "config", ("fail", "unknown key"));
    let waits = is_found(&scene.a, "in_step", ("warn", "before config is well"));
    assert_eq!(
        (&waits["waits_for"], &waits["fix"]),
        (&json!("config"), &json!(null))
    );
    mended(&scene.sandbox, "laptop", &broken);
    assert_eq!(not_well(&scene.a, &[]), [json!(null); 0]);

    fs::write(&file, format!("rules = [\"x :nonsense\"]\n{text}")).expect("written");
    is_found(&scene.a, "config", ("fail", "nonsense"));
    fs::write(&file, format!("presets.off = [\"aigno\"]\n{text}")).expect("written");
    is_found(&scene.a, "config", ("warn", "`aigno`"));
    fs::write(&file, text).expect("written");
    is_well(&scene.a, "config");
}

#[test]
fn what_others_may_read_is_closed_by_the_command() {
    let scene = healthy();
    for (place, mode) in [
        ("holdall/data/tasks.db", 0o644),
        ("holdall/data", 0o755),
        ("holdall/data/vault.git", 0o755),
        ("holdall/state/runs.json", 0o640),
        ("holdall/config.toml", 0o666),
    ] {
        chmod(&scene.a, place, mode);
        let open = is_found(&scene.a, "permissions", ("fail", place));
        mended(&scene.sandbox, "laptop", &open);
        is_well(&scene.a, "permissions");
    }
    // People write it by hand: it has no secrets.
    chmod(&scene.a, "holdall/config.toml", 0o644);
    is_well(&scene.a, "permissions");
    // A run that was killed left it, and the next one clears it away.
    let left = "holdall/data/.holdall-tmp-x";
    scene.a.write(Path::new(left).join("left.db"), "");
    chmod(&scene.a, left, 0o755);
    // A repair moved it there, as it was.
    let aside = "holdall/data/tasks.db.damaged";
    scene.a.write(aside, "");
    chmod(&scene.a, aside, 0o644);
    is_well(&scene.a, "permissions");
    let file = scene.a.home.join("token");
    scene.a.write("token", "x\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("set");
    scene
        .a
        .ok(&["config", "set", "remote.token_file", "~/token"]);
    let open = is_found(&scene.a, "permissions", ("fail", "token"));
    mended(&scene.sandbox, "laptop", &open);
    is_well(&scene.a, "permissions");
}

#[test]
fn what_no_run_can_write_to_is_opened_by_the_command() {
    let mut scene = healthy();
    bound(&scene.sandbox, &mut scene.a);
    for place in ["holdall/state", "holdall/state/seen", "holdall/data"] {
        chmod(&scene.a, place, 0o500);
        let closed = is_found(
            &scene.a,
            "permissions",
            ("fail", "is closed to you, its owner"),
        );
        let fix = closed["fix"].as_str().expect("one");
        assert!(fix.starts_with("chmod ") && fix.ends_with(place), "{fix}");
        mended(&scene.sandbox, "laptop", &closed);
        is_well(&scene.a, "permissions");
    }
}

#[test]
fn a_checkout_in_a_synced_folder_is_told_until_it_lies_elsewhere() {
    let scene = healthy();
    let (there, synced) = (
        scene.a.home.join("code/api"),
        scene.a.home.join("Dropbox/api"),
    );
    fs::create_dir(scene.a.home.join("Dropbox")).expect("made");
    fs::rename(&there, &synced).expect("moved");
    is_found(&scene.a, "projects", ("warn", "is not at"));
    add(&scene.a, &synced);
    let found = is_found(&scene.a, "cloud_sync", ("warn", "Dropbox"));
    let fix = found["fix"].as_str().expect("one");
    assert!(fix.contains("`holdall project add`"), "{found}");
    fs::rename(&synced, &there).expect("moved");
    add(&scene.a, &there);
    is_well(&scene.a, "cloud_sync");

    let mut machine = scene.sandbox.machine("laptop");
    machine.env("HOLDALL_HOME", scene.a.home.join("OneDrive/holdall"));
    is_found(&machine, "cloud_sync", ("fail", "OneDrive"));
}

#[test]
fn a_project_that_moved_is_taken_up_there_and_one_that_is_gone_is_forgotten_by_the_commands() {
    let scene = healthy();
    let list = || scene.a.json(&["project", "list"]).1["data"]["projects"][0]["id"].clone();
    let (code, moved) = (scene.a.home.join("code"), scene.a.home.join("moved"));
    let id = list();
    fs::rename(&code, &moved).expect("moved");
    let gone = is_found(&scene.a, "projects", ("warn", "is not at"));
    let fix = gone["fix"].as_str().expect("one");
    let commands: Vec<&str> = fix
        .split('`')
        .filter(|it| it.starts_with("holdall "))
        .collect();
    let [add, remove] = commands[..] else {
        panic!("{fix}");
    };
    let place = moved.join("api");
    typed(&scene.sandbox, "laptop", &add.replace("PATH", utf8(&place)));
    is_well(&scene.a, "projects");
    // It is the same to the vault, and nothing in it was taken for deleted.
    assert_eq!(list(), id);
    scene.a.write("moved/api/.aigon/x", "3\n");
    pushed(&scene.a);
    assert_eq!(scene.stored("x"), "3\n");
    assert_eq!(scene.stored("y"), "2\n");
    fs::rename(&moved, &code).expect("moved");
    typed(&scene.sandbox, "laptop", remove);
    is_well(&scene.a, "projects");
}

#[test]
fn a_file_that_many_checks_stand_on_is_told_of_by_one() {
    for (name, check) in [("projects.json", "projects"), ("this-machine.json", "home")] {
        let scene = healthy();
        scene.a.ok(&["backup", "schedule", "hourly"]);
        fs::write(data(&scene.a, name), "{").expect("written");
        let found = not_well(&scene.a, &[]);
        let failed = found.iter().filter(|it| it["verdict"] == "fail");
        let failed: Vec<&Value> = failed.map(|it| &it["name"]).collect();
        assert_eq!(failed, [check], "{found:#?}");
        let waits = found.iter().filter(|it| it["waits_for"] == check);
        assert!(waits.count() >= 1, "{found:#?}");
    }
}

#[test]
fn what_is_known_of_runs_and_cannot_be_read_goes_by_the_command() {
    let scene = healthy();
    fs::write(scene.a.home.join("holdall/state/runs.json"), "?").expect("written");
    let found = is_found(&scene.a, "runs", ("warn", "is damaged"));
    mended(&scene.sandbox, "laptop", &found);
    is_found(&scene.a, "runs", ("ok", "none yet"));
}

#[test]
fn what_is_to_be_typed_is_about_the_home_that_was_asked_about() {
    let sandbox = Sandbox::new();
    let mut machine = sandbox.machine("flagged");
    machine.unset("HOLDALL_HOME");
    let home = machine.home.join("my home");
    let flag = ["--home", utf8(&home)];
    let remote = found(&machine, "remote", &flag);
    let fix = format!("holdall --home '{}' backup configure URL", utf8(&home));
    assert_eq!(remote["fix"], fix);
    machine.ok(&[&["backup", "schedule", "hourly"], &flag[..]].concat());
    let fix = found(&machine, "background", &flag)["fix"].clone();
    assert!(
        fix.as_str().expect("one").ends_with("home' daemon install"),
        "{fix}"
    );
}

#[test]
fn an_object_that_is_gone_comes_back_with_the_store() {
    let scene = healthy();
    let pack = pack_of(&scene.b, &object(&scene.b, "projects/api/.aigon/x"));
    for ending in ["pack", "idx"] {
        fs::remove_file(pack.with_extension(ending)).expect("removed");
    }
    let found = is_found(&scene.b, "store", ("fail", "is missing"));
    mended(&scene.sandbox, "desktop", &found);
    assert_eq!(not_well(&scene.b, &["--integrity"]), [json!(null); 0]);
}

/// One byte of what the vault has there is another one.
fn change_byte(machine: &Machine, path: &str) {
    let id = object(machine, path);
    let pack = pack_of(machine, &id);
    let mut bytes = fs::read(&pack).expect("read");
    let entries = git(
        &["verify-pack", "-v", utf8(&pack)],
        &data(machine, "vault.git"),
    );
    let entry = entries.lines().find(|line| line.starts_with(&id));
    let offset = entry.and_then(|line| line.split_whitespace().nth(4));
    let offset: usize = offset.expect("it is told").parse().expect("a number");
    bytes[offset + 5] ^= 0x20;
    fs::remove_file(&pack).expect("removed");
    fs::write(&pack, bytes).expect("written");
}

#[test]
fn damage_that_many_checks_meet_is_told_once() {
    let scene = healthy();
    change_byte(&scene.b, "vault.json");
    let checks = examined(&scene.b, &[]);
    let failed = checks.iter().filter(|it| it["verdict"] == "fail");
    let failed: Vec<&Value> = failed.collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    assert_eq!(failed[0]["name"], "store", "{failed:#?}");
    let waits = checks.iter().filter(|it| it["waits_for"] == "store");
    assert!(waits.count() > 2, "{checks:#?}");
    mended(&scene.sandbox, "desktop", failed[0]);
    assert_eq!(not_well(&scene.b, &["--integrity"]), [json!(null); 0]);
}

#[test]
fn a_changed_byte_of_the_store_is_found_where_everything_is_read() {
    let scene = healthy();
    change_byte(&scene.b, "projects/api/.aigon/x");
    is_well(&scene.b, "store");
    let found = found(&scene.b, "store", &["--integrity"]);
    assert_eq!(found["verdict"], "fail", "{found}");
    mended(&scene.sandbox, "desktop", &found);
    assert_eq!(not_well(&scene.b, &["--integrity"]), [json!(null); 0]);
}

#[test]
fn a_record_that_breaks_the_contract_is_told_until_somebody_mends_it() {
    let scene = healthy();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("machines/junk.json"), "j\n").expect("written");
    });
    pulled(&scene.a);
    let found = is_found(&scene.a, "vault", ("fail", "machines/junk.json"));
    assert!(
        found["fix"].as_str().expect("one").contains("in a clone"),
        "{found}"
    );
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::remove_file(dir.join("machines/junk.json")).expect("removed");
    });
    pulled(&scene.a);
    is_well(&scene.a, "vault");
}

#[test]
fn a_remote_that_is_away_or_elsewhere_is_connected_by_the_command() {
    let scene = healthy();
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    let found = is_found(&scene.a, "remote", ("fail", "cannot be reached"));
    assert_eq!(
        is_found(&scene.a, "in_step", ("warn", ""))["waits_for"],
        "remote"
    );
    let fix = found["fix"].as_str().expect("one");
    let command = format!("`holdall backup configure {}`", utf8(&scene.bare));
    assert!(fix.contains(&command), "{found}");
    scene.a.ok(&["backup", "configure", utf8(&away)]);
    assert_eq!(not_well(&scene.a, &[]), [json!(null); 0]);
}

#[test]
fn a_remote_that_may_only_be_read_is_not_allowed() {
    let mut scene = healthy();
    bound(&scene.sandbox, &mut scene.a);
    let places = ["objects", "refs"].map(|name| scene.bare.join(name));
    for place in &places {
        fs::set_permissions(place, fs::Permissions::from_mode(0o555)).expect("set");
    }
    is_found(&scene.a, "remote", ("fail", "read-only"));
    for place in &places {
        fs::set_permissions(place, fs::Permissions::from_mode(0o755)).expect("set");
    }
    is_well(&scene.a, "remote");
}

#[test]
fn what_is_to_come_and_what_was_lost_there_the_commands_bring() {
    let scene = healthy();
    scene.a.write(state("z"), "3\n");
    pushed(&scene.a);
    let found = is_found(&scene.b, "in_step", ("warn", "1 commit to take in"));
    mended(&scene.sandbox, "desktop", &found);
    is_well(&scene.b, "in_step");

    git(&["update-ref", "refs/heads/main", "main~1"], &scene.bare);
    let found = is_found(&scene.a, "in_step", ("fail", "older"));
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "in_step");

    git(&["update-ref", "-d", "refs/heads/main"], &scene.bare);
    let found = is_found(&scene.a, "in_step", ("fail", "is empty"));
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "in_step");

    git(&["update-ref", "refs/heads/main", "main~1"], &scene.bare);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("notes.txt"), "by hand\n").expect("written");
    });
    let found = is_found(&scene.a, "in_step", ("fail", "another way"));
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "in_step");
}

#[test]
fn another_repository_that_was_never_pushed_to_has_lost_nothing() {
    let scene = healthy();
    let other = scene.sandbox.bare("other.git");
    scene.a.ok(&["backup", "configure", utf8(&other)]);
    let found = is_found(
        &scene.a,
        "in_step",
        ("warn", "nothing was pushed there yet"),
    );
    scene.a.ok(&["backup", "verify"]);
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "in_step");
    git(&["update-ref", "-d", "refs/heads/main"], &other);
    is_found(&scene.a, "in_step", ("fail", "is empty"));
    // One that was seen to have the vault, and got nothing from here yet, is none that never had any.
    scene.a.ok(&["backup", "configure", utf8(&scene.bare)]);
    git(&["update-ref", "-d", "refs/heads/main"], &scene.bare);
    is_found(&scene.a, "in_step", ("fail", "is empty"));
}

#[test]
fn a_failure_at_a_remote_that_is_configured_no_more_is_a_warning() {
    let scene = healthy();
    let foreign = scene.sandbox.bare("foreign.git");
    by_hand(&scene.sandbox, &foreign, |dir| {
        fs::write(dir.join("notes.txt"), "by hand\n").expect("written");
    });
    let to = |bare: &Path| {
        let args = ["backup", "configure", "--no-check", utf8(bare)];
        scene.a.ok(&args);
    };
    to(&foreign);
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_ne!(code, 0, "{document}");
    is_found(&scene.a, "runs", ("fail", "the last pull failed"));
    to(&scene.bare);
    let found = is_found(
        &scene.a,
        "runs",
        ("warn", "the settings were changed since"),
    );
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "runs");
}

#[test]
fn what_was_kept_while_the_remote_was_away_waits_to_be_sent() {
    let scene = healthy();
    let gone = scene.bare.with_extension("gone");
    fs::rename(&scene.bare, &gone).expect("away");
    scene.a.write(state("z"), "3\n");
    fails(&scene.a, &["backup", "push"], (4, "unreachable"));
    fs::rename(&gone, &scene.bare).expect("back");
    let found = is_found(&scene.a, "in_step", ("warn", "1 commit to send"));
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "in_step");
}

#[test]
fn another_vault_in_the_place_of_the_known_one_is_named() {
    let scene = healthy();
    let other = scene.sandbox.machine("other");
    let bare = scene.sandbox.bare("other.git");
    connect(&other, &bare);
    other.ok(&["task", "add", "Elsewhere"]);
    pushed(&other);
    scene
        .a
        .ok(&["backup", "configure", "--no-check", utf8(&bare)]);
    let found = is_found(&scene.a, "in_step", ("fail", "another vault"));
    let fix = found["fix"].as_str().expect("one");
    assert!(fix.contains("--replace"), "{found}");
    scene
        .a
        .ok(&["backup", "configure", "--replace", utf8(&bare)]);
    scene.a.ok(&["sync"]);
    is_well(&scene.a, "in_step");
}

/// Another machine's own record, as it might have written it.
fn other_record(scene: &Scene, (holdall, last_push): (&str, &str)) {
    let record = json!({
        "machine": "zzzzzzzzzz",
        "name": "tower",
        "os": "linux",
        "holdall": holdall,
        "last_push": last_push,
        "projects": [],
    });
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let text = serde_json::to_string_pretty(&record).expect("plain data");
        fs::write(dir.join("machines/zzzzzzzzzz.json"), text + "\n").expect("written");
    });
    pulled(&scene.a);
}

#[test]
fn a_machine_from_the_future_and_a_newer_holdall_are_named() {
    let scene = healthy();
    other_record(
        &scene,
        (env!("CARGO_PKG_VERSION"), "2099-01-01T00:00:00.000Z"),
    );
    is_found(
        &scene.a,
        "clock",
        ("warn", "tower last pushed at 2099-01-01"),
    );
    is_well(&scene.a, "versions");
    other_record(&scene, ("99.0.0", "2020-01-01T00:00:00.000Z"));
    is_well(&scene.a, "clock");
    let found = is_found(&scene.a, "versions", ("warn", "tower has holdall 99.0.0"));
    assert_eq!(found["fix"], "install holdall 99.0.0 here");
    other_record(&scene, ("0.0.1", "2020-01-01T00:00:00.000Z"));
    assert_eq!(not_well(&scene.a, &[]), [json!(null); 0]);
}

/// The only segment of the chain that a machine writes.
fn segment(dir: &Path, title: &str) -> PathBuf {
    let chains = fs::read_dir(dir.join("tasks/ops")).expect("listed");
    let files = chains.map(|it| it.expect("an entry").path().join("00000001.jsonl"));
    let mut files = files.filter(|file| {
        let text = fs::read_to_string(file).expect("read");
        text.contains(title)
    });
    files.next().expect("somebody wrote it")
}

#[test]
fn a_chain_that_was_cut_off_comes_back_from_whoever_has_it() {
    let scene = healthy();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let file = segment(dir, "Renew the certificate");
        let bytes = fs::read(&file).expect("read");
        fs::write(&file, &bytes[..bytes.len() - 9]).expect("written");
    });
    scene.a.run(&["backup", "pull"]);
    let found = is_found(&scene.a, "op_chains", ("fail", "V62"));
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "op_chains");
}

pub fn sql(machine: &Machine, text: &str) {
    let db = rusqlite::Connection::open(data(machine, "tasks.db")).expect("opened");
    db.execute_batch(text).expect("done");
}

#[test]
fn what_is_shown_of_tasks_is_made_again_by_the_command() {
    let scene = healthy();
    for damage in [
        "UPDATE task SET title = 'x', status = 'done'",
        "DELETE FROM label",
        "UPDATE replica SET digest = zeroblob(32)",
    ] {
        sql(&scene.b, damage);
        let found = is_found(&scene.b, "tasks", ("fail", "not what the ops come to"));
        assert_eq!(found["fix"], "holdall doctor --rebuild");
        assert_eq!(
            is_found(&scene.b, "digests", ("warn", ""))["waits_for"],
            "tasks"
        );
        mended(&scene.sandbox, "desktop", &found);
        assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
    }
}

#[test]
fn a_damaged_op_and_a_damaged_file_come_back_from_the_vault() {
    let scene = healthy();
    let shown = |machine: &Machine| machine.ok(&["task", "list", "--all"]).stdout;
    let before = shown(&scene.b);
    let letter = "UPDATE op SET line = CAST(replace(CAST(line AS TEXT), 'Renew', 'Break') AS BLOB)";
    sql(&scene.b, letter);
    let found = is_found(&scene.b, "tasks", ("fail", "not the one that was written"));
    mended(&scene.sandbox, "desktop", &found);
    is_well(&scene.b, "tasks");
    assert_eq!(shown(&scene.b), before);
    remove(&scene.b, "holdall/data/tasks.db.damaged");

    let file = data(&scene.b, "tasks.db");
    let mut bytes = fs::read(&file).expect("read");
    bytes[4096..8192].fill(0x5a);
    fs::write(&file, bytes).expect("written");
    let found = is_found(&scene.b, "tasks", ("fail", ""));
    mended(&scene.sandbox, "desktop", &found);
    is_well(&scene.b, "tasks");
    assert_eq!(shown(&scene.b), before);
}

#[test]
fn an_op_that_was_set_aside_is_taken_in_by_the_command() {
    let scene = healthy();
    let aside = "UPDATE op SET state = 1, thing = NULL WHERE n = (SELECT max(n) FROM op)";
    sql(&scene.a, aside);
    let found = is_found(&scene.a, "set_aside", ("warn", "understands by now"));
    mended(&scene.sandbox, "laptop", &found);
    assert_eq!(not_well(&scene.a, &[]), [json!(null); 0]);
}

#[test]
fn another_machine_that_came_to_something_else_is_named_until_it_made_it_again() {
    let scene = healthy();
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::create_dir(dir.join("machines/dir")).expect("made");
        fs::write(dir.join("machines/dir/x"), "nobody's\n").expect("written");
    });
    scene.b.ok(&["sync"]);
    scene.b.ok(&["config", "set", "machine.name", "desktop"]);
    sql(&scene.b, "UPDATE replica SET digest = zeroblob(32)");
    scene.b.ok(&["task", "add", "Since"]);
    pushed(&scene.b);
    pulled(&scene.a);
    is_well(&scene.a, "tasks");
    let found = is_found(
        &scene.a,
        "digests",
        ("warn", "desktop has read the same ops"),
    );
    let fix = found["fix"].as_str().expect("one");
    assert!(
        fix.contains("`holdall doctor --rebuild` on desktop"),
        "{found}"
    );
    scene.b.ok(&["doctor", "--rebuild"]);
    scene.b.write(state("later"), "later\n");
    pushed(&scene.b);
    pulled(&scene.a);
    is_well(&scene.a, "digests");
}

#[test]
fn a_damaged_cache_goes_by_the_command() {
    let scene = healthy();
    let seen = scene.a.home.join("holdall/state/seen");
    let cache = fs::read_dir(&seen).expect("listed").next();
    let cache = cache.expect("there is one").expect("an entry").path();
    let mut bytes = fs::read(&cache).expect("read");
    *bytes.last_mut().expect("it is not empty") ^= 1;
    fs::write(&cache, bytes).expect("written");
    let found = is_found(&scene.a, "caches", ("warn", "is damaged"));
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "caches");
}

#[test]
fn a_cache_that_overlooks_a_change_is_found_where_everything_is_looked_at() {
    let scene = healthy();
    // What was written just now is not relied on.
    std::thread::sleep(Duration::from_millis(100));
    pushed_nothing(&scene.a);
    // It names what the vault had a commit before: so it would be if a change had been overlooked.
    let store = data(&scene.a, "vault.git");
    let line = |text: String| text.trim().to_owned();
    let said = |name: &str| line(git(&["rev-parse", name], &store));
    let around = |tree: &str| {
        let make = format!("printf '040000 tree {tree}\\t.aigon\\n' | git mktree");
        let run = format!("alias.around=!{make}");
        line(git(&["-c", &run, "around"], &store))
    };
    let (now, then) = (
        said("main:projects/api/.aigon"),
        said("main~1:projects/api/.aigon"),
    );
    assert_ne!(now, then);
    let swaps = [(now.clone(), then.clone()), (around(&now), around(&then))];
    let swaps = swaps.map(|(now, then)| (bytes_of(&now), bytes_of(&then)));
    let seen = scene.a.home.join("holdall/state/seen");
    let mut changed = 0;
    for cache in fs::read_dir(&seen).expect("listed") {
        let cache = cache.expect("an entry").path();
        let mut body = fs::read(&cache).expect("read").split_off(32);
        for at in 0..body.len().saturating_sub(20) {
            let swap = swaps.iter().find(|(now, _)| body[at..].starts_with(now));
            if let Some((_, then)) = swap {
                body[at..at + 20].copy_from_slice(then);
                changed += 1;
            }
        }
        let sum = blake3::hash(&body);
        fs::write(&cache, [sum.as_bytes().as_slice(), &body].concat()).expect("written");
    }
    assert!(changed > 0, "the cache knows the directory");
    is_well(&scene.a, "caches");
    let found = found(&scene.a, "caches", &["--integrity"]);
    assert_eq!(found["verdict"], "fail", "{found}");
    mended(&scene.sandbox, "laptop", &found);
    assert_eq!(not_well(&scene.a, &["--integrity"]), [json!(null); 0]);
}

/// The bytes that hexadecimal digits are.
fn bytes_of(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// A push by which nothing but what is remembered changes.
fn pushed_nothing(machine: &Machine) {
    let pushed = machine.json(&["backup", "push"]).1;
    assert_eq!(pushed["data"]["committed"], false, "{pushed}");
}

#[test]
fn a_conflict_is_told_until_it_is_decided() {
    let scene = healthy();
    scene.a.write(state("x"), "one\n");
    scene.b.write(state("x"), "other\n");
    pushed(&scene.a);
    scene.b.run(&["backup", "push"]);
    let found = is_found(&scene.b, "conflicts", ("warn", "1 conflict waits"));
    let fix = found["fix"].as_str().expect("one");
    assert!(fix.starts_with("holdall conflict resolve "), "{found}");
    typed(&scene.sandbox, "desktop", &format!("{fix} --use local"));
    is_found(&scene.b, "conflicts", ("ok", "decided"));
    pushed(&scene.b);
    assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);

    let title = |machine: &Machine, title: &str| {
        let list = machine.json(&["task", "list"]).1;
        let task = list["data"]["tasks"][0]["id"]
            .as_str()
            .expect("one")
            .to_owned();
        machine.ok(&["task", "edit", &task, "--title", title]);
    };
    scene.a.ok(&["sync"]);
    title(&scene.a, "One");
    title(&scene.b, "Other");
    pushed(&scene.a);
    scene.b.run(&["sync"]);
    let found = is_found(&scene.b, "conflicts", ("warn", "1 conflict waits"));
    let fix = found["fix"].as_str().expect("one");
    typed(&scene.sandbox, "desktop", &format!("{fix} --use local"));
    is_found(&scene.b, "conflicts", ("ok", "none"));
}

/// A value that the gate takes for a token.
pub fn token() -> String {
    format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8")
}

#[test]
fn a_secret_that_is_held_back_is_told_until_it_is_out_or_allowed() {
    let scene = healthy();
    scene
        .a
        .write(state("keys.txt"), format!("token: {}\n", token()));
    let found = is_found(&scene.a, "withheld", ("warn", "keys.txt"));
    let fix = found["fix"].as_str().expect("one");
    let allow = fix
        .split('`')
        .find(|it| it.starts_with("holdall secret allow"));
    typed(&scene.sandbox, "laptop", allow.expect("it is named"));
    is_well(&scene.a, "withheld");
    scene.a.write(
        state("more.txt"),
        format!("token: {}\n", token().replace('a', "z")),
    );
    is_found(&scene.a, "withheld", ("warn", "more.txt"));
    remove(&scene.a, state("more.txt"));
    is_well(&scene.a, "withheld");
}

#[test]
fn a_schedule_is_read_and_one_that_nobody_runs_is_a_warning() {
    let scene = healthy();
    scene.a.ok(&["backup", "schedule", "daily"]);
    is_found(&scene.a, "schedule", ("ok", "daily, "));
    let found = is_found(&scene.a, "background", ("warn", "nothing runs"));
    assert_eq!(found["fix"], "holdall daemon install");
    assert_eq!(scene.a.run(&["doctor"]).code, 0);
    let daemon = scene.a.spawn(&["daemon", "run"]);
    let runs = || self::found(&scene.a, "background", &[])["verdict"] == "ok";
    let mut looks = 0..100;
    while !runs() && looks.next().is_some() {}
    is_found(&scene.a, "background", ("ok", "runs"));
    drop(daemon);
    is_found(&scene.a, "background", ("warn", "nothing runs"));
    // Cron looks, and does not stay.
    scene.a.ok(&["daemon", "run", "--once"]);
    is_found(&scene.a, "background", ("ok", "runs"));
    let ran = scene.a.ok(&["daemon", "status"]);
    assert!(ran.stdout.contains("a timer or cron looked "), "{ran}");
    scene
        .a
        .write("holdall/state/looked", "2020-01-01T00:00:00.000Z\n");
    is_found(&scene.a, "background", ("warn", "nothing runs"));
    let file = scene.a.home.join("holdall/config.toml");
    let text = fs::read_to_string(&file).expect("read");
    fs::write(&file, text.replace("daily", "often")).expect("written");
    let found = is_found(&scene.a, "schedule", ("fail", "`often` is no schedule"));
    mended(&scene.sandbox, "laptop", &found);
    is_found(&scene.a, "schedule", ("ok", "hourly"));
    scene.a.ok(&["backup", "schedule", "off"]);
    assert_eq!(not_well(&scene.a, &[]), [json!(null); 0]);
}

#[test]
fn runs_that_fail_are_told_until_one_goes_well() {
    let scene = healthy();
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    for _ in 0..2 {
        scene.a.run(&["backup", "push"]);
    }
    fs::rename(&away, &scene.bare).expect("moved");
    let found = is_found(
        &scene.a,
        "runs",
        ("warn", "the last push failed (2 times in a row)"),
    );
    mended(&scene.sandbox, "laptop", &found);
    is_well(&scene.a, "runs");
}

#[test]
fn a_pull_that_was_killed_is_finished_by_the_command() {
    let scene = healthy();
    as_if_killed(&scene.b, "1");
    let found = is_found(&scene.b, "runs", ("warn", "was killed while it wrote"));
    mended(&scene.sandbox, "desktop", &found);
    assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
}

#[test]
fn runs_beside_it_are_no_alarm() {
    let scene = healthy();
    for number in 0..6 {
        scene.a.write(state("busy"), format!("{number}\n"));
        scene.a.ok(&["task", "add", &format!("{number}")]);
        let push = scene.a.spawn(&["backup", "push"]);
        let found = not_well(&scene.a, &["--integrity"]);
        assert_eq!(found, [json!(null); 0]);
        assert_eq!(push.finish().code, 0);
    }
}

#[test]
fn a_clone_and_its_original_are_both_well_and_so_is_who_reads_them() {
    let scene = healthy();
    let twin = scene.sandbox.machine("twin");
    copy_dir(&scene.a.home.join("holdall"), &twin.home.join("holdall"));
    scene.a.ok(&["task", "add", "By the original"]);
    twin.ok(&["task", "add", "By the clone"]);
    for machine in [&scene.a, &twin, &scene.b, &scene.a, &twin] {
        machine.ok(&["sync"]);
    }
    for machine in [&scene.a, &scene.b, &twin] {
        assert_eq!(not_well(machine, &["--integrity"]), [json!(null); 0]);
    }
}

#[test]
fn a_checkout_of_another_machine_is_no_alarm_there() {
    let scene = healthy();
    // A third machine has neither the project nor tasks of its own.
    let third = scene.sandbox.machine("third");
    connect(&third, &scene.bare);
    let found = not_well(&third, &[]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["name"], "in_step");
    mended(&scene.sandbox, "third", &found[0]);
    assert_eq!(not_well(&third, &["--integrity"]), [json!(null); 0]);
    let dir = third.checkout("api", API);
    add(&third, &dir);
    third.ok(&["sync"]);
    assert_eq!(not_well(&third, &["--integrity"]), [json!(null); 0]);
}

#[test]
fn a_run_that_damage_ended_is_no_failure_any_more_once_that_is_mended() {
    let scene = healthy();
    fs::remove_file(data(&scene.b, "vault.git/refs/heads/main")).expect("removed");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 70);
    scene.b.ok(&["doctor", "--repair"]);
    let runs = is_found(&scene.b, "runs", ("warn", "the last push failed"));
    mended(&scene.sandbox, "desktop", &runs);
    assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
}

#[test]
fn without_its_copy_of_the_vault_and_what_it_noted_a_machine_with_projects_is_no_new_one() {
    let scene = healthy();
    fs::remove_dir_all(data(&scene.b, "vault.git")).expect("removed");
    fs::remove_dir_all(scene.b.home.join("holdall/state")).expect("removed");
    is_found(&scene.b, "store", ("fail", "vault.git is gone"));
    for args in [&["sync"][..], &["backup", "push"], &["backup", "pull"]] {
        let (code, document) = scene.b.json(args);
        assert_eq!(code, 70, "{document}");
        let hints = document["error"]["hints"].to_string();
        assert!(hints.contains("holdall doctor --repair"), "{document}");
    }
    scene.b.ok(&["doctor", "--repair"]);
    scene.b.ok(&["sync"]);
    assert_eq!(not_well(&scene.b, &[]), [json!(null); 0]);
}
