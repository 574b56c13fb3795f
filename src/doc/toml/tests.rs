use super::*;

fn doc(text: &str) -> TomlDoc {
    TomlDoc::parse(text.as_bytes()).expect("valid TOML")
}

fn text(value: &str) -> TomlValue {
    TomlValue::Text(value.to_owned())
}

fn after_set(before: &str, key: &str, value: &TomlValue) -> String {
    let mut doc = doc(before);
    doc.set(key, value).expect("set");
    assert_eq!(doc.value(key), Some(value), "in {doc}");
    doc.to_string()
}

fn after_remove(before: &str, key: &str) -> String {
    let mut doc = doc(before);
    assert!(doc.remove(key).expect("removed"));
    assert_eq!(doc.value(key), None);
    doc.to_string()
}

#[test]
fn a_fault_has_its_line_and_column() {
    let fault = TomlDoc::parse(b"# one\n[remote]\nurl = oh no\n").expect_err("broken");
    assert_eq!(fault.position().map(|at| at.line), Some(3));
    assert!(fault.to_string().starts_with("line 3, column "), "{fault}");
    let fault = TomlDoc::parse(b"a = 1\n\xff").expect_err("not UTF-8");
    assert_eq!(fault.to_string(), "line 2, column 1: the text is not UTF-8");
    let twice = TomlDoc::parse(b"a = 1\na = 2\n").expect_err("a duplicate");
    assert_eq!(twice.position().map(|at| at.line), Some(2));
}

