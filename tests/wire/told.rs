//! What a person is told about a way to a remote that does not go through, over ssh.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::flow::scene::{fails, hook, pushed, state};
use crate::kit::{Machine, answered_late, commits, program};

use super::hosted::{Hosted, Way};
use super::sshd::Sshd;
use super::utf8;

fn connected() -> Option<Hosted> {
    let hosted = Way::Ssh.open()?;
    hosted.connect();
    Some(hosted)
}

fn sshd(hosted: &Hosted) -> &Sshd {
    hosted.sshd.as_ref().expect("a server")
}

fn hint(machine: &Machine, args: &[&str]) -> String {
    let (_, document) = machine.json(args);
    document["error"]["hints"].to_string()
}

/// What runs there in the place of what was asked for, and what was asked for behind it.
fn first(script: &str) -> String {
    format!("{script}; exec sh -c \\\"$SSH_ORIGINAL_COMMAND\\\"")
}

#[test]
fn a_push_whose_answer_is_lost_is_unconfirmed_and_the_next_run_finds_it() {
    let Some(hosted) = connected() else { return };
    let Hosted { a, bare, .. } = &hosted;
    hook(bare, "pre-receive", "cat > /dev/null; sleep 20");
    a.ok(&["config", "set", "remote.idle_timeout", "4"]);
    a.write(state("x"), "1\n");
    let (code, document) = a.json(&["backup", "push"]);
    let error = &document["error"];
    assert_eq!(
        (code, error["kind"].as_str()),
        (4, Some("unconfirmed")),
        "{document}"
    );
    let said = error["message"].as_str().expect("a message");
    assert!(said.contains(&hosted.url) && said.contains("4 s"), "{said}");
    let hints = error["hints"].to_string();
    assert!(
        hints.contains("may have arrived") && !hints.contains("nothing was changed"),
        "{hints}"
    );
    let since = Instant::now();
    while commits(bare).is_empty() {
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "it never arrived"
        );
        thread::sleep(Duration::from_millis(100));
    }
    let (code, document) = a.json(&["backup", "push"]);
    let data = &document["data"];
    assert_eq!(
        (code, &data["pushed"], &data["moved"]),
        (0, &true.into(), &false.into()),
        "{document}"
    );
    assert_eq!(hosted.stored("x"), "1\n");
}

#[test]
fn what_prints_text_before_git_speaks_is_shown() {
    let Some(hosted) = connected() else { return };
    sshd(&hosted).runs(&first("echo Welcome to this host"));
    for args in [
        &["backup", "configure", &hosted.url][..],
        &["backup", "push"],
    ] {
        let said = fails(&hosted.a, args, (70, "corrupt"));
        assert!(
            said.contains("before git speaks") && said.contains("Welcome to this host"),
            "{said}"
        );
    }
}

#[test]
fn an_ssh_that_is_missing_or_misset_is_this_machines_trouble() {
    let Some(mut hosted) = connected() else {
        return;
    };
    let broken = hosted.sandbox.path().join("broken");
    let config = hosted.sandbox.path().join("sshd/ssh_config");
    fs::write(&broken, "Nonsense yes\n").expect("written");
    let (url, none) = (hosted.url.clone(), hosted.sandbox.path().join("no-ssh"));
    let configure = ["backup", "configure", &url];
    for (name, value) in [
        ("GIT_SSH_COMMAND", utf8(&none).to_owned()),
        ("GIT_SSH_COMMAND", format!("ssh -F {}", utf8(&broken))),
        (
            "GIT_SSH_COMMAND",
            format!("ssh -F {} -o RemoteCommand=ls", utf8(&config)),
        ),
        ("GIT_SSH", utf8(&none).to_owned()),
    ] {
        hosted.a.env("GIT_SSH_COMMAND", "");
        hosted.a.env(name, &value);
        let said = fails(&hosted.a, &configure, (1, "not_found"));
        assert!(
            said.contains("ssh cannot be used") && said.contains(&url),
            "{value}: {said}"
        );
    }
}

