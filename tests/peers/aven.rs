//! A task list that is synced op by op: what two machines come to must not depend on who asks first.

use serde_json::{Value, json};

use crate::flow::scene::{API, utf8};

use super::desks::{Desks, add, data, edit, listed, logged, pulled, pushed, synced, values};

/// One task that two machines have, whose title both changed at once.
fn disputed(desks: &Desks, [ours, theirs]: [&str; 2]) -> String {
    let task = begun(desks);
    edit(&desks.all[0], &task, &["--title", ours]);
    edit(&desks.all[1], &task, &["--title", theirs]);
    task
}

/// One task that all have.
fn begun(desks: &Desks) -> String {
    let task = add(&desks.all[0], &["Begun"]);
    let all: Vec<usize> = (0..desks.all.len()).collect();
    desks.agree(&all);
    task
}

/// A task has this title, and nothing of it is in conflict.
#[track_caller]
fn is_settled(task: &Value, title: &str) {
    assert_eq!(
        (&task["title"], &task["conflicts"]),
        (&title.into(), &json!([]))
    );
}

/// 1
#[test]
fn two_who_resolve_differently_see_one_smaller_conflict() {
    let desks = Desks::new(&["laptop", "desktop", "tower"]);
    let [a, b, c] = desks.three();
    let task = begun(&desks);
    for (machine, title) in [(a, "One"), (b, "Two"), (c, "Three")] {
        edit(machine, &task, &["--title", title]);
    }
    desks.agree(&[2, 1, 0]);
    assert_eq!(values(a, &task, "title"), ["One", "Three", "Two"]);
    // Each takes the other one's value.
    for (machine, title) in [(a, "Two"), (b, "One")] {
        edit(machine, &task, &["--title", title]);
        assert_eq!(values(machine, &task, "title"), [title]);
    }
    let found = desks.agree(&[0, 1, 2]);
    assert_eq!(found["conflicts"], json!(["title"]));
    for machine in &desks.all {
        assert_eq!(values(machine, &task, "title"), ["One", "Two"]);
    }
    desks.are_quiet();
    edit(c, &task, &["--title", "Settled"]);
    is_settled(&desks.agree(&[1, 2, 0]), "Settled");
    let all = ["Begun", "One", "One", "Settled", "Three", "Two", "Two"];
    assert_eq!(logged(b, &task, "title"), all);
}

/// 2
#[test]
fn of_a_chain_of_edits_the_last_value_stands_against_mine() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = disputed(&desks, ["First", "Mine"]);
    for title in ["Second", "Third"] {
        edit(a, &task, &["--title", title]);
    }
    desks.agree(&[0, 1]);
    for machine in [a, b] {
        assert_eq!(values(machine, &task, "title"), ["Mine", "Third"]);
    }
    // Theirs is taken, and goes on meanwhile: the latest is not lost by that.
    edit(b, &task, &["--title", "Third"]);
    for title in ["Fourth", "Fifth"] {
        edit(a, &task, &["--title", title]);
    }
    desks.agree(&[1, 0]);
    for machine in [a, b] {
        assert_eq!(values(machine, &task, "title"), ["Fifth", "Third"]);
    }
    edit(b, &task, &["--title", "Fifth"]);
    is_settled(&desks.agree(&[0, 1]), "Fifth");
}

/// 2
#[test]
fn a_chain_that_comes_in_parts_takes_each_earlier_value_away_again() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = disputed(&desks, ["Zero", "Mine"]);
    // What comes later says what it saw, and the other one's value was not there.
    for title in ["First", "Second", "Third"] {
        edit(a, &task, &["--title", title]);
        pushed(a);
        pulled(b);
        assert_eq!(values(b, &task, "title"), sorted(["Mine", title]));
    }
    desks.agree(&[1, 0]);
    assert_eq!(values(a, &task, "title"), ["Mine", "Third"]);
}

fn sorted<const N: usize>(mut values: [&str; N]) -> [&str; N] {
    values.sort_unstable();
    values
}

