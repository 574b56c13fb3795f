//! A word on the desktop when pushes in the background fail, once a day for each cause.

use std::time::Duration;

use crate::base::{Env, Program, find_program};
use crate::snapshot::masked;

use super::super::{Event, FlowError, Session};
use super::overdue::Overdue;
use super::reminder::is_time;

/// Whoever shows it does so at once.
const LIMIT: Duration = Duration::from_secs(10);
/// No desktop shows more.
const MAX_TEXT: usize = 300;

/// Where a desktop of Linux is, and what draws on it. Others take more from the directory at run time.
const DESKTOP: [&str; 3] = ["DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY"];

/// Handed to the script with its two texts, so that none of them is read as a part of it.
const SCRIPT: [&str; 6] = [
    "-e",
    "on run {title, words}",
    "-e",
    "display notification words with title title",
    "-e",
    "end run",
];

/// Shows what is overdue, where there is a desktop and it was not told today. Says whether it was shown.
pub fn failure(session: &Session<'_>, overdue: &Overdue) -> Result<bool, FlowError> {
    if !session.config.notify_desktop {
        return Ok(false);
    }
    let Some(program) = program(&session.edges.env, &texts(overdue)) else {
        return Ok(false);
    };
    let (file, now) = (session.places.notified(), session.edges.clock.now());
    if !is_time(&file, overdue, now) {
        return Ok(false);
    }
    let done = program.hear_out(b"", LIMIT)?;
    let is_shown = done.status.is_some_and(|status| status.success());
    if !is_shown {
        let words = done.words.lines().next().unwrap_or("no word of why");
        let text = format!("the desktop could not be told that no push goes well: {words}");
        session.tell(&Event::Warning { text: &text });
    }
    Ok(is_shown)
}

/// What shows it; nothing where nothing can.
fn program(env: &Env, (title, body): &(String, String)) -> Option<Program> {
    if cfg!(target_os = "macos") {
        let script = find_program(env, "osascript")?;
        let words = SCRIPT.iter().copied().chain([title.as_str(), body]);
        return Some(Program::new(script, env).args(words));
    }
    let has_bus = env.var(DESKTOP[0]).is_some() || env.var("XDG_RUNTIME_DIR").is_some();
    let sender = find_program(env, "notify-send").filter(|_| has_bus)?;
    let body = in_markup(body);
    let words = ["--app-name=holdall", "--icon=dialog-warning", "--"];
    let words = words.into_iter().chain([title.as_str(), &body]);
    let mut program = Program::new(sender, env).args(words);
    for name in DESKTOP {
        if let Some(value) = env.var(name) {
            program = program.var(name, value);
        }
    }
    Some(program)
}

/// A title and what is below it. It may stand there for days: so it has a date, and no count of days.
fn texts(overdue: &Overdue) -> (String, String) {
    let title = match overdue.last_ok {
        Some(at) => format!("holdall: no good push since {}", at.locally_readable()),
        None => "holdall: no push went well yet".to_owned(),
    };
    let message = masked(&overdue.message);
    let plain = message.chars().filter(|c| !c.is_control());
    (title, plain.take(MAX_TEXT).collect())
}

