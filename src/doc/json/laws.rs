//! What must hold for every document, and the cases that once needed thought.

use proptest::prelude::*;
use serde_json::Value;

use crate::doc::tree::{Leaf, Overlaid, Shape};

use super::*;

fn leave(path: &[&str], _: Leaf<'_>) -> bool {
    matches!(path.last(), Some(&("token" | "repos")))
}

fn stripped(text: &str) -> (String, Vec<String>) {
    let stripped = strip(text.as_bytes(), &mut leave).expect("valid JSON");
    let dropped = stripped.dropped.iter().map(|path| path.join("."));
    let text = String::from_utf8(stripped.text).expect("UTF-8");
    (text, dropped.collect())
}

fn laid(text: &str, local: &str) -> Overlaid {
    let dropped = strip(local.as_bytes(), &mut leave)
        .expect("valid JSON")
        .dropped;
    overlay(text.as_bytes(), local.as_bytes(), &dropped).expect("valid JSON")
}

fn laid_text(text: &str, local: &str) -> String {
    String::from_utf8(laid(text, local).text).expect("UTF-8")
}

#[test]
fn a_dropped_member_goes_with_its_comma_and_space() {
    let cases = [
        (
            "{\n  \"a\": 1,\n  \"repos\": [],\n  \"b\": 2\n}\n",
            "{\n  \"a\": 1,\n  \"b\": 2\n}\n",
        ),
        ("{\n  \"repos\": [],\n  \"b\": 2\n}\n", "{\n  \"b\": 2\n}\n"),
        ("{\n  \"b\": 2,\n  \"repos\": []\n}\n", "{\n  \"b\": 2\n}\n"),
        (
            "{\r\n\t\"repos\" : {\"token\":1} ,\r\n\t\"token\":2\r\n}",
            "{}",
        ),
        ("{\"repos\":1}", "{}"),
        ("{\"repos\":1 }", "{ }"),
        (
            " {\"x\":[{\"token\":1,\"y\":0}, [{ \"token\":1}]]} ",
            " {\"x\":[{\"y\":0}, [{}]]} ",
        ),
        (
            "{\"a\":{\"t\\u006fken\":1},\"repos\":2,\"token\":3,\"b\":4}",
            "{\"a\":{},\"b\":4}",
        ),
    ];
    for (before, after) in cases {
        assert_eq!(stripped(before).0, after, "from {before}");
    }
}

#[test]
fn every_member_is_asked_once_and_parents_come_first() {
    let mut asked = Vec::new();
    let text = br#"{"a":{"b":"x","c":[1,{"d":null},[{"e":2.0}]]},"f":{"g":true}}"#;
    let answer = strip(text, &mut |path, leaf| {
        asked.push(format!("{}={leaf:?}", path.join(".")));
        path == ["f"]
    });
    let expected = [
        "a=Object",
        "a.b=Text(\"x\")",
        "a.c=List",
        "a.c.*.d=Null",
        "a.c.*.*.e=Number(\"2.0\")",
        "f=Object",
    ];
    assert_eq!(asked, expected);
    assert_eq!(answer.expect("valid").dropped, [["f"]]);
}

