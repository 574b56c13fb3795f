//! Links travel as links, in settings as in projects, and give way as files do.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::kit::Machine;

use super::scene::{Scene, pulled, pushed, state};

/// What stands at a place: where a link leads, what a file says, or which names are in a directory.
fn seen(machine: &Machine, path: &Path) -> String {
    let path = machine.home.join(path);
    if let Ok(target) = fs::read_link(&path) {
        return format!("-> {}", target.display());
    }
    match fs::read_dir(&path) {
        Ok(entries) => {
            let names = entries.map(|entry| entry.expect("an entry").file_name());
            let mut names: Vec<_> = names
                .map(|name| name.into_string().expect("text"))
                .collect();
            names.sort();
            format!("{}/", names.join(" "))
        }
        Err(_) => fs::read_to_string(&path).unwrap_or_else(|_| "nothing".to_owned()),
    }
}

fn clear(machine: &Machine, path: &Path) {
    let path = machine.home.join(path);
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path).expect("it can be deleted"),
        Ok(_) => fs::remove_file(path).expect("it can be deleted"),
        Err(_) => {}
    }
}

fn put(machine: &Machine, path: &Path, what: &str) {
    clear(machine, path);
    match what {
        "nothing" => {}
        "directory" => machine.write(path.join("inner"), "1\n"),
        text if text.starts_with("-> ") => {
            symlink(&text[3..], machine.home.join(path)).expect("linked");
        }
        text => machine.write(path, text),
    }
}

#[test]
fn links_change_into_everything_and_back() {
    let steps = [
        "-> y",
        "-> z",
        "file\n",
        "-> y",
        "directory",
        "-> y",
        "nothing",
        "directory",
        "file\n",
        "-> y",
        "nothing",
    ];
    let settings = |name: &str| Path::new(".claude/skills").join(name);
    let places: [&dyn Fn(&str) -> PathBuf; 2] = [&|name| state(name), &settings];
    for name in ["x", "x.json"] {
        for place in places {
            let scene = Scene::with(&[("k", "1\n")]);
            for other in ["y", "z"] {
                scene.a.write(place(other), "1\n");
            }
            let path = place(name);
            for what in steps {
                let what = if what == "file\n" && name == "x.json" {
                    "{\"n\": 1}\n"
                } else {
                    what
                };
                put(&scene.a, &path, what);
                pushed(&scene.a);
                pulled(&scene.b);
                assert_eq!(
                    seen(&scene.a, &path),
                    seen(&scene.b, &path),
                    "{path:?} {what}"
                );
            }
        }
    }
}

#[test]
fn what_stays_here_and_a_directory_over_there_is_kept_and_no_fault() {
    let keys = "{\"n\": 1, \"serverPort\": 1}\n";
    let half = "l1\nl2part";
    for (path, local) in [
        (PathBuf::from(".aigon/config.json"), keys),
        (state("h.jsonl"), half),
    ] {
        let scene = Scene::with(&[("k", "1\n")]);
        scene.a.write(&path, "{\"n\": 1}\n");
        pushed(&scene.a);
        pulled(&scene.b);
        scene.b.write(
            &path,
            if local == half {
                "{\"n\": 1}\nl2part"
            } else {
                local
            },
        );
        put(&scene.a, &path, "directory");
        pushed(&scene.a);
        let inner = path.join("inner");
        for _ in 0..2 {
            for args in [&["backup", "pull", "--dry-run"][..], &["backup", "pull"]] {
                let (code, document) = scene.b.json(args);
                assert!([0, 3].contains(&code), "{document}");
                let data = document["data"].to_string();
                assert!(data.contains("\"why\":\"in_the_way\""), "{data}");
            }
            assert_eq!(seen(&scene.b, &inner), "nothing");
        }
        clear(&scene.b, &path);
        scene.b.run(&["backup", "push"]);
        pulled(&scene.b);
        assert_eq!(seen(&scene.b, &inner), "1\n");
    }
}
