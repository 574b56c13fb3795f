//! A machine without a remote: nothing that it keeps is called sent.

use crate::flow::scene::{API, add, connect};
use crate::kit::Sandbox;

#[test]
fn what_stays_on_this_machine_is_not_called_sent() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let dir = machine.checkout("api", API);
    machine.write("code/api/.aigon/x", "1\n");
    add(&machine, &dir);
    machine.ok(&["task", "add", "One"]);
    let ran = machine.ok(&["backup", "push", "--dry-run"]);
    assert!(
        ran.stdout.contains("tasks  1 change to be kept here"),
        "{ran}"
    );
    machine.ok(&["backup", "schedule", "hourly"]);
    let ran = machine.ok(&["daemon", "run", "--once"]);
    let log = "backup push: 1 file kept here, 1 task change kept here, commit ";
    assert!(ran.stdout.starts_with(log), "{ran}");
    machine.ok(&["task", "add", "Two"]);
    let ran = machine.ok(&["backup", "push"]);
    assert!(ran.stdout.contains("tasks  1 change kept here"), "{ran}");
    assert!(!ran.stdout.contains("sent"), "{ran}");
    for args in [["daemon", "status"], ["backup", "status"]] {
        let ran = machine.ok(&args);
        assert!(ran.stdout.contains("last kept here  "), "{ran}");
        let is_push = |line: &str| line.starts_with("last push") || line.contains("good push");
        assert!(!ran.stdout.lines().any(is_push), "{ran}");
    }
    // With one it is sent, and said so.
    let bare = sandbox.bare("vault.git");
    connect(&machine, &bare);
    machine.ok(&["task", "add", "Three"]);
    let ran = machine.ok(&["backup", "push"]);
    assert!(ran.stdout.contains("sent"), "{ran}");
    let ran = machine.ok(&["daemon", "status"]);
    assert!(ran.stdout.contains("last good push  "), "{ran}");
}