#[test]
fn a_program_in_the_place_of_ssh_is_taken_as_git_takes_it() {
    let Some(mut hosted) = connected() else {
        return;
    };
    let (wrapper, mark) = (
        hosted.sandbox.path().join("wrapper"),
        hosted.sandbox.path().join("mark"),
    );
    let config = hosted.sandbox.path().join("sshd/ssh_config");
    let script = format!(
        "#!/bin/sh\ntouch {}\nexec ssh -F {} \"$@\"\n",
        utf8(&mark),
        utf8(&config)
    );
    program(&wrapper, &script);
    hosted.a.env("GIT_SSH_COMMAND", "");
    hosted.a.env("GIT_SSH", utf8(&wrapper));
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    assert!(mark.exists());
}

#[test]
fn a_host_without_git_and_a_host_that_is_not_known_are_told_with_what_helps() {
    let Some(hosted) = connected() else { return };
    let (a, url) = (&hosted.a, hosted.url.as_str());
    let configure = ["backup", "configure", url];
    sshd(&hosted).runs("PATH=/nowhere; $SSH_ORIGINAL_COMMAND");
    let said = fails(a, &configure, (1, "not_found"));
    assert!(
        said.contains("there is no git") && said.contains("git-upload-pack"),
        "{said}"
    );
    sshd(&hosted).lets_in();
    sshd(&hosted).knows_nobody();
    let address = format!(
        "ssh://someone@vaulthost:{}{}",
        sshd(&hosted).port,
        utf8(&hosted.bare)
    );
    let said = fails(a, &["backup", "configure", &address], (5, "auth"));
    let by_hand = format!("ssh -p {} someone@vaulthost", sshd(&hosted).port);
    assert!(said.contains(&by_hand), "{said}");
    sshd(&hosted).knows("other_key");
    let said = fails(a, &configure, (5, "auth"));
    assert!(
        said.contains("another host key") && !said.contains("ssh-keygen -R vaulthost"),
        "{said}"
    );
    assert!(hint(a, &configure).contains("certificate"));
}

#[test]
fn somebody_who_is_asked_for_a_passphrase_is_not_hurried() {
    let Some(hosted) = connected() else { return };
    sshd(&hosted).locks("user_key", "open sesame");
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "5"]);
    let push = ["backup", "push"];
    let said = fails(&hosted.a, &push, (5, "auth"));
    assert!(said.contains("ssh-add"), "{said}");
    let typed = "open sesame\n";
    let ran = answered_late(&hosted.a, &push, typed, Duration::from_secs(9));
    assert!(ran.code == 0 && ran.stderr.contains("passphrase"), "{ran}");
}

#[test]
fn a_broken_configuration_of_git_is_named_and_nothing_is_to_be_moved_away() {
    let Some(hosted) = Way::Path.open() else {
        return;
    };
    hosted.connect();
    hosted.a.write(".gitconfig", "[broken\n");
    let push = ["backup", "push"];
    let said = fails(&hosted.a, &push, (1, "invalid"));
    assert!(said.contains(".gitconfig"), "{said}");
    let hints = hint(&hosted.a, &push);
    assert!(!hints.contains("away") && hints.contains("mend"), "{hints}");
}

#[test]
fn the_words_of_a_talkative_server_are_cut_and_plain() {
    let Some(hosted) = connected() else { return };
    let script = "i=0; while [ $i -lt 3000 ]; do printf '\\033[31mline %s of many\\n' $i >&2; i=$((i+1)); done; exit 1";
    hook(&hosted.bare, "pre-receive", script);
    hosted.a.write(state("x"), "1\n");
    let said = fails(&hosted.a, &["backup", "push"], (1, "refused"));
    assert!(
        said.len() < 6_000 && said.contains('…') && said.contains("line 2999"),
        "{}",
        said.len()
    );
    assert!(!said.contains("[31m"), "{said}");
}

#[test]
fn an_empty_remote_is_not_called_in_step() {
    let Some(hosted) = connected() else { return };
    hosted.a.write(state("x"), "1\n");
    let status = ["backup", "status"];
    let said = hosted.a.ok(&status).to_string();
    assert!(said.contains("(empty)"), "{said}");
    pushed(&hosted.a);
    let said = hosted.a.ok(&status).to_string();
    assert!(said.contains("(in step)"), "{said}");
}
