//! What only https has: logins, redirects, certificates, proxies, and servers that say no.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::flow::scene::{chmod, fails, pushed, state, text};
use crate::kit::{Machine, Ran, tree};

use super::hosted::{Hosted, Way};
use super::relay::{Relay, Silence};
use super::web::{PASSWORD, USER, Web};
use super::{noise, nothing_runs, running, utf8};

/// What `ada` and her password are called on the way.
const SIGNED: &str = "Basic YWRhOmh1bnRlcjItY29ycmVjdA==";

pub fn open() -> Option<(Hosted, Web)> {
    let mut hosted = Way::Https.open()?;
    let web = hosted.web.take().expect("a server");
    Some((hosted, web))
}

pub fn configure(machine: &Machine, url: &str, wanted: (i32, &str)) -> String {
    fails(machine, &["backup", "configure", url], wanted)
}

/// A helper that answers with this password, and keeps what it is asked.
pub struct Helper {
    asked: PathBuf,
}

impl Helper {
    pub fn of(machine: &Machine, password: &str) -> Self {
        let (script, asked) = (machine.home.join("helper"), machine.home.join("asked"));
        let text = format!(
            "#!/bin/sh\n(echo \"== $1\"; cat) >> {}\n[ $1 = get ] && printf 'username={USER}\\npassword={password}\\n'\nexit 0\n",
            utf8(&asked)
        );
        machine.write(&script, text);
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("set");
        let config = format!("[credential]\n\thelper = {}\n", utf8(&script));
        machine.write(".gitconfig", config);
        Self { asked }
    }

    /// What it was asked since it was last looked at.
    pub fn asked(&self) -> String {
        let asked = fs::read_to_string(&self.asked).unwrap_or_default();
        fs::remove_file(&self.asked).ok();
        asked
    }
}

/// Neither what was said nor what is kept has any of it.
#[track_caller]
fn nothing_secret(machine: &Machine, said: &[Ran]) {
    for secret in [PASSWORD, "hunter2-wrong", SIGNED, "YWRh"] {
        for ran in said {
            assert!(!ran.to_string().contains(secret), "{secret}: {ran}");
        }
        for (path, bytes) in tree(&machine.home.join("holdall")) {
            let found = String::from_utf8_lossy(&bytes).contains(secret);
            assert!(!found, "{secret} is in {path}");
        }
    }
}

#[test]
fn a_credential_helper_is_asked_and_told_what_came_of_it() {
    let Some((hosted, web)) = open() else { return };
    let url = web.url("/closed/vault.git");
    let helper = Helper::of(&hosted.a, PASSWORD);
    let configured = hosted.a.ok(&["-v", "backup", "configure", &url]);
    let host = format!("host=127.0.0.1:{}\n", web.port);
    let asked = helper.asked();
    let (get, store) = asked.split_once("== store").expect("it was approved");
    assert!(
        get.contains("protocol=https\n") && get.contains(&host),
        "{get}"
    );
    assert!(store.contains(&format!("password={PASSWORD}\n")), "{store}");
    hosted.a.write(state("x"), "1\n");
    let push = hosted.a.ok(&["-v", "backup", "push"]);
    // Once for the whole run.
    assert_eq!(helper.asked().matches("== get").count(), 1);

    let helper = Helper::of(&hosted.a, "hunter2-wrong");
    let denied = hosted.a.run(&["-v", "backup", "push"]);
    assert_eq!(denied.code, 5, "{denied}");
    let asked = helper.asked();
    let (_, erase) = asked.split_once("== erase").expect("it was rejected");
    assert!(erase.contains("password=hunter2-wrong\n"), "{erase}");
    assert!(!asked.contains("== store"), "{asked}");
    nothing_secret(&hosted.a, &[configured, push, denied]);
}

