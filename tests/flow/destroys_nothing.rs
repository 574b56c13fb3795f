//! Whatever a pull, a restore or an undo takes off the disk is in this machine's store.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::kit::{Machine, Rng, scale, seed, tree};

use super::scene::{Scene, pushed, remove, state, text, tip};

/// All that a person or a tool wrote on a machine, by path in the home.
fn written(machine: &Machine) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(&machine.home);
    files.retain(|path, _| !path.starts_with("holdall/"));
    files
}

fn store_has(machine: &Machine, bytes: &[u8]) -> bool {
    let place = machine.home.join("holdall/data/vault.git");
    let store = git2::Repository::open_bare(place).expect("a store");
    let id = git2::Oid::hash_object(git2::ObjectType::Blob, bytes).expect("it has an id");
    store.find_blob(id).is_ok()
}

fn edit(machine: &Machine, rng: &mut Rng) {
    for _ in 0..rng.between(1, 6) {
        let name = format!("{}/{}", rng.below(2), rng.below(4));
        let path = machine.home.join(state(&name));
        let bytes = format!("{} {}\n", machine.home.display(), rng.below(1_000_000));
        match rng.below(8) {
            0 => drop(fs::remove_file(path)),
            // A file in the place of a directory, and the reverse.
            1 => {
                let dir = machine.home.join(state(&rng.below(2).to_string()));
                fs::remove_dir_all(&dir)
                    .or_else(|_| fs::remove_file(&dir))
                    .ok();
                machine.write(dir, bytes);
            }
            2 => machine.write(
                ".aigon/config.json",
                format!(
                    "{{\"theme\": {}, \"serverPort\": {}}}\n",
                    rng.below(9),
                    rng.below(9)
                ),
            ),
            _ => {
                let dir = path.parent().map(Path::to_owned).expect("it has one");
                if dir.is_file() {
                    fs::remove_file(dir).expect("deleted");
                }
                machine.write(path, bytes);
            }
        }
    }
}

#[test]
fn what_leaves_the_disk_is_in_the_store() {
    let mut left = 0;
    for number in 0..scale(60) {
        let mut rng = seed(7_000 + number as u64);
        let scene = Scene::with(&[("0/0", "1\n"), ("1/0", "1\n")]);
        let first = tip(&scene.bare);
        for round in 0..8 {
            edit(&scene.a, &mut rng);
            scene.a.run(&["backup", "push"]);
            edit(&scene.b, &mut rng);
            let before = written(&scene.b);
            let args: &[&str] = match rng.below(6) {
                0 => &["backup", "undo"],
                1 => &["backup", "restore", "--at", &first, "--delete"],
                2 => &["backup", "restore", "--at", "HEAD", "--delete"],
                3 => &["backup", "pull", "--take", "vault"],
                _ => &["backup", "pull"],
            };
            let ran = scene.b.run(args);
            assert!(
                [0, 1, 3].contains(&ran.code),
                "{number} {round} {args:?}: {ran}"
            );
            let after = written(&scene.b);
            for (path, bytes) in before {
                if after.get(&path) != Some(&bytes) {
                    left += 1;
                    assert!(
                        store_has(&scene.b, &bytes),
                        "seed {number}, round {round}: {path} is gone for good: {ran}"
                    );
                }
            }
        }
    }
    assert!(left > 10, "only {left} files were replaced at all");
}

#[test]
fn a_file_that_both_made_a_directory_of_stands_in_nobodys_way() {
    let scene = Scene::with(&[("x", "1\n")]);
    for (machine, own) in [(&scene.a, "a\n"), (&scene.b, "b\n")] {
        remove(machine, state("x"));
        machine.write(state("x/both"), own);
    }
    scene.a.write(state("x/new"), "a\n");
    pushed(&scene.a);
    let (code, document) = scene.b.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(text(&scene.b, state("x/new")), "a\n");
    assert_eq!(text(&scene.b, state("x/both")), "b\n");
}
