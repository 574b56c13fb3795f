//! `task`, one command after the other: what it does, what it refuses, and how it ends.

use serde_json::Value;

use crate::kit::{Machine, Sandbox};

/// A machine with a name for whoever works at it.
pub fn desk(sandbox: &Sandbox) -> Machine {
    let mut desk = sandbox.machine("desk");
    desk.env("USER", "ada");
    desk
}

/// Adds a task and says its ref.
#[track_caller]
pub fn add(desk: &Machine, args: &[&str]) -> String {
    let (code, document) = desk.json(&[&["task", "add"], args].concat());
    assert_eq!(code, 0, "{document}");
    reference(&document["data"]["task"])
}

pub fn reference(task: &Value) -> String {
    task["ref"].as_str().expect("it has a ref").to_owned()
}

#[track_caller]
pub fn shown(desk: &Machine, reference: &str) -> Value {
    let (code, document) = desk.json(&["task", "show", reference]);
    assert_eq!(code, 0, "{document}");
    document["data"]["task"].clone()
}

/// The titles of a list.
#[track_caller]
pub fn titles(desk: &Machine, args: &[&str]) -> Vec<String> {
    let (code, document) = desk.json(args);
    assert_eq!(code, 0, "{document}");
    let tasks = document["data"]["tasks"].as_array().expect("a list");
    let title = |task: &Value| task["title"].as_str().expect("a title").to_owned();
    tasks.iter().map(title).collect()
}

/// The run fails with this code and kind, and says these words.
#[track_caller]
pub fn refused(desk: &Machine, args: &[&str], (code, kind, words): (i32, &str, &str)) {
    let (found, document) = desk.json(args);
    let error = &document["error"];
    assert_eq!((found, &error["kind"]), (code, &kind.into()), "{document}");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains(words), "{message}");
    let hints = error["hints"].as_array().expect("hints");
    assert!(!hints.is_empty(), "{document}");
}

#[test]
fn a_task_is_added_shown_and_listed() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(
        &desk,
        &[
            "Renew",
            "the",
            "certificate",
            "--priority",
            "high",
            "--status",
            "todo",
            "--label",
            "ops",
            "--label",
            "web",
            "--due",
            "2030-01-31",
            "--available",
            "2020-01-01 14:00",
            "--description",
            "It ends in *May*.\n\n- ask Bob",
            "--meta",
            "ticket=X-1",
        ],
    );
    let found = shown(&desk, &task.to_lowercase());
    for (field, value) in [
        ("title", "Renew the certificate"),
        ("description", "It ends in *May*.\n\n- ask Bob"),
        ("status", "todo"),
        ("priority", "high"),
        ("due", "2030-01-31"),
        ("available", "2020-01-01T14:00:00.000Z"),
        ("workspace", "default"),
    ] {
        assert_eq!(found[field], value, "{found}");
    }
    assert_eq!(found["labels"], serde_json::json!(["ops", "web"]));
    assert_eq!(found["meta"]["ticket"], "X-1");
    assert_eq!(found["project"], Value::Null);
    assert_eq!(found["notes"], serde_json::json!([]));
    assert_eq!(
        desk.ok(&["task", "list"]).stdout,
        format!("{task}  todo  high  Renew the certificate  #ops #web due 2030-01-31\n")
    );
    let page = desk.ok(&["task", "show", &task]).stdout;
    let page = page.replace(&task, "REF");
    insta::assert_snapshot!("task_show", page.replace("just now", "lately"));
    let by_id = found["id"].as_str().expect("an id");
    assert_eq!(reference(&shown(&desk, by_id)), task);
}

#[test]
fn a_long_title_is_cut_in_a_list_and_whole_on_its_page() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let title = "ü".repeat(300);
    let task = add(&desk, &[&title]);
    let list = desk.ok(&["task", "list"]).stdout;
    assert_eq!(list, format!("{task}  inbox    {}…\n", "ü".repeat(72)));
    assert!(desk.ok(&["task", "show", &task]).stdout.contains(&title));
}

#[test]
fn nothing_is_made_by_asking() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    for args in [
        &["task", "list"][..],
        &["task", "log"],
        &["task", "undo", "--list"],
        &["task", "label", "list"],
        &["workspace", "list"],
        &["epic", "list"],
        &["task", "search", "word"],
    ] {
        desk.ok(args);
    }
    refused(&desk, &["task", "show", "7KQ9"], (1, "not_found", "7KQ9"));
    refused(&desk, &["task", "done", "7KQ9"], (1, "not_found", "7KQ9"));
    refused(&desk, &["task", "undo"], (1, "refused", "nothing to undo"));
    assert!(!desk.home.join("holdall").exists());
}