/// 3
#[test]
fn of_three_who_write_at_once_everybody_sees_all_three_values() {
    let desks = Desks::new(&["laptop", "desktop", "tower"]);
    let task = begun(&desks);
    for (machine, word) in desks.all.iter().zip(["low", "high", "urgent"]) {
        edit(machine, &task, &["--priority", word, "--title", word]);
    }
    let found = desks.agree(&[1, 2, 0]);
    assert_eq!(found["conflicts"], json!(["priority", "title"]));
    for machine in &desks.all {
        for field in ["priority", "title"] {
            assert_eq!(values(machine, &task, field), ["high", "low", "urgent"]);
        }
    }
    // Who was away writes a fourth one, and whoever chose did not see it.
    edit(
        &desks.all[0],
        &task,
        &["--title", "Chosen", "--priority", "low"],
    );
    edit(&desks.all[2], &task, &["--title", "Fourth"]);
    let found = desks.agree(&[2, 0, 1]);
    assert_eq!(found["conflicts"], json!(["title"]));
    assert_eq!(values(&desks.all[1], &task, "title"), ["Chosen", "Fourth"]);
}

/// 4
#[test]
fn equal_values_are_no_conflict_and_lock_nothing() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = begun(&desks);
    for machine in [a, b] {
        let same = [
            "--title",
            "Same",
            "--due",
            "2030-01-01",
            "--description",
            "Both.",
            "--status",
            "done",
        ];
        edit(machine, &task, &same);
    }
    is_settled(&desks.agree(&[1, 0]), "Same");
    // Whoever changes it changes it everywhere, without a question.
    for (machine, title) in [(a, "Here"), (b, "There")] {
        edit(machine, &task, &["--title", title, "--due", "none"]);
        let found = desks.agree(&[0, 1]);
        is_settled(&found, title);
        assert_eq!(found["due"], Value::Null);
    }
}

/// 4
#[test]
fn two_who_choose_the_same_have_chosen() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let task = disputed(&desks, ["One", "Two"]);
    assert_eq!(desks.agree(&[1, 0])["conflicts"], json!(["title"]));
    for machine in &desks.all {
        edit(machine, &task, &["--title", "Two"]);
    }
    is_settled(&desks.agree(&[0, 1]), "Two");
    desks.are_quiet();
}

/// 5
#[test]
fn what_is_removed_here_and_removed_and_added_there_is_there_on_both() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let first = add(a, &["First"]);
    let task = add(a, &["Second", "--label", "web", "--depends", &first]);
    desks.agree_on_all(&[0, 1]);
    let links = [("label", "web"), ("depend", first.as_str())];
    for order in [[0, 1], [1, 0]] {
        for (kind, name) in links {
            a.ok(&["task", kind, "remove", &task, name]);
            b.ok(&["task", kind, "remove", &task, name]);
            b.ok(&["task", kind, "add", &task, name]);
        }
        let all = desks.agree_on_all(&order);
        let found = with_id(&all, &task);
        assert_eq!(found["labels"], json!(["web"]), "{order:?}");
        assert_eq!(found["depends"], json!([with_id(&all, &first)["ref"]]));
        assert_eq!(found["blocked"], true);
    }
    for (kind, name) in links {
        a.ok(&["task", kind, "remove", &task, name]);
        b.ok(&["task", kind, "remove", &task, name]);
    }
    let all = desks.agree_on_all(&[1, 0]);
    let found = with_id(&all, &task);
    assert_eq!(
        (&found["labels"], &found["depends"]),
        (&json!([]), &json!([]))
    );
}

fn with_id<'t>(all: &'t Value, id: &str) -> &'t Value {
    let mut tasks = all.as_array().expect("a list").iter();
    tasks.find(|task| task["id"] == id).expect("it is there")
}

