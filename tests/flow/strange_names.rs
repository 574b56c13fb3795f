//! A vault says what projects are called and where they are published: that decides over no directory
//! but an ordinary one, and over no command.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::kit::{Machine, clone};

use super::scene::{Scene, by_hand, is_there, text, utf8};

/// A vault into which somebody wrote these projects, by name and remote, and a machine that is new and
/// finds the hosts of the remotes on this disk.
fn with_projects(projects: &[(&str, &str)]) -> (Scene, Machine) {
    let scene = Scene::with(&[("x", "1\n")]);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        for (at, (name, remote)) in projects.iter().enumerate() {
            let record = json!({
                "id": format!("01KAG3QZ5T8W2N4M6P0R9S7V1{at}"),
                "name": name,
                "remotes": [remote],
                "roots": [],
                "dirs": [".aigon"],
                "paths": {},
            });
            let dir = dir.join("projects").join(name);
            fs::create_dir_all(dir.join(".aigon")).expect("made");
            fs::write(dir.join("project.json"), record.to_string()).expect("written");
            fs::write(dir.join(".aigon/x"), format!("{name}\n")).expect("written");
        }
    });
    let new = scene.sandbox.machine("new");
    let mut config = format!(
        "[safe]\n\tdirectory = *\n[url \"{}/hosts/\"]\n",
        utf8(scene.sandbox.path())
    );
    for host in ["h.example", "github.com"] {
        let lines = format!("\tinsteadOf = https://{host}/\n\tinsteadOf = git@{host}:\n");
        config.push_str(&lines);
    }
    new.write(".gitconfig", config);
    (scene, new)
}

/// Something is published there.
fn publish(scene: &Scene, path: &str) {
    let code = scene.a.checkout(path, None);
    let host = scene.sandbox.path().join("hosts").join(path);
    fs::create_dir_all(host.parent().expect("it has one")).expect("made");
    clone(&code, &host);
}

fn restore(machine: &Machine, bare: &Path, code: i32) -> Vec<Value> {
    let args = ["restore", utf8(bare), "--clone", "--into", "code"];
    let (ended, document) = machine.json(&args);
    assert_eq!(ended, code, "{document}");
    let projects = &document["data"]["projects"];
    projects.as_array().expect("a list").clone()
}

#[test]
fn a_name_makes_no_hidden_directory_and_no_option() {
    let option = "--upload-pack=touch PWNED;false";
    let (scene, new) = with_projects(&[
        (".ssh", "h.example/me/shop"),
        (option, "h.example/me/none"),
        ("ssh", "h.example/me/other"),
    ]);
    publish(&scene, "me/shop");
    publish(&scene, "me/other");
    let projects = restore(&new, &scene.bare, 3);
    let of = |name: &str| {
        let found = projects.iter().find(|it| it["name"] == name);
        found.expect("it is in the plan").clone()
    };
    assert_eq!(of(".ssh")["place"], "cloned");
    assert_eq!(text(&new, "code/ssh/.aigon/x"), ".ssh\n");
    assert!(!is_there(&new, "code/.ssh"));
    // Two that would go to one directory do not meet there.
    assert_eq!(of("ssh")["place"], "in_the_way");
    let failed = of(option);
    assert_eq!(failed["place"], "not_cloned");
    let next = failed["next"].as_str().expect("a command");
    let expected = "git clone 'https://h.example/me/none' 'upload-pack=touch PWNED;false' && \
                    holdall project link 'upload-pack=touch PWNED;false' ";
    assert!(next.starts_with(expected), "{next}");
}

#[test]
fn a_blank_in_an_address_is_written_as_hosts_take_it() {
    let (scene, new) = with_projects(&[("shop", "h.example/org/My Project/_git/re po")]);
    // Git asks the host for just this path.
    publish(&scene, "org/My%20Project/_git/re%20po");
    let projects = restore(&new, &scene.bare, 3);
    let shop = &projects[1];
    assert_eq!(
        shop["from"],
        "https://h.example/org/My%20Project/_git/re%20po"
    );
    assert_eq!(text(&new, "code/shop/.aigon/x"), "shop\n");
    let other = scene.sandbox.machine("other");
    let (_, document) = other.json(&["restore", utf8(&scene.bare), "--dry-run"]);
    let next = document["data"]["projects"][1]["next"].as_str();
    let next = next.expect("a command");
    assert!(next.contains("/My%20Project/_git/re%20po"), "{next}");
}

#[test]
fn a_hint_of_restore_is_about_the_same_directories() {
    let (scene, new) = with_projects(&[("shop", "h.example/me/shop")]);
    fs::create_dir(new.home.join("my work")).expect("made");
    let base = ["restore", utf8(&scene.bare), "--into", "my work", "--yes"];
    let same = format!("holdall restore {} --into 'my work'", utf8(&scene.bare));
    let said = |more: &[&str]| new.run(&[&base, more].concat()).stderr;
    let plan = said(&["--dry-run"]);
    assert!(plan.contains(&format!("`{same} --yes`")), "{plan}");
    assert!(plan.contains(&format!("`{same} --clone --yes`")), "{plan}");
    let plan = said(&["--dry-run", "--clone", "--clone-with", "https"]);
    let chosen = format!("`{same} --clone --clone-with https --yes`");
    assert!(plan.contains(&chosen), "{plan}");
    let failed = said(&["--clone", "--clone-with", "https"]);
    let other = format!("another way: `{same} --clone --clone-with ssh --yes`");
    assert!(
        failed.contains(&chosen) && failed.contains(&other),
        "{failed}"
    );
}
