//! `backup verify`: what it takes for damage, and what for an answer.

use std::fs;

use serde_json::Value;

use crate::flow::scene::{Scene, fails, pulled, pushed, state};
use crate::kit::{Machine, Sandbox, git};

/// The exit code, and each check with its verdict.
#[track_caller]
fn verified(machine: &Machine, args: &[&str]) -> (i32, Vec<(String, String)>, Value) {
    let (code, document) = machine.json(&[&["backup", "verify"], args].concat());
    let checks = document["data"]["checks"].as_array();
    let checks = checks.unwrap_or_else(|| panic!("no checks: {document}"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let told = checks
        .iter()
        .map(|check| (text(&check["name"]), text(&check["verdict"])));
    (code, told.collect(), document["data"].clone())
}

fn with(verdicts: [&str; 5]) -> Vec<(String, String)> {
    let names = ["store", "vault", "op_chains", "remote", "in_step"];
    let pairs = names.into_iter().zip(verdicts);
    pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// What was found here is told, and behind it why the remote is none to go by.
#[track_caller]
fn unasked(machine: &Machine, args: &[&str], (code, kind): (i32, &str), verdicts: [&str; 5]) {
    let args = [&["backup", "verify"], args].concat();
    let (ended, checks, data) = verified(machine, &args[2..]);
    assert_eq!((ended, checks), (code, with(verdicts)), "{data}");
    let (_, document) = machine.json(&args);
    assert_eq!(document["error"]["kind"], kind, "{document}");
    let ran = machine.run(&args);
    assert_eq!(ran.code, code, "{ran}");
    assert!(ran.stdout.contains("op_chains"), "{ran}");
    let message = document["error"]["message"].as_str().expect("a text");
    assert!(ran.stderr.contains(&format!("error: {message}")), "{ran}");
}

#[test]
fn a_whole_vault_is_verified_and_a_newer_one_there_is_no_damage() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["task", "add", "Renew the certificate"]);
    pushed(&scene.a);
    let (code, checks, data) = verified(&scene.a, &[]);
    assert_eq!((code, checks), (0, with(["ok"; 5])), "{data}");
    assert_eq!(data["read_data"], false);
    let structure = data["objects"].as_u64().expect("a number");
    let (code, checks, data) = verified(&scene.a, &["--read-data"]);
    assert_eq!((code, checks), (0, with(["ok"; 5])), "{data}");
    assert!(
        data["objects"].as_u64().expect("a number") >= structure,
        "{data}"
    );
    let (code, checks, data) = verified(&scene.b, &[]);
    let behind = with(["ok", "ok", "ok", "ok", "warn"]);
    assert_eq!((code, checks), (0, behind), "{data}");
    pulled(&scene.b);
    let said = scene.b.ok(&["vault", "verify", "--read-data"]);
    assert!(said.stdout.ends_with("5 checks: all is well\n"), "{said}");
}

#[test]
fn a_changed_byte_is_damage_where_everything_is_read() {
    let scene = Scene::with(&[("x", "1\n")]);
    let packs = scene.a.home.join("holdall/data/vault.git/objects/pack");
    let packs = fs::read_dir(packs).expect("listed");
    let mut packs = packs.map(|it| it.expect("an entry").path());
    let pack = packs.find(|path| path.extension().is_some_and(|it| it == "pack"));
    let pack = pack.expect("there is one");
    let mut bytes = fs::read(&pack).expect("read");
    // The first objects of a push are contents, behind the header of the pack and their own.
    bytes[12 + 4] ^= 0x20;
    fs::remove_file(&pack).expect("removed");
    fs::write(&pack, bytes).expect("written");
    let (code, checks, data) = verified(&scene.a, &["--read-data"]);
    assert_eq!((code, &checks[0].1[..]), (1, "fail"), "{data}");
    assert_eq!(data["checks"][0]["fix"], "holdall doctor --repair");
}

#[test]
fn a_remote_that_lost_something_is_a_fault_and_one_that_cannot_be_asked_is_none() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    git(&["update-ref", "refs/heads/main", "main~1"], &scene.bare);
    let (code, checks, data) = verified(&scene.a, &[]);
    let lost = with(["ok", "ok", "ok", "ok", "fail"]);
    assert_eq!((code, checks), (1, lost), "{data}");
    pushed(&scene.a);
    assert_eq!(verified(&scene.a, &[]).0, 0);
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    unasked(
        &scene.a,
        &[],
        (4, "unreachable"),
        ["ok", "ok", "ok", "fail", "warn"],
    );
    fs::create_dir(&scene.bare).expect("made");
    unasked(
        &scene.a,
        &[],
        (6, "not_a_vault"),
        ["ok", "ok", "ok", "fail", "warn"],
    );
    // Damage here is an answer all the same.
    let head = scene.a.home.join("holdall/data/vault.git/HEAD");
    fs::write(head, "nothing\n").expect("written");
    assert_eq!(verified(&scene.a, &[]).0, 1);
}

#[test]
fn what_a_remote_lost_of_its_past_is_found_by_reading_all_of_it() {
    let scene = Scene::with(&[("x", "1\n")]);
    let list = || {
        let packs = fs::read_dir(scene.bare.join("objects/pack")).expect("listed");
        let packs: Vec<_> = packs.flatten().map(|entry| entry.path()).collect();
        packs
    };
    let first = list();
    assert!(!first.is_empty());
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    for file in first {
        fs::remove_file(file).expect("removed");
    }
    // Its branch is where it should be.
    assert_eq!(verified(&scene.a, &[]).0, 0);
    let verdicts = ["ok", "ok", "ok", "ok", "fail"];
    unasked(&scene.a, &["--read-data"], (70, "corrupt"), verdicts);
    let (code, document) = scene.a.json(&["doctor", "--integrity"]);
    assert_eq!(code, 1, "{document}");
}

#[test]
fn where_nothing_was_pushed_there_is_nothing_to_verify() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    fails(&machine, &["backup", "verify"], (1, "not_found"));
    machine.ok(&["task", "add", "On this machine alone"]);
    machine.ok(&["backup", "push"]);
    let (code, checks, data) = verified(&machine, &["--read-data"]);
    let alone = with(["ok", "ok", "ok", "warn", "ok"]);
    assert_eq!((code, checks), (0, alone), "{data}");
}
