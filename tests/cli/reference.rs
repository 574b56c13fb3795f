//! Every help text in one snapshot: a change of what people read is seen in review.

use std::fmt::Write as _;

/// Every command by name, `holdall` itself as the empty one.
pub fn paths() -> Vec<String> {
    fn below(command: &clap::Command, path: &str, to: &mut Vec<String>) {
        to.push(path.to_owned());
        for next in command.get_subcommands() {
            below(next, format!("{path} {}", next.get_name()).trim_start(), to);
        }
    }
    let mut paths = Vec::new();
    below(&holdall::cli::command(), "", &mut paths);
    paths
}

fn help(path: &str) -> String {
    let mut root = holdall::cli::command().term_width(100);
    root.build();
    let mut at = &mut root;
    for name in path.split_whitespace() {
        at = at.find_subcommand_mut(name).expect("the tree has it");
    }
    at.render_long_help().to_string()
}

#[test]
fn the_whole_reference() {
    let mut text = String::new();
    for path in paths() {
        let title = format!("holdall {path}");
        let title = title.trim_end();
        write!(
            text,
            "{title}\n{}\n\n{}\n\n",
            "=".repeat(title.len()),
            help(&path).trim_end()
        )
        .expect("a string takes everything");
    }
    insta::assert_snapshot!("reference", text);
}

#[test]
fn no_line_of_the_reference_is_wider_than_a_page() {
    for path in paths() {
        for line in help(&path).lines() {
            assert!(line.chars().count() <= 100, "{path}: {line}");
        }
    }
}