#[test]
fn a_value_that_is_none_changes_nothing() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(&desk, &["One"]);
    let long = "x".repeat(501);
    for (args, words) in [
        (&["--status", "doing"][..], "`doing` is no status"),
        (&["--priority", "huge"], "`huge` is no priority"),
        (&["--due", "2026-02-30"], "no day or time for `due`"),
        (&["--available", "soon"], "no day or time for `available`"),
        (&["--title", " "], "the title is empty"),
        (&["--title", "a\nb"], "more than one line"),
        (&["--title", &long], "501 characters"),
        (&["--label", "a b"], "`a b` is no label"),
        (&["--meta", "=x"], "no name of a field"),
        (&["--epic", &task], "is no epic"),
    ] {
        let edit = [&["task", "edit", &task, "--priority", "low"], args].concat();
        if !args.contains(&"--priority") {
            refused(&desk, &edit, (1, "invalid", words));
        }
        if !args.contains(&"--title") {
            let add = [&["task", "add", "Two"], args].concat();
            refused(&desk, &add, (1, "invalid", words));
        }
    }
    refused(
        &desk,
        &["task", "add", ""],
        (1, "invalid", "the title is empty"),
    );
    refused(
        &desk,
        &["task", "edit", &task],
        (2, "usage", "what is to be changed"),
    );
    refused(&desk, &["task", "add"], (2, "usage", "<TITLE>"));
    let unknown = ["task", "edit", &task, "--project", "nowhere"];
    refused(&desk, &unknown, (1, "not_found", "nowhere"));
    let unknown = ["task", "edit", &task, "--workspace", "nowhere"];
    refused(&desk, &unknown, (1, "not_found", "nowhere"));
    assert_eq!(shown(&desk, &task)["priority"], "none");
    assert_eq!(titles(&desk, &["task", "list", "--all"]), ["One"]);
}

#[test]
fn a_ref_that_names_none_or_several_is_refused_with_what_there_is() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    refused(
        &desk,
        &["task", "add", "x", "--depends", "7K_9"],
        (2, "usage", "7K_9"),
    );
    let lines: Vec<_> = (0..40)
        .map(|number| serde_json::json!({ "title": format!("Task {number}") }).to_string())
        .collect();
    let lines = lines.join("\n");
    let ran = super::task_many::fed(&desk, &["task", "add", "--stdin", "--json"], &lines);
    assert_eq!(ran.code, 0, "{ran}");
    // Of 40 names two begin with the same of 32 digits.
    let (_, list) = desk.json(&["task", "list"]);
    let tasks = list["data"]["tasks"].as_array().expect("a list");
    let first = |task: &Value| reference(task)[..1].to_owned();
    let mut firsts: Vec<String> = tasks.iter().map(first).collect();
    firsts.sort();
    let twice = firsts.windows(2).find(|pair| pair[0] == pair[1]);
    let twice = &twice.expect("there are more names than digits")[0];
    refused(
        &desk,
        &["task", "done", twice],
        (2, "usage", "could be any of"),
    );
    let (_, document) = desk.json(&["task", "show", twice]);
    let hint = document["error"]["hints"][0].as_str().expect("a hint");
    assert!(hint.contains("Task "), "{hint}");
    refused(
        &desk,
        &["task", "show", "UUUU"],
        (2, "usage", "UUUU is no ref"),
    );
    assert_eq!(
        titles(&desk, &["task", "list", "--status", "done"]),
        [""; 0]
    );
}

#[test]
fn a_task_goes_from_the_inbox_to_its_end_and_back() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (one, two) = (add(&desk, &["One"]), add(&desk, &["Two"]));
    for (command, status) in [
        ("start", "active"),
        ("done", "done"),
        ("cancel", "canceled"),
    ] {
        let (code, document) = desk.json(&["task", command, &one, &two]);
        assert_eq!(
            (code, &document["data"]["changed"]),
            (0, &2.into()),
            "{document}"
        );
        assert_eq!(shown(&desk, &one)["status"], status);
        assert_eq!(shown(&desk, &two)["status"], status);
        let (_, again) = desk.json(&["task", command, &one]);
        assert_eq!(again["data"]["changed"], 0, "{again}");
    }
    assert_eq!(titles(&desk, &["task", "list"]), [""; 0]);
    assert_eq!(titles(&desk, &["task", "list", "--all"]).len(), 2);
    desk.ok(&["task", "rm", &one]);
    assert_eq!(titles(&desk, &["task", "list", "--all"]), ["Two"]);
    assert_eq!(titles(&desk, &["task", "list", "--deleted"]), ["One"]);
    assert_eq!(shown(&desk, &one)["deleted"], true);
    desk.ok(&["task", "restore", &one]);
    assert_eq!(titles(&desk, &["task", "ls", "--all"]).len(), 2);
    // One wrong ref, and nothing is done.
    refused(
        &desk,
        &["task", "start", &one, "0000"],
        (1, "not_found", "0000"),
    );
    assert_eq!(shown(&desk, &one)["status"], "canceled");
}

