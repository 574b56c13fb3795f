//! Raw global flags and the environment, resolved into how this run speaks.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::base::Env;

use super::args::{ColorWhen, Global};

/// How much is said on stderr. Errors are always said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    Quiet,
    #[default]
    Normal,
    Verbose,
}

/// Which of the three streams is a terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminals {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

impl Terminals {
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        }
    }
}

/// Which of the two outgoing streams is written in color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Colors {
    pub stdout: bool,
    pub stderr: bool,
}

/// How this run speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own"
)]
pub struct Manner {
    pub json: bool,
    pub talk: Talk,
    /// Somebody is there to be asked.
    pub may_ask: bool,
    pub color: Colors,
    /// A long run shows how far it is.
    pub progress: bool,
    /// A person reads what is said beside the answer.
    pub is_read: bool,
    pub home: Option<PathBuf>,
}

impl Manner {
    #[must_use]
    pub fn resolve(global: &Global, env: &Env, terminals: Terminals) -> Self {
        let talk = match (global.quiet, global.verbose) {
            (true, _) => Talk::Quiet,
            (false, true) => Talk::Verbose,
            (false, false) => Talk::Normal,
        };
        let is_read = terminals.stderr && !global.json && talk > Talk::Quiet;
        Self {
            json: global.json,
            talk,
            may_ask: !global.no_input && !global.json && terminals.stdin && terminals.stderr,
            color: Colors::resolve(global.color, env, terminals),
            progress: is_read && can_redraw(env),
            is_read,
            home: global.home.clone(),
        }
    }

    /// For arguments that clap refuses: a wrong command line is answered in the form it asked for.
    #[must_use]
    pub fn guess(args: &[OsString], env: &Env, terminals: Terminals) -> Self {
        let flags: Vec<_> = args
            .iter()
            .skip(1)
            .filter_map(|arg| arg.to_str())
            .take_while(|arg| *arg != "--")
            .collect();
        let color_flag = flags.iter().enumerate().find_map(|(at, flag)| {
            let next = || flags.get(at + 1).copied();
            match flag.strip_prefix("--color")? {
                "" => next(),
                value => value.strip_prefix('='),
            }
        });
        let when = color_flag
            .and_then(|value| ColorWhen::from_str(value, false).ok())
            .unwrap_or(ColorWhen::Auto);
        Self {
            json: flags.contains(&"--json"),
            color: Colors::resolve(when, env, terminals),
            ..Self::default()
        }
    }
}

impl Colors {
    fn resolve(when: ColorWhen, env: &Env, terminals: Terminals) -> Self {
        Self {
            stdout: color(when, env, terminals.stdout),
            stderr: color(when, env, terminals.stderr),
        }
    }
}

/// Whether the terminal can take a line back.
fn can_redraw(env: &Env) -> bool {
    env.var("TERM").is_some_and(|term| term != "dumb")
}

/// The flag decides; else NO_COLOR, CLICOLOR_FORCE and TERM, as other programs read them.
fn color(when: ColorWhen, env: &Env, terminal: bool) -> bool {
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if env.var("NO_COLOR").is_some() => false,
        ColorWhen::Auto if env.var("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorWhen::Auto => terminal && can_redraw(env),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::parse;

    const ON_A_TERMINAL: Terminals = Terminals {
        stdin: true,
        stdout: true,
        stderr: true,
    };

    fn env(vars: &[(&str, &str)]) -> Env {
        let vars = vars
            .iter()
            .map(|(k, v)| ((*k).to_owned(), OsString::from(v)));
        Env::new(vars, PathBuf::from("/"), "desk".to_owned())
    }

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn resolve(line: &str, vars: &[(&str, &str)]) -> Manner {
        let cli = parse(&words(line)).1.expect("a valid line");
        Manner::resolve(&cli.global, &env(vars), ON_A_TERMINAL)
    }

    #[test]
    fn color_follows_the_flag_then_the_environment() {
        let xterm = ("TERM", "xterm");
        for (flag, vars, colored) in [
            ("auto", vec![xterm], true),
            ("auto", vec![], false),
            ("auto", vec![("TERM", "dumb")], false),
            ("auto", vec![xterm, ("NO_COLOR", "1")], false),
            ("auto", vec![xterm, ("NO_COLOR", "")], true),
            (
                "auto",
                vec![("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
                false,
            ),
            ("auto", vec![("CLICOLOR_FORCE", "1")], true),
            ("always", vec![("NO_COLOR", "1")], true),
            ("never", vec![xterm], false),
        ] {
            let line = format!("holdall --color {flag} demo");
            assert_eq!(
                resolve(&line, &vars).color.stdout,
                colored,
                "{flag} {vars:?}"
            );
            let guessed = Manner::guess(&words(&line), &env(&vars), ON_A_TERMINAL);
            assert_eq!(guessed.color.stdout, colored, "{flag} {vars:?}");
        }
    }

    #[test]
    fn nobody_is_asked_for_json_or_without_a_terminal() {
        assert!(resolve("holdall demo", &[]).may_ask);
        assert!(!resolve("holdall demo --no-input", &[]).may_ask);
        assert!(!resolve("holdall demo --json", &[]).may_ask);
        let cli = parse(&words("holdall demo")).1.expect("valid");
        assert!(!Manner::resolve(&cli.global, &env(&[]), Terminals::default()).may_ask);
    }

    #[test]
    fn progress_is_for_people_at_a_terminal_that_can_take_it_back() {
        let xterm = ("TERM", "xterm");
        assert!(resolve("holdall demo", &[xterm]).progress);
        assert!(resolve("holdall demo --no-input", &[xterm, ("NO_COLOR", "1")]).progress);
        assert!(!resolve("holdall demo", &[]).progress);
        assert!(!resolve("holdall demo", &[("TERM", "dumb")]).progress);
        assert!(resolve("holdall demo", &[]).is_read);
        let cli = parse(&words("holdall demo")).1.expect("valid");
        let piped = Manner::resolve(&cli.global, &env(&[xterm]), Terminals::default());
        let json = resolve("holdall demo --json", &[xterm]);
        let quiet = resolve("holdall demo --quiet", &[xterm]);
        for manner in [piped, json, quiet] {
            assert!(!manner.progress && !manner.is_read, "{manner:?}");
        }
    }

    #[test]
    fn json_is_heard_in_a_wrong_command_line_but_not_behind_two_dashes() {
        let guess = |line| Manner::guess(&words(line), &env(&[]), ON_A_TERMINAL).json;
        assert!(guess("holdall nonsense --json"));
        assert!(!guess("holdall nonsense -- --json"));
        assert!(!guess("--json"));
    }
}
