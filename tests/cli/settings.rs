//! Settings on a machine that does not have the tool, or not any more.

use std::path::{Path, PathBuf};

use crate::kit::{Machine, Sandbox};

const FILE: &str = ".codex/prompts/review.md";

/// A laptop whose settings are in the vault, and where the vault is.
fn laptop(sandbox: &Sandbox) -> (Machine, PathBuf) {
    let vault = sandbox.bare("vault.git");
    let laptop = sandbox.machine("laptop");
    laptop.write(FILE, "Look twice.\n");
    laptop.write(".codex/AGENTS.md", "Be brief.\n");
    connect(&laptop, &vault);
    laptop.ok(&["backup", "push"]);
    (laptop, vault)
}

fn connect(machine: &Machine, vault: &Path) {
    let vault = vault.to_str().expect("UTF-8");
    machine.ok(&["backup", "configure", vault]);
}

#[test]
fn a_new_machine_gets_the_settings_of_a_tool_before_the_tool() {
    let sandbox = Sandbox::new();
    let (laptop, vault) = laptop(&sandbox);
    let fresh = sandbox.machine("fresh");
    connect(&fresh, &vault);
    let (code, plan) = fresh.json(&["backup", "pull", "--dry-run"]);
    assert_eq!(
        (code, &plan["data"]["settings"][0]["name"]),
        (0, &"codex".into()),
        "{plan}"
    );
    assert!(
        !fresh.home.join(".codex").exists(),
        "a dry run writes nothing"
    );
    fresh.ok(&["backup", "pull"]);
    assert_eq!(fresh.read(FILE), laptop.read(FILE));
    let (code, push) = fresh.json(&["backup", "push"]);
    assert_eq!(
        (code, &push["data"]["committed"]),
        (0, &false.into()),
        "{push}"
    );
}

#[test]
fn settings_that_were_deleted_as_a_whole_stay_in_the_vault_and_come_back_unless_switched_off() {
    let sandbox = Sandbox::new();
    let (laptop, vault) = laptop(&sandbox);
    let other = sandbox.machine("other");
    connect(&other, &vault);
    other.ok(&["backup", "pull"]);
    std::fs::remove_dir_all(other.home.join(".codex")).expect("deleted");
    laptop.write(FILE, "Look three times.\n");
    laptop.ok(&["backup", "push"]);
    let removed = || {
        let (_, push) = other.json(&["backup", "push"]);
        push["data"]["files"]["removed"].clone()
    };
    assert_eq!(removed(), 0);
    other.ok(&["backup", "pull"]);
    assert_eq!(other.read(FILE), laptop.read(FILE));
    other.ok(&["settings", "remove", "codex"]);
    std::fs::remove_dir_all(other.home.join(".codex")).expect("deleted");
    assert_eq!(removed(), 0);
    other.ok(&["backup", "pull"]);
    assert!(!other.home.join(".codex").exists());
}