#[test]
fn a_deleted_task_is_not_changed_and_a_deletion_meanwhile_is_a_conflict() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (task, other) = (add(&desk, &["One"]), add(&desk, &["Other"]));
    let seen = shown(&desk, &task)["seen"].clone();
    desk.ok(&["task", "delete", &task]);
    for args in [
        &["task", "done", &task][..],
        &["task", "edit", &task, "--title", "x"],
        &["task", "label", "add", &task, "x"],
        &["task", "note", "add", &task, "x"],
        &["task", "depend", "add", &task, &other],
    ] {
        refused(&desk, args, (1, "refused", "is deleted"));
    }
    let seen = seen.as_str().expect("a token");
    let (code, document) = desk.json(&["task", "done", &task, "--if-seen", seen]);
    assert_eq!(code, 3, "{document}");
    let found = &document["data"]["task"];
    assert_eq!(found["conflicts"], serde_json::json!(["deleted"]));
    assert_eq!(
        (&found["deleted"], &found["status"]),
        (&false.into(), &"done".into())
    );
    desk.ok(&["task", "restore", &task]);
    assert_eq!(shown(&desk, &task)["conflicts"], serde_json::json!([]));
}

#[test]
fn a_store_that_is_damaged_or_newer_says_so() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let task = add(&desk, &["One"]);
    let file = desk.home.join("holdall/data/tasks.db");
    let db = rusqlite::Connection::open(&file).expect("opened");
    db.pragma_update(None, "user_version", 99).expect("written");
    drop(db);
    for args in [
        &["task", "show", &task][..],
        &["task", "add", "Two"],
        &["task", "list"],
    ] {
        refused(
            &desk,
            args,
            (6, "newer_format", "was written by a newer holdall"),
        );
    }
    std::fs::write(&file, "no database at all\n".repeat(1000)).expect("written");
    for args in [
        &["task", "show", &task][..],
        &["task", "add", "Two"],
        &["task", "list"],
    ] {
        refused(&desk, args, (70, "corrupt", "the task store"));
    }
}

#[test]
fn values_are_changed_and_taken_away() {
    let sandbox = Sandbox::new();
    let mut desk = desk(&sandbox);
    let task = add(
        &desk,
        &[
            "One",
            "--due",
            "2030-01-01",
            "--label",
            "a",
            "--meta",
            "k=v",
        ],
    );
    desk.write("text.md", "From a file.\n");
    desk.ok(&[
        "task",
        "edit",
        &task,
        "--title",
        "Won",
        "--due",
        "none",
        "--label",
        "b",
        "--unlabel",
        "a",
        "--meta",
        "k=",
        "--description-file",
        "text.md",
        "--status",
        "cancelled",
    ]);
    let found = shown(&desk, &task);
    assert_eq!(
        (&found["title"], &found["due"]),
        (&"Won".into(), &Value::Null)
    );
    assert_eq!(found["labels"], serde_json::json!(["b"]));
    assert_eq!(found["meta"], serde_json::json!({}));
    assert_eq!(found["description"], "From a file.\n");
    assert_eq!(found["status"], "canceled");
    let ran = super::task_many::fed(
        &desk,
        &["task", "edit", &task, "--description-stdin"],
        "From the input.",
    );
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(shown(&desk, &task)["description"], "From the input.");
    desk.env("HOLDALL_BY", "robot");
    desk.ok(&["task", "edit", &task, "--priority", "low"]);
    desk.ok(&["task", "edit", &task, "--priority", "urgent", "--by", "eve"]);
    let (_, log) = desk.json(&["task", "log", &task]);
    let entries = log["data"]["entries"].as_array().expect("a log");
    let by: Vec<_> = entries.iter().map(|it| it["by"].as_str()).collect();
    assert_eq!(by[..3], [Some("eve"), Some("robot"), Some("ada")]);
    assert_eq!(entries[0]["value"], "urgent");
    assert_eq!(entries[0]["this_machine"], true);
}

