//! Many tasks at once: from the input, and from many processes.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use super::task::{add, desk, reference, refused, shown, titles};
use crate::kit::{Machine, Ran, Sandbox, scale};

/// Runs with a text as its input.
pub fn fed(machine: &Machine, args: &[&str], text: &str) -> Ran {
    let mut command = machine.command(args);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    // One that refuses its arguments does not read.
    input.write_all(text.as_bytes()).ok();
    drop(input);
    child.wait_with_output().expect("it ends").into()
}

#[test]
fn tasks_are_added_from_lines_all_of_them_or_none() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let stdin = ["task", "add", "--stdin", "--json"];
    let good = "{\"title\":\"One\",\"labels\":[\"a\",\"b\"],\"due\":\"2030-01-01\"}\n\n{\"title\":\"Two\",\"meta\":{\"k\":1},\"epic\":null}\n";
    let ran = fed(&desk, &stdin, good);
    assert_eq!(ran.code, 0, "{ran}");
    let document = ran.document();
    let tasks = document["data"]["tasks"].as_array().expect("a list");
    assert_eq!((tasks.len(), &tasks[1]["title"]), (2, &"Two".into()));
    let one = shown(&desk, &reference(&tasks[0]));
    assert_eq!(
        (&one["due"], &one["labels"]),
        (&"2030-01-01".into(), &serde_json::json!(["a", "b"]))
    );
    assert_eq!(
        titles(&desk, &["task", "list", "--sort", "title"]),
        ["One", "Two"]
    );
    let ran = fed(&desk, &["task", "add", "--stdin"], "");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "added 0 tasks\n"),
        "{ran}"
    );
    refused(
        &desk,
        &["task", "add", "--stdin", "x"],
        (2, "usage", "--stdin"),
    );
}

#[test]
fn a_line_that_cannot_be_taken_is_named_and_none_is() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let stdin = ["task", "add", "--stdin", "--json"];
    for (bad, words) in [
        (
            "{\"title\":\"Three\"}\n{\"title\":}\n",
            "line 2 cannot be taken",
        ),
        (
            "{\"title\":\"Three\"}\n\n[1]\n",
            "line 3 cannot be taken: it is no JSON object",
        ),
        (
            "{\"title\":\"Three\"}\n{\"title\":\"\"}",
            "line 2 cannot be taken: the title is empty",
        ),
        (
            "{\"title\":\"Three\",\"prio\":1}",
            "line 1 cannot be taken: `prio` is no field",
        ),
        (
            "{\"title\":\"Three\"}\n{\"title\":\"4\",\"status\":\"x\"}",
            "line 2 cannot be taken: `x` is no status",
        ),
        (
            "{\"title\":\"Three\"}\n{\"title\":\"4\",\"depends\":[\"0000\"]}",
            "line 2 cannot be taken: no task is called 0000",
        ),
        (
            "{\"title\":\"Three\",\"labels\":\"a\"}",
            "`labels` is not a list",
        ),
        (
            "{\"title\":\"Three\"}\n{\"title\":5}",
            "line 2 cannot be taken: `title` is not a text",
        ),
        (
            "{\"title\":\"Three\",\"labels\":[true]}",
            "line 1 cannot be taken: `labels` is not a text",
        ),
        (
            "{\"title\":\"Three\"}\n{\"title\":\"4\",\"title\":\"5\"}",
            "line 2 cannot be taken: `title` stands there twice",
        ),
        (
            "{\"title\":\"Three\",\"meta\":{\"a\":\"1\",\"a\":\"2\"}}",
            "line 1 cannot be taken: `a` stands there twice",
        ),
    ] {
        let ran = fed(&desk, &stdin, bad);
        let error = ran.document()["error"].clone();
        assert_eq!((ran.code, &error["kind"]), (1, &"invalid".into()), "{ran}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(titles(&desk, &["task", "list", "--all"]), [""; 0]);
}

#[test]
fn the_mark_that_an_editor_begins_a_text_with_is_passed_by() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let ran = fed(
        &desk,
        &["task", "add", "--stdin"],
        "\u{feff}{\"title\":\"One\"}\r\n",
    );
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(titles(&desk, &["task", "list"]), ["One"]);
}

#[test]
fn a_task_that_two_lines_name_is_one() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(&desk, &["One"]);
    let lines = format!(
        "{{\"ref\":\"{task}\",\"status\":\"todo\"}}\n{{\"ref\":\"{}\",\"due\":\"today\"}}",
        task.to_lowercase()
    );
    let ran = fed(&desk, &["task", "edit", "--stdin", "--json"], &lines);
    let data = &ran.document()["data"];
    let many = data["tasks"].as_array().map(Vec::len);
    assert_eq!((&data["changed"], many), (&1.into(), Some(1)), "{ran}");
    let listed = desk.ok(&["task", "undo", "--list"]).stdout;
    assert!(listed.contains("edit: 1 task\n"), "{listed}");
}