#[test]
fn a_token_comes_from_the_environment_or_from_a_private_file() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let url = web.url("/closed/vault.git").replace("//", "//ada@");
    let said = configure(&hosted.a, &url, (5, "auth"));
    assert!(
        said.contains("HOLDALL_TOKEN") && said.contains("remote.token_file"),
        "{said}"
    );
    hosted.a.env("HOLDALL_TOKEN", "hunter2-wrong");
    let wrong = hosted.a.run(&["-v", "backup", "configure", &url]);
    assert_eq!(wrong.code, 5, "{wrong}");
    assert!(wrong.stderr.contains("HOLDALL_TOKEN"), "{wrong}");

    // The next source is tried where one fails. What is a token itself is no file.
    let token = format!("ghp_{}", "0123456789abcdefghij0123456789ABCDEF");
    let said = fails(
        &hosted.a,
        &["config", "set", "remote.token_file", &token],
        (1, "refused"),
    );
    assert!(!said.contains(&token), "{said}");
    hosted.a.write("token", format!("{PASSWORD}\n"));
    hosted
        .a
        .ok(&["config", "set", "remote.token_file", "~/token"]);
    let chmod = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(hosted.a.home.join("token"), mode).expect("set");
    };
    chmod(0o640);
    let said = configure(&hosted.a, &url, (5, "auth"));
    assert!(said.contains("chmod 600"), "{said}");
    chmod(0o600);
    let file = hosted.a.ok(&["-v", "backup", "configure", &url]);
    hosted.a.unset("HOLDALL_TOKEN");
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    hosted.b.env("HOLDALL_TOKEN", PASSWORD);
    hosted.b.ok(&["backup", "configure", &url]);
    let pull = hosted.b.ok(&["-v", "backup", "pull"]);
    assert_eq!(text(&hosted.b, state("x")), "1\n");
    nothing_secret(&hosted.a, &[wrong, file]);
    nothing_secret(&hosted.b, &[pull]);
}

#[test]
fn where_everybody_reads_a_login_comes_with_a_push_short_or_long() {
    let Some((hosted, web)) = open() else { return };
    let url = web.url("/readable/vault.git");
    hosted.a.ok(&["backup", "configure", &url]);
    hosted.a.write(state("x"), "1\n");
    let said = fails(&hosted.a, &["backup", "push"], (5, "auth"));
    assert!(said.contains("who asks"), "{said}");
    Helper::of(&hosted.a, PASSWORD);
    pushed(&hosted.a);
    let long = noise(1, 4_000_000);
    hosted.a.write(state("long"), &long);
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "configure", &url]);
    hosted.b.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.b, state("long")), long);
    hosted.is_whole();
}

#[test]
fn a_redirect_is_followed_and_no_login_goes_along_to_another_host() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    hosted
        .a
        .ok(&["backup", "configure", &web.url("/moved/vault.git")]);
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "1\n");

    let away = web.url("/away/vault.git").replace("//", "//ada@");
    hosted.b.env("HOLDALL_TOKEN", PASSWORD);
    let config = format!("[http]\n\textraHeader = X-Extra: {PASSWORD}\n");
    hosted.b.write(".gitconfig", config);
    configure(&hosted.b, &away, (5, "auth"));
    let log = web.log();
    let elsewhere = log.lines().filter(|line| line.starts_with("localhost"));
    let elsewhere: Vec<_> = elsewhere.collect();
    assert!(!elsewhere.is_empty(), "{log}");
    assert!(
        elsewhere.iter().all(|line| line.ends_with("[-] [-]")),
        "{elsewhere:?}"
    );
    // A helper knows which host it is asked about.
    let helper = Helper::of(&hosted.b, PASSWORD);
    hosted.b.ok(&["backup", "configure", &away]);
    assert!(
        helper
            .asked()
            .contains(&format!("host=localhost:{}\n", web.port))
    );
    hosted.b.ok(&["backup", "pull"]);

    let said = configure(&hosted.a, &web.url("/down/vault.git"), (5, "auth"));
    assert!(said.contains("from https to http://127.0.0.1"), "{said}");
    let said = configure(&hosted.a, &web.url("/login/vault.git"), (6, "not_a_vault"));
    assert!(
        said.contains("/sign_in") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn a_push_that_is_too_large_for_the_server_is_refused_with_its_reason() {
    let Some((hosted, web)) = open() else { return };
    hosted
        .a
        .ok(&["backup", "configure", &web.url("/small/vault.git")]);
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    hosted.a.write(state("long"), noise(2, 6_000_000));
    let said = fails(&hosted.a, &["backup", "push"], (1, "refused"));
    assert!(said.contains("no push of this size (413)"), "{said}");
    fs::remove_file(hosted.a.home.join(state("long"))).expect("deleted");
    hosted.a.write(state("x"), "2\n");
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
}

/// What a push says first.
const PUSHED: &str = "report-status side-band-64k quiet";

#[test]
fn a_push_whose_answer_is_lost_on_the_way_is_seen_and_one_that_is_cut_is_made_again() {
    let Some((hosted, web)) = open() else { return };
    let relay = Relay::to(web.plain_port);
    let url = format!("http://127.0.0.1:{}/git/vault.git", relay.port);
    hosted.a.ok(&["backup", "configure", &url]);
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "4"]);
    // Nothing is taken of it, then its beginning.
    for length in [1_000, 6_000_000] {
        relay.falls_silent(Silence::AtQuestion(PUSHED));
        let wanted = noise(4, length);
        hosted.a.write(state("x"), &wanted);
        let since = Instant::now();
        let said = fails(&hosted.a, &["backup", "push"], (4, "unconfirmed"));
        assert!(since.elapsed() < Duration::from_secs(30));
        assert!(said.contains("nothing was heard for 4 s"), "{said}");
        nothing_runs(&hosted.a);
        relay.falls_silent(Silence::Never);
        pushed(&hosted.a);
        assert!(hosted.stored("x") == wanted, "{length}");
    }
    // Where only the answer is lost, the ref tells what became of it.
    relay.falls_silent(Silence::InAnswer(PUSHED, 0));
    hosted.a.write(state("x"), "last\n");
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "last\n");
    hosted.is_whole();
}

