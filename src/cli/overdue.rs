//! A push that is overdue, in words; and said to whoever does something else.

use crate::base::Timestamp;
use crate::flow::background::notify::failure;
use crate::flow::background::overdue::{Overdue, overdue};
use crate::flow::background::reminder;
use crate::flow::hooks::By;
use crate::flow::{FlowError, Session, Silent};

use super::ctx::Ctx;
use super::show::{ago, printable};

/// What says it themselves, ends it, or is no moment to hear of it.
const SAY_NOTHING: [&str; 12] = [
    "backup configure",
    "backup pull",
    "backup push",
    "backup schedule",
    "backup status",
    "completions",
    "daemon",
    "demo",
    "doctor",
    "man",
    "restore",
    "sync",
];

/// Says at a terminal, behind the answer to something else, that no push goes well. That it cannot be
/// said is no matter of the command that was asked for.
pub fn remind(ctx: &Ctx, name: &str) {
    if !ctx.manner.is_read || says_nothing(name) {
        return;
    }
    if let Ok(Some(overdue)) = found(ctx, name) {
        let words = words(&overdue, ctx.edges.clock.now());
        ctx.out.warning(&words);
        ctx.out.hint(HINT);
    }
}

/// Shows on the desktop what nobody sees otherwise: that a run failed which the background began.
pub fn show(ctx: &Ctx, name: &str) {
    if By::of(&ctx.edges.env) == By::Daemon {
        let shown = ctx.read(name, |session| match overdue(session)? {
            Some(overdue) => failure(session, &overdue),
            None => Ok(false),
        });
        // The run's own failure is what has to be said.
        shown.ok();
    }
}

/// What to do about it.
pub const HINT: &str = "push now, and see: `holdall backup push`";

fn found(ctx: &Ctx, name: &str) -> Result<Option<Overdue>, FlowError> {
    // What there is to warn of in the configuration was said by the command.
    let home = ctx.manner.home.as_deref();
    reminder::remind(&Session::open(&ctx.edges, home, name, &Silent)?)
}

fn says_nothing(name: &str) -> bool {
    let is = |silent: &str| {
        let rest = name.strip_prefix(silent);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    SAY_NOTHING.iter().any(|silent| is(silent))
}

/// `last good push 3 days ago: /mnt/nas/vault.git is not there`.
pub fn words(overdue: &Overdue, now: Timestamp) -> String {
    let good = match overdue.last_ok {
        None => "no push went well yet".to_owned(),
        Some(at) if at > now => format!(
            "last good push {}, by a clock that was set back since",
            at.locally_readable()
        ),
        Some(at) => format!("last good push {}", ago(at, now)),
    };
    format!("{good}: {}", printable(&overdue.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args;

    #[test]
    fn what_says_it_itself_is_named_as_it_is_called() {
        for name in ["backup push", "sync", "daemon run", "doctor", "man"] {
            assert!(says_nothing(name), "{name}");
        }
        for name in ["backup log", "task list", "synchronize", "backup", ""] {
            assert!(!says_nothing(name), "{name}");
        }
        let tree = args::command();
        for name in SAY_NOTHING {
            let mut parts = name.split(' ');
            let found = parts.try_fold(&tree, |at, part| at.find_subcommand(part));
            assert!(found.is_some(), "{name}");
        }
    }

    #[test]
    fn the_last_good_one_is_told_as_far_as_the_clock_can_tell() {
        let now = Timestamp::from_millis(1_795_222_923_123);
        let told = |hours: Option<i64>| {
            let before = |hours: i64| Timestamp::from_millis(now.millis() - hours * 3_600_000);
            let overdue = Overdue {
                last_ok: hours.map(before),
                failures: 1,
                kind: "auth".to_owned(),
                message: "not\u{1b} let in".to_owned(),
            };
            words(&overdue, now)
        };
        assert_eq!(
            told(Some(72)),
            "last good push 3 days ago: not\\u{1b} let in"
        );
        assert_eq!(told(None), "no push went well yet: not\\u{1b} let in");
        assert!(told(Some(-72)).contains("by a clock that was set back since: "));
    }
}