/// 5
#[test]
fn two_who_rename_a_workspace_show_one_name_and_keep_the_other() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    a.ok(&["workspace", "add", "work"]);
    add(a, &["Begun", "--workspace", "work"]);
    desks.agree(&[0, 1]);
    a.ok(&["workspace", "rename", "work", "acme"]);
    b.ok(&["workspace", "rename", "work", "office"]);
    let found = desks.agree(&[1, 0]);
    let name = found["workspace"].as_str().expect("a name");
    assert!(["acme", "office"].contains(&name), "{found}");
    let log = data(a, &["task", "log"]).to_string();
    assert!(log.contains("acme") && log.contains("office"), "{log}");
    let lists = desks.two().map(|desk| data(desk, &["workspace", "list"]));
    assert_eq!(lists[0], lists[1]);
    b.ok(&["workspace", "rename", name, "studio"]);
    assert_eq!(desks.agree(&[0, 1])["workspace"], "studio");
    desks.are_quiet();
}

/// 5
#[test]
fn of_two_workspaces_of_one_name_none_is_taken_for_the_other() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    for machine in [a, b] {
        machine.ok(&["workspace", "add", "work"]);
        add(machine, &["Begun", "--workspace", "work"]);
    }
    desks.agree_on_all(&[0, 1]);
    let lists = desks.two().map(|desk| data(desk, &["workspace", "list"]));
    assert_eq!(lists[0], lists[1]);
    let id = lists[0]["workspaces"][1]["id"].as_str().expect("an id");
    for args in [
        &["task", "list", "--workspace", "work"][..],
        &["task", "add", "x", "--workspace", "work"],
        &["workspace", "rename", "work", "acme"],
    ] {
        let (code, document) = b.json(args);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (1, &"invalid".into()),
            "{document}"
        );
        let hint = document["error"]["hints"][0].as_str().expect("a hint");
        assert!(hint.contains(id), "{hint}");
    }
    b.ok(&["workspace", "rename", id, "acme"]);
    desks.meet(&[1, 0]);
    for name in ["work", "acme"] {
        assert_eq!(
            listed(a, &["task", "list", "--workspace", name], "title"),
            ["Begun"]
        );
    }
}

/// 5
#[test]
fn two_who_name_a_project_differently_show_one_name() {
    for order in [[0, 1], [1, 0]] {
        let desks = Desks::new(&["laptop", "desktop"]);
        for (machine, name) in desks.two().into_iter().zip(["web", "site"]) {
            let dir = machine.checkout("api", API);
            machine.write(dir.join(".aigon/x"), "1\n");
            machine.ok(&["project", "add", utf8(&dir), "--name", name]);
            add(machine, &[name, "--project", name]);
        }
        // Whoever learns of the other name on the way in says so on the way out.
        for desk in [order[0], order[1], order[0]] {
            synced(&desks.all[desk]);
        }
        let all = desks.all_show_the_same();
        let projects = all.as_array().expect("a list").iter();
        let projects: Vec<&Value> = projects.map(|task| &task["project"]).collect();
        let first = ["web", "site"][order[0]];
        assert_eq!(projects, [first, first]);
        desks.are_quiet();
    }
}

/// 5
#[test]
fn three_dependencies_that_close_a_circle_look_the_same_everywhere_and_block_nobody_for_ever() {
    let desks = Desks::new(&["laptop", "desktop", "tower"]);
    let tasks = ["One", "Two", "Three"].map(|title| add(&desks.all[0], &[title]));
    desks.agree_on_all(&[0, 1, 2]);
    for (at, machine) in desks.all.iter().enumerate() {
        machine.ok(&["task", "depend", "add", &tasks[at], &tasks[(at + 1) % 3]]);
    }
    let all = desks.agree_on_all(&[2, 0, 1]);
    let all = all.as_array().expect("a list");
    let waiting = all.iter().filter(|task| task["blocked"] == true);
    assert_eq!(waiting.count(), 2, "{all:?}");
    assert!(
        all.iter()
            .all(|task| task["depends"].as_array().map(Vec::len) == Some(1))
    );
    for _ in tasks {
        let ready = listed(&desks.all[1], &["task", "list", "--ready"], "id");
        assert_eq!(ready.len(), 1, "{ready:?}");
        desks.all[1].ok(&["task", "done", &ready[0]]);
    }
}
