//! The same scenarios over every way. None of them knows which one it is.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::flow::scene::{by_hand, fails, hook, pushed, state, text, tip, vault};
use crate::kit::{Machine, commits, fsck, git, scale, seed};

use super::gate::Step;
use super::hosted::{Hosted, Way};
use super::{noise, nothing_runs};

/// Both are connected, and the first one pushed a file that the second one pulled.
fn in_step(way: Way) -> Option<Hosted> {
    let hosted = way.open()?;
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.b, state("x")), "1\n");
    Some(hosted)
}

fn an_empty_remote_takes_the_first_push_and_hands_it_on(way: Way) {
    let Some(hosted) = way.open() else { return };
    let (code, document) = hosted.a.json(&["backup", "configure", &hosted.url]);
    assert_eq!(
        (code, &document["data"]["state"]),
        (0, &"empty".into()),
        "{document}"
    );
    hosted.a.write(state("x"), "1\n");
    let data = pushed(&hosted.a);
    assert_eq!(data["pushed"], true, "{data}");
    let (_, document) = hosted.b.json(&["backup", "configure", &hosted.url]);
    assert_eq!(document["data"]["state"], "vault", "{document}");
    hosted.b.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.b, state("x")), "1\n");
    // Quiet stays quiet.
    for machine in [&hosted.a, &hosted.b] {
        let before = commits(&hosted.bare);
        machine.ok(&["sync"]);
        assert_eq!(commits(&hosted.bare), before);
    }
    hosted.is_whole();
}

fn changes_go_both_ways(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for round in 0..3 {
        for (one, other) in [(&hosted.a, &hosted.b), (&hosted.b, &hosted.a)] {
            let text_now = format!("{round}\n").repeat(50);
            one.write(state("x"), &text_now);
            one.write(state(&format!("dir/{round}")), &text_now);
            pushed(one);
            other.ok(&["backup", "pull"]);
            assert_eq!(text(other, state("x")), text_now);
        }
    }
    hosted.is_whole();
}

fn two_that_begin_at_once_both_arrive(way: Way) {
    let Some(hosted) = way.open() else { return };
    hosted.connect();
    let started = [&hosted.a, &hosted.b].map(|machine| {
        machine.write(
            state(
                machine
                    .home
                    .file_name()
                    .expect("a name")
                    .to_str()
                    .expect("text"),
            ),
            "1\n",
        );
        machine.spawn(&["backup", "push"])
    });
    for run in started {
        let ran = run.finish();
        assert!(ran.code == 0, "{ran}");
    }
    hosted.is_whole();
    let files = vault(&hosted.sandbox, &hosted.bare);
    for name in ["laptop", "desktop"] {
        assert!(
            files.contains_key(&format!("projects/api/.aigon/{name}")),
            "{name}"
        );
    }
}

fn pushes_at_once_lose_nothing(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for round in 0..scale(50) {
        let started = [("a", &hosted.a), ("b", &hosted.b)].map(|(name, machine)| {
            machine.write(state(&format!("{name}/{round}")), format!("{round}\n"));
            machine.spawn(&["backup", "push"])
        });
        for run in started {
            let ran = run.finish();
            assert!(ran.code == 0, "{round}: {ran}");
        }
        for name in ["a", "b"] {
            assert_eq!(
                hosted.stored(&format!("{name}/{round}")),
                format!("{round}\n")
            );
        }
    }
    hosted.is_whole();
}

fn a_hooks_no_is_a_refusal_in_its_own_words(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let script = hook(
        &hosted.bare,
        "pre-receive",
        "echo 'no pushes on Fridays' >&2; exit 1",
    );
    let before = tip(&hosted.bare);
    hosted.a.write(state("x"), "2\n");
    let said = fails(&hosted.a, &["backup", "push"], (1, "refused"));
    assert!(said.contains("no pushes on Fridays"), "{said}");
    assert_eq!(tip(&hosted.bare), before);
    std::fs::remove_file(script).expect("deleted");
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
}

