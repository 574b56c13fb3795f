//! A backup of `.aigon/` that copies into a work tree and commits there. Each test names the fault of it, by number, that
//! must not be ours.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::flow::scene::{
    API, Scene, add, any_object_has, by_hand, connect, fails, hook, is_there, pulled, pushed,
    state, text, tip, utf8,
};
use crate::kit::{Machine, git, tree};

fn status(machine: &Machine) -> Value {
    let (code, document) = machine.json(&["backup", "status", "--offline"]);
    assert!(matches!(code, 0 | 3), "{document}");
    document["data"].clone()
}

/// Aigon 1
#[test]
fn a_stale_machine_takes_nothing_back() {
    let scene = Scene::with(&[("x", "v1\n")]);
    scene.a.write(state("x"), "v2\n");
    scene.a.write(state("new"), "new\n");
    pushed(&scene.a);
    // Without a change of its own there is nothing for the stale machine to say.
    let before = tip(&scene.bare);
    let data = pushed(&scene.b);
    assert_eq!(data["committed"], false, "{data}");
    assert_eq!(tip(&scene.bare), before);
    scene.b.write(state("own"), "own\n");
    pushed(&scene.b);
    for (name, content) in [("x", "v2\n"), ("new", "new\n"), ("own", "own\n")] {
        assert_eq!(scene.stored(name), content, "{name}");
    }
    assert_eq!(
        text(&scene.b, state("x")),
        "v1\n",
        "a push writes nothing here"
    );
}

/// Aigon 2
#[test]
fn an_unreachable_remote_is_not_an_empty_vault() {
    let scene = Scene::with(&[("x", "1\n")]);
    let last_ok = status(&scene.b)["last_pull"]["last_ok"].clone();
    assert!(last_ok.is_string());
    let away = scene.sandbox.path().join("away.git");
    fs::rename(&scene.bare, &away).expect("it can be moved");
    for command in ["pull", "push"] {
        let ran = scene.b.run(&["backup", command]);
        assert_eq!(ran.code, 4, "{ran}");
        assert!(
            !format!("{}{}", ran.stdout, ran.stderr).contains("empty"),
            "{ran}"
        );
        fails(&scene.b, &["backup", command], (4, "unreachable"));
    }
    let after = status(&scene.b);
    assert_eq!(after["last_pull"]["result"], "unreachable", "{after}");
    assert_eq!(after["last_pull"]["last_ok"], last_ok, "{after}");
    assert_eq!(after["last_push"]["result"], "unreachable", "{after}");
    assert!(after["last_push"]["last_ok"].is_null(), "{after}");
    assert_eq!(text(&scene.b, state("x")), "1\n");
    assert!(!scene.bare.exists(), "no repository is made in its place");
    fs::rename(&away, &scene.bare).expect("it can be moved");
    pulled(&scene.b);
}

/// Aigon 2
#[test]
fn a_remote_that_does_not_let_us_in_is_not_an_empty_vault() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scene = Scene::with(&[("x", "1\n")]);
    chown(&scene.bare, Some(12_345), Some(12_345)).expect("root can give it away");
    let before = status(&scene.b)["last_pull"]["last_ok"].clone();
    for command in ["pull", "push"] {
        fails(&scene.b, &["backup", command], (5, "auth"));
    }
    assert_eq!(status(&scene.b)["last_pull"]["last_ok"], before);
    assert_eq!(text(&scene.b, state("x")), "1\n");
}

/// Aigon 3
#[test]
fn a_push_that_failed_half_way_needs_no_hand() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write(state("from-a"), "a\n");
    let refusing = hook(&scene.bare, "pre-receive", "exit 1");
    for _ in 0..2 {
        fails(&scene.a, &["backup", "push"], (1, "refused"));
    }
    fs::remove_file(refusing).expect("it can be deleted");
    scene.b.write(state("from-b"), "b\n");
    pushed(&scene.b);
    pulled(&scene.a);
    pushed(&scene.a);
    pulled(&scene.b);
    for machine in [&scene.a, &scene.b] {
        assert_eq!(text(machine, state("from-a")), "a\n");
        assert_eq!(text(machine, state("from-b")), "b\n");
    }
}

