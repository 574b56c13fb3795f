//! `config` as a terminal meets it, and where holdall keeps its files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{Said, holdall};

fn fresh() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn run(home: &TempDir, args: &[&str]) -> Said {
    holdall(home.path(), args).output().expect("it runs").into()
}

#[track_caller]
fn ok(home: &TempDir, args: &[&str]) -> String {
    let said = run(home, args);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{args:?}");
    said.stdout
}

fn mode(path: impl AsRef<Path>) -> u32 {
    let path = path.as_ref();
    match fs::metadata(path) {
        Ok(meta) => meta.permissions().mode() & 0o777,
        Err(fault) => panic!("{}: {fault}", path.display()),
    }
}

/// The configuration file in a home that sets no variables.
fn file(home: &TempDir) -> std::path::PathBuf {
    home.path().join(".config/holdall/config.toml")
}

fn write(home: &TempDir, text: &str) {
    fs::create_dir_all(file(home).parent().expect("it lies somewhere")).expect("made");
    fs::write(file(home), text).expect("written");
}

#[test]
fn what_is_set_is_read_back_listed_and_unset() {
    let home = fresh();
    assert_eq!(
        ok(&home, &["config", "path"]),
        format!("{}\n", file(&home).display())
    );
    assert!(!file(&home).exists(), "asking makes nothing");
    assert_eq!(
        ok(&home, &["config", "set", "machine.name", "attic"]),
        "machine.name is attic\n"
    );
    assert_eq!(
        ok(&home, &["config", "set", "machine.name", "attic"]),
        "machine.name is attic already\n"
    );
    assert_eq!(ok(&home, &["config", "get", "machine.name"]), "attic\n");
    let listed = ok(&home, &["config", "list"]);
    let line = listed.lines().find(|line| line.starts_with("machine.name"));
    assert!(line.is_some_and(|line| line.contains("attic")), "{listed}");
    ok(&home, &["config", "unset", "machine.name"]);
    let document = ok(&home, &["config", "get", "machine.name", "--json"]);
    let document: Value = serde_json::from_str(&document).expect("one document");
    assert_eq!(document["command"], "config get");
    assert_eq!(document["data"]["set"], false);
}

#[test]
fn comments_and_order_stay_and_the_file_is_for_its_owner_alone() {
    let home = fresh();
    let text = "# mine\n[machine]\nname = \"old\" # the loud one\n\n# the vault\n[remote]\nurl = \"/srv/vault.git\"\n";
    write(&home, text);
    fs::set_permissions(file(&home), fs::Permissions::from_mode(0o644)).expect("set");
    ok(&home, &["config", "set", "machine.name", "new"]);
    let now = fs::read_to_string(file(&home)).expect("read");
    assert_eq!(now, text.replace("old", "new"));
    assert_eq!(mode(file(&home)), 0o600);
    ok(&home, &["config", "unset", "remote.url"]);
    let now = fs::read_to_string(file(&home)).expect("read");
    assert!(
        now.contains("# mine") && now.contains("# the loud one"),
        "{now}"
    );
    assert!(!now.contains("vault.git"), "{now}");
}

#[test]
fn an_unknown_key_names_the_near_ones_and_changes_nothing() {
    let home = fresh();
    for args in [
        &["config", "set", "machin.name", "x"][..],
        &["config", "get", "machin.name"],
        &["config", "unset", "machin.name"],
    ] {
        let said = run(&home, args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""), "{args:?}");
        assert!(said.stderr.contains("`machine.name`"), "{}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    }
    let said = run(&home, &["config", "set", "limits.max_file", "much"]);
    assert_eq!(said.code, Some(1));
    assert!(said.stderr.contains("limits.max_file"), "{}", said.stderr);
    assert!(!file(&home).exists());
}

#[test]
fn a_broken_file_is_named_with_its_line_and_stays_as_it_is() {
    let home = fresh();
    let text = "[machine]\nname = \"attic\"\n[remote\n";
    write(&home, text);
    for args in [
        &["config", "set", "machine.name", "x"][..],
        &["config", "list"],
        &["backup", "push"],
        &["backup", "configure", "/srv/vault.git"],
        &["project", "list"],
    ] {
        let said = run(&home, args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""), "{args:?}");
        let place = format!("{} is not valid TOML: line 3, ", file(&home).display());
        assert!(said.stderr.contains(&place), "{args:?}: {}", said.stderr);
    }
    assert_eq!(fs::read_to_string(file(&home)).expect("read"), text);
    assert!(
        !home.path().join(".local").exists(),
        "and nothing was begun"
    );
    assert_eq!(
        ok(&home, &["config", "path"]),
        format!("{}\n", file(&home).display())
    );
}

