//! The records of machines, and what wrong clocks put into them.

use std::fs;

use serde_json::json;

use super::scene::{Scene, by_hand, pulled, state, text, utf8};

#[test]
fn a_machine_record_that_nobody_can_read_is_named_and_stops_nobody() {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("machines/junk.json"), "j\n").expect("written");
        fs::create_dir(dir.join("machines/dir")).expect("made");
        fs::write(dir.join("machines/dir/x"), "x\n").expect("written");
    });
    pulled(&scene.a);
    let junk = json!(["machines/junk.json"]);
    let status = scene.a.ok(&["backup", "status", "--json"]).document();
    assert_eq!(status["data"]["unreadable_machines"], junk, "{status}");
    assert_eq!(status["data"]["machines"][0]["this"], true, "{status}");
    let said = scene.a.ok(&["backup", "status"]);
    assert!(
        said.stdout.contains("cannot be read  machines/junk.json"),
        "{said}"
    );
    let new = scene.sandbox.machine("new");
    let dir = new.checkout("api", super::scene::API);
    let restore = ["restore", utf8(&scene.bare), "--yes", "--into"];
    let code = dir.parent().expect("it has one");
    let plan = new
        .ok(&[&restore[..], &[utf8(code), "--json"]].concat())
        .document();
    assert_eq!(plan["data"]["unreadable_machines"], junk, "{plan}");
    assert_eq!(text(&new, state("x")), "1\n");
}
