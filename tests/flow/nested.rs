//! Repositories inside a state directory: what git would obey neither leaves this disk nor comes to it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::kit::{Machine, git, try_git};

use super::scene::{Scene, by_hand, fails, is_there, pushed, state, utf8};

fn is_repository(dir: &Path) -> bool {
    let named = format!("--git-dir={}", utf8(dir));
    try_git(&[&named, "rev-parse", "--git-dir"], dir).code == 0
}

#[test]
fn a_bare_repository_stays() {
    let scene = Scene::with(&[("x", "1\n")]);
    let bare = scene.a.home.join(state("cache.git"));
    fs::create_dir(&bare).expect("made");
    git(&["init", "--bare", "-q", "."], &bare);
    scene.a.write(state("y"), "1\n");
    pushed(&scene.a);
    let names = scene.vault().into_keys().collect::<Vec<_>>();
    assert!(
        !names.iter().any(|name| name.contains("cache.git")),
        "{names:?}"
    );
    for path in ["cache.git", "cache.git/config"] {
        let asked = scene.a.home.join(state(path));
        let (_, document) = scene.a.json(&["project", "explain", utf8(&asked)]);
        assert_eq!(document["data"]["reason"], "nested", "{document}");
    }
}

#[test]
fn what_has_become_a_repository_stays_and_is_not_taken_for_deleted() {
    let scene = Scene::with(&[
        ("made/HEAD", "ref: refs/heads/x\n"),
        ("made/objects/a", "1\n"),
    ]);
    scene.a.write(state("made/refs/heads/x"), "1\n");
    scene.a.write(state("y"), "1\n");
    pushed(&scene.a);
    assert_eq!(scene.stored("made/objects/a"), "1\n");
    let names = scene.vault().into_keys().collect::<Vec<_>>();
    assert!(
        !names.iter().any(|name| name.contains("made/refs")),
        "{names:?}"
    );
}

/// What a pull says it kept, once foreseen and once done.
fn kept(machine: &Machine) -> Vec<(String, String)> {
    let lines = |args: &[&str]| -> Vec<(String, String)> {
        let (_, document) = machine.json(args);
        let list = document["data"]["projects"][0]["kept_paths"].clone();
        let word = |value: &Value| value.as_str().expect("text").to_owned();
        let list = list.as_array().unwrap_or_else(|| panic!("{document}"));
        list.iter()
            .map(|line| (word(&line["path"]), word(&line["why"])))
            .collect()
    };
    let foreseen = lines(&["backup", "pull", "--dry-run"]);
    let done = lines(&["backup", "pull"]);
    assert_eq!(foreseen, done);
    done
}

fn put(scene: &Scene, files: &[&str]) {
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        for name in files {
            let file = dir.join("projects/api/.aigon/evil").join(name);
            fs::create_dir_all(file.parent().expect("it has one")).expect("made");
            let text = match *name {
                "HEAD" => "ref: refs/heads/x\n",
                "config" => {
                    "[core]\n\tfsmonitor = \"touch PWNED\"\n\tbare = false\n\tworktree = .\n"
                }
                "commondir" => "common\n",
                _ => "1\n",
            };
            fs::write(file, text).expect("written");
        }
    });
}

#[test]
fn a_vault_makes_no_repository_of_a_directory() {
    let scene = Scene::with(&[("x", "1\n")]);
    put(
        &scene,
        &["HEAD", "config", "objects/a", "refs/heads/y", "z"],
    );
    scene.a.write(state("x"), "2\n");
    let kept = kept(&scene.b);
    assert_eq!(kept.len(), 5, "{kept:?}");
    assert!(kept.iter().all(|(_, why)| why == "repository"), "{kept:?}");
    assert!(
        !is_there(&scene.b, state("evil")) || !is_repository(&scene.b.home.join(state("evil")))
    );
}

#[test]
fn nor_bit_by_bit() {
    for (first, last) in [
        (&["HEAD", "config", "objects/a"][..], "refs/heads/y"),
        (&["refs/heads/y", "config", "objects/a"], "HEAD"),
        (
            &["HEAD", "common/objects/a", "common/refs/heads/y"],
            "commondir",
        ),
    ] {
        let scene = Scene::with(&[("x", "1\n")]);
        put(&scene, first);
        assert_eq!(kept(&scene.b), []);
        put(&scene, &[last]);
        let path = format!(".aigon/evil/{last}");
        assert_eq!(kept(&scene.b), [(path, "repository".to_owned())]);
        assert!(!is_there(&scene.b, state("evil").join(last)));
        assert!(is_there(&scene.b, state("evil").join(first[0])));
    }
}

#[test]
fn holdalls_own_directory_is_no_remote() {
    let scene = Scene::with(&[("x", "1\n")]);
    let (_, document) = scene.a.json(&["config", "path"]);
    let file = document["data"]["file"].as_str().expect("a path");
    let store = Path::new(file).with_file_name("data").join("vault.git");
    assert!(store.is_dir());
    for args in [["backup", "configure"], ["restore", "--yes"]] {
        let args = [&args[..], &[utf8(&store)]].concat();
        let message = fails(&scene.a, &args, (1, "refused"));
        assert!(message.contains("holdall's own directory"), "{message}");
    }
    fails(
        &scene.a,
        &["config", "set", "remote.url", utf8(&store)],
        (1, "refused"),
    );
    let (_, document) = scene.a.json(&["config", "get", "remote.url"]);
    assert_eq!(document["data"]["value"], utf8(&scene.bare), "{document}");
}

#[test]
fn an_address_that_no_run_can_reach_is_not_set() {
    let scene = Scene::with(&[("x", "1\n")]);
    for url in [
        "svn://git.example.com/v.git",
        "me@host:-v.git",
        "some/where",
    ] {
        let (code, document) = scene.a.json(&["config", "set", "remote.url", url]);
        assert_ne!(code, 0, "{document}");
    }
    scene.a.ok(&["backup", "status"]);
    scene.a.ok(&["config", "set", "remote.url", "~/vault.git"]);
}
