//! Two machines change the same project.

use std::fs;

use crate::kit::is_linear;

use super::scene::{Scene, is_there, pulled, pushed, remove, state, text, tip};

#[test]
fn changes_of_different_files_both_arrive() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), "2\n");
    scene.b.write(state("y"), "2\n");
    pushed(&scene.a);
    pushed(&scene.b);
    pulled(&scene.a);
    pulled(&scene.b);
    for machine in [&scene.a, &scene.b] {
        assert_eq!(text(machine, state("x")), "2\n");
        assert_eq!(text(machine, state("y")), "2\n");
    }
    assert!(is_linear(&scene.bare));
}

#[test]
fn a_file_that_both_changed_keeps_each_version_where_it_is_and_files_one() {
    let scene = Scene::with(&[("x", "1\n"), ("free", "1\n")]);
    scene.a.write(state("x"), "a\n");
    pushed(&scene.a);
    scene.b.write(state("x"), "b\n");
    scene.b.write(state("free"), "b\n");
    let (code, document) = scene.b.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let conflict = &document["data"]["conflicts"][0];
    assert_eq!(
        (conflict["kind"].as_str(), conflict["path"].as_str()),
        (Some("file"), Some(".aigon/x")),
        "{document}"
    );
    assert_eq!(scene.stored("x"), "a\n");
    assert_eq!(
        scene.stored("free"),
        "b\n",
        "a conflict blocks nothing else"
    );
    let id = conflict["id"].as_str().expect("an id");
    let files = scene.vault();
    let sides: Vec<(&str, &[u8])> = files
        .iter()
        .filter(|(path, _)| path.starts_with(&format!("conflicts/{id}/")))
        .filter_map(|(path, bytes)| Some((path.rsplit('/').next()?, bytes.as_slice())))
        .filter(|(name, _)| !name.ends_with(".json"))
        .collect();
    assert_eq!(
        sides,
        [("base", &b"1\n"[..]), ("local", b"b\n"), ("vault", b"a\n")]
    );
    assert!(files.values().all(|bytes| !bytes.starts_with(b"<<<<<<<")));
    // Said again, but not filed again; and no disk is overwritten.
    let before = tip(&scene.bare);
    assert_eq!(scene.b.run(&["backup", "push"]).code, 3);
    assert_eq!(tip(&scene.bare), before);
    assert_eq!(scene.b.run(&["backup", "pull"]).code, 3);
    assert_eq!(text(&scene.b, state("x")), "b\n");
    assert_eq!(
        scene.a.run(&["backup", "pull"]).code,
        3,
        "a conflict is seen everywhere"
    );
    assert_eq!(text(&scene.a, state("x")), "a\n");
    assert_eq!(text(&scene.a, state("free")), "b\n");
    // Giving way settles it.
    scene.b.write(state("x"), "a\n");
    pushed(&scene.b);
    assert!(
        scene
            .vault()
            .keys()
            .all(|path| !path.starts_with("conflicts/"))
    );
}

#[test]
fn a_deletion_gives_way_to_a_change_elsewhere_when_the_deleting_machine_pushes_last() {
    let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    remove(&scene.b, state("x"));
    let data = pushed(&scene.b);
    assert_eq!(scene.stored("x"), "2\n");
    assert_eq!(
        data["projects"][0]["remarks"][0]["path"], ".aigon/x",
        "{data}"
    );
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "2\n");
    // It is an ordinary file again.
    remove(&scene.b, state("x"));
    pushed(&scene.b);
    assert!(!scene.vault().contains_key("projects/api/.aigon/x"));
}

#[test]
fn a_deletion_gives_way_to_a_change_here_when_the_deleting_machine_pushes_first() {
    for push_first in [true, false] {
        let scene = Scene::with(&[("x", "1\n"), ("y", "1\n")]);
        remove(&scene.b, state("x"));
        pushed(&scene.b);
        assert!(!scene.vault().contains_key("projects/api/.aigon/x"));
        scene.a.write(state("x"), "2\n");
        if !push_first {
            pulled(&scene.a);
            assert_eq!(text(&scene.a, state("x")), "2\n");
        }
        let data = pushed(&scene.a);
        if push_first {
            assert_eq!(
                data["projects"][0]["remarks"][0]["path"], ".aigon/x",
                "{data}"
            );
        }
        assert_eq!(scene.stored("x"), "2\n");
        pulled(&scene.b);
        assert_eq!(text(&scene.b, state("x")), "2\n");
    }
}

#[test]
fn a_file_against_a_directory_loses_neither() {
    for file_first in [true, false] {
        let scene = Scene::with(&[("y", "1\n")]);
        scene.a.write(state("thing"), "file\n");
        scene.b.write(state("thing/inner"), "inner\n");
        let (first, second) = if file_first {
            (&scene.a, &scene.b)
        } else {
            (&scene.b, &scene.a)
        };
        pushed(first);
        let (code, document) = second.json(&["backup", "push"]);
        assert_eq!(code, 3, "{document}");
        let files = scene.vault();
        let holds = |content: &[u8]| files.values().any(|bytes| bytes == content);
        assert!(holds(b"file\n") && holds(b"inner\n"), "{:?}", files.keys());
        for machine in [&scene.a, &scene.b] {
            let (code, document) = machine.json(&["backup", "pull"]);
            assert_eq!(code, 3, "{document}");
        }
        assert_eq!(text(&scene.a, state("thing")), "file\n");
        assert_eq!(text(&scene.b, state("thing/inner")), "inner\n");
    }
}

