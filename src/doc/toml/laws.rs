//! What must hold for every document, and the cases that once needed thought.

use proptest::prelude::*;

use crate::doc::{DocError, Form, Format, Leaf, Overlaid};

fn leave(path: &[&str], _: Leaf<'_>) -> bool {
    matches!(path.last(), Some(&("token" | "projects")))
}

fn stripped(text: &str) -> (String, Vec<String>) {
    let stripped = Format::Toml.strip(text.as_bytes(), &mut leave);
    let stripped = stripped.unwrap_or_else(|fault| panic!("{fault}: {text}"));
    let dropped = stripped.dropped.iter().map(|path| path.join("."));
    let text = String::from_utf8(stripped.text).expect("UTF-8");
    (text, dropped.collect())
}

fn overlaid(text: &str, local: &str) -> Result<Overlaid, DocError> {
    let dropped = Format::Toml.strip(local.as_bytes(), &mut leave)?.dropped;
    Format::Toml.overlay(text.as_bytes(), local.as_bytes(), &dropped)
}

#[track_caller]
fn laid(text: &str, local: &str) -> String {
    let laid = overlaid(text, local).unwrap_or_else(|fault| panic!("{fault}: {text} {local}"));
    assert!(laid.left_out.is_empty(), "{:?}", laid.left_out);
    String::from_utf8(laid.text).expect("UTF-8")
}

#[test]
fn a_key_goes_with_its_line_and_a_table_with_its_header() {
    let cases = [
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
    ];
    for (before, after) in cases {
        assert_eq!(stripped(before).0, after, "from {before}");
    }
}

#[test]
fn paths_say_which_item_of_a_list_they_mean() {
    let (_, dropped) = stripped("token = 1\na = [{token = 1}]\n[[s]]\n[[s]]\n[s.b]\ntoken = 1\n");
    assert_eq!(dropped, ["token", "a.[0].token", "s.[1].b.token"]);
}

#[test]
fn local_keys_come_back_in_their_tables() {
    let cases = [
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
    ];
    for (text, local, expected) in cases {
        assert_eq!(laid(text, local), expected, "{local:?} over {text:?}");
    }
}

#[test]
fn what_finds_no_place_is_named_and_changes_nothing() {
    let cases = [
        ("a = 5\n", "[a]\ntoken = 1\n", "a.token"),
        ("", "l = [{token = 1}]\n", "l.[0].token"),
        ("[[l]]\nx = 1\n", "[[l]]\nx = 2\ntoken = 1\n", "l.[0].token"),
    ];
    for (text, local, path) in cases {
        let laid = overlaid(text, local).expect("valid TOML");
        assert_eq!(String::from_utf8_lossy(&laid.text), text);
        let left: Vec<String> = laid.left_out.iter().map(|path| path.join(".")).collect();
        assert_eq!(left, [path]);
    }
}

#[test]
fn what_cannot_be_edited_without_doubt_is_refused() {
    let dotted = "a = { b.token = 1, b.x = 2 }\n";
    assert!(Format::Toml.strip(dotted.as_bytes(), &mut leave).is_err());
    for broken in [
        "a = 1\na = 2\n",
        "a = ",
        "[a]\n[a]\n",
        "\0",
        "a = \"\u{7f}\"",
    ] {
        let fault = Format::Toml.strip(broken.as_bytes(), &mut leave);
        assert!(fault.expect_err(broken).position().is_some(), "{broken:?}");
    }
}

#[test]
fn the_same_value_may_be_written_in_many_ways() {
    let same = |a: &str, b: &str| Format::Toml.same_value(a.as_bytes(), b.as_bytes());
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
        let began = std::time::Instant::now();
        if let Ok(parts) = Format::Toml.strip(text.as_bytes(), &mut leave) {
            let whole = Format::Toml.overlay(&parts.text, text.as_bytes(), &parts.dropped);
            assert!(Format::Toml.same_value(&whole.expect("laid").text, text.as_bytes()));
            let other = [&parts.text[..], b"\n[another]\n"].concat();
            let _ = Format::Toml
                .overlay(&other, text.as_bytes(), &parts.dropped)
                .expect("laid");
        }
        let took = began.elapsed();
        assert!(took.as_secs() < 20, "{took:?} for {text:.40}");
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn stripping_twice_is_stripping_once(local in document(LOCAL)) {
        let Ok(parts) = Format::Toml.strip(local.as_bytes(), &mut leave) else {
            return Ok(());
        };
        let again = Format::Toml.strip(&parts.text, &mut leave).expect("it is TOML");
        prop_assert_eq!(&again.text, &parts.text);
        prop_assert!(again.dropped.is_empty());
        prop_assert_eq!(parts.dropped.is_empty(), parts.text == local.as_bytes());
    }

    #[test]
    fn a_document_laid_over_its_own_stripped_form_is_whole_again(local in document(LOCAL)) {
        let Ok(parts) = Format::Toml.strip(local.as_bytes(), &mut leave) else {
            return Ok(());
        };
        let whole = Format::Toml.overlay(&parts.text, local.as_bytes(), &parts.dropped);
        let whole = whole.map_err(|fault| TestCaseError::fail(format!("{fault}")))?;
        prop_assert!(whole.left_out.is_empty());
        prop_assert!(Format::Toml.same_value(&whole.text, local.as_bytes()));
        prop_assert_eq!(whole.text, local.as_bytes());
    }

    #[test]
    fn stripping_what_was_laid_over_gives_the_text_back(text in document(SHARED), local in document(LOCAL)) {
        let (Ok(text), Ok(parts)) = (
            Format::Toml.strip(text.as_bytes(), &mut leave),
            Format::Toml.strip(local.as_bytes(), &mut leave),
        ) else {
            return Ok(());
        };
        let Ok(laid) = Format::Toml.overlay(&text.text, local.as_bytes(), &parts.dropped) else {
            return Ok(());
        };
        let back = Format::Toml.strip(&laid.text, &mut leave).expect("it is TOML");
        let placed: Vec<_> = parts.dropped.iter().filter(|path| !laid.left_out.contains(path)).collect();
        prop_assert_eq!(back.dropped.len(), placed.len());
        let outline = super::Outline::read(std::str::from_utf8(&text.text).expect("UTF-8")).expect("TOML");
        if placed.iter().all(|path| outline.root.at(&path[..path.len() - 1]).is_some_and(|above| above.form != Form::Implied)) {
            prop_assert_eq!(String::from_utf8_lossy(&back.text), String::from_utf8_lossy(&text.text));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[\\[\\]{}=.,'\"#a-b1 \\n\\r\\\\-]{0,24}") {
        if let Ok(parts) = Format::Toml.strip(text.as_bytes(), &mut |path, _| path == ["a"]) {
            let whole = Format::Toml.overlay(&parts.text, text.as_bytes(), &parts.dropped);
            prop_assert!(whole.is_ok_and(|whole| Format::Toml.same_value(&whole.text, text.as_bytes())));
        }
    }
}
