//! Two machines change the same file, and its contents become one.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::kit::Machine;

use super::logs::{L1, L2, L3, LOG, append, rest};
use super::scene::{Scene, is_there, pulled, pushed, remove, state, text};

fn merged(data: &Value) -> &Value {
    &data["projects"][0]["merged"]
}

/// Runs that end with a conflict.
#[track_caller]
fn conflicts(machine: &Machine, verb: &str) {
    let (code, document) = machine.json(&["backup", verb]);
    assert_eq!(code, 3, "{document}");
    let conflicts = document["data"]["conflicts"].as_array();
    assert_eq!(conflicts.map(Vec::len), Some(1), "{document}");
}

#[test]
fn a_pull_merges_as_a_push_does_and_the_next_push_sends_it() {
    let scene = Scene::with(&[(LOG, L1), ("x.md", "1\n2\n3\n")]);
    append(&scene.a, LOG, L3);
    scene.a.write(state("x.md"), "one\n2\n3\n");
    pushed(&scene.a);
    append(&scene.b, LOG, L2);
    scene.b.write(state("x.md"), "1\n2\nthree\n");
    rest(&scene.b, state(LOG));
    let data = pulled(&scene.b);
    assert_eq!(merged(&data)[0], ".aigon/h.jsonl", "{data}");
    assert_eq!(merged(&data)[1], ".aigon/x.md", "{data}");
    let all = [L1, L2, L3].concat();
    for _ in 0..2 {
        assert_eq!(
            text(&scene.b, state(LOG)),
            all,
            "a second pull takes nothing back"
        );
        assert_eq!(text(&scene.b, state("x.md")), "one\n2\nthree\n");
        assert_eq!(pulled(&scene.b)["applied"], false);
    }
    pushed(&scene.b);
    assert_eq!(scene.stored(LOG), all);
    assert_eq!(scene.stored("x.md"), "one\n2\nthree\n");
    rest(&scene.a, state(LOG));
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state(LOG)), all);
    assert_eq!(text(&scene.a, state("x.md")), "one\n2\nthree\n");
}

#[test]
fn keys_of_one_json_that_two_machines_changed_come_together() {
    let scene = Scene::with(&[("x.json", "{\n  \"a\": 1,\n  \"b\": 1.0\n}\n")]);
    scene
        .a
        .write(state("x.json"), "{\n  \"a\": 2,\n  \"b\": 1.0\n}\n");
    pushed(&scene.a);
    scene
        .b
        .write(state("x.json"), "{\"b\":1.0,\"a\":1,\"c\":3}");
    pushed(&scene.b);
    let both = "{\n  \"a\": 2,\n  \"b\": 1.0,\n  \"c\":3\n}\n";
    assert_eq!(scene.stored("x.json"), both);
    for machine in [&scene.a, &scene.b] {
        pulled(machine);
        assert_eq!(text(machine, state("x.json")), both);
        assert_eq!(pushed(machine)["committed"], false);
    }
}

/// A name, and what it has at first, on one machine and on the other.
type Edited = (&'static str, [&'static [u8]; 3]);

#[test]
fn what_does_not_merge_is_a_conflict_and_has_no_markers() {
    let files: [Edited; 8] = [
        ("x.json", [b"{\"a\":1}", b"{\"a\":2}", b"{\"a\":3}"]),
        ("x.json", [b"{\"a\":1}", b"{\"a\":2}", b"{\"a\":1,\"a\":1}"]),
        ("x.json", [b"{\"a\":1}", b"{\"a\":2}", b"{\"b\":1}"]),
        (
            "x.json",
            [b"{\"a\":1}", b"{\"a\":1,\"b\":1}", b"{\"a\":2 /* c */}"],
        ),
        ("x.md", [b"1\n2\n", b"one\n2\n", b"eins\n2\n"]),
        (
            "x.toml",
            [
                b"a = 1\n\n\n\nb = 1\n",
                b"c = 1\na = 1\n\n\n\nb = 1\n",
                b"a = 1\n\n\n\nb = 1\nc = 1\n",
            ],
        ),
        ("x.png", [b"\0a\n2\n3\n", b"\0b\n2\n3\n", b"\0a\n2\nd\n"]),
        ("x", [b"1\n2\n3\n", b"one\n2\n3\n", b"1\n2\n\xff\n"]),
    ];
    for (name, [base, ours, theirs]) in files {
        let scene = Scene::new();
        scene.a.write(state(name), base);
        pushed(&scene.a);
        pulled(&scene.b);
        scene.a.write(state(name), ours);
        pushed(&scene.a);
        scene.b.write(state(name), theirs);
        conflicts(&scene.b, "push");
        conflicts(&scene.b, "pull");
        assert_eq!(scene.b.read(state(name)), theirs, "{name}");
        let files = scene.vault();
        assert_eq!(files[&format!("projects/api/.aigon/{name}")], ours);
        let has = |mark: &[u8], bytes: &[u8]| bytes.windows(7).any(|part| part == mark);
        assert!(
            files.values().all(|bytes| !has(b"<<<<<<<", bytes)),
            "{name}"
        );
    }
}

