//! What must hold for every document, and the cases that once needed thought.

use proptest::prelude::*;

use crate::doc::Format;
use crate::doc::laws::{Laws, hold};

const LAWS: Laws = Laws(Format::Yaml);

#[test]
fn a_key_goes_with_its_lines() {
    LAWS.leaves(&[
        ("a: 1\ntoken: x # mine\nb: 2\n", "a: 1\nb: 2\n"),
        ("# top\ntoken: x\n\n# b\nb: 2", "# top\n\n# b\nb: 2"),
        ("a: 1\r\ntoken: x", "a: 1"),
        ("token: x\n", ""),
        ("---\ntoken: x\n", "---\n"),
        (
            "repos:\n  - a\n  # c\n  - b: 1\n    c: |\n      # text\n\n      more\n\nz: 1\n",
            "\nz: 1\n",
        ),
        ("repos:\n- a\n-\nz: 1\n", "z: 1\n"),
        ("a:\n  token: x\nb: 1\n", "a: {}\nb: 1\n"),
        (
            "a:\n  # c\n  token: x\n  repos:\n  - 1\n",
            "a:\n  # c\n  {}\n",
        ),
        ("a:\n  token: x\n  # c\nb: 1", "a: {}\n  # c\nb: 1"),
        (
            "- token: x\n  b: 1\n- b: 1\n  token: x\n- token: x\n",
            "- b: 1\n- b: 1\n- {}\n",
        ),
        ("- token: x\n  # c\n  repos: y\n  b: 1\n", "- # c\n  b: 1\n"),
        ("a: {token: x, b: [1, {token: y}]}\n", "a: {b: [1, {}]}\n"),
        ("{ token: x, b: 1, }\n", "{ b: 1, }\n"),
        (
            "{\n  a: 1, # of a\n  token: x, # of token\n  # above\n  b: 2, # of b\n  repos: y }\n",
            "{\n  a: 1, # of a\n  # above\n  b: 2 # of b\n   }\n",
        ),
        ("\"tok\\u0065n\": 'é'\nä: |+\n  x\n\n\n", "ä: |+\n  x\n\n\n"),
        ("token: >-\n  a\n  b\nc: 1\n", "c: 1\n"),
        ("token:\nc: 1\n", "c: 1\n"),
        ("a: &x 1\ntoken: *x\n", "a: &x 1\n"),
        ("a: &x {token: 1}\nb: *x\n", "a: &x {}\nb: *x\n"),
        ("\u{feff}token: 1\nb: 1\n", "\u{feff}b: 1\n"),
    ]);
}

#[test]
fn paths_say_which_item_of_a_list_they_mean() {
    LAWS.drops(
        "token: 1\na: [{token: 1}]\ns:\n- {}\n- b:\n    token: 1\n",
        &["token", "a.[0].token", "s.[1].b.token"],
    );
}

#[test]
fn local_keys_come_back_in_their_mappings() {
    LAWS.lays(&[
        ("a: 1\n", "token: x # mine\n", "a: 1\ntoken: x # mine\n"),
        ("a: 1", "token: x", "a: 1\ntoken: x"),
        ("", "token: x\n", "token: x\n"),
        ("# c\n", "token: x\n", "# c\ntoken: x\n"),
        (
            "a:\n    b: 1\nc: 1\n",
            "a:\n  repos:\n  - x: |\n      text\n\n    y: 2\n",
            "a:\n    b: 1\n    repos:\n    - x: |\n        text\n\n      y: 2\nc: 1\n",
        ),
        (
            "a: {}\nb: 1\n",
            "a:\n  token: x\n",
            "a:\n  token: x\nb: 1\n",
        ),
        ("a: {}\n", "a: {token: x}\n", "a: {token: x}\n"),
        ("a: {b: 1}\n", "a:\n  token: x\n", "a: {b: 1, token: x}\n"),
        (
            "a: {\n  b: 1 # of b\n  }\n",
            "a:\n  token: x\n",
            "a: {\n  b: 1, # of b\n  token: x\n  }\n",
        ),
        (
            "a:\n  b: 1\n",
            "a: {token: x}\n",
            "a:\n  b: 1\n  token: x\n",
        ),
        (
            "x: 1\n",
            "a:\n  b:\n    token: x\n",
            "x: 1\na:\n  b:\n    token: x\n",
        ),
        (
            "- {}\n- b: 1\n",
            "- token: x\n- b: 1\n  token: y\n",
            "- token: x\n- b: 1\n  token: y\n",
        ),
        (
            "token: auto\na: 1\n",
            "token: mine\n",
            "a: 1\ntoken: mine\n",
        ),
        (
            "a: 1\nb: |\n  x\n\n# end\n",
            "token: x\n",
            "a: 1\nb: |\n  x\ntoken: x\n\n# end\n",
        ),
    ]);
}

