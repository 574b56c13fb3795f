//! What is changed under a daemon that runs: its configuration, the task list, another machine.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::place::{A_BEAT, Place, SOON, daemon, logged, until};

#[test]
fn a_schedule_that_is_set_while_it_runs_holds_from_the_next_minute() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let running = daemon(&laptop);
    thread::sleep(Duration::from_secs(2));
    assert!(place.tip().is_empty(), "nothing was to come by itself");
    laptop.ok(&["backup", "schedule", "hourly"]);
    until("the first push", A_BEAT, &laptop, || {
        !place.tip().is_empty()
    });
    // What cannot be read is told once, and holds nothing up for good.
    let config = laptop.home.join("holdall/config.toml");
    let sound = fs::read_to_string(&config).expect("there");
    fs::write(&config, "schedule = [").expect("written");
    let log = || laptop.home.join("holdall/state/logs");
    let told = || {
        let files = fs::read_dir(log()).expect("there").flatten();
        let texts = files.map(|file| fs::read_to_string(file.path()).expect("text"));
        texts
            .map(|text| text.matches(" warn  ").count())
            .sum::<usize>()
    };
    let since = Instant::now();
    while told() == 0 && since.elapsed() < A_BEAT {
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(told(), 1);
    fs::write(&config, sound).expect("written");
    let before = place.tip();
    laptop.ok(&["task", "add", "After that"]);
    until("a push", SOON, &laptop, || place.tip() != before);
    assert_eq!(running.end().0.code, 0);
}

/// aven 10: it went on writing to the file that was there before.
#[test]
fn a_task_list_that_is_set_back_under_it_is_the_one_that_it_goes_on_with() {
    let place = Place::new();
    let laptop = place.machine("laptop");
    let running = daemon(&laptop);
    let tasks = laptop.home.join("holdall/data/tasks.db");
    let pushed = |title: &str| {
        let before = place.tip();
        laptop.ok(&["task", "add", title]);
        until(title, SOON, &laptop, || place.tip() != before);
        let commit = place.tip()[..8].to_owned();
        until("it is written down", SOON, &laptop, || {
            logged(&laptop, &commit)
        });
    };
    pushed("Before the backup");
    let kept = laptop.home.join("kept.db");
    fs::copy(&tasks, &kept).expect("copied");
    pushed("After the backup");
    fs::rename(&kept, &tasks).expect("set back");
    pushed("After it was set back");
    let desk = place.machine("desk");
    desk.ok(&["sync"]);
    laptop.ok(&["sync"]);
    for machine in [&laptop, &desk] {
        let list = machine.ok(&["task", "list"]).stdout;
        for title in [
            "Before the backup",
            "After the backup",
            "After it was set back",
        ] {
            assert!(list.contains(title), "{title}: {list}");
        }
    }
    assert_eq!(running.end().0.code, 0);
}

#[test]
fn what_one_machine_writes_another_one_has_seconds_after_it_looked() {
    let place = Place::new();
    let (laptop, desk) = (place.machine("laptop"), place.machine("desk"));
    laptop.ok(&["sync"]);
    desk.ok(&["sync"]);
    desk.ok(&["backup", "schedule", "* * * * *", "--pull"]);
    let running = [daemon(&laptop), daemon(&desk)];
    let before = place.tip();
    laptop.write("code/api/.aigon/notes.md", "from the laptop\n");
    laptop.ok(&["task", "add", "Call the bank"]);
    until("the laptop's push", SOON, &laptop, || place.tip() != before);
    let file = desk.home.join("code/api/.aigon/notes.md");
    until("the desk looks", A_BEAT, &desk, || file.exists());
    until("it is written down", SOON, &desk, || {
        logged(&desk, "sync: 1 file taken in, 1 task change taken in")
    });
    assert!(desk.ok(&["task", "list"]).stdout.contains("Call the bank"));
    for one in running {
        assert_eq!(one.end().0.code, 0);
    }
}
