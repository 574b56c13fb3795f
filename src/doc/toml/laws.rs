//! What must hold for every document, and the cases that once needed thought.

use proptest::prelude::*;

use crate::doc::Format;
use crate::doc::laws::{Laws, hold};

const LAWS: Laws = Laws(Format::Toml);

#[test]
fn a_key_goes_with_its_line_and_a_table_with_its_header() {
    LAWS.leaves(&[
        ("a = 1\ntoken = 2 # mine\nb = 3\n", "a = 1\nb = 3\n"),
        (
            "# top\ntoken = '''\nx\n'''\n\n[b]\nc = 1",
            "# top\n\n[b]\nc = 1",
        ),
        ("a = 1\r\ntoken = 2", "a = 1"),
        ("a.token = 1\na.b = 2\n", "a.b = 2\n"),
        ("a.token.x = 1\na.token.y = 1\n", ""),
        (
            "a = { token = 1, b = { x = 1, token = 2 } }\n",
            "a = { b = { x = 1 } }\n",
        ),
        (
            "a = [ { token = 1 }, {token = 1, b = 2} ]\n",
            "a = [ {}, {b = 2} ]\n",
        ),
        (
            "[a]\nx = 1\n\n[projects.\"/x y\"]\nt = 1\n# inside\nu = 2\n# after\n\n[b]\ny = 1\n",
            "[a]\nx = 1\n\n[b]\ny = 1\n",
        ),
        (
            "[projects.a]\nx = 1\n\n[projects.b]\nx = 1\n\n[c]\n",
            "[c]\n",
        ),
        ("[a]\nx = 1\n\n[projects.a]\nx = 1\n", "[a]\nx = 1\n"),
        (
            "[projects]\n[projects.a]\nx = 1\n# of b\n[b]\n",
            "# of b\n[b]\n",
        ),
        (
            "[[s]]\nname = 1\ntoken = 1\n[s.token2]\n[[s]]\n[s.token]\nx = 1\n",
            "[[s]]\nname = 1\n[s.token2]\n[[s]]\n",
        ),
        ("[[projects]]\nx = 1\n\n[[projects]]\nx = 2\n", ""),
        ("[a]\ntoken = 1\n", "[a]\n"),
        ("\u{feff}token = 1\nx = 1\n", "\u{feff}x = 1\n"),
        ("\"tok\\u0065n\" = 1\nx = 1_000\n", "x = 1_000\n"),
    ]);
}

#[test]
fn paths_say_which_item_of_a_list_they_mean() {
    LAWS.drops(
        "token = 1\na = [{token = 1}]\n[[s]]\n[[s]]\n[s.b]\ntoken = 1\n",
        &["token", "a.[0].token", "s.[1].b.token"],
    );
}

#[test]
fn local_keys_come_back_in_their_tables() {
    LAWS.lays(&[
        ("a = 1\n", "token = 2 # mine\n", "a = 1\ntoken = 2 # mine\n"),
        ("a = 1", "token = 2", "a = 1\ntoken = 2"),
        ("", "token = 2\n", "token = 2\n"),
        (
            "# all\n\n[a]\nx = 1\n",
            "token = 2\n",
            "# all\n\ntoken = 2\n[a]\nx = 1\n",
        ),
        (
            "[a]\nx = 1\n\n[b]\n",
            "[a]\ntoken = 1\n",
            "[a]\nx = 1\ntoken = 1\n\n[b]\n",
        ),
        (
            "[a]\nx = 1\n",
            "[a]\ny=1\n\n[projects.x]\nt = 1 # c\n[projects.y]\nt = 2\n",
            "[a]\nx = 1\n\n[projects.x]\nt = 1 # c\n[projects.y]\nt = 2\n",
        ),
        (
            "a = { x = 1 }\n",
            "[a]\ntoken = 1\n",
            "a = { x = 1, token = 1 }\n",
        ),
        ("a = {}\n", "a.token = 1\n", "a = {token = 1}\n"),
        (
            "[a]\nx = 1\n",
            "a = { token = 1 }\n",
            "[a]\nx = 1\ntoken = 1\n",
        ),
        (
            "[a]\nx = 1\n",
            "a.token.y = 1\n",
            "[a]\nx = 1\ntoken.y = 1\n",
        ),
        (
            "a.x = 1\n",
            "[a]\ntoken = 1 # c\n",
            "a.x = 1\na.token = 1 # c\n",
        ),
        ("x = 1\n", "a.token = 1\n", "x = 1\na.token = 1\n"),
        (
            "x = 1\n",
            "[a]\ntoken = 1\n[a.b]\ntoken = 2\n",
            "x = 1\n\n[a]\ntoken = 1\n\n[a.b]\ntoken = 2\n",
        ),
        ("token = 9\na = 1\n", "token = 1\n", "a = 1\ntoken = 1\n"),
        (
            "[[s]]\nn = 1\n\n[[s]]\nn = 2\n",
            "[[s]]\nn = 1\n[s.token]\nx = 1\n[[s]]\nn = 2\ntoken = 3\n",
            "[[s]]\nn = 1\n\n[s.token]\nx = 1\n\n[[s]]\nn = 2\ntoken = 3\n",
        ),
    ]);
}