#[test]
fn without_a_base_logs_and_json_merge_and_texts_do_not() {
    let scene = Scene::new();
    for (machine, log, json, note) in [
        (&scene.a, "same\na\n", "{\"s\":1,\"a\":1}", "a\n"),
        (&scene.b, "same\nb\n", "{\"s\":1,\"b\":1}", "b\n"),
    ] {
        machine.write(state(LOG), log);
        machine.write(state("x.json"), json);
        machine.write(state("x.md"), note);
        rest(machine, state(LOG));
    }
    pushed(&scene.a);
    conflicts(&scene.b, "pull");
    assert_eq!(text(&scene.b, state(LOG)), "same\na\nb\n");
    assert_eq!(text(&scene.b, state("x.json")), "{\"s\":1,\"a\":1,\"b\":1}");
    assert_eq!(text(&scene.b, state("x.md")), "b\n");
}

#[test]
fn a_mode_from_one_machine_and_a_content_from_the_other_are_one_file() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    scene.a.write(state("run"), b"\0one");
    pushed(&scene.a);
    pulled(&scene.b);
    let run = |machine: &Machine| machine.home.join(state("run"));
    fs::set_permissions(run(&scene.a), fs::Permissions::from_mode(0o755)).expect("a mode");
    pushed(&scene.a);
    scene.b.write(state("run"), b"\0two");
    pushed(&scene.b);
    for machine in [&scene.a, &scene.b] {
        pulled(machine);
        assert_eq!(machine.read(state("run")), b"\0two");
        let mode = fs::metadata(run(machine)).expect("there").permissions();
        assert_eq!(mode.mode() & 0o111, 0o111);
    }
}

#[test]
fn rules_say_how_a_file_merges() {
    let rules = "notes.txt :union\nraw.json :binary\n*.data :json :set=tags :keyed=items/id\n";
    let scene = Scene::with(&[
        (".holdallignore", rules),
        ("notes.txt", "1\n"),
        ("raw.json", "{}"),
        (
            "x.data",
            "{\"tags\":[\"t\"],\"items\":[{\"id\":1,\"a\":1,\"b\":1}]}",
        ),
    ]);
    for (machine, note, raw, data) in [
        (
            &scene.a,
            "1\na\n",
            "{\"a\":1}",
            "{\"tags\":[\"t\",\"a\"],\"items\":[{\"id\":1,\"a\":2,\"b\":1}]}",
        ),
        (
            &scene.b,
            "1\nb\n",
            "{\"b\":1}",
            "{\"tags\":[\"b\"],\"items\":[{\"id\":1,\"a\":1,\"b\":2},{\"id\":2}]}",
        ),
    ] {
        machine.write(state("notes.txt"), note);
        machine.write(state("raw.json"), raw);
        machine.write(state("x.data"), data);
    }
    pushed(&scene.a);
    conflicts(&scene.b, "push");
    assert_eq!(scene.stored("notes.txt"), "1\na\nb\n");
    assert_eq!(scene.stored("raw.json"), "{\"a\":1}");
    assert_eq!(
        scene.stored("x.data"),
        "{\"tags\":[\"a\",\"b\"],\"items\":[{\"id\":1,\"a\":2,\"b\":2}, {\"id\":2}]}"
    );
}

