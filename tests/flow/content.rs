//! Two machines change the same file, and its contents become one.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::kit::Machine;

use super::scene::{Scene, pulled, pushed, remove, state, text, tip};

fn append(machine: &Machine, name: &str, tail: &str) {
    let mut log = text(machine, state(name));
    log.push_str(tail);
    machine.write(state(name), log);
}

/// As if nobody had written to it for ten minutes.
fn rest(machine: &Machine, path: impl AsRef<Path>) {
    set_time(machine, path, SystemTime::now() - Duration::from_mins(10));
}

fn set_time(machine: &Machine, path: impl AsRef<Path>, when: SystemTime) {
    let file = fs::File::options()
        .append(true)
        .open(machine.home.join(path));
    file.and_then(|file| file.set_modified(when))
        .expect("a time");
}

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

const LOG: &str = "h.jsonl";
const L1: &str = "{\"at\":1,\"n\":1}\n";
const L2: &str = "{\"at\":2,\"n\":2}\n";
const L3: &str = "{\"at\":3,\"n\":3}\n";

#[test]
fn lines_that_both_appended_are_in_the_log_of_both_in_the_order_of_their_time() {
    let scene = Scene::with(&[(LOG, L1)]);
    append(&scene.a, LOG, L3);
    pushed(&scene.a);
    append(&scene.b, LOG, L2);
    let data = pushed(&scene.b);
    assert_eq!(merged(&data)[0], ".aigon/h.jsonl", "{data}");
    let all = [L1, L2, L3].concat();
    assert_eq!(scene.stored(LOG), all);
    assert_eq!(text(&scene.b, state(LOG)), [L1, L2].concat());
    // What was pushed is no news to whoever pushed it, and its own lines are not taken back.
    let before = tip(&scene.bare);
    assert_eq!(pushed(&scene.b)["committed"], false);
    assert_eq!(tip(&scene.bare), before);
    for machine in [&scene.a, &scene.b] {
        rest(machine, state(LOG));
        pulled(machine);
        assert_eq!(text(machine, state(LOG)), all);
        assert_eq!(pushed(machine)["committed"], false);
    }
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
fn a_line_that_one_side_deletes_after_a_merge_is_gone() {
    let scene = Scene::with(&[(LOG, L1)]);
    append(&scene.a, LOG, L3);
    pushed(&scene.a);
    append(&scene.b, LOG, L2);
    pushed(&scene.b);
    rest(&scene.a, state(LOG));
    pulled(&scene.a);
    scene.a.write(state(LOG), [L1, L2].concat());
    pushed(&scene.a);
    assert_eq!(scene.stored(LOG), [L1, L2].concat());
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state(LOG)), [L1, L2].concat());
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
fn a_log_grows_where_it_stands_and_is_not_replaced_under_a_tool_that_writes() {
    use std::os::unix::fs::MetadataExt;
    let scene = Scene::with(&[(LOG, L1)]);
    let log = scene.b.home.join(state(LOG));
    let inode = || fs::metadata(&log).expect("there").ino();
    let before = inode();
    append(&scene.a, LOG, L2);
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state(LOG)), [L1, L2].concat());
    assert_eq!(inode(), before, "it is the file that a tool may have open");
    // Not a mere addition: it is replaced, but not just after somebody wrote to it.
    scene.a.write(state(LOG), L2);
    pushed(&scene.a);
    for args in [
        ["backup", "pull", "--dry-run"].as_slice(),
        &["backup", "pull"],
    ] {
        // However slow this run is, it is a moment ago.
        let soon = SystemTime::now() + Duration::from_millis(1_800);
        set_time(&scene.b, state(LOG), soon);
        let (code, document) = scene.b.json(args);
        let kept = &document["data"]["projects"][0]["kept_paths"][0];
        assert_eq!(
            (code, &kept["why"]),
            (0, &"just_written".into()),
            "{document}"
        );
    }
    assert_eq!(text(&scene.b, state(LOG)), [L1, L2].concat());
    rest(&scene.b, state(LOG));
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state(LOG)), L2);
}

#[test]
fn what_an_ended_pull_added_in_part_is_no_line_of_this_machine() {
    let scene = Scene::with(&[(LOG, "one\n")]);
    append(&scene.a, LOG, "two of them\nthree\n");
    pushed(&scene.a);
    // As a full disk or a kill may leave it; with the word below it is at rest, and whole.
    append(&scene.b, LOG, "two of");
    rest(&scene.b, state(LOG));
    let data = pushed(&scene.b);
    assert_eq!(data["committed"], false, "{data}");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state(LOG)), "one\ntwo of them\nthree\n");
    assert_eq!(pushed(&scene.b)["committed"], false);
}

#[test]
fn deleted_on_one_side_and_appended_to_on_the_other_a_log_lives() {
    let scene = Scene::with(&[(LOG, L1), ("y", "1\n")]);
    remove(&scene.a, state(LOG));
    pushed(&scene.a);
    append(&scene.b, LOG, L2);
    pushed(&scene.b);
    assert_eq!(scene.stored(LOG), [L1, L2].concat());
}