#[test]
fn labels_notes_and_dependencies_come_and_go() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (one, two) = (add(&desk, &["One"]), add(&desk, &["Two"]));
    desk.ok(&["task", "label", "add", &one, "web", "#ops"]);
    desk.ok(&["task", "label", "add", &two, "web"]);
    assert_eq!(
        desk.ok(&["task", "label", "list"]).stdout,
        "ops  1\nweb  2\n"
    );
    assert_eq!(
        titles(&desk, &["task", "list", "--label", "ops", "--label", "web"]),
        ["One"]
    );
    desk.ok(&["task", "label", "remove", &one, "ops"]);
    assert_eq!(shown(&desk, &one)["labels"], serde_json::json!(["web"]));

    desk.ok(&["task", "depend", "add", &one, &two]);
    let found = shown(&desk, &one);
    assert_eq!(
        (&found["blocked"], &found["depends"][0]),
        (&true.into(), &two.as_str().into())
    );
    assert_eq!(titles(&desk, &["task", "list", "--blocked"]), ["One"]);
    assert_eq!(titles(&desk, &["task", "list", "--ready"]), ["Two"]);
    refused(
        &desk,
        &["task", "depend", "add", &one, &one],
        (1, "invalid", "wait for itself"),
    );
    // A circle blocks nobody for ever: what was written last is not waited for.
    desk.ok(&["task", "depend", "add", &two, &one]);
    assert_eq!(titles(&desk, &["task", "list", "--ready"]), ["Two"]);
    desk.ok(&["task", "done", &two]);
    assert_eq!(shown(&desk, &one)["blocked"], false);
    desk.ok(&["task", "depend", "remove", &one, &two]);
    assert_eq!(shown(&desk, &one)["depends"], serde_json::json!([]));

    desk.ok(&["task", "note", "add", &one, "Ask", "Bob"]);
    desk.write("note.md", "A longer one.\n\nWith a second part.\n");
    desk.ok(&["task", "note", "add", &one, "--file", "note.md"]);
    let (_, notes) = desk.json(&["task", "note", "list", &one]);
    let notes = notes["data"]["notes"].as_array().expect("notes");
    assert_eq!((notes.len(), &notes[0]["text"]), (2, &"Ask Bob".into()));
    assert_eq!(notes[0]["by"], "ada");
    let token = notes[0]["token"].as_str().expect("a token");
    desk.ok(&["task", "note", "remove", &one, token]);
    refused(
        &desk,
        &["task", "note", "remove", &one, token],
        (1, "not_found", token),
    );
    refused(
        &desk,
        &["task", "note", "add", &one, " "],
        (1, "invalid", "empty"),
    );
    assert_eq!(
        shown(&desk, &one)["notes"].as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn a_search_finds_beginnings_of_words_wherever_they_stand() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let one = add(&desk, &["Renew the certificate"]);
    add(
        &desk,
        &["Other", "--description", "the CERTIFICATE of birth"],
    );
    let three = add(&desk, &["Third"]);
    desk.ok(&["task", "note", "add", &three, "has a certificate, too"]);
    desk.ok(&["task", "done", &one]);
    let found = titles(&desk, &["task", "search", "certif"]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(
        titles(&desk, &["task", "search", "certif", "birth"]),
        [""; 0]
    );
    assert_eq!(
        titles(&desk, &["task", "search", "certificate birth"]),
        ["Other"]
    );
    assert_eq!(
        titles(&desk, &["task", "search", "renew", "--ready"]),
        [""; 0]
    );
    assert_eq!(
        titles(&desk, &["task", "search", "certificate", "--limit", "1"]).len(),
        1
    );
    for odd in ["a\"b", "NEAR(x", "x*", "title:y"] {
        titles(&desk, &["task", "search", odd]);
    }
    refused(&desk, &["task", "search", "***"], (1, "invalid", "no word"));
}

#[test]
fn in_the_directory_of_a_project_its_tasks_are_meant() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let api = desk.checkout("api", None);
    let apis = desk.checkout("apis", None);
    for dir in [&api, &apis] {
        desk.ok(&["project", "add", dir.to_str().expect("UTF-8")]);
    }
    let ran = desk.run_in(&api, &["task", "add", "In the api"]);
    assert!(ran.stdout.contains("  API-"), "{ran}");
    std::fs::create_dir(apis.join("deep")).expect("made");
    let ran = desk.run_in(apis.join("deep"), &["task", "add", "In the others"]);
    assert!(ran.stdout.contains("  APIS-"), "{ran}");
    desk.run_in(&api, &["task", "add", "Nowhere", "--project", "none"]);
    add(&desk, &["From afar", "--project", "api"]);
    let ran = desk.run_in(&api, &["task", "list"]);
    assert!(
        ran.stderr
            .contains("tasks of api; those of all projects: --everywhere"),
        "{ran}"
    );
    assert_eq!(ran.stdout.lines().count(), 2, "{ran}");
    let ran = desk.run_in(&api, &["task", "list", "--everywhere"]);
    assert_eq!(
        (ran.stdout.lines().count(), ran.stderr.as_str()),
        (4, ""),
        "{ran}"
    );
    assert_eq!(
        titles(&desk, &["task", "list", "--project", "apis"]),
        ["In the others"]
    );
    let ran = desk.run_in(&api, &["task", "search", "in", "the", "--json"]);
    assert_eq!(ran.document()["data"]["project"], "api", "{ran}");
    refused(
        &desk,
        &["task", "list", "--project", "web"],
        (1, "not_found", "web"),
    );
    let (_, document) = desk.json(&["task", "add", "x", "--project", "web"]);
    assert_eq!(document["error"]["hints"][0], "projects: api, apis");
}

