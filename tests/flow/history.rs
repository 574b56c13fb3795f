//! A vault with a long history, and projects that are new to it.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use super::hostile::plumb;
use super::scene::{Scene, add, by_hand, pushed};

const PROJECTS: usize = 30;

/// As many projects as one vault has, and a commit for each push of some months.
fn long(scene: &Scene, commits: usize) {
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let api = fs::read_to_string(dir.join("projects/api/project.json")).expect("it is there");
        let id = api.split('"').find(|word| word.len() == 26).expect("an id");
        for number in 0..PROJECTS {
            let name = format!("p{number}");
            // None that is drawn is of so early a time.
            let other = format!("{number:026}");
            let record = api
                .replace(id, &other)
                .replace("\"api\"", &format!("\"{name}\""));
            let record = record.replace("/api", &format!("/{name}"));
            let project = dir.join("projects").join(name);
            fs::create_dir_all(&project).expect("made");
            fs::write(project.join("project.json"), record).expect("written");
        }
    });
    let mut stream = String::new();
    for number in 0..commits {
        let from = if number == 0 {
            "from refs/heads/main^0\n"
        } else {
            ""
        };
        let path = format!("projects/p{}/.aigon/x", number % PROJECTS);
        let text = number.to_string();
        write!(
            stream,
            "commit refs/heads/main\ncommitter a <a@x> {} +0000\ndata 1\nx\n{from}M 100644 inline {path}\ndata {}\n{text}\n",
            1_700_000_000 + number,
            text.len(),
        )
        .expect("a text takes all");
    }
    plumb(&["fast-import", "--quiet"], stream.as_bytes(), &scene.bare);
}

/// Each asked the whole history, and each commit for all of its projects.
#[test]
fn many_new_projects_cost_one_look_at_a_long_history() {
    let scene = Scene::with(&[("x", "1\n")]);
    long(&scene, 1_000);
    scene.a.ok(&["backup", "pull"]);
    for number in 0..10 {
        let name = format!("new{number}");
        let url = format!("https://github.com/team/{name}");
        let dir = scene.a.checkout(&name, url.as_str());
        scene.a.write(dir.join(".aigon/x"), "1\n");
        add(&scene.a, &dir);
    }
    let begun = Instant::now();
    pushed(&scene.a);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(8), "it took {took:?}");
}

/// Somebody mended it since.
#[test]
fn a_record_of_the_past_that_cannot_be_read_keeps_nobody_from_adding_a_project() {
    let scene = Scene::with(&[("x", "1\n")]);
    for text in ["junk\n", ""] {
        by_hand(&scene.sandbox, &scene.bare, |dir| {
            let project = dir.join("projects/odd");
            if text.is_empty() {
                fs::remove_dir_all(project).expect("deleted");
            } else {
                fs::create_dir(&project).expect("made");
                fs::write(project.join("project.json"), text).expect("written");
            }
        });
    }
    let dir = scene.a.checkout("web", "https://github.com/team/web");
    scene.a.write(dir.join(".aigon/x"), "1\n");
    add(&scene.a, &dir);
    pushed(&scene.a);
    assert!(scene.vault().contains_key("projects/web/.aigon/x"));
}
