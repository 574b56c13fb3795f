//! The cases that once needed thought.

use serde_json::Value;

use crate::doc::laws::Laws;
use crate::doc::{DocError, Format};

use super::outline::{MAX_DEPTH, read};

pub(super) const LAWS: Laws = Laws(Format::Json);

fn fault(text: &str) -> DocError {
    read(text).expect_err(text)
}

#[test]
fn a_dropped_member_goes_with_its_comma_and_space() {
    LAWS.leaves(&[
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
        (
            "{\"a\":\"\\ud83d\\u0041\",\"token\":1}",
            "{\"a\":\"\\ud83d\\u0041\"}",
        ),
    ]);
}

#[test]
fn comments_behind_a_member_go_with_it_and_all_others_stay() {
    LAWS.leaves(&[
        (
            "// top\n{\n  \"a\": 1, // of a\n  // above\n  \"token\": 2, // of token\n  \"b\": 3\n}\n// end\n",
            "// top\n{\n  \"a\": 1, // of a\n  // above\n  \"b\": 3\n}\n// end\n",
        ),
        (
            "{\n  \"a\": 1, // of a\n  \"token\": 2 // of token\n  // end\n}",
            "{\n  \"a\": 1 // of a\n  // end\n}",
        ),
        (
            "{\n  \"a\": 1, // of a\r\n  \"token\": 2, // of token\r\n}",
            "{\n  \"a\": 1, // of a\r\n}",
        ),
        ("{ // of all\n  \"token\": 2\n}", "{ // of all\n}"),
        ("{ // of all\n  \"token\": 2 }", "{ // of all\n   }"),
        (
            "{ // of all\n  \"token\": 1,\n  \"repos\": 2 }",
            "{ // of all\n   }",
        ),
        ("{\n  \"token\": 2 // of token\n}", "{}"),
        ("{\"token\": 2, /* of token */ }", "{ }"),
        (
            "{\"a\": 1 /* of a */, \"token\" /* x */ : /* \"y\": */ 2 /* z */, /* of b */ \"b\": 3}",
            "{\"a\": 1 /* of a */, /* of b */ \"b\": 3}",
        ),
        (
            "{\"a\": 1, /* of token */ \"token\": 2}",
            "{\"a\": 1 /* of token */}",
        ),
        (
            "{\n  \"token\": {// }\n}, \"b\": [1, /* , */], // of b\n}",
            "{\n  \"b\": [1, /* , */], // of b\n}",
        ),
        (
            "{\n  \"a\": 1\n  // of token\n  , \"token\": 2\n  // of b\n  , \"b\": 3\n}",
            "{\n  \"a\": 1\n  // of token\n  , // of b\n   \"b\": 3\n}",
        ),
        ("{\"a\":1,\"token\":2,}", "{\"a\":1,}"),
        ("{\"token\":2,\"a\":1,}", "{\"a\":1,}"),
        ("{\"token\":2,}", "{}"),
    ]);
}

