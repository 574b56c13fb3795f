//! Issues in a database and in lines: what is deleted, what is missing, and what a merge by hand leaves.

use std::fs;

use holdall::base::Id;
use holdall::tasks::model::{self, field};
use serde_json::json;

use crate::flow::scene::{by_hand, fails, hook, tip};
use crate::kit::{fsck, git};

use super::desks::{
    Desks, add, data, edit, everything, listed, pulled, pushed, shown, synced, titles,
    written_years_away,
};

/// 1
#[test]
fn what_was_deleted_stays_deleted_though_a_machine_comes_back_after_years() {
    for (deleted, asleep) in [(0, -3), (-5, 4)] {
        let desks = Desks::new(&["laptop", "tower"]);
        let [a, old] = desks.two();
        let tasks = ["One", "Two", "Three"].map(|title| add(old, &[title, "--label", "web"]));
        desks.meet(&[1, 0]);
        for task in &tasks[..2] {
            let on = model::task(Id::parse(task).expect("an id"));
            written_years_away(a, deleted, |pen| {
                let seen = pen.seen(&on, None)?;
                pen.delete(&on, &seen)
            });
        }
        pushed(a);
        // It heard nothing of that, and has news of its own.
        let on = model::task(Id::parse(&tasks[2]).expect("an id"));
        written_years_away(old, asleep, |pen| {
            let seen = pen.seen(&on, None)?;
            pen.set(&on, (field::TITLE, json!("Mine")), &seen)
        });
        desks.agree(&[1, 0]);
        for machine in [a, old, &desks.connected("fresh")] {
            synced(machine);
            assert_eq!(titles(machine), ["Mine"], "{deleted} {asleep}");
            let gone = listed(
                machine,
                &["task", "list", "--deleted", "--sort", "title"],
                "title",
            );
            assert_eq!(gone, ["One", "Two"]);
        }
        desks.are_quiet();
    }
}

/// 1
#[test]
fn what_is_missing_on_a_machine_or_in_the_vault_is_not_deleted() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    for (machine, title) in [(a, "From a"), (b, "From b")] {
        add(machine, &[title, "--description", &"long ".repeat(20_000)]);
    }
    let before = desks.agree_on_all(&[0, 1]);
    // The list of one machine is gone.
    fs::remove_file(b.home.join("holdall/data/tasks.db")).expect("deleted");
    let ran = b.ok(&["sync"]);
    assert!(ran.stderr.contains("the task list is gone"), "{ran}");
    assert_eq!(desks.agree_on_all(&[1, 0]), before);
    // Somebody cleans up in the vault.
    by_hand(&desks.sandbox, &desks.bare, |dir| {
        fs::remove_dir_all(dir.join("tasks")).expect("it is there");
    });
    assert_eq!(desks.agree_on_all(&[1, 0]), before);
    let fresh = desks.connected("fresh");
    pulled(&fresh);
    assert_eq!(everything(&fresh), before);
}

/// 1
#[test]
fn two_who_add_the_same_at_once_have_two_tasks_with_names_of_their_own() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let same = "{\"title\":\"Same\"}\n".repeat(40);
    for machine in desks.two() {
        super::desks::fed(machine, &["task", "add", "--stdin"], &same);
    }
    let started = desks.two().map(|machine| machine.spawn(&["sync"]));
    for run in started {
        let ran = run.finish();
        assert_eq!(ran.code, 0, "{ran}");
    }
    let all = desks.agree_on_all(&[0, 1]);
    let all = all.as_array().expect("a list");
    for name in ["ref", "id"] {
        let mut names: Vec<&str> = all.iter().filter_map(|task| task[name].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 80, "{name}");
    }
    // And what one of them is called leads to the same task everywhere.
    let (name, id) = (all[7]["ref"].as_str().expect("a ref"), &all[7]["id"]);
    for machine in desks.two() {
        assert_eq!(&shown(machine, name)["id"], id);
    }
}

