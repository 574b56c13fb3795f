//! How often a run connects.

use crate::flow::scene::{pushed, state};

use super::hosted::{Hosted, Way};
use super::relay::Relay;

/// Both machines are connected through a relay that counts.
fn counted(way: Way) -> Option<(Hosted, Relay)> {
    let mut hosted = way.open()?;
    let relay = match (&hosted.sshd, &hosted.web) {
        (Some(sshd), _) => {
            let relay = Relay::to(sshd.port);
            sshd.is_behind(relay.port);
            relay
        }
        (_, Some(web)) => {
            let relay = Relay::to(web.port);
            hosted.url = format!("https://127.0.0.1:{}/git/vault.git", relay.port);
            relay
        }
        _ => return None,
    };
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "pull"]);
    Some((hosted, relay))
}

/// How often each of these runs connects, with nothing new on either side or with something.
fn calls(way: Way) -> Option<Vec<(&'static str, usize)>> {
    let (hosted, relay) = counted(way)?;
    let run = |args: &[&str]| {
        let before = relay.calls();
        hosted.a.ok(args);
        relay.calls() - before
    };
    let one_edits = |round: &str| hosted.a.write(state("x"), round);
    let another_pushes = |round: &str| {
        hosted.b.write(state("y"), round);
        pushed(&hosted.b);
    };
    let mut counts = vec![
        ("configure", run(&["backup", "configure", &hosted.url])),
        ("push of nothing", run(&["backup", "push"])),
        ("pull of nothing", run(&["backup", "pull"])),
        ("sync of nothing", run(&["sync"])),
        ("status", run(&["backup", "status"])),
    ];
    one_edits("2\n");
    counts.push(("push", run(&["backup", "push"])));
    another_pushes("2\n");
    counts.push(("pull", run(&["backup", "pull"])));
    one_edits("3\n");
    another_pushes("3\n");
    counts.push(("push after another one's", run(&["backup", "push"])));
    one_edits("4\n");
    another_pushes("4\n");
    counts.push(("sync both ways", run(&["sync"])));
    hosted.b.ok(&["backup", "pull"]);
    hosted.is_whole();
    Some(counts)
}

/// Fetching and pushing are programs of their own there, and each is called once.
#[test]
fn over_ssh_a_run_connects_once_for_each_direction_that_has_news() {
    for (run, count) in calls(Way::Ssh).into_iter().flatten() {
        let is_of_both = ["push after another one's", "sync both ways"].contains(&run);
        assert_eq!(count, 1 + usize::from(is_of_both), "{run}");
    }
}

#[test]
fn over_https_a_run_connects_once_whatever_it_has_to_say() {
    for (run, count) in calls(Way::Https).into_iter().flatten() {
        assert_eq!(count, 1, "{run}");
    }
}