/// Every source has something that is not taken, or all say nothing.
#[test]
fn each_source_of_a_login_is_tried_once() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let url = web.url("/closed/vault.git");
    let helper = Helper::of(&hosted.a, "hunter2-helper");
    hosted.a.env("HOLDALL_TOKEN", "hunter2-variable");
    hosted.a.write("token", "hunter2-file\n");
    chmod(&hosted.a, "token", 0o600);
    hosted
        .a
        .ok(&["config", "set", "remote.token_file", "~/token"]);
    let said = configure(&hosted.a, &url, (5, "auth"));
    for source in [
        "the login that git asked for or keeps",
        "HOLDALL_TOKEN",
        "remote.token_file",
    ] {
        assert!(said.contains(source), "{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(helper.asked().matches("== get").count(), 1);
    let log = web.log();
    let signed: Vec<_> = log
        .lines()
        .filter_map(|line| line.split('[').nth(1))
        .collect();
    assert_eq!(signed.len(), 4, "{log}");
    assert_eq!(signed[0], "-] ", "{log}");
    let mut others = signed[1..].to_vec();
    others.dedup();
    assert!(others.len() == 3 && !others.contains(&"-] "), "{log}");
}

#[test]
fn no_command_line_has_a_secret_while_a_push_goes_on() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let relay = Relay::to(web.plain_port);
    let url = format!("http://127.0.0.1:{}/closed/vault.git", relay.port);
    hosted.a.env("HOLDALL_TOKEN", "hunter2-wrong");
    // It takes its time, so that it is seen.
    let helper = Helper::of(&hosted.a, PASSWORD);
    let script = fs::read_to_string(hosted.a.home.join("helper")).expect("a script");
    hosted
        .a
        .write("helper", script.replace("exit 0", "sleep 0.3; exit 0"));
    hosted.a.ok(&["backup", "configure", &url]);
    helper.asked();
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "4"]);
    hosted.a.write(state("x"), "1\n");
    relay.falls_silent(Silence::AtQuestion(PUSHED));
    let run = hosted.a.spawn(&["-v", "backup", "push"]);
    let (mut seen, since) = (Vec::new(), Instant::now());
    while since.elapsed() < Duration::from_secs(20) {
        seen.extend(running(&hosted.a));
        if seen.len() > 1 && running(&hosted.a).is_empty() {
            break;
        }
        // Whoever is watched needs time, too.
        thread::sleep(Duration::from_millis(10));
    }
    let ran = run.finish();
    assert_eq!(ran.code, 4, "{ran}");
    for part in ["backup push", "credential fill"] {
        assert!(seen.iter().any(|line| line.contains(part)), "{seen:#?}");
    }
    for secret in ["hunter2", SIGNED, "YWRh"] {
        let found = seen.iter().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
    }
    nothing_secret(&hosted.a, &[ran]);
    relay.falls_silent(Silence::Never);
    pushed(&hosted.a);
}

