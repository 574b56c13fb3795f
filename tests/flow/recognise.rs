//! Which checkout is which project: said by a person, or found by looking around.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::kit::{Machine, answered, git, tree};

use super::scene::{API, Scene, add, connect, fails, is_there, pulled, pushed, state, text, utf8};

const FORK: &str = "git@github.com:me/api.git";

/// A vault in which two projects have one address, because somebody keeps two checkouts apart; and a
/// machine that has none of them.
fn two_of_one_address() -> (Scene, Machine) {
    let scene = Scene::with(&[("x", "1\n")]);
    let second = scene.a.checkout("second", API);
    scene.a.write(second.join(".aigon/x"), "second\n");
    scene.a.ok(&["project", "add", utf8(&second), "--separate"]);
    pushed(&scene.a);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    (scene, tower)
}

fn registered(machine: &Machine) -> Vec<(String, String)> {
    let (_, document) = machine.json(&["project", "list"]);
    let projects = document["data"]["projects"]
        .as_array()
        .expect("a list")
        .clone();
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    let pair = |project: &Value| (word(&project["name"]), word(&project["path"]));
    projects.iter().map(pair).collect()
}

fn id_of(scene: &Scene, name: &str) -> String {
    let spec = format!("main:projects/{name}/project.json");
    let record: Value = serde_json::from_str(&git(&["show", &spec], &scene.bare)).expect("JSON");
    record["id"].as_str().expect("an id").to_owned()
}

fn link(machine: &Machine, dir: &Path, project: &str) -> Value {
    let (code, document) = machine.json(&["project", "link", utf8(dir), project]);
    assert_eq!(code, 0, "{document}");
    document["data"].clone()
}

fn scan(machine: &Machine, code: i32, args: &[&str]) -> Value {
    let (ended, document) = machine.json(&[&["project", "scan"], args].concat());
    assert_eq!(ended, code, "{document}");
    document["data"].clone()
}

#[test]
fn a_fork_is_the_project_only_where_a_person_says_so() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    let dir = tower.checkout("api", FORK);
    add(&tower, &dir);
    let data = pulled(&tower);
    assert_eq!(data["missing"][0]["name"], "api", "{data}");
    let data = link(&tower, &dir, "api");
    assert_eq!(data["already"], false, "{data}");
    assert_eq!(data["project"]["id"], id_of(&scene, "api"));
    pulled(&tower);
    assert_eq!(text(&tower, state("x")), "1\n");
    tower.write(state("x"), "2\n");
    pushed(&tower);
    assert_eq!(scene.stored("x"), "2\n");
    // From now on the fork's address is one of the project's.
    let other = scene.sandbox.machine("other");
    connect(&other, &scene.bare);
    add(&other, &other.checkout("api", FORK));
    pulled(&other);
    assert_eq!(text(&other, state("x")), "2\n");
}

#[test]
fn a_directory_without_a_repository_can_be_linked_by_id() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    let dir = tower.home.join("plain");
    fs::create_dir(&dir).expect("a directory");
    link(&tower, &dir, &id_of(&scene, "api").to_lowercase());
    pulled(&tower);
    assert_eq!(text(&tower, "plain/.aigon/x"), "1\n");
    assert_eq!(link(&tower, &dir, "api")["already"], true);
}

