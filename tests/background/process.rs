//! The daemon, as the service manager starts it: what changes here is soon in the vault, and whatever
//! happens to it, nothing is lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::kit::{Started, copy_program, program};

use super::place::{A_BEAT, Place, SOON, daemon, logged, until};

#[test]
fn what_changes_here_is_there_when_the_other_machine_looks() {
    let place = Place::new();
    let (laptop, desk) = (place.machine("laptop"), place.machine("desk"));
    laptop.ok(&["backup", "schedule", "hourly"]);
    let mut running = daemon(&laptop);
    until("the first push", SOON, &laptop, || !place.tip().is_empty());
    desk.ok(&["sync"]);

    let before = place.tip();
    laptop.write("code/api/.aigon/notes.md", "from the laptop\n");
    laptop.ok(&["task", "add", "Call the bank"]);
    until("the push after a change", SOON, &laptop, || {
        place.tip() != before
    });
    let looks = Instant::now();
    desk.ok(&["sync"]);
    let took = looks.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(desk.read("code/api/.aigon/notes.md"), b"from the laptop\n");
    assert!(desk.ok(&["task", "list"]).stdout.contains("Call the bank"));

    assert!(running.is_alive());
    let (ran, took) = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (_, status) = laptop.json(&["daemon", "status"]);
    assert_eq!(status["data"]["running"], false);
}

#[test]
fn a_daemon_that_is_asked_to_end_ends_its_run_and_the_next_one_goes_on() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let gate = place.hold_pushes();
    laptop.ok(&["backup", "schedule", "hourly"]);
    let running = daemon(&laptop);
    until("a push waits in the remote", SOON, &laptop, || {
        fs::read_dir(place.bare.join("objects"))
            .expect("there")
            .flatten()
            .any(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with("tmp_objdir")
            })
    });
    let (ran, took) = running.end();
    assert_eq!(ran.code, 0, "{ran}");
    // A second, on a machine that does nothing else.
    assert!(took < Duration::from_secs(4), "{took:?}");
    fs::remove_file(gate).expect("there");
    // What was sent may have arrived in the meantime.
    laptop.ok(&["backup", "push"]);
    let desk = place.machine("desk");
    desk.ok(&["backup", "pull"]);
}

#[test]
fn a_daemon_whose_terminal_is_gone_ends_in_order_and_one_that_is_to_outlive_it_stays() {
    let place = Place::new();
    let mut laptop = place.machine("laptop");
    let hang_up = |running: &Started| {
        let pid = i32::try_from(running.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a number"), Signal::HUP).expect("it can be told");
    };
    // Whoever runs the tests may have been begun by `nohup` as well.
    let holdall = env!("CARGO_BIN_EXE_holdall");
    let begun = |name: &str, how: &str| {
        let script = place.sandbox.path().join(name);
        program(&script, &format!("#!/bin/sh\n{how} {holdall} \"$@\"\n"));
        script
    };
    if cfg!(target_os = "linux") {
        let usual = begun("usual", "exec env --default-signal=HUP");
        laptop.stand_in(usual, Duration::from_mins(2));
    }
    let running = daemon(&laptop);
    hang_up(&running);
    let ran = running.finish();
    assert_eq!(ran.code, 0, "{ran}");
    assert!(logged(&laptop, "ended: 0 started"));
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(told.matches("ended: ").count(), 1, "{ran}");
    if cfg!(target_os = "linux") {
        let nohup = begun("nohup", "trap '' HUP\nexec");
        laptop.stand_in(nohup, Duration::from_mins(2));
        let mut running = daemon(&laptop);
        hang_up(&running);
        thread::sleep(Duration::from_secs(1));
        assert!(running.is_alive());
        assert_eq!(running.end().0.code, 0);
    }
}

#[test]
fn a_killed_daemon_is_started_again_and_nothing_is_lost() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    laptop.ok(&["backup", "schedule", "hourly"]);
    let running = daemon(&laptop);
    until("the first push", SOON, &laptop, || !place.tip().is_empty());
    running.kill_9();
    let before = place.tip();
    // Nobody hears of it.
    laptop.ok(&["task", "add", "While nobody listened"]);
    let running = daemon(&laptop);
    until("what was missed", SOON, &laptop, || place.tip() != before);
    let desk = place.machine("desk");
    desk.ok(&["sync"]);
    assert!(
        desk.ok(&["task", "list"])
            .stdout
            .contains("While nobody listened")
    );
    drop(running);
}

