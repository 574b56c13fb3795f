//! Streams, envelopes and exit codes that hold for every command.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use serde_json::Value;

use super::{holdall, say};

/// The one document on stdout.
fn document(text: &str) -> Value {
    assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
    serde_json::from_str(text).expect("one document")
}

#[test]
fn alone_it_prints_its_first_page_and_is_content() {
    let alone = say(&[]);
    assert_eq!(alone.code, Some(0));
    assert!(alone.stdout.contains("First steps:"), "{}", alone.stdout);
    assert_eq!(alone.stderr, "");
    for args in [["--help"], ["help"]] {
        assert_eq!(say(&args).stdout, alone.stdout, "{args:?}");
    }
}

#[test]
fn alone_with_json_it_is_a_wrong_command_line() {
    let said = say(&["--json"]);
    assert_eq!(said.code, Some(2));
    let document = document(&said.stdout);
    assert_eq!(document["error"]["kind"], "usage");
    assert_eq!(document["command"], "");
}

#[test]
fn the_version_is_one_line() {
    for flag in ["-V", "--version"] {
        let said = say(&[flag]);
        let line = concat!("holdall ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!((said.code, said.stdout.as_str()), (Some(0), line));
    }
}

#[test]
fn help_is_text_even_where_json_was_asked_for() {
    let said = say(&["backup", "push", "--json", "--help"]);
    assert_eq!(said.code, Some(0));
    assert!(said.stdout.contains("Usage: holdall backup push"));
}

#[test]
fn a_wrong_command_line_is_told_on_stderr_with_near_names() {
    let said = say(&["backup", "psuh"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(said.stderr, @r"
    error: unrecognized subcommand 'psuh'
    hint: a similar subcommand exists: 'push'
    hint: usage: holdall backup [OPTIONS] <COMMAND>
    hint: `holdall backup --help` shows examples
    ");
}

#[test]
fn a_wrong_top_command_is_told_the_same_way() {
    let said = say(&["bakcup"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(said.stderr, @r"
    error: unrecognized subcommand 'bakcup'
    hint: a similar subcommand exists: 'backup'
    hint: usage: holdall [OPTIONS] [COMMAND]
    hint: `holdall --help` shows examples
    ");
}

#[test]
fn a_wrong_command_line_with_json_is_one_document_and_nothing_else() {
    let said = say(&["vault", "push", "--dry", "--json"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(2), ""));
    let document = document(&said.stdout);
    assert_eq!(document["holdall"], 1);
    assert_eq!(document["command"], "backup push");
    assert_eq!(document["error"]["kind"], "usage");
    let message = document["error"]["message"].as_str().expect("text");
    assert!(message.contains("--dry"), "{message}");
    let hints = document["error"]["hints"].as_array().expect("a list");
    assert!(
        hints
            .iter()
            .any(|hint| hint.as_str().is_some_and(|hint| hint.contains("--dry-run")))
    );
    assert!(document.get("data").is_none());
}

#[test]
fn a_group_needs_a_command() {
    let said = say(&["vault"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    insta::assert_snapshot!(said.stderr, @r"
    error: `holdall backup` needs a command
    hint: one of: configure, push, pull, undo, restore, status, schedule, verify, log, diff
    hint: `holdall backup --help` shows examples
    ");
}

#[test]
fn color_comes_when_asked_for_and_only_then() {
    let plain = say(&["bakcup"]);
    let colored = say(&["bakcup", "--color", "always"]);
    assert!(!plain.stderr.contains('\u{1b}'));
    assert!(colored.stderr.contains('\u{1b}'));
    assert!(say(&["--color=always", "--help"]).stdout.contains('\u{1b}'));
    let home = tempfile::tempdir().expect("a directory");
    let forced = holdall(home.path(), &["--help"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .expect("it runs");
    assert!(forced.stdout.contains(&0x1b));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for args in [
        &["man"][..],
        &["completions", "bash"],
        &["man", "--json"],
        &["--help"],
    ] {
        let home = tempfile::tempdir().expect("a directory");
        let mut child = holdall(home.path(), args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .expect("piped")
            .read_to_string(&mut stderr)
            .expect("UTF-8");
        let status = child.wait().expect("it ends");
        assert_eq!((status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let home = tempfile::tempdir().expect("a directory");
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("the system has a full device");
    let output = holdall(home.path(), &["man"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.starts_with("error: cannot write to stdout: "),
        "{stderr}"
    );
}

#[test]
fn every_shell_gets_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let said = say(&["completions", shell]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        for word in ["allow-mass-delete", "configure", "vault"] {
            assert!(said.stdout.contains(word), "{shell} lacks {word}");
        }
        let document = document(&say(&["completions", shell, "--json"]).stdout);
        assert_eq!(document["data"]["shell"], shell);
        assert_eq!(document["data"]["script"], said.stdout);
    }
}

#[test]
fn every_command_gets_a_man_page() {
    let home = tempfile::tempdir().expect("a directory");
    let said: super::Said = holdall(home.path(), &["man", "--dir", "pages", "--json"])
        .output()
        .expect("it runs")
        .into();
    assert_eq!(said.code, Some(0), "{}", said.stdout);
    let document = document(&said.stdout);
    let told = document["data"]["pages"].as_array().expect("a list");
    let expected = super::reference::paths();
    assert_eq!(told.len(), expected.len());
    for path in expected {
        let name = format!("holdall {path}").trim_end().replace(' ', "-");
        let file = home.path().join(format!("pages/{name}.1"));
        let page = fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        for part in [".TH", ".SH NAME", ".SH SYNOPSIS"] {
            assert!(page.contains(part), "{name} lacks {part}");
        }
    }
    let push = fs::read_to_string(home.path().join("pages/holdall-backup-push.1")).expect("there");
    let push = push.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!("man_backup_push", push);
    let printed = say(&["man"]).stdout;
    let top = fs::read_to_string(home.path().join("pages/holdall.1")).expect("there");
    assert_eq!(printed, top);
}

#[test]
fn a_page_that_cannot_be_written_is_named() {
    let home = tempfile::tempdir().expect("a directory");
    fs::write(home.path().join("file"), "").expect("written");
    let said: super::Said = holdall(home.path(), &["man", "--dir", "file/pages"])
        .output()
        .expect("it runs")
        .into();
    assert_eq!((said.code, said.stdout.as_str()), (Some(1), ""));
    let named = format!(
        "error: cannot create the directory {}/file/pages: ",
        home.path().display()
    );
    assert!(said.stderr.starts_with(&named), "{}", said.stderr);
}
