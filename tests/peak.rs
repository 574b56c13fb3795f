//! How much memory a run holds at once: as little for much as for little.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::flow::scene::{Scene, by_hand, state};
use crate::kit::{Machine, scale, seed};

const MB: usize = 1_000_000;

/// Runs, and says how many megabytes the program held at most, as Linux counts them.
#[track_caller]
fn peak(machine: &Machine, args: &[&str]) -> usize {
    let mut command = machine.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let place = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let status = loop {
        let now = fs::read_to_string(&place)
            .ok()
            .and_then(|text| high_water(&text));
        most = most.max(now.unwrap_or(0));
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            break status;
        }
        thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success(), "{args:?} ended with {status}");
    assert!(most > 0, "nothing was measured");
    most
}

fn high_water(status: &str) -> Option<usize> {
    let kib = |name: &str| -> Option<usize> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    // A build for tests is ten times as big as the one that is shipped, and most of it is in memory.
    let program = if cfg!(debug_assertions) {
        kib("RssFile:")?
    } else {
        0
    };
    Some(kib("VmHWM:")?.saturating_sub(program) * 1024 / MB)
}

#[track_caller]
fn is_lean(machine: &Machine, args: &[&str], most: usize) {
    let held = peak(machine, args);
    assert!(held <= most, "{args:?} held {held} MB, more than {most}");
}

/// A log whose lines differ, so that it can be compressed to a half and no further.
fn write_log(path: &Path, megabytes: usize) {
    let mut out = BufWriter::new(File::create(path).expect("made"));
    let mut rng = seed(1);
    for _ in 0..megabytes * MB / 100 {
        let id = format!("{:016x}{:016x}", rng.next(), rng.next());
        writeln!(
            out,
            "{{\"id\":\"{id}\",\"text\":\"something happened here, and then there\"}}    "
        )
        .expect("written");
    }
    out.flush().expect("written");
}

#[test]
fn a_large_file_is_pushed_and_pulled_piece_by_piece() {
    let scene = Scene::new();
    for machine in [&scene.a, &scene.b] {
        machine.ok(&["config", "set", "limits.max_file", "2000000000"]);
    }
    // Less than the file in either lane.
    let (size, most) = if scale(10) == 10 {
        (1_000, 100)
    } else {
        (50, 40)
    };
    scene.a.write(state("events.jsonl"), "");
    write_log(&scene.a.home.join(state("events.jsonl")), size);
    is_lean(&scene.a, &["backup", "push"], most);
    is_lean(&scene.b, &["backup", "pull"], most);
    let sent = fs::read(scene.a.home.join(state("events.jsonl"))).expect("read");
    let came = fs::read(scene.b.home.join(state("events.jsonl"))).expect("read");
    assert!(sent == came, "what came is not what was sent");
    // What both have is compared, and replaced, in pieces too.
    drop((sent, came));
    let mut log = File::options()
        .append(true)
        .open(scene.a.home.join(state("events.jsonl")))
        .expect("opened");
    log.write_all(b"{\"id\":\"one more\"}\n").expect("written");
    is_lean(&scene.a, &["backup", "push"], most);
    is_lean(&scene.b, &["backup", "pull"], most);
    is_lean(&scene.b, &["backup", "push"], most);
}

#[test]
fn many_files_are_pushed_with_little_memory() {
    let scene = Scene::new();
    let count = scale(100_000);
    let mut rng = seed(2);
    let mut dirs = BTreeMap::new();
    for number in 0..count {
        let dir = state(&format!(
            "workflows/{:03}/{:02}",
            number / 1_000,
            number % 1_000 / 50
        ));
        let dir = dirs.entry(dir).or_insert_with_key(|dir| {
            let dir = scene.a.home.join(dir);
            fs::create_dir_all(&dir).expect("made");
            dir
        });
        let text = format!("{{\"id\":\"{:016x}\",\"number\":{number}}}\n", rng.next());
        fs::write(
            dir.join(format!("feature-{number}.state.json")),
            text.repeat(30),
        )
        .expect("written");
    }
    // In a debug build some 22 MB of it are the pages of the program itself.
    let most = if scale(10) == 10 { 100 } else { 42 };
    is_lean(&scene.a, &["backup", "push"], most);
    is_lean(&scene.a, &["backup", "push"], most);
}

/// A record has at most a mebibyte, whatever somebody put in its place.
#[test]
fn what_is_too_long_for_a_record_is_not_read() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let conflict = dir.join("conflicts/0123456789abcdef");
        fs::create_dir_all(&conflict).expect("made");
        let file = File::create(conflict.join("conflict.json")).expect("made");
        file.set_len(150 << 20).expect("long");
    });
    assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
    is_lean(&scene.b, &["conflict", "list"], 100);
    is_lean(&scene.b, &["backup", "status"], 100);
}