/// Aigon 3
#[test]
fn a_first_push_offline_joins_a_vault_that_has_content() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    let dir = tower.checkout("api", API);
    tower.write(state("from-tower"), "tower\n");
    add(&tower, &dir);
    let away = scene.sandbox.path().join("away.git");
    fs::rename(&scene.bare, &away).expect("it can be moved");
    tower.ok(&["backup", "configure", utf8(&scene.bare), "--no-check"]);
    fails(&tower, &["backup", "push"], (4, "unreachable"));
    fs::rename(&away, &scene.bare).expect("it can be moved");
    pushed(&tower);
    assert_eq!(scene.stored("from-tower"), "tower\n");
    assert_eq!(scene.stored("x"), "1\n");
    pulled(&tower);
    assert_eq!(text(&tower, state("x")), "1\n");
}

/// Aigon 4
#[test]
fn a_refusal_of_the_host_is_told_in_its_own_words() {
    let scene = Scene::with(&[("x", "1\n")]);
    for (name, words) in [
        ("pre-receive", "GH001: Large files detected"),
        ("update", "push protection: a token was found"),
    ] {
        let refusing = hook(&scene.bare, name, &format!("echo '{words}' >&2\nexit 1"));
        let before = tip(&scene.bare);
        scene.a.write(state("x"), name);
        let message = fails(&scene.a, &["backup", "push"], (1, "refused"));
        assert!(message.contains(words), "{message}");
        for wrong in ["diverged", "pull first", "moved"] {
            assert!(!message.contains(wrong), "{message}");
        }
        assert_eq!(tip(&scene.bare), before);
        assert_eq!(status(&scene.a)["last_push"]["result"], "refused");
        fs::remove_file(refusing).expect("it can be deleted");
        pushed(&scene.a);
        assert_eq!(scene.stored("x"), name);
    }
}

/// Aigon 5
#[test]
fn two_checkouts_of_one_name_never_share_a_snapshot() {
    let scene = Scene::new();
    let urls = [
        "git@github.com:work/cli.git",
        "git@github.com:personal/cli.git",
    ];
    for (machine, write) in [(&scene.a, true), (&scene.b, false)] {
        for (place, url) in ["work/cli", "personal/cli"].iter().zip(urls) {
            let dir = machine.checkout(place, url);
            if write {
                machine.write(dir.join(".aigon/state"), place);
            }
            add(machine, &dir);
        }
    }
    pushed(&scene.a);
    pulled(&scene.b);
    for place in ["work/cli", "personal/cli"] {
        let path = format!("code/{place}/.aigon/state");
        assert_eq!(text(&scene.b, &path), place);
        assert_eq!(text(&scene.a, &path), place);
    }
}

/// Aigon 7
#[test]
fn corrupt_settings_wipe_nothing_on_either_side() {
    let scene = Scene::new();
    let (config, good) = (".aigon/config.json", "{\"theme\": \"dark\"}\n");
    for machine in [&scene.a, &scene.b] {
        machine.write(config, good);
    }
    pushed(&scene.a);
    pulled(&scene.b);
    let stored = || git(&["show", "main:settings/aigon/config.json"], &scene.bare);
    scene.a.write(config, "{ half a fi");
    for command in ["push", "pull"] {
        let (code, document) = scene.a.json(&["backup", command]);
        assert_eq!(code, 3, "{document}");
    }
    assert_eq!(stored(), good);
    assert_eq!(text(&scene.a, config), "{ half a fi");
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("settings/aigon/config.json"), "oops").expect("written");
    });
    for command in ["pull", "push"] {
        let (_, document) = scene.b.json(&["backup", command]);
        assert_eq!(text(&scene.b, config), good, "{document}");
    }
}

