//! A remote that is made: `backup configure` through `gh` and `glab`, which are stand-ins here. Their
//! repositories are real, and the way to them is the whole one.

use serde_json::Value;

use crate::kit::{Hub, Machine, Sandbox, answered, git, program, tree};

use super::scene::{API, add, connect, fails, pushed, state, text, utf8};

const CREATE: [&str; 3] = ["backup", "configure", "--create-github"];

/// A machine on which `me` is logged in at GitHub.
fn at_github() -> (Sandbox, Hub, Machine) {
    let sandbox = Sandbox::new();
    let hub = Hub::new(&sandbox);
    hub.says("github.login", "me");
    let mut machine = sandbox.machine("laptop");
    hub.reached_from(&mut machine, &["gh"]);
    (sandbox, hub, machine)
}

/// The address that is kept.
fn kept(machine: &Machine) -> Value {
    machine.json(&["config", "get", "remote.url"]).1["data"]["value"].clone()
}

fn created(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(args);
    assert_eq!(code, 0, "{document}");
    let data = &document["data"];
    assert_eq!(data["created"], true, "{document}");
    assert_eq!(data["state"], "empty", "{document}");
    assert_eq!(kept(machine), data["remote"]);
    data["remote"].clone()
}

/// What is said on failure, hints included; nothing is kept.
#[track_caller]
fn refused(machine: &Machine, args: &[&str], wanted: (i32, &str)) -> String {
    let before = kept(machine);
    let (code, document) = machine.json(args);
    let error = &document["error"];
    let kind = error["kind"].as_str().unwrap_or_default();
    assert_eq!((code, kind), wanted, "{document}");
    assert_eq!(kept(machine), before, "what was refused is not kept");
    let hints = error["hints"].as_array().expect("hints").iter();
    let lines = [&error["message"]].into_iter().chain(hints);
    let lines: Vec<&str> = lines.filter_map(Value::as_str).collect();
    lines.join("\n")
}

#[test]
fn a_private_repository_is_made_connected_and_carries_the_vault_to_another_machine() {
    let (sandbox, hub, machine) = at_github();
    let url = created(&machine, &CREATE);
    assert_eq!(url, "https://github.com/me/holdall-vault.git");
    assert_eq!(hub.visibility("github", "me/holdall-vault"), "PRIVATE");
    let heard = hub.heard();
    let makes = "gh repo create github.com/me/holdall-vault --private".to_owned();
    assert!(heard.contains(&makes), "{heard:?}");

    let dir = machine.checkout("api", API);
    machine.write(state("x"), "1\n");
    add(&machine, &dir);
    pushed(&machine);
    let mut tower = sandbox.machine("tower");
    hub.reached_from(&mut tower, &["gh"]);
    let dir = tower.checkout("api", API);
    tower.ok(&[
        "backup",
        "configure",
        "https://github.com/me/holdall-vault.git",
    ]);
    add(&tower, &dir);
    tower.ok(&["backup", "pull"]);
    assert_eq!(text(&tower, state("x")), "1\n");
}

#[test]
fn name_and_owner_are_the_persons_and_ssh_or_https_is_as_gh_is_set_up() {
    let (_sandbox, hub, machine) = at_github();
    hub.says("protocol", "ssh");
    let url = created(&machine, &[&CREATE[..], &["state"]].concat());
    assert_eq!(url, "git@github.com:me/state.git");
    let url = created(&machine, &[&CREATE[..], &["team/state"]].concat());
    assert_eq!(url, "git@github.com:team/state.git");
    let ran = machine.ok(&[&CREATE[..], &["more"]].concat());
    assert!(
        ran.stdout
            .contains("made git@github.com:me/more.git, a private repository"),
        "{ran}"
    );
    let (_, document) = machine.json(&["backup", "configure", "git@github.com:me/more.git"]);
    assert!(document["data"].get("created").is_none(), "{document}");
    let name = [&CREATE[..], &["a b"]].concat();
    hub.heard();
    let said = refused(&machine, &name, (1, "invalid"));
    assert!(said.contains("`a b` is no name"), "{said}");
    assert!(hub.heard().is_empty(), "gh is not asked for what cannot be");
}

