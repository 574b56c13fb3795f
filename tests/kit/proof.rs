//! The kit does what the other tests take for granted. A script stands in for holdall.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{
    Machine, Ran, Sandbox, Shape, Started, clone, commits, fsck, git, is_linear, scale, scaled,
    seed, tree, try_git, write_fixture,
};

const URL: &str = "https://git.example.com/team/api.git";

/// A machine on which `script` stands in for holdall.
fn machine(sandbox: &Sandbox, script: &str) -> Machine {
    let mut machine = sandbox.machine("laptop");
    let program = sandbox.path().join("program");
    machine.write(&program, format!("#!/bin/sh\n{script}\n"));
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&program, mode).expect("a mode can be set");
    // Through the shell: a file just written may still be open in a child being forked elsewhere.
    machine.stand_in("/bin/sh", Duration::from_secs(20));
    machine
}

fn script(sandbox: &Sandbox) -> String {
    sandbox
        .path()
        .join("program")
        .to_string_lossy()
        .into_owned()
}

/// What a failing assertion says.
fn failure<T>(work: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else {
        return String::new();
    };
    panic
        .downcast_ref::<String>()
        .cloned()
        .unwrap_or_else(|| "without a text".to_owned())
}

#[test]
fn the_real_program_is_the_default() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let program = machine.command(&["--help"]).get_program().to_owned();
    assert!(PathBuf::from(program).ends_with("holdall"));
}

#[test]
fn a_run_sees_its_own_home_and_no_foreign_variables() {
    let sandbox = Sandbox::new();
    let mut machine = machine(&sandbox, "env; pwd >&2; exit 3");
    let ran = machine
        .env("EXTRA", "1")
        .unset("LANG")
        .run(&[&script(&sandbox)]);
    let home = machine.home.to_string_lossy().into_owned();
    assert_eq!((ran.code, ran.stderr.trim_end()), (3, home.as_str()));
    let mut names: Vec<&str> = ran
        .stdout
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .filter(|name| !matches!(*name, "_" | "SHLVL" | "OLDPWD" | "PWD"))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["EXTRA", "HOLDALL_HOME", "HOME", "PATH", "TMPDIR", "TZ"]
    );
    assert!(ran.stdout.contains(&format!("HOME={home}\n")));
}

#[test]
fn a_run_can_stand_in_another_directory() {
    let sandbox = Sandbox::new();
    let machine = machine(&sandbox, "pwd");
    machine.write("code/x/file", "1");
    let ran = machine.run_in("code/x", &[&script(&sandbox)]);
    assert!(ran.stdout.trim_end().ends_with("machines/laptop/code/x"));
}

