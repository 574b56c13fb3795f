//! Who listens and never says a word: servers of every kind, and proxies before them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::flow::scene::{fails, pushed, state};
use crate::kit::{Machine, Sandbox};

use super::hosted::Way;
use super::relay::{Relay, Silence};
use super::{free_port, nothing_runs, run, until_it_listens, utf8};

/// Two seconds are all that is waited for anybody.
fn is_impatient(machine: &Machine) {
    for key in ["remote.connect_timeout", "remote.idle_timeout"] {
        machine.ok(&["config", "set", key, "2"]);
    }
}

/// A push and a pull are given up in time, and say with what.
#[track_caller]
fn gives_up(machine: &Machine, url: &str) -> Vec<String> {
    let said = ["push", "pull"].map(|command| {
        let since = Instant::now();
        let said = fails(machine, &["backup", command], (4, "unreachable"));
        let took = since.elapsed();
        assert!(took < Duration::from_secs(12), "{took:?}: {said}");
        assert!(said.contains(url), "{said}");
        nothing_runs(machine);
        said
    });
    said.into()
}

#[test]
fn a_web_server_that_never_answers_is_given_up() {
    let Some(mut hosted) = Way::Https.open() else {
        return;
    };
    let relay = Relay::to(hosted.web.as_ref().expect("a server").port);
    hosted.url = format!("https://127.0.0.1:{}/git/vault.git", relay.port);
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    is_impatient(&hosted.a);
    // It never says hello, or falls silent while keys are exchanged.
    for silence in [Silence::AtOnce, Silence::InAnswer("", 400)] {
        relay.falls_silent(silence);
        gives_up(&hosted.a, &hosted.url);
    }
    relay.falls_silent(Silence::Never);
    pushed(&hosted.a);
}

#[test]
fn a_host_that_never_says_it_is_an_sshd_is_given_up() {
    let Some(hosted) = Way::Ssh.open() else {
        return;
    };
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    is_impatient(&hosted.a);
    let sshd = hosted.sshd.as_ref().expect("a server");
    let relay = Relay::to(sshd.port);
    sshd.is_behind(relay.port);
    let behind = hosted.url.replace("vaulthost", "behind");
    // ssh gives up by itself, before anybody's patience ends.
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "60"]);
    relay.falls_silent(Silence::AtOnce);
    gives_up(&hosted.a, &hosted.url);
    is_impatient(&hosted.a);
    for silence in [Silence::AtOnce, Silence::InAnswer("", 400)] {
        relay.falls_silent(silence);
        gives_up(&hosted.a, &hosted.url);
    }
    hosted.a.ok(&["backup", "configure", "--no-check", &behind]);
    gives_up(&hosted.a, &behind);
    relay.falls_silent(Silence::Never);
    pushed(&hosted.a);
}

#[test]
fn a_proxy_that_never_answers_is_given_up() {
    let Some(mut hosted) = Way::Https.open() else {
        return;
    };
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    is_impatient(&hosted.a);
    let relay = Relay::proxy();
    for (scheme, silence) in [
        ("http", Silence::AtOnce),
        ("http", Silence::InAnswer("", 400)),
        ("socks5", Silence::AtOnce),
    ] {
        relay.falls_silent(silence);
        let proxy = format!("{scheme}://me:hunter2@127.0.0.1:{}", relay.port);
        hosted.a.env("https_proxy", proxy);
        for said in gives_up(&hosted.a, &hosted.url) {
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
    hosted.a.unset("https_proxy");
    pushed(&hosted.a);
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_git_daemon_is_refused_unasked() {
    // Itself, and not by way of git, which would be ended alone.
    let libexec = run(Command::new("git").arg("--exec-path"));
    let program = Path::new(&libexec).join("git-daemon");
    if !program.is_file() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.bare("vault.git");
    let port = free_port();
    let daemon = Command::new(program)
        .args([
            "--export-all",
            "--enable=receive-pack",
            "--listen=127.0.0.1",
        ])
        .arg(format!("--port={port}"))
        .arg(format!("--base-path={}", utf8(sandbox.path())))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _daemon = Daemon(daemon.expect("git starts"));
    until_it_listens(port, &String::new);
    let relay = Relay::to(port);
    let machine = sandbox.machine("laptop");
    let url = format!("git://127.0.0.1:{}/vault.git", relay.port);
    let rewritten = format!("[url \"{url}\"]\n\tinsteadOf = nas:vault.git\n");
    machine.write(".gitconfig", rewritten);
    for url in [&url, "nas:vault.git"] {
        let (code, document) = machine.json(&["backup", "configure", url]);
        let said = document["error"]["message"].to_string();
        assert_eq!(code, 1, "{document}");
        assert!(said.contains("not git://"), "{said}");
        for known in ["ssh://", "https://"] {
            assert!(said.contains(known), "{said}");
        }
    }
    assert_eq!(relay.calls(), 0);
}
