//! Conflicts of fields as a person and a script meet them, without a vault and without a remote.

use std::fs;

use serde_json::{Value, json};

use super::task::{add, desk, refused, shown};
use crate::kit::{Machine, Sandbox, answered};

/// Two agents that saw the same wrote two values; the task's ref.
fn disputed(desk: &Machine, flag: &str, [one, two]: [&str; 2]) -> String {
    let task = add(desk, &["Base"]);
    write_both(desk, &task, flag, [one, two]);
    task
}

fn write_both(desk: &Machine, task: &str, flag: &str, [one, two]: [&str; 2]) {
    let seen = shown(desk, task)["seen"]
        .as_str()
        .expect("a token")
        .to_owned();
    for (value, by) in [(one, "ada"), (two, "bob")] {
        let ran = desk.run(&[
            "task",
            "edit",
            task,
            flag,
            value,
            "--if-seen",
            &seen,
            "--by",
            by,
        ]);
        assert!([0, 3].contains(&ran.code), "{ran}");
    }
}

fn list(desk: &Machine) -> Vec<Value> {
    let (code, document) = desk.json(&["conflict", "list"]);
    assert_eq!(code, 0, "{document}");
    let list = document["data"]["conflicts"].as_array();
    list.expect("a list").clone()
}

/// Of the two values of the one conflict, the one that is shown first.
fn tokens(desk: &Machine) -> [String; 2] {
    let conflict = &list(desk)[0];
    [0, 1].map(|at| word(&conflict["variants"][at]["token"]))
}

fn word(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn a_list_makes_no_task_list() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let ran = desk.ok(&["conflict", "list"]);
    assert!(ran.stdout.starts_with("no conflicts\n"), "{ran}");
    refused(
        &desk,
        &["conflict", "show", "API-7KQ9"],
        (1, "not_found", "API-7KQ9"),
    );
    refused(
        &desk,
        &["conflict", "show", "7KQ9", "title"],
        (1, "not_found", "7KQ9 title"),
    );
    let (code, document) = desk.json(&["conflict", "resolve", "--all", "--use", "local", "--yes"]);
    assert_eq!(
        (code, &document["data"]["resolved"]),
        (0, &json!([])),
        "{document}"
    );
    assert!(!desk.home.join("holdall/data/tasks.db").exists());
}

/// What was said, with plain words for what is another one in each run.
fn said_plainly(text: &str, conflict: &Value) -> String {
    let ages = (5..60).rev().map(|age| format!("{age} seconds ago"));
    let text = ages.fold(text.to_owned(), |text, age| text.replace(&age, "just now"));
    [
        (&conflict["id"], "ID"),
        (&conflict["ref"], "REF"),
        (&conflict["variants"][0]["token"], "TOKEN-2"),
        (&conflict["variants"][1]["token"], "TOKEN-1"),
    ]
    .into_iter()
    .fold(text, |text, (from, to)| text.replace(&word(from), to))
}