#[test]
fn what_was_there_before_the_link_is_merged_or_kept() {
    let scene = Scene::with(&[("x", "1\n"), ("same", "same\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    let dir = tower.checkout("api", FORK);
    for (name, content) in [("x", "mine\n"), ("same", "same\n"), ("own", "own\n")] {
        tower.write(state(name), content);
    }
    link(&tower, &dir, "api");
    let (code, document) = tower.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(text(&tower, state("x")), "mine\n");
    assert_eq!(text(&tower, state("own")), "own\n");
    assert_eq!(scene.stored("x"), "1\n");
}

#[test]
fn a_link_that_cannot_be_meant_changes_nothing() {
    let scene = Scene::with(&[("x", "1\n")]);
    let web = scene.a.checkout("web", "https://github.com/team/web");
    scene.a.write(web.join(".aigon/x"), "web\n");
    add(&scene.a, &web);
    pushed(&scene.a);
    let api = scene.a.home.join("code/api");
    let fork = scene.a.checkout("fork", FORK);
    let before = registered(&scene.a);
    for (dir, project, (code, kind), words) in [
        (&fork, "nothing", (1, "not_found"), "`nothing`"),
        (&fork, "../api", (1, "not_found"), "`../api`"),
        (&fork, "", (1, "not_found"), "``"),
        (&fork, "api", (1, "refused"), "code/api"),
        (&web, "api", (1, "refused"), "code/api"),
        (&api, "web", (1, "refused"), "code/web"),
        (&api.join("gone"), "api", (1, "not_found"), "gone"),
        (&scene.a.home, "api", (1, "refused"), "home directory"),
    ] {
        let message = fails(
            &scene.a,
            &["project", "link", utf8(dir), project],
            (code, kind),
        );
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(registered(&scene.a), before);
    let stranger = scene.sandbox.machine("stranger");
    let dir = stranger.checkout("api", API);
    let args = ["project", "link", utf8(&dir), "api"];
    fails(&stranger, &args, (1, "not_found"));
    assert!(registered(&stranger).is_empty());
}

#[test]
fn a_linked_project_whose_checkout_is_gone_moves() {
    let scene = Scene::with(&[("x", "1\n")]);
    fs::remove_dir_all(scene.b.home.join("code/api")).expect("deleted");
    let fork = scene.b.checkout("fork", FORK);
    let data = link(&scene.b, &fork, "api");
    assert!(data["moved_from"].is_string(), "{data}");
    assert_eq!(registered(&scene.b).len(), 1);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, "code/fork/.aigon/x"), "1\n");
}

#[test]
fn a_link_works_with_the_vault_seen_last_where_the_remote_is_away() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    pulled(&tower);
    fs::rename(&scene.bare, scene.sandbox.path().join("away.git")).expect("moved");
    let data = link(&tower, &tower.checkout("api", FORK), "api");
    assert_eq!(data["asked"], false, "{data}");
    // A machine that never saw the vault cannot say.
    let late = scene.sandbox.machine("late");
    late.ok(&["backup", "configure", utf8(&scene.bare), "--no-check"]);
    let dir = late.checkout("api", FORK);
    fails(
        &late,
        &["project", "link", utf8(&dir), "api"],
        (4, "unreachable"),
    );
}

#[test]
fn where_two_projects_fit_nobody_guesses() {
    let (scene, tower) = two_of_one_address();
    let dir = tower.checkout("api", API);
    let (code, document) = tower.json(&["project", "add", utf8(&dir)]);
    assert_eq!(code, 1, "{document}");
    let error = &document["error"];
    assert_eq!(error["kind"], "refused", "{document}");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("api or second"), "{message}");
    let command = format!(
        "holdall project link {} {}",
        utf8(&dir),
        id_of(&scene, "second")
    );
    assert!(error["hints"].to_string().contains(&command), "{document}");
    assert!(registered(&tower).is_empty());
    link(&tower, &dir, "second");
    pulled(&tower);
    assert_eq!(text(&tower, state("x")), "second\n");
}

#[test]
fn a_project_that_became_ambiguous_waits_and_names_the_command() {
    let (scene, tower) = two_of_one_address();
    let late = scene.sandbox.machine("late");
    let dir = late.checkout("api", API);
    late.write(state("own"), "own\n");
    add(&late, &dir);
    connect(&late, &scene.bare);
    let (code, document) = late.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(document["data"]["skipped"][0]["reason"], "ambiguous");
    assert!(
        document["hints"]
            .to_string()
            .contains("holdall project link "),
        "{document}"
    );
    assert!(!is_there(&late, state("x")));
    link(&late, &dir, "api");
    pulled(&late);
    assert_eq!(text(&late, state("x")), "1\n");
    assert_eq!(text(&late, state("own")), "own\n");
    drop(tower);
}

#[test]
fn at_a_terminal_the_person_is_asked() {
    let (_scene, tower) = two_of_one_address();
    let dir = tower.checkout("api", API);
    let args = ["project", "add", utf8(&dir)];
    let ran = answered(&tower, &args, "\n");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(registered(&tower).is_empty());
    let ran = answered(&tower, &[&args[..], &["--no-input"]].concat(), "2\n");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("project link"), "{ran}");
    assert!(!ran.stderr.contains("Number"), "{ran}");
    let ran = answered(&tower, &args, "2\n");
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("github.com/team/api"), "{ran}");
    assert_eq!(registered(&tower)[0].0, "second");
    tower.ok(&["project", "remove", "second"]);
    let ran = answered(&tower, &args, "3\n");
    assert_eq!(ran.code, 0, "{ran}");
    tower.write(state("x"), "third\n");
    pushed(&tower);
    assert_eq!(registered(&tower)[0].0, "api~2");
}

