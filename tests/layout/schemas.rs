use std::collections::BTreeMap;
use std::fs;

use holdall::layout::VaultFiles;
use jsonschema::Validator;
use serde_json::Value;

use super::example::sprinkle;
use super::files::{OnDisk, contract, record_kind};
use super::invalid::broken_vaults;

fn schemas() -> BTreeMap<String, Validator> {
    let dir = fs::read_dir(contract("schemas")).expect("the contract is readable");
    dir.map(|entry| {
        let entry = entry.expect("the contract is readable");
        let name = entry.file_name().into_string().expect("a plain name");
        let name = name.strip_suffix(".schema.json").expect("a schema");
        let bytes = fs::read(entry.path()).expect("the contract is readable");
        let schema: Value = serde_json::from_slice(&bytes).expect("a schema is JSON");
        jsonschema::meta::validate(&schema).expect("it is a schema of its draft");
        let validator = jsonschema::validator_for(&schema).expect("it compiles");
        (name.to_owned(), validator)
    })
    .collect()
}

/// Everything in a vault that a schema describes, with the schema's name.
fn described(files: &OnDisk) -> Vec<(&'static str, String, Value)> {
    let mut found = Vec::new();
    for path in files.files() {
        let bytes = files.read(&path).expect("it was just listed");
        if let Some(kind) = record_kind(&path) {
            let value = serde_json::from_slice(&bytes).expect("it is JSON");
            found.push((kind, path.to_string(), value));
        } else if path.as_str().starts_with("tasks/ops/") {
            for line in bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
            {
                let value: Value = serde_json::from_slice(line).expect("it is JSON");
                let has = |name: &str| value.get(name).is_some();
                let kind = match (has("segment"), has("seal")) {
                    (true, _) => "op-segment",
                    (_, true) => "seal",
                    _ => "op",
                };
                found.push((kind, path.to_string(), value));
            }
        }
    }
    found
}

#[test]
fn schemas_accept_every_record_of_the_example_and_each_is_used() {
    let schemas = schemas();
    let mut unused: Vec<&str> = schemas.keys().map(String::as_str).collect();
    for (kind, path, value) in described(&OnDisk(contract("example"))) {
        let faults: Vec<_> = schemas[kind]
            .iter_errors(&value)
            .map(|f| f.to_string())
            .collect();
        assert!(faults.is_empty(), "{path}: {faults:#?}");
        unused.retain(|name| *name != kind);
    }
    assert!(unused.is_empty(), "{unused:?}");
}

/// The rules whose faults are a matter of one record's shape.
const SHAPES: [&str; 14] = [
    "V14", "V21", "V22", "V23", "V29", "V32", "V33", "V36", "V37", "V38", "V39", "V40", "V46",
    "V53",
];

/// Broken vaults of other rules whose fault is the shape of a record, or of a line.
const MORE_SHAPES: [&str; 2] = ["V63-header-without-its-machine", "V64-line-that-is-no-op"];

#[test]
fn schemas_refuse_every_broken_record_whose_fault_is_its_shape() {
    let schemas = schemas();
    let mut seen = 0;
    for (rule, files) in broken_vaults() {
        let name = files.0.display();
        // No schema knows the calendar or another directory's name.
        let beyond = [
            "V21-no-such-day",
            "V48-filed-under-another-machine",
            "V48-fork-without-a-hash",
        ];
        if beyond.iter().any(|slug| files.0.ends_with(slug)) {
            continue;
        }
        let of_shape = SHAPES.contains(&rule.as_str())
            || rule == "V48"
            || MORE_SHAPES.iter().any(|slug| files.0.ends_with(slug));
        let described = described(&files);
        let refused = described
            .iter()
            .any(|(kind, _, value)| !schemas[*kind].is_valid(value));
        assert_eq!(refused, of_shape, "{name}");
        seen += usize::from(refused);
    }
    assert!(seen > SHAPES.len());
}

/// Every schema must refuse a record that lacks any one of its needed fields.
#[test]
fn schemas_miss_every_field_that_must_be_there() {
    let schemas = schemas();
    for (kind, path, value) in described(&OnDisk(contract("example"))) {
        let schema = fs::read(contract(&format!("schemas/{kind}.schema.json"))).expect("there");
        let schema: Value = serde_json::from_slice(&schema).expect("JSON");
        for name in schema["required"]
            .as_array()
            .expect("every schema needs fields")
        {
            let name = name.as_str().expect("a field's name");
            let mut less = value.clone();
            less.as_object_mut().expect("an object").shift_remove(name);
            assert!(!schemas[kind].is_valid(&less), "{path} without {name}");
        }
    }
}

#[test]
fn schemas_let_unknown_fields_pass() {
    let schemas = schemas();
    for (kind, path, mut value) in described(&OnDisk(contract("example"))) {
        sprinkle(&mut value, "");
        let faults: Vec<_> = schemas[kind]
            .iter_errors(&value)
            .map(|f| f.to_string())
            .collect();
        assert!(faults.is_empty(), "{path}: {faults:#?}");
    }
}

#[test]
fn schemas_know_no_end_of_the_kinds_of_ops() {
    let schemas = schemas();
    let example = described(&OnDisk(contract("example"))).into_iter();
    for (_, path, mut op) in example.filter(|(kind, ..)| *kind == "op") {
        for (verb, is_valid) in [
            ("poke", true),
            ("poke!", true),
            ("Poke", false),
            ("!", false),
        ] {
            op["do"] = verb.into();
            assert_eq!(schemas["op"].is_valid(&op), is_valid, "{path}: {verb}");
        }
    }
}
