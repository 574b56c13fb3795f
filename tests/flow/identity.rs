//! Which directory is which project.

use std::fs;
use std::path::Path;

use crate::kit::{Machine, Sandbox, git};

use super::scene::{
    API, Scene, add, by_hand, connect, copy_dir, fails, is_there, pulled, pushed, state, text, tip,
    utf8, vault,
};

/// A checkout with one state file, registered.
fn project(machine: &Machine, name: &str, origin: Option<&str>, content: &str) -> String {
    let dir = machine.checkout(name, origin);
    machine.write(dir.join(".aigon/state.md"), content);
    let (code, document) = machine.json(&["project", "add", utf8(&dir)]);
    assert_eq!(code, 0, "{document}");
    document["data"]["project"]["name"]
        .as_str()
        .expect("a name")
        .to_owned()
}

#[test]
fn all_ways_to_write_one_address_are_one_project() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let urls = [
        "git@github.com:team/api.git",
        "ssh://git@github.com/team/api",
        "ssh://git@GitHub.com:22/team/api.git",
        "https://github.com/team/api.git",
        "https://someone@github.com/team/api/",
    ];
    for (number, url) in urls.iter().enumerate() {
        let machine = sandbox.machine(&format!("machine-{number}"));
        connect(&machine, &bare);
        // Another name for the directory, too.
        let name = format!("api-{number}");
        let dir = machine.checkout(&name, *url);
        machine.write(dir.join(format!(".aigon/{number}.md")), url);
        add(&machine, &dir);
        pushed(&machine);
        pulled(&machine);
        assert!(
            is_there(&machine, format!("code/{name}/.aigon/0.md")),
            "{url}"
        );
    }
    let projects = git(&["ls-tree", "--name-only", "main:projects"], &bare);
    assert_eq!(projects, "api-0\n");
}

#[test]
fn two_repositories_of_one_name_are_two_projects_on_every_machine() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let a = sandbox.machine("laptop");
    connect(&a, &bare);
    let (one, two) = ("git@github.com:one/api.git", "git@github.com:two/api.git");
    project(&a, "one/api", Some(one), "one\n");
    project(&a, "two/api", Some(two), "two\n");
    pushed(&a);
    let b = sandbox.machine("desktop");
    connect(&b, &bare);
    // The other way round.
    add(&b, &b.checkout("two/api", two));
    add(&b, &b.checkout("one/api", one));
    pulled(&b);
    assert_eq!(text(&b, "code/one/api/.aigon/state.md"), "one\n");
    assert_eq!(text(&b, "code/two/api/.aigon/state.md"), "two\n");
    b.write("code/two/api/.aigon/state.md", "two again\n");
    pushed(&b);
    pulled(&a);
    assert_eq!(text(&a, "code/one/api/.aigon/state.md"), "one\n");
    assert_eq!(text(&a, "code/two/api/.aigon/state.md"), "two again\n");
    let projects = git(&["ls-tree", "--name-only", "main:projects"], &bare);
    assert_eq!(projects, "api\napi~2\n");
}

#[test]
fn two_machines_that_each_bring_their_own_api_make_two_projects() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    for (name, url) in [("laptop", "one"), ("desktop", "two")] {
        let machine = sandbox.machine(name);
        connect(&machine, &bare);
        let origin = format!("git@github.com:{url}/api.git");
        project(&machine, "api", Some(&origin), url);
        pushed(&machine);
        let data = pulled(&machine);
        assert_eq!(text(&machine, "code/api/.aigon/state.md"), url, "{data}");
    }
    let files = vault(&sandbox, &bare);
    assert_eq!(files["projects/api/.aigon/state.md"], b"one");
    assert_eq!(files["projects/api~2/.aigon/state.md"], b"two");
}

#[test]
fn a_shared_root_commit_does_not_join_two_addresses() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let machine = sandbox.machine("laptop");
    connect(&machine, &bare);
    let template = machine.checkout("template", None);
    for name in ["one", "two"] {
        let dir = machine.home.join("code").join(name);
        git(
            &["clone", "-q", utf8(&template), utf8(&dir)],
            sandbox.path(),
        );
        let url = format!("git@github.com:team/{name}.git");
        git(&["remote", "set-url", "origin", &url], &dir);
        machine.write(dir.join(".aigon/state.md"), name);
        add(&machine, &dir);
    }
    pushed(&machine);
    let files = vault(&sandbox, &bare);
    for name in ["one", "two"] {
        assert_eq!(
            files[&format!("projects/{name}/.aigon/state.md")],
            name.as_bytes()
        );
    }
}