#[test]
fn there_is_one_daemon_for_a_home() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let running = daemon(&laptop);
    let second = laptop.run(&["daemon", "run"]);
    assert_eq!(second.code, 1, "{second}");
    let pid = format!("process {}", running.pid());
    assert!(
        second.stderr.contains("runs for this home already"),
        "{second}"
    );
    assert!(second.stderr.contains(&pid), "{second}");
    // Each home has its own.
    let desk = place.machine("desk");
    let other = daemon(&desk);
    assert_eq!(other.end().0.code, 0);
    assert_eq!(running.end().0.code, 0);
}

#[test]
fn another_program_in_its_place_takes_over_under_the_same_number() {
    let place = Place::new();
    let mut laptop = place.machine("laptop");
    let program = place.sandbox.path().join("holdall");
    copy_program(env!("CARGO_BIN_EXE_holdall"), &program);
    laptop.stand_in(&program, Duration::from_mins(2));
    let mut running = daemon(&laptop);
    let replace = |bytes: &Path| {
        let new = place.sandbox.path().join("new");
        copy_program(bytes, &new);
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).expect("set");
        fs::rename(&new, &program).expect("replaced");
    };

    let broken = place.sandbox.path().join("broken");
    fs::write(&broken, "#!/bin/sh\nexit 7\n").expect("written");
    let real = Path::new(env!("CARGO_BIN_EXE_holdall"));
    replace(&broken);
    let words = "replaced by one that does not run";
    let holds = |words: &str| {
        let day = fs::read_dir(laptop.home.join("holdall/state/logs")).expect("there");
        let texts = day
            .flatten()
            .map(|file| fs::read_to_string(file.path()).expect("text"));
        texts.map(|text| text.matches(words).count()).sum::<usize>()
    };
    let since = Instant::now();
    while holds(words) == 0 && since.elapsed() < A_BEAT {
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(holds(words), 1);
    assert!(running.is_alive());

    replace(real);
    until("it starts over", A_BEAT, &laptop, || holds("began: ") == 2);
    let pid = format!("began: process {},", running.pid());
    assert_eq!(holds(&pid), 2);
    // The new one does what the old one did.
    laptop.ok(&["task", "add", "For the new program"]);
    until("a push", SOON, &laptop, || !place.tip().is_empty());
    assert_eq!(running.end().0.code, 0);
}

#[test]
fn a_daemon_whose_state_directory_was_taken_away_starts_over_and_is_seen() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let running = daemon(&laptop);
    let state = laptop.home.join("holdall/state");
    fs::rename(&state, state.with_extension("away")).expect("taken away");
    let seen = || {
        let (_, document) = laptop.json(&["daemon", "status"]);
        document["data"]["process"]["pid"] == running.pid()
    };
    until("it is seen again", A_BEAT, &laptop, seen);
    let (code, document) = laptop.json(&["daemon", "run"]);
    assert_eq!((code, &document["error"]["kind"]), (1, &json!("refused")));
    laptop.ok(&["task", "add", "Heard at once"]);
    until("a push", SOON, &laptop, || !place.tip().is_empty());
    assert_eq!(running.end().0.code, 0);
}

#[test]
fn a_remote_that_is_away_is_tried_again_and_what_was_made_meanwhile_arrives() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    laptop.ok(&["backup", "push"]);
    let away = place.sandbox.path().join("away.git");
    fs::rename(&place.bare, &away).expect("moved");
    let running = daemon(&laptop);
    laptop.ok(&["task", "add", "Made offline"]);
    until("a failure is written down", SOON, &laptop, || {
        logged(&laptop, "failed (unreachable)")
    });
    fs::rename(&away, &place.bare).expect("moved back");
    let before = place.tip();
    // After one failure it is tried again in a minute.
    until("the network is back", A_BEAT * 2, &laptop, || {
        logged(&laptop, "1 task change sent")
    });
    assert_ne!(place.tip(), before);
    let log = laptop.ok(&["daemon", "logs"]).stdout;
    assert!(log.contains("1 task change sent"), "{log}");
    assert!(!log.contains("Made offline"), "{log}");
    drop(running);
}