fn who_may_only_read_pulls_and_pushes_as_soon_as_that_is_allowed(way: Way) {
    let Some(mut hosted) = in_step(way) else {
        return;
    };
    hosted.b.write(state("y"), "b\n");
    pushed(&hosted.b);
    let before = tip(&hosted.bare);
    hosted.closes();
    hosted.a.write(state("x"), "2\n");
    let said = fails(&hosted.a, &["backup", "push"], (5, "auth"));
    let wanted = match way {
        Way::Path => "read-only",
        Way::Ssh => "this account may read, and not push",
        Way::Https => "403 Forbidden",
    };
    assert!(said.contains(wanted), "{said}");
    assert!(said.contains(&hosted.url), "{said}");
    hosted.a.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.a, state("y")), "b\n");
    assert_eq!(text(&hosted.a, state("x")), "2\n");
    assert_eq!(tip(&hosted.bare), before);
    hosted.opens();
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
    hosted.is_whole();
}

fn a_rewound_remote_gets_back_what_it_lost(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let before = tip(&hosted.bare);
    hosted.a.write(state("x"), "2\n");
    pushed(&hosted.a);
    git(&["update-ref", "refs/heads/main", &before], &hosted.bare);
    let (code, document) = hosted.a.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["healed"]),
        (0, &"rewound".into()),
        "{document}"
    );
    assert_eq!(hosted.stored("x"), "2\n");
    // And where both went on from there.
    hosted.b.ok(&["backup", "pull"]);
    git(&["update-ref", "refs/heads/main", &before], &hosted.bare);
    hosted.b.write(state("y"), "b\n");
    hosted.b.ok(&["backup", "push"]);
    hosted.a.ok(&["backup", "push"]);
    assert_eq!(
        (hosted.stored("x"), hosted.stored("y")),
        ("2\n".into(), "b\n".into())
    );
}

fn an_alien_repository_is_left_alone(way: Way) {
    let Some(hosted) = way.open() else { return };
    by_hand(&hosted.sandbox, &hosted.bare, |dir| {
        std::fs::write(dir.join("main.c"), "int main() {}\n").expect("written");
    });
    let before = tip(&hosted.bare);
    fails(
        &hosted.a,
        &["backup", "configure", &hosted.url],
        (6, "not_a_vault"),
    );
    git(&["branch", "-m", "main", "trunk"], &hosted.bare);
    fails(
        &hosted.a,
        &["backup", "configure", &hosted.url],
        (6, "not_a_vault"),
    );
    git(&["branch", "-m", "trunk", "main"], &hosted.bare);
    assert_eq!(tip(&hosted.bare), before);
}

fn a_push_that_is_killed_is_made_good_by_the_next(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for number in 0..scale(40) {
        hosted.writes_many(number);
        let run = hosted.a.spawn(&["backup", "push"]);
        std::thread::sleep(std::time::Duration::from_millis(15 * (number as u64 % 20)));
        run.kill_9();
        pushed(&hosted.a);
        assert!(
            hosted
                .stored("many/7")
                .starts_with(&format!("{number} 7\n"))
        );
        hosted.is_whole();
    }
    hosted.b.ok(&["backup", "pull"]);
}

fn what_cannot_be_reached_is_not_empty_and_nothing_is_taken_for_sent(way: Way) {
    let Some(mut hosted) = in_step(way) else {
        return;
    };
    let before = tip(&hosted.bare);
    hosted.off();
    hosted.a.write(state("x"), "2\n");
    for command in ["push", "pull"] {
        fails(&hosted.a, &["backup", command], (4, "unreachable"));
    }
    fails(&hosted.a, &["sync"], (4, "unreachable"));
    let (code, document) = hosted.a.json(&["backup", "status"]);
    let remote = &document["data"]["remote"];
    assert_eq!(
        (code, &remote["error"]["kind"]),
        (0, &"unreachable".into()),
        "{document}"
    );
    hosted.on();
    assert_eq!(tip(&hosted.bare), before);
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
    assert_eq!(text(&hosted.a, state("x")), "2\n");
}