#[test]
fn a_conflict_is_listed_shown_and_compared() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    desk.ok(&["config", "set", "machine.name", "study"]);
    let task = disputed(&desk, "--title", ["One", "Two"]);
    let conflict = &list(&desk)[0];
    let token = |at: usize| word(&conflict["variants"][at]["token"]);
    let plain = |text: &str| said_plainly(text, conflict);
    let said = plain(&desk.ok(&["conflict", "list"]).stdout);
    insta::assert_snapshot!(said, @r"
    ID  REF title  of “Two”
      TOKEN-2  Two   bob, this machine, just now
      TOKEN-1  One   ada, this machine, just now
      base      Base
    ");
    let said = plain(&desk.ok(&["conflict", "show", &task]).stdout);
    insta::assert_snapshot!(said, @r"
    ID  REF title  of “Two”
      TOKEN-2  bob, this machine, just now; shown meanwhile
        Two
      TOKEN-1  ada, this machine, just now
        One
      base
        Base
      seen  TOKEN-2
    ");
    let said = plain(&desk.ok(&["conflict", "diff", &task]).stdout);
    insta::assert_snapshot!(said, @r"
    shown → TOKEN-1 (study)
    diff --git a/title b/title
    index 3b0086f..3609f20 100644
    --- a/title
    +++ b/title
    @@ -1 +1 @@
    -Two
    +One
    ");
    let said = plain(
        &desk
            .ok(&["conflict", "diff", &task, "title", &token(0), "--base"])
            .stdout,
    );
    insta::assert_snapshot!(said, @r"
    base → TOKEN-2 (study)
    diff --git a/title b/title
    index 04331bb..3b0086f 100644
    --- a/title
    +++ b/title
    @@ -1 +1 @@
    -Base
    +Two
    ");
}

#[test]
fn a_conflict_is_named_by_its_id_the_ref_or_the_id_of_the_task() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--title", ["One", "Two"]);
    let conflict = &list(&desk)[0];
    let (id, token) = (
        word(&conflict["id"]),
        word(&conflict["variants"][0]["token"]),
    );
    for target in [
        &id,
        &id[..6],
        &task.to_lowercase(),
        &word(&shown(&desk, &task)["id"]),
    ] {
        desk.ok(&["conflict", "show", target]);
        desk.ok(&["conflict", "diff", target, &token]);
    }
    desk.ok(&["task", "edit", &task, "--title", "A field is never locked"]);
    assert!(list(&desk).is_empty());
}

#[test]
fn a_field_has_to_be_named_where_several_are_in_conflict() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--title", ["One", "Two"]);
    write_both(&desk, &task, "--due", ["2030-01-01", "none"]);
    let show = ["conflict", "show", &task];
    refused(&desk, &show, (1, "refused", "conflicts in 2 fields"));
    let (_, document) = desk.json(&show);
    let hint = word(&document["error"]["hints"][0]);
    assert!(hint.ends_with("due, title"), "{hint}");
    let ran = desk.ok(&["conflict", "show", &task, "due"]);
    assert!(ran.stdout.contains("    none\n"), "{ran}");
    let wrong = ["conflict", "show", &task, "status"];
    refused(&desk, &wrong, (1, "not_found", "status`"));
    refused(
        &desk,
        &["conflict", "show", "nothing"],
        (1, "not_found", "nothing"),
    );
    let (_, document) = desk.json(&["conflict", "show", "nothing"]);
    let hint = word(&document["error"]["hints"][0]);
    assert!(hint.contains(&format!("{task} title")), "{hint}");
}

#[test]
fn what_is_no_value_of_the_field_decides_nothing() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--due", ["2030-01-01", "2030-02-02"]);
    for (flag, values, wrong) in [
        ("--title", ["One", "Two"], "a\nb"),
        ("--status", ["todo", "done"], "doing"),
        ("--priority", ["low", "high"], "huge"),
        ("--project", ["none", "none"], ""),
        ("--available", ["2030-01-01", "none"], "soon"),
    ] {
        if wrong.is_empty() {
            continue;
        }
        write_both(&desk, &task, flag, values);
        let field = flag.trim_start_matches('-');
        let args = ["conflict", "resolve", &task, field, "--value", wrong];
        refused(&desk, &args, (1, "invalid", ""));
    }
    let resolve =
        |args: &[&'static str]| [&["conflict", "resolve", task.as_str(), "due"], args].concat();
    refused(
        &desk,
        &resolve(&["--use", "vault"]),
        (2, "usage", "for files"),
    );
    refused(
        &desk,
        &resolve(&["--use", "00000000"]),
        (1, "not_found", "00000000"),
    );
    refused(
        &desk,
        &resolve(&["--if-seen", "00000000", "--use", "local"]),
        (1, "not_found", "00000000"),
    );
    refused(&desk, &resolve(&[]), (2, "usage", "which version"));
    refused(
        &desk,
        &resolve(&["--file", "nowhere"]),
        (1, "not_found", "nowhere"),
    );
    refused(
        &desk,
        &resolve(&["--use", "local", "--value", "x"]),
        (2, "usage", "cannot be used"),
    );
    assert_eq!(list(&desk).len(), 5);
    let (code, document) = desk.json(&resolve(&["--value", "none"]));
    assert_eq!(
        (code, &document["data"]["resolved"][0]["value"]),
        (0, &Value::Null)
    );
    assert_eq!(shown(&desk, &task)["due"], Value::Null);
}

#[test]
fn a_value_comes_from_a_file_the_input_or_the_base_and_a_dry_run_writes_none() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--description", ["One\nline\n", "Two\nlines\n"]);
    fs::write(desk.home.join("own.md"), "Mine\n").expect("written");
    let resolve = ["conflict", "resolve", &task];
    let plan = desk.ok(&[&resolve[..], &["--file", "own.md", "--dry-run"]].concat());
    assert!(
        plan.stdout.contains("would decide") && plan.stdout.contains("Mine"),
        "{plan}"
    );
    assert_eq!(list(&desk).len(), 1);
    for (args, expected) in [
        (&["--value-file", "own.md"][..], "Mine\n"),
        (&["--file", "own.md"], "Mine\n"),
        (&["--value", "Typed"], "Typed"),
        (&["--use", "base"], ""),
        (&["--use", "SHOWN"], "Two\nlines\n"),
        (&["--use", "OTHER"], "One\nline\n"),
    ] {
        let [first, second] = tokens(&desk);
        let word = |word: &'static str| match word {
            "SHOWN" => first.clone(),
            "OTHER" => second.clone(),
            word => word.to_owned(),
        };
        let words: Vec<String> = args.iter().copied().map(word).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        desk.ok(&[&resolve[..], &words].concat());
        assert_eq!(shown(&desk, &task)["description"], expected, "{args:?}");
        assert!(list(&desk).is_empty());
        desk.ok(&["task", "undo"]);
        assert_eq!(list(&desk).len(), 1, "{args:?}");
    }
    let piped = [&resolve[..], &["--value-stdin"]].concat();
    let ran = super::task_many::fed(&desk, &piped, "Piped\n");
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(shown(&desk, &task)["description"], "Piped\n");
}