#[test]
fn lists_are_sorted_and_cut_as_asked() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    add(&desk, &["b", "--due", "2030-01-02"]);
    add(&desk, &["c", "--priority", "urgent", "--due", "2020-01-01"]);
    add(&desk, &["a", "--status", "active", "--available", "+3d"]);
    assert_eq!(titles(&desk, &["task", "list"]), ["a", "c", "b"]);
    for (sort, expected) in [
        ("title", ["a", "b", "c"]),
        ("due", ["c", "b", "a"]),
        ("priority", ["c", "a", "b"]),
        ("created", ["a", "c", "b"]),
    ] {
        assert_eq!(
            titles(&desk, &["task", "list", "--sort", sort]),
            expected,
            "{sort}"
        );
    }
    assert_eq!(titles(&desk, &["task", "list", "--overdue"]), ["c"]);
    assert_eq!(titles(&desk, &["task", "list", "--ready"]), ["c", "b"]);
    assert_eq!(
        titles(&desk, &["task", "list", "--priority", "urgent"]),
        ["c"]
    );
    let ran = desk.ok(&["task", "list", "--limit", "1"]);
    assert!(
        ran.stdout
            .ends_with("and 2 tasks more: --limit 0 shows all\n"),
        "{ran}"
    );
    let (_, cut) = desk.json(&["task", "list", "--limit", "1"]);
    assert_eq!(cut["data"]["total"], 3);
    refused(
        &desk,
        &["task", "list", "--ready", "--all"],
        (2, "usage", "--all"),
    );
    refused(
        &desk,
        &["task", "list", "--status", "x"],
        (1, "invalid", "no status"),
    );
}

#[test]
fn what_two_agents_write_at_once_stands_side_by_side() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (task, other) = (add(&desk, &["One"]), add(&desk, &["Other"]));
    let seen = shown(&desk, &task)["seen"]
        .as_str()
        .expect("a token")
        .to_owned();
    let edit = |title: &str, by: &str| {
        let args = [
            "task",
            "edit",
            &task,
            "--title",
            title,
            "--if-seen",
            &seen,
            "--by",
            by,
        ];
        desk.json(&args)
    };
    let (code, first) = edit("One, as Ann says", "ann");
    assert_eq!(
        (code, &first["data"]["task"]["conflicts"]),
        (0, &serde_json::json!([]))
    );
    let (code, second) = edit("One, as Bob says", "bob");
    assert_eq!(code, 3, "{second}");
    assert_eq!(
        second["data"]["task"]["conflicts"],
        serde_json::json!(["title"])
    );
    assert!(
        second["hints"][0]
            .as_str()
            .is_some_and(|hint| hint.contains("title")),
        "{second}"
    );
    // Another field is nobody's conflict.
    let (_, third) = desk.json(&["task", "done", &task, "--if-seen", &seen]);
    assert_eq!(third["data"]["task"]["status"], "done");
    assert_eq!(
        third["data"]["task"]["conflicts"],
        serde_json::json!(["title"])
    );
    desk.ok(&["task", "edit", &task, "--title", "One, as both say"]);
    let found = shown(&desk, &task);
    assert_eq!(found["title"], "One, as both say");
    assert_eq!(found["conflicts"], serde_json::json!([]));
    let of_other = shown(&desk, &other)["seen"]
        .as_str()
        .expect("a token")
        .to_owned();
    let foreign = ["task", "done", &task, "--if-seen", &of_other];
    refused(&desk, &foreign, (1, "not_found", &of_other));
    let of_two = ["task", "done", &task, &other, "--if-seen", &of_other];
    refused(&desk, &of_two, (2, "usage", "more than one"));
}

