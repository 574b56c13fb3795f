//! What an Aigon backup left behind is taken over; and what its restore does to a disk is not done.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::flow::scene::{
    API, Scene, add, any_object_has, connect, fails, is_there, pulled, pushed, text, tip, utf8,
    vault,
};
use crate::kit::{Hub, Machine, Rng, Sandbox, clone, commits, git, is_linear, tree};

/// A machine whose Aigon has pushed: two projects of this machine and one of another, settings, and a
/// file that people put there.
struct Old {
    sandbox: Sandbox,
    bare: PathBuf,
    a: Machine,
}

impl Old {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("aigon-vault.git");
        let a = sandbox.machine("laptop");
        let api = a.checkout("api", API);
        let web = a.checkout("web", None);
        let dir = sandbox.path().join("by-aigon");
        clone(&bare, &dir);
        for (path, content) in [
            ("projects/api/workflows/one.json", "{\"stage\": \"done\"}\n"),
            ("projects/api/spec.md", "spec\n"),
            ("projects/web/spec.md", "web\n"),
            ("projects/elsewhere/spec.md", "elsewhere\n"),
            (
                "settings/config.json",
                "{\n  \"theme\": \"dark\",\n  \"backup\": {\n    \"schedule\": \"hourly\"\n  }\n}\n",
            ),
            ("settings/workflow-definitions/solo.json", "{}\n"),
            ("README.md", "ours\n"),
        ] {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, content).expect("written");
        }
        git(&["add", "-A"], &dir);
        git(&["commit", "-q", "-m", "aigon backup"], &dir);
        git(&["push", "-q", "origin", "HEAD:main"], &dir);
        let old = Self { sandbox, bare, a };
        let gone = old.a.home.join("code/gone");
        old.configured(&old.a, &[&api, &web, &gone]);
        old
    }

    fn configured(&self, machine: &Machine, repos: &[&Path]) {
        let config = json!({
            "repos": repos,
            "serverPort": 4100,
            "theme": "dark",
            "backup": {"remote": self.bare, "schedule": "hourly"},
        });
        machine.write(".aigon/config.json", config.to_string());
    }
}

fn import(machine: &Machine, code: i32, args: &[&str]) -> Value {
    let (ended, document) = machine.json(&[&["import", "--from", "aigon"], args].concat());
    assert_eq!(ended, code, "{document}");
    document["data"].clone()
}

#[test]
fn an_aigon_vault_becomes_one_of_ours_and_keeps_its_history() {
    let old = Old::new();
    let a = &old.a;
    a.write("code/api/.aigon/spec.md", "spec\n");
    a.write("code/api/.aigon/new.md", "new here\n");
    let data = import(a, 3, &["--yes"]);
    assert_eq!(data["remote_kind"], "aigon_vault", "{data}");
    assert_eq!(data["schedule"], "hourly", "{data}");
    assert_eq!(data["left"][0]["path"], "projects/elsewhere", "{data}");
    assert!(data["projects"][2]["why"].is_string(), "{data}");
    let files = vault(&old.sandbox, &old.bare);
    assert_eq!(files["projects/api/.aigon/spec.md"], b"spec\n");
    assert_eq!(files["projects/elsewhere/spec.md"], b"elsewhere\n");
    assert_eq!(files["README.md"], b"ours\n");
    assert_eq!(
        files["settings/aigon/workflow-definitions/solo.json"],
        b"{}\n"
    );
    let config = String::from_utf8(files["settings/aigon/config.json"].clone()).expect("text");
    assert!(
        config.contains("dark") && !config.contains("backup"),
        "{config}"
    );
    assert!(!files.contains_key("settings/config.json"));
    assert!(!files.contains_key("projects/api/spec.md"));
    assert!(is_linear(&old.bare));
    assert_eq!(
        git(&["show", "main~1:projects/api/spec.md"], &old.bare),
        "spec\n"
    );
    // From here on it is a vault like any other.
    pulled(a);
    assert_eq!(
        text(a, "code/api/.aigon/workflows/one.json"),
        "{\"stage\": \"done\"}\n"
    );
    assert_eq!(text(a, "code/web/.aigon/spec.md"), "web\n");
    assert!(text(a, ".aigon/config.json").contains("4100"));
    pushed(a);
    let files = vault(&old.sandbox, &old.bare);
    assert_eq!(files["projects/api/.aigon/new.md"], b"new here\n");
    let b = old.sandbox.machine("desktop");
    connect(&b, &old.bare);
    add(&b, &b.checkout("backend", API));
    pulled(&b);
    assert_eq!(text(&b, "code/backend/.aigon/new.md"), "new here\n");
    // A second import has nothing to do, but for what nobody knows.
    let before = tip(&old.bare);
    let data = import(a, 3, &["--yes"]);
    assert_eq!(data["remote_kind"], "vault", "{data}");
    assert!(data["commit"].is_null(), "{data}");
    assert_eq!(tip(&old.bare), before);
}