#[test]
fn what_came_since_it_was_shown_is_not_decided() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--title", ["One", "Two"]);
    let seen = word(&list(&desk)[0]["seen"]);
    assert_eq!(
        desk.run(&["task", "edit", &task, "--label", "elsewhere"])
            .code,
        3
    );
    let [token, _] = tokens(&desk);
    let resolve = [
        "conflict",
        "resolve",
        &task,
        "--use",
        &token,
        "--if-seen",
        &seen,
    ];
    let plan = [&resolve[..], &["--dry-run"]].concat();
    desk.ok(&plan);
    let third = [
        "task",
        "edit",
        &task,
        "--title",
        "Three",
        "--if-seen",
        &seen,
    ];
    desk.ok(&third);
    write_both(&desk, &task, "--title", ["Four", "Five"]);
    refused(&desk, &resolve, (1, "refused", "changed meanwhile"));
}

#[test]
fn values_that_differ_in_white_space_alone_are_told_apart() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--meta", ["place=here ", "place=here"]);
    let list = desk.ok(&["conflict", "list"]).stdout;
    assert_eq!(
        list.matches("differs in white space only").count(),
        2,
        "{list}"
    );
    let page = desk.ok(&["conflict", "show", &task]).stdout;
    let page = page
        .replace("\"here \"", "LONG")
        .replace("\"here\"", "SHORT");
    assert!(page.contains("LONG") && page.contains("SHORT"), "{page}");
    let task = disputed(&desk, "--title", ["One", "Two"]);
    let page = desk.ok(&["conflict", "show", &task]).stdout;
    assert!(!page.contains("white space"), "{page}");
}