#[test]
fn a_secret_stays_on_this_machine_until_it_is_allowed() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let secret = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    let text = format!("use {secret} for it");
    let (code, document) = desk.json(&["task", "add", "One", "--description", &text]);
    assert_eq!(code, 3, "{document}");
    let held = &document["data"]["withheld"][0];
    assert_eq!(
        (&held["field"], &held["rule"]),
        (&"description".into(), &"github-token".into())
    );
    let fingerprint = held["fingerprint"].as_str().expect("a fingerprint");
    assert!(!document.to_string().contains(&secret));
    let task = reference(&document["data"]["task"]);
    let (_, list) = desk.json(&["secret", "list"]);
    assert_eq!(
        list["data"]["found"][0]["fingerprint"], fingerprint,
        "{list}"
    );
    let (code, _) = desk.json(&["task", "note", "add", &task, &format!("or {secret}")]);
    assert_eq!(code, 3);
    // Whoever writes back what they read does not write over it.
    let read = shown(&desk, &task)["description"]
        .as_str()
        .expect("text")
        .to_owned();
    let again = ["task", "edit", &task, "--description", &read];
    refused(
        &desk,
        &again,
        (1, "invalid", "stands where a secret is not shown"),
    );
    let (_, document) = desk.json(&["secret", "allow", fingerprint]);
    assert_eq!(document["data"]["texts"], 2, "{document}");
    let (_, list) = desk.json(&["secret", "list"]);
    let found = list["data"]["found"].as_array().expect("a list");
    assert!(found.iter().all(|it| it["allowed"] == true), "{list}");
    let (_, document) = desk.json(&["secret", "allow", fingerprint]);
    assert_eq!(document["data"]["texts"], 0, "{document}");
    let (code, document) = desk.json(&["task", "note", "add", &task, &format!("x{text}")]);
    assert_eq!(code, 0, "{document}");
}

#[test]
fn a_dependency_that_closes_a_circle_is_said_not_to_be_waited_for() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (one, two) = (add(&desk, &["One"]), add(&desk, &["Two"]));
    desk.ok(&["task", "depend", "add", &one, &two]);
    let (code, document) = desk.json(&["task", "depend", "add", &two, &one]);
    let circles = serde_json::json!([{"ref": two, "needs": one}]);
    assert_eq!(
        (code, &document["data"]["circles"]),
        (0, &circles),
        "{document}"
    );
    let (_, page) = desk.json(&["task", "show", &two]);
    assert_eq!(
        page["data"]["not_waited_for"],
        serde_json::json!([one]),
        "{page}"
    );
    let page = desk.ok(&["task", "show", &two]).stdout;
    let said = format!("not waited for, because it closes a circle: {one}");
    assert!(page.contains(&said), "{page}");
    let page = desk.ok(&["task", "show", &one]).stdout;
    assert!(!page.contains("circle"), "{page}");
    let ran = desk.ok(&["task", "depend", "remove", &two, &one]);
    assert!(!ran.stdout.contains("circle"), "{ran}");
    let ran = desk.ok(&["task", "depend", "add", &two, &one]);
    assert!(ran.stdout.contains("closes a circle"), "{ran}");
    let line = format!(r#"{{"ref":"{two}","depends":["{one}"]}}"#);
    desk.ok(&["task", "depend", "remove", &two, &one]);
    let ran = super::task_many::fed(&desk, &["task", "edit", "--stdin"], &line);
    assert!(ran.stdout.contains("closes a circle"), "{ran}");
}

#[test]
fn epics_that_go_round_in_a_circle_say_so() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let epic = |title: &str| {
        let (_, document) = desk.json(&["epic", "add", title]);
        reference(&document["data"]["task"])
    };
    let [one, two, part] = [epic("One"), epic("Two"), epic("Part")];
    for (of, epic) in [(&one, &two), (&part, &one)] {
        desk.ok(&["task", "edit", of, "--epic", epic]);
    }
    let (_, page) = desk.json(&["task", "show", &one]);
    assert_eq!(page["data"]["epic_circle"], serde_json::json!([]), "{page}");
    desk.ok(&["task", "edit", &two, "--epic", &one]);
    for (of, by) in [(&one, &two), (&two, &one)] {
        let (_, page) = desk.json(&["task", "show", of]);
        assert_eq!(
            page["data"]["epic_circle"],
            serde_json::json!([by]),
            "{page}"
        );
        let said = format!("its epics go round in a circle: by {by} back to itself");
        for show in [["task", "show", of], ["epic", "show", of]] {
            let page = desk.ok(&show).stdout;
            assert!(page.contains(&said), "{page}");
        }
    }
    // It only hangs on one.
    let (_, page) = desk.json(&["task", "show", &part]);
    assert_eq!(page["data"]["epic_circle"], serde_json::json!([]), "{page}");
}