#[test]
fn what_one_machine_does_not_know_another_one_adopts() {
    let old = Old::new();
    import(&old.a, 3, &["--yes"]);
    let b = old.sandbox.machine("desktop");
    let elsewhere = b.checkout("elsewhere", "https://github.com/team/elsewhere");
    let api = b.checkout("api", API);
    old.configured(&b, &[&elsewhere, &api]);
    let data = import(&b, 0, &["--yes"]);
    assert_eq!(data["adopted"][0]["name"], "elsewhere", "{data}");
    assert_eq!(data["adopted"].as_array().map(Vec::len), Some(1), "{data}");
    pulled(&b);
    assert_eq!(text(&b, "code/elsewhere/.aigon/spec.md"), "elsewhere\n");
    assert_eq!(text(&b, "code/api/.aigon/spec.md"), "spec\n");
}

#[test]
fn two_repositories_of_one_name_are_not_guessed_between() {
    let old = Old::new();
    let one = old.a.checkout("one/api", API);
    let two = old.a.checkout("two/api", "https://github.com/me/api");
    old.configured(&old.a, &[&one, &two]);
    let data = import(&old.a, 3, &["--yes"]);
    assert_eq!(data["left"][0]["path"], "projects/api", "{data}");
    assert_eq!(data["left"][0]["why"], "several_repositories", "{data}");
    pulled(&old.a);
    assert!(!is_there(&old.a, "code/one/api/.aigon"));
    assert!(!is_there(&old.a, "code/two/api/.aigon"));
    let files = vault(&old.sandbox, &old.bare);
    assert_eq!(files["projects/api/spec.md"], b"spec\n");
}

#[test]
fn what_stays_in_the_old_vault_is_not_mixed_up_with_a_project_that_comes_later() {
    let old = Old::new();
    let one = old.a.checkout("one/api", API);
    let two = old.a.checkout("two/api", "https://github.com/me/api");
    old.configured(&old.a, &[&one, &two]);
    import(&old.a, 3, &["--yes"]);
    old.a.write("code/one/api/.aigon/own.md", "own\n");
    pushed(&old.a);
    let files = vault(&old.sandbox, &old.bare);
    assert_eq!(files["projects/api/spec.md"], b"spec\n");
    assert!(!files.contains_key("projects/api/project.json"));
    assert!(files.contains_key("projects/api~3/project.json"));
    assert_eq!(files["projects/api~2/.aigon/own.md"], b"own\n");
    let data = import(&old.a, 3, &["--yes"]);
    assert_eq!(data["left"][0]["path"], "projects/api", "{data}");
    // Who knows one of that name alone, and none of those that were pushed, adopts it still.
    let b = old.sandbox.machine("desktop");
    let api = b.checkout("api", "https://github.com/you/api");
    old.configured(&b, &[&api]);
    import(&b, 3, &["--yes"]);
    pulled(&b);
    assert_eq!(text(&b, "code/api/.aigon/spec.md"), "spec\n");
    // Who has the one that was pushed is told where to find it.
    let third = old.sandbox.machine("third");
    let gone = third.checkout("elsewhere", API);
    old.configured(&third, &[&gone]);
    let ran = third.run(&["import", "--from", "aigon", "--yes"]);
    assert_eq!(ran.code, 3, "{ran}");
    let hint = "projects/elsewhere stays as it is in the vault: its repository is another project";
    assert!(ran.stderr.contains(hint), "{ran}");
}

#[test]
fn what_was_just_taken_over_was_not_taken_out_of_the_vault() {
    let old = Old::new();
    import(&old.a, 3, &["--yes"]);
    let (_, document) = old.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["skipped"], json!([]), "{document}");
    pulled(&old.a);
    // Nor was what another machine sent since, and this one was told of.
    let b = old.sandbox.machine("desktop");
    connect(&b, &old.bare);
    let shop = b.checkout("shop", "https://github.com/team/shop");
    b.write(shop.join(".aigon/x"), "1\n");
    add(&b, &shop);
    pushed(&b);
    let here = old.a.checkout("bare-of-remotes", None);
    old.a.ok(&["project", "link", utf8(&here), "shop"]);
    let (_, document) = old.a.json(&["backup", "status"]);
    assert_eq!(document["data"]["skipped"], json!([]), "{document}");
    pulled(&old.a);
    assert_eq!(text(&old.a, here.join(".aigon/x")), "1\n");
}