#[test]
fn a_name_that_is_taken_is_told_with_what_is_there_and_nothing_is_made_twice() {
    let (sandbox, hub, machine) = at_github();
    created(&machine, &CREATE);
    let connect = "holdall backup configure 'https://github.com/me/holdall-vault.git'";
    let said = refused(&machine, &CREATE, (1, "refused"));
    assert!(
        said.contains("me/holdall-vault is there already at GitHub, and private and empty"),
        "{said}"
    );
    assert!(said.contains(connect), "{said}");

    let dir = machine.checkout("api", API);
    machine.write(state("x"), "1\n");
    add(&machine, &dir);
    pushed(&machine);
    let place = hub.place("github", "me/holdall-vault");
    let before = tree(&place);
    let mut tower = sandbox.machine("tower");
    hub.reached_from(&mut tower, &["gh"]);
    let said = refused(&tower, &CREATE, (1, "refused"));
    assert!(said.contains("private and a vault"), "{said}");
    assert!(said.contains(connect), "{said}");
    assert_eq!(tree(&place), before);

    let code = hub.repository("github", "me/code", "PRIVATE");
    git(&["push", "-q", utf8(&code), "main"], &dir);
    let said = refused(&tower, &[&CREATE[..], &["code"]].concat(), (1, "refused"));
    assert!(said.contains("is not a vault"), "{said}");
    assert!(!said.contains("to connect that one"), "{said}");
    hub.repository("github", "me/open", "PUBLIC");
    let said = refused(&tower, &[&CREATE[..], &["open"]].concat(), (1, "refused"));
    assert!(said.contains("and public"), "{said}");
    assert!(said.contains("--create-github NAME"), "{said}");
}

#[test]
fn where_gh_is_missing_or_nobody_is_logged_in_the_command_that_helps_is_named() {
    let (_sandbox, hub, mut machine) = at_github();
    hub.says_no_more("github.login");
    let said = refused(&machine, &CREATE, (5, "auth"));
    assert!(said.contains("`gh auth login`"), "{said}");
    hub.says("github.login", "me").says("expired", "");
    let said = refused(&machine, &CREATE, (5, "auth"));
    assert!(said.contains("Bad credentials"), "{said}");
    hub.says_no_more("expired").says("offline", "");
    let said = refused(&machine, &CREATE, (4, "unreachable"));
    assert!(
        said.contains("error connecting to api.github.com"),
        "{said}"
    );
    hub.says_no_more("offline").says("silent", "");
    machine.ok(&["config", "set", "remote.connect_timeout", "1"]);
    let said = refused(&machine, &CREATE, (4, "unreachable"));
    assert!(said.contains("1 s"), "{said}");
    hub.says_no_more("silent");
    hub.reached_from(&mut machine, &[]);
    let said = refused(&machine, &CREATE, (1, "not_found"));
    assert!(said.contains("https://cli.github.com"), "{said}");
    assert!(said.contains("holdall backup configure URL"), "{said}");
}

#[test]
fn what_gh_says_is_not_trusted() {
    let (_sandbox, hub, machine) = at_github();
    for answer in [
        "",
        "-x",
        "../..",
        "{}",
        "https://example.com/me/vault",
        "a\u{1b}[31mb",
    ] {
        hub.says("strange", answer);
        let said = refused(&machine, &CREATE, (1, "refused"));
        assert!(said.contains("not one that is known"), "{said}");
    }
    hub.says("strange", "[\"isPrivate\"]");
    let bare = hub.repository("github", "me/vault", "PRIVATE");
    machine.ok(&["backup", "configure", "git@github.com:me/vault.git"]);
    assert!(bare.is_dir());
}

#[test]
fn a_repository_that_was_made_and_cannot_be_connected_is_named() {
    let (_sandbox, hub, machine) = at_github();
    hub.says("lost", "");
    let ran = machine.run(&CREATE);
    assert_ne!(ran.code, 0, "{ran}");
    assert!(
        ran.stderr
            .contains("the private repository me/holdall-vault was made, and is not connected yet"),
        "{ran}"
    );
    assert!(kept(&machine).is_null());
}

