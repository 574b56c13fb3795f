//! What only ssh has: aliases, keys, hosts that are somebody else.

use std::time::{Duration, Instant};

use crate::flow::scene::{fails, pushed, state, text};
use crate::kit::answered;

use super::hosted::{Hosted, Way};
use super::{nothing_runs, utf8};

fn connected() -> Option<Hosted> {
    let hosted = Way::Ssh.open()?;
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    Some(hosted)
}

fn configure(hosted: &Hosted, url: &str, wanted: (i32, &str)) -> String {
    fails(&hosted.a, &["backup", "configure", url], wanted)
}

#[test]
fn a_host_behind_another_one_and_urls_of_ssh_are_reached() {
    let Some(hosted) = connected() else { return };
    let bare = utf8(&hosted.bare);
    for url in [
        format!("behind:{bare}"),
        format!("ssh://vaulthost{bare}"),
        format!("ssh://behind{bare}"),
    ] {
        hosted.b.ok(&["backup", "configure", &url]);
        hosted.b.ok(&["backup", "pull"]);
        assert_eq!(text(&hosted.b, state("x")), "1\n");
    }
}

#[test]
fn the_ssh_of_gits_configuration_is_taken_and_addresses_are_rewritten() {
    let Some(mut hosted) = connected() else {
        return;
    };
    let bare = utf8(&hosted.bare).to_owned();
    let config = hosted.sandbox.path().join("sshd/ssh_config");
    let text = format!(
        "[core]\n\tsshCommand = ssh -F {}\n[url \"vaulthost:{}/\"]\n\tinsteadOf = nas:\n",
        utf8(&config),
        utf8(hosted.bare.parent().expect("above")),
    );
    hosted.b.write(".gitconfig", text);
    hosted.b.unset("GIT_SSH_COMMAND");
    for url in [format!("vaulthost:{bare}"), "nas:vault.git".to_owned()] {
        hosted.b.ok(&["backup", "configure", &url]);
        hosted.b.ok(&["backup", "pull"]);
    }
}

#[test]
fn what_keeps_ssh_from_getting_there_is_told_apart() {
    let Some(hosted) = connected() else { return };
    let sshd = hosted.sshd.as_ref().expect("a server");
    sshd.knows("other_key");
    let said = configure(&hosted, &hosted.url, (5, "auth"));
    assert!(said.contains("another host key"), "{said}");
    sshd.knows_nobody();
    let said = configure(&hosted, &hosted.url, (5, "auth"));
    assert!(said.contains("is not known yet"), "{said}");
    sshd.knows("host_key");
    sshd.shows("other_key");
    let said = configure(&hosted, &hosted.url, (5, "auth"));
    assert!(said.contains("Permission denied"), "{said}");
    sshd.shows("user_key");
    let said = configure(&hosted, "ssh://127.0.0.1:1/v.git", (4, "unreachable"));
    assert!(said.contains("Connection refused"), "{said}");
    let said = configure(&hosted, "no-such-host.invalid:v.git", (4, "unreachable"));
    assert!(said.contains("resolve"), "{said}");
    let said = configure(&hosted, "vaulthost:/no/such/vault.git", (6, "not_a_vault"));
    assert!(said.contains("/no/such/vault.git"), "{said}");
}

/// What ssh was replaced by, or called to get there, may hang where ssh is not to be asked.
#[test]
fn with_somebody_at_a_terminal_silence_ends_a_run_too() {
    let Some(mut hosted) = connected() else {
        return;
    };
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "1"]);
    hosted
        .a
        .write("slow", "echo waiting >&2; sleep 40; exit 1\n");
    let slow = format!("sh {}/slow; :", utf8(&hosted.a.home));
    hosted.a.env("GIT_SSH_COMMAND", slow);
    let since = Instant::now();
    let ran = answered(&hosted.a, &["backup", "pull"], "");
    assert_eq!(ran.code, 4, "{ran}");
    assert!(since.elapsed() < Duration::from_secs(20), "{ran}");
    assert!(ran.stderr.contains("for 1 s: waiting"), "{ran}");
    nothing_runs(&hosted.a);
}

#[test]
fn a_call_that_was_broken_off_while_it_waited_is_made_again() {
    let Some(hosted) = connected() else { return };
    let sshd = hosted.sshd.as_ref().expect("a server");
    let mark = hosted.sandbox.path().join("mark");
    sshd.runs(&format!(
        "case $SSH_ORIGINAL_COMMAND in *receive-pack*) [ -e {0} ] || {{ touch {0}; exec sh -c \\\"$SSH_ORIGINAL_COMMAND\\\" < /dev/null; }};; esac; sh -c \\\"$SSH_ORIGINAL_COMMAND\\\"",
        utf8(&mark)
    ));
    hosted.a.write(state("x"), "2\n");
    pushed(&hosted.a);
    assert!(mark.exists());
    assert_eq!(hosted.stored("x"), "2\n");
}

/// The disk is looked at while ssh is on its way, by what the vault was when it was seen last.
#[test]
fn what_another_machine_began_to_carry_is_looked_at_before_it_lands() {
    let Some(hosted) = connected() else { return };
    let Hosted { a, b, .. } = &hosted;
    b.ok(&["backup", "pull"]);
    b.write("code/api/notes/plan", "of the desktop\n");
    b.ok(&["project", "add", "code/api", "--state", "notes"]);
    pushed(b);
    a.write("code/api/notes/plan", "of the laptop\n");
    a.write(state("x"), "2\n");
    let (code, document) = a.json(&["backup", "push"]);
    let conflicts = document["data"]["conflicts"].as_array();
    assert_eq!((code, conflicts.map(Vec::len)), (3, Some(1)), "{document}");
    let (code, document) = a.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert_eq!(text(a, "code/api/notes/plan"), "of the laptop\n");
    hosted.is_whole();
}