#[test]
fn the_values_are_written_into_files_and_over_none() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--meta", ["a/b=One", "a/b=Two"]);
    let conflict = &list(&desk)[0];
    assert_eq!(conflict["field"], "meta.a/b");
    let export = ["conflict", "export", &task, "meta.a/b", "--dir", "out"];
    let (code, document) = desk.json(&export);
    assert_eq!(code, 0, "{document}");
    let files = document["data"]["files"].as_array().expect("a list");
    assert_eq!(files.len(), 2, "{document}");
    let token = word(&conflict["variants"][0]["token"]);
    let text = fs::read_to_string(desk.home.join(format!("out/{token}-meta.a_b.txt")));
    assert_eq!(text.expect("written"), "Two");
    refused(&desk, &export, (1, "refused", "there already"));
}

#[test]
fn a_text_opens_in_the_editor_and_what_is_no_text_is_chosen() {
    let sandbox = Sandbox::new();
    let mut desk = desk(&sandbox);
    let task = disputed(&desk, "--title", ["One", "Two"]);
    write_both(&desk, &task, "--status", ["todo", "done"]);
    fs::write(
        desk.home.join("both.sh"),
        "cp \"$1\" \"$HOME/shown\"; echo 'One and two' > \"$1\"\n",
    )
    .expect("written");
    fs::write(desk.home.join("half.sh"), "echo more >> \"$1\"\n").expect("written");
    desk.env("EDITOR", "sh half.sh");
    let ran = answered(&desk, &["conflict", "resolve", &task, "title"], "");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("still has conflict markers"), "{ran}");
    assert!(ran.stderr.contains("your text is in"), "{ran}");
    desk.env("EDITOR", "sh both.sh");
    let ran = answered(&desk, &["conflict", "resolve", &task, "title"], "");
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(shown(&desk, &task)["title"], "One and two");
    let text = fs::read_to_string(desk.home.join("shown")).expect("shown");
    for part in ["\nTwo\n|||||||", "\nBase\n=======\nOne\n>>>>>>>"] {
        assert!(text.contains(part), "{text}");
    }
    let ran = answered(&desk, &["conflict", "resolve", &task, "status"], "");
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stderr.contains("--use TOKEN"), "{ran}");
}

#[test]
fn a_secret_that_is_chosen_stays_here_as_one_that_is_typed_does() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let secret = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0".repeat(2).split_at(36).0);
    let task = disputed(&desk, "--description", [&format!("token {secret}"), "none"]);
    let (code, document) = desk.json(&["conflict", "resolve", &task, "--use", &tokens(&desk)[1]]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["withheld"][0]["field"], "description");
    desk.ok(&["task", "undo"]);
    let typed = format!("again {secret}");
    let (code, document) = desk.json(&["conflict", "resolve", &task, "--value", &typed]);
    assert_eq!(code, 3, "{document}");
    let dir = desk.home.join("holdall/data");
    desk.ok(&["backup", "push"]);
    let objects = crate::kit::git(
        &["cat-file", "--batch-all-objects", "--batch"],
        &dir.join("vault.git"),
    );
    assert!(!objects.contains(&secret));
}

#[test]
fn text_from_elsewhere_steers_no_terminal() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = disputed(&desk, "--description", ["a\u{1b}[2Jb\nc", "d\u{9b}31me\nf"]);
    for args in [
        &["conflict", "list"][..],
        &["conflict", "show", &task],
        &["conflict", "diff", &task],
        &["conflict", "resolve", &task, "--use", "base", "--dry-run"],
        &["backup", "push"],
        &["backup", "status"],
    ] {
        let ran = desk.run(args);
        for text in [&ran.stdout, &ran.stderr] {
            let steers = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(steers), "{args:?}: {ran}");
        }
    }
}