fn a_first_push_without_the_remote_joins_what_came_there_meanwhile(way: Way) {
    let Some(mut hosted) = way.open() else { return };
    hosted.connect();
    hosted.off();
    hosted.a.write(state("a"), "1\n");
    fails(&hosted.a, &["backup", "push"], (4, "unreachable"));
    hosted.on();
    hosted.b.write(state("b"), "1\n");
    pushed(&hosted.b);
    pushed(&hosted.a);
    assert_eq!(
        (hosted.stored("a"), hosted.stored("b")),
        ("1\n".into(), "1\n".into())
    );
    hosted.is_whole();
}

fn an_emptied_remote_gets_everything_back_and_fresh_machines_get_it(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    std::fs::remove_dir_all(&hosted.bare).expect("deleted");
    assert_eq!(hosted.sandbox.bare("vault.git"), hosted.bare);
    let (code, document) = hosted.a.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["healed"]),
        (0, &"emptied".into()),
        "{document}"
    );
    assert_eq!(hosted.stored("x"), "1\n");
    hosted.b.write(state("x"), "2\n");
    pushed(&hosted.b);
    hosted.a.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.a, state("x")), "2\n");
}

fn a_synced_task_list_reaches_a_new_and_empty_remote_whole(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let long = "long ".repeat(20_000);
    hosted
        .a
        .ok(&["task", "add", "Here", "--description", &long]);
    pushed(&hosted.a);
    hosted.b.ok(&["task", "add", "There"]);
    pushed(&hosted.b);
    hosted.a.ok(&["backup", "pull"]);
    let (new, url) = (
        hosted.sandbox.bare("new.git"),
        hosted.url.replace("vault.git", "new.git"),
    );
    hosted.a.ok(&["backup", "configure", &url, "--replace"]);
    pushed(&hosted.a);
    fsck(&new);
    // It has nothing but what comes from there.
    let data = hosted.b.home.join("holdall/data");
    std::fs::remove_dir_all(data).expect("deleted");
    hosted.b.ok(&["backup", "configure", &url, "--replace"]);
    hosted.b.ok(&["backup", "pull"]);
    let [ours, theirs] = [&hosted.a, &hosted.b].map(|machine| {
        let (_, document) = machine.json(&["task", "list", "--sort", "title"]);
        let tasks = document["data"]["tasks"].as_array().expect("a list");
        let said = |task: &Value| {
            [
                task["id"].clone(),
                task["title"].clone(),
                task["description"].clone(),
            ]
        };
        tasks.iter().map(said).collect::<Vec<_>>()
    });
    assert_eq!(
        (ours.len(), &ours[0][1], &ours[1][1]),
        (2, &"Here".into(), &"There".into())
    );
    assert!(ours[0][2] == long.as_str() && ours == theirs);
}

fn a_large_pack_goes_and_comes(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let (files, size) = if scale(10) == 10 {
        (5, 20 << 20)
    } else {
        (2, 2 << 20)
    };
    let mut rng = seed(3);
    for file in 0..files {
        let bytes: Vec<u8> = (0..size / 8)
            .flat_map(|_| rng.next().to_le_bytes())
            .collect();
        hosted.a.write(state(&format!("large/{file}.bin")), bytes);
    }
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "pull"]);
    for file in 0..files {
        let name = state(&format!("large/{file}.bin"));
        assert!(hosted.a.read(&name) == hosted.b.read(&name), "{file}");
    }
    hosted.is_whole();
}

fn a_pull_that_is_killed_leaves_nothing_half_done(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for number in 0..scale(40) {
        hosted.writes_many(number);
        pushed(&hosted.a);
        let run = hosted.b.spawn(&["backup", "pull"]);
        std::thread::sleep(std::time::Duration::from_millis(10 * (number as u64 % 25)));
        run.kill_9();
        hosted.b.ok(&["backup", "pull"]);
        for file in 0..20 {
            let name = state(&format!("many/{file}"));
            assert!(hosted.a.read(&name) == hosted.b.read(&name), "{number}");
        }
        nothing_is_half_done(&hosted.b);
    }
}