#[test]
fn a_password_in_an_address_is_not_taken() {
    let home = fresh();
    let address = "https://ada:hunter2@git.example.com/vault.git";
    let said = run(&home, &["config", "set", "remote.url", address]);
    assert_eq!(said.code, Some(1));
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
    assert!(!file(&home).exists());
}

/// Every file and directory below is for its owner alone; what lies in the store lies behind its door.
#[track_caller]
fn assert_private(dir: &Path) {
    let store = std::ffi::OsStr::new("vault.git");
    let walk = walkdir::WalkDir::new(dir).into_iter();
    let outside =
        |entry: &walkdir::DirEntry| entry.path().parent().and_then(Path::file_name) != Some(store);
    for entry in walk.filter_entry(outside) {
        let entry = entry.expect("walked");
        let open = mode(entry.path()) & 0o077;
        assert_eq!(open, 0, "{} is open to others", entry.path().display());
    }
}

#[test]
fn everything_lies_under_the_one_directory_that_was_named() {
    for by_flag in [true, false] {
        let home = fresh();
        let one = home.path().join("one");
        let push = |extra: &[&str]| -> Said {
            let mut command = holdall(
                home.path(),
                &[&["settings", "add", "notes.md"], extra].concat(),
            );
            if !by_flag {
                command.env("HOLDALL_HOME", &one);
            }
            command.env("XDG_CONFIG_HOME", home.path().join("xdg"));
            command.output().expect("it runs").into()
        };
        fs::write(home.path().join("notes.md"), "mine\n").expect("written");
        let flag = one.to_str().expect("UTF-8");
        let extra: &[&str] = if by_flag { &["--home", flag] } else { &[] };
        let said = push(extra);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let said = run(&home, &["backup", "push", "--home", flag]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        for path in ["config.toml", "data/vault.git", "state"] {
            assert!(one.join(path).exists(), "{path}");
        }
        for path in [".config", ".local", "xdg"] {
            assert!(!home.path().join(path).exists(), "{path}");
        }
        assert_private(&one);
    }
}

#[test]
fn the_flag_wins_over_the_variable() {
    let home = fresh();
    let said: Said = holdall(home.path(), &["config", "path", "--home", "flag"])
        .env("HOLDALL_HOME", "variable")
        .output()
        .expect("it runs")
        .into();
    let expected = home.path().join("flag/config.toml");
    assert_eq!(said.stdout, format!("{}\n", expected.display()));
}

#[test]
fn without_it_the_directories_are_those_of_the_desktop_standard() {
    let home = fresh();
    fs::write(home.path().join("notes.md"), "mine\n").expect("written");
    for args in [&["settings", "add", "notes.md"][..], &["backup", "push"]] {
        let said = run(&home, args);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    }
    for dir in [
        ".config/holdall",
        ".local/share/holdall",
        ".local/state/holdall",
    ] {
        assert_private(&home.path().join(dir));
    }
    // What was seen there would tell that what lies elsewhere was lost.
    fs::remove_dir_all(home.path().join(".local/state/holdall")).expect("removed");
    let said: Said = holdall(home.path(), &["backup", "push"])
        .env("XDG_CONFIG_HOME", home.path().join("c"))
        .env("XDG_DATA_HOME", home.path().join("d"))
        .env("XDG_STATE_HOME", "not/absolute")
        .output()
        .expect("it runs")
        .into();
    assert_ne!(said.code, Some(70), "{}", said.stderr);
    assert!(home.path().join("d/holdall").is_dir());
    assert!(
        !home.path().join("not").exists(),
        "a relative one does not count"
    );
}