#[test]
fn what_finds_no_place_is_named_and_changes_nothing() {
    LAWS.leaves_out(&[
        ("a: 5\n", "a:\n  token: x\n", "a.token"),
        ("a:\n", "a:\n  token: x\n", "a.token"),
        ("", "a:\n  token: x\n  b: 1\n", "a.token"),
        ("- 1\n", "token: x\n", "token"),
        ("l:\n- x: 1\n", "l:\n- x: 2\n  token: 1\n", "l.[0].token"),
    ]);
}

#[test]
fn what_cannot_be_edited_without_doubt_is_refused() {
    let refused = [
        "token: &x 1\nb: *x\n",
        "a: &x\n  token: 1\n  b: 2\nc:\n  <<: *x\n",
        "a: 1\n---\nb: 2\n",
        "a: 1\na: 2\n",
        "? [a]\n: b\n",
        "? token\n: b\n",
        "a: &x [*x]\n",
        "a:\n\t- b\n",
        "a: 'b\n",
        "a: b: c\n",
        "[",
        "*x",
    ];
    for text in refused {
        let outcome = LAWS.strip(text);
        assert!(outcome.is_err(), "{text:?}: {outcome:?}");
    }
    let fault = LAWS.strip("a: 1\nb: [1\nc: 2\n");
    assert!(
        fault
            .expect_err("broken")
            .position()
            .is_some_and(|at| at.line >= 2)
    );
    let lines = (1..40).map(|at| format!("a{at}: &a{at} [*a{0}, *a{0}, *a{0}]", at - 1));
    let bomb: Vec<String> = ["a0: &a0 x".to_owned()].into_iter().chain(lines).collect();
    let bomb = bomb.join("\n");
    assert!(LAWS.strip(&bomb).is_err());
}

#[test]
fn the_same_value_may_be_written_in_many_ways() {
    let same = |a, b| LAWS.same(a, b);
    assert!(same("a: {b: 'x'}\n", "# c\na:\n  b: x\n"));
    assert!(same("a: &x [1]\nb: *x\n", "a: [1]\nb: [1]\n"));
    assert!(!same("a: 1\n", "a: '1'\n"));
    assert!(!same("a: yes\n", "a: 'yes'\n"));
    assert!(!same("a: 1\n", "a: 1.0\n"));
    assert!(same("[", "["));
    for nothing in ["", "# c\n", "---\n", "{}", "---\n...\n"] {
        assert!(Format::Yaml.is_empty(nothing.as_bytes()), "{nothing:?}");
    }
    assert!(!Format::Yaml.is_empty(b"a:\n"));
}

#[test]
fn a_large_document_takes_no_time() {
    let many = |line: &dyn Fn(usize) -> String| (0..6_000).map(line).collect::<String>();
    let shapes = [
        many(&|at| format!("key{at}: {{ token: {at}, other: 'some text here' }}\n")),
        many(&|at| format!("key{at}:\n  token: number {at}\n  other:\n  - é\n")),
        many(&|at| format!("- name: number {at}\n  token: xxxxxxxxxxxxxx\n")),
        format!(
            "a: [{}]\n",
            many(&|at| format!("{{ name: {at}, token: xxxxxxxxx }},\n"))
        ),
        format!("repos:\n{}", many(&|at| format!("- 'number {at}'\n"))),
        "[".repeat(300_000),
        "- ".repeat(100_000),
        "a: ".repeat(100_000),
        "? ".repeat(100_000),
        "&a ".repeat(100_000),
        "'".repeat(300_000),
        "\n\n# c\n".repeat(60_000),
        "a: |\n".repeat(60_000),
    ];
    for text in shapes {
        LAWS.takes_no_time(
            &text,
            if text.starts_with("key") {
                "another: 1\n"
            } else {
                ""
            },
        );
    }
}