#[test]
fn a_linked_worktree_is_its_main_checkout() {
    let scene = Scene::with(&[("x", "1\n")]);
    let main = scene.a.home.join("code/api");
    let linked = scene.a.home.join("code/api-fix");
    git(&["worktree", "add", "-q", utf8(&linked)], &main);
    scene
        .a
        .write(linked.join(".aigon/foreign"), "in the worktree\n");
    let (code, document) = scene.a.json(&["project", "add", utf8(&linked)]);
    let data = &document["data"];
    assert_eq!((code, &data["already"]), (0, &true.into()), "{document}");
    let path = Path::new(data["project"]["path"].as_str().expect("a path"));
    assert_eq!(
        path.canonicalize().ok(),
        main.canonicalize().ok(),
        "{document}"
    );
    assert!(data["linked_from"].is_string(), "{document}");
    pushed(&scene.a);
    let files = scene.vault();
    assert!(files.contains_key("projects/api/.aigon/x"));
    assert!(!files.contains_key("projects/api/.aigon/foreign"));
}

#[test]
fn a_second_checkout_is_refused_and_with_separate_another_project() {
    let scene = Scene::with(&[("x", "1\n")]);
    let second = scene.a.checkout("second", API);
    scene.a.write(second.join(".aigon/x"), "second\n");
    let message = fails(&scene.a, &["project", "add", utf8(&second)], (1, "refused"));
    assert!(
        message.contains("code/api"),
        "it names the first: {message}"
    );
    scene.a.ok(&["project", "add", utf8(&second), "--separate"]);
    pushed(&scene.a);
    let files = scene.vault();
    assert_eq!(files["projects/api/.aigon/x"], b"1\n");
    assert_eq!(files["projects/second/.aigon/x"], b"second\n");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "1\n");
    scene.b.write(state("x"), "2\n");
    pushed(&scene.b);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "2\n");
    assert_eq!(text(&scene.a, second.join(".aigon/x")), "second\n");
}

#[test]
fn a_project_whose_checkout_moved_goes_on() {
    let scene = Scene::with(&[("x", "1\n")]);
    let moved = scene.a.home.join("elsewhere");
    fs::rename(scene.a.home.join("code/api"), &moved).expect("it can be moved");
    add(&scene.a, &moved);
    scene.a.write("elsewhere/.aigon/x", "2\n");
    pushed(&scene.a);
    assert_eq!(scene.stored("x"), "2\n");
}

#[test]
fn a_project_that_was_removed_from_the_vault_stays_on_every_disk() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["project", "remove", "api", "--from-vault"]);
    assert!(!scene.vault().contains_key("projects/api/project.json"));
    assert!(!scene.vault().contains_key("projects/api/.aigon/x"));
    assert_eq!(
        git(&["show", "main~1:projects/api/.aigon/x"], &scene.bare),
        "1\n",
        "history keeps it"
    );
    let data = pulled(&scene.b);
    assert_eq!(data["skipped"][0]["reason"], "removed_from_vault", "{data}");
    let before = tip(&scene.bare);
    scene.b.write(state("x"), "2\n");
    let data = pushed(&scene.b);
    assert_eq!(data["skipped"][0]["reason"], "removed_from_vault", "{data}");
    assert_eq!(tip(&scene.bare), before);
    for machine in [&scene.a, &scene.b] {
        assert!(is_there(machine, state("x")));
    }
    add(&scene.b, &scene.b.home.join("code/api"));
    pushed(&scene.b);
    assert_eq!(scene.stored("x"), "2\n");
}

#[test]
fn taking_a_project_out_of_the_vault_says_whether_it_was_there() {
    let scene = Scene::with(&[("x", "1\n")]);
    // It never pushed, so the vault knows the project by an id that this machine did not give.
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    add(&tower, &tower.checkout("api", API));
    project(&tower, "web", Some("https://github.com/team/web"), "web\n");
    let (code, document) = tower.json(&["project", "remove", "web", "--from-vault"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["data"]["from_vault"], false, "{document}");
    assert_eq!(document["data"]["not_in_vault"], true, "{document}");
    assert_eq!(scene.stored("x"), "1\n");
    let (code, document) = tower.json(&["project", "remove", "api", "--from-vault"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["data"]["from_vault"], true, "{document}");
    assert!(!scene.vault().contains_key("projects/api/.aigon/x"));
    assert!(is_there(&scene.a, state("x")));
}

#[test]
fn a_project_that_is_not_here_is_named_with_its_remotes_and_stays_in_the_vault() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    project(&tower, "web", Some("https://github.com/team/web"), "web\n");
    let data = pulled(&tower);
    assert_eq!(data["missing"][0]["name"], "api", "{data}");
    assert_eq!(data["missing"][0]["remotes"][0], "github.com/team/api");
    pushed(&tower);
    assert_eq!(scene.stored("x"), "1\n");
}

#[test]
fn an_unregistered_checkout_is_not_written_to() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    tower.checkout("api", API);
    pulled(&tower);
    assert!(!is_there(&tower, state("x")));
}