#[test]
fn a_public_repository_at_github_is_refused_however_its_address_came() {
    let (_sandbox, hub, machine) = at_github();
    hub.repository("github", "me/open", "PUBLIC");
    machine.write(".gitconfig", {
        let known = text(&machine, ".gitconfig");
        format!("{known}[url \"git@github.com:\"]\n\tinsteadOf = gh:\n")
    });
    for url in [
        "git@github.com:me/open.git",
        "ssh://git@github.com/me/open.git",
        "https://github.com/me/open.git",
        "https://GitHub.com/me/open.git",
        "gh:me/open",
    ] {
        for command in [
            &["backup", "configure", url][..],
            &["backup", "configure", url, "--no-check"],
        ] {
            let said = refused(&machine, command, (1, "refused"));
            assert!(said.contains("me/open at GitHub is public"), "{said}");
            assert!(said.contains("--allow-public"), "{said}");
            assert!(
                said.contains("PATCH repos/me/open --field private=true"),
                "{said}"
            );
        }
    }
    let url = "https://github.com/me/open.git";
    let said = refused(
        &machine,
        &["config", "set", "remote.url", url],
        (1, "refused"),
    );
    assert!(said.contains("--allow-public"), "{said}");
    machine.ok(&["backup", "configure", url, "--allow-public"]);
    assert_eq!(kept(&machine), url);
    hub.says("github/me/open.visibility", "INTERNAL");
    machine.ok(&["backup", "configure", url]);
}

#[test]
fn a_name_of_ones_own_for_github_is_looked_through() {
    let (sandbox, hub, machine) = at_github();
    let ssh = machine.home.join("bin/ssh");
    let Ok(real) = ssh.canonicalize() else {
        return;
    };
    hub.repository("github", "me/open", "PUBLIC");
    // It reads nobody's home but that of the account.
    let config = sandbox.path().join("ssh_config");
    std::fs::write(&config, "Host mine\n  HostName github.com\n").expect("written");
    std::fs::remove_file(&ssh).expect("removed");
    let script = format!(
        "#!/bin/sh\nexec {} -F {} \"$@\"\n",
        utf8(&real),
        utf8(&config)
    );
    program(&ssh, &script);
    let said = refused(
        &machine,
        &["backup", "configure", "--no-check", "mine:me/open.git"],
        (1, "refused"),
    );
    assert!(said.contains("me/open at GitHub is public"), "{said}");
    machine.ok(&["backup", "configure", "--no-check", "other:me/open.git"]);
}

#[test]
fn a_new_machine_takes_a_public_vault_only_where_that_is_said() {
    let (sandbox, hub, machine) = at_github();
    created(&machine, &CREATE);
    let dir = machine.checkout("api", API);
    machine.write(state("x"), "1\n");
    add(&machine, &dir);
    pushed(&machine);
    hub.says("github/me/holdall-vault.visibility", "PUBLIC");
    let mut tower = sandbox.machine("tower");
    hub.reached_from(&mut tower, &["gh"]);
    tower.checkout("api", API);
    let restore = ["restore", "https://github.com/me/holdall-vault.git"];
    refused(&tower, &restore, (1, "refused"));
    tower.ok(&[&restore[..], &["--allow-public"]].concat());
    assert_eq!(text(&tower, state("x")), "1\n");
}

#[test]
fn where_gh_cannot_say_whether_a_repository_is_public_it_is_taken() {
    let (_sandbox, hub, mut machine) = at_github();
    hub.repository("github", "me/open", "PUBLIC");
    machine.ok(&["config", "set", "remote.connect_timeout", "1"]);
    let command = ["backup", "configure", "git@github.com:me/open.git"];
    for trouble in ["offline", "expired", "silent"] {
        hub.says(trouble, "");
        let ran = machine.ok(&command);
        let warned = ran.stderr.contains("whether everybody can read");
        assert!(warned, "{trouble}: {ran}");
        hub.says_no_more(trouble);
    }
    refused(&machine, &command, (1, "refused"));
    hub.says_no_more("github.login");
    machine.ok(&command);
    hub.says("github.login", "me");
    hub.reached_from(&mut machine, &[]);
    machine.ok(&command);
}

#[test]
fn what_is_not_at_github_is_not_asked_about() {
    let (sandbox, hub, machine) = at_github();
    connect(&machine, &sandbox.bare("vault.git"));
    assert!(hub.heard().is_empty());
}

