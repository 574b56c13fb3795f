//! One planted fault of each kind, in a small sound house, seen caught with file and line.

use std::collections::BTreeMap;

use super::faults_of;

const INTRODUCTION: &str = "//! A room.\n//!\n//! *In*: x. *Out*: y. *Never*: z.\n";

/// A sound house: three rooms, a gate with its caller, one test.
fn house() -> BTreeMap<String, String> {
    let vault = "pub fn commit(gate: &dyn Gate) { gate.inspect(1); }\n";
    [
        (
            "Cargo.toml",
            "[dependencies]\ngit2 = \"1\"\nserde = \"1\"\n".to_owned(),
        ),
        (
            "src/lib.rs",
            "//! Doc.\n\npub mod base;\npub mod vault;\n".to_owned(),
        ),
        (
            "src/main.rs",
            "fn main() { holdall::cli::main(); }\n".to_owned(),
        ),
        ("src/base/mod.rs", INTRODUCTION.to_owned()),
        (
            "src/cli/mod.rs",
            format!("{INTRODUCTION}use crate::flow;\n"),
        ),
        (
            "src/flow/mod.rs",
            format!("{INTRODUCTION}use crate::{{base::X, vault}};\n"),
        ),
        (
            "src/layout/mod.rs",
            format!("{INTRODUCTION}const V: &str = \"vault.json\";\n"),
        ),
        ("src/vault/mod.rs", format!("{INTRODUCTION}{vault}")),
        ("tests/main.rs", "mod kit;\n".to_owned()),
        ("tests/kit/mod.rs", "fn f() {}\n".to_owned()),
    ]
    .map(|(path, text)| (path.to_owned(), text))
    .into()
}

/// What is said about the sound house when `text` stands at `path`.
fn planted(path: &str, text: &str) -> Vec<String> {
    let mut tree = house();
    tree.insert(path.to_owned(), text.to_owned());
    faults_of(&tree).iter().map(ToString::to_string).collect()
}

#[track_caller]
fn caught(path: &str, text: &str, expected: &str) {
    let faults = planted(path, text);
    assert!(
        faults.len() == 1 && faults[0].starts_with(expected),
        "expected one fault `{expected}…`, found {faults:#?}"
    );
}

#[track_caller]
fn sound(path: &str, text: &str) {
    assert_eq!(planted(path, text), Vec::<String>::new());
}