#[test]
fn leaves_are_found_in_every_way_of_writing_them() {
    let doc = doc(concat!(
        "a.b = 1\nlist = ['x', 2]\n[c]\nd = {e = true, f = 1.5}\n\"g.h\" = 'q'\n",
        "[[many]]\nx = 1\n[c.i]\nj = 1979-05-27\n"
    ));
    let seen: Vec<_> = doc
        .leaves()
        .iter()
        .map(|leaf| (leaf.key.as_str(), leaf.at.line, leaf.value.type_name()))
        .collect();
    let expected = [
        ("a.b", 1, "an integer"),
        ("list", 2, "a list"),
        ("c.d.e", 4, "a boolean"),
        ("c.d.f", 4, "a float"),
        ("c.\"g.h\"", 5, "a string"),
        ("many", 6, "a list of tables"),
        ("c.i.j", 9, "a date"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(doc.value("c.\"g.h\""), Some(&text("q")));
    assert_eq!(doc.value("c.g.h"), None);
    assert_eq!(doc.value("not a key"), None);
}

#[test]
fn a_changed_value_leaves_every_other_byte_alone() {
    let before =
        "# top\n\n[remote]  # here\n# above\n  url   =  'old'   # beside\n# below\nidle=1\n";
    assert_eq!(
        after_set(before, "remote.url", &text("new")),
        before.replace("'old'", "\"new\"")
    );
    let crlf = before.replace('\n', "\r\n");
    assert_eq!(
        after_set(&crlf, "remote.url", &text("new")),
        crlf.replace("'old'", "\"new\"")
    );
}

#[test]
fn a_new_key_comes_after_the_last_of_its_table() {
    assert_eq!(
        after_set(
            "[a]\n# c\nx = 1 # d\n# e\n\n[b]\ny = 2\n",
            "a.z",
            &text("q")
        ),
        "[a]\n# c\nx = 1 # d\nz = \"q\"\n# e\n\n[b]\ny = 2\n"
    );
    assert_eq!(
        after_set("[a] # only\n\n[b]\n", "a.z", &text("q")),
        "[a] # only\nz = \"q\"\n\n[b]\n"
    );
    assert_eq!(
        after_set("[a]\r\nb.c = 1", "a.z", &TomlValue::Integer(2)),
        "[a]\r\nb.c = 1\r\nz = 2\r\n"
    );
    let list = "[a]\nx = [\n  1, # one\n]\n[a.sub]\nk = 1\n";
    assert_eq!(
        after_set(list, "a.z", &TomlValue::Bool(true)),
        list.replace("]\n[a.sub", "]\nz = true\n[a.sub")
    );
}

#[test]
fn a_missing_table_comes_at_the_end_below_the_comments() {
    assert_eq!(after_set("", "a.b", &text("x")), "[a]\nb = \"x\"\n");
    assert_eq!(
        after_set("# only words\n", "a.b", &text("x")),
        "# only words\n\n[a]\nb = \"x\"\n"
    );
    assert_eq!(
        after_set("[a.c]\nd = 1", "a.b", &text("x")),
        "[a.c]\nd = 1\n\n[a]\nb = \"x\"\n"
    );
    assert_eq!(
        after_set("\u{feff}[a]\nc = 1\n", "a.b.d", &text("x")),
        "\u{feff}[a]\nc = 1\n\n[a.b]\nd = \"x\"\n"
    );
}

#[test]
fn dotted_and_inline_tables_take_a_new_key() {
    assert_eq!(
        after_set("# c\na.b = 1 # d\nq = 2\n[x]\n", "a.z", &text("n")),
        "# c\na.b = 1 # d\na.z = \"n\"\nq = 2\n[x]\n"
    );
    assert_eq!(
        after_set("# c\na = { b = 1 } # d\n", "a.z", &text("n")),
        "# c\na = { b = 1 , z = \"n\" } # d\n"
    );
    assert_eq!(
        after_set("a = { b = 1 } # d\r\nc = 2\r\n", "a.b", &text("n")),
        "a = { b = \"n\" } # d\r\nc = 2\r\n"
    );
    assert_eq!(
        after_set("a = { }\r\n# e\r\n", "a.b", &text("n"))
            .matches("\r\n")
            .count(),
        2
    );
    assert_eq!(after_set("[t]\n", "b", &text("n")), "b = \"n\"\n[t]\n");
    doc_refuses("a = 1\n", "a.b");
    doc_refuses("[[a]]\nb = 1\n", "a.b");
    doc_refuses("[a.b]\nc = 1\n", "a.b");
    doc_refuses("", "");
    doc_refuses("", "a..b");
}

fn doc_refuses(before: &str, key: &str) {
    let mut doc = doc(before);
    assert!(doc.set(key, &text("x")).is_err(), "{key} in {before}");
    assert_eq!(doc.to_string(), before);
}

#[test]
fn a_removed_key_takes_its_line_and_leaves_the_comments_above() {
    assert_eq!(
        after_remove("[a]\n# why\nx = 1 # d\n# e\ny = 2\n", "a.x"),
        "[a]\n# why\n# e\ny = 2\n"
    );
    assert_eq!(
        after_remove("a.x = [\r\n 1, # one\r\n] # d\r\na.y = 2", "a.x"),
        "a.y = 2"
    );
    assert_eq!(after_remove("[a]\nx = 1", "a.x"), "[a]\n");
    assert_eq!(
        after_remove("[a]\nt = '''\nx\n'''\nb = 1\n", "a.t"),
        "[a]\nb = 1\n"
    );
    assert_eq!(
        after_remove("a = { x = 1, y = 2 } # d\n", "a.x"),
        "a = { y = 2 } # d\n"
    );
    assert_eq!(
        after_remove("[[a]]\nx = 1\n[b]\ny = 1\n", "a"),
        "[b]\ny = 1\n"
    );
    let mut untouched = doc("[a]\nx = 1\n");
    assert!(!untouched.remove("a").expect("a table is no key"));
    assert!(!untouched.remove("b").expect("not there"));
}

#[test]
fn a_text_with_any_character_comes_back() {
    for value in ["a \"b\" 'c' \\ #", "two\nlines\r\n", "\t\u{0}\u{7f}é", ""] {
        after_set("[a]\n", "a.b", &text(value));
        after_set("a = {}\n", "a.b", &TomlValue::List(vec![text(value)]));
    }
}

#[test]
fn huge_nesting_is_an_error_and_no_crash() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let text = format!("x = {}1{}", open.repeat(50_000), close.repeat(50_000));
        assert!(TomlDoc::parse(text.as_bytes()).is_err());
    }
    let dotted = format!("{}x = 1", "a.".repeat(50_000));
    assert!(TomlDoc::parse(dotted.as_bytes()).is_err());
    assert!(doc("").set(&"a.".repeat(50_000), &text("x")).is_err());
}