/// A user whose git is set up to get in the way.
fn awkward_git(machine: &Machine) -> PathBuf {
    let hooks = machine.home.join("failing-hooks");
    for name in [
        "pre-commit",
        "commit-msg",
        "pre-push",
        "post-commit",
        "reference-transaction",
    ] {
        machine.write(hooks.join(name), "#!/bin/sh\nexit 1\n");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(hooks.join(name), mode).expect("a mode can be set");
    }
    machine.write("ignored", "*.md\n*.json\nbuild/\n");
    machine.write(
        ".gitconfig",
        format!(
            "[core]\n\texcludesFile = {0}/ignored\n\tautocrlf = true\n\teol = crlf\n\thooksPath = {1}\n\
             [commit]\n\tgpgsign = true\n[gpg]\n\tprogram = /bin/false\n[user]\n\tsigningkey = none\n\
             [receive]\n\tdenyNonFastForwards = true\n[transfer]\n\tfsckObjects = true\n",
            machine.home.display(),
            hooks.display()
        ),
    );
    hooks
}

/// Aigon 8
#[test]
fn nothing_of_the_users_git_decides_what_travels() {
    let scene = Scene::new();
    awkward_git(&scene.a);
    awkward_git(&scene.b);
    let contents: [(&str, &[u8]); 7] = [
        ("spec.md", b"one\r\ntwo\n"),
        ("run.json", b"{}\n"),
        ("build/out.bin", b"\0\x01\r\n"),
        (".gitignore", b"*\n"),
        (".gitattributes", b"* text eol=crlf ident filter=lfs\n"),
        ("sub/.gitignore", b"*.txt\n"),
        ("sub/note.txt", b"$Id$\nlf\n"),
    ];
    for (name, bytes) in contents {
        scene.a.write(state(name), bytes);
    }
    pushed(&scene.a);
    for (name, bytes) in contents {
        let spec = format!("main:projects/api/.aigon/{name}");
        assert_eq!(
            git(&["cat-file", "blob", &spec], &scene.bare).as_bytes(),
            bytes,
            "{name}"
        );
    }
    pulled(&scene.b);
    for (name, bytes) in contents {
        assert_eq!(scene.b.read(state(name)), bytes, "{name}");
    }
    let before = tip(&scene.bare);
    assert_eq!(pushed(&scene.a)["committed"], false);
    assert_eq!(tip(&scene.bare), before);
}

/// Aigon 9
#[test]
fn links_and_empty_directories_survive_a_push_and_a_pull() {
    let scene = Scene::with(&[("x", "1\n")]);
    symlink("x", scene.a.home.join(state("link"))).expect("a link");
    fs::create_dir(scene.a.home.join(state("empty"))).expect("a directory");
    pushed(&scene.a);
    let line = git(
        &["ls-tree", "main:projects/api/.aigon", "link"],
        &scene.bare,
    );
    assert!(line.starts_with("120000 "), "{line}");
    for machine in [&scene.a, &scene.b] {
        pulled(machine);
        let target = fs::read_link(machine.home.join(state("link")));
        assert_eq!(target.ok(), Some(PathBuf::from("x")));
        assert!(machine.home.join(state("empty")).is_dir());
    }
}

