//! What must hold whatever is merged.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{ContentClass, Contents, ListRule, merge_contents};
use crate::doc::{Format, KeyPattern};

fn merged(class: &ContentClass, base: Option<&str>, local: &str, vault: &str) -> Option<String> {
    let contents = Contents {
        base: base.map(str::as_bytes),
        local: local.as_bytes(),
        vault: vault.as_bytes(),
    };
    let none = |_: &[u8], _: &[u8], _: &[u8]| None;
    let merged = merge_contents("x", Some(class), contents, &none);
    merged.map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
}

fn union(base: &str, local: &str, vault: &str) -> String {
    let merged = merged(&ContentClass::Union, Some(base), local, vault);
    merged.expect("lines can always be merged")
}

fn counts(text: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

fn count(text: &str, line: &str) -> usize {
    counts(text).get(line).copied().unwrap_or(0)
}

#[test]
fn what_both_appended_stands_in_the_order_of_its_time() {
    let at = |second: u8, who: &str| {
        format!("{{\"at\":\"2026-01-01T00:00:0{second}Z\",\"by\":\"{who}\"}}\n")
    };
    let base = at(0, "a");
    let local = format!("{base}{}{}more of it\n", at(2, "l"), at(4, "l"));
    let vault = format!("{base}{}{}", at(1, "v"), at(3, "v"));
    let expected = [
        base.as_str(),
        &at(1, "v"),
        &at(2, "l"),
        &at(3, "v"),
        &at(4, "l"),
        "more of it\n",
    ];
    assert_eq!(union(&base, &local, &vault), expected.concat());
    assert_eq!(union(&base, &vault, &local), expected.concat());
}

#[test]
fn without_times_what_the_vault_has_comes_first_and_once() {
    assert_eq!(
        union("a\n", "a\nl\nsame\n", "a\nsame\nv\n"),
        "a\nsame\nv\nl\n"
    );
    assert_eq!(
        union("", "x\nx\n", "x\n"),
        "x\nx\n",
        "repeats of one side stay"
    );
    assert_eq!(
        union("a\nb\nc\n", "b\nc\nl\n", "a\nb\nc\nv\n"),
        "b\nc\nv\nl\n"
    );
    assert_eq!(
        union("a\nb\n", "b\n", "a\na\nb\n"),
        "a\nb\na\n",
        "the vault did not leave that line alone"
    );
    assert_eq!(union("a\n", "a\nl", "a\nv"), "a\nv\nl");
    assert_eq!(union("a\n", "a\nl", "a\nv\n"), "a\nv\nl\n");
}

#[test]
fn a_last_line_without_its_end_is_the_same_line_whatever_the_ends_are() {
    for end in ["\n", "\r\n"] {
        let log = |text: &str| text.replace('\n', end);
        let union = |base, local, vault| union(&log(base), &log(local), &log(vault));
        let [one, open] = ["{\"m\":1}\n", "{\"m\":1}"];
        let longer = "{\"m\":1}\n{\"m\":2}\n";
        assert_eq!(union(one, longer, open), log(longer));
        assert_eq!(union(one, open, longer), log(longer));
        assert_eq!(union(open, longer, one), log(longer));
        assert_eq!(union("a\n", "a\nl", "a\nv"), log("a\nv\nl"));
        assert_eq!(union("a\n", "a\nl", "a\nv\n"), log("a\nv\nl\n"));
    }
    assert_eq!(union("a\r\n", "a\r\nl\r", "a\r\nl\r\n"), "a\r\nl\r\n");
    let mixed = union("a\nb\r\n", "a\nb\r\nl", "a\nb\r\nv\n");
    assert_eq!(mixed, "a\nb\r\nv\nl\n", "where ends differ, it has its own");
}

#[test]
fn lines_that_say_nothing_alone_go_with_the_line_before_them() {
    let (local, vault) = ("# one\n\n```\nx\n```\n", "# two\n\n```\ny\n```\n");
    let both = union("", local, vault);
    assert_eq!(both, format!("{vault}{local}"));
    assert_eq!(union("", local, &both), both);
}

#[test]
fn half_a_record_that_the_other_side_has_in_full_becomes_no_line() {
    let vault = "{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";
    let torn = "{\"a\":1}\n{\"x\":1}\n{\"b\"";
    assert_eq!(
        union("{\"a\":1}\n", torn, vault),
        format!("{vault}{{\"x\":1}}\n")
    );
    // Another one's, or a word of its own, stays.
    let own = "{\"a\":1}\n{\"d\"";
    assert!(union("{\"a\":1}\n", own, vault).contains("{\"d\"\n"));
    assert_eq!(union("", "a", "ab\n"), "ab\na\n");
}

#[test]
fn what_is_no_text_or_too_long_is_a_conflict() {
    let class = ContentClass::Union;
    assert_eq!(merged(&class, None, "a\0\n", "b\n"), None);
    let long = "a line\n".repeat(super::union::MOST / 7 + 1);
    assert_eq!(merged(&class, None, &long, "b\n"), None);
}

#[test]
fn a_long_log_takes_no_time() {
    let base = "{\"at\":1700000000,\"text\":\"a line of a log\"}\n".repeat(60_000);
    let [local, vault] = ["l", "v"].map(|who| {
        let lines =
            (0..30_000).map(|at| format!("{{\"at\":{},\"by\":\"{who}\"}}\n", 1_700_000_000 + at));
        format!("{base}{}", lines.collect::<String>())
    });
    let since = std::time::Instant::now();
    let both = union(&base, &local, &vault);
    assert_eq!(both.lines().count(), 120_000);
    assert!(since.elapsed() < std::time::Duration::from_secs(20));
}

fn json(base: Option<&str>, local: &str, vault: &str) -> Option<String> {
    merged(&ContentClass::Json(Vec::new()), base, local, vault)
}

fn listed(rules: &[(&str, Option<&str>)], base: &str, local: &str, vault: &str) -> Option<String> {
    let rule = |(key, id): &(&str, Option<&str>)| ListRule {
        key: KeyPattern::parse(key).expect("a pattern"),
        id: id.map(str::to_owned),
    };
    let class = ContentClass::Json(rules.iter().map(rule).collect());
    merged(&class, Some(base), local, vault)
}

#[test]
fn keys_of_both_come_together_in_the_form_of_the_vault() {
    let base = "{\"a\":1,\"b\":{\"x\":1,\"y\":[1,2]},\"gone\":0}";
    let local = "{\"new\":1.50,\"b\":{\"y\":[1,2],\"x\":2},\"a\":1}";
    let vault = "{\n  \"a\": 2,\n  \"b\": {\"x\": 1, \"y\": [1, 2], \"z\": 3},\n  \"gone\": 0\n}\n";
    let both = json(Some(base), local, vault);
    let expected =
        "{\n  \"a\": 2,\n  \"b\": {\"x\": 2, \"y\": [1, 2], \"z\": 3},\n  \"new\":1.50\n}\n";
    assert_eq!(both.as_deref(), Some(expected));
    assert_eq!(
        json(None, "{\"a\":1,\"l\":1}", "{\"a\":1,\"v\":1}").as_deref(),
        Some("{\"a\":1,\"v\":1,\"l\":1}")
    );
}

#[test]
fn what_nobody_can_decide_by_key_is_a_conflict() {
    let base = Some("{\"a\":1,\"l\":[1]}");
    for (local, vault) in [
        ("{\"a\":2,\"l\":[1]}", "{\"a\":3,\"l\":[1]}"),
        ("{\"l\":[1]}", "{\"a\":3,\"l\":[1]}"),
        ("{\"a\":2,\"l\":[1]}", "{\"l\":[1]}"),
        ("{\"a\":1,\"l\":[1,2]}", "{\"a\":1,\"l\":[1,3]}"),
        ("{\"a\":1,\"a\":2,\"l\":[1]}", "{\"a\":1,\"l\":[1],\"n\":1}"),
        ("{\"a\":1,\"l\":[1],", "{\"a\":1,\"l\":[1],\"n\":1}"),
        ("[1]", "[2]"),
        ("{\"a\":1.0,\"l\":[1]}", "{\"a\":1.00,\"l\":[1]}"),
    ] {
        assert_eq!(json(base, local, vault), None, "{local} {vault}");
    }
    assert_eq!(json(None, "{\"a\":1}", "{\"a\":2}"), None);
}

#[test]
fn a_comment_that_would_be_lost_is_a_conflict() {
    let base = Some("{\n  // top\n  \"a\": 1,\n  \"b\": 1\n}");
    let vault = "{\n  // top\n  \"a\": 1,\n  \"b\": 2, // two\n}";
    let told = |local| json(base, local, vault);
    assert_eq!(
        told("{\n  // top\n  \"a\": 5,\n  \"b\": 1\n}").as_deref(),
        Some("{\n  // top\n  \"a\": 5,\n  \"b\": 2, // two\n}")
    );
    assert_eq!(told("{\n  // changed\n  \"a\": 5,\n  \"b\": 1\n}"), None);
    assert!(
        told("{\n  // top\n  \"a\": 1,\n  \"b\": 1,\n  \"c\": 3 // three\n}")
            .is_some_and(|text| text.contains("// three"))
    );
    let strict = json(Some("{\"a\":1}"), "{\"a\":1, \"b\":2 /* b */}", "{\"a\":2}");
    assert_eq!(strict, None, "no comment comes into JSON that has none");
}

#[test]
fn lists_that_a_rule_names_merge_item_by_item() {
    let set = [("p.allow", None)];
    let told = listed(
        &set,
        "{\"p\":{\"allow\":[\"a\",\"b\"]}}",
        "{\"p\":{\"allow\":[\"b\",\"l\",\"same\"]}}",
        "{\"p\": {\"allow\": [\"a\", \"b\", \"same\", \"v\"]}}",
    );
    assert_eq!(
        told.as_deref(),
        Some("{\"p\": {\"allow\": [\"b\", \"same\", \"v\", \"l\"]}}")
    );
    let keyed = [("s", Some("id")), ("s.*.tags", None)];
    let told = listed(
        &keyed,
        "{\"s\":[{\"id\":1,\"a\":1,\"b\":1,\"tags\":[]},{\"id\":2}]}",
        "{\"s\":[{\"id\":1,\"a\":2,\"b\":1,\"tags\":[\"l\"]},{\"id\":3}]}",
        "{\"s\":[{\"id\":1,\"a\":1,\"b\":2,\"tags\":[\"v\"]},{\"id\":2},{\"id\":4}]}",
    );
    let expected =
        "{\"s\":[{\"id\":1,\"a\":2,\"b\":2,\"tags\":[\"v\", \"l\"]},{\"id\":4},{\"id\":3}]}";
    assert_eq!(told.as_deref(), Some(expected));
    for (local, vault) in [
        ("[{\"id\":1,\"a\":2}]", "[{\"id\":1,\"a\":3}]"),
        ("[]", "[{\"id\":1,\"a\":3}]"),
        ("[{\"id\":1,\"a\":2}]", "[]"),
        ("[{\"id\":1,\"a\":1},{\"id\":1}]", "[]"),
        ("[{\"id\":1,\"a\":1},{}]", "[]"),
    ] {
        let [local, vault] = [local, vault].map(|list| format!("{{\"s\":{list}}}"));
        let told = listed(&keyed, "{\"s\":[{\"id\":1,\"a\":1}]}", &local, &vault);
        assert_eq!(told, None, "{local} {vault}");
    }
}

fn log() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "a",
        "b",
        "c",
        "",
        "```",
        "{\"at\":1}",
        "{\"at\":2}",
        "{\"at\":3,\"x\":1}",
        "{\"n\":1}",
    ]);
    (prop::collection::vec(line, 0..8), any::<bool>()).prop_map(|(lines, ended)| {
        let mut text = lines
            .iter()
            .flat_map(|line| [*line, "\n"])
            .collect::<String>();
        if !ended {
            text.pop();
        }
        text
    })
}