/// What the first machine is to run ends with silence as its cause, in time and with nothing left behind.
fn gives_up(hosted: &Hosted, command: &str, what: &str) {
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "1"]);
    let (before, since) = (tip(&hosted.bare), Instant::now());
    let (code, document) = hosted.a.json(&["backup", command]);
    let error = &document["error"];
    let kind = error["kind"].as_str().unwrap_or_default();
    // Of a push that was sent nobody can say that it did not arrive.
    let is_known = kind == "unreachable" || (command == "push" && kind == "unconfirmed");
    assert!(code == 4 && is_known, "{what}: {document}");
    let said = error["message"].as_str().unwrap_or_default();
    let took = since.elapsed();
    assert!(took < Duration::from_secs(15), "{what}: {took:?}");
    assert!(said.contains("for 1 s"), "{what}: {said}");
    assert!(said.contains(&hosted.url), "{what}: {said}");
    nothing_runs(&hosted.a);
    hosted.a.ok(&["config", "unset", "remote.idle_timeout"]);
    assert_eq!(tip(&hosted.bare), before, "{what}");
    nothing_is_half_done(&hosted.a);
}

fn nothing_is_half_done(machine: &Machine) {
    let store = machine.home.join("holdall/data/vault.git");
    fsck(&store);
    let left = std::fs::read_dir(&store).expect("listed").flatten();
    let mut names = left.map(|entry| entry.file_name().to_string_lossy().into_owned());
    assert!(!names.any(|name| name.contains("holdall-tmp")));
}

fn a_fetch_that_meets_silence_is_given_up_and_made_good_by_the_next(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let Some(gate) = hosted.gate() else { return };
    let steps = [
        Step::BeforeRefs,
        Step::InRefs,
        Step::BeforeAnswer,
        Step::InAnswer,
    ];
    for (number, step) in (0..).zip(steps) {
        let wanted = noise(number, 50_000);
        hosted.b.write(state("x"), &wanted);
        pushed(&hosted.b);
        gate.falls_silent("upload", step);
        gives_up(&hosted, "pull", &format!("{step:?}"));
        gate.opens();
        hosted.a.ok(&["backup", "pull"]);
        assert!(text(&hosted.a, state("x")) == wanted, "{step:?}");
    }
}

fn a_push_that_meets_silence_is_given_up_and_made_good_by_the_next(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let steps = [
        (Step::BeforeRefs, 1_000),
        (Step::InRefs, 1_000),
        (Step::BeforeAnswer, 1_000),
        (Step::InRequest, 6_000_000),
    ];
    for (number, (step, length)) in (0..).zip(steps) {
        let Some(gate) = hosted.gate() else { break };
        let wanted = noise(number, length);
        hosted.a.write(state("x"), &wanted);
        gate.falls_silent("receive", step);
        gives_up(&hosted, "push", &format!("{step:?}"));
        gate.opens();
        pushed(&hosted.a);
        assert!(hosted.stored("x") == wanted, "{step:?}");
    }
    // All arrived, and is not answered.
    let hanging = hook(&hosted.bare, "pre-receive", "exec sleep 30");
    hosted.a.write(state("x"), "last\n");
    gives_up(&hosted, "push", "pre-receive");
    std::fs::remove_file(hanging).expect("deleted");
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "last\n");
}

fn a_push_that_arrived_and_was_not_answered_is_seen(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let script = "[ $1 != committed ] || exec sleep 30";
    let hanging = hook(&hosted.bare, "reference-transaction", script);
    hosted.a.ok(&["config", "set", "remote.idle_timeout", "5"]);
    hosted.a.write(state("x"), "2\n");
    let since = Instant::now();
    pushed(&hosted.a);
    assert!(since.elapsed() < Duration::from_secs(20));
    nothing_runs(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
    std::fs::remove_file(hanging).expect("deleted");
    hosted.a.write(state("x"), "3\n");
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.b, state("x")), "3\n");
}

