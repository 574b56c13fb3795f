//! What clap says about arguments it refuses, in our own form.

use clap::error::ErrorKind as Clap;

use crate::flow::ErrorKind;

use super::answer::Failure;

/// What became of arguments that are no command to run.
#[derive(Debug)]
pub enum Refused {
    /// Help or the version was asked for.
    Asked(String),
    /// They are wrong.
    Wrong(Failure),
}

/// Reads a refusal of clap for the command that the arguments named.
#[must_use]
pub fn read(error: &clap::Error, command: &str) -> Refused {
    match error.kind() {
        Clap::DisplayHelp | Clap::DisplayVersion => {
            Refused::Asked(error.render().ansi().to_string())
        }
        Clap::DisplayHelpOnMissingArgumentOrSubcommand | Clap::MissingSubcommand => {
            Refused::Wrong(no_command(command))
        }
        _ => Refused::Wrong(wrong(&error.to_string(), command)),
    }
}

/// The failure of a command line that ends where a command should follow.
#[must_use]
pub fn no_command(command: &str) -> Failure {
    let mut failure = Failure {
        kind: ErrorKind::Usage,
        message: format!("`{}` needs a command", line(command)),
        hints: Vec::new(),
    };
    let root = super::args::command();
    let at = command
        .split_whitespace()
        .try_fold(&root, |at, name| at.find_subcommand(name));
    let names: Vec<_> = at
        .into_iter()
        .flat_map(clap::Command::get_subcommands)
        .map(clap::Command::get_name)
        .collect();
    if !names.is_empty() {
        failure.hints.push(format!("one of: {}", names.join(", ")));
    }
    failure.hints.push(see_help(command));
    failure
}

/// clap writes paragraphs: what is wrong, tips, the usage, where help is.
fn wrong(text: &str, command: &str) -> Failure {
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message = joined(first.strip_prefix("error: ").unwrap_or(first));
    let mut hints = Vec::new();
    for paragraph in paragraphs {
        let tips = paragraph
            .lines()
            .filter_map(|line| line.trim().strip_prefix("tip: "));
        hints.extend(tips.map(str::to_owned));
        if let Some(usage) = paragraph.trim().strip_prefix("Usage:") {
            hints.push(format!("usage: {}", joined(usage)));
        }
    }
    hints.push(see_help(command));
    Failure {
        kind: ErrorKind::Usage,
        message,
        hints,
    }
}

fn see_help(command: &str) -> String {
    format!("`{} --help` shows examples", line(command))
}

fn line(command: &str) -> String {
    format!("holdall {command}").trim_end().to_owned()
}

fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::parse;
    use std::ffi::OsString;

    fn refused(line: &str) -> Failure {
        let args: Vec<_> = line.split(' ').map(OsString::from).collect();
        let (name, parsed) = parse(&args);
        match read(&parsed.expect_err("it is wrong"), &name) {
            Refused::Wrong(failure) => failure,
            Refused::Asked(text) => panic!("{line} asks for {text}"),
        }
    }

    #[test]
    fn a_wrong_command_is_answered_with_near_ones() {
        let failure = refused("holdall backup psuh");
        assert_eq!(failure.kind, ErrorKind::Usage);
        assert_eq!(failure.message, "unrecognized subcommand 'psuh'");
        assert!(failure.hints[0].contains("'push'"), "{failure:?}");
        assert_eq!(
            failure.hints.last().map(String::as_str),
            Some("`holdall backup --help` shows examples")
        );
    }

    #[test]
    fn a_wrong_flag_and_a_missing_value_are_named() {
        let failure = refused("holdall backup push --dry");
        assert!(failure.message.contains("'--dry'"), "{failure:?}");
        assert!(failure.hints[0].contains("'--dry-run'"), "{failure:?}");
        let failure = refused("holdall config set a");
        assert!(failure.message.contains("<VALUE>"), "{failure:?}");
        let failure = refused("holdall --color pink demo");
        assert!(failure.message.contains("always"), "{failure:?}");
    }

    #[test]
    fn a_group_without_a_command_names_its_commands() {
        let failure = refused("holdall project");
        assert_eq!(failure.message, "`holdall project` needs a command");
        assert_eq!(
            failure.hints[0],
            "one of: add, link, scan, list, explain, remove"
        );
    }
}
