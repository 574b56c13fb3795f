//! A task list that is synced op by op: what is long, what nobody understands, and remotes that are
//! replaced.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::flow::scene::{by_hand, fails, utf8};
use crate::kit::{Ran, git, seed};

use super::desks::{
    Desks, add, data, edit, everything, fed, pulled, pushed, shown, synced, titles,
};

/// Words in lines, no two texts alike.
fn prose(number: u64, length: usize) -> String {
    let words = [
        "renew ",
        "the certificate ",
        "“as it stands”\n",
        "before May, ",
        "and ask\n\n",
    ];
    let mut rng = seed(number);
    let mut text = format!("Text {number}.\n");
    while text.len() < length {
        text.push_str(rng.pick(&words));
    }
    text
}

/// 6
#[test]
fn a_description_of_70_kb_travels_whole_and_blocks_nothing() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let text = prose(1, 70_000);
    a.write("long.md", &text);
    let task = add(a, &["Long", "--description-file", "long.md"]);
    pushed(a);
    synced(b);
    assert!(shown(b, &task)["description"] == text.as_str());
    // Longer still, and a note as long: as an edit, with what came before it in the log.
    let [longer, note] = [2, 3].map(|number| prose(number, 120_000));
    b.write("longer.md", &longer);
    b.write("note.md", &note);
    edit(b, &task, &["--description-file", "longer.md"]);
    b.ok(&["task", "note", "add", &task, "--file", "note.md"]);
    add(b, &["Short"]);
    desks.agree_on_all(&[1, 0]);
    for machine in [a, &desks.connected("fresh")] {
        pulled(machine);
        let found = shown(machine, &task);
        assert!(found["description"] == longer.as_str());
        assert!(found["notes"][0]["text"] == note.as_str());
    }
    b.ok(&["task", "undo", "3"]);
    desks.meet(&[1, 0]);
    assert!(shown(a, &task)["description"] == text.as_str());
}

/// 6
#[test]
fn a_long_text_that_somebody_took_out_of_the_vault_comes_back_with_the_next_news() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let text = prose(1, 70_000);
    a.write("long.md", &text);
    let task = add(a, &["Long", "--description-file", "long.md"]);
    pushed(a);
    pulled(b);
    by_hand(&desks.sandbox, &desks.bare, |dir| {
        std::fs::remove_dir_all(dir.join("tasks/text")).expect("deleted");
    });
    let fresh = desks.connected("fresh");
    pulled(&fresh);
    assert!(shown(&fresh, &task)["description"] != text.as_str());
    add(b, &["Short"]);
    pushed(b);
    pulled(&fresh);
    assert!(shown(&fresh, &task)["description"] == text.as_str());
}

/// 6
#[test]
fn eighty_descriptions_of_30_kb_travel_in_one_batch() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    let texts: Vec<String> = (0..80).map(|number| prose(number, 30_000)).collect();
    let line = |(number, text): (usize, &String)| {
        json!({ "title": format!("{number}"), "description": text }).to_string() + "\n"
    };
    let lines: String = texts.iter().enumerate().map(line).collect();
    fed(a, &["task", "add", "--stdin"], &lines);
    assert_eq!(pushed(a)["ops"]["sent"], 80);
    assert_eq!(pulled(b)["ops"]["received"], 80);
    let all = everything(b);
    let all = all.as_array().expect("a list");
    assert_eq!(all.len(), 80);
    for task in all {
        let number: usize = task["title"]
            .as_str()
            .and_then(|it| it.parse().ok())
            .expect("a number");
        assert!(task["description"] == texts[number].as_str(), "{number}");
    }
    assert!(all == everything(a).as_array().expect("a list"));
}