#[test]
fn what_keeps_a_push_from_getting_there_is_told_apart() {
    let Some((mut hosted, mut web)) = open() else {
        return;
    };
    hosted.a.ok(&["backup", "configure", &hosted.url]);
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    hosted.a.write(state("x"), "2\n");
    let closed = web.url("/closed/vault.git").replace("//", "//ada@");
    let push = ["backup", "push"];
    let mut texts = Vec::new();
    web.gate.closes();
    texts.push(fails(&hosted.a, &push, (5, "auth")));
    web.gate.opens();
    hosted.a.ok(&["backup", "configure", "--no-check", &closed]);
    texts.push(fails(&hosted.a, &push, (5, "auth")));
    hosted.a.env("HOLDALL_TOKEN", "hunter2-wrong");
    texts.push(fails(&hosted.a, &push, (5, "auth")));
    web.stop();
    texts.push(fails(&hosted.a, &push, (4, "unreachable")));
    let words = [
        "403 Forbidden",
        "who asks",
        "does not take the token of HOLDALL_TOKEN",
        "refused",
    ];
    for (text, words) in texts.iter().zip(words) {
        let fitting = texts.iter().filter(|text| text.contains(words)).count();
        assert!(text.contains(words) && fitting == 1, "{words}: {texts:#?}");
    }
    web.go_on();
    hosted.a.env("HOLDALL_TOKEN", PASSWORD);
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
}

#[test]
fn only_a_certificate_of_a_known_authority_is_taken() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    hosted.a.ok(&["config", "unset", "remote.ca_file"]);
    let said = configure(&hosted.a, &hosted.url, (5, "auth"));
    assert!(said.contains("remote.ca_file"), "{said}");
    let other = web.ca().with_file_name("other.pem");
    hosted
        .a
        .ok(&["config", "set", "remote.ca_file", utf8(&other)]);
    configure(&hosted.a, &hosted.url, (5, "auth"));
    hosted
        .a
        .ok(&["config", "set", "remote.ca_file", "no-such.pem"]);
    let said = configure(&hosted.a, &hosted.url, (1, "io"));
    assert!(said.contains("no-such.pem"), "{said}");
    hosted.a.write("empty.pem", "no certificate\n");
    hosted
        .a
        .ok(&["config", "set", "remote.ca_file", "empty.pem"]);
    let said = configure(&hosted.a, &hosted.url, (5, "auth"));
    assert!(said.contains("empty.pem has no certificate"), "{said}");
    hosted.a.ok(&["config", "unset", "remote.ca_file"]);
    hosted.a.env("GIT_SSL_CAINFO", web.ca());
    hosted.a.ok(&["backup", "configure", &hosted.url]);
    hosted.a.unset("GIT_SSL_CAINFO");
    configure(&hosted.a, &hosted.url, (5, "auth"));
    // As if the system trusted it.
    hosted.a.env("SSL_CERT_FILE", web.ca());
    hosted.a.ok(&["backup", "configure", &hosted.url]);
    hosted.a.unset("SSL_CERT_FILE");
    let of_git = format!("[http]\n\tsslCAInfo = {}\n", utf8(&web.ca()));
    hosted.a.write(".gitconfig", of_git);
    hosted.a.ok(&["backup", "configure", &hosted.url]);
}

#[test]
fn the_clear_leads_to_no_other_machine_unless_that_is_wanted() {
    let Some((hosted, web)) = open() else { return };
    let clear = format!("http://127.0.0.1:{}/git/vault.git", web.plain_port);
    hosted.a.ok(&["backup", "configure", &clear]);
    let url = "http://no-such-host.invalid/v.git";
    for args in [
        &["backup", "configure", url][..],
        &["backup", "configure", "--no-check", url],
    ] {
        let (code, document) = hosted.a.json(args);
        assert_eq!(
            (code, &document["error"]["kind"]),
            (1, &"refused".into()),
            "{document}"
        );
        let hints = document["error"]["hints"].to_string();
        assert!(hints.contains("--allow-insecure"), "{document}");
    }
    let insecure = ["backup", "configure", "--allow-insecure"];
    fails(
        &hosted.a,
        &[&insecure[..], &[url]].concat(),
        (4, "unreachable"),
    );
    hosted.a.ok(&[&insecure[..], &["--no-check", url]].concat());
    let said = fails(&hosted.a, &["backup", "pull"], (4, "unreachable"));
    assert!(said.contains("lookup"), "{said}");
    hosted.a.ok(&["config", "unset", "remote.allow_insecure"]);
    fails(&hosted.a, &["backup", "pull"], (1, "refused"));
}

