//! A person's own commands after a run: what they are told, when they are called, and that they can
//! spoil nothing.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpgid, kill_process_group};
use serde_json::{Value, json};

use crate::flow::scene::{Scene, pushed, state, utf8};
use crate::kit::{Machine, Ran};

fn token() -> String {
    format!("ghp_{}", "aB3dE6gH9jK2".repeat(3))
}

/// Has each hook add what it is told to a file of its own name.
fn listen(machine: &Machine) {
    for name in ["after_push", "after_pull", "on_failure"] {
        set(machine, name, "cat >> \"$HOME/$HOLDALL_HOOK.jsonl\"");
    }
}

fn set(machine: &Machine, name: &str, command: &str) {
    machine.ok(&["config", "set", &format!("hooks.{name}"), command]);
}

/// What a hook was told, and forgets.
fn told(machine: &Machine, name: &str) -> Vec<Value> {
    let file = machine.home.join(format!("{name}.jsonl"));
    let text = fs::read_to_string(&file).unwrap_or_default();
    fs::remove_file(&file).ok();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("one document a line"))
        .collect()
}

#[track_caller]
fn told_once(machine: &Machine, name: &str) -> Value {
    let mut all = told(machine, name);
    assert_eq!(all.len(), 1, "{name}: {all:?}");
    let document = all.remove(0);
    assert_valid(&document);
    document
}

#[track_caller]
fn told_nothing(machine: &Machine) {
    for name in ["after_push", "after_pull", "on_failure"] {
        assert_eq!(told(machine, name), Vec::<Value>::new(), "{name}");
    }
}

fn documentation(name: &str) -> String {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs::read_to_string(docs.join(name)).expect("it is there")
}

/// Holds a document to the schema that is published.
#[track_caller]
fn assert_valid(document: &Value) {
    let schema = documentation("hooks.schema.json");
    let schema: Value = serde_json::from_str(&schema).expect("a schema is JSON");
    jsonschema::meta::validate(&schema).expect("it is a schema of its draft");
    let validator = jsonschema::validator_for(&schema).expect("it compiles");
    let faults = validator.iter_errors(document);
    let faults: Vec<_> = faults.map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{document}: {faults:#?}");
}

fn away(scene: &Scene) -> PathBuf {
    let away = scene.bare.with_extension("away");
    fs::rename(&scene.bare, &away).expect("moved");
    away
}

fn back(scene: &Scene, away: PathBuf) {
    fs::rename(away, &scene.bare).expect("moved");
}

#[test]
fn the_documented_examples_are_valid_and_name_every_field() {
    let page = documentation("hooks.md");
    let blocks = page.split("```json\n").skip(1);
    let examples = blocks.map(|block| block.split("```").next().unwrap_or_default());
    let examples: Vec<Value> = examples
        .map(|text| serde_json::from_str(text).expect("an example is JSON"))
        .collect();
    assert_eq!(examples.len(), 2);
    examples.iter().for_each(assert_valid);

    // Told fields are documented ones, and the other way round.
    let scene = Scene::new();
    listen(&scene.a);
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    let away = away(&scene);
    scene.a.run(&["backup", "push"]);
    back(&scene, away);
    for (name, example) in [("after_push", &examples[0]), ("on_failure", &examples[1])] {
        let told = told_once(&scene.a, name);
        assert_eq!(fields(&told), fields(example), "{name}");
    }
}

/// The names of all fields, where they stand.
fn fields(document: &Value) -> Vec<String> {
    fn below(value: &Value, path: &str, to: &mut Vec<String>) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            below(value, &path, to);
            to.push(path);
        }
    }
    let mut found = Vec::new();
    below(document, "", &mut found);
    found.sort();
    found
}

