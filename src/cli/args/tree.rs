//! The tree as people see it: examples below each command, and a first page that groups them.

use std::ffi::OsString;
use std::fmt::Write as _;

use anstyle::Style;
use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches};

use super::later::whole;
use super::{Cli, Example, examples_of};

/// The first page's groups. Every command stands in exactly one; a test holds that.
pub const GROUPS: [(&str, &[&str]); 4] = [
    (
        "The vault",
        &["backup", "sync", "restore", "conflict", "import"],
    ),
    ("What travels", &["project", "settings", "secret"]),
    ("What is to be done", &["task", "workspace", "epic"]),
    (
        "holdall itself",
        &[
            "doctor",
            "daemon",
            "config",
            "demo",
            "completions",
            "man",
            "help",
        ],
    ),
];

const HEADING: Style = Style::new().bold().underline();
const LITERAL: Style = Style::new().bold();

/// Wider lines are hard to read, however wide the terminal is.
const MAX_WIDTH: usize = 100;

/// The whole tree, with its help texts.
#[must_use]
pub fn command() -> clap::Command {
    let root = below(whole(Cli::command).max_term_width(MAX_WIDTH), "");
    let page = first_page(&root);
    root.help_template(page)
}

/// A command with everything below it.
fn below(mut command: clap::Command, path: &str) -> clap::Command {
    for name in names_of(&command) {
        let path = format!("{path} {name}");
        let path = path.trim_start();
        command = command.mut_subcommand(name, |next| with_examples(below(next, path), path));
    }
    command
}

/// The command that arguments name, as `backup push`, and what clap made of them; the program's name
/// comes first.
pub fn parse(args: &[OsString]) -> (String, Result<Cli, clap::Error>) {
    // Help texts are put together only where somebody reads them.
    let matches = match Cli::command().try_get_matches_from(args) {
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            command().try_get_matches_from(args)
        }
        other => other,
    };
    let name = match &matches {
        Ok(matches) => chosen(matches),
        Err(_) => named(&whole(Cli::command), args),
    };
    (
        name,
        matches.and_then(|matches| Cli::from_arg_matches(&matches)),
    )
}

/// The command that was understood.
fn chosen(matches: &ArgMatches) -> String {
    let mut names = Vec::new();
    let mut at = matches;
    while let Some((name, next)) = at.subcommand() {
        names.push(name);
        at = next;
    }
    names.join(" ")
}

/// The name of a command is its own and not an alias: `vault push --x` is `backup push`. What clap
/// refuses is read too, as far as commands are named at all.
fn named(root: &clap::Command, args: &[OsString]) -> String {
    let mut at = root;
    let mut names = Vec::new();
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if arg == "--home" || arg == "--color" {
            args.next();
        } else if arg == "--" {
            break;
        } else if !arg.starts_with('-') {
            let Some(next) = at.find_subcommand(arg) else {
                break;
            };
            names.push(next.get_name());
            at = next;
        }
    }
    names.join(" ")
}

fn names_of(command: &clap::Command) -> Vec<String> {
    command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect()
}

fn with_examples(command: clap::Command, path: &str) -> clap::Command {
    match examples_of(path) {
        [] => command,
        examples => command.after_long_help(StyledStr::from(section("Examples", examples))),
    }
}

/// A heading and its examples: the explanations in one column, or each on a line of its own where a
/// column would be too wide.
fn section(heading: &str, examples: &[Example]) -> String {
    let width = examples.iter().map(|e| e.line.len()).max().unwrap_or(0);
    let does = examples.iter().map(|e| e.does.len()).max().unwrap_or(0);
    let one_line = width + does + 4 <= MAX_WIDTH;
    let mut text = format!("{HEADING}{heading}:{HEADING:#}");
    for Example { line, does } in examples {
        let gap = if one_line {
            " ".repeat(width - line.len() + 2)
        } else {
            "\n      ".to_owned()
        };
        write!(text, "\n  {LITERAL}{line}{LITERAL:#}{gap}{does}")
            .expect("writing to a string never fails");
    }
    text
}