#[test]
fn a_dry_import_and_one_without_a_yes_change_nothing() {
    let old = Old::new();
    let before = (tree(&old.a.home), tip(&old.bare));
    let data = import(&old.a, 3, &["--dry-run"]);
    assert_eq!(data["adopted"].as_array().map(Vec::len), Some(2), "{data}");
    fails(&old.a, &["import", "--from", "aigon"], (1, "refused"));
    assert_eq!((tree(&old.a.home), tip(&old.bare)), before);
    let ran = old.a.run(&["import"]);
    assert_eq!(ran.code, 2, "{ran}");
}

#[test]
fn what_cannot_be_taken_over_is_said_and_changes_nothing() {
    let old = Old::new();
    let b = old.sandbox.machine("desktop");
    let args = ["import", "--from", "aigon", "--yes"];
    fails(&b, &args, (1, "not_found"));
    for text in [
        "{\"repos\": [",
        "[]",
        "{\"repos\": 5}",
        "{\"repos\": [1, null]}",
    ] {
        b.write(".aigon/config.json", text);
        fails(&b, &args, (1, "refused"));
    }
    b.write("other.json", "{}");
    let with_file = [&args[..], &["other.json"]].concat();
    let ran = b.ok(&with_file);
    assert!(ran.stderr.contains("holdall backup configure URL"), "{ran}");
    assert!(!ran.stderr.contains("holdall backup pull"), "{ran}");
    let ran = b.ok(&["import", "--from", "aigon", "--dry-run", "other.json"]);
    let typed = "`holdall import --from aigon --yes other.json`";
    assert!(ran.stderr.contains(typed), "{ran}");
    // A repository that is neither.
    let other = old.sandbox.bare("code.git");
    let dir = old.sandbox.path().join("code");
    clone(&other, &dir);
    fs::write(dir.join("main.c"), "int main;").expect("written");
    git(&["add", "-A"], &dir);
    git(&["commit", "-q", "-m", "code"], &dir);
    git(&["push", "-q", "origin", "HEAD:main"], &dir);
    let config = json!({"repos": [], "backup": {"remote": other}});
    b.write(".aigon/config.json", config.to_string());
    fails(&b, &args, (6, "not_a_vault"));
    assert!(!is_there(&b, "holdall/config.toml"));
    assert_eq!(commits(&other).len(), 1);
    // An address that is out of reach of this version: the repositories are registered all the same.
    let api = b.checkout("api", API);
    assert!(api.ends_with("code/api"));
    let config = json!({"repos": ["~/code/api"], "backup": {"remote": "git://example.com/me/aigon-vault.git"}});
    b.write(".aigon/config.json", config.to_string());
    let data = import(&b, 3, &["--yes"]);
    assert_eq!(data["remote_kind"], "not_reached", "{data}");
    assert_eq!(data["projects"][0]["name"], "api", "{data}");
}

#[test]
fn a_secret_in_the_old_vault_does_not_come_into_the_new_one() {
    let old = Old::new();
    let token = format!("ghp_{}", "aB3dE6gH9".repeat(4));
    let dir = old.sandbox.path().join("by-aigon");
    fs::write(
        dir.join("projects/api/notes.md"),
        format!("token {token}\n"),
    )
    .expect("written");
    git(&["add", "-A"], &dir);
    git(&["commit", "-q", "-m", "leak"], &dir);
    git(&["push", "-q", "origin", "HEAD:main"], &dir);
    let data = import(&old.a, 3, &["--yes"]);
    assert_eq!(data["withheld"].as_array().map(Vec::len), Some(1), "{data}");
    let files = vault(&old.sandbox, &old.bare);
    assert!(!files.contains_key("projects/api/.aigon/notes.md"));
    assert!(!files.contains_key("projects/api/notes.md"));
    assert_eq!(files["projects/api/.aigon/spec.md"], b"spec\n");
    assert!(
        any_object_has(&old.bare, &token),
        "history has it, as before"
    );
}