#[test]
fn dropped_paths_say_which_item_of_a_list_they_mean() {
    let (_, dropped) = stripped(r#"{"l":[{},{"token":1},[{"token":2}]],"token":3}"#);
    assert_eq!(dropped, ["l.[1].token", "l.[2].[0].token", "token"]);
}

#[test]
fn local_members_come_back_where_they_were() {
    let cases = [
        (
            "{\n  \"a\": 1\n}\n",
            "{\"repos\":[ 1 ]}",
            "{\n  \"a\": 1,\n  \"repos\":[ 1 ]\n}\n",
        ),
        (
            "{\"a\":1,\"b\":2}",
            "{\"token\":3, \"repos\":4}",
            "{\"a\":1,\"b\":2,\"token\":3,\"repos\":4}",
        ),
        ("{}", "{\n  \"token\": 3\n}", "{\n  \"token\": 3\n}"),
        ("{ }", "{\n  \"token\": 3\n}", "{\"token\": 3 }"),
        (
            "{\"x\":0}",
            "{\"a\":{\"b\":{ \"token\":1, \"c\":2 }}}",
            "{\"x\":0, \"a\":{\"b\":{ \"token\":1 }}}",
        ),
        (
            "{\"token\":9,\"a\":1}",
            "{\"token\":\"mine\"}",
            "{\"token\":\"mine\",\"a\":1}",
        ),
        (
            "{\"t\\u006fken\":9}",
            "{\"token\":1}",
            "{\"t\\u006fken\":1}",
        ),
        (
            "{\"a\":{},\"b\":1}",
            "{\"a\":{\"token\":1},\"repos\":2}",
            "{\"a\":{\"token\":1},\"b\":1,\"repos\":2}",
        ),
    ];
    for (text, local, expected) in cases {
        let laid = laid(text, local);
        assert_eq!(String::from_utf8_lossy(&laid.text), expected);
        assert!(laid.left_out.is_empty());
    }
}

#[test]
fn what_finds_no_place_is_named_and_changes_nothing() {
    let cases = [
        ("{\"a\":5}", "{\"a\":{\"token\":1}}", "a.token"),
        ("[]", "{\"token\":1}", "token"),
        ("{}", "{\"l\":[{\"token\":1}]}", "l.[0].token"),
        ("{\"l\":[{}]}", "{\"l\":[{},{\"token\":1}]}", "l.[1].token"),
        (
            "{\"l\":[{\"x\":1}]}",
            "{\"l\":[{\"x\":2,\"token\":1}]}",
            "l.[0].token",
        ),
    ];
    for (text, local, path) in cases {
        let laid = laid(text, local);
        assert_eq!(String::from_utf8_lossy(&laid.text), text);
        let left: Vec<String> = laid.left_out.iter().map(|path| path.join(".")).collect();
        assert_eq!(left, [path]);
    }
}

#[test]
fn an_item_of_a_list_gets_its_members_back_if_it_is_otherwise_the_same() {
    assert_eq!(
        laid_text(
            "{\"l\":[ {\"y\":2, \"x\":1}, {} ]}",
            "{\"l\":[{\"x\":1,\"token\":7,\"y\":2},{\"token\":8}]}"
        ),
        "{\"l\":[ {\"y\":2, \"x\":1, \"token\":7}, {\"token\":8} ]}"
    );
}

#[test]
fn only_strict_json_is_read() {
    let good = [
        "null",
        " [1, -0, 0.5, 1e9, -2E+1, 3.0e-7] ",
        "\"\\u00e9\\n\\/\\ud83d\\ude00\"",
        "{\"\":{}}",
    ];
    for text in good {
        assert!(parse(text.as_bytes()).is_ok(), "{text}");
    }
    let bad = [
        ("", 1),
        (" ", 2),
        ("{", 2),
        ("[1,]", 4),
        ("{\"a\":1,}", 8),
        ("{a:1}", 2),
        ("01", 2),
        ("1.", 3),
        ("-", 2),
        ("+1", 1),
        (".5", 1),
        ("1e", 3),
        ("nul", 1),
        ("NaN", 1),
        ("'a'", 1),
        ("\"\t\"", 2),
        ("\"\\x\"", 3),
        ("\"\\u12g4\"", 6),
        ("\"a", 3),
        ("1 2", 3),
        ("[1] // c", 5),
        ("{\"a\" 1}", 6),
        ("[1 2]", 4),
        ("{\"a\":1 \"b\":2}", 8),
        ("\u{a0}1", 1),
        ("\"é\" x", 5),
        ("{\"\\ud800\":1}", 2),
        ("\u{feff}{}", 1),
    ];
    for (text, column) in bad {
        let fault = parse(text.as_bytes()).expect_err(text);
        let at = fault.position().expect("a place");
        assert_eq!((at.line, at.column), (1, column), "{text:?}: {fault}");
    }
    assert!(parse(b"\"\xff\"").is_err());
}

#[test]
fn a_fault_reads_like_a_sentence() {
    let shown = |text: &str| parse(text.as_bytes()).expect_err(text).to_string();
    assert_eq!(
        shown("{\n\"a\": 1\n   \"b\": 2}"),
        "line 3, column 4: expected `,` or `}`"
    );
    assert_eq!(
        shown("{\"b\":1,\n \"a\":1,\n \"\\u0061\":2}"),
        "line 3, column 2: the key `a` stands here for the second time"
    );
}

#[test]
fn nesting_ends_at_the_limit_and_never_in_a_crash() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    let deeper = nested(MAX_DEPTH + 1);
    let fault = parse(deeper.as_bytes()).expect_err("too deep");
    assert!(matches!(fault, crate::doc::DocError::TooDeep { .. }));
    assert!(parse("{\"a\":".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn the_same_value_may_be_written_in_many_ways() {
    let same = |a: &str, b: &str| same_value(a.as_bytes(), b.as_bytes());
    assert!(same(
        "{\"a\":1,\"b\":[\"A\"]}",
        "{ \"b\" : [\"\\u0041\"],\r\n\"a\":1 }"
    ));
    assert!(!same("1", "1.0"));
    assert!(!same("[1,2]", "[2,1]"));
    assert!(!same("{\"a\":1}", "{\"a\":1,\"b\":null}"));
    assert!(!same("{\"a\":1,\"b\":null}", "{\"a\":1}"));
    assert!(!same("\"\\ud800\"", "\"\\ud801\""));
    assert!(!same("\"\\ud800\"", "\"\u{fffd}\""));
    assert!(same("[\"\\ud800\"]", "[ \"\\ud800\" ]"));
    assert!(same("{broken", "{broken"));
    assert!(!same("{broken", "{broken "));
}

#[test]
fn half_a_surrogate_pair_survives_beside_a_dropped_key() {
    let (text, dropped) = stripped("{\"a\":\"\\ud83d\\u0041\",\"token\":1}");
    assert_eq!(text, "{\"a\":\"\\ud83d\\u0041\"}");
    assert_eq!(dropped, ["token"]);
}

/// A document as text, with white space wherever it may be.
fn document(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    let space = || prop::sample::select(vec!["", " ", "\n  ", "\r\n\t"]);
    let atom = prop::sample::select(vec![
        "null",
        "true",
        "1.50",
        "-2e3",
        "\"\"",
        "\"a \\\"{,\\u00e9\"",
    ]);
    let value = atom
        .prop_map(str::to_owned)
        .prop_recursive(4, 24, 4, move |inner| {
            let item = (space(), inner, space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
            let list =
                (prop::collection::vec(item.clone(), 0..3), space()).prop_map(|(items, blank)| {
                    if items.is_empty() {
                        format!("[{blank}]")
                    } else {
                        format!("[{}]", items.join(","))
                    }
                });
            prop_oneof![list, object(keys, item, space())]
        });
    let item = (space(), value, space()).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
    (space(), object(keys, item, space()), space())
        .prop_map(|(a, value, b)| format!("{a}{value}{b}"))
}

fn object(
    keys: &'static [&'static str],
    item: impl Strategy<Value = String>,
    space: impl Strategy<Value = &'static str>,
) -> impl Strategy<Value = String> {
    let names = prop::sample::subsequence(keys, 0..=keys.len()).prop_shuffle();
    let items = prop::collection::vec(item, keys.len());
    (names, items, prop::collection::vec(space, 2)).prop_map(|(names, items, space)| {
        let member = |(name, item)| format!("{}\"{name}\"{}:{item}", space[0], space[1]);
        let members: Vec<String> = names.iter().zip(items).map(member).collect();
        if members.is_empty() {
            format!("{{{}}}", space[0])
        } else {
            format!("{{{}}}", members.join(","))
        }
    })
}

/// The raw text of the value at a path.
fn raw<'t>(text: &'t str, path: &[String]) -> Option<&'t str> {
    let json = parse(text.as_bytes()).expect("valid");
    let mut node = &json.root;
    for part in path {
        node = match &node.shape {
            Shape::List(items) => {
                items.get(part.trim_matches(['[', ']']).parse::<usize>().ok()?)?
            }
            _ => &node.member(part)?.value,
        };
    }
    Some(&text[node.span.clone()])
}

const SHARED: &[&str] = &["a", "b", "\\u0063", "d.e"];
const LOCAL: &[&str] = &["a", "b", "c", "token", "repos"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn stripping_what_was_laid_over_gives_the_text_back(text in document(SHARED), local in document(LOCAL)) {
        let dropped = strip(local.as_bytes(), &mut leave).expect("valid").dropped;
        let laid = overlay(text.as_bytes(), local.as_bytes(), &dropped).expect("valid");
        let laid_text = String::from_utf8(laid.text).expect("UTF-8");
        let _value: Value = serde_json::from_str(&laid_text).expect("another parser agrees");
        let placed: Vec<_> = dropped.iter().filter(|path| !laid.left_out.contains(path)).collect();
        for path in &placed {
            prop_assert_eq!(raw(&laid_text, path), raw(&local, path));
        }
        let parents_are_there = placed.iter().all(|path| raw(&text, &path[..path.len() - 1]).is_some());
        if parents_are_there {
            prop_assert_eq!(stripped(&laid_text).0, text);
        }
    }

    #[test]
    fn stripping_twice_is_stripping_once(local in document(LOCAL)) {
        let (once, dropped) = stripped(&local);
        let (twice, again) = stripped(&once);
        prop_assert_eq!(&once, &twice);
        prop_assert!(again.is_empty());
        let value: Value = serde_json::from_str(&once).expect("another parser agrees");
        prop_assert!(!value.to_string().contains("\"token\""));
        prop_assert_eq!(dropped.is_empty(), once == local);
    }

    #[test]
    fn a_document_laid_over_its_own_stripped_form_is_whole_again(local in document(LOCAL)) {
        let parts = strip(local.as_bytes(), &mut leave).expect("valid");
        let whole = overlay(&parts.text, local.as_bytes(), &parts.dropped).expect("valid");
        prop_assert!(whole.left_out.is_empty());
        prop_assert!(same_value(&whole.text, local.as_bytes()));
        let ours: Value = serde_json::from_slice(&whole.text).expect("valid");
        let theirs: Value = serde_json::from_str(&local).expect("valid");
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn any_bytes_are_read_or_refused_as_another_parser_does(text in "[{}\\[\\],:\"a1.e \\\\u-]{0,12}") {
        // serde_json takes duplicate keys into a map and refuses numbers beyond f64.
        let theirs: Result<Value, _> = serde_json::from_str(&text);
        match parse(text.as_bytes()) {
            Ok(_) => prop_assert!(theirs.is_ok() || text.contains('e') || text.contains("\\u"), "{}", text),
            Err(crate::doc::DocError::DuplicateKey { .. }) => prop_assert!(theirs.is_ok()),
            Err(_) => prop_assert!(theirs.is_err(), "{}", text),
        }
    }
}
