use std::fs;

use holdall::layout::{LayoutError, check};

use super::files::{OnDisk, contract};

/// Every broken vault: the rule it breaks, and where it is.
pub fn broken_vaults() -> Vec<(String, OnDisk)> {
    let dir = fs::read_dir(contract("invalid")).expect("the contract is readable");
    let mut found: Vec<_> = dir
        .map(|entry| {
            let entry = entry.expect("the contract is readable");
            let name = entry.file_name().into_string().expect("a plain name");
            let (rule, _) = name.split_once('-').expect("a rule, then what is wrong");
            (rule.to_owned(), OnDisk(entry.path()))
        })
        .collect();
    found.sort_by(|a, b| a.1.0.cmp(&b.1.0));
    found
}

#[test]
fn each_broken_vault_breaks_the_rule_of_its_name_and_no_other() {
    let vaults = broken_vaults();
    assert!(vaults.len() > 30);
    for (rule, files) in vaults {
        let faults = check(&files);
        let rules: Vec<_> = faults.iter().map(LayoutError::rule).collect();
        assert_eq!(rules, [rule], "{}: {faults:#?}", files.0.display());
    }
}

#[test]
fn each_fault_names_a_path_and_its_rule() {
    for (rule, files) in broken_vaults() {
        let fault = check(&files).remove(0);
        let text = fault.to_string();
        let named = files
            .files()
            .iter()
            .any(|path| text.contains(path.as_str()));
        let absent = ["V4", "V11", "V49", "V50"].contains(&rule.as_str());
        assert!(named || absent, "{text}");
        assert!(text.ends_with(&format!("({rule})")), "{text}");
        assert_eq!(
            fault.is_newer_format(),
            ["V25", "V26"].contains(&rule.as_str()),
            "{text}"
        );
    }
}