/// Lines of a newer version, of a broken one, and of somebody who means ill.
const ODD: &str = r#"{"segment":1,"replica":"zzzzzzzzz1","machine":"zzzzzzzzz1","first":1,"prev":"00000000000000000000000000000000","must":[]}
{"seq":1,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69AY54HN1E8EA0CBW","do":"new","fields":{"title":"Odd\u001b[2J\none","status":"doing","priority":7,"due":"soon","project":"nowhere","workspace":true,"epic":[1],"is_epic":{"a":1},"available":{"withheld":7},"meta.":"x","meta.a":"\u0000","labels":"one","depends":"none","notes":"two"}}
{"seq":2,"at":"0000-01-01T00:00:00.0000000Z","nonce":"e0ce80","on":"task/01M9176YQ69AY54HN1E8EA0CBW","do":"add","field":"labels","value":{"a":[null]}}
{"seq":3,"at":"9999-12-31T23:59:59.9999999Z","nonce":"e0ce80","on":"task/01M9176YQ69AY54HN1E8EA0CBW","do":"add","field":"depends","value":"nobody"}
{"seq":4,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69AY54HN1E8EA0CBW","do":"frobnicate"}
{"seq":5,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69AY54HN1E8EA0CBW","do":"set","field":"title"}
{"seq":6,"at":"yesterday","nonce":"e0ce80","on":"task/nothing","do":"set","field":"title","value":1}
no JSON at all
{"seq":8,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69AY54HN1E8EA0CBW","do":"set","field":"epic","value":"01M9176YQ69AY54HN1E8EA0CBW"}
{"seq":9,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"project/01M9176YQ69BY54HN1E8EA0CBW","do":"new","fields":{"name":7,"prefix":["x-y"],"same":"01M9176YQ69BY54HN1E8EA0CBW"}}
{"seq":10,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"workspace/00000000000000000000000000","do":"new","fields":{"name":"work"}}
{"seq":11,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"sprint/01M9176YQ69CY54HN1E8EA0CBW","do":"new","fields":{"goal":"unknown"}}
{"seq":12,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69DY54HN1E8EA0CBW","do":"new","fields":{"title":"Sound one"}}
"#;

/// A chain of a newer version: what stands behind the first line of it may not be passed by.
const MUST: &str = r#"{"segment":1,"replica":"zzzzzzzzz2","machine":"zzzzzzzzz2","first":1,"prev":"00000000000000000000000000000000","must":["merge!"]}
{"seq":1,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69EY54HN1E8EA0CBW","do":"new","fields":{"title":"Before"}}
{"seq":2,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69EY54HN1E8EA0CBW","do":"merge!"}
{"seq":3,"at":"2026-11-22T08:50:52.2650000Z","nonce":"e0ce80","on":"task/01M9176YQ69FY54HN1E8EA0CBW","do":"new","fields":{"title":"Behind"}}
"#;

/// Chains whose first line lies about its place.
const LIES: [(&str, &str); 2] = [
    (
        "zzzzzzzzz3",
        r#"{"segment":1,"replica":"zzzzzzzzz3","machine":"zzzzzzzzz3","first":0,"prev":"00000000000000000000000000000000","must":[]}"#,
    ),
    (
        "zzzzzzzzz4",
        r#"{"segment":1,"replica":"zzzzzzzzz4","machine":"zzzzzzzzz4","first":9007199254740991,"prev":"00000000000000000000000000000000","must":[]}"#,
    ),
];

fn chain(dir: &Path, replica: &str) -> std::path::PathBuf {
    let folder = dir.join("tasks/ops").join(replica);
    fs::create_dir_all(&folder).expect("made");
    folder.join("00000001.jsonl")
}

fn put_into_the_vault(desks: &Desks) {
    by_hand(&desks.sandbox, &desks.bare, |dir| {
        fs::write(chain(dir, "zzzzzzzzz1"), ODD).expect("written");
        fs::write(chain(dir, "zzzzzzzzz2"), MUST).expect("written");
        for (replica, header) in LIES {
            fs::write(chain(dir, replica), format!("{header}\n")).expect("written");
        }
    });
}

#[track_caller]
fn names_what_is_odd(ran: &Ran) {
    for number in [4, 5, 6, 7] {
        let named = format!("op {number} of zzzzzzzzz1 is set aside");
        assert!(ran.stderr.contains(&named), "{named}: {ran}");
    }
    assert!(
        ran.stderr.contains("op 2 of zzzzzzzzz2 is set aside"),
        "{ran}"
    );
    for (replica, _) in LIES {
        assert!(
            ran.stderr
                .contains(&format!("the ops of {replica} in the vault cannot be read")),
            "{ran}"
        );
    }
}

/// 7
#[test]
fn what_no_rule_allows_is_named_and_stops_no_pull_and_no_push() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["Ours"]);
    pushed(a);
    put_into_the_vault(&desks);
    // One of them writes an epic beside another one.
    let ran = b.run(&["backup", "pull"]);
    assert_eq!(ran.code, 3, "{ran}");
    names_what_is_odd(&ran);
    assert_eq!(
        titles(b),
        ["Before", "Odd\u{1b}[2J\none", "Ours", "Sound one"]
    );
    for args in [
        &["task", "list", "--all"][..],
        &["task", "show", "01M9176YQ69AY54HN1E8EA0CBW"],
        &["task", "log"],
    ] {
        let ran = b.ok(args);
        assert!(!ran.stdout.contains('\u{1b}'), "{ran}");
    }
    // Own work goes out and in as ever, also on what is odd.
    edit(
        b,
        "01M9176YQ69AY54HN1E8EA0CBW",
        &["--status", "done", "--title", "Mended"],
    );
    add(b, &["From there"]);
    pushed(b);
    pulled(a);
    assert_eq!(
        titles(a),
        ["Before", "From there", "Mended", "Ours", "Sound one"]
    );
    let all = everything(a);
    assert_eq!(all, everything(b));
    let ours = all
        .as_array()
        .expect("a list")
        .iter()
        .find(|it| it["title"] == "Ours");
    assert_eq!(ours.expect("it is there")["workspace"], "default");
    let workspaces = data(a, &["workspace", "list"]);
    assert_eq!(workspaces["workspaces"].as_array().map(Vec::len), Some(1));
    let kept = |replica| {
        git(
            &["show", &format!("main:tasks/ops/{replica}/00000001.jsonl")],
            &desks.bare,
        )
    };
    assert_eq!([kept("zzzzzzzzz1"), kept("zzzzzzzzz2")], [ODD, MUST]);
}

/// Everything of the other repository, in the place of the known one.
fn replace(bare: &Path, other: &Path) {
    fs::rename(bare, bare.with_extension("gone")).expect("moved");
    fs::rename(other, bare).expect("moved");
}

/// 8
#[test]
fn another_vault_at_the_same_address_is_told_and_with_a_word_both_are_one_list() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["From here"]);
    desks.meet(&[0, 1]);
    let other = desks.sandbox.bare("other.git");
    let tower = desks.sandbox.machine("tower");
    tower.ok(&["backup", "configure", utf8(&other)]);
    add(&tower, &["From the other one"]);
    pushed(&tower);
    replace(&desks.bare, &other);
    tower.ok(&["backup", "configure", utf8(&desks.bare)]);
    add(a, &["Since"]);
    for command in [&["backup", "push"][..], &["backup", "pull"], &["sync"]] {
        let said = fails(a, command, (6, "other_vault"));
        assert!(said.contains(utf8(&desks.bare)), "{said}");
    }
    let status = data(a, &["backup", "status"]);
    assert_eq!(status["pending"]["ops"], 1, "{status}");
    // First one who wrote none of it.
    for (machine, titles_then) in [
        (b, &["From here", "From the other one"][..]),
        (a, &["From here", "From the other one", "Since"]),
    ] {
        machine.ok(&["backup", "configure", utf8(&desks.bare), "--replace"]);
        pushed(machine);
        pulled(&tower);
        assert_eq!(titles(&tower), titles_then);
    }
    pulled(b);
    assert_eq!(everything(a), everything(b));
    assert_eq!(everything(a), everything(&tower));
}

/// 8
#[test]
fn an_emptied_remote_gets_every_task_again_from_whoever_read_them() {
    let desks = Desks::new(&["laptop", "desktop"]);
    let [a, b] = desks.two();
    add(a, &["From here"]);
    desks.meet(&[0, 1]);
    let empty = desks.sandbox.bare("empty.git");
    replace(&desks.bare, &empty);
    // The writer is gone with it.
    assert_eq!(pushed(b)["healed"], "emptied");
    let fresh = desks.connected("fresh");
    pulled(&fresh);
    assert_eq!(titles(&fresh), ["From here"]);
    desks.agree(&[0, 1]);
}

/// 9
#[test]
fn what_a_fresh_machine_only_read_arrives_at_a_new_remote() {
    let desks = Desks::new(&["laptop"]);
    let a = &desks.all[0];
    let task = add(
        a,
        &[
            "From here",
            "--label",
            "web",
            "--description",
            &prose(1, 70_000),
        ],
    );
    a.ok(&["task", "note", "add", &task, "Said."]);
    pushed(a);
    let fresh = desks.connected("fresh");
    pulled(&fresh);
    let new = desks.sandbox.bare("new.git");
    fresh.ok(&["backup", "configure", utf8(&new), "--replace"]);
    pushed(&fresh);
    let third = desks.sandbox.machine("third");
    third.ok(&["backup", "configure", utf8(&new)]);
    pulled(&third);
    let [ours, theirs] = [a, &third].map(|machine| {
        let mut task = shown(machine, &task);
        task["seen"] = json!(null);
        task
    });
    assert_eq!(ours, theirs);
}