#[test]
fn a_failed_run_shows_both_streams() {
    let sandbox = Sandbox::new();
    let machine = machine(&sandbox, "echo said; echo moaned >&2; exit 4");
    let text = failure(|| machine.ok(&[&script(&sandbox)]));
    for part in ["exit 4", "said", "moaned"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn json_wants_exactly_one_document() {
    let sandbox = Sandbox::new();
    let one = machine(&sandbox, "echo \"{\\\"last\\\":\\\"$2\\\"}\"; exit 6");
    let (code, document) = one.json(&[&script(&sandbox), "x"]);
    assert_eq!((code, document["last"].as_str()), (6, Some("--json")));
    for bad in ["echo '{}{}'", "echo hello; echo '{}'", "true"] {
        let machine = machine(&sandbox, bad);
        let text = failure(|| machine.json(&[&script(&sandbox)]));
        assert!(text.contains("not one JSON document"), "{bad}: {text}");
    }
}

#[test]
fn a_run_beyond_its_limit_is_killed_with_its_children() {
    let sandbox = Sandbox::new();
    let mut machine = machine(&sandbox, "echo begun; sleep 50 & sleep 50");
    machine.stand_in("/bin/sh", Duration::from_millis(300));
    let started = Instant::now();
    let text = failure(|| machine.run(&[&script(&sandbox)]));
    assert!(
        text.contains("took more than") && text.contains("begun"),
        "{text}"
    );
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_killed_run_ends_with_137() {
    let sandbox = Sandbox::new();
    let machine = machine(&sandbox, "exec sleep 50");
    let started: Started = machine.spawn(&[&script(&sandbox)]);
    let ran: Ran = started.kill_9();
    assert_eq!(ran.code, 137);
}

#[test]
fn files_are_written_and_read_where_they_are_named() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    machine.write("a/b", "1");
    machine.write(sandbox.path().join("c"), b"2");
    assert_eq!(machine.read("a/b"), b"1");
    assert_eq!(machine.read(sandbox.path().join("c")), b"2");
    assert!(failure(|| machine.read("a/x")).contains("a/x"));
}

#[test]
fn the_same_checkout_is_the_same_project_everywhere() {
    let sandbox = Sandbox::new();
    let first = sandbox.machine("laptop").checkout("api", URL);
    let second = sandbox.machine("desktop").checkout("api", URL);
    let other = sandbox.machine("tower").checkout("api", None);
    assert_eq!(commits(&first), commits(&second));
    assert_ne!(commits(&first), commits(&other));
    assert_eq!(
        git(&["remote", "get-url", "origin"], &first).trim_end(),
        URL
    );
    assert_eq!(git(&["remote"], &other), "");
    assert_eq!(git(&["check-ignore", ".aigon/x"], &first), ".aigon/x\n");
    assert_eq!(git(&["status", "--porcelain"], &first), "");
}

#[test]
fn a_bare_repository_can_be_cloned_and_checked() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    fsck(&bare);
    assert!(commits(&bare).is_empty() && !is_linear(&bare));
    let work = sandbox.machine("laptop").checkout("api", None);
    git(
        &["push", "-q", bare.to_str().expect("a UTF-8 path"), "main"],
        &work,
    );
    let copy = sandbox.path().join("copy");
    clone(&bare, &copy);
    assert_eq!(tree(&copy), tree(&work));
    assert_eq!(commits(&bare)[0].subject, "start");
    assert!(is_linear(&bare) && commits(&bare)[0].id.len() == 40);
    fsck(&bare);
}

#[test]
fn a_merge_is_not_linear() {
    let sandbox = Sandbox::new();
    let work = sandbox.machine("laptop").checkout("api", None);
    git(&["checkout", "-q", "-b", "side"], &work);
    git(&["commit", "-q", "--allow-empty", "-m", "one"], &work);
    git(&["checkout", "-q", "main"], &work);
    git(&["commit", "-q", "--allow-empty", "-m", "two"], &work);
    assert!(is_linear(&work));
    git(&["merge", "-q", "--no-ff", "-m", "both", "side"], &work);
    assert!(!is_linear(&work));
}

#[test]
fn a_broken_repository_is_not_sound() {
    let sandbox = Sandbox::new();
    let work = sandbox.machine("laptop").checkout("api", None);
    let tree = git(&["rev-parse", "HEAD^{tree}"], &work);
    let (folder, file) = tree.trim_end().split_at(2);
    fs::remove_file(work.join(".git/objects").join(folder).join(file)).expect("it is loose");
    assert!(failure(|| fsck(&work)).contains("is not sound"));
    assert_ne!(
        try_git(&["rev-parse", "HEAD^{tree}^{tree}x"], &work).code,
        0
    );
}

#[test]
fn a_tree_holds_files_and_links() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    machine.write("a/b", "1");
    machine.write(".git/x", "2");
    std::os::unix::fs::symlink("a/b", machine.home.join("link")).expect("a link can be made");
    let files = tree(&machine.home);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["a/b", "link"]);
    assert_eq!(files["link"], b"-> a/b");
}

#[test]
fn a_twentieth_is_at_least_one() {
    assert_eq!(
        [scaled(200, false), scaled(5, false), scaled(200, true)],
        [10, 1, 200]
    );
    assert!(scale(10) == 1 || scale(10) == 10);
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let mut rng = seed(1_234_567);
    let known = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
    assert_eq!([rng.next(), rng.next()], known);
    assert_eq!(seed(1).bytes(11), seed(1).bytes(11));
    assert_eq!(seed(1).bytes(11).len(), 11);
    let mut rng = seed(2);
    let mut all: Vec<usize> = (0..200).map(|_| rng.between(3, 5)).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, [3, 4, 5]);
}

#[test]
fn the_same_fixture_has_the_same_bytes() {
    let sandbox = Sandbox::new();
    let shape = |seed| Shape {
        projects: 2,
        files: 60,
        seed,
    };
    let [a, b, c] = [("a", 1), ("b", 1), ("c", 2)].map(|(name, seed)| {
        let dir = sandbox.path().join(name);
        let totals = write_fixture(&dir, &shape(seed)).expect("the fixture can be written");
        assert_eq!((totals.projects.len(), totals.files), (2, 120));
        // Four files of junk, README.md and .gitignore in each project.
        assert_eq!(tree(&dir.join("code")).len(), 120 + 2 * 6);
        assert_eq!(commits(&totals.projects[0]).len(), 1);
        assert!(totals.bytes > 120 * 300);
        dir
    });
    assert_eq!(tree(&a.join("code")), tree(&b.join("code")));
    assert_ne!(tree(&a.join("code")), tree(&c.join("code")));
    let config = fs::read_to_string(a.join("home/.aigon/config.json")).expect("it is there");
    assert!(config.contains("\"serverPort\": 4100") && config.contains("ghp_"));
}