/// The first page, as a template of clap's: clap lists commands in one heap, this groups them.
fn first_page(root: &clap::Command) -> StyledStr {
    let mut text = format!("{{about-with-newline}}\n{HEADING}Usage:{HEADING:#} {{usage}}\n");
    for (heading, names) in GROUPS {
        writeln!(text, "\n{HEADING}{heading}:{HEADING:#}").expect("a string takes everything");
        for name in names {
            let line = match root.find_subcommand(name) {
                Some(command) => about_of(command),
                None => "Print this page, or the help of a command".to_owned(),
            };
            writeln!(text, "  {LITERAL}{name:<12}{LITERAL:#} {line}")
                .expect("a string takes everything");
        }
    }
    let options = Cli::command()
        .max_term_width(MAX_WIDTH)
        .help_template("{all-args}")
        .mut_subcommands(|command| command.hide(true))
        .render_help();
    write!(
        text,
        "\n{}\n\n{}\n\n`holdall COMMAND --help` explains a command and shows it in use.",
        options.ansi().to_string().trim(),
        section("First steps", examples_of("")),
    )
    .expect("a string takes everything");
    StyledStr::from(text)
}

fn about_of(command: &clap::Command) -> String {
    let mut line = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let mut aliases = command.get_visible_aliases().peekable();
    if aliases.peek().is_some() {
        let aliases: Vec<_> = aliases.collect();
        write!(line, " [alias: {}]", aliases.join(", ")).expect("a string takes everything");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a line; what stands between quotes is one.
    fn words(line: &str) -> Vec<OsString> {
        let mut words = Vec::new();
        for (number, part) in line.split('\'').enumerate() {
            if number % 2 == 1 {
                words.push(part.into());
            } else {
                words.extend(part.split_whitespace().map(OsString::from));
            }
        }
        words
    }

    #[test]
    fn clap_finds_no_fault_in_the_tree() {
        command().debug_assert();
    }

    #[test]
    fn every_command_stands_in_one_group_of_the_first_page() {
        let mut grouped: Vec<_> = GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .collect();
        let count = grouped.len();
        grouped.sort_unstable();
        grouped.dedup();
        assert_eq!(grouped.len(), count, "one stands twice");
        for name in names_of(&command()) {
            assert!(grouped.contains(&name.as_str()), "{name} stands nowhere");
        }
    }

    /// The commands that have none below them.
    fn leaves(command: &clap::Command, path: &str, to: &mut Vec<String>) {
        for next in command.get_subcommands() {
            let path = format!("{path} {}", next.get_name());
            if next.has_subcommands() {
                leaves(next, &path, to);
            } else {
                to.push(path.trim_start().to_owned());
            }
        }
    }

    #[test]
    fn every_command_has_examples_and_every_example_names_it_and_parses() {
        let mut paths = vec![String::new()];
        leaves(&command(), "", &mut paths);
        for path in paths {
            assert!(!examples_of(&path).is_empty(), "{path} has no example");
            for Example { line, .. } in examples_of(&path) {
                let args = words(line);
                let (named, parsed) = parse(&args);
                if let Err(fault) = parsed {
                    panic!("{line}: {fault}");
                }
                assert!(path.is_empty() || named == path, "{line} stands at {path}");
            }
        }
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in [
            "holdall --json --home /x backup push",
            "holdall backup --json push --home /x",
            "holdall backup push --home /x --json",
        ] {
            let (name, parsed) = parse(&words(line));
            let cli = parsed.unwrap_or_else(|fault| panic!("{line}: {fault}"));
            assert!(cli.global.json, "{line}");
            assert_eq!(cli.global.home, Some("/x".into()), "{line}");
            assert_eq!(name, "backup push");
        }
    }

    #[test]
    fn an_alias_is_named_by_its_command() {
        for (line, name) in [
            ("holdall vault push --dry-run", "backup push"),
            ("holdall --color never vault", "backup"),
            ("holdall project add list", "project add"),
            ("holdall backup psuh", "backup"),
            ("holdall --nonsense", ""),
            ("holdall -- backup", ""),
        ] {
            assert_eq!(parse(&words(line)).0, name, "{line}");
        }
    }
}