/// 2
#[test]
fn markers_of_a_merge_by_hand_are_no_data_and_what_they_stand_around_is_not_lost() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["First"]);
    desks.agree(&[0, 1]);
    add(a, &["Second"]);
    pushed(a);
    by_hand(&desks.sandbox, &desks.bare, |dir| {
        let chain = fs::read_dir(dir.join("tasks/ops")).expect("there").next();
        let file = chain
            .expect("one")
            .expect("read")
            .path()
            .join("00000001.jsonl");
        let text = fs::read_to_string(&file).expect("text");
        let (before, second) = text.trim_end().rsplit_once('\n').expect("lines");
        let other = second.replace("Second", "Another");
        let marked =
            format!("{before}\n<<<<<<< HEAD\n{second}\n=======\n{other}\n>>>>>>> theirs\n");
        fs::write(&file, marked).expect("written");
    });
    let ran = b.ok(&["backup", "pull"]);
    assert!(ran.stderr.contains("is set aside"), "{ran}");
    let fresh = desks.connected("fresh");
    pulled(&fresh);
    // Whoever wrote it has it still, and it arrives everywhere.
    for machine in [a, b, &fresh, a, b, &fresh] {
        machine.ok(&["backup", "push"]);
    }
    for machine in [a, b, &fresh] {
        assert_eq!(titles(machine), ["First", "Second"]);
    }
    add(a, &["Third"]);
    for machine in [a, b] {
        synced(machine);
    }
    assert_eq!(titles(b), ["First", "Second", "Third"]);
    assert_eq!(everything(a), everything(b));
}

/// 2
#[test]
fn a_text_that_looks_like_a_conflict_is_a_text() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let text = "<<<<<<< HEAD\none\n=======\ntwo\n>>>>>>> theirs\n";
    let task = add(a, &["Begun", "--description", text]);
    desks.agree(&[0, 1]);
    edit(a, &task, &["--description", &format!("above\n{text}")]);
    edit(b, &task, &["--description", &format!("{text}below\n")]);
    let found = desks.agree(&[1, 0]);
    assert_eq!(found["description"], format!("above\n{text}below\n"));
    assert_eq!(found["conflicts"], json!([]));
}

/// 4
#[test]
fn a_stale_list_with_later_times_overwrites_nothing() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    let on = model::task(Id::parse(&task).expect("an id"));
    let write = |machine, years, name: &'static str, value: &'static str| {
        written_years_away(machine, years, |pen| {
            let seen = pen.seen(&on, None)?;
            pen.set(&on, (name, json!(value)), &seen)
        });
    };
    // The clock of one is ten years ahead: what it wrote before it heard of the other's does not win.
    write(b, 10, field::STATUS, "todo");
    write(b, 10, field::TITLE, "Mine");
    write(a, -10, field::STATUS, "done");
    let found = desks.agree(&[1, 0]);
    assert_eq!(found["conflicts"], json!(["status"]));
    // And what the other writes now, having seen it, is the latest, whatever its clock says.
    write(a, -10, field::TITLE, "Ours");
    write(a, -10, field::STATUS, "active");
    let found = desks.agree(&[0, 1]);
    assert_eq!(
        (&found["title"], &found["status"]),
        (&"Ours".into(), &"active".into())
    );
    assert_eq!(found["conflicts"], json!([]));
}

/// 5
#[test]
fn each_task_that_is_called_pushed_is_in_a_fresh_clone() {
    let desks = Desks::new(&["laptop"]);
    let a = &desks.all[0];
    let long = "long ".repeat(20_000);
    let task = add(a, &["Begun", "--label", "web", "--description", &long]);
    let steps: [&[&str]; 5] = [
        &["task", "list"],
        &[
            "task",
            "edit",
            &task,
            "--title",
            "Renamed",
            "--description",
            "short",
        ],
        &["task", "note", "add", &task, &long],
        &["task", "undo", "2"],
        &["task", "delete", &task],
    ];
    for (round, step) in steps.into_iter().enumerate() {
        data(a, step);
        pushed(a);
        let fresh = desks.connected(&format!("fresh-{round}"));
        pulled(&fresh);
        let [ours, theirs] = [a, &fresh].map(|machine| {
            let mut task = shown(machine, &task);
            task["seen"] = json!(null);
            task
        });
        assert_eq!(ours, theirs, "{step:?}");
    }
    fsck(&desks.bare);
}

/// 5
#[test]
fn a_task_that_a_remote_takes_and_does_not_keep_is_not_pushed() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    let before = tip(&desks.bare);
    let lying = hook(
        &desks.bare,
        "post-receive",
        &format!("git update-ref refs/heads/main {before}"),
    );
    add(a, &["Since"]);
    for command in [&["backup", "push"][..], &["sync"]] {
        fails(a, command, (1, "refused"));
    }
    let status = data(a, &["backup", "status"]);
    assert_eq!(status["pending"]["ops"], 1, "{status}");
    fs::remove_file(lying).expect("deleted");
    pushed(a);
    pulled(b);
    assert_eq!(titles(b), ["Begun", "Since"]);
    assert_eq!(
        git(&["for-each-ref", "--format=%(refname)"], &desks.bare),
        "refs/heads/main\n"
    );
}
