use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::files::contract;
use super::invalid::broken_vaults;

fn spec() -> String {
    fs::read_to_string(contract("SPEC.md")).expect("the contract is readable")
}

/// The rules that the SPEC defines, in their order.
fn defined() -> Vec<u32> {
    let spec = spec();
    let heads = spec
        .lines()
        .filter_map(|line| line.strip_prefix("**V")?.split_once("**"));
    heads
        .map(|(number, _)| number.parse().expect("a rule has a number"))
        .collect()
}

/// The rows of the last table: how the rules without a broken vault are checked.
fn table() -> BTreeMap<u32, String> {
    let spec = spec();
    let (_, table) = spec
        .split_once("## How each rule is checked")
        .expect("the SPEC ends so");
    let mut rows = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| V")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        for rule in rules_in(cells[0]) {
            assert!(
                rows.insert(rule, cells[1].to_owned()).is_none(),
                "V{rule} stands twice"
            );
        }
    }
    rows
}

/// Every `V` and number in a text.
fn rules_in(text: &str) -> BTreeSet<u32> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter_map(|word| word.strip_prefix('V')?.parse().ok())
        .collect()
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).expect("the sources are readable");
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("the sources are readable").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

fn text_of(below: &str) -> String {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(below));
    let texts = files
        .iter()
        .map(|path| fs::read_to_string(path).expect("readable"));
    texts.collect()
}

#[test]
fn rules_are_numbered_without_a_gap() {
    let count = u32::try_from(defined().len()).expect("few");
    assert!(count > 60);
    assert_eq!(defined(), (1..=count).collect::<Vec<_>>());
}

#[test]
fn every_rule_named_in_the_code_is_in_the_spec() {
    let defined: BTreeSet<u32> = defined().into_iter().collect();
    let named = rules_in(&text_of("src/layout"));
    assert!(named.len() > 30);
    assert!(
        named.is_subset(&defined),
        "{:?}",
        named.difference(&defined)
    );
}

#[test]
fn every_rule_has_a_broken_vault_or_says_how_else_it_is_checked() {
    let table = table();
    let shown: BTreeSet<u32> = broken_vaults()
        .iter()
        .flat_map(|(rule, _)| rules_in(rule))
        .collect();
    for rule in defined() {
        assert_ne!(shown.contains(&rule), table.contains_key(&rule), "V{rule}");
    }
    assert_eq!(
        shown.len() + table.len(),
        defined().len(),
        "one of them is no rule"
    );
}

#[test]
fn every_rule_with_a_broken_vault_is_named_by_the_code() {
    let named = rules_in(&text_of("src/layout"));
    for (rule, files) in broken_vaults() {
        assert!(rules_in(&rule).is_subset(&named), "{}", files.0.display());
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let code = text_of("src/layout")
        + &text_of("src/oplog")
        + &text_of("src/tasks")
        + &text_of("tests/layout");
    let mut seen = 0;
    for how in table().values() {
        for name in how.split('`').skip(1).step_by(2) {
            assert!(code.contains(&format!("fn {name}(")), "{name}");
            seen += 1;
        }
    }
    assert!(seen > 5);
}
