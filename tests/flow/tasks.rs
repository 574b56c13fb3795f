//! The log of the task list travels with everything else: each machine adds to its own chain, and what
//! was read once is never lost again.

use std::fs;

use holdall::base::{Edges, Env, Holder, HostPath, Id, MachineId, Timestamp};
use holdall::layout::Entity;
use holdall::tasks::model::{self, field};
use holdall::tasks::{Filter, Hand, Store, TaskState, TasksError};
use serde_json::json;

use crate::kit::{Machine, clone, fsck, is_linear};

use super::scene::{Scene, by_hand, connect, copy_dir, fails, pulled, pushed, state, tip};

/// The task list of a machine, as the commands have it.
pub struct List {
    store: Store,
    edges: Edges,
}

impl List {
    pub fn of(machine: &Machine) -> Self {
        let file = HostPath::new(machine.home.join("holdall/data/tasks.db")).expect("absolute");
        let holder = Holder {
            pid: 1,
            command: "test".to_owned(),
            since: Timestamp::from_millis(0),
        };
        Self {
            store: Store::open(&file, &holder).expect("opened"),
            edges: Edges::system(Env::default()),
        }
    }

    fn add(&mut self, title: &str) -> Entity {
        let on = model::task(Id::new(&self.edges).expect("chance"));
        self.write(&on, field::TITLE, title);
        on
    }

    pub fn write(&mut self, on: &Entity, name: &str, value: &str) {
        let machine = MachineId::parse("k7f3q2hm9x").expect("valid");
        let hand = Hand {
            machine: &machine,
            by: Some("test"),
            censor: &|_, _| None,
        };
        let written = self.store.change::<_, TasksError>(&self.edges, |change| {
            change.write(hand, "edit", |pen| {
                let seen = pen.seen(on, None)?;
                pen.set(on, (name, json!(value)), &seen)
            })
        });
        written.expect("written");
    }

    /// A task of the list by its title.
    pub fn task(&self, title: &str) -> Entity {
        let rows = self
            .store
            .reading()
            .list(&Filter::default(), Timestamp::from_millis(0));
        let mut rows = rows.expect("read").rows.into_iter();
        rows.find(|row| row.title == title).expect("there").entity()
    }

    /// A project of the list by its name.
    pub fn project(&self, name: &str) -> Entity {
        let rows = self.store.reading().projects().expect("read");
        let row = rows.into_iter().find(|row| row.name == name);
        model::project(Id::parse(&row.expect("there").id).expect("valid"))
    }

    fn titles(&self) -> Vec<String> {
        let filter = Filter {
            state: TaskState::All,
            ..Filter::default()
        };
        let rows = self
            .store
            .reading()
            .list(&filter, Timestamp::from_millis(0));
        let mut titles: Vec<String> = rows
            .expect("read")
            .rows
            .into_iter()
            .map(|it| it.title)
            .collect();
        titles.sort();
        titles
    }

    fn digest(&self) -> String {
        self.store.reading().digest().expect("read").to_string()
    }

    fn chains(&self) -> usize {
        self.store.reading().chains().expect("read").len()
    }
}

fn counts(data: &serde_json::Value) -> [u64; 2] {
    ["sent", "received"].map(|way| data["ops"][way].as_u64().expect("a number"))
}

#[test]
fn what_one_machine_writes_the_other_has_after_a_push_and_a_pull() {
    let scene = Scene::with(&[("x", "1\n")]);
    List::of(&scene.a).add("Renew the certificate");
    assert_eq!(counts(&pushed(&scene.a)), [1, 0]);
    assert_eq!(counts(&pulled(&scene.b)), [0, 1]);
    let mut theirs = List::of(&scene.b);
    assert_eq!(theirs.titles(), ["Renew the certificate"]);
    theirs.add("From there");
    assert_eq!(counts(&pushed(&scene.b)), [1, 0]);
    assert_eq!(counts(&pulled(&scene.a)), [0, 1]);
    assert_eq!(List::of(&scene.a).digest(), theirs.digest());
    let before = tip(&scene.bare);
    for machine in [&scene.a, &scene.b] {
        assert_eq!(counts(&pushed(machine)), [0, 0]);
        assert_eq!(counts(&pulled(machine)), [0, 0]);
    }
    assert_eq!(tip(&scene.bare), before, "nothing new makes no commit");
    assert!(is_linear(&scene.bare));
    fsck(&scene.bare);
}