/// The text as it is: a name in it is no markup.
fn in_markup(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::cell::RefCell;
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::base::{Edges, Timestamp};
    use crate::flow::Watch;
    use crate::flow::background::overdue::DAY;

    /// Its desktop writes down what it is given to show.
    const SHOWS: &str = "printf '%s\\n' \"$@\" \"at $DBUS_SESSION_BUS_ADDRESS\" > \"$HOME/shown\"";

    struct Desk {
        dir: TempDir,
        vars: Vec<(&'static str, OsString)>,
    }

    #[derive(Default)]
    struct Heard(RefCell<Vec<String>>);

    impl Watch for Heard {
        fn tell(&self, event: &Event<'_>) {
            if let Event::Warning { text } = event {
                self.0.borrow_mut().push((*text).to_owned());
            }
        }
    }

    impl Desk {
        fn with(script: &str) -> Self {
            let dir = tempfile::tempdir().expect("a temp dir");
            let file = dir.path().join("notify-send");
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it may run");
            let vars = vec![
                ("HOME", dir.path().as_os_str().to_owned()),
                ("PATH", dir.path().as_os_str().to_owned()),
                ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/bus".into()),
            ];
            Self { dir, vars }
        }

        /// Tells it, on this day: whether it was shown, and what there was to warn of.
        fn told(&self, day: i64, kind: &str, message: &str) -> (bool, Vec<String>) {
            let mut edges = Edges::fixed(day * DAY);
            let vars = self.vars.iter();
            let vars = vars.map(|(name, value)| ((*name).to_owned(), value.clone()));
            edges.env = Env::new(vars, self.dir.path().to_owned(), "desk".to_owned());
            let heard = Heard::default();
            let session = Session::open(&edges, Some(self.dir.path()), "daemon run", &heard);
            let overdue = Overdue {
                last_ok: Some(Timestamp::from_millis(7 * DAY)),
                failures: 30,
                kind: kind.to_owned(),
                message: message.to_owned(),
            };
            let is_shown = failure(&session.expect("opened"), &overdue).expect("no fault");
            (is_shown, heard.0.into_inner())
        }

        /// What is shown, and gone then.
        fn shown(&self) -> Option<String> {
            let file = self.dir.path().join("shown");
            let text = fs::read_to_string(&file).ok();
            fs::remove_file(file).ok();
            text
        }
    }

    #[test]
    fn a_failure_is_shown_once_a_day_for_each_cause() {
        let desk = Desk::with(SHOWS);
        for (day, kind, is_shown) in [
            (10, "auth", true),
            (10, "auth", false),
            (10, "refused", true),
            (11, "refused", true),
        ] {
            assert_eq!(desk.told(day, kind, "no").0, is_shown, "{day} {kind}");
            assert_eq!(desk.shown().is_some(), is_shown, "{day} {kind}");
        }
    }

    #[test]
    fn what_is_shown_is_the_date_and_the_reason_without_secrets_and_markup() {
        let desk = Desk::with(SHOWS);
        let token = format!("ghp_{}", "aB3dE6gH9jK2".repeat(3));
        let message = format!("<b>{token}</b> & more\u{1b}[2J");
        assert!(desk.told(10, "auth", &message).0);
        let shown = desk.shown().expect("it was shown");
        let lines: Vec<&str> = shown.lines().collect();
        let date = Timestamp::from_millis(7 * DAY).locally_readable();
        assert_eq!(
            lines[2..4],
            ["--", &format!("holdall: no good push since {date}")]
        );
        assert!(lines[4].starts_with("&lt;b&gt;[secret "), "{shown}");
        assert!(lines[4].ends_with("]&lt;/b&gt; &amp; more[2J"), "{shown}");
        assert_eq!(lines[5..], ["at unix:path=/run/bus"]);
    }

    #[test]
    fn without_a_desktop_or_a_wish_for_it_nothing_is_tried_and_nothing_counts_as_told() {
        let mut desk = Desk::with(SHOWS);
        let config = desk.dir.path().join("config.toml");
        fs::write(&config, "notify.desktop = false\n").expect("written");
        assert_eq!(desk.told(10, "auth", "no"), (false, Vec::new()));
        fs::remove_file(config).expect("removed");
        let bus = desk.vars.pop().expect("there is one");
        assert_eq!(desk.told(10, "auth", "no"), (false, Vec::new()));
        desk.vars.push(bus);
        let path = std::mem::replace(&mut desk.vars[1].1, "/nowhere".into());
        assert_eq!(desk.told(10, "auth", "no"), (false, Vec::new()));
        desk.vars[1].1 = path;
        assert_eq!(desk.shown(), None);
        assert!(desk.told(10, "auth", "no").0);
    }

    #[test]
    fn a_desktop_that_shows_nothing_is_worth_a_word() {
        let desk = Desk::with("echo 'no such service' >&2; exit 1");
        let (is_shown, warnings) = desk.told(10, "auth", "no");
        assert!(!is_shown);
        assert!(
            warnings[0].ends_with("no push goes well: no such service"),
            "{warnings:?}"
        );
    }
}