/// The lines of a value in one piece, the first beside its key.
fn inline() -> BoxedStrategy<Vec<String>> {
    let texts = vec![
        "1",
        "x y",
        "'it''s # no'",
        "\"é\\n\"",
        "",
        "~",
        "[1, {token: x, b: 2}]",
        "{}",
        "{ token: 1 }",
        "|\n  text\n\n  # no comment",
        ">-\n  folded\n  text",
        "plain\n  text",
        "!tag x",
        "{a: 1, repos: [2]}",
    ];
    let lines = |text: &str| {
        let mut lines = text.split('\n').map(str::to_owned);
        let first = lines
            .next()
            .map_or_else(String::new, |first| format!(" {first}"));
        [first].into_iter().chain(lines).collect()
    };
    prop::sample::select(texts).prop_map(lines).boxed()
}

fn indented(lines: Vec<String>, by: &str) -> Vec<String> {
    let deeper = |line: String| {
        if line.is_empty() {
            line
        } else {
            format!("{by}{line}")
        }
    };
    lines.into_iter().map(deeper).collect()
}

fn says_nothing(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// A mapping below its key.
fn nested(lines: Vec<String>) -> Vec<String> {
    if lines.iter().all(|line| says_nothing(line)) {
        return vec![" {}".to_owned()];
    }
    let lines = indented(lines, "    ");
    [String::new()].into_iter().chain(lines).collect()
}

/// A list of mappings below its key.
fn listed(items: Vec<Vec<String>>) -> Vec<String> {
    let mut lines = vec![String::new()];
    for item in items {
        let item: Vec<String> = item
            .into_iter()
            .skip_while(|line| says_nothing(line))
            .collect();
        if item.is_empty() {
            lines.push("- x".to_owned());
            continue;
        }
        let mut item = indented(item, "  ");
        item[0].replace_range(..2, "- ");
        lines.extend(item);
    }
    lines
}

/// The lines of a block mapping of some depth, with noise between.
fn block(keys: &'static [&'static str], depth: usize) -> BoxedStrategy<Vec<String>> {
    let value = if depth == 0 {
        inline()
    } else {
        let below = || block(keys, depth - 1);
        prop_oneof![
            3 => inline(),
            2 => below().prop_map(nested),
            1 => prop::collection::vec(below(), 1..3).prop_map(listed),
        ]
        .boxed()
    };
    let noise = prop::sample::select(vec!["", "", "", "\n", "# note\n", "\n# note\n\n"]);
    let names = prop::sample::subsequence(keys, 0..=keys.len()).prop_shuffle();
    (names, prop::collection::vec((value, noise), keys.len()))
        .prop_map(|(names, values)| {
            let mut lines = Vec::new();
            for (name, (value, noise)) in names.iter().zip(values) {
                lines.extend(noise.lines().map(str::to_owned));
                lines.push(format!("{name}:{}", value[0]));
                lines.extend(value.into_iter().skip(1));
            }
            lines
        })
        .boxed()
}

fn document(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    (block(keys, 2), prop::bool::ANY, prop::bool::ANY).prop_map(|(lines, ended, crlf)| {
        let mut text = lines.join("\n");
        if ended && !text.is_empty() {
            text.push('\n');
        }
        if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        }
    })
}

const SHARED: &[&str] = &["a", "b", "\"c\""];
const LOCAL: &[&str] = &["a", "b", "token", "repos"];

hold!(
    LAWS,
    document,
    SHARED,
    LOCAL,
    "[\\[\\]{}:,'\"#&*?|>!%@a-b1 \\t\\n\\r\\\\-]{0,24}"
);