#[test]
fn no_line_is_blamed_for_a_damaged_store() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (one, two) = (add(&desk, &["One"]), add(&desk, &["Two"]));
    let file = desk.home.join("holdall/data/tasks.db");
    let db = rusqlite::Connection::open(file).expect("opened");
    db.execute("UPDATE op SET line = x'00'", [])
        .expect("written");
    db.execute("UPDATE task SET title = x'00' WHERE title = 'Two'", [])
        .expect("written");
    drop(db);
    let line = |task| format!("{{\"ref\":\"{task}\",\"status\":\"todo\"}}\n");
    let ran = fed(
        &desk,
        &["task", "edit", "--stdin", "--json"],
        &format!("{}{}", line(&one), line(&two)),
    );
    let error = &ran.document()["error"];
    assert_eq!((ran.code, &error["kind"]), (70, &"corrupt".into()), "{ran}");
    assert!(!ran.stdout.contains("line "), "{ran}");
}

#[test]
fn tasks_are_changed_by_lines_all_of_them_or_none() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (one, two) = (add(&desk, &["One", "--due", "today"]), add(&desk, &["Two"]));
    let stdin = ["task", "edit", "--stdin", "--json"];
    let lines = format!(
        "{{\"ref\":\"{one}\",\"status\":\"done\",\"due\":null}}\n{{\"ref\":\"{two}\",\"priority\":\"high\"}}\n"
    );
    let ran = fed(&desk, &stdin, &lines);
    assert_eq!(
        (ran.code, &ran.document()["data"]["changed"]),
        (0, &2.into()),
        "{ran}"
    );
    let found = shown(&desk, &one);
    assert_eq!(
        (&found["status"], &found["due"]),
        (&"done".into(), &Value::Null)
    );
    let token = found["seen"].as_str().expect("a token");
    for (second, words) in [
        ("{\"status\":\"todo\"}".to_owned(), "it has no `ref`"),
        (
            "{\"ref\":\"0000\",\"status\":\"todo\"}".to_owned(),
            "no task is called 0000",
        ),
        (
            format!("{{\"ref\":\"{two}\",\"status\":\"x\"}}"),
            "`x` is no status",
        ),
        (
            format!("{{\"ref\":\"{two}\",\"if_seen\":\"{token}\",\"status\":\"todo\"}}"),
            "the token",
        ),
        ("nonsense".to_owned(), "line 2"),
    ] {
        let lines = format!("{{\"ref\":\"{one}\",\"status\":\"todo\"}}\n{second}\n");
        let ran = fed(&desk, &stdin, &lines);
        let error = ran.document()["error"].clone();
        assert_eq!((ran.code, &error["kind"]), (1, &"invalid".into()), "{ran}");
        let message = error["message"].as_str().expect("a message");
        assert!(
            message.starts_with("line 2 ") && message.contains(words),
            "{message}"
        );
    }
    assert_eq!(shown(&desk, &one)["status"], "done");
    desk.ok(&["task", "undo"]);
    let statuses = [&one, &two].map(|it| shown(&desk, it)["status"].clone());
    assert_eq!(statuses, ["inbox", "inbox"]);
}

#[test]
fn of_a_hundred_processes_at_once_none_fails_and_nothing_is_lost() {
    let many = scale(100).max(20);
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let titles_of: Vec<String> = (0..many)
        .map(|number| format!("Task {number:03}"))
        .collect();
    // Nothing is there yet: all of them make the store and this machine's name, too.
    let started: Vec<_> = titles_of
        .iter()
        .map(|title| desk.spawn(&["task", "add", title, "--label", "race"]))
        .collect();
    for run in started {
        let ran = run.finish();
        assert_eq!(ran.code, 0, "{ran}");
    }
    assert_eq!(
        titles(&desk, &["task", "list", "--sort", "title"]),
        titles_of
    );
    let (_, log) = desk.json(&["task", "log", "--limit", "1000"]);
    let entries = log["data"]["entries"].as_array().expect("a log");
    assert_eq!(entries.len(), 2 * many);
    assert!(entries.iter().all(|it| it["this_machine"] == true), "{log}");
}

#[test]
fn what_a_line_may_not_say_is_told_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(&desk, &["One"]);
    let key = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    for (line, word) in [
        (
            format!(r#"{{"ref":"{task}","title":null}}"#),
            "every task has one",
        ),
        (
            format!(r#"{{"ref":"{task}","status":null}}"#),
            "every task has one",
        ),
        (
            format!(r#"{{"ref":"{task}","status":"done","if_seen":5}}"#),
            "`if_seen` is no token",
        ),
        (
            format!(r#"{{"ref":"{task}","meta":{{"{key}":"1"}}}}"#),
            "holds a secret",
        ),
        (
            format!(r#"{{"ref":"{task}","meta":{{"{key}":null}}}}"#),
            "holds a secret",
        ),
    ] {
        let ran = fed(&desk, &["task", "edit", "--stdin"], &line);
        assert!(ran.code == 1 && ran.stderr.contains(word), "{line}: {ran}");
        assert!(!ran.stderr.contains(&key), "{ran}");
    }
    let ran = desk.run(&["task", "add", "Two", "--by", &key]);
    assert!(
        ran.code == 1 && ran.stderr.contains("holds a secret"),
        "{ran}"
    );
    assert_eq!(titles(&desk, &["task", "list"]), ["One"]);
}