/// Aigon 11
#[test]
fn tracked_files_are_known_by_any_name_and_left_alone() {
    let scene = Scene::new();
    let names = [
        "plain.md",
        "gr\u{fc}\u{df}e.md",
        "\u{4f60}\u{597d}.md",
        "with \"quote\".md",
    ];
    for machine in [&scene.a, &scene.b] {
        let dir = machine.home.join("code/api");
        git(&["config", "core.quotePath", "true"], &dir);
        for name in names {
            machine.write(dir.join(".aigon").join(name), "tracked\n");
        }
        git(&["add", "-f", ".aigon"], &dir);
        git(&["commit", "-q", "-m", "tracked"], &dir);
    }
    scene.a.write(state("state.md"), "1\n");
    for name in names {
        scene.a.write(state(name), "changed here\n");
    }
    pushed(&scene.a);
    let files = scene.vault();
    let sent: Vec<&String> = files
        .keys()
        .filter(|path| path.contains("/.aigon/"))
        .collect();
    assert_eq!(sent, ["projects/api/.aigon/state.md"]);
    assert!(!any_object_has(&scene.bare, "changed here"));
    // Somebody puts them into the vault by hand: git's own files are still not ours to write.
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        for name in names {
            fs::write(dir.join("projects/api/.aigon").join(name), "evil\n").expect("written");
        }
    });
    pulled(&scene.b);
    for name in names {
        assert_eq!(text(&scene.b, state(name)), "tracked\n", "{name}");
    }
    assert_eq!(text(&scene.b, state("state.md")), "1\n");
}

/// Everything that a change of a live file would change: its bytes, its inode, its times.
fn live(machine: &Machine) -> Vec<(PathBuf, u64, i64, i64)> {
    let mut seen = Vec::new();
    for top in ["code/api", ".aigon"] {
        let entries = walkdir::WalkDir::new(machine.home.join(top)).sort_by_file_name();
        for entry in entries {
            let entry = entry.expect("it can be walked");
            let meta = entry.metadata().expect("it is there");
            let ctime = meta.ctime() * 1_000_000_000 + meta.ctime_nsec();
            let mtime = meta.mtime() * 1_000_000_000 + meta.mtime_nsec();
            seen.push((entry.into_path(), meta.ino(), mtime, ctime));
        }
    }
    seen
}

/// Aigon 13
#[test]
fn nothing_that_runs_by_itself_touches_a_live_file() {
    let scene = Scene::with(&[("old.jsonl", "{\"at\":\"2019-01-01\"}\n"), ("x", "1\n")]);
    let a = &scene.a;
    for name in [
        "sessions/s1",
        "run.log",
        "heartbeat-1",
        "cache/c",
        "a.tmp",
        ".env",
    ] {
        a.write(state(name), "of long ago\n");
    }
    a.write(
        ".aigon/config.json",
        "{\"repos\": [\"/x\"], \"theme\": \"dark\"}\n",
    );
    pushed(a);
    let before = live(a);
    for _ in 0..3 {
        for command in [
            &["backup", "push"][..],
            &["backup", "push", "--dry-run"],
            &["backup", "pull"],
            &["backup", "pull", "--dry-run"],
            &["backup", "status"],
            &["backup", "log"],
            &["settings", "list"],
            &["project", "list"],
            &["project", "explain", "code/api/.aigon/x"],
            &["config", "set", "rules", "old.jsonl :disposable"],
        ] {
            a.ok(command);
        }
    }
    assert_eq!(live(a), before);
    // What others push arrives, and nothing else is written.
    scene.b.write(state("from-b"), "1\n");
    pushed(&scene.b);
    pulled(a);
    let after = live(a);
    let changed: Vec<_> = after.iter().filter(|it| !before.contains(it)).collect();
    let dir = a.home.join(state(""));
    let new = a.home.join(state("from-b"));
    let expected = |path: &Path| path == new || path == dir;
    assert!(changed.iter().all(|it| expected(&it.0)), "{changed:?}");
    assert_eq!(after.len(), before.len() + 1);
    // To stop carrying a project is no reason to touch it either.
    a.ok(&["project", "remove", "api", "--from-vault"]);
    pulled(a);
    assert_eq!(live(a), after);
}

