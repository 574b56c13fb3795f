//! Fields that machines wrote at once: each sees every value, and one choice ends it for all.

use serde_json::{Value, json};

use crate::kit::{Machine, Ran, answered};

use super::conflicts::list;
use super::scene::{Scene, connect, fails};
use super::tasks::List;

/// Two machines with one task, its ref. Both are called by their own names.
fn scene() -> (Scene, String) {
    let scene = Scene::with(&[("x", "1\n")]);
    named(&scene.a, "laptop");
    named(&scene.b, "desktop");
    let (code, document) = scene.a.json(&["task", "add", "Base", "--by", "ada"]);
    assert_eq!(code, 0, "{document}");
    let task = document["data"]["task"]["ref"].as_str().expect("a ref");
    for machine in [&scene.a, &scene.b, &scene.a] {
        synced(machine, 0);
    }
    (scene, task.to_owned())
}

fn named(machine: &Machine, name: &str) {
    machine.ok(&["config", "set", "machine.name", name]);
}

#[track_caller]
fn synced(machine: &Machine, code: i32) -> Ran {
    let ran = machine.run(&["sync"]);
    assert_eq!(ran.code, code, "{ran}");
    ran
}

#[track_caller]
fn edit(machine: &Machine, task: &str, args: &[&str]) {
    machine.ok(&[&["task", "edit", task], args].concat());
}

/// Both write, and both know it.
fn disputed(args: [&[&str]; 2]) -> (Scene, String) {
    let (scene, task) = scene();
    edit(&scene.a, &task, args[0]);
    edit(&scene.b, &task, args[1]);
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    synced(&scene.a, 3);
    (scene, task)
}

fn one(machine: &Machine) -> Value {
    let mut list = list(machine);
    assert_eq!(list.len(), 1, "{list:?}");
    list.remove(0)
}

fn values(conflict: &Value) -> Vec<Value> {
    let variants = conflict["variants"].as_array().expect("a list");
    variants.iter().map(|it| it["value"].clone()).collect()
}

fn token<'c>(conflict: &'c Value, value: &str) -> &'c str {
    let variants = conflict["variants"].as_array().expect("a list");
    let found = variants.iter().find(|it| it["value"] == value);
    found.expect("it is one of them")["token"]
        .as_str()
        .expect("a token")
}

#[track_caller]
fn task(machine: &Machine, task: &str) -> Value {
    let (code, document) = machine.json(&["task", "show", task]);
    assert_eq!(code, 0, "{document}");
    document["data"]["task"].clone()
}

#[track_caller]
fn resolved(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(&[&["conflict", "resolve"], args].concat());
    assert_eq!(code, 0, "{document}");
    document["data"]["resolved"][0].clone()
}

#[test]
fn both_machines_see_both_values_and_one_choice_ends_it_everywhere() {
    let (scene, it) = disputed([&["--title", "From a"], &["--title", "From b"]]);
    let (on_a, on_b) = (one(&scene.a), one(&scene.b));
    for conflict in [&on_a, &on_b] {
        assert_eq!(
            (&conflict["kind"], &conflict["field"], &conflict["path"]),
            (&json!("field"), &json!("title"), &Value::Null)
        );
        assert_eq!(conflict["ref"], it.as_str());
        assert_eq!(values(conflict), ["From b", "From a"], "the latest first");
        assert_eq!(conflict["base"], "Base");
        let machines = ["desktop", "laptop"].map(Value::from);
        let variants = conflict["variants"].as_array().expect("a list");
        for (variant, machine) in variants.iter().zip(machines) {
            assert_eq!(variant["machine"], machine, "{variant}");
            assert!(variant["at"].is_string(), "{variant}");
        }
    }
    assert_eq!(on_a["id"], on_b["id"]);
    assert_eq!(on_a["id"].as_str().map(str::len), Some(16));
    assert_eq!(token(&on_a, "From a"), token(&on_b, "From a"));
    let line = resolved(&scene.b, &[&it, "title", "--use", "remote"]);
    assert_eq!(
        (&line["kind"], &line["value"]),
        (&json!("field"), &json!("From a"))
    );
    assert!(list(&scene.b).is_empty());
    synced(&scene.b, 0);
    synced(&scene.a, 0);
    assert!(list(&scene.a).is_empty());
    for machine in [&scene.a, &scene.b] {
        assert_eq!(task(machine, &it)["title"], "From a");
    }
}