#[test]
#[cfg(target_os = "linux")]
fn what_does_not_pass_by_itself_is_shown_on_the_desktop_and_told_to_the_hook() {
    let place = Place::new();
    let mut laptop = place.machine("laptop");
    let bin = laptop.home.join("bin");
    laptop.write(
        "bin/notify-send",
        "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"$HOME/shown\"\n",
    );
    let file = bin.join("notify-send");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("set");
    laptop.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    laptop.env("XDG_RUNTIME_DIR", place.sandbox.path());
    let hook = place.bare.join("hooks/pre-receive");
    fs::create_dir_all(place.bare.join("hooks")).expect("made");
    fs::write(&hook, "#!/bin/sh\necho the quota is used up >&2\nexit 1\n").expect("written");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("set");
    laptop.ok(&["config", "set", "hooks.on_failure", "cat >> \"$HOME/told\""]);
    laptop.ok(&["backup", "schedule", "hourly"]);
    let running = daemon(&laptop);
    until("it is shown", SOON, &laptop, || {
        laptop.home.join("shown").exists()
    });
    until("it is told", SOON, &laptop, || {
        logged(&laptop, "failed (refused)")
    });
    let shown = String::from_utf8(laptop.read("shown")).expect("text");
    assert!(shown.contains("no push went well yet"), "{shown}");
    assert!(shown.contains("the quota is used up"), "{shown}");
    let told = String::from_utf8(laptop.read("told")).expect("text");
    assert!(told.contains("\"by\":\"daemon\""), "{told}");
    // By hand it is seen where it happens.
    fs::remove_file(laptop.home.join("shown")).expect("there");
    assert_eq!(laptop.run(&["backup", "push"]).code, 1);
    assert!(!laptop.home.join("shown").exists());
    assert_eq!(running.end().0.code, 0);
}

#[test]
fn a_timer_does_what_is_due_and_nothing_else() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let ran = laptop.ok(&["daemon", "run", "--once"]);
    assert_eq!(ran.stdout, "nothing is due\n");
    laptop.ok(&["backup", "schedule", "hourly"]);
    let ran = laptop.ok(&["daemon", "run", "--once"]);
    assert!(ran.stdout.starts_with("backup push: 1 file sent"), "{ran}");
    let ran = laptop.ok(&["daemon", "run", "--once"]);
    assert_eq!(ran.stdout, "nothing is due\n");
    // Cron sends a mail of every word.
    let ran = laptop.ok(&["daemon", "run", "--once", "--quiet"]);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    laptop.ok(&["task", "add", "Between two pushes"]);
    let (code, answer) = laptop.json(&["daemon", "run", "--once"]);
    assert_eq!(code, 0, "{answer}");
    assert_eq!(answer["data"]["ran"], "push");
    // What a run could not do is told, and tells the timer so.
    fs::rename(&place.bare, place.sandbox.path().join("away.git")).expect("moved");
    laptop.ok(&["task", "add", "Into the void"]);
    let (code, answer) = laptop.json(&["daemon", "run", "--once"]);
    assert_eq!(code, 4, "{answer}");
    assert_eq!(answer["data"]["outcome"]["error"]["kind"], "unreachable");
}

#[test]
fn what_the_gate_holds_back_is_no_errand() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let token = ["ghp_", "x7Kq9WmZ2vB4nT8rY1cF5hJ3dL6gPsA0eUi2"].concat();
    let ran = laptop.run(&["task", "add", "Renew", "--description", &token]);
    assert_eq!(ran.code, 3, "{ran}");
    let (_, list) = laptop.json(&["secret", "list"]);
    let fingerprint = list["data"]["found"][0]["fingerprint"].as_str();
    let fingerprint = fingerprint.expect("it is found").to_owned();
    laptop.ok(&["secret", "allow", &fingerprint]);
    laptop.ok(&["secret", "revoke", &fingerprint]);
    let ran = laptop.run(&["backup", "push"]);
    assert!(ran.stderr.contains("tasks do not travel"), "{ran}");
    let ran = laptop.ok(&["daemon", "run", "--once"]);
    assert_eq!(ran.stdout, "nothing is due\n");
    laptop.ok(&["secret", "allow", &fingerprint]);
    let ran = laptop.ok(&["daemon", "run", "--once"]);
    assert!(ran.stdout.starts_with("backup push: "), "{ran}");
}