/// Aigon 14
#[test]
fn a_remote_that_hangs_is_given_up_with_the_cause() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["config", "set", "remote.idle_timeout", "4"]);
    let hanging = hook(&scene.bare, "pre-receive", "exec sleep 600");
    scene.a.write(state("x"), "2\n");
    let began = Instant::now();
    let message = fails(&scene.a, &["backup", "push"], (4, "unreachable"));
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(message.contains("4 s"), "{message}");
    assert_eq!(scene.stored("x"), "1\n");
    fs::remove_file(hanging).expect("it can be deleted");
    pushed(&scene.a);
    assert_eq!(scene.stored("x"), "2\n");
}

/// Aigon 14
#[test]
fn a_push_that_arrived_before_the_remote_hung_is_seen() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.ok(&["config", "set", "remote.idle_timeout", "4"]);
    hook(&scene.bare, "post-receive", "exec sleep 600");
    scene.a.write(state("x"), "2\n");
    let began = Instant::now();
    pushed(&scene.a);
    assert!(began.elapsed() < Duration::from_secs(30));
    assert_eq!(scene.stored("x"), "2\n");
}

/// Aigon 14
#[test]
fn of_two_pushes_of_one_machine_one_goes_first() {
    let scene = Scene::with(&[("x", "1\n")]);
    // Long enough that both are there at once.
    hook(&scene.bare, "pre-receive", "sleep 1");
    scene.a.write(state("x"), "2\n");
    let runs = [0, 1].map(|_| scene.a.spawn(&["backup", "push", "--json"]));
    let ran = runs.map(crate::kit::Started::finish);
    let done = ran.iter().filter(|ran| ran.code == 0).count();
    assert!(done >= 1, "{} {}", ran[0], ran[1]);
    for refused in ran.iter().filter(|ran| ran.code != 0) {
        assert_eq!(refused.code, 4, "{refused}");
        assert_eq!(refused.document()["error"]["kind"], "busy", "{refused}");
    }
    assert_eq!(scene.stored("x"), "2\n");
    pushed(&scene.a);
}

/// Aigon 18
#[test]
fn a_directory_of_the_right_name_is_not_the_project() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    connect(&tower, &scene.bare);
    let other = tower.checkout("api", "https://github.com/someone/api.git");
    tower.write(other.join(".aigon/x"), "somebody else's\n");
    let whole = |dir: &Path| (tree(dir), tree(&dir.join(".git")));
    let before = whole(&other);
    // Not registered, then registered: neither makes it the project of the vault.
    let data = pulled(&tower);
    assert_eq!(data["missing"][0]["name"], "api", "{data}");
    add(&tower, &other);
    let data = pulled(&tower);
    assert_eq!(data["missing"][0]["name"], "api", "{data}");
    assert_eq!(whole(&other), before);
    pushed(&tower);
    assert_eq!(scene.stored("x"), "1\n");
    let files = scene.vault();
    assert_eq!(files["projects/api~2/.aigon/x"], b"somebody else's\n");
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "1\n");
    assert!(!is_there(&scene.a, "code/api~2"));
}

