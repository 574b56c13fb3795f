//! Something else stands where a record of the vault should be: it stops nobody.

use std::fs;
use std::path::Path;

use crate::kit::git;

use super::conflicts::{disputed, id, list};
use super::scene::{Scene, by_hand, state, text};

/// A directory in a record's place.
fn directory(dir: &Path, record: &str) {
    let record = dir.join(record);
    if record.is_file() {
        fs::remove_file(&record).expect("deleted");
    }
    fs::create_dir_all(&record).expect("made");
    fs::write(record.join("x"), "x\n").expect("written");
}

/// Both machines go on as if it were not there.
#[track_caller]
fn stops_nobody(scene: &Scene, codes: &[i32]) {
    scene.a.write(state("y"), "more\n");
    let read = [&["conflict", "list"][..], &["backup", "status"]];
    for machine in [&scene.a, &scene.b] {
        for args in [&["backup", "push"][..], &["backup", "pull"]] {
            let ran = machine.run(args);
            assert!(codes.contains(&ran.code), "{ran}");
        }
        for args in read {
            machine.ok(args);
        }
    }
    assert_eq!(scene.stored("y"), "more\n");
    assert_eq!(text(&scene.b, state("y")), "more\n");
}

#[test]
fn a_directory_in_the_place_of_a_record_or_below_a_name_that_no_path_can_have() {
    for (place, code) in [
        // Somebody has to look at it.
        ("conflicts/0123456789abcdef/conflict.json", 3),
        ("conflicts/gitmod~1/conflict.json", 0),
        ("projects/zz/project.json", 0),
    ] {
        let scene = Scene::with(&[("x", "1\n")]);
        by_hand(&scene.sandbox, &scene.bare, |dir| directory(dir, place));
        stops_nobody(&scene, &[code]);
    }
}

/// The machine that filed the version files it again; the other one reads on.
#[test]
fn directories_in_the_places_of_a_filed_version() {
    for name in ["variant.json", "local"] {
        let scene = disputed();
        let id = id(&scene.b);
        let variants = variants_of(&scene, &id);
        by_hand(&scene.sandbox, &scene.bare, |dir| {
            directory(dir, &format!("conflicts/{id}/{}/{name}", variants[0]));
        });
        stops_nobody(&scene, &[0, 3]);
        assert_eq!(list(&scene.a).len(), 1, "{name}");
        let sides = format!("conflicts/{id}/{}/local", variants[0]);
        assert_eq!(scene.vault()[&sides], b"b\n", "{name}");
    }
}

/// The directories of the machines in a conflict.
fn variants_of(scene: &Scene, id: &str) -> Vec<String> {
    let dir = format!("main:conflicts/{id}");
    let names = git(&["ls-tree", "--name-only", "-d", &dir], &scene.bare);
    names.lines().map(str::to_owned).collect()
}
