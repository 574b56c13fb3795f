//! The tree as people see it: examples below each command, and a first page that groups them.

use std::ffi::OsString;
use std::fmt::Write as _;

use anstyle::Style;
use clap::builder::StyledStr;
use clap::{CommandFactory, FromArgMatches};

use super::{Cli, Example, examples_of};

/// The first page's groups. Every command stands in exactly one; a test holds that.
pub const GROUPS: [(&str, &[&str]); 3] = [
    ("The vault", &["backup"]),
    ("What travels", &["project", "settings"]),
    (
        "holdall itself",
        &["config", "demo", "completions", "man", "help"],
    ),
];

const HEADING: Style = Style::new().bold().underline();
const LITERAL: Style = Style::new().bold();

/// Wider lines are hard to read, however wide the terminal is.
const MAX_WIDTH: usize = 100;

/// The whole tree, with its help texts.
#[must_use]
pub fn command() -> clap::Command {
    let mut root = Cli::command().max_term_width(MAX_WIDTH);
    let names: Vec<String> = names_of(&root);
    for group in names {
        root = root.mut_subcommand(group.clone(), |mut group_command| {
            for leaf in names_of(&group_command) {
                let path = format!("{group} {leaf}");
                group_command =
                    group_command.mut_subcommand(leaf, |command| with_examples(command, &path));
            }
            with_examples(group_command, &group)
        });
    }
    let page = first_page(&root);
    root.override_help(page)
}

/// Reads arguments, the program's name first.
pub fn parse(args: &[OsString]) -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(args)?;
    Cli::from_arg_matches(&matches)
}

/// The command that arguments name, with its own name and not an alias: `vault push --x` is
/// `backup push`. It also reads what clap refuses, as far as commands are named at all.
#[must_use]
pub fn named(root: &clap::Command, args: &[OsString]) -> String {
    let mut at = root;
    let mut names = Vec::new();
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if arg == "--home" || arg == "--color" {
            args.next();
        } else if !arg.starts_with('-') {
            let Some(next) = at.find_subcommand(arg) else {
                break;
            };
            names.push(next.get_name());
            at = next;
        } else if arg == "--" {
            break;
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

/// A heading and its examples, the explanations in one column where that stays readable.
fn section(heading: &str, examples: &[Example]) -> String {
    let width = examples.iter().map(|e| e.line.len()).max().unwrap_or(0);
    let mut text = format!("{HEADING}{heading}:{HEADING:#}");
    for Example { line, does } in examples {
        let pad = width - line.len();
        // Long pairs are broken on purpose: clap would break them anywhere.
        let fits = width + does.len() + 6 <= 80;
        let gap = if fits {
            " ".repeat(pad + 2)
        } else {
            "\n      ".to_owned()
        };
        write!(text, "\n  {LITERAL}{line}{LITERAL:#}{gap}{does}")
            .expect("writing to a string never fails");
    }
    text
}

/// clap lists commands in one heap, so the first page is put together here.
fn first_page(root: &clap::Command) -> StyledStr {
    let about = root.get_long_about().map(ToString::to_string);
    let mut text = format!(
        "{}\n\n{HEADING}Usage:{HEADING:#} {LITERAL}holdall{LITERAL:#} [OPTIONS] <COMMAND>\n",
        wrapped(&about.unwrap_or_default())
    );
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
        .help_template("{options}{all-args}")
        .subcommand_help_heading("")
        .mut_subcommands(|command| command.hide(true))
        .render_help();
    write!(
        text,
        "\n{}\n\n{}\n\n`holdall COMMAND --help` explains a command and shows it in use.\n",
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

/// Plain text in lines of at most 80 characters, its paragraphs kept.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        let current = lines.last().map_or(0, |line| {
            line.rsplit('\n')
                .next()
                .map_or(0, |tail| tail.chars().count())
        });
        let first = word.split('\n').next().unwrap_or(word);
        let Some(line) = lines.last_mut() else { break };
        if current > 0 && current + 1 + first.chars().count() > 80 {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
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

    #[test]
    fn every_command_has_examples_and_every_example_names_it_and_parses() {
        let root = command();
        let mut paths = vec![String::new()];
        for group in root.get_subcommands() {
            let leaves = names_of(group);
            let name = group.get_name();
            if leaves.is_empty() {
                paths.push(name.to_owned());
            }
            paths.extend(leaves.iter().map(|leaf| format!("{name} {leaf}")));
        }
        for path in paths {
            assert!(!examples_of(&path).is_empty(), "{path} has no example");
            for Example { line, .. } in examples_of(&path) {
                let args = words(line);
                if let Err(fault) = parse(&args) {
                    panic!("{line}: {fault}");
                }
                let named = named(&root, &args);
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
            let cli = parse(&words(line)).unwrap_or_else(|fault| panic!("{line}: {fault}"));
            assert!(cli.global.json, "{line}");
            assert_eq!(cli.global.home, Some("/x".into()), "{line}");
            assert_eq!(named(&command(), &words(line)), "backup push");
        }
    }

    #[test]
    fn an_alias_is_named_by_its_command() {
        let root = command();
        for (line, name) in [
            ("holdall vault push --dry-run", "backup push"),
            ("holdall --color never vault", "backup"),
            ("holdall project add list", "project add"),
            ("holdall backup psuh", "backup"),
            ("holdall --nonsense", ""),
            ("holdall -- backup", ""),
        ] {
            assert_eq!(named(&root, &words(line)), name, "{line}");
        }
    }
}