#[test]
fn what_was_edited_here_and_became_something_else_there_stops_nothing_else() {
    for to_file in [true, false] {
        let (before, after) = if to_file {
            ("thing/inner", "thing")
        } else {
            ("thing", "thing/inner")
        };
        for files_it in [true, false] {
            let scene = Scene::with(&[(before, "1\n"), ("y", "1\n")]);
            let thing = scene.a.home.join(state("thing"));
            if to_file {
                fs::remove_dir_all(thing).expect("it can be deleted");
            } else {
                fs::remove_file(thing).expect("it can be deleted");
            }
            scene.a.write(state(after), "other\n");
            scene.a.write(state("y"), "2\n");
            pushed(&scene.a);
            scene.b.write(state(before), "edited\n");
            if files_it {
                let (code, document) = scene.b.json(&["backup", "push"]);
                assert_eq!(code, 3, "{document}");
            }
            for round in ["2\n", "3\n"] {
                let (code, document) = scene.b.json(&["backup", "pull"]);
                assert_eq!(code, 3, "{document}");
                let kept = &document["data"]["projects"][0]["kept_paths"];
                let why: Vec<_> = kept
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|line| (line["path"].as_str(), line["why"].as_str()))
                    .collect();
                let blocked = format!(".aigon/{after}");
                assert!(
                    why.contains(&(Some(&blocked), Some("in_the_way"))),
                    "{why:?}"
                );
                assert_eq!(text(&scene.b, state("y")), round, "the rest arrives");
                assert_eq!(text(&scene.b, state(before)), "edited\n");
                scene.a.write(state("y"), "3\n");
                scene.a.run(&["backup", "push"]);
            }
        }
    }
}

#[test]
fn a_file_that_becomes_a_directory_travels_and_back() {
    let scene = Scene::with(&[("thing", "file\n"), ("y", "1\n")]);
    remove(&scene.a, state("thing"));
    scene.a.write(state("thing/inner"), "inner\n");
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("thing/inner")), "inner\n");
    fs::remove_dir_all(scene.b.home.join(state("thing"))).expect("it can be deleted");
    scene.b.write(state("thing"), "file again\n");
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("thing")), "file again\n");
}

#[test]
fn the_same_change_on_both_sides_is_no_conflict() {
    let scene = Scene::with(&[("x", "1\n")]);
    for machine in [&scene.a, &scene.b] {
        machine.write(state("x"), "2\n");
        machine.write(state("new"), "new\n");
    }
    pushed(&scene.a);
    let before = tip(&scene.bare);
    let data = pushed(&scene.b);
    assert_eq!(
        data["conflicts"].as_array().map(Vec::len),
        Some(0),
        "{data}"
    );
    assert_eq!(
        crate::kit::git(
            &["diff", "--name-only", &before, "main", "--", "projects"],
            &scene.bare
        ),
        ""
    );
}

#[test]
fn an_idle_push_makes_no_commit_and_an_idle_pull_writes_nothing() {
    let scene = Scene::with(&[("x", "1\n"), ("dir/y", "1\n")]);
    pushed(&scene.b);
    let before = tip(&scene.bare);
    let disk = || crate::kit::tree(&scene.b.home.join("code"));
    let files = disk();
    for _ in 0..3 {
        for machine in [&scene.a, &scene.b] {
            let data = pushed(machine);
            assert_eq!(data["committed"], false, "{data}");
            assert_eq!(pulled(machine)["applied"], false);
        }
    }
    assert_eq!(tip(&scene.bare), before);
    assert_eq!(disk(), files);
}

#[test]
fn a_dry_run_changes_nothing_and_names_paths() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("x"), "2\n");
    let before = tip(&scene.bare);
    let (code, document) = scene.a.json(&["backup", "push", "--dry-run"]);
    let change = &document["data"]["projects"][0]["changes"][0];
    assert_eq!(
        (code, change["path"].as_str()),
        (0, Some(".aigon/x")),
        "{document}"
    );
    assert_eq!(tip(&scene.bare), before);
    pushed(&scene.a);
    let (code, document) = scene.b.json(&["backup", "pull", "--dry-run"]);
    let change = &document["data"]["projects"][0]["changes"][0];
    assert_eq!(
        (code, change["path"].as_str()),
        (0, Some(".aigon/x")),
        "{document}"
    );
    assert_eq!(text(&scene.b, state("x")), "1\n");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "2\n");
    assert!(is_there(&scene.b, state("x")));
}

#[test]
fn a_file_that_only_a_pull_has_seen_is_pushed_by_the_next_run() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.b.write(state("new"), "new\n");
    // Old enough to be remembered by its time.
    let path = scene.b.home.join(state("new"));
    let file = fs::File::options()
        .write(true)
        .open(path)
        .expect("it opens");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    file.set_modified(old).expect("a time can be set");
    std::thread::sleep(std::time::Duration::from_millis(50));
    pulled(&scene.b);
    pulled(&scene.b);
    pushed(&scene.b);
    assert_eq!(scene.stored("new"), "new\n");
}

#[test]
fn a_project_that_only_a_pull_has_seen_is_pushed_by_the_next_run() {
    let scene = Scene::with(&[("x", "1\n")]);
    let dir = scene.b.checkout("web", "https://github.com/team/web");
    scene.b.write(dir.join(".aigon/y"), "web\n");
    super::scene::add(&scene.b, &dir);
    pulled(&scene.b);
    let data = pushed(&scene.b);
    assert_eq!(data["skipped"].as_array().map(Vec::len), Some(0), "{data}");
    assert_eq!(scene.vault()["projects/web/.aigon/y"], b"web\n");
}
