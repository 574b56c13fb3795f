//! What must hold for every document, and what another parser says to it.

use proptest::prelude::*;
use serde_json::Value;

use crate::doc::laws::{cases, hold};
use crate::doc::{DocError, KeyPath};

use super::laws::LAWS;
use super::outline::read;

#[test]
fn a_large_document_takes_no_time() {
    let many = |line: &dyn Fn(usize) -> String| (0..6_000).map(line).collect::<String>();
    let comments = "/* x */ // y\n".repeat(20_000);
    let shapes = [
        format!(
            "{{{}}}",
            many(&|at| format!("\"k{at}\": {{\"token\": {at}}}, // of k\n"))
        ),
        format!(
            "{{{}}}",
            many(&|at| format!("\"k{at}\": 1, // of k\n\"l{at}\": {{\"token\": 1 /* x */}},"))
        ),
        format!("{{\"a\": 1 {comments}, {comments}\"token\": 2 {comments}}}"),
        format!("{{{comments}\"token\": 2, {comments}}}"),
        format!("[{}]", many(&|at| format!("{{\"token\": {at}, // x\n}},"))),
        "/*".repeat(200_000),
        "//".repeat(200_000),
        "/**/".repeat(100_000),
        "[/**/".repeat(100_000),
        "{\"a\":1,".repeat(100_000),
    ];
    for text in shapes {
        LAWS.takes_no_time(&text, " // more\n");
    }
}

/// What may stand between the parts of a document.
fn space() -> impl Strategy<Value = &'static str> + Clone {
    let blank = prop::sample::select(vec!["", " ", "\n  ", "\r\n\t"]);
    let comment = prop::sample::select(vec![
        " // c\n  ",
        "\n  // \"token\": 1,\n  ",
        "/* } */",
        " /* a\n // b */ ",
        " /* x */ // ]\r\n\t",
    ]);
    prop_oneof![3 => blank, 1 => comment]
}

/// A document as text, with white space, comments and last commas wherever they may be.
fn document(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "null",
        "true",
        "1.50",
        "-2e3",
        "\"\"",
        "\"a \\\"{,\\u00e9 // /* \"",
    ]);
    let spaced = |value| {
        (space(), value, space()).prop_map(|(a, value, b): (_, String, _)| format!("{a}{value}{b}"))
    };
    let value = atom
        .prop_map(str::to_owned)
        .prop_recursive(4, 24, 4, move |inner| {
            let item = spaced(inner.boxed()).boxed();
            let list = bracketed(prop::collection::vec(item.clone(), 0..3).boxed(), "[]");
            prop_oneof![list, object(keys, item)]
        });
    spaced(object(keys, spaced(value.boxed()).boxed()).boxed())
}

fn object(
    keys: &'static [&'static str],
    item: BoxedStrategy<String>,
) -> impl Strategy<Value = String> {
    let names = prop::sample::subsequence(keys, 0..=keys.len()).prop_shuffle();
    let items = prop::collection::vec((space(), space(), item), keys.len());
    let members = (names, items).prop_map(|(names, items)| {
        let member = |(name, (a, b, item))| format!("{a}\"{name}\"{b}:{item}");
        names.iter().zip(items).map(member).collect()
    });
    bracketed(members.boxed(), "{}")
}

fn bracketed(
    items: BoxedStrategy<Vec<String>>,
    brackets: &'static str,
) -> impl Strategy<Value = String> {
    (items, space(), prop::bool::weighted(0.2)).prop_map(|(items, blank, comma)| {
        let (open, close) = brackets.split_at(1);
        match (items.is_empty(), comma) {
            (true, _) => format!("{open}{blank}{close}"),
            (false, true) => format!("{open}{},{blank}{close}", items.join(",")),
            (false, false) => format!("{open}{}{close}", items.join(",")),
        }
    })
}

/// The text with white space in place of comments and last commas; nothing where a comment has no end.
fn strict(text: &str) -> Option<String> {
    let mut rest = text;
    let mut out = String::new();
    let mut comma = None;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' => {
                let mut escaped = false;
                let end = rest[1..].find(|c| {
                    let ends = c == '"' && !escaped;
                    escaped = c == '\\' && !escaped;
                    ends
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = &rest[rest[2..].find("*/")? + 4..];
                out.push(' ');
                continue;
            }
            '}' | ']' => {
                if let Some(comma) = comma {
                    out.replace_range(comma..=comma, " ");
                }
                1
            }
            _ => first.len_utf8(),
        };
        if first == ',' {
            // Behind nothing it is a comma too many.
            let has_item = !out.trim_end().ends_with([',', '{', '[', ':']) && !out.is_empty();
            comma = has_item.then_some(out.len());
        } else if !" \t\r\n".contains(first) {
            comma = None;
        }
        out.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    Some(out)
}

fn as_another_parser_reads(text: &str) -> Value {
    let strict = strict(text).expect("every comment ends");
    serde_json::from_str(&strict).expect("another parser agrees")
}

/// The raw text of the value at a path.
fn raw<'t>(text: &'t str, path: &KeyPath) -> Option<&'t str> {
    let json = read(text).expect("valid");
    json.root.at(path).map(|node| &text[node.span.clone()])
}

const SHARED: &[&str] = &["a", "b", "\\u0063", "d.e"];
const LOCAL: &[&str] = &["a", "b", "c", "token", "repos"];

const NOISE: &str = "[{}\\[\\],:\"a1.e \\\\u/*\n-]{0,12}";

hold!(LAWS, document, SHARED, LOCAL, NOISE);

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn another_parser_agrees_with_what_is_written(text in document(SHARED), local in document(LOCAL)) {
        let cut = LAWS.strip(&local).expect("nothing is refused").text;
        let value = as_another_parser_reads(std::str::from_utf8(&cut).expect("UTF-8"));
        prop_assert!(!value.to_string().contains("\"token\""));
        let laid = LAWS.overlay(text.as_bytes(), &local).expect("nothing is refused");
        let text = std::str::from_utf8(&laid.text).expect("UTF-8");
        as_another_parser_reads(text);
        let mut placed = LAWS.strip(&local).expect("valid").dropped;
        placed.retain(|path| !laid.left_out.contains(path));
        for path in &placed {
            prop_assert_eq!(raw(text, path), raw(&local, path));
        }
    }

    #[test]
    fn another_parser_agrees_on_what_is_read(text in NOISE) {
        // serde_json takes duplicate keys into a map and refuses numbers beyond f64.
        let theirs = strict(&text).and_then(|text| serde_json::from_str::<Value>(&text).ok());
        match read(&text) {
            Ok(_) => prop_assert!(theirs.is_some() || text.contains('e') || text.contains("\\u"), "{}", text),
            Err(DocError::DuplicateKey { .. }) => prop_assert!(theirs.is_some()),
            Err(_) => prop_assert!(theirs.is_none(), "{}", text),
        }
    }
}