#[test]
fn a_name_that_nobody_can_use_is_made_one_that_everybody_can() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let dir = machine.checkout("api", API);
    let named = |given: &str| {
        let name = format!("--name={given}");
        let (code, document) = machine.json(&["project", "add", utf8(&dir), &name]);
        assert_eq!(code, 0, "{document}");
        machine.ok(&["project", "list"]);
        document["data"]["project"]["name"].clone()
    };
    machine.write(state("x"), "1\n");
    // The first name is that of a new project, the others are those of a known one.
    for (given, name) in [
        (".git", "%2Egit"),
        ("../x", "..-x"),
        ("a\nb", "a-b"),
        (".holdall-tmp-x", "project"),
        (".git", "%2Egit"),
    ] {
        assert_eq!(named(given), name, "{given}");
    }
    project(
        &machine,
        "shop",
        Some("https://github.com/team/shop"),
        "1\n",
    );
    assert_eq!(named("Shop"), "Shop~2");
    machine.ok(&["backup", "push"]);
}

#[test]
fn a_name_that_the_vault_has_is_not_changed_by_adding_the_project_again() {
    let scene = Scene::with(&[("x", "1\n")]);
    let dir = scene.a.home.join("code/api");
    let named = |name| ["project", "add", utf8(&dir), "--name", name];
    let message = fails(&scene.a, &named("other"), (1, "refused"));
    assert!(message.contains("as `api`"), "{message}");
    scene.a.ok(&named("api"));
}

#[test]
fn a_directory_inside_a_state_directory_is_no_other_one() {
    let scene = Scene::with(&[("sub/x", "1\n")]);
    let dir = scene.a.home.join("code/api");
    let args = ["project", "add", utf8(&dir), "--state", ".aigon/sub"];
    let message = fails(&scene.a, &args, (1, "refused"));
    assert!(message.contains("`.aigon`"), "{message}");
    scene
        .a
        .ok(&["project", "add", utf8(&dir), "--state", "sub/.x"]);
    let args = ["project", "add", utf8(&dir), "--state", "sub"];
    let message = fails(&scene.a, &args, (1, "refused"));
    assert!(message.contains("`sub/.x`"), "{message}");
}

#[test]
fn a_directory_of_the_vault_that_was_copied_by_hand_is_named_with_what_helps() {
    let scene = Scene::with(&[("x", "1\n")]);
    let change = |what: fn(&Path)| by_hand(&scene.sandbox, &scene.bare, what);
    change(|dir| {
        copy_dir(&dir.join("projects/api"), &dir.join("projects/copy"));
        let record = dir.join("projects/copy/project.json");
        let text = fs::read_to_string(&record).expect("it is there");
        fs::write(
            &record,
            text.replace("\"name\": \"api\"", "\"name\": \"copy\""),
        )
        .expect("written");
    });
    let helps = |said: &str| {
        let hint = "`projects/api` and `projects/copy` have one id: in a clone of the vault delete";
        assert!(said.contains(hint), "{said}");
        assert!(!said.contains("project link"), "{said}");
    };
    let dir = scene.a.home.join("code/api");
    let dir = utf8(&dir);
    for (args, code) in [
        (&["sync"][..], 3),
        (&["project", "link", dir, "copy"], 1),
        (&["project", "add", dir, "--separate"], 1),
        (&["project", "remove", "api", "--from-vault"], 1),
    ] {
        let ran = scene.a.run(args);
        assert_eq!(ran.code, code, "{args:?}: {ran}");
        helps(&ran.stderr);
    }
    let new = scene.sandbox.machine("new");
    let code = new.checkout("api", API);
    let code = utf8(code.parent().expect("it has one"));
    let ran = new.run(&["restore", utf8(&scene.bare), "--dry-run", "--into", code]);
    helps(&ran.stdout);
    change(|dir| fs::remove_dir_all(dir.join("projects/copy")).expect("deleted"));
    scene.a.ok(&["sync"]);
}