#[test]
fn every_member_is_asked_once_and_parents_come_first() {
    let mut asked = Vec::new();
    let text = br#"{"a":{"b":"x","c":[1,{"d":null},[{"e":2.0}]]},"f":{"g":true}}"#;
    let answer = Format::Json.strip(text, &mut |path, leaf| {
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
    LAWS.drops(
        r#"{"l":[{},{"token":1},[{"token":2}]],"token":3}"#,
        &["l.[1].token", "l.[2].[0].token", "token"],
    );
}

#[test]
fn local_members_come_back_where_they_were() {
    LAWS.lays(&[
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
            "{\"a\":{\"b\":{ \"token\":1 }}}",
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
    ]);
}

#[test]
fn local_members_come_back_with_the_comments_behind_them() {
    LAWS.lays(&[
        (
            "{\n  \"a\": 1 // of a\n  // end\n}\n",
            "{\n  \"token\": 2, // mine\n  \"b\": 1\n}",
            "{\n  \"a\": 1, // of a\n  \"token\": 2 // mine\n  // end\n}\n",
        ),
        (
            "{\n  \"a\": 1, // of a\n}\n",
            "{\n  \"token\": 2, /* x */ // mine\n  \"repos\": [ // none\n  ] /* yet */\n}",
            "{\n  \"a\": 1, // of a\n  \"token\": 2, /* x */ // mine\n  \"repos\": [ // none\n  ] /* yet */,\n}\n",
        ),
        (
            "{\"a\": 1 /* of a */}",
            "{\n  \"token\": 2 // mine */\n}",
            "{\"a\": 1 /* of a */, \"token\": 2 /* mine * / */}",
        ),
        (
            "{\"a\": 1 // of a\n}",
            "{\"token\": 2}",
            "{\"a\": 1, // of a\n\"token\": 2\n}",
        ),
        (
            "{ // of all\r\n}",
            "{\"token\": 2, \"repos\": 1}",
            "{ // of all\r\n\"token\": 2,\r\n\"repos\": 1\r\n}",
        ),
        (
            "{\n  // of all\n}",
            "{\"token\": 2}",
            "{\n  // of all\n  \"token\": 2\n}",
        ),
        (
            "{ /* of all */ }",
            "{\"token\": 2}",
            "{ /* of all */ \"token\": 2 }",
        ),
        (
            "{ // of all\n}",
            "{\n  \"token\": 2 }",
            "{ // of all\n  \"token\": 2\n}",
        ),
        (
            "{\"x\": 0}",
            "{\"a\": {\"token\": 1 // mine\n, \"b\": {}}}",
            "{\"x\": 0, \"a\": {\"token\": 1 /* mine */}}",
        ),
        (
            "{\"x\": 0,}",
            "{\"a\": { // no more\n  \"token\": 1 // mine\n}}",
            "{\"x\": 0, \"a\": {\n  \"token\": 1 // mine\n},}",
        ),
    ]);
}

#[test]
fn strict_json_gets_neither_comment_nor_last_comma() {
    let strict = |text: &[u8]| serde_json::from_slice::<Value>(text).is_ok();
    let local = "{\n  // top\n  \"token\": 1, // mine\n}";
    let cut = LAWS.strip("{\"a\": 1, \"token\": 2}").expect("cut");
    assert!(strict(&cut.text));
    let bare = "{\n  // top\n  \"token\": 1,\n}";
    let laid = Format::Json.overlay(b"{\"a\": 1}", bare.as_bytes(), &[vec!["token".to_owned()]]);
    assert!(strict(&laid.expect("laid").text));
    // The comment beside a key is this machine's as the key is.
    let laid = Format::Json.overlay(b"{\"a\": 1}", local.as_bytes(), &[vec!["token".to_owned()]]);
    assert!(!strict(&laid.expect("laid").text));
}

#[test]
fn texts_that_differ_in_comments_are_not_the_same() {
    let same = |a: &str, b: &str| Format::Json.same_document(a.as_bytes(), b.as_bytes());
    assert!(same("{\"a\": [1]}", " {\"a\":[ 1 ] }"));
    assert!(same("{\"a\": 1} // x", "{\"a\": 1} // x"));
    for other in [
        "{\"a\": 1} // x",
        "// x\n{\"a\": 1}",
        "{\"a\": /* x */ 1}",
        "{\"a\": 1,}",
    ] {
        assert!(!same("{\"a\": 1}", other) && !same(other, "{\"a\": 1}"));
        assert!(!same(other, "{\"a\": 1} // y"), "{other}");
        assert!(LAWS.same("{\"a\": 1}", other), "the values are: {other}");
    }
    assert!(!Format::Toml.same_document(b"a = 1", b"a = 1 # x"));
    assert!(Format::Json.is_empty(b"{ }") && !Format::Json.is_empty(b"{ /* x */ }"));
}

#[test]
fn what_finds_no_place_is_named_and_changes_nothing() {
    LAWS.leaves_out(&[
        ("{\"a\":5}", "{\"a\":{\"token\":1}}", "a.token"),
        ("{}", "{\"a\":{\"token\":1,\"b\":2}}", "a.token"),
        ("{}", "{\"a\":{\"t\":{\"token\":1},\"b\":2}}", "a.t.token"),
        ("[]", "{\"token\":1}", "token"),
        ("{}", "{\"l\":[{\"token\":1}]}", "l.[0].token"),
        ("{\"l\":[{}]}", "{\"l\":[{},{\"token\":1}]}", "l.[1].token"),
        (
            "{\"l\":[{\"x\":1}]}",
            "{\"l\":[{\"x\":2,\"token\":1}]}",
            "l.[0].token",
        ),
    ]);
}

#[test]
fn an_item_of_a_list_gets_its_members_back_if_it_is_otherwise_the_same() {
    LAWS.lays(&[(
        "{\"l\":[ {\"y\":2, \"x\":1}, {} ]}",
        "{\"l\":[{\"x\":1,\"token\":7,\"y\":2},{\"token\":8}]}",
        "{\"l\":[ {\"y\":2, \"x\":1, \"token\":7}, {\"token\":8} ]}",
    )]);
}

#[test]
fn only_json_with_comments_and_last_commas_is_read() {
    let good = [
        "null",
        " [1, -0, 0.5, 1e9, -2E+1, 3.0e-7] ",
        "\"\\u00e9\\n\\/\\ud83d\\ude00\"",
        "{\"\":{}}",
        "[1,]",
        "{\"a\":1,}",
        "/**/[//\n1/* / */,// ]\r\n]//",
        "{/*a*/\"a\"/*:*/:/**/1/***/,/*}*/}",
    ];
    for text in good {
        assert!(read(text).is_ok(), "{text}");
    }
    let bad = [
        ("", 1),
        (" ", 2),
        ("{", 2),
        ("[,]", 2),
        ("{,}", 2),
        ("[1,,]", 4),
        ("{\"a\":1,,}", 8),
        ("1,", 2),
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
        ("// c", 5),
        ("[1] / c", 5),
        ("[1, /* c ]", 5),
        ("[1] /*/", 5),
        ("[1] # c", 5),
        ("[1 // c]", 9),
        ("[1 // c\r, 2]", 4),
        ("[1 // c\u{2028}, 2\n]", 4),
        ("tr/**/ue", 1),
        ("{\"a\":1,/**/\"a\":2}", 12),
        ("{\"a\" 1}", 6),
        ("[1 2]", 4),
        ("{\"a\":1 \"b\":2}", 8),
        ("\u{a0}1", 1),
        ("\"é\" x", 5),
        ("{\"\\ud800\":1}", 2),
    ];
    for (text, column) in bad {
        let fault = fault(text);
        let at = fault.position().expect("a place");
        assert_eq!((at.line, at.column), (1, column), "{text:?}: {fault}");
    }
    assert!(Format::Json.strip(b"\"\xff\"", &mut |_, _| false).is_err());
}

#[test]
fn a_fault_reads_like_a_sentence() {
    let shown = |text: &str| fault(text).to_string();
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
    assert!(read(&nested(MAX_DEPTH)).is_ok());
    let deeper = fault(&nested(MAX_DEPTH + 1));
    assert!(matches!(deeper, DocError::TooDeep { .. }));
    assert!(read(&"{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn the_same_value_may_be_written_in_many_ways() {
    let same = |a, b| LAWS.same(a, b);
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