#[test]
fn a_sound_house_has_no_fault() {
    let faults = faults_of(&house());
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn an_import_upwards_is_caught() {
    let upwards = "src/vault/x.rs:2: `vault` may not import `flow`";
    for line in [
        "use crate::flow::X;",
        "use crate::{base, flow::{X, Y}};",
        "use {crate::flow as f, std::fmt};",
        "pub(crate) use ::std; use super::super::flow;",
        "use super::super::{base::A, flow::B};",
        "fn f(x: &crate::flow::X) {}",
        "fn f() { let x = crate::flow::push(); }",
        "fn f() { println(format!(\"{}\", crate::flow::NAME)); }",
        "macro_rules! m { () => { $crate::flow::push() }; }",
        "#[derive(crate::flow::X)] struct A;",
        "struct A { #[serde(with = \"crate::flow::time\")] at: u8 }",
        "mod inner { use super::super::super::flow; }",
        "#[cfg(test)] mod tests { use crate::flow; }",
        "impl crate::flow::Push for u8 {}",
    ] {
        caught("src/vault/x.rs", &format!("//! X.\n{line}\n"), upwards);
    }
}

#[test]
fn the_fault_names_the_line_of_the_import() {
    let text = "//! X.\n\nuse crate::{\n    base::A,\n    tasks::B,\n};\n";
    caught(
        "src/vault/x.rs",
        text,
        "src/vault/x.rs:5: `vault` may not import `tasks`",
    );
}

#[test]
fn a_room_may_name_itself_and_its_row() {
    for line in [
        "use super::Store; use self::inner::X; use crate::vault::y; use crate::base::Id;",
        "mod tests { use super::super::Store; use super::*; }",
        "pub(crate) fn f() {} pub(in crate::vault) fn g() {}",
        "fn f() { let flow = 1; a::flow::b(); <X as Y>::git2::z(); }",
        "// use crate::flow;\nconst X: &str = \"crate::flow::x\";",
        "fn f(x: impl Into<u8> + use<'_>) { git2::Oid::zero(); }",
    ] {
        sound("src/vault/x.rs", &format!("//! X.\n{line}\n"));
    }
}

#[test]
fn the_crate_as_a_whole_is_not_to_be_named() {
    for line in [
        "use crate as c;",
        "use crate::*;",
        "use crate::{self as c};",
        "use super::super::*;",
    ] {
        let expected = "src/flow/push.rs:1: names the whole crate";
        caught("src/flow/push.rs", line, expected);
    }
    let expected = "src/flow/push.rs:1: `crate::shortcut` is no room";
    caught("src/flow/push.rs", "use crate::shortcut;", expected);
}

#[test]
fn main_reaches_cli_only() {
    let text = "fn main() {\n    holdall::flow::push();\n}\n";
    caught(
        "src/main.rs",
        text,
        "src/main.rs:2: `main` may not import `flow`",
    );
}

#[test]
fn a_room_without_a_row_is_caught() {
    let expected = "src/misc/mod.rs:1: the room `misc` has no row";
    caught("src/misc/mod.rs", INTRODUCTION, expected);
    caught(
        "src/misc.rs",
        "//! M.\n",
        "src/misc.rs:1: lies beside the rooms",
    );
}

#[test]
fn the_root_holds_no_items_of_its_own() {
    let text = "pub mod base;\npub use base::Id;\n";
    caught(
        "src/lib.rs",
        text,
        "src/lib.rs:2: lib.rs holds `mod` lines only",
    );
}

#[test]
fn a_library_in_a_strange_room_is_caught() {
    let expected = "src/flow/x.rs:2: `flow` may not use `git2`: it belongs to repo, vault";
    for line in [
        "use git2::Oid;",
        "use git2;",
        "use {std::fmt, git2::{Oid, Repository}};",
        "extern crate git2;",
        "fn f(x: ::git2::Oid) {}",
        "fn f() -> ::git2::Oid {}",
        "fn f() { git2::Oid::zero(); }",
        "fn f() { vec![git2::Oid::zero()]; }",
        "#[derive(git2::Thing)] struct X;",
    ] {
        caught("src/flow/x.rs", &format!("//! X.\n{line}\n"), expected);
    }
    let expected = "src/flow/x.rs:1: `jsonschema` is for tests/ only";
    caught("src/flow/x.rs", "use jsonschema::Validator;\n", expected);
    sound(
        "src/flow/x.rs",
        "use serde::Serialize;\nfn f(git2: u8) { g(git2); self::git2::f(); }\n",
    );
}

#[test]
fn a_dependency_without_a_row_is_caught() {
    let manifest = "[dependencies]\nserde = \"1\"\nleft-pad = \"1\"\n";
    let expected = "Cargo.toml:3: `left-pad` has no row in the table of libraries";
    caught("Cargo.toml", manifest, expected);
}

#[test]
fn a_folder_that_does_not_introduce_itself_is_caught() {
    let text = "//! *In*: x. *Out*: y. *Never*: z.\n";
    caught(
        "src/base/mod.rs",
        text,
        "src/base/mod.rs:1: does not open with a sentence",
    );
    let text = "//! A room.\n//!\n//! *In*: x. *Never*: z.\n";
    caught(
        "src/base/mod.rs",
        text,
        "src/base/mod.rs:1: does not say *Out*",
    );
    caught(
        "src/base/deep/x.rs",
        "",
        "src/base/deep/mod.rs:1: is missing",
    );
}

#[test]
fn a_name_that_says_nothing_is_caught() {
    for path in ["src/base/utils.rs", "src/base/path_helper.rs"] {
        caught(path, "", &format!("{path}:1: "));
    }
    caught(
        "src/base/common/mod.rs",
        INTRODUCTION,
        "src/base/common/mod.rs:1: `common` says nothing",
    );
    for line in [
        "fn get_name() {}",
        "impl X { fn do_it() {} }",
        "trait X { fn handle_it(); }",
    ] {
        let expected = "src/base/x.rs:2: `fn ";
        caught("src/base/x.rs", &format!("//! X.\n{line}\n"), expected);
    }
    caught(
        "src/base/x.rs",
        "struct LockManager;",
        "src/base/x.rs:1: `LockManager`",
    );
    sound(
        "src/base/x.rs",
        "impl Foreign for X { fn get_it() {} }\nfn done() {}\n",
    );
}

#[test]
fn a_long_file_is_caught_but_its_tests_do_not_count() {
    let long = "// line\n".repeat(401);
    caught(
        "src/base/x.rs",
        &long,
        "src/base/x.rs:401: has 401 lines before its tests",
    );
    let short = "// line\n".repeat(400);
    sound("src/base/x.rs", &short);
    sound(
        "src/base/x.rs",
        &format!("{short}#[cfg(test)]\nmod tests {{\n{long}}}\n"),
    );
}

#[test]
fn a_file_of_tests_counts_as_tests() {
    let mut tree = house();
    let long = "// line\n".repeat(500) + "const X: &str = \"vault.json\";\n";
    tree.insert(
        "src/base/mod.rs".to_owned(),
        format!("{INTRODUCTION}#[cfg(all(test, unix))]\nmod tests;\n"),
    );
    tree.insert("src/base/tests.rs".to_owned(), long.clone());
    tree.insert("src/base/tests/deep.rs".to_owned(), long.clone());
    assert_eq!(faults_of(&tree), []);
    tree.insert(
        "src/base/mod.rs".to_owned(),
        format!("{INTRODUCTION}#[cfg(not(test))]\nmod tests;\n"),
    );
    assert_eq!(faults_of(&tree).len(), 5);
}

#[test]
fn unsafe_outside_its_place_is_caught() {
    let text = "// unsafe\nfn f() {\n    unsafe { g() }\n}\n";
    caught(
        "src/base/x.rs",
        text,
        "src/base/x.rs:3: `unsafe` has one place, in `vault`",
    );
    caught(
        "src/base/x.rs",
        "m!(unsafe { 1 });\n",
        "src/base/x.rs:1: `unsafe`",
    );
    sound("src/vault/x.rs", text);
    let twice = format!("{text}unsafe fn g() {{}}\n");
    caught(
        "src/vault/x.rs",
        &twice,
        "src/vault/x.rs:5: a second `unsafe`",
    );
}

#[test]
fn printing_outside_its_place_is_caught() {
    let text = "#[expect(clippy::print_stdout, reason = \"r\")]\nfn f() {}\n";
    caught(
        "src/cli/push.rs",
        text,
        "src/cli/push.rs:1: `print_stdout` is lifted",
    );
    let text = "fn f() {\n    #![expect(clippy::a, clippy::print_stderr, reason = \"r\")]\n}\n";
    caught(
        "src/flow/x.rs",
        text,
        "src/flow/x.rs:2: `print_stderr` is lifted",
    );
    sound("src/cli/out.rs", text);
}

#[test]
fn a_second_caller_of_the_gate_is_caught() {
    for call in [
        "gate.inspect(path, bytes)",
        "Gate::inspect(gate, path)",
        "<G as crate::base::Gate>::inspect(g)",
    ] {
        let text = format!("//! X.\nfn f() {{\n    {call};\n}}\n");
        caught(
            "src/vault/x.rs",
            &text,
            "src/vault/x.rs:3: a second caller of the gate",
        );
    }
    let test = "#[cfg(test)]\nmod tests {\n    fn f() { gate.inspect(1); }\n}\n";
    sound(
        "src/vault/x.rs",
        &format!("fn f() {{ some.inspect(|x| log(x)); }}\n{test}"),
    );
}

#[test]
fn a_vault_that_passes_the_gate_by_is_caught() {
    caught(
        "src/vault/mod.rs",
        INTRODUCTION,
        "src/vault/mod.rs:1: nothing in `vault` calls the gate",
    );
    let mut tree = house();
    tree.remove("src/vault/mod.rs");
    assert_eq!(faults_of(&tree), [], "no vault, no caller needed");
}

#[test]
fn a_vault_path_spelled_outside_layout_is_caught() {
    for text in [
        "vault.json",
        "projects/{name}/project.json",
        "{}/machine.json",
        "conflicts/",
        "settings/x",
    ] {
        let line = format!("//! vault.json\nfn f() {{\n    m!(\"{text}\");\n}}\n");
        let expected = format!("src/flow/x.rs:3: `{text}` is a path of the vault");
        caught("src/flow/x.rs", &line, &expected);
    }
    caught(
        "src/flow/x.rs",
        "const A: &[u8] = b\"allowed.json\";\n",
        "src/flow/x.rs:1: `allowed.json`",
    );
    for line in [
        "const A: &str = \"the projects/ folder is gone\";",
        "const A: &str = \"my-vault.json\";",
        "#[cfg(test)] const A: &str = \"vault.json\";",
        "#[test] fn f() { g(\"vault.json\") }",
    ] {
        sound("src/flow/x.rs", line);
    }
}

#[test]
fn a_test_file_that_nobody_runs_is_caught() {
    let expected = "tests/kit/machine.rs:1: is no module of tests/main.rs";
    caught("tests/kit/machine.rs", "", expected);
    caught(
        "tests/peers.rs",
        "",
        "tests/peers.rs:1: is no module of tests/main.rs",
    );
}

#[test]
fn a_source_that_is_no_rust_is_caught() {
    caught(
        "src/base/x.rs",
        "fn f() {}\nfn {\n",
        "src/base/x.rs:2: is not Rust",
    );
}

#[test]
fn files_that_import_each_other_in_a_circle_are_caught() {
    let with = |texts: &[(&str, &str)]| {
        let mut tree = house();
        for (path, text) in texts {
            tree.insert((*path).to_owned(), (*text).to_owned());
        }
        faults_of(&tree)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let circle = [
        ("src/flow/a.rs", "use super::b::X;\n"),
        ("src/flow/b.rs", "\nuse crate::flow::{c::Y, Z};\n"),
        ("src/flow/c.rs", "fn f() { super::a::g() }\n"),
    ];
    let faults = with(&circle);
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert_eq!(
        faults[1],
        "src/flow/b.rs:2: goes in a circle: `flow::c` leads back here"
    );
    let line = [
        circle[0],
        circle[1],
        (
            "src/flow/c.rs",
            "#[cfg(test)]\nmod tests {\n    use super::super::a::g;\n}\n",
        ),
    ];
    assert_eq!(with(&line), Vec::<String>::new());
}