/// What the doctor says of the remote, and of how it stands: verdicts and words.
fn diagnosed(machine: &Machine) -> [(String, String); 2] {
    let (_, document) = machine.json(&["doctor"]);
    ["remote", "in_step"].map(|name| {
        let checks = document["data"]["checks"].as_array();
        let mut checks = checks.into_iter().flatten();
        let check = checks.find(|it| it["name"] == name);
        let check = check.unwrap_or_else(|| panic!("{document}"));
        let text = |key: &str| check[key].as_str().expect("a text").to_owned();
        (text("verdict"), text("message"))
    })
}

fn the_doctor_says_who_answers_and_who_may_write(way: Way) {
    let Some(mut hosted) = in_step(way) else {
        return;
    };
    let verdicts = |machine: &Machine| diagnosed(machine).map(|(verdict, _)| verdict);
    assert_eq!(verdicts(&hosted.a), ["ok", "ok"]);
    hosted.b.write(state("y"), "2\n");
    pushed(&hosted.b);
    let store = hosted.a.home.join("holdall/data/vault.git");
    let objects = || git(&["count-objects", "-v"], &store);
    let before = objects();
    let [remote, stands] = diagnosed(&hosted.a);
    assert_eq!((&remote.0[..], &stands.0[..]), ("ok", "warn"));
    assert_eq!(stands.1, "1 commit to take in");
    assert_eq!(objects(), before, "what was fetched to know that is gone");
    hosted.closes();
    let [remote, _] = diagnosed(&hosted.a);
    assert_eq!(remote.0, "fail", "{}", remote.1);
    hosted.opens();
    hosted.a.ok(&["backup", "pull"]);
    assert_eq!(verdicts(&hosted.a), ["ok", "ok"]);
    hosted.off();
    let [remote, stands] = diagnosed(&hosted.a);
    assert!(remote.1.contains("cannot be reached"), "{}", remote.1);
    assert_eq!((&remote.0[..], &stands.0[..]), ("fail", "warn"));
    hosted.on();
    assert_eq!(verdicts(&hosted.a), ["ok", "ok"]);
}

macro_rules! over {
    ($name:ident: $way:ident) => {
        mod $name {
            over!($way:
                an_empty_remote_takes_the_first_push_and_hands_it_on,
                changes_go_both_ways,
                two_that_begin_at_once_both_arrive,
                pushes_at_once_lose_nothing,
                a_hooks_no_is_a_refusal_in_its_own_words,
                who_may_only_read_pulls_and_pushes_as_soon_as_that_is_allowed,
                a_rewound_remote_gets_back_what_it_lost,
                an_alien_repository_is_left_alone,
                a_push_that_is_killed_is_made_good_by_the_next,
                what_cannot_be_reached_is_not_empty_and_nothing_is_taken_for_sent,
                a_first_push_without_the_remote_joins_what_came_there_meanwhile,
                an_emptied_remote_gets_everything_back_and_fresh_machines_get_it,
                a_synced_task_list_reaches_a_new_and_empty_remote_whole,
                a_large_pack_goes_and_comes,
                a_pull_that_is_killed_leaves_nothing_half_done,
                a_fetch_that_meets_silence_is_given_up_and_made_good_by_the_next,
                a_push_that_meets_silence_is_given_up_and_made_good_by_the_next,
                a_push_that_arrived_and_was_not_answered_is_seen,
                the_doctor_says_who_answers_and_who_may_write,
            );
        }
    };
    ($way:ident: $($scenario:ident,)*) => {
        $(
            #[test]
            fn $scenario() {
                super::$scenario(super::Way::$way);
            }
        )*
    };
}

over!(path: Path);
over!(ssh: Ssh);
over!(https: Https);
