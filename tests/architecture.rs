//! Holds the sources to ARCHITECTURE.md: floors, owners of libraries, and what can be read off a
//! file. Every rule is a function over a tree of path → text, and has a planted fault below.

mod circles;
mod habits;
mod planted;
mod rooms;
mod table;
mod tree;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use table::FLOORS;
use tree::{Fault, House};
use words::Words;

/// Every broken rule of a tree that holds `Cargo.toml`, `src/…` and `tests/…`.
fn faults_of(tree: &BTreeMap<String, String>) -> Vec<Fault> {
    let (house, mut faults) = House::parse(tree);
    rooms::every_room_has_a_floor(&house, &mut faults);
    rooms::the_root_lists_rooms_only(&house, &mut faults);
    habits::every_folder_introduces_itself(&house, &mut faults);
    habits::the_gate_has_one_caller(&house, &mut faults);
    habits::every_test_file_is_run(tree, &mut faults);
    if let Some(manifest) = tree.get("Cargo.toml") {
        rooms::every_library_has_an_owner(manifest, &mut faults);
    }
    let read: Vec<_> = house
        .sources
        .iter()
        .map(|source| (source, Words::of(source)))
        .collect();
    habits::unsafe_stands_once(&read, &mut faults);
    circles::files_stand_above_each_other(&read, &mut faults);
    for (source, words) in &read {
        rooms::paths_stay_in_their_row(source, words, &mut faults);
        habits::files_say_what_they_hold(source, &mut faults);
        habits::files_stay_short(source, &mut faults);
        habits::names_say_something(source, &mut faults);
        habits::printing_has_one_place(source, words, &mut faults);
        habits::the_vault_is_spelled_in_layout(source, words, &mut faults);
    }
    faults.sort();
    faults.dedup();
    faults
}

/// The project's own tree.
fn this_tree() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tree = BTreeMap::new();
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml reads");
    tree.insert("Cargo.toml".to_owned(), manifest);
    for top in ["src", "tests"] {
        for entry in walkdir::WalkDir::new(root.join(top)) {
            let entry = entry.expect("the tree can be walked");
            let path = entry.path().strip_prefix(root).expect("it lies below");
            let path = path.to_str().expect("source names are UTF-8").to_owned();
            if entry.file_type().is_file() && tree::has_rust_name(&path) {
                let text = std::fs::read_to_string(entry.path()).expect("sources are UTF-8");
                tree.insert(path, text);
            }
        }
    }
    tree
}

#[test]
fn the_house_stands_as_drawn() {
    let faults = faults_of(&this_tree());
    let shown: Vec<_> = faults.iter().map(Fault::to_string).collect();
    assert!(shown.is_empty(), "\n{}\n", shown.join("\n"));
}

#[test]
fn every_row_names_only_earlier_rows() {
    for (at, floor) in FLOORS.iter().enumerate() {
        for room in floor.may {
            let earlier = FLOORS[..at].iter().any(|other| other.room == *room);
            assert!(
                earlier,
                "`{}` names `{room}`, which is no earlier row",
                floor.room
            );
        }
    }
}