#[test]
fn a_program_that_is_gone_is_told_of_once() {
    let place = Place::new();
    let mut laptop = place.machine("laptop");
    let program = place.sandbox.path().join("holdall");
    copy_program(env!("CARGO_BIN_EXE_holdall"), &program);
    laptop.stand_in(&program, Duration::from_mins(2));
    let running = daemon(&laptop);
    fs::remove_file(&program).expect("there");
    laptop.stand_in(env!("CARGO_BIN_EXE_holdall"), Duration::from_mins(2));
    for title in ["One", "Two"] {
        laptop.ok(&["task", "add", title]);
        // As long as it waits for quiet, and twice.
        thread::sleep(Duration::from_secs(3));
    }
    let log = laptop.ok(&["daemon", "logs"]).stdout;
    assert_eq!(log.matches("cannot run").count(), 1, "{log}");
    assert_eq!(running.end().0.code, 0);
}

#[test]
fn the_status_tells_what_is_under_way_and_when_it_is_tried_again() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let gate = place.hold_pushes();
    let push = laptop.spawn(&["backup", "push"]);
    let run = || laptop.json(&["daemon", "status"]).1["data"]["run"].clone();
    until("it is under way", SOON, &laptop, || {
        run()["command"] == "backup push"
    });
    let ran = laptop.ok(&["daemon", "status"]);
    let line = format!("backup push, process {}, since 20", push.pid());
    assert!(ran.stdout.contains(&line), "{ran}");
    fs::remove_file(gate).expect("there");
    assert_eq!(push.finish().code, 0);
    assert!(run().is_null());
    fs::rename(&place.bare, place.sandbox.path().join("away.git")).expect("moved");
    laptop.run(&["backup", "push"]);
    // Nobody tries again where nothing is to come.
    let ran = laptop.ok(&["daemon", "status"]);
    assert!(!ran.stdout.contains("next try"), "{ran}");
    laptop.ok(&["backup", "schedule", "hourly"]);
    let ran = laptop.ok(&["daemon", "status"]);
    assert!(ran.stdout.contains("next try"), "{ran}");
    // The rest is told where the configuration cannot be read.
    laptop.write("holdall/config.toml", "schedule.push = [\n");
    let ran = laptop.ok(&["daemon", "status"]);
    assert!(
        ran.stdout.contains("not known: ") && ran.stdout.contains("does not run"),
        "{ran}"
    );
    assert!(ran.stderr.contains("holdall doctor"), "{ran}");
}

#[test]
fn a_home_too_long_for_a_socket_is_told() {
    let place = Place::new();
    let mut laptop = place.machine("laptop");
    laptop.env("HOLDALL_HOME", laptop.home.join("long/".repeat(30)));
    let ran = laptop.ok(&["daemon", "status"]);
    assert!(ran.stdout.contains("too long for a socket"), "{ran}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_idle_daemon_costs_next_to_nothing() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    laptop.ok(&["backup", "schedule", "hourly"]);
    let running = daemon(&laptop);
    until("the first push", SOON, &laptop, || !place.tip().is_empty());
    until("it rests", SOON, &laptop, || {
        logged(&laptop, "backup push: ")
    });
    let cpu = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", running.pid())).expect("it runs");
        let rest = stat.rsplit(')').next().expect("a line").split_whitespace();
        let ticks: Vec<u64> = rest
            .skip(11)
            .take(2)
            .map(|it| it.parse().expect("a number"))
            .collect();
        ticks.iter().sum::<u64>()
    };
    let before = cpu();
    thread::sleep(Duration::from_secs(20));
    let ticks = cpu() - before;
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("it runs");
    // Of a build for tests the program itself is much of what is in memory.
    let what = if cfg!(debug_assertions) {
        "RssAnon:"
    } else {
        "VmRSS:"
    };
    let line = status
        .lines()
        .find(|line| line.starts_with(what))
        .expect("there");
    let kilobytes: u64 = line
        .split_whitespace()
        .nth(1)
        .expect("a number")
        .parse()
        .expect("one");
    eprintln!("{kilobytes} kB, {ticks} ticks of 10 ms in 20 s");
    assert!(kilobytes < 25_000, "{kilobytes} kB");
    // A hundredth of a core would be 20.
    assert!(ticks <= 6, "{ticks} ticks in 20 s");
    assert_eq!(running.end().0.code, 0);
}
