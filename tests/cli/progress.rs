//! What a person at a terminal sees of a long run, and what nobody else ever sees.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::flow::scene::{Scene, state};
use crate::kit::{Machine, terminal};

/// What stderr shows where it is a terminal; stdout is a pipe.
fn seen(machine: &Machine, args: &[&str], term: &str) -> String {
    let (ours, theirs) = terminal();
    let mut command = machine.command(args);
    command
        .env("TERM", term)
        .stdout(Stdio::null())
        .stderr(theirs);
    let mut child = command.spawn().expect("it can be started");
    // The other end is closed here, so that the reader learns of the end.
    drop(command);
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        // A terminal whose other end is closed answers with an error.
        File::from(ours).read_to_end(&mut bytes).ok();
        bytes
    });
    child.wait().expect("it ends");
    let bytes = reader.join().expect("a reader does not panic");
    String::from_utf8(bytes).expect("text")
}

fn many(machine: &Machine, round: usize) {
    for at in 0..2_500 {
        let name = format!("runs/{}/{at}.json", at % 40);
        machine.write(
            state(&name),
            format!("{{\"run\": {at}, \"round\": {round}}}\n"),
        );
    }
}

/// What a push shows that takes so long that it shows something, however fast the machine is.
fn long_push(scene: &Scene) -> String {
    for megabytes in [8, 32, 128, 512] {
        for at in 0..megabytes / 4 {
            let line = format!("{megabytes} MB in all, of which this is number {at}\n");
            let name = format!("runs/{megabytes}-{at}.md");
            scene
                .a
                .write(state(&name), line.repeat(4_000_000 / line.len()));
        }
        let began = Instant::now();
        let text = seen(&scene.a, &["backup", "push"], "xterm");
        if began.elapsed() > Duration::from_millis(1_500) {
            return text;
        }
    }
    panic!("no push takes long on this machine");
}

#[test]
fn a_long_run_shows_how_far_it_is_and_takes_it_away_again() {
    let scene = Scene::with(&[("x", "1\n")]);
    let text = long_push(&scene);
    // Which stage is on when it begins to be shown depends on the machine.
    let stages = ["reading", "checking", "sending"];
    assert!(stages.iter().any(|stage| text.contains(stage)), "{text:?}");
    assert!(
        text.contains(" files, ") || text.contains(" objects, "),
        "{text:?}"
    );
    let last = text.rsplit('\r').next().unwrap_or_default();
    assert!(last.ends_with("\x1b[2K") || last.is_empty(), "{text:?}");
    assert!(!last.contains("files"), "{text:?}");
    // A short run shows nothing.
    let text = seen(&scene.a, &["backup", "push"], "xterm");
    assert_eq!(text, "");
}

#[test]
fn a_pull_that_takes_long_shows_what_it_writes() {
    let scene = Scene::with(&[("x", "1\n")]);
    for at in 0..400 {
        scene.a.write(state(&format!("runs/{at}.json")), "{}\n");
    }
    scene.a.ok(&["backup", "push"]);
    let began = Instant::now();
    let text = seen(&scene.b, &["backup", "pull"], "xterm");
    // On a fast disk there is nothing to wait for.
    if began.elapsed() > Duration::from_secs(2) {
        assert!(text.contains("writing"), "{text:?}");
        assert!(text.contains(" of 400 files, "), "{text:?}");
    }
}

#[test]
fn nobody_else_gets_a_control_byte() {
    let scene = Scene::with(&[("x", "1\n")]);
    for (round, (args, term)) in [
        (&["backup", "push", "--quiet"][..], "xterm"),
        (&["backup", "push", "--json"], "xterm"),
        (&["backup", "push"], "dumb"),
    ]
    .into_iter()
    .enumerate()
    {
        many(&scene.a, round);
        let text = seen(&scene.a, args, term);
        assert!(!text.contains(['\r', '\x1b']), "{args:?}: {text:?}");
    }
    many(&scene.a, 9);
    let mut machine = scene.sandbox.machine("laptop");
    machine.env("TERM", "xterm");
    let ran = machine.ok(&["backup", "push"]);
    for text in [ran.stdout, ran.stderr] {
        assert!(
            text.bytes().all(|byte| byte == b'\n' || byte >= b' '),
            "{text:?}"
        );
    }
}
