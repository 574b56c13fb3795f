//! A sync of task lists that stood still where many wrote at once, or one wrote much.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::flow::scene::{tip, utf8};
use crate::kit::{Machine, fsck, git, git_takes_all, is_linear, program, scale};

use super::desks::{
    Desks, add, data, digest, edit, everything, fed, pulled, pushed, shown, synced, titles, values,
};

/// 2
#[test]
fn six_who_write_at_once_all_come_through() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let desks = Desks::new(&names);
    let task = add(&desks.all[0], &["Of all"]);
    desks.meet(&[0, 1, 2, 3, 4, 5]);
    let mut expected = vec!["Of all".to_owned()];
    for round in 0..scale(20) {
        let writes: Vec<_> = desks
            .all
            .iter()
            .zip(names)
            .map(|(machine, name)| {
                let title = format!("{round} by {name}");
                let write = machine.spawn(&["task", "add", &title]);
                expected.push(title);
                write
            })
            .collect();
        let syncs: Vec<_> = desks.all.iter().map(|it| it.spawn(&["sync"])).collect();
        for run in writes.into_iter().chain(syncs) {
            let ran = run.finish();
            assert_eq!(ran.code, 0, "{round}: {ran}");
        }
    }
    for (machine, name) in desks.all.iter().zip(names) {
        edit(machine, &task, &["--meta", &format!("{name}=was here")]);
    }
    expected.sort();
    let all = desks.agree_on_all(&[5, 4, 3, 2, 1, 0]);
    let mut found = titles(&desks.all[3]);
    found.sort();
    assert_eq!(found, expected);
    let of_all = all
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["title"] == "Of all");
    let meta = of_all.and_then(|it| it["meta"].as_object());
    assert_eq!(meta.map(serde_json::Map::len), Some(6));
    fsck(&desks.bare);
    assert!(is_linear(&desks.bare));
}

/// 3
#[test]
fn more_than_a_megabyte_waiting_beside_a_change_over_there_arrives_with_it() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let task = add(a, &["Begun"]);
    desks.agree(&[0, 1]);
    let text = "one line of many\n".repeat(2_000);
    let line =
        |number| json!({ "title": format!("Task {number}"), "description": text }).to_string();
    let lines: Vec<String> = (0..50).map(line).collect();
    fed(a, &["task", "add", "--stdin"], &lines.join("\n"));
    edit(a, &task, &["--title", "Here", "--priority", "low"]);
    edit(b, &task, &["--title", "There", "--status", "done"]);
    pushed(b);
    synced(a);
    synced(b);
    assert_eq!(
        (digest(a), everything(a).as_array().map(Vec::len)),
        (digest(b), Some(51))
    );
    assert_eq!(values(b, &task, "title"), ["Here", "There"]);
    let found = shown(b, &task);
    assert_eq!(
        (&found["priority"], &found["status"]),
        (&"low".into(), &"done".into())
    );
    desks.are_quiet();
}

/// 3
#[test]
fn a_push_race_behind_changes_that_come_to_nothing_leaves_nobody_behind() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let tasks = ["One", "Two"].map(|title| add(a, &[title, "--label", "web"]));
    desks.meet(&[0, 1]);
    for round in 0..scale(30) {
        // Both do the same; what the other did leaves nothing to do.
        for machine in [a, b] {
            let status = if round % 2 == 0 { "done" } else { "todo" };
            edit(
                machine,
                &tasks[0],
                &["--status", status, "--unlabel", "web"],
            );
            let way = if round % 2 == 0 { "delete" } else { "restore" };
            data(machine, &["task", way, &tasks[1]]);
        }
        edit(
            a,
            &tasks[0],
            &["--meta", &format!("a{round}=x"), "--label", "web"],
        );
        edit(b, &tasks[0], &["--meta", &format!("b{round}=x")]);
        let started = desks
            .two()
            .map(|machine| machine.spawn(&["backup", "push"]));
        for run in started {
            let ran = run.finish();
            assert_eq!(ran.code, 0, "{round}: {ran}");
        }
        let all = desks.agree_on_all(&[0, 1]);
        let found = &all[0];
        let meta = found["meta"].as_object().map(serde_json::Map::len);
        assert_eq!(
            (meta, &found["labels"]),
            (Some(2 * round + 2), &json!(["web"]))
        );
        assert_eq!(found["conflicts"], json!([]));
    }
}

