//! What is said where https does not lead to a vault: which part failed, and nothing that is secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::flow::scene::fails;
use crate::kit::Machine;

use super::free_port;
use super::over_https::{Helper, configure, open};
use super::relay::Relay;
use super::utf8;
use super::web::PASSWORD;

fn insecurely(machine: &Machine, url: &str, wanted: (i32, &str)) -> String {
    let args = ["backup", "configure", "--allow-insecure", url];
    let (code, document) = machine.json(&args);
    let error = &document["error"];
    assert_eq!(
        (code, error["kind"].as_str()),
        (wanted.0, Some(wanted.1)),
        "{document}"
    );
    error["hints"].to_string()
}

#[test]
fn a_user_that_is_a_token_is_refused_and_kept_nowhere() {
    let Some((hosted, web)) = open() else { return };
    let before = hosted.a.ok(&["config", "list"]).stdout;
    for secret in [
        "0123456789abcdef0123456789abcdef01234567",
        "me%3Apw-SECRET",
        "me:pw-SECRET",
        "gho_0123456789",
        "github_pat_0123456789",
    ] {
        let url = web.url("/git/vault.git");
        let url = url.replace("//", &format!("//{secret}@"));
        for args in [
            &["backup", "configure", &url][..],
            &["config", "set", "remote.url", &url],
        ] {
            let ran = hosted.a.run(args);
            assert_eq!(ran.code, 1, "{ran}");
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!said.contains(secret) && !said.contains("SECRET"), "{said}");
        }
    }
    assert_eq!(hosted.a.ok(&["config", "list"]).stdout, before);
    let url = web
        .url("/git/vault.git")
        .replace("//", "//anna%40example.org@");
    hosted.a.ok(&["backup", "configure", &url]);
}

#[test]
fn what_no_time_mends_is_not_called_unreachable() {
    let Some((hosted, web)) = open() else { return };
    let on_plain = format!("https://127.0.0.1:{}/git/vault.git", web.plain_port);
    let said = configure(&hosted.a, &on_plain, (6, "not_a_vault"));
    assert!(
        said.contains("does not speak TLS (is it http://?)"),
        "{said}"
    );
    for url in [
        "https://loc alhost/x",
        "https://localhost/x ",
        " https://localhost/x",
    ] {
        configure(&hosted.a, url, (1, "invalid"));
    }
    for (answer, words) in [
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "400 Bad Request",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204 No Content"),
    ] {
        let url = format!("http://127.0.0.1:{}/v.git", Relay::that_says(answer).port);
        let said = configure(&hosted.a, &url, (6, "not_a_vault"));
        assert!(
            said.contains("not as a git server") && said.contains(words),
            "{said}"
        );
    }
}

#[test]
fn the_hint_has_the_flag_that_was_given() {
    let Some((hosted, _web)) = open() else { return };
    let hints = insecurely(
        &hosted.a,
        "http://no-such-host.invalid/v.git",
        (4, "unreachable"),
    );
    assert!(
        hints.contains("configure --allow-insecure 'http://no-such-host"),
        "{hints}"
    );
    assert!(hints.contains("--allow-insecure --no-check"), "{hints}");
}

#[test]
fn a_proxy_that_does_not_lead_on_is_named_without_its_login() {
    let Some((mut hosted, _web)) = open() else {
        return;
    };
    let url = "https://192.0.2.1/v.git";
    let nobody = free_port();
    for scheme in ["http", "socks5"] {
        let proxy = format!("{scheme}://me:{PASSWORD}@127.0.0.1:{nobody}");
        hosted.a.env("https_proxy", proxy);
        let said = configure(&hosted.a, url, (4, "unreachable"));
        let named = format!("the proxy 127.0.0.1:{nobody} cannot be reached: Connection refused");
        assert!(said.contains(&named) && !said.contains(PASSWORD), "{said}");
    }
    let asks = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let refuses = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    for (answer, login, wanted, words) in [
        (
            asks,
            "",
            (5, "auth"),
            "wants to know who asks: write user and password into git's http.proxy",
        ),
        (
            asks,
            "me:hunter2-correct@",
            (5, "auth"),
            "does not take the user and password",
        ),
        (
            refuses,
            "",
            (4, "unreachable"),
            "does not lead there: it answered 403",
        ),
    ] {
        let relay = Relay::that_says(answer);
        hosted.a.env(
            "https_proxy",
            format!("http://{login}127.0.0.1:{}", relay.port),
        );
        let said = configure(&hosted.a, url, wanted);
        let named = format!("the proxy 127.0.0.1:{} {words}", relay.port);
        assert!(said.contains(&named) && !said.contains(PASSWORD), "{said}");
    }
    fails(
        &hosted.a,
        &["config", "set", "remote.url", "https://loc alhost/x"],
        (1, "invalid"),
    );
}

const TO_REFS: &str = "info/refs?service=git-upload-pack";