#[test]
fn a_list_that_came_to_something_else_is_made_again_of_its_ops() {
    let scene = Scene::with(&[("x", "1\n")]);
    List::of(&scene.a).add("Renew the certificate");
    pushed(&scene.a);
    pulled(&scene.b);
    pushed(&scene.b);
    let file = scene.b.home.join("holdall/data/tasks.db");
    let damage = "UPDATE task SET title = 'x'; UPDATE replica SET digest = zeroblob(32)";
    let raw = rusqlite::Connection::open(file).expect("opened");
    raw.execute_batch(damage).expect("damaged");
    drop(raw);
    let ran = scene.b.run(&["backup", "pull"]);
    assert!(ran.stderr.contains("made again of the ops"), "{ran}");
    assert!(!ran.stderr.contains("still"), "{ran}");
    assert_eq!(List::of(&scene.b).titles(), ["Renew the certificate"]);
    assert!(
        !scene
            .b
            .run(&["backup", "pull"])
            .stderr
            .contains("made again")
    );
}

#[test]
fn two_who_push_at_once_both_arrive() {
    let scene = Scene::with(&[("x", "1\n")]);
    for (machine, title) in [(&scene.a, "a"), (&scene.b, "b")] {
        List::of(machine).add(title);
    }
    let (one, other) = (
        scene.a.spawn(&["backup", "push"]),
        scene.b.spawn(&["backup", "push"]),
    );
    assert_eq!((one.finish().code, other.finish().code), (0, 0));
    for machine in [&scene.a, &scene.b] {
        pulled(machine);
        assert_eq!(List::of(machine).titles(), ["a", "b"]);
    }
}

#[test]
fn tasks_travel_alone_too_and_without_a_remote_they_wait_in_the_vault_here() {
    let sandbox = crate::kit::Sandbox::new();
    let machine = sandbox.machine("laptop");
    fs::create_dir_all(machine.home.join("holdall/data")).expect("made");
    List::of(&machine).add("Before anything was configured");
    let (code, document) = machine.json(&["backup", "push"]);
    assert_eq!((code, counts(&document["data"])), (0, [1, 0]), "{document}");
}

#[test]
fn many_ops_go_into_sealed_segments_that_are_never_written_again() {
    let scene = Scene::with(&[("x", "1\n")]);
    let mut list = List::of(&scene.a);
    let on = list.add("0");
    for number in 1..700 {
        list.write(&on, field::TITLE, &number.to_string());
    }
    assert_eq!(counts(&pushed(&scene.a)), [700, 0]);
    list.write(&on, field::TITLE, "the last one");
    assert_eq!(counts(&pushed(&scene.a)), [1, 0]);
    let dir = scene.sandbox.path().join("clone");
    clone(&scene.bare, &dir);
    let chain = fs::read_dir(dir.join("tasks/ops")).expect("there").next();
    let chain = chain.expect("one").expect("read").path();
    let mut names: Vec<_> = fs::read_dir(&chain)
        .expect("there")
        .map(|it| it.expect("read").file_name().into_string().expect("text"))
        .collect();
    names.sort();
    assert!(names.len() >= 2, "{names:?}");
    assert_eq!(counts(&pulled(&scene.b)), [0, 701]);
    assert_eq!(List::of(&scene.b).titles(), ["the last one"]);
}

#[test]
fn a_rewound_remote_gets_back_the_ops_that_it_lost_from_whoever_read_them() {
    let scene = Scene::with(&[("x", "1\n")]);
    let (bare, backup) = (scene.bare.clone(), scene.sandbox.path().join("backup.git"));
    copy_dir(&bare, &backup);
    List::of(&scene.a).add("Written by a machine that is gone");
    pushed(&scene.a);
    pulled(&scene.b);
    // The host restores its backup, and the writer's disk dies.
    fs::remove_dir_all(&bare).expect("deleted");
    copy_dir(&backup, &bare);
    pushed(&scene.b);
    let third = scene.sandbox.machine("third");
    connect(&third, &bare);
    pulled(&third);
    assert_eq!(
        List::of(&third).titles(),
        ["Written by a machine that is gone"]
    );
    assert_eq!(List::of(&third).digest(), List::of(&scene.b).digest());
}

