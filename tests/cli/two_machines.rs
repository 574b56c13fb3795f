//! Two machines, one vault: what both terminals say when they change the same things.

use std::fmt::Write as _;
use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::flow::scene::{API, Scene, add, connect, pushed, state, text};
use crate::kit::{Machine, Sandbox};

/// What was typed and said, without what differs from run to run.
struct Story<'s> {
    sandbox: &'s Sandbox,
    told: String,
}

impl<'s> Story<'s> {
    fn new(sandbox: &'s Sandbox) -> Self {
        let told = String::new();
        Self { sandbox, told }
    }

    fn run(&mut self, who: &str, machine: &Machine, args: &[&str]) {
        let ran = machine.run(args);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        writeln!(self.told, "{who}$ holdall {}", args.join(" ")).expect("memory");
        self.told.push_str(&said);
        if ran.code != 0 {
            writeln!(self.told, "(exit {})", ran.code).expect("memory");
        }
    }

    fn shows(&mut self, who: &str, path: &str, text: &str) {
        writeln!(self.told, "{who}: {path}\n{}", text.trim_end()).expect("memory");
    }

    /// Ids are of chance, and places of this run.
    fn told(self) -> String {
        let place = self.sandbox.path().to_str().expect("UTF-8");
        let told = self.told.replace(place, "");
        let mut plain = String::new();
        let mut word = String::new();
        for c in told.chars().chain(['\n']) {
            if c.is_ascii_alphanumeric() {
                word.push(c);
                continue;
            }
            let is_id = word.len() >= 10
                && word.chars().any(|c| c.is_ascii_digit())
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            plain.push_str(if is_id { "ID" } else { &word });
            word.clear();
            plain.push(c);
        }
        plain
    }
}

fn both_push(story: &mut Story<'_>, scene: &Scene) {
    for (who, machine) in [("laptop", &scene.a), ("desktop", &scene.b)] {
        story.run(who, machine, &["backup", "push"]);
    }
    for (who, machine) in [("desktop", &scene.b), ("laptop", &scene.a)] {
        story.run(who, machine, &["backup", "pull"]);
    }
}

fn edited(files: &[(&str, &str)], here: &[(&str, &str)], there: &[(&str, &str)]) -> Scene {
    let scene = Scene::with(files);
    for (who, machine, files) in [("laptop", &scene.a, here), ("desktop", &scene.b, there)] {
        machine.ok(&["config", "set", "machine.name", who]);
        for (name, text) in files {
            machine.write(state(name), text);
        }
    }
    scene
}

#[test]
fn both_append_to_one_log() {
    let (first, second, third) = ("{\"at\":1}\n", "{\"at\":2}\n", "{\"at\":3}\n");
    let scene = edited(
        &[("log.jsonl", first)],
        &[("log.jsonl", &[first, third].concat())],
        &[("log.jsonl", &[first, second].concat())],
    );
    // Long enough ago that nobody can be writing to it.
    let old = SystemTime::now() - Duration::from_mins(10);
    for machine in [&scene.a, &scene.b] {
        let log = machine.home.join(state("log.jsonl"));
        let file = File::options().append(true).open(log);
        file.and_then(|file| file.set_modified(old))
            .expect("a time");
    }
    let mut story = Story::new(&scene.sandbox);
    both_push(&mut story, &scene);
    for (who, machine) in [("desktop", &scene.b), ("laptop", &scene.a)] {
        story.shows(who, "log.jsonl", &text(machine, state("log.jsonl")));
    }
    insta::assert_snapshot!(story.told());
}

#[test]
fn both_set_other_keys_of_one_json() {
    let scene = edited(
        &[("x.json", "{\n  \"a\": 1,\n  \"b\": 1\n}\n")],
        &[("x.json", "{\n  \"a\": 2,\n  \"b\": 1\n}\n")],
        &[("x.json", "{\n  \"a\": 1,\n  \"b\": 2\n}\n")],
    );
    let mut story = Story::new(&scene.sandbox);
    both_push(&mut story, &scene);
    story.shows("laptop", "x.json", &text(&scene.a, state("x.json")));
    insta::assert_snapshot!(story.told());
}

#[test]
fn both_set_the_same_key_of_one_json() {
    let scene = edited(
        &[("x.json", "{\"a\": 1}\n")],
        &[("x.json", "{\"a\": 2}\n")],
        &[("x.json", "{\"a\": 3}\n")],
    );
    let mut story = Story::new(&scene.sandbox);
    both_push(&mut story, &scene);
    story.shows("desktop", "x.json", &text(&scene.b, state("x.json")));
    insta::assert_snapshot!(story.told());
}

#[test]
fn one_deletes_what_the_other_edits() {
    let scene = edited(
        &[("x.md", "1\n"), ("y.md", "1\n")],
        &[("x.md", "2\n")],
        &[("y.md", "2\n")],
    );
    for (machine, name) in [(&scene.a, "y.md"), (&scene.b, "x.md")] {
        std::fs::remove_file(machine.home.join(state(name))).expect("there");
    }
    let mut story = Story::new(&scene.sandbox);
    both_push(&mut story, &scene);
    for name in ["x.md", "y.md"] {
        story.shows("laptop", name, &text(&scene.a, state(name)));
        story.shows("desktop", name, &text(&scene.b, state(name)));
    }
    insta::assert_snapshot!(story.told());
}

#[test]
fn two_repositories_have_one_name() {
    let scene = Scene::new();
    let other = scene.sandbox.machine("third");
    connect(&other, &scene.bare);
    let dir = other.checkout("api", "git@github.com:somebody/api.git");
    other.write(dir.join(".aigon/x.md"), "of somebody\n");
    add(&other, &dir);
    scene.a.write(state("x.md"), "of the team\n");
    pushed(&scene.a);
    let mut story = Story::new(&scene.sandbox);
    story.run("third", &other, &["backup", "push"]);
    story.run("third", &other, &["backup", "pull"]);
    story.run("desktop", &scene.b, &["backup", "pull"]);
    story.shows("third", "x.md", &text(&other, state("x.md")));
    story.shows("desktop", "x.md", &text(&scene.b, state("x.md")));
    insta::assert_snapshot!(story.told());
}

#[test]
fn homes_differ() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let [a, b] = ["home/ada", "Users/ada"].map(|name| {
        let machine = sandbox.machine(name);
        connect(&machine, &bare);
        let dir = machine.checkout("api", API);
        add(&machine, &dir);
        machine
    });
    let settings = |machine: &Machine, rest: &str| {
        let home = machine.home.to_str().expect("UTF-8");
        machine.write(
            ".claude/settings.json",
            format!("{{\n  \"statusLine\": {{\"command\": \"{home}/bin/line\"}},\n  \"permissions\": {{\"allow\": [\"Read\"{rest}]}}\n}}\n"),
        );
    };
    settings(&a, "");
    pushed(&a);
    b.ok(&["backup", "pull"]);
    settings(&a, ", \"Bash(ls)\"");
    settings(&b, ", \"Edit\"");
    let mut story = Story::new(&sandbox);
    for (who, machine) in [("linux", &a), ("mac", &b)] {
        story.run(who, machine, &["backup", "push"]);
    }
    for (who, machine) in [("mac", &b), ("linux", &a)] {
        story.run(who, machine, &["backup", "pull"]);
        story.shows(
            who,
            "settings.json",
            &text(machine, ".claude/settings.json"),
        );
    }
    insta::assert_snapshot!(story.told());
}