#[test]
fn without_a_url_and_a_terminal_both_ways_are_named_and_nobody_is_asked() {
    let (_sandbox, hub, machine) = at_github();
    let said = refused(&machine, &["backup", "configure"], (2, "usage"));
    assert!(
        said.contains("holdall backup configure --create-github"),
        "{said}"
    );
    assert!(said.contains("holdall backup configure PATH"), "{said}");
    assert!(hub.heard().is_empty());
    fails(
        &machine,
        &[&CREATE[..], &["x", "/somewhere"]].concat(),
        (2, "usage"),
    );
}

#[test]
fn on_a_terminal_a_repository_is_offered_where_somebody_is_logged_in() {
    let (_sandbox, hub, machine) = at_github();
    let ran = answered(&machine, &["backup", "configure"], "\n\n");
    assert_eq!(ran.code, 0, "{ran}");
    let question = "Create a private repository on GitHub for the vault, as me? [Y/n]";
    assert!(ran.stderr.contains(question), "{ran}");
    assert!(ran.stderr.contains("Its name [holdall-vault]:"), "{ran}");
    assert_eq!(kept(&machine), "https://github.com/me/holdall-vault.git");
    let ran = answered(&machine, &["backup", "configure"], "y\nother\n");
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(kept(&machine), "https://github.com/me/other.git");
    hub.repository("github", "me/third", "PRIVATE");
    let typed = "n\nhttps://github.com/me/third.git\n";
    let ran = answered(&machine, &["backup", "configure"], typed);
    assert_eq!(ran.code, 0, "{ran}");
    assert_eq!(kept(&machine), "https://github.com/me/third.git");
    // Nothing typed, and the end of the input, at each question.
    for typed in ["n\n\n", "\u{4}", "y\n\u{4}", "n\n\u{4}"] {
        hub.heard();
        let ran = answered(&machine, &["backup", "configure"], typed);
        assert_eq!(ran.code, 2, "{typed:?}: {ran}");
        assert_eq!(kept(&machine), "https://github.com/me/third.git");
        let heard = hub.heard();
        assert!(!heard.iter().any(|it| it.contains("create")), "{heard:?}");
    }
}

#[test]
fn on_a_terminal_without_anybody_logged_in_an_address_is_asked_for() {
    let (sandbox, hub, mut machine) = at_github();
    hub.says_no_more("github.login");
    let bare = sandbox.bare("vault.git");
    let typed = format!("{}\n", utf8(&bare));
    for programs in [&["gh", "glab"][..], &[]] {
        hub.reached_from(&mut machine, programs);
        let ran = answered(&machine, &["backup", "configure"], &typed);
        assert_eq!(ran.code, 0, "{ran}");
        assert!(!ran.stderr.contains("Create a private"), "{ran}");
        assert_eq!(kept(&machine), utf8(&bare));
    }
}

#[test]
fn gitlab_is_offered_where_only_glab_has_somebody_logged_in() {
    let (_sandbox, hub, mut machine) = at_github();
    hub.says_no_more("github.login").says("gitlab.login", "me");
    hub.reached_from(&mut machine, &["gh", "glab"]);
    let ran = answered(&machine, &["backup", "configure"], "y\n\n");
    assert_eq!(ran.code, 0, "{ran}");
    assert!(
        ran.stderr
            .contains("repository on GitLab for the vault, as me?"),
        "{ran}"
    );
    assert_eq!(kept(&machine), "git@gitlab.com:me/holdall-vault.git");
    assert_eq!(hub.visibility("gitlab", "me/holdall-vault"), "private");
    hub.says("protocol", "https");
    let ran = answered(&machine, &["backup", "configure"], "y\n\n");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("private and empty"), "{ran}");
    assert!(
        ran.stderr
            .contains("'https://gitlab.com/me/holdall-vault.git'"),
        "{ran}"
    );
    let ran = answered(&machine, &["backup", "configure"], "y\nteam/x\n");
    assert_eq!(ran.code, 1, "{ran}");
    // Whoever is logged in at both is asked about GitHub.
    hub.says("github.login", "me");
    let ran = answered(&machine, &["backup", "configure"], "n\n\n");
    assert!(ran.stderr.contains("repository on GitHub"), "{ran}");
}
