//! As many conflicts as two disks can have that were apart for long.

use std::time::{Duration, Instant};

use crate::kit::Machine;

use super::scene::{Scene, pulled, pushed, state};

const MANY: usize = 1_000;

fn write_all(machine: &Machine, word: &str) {
    for number in 0..MANY {
        // No text: none of it merges.
        machine.write(
            state(&format!("f{number}.bin")),
            format!("{word} {number}\0"),
        );
    }
}

/// Each was looked for in the directory of all, again for each question about it, and each decision
/// was an edit of the vault and a look of the gate of its own.
#[test]
fn a_thousand_conflicts_are_listed_decided_and_carried_in_time() {
    let scene = Scene::with(&[("x", "1\n")]);
    write_all(&scene.a, "one");
    pushed(&scene.a);
    pulled(&scene.b);
    write_all(&scene.a, "two");
    write_all(&scene.b, "three");
    pushed(&scene.a);
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    let begun = Instant::now();
    for (args, code) in [
        (&["conflict", "list"][..], 0),
        (
            &["conflict", "resolve", "--all", "--use", "local", "--yes"],
            0,
        ),
        (&["backup", "pull"], 0),
        (&["backup", "push"], 0),
    ] {
        let ran = scene.b.run(args);
        assert_eq!(ran.code, code, "{ran}");
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(24), "it took {took:?}");
    let stored = scene.vault();
    assert_eq!(stored["projects/api/.aigon/f7.bin"], b"three 7\0");
    assert!(!stored.keys().any(|path| path.starts_with("conflicts/")));
}