/// What may follow from a text: something cut off at its beginning or end, something added.
fn later(base: String) -> impl Strategy<Value = String> {
    (Just(base), 0..3_usize, 0..3_usize, log()).prop_map(|(base, first, last, more)| {
        let lines: Vec<&str> = base.lines().collect();
        let end = lines.len().saturating_sub(last).max(first.min(lines.len()));
        let kept = lines[first.min(lines.len())..end].iter();
        kept.map(|line| format!("{line}\n")).chain([more]).collect()
    })
}

fn three_logs() -> impl Strategy<Value = (String, String, String)> {
    (three_logs_of_unix(), any::<bool>()).prop_map(|((base, local, vault), is_windows)| {
        let end = if is_windows { "\r\n" } else { "\n" };
        let [base, local, vault] = [base, local, vault].map(|text| text.replace('\n', end));
        (base, local, vault)
    })
}

fn three_logs_of_unix() -> impl Strategy<Value = (String, String, String)> {
    let base = log().prop_map(|text| {
        if text.is_empty() || text.ends_with('\n') {
            text
        } else {
            text + "\n"
        }
    });
    base.prop_flat_map(|base| (Just(base.clone()), later(base.clone()), later(base)))
}

fn object() -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "1",
        "2",
        "[1]",
        "{}",
        "{\"x\":1}",
        "{\"x\":2,\"y\":1}",
    ]);
    let keys = prop::sample::subsequence(vec!["a", "b", "c", "d"], 0..=4).prop_shuffle();
    (keys, prop::collection::vec(value, 4)).prop_map(|(keys, values)| {
        let member = |(key, value)| format!("\"{key}\": {value}");
        let members: Vec<String> = keys.iter().zip(values).map(member).collect();
        format!("{{{}}}", members.join(", "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_goes_that_the_other_side_did_not_delete((base, local, vault) in three_logs()) {
        let both = union(&base, &local, &vault);
        for line in counts(&local).keys().chain(counts(&vault).keys()) {
            let (was, ours, theirs) = (count(&base, line), count(&local, line), count(&vault, line));
            let least = if ours == was { theirs } else if theirs == was { ours } else { ours.max(theirs) };
            prop_assert!(count(&both, line) >= least, "{line:?} in {both:?}");
        }
        for line in counts(&both).keys() {
            prop_assert!(count(&local, line) + count(&vault, line) > 0, "{line:?} came from nowhere");
        }
    }

    #[test]
    fn what_was_merged_is_merged((base, local, vault) in three_logs()) {
        let both = union(&base, &local, &vault);
        prop_assert_eq!(union(&base, &local, &both), both.clone());
        prop_assert_eq!(union(&base, &local, &vault), both);
    }

    #[test]
    fn with_times_the_sides_have_equal_rights(ours in prop::collection::btree_set(0..40_u8, 0..6), theirs in prop::collection::btree_set(0..40_u8, 0..6)) {
        let log = |times: &std::collections::BTreeSet<u8>| -> String {
            let lines: Vec<String> = times.iter().map(|at| format!("{{\"ts\":{at}}}\n")).collect();
            lines.concat()
        };
        let (ours, theirs) = (log(&ours), log(&theirs));
        prop_assert_eq!(union("", &ours, &theirs), union("", &theirs, &ours));
    }

    #[test]
    fn merged_json_says_the_same_whoever_merges_it(base in object(), local in object(), vault in object()) {
        let one = json(Some(&base), &local, &vault);
        let other = json(Some(&base), &vault, &local);
        prop_assert_eq!(one.is_some(), other.is_some());
        if let (Some(one), Some(other)) = (one, other) {
            prop_assert!(Format::Json.same_value(one.as_bytes(), other.as_bytes()), "{one} {other}");
            let again = json(Some(&base), &local, &one);
            prop_assert_eq!(again.as_deref(), Some(one.as_str()));
            let again = json(Some(&base), &one, &vault).expect("nothing is left to decide");
            prop_assert!(Format::Json.same_value(one.as_bytes(), again.as_bytes()), "{one} {again}");
        }
    }

    #[test]
    fn no_bytes_break_the_merge(base in ".{0,40}", local in "[\\[\\]{}\",:a0 /*\n]{0,30}", vault in "[\\[\\]{}\",:a0 /*\n]{0,30}") {
        for class in [ContentClass::Union, ContentClass::Json(Vec::new())] {
            drop(merged(&class, Some(&base), &local, &vault));
            drop(merged(&class, None, &local, &vault));
        }
    }
}
