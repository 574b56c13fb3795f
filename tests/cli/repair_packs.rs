//! A copy of the vault whose packs were cut off or overwritten: what `doctor --repair` reads of them, and what
//! it names of the rest.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::repair::{
    all_arrives, each_pack, is_named, overwritten, prepare, repaired, store, undo_list,
};
use crate::flow::scene::{Scene, pulled, pushed, state, utf8};
use crate::kit::{Machine, git, scale};

/// What is lost is named by its ref and its commit, and the machine goes on with the rest.
#[track_caller]
fn goes_on(scene: &Scene, report: &Value) {
    let lost = report["store"]["lost"].as_array().expect("a list");
    for lost in lost {
        let commit = lost["commit"].as_str().unwrap_or_default();
        assert!(commit.len() == 40, "{lost}");
        let name = lost["ref"].as_str().unwrap_or_default();
        assert!(name.starts_with("refs/"), "{lost}");
    }
    if lost.is_empty() {
        all_arrives(scene);
        return;
    }
    let ran = scene.b.run(&["sync"]);
    assert!(ran.code == 0 || ran.code == 3, "{ran}");
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert!(code == 0 || code == 3, "{document}");
}

fn sorted_packs(machine: &Machine) -> Vec<PathBuf> {
    let packs = fs::read_dir(store(machine).join("objects/pack")).expect("listed");
    let packs = packs.map(|it| it.expect("an entry").path());
    let mut packs: Vec<_> = packs
        .filter(|path| path.extension().is_some_and(|it| it == "pack"))
        .collect();
    packs.sort();
    packs
}

#[test]
fn packs_that_were_cut_off_anywhere_are_read_as_far_as_they_go() {
    for tenth in [6, 1, 9, 3, 0, 7].into_iter().take(scale(20)) {
        for has_index in [true, false] {
            let scene = prepare();
            each_pack(&store(&scene.b), |pack| {
                let bytes = fs::read(pack).expect("read");
                overwritten(pack, &bytes[..bytes.len() * tenth / 10]);
                if !has_index {
                    fs::remove_file(pack.with_extension("idx")).expect("removed");
                }
            });
            is_named(&scene.b, "store");
            let report = repaired(&scene.b);
            goes_on(&scene, &report);
        }
    }
}

#[test]
fn a_byte_that_was_overwritten_in_one_pack_loses_what_hangs_on_it_alone() {
    for number in 0..sorted_packs(&prepare().b).len() {
        for byte in [0x50, 0x00, 0xff].into_iter().take(scale(10)) {
            let scene = prepare();
            let undos = undo_list(&scene.b);
            let packs = sorted_packs(&scene.b);
            let Some(pack) = packs.get(number) else {
                continue;
            };
            let mut bytes = fs::read(pack).expect("read");
            // The header of the first entry, and something in the middle.
            let middle = bytes.len() / 2;
            (bytes[12], bytes[middle]) = (byte, !bytes[middle]);
            overwritten(pack, &bytes);
            is_named(&scene.b, "store");
            let report = repaired(&scene.b);
            goes_on(&scene, &report);
            if report["store"]["lost"] == json!([]) {
                assert_eq!(undo_list(&scene.b), undos);
            }
        }
    }
}

/// Where the entry of an object lies in a pack, how long it is, and what it is told upon.
fn entry(pack: &Path, id: &str) -> (usize, usize, Option<String>) {
    let place = pack.parent().expect("it has one");
    let all = git(&["verify-pack", "-v", utf8(pack)], place);
    let line = all.lines().find(|line| line.starts_with(id));
    let words: Vec<&str> = line.expect("it is there").split_whitespace().collect();
    let number = |at: usize| words[at].parse().expect("a number");
    let base = words.get(6).map(|base| (*base).to_owned());
    (number(4), number(3), base)
}

#[test]
fn commits_that_wait_are_kept_where_what_they_are_told_upon_is_damaged() {
    let scene = prepare();
    let lines: Vec<String> = (0..2_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_string())
        .collect();
    scene.b.write(state("long"), lines.join("\n"));
    pushed(&scene.b);
    // The shorter one is told as a change of the longer one.
    scene.b.write(state("long"), lines[..1_900].join("\n"));
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    assert_eq!(scene.b.run(&["backup", "push"]).code, 4);
    fs::rename(&away, &scene.bare).expect("moved back");
    let place = store(&scene.b);
    let undos = undo_list(&scene.b);
    git(&["repack", "-adfq"], &place);
    let id = |name: &str| git(&["rev-parse", name], &place).trim().to_owned();
    let long = |of: &str| id(&format!("{of}:projects/api/.aigon/long"));
    let (published, waiting) = (long("main"), long("refs/holdall/offline"));
    let kept = ["refs/holdall/offline", "refs/holdall/base"].map(|name| (name, id(name)));
    let packs = sorted_packs(&scene.b);
    let [pack] = packs.as_slice() else {
        panic!("{packs:?}");
    };
    let (_, _, base) = entry(pack, &waiting);
    assert_eq!(base.as_deref(), Some(published.as_str()));
    let (at, length, _) = entry(pack, &published);
    let mut bytes = fs::read(pack).expect("read");
    bytes[at + length / 2] ^= 0xff;
    overwritten(pack, &bytes);
    is_named(&scene.b, "store");
    let report = repaired(&scene.b);
    assert_eq!(report["store"]["fetched"], true, "{report}");
    assert_eq!(report["store"]["lost"], json!([]), "{report}");
    for (name, before) in kept {
        assert_eq!(id(name), before);
    }
    assert_eq!(undo_list(&scene.b), undos);
    pushed(&scene.b);
    pulled(&scene.a);
    let history = git(&["log", "--format=%H", "main"], &scene.bare);
    assert!(history.contains(&kept_commit(&place)), "it travelled");
}

/// The commit that was made while the remote was away went to the remote: the branch has it.
fn kept_commit(place: &Path) -> String {
    git(&["rev-parse", "main~1"], place).trim().to_owned()
}

#[test]
fn an_entry_of_no_kind_is_damage_to_every_command() {
    let scene = prepare();
    git(&["repack", "-adfq"], &store(&scene.b));
    let packs = sorted_packs(&scene.b);
    let mut bytes = fs::read(&packs[0]).expect("read");
    let count = fs::read(packs[0].with_extension("idx"))
        .expect("read")
        .len();
    assert!(count > 1_000);
    // All that begins where the first entry does; the kinds 0 and 5 are nobody's.
    for kind in [0x00, 0x50] {
        bytes[12] = (bytes[12] & 0x8f) | kind;
        overwritten(&packs[0], &bytes);
        for args in [
            &["doctor", "--integrity"][..],
            &["backup", "verify", "--read-data"],
            &["backup", "status"],
            &["backup", "log"],
            &["backup", "push"],
            &["backup", "pull"],
        ] {
            let ran = scene.b.run(args);
            assert!(!ran.stderr.contains("panicked"), "{ran}");
            assert!(!ran.stderr.contains("a bug"), "{ran}");
        }
    }
}