/// Aigon 16
#[test]
fn what_a_pull_keeps_to_be_undone_is_no_archive_and_it_pauses_nothing() {
    let scene = Scene::with(&[("x", "1\n")]);
    let large = Rng::new(7).bytes(400_000);
    scene.a.write("code/api/.aigon/large", large.as_slice());
    pushed(&scene.a);
    pulled(&scene.b);
    let beside = |machine: &Machine| {
        let mut files: Vec<_> = tree(&machine.home).into_keys().collect();
        files.retain(|path| !path.starts_with("holdall/"));
        files
    };
    let size = |machine: &Machine| {
        let files = tree(&machine.home.join("holdall"));
        files.values().map(Vec::len).sum::<usize>()
    };
    let (files, before) = (beside(&scene.b), size(&scene.b));
    for version in 0..8 {
        scene.a.write("code/api/.aigon/x", format!("{version}\n"));
        pushed(&scene.a);
        let data = pulled(&scene.b);
        assert!(data["undo"].is_string(), "{data}");
    }
    assert_eq!(beside(&scene.b), files);
    // Eight archives would be eight times the large file; what is kept is what was replaced.
    let grown = size(&scene.b) - before;
    assert!(grown < large.len(), "{grown} bytes more");
    let (_, document) = scene.b.json(&["backup", "status"]);
    assert!(document["data"]["pulls_paused"].is_null(), "{document}");
}

/// Aigon 17
#[test]
fn a_pull_of_several_projects_that_was_killed_is_finished_by_the_next_run() {
    let scene = Scene::new();
    let names = ["api", "one", "two", "three"];
    for machine in [&scene.a, &scene.b] {
        for name in &names[1..] {
            let url = format!("https://github.com/team/{name}");
            add(machine, &machine.checkout(name, url.as_str()));
        }
    }
    let fill = |version: usize| {
        for name in names {
            for at in 0..150 {
                let path = format!("code/{name}/.aigon/runs/{at}.json");
                scene.a.write(path, format!("{{\"version\": {version}}}\n"));
            }
        }
        let args: Vec<_> = names
            .iter()
            .map(|name| scene.a.home.join("code").join(name))
            .collect();
        for dir in args {
            add(&scene.a, &dir);
        }
        pushed(&scene.a);
    };
    for (version, millis) in [5, 30, 60, 90, 150].into_iter().enumerate() {
        fill(version);
        let running = scene.b.spawn(&["backup", "pull"]);
        thread::sleep(Duration::from_millis(millis));
        running.kill_9();
        pulled(&scene.b);
        let expected = format!("{{\"version\": {version}}}\n");
        for name in names {
            let dir = scene.b.home.join("code").join(name).join(".aigon");
            let files = tree(&dir);
            assert_eq!(files.len(), 150, "{name}, killed after {millis} ms");
            assert!(files.values().all(|it| it == expected.as_bytes()), "{name}");
        }
    }
}

/// Aigon 18
#[test]
fn a_restore_goes_by_what_a_checkout_is_and_not_by_its_name() {
    let scene = Scene::with(&[("x", "1\n")]);
    let tower = scene.sandbox.machine("tower");
    let other = tower.checkout("api", "https://github.com/someone/api.git");
    tower.write(other.join(".aigon/x"), "somebody else's\n");
    let whole = |dir: &Path| (tree(dir), tree(&dir.join(".git")));
    let before = whole(&other);
    for args in [&["--into", "code"][..], &["--into", "code", "--clone"]] {
        let ran = tower.run(&[&["restore", utf8(&scene.bare)], args].concat());
        assert!(matches!(ran.code, 0 | 3), "{ran}");
        assert_eq!(whole(&other), before, "{ran}");
    }
}

#[test]
fn a_vault_that_everybody_can_read_is_taken_over_only_where_that_is_said() {
    let mut old = Old::new();
    let hub = Hub::new(&old.sandbox);
    hub.says("github.login", "me");
    hub.reached_from(&mut old.a, &["gh"]);
    let open = hub.repository("github", "me/aigon-vault", "PUBLIC");
    git(&["push", "-q", utf8(&open), "main"], &old.bare);
    let before = tip(&open);
    let url = "git@github.com:me/aigon-vault.git";
    let config = json!({"repos": ["~/code/api"], "backup": {"remote": url}});
    old.a.write(".aigon/config.json", config.to_string());
    let args = ["import", "--from", "aigon", "--yes"];
    fails(&old.a, &args, (1, "refused"));
    assert_eq!(tip(&open), before, "nothing went there");
    import(&old.a, 3, &["--yes", "--allow-public"]);
    assert_ne!(tip(&open), before);
}
