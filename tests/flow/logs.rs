//! Two machines write to one log.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::kit::Machine;

use super::scene::{Scene, pulled, pushed, remove, state, text, tip};

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