#[test]
fn a_diverged_remote_keeps_the_ops_of_both_histories() {
    let scene = Scene::with(&[("x", "1\n")]);
    let (bare, backup) = (scene.bare.clone(), scene.sandbox.path().join("backup.git"));
    List::of(&scene.a).add("Common");
    pushed(&scene.a);
    pulled(&scene.b);
    copy_dir(&bare, &backup);
    List::of(&scene.a).add("Lost");
    pushed(&scene.a);
    fs::remove_dir_all(&bare).expect("deleted");
    copy_dir(&backup, &bare);
    List::of(&scene.b).add("Other");
    pushed(&scene.b);
    assert_eq!(pushed(&scene.a)["healed"], "diverged");
    pulled(&scene.b);
    for machine in [&scene.a, &scene.b] {
        assert_eq!(List::of(machine).titles(), ["Common", "Lost", "Other"]);
    }
    assert_eq!(List::of(&scene.a).digest(), List::of(&scene.b).digest());
}

#[test]
fn a_synced_list_reaches_a_new_and_empty_remote_whole() {
    let scene = Scene::with(&[("x", "1\n")]);
    List::of(&scene.a).add("From here");
    pushed(&scene.a);
    pulled(&scene.b);
    List::of(&scene.b).add("From there");
    pushed(&scene.b);
    pulled(&scene.a);
    let new = scene.sandbox.bare("new.git");
    let url = new.to_str().expect("text");
    scene.a.ok(&["backup", "configure", url, "--replace"]);
    pushed(&scene.a);
    let fresh = scene.sandbox.machine("fresh");
    connect(&fresh, &new);
    pulled(&fresh);
    assert_eq!(List::of(&fresh).titles(), ["From here", "From there"]);
}

#[test]
fn a_cloned_disk_and_its_original_both_keep_what_they_write() {
    let scene = Scene::with(&[("x", "1\n")]);
    List::of(&scene.a).add("Before");
    pushed(&scene.a);
    let twin = scene.sandbox.machine("twin");
    copy_dir(&scene.a.home.join("holdall"), &twin.home.join("holdall"));
    List::of(&scene.a).add("By the original");
    List::of(&twin).add("By the clone");
    pushed(&scene.a);
    twin.ok(&["backup", "push"]);
    List::of(&twin).add("By the clone, later");
    twin.ok(&["backup", "push"]);
    for machine in [&scene.a, &scene.b, &twin] {
        let (code, document) = machine.json(&["backup", "pull"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(
            List::of(machine).titles(),
            [
                "Before",
                "By the clone",
                "By the clone, later",
                "By the original"
            ]
        );
    }
    assert_eq!(List::of(&scene.b).chains(), 3);
    assert_eq!(List::of(&scene.a).digest(), List::of(&twin).digest());
}

#[test]
fn a_damaged_segment_stops_its_replica_and_nothing_else() {
    let scene = Scene::with(&[("x", "1\n")]);
    let mut list = List::of(&scene.a);
    list.add("Whole");
    pushed(&scene.a);
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        let chain = fs::read_dir(dir.join("tasks/ops")).expect("there").next();
        let file = chain
            .expect("one")
            .expect("read")
            .path()
            .join("00000001.jsonl");
        let mut bytes = fs::read(&file).expect("read");
        bytes.extend_from_slice(b"{\"seq\":2,\"at\":\"torn");
        fs::write(&file, bytes).expect("written");
    });
    scene.b.write(state("y"), "y\n");
    List::of(&scene.b).add("From there");
    let data = pushed(&scene.b);
    assert_eq!(counts(&data), [1, 1]);
    assert_eq!(List::of(&scene.b).titles(), ["From there", "Whole"]);
    // The writer goes on where it was; the torn line is no line.
    list.add("After the damage");
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(
        List::of(&scene.b).titles(),
        ["After the damage", "From there", "Whole"]
    );
}