/// Aigon 6
#[test]
fn keys_in_the_settings_and_in_the_state_never_reach_the_vault() {
    let scene = Scene::with(&[("x", "1\n")]);
    // Put together here, so that this file holds no secret's shape.
    let secrets = [
        format!("sk-proj-{}", "q8Rw2Kz5Tb7Xn4Vj".repeat(3)),
        format!("ghp_{}", "aB3dE6gH9".repeat(4)),
        format!("{}!", "Zx9kQ2wL7m"),
        "v7Tn2Kx9Qw4Lz8Rb5Hc1Md6F".to_owned(),
    ];
    let [openai, github, password, plain] = &secrets;
    let config = format!(
        "{{\"theme\": \"dark\", \"agents\": {{\"cx\": {{\"env\": {{\"OPENAI_API_KEY\": \"{openai}\", \
         \"EDITOR\": \"vim\"}}, \"flags\": \"--with {github}\"}}}}}}\n"
    );
    scene.a.write(".aigon/config.json", config);
    scene
        .a
        .write(state(".env"), format!("OPENAI_API_KEY={openai}\n"));
    let transcript = serde_json::json!({"text": format!("export GITHUB_TOKEN={github}\n")});
    scene.a.write(state("log.jsonl"), format!("{transcript}\n"));
    scene
        .a
        .write(state("deploy.md"), format!("db_password: \"{password}\"\n"));
    scene.a.write(
        state("run.json"),
        format!("{{\"clientSecret\": \"{plain}\"}}\n"),
    );
    scene.a.write(state("good.md"), "fine\n");
    let mut said = String::new();
    for args in [
        &["backup", "push", "-v"][..],
        &["backup", "push", "--json"],
        &["backup", "status", "-v"],
        &["secret", "list", "-v"],
    ] {
        let ran = scene.a.run(args);
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    }
    let files = scene.vault();
    assert_eq!(scene.stored("good.md"), "fine\n");
    let settings = String::from_utf8(files["settings/aigon/config.json"].clone()).expect("text");
    assert!(
        settings.contains("dark") && settings.contains("vim"),
        "{settings}"
    );
    for (path, bytes) in tree(&scene.a.home) {
        // What this machine wrote down about its runs.
        if path.ends_with("runs.json") || path.ends_with("projects.json") {
            said.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    for secret in &secrets {
        assert!(!any_object_has(&scene.bare, secret), "{secret} left");
        assert!(!said.contains(secret.as_str()), "{secret} was said: {said}");
    }
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(
        document["data"]["withheld"].as_array().map(Vec::len),
        Some(3),
        "{document}"
    );
}

/// Aigon 10
#[test]
fn sixteen_thousand_new_files_go_in_one_push() {
    let full = std::env::var("HOLDALL_TEST_FULL").is_ok_and(|value| value == "1");
    let many = if full { 100_000 } else { 16_000 };
    let scene = Scene::with(&[("x", "1\n")]);
    for at in 0..many {
        let name = format!(
            "runs/{:03}/{at:06} of many, with a rather long name.json",
            at % 200
        );
        scene.a.write(state(&name), format!("{{\"run\": {at}}}\n"));
    }
    let data = pushed(&scene.a);
    assert_eq!(data["files"]["added"], many, "{}", data["files"]);
    let args = [
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        "main",
        "projects/api/.aigon/runs/",
    ];
    let there = git(&args, &scene.bare);
    assert_eq!(there.split_terminator('\0').count(), many);
    assert_eq!(pushed(&scene.a)["committed"], false);
}

/// Aigon 15
#[test]
fn half_a_line_of_a_log_neither_travels_nor_is_lost() {
    let whole = "{\"at\":1}\n";
    let scene = Scene::with(&[("events.jsonl", whole), ("x", "1\n")]);
    scene.a.write(
        state("events.jsonl"),
        format!("{whole}{{\"at\":2}}\n{{\"at\":3,\"what"),
    );
    pushed(&scene.a);
    assert_eq!(
        scene.stored("events.jsonl"),
        format!("{whole}{{\"at\":2}}\n")
    );
    // A log in the middle of its line is no log to be replaced.
    let torn = format!("{whole}{{\"at\":9,\"wh");
    scene.b.write(state("events.jsonl"), &torn);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("events.jsonl")), torn);
    let ended = format!("{whole}{{\"at\":2}}\n{{\"at\":3,\"what\":\"done\"}}\n");
    scene.a.write(state("events.jsonl"), &ended);
    pushed(&scene.a);
    assert_eq!(scene.stored("events.jsonl"), ended);
    // A log that only ever had half a line waits, and that is said.
    scene.a.write(state("fresh.jsonl"), "{\"at\":");
    let data = pushed(&scene.a);
    assert_eq!(data["left"][0]["reason"], "half_line", "{data}");
    assert!(
        !scene
            .vault()
            .contains_key("projects/api/.aigon/fresh.jsonl")
    );
}