/// Everything that git is called for on this machine is written down from here on.
fn calls(machine: &mut Machine, log: &Path) {
    let bin = machine.home.join("bin");
    fs::create_dir_all(&bin).expect("made");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let real = std::env::split_paths(&path)
        .map(|dir| dir.join("git"))
        .find(|it| it.is_file());
    let (real, log) = (real.expect("git is there"), utf8(log));
    let script = format!(
        "#!/bin/sh\necho \"$1\" >> {log}\nexec {} \"$@\"\n",
        utf8(&real)
    );
    program(&bin.join("git"), &script);
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&path)));
    machine.env("PATH", path.expect("plain paths"));
}

/// As many processes, and no more than ten times the time, for ten times the work.
#[track_caller]
fn is_no_dearer(few: (usize, Duration), many: (usize, Duration)) {
    assert!(few.0 > 0, "git is called for each push");
    assert_eq!(few.0, many.0);
    let most = few.1.max(Duration::from_millis(200)) * 10;
    assert!(many.1 < most, "{few:?} {many:?}");
}

/// 7
#[test]
fn ten_times_the_edits_cost_no_more_processes_and_at_most_ten_times_the_time() {
    let run = |edits: usize| {
        let mut desks = Desks::new(&["laptop", "desktop"]);
        let log = desks.sandbox.path().join("calls");
        let task = add(&desks.all[0], &["Begun"]);
        desks.meet(&[0, 1]);
        git_takes_all(&desks.bare);
        for machine in &mut desks.all {
            calls(machine, &log);
        }
        let [a, b] = desks.two();
        let line = |number| json!({ "ref": task, "title": format!("Edit {number}") }).to_string();
        let lines: Vec<String> = (0..edits).map(line).collect();
        fed(a, &["task", "edit", "--stdin"], &lines.join("\n"));
        let since = Instant::now();
        assert_eq!(pushed(a)["ops"]["sent"], edits);
        assert_eq!(pulled(b)["ops"]["received"], edits);
        edit(b, &task, &["--title", "Seen"]);
        pushed(b);
        pulled(a);
        let took = since.elapsed();
        assert_eq!(shown(a, &task)["title"], "Seen");
        let calls = fs::read_to_string(log).unwrap_or_default();
        (calls.lines().count(), took)
    };
    let (few, many) = (run(80), run(800));
    is_no_dearer(few, many);
}

/// A history as if each op of the last push had been pushed alone: behind `before`, one commit each.
fn one_by_one(bare: &Path, before: &str) -> usize {
    let names = git(&["ls-tree", "-r", "--name-only", "main", "tasks/ops"], bare);
    let mut stream = format!("reset refs/heads/main\nfrom {before}\n\n");
    let mut commits = 0;
    for name in names.lines() {
        let text = git(&["show", &format!("main:{name}")], bare);
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        // The seal comes with the op behind it.
        let ends: Vec<usize> = ends.skip(1).collect();
        for end in ends {
            commits += 1;
            let part = &text[..end];
            stream +=
                "commit refs/heads/main\ncommitter Ada <ada@example.com> 0 +0000\ndata 3\nop\n";
            let length = part.len();
            writeln!(stream, "M 100644 inline {name}\ndata {length}\n{part}")
                .expect("a text takes it");
        }
    }
    let mut import = Command::new("git");
    import
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(bare)
        .stdin(Stdio::piped());
    let mut import = import.spawn().expect("it starts");
    let mut input = import.stdin.take().expect("piped");
    input.write_all(stream.as_bytes()).expect("it reads");
    drop(input);
    assert!(import.wait().expect("it ends").success());
    commits
}

/// 7
#[test]
fn a_machine_that_was_away_for_hundreds_of_pushes_is_in_step_at_once() {
    let run = |edits: usize| {
        let mut desks = Desks::new(&["laptop", "desktop"]);
        let log = desks.sandbox.path().join("calls");
        let task = add(&desks.all[0], &["Begun"]);
        desks.meet(&[0, 1]);
        let before = tip(&desks.bare);
        let line = |number| json!({ "ref": task, "title": format!("Edit {number}") }).to_string();
        let lines: Vec<String> = (1..=edits).map(line).collect();
        fed(
            &desks.all[0],
            &["task", "edit", "--stdin"],
            &lines.join("\n"),
        );
        pushed(&desks.all[0]);
        assert!(one_by_one(&desks.bare, &before) >= edits);
        git_takes_all(&desks.bare);
        calls(&mut desks.all[1], &log);
        let b = &desks.all[1];
        let since = Instant::now();
        assert_eq!(pulled(b)["ops"]["received"], edits);
        edit(b, &task, &["--priority", "low"]);
        pushed(b);
        let took = since.elapsed();
        assert_eq!(shown(b, &task)["title"], format!("Edit {edits}"));
        let calls = fs::read_to_string(log).unwrap_or_default();
        (calls.lines().count(), took)
    };
    let (few, many) = (run(80), run(800));
    is_no_dearer(few, many);
}