/// What leads every question about refs to another repository.
fn leading_to(repository: &str) -> Relay {
    let answer = format!(
        "HTTP/1.1 302 Found\r\nLocation: {repository}/{TO_REFS}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    Relay::that_says(answer.leak())
}

#[test]
fn the_host_that_was_really_asked_is_named() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let relay = leading_to("https://nohost.invalid/w.git");
    let url = format!("http://127.0.0.1:{}/v.git", relay.port);
    let said = configure(&hosted.a, &url, (4, "unreachable"));
    let named = format!("the remote {url} (at nohost.invalid) cannot be reached");
    assert!(said.contains(&named), "{said}");
    let config = "[url \"https://nohost.invalid/\"]\n\tinsteadOf = zz:\n";
    hosted.a.write(".gitconfig", config);
    let said = configure(&hosted.a, "zz:v.git", (4, "unreachable"));
    assert!(
        said.contains("zz:v.git (at nohost.invalid) cannot"),
        "{said}"
    );
    hosted.a.write(".gitconfig", "");

    hosted.a.env("HOLDALL_TOKEN", PASSWORD);
    let said = configure(&hosted.a, &web.url("/away/vault.git"), (5, "auth"));
    let other = format!("https://localhost:{}/closed/vault.git", web.port);
    assert!(said.contains(&format!("sends on to {other}")), "{said}");
    assert!(said.contains("for the host of the address alone"), "{said}");

    let circle = leading_to("/v.git");
    let url = format!("http://127.0.0.1:{}/v.git", circle.port);
    let said = configure(&hosted.a, &url, (6, "not_a_vault"));
    assert!(
        said.contains(&format!("in a circle, back to {url}")),
        "{said}"
    );
}

#[test]
fn http_that_leads_to_https_of_the_same_host_is_followed_without_a_login() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let up = leading_to(&web.url("/git/vault.git"));
    hosted.a.env("HOLDALL_TOKEN", PASSWORD);
    let url = format!("http://127.0.0.1:{}/v.git", up.port);
    hosted.a.ok(&["backup", "configure", &url]);
    let closed = leading_to(&web.url("/closed/vault.git"));
    let url = format!("http://127.0.0.1:{}/v.git", closed.port);
    configure(&hosted.a, &url, (5, "auth"));
    let log = web.log();
    assert!(log.contains("/closed/") && !log.contains("[Basic"), "{log}");
}

#[test]
fn it_is_said_which_login_failed_and_how() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let url = web.url("/closed/vault.git");
    let helper = "!echo keyring is locked >&2; exit 1; :";
    let config = format!("[credential]\n\thelper = \"{helper}\"\n");
    hosted.a.write(".gitconfig", config);
    let said = configure(&hosted.a, &url, (5, "auth"));
    let words = "git's credential helper was asked and gave nothing (keyring is locked)";
    assert!(said.contains(words), "{said}");

    Helper::of(&hosted.a, "hunter2-wrong");
    let said = configure(&hosted.a, &url, (5, "auth"));
    assert!(
        said.contains("does not take the login that git asked for or keeps"),
        "{said}"
    );

    hosted.a.write(
        ".gitconfig",
        "[http]\n\textraHeader = Authorization: Basic d3Jvbmc6bm8=\n",
    );
    let said = configure(&hosted.a, &url, (5, "auth"));
    assert!(
        said.contains("does not take the login of http.extraHeader"),
        "{said}"
    );
    hosted.a.write(".gitconfig", "");

    let token = hosted.a.home.join("token");
    hosted.a.write(&token, "\n");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).expect("set");
    hosted
        .a
        .ok(&["config", "set", "remote.token_file", "~/token"]);
    let said = configure(&hosted.a, &url, (5, "auth"));
    assert!(
        said.contains("token_file is empty") && said.contains(utf8(&token)),
        "{said}"
    );
    hosted.a.ok(&["config", "unset", "remote.token_file"]);

    hosted.a.env("HOLDALL_TOKEN", PASSWORD);
    let relay = Relay::that_says(
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nContent-Length: 31\r\nConnection: close\r\n\r\nBad credentials hunter2-correct",
    );
    let url = format!("http://127.0.0.1:{}/v.git", relay.port);
    let said = configure(&hosted.a, &url, (5, "auth"));
    let words = "does not take the token of HOLDALL_TOKEN; the server says: Bad credentials ***";
    assert!(said.contains(words), "{said}");
}

#[test]
fn settings_of_git_in_the_environment_count() {
    let Some((mut hosted, web)) = open() else {
        return;
    };
    let helper = Helper::of(&hosted.a, PASSWORD);
    let script = hosted.a.home.join("helper");
    hosted.a.write(".gitconfig", "");
    hosted.a.env("GIT_CONFIG_COUNT", "2");
    hosted.a.env("GIT_CONFIG_KEY_0", "credential.helper");
    hosted.a.env("GIT_CONFIG_VALUE_0", &script);
    hosted.a.env(
        "GIT_CONFIG_KEY_1",
        format!("url.{}.insteadOf", web.url("/closed/")),
    );
    hosted.a.env("GIT_CONFIG_VALUE_1", "nas:");
    hosted.a.ok(&["backup", "configure", "nas:vault.git"]);
    assert!(helper.asked().contains("== store"));
}