#[test]
fn what_stays_here_for_a_secret_is_said_by_every_run_after_it() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let secret = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    let (_, document) = desk.json(&["task", "add", &format!("Use {secret}")]);
    let task = reference(&document["data"]["task"]);
    let held = &document["data"]["withheld"][0]["fingerprint"];
    let fingerprint = held.as_str().expect("a fingerprint");
    let remote = sandbox.bare("vault");
    desk.ok(&["backup", "configure", remote.to_str().expect("UTF-8")]);
    let line =
        "withheld  1 text of a task holds a secret: what is said there stays on this machine";
    for args in [
        &["backup", "push"][..],
        &["backup", "status"],
        &["backup", "push", "--dry-run"],
        &["sync"],
    ] {
        let ran = desk.ok(args);
        assert!(ran.stdout.contains(line), "{args:?}: {ran}");
        let hint = format!("`holdall secret allow {fingerprint}`");
        assert!(ran.stderr.contains(&hint), "{args:?}: {ran}");
        let (_, document) = desk.json(args);
        let data = &document["data"];
        let texts = if args[0] == "sync" {
            &data["push"]["texts"]
        } else {
            &data["texts"]
        };
        let text = serde_json::json!([
            {"ref": task, "field": "title", "rule": "github-token", "fingerprint": fingerprint}
        ]);
        assert_eq!(texts, &text, "{document}");
        assert!(!document.to_string().contains(&secret));
    }
    desk.ok(&["secret", "allow", fingerprint]);
    let ran = desk.ok(&["sync"]);
    assert!(!ran.stdout.contains("withheld"), "{ran}");
}

#[test]
fn a_secret_is_no_name_of_a_workspace_and_nor_is_none() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let secret = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    desk.ok(&["workspace", "add", "work"]);
    for args in [
        &["workspace", "add", &secret][..],
        &["workspace", "rename", "work", &secret],
    ] {
        refused(&desk, args, (1, "invalid", "holds a secret"));
    }
    for args in [
        &["workspace", "add", "None"][..],
        &["workspace", "rename", "work", "none"],
    ] {
        refused(&desk, args, (1, "invalid", "there is no workspace"));
    }
    for args in [
        &["workspace", "rename", "Default", "mine"][..],
        &["workspace", "delete", "default"],
    ] {
        refused(&desk, args, (1, "refused", "the workspace default has"));
    }
    desk.ok(&["task", "list", "--workspace", "none"]);
    let names = desk.ok(&["workspace", "list"]).stdout;
    assert_eq!(names.lines().count(), 2, "{names}");
}

#[test]
fn tasks_without_a_project_or_an_epic_are_listed() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (_, epic) = desk.json(&["epic", "add", "Epic"]);
    let epic = reference(&epic["data"]["task"]);
    add(&desk, &["Part", "--epic", &epic]);
    desk.checkout("api", None);
    desk.ok(&["project", "add", "code/api"]);
    add(&desk, &["Of api", "--project", "api"]);
    let sorted = |args: &[&str]| {
        titles(
            &desk,
            &[&["task", "list", "--sort", "title"], args].concat(),
        )
    };
    assert_eq!(sorted(&["--project", "none"]), ["Epic", "Part"]);
    assert_eq!(sorted(&["--epic", "none"]), ["Epic", "Of api"]);
    let both = ["--project", "none", "--epic", "none"];
    assert_eq!(sorted(&both), ["Epic"]);
    let args = ["task", "list", "--project", "none", "--json"];
    let ran = desk.run_in("code/api", &args);
    let tasks = ran.document()["data"]["tasks"].as_array().map(Vec::len);
    assert_eq!(tasks, Some(2), "{ran}");
    desk.ok(&["task", "delete", &epic]);
    for args in [
        &["task", "add", "New", "--epic", &epic][..],
        &["task", "add", "New", "--epic", &epic, "--project", "none"],
    ] {
        refused(&desk, args, (1, "refused", "is deleted"));
    }
}