#[test]
fn a_merged_file_with_a_secret_waits_alone() {
    let scene = Scene::with(&[("x.md", "1\n2\n3\n"), ("y", "1\n")]);
    scene.a.write(state("x.md"), "one\n2\n3\n");
    pushed(&scene.a);
    let token = format!("ghp_{}", "R7w2Kq9ZsX4mVt1LbN8cYd5HfJ3gPa6Ue0Ti");
    scene.b.write(state("x.md"), format!("1\n2\n{token}\n"));
    scene.b.write(state("y"), "2\n");
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(
        document["data"]["withheld"][0]["path"], ".aigon/x.md",
        "{document}"
    );
    assert_eq!(scene.stored("y"), "2\n");
    assert_eq!(scene.stored("x.md"), "one\n2\n3\n");
}

#[test]
fn settings_merge_by_key_and_keep_what_is_of_each_machine() {
    let scene = Scene::new();
    let config = ".aigon/config.json";
    scene.a.write(
        config,
        "{\n  \"theme\": \"dark\",\n  \"serverPort\": 1\n}\n",
    );
    pushed(&scene.a);
    pulled(&scene.b);
    scene.a.write(
        config,
        "{\n  \"theme\": \"light\",\n  \"serverPort\": 1\n}\n",
    );
    pushed(&scene.a);
    scene.b.write(
        config,
        "{\n  \"theme\": \"dark\",\n  \"size\": 2,\n  \"serverPort\": 22\n}\n",
    );
    let data = pushed(&scene.b);
    assert_eq!(data["settings"][0]["merged"][0], "config.json", "{data}");
    for (machine, port) in [
        (&scene.a, "\"serverPort\": 1\n"),
        (&scene.b, "\"serverPort\": 22\n"),
    ] {
        pulled(machine);
        let text = text(machine, config);
        for part in ["\"light\"", "\"size\": 2", port] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!(pushed(machine)["committed"], false);
    }
    let vault = &scene.vault()["settings/aigon/config.json"];
    assert!(!String::from_utf8_lossy(vault).contains("serverPort"));
}

#[test]
fn a_link_against_an_edit_and_against_a_directory_loses_neither() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    for name in ["x", "y"] {
        remove(&scene.a, state(name));
        symlink("elsewhere", scene.a.home.join(state(name))).expect("made");
    }
    pushed(&scene.a);
    scene.b.write(state("x"), "2\n");
    remove(&scene.b, state("y"));
    scene.b.write(state("y/inner"), "3\n");
    for verb in ["push", "pull"] {
        let (code, document) = scene.b.json(&["backup", verb]);
        assert_eq!(code, 3, "{document}");
        let conflicts = document["data"]["conflicts"].as_array();
        assert_eq!(conflicts.map(Vec::len), Some(2), "{document}");
    }
    assert_eq!(text(&scene.b, state("x")), "2\n");
    assert_eq!(text(&scene.b, state("y/inner")), "3\n");
    for name in ["x", "y"] {
        assert_eq!(scene.stored(name), "elsewhere", "the vault keeps its links");
    }
    let vault = scene.vault();
    for edit in [&b"2\n"[..], b"3\n"] {
        let mut filed = vault.iter().filter(|(path, _)| path.ends_with("/local"));
        assert!(filed.any(|(_, bytes)| bytes == edit));
    }
}

#[test]
fn a_name_that_changes_in_case_alone_arrives_as_it_is_and_loses_no_edit() {
    let scene = Scene::with(&[("readme", "1\n"), ("notes", "1\n")]);
    for name in ["readme", "notes"] {
        let [old, new] =
            [name.to_owned(), name.to_uppercase()].map(|name| scene.a.home.join(state(&name)));
        fs::rename(old, new).expect("renamed");
    }
    pushed(&scene.a);
    scene.b.write(state("notes"), "2\n");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("README")), "1\n");
    assert!(!is_there(&scene.b, state("readme")));
    assert_eq!(text(&scene.b, state("notes")), "2\n");
    pushed(&scene.b);
    assert_eq!(scene.stored("notes"), "2\n");
    assert_eq!(scene.stored("NOTES"), "1\n");
}