#[test]
fn a_project_that_two_began_each_for_itself_is_one_once_they_meet() {
    let scene = Scene::new();
    for (machine, title) in [(&scene.a, "From a"), (&scene.b, "From b")] {
        let ran = machine.run_in("code/api", &["task", "add", title]);
        assert_eq!(ran.code, 0, "{ran}");
    }
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    for machine in [&scene.b, &scene.a, &scene.b] {
        pulled(machine);
        pushed(machine);
    }
    for machine in [&scene.a, &scene.b] {
        let (code, document) = machine.json(&["task", "list", "--project", "api"]);
        let titles = document["data"]["tasks"].as_array().map(Vec::len);
        assert_eq!((code, titles), (0, Some(2)), "{document}");
    }
}

#[test]
fn status_says_how_many_task_changes_wait() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["task", "add", "One"]);
    let (_, document) = scene.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["pending"]["ops"], 1, "{document}");
    let ran = scene.a.ok(&["backup", "push"]);
    assert!(ran.stdout.contains("tasks  1 change sent"), "{ran}");
    let (_, document) = scene.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["pending"]["ops"], 0, "{document}");
    let ran = scene.b.ok(&["sync"]);
    assert!(ran.stdout.contains("tasks  1 change taken in"), "{ran}");
}

#[test]
fn a_value_for_which_no_change_of_tasks_goes_is_listed_and_can_be_allowed() {
    let scene = Scene::with(&[("x", "1\n")]);
    let secret = format!("ghp_{}", "0123456789abcdefghijABCDEFGHIJ012345");
    // As another version wrote it, or another gate let it in.
    List::of(&scene.a).add(&format!("Use {secret}"));
    let ran = scene.a.run(&["backup", "push"]);
    assert_eq!(ran.code, 3, "{ran}");
    let (_, words) = ran
        .stderr
        .split_once("`holdall secret allow ")
        .expect("a hint");
    let (fingerprint, _) = words.split_once('`').expect("it ends");
    let (code, document) = scene.a.json(&["secret", "list"]);
    let found = &document["data"]["found"][0];
    assert_eq!(
        (code, &found["fingerprint"], &found["project"]),
        (0, &json!(fingerprint), &json!("tasks")),
        "{document}"
    );
    assert!(!document.to_string().contains(&secret));
    scene.a.ok(&["secret", "allow", fingerprint]);
    let (_, document) = scene.a.json(&["secret", "list"]);
    assert_eq!(document["data"]["found"][0]["allowed"], true, "{document}");
    scene.a.ok(&["backup", "push"]);
    let (_, document) = scene.a.json(&["secret", "list"]);
    assert_eq!(document["data"]["found"], json!([]), "{document}");
    scene.b.ok(&["backup", "pull"]);
    let list = scene.b.ok(&["task", "list"]).stdout;
    assert!(list.contains("Use "), "{list}");
}

#[test]
fn of_two_workspaces_or_projects_with_one_name_none_is_taken_unsaid() {
    let scene = Scene::with(&[("x", "1\n")]);
    for (machine, title) in [(&scene.a, "One"), (&scene.b, "Two")] {
        machine.ok(&["workspace", "add", "work"]);
        machine.ok(&["task", "add", title, "--workspace", "work"]);
        let mut tasks = List::of(machine);
        let on = model::project(Id::new(&tasks.edges).expect("chance"));
        tasks.write(&on, "name", "web");
        tasks.write(&on, "prefix", title);
    }
    for machine in [&scene.a, &scene.b, &scene.a] {
        machine.ok(&["sync"]);
    }
    let names = scene.a.ok(&["workspace", "list"]).stdout;
    let ids = names
        .lines()
        .filter_map(|line| line.split_whitespace().nth(4));
    let ids: Vec<&str> = ids.collect();
    assert_eq!(ids.len(), 2, "{names}");
    for args in [
        &["task", "list", "--workspace", "work"][..],
        &["task", "add", "Three", "--workspace", "Work"],
        &["workspace", "rename", "work", "job"],
        &["workspace", "delete", "work"],
    ] {
        let ran = scene.a.run(args);
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ids.iter().all(|id| ran.stderr.contains(id)), "{ran}");
    }
    let list = ["task", "list", "--workspace", &ids[1].to_lowercase()];
    let list = scene.a.ok(&list).stdout;
    assert!(list.contains("Two") && !list.contains("One"), "{list}");
    fails(
        &scene.a,
        &["task", "list", "--project", "web"],
        (1, "invalid"),
    );
    scene.a.ok(&["task", "list", "--project", "two"]);
}