#[test]
fn a_push_that_sent_something_and_a_pull_that_brought_something_are_told() {
    let scene = Scene::new();
    listen(&scene.a);
    listen(&scene.b);
    scene
        .a
        .write(state("notes.md"), "contents that are nobody's business\n");
    let report = pushed(&scene.a);
    let push = told_once(&scene.a, "after_push");
    told_nothing(&scene.a);
    assert_eq!(
        (&push["event"], &push["command"], &push["by"]),
        (
            &json!("after_push"),
            &json!("backup push"),
            &json!("person")
        )
    );
    assert_eq!(push["remote"], json!(utf8(&scene.bare)));
    assert_eq!(
        (&push["report"]["committed"], &push["report"]["pushed"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(push["report"]["files"]["added"], report["files"]["added"]);
    assert_eq!(
        (&push["error"], &push["failures"]),
        (&json!(null), &json!(0))
    );
    assert!(push["last_ok"].as_str() <= push["at"].as_str(), "{push}");
    let text = push.to_string();
    assert!(
        !text.contains("nobody's business") && !text.contains("notes.md"),
        "{text}"
    );

    scene.b.ok(&["backup", "pull"]);
    let pull = told_once(&scene.b, "after_pull");
    told_nothing(&scene.b);
    assert_eq!(
        (&pull["command"], &pull["report"]["applied"]),
        (&json!("backup pull"), &json!(true))
    );
    assert!(
        pull["report"]["files"]["added"].as_u64() >= Some(1),
        "{pull}"
    );

    // Nothing new: each hour one message of that would be one too many.
    scene.a.ok(&["backup", "push"]);
    scene.b.ok(&["sync"]);
    scene.b.ok(&["sync"]);
    told(&scene.b, "after_push");
    scene.b.ok(&["sync"]);
    scene.b.ok(&["backup", "pull"]);
    told_nothing(&scene.a);
    told_nothing(&scene.b);
}

#[test]
fn a_sync_tells_each_direction_and_tasks_count_as_well() {
    let scene = Scene::with(&[("x", "1\n")]);
    listen(&scene.b);
    scene.a.ok(&["task", "add", "One"]);
    pushed(&scene.a);
    scene.b.ok(&["task", "add", "Two"]);
    scene.b.ok(&["sync"]);
    let (pull, push) = (
        told_once(&scene.b, "after_pull"),
        told_once(&scene.b, "after_push"),
    );
    assert_eq!(
        (&pull["command"], &push["command"]),
        (&json!("sync"), &json!("sync"))
    );
    assert!(
        pull["report"]["ops"]["received"].as_u64() > Some(0),
        "{pull}"
    );
    assert!(push["report"]["ops"]["sent"].as_u64() > Some(0), "{push}");
}

#[test]
fn what_the_background_began_is_told_as_such() {
    let mut scene = Scene::new();
    listen(&scene.a);
    scene.a.env("HOLDALL_BEGUN_BY", "daemon");
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    assert_eq!(told_once(&scene.a, "after_push")["by"], json!("daemon"));
}

#[test]
fn a_new_machine_tells_what_it_brought() {
    let scene = Scene::with(&[("x", "1\n")]);
    let laptop = scene.sandbox.machine("new");
    laptop.checkout("api", crate::flow::scene::API);
    listen(&laptop);
    let ran = laptop.run(&["restore", utf8(&scene.bare), "--into", "code", "--dry-run"]);
    assert_eq!(ran.code, 0, "{ran}");
    told_nothing(&laptop);
    laptop.ok(&["restore", utf8(&scene.bare), "--into", "code"]);
    let pull = told_once(&laptop, "after_pull");
    assert_eq!(pull["command"], json!("restore"));
}

#[test]
fn a_failure_is_told_with_what_went_before_it() {
    let scene = Scene::with(&[("x", "1\n")]);
    listen(&scene.a);
    let away = away(&scene);
    for failures in 1..=2 {
        let ran = scene.a.run(&["backup", "push"]);
        assert_eq!(ran.code, 4, "{ran}");
        let failure = told_once(&scene.a, "on_failure");
        assert_eq!(
            (&failure["error"]["kind"], &failure["failures"]),
            (&json!("unreachable"), &json!(failures))
        );
        assert!(failure["last_ok"].is_string(), "{failure}");
        assert_eq!(failure["report"], json!(null));
    }
    scene.a.run(&["backup", "pull"]);
    let failure = told_once(&scene.a, "on_failure");
    assert_eq!(
        (&failure["command"], &failure["failures"]),
        (&json!("backup pull"), &json!(1))
    );
    scene.a.run(&["sync"]);
    let failure = told_once(&scene.a, "on_failure");
    assert_eq!(
        (&failure["command"], &failure["failures"]),
        (&json!("sync"), &json!(3))
    );
    back(&scene, away);
    told_nothing(&scene.a);
}

#[test]
fn a_decision_that_waits_is_no_failure() {
    let scene = Scene::new();
    listen(&scene.a);
    scene.a.write(state("x"), "1\n");
    scene
        .a
        .write(state("y"), format!("token = \"{}\"\n", token()));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let push = told_once(&scene.a, "after_push");
    assert_eq!(push["report"]["withheld"], json!(1));
    assert!(!push.to_string().contains(&token()), "{push}");
    told_nothing(&scene.a);
}

#[test]
fn a_dry_run_calls_nobody() {
    let scene = Scene::with(&[("x", "1\n")]);
    listen(&scene.a);
    scene.a.write(state("x"), "2\n");
    for args in [
        ["backup", "push", "--dry-run"],
        ["backup", "pull", "--dry-run"],
    ] {
        scene.a.ok(&args);
    }
    scene.a.ok(&["sync", "--dry-run"]);
    let away = away(&scene);
    let ran = scene.a.run(&["backup", "push", "--dry-run"]);
    assert_eq!(ran.code, 4, "{ran}");
    back(&scene, away);
    told_nothing(&scene.a);
}

#[test]
fn a_hook_may_call_holdall_and_is_not_called_by_that() {
    let scene = Scene::new();
    let program = env!("CARGO_BIN_EXE_holdall");
    let script = format!(
        "echo called >> calls; echo more >> '{}'; '{program}' backup push --json > pushed.json",
        scene.a.home.join(state("log.md")).display()
    );
    set(&scene.a, "after_push", &script);
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    // The lock was free, the home was this one, and what the hook had written went with its push.
    let inner: Value = serde_json::from_slice(&scene.a.read("pushed.json")).expect("JSON");
    assert_eq!(inner["data"]["pushed"], json!(true), "{inner}");
    assert_eq!(scene.stored("log.md"), "more\n");
    assert_eq!(scene.a.read("calls"), b"called\n");
}

#[test]
fn a_hook_of_a_home_that_a_flag_names_means_that_one() {
    let scene = Scene::new();
    let mut machine = scene.sandbox.machine("flagged");
    machine.unset("HOLDALL_HOME");
    let program = env!("CARGO_BIN_EXE_holdall");
    let command = format!("'{program}' config path > where; pwd > stood; cat > /dev/null");
    let home = machine.home.join("named");
    let at = |args: &[&str]| machine.ok(&[args, &["--home", utf8(&home)]].concat());
    at(&["config", "set", "hooks.after_push", &command]);
    at(&["task", "add", "One"]);
    at(&["backup", "push"]);
    let file = home.join("config.toml");
    assert_eq!(
        machine.read("where"),
        format!("{}\n", file.display()).as_bytes()
    );
    assert_eq!(
        machine.read("stood"),
        format!("{}\n", machine.home.display()).as_bytes()
    );
}

#[test]
fn a_hook_sees_what_the_persons_programs_see_but_no_token_of_ours() {
    let mut scene = Scene::new();
    for (name, value) in [
        ("HOLDALL_TOKEN", "x"),
        ("GIT_DIR", "/nowhere"),
        ("EDITOR", "vi"),
    ] {
        scene.a.env(name, value);
    }
    set(&scene.a, "after_push", "env > seen; cat > /dev/null");
    scene.a.write(state("x"), "1\n");
    pushed(&scene.a);
    let seen = String::from_utf8(scene.a.read("seen")).expect("text");
    let has = |line: &str| seen.lines().any(|seen| seen.starts_with(line));
    assert!(has("HOLDALL_HOOK=after_push") && has("EDITOR=vi"), "{seen}");
    assert!(!has("HOLDALL_TOKEN") && !has("GIT_DIR"), "{seen}");
}

/// A push with something to send, after which this hook is called. It went well, whatever that did.
#[track_caller]
fn push_with(scene: &Scene, command: &str, flags: &[&str]) -> Ran {
    set(&scene.a, "after_push", command);
    scene.a.write(state("command"), format!("{command}\n"));
    let ran = scene.a.ok(&[&["backup", "push"], flags].concat());
    assert!(ran.stdout.contains("pushed"), "{ran}");
    ran
}

#[test]
fn a_hook_that_fails_is_a_warning_with_its_last_words() {
    let scene = Scene::new();
    let ran = push_with(&scene, "echo first; echo 'no room' >&2; exit 7", &[]);
    assert_eq!(
        ran.stderr,
        "warning: hooks.after_push failed (exit 7): no room\n"
    );
    let ran = push_with(&scene, "kill -9 $$", &[]);
    assert_eq!(ran.stderr, "warning: hooks.after_push was killed\n");
    let ran = push_with(&scene, "/nowhere/at-all", &[]);
    assert!(
        ran.stderr
            .starts_with("warning: hooks.after_push failed (exit 127): ")
            && ran.stderr.contains("/nowhere/at-all"),
        "{ran}"
    );
    let ran = push_with(&scene, "exit 8", &["--json"]);
    assert_eq!(ran.document()["data"]["pushed"], json!(true));
    // Also where the run itself failed.
    set(&scene.a, "on_failure", "echo 'nobody to tell'; exit 1");
    let away = away(&scene);
    let ran = scene.a.run(&["backup", "push"]);
    assert_eq!(ran.code, 4, "{ran}");
    assert!(
        ran.stderr
            .contains("warning: hooks.on_failure failed (exit 1): nobody to tell\n"),
        "{ran}"
    );
    back(&scene, away);
}

#[test]
fn what_a_hook_says_is_for_the_verbose_alone() {
    let scene = Scene::new();
    let ran = push_with(&scene, "echo to stdout; echo to stderr >&2", &[]);
    assert_eq!(ran.stderr, "");
    assert!(!ran.stdout.contains("to std"), "{ran}");
    let ran = push_with(&scene, "printf 'once \\033[2J more\\n'", &["--verbose"]);
    assert!(
        ran.stderr
            .contains("calling hooks.after_push\nhooks.after_push: once \\u{1b}[2J more\n"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("once"), "{ran}");
}

#[test]
fn a_hook_that_takes_too_long_is_ended_with_all_that_it_started() {
    let scene = Scene::new();
    scene.a.ok(&["config", "set", "hooks.timeout", "1"]);
    let began = Instant::now();
    let ran = push_with(&scene, "echo begun; (sleep 3; touch late) & wait", &[]);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(
        ran.stderr,
        "warning: hooks.after_push was ended after 1 s (hooks.timeout): begun\n"
    );
    thread::sleep(Duration::from_secs(3));
    assert!(!scene.a.home.join("late").exists());
    // Nor is it waited for because it talks.
    let ran = push_with(&scene, "yes", &[]);
    assert!(ran.stderr.contains("was ended after 1 s"), "{ran}");
}

#[test]
fn a_hook_is_ended_with_its_run_however_that_ends() {
    let scene = Scene::new();
    set(
        &scene.a,
        "after_push",
        "echo $$ > pid; (sleep 60; touch late) & wait",
    );
    for (number, is_asked) in [true, false].into_iter().enumerate() {
        scene.a.write(state("x"), format!("{number}\n"));
        let run = scene.a.spawn(&["backup", "push"]);
        let pid = || {
            let text = fs::read_to_string(scene.a.home.join("pid")).unwrap_or_default();
            text.trim().parse().ok().and_then(Pid::from_raw)
        };
        let hook = by(Duration::from_secs(30), pid).expect("the hook is called");
        let group = getpgid(Some(hook)).expect("it is at work");
        let ran = if is_asked { run.end().0 } else { run.kill_9() };
        assert!(ran.code > 128, "{ran}");
        let gone = || kill_process_group(group, Signal::CONT).err();
        assert!(by(Duration::from_secs(20), gone).is_some());
        fs::remove_file(scene.a.home.join("pid")).expect("there");
    }
}

/// The answer, as soon as there is one.
fn by<T>(limit: Duration, ask: impl Fn() -> Option<T>) -> Option<T> {
    let since = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || since.elapsed() > limit {
            return answer;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_hook_that_does_not_listen_and_one_that_talks_much_stop_nothing() {
    let scene = Scene::new();
    for command in [
        "exec <&-; sleep 0.1",
        "true",
        "head -c 10000000 /dev/zero | tr '\\0' x",
        "head -c 10000000 /dev/zero | tr '\\0' x >&2; cat > /dev/null",
    ] {
        let ran = push_with(&scene, command, &[]);
        assert_eq!(ran.stderr, "", "{command}");
    }
}

#[test]
fn what_a_remote_says_is_told_without_a_token() {
    let scene = Scene::new();
    listen(&scene.a);
    crate::flow::scene::hook(
        &scene.bare,
        "pre-receive",
        &format!("echo 'send {} to me' >&2; exit 1", token()),
    );
    scene.a.write(state("x"), "1\n");
    let ran = scene.a.run(&["backup", "push"]);
    assert_eq!(ran.code, 1, "{ran}");
    let failure = told_once(&scene.a, "on_failure");
    let text = failure.to_string();
    assert!(!text.contains(&token()), "{text}");
    assert!(text.contains("[secret "), "{text}");
    let runs = scene.a.read("holdall/state/runs.json");
    let runs = String::from_utf8(runs).expect("text");
    assert!(
        runs.contains("[secret ") && !runs.contains(&token()),
        "{runs}"
    );
}

#[test]
fn the_configuration_never_comes_from_a_vault() {
    let scene = Scene::with(&[("x", "1\n")]);
    let config = scene.a.home.join("holdall/config.toml");
    let added = ["settings", "add", utf8(&config)];
    let ran = scene.a.run(&added);
    assert_eq!(ran.code, 1, "{ran}");
    // A list that was written by hand names what holdall would refuse.
    for path in ["~/holdall", "~/holdall/config.toml"] {
        scene.a.ok(&["config", "set", "settings.add", path]);
        for args in [["backup", "push"], ["backup", "pull"]] {
            let ran = scene.a.run(&args);
            assert_eq!(ran.code, 1, "{ran}");
            assert!(
                ran.stderr.contains("cannot travel") && ran.stderr.contains("settings.add"),
                "{ran}"
            );
        }
        scene.a.ok(&["settings", "remove", path]);
    }
    scene.a.ok(&["backup", "push"]);
}

#[test]
fn a_run_that_could_not_begin_has_failed_as_any_other() {
    let scene = Scene::with(&[("x", "1\n")]);
    let data = scene.a.home.join("holdall/data");
    listen(&scene.a);
    let last = |command: &str| {
        let runs = fs::read(scene.a.home.join("holdall/state/runs.json")).expect("read");
        let runs: Value = serde_json::from_slice(&runs).expect("JSON");
        runs[command].clone()
    };
    let good = last("push")["last_ok"].clone();
    for (name, before) in [("vault.git", 0), ("this-machine.json", 2)] {
        let (place, away) = (data.join(name), data.join("away"));
        fs::rename(&place, &away).expect("moved");
        for (args, direction, failures) in [
            (&["backup", "push"][..], "push", before + 1),
            (&["sync"], "push", before + 2),
            (&["backup", "pull"], "pull", before + 2),
        ] {
            let ran = scene.a.run(args);
            assert_eq!(ran.code, 70, "{ran}");
            let told = told_once(&scene.a, "on_failure");
            assert_eq!(told["error"]["kind"], json!("corrupt"), "{told}");
            let history = last(direction);
            assert_eq!(history["last"]["kind"], json!("corrupt"), "{history}");
            assert_eq!(history["failures"], json!(failures), "{name}: {history}");
        }
        scene.a.run(&["backup", "push", "--dry-run"]);
        told_nothing(&scene.a);
        assert!(!place.exists(), "{name} was made anew");
        assert_eq!(last("push")["last_ok"], good);
        fs::rename(&away, &place).expect("moved back");
    }
    // An empty file says nothing of the machine either.
    fs::write(data.join("this-machine.json"), "").expect("written");
    assert_eq!(scene.a.run(&["backup", "push"]).code, 70);
    told_once(&scene.a, "on_failure");
}