#[test]
fn a_proxy_of_the_environment_or_of_git_is_taken() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let relay = Relay::proxy();
    let proxy = format!("http://me:{PASSWORD}@127.0.0.1:{}", relay.port);
    let url = web.url("/git/vault.git").replace("127.0.0.1", "localhost");
    hosted.a.env("https_proxy", &proxy);
    hosted.a.ok(&["backup", "configure", &url]);
    hosted.a.write(state("x"), noise(3, 2_000_000));
    hosted.a.ok(&["-v", "backup", "push"]);
    let log = relay.log();
    assert!(
        log.starts_with(&format!("CONNECT localhost:{} ", web.port)),
        "{log}"
    );
    assert!(log.contains("Proxy-Authorization: Basic "), "{log}");
    assert!(log.contains("User-Agent: git/holdall-"), "{log}");
    hosted.a.env("no_proxy", "example.com,localhost");
    let before = relay.log();
    hosted.a.ok(&["backup", "pull"]);
    assert_eq!(relay.log(), before);

    hosted
        .b
        .write(".gitconfig", format!("[http]\n\tproxy = {proxy}\n"));
    hosted.b.ok(&["backup", "configure", &url]);
    assert_ne!(relay.log(), before);
    hosted.b.write(
        ".gitconfig",
        "[http]\n\tproxy = http://me:hunter2@127.0.0.1:1\n",
    );
    let said = fails(&hosted.b, &["backup", "pull"], (4, "unreachable"));
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn gits_other_settings_about_the_way_count() {
    let Some((hosted, web)) = open() else { return };
    let config = format!(
        "[url \"{}\"]\n\tinsteadOf = nas:\n[http \"https://127.0.0.1:{}\"]\n\textraHeader = Authorization: {SIGNED}\n",
        web.url("/closed/"),
        web.port
    );
    hosted.a.write(".gitconfig", config);
    hosted.a.ok(&["backup", "configure", "nas:vault.git"]);
    hosted.a.write(state("x"), "1\n");
    let push = hosted.a.ok(&["-v", "backup", "push"]);
    assert_eq!(hosted.stored("x"), "1\n");
    assert!(
        web.log().contains(&format!("200 [{SIGNED}]")),
        "{}",
        web.log()
    );
    nothing_secret(&hosted.a, &[push]);
}

#[test]
fn what_is_no_git_server_is_no_vault_and_what_is_ill_is_not_reached() {
    let Some((hosted, web)) = open() else { return };
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 15\r\n\r\n<html>\x1b[31mhi\r\n";
    let ill = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 16\r\nConnection: close\r\n\r\nback \x1b[31msoon\r\n";
    let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nnot you\r\n";
    for (answer, wanted, words) in [
        (page, (6, "not_a_vault"), "not as a git server"),
        (
            ill,
            (4, "unreachable"),
            "503 Service Unavailable: back soon",
        ),
        (forbidden, (5, "auth"), "403 Forbidden: not you"),
        ("HTTP/1.1 200 O", (4, "unreachable"), ""),
        ("SSH-2.0-OpenSSH\r\n", (70, "corrupt"), ""),
        ("", (4, "unreachable"), ""),
    ] {
        let server = Relay::that_says(answer);
        let url = format!("http://127.0.0.1:{}/v.git", server.port);
        let said = configure(&hosted.a, &url, wanted);
        assert!(said.contains(words), "{said}");
    }
    let said = configure(&hosted.a, &web.url("/git/no-such.git"), (6, "not_a_vault"));
    assert!(said.contains("no repository there"), "{said}");
    let said = configure(&hosted.a, "https://127.0.0.1:1/v.git", (4, "unreachable"));
    assert!(said.contains("refused"), "{said}");
}
