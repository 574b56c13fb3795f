//! Two machines write to one log.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::kit::{Machine, git};

use super::scene::{Scene, as_if_killed, pulled, pushed, remove, state, text, tip};

pub fn append(machine: &Machine, name: &str, tail: &str) {
    let mut log = text(machine, state(name));
    log.push_str(tail);
    machine.write(state(name), log);
}

/// As if nobody had written to it for ten minutes.
pub fn rest(machine: &Machine, path: impl AsRef<Path>) {
    set_time(machine, path, SystemTime::now() - Duration::from_mins(10));
}

fn set_time(machine: &Machine, path: impl AsRef<Path>, when: SystemTime) {
    let file = fs::File::options()
        .append(true)
        .open(machine.home.join(path));
    file.and_then(|file| file.set_modified(when))
        .expect("a time");
}

pub const LOG: &str = "h.jsonl";
pub const L1: &str = "{\"at\":1,\"n\":1}\n";
pub const L2: &str = "{\"at\":2,\"n\":2}\n";
pub const L3: &str = "{\"at\":3,\"n\":3}\n";
const L4: &str = "{\"at\":4,\"n\":4}\n";

#[test]
fn lines_that_both_appended_are_in_the_log_of_both_in_the_order_of_their_time() {
    let scene = Scene::with(&[(LOG, L1)]);
    append(&scene.a, LOG, L3);
    pushed(&scene.a);
    append(&scene.b, LOG, L2);
    let data = pushed(&scene.b);
    assert_eq!(data["projects"][0]["merged"][0], ".aigon/h.jsonl", "{data}");
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
fn a_log_of_a_time_to_come_is_not_replaced_under_a_tool_that_writes() {
    let scene = Scene::with(&[(LOG, L1)]);
    scene.a.write(state(LOG), L2);
    pushed(&scene.a);
    append(&scene.b, LOG, L3);
    set_time(
        &scene.b,
        state(LOG),
        SystemTime::now() + Duration::from_hours(1),
    );
    let data = pulled(&scene.b);
    let kept = &data["projects"][0]["kept_paths"][0];
    assert_eq!(kept["why"], "just_written", "{data}");
    std::thread::sleep(Duration::from_millis(2_100));
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state(LOG)), [L2, L3].concat());
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

/// A tool has the log of the second machine open and writes to it, also after a run that is to replace
/// the log. Not a line of it is lost.
#[track_caller]
fn writes_on(machine: &Machine, name: &str, args: &[&str], code: i32) {
    let log = fs::File::options()
        .append(true)
        .open(machine.home.join(state(name)));
    let mut tool = log.expect("it is there");
    tool.write_all(L3.as_bytes()).expect("written");
    // However slow this run is, it is a moment ago.
    let soon = SystemTime::now() + Duration::from_millis(1_800);
    tool.set_modified(soon).expect("a time");
    let ran = machine.run(args);
    assert_eq!(ran.code, code, "{ran}");
    tool.write_all(L4.as_bytes()).expect("written");
    let now = text(machine, state(name));
    assert!(now.ends_with(&[L3, L4].concat()), "{now}{ran}");
}

/// The second machine pulled a line that the first one added; what undoes that.
fn appended() -> (Scene, String) {
    let scene = Scene::with(&[(LOG, L1)]);
    append(&scene.a, LOG, L2);
    pushed(&scene.a);
    let data = pulled(&scene.b);
    let undo = data["undo"].as_str().expect("a number").to_owned();
    (scene, undo)
}

#[test]
fn going_back_replaces_no_log_under_a_tool_that_writes() {
    let (scene, _) = appended();
    writes_on(&scene.b, LOG, &["backup", "undo"], 0);
    let (scene, _) = appended();
    let first = git(&["rev-parse", "main~1"], &scene.bare);
    let args = ["backup", "restore", "--at", first.trim_end()];
    writes_on(&scene.b, LOG, &args, 0);
}

#[test]
fn a_killed_run_is_finished_without_replacing_a_log_under_a_tool_that_writes() {
    let (scene, undo) = appended();
    as_if_killed(&scene.b, &undo);
    scene.b.write(state(LOG), L1);
    writes_on(&scene.b, LOG, &["backup", "push"], 0);
}

#[test]
fn a_choice_replaces_no_log_under_a_tool_that_writes() {
    let log = "sh_history";
    let scene = Scene::with(&[(log, "1\n")]);
    // No text: it does not merge.
    scene.a.write(state(log), "\0\n");
    pushed(&scene.a);
    append(&scene.b, log, "2\n");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let args = ["conflict", "resolve", "--all", "--use", "vault", "--yes"];
    writes_on(&scene.b, log, &args, 1);
}