#[test]
fn a_push_a_pull_and_the_status_say_what_waits() {
    let (scene, it) = disputed([&["--status", "done"], &["--status", "active"]]);
    for (args, code, list) in [
        (["backup", "push"], 3, "conflicts"),
        (["backup", "pull"], 3, "conflicts"),
        (["backup", "status"], 0, "conflict_list"),
    ] {
        let (ended, document) = scene.a.json(&args);
        assert_eq!(ended, code, "{document}");
        let line = &document["data"][list][0];
        assert_eq!(line["kind"], "field", "{document}");
        assert_eq!(
            (&line["ref"], &line["field"]),
            (&json!(it), &json!("status"))
        );
        assert_eq!(line["path"], Value::Null);
        let ran = scene.a.run(&args);
        assert!(
            ran.stdout.contains(&format!(
                "conflict  {it} status: of “Base”, changed by several"
            )),
            "{ran}"
        );
        let hint = format!("`holdall conflict resolve {it} status`");
        assert!(ran.stderr.contains(&hint), "{ran}");
    }
    let (_, document) = scene.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["conflicts"], 1);
    edit(&scene.a, &it, &["--status", "todo"]);
    assert!(list(&scene.a).is_empty(), "an edit ends it, too");
    synced(&scene.a, 0);
}

#[test]
fn each_field_of_one_value_can_be_in_conflict_and_those_of_many_cannot() {
    for (field, [one, two], own) in [
        ("title", ["A", "B"], "C"),
        ("description", ["A\n", "B\n"], "C\n"),
        ("status", ["todo", "done"], "backlog"),
        ("priority", ["low", "high"], "urgent"),
        ("due", ["2030-01-01", "2030-01-02"], "2030-01-03"),
    ] {
        let flag = format!("--{field}");
        let (scene, it) = disputed([&[&flag, one], &[&flag, two]]);
        let conflict = self::one(&scene.a);
        assert_eq!(conflict["field"], field);
        assert_eq!(values(&conflict), [two, one], "{field}");
        let line = resolved(&scene.a, &[&it, "--value", own]);
        assert_eq!(line["value"], own);
        synced(&scene.a, 0);
        synced(&scene.b, 0);
        assert_eq!(task(&scene.b, &it)[field], own);
    }
    let (scene, it) = scene();
    edit(&scene.a, &it, &["--label", "one", "--due", "tomorrow"]);
    edit(&scene.b, &it, &["--label", "two", "--due", "tomorrow"]);
    for machine in [&scene.a, &scene.b, &scene.a] {
        synced(machine, 0);
        assert!(
            list(machine).is_empty(),
            "equal values are one, labels are many"
        );
    }
    assert_eq!(task(&scene.a, &it)["labels"], json!(["one", "two"]));
}