#[test]
fn a_scan_registers_by_what_a_checkout_is_and_not_by_its_name() {
    let scene = Scene::with(&[("x", "1\n")]);
    let plain = scene.a.checkout("no-remote", None);
    scene
        .a
        .write(plain.join(".aigon/x"), "by its first commit\n");
    add(&scene.a, &plain);
    let web = scene.a.checkout("web", "https://github.com/team/web");
    scene.a.write(web.join(".aigon/x"), "web\n");
    add(&scene.a, &web);
    pushed(&scene.a);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    tower.checkout("deep/er/work-api", "https://github.com/team/api");
    tower.checkout("no-remote", None);
    let wrong = tower.checkout("web", "https://github.com/someone/web");
    tower.write(wrong.join(".aigon/x"), "somebody else's\n");
    for hidden in [".cache/web", "node_modules/web", "target/web"] {
        tower.checkout(hidden, "https://github.com/team/web");
    }
    let before = tree(&tower.home.join("code"));
    let data = scan(&tower, 0, &["code", "--dry-run"]);
    assert_eq!(
        data["registered"].as_array().map(Vec::len),
        Some(2),
        "{data}"
    );
    assert!(registered(&tower).is_empty(), "{data}");
    let data = scan(&tower, 0, &["code"]);
    assert_eq!(data["checkouts"], 3, "{data}");
    assert_eq!(data["missing"][0]["name"], "web", "{data}");
    let next = data["missing"][0]["next"].as_str().expect("a command");
    assert!(
        next.starts_with("git clone 'https://github.com/team/web' web && "),
        "{next}"
    );
    let names: Vec<_> = registered(&tower).into_iter().map(|it| it.0).collect();
    assert_eq!(names, ["api", "no-remote"]);
    assert_eq!(tree(&tower.home.join("code")), before);
    pulled(&tower);
    assert_eq!(text(&tower, "code/deep/er/work-api/.aigon/x"), "1\n");
    assert_eq!(
        text(&tower, "code/no-remote/.aigon/x"),
        "by its first commit\n"
    );
    assert_eq!(text(&tower, wrong.join(".aigon/x")), "somebody else's\n");
    let data = scan(&tower, 0, &["code"]);
    assert_eq!(data["already"].as_array().map(Vec::len), Some(2), "{data}");
    assert!(data["registered"].as_array().expect("a list").is_empty());
}

#[test]
fn a_scan_leaves_what_could_be_several_and_says_how_to_decide() {
    let (scene, tower) = two_of_one_address();
    tower.checkout("api", API);
    let data = scan(&tower, 3, &["code"]);
    assert_eq!(data["undecided"][0]["why"], "ambiguous", "{data}");
    assert_eq!(
        data["undecided"][0]["next"].as_array().map(Vec::len),
        Some(2),
        "{data}"
    );
    assert!(registered(&tower).is_empty());
    // Two checkouts of one project: neither is the first.
    let twice = scene.sandbox.machine("twice");
    let bare = scene.sandbox.bare("other.git");
    let alone = scene.sandbox.machine("alone");
    for machine in [&alone, &twice] {
        connect(machine, &bare);
    }
    let dir = alone.checkout("web", "https://github.com/team/web");
    alone.write(dir.join(".aigon/x"), "web\n");
    add(&alone, &dir);
    pushed(&alone);
    for name in ["one", "two"] {
        twice.checkout(name, "https://github.com/team/web");
    }
    let data = scan(&twice, 3, &["code"]);
    let why: Vec<_> = [0, 1].map(|at| data["undecided"][at]["why"].clone()).into();
    assert_eq!(why, ["several", "several"], "{data}");
    assert!(
        data["missing"].as_array().expect("a list").is_empty(),
        "{data}"
    );
    link(&twice, &twice.home.join("code/two"), "web");
    let data = scan(&twice, 0, &["code"]);
    assert_eq!(data["undecided"][0]["why"], "second", "{data}");
    let first = data["undecided"][0]["first"].as_str().expect("a path");
    assert!(first.ends_with("code/two"), "{data}");
}

#[test]
fn a_linked_worktree_that_a_scan_finds_is_its_main_checkout() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    let main = tower.checkout("../elsewhere/api", API);
    let linked = tower.home.join("code/api-fix");
    fs::create_dir_all(tower.home.join("code")).expect("a directory");
    git(&["worktree", "add", "-q", utf8(&linked)], &main);
    let data = scan(&tower, 0, &["code"]);
    assert_eq!(
        data["registered"].as_array().map(Vec::len),
        Some(1),
        "{data}"
    );
    let path = registered(&tower)[0].1.clone();
    assert!(path.ends_with("elsewhere/api"), "{path}");
}

#[test]
fn a_scan_of_nothing_says_so() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    fails(&tower, &["project", "scan", "gone"], (1, "not_found"));
    tower.write("file", "x");
    fails(&tower, &["project", "scan", "file"], (1, "io"));
    let data = scan(&tower, 0, &[]);
    assert_eq!(data["checkouts"], 0, "{data}");
    connect(&tower, &scene.bare);
    let broken = tower.home.join("code/broken/.git");
    tower.write(broken.join("HEAD"), "nonsense");
    let data = scan(&tower, 0, &["code"]);
    assert_eq!(data["missing"][0]["name"], "api", "{data}");
}

#[test]
fn what_is_there_and_is_no_directory_is_not_said_to_be_missing() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write("file", "1\n");
    let file = scene.a.home.join("file");
    let vault = utf8(&scene.bare);
    for args in [
        &["project", "scan", utf8(&file)][..],
        &["restore", vault, "--yes", "--into", utf8(&file)],
    ] {
        let (_, document) = scene.a.json(args);
        let message = document["error"]["message"].to_string();
        assert!(message.contains("is not a directory"), "{document}");
    }
    let dir = scene.a.home.join("code");
    let (_, document) = scene
        .a
        .json(&["import", "--from", "aigon", "--yes", utf8(&dir)]);
    let message = document["error"]["message"].to_string();
    assert!(message.contains("is not a file"), "{document}");
}