#[test]
fn an_empty_list_says_what_helps_and_no_more() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let hint = |args: &[&str]| desk.ok(&[&["task", "list"], args].concat()).stderr;
    assert!(hint(&[]).contains("add one"));
    assert_eq!(hint(&["--all"]), "");
    add(&desk, &["One"]);
    for args in [
        &["--label", "x"][..],
        &["--ready", "--priority", "low"],
        &["--status", "done"],
    ] {
        assert_eq!(hint(args), "", "{args:?}");
    }
    let remote = sandbox.bare("vault");
    let remote = remote.to_str().expect("UTF-8");
    desk.ok(&["backup", "configure", remote]);
    desk.ok(&["backup", "push"]);
    let other = sandbox.machine("other");
    other.ok(&["backup", "configure", remote]);
    for args in [
        &["task", "list"][..],
        &["task", "list", "--all"],
        &["task", "search", "One"],
    ] {
        let ran = other.ok(args);
        assert!(ran.stderr.contains("`holdall backup pull`"), "{ran}");
        assert!(!ran.stderr.contains("add one"), "{ran}");
    }
    other.ok(&["backup", "pull"]);
    assert_eq!(other.ok(&["task", "list", "--label", "x"]).stderr, "");
}

#[test]
fn a_warning_is_said_once_in_a_run() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    add(&desk, &["One"]);
    let remote = sandbox.bare("vault");
    desk.ok(&["backup", "configure", remote.to_str().expect("UTF-8")]);
    desk.ok(&["sync"]);
    let data = desk.home.join("holdall/data");
    std::fs::write(data.join("tasks.db"), "no database\n".repeat(1000)).expect("written");
    for args in [&["sync"][..], &["backup", "push"], &["backup", "status"]] {
        let ran = desk.run(args);
        assert_eq!(ran.stderr.matches("warning:").count(), 1, "{args:?}: {ran}");
    }
}

#[test]
fn epics_have_parts() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    let (_, epic) = desk.json(&["epic", "add", "Leave", "the", "old", "host"]);
    let epic = reference(&epic["data"]["task"]);
    let one = add(&desk, &["One", "--epic", &epic]);
    let two = add(&desk, &["Two"]);
    desk.ok(&["task", "edit", &two, "--epic", &epic]);
    desk.ok(&["task", "done", &one]);
    let list = desk.ok(&["epic", "list"]).stdout;
    assert_eq!(
        list,
        format!("{epic}  inbox  Leave the old host  1 of 2 closed\n")
    );
    let (_, page) = desk.json(&["epic", "show", &epic]);
    assert_eq!(
        (
            page["data"]["parts"].as_array().map(Vec::len),
            &page["data"]["closed"]
        ),
        (Some(2), &1.into())
    );
    assert_eq!(titles(&desk, &["task", "list", "--epic", &epic]), ["Two"]);
    desk.ok(&["task", "edit", &two, "--epic", "none"]);
    assert_eq!(shown(&desk, &two)["epic"], Value::Null);
    refused(&desk, &["epic", "show", &one], (1, "invalid", "is no epic"));
    refused(
        &desk,
        &["task", "edit", &epic, "--epic", &epic],
        (1, "invalid", "itself"),
    );
}

#[test]
fn workspaces_have_tasks() {
    let sandbox = Sandbox::new();
    let desk = desk(&sandbox);
    add(&desk, &["One"]);
    let two = add(&desk, &["Two"]);
    desk.ok(&["workspace", "add", "work"]);
    refused(
        &desk,
        &["workspace", "add", "Work"],
        (1, "refused", "already"),
    );
    refused(
        &desk,
        &["workspace", "add", "default"],
        (1, "refused", "already"),
    );
    desk.ok(&["task", "edit", &two, "--workspace", "work"]);
    assert_eq!(
        titles(&desk, &["task", "list", "--workspace", "work"]),
        ["Two"]
    );
    let list = desk.ok(&["workspace", "list"]).stdout;
    assert_eq!(list, "default  1 open task\nwork     1 open task\n");
    refused(
        &desk,
        &["workspace", "delete", "work"],
        (1, "refused", "has tasks in it"),
    );
    desk.ok(&["workspace", "rename", "work", "acme"]);
    assert_eq!(shown(&desk, &two)["workspace"], "acme");
    desk.ok(&["task", "edit", &two, "--workspace", "default"]);
    desk.ok(&["workspace", "delete", "acme"]);
    refused(
        &desk,
        &["workspace", "rename", "acme", "x"],
        (1, "not_found", "acme"),
    );
}