#[test]
fn three_machines_with_three_values_need_a_token() {
    let (scene, it) = scene();
    let third = scene.sandbox.machine("third");
    connect(&third, &scene.bare);
    named(&third, "third");
    synced(&third, 0);
    for (machine, title) in [(&scene.a, "A"), (&scene.b, "B"), (&third, "C")] {
        edit(machine, &it, &["--title", title]);
    }
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    synced(&third, 3);
    synced(&scene.a, 3);
    let conflict = one(&scene.a);
    assert_eq!(values(&conflict), ["C", "B", "A"]);
    assert_eq!(conflict["base"], "Base");
    let (code, document) = scene
        .a
        .json(&["conflict", "resolve", &it, "--use", "remote"]);
    assert_eq!((code, &document["error"]["kind"]), (1, &json!("refused")));
    let hint = document["error"]["hints"][0].as_str().expect("a hint");
    for part in [
        token(&conflict, "B"),
        token(&conflict, "C"),
        "desktop",
        "third",
    ] {
        assert!(hint.contains(part), "{hint}");
    }
    // Whoever wrote nothing has nothing of its own.
    let fourth = scene.sandbox.machine("fourth");
    connect(&fourth, &scene.bare);
    synced(&fourth, 3);
    fails(
        &fourth,
        &["conflict", "resolve", &it, "--use", "local"],
        (1, "refused"),
    );
    let (code, document) =
        fourth.json(&["conflict", "resolve", "--all", "--use", "local", "--yes"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(
        document["data"]["left"][0]["ref"],
        it.as_str(),
        "{document}"
    );
    let line = resolved(&fourth, &[&it, "--use", token(&conflict, "B")]);
    assert_eq!(line["value"], "B");
    synced(&fourth, 0);
    for machine in [&scene.a, &scene.b, &third] {
        synced(machine, 0);
        assert_eq!(task(machine, &it)["title"], "B");
    }
}

#[test]
fn two_choices_at_once_are_a_smaller_conflict() {
    let (scene, it) = disputed([&["--title", "A"], &["--title", "B"]]);
    resolved(&scene.a, &[&it, "--use", "local"]);
    resolved(&scene.b, &[&it, "--value", "Both"]);
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    synced(&scene.a, 3);
    let conflict = one(&scene.a);
    assert_eq!(values(&conflict), ["Both", "A"]);
    // The same choice on both is none.
    for machine in [&scene.a, &scene.b] {
        resolved(machine, &[&it, "--value", "Agreed"]);
    }
    synced(&scene.a, 0);
    synced(&scene.b, 0);
    synced(&scene.a, 0);
    assert!(list(&scene.a).is_empty());
}

#[test]
fn a_chain_of_edits_counts_as_its_last_one_and_an_undone_choice_is_open_again_for_all() {
    let (scene, it) = scene();
    for title in ["1", "2", "3"] {
        edit(&scene.a, &it, &["--title", title]);
    }
    edit(&scene.b, &it, &["--title", "Other"]);
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    synced(&scene.a, 3);
    let conflict = one(&scene.a);
    assert_eq!(values(&conflict), ["Other", "3"]);
    assert_eq!(conflict["base"], "Base");
    resolved(&scene.a, &[&it, "--use", "base"]);
    assert_eq!(task(&scene.a, &it)["title"], "Base");
    synced(&scene.a, 0);
    synced(&scene.b, 0);
    assert!(list(&scene.b).is_empty());
    let ran = scene.a.ok(&["task", "undo"]);
    assert!(
        ran.stdout.contains(&format!("undone  resolve: {it} title")),
        "{ran}"
    );
    synced(&scene.a, 3);
    synced(&scene.b, 3);
    for machine in [&scene.a, &scene.b] {
        let conflict = one(machine);
        assert_eq!(values(&conflict), ["Other", "3"]);
        assert_eq!(conflict["base"], "Base");
    }
}

#[test]
fn whose_the_values_are_after_an_undone_choice_is_said_alike_on_every_machine() {
    let (scene, it) = disputed([&["--priority", "low"], &["--priority", "high"]]);
    let whose = |machine: &Machine| {
        let conflict = one(machine);
        let variants = conflict["variants"].as_array().expect("a list").clone();
        let plain = |it: Value| {
            ["value", "machine", "machine_id", "at", "by", "token"].map(|key| it[key].clone())
        };
        variants.into_iter().map(plain).collect::<Vec<_>>()
    };
    assert_eq!(whose(&scene.a), whose(&scene.b));
    for (choice, value) in [("local", "low"), ("high", "high")] {
        let conflict = one(&scene.a);
        let choice = match choice {
            "local" => choice,
            value => token(&conflict, value),
        };
        let line = resolved(&scene.a, &[&it, "--use", choice]);
        assert_eq!(line["value"], value);
        scene.a.ok(&["task", "undo"]);
        synced(&scene.a, 3);
        synced(&scene.b, 3);
        assert_eq!(whose(&scene.a), whose(&scene.b), "{choice}");
        let machines = whose(&scene.a).into_iter().map(|it| it[1].clone());
        let machines: Vec<Value> = machines.collect();
        assert_eq!(machines, ["laptop", "laptop"], "it wrote both again");
    }
    // Nobody takes the one for the other: neither is more this machine's, or the other's.
    for (machine, choices) in [
        (&scene.a, ["local", "remote"]),
        (&scene.b, ["local", "remote"]),
    ] {
        for choice in choices {
            let args = ["conflict", "resolve", &it, "--use", choice];
            fails(machine, &args, (1, "refused"));
        }
    }
}

#[test]
fn a_task_that_one_deleted_and_another_edited_is_kept_or_not() {
    for (who, choice, is_gone) in [
        ("a", "local", true),
        ("a", "remote", false),
        ("b", "local", false),
    ] {
        let (scene, it) = scene();
        scene.a.ok(&["task", "delete", &it]);
        edit(&scene.b, &it, &["--title", "Edited", "--status", "active"]);
        synced(&scene.a, 0);
        synced(&scene.b, 3);
        synced(&scene.a, 3);
        let conflict = one(&scene.b);
        assert_eq!(conflict["field"], "deleted");
        assert_eq!(values(&conflict), ["kept", "deleted"]);
        let changes = conflict["variants"][0]["changes"].to_string();
        assert!(
            changes.contains("Edited") && changes.contains("active"),
            "{changes}"
        );
        let page = scene.b.ok(&["conflict", "show", &it]).stdout;
        assert!(
            page.contains("kept") && page.contains("title: Edited"),
            "{page}"
        );
        fails(
            &scene.a,
            &["conflict", "resolve", &it, "--value", "x"],
            (2, "usage"),
        );
        let machine = if who == "a" { &scene.a } else { &scene.b };
        let line = resolved(machine, &[&it, "deleted", "--use", choice]);
        assert_eq!(line["deletes"], is_gone, "{line}");
        synced(machine, 0);
        for machine in [&scene.a, &scene.b] {
            synced(machine, 0);
            assert_eq!(task(machine, &it)["deleted"], is_gone);
            assert!(list(machine).is_empty());
        }
    }
}

#[test]
fn the_names_of_a_workspace_and_of_a_project_are_chosen_like_any_field() {
    let (scene, _) = scene();
    scene.a.ok(&["workspace", "add", "work"]);
    let ran = scene
        .a
        .run_in("code/api", &["task", "add", "In the project"]);
    assert_eq!(ran.code, 0, "{ran}");
    synced(&scene.a, 0);
    synced(&scene.b, 0);
    for (machine, name) in [(&scene.a, "office"), (&scene.b, "job")] {
        machine.ok(&["workspace", "rename", "work", name]);
        let mut tasks = List::of(machine);
        let on = tasks.project("api");
        tasks.write(&on, "name", &format!("api of the {name} \u{1b}[2J"));
    }
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    synced(&scene.a, 3);
    let all = list(&scene.a);
    let refs: Vec<&str> = all.iter().filter_map(|it| it["ref"].as_str()).collect();
    assert!(refs.contains(&"workspace/job"), "{refs:?}");
    let said = scene.a.ok(&["conflict", "list"]).stdout;
    assert!(
        said.contains("project/api of the job \\u{1b}[2J name"),
        "{said}"
    );
    scene.a.ok(&["conflict", "show", "job"]);
    let resolve = |args: &[&str]| resolved(&scene.a, args);
    let (code, document) =
        scene
            .a
            .json(&["conflict", "resolve", "workspace/job", "--value", "default"]);
    assert_eq!(
        (code, &document["error"]["kind"]),
        (1, &json!("refused")),
        "{document}"
    );
    resolve(&["workspace/job", "--use", "local"]);
    let project = refs
        .iter()
        .find(|it| it.starts_with("project/"))
        .expect("it is there");
    resolve(&[project, "name", "--value", "api"]);
    for machine in [&scene.a, &scene.b] {
        synced(machine, 0);
        assert!(list(machine).is_empty());
    }
    let names = scene.b.ok(&["workspace", "list"]).stdout;
    assert!(
        names.contains("office") && !names.contains("job"),
        "{names}"
    );
}

#[test]
fn all_are_decided_at_once_and_one_undo_takes_them_back() {
    let (scene, it) = scene();
    let (_, document) = scene.a.json(&["task", "add", "Other"]);
    let other = document["data"]["task"]["ref"]
        .as_str()
        .expect("a ref")
        .to_owned();
    synced(&scene.a, 0);
    synced(&scene.b, 0);
    for (machine, word) in [(&scene.a, "A"), (&scene.b, "B")] {
        edit(machine, &it, &["--title", word, "--description", word]);
        edit(machine, &other, &["--title", word]);
    }
    scene.a.ok(&["task", "delete", &it]);
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    synced(&scene.a, 3);
    assert_eq!(list(&scene.a).len(), 4);
    let all = ["conflict", "resolve", "--all", "--use"];
    let (_, plan) = scene.a.json(&[&all[..], &["local", "--dry-run"]].concat());
    assert_eq!(
        plan["data"]["resolved"].as_array().map(Vec::len),
        Some(4),
        "{plan}"
    );
    assert_eq!(list(&scene.a).len(), 4, "a plan decides nothing");
    scene.a.ok(&[&all[..], &["local", "--yes"]].concat());
    assert!(list(&scene.a).is_empty());
    assert_eq!(
        task(&scene.a, &it)["deleted"],
        true,
        "with all that was chosen before"
    );
    assert_eq!(task(&scene.a, &other)["title"], "A");
    scene.a.ok(&["task", "undo"]);
    assert_eq!(list(&scene.a).len(), 4);
    assert_eq!(task(&scene.a, &it)["deleted"], false);
    // Undoing wrote them all: none is more this machine's than the others.
    let (code, document) = scene.a.json(&[&all[..], &["vault", "--yes"]].concat());
    let left = document["data"]["left"].as_array().map(Vec::len);
    assert_eq!((code, left), (3, Some(4)), "{document}");
    let ran = scene.a.run(&["task", "restore", &it]);
    assert_eq!(ran.code, 3, "{ran}");
    for (it, field) in [(&it, "title"), (&it, "description"), (&other, "title")] {
        let ran = scene
            .a
            .run(&["conflict", "resolve", it, field, "--value", "B"]);
        assert_eq!(ran.code, 0, "{ran}");
        assert_eq!(task(&scene.a, it)[field], "B");
    }
    for machine in [&scene.a, &scene.b, &scene.a] {
        synced(machine, 0);
        assert!(list(machine).is_empty());
    }
}

#[test]
fn whoever_decides_what_is_decided_is_told_by_whom_it_was_and_when() {
    let (scene, it) = disputed([&["--title", "A"], &["--title", "B"]]);
    let conflict = one(&scene.b);
    let seen = conflict["seen"].as_str().expect("a token");
    let id = conflict["id"].as_str().expect("an id");
    let choose = [
        "conflict", "resolve", &it, "title", "--value", "C", "--by", "ada",
    ];
    scene.a.ok(&choose);
    synced(&scene.a, 0);
    synced(&scene.b, 0);
    for named in [&[id][..], &[&it], &[&it, "title"]] {
        let args = [
            &["conflict", "resolve"],
            named,
            &["--use", "local", "--if-seen", seen],
        ];
        let said = fails(&scene.b, &args.concat(), (1, "refused"));
        let words = format!("{it} title is decided already: C, by ada on laptop, 20");
        assert!(said.contains(&words), "{said}");
    }
    let other = [
        "conflict",
        "resolve",
        &it,
        "status",
        "--use",
        "local",
        "--if-seen",
        seen,
    ];
    fails(&scene.b, &other, (1, "not_found"));
}

#[test]
fn all_are_asked_about_and_decided_as_one_deed() {
    let (scene, it) = disputed([
        &["--title", "One", "--status", "todo"],
        &["--title", "Two", "--status", "done"],
    ]);
    let desk = &scene.b;
    let all = ["conflict", "resolve", "--all", "--use", "remote"];
    fails(desk, &all, (2, "usage"));
    let ran = answered(desk, &all, "n\n");
    assert_eq!((ran.code, list(desk).len()), (1, 2), "{ran}");
    let plan = format!("would decide  {it} title: One");
    assert!(ran.stderr.contains(&plan), "{ran}");
    let ran = answered(desk, &all, "y\n");
    assert_eq!((ran.code, list(desk).len()), (0, 0), "{ran}");
    assert_eq!(task(desk, &it)["status"], "todo");
    desk.ok(&["task", "undo"]);
    assert_eq!(list(desk).len(), 2);
}

#[test]
fn the_log_and_the_variants_name_other_machines() {
    let (scene, it) = disputed([&["--title", "A"], &["--title", "B"]]);
    let log = scene.a.ok(&["task", "log", &it]).stdout;
    assert!(
        log.contains(", desktop") && log.contains(", this machine"),
        "{log}"
    );
    let (_, document) = scene.a.json(&["task", "log", &it]);
    let latest = &document["data"]["entries"][0];
    assert_eq!(latest["machine"], "desktop", "{latest}");
    assert_ne!(latest["machine_id"], "desktop");
    let page = scene.a.ok(&["conflict", "show", &it]).stdout;
    assert!(page.contains(", desktop, "), "{page}");
}

#[test]
fn a_field_of_another_version_is_chosen_and_steers_no_terminal() {
    let (scene, it) = scene();
    let name = "estimate of hours";
    for (machine, value) in [(&scene.a, "1\u{1b}[31mh"), (&scene.b, "2\u{9b}31mh")] {
        let mut tasks = List::of(machine);
        let on = tasks.task("Base");
        tasks.write(&on, name, value);
    }
    synced(&scene.a, 0);
    synced(&scene.b, 3);
    let conflict = one(&scene.b);
    let id = conflict["id"].as_str().expect("an id");
    for (args, code) in [
        (&["conflict", "list"][..], 0),
        (&["conflict", "show", &it, name], 0),
        (&["conflict", "diff", id], 0),
        (&["conflict", "show", &it, "status"], 1),
        (&["conflict", "resolve", id, "--value", "3h"], 1),
        (&["conflict", "resolve", id, "--use", "0000"], 1),
        (&["conflict", "resolve", id, "--use", "vault"], 2),
        (&["conflict", "export", id, "--dir", "out"], 0),
        (
            &[
                "conflict",
                "resolve",
                "--all",
                "--use",
                "remote",
                "--yes",
                "--dry-run",
            ],
            3,
        ),
        (&["backup", "push"], 3),
        (&["backup", "status"], 0),
        (&["task", "edit", &it, "--label", "x"], 3),
    ] {
        let ran = scene.b.run(args);
        assert_eq!(ran.code, code, "{ran}");
        for text in [&ran.stdout, &ran.stderr] {
            let steers = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(steers), "{args:?}: {ran}");
        }
    }
    let theirs = token(&conflict, "1\u{1b}[31mh");
    resolved(&scene.b, &[&it, name, "--use", theirs]);
    synced(&scene.b, 0);
    synced(&scene.a, 0);
    assert!(list(&scene.a).is_empty());
}