#[test]
fn what_finds_no_place_is_named_and_changes_nothing() {
    LAWS.leaves_out(&[
        ("a = 5\n", "[a]\ntoken = 1\n", "a.token"),
        ("", "[a]\ntoken = 1\nb = 1\n", "a.token"),
        ("", "l = [{token = 1}]\n", "l.[0].token"),
        ("[[l]]\nx = 1\n", "[[l]]\nx = 2\ntoken = 1\n", "l.[0].token"),
    ]);
}

#[test]
fn what_cannot_be_edited_without_doubt_is_refused() {
    let dotted = "a = { b.token = 1, b.x = 2 }\n";
    assert!(LAWS.strip(dotted).is_err());
    for broken in [
        "a = 1\na = 2\n",
        "a = ",
        "[a]\n[a]\n",
        "\0",
        "a = \"\u{7f}\"",
    ] {
        let fault = LAWS.strip(broken);
        assert!(fault.expect_err(broken).position().is_some(), "{broken:?}");
    }
}

#[test]
fn the_same_value_may_be_written_in_many_ways() {
    let same = |a, b| LAWS.same(a, b);
    assert!(same("[a]\nb = 'x'\n", "# c\na.b = \"x\""));
    assert!(same("a = {b = 1}\n", "[a]\nb = 1"));
    assert!(same("[[a]]\nb = 1\n", "a = [{b = 1}]"));
    assert!(!same("a = 1\n", "a = 1.0\n"));
    assert!(!same("a = 1\n", "a = '1'\n"));
    assert!(same("[", "["));
    assert!(Format::Toml.is_empty(b"# nothing\n") && !Format::Toml.is_empty(b"[a]\n"));
}

#[test]
fn a_large_document_takes_no_time() {
    let many = |line: &dyn Fn(usize) -> String| (0..6_000).map(line).collect::<String>();
    let shapes = [
        many(&|at| format!("key{at} = {{ token = {at}, other = 'some text here' }}\n")),
        many(&|at| format!("[projects.\"/home/someone/code/{at}\"]\nlevel = 'trusted'\n\n")),
        many(&|at| format!("[[s]]\nname = 'number {at}'\ntoken = 'xxxxxxxxxxxxxx'\n\n")),
        format!(
            "a = [{}]\n",
            many(&|at| format!("{{ name = {at}, token = 'xxxxxxxxxx' }},\n"))
        ),
        many(&|at| format!("a.b{at}.token = 'some text that is a bit longer'\na.b{at}.c = 1\n")),
        "[".repeat(300_000),
        "a.".repeat(150_000),
        format!("a = {}", "{a=".repeat(100_000)),
    ];
    for text in shapes {
        LAWS.takes_no_time(&text, "\n[another]\n");
    }
}

/// Lines of keys with values, and noise between.
fn body(keys: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    let value = prop::sample::select(vec![
        "1",
        "1_0.5",
        "true",
        "\"x # y\"",
        "'''\na\n\n# b\n'''",
        "[ 1, # c\n 2 ]",
        "1979-05-27",
        "{ token = 1, b = { token = 'x' }, c = 2 }",
        "[{ token = 1 }, { b = 2 }]",
        "{}",
        "{ }",
    ]);
    (
        prop::sample::subsequence(keys, 0..=keys.len()).prop_shuffle(),
        prop::collection::vec((value, noise(), prop::bool::ANY), keys.len()),
    )
        .prop_map(|(keys, pairs)| {
            let lines = keys.iter().zip(pairs).map(|(key, (value, noise, beside))| {
                let comment = if beside { " # beside" } else { "" };
                format!("{noise}{key} = {value}{comment}\n")
            });
            lines.collect::<String>()
        })
        .boxed()
}

fn noise() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec!["", "", "\n", "# note\n", "\n# note\n\n", "  "])
}

const HEADERS: [&str; 8] = [
    "[t]",
    "[t.deep]",
    "[u.token]",
    "[projects.\"/a b\"]",
    "[projects.z]",
    "[[l]]",
    "[l.m]",
    "[v]",
];

/// A document as text: some keys, then some tables, in this order.
fn document(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    let sections = (
        prop::sample::subsequence(HEADERS.to_vec(), 0..=HEADERS.len()),
        prop::collection::vec((noise(), body(keys)), HEADERS.len()),
    );
    (body(keys), sections, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(root, (headers, bodies), unended, crlf)| {
            let mut text = root;
            let lists = headers.contains(&"[[l]]");
            for (header, (noise, body)) in headers.iter().zip(bodies) {
                if *header != "[l.m]" || lists {
                    text = [&text, noise, header, "\n", &body].concat();
                }
            }
            if unended {
                text.truncate(text.trim_end().len());
            }
            if crlf {
                text.replace('\n', "\r\n")
            } else {
                text
            }
        },
    )
}

const SHARED: &[&str] = &["a", "b.c", "\"d e\""];
const LOCAL: &[&str] = &["a", "b.c", "b.token", "token", "token2"];

hold!(
    LAWS,
    document,
    SHARED,
    LOCAL,
    "[\\[\\]{}=.,'\"#a-b1 \\n\\r\\\\-]{0,24}"
);
