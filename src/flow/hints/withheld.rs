//! What to do about paths that stay behind.

use std::collections::BTreeSet;
use std::path::Path;

use crate::source::pattern_for;

use super::super::report::{Reason, WithheldLine};
use super::typed::quoted;

/// One hint for each reason, with the first path that has it. `command` is what to run again, such as
/// `push` or `pull`.
#[must_use]
pub fn withheld_hints(lines: &[WithheldLine], command: &str) -> Vec<String> {
    let mut reasons = BTreeSet::new();
    let first = lines.iter().filter(|line| reasons.insert(line.reason));
    first
        .filter_map(|line| withheld_hint(line, command))
        .collect()
}

fn withheld_hint(line: &WithheldLine, command: &str) -> Option<String> {
    let (file, again) = (&line.file, format!("`holdall backup {command}`"));
    // What is meant to go is said to a push or a pull, whatever asked about it.
    let deleting = if command == "pull" { "pull" } else { "push" };
    let delete = format!("`holdall backup {deleting} --allow-mass-delete`");
    Some(match line.reason {
        Reason::Unreadable => {
            format!("make {file} readable for this user, then {again}")
        }
        // Of settings the vault does not have all: whoever deletes them loses what stays here.
        Reason::Damaged if line.detail.is_some() => format!(
            "mend {file} at the place that is named, then {again}; the vault keeps the last good version, but not the keys that stay on this machine"
        ),
        Reason::Damaged => {
            format!("mend or delete {file}, then {again}; the vault keeps the last good version")
        }
        Reason::NotEditable => format!(
            "write {file} without what is named there (YAML without references to what stays here, say), then {again}; until then the file stays here"
        ),
        Reason::DamagedInVault => format!(
            "mend settings/{}/{} of the vault: on the machine that wrote it (`holdall backup log` names it), or in a clone of the vault, and push that; {file} needs nothing",
            line.project, line.path
        ),
        Reason::NoPlace => format!(
            "the keys stay in {file} until you decide: write there what the vault has, around them, or take them out if they went with what was deleted over there; then {again}"
        ),
        Reason::Missing => {
            format!("mount or restore {file}, then {again}; if it was meant to go: {delete}")
        }
        Reason::Gone => gone_hint(line, &again),
        Reason::OtherRepository => another_hint(line)?,
        Reason::MassDelete => format!("if the files of {file} were meant to go: {delete}"),
        Reason::HoldsSecret => {
            let allow = line.fingerprint.as_ref().map_or_else(String::new, |name| {
                format!(", or let that one value travel: `holdall secret allow {name}`")
            });
            format!(
                "take the secret out of {file}, then {again}{allow}; until then the file stays here"
            )
        }
        Reason::Unstable => format!("something is writing {file}: {again} when it is done"),
        Reason::DatabaseInUse => format!(
            "close the program that has {file} open (one that was killed mends it when it starts again), then {again}{}",
            or_a_copy(line)
        ),
        Reason::BadRules => format!(
            "mend the line in {file}/.holdallignore, then {again}; a rule is a pattern as in a .gitignore, and where you like a class such as `:disposable` behind it"
        ),
        Reason::BadName => match (&line.detail, file.as_path().parent()) {
            (Some(name), Some(dir)) => format!("rename {name} in {}, then {again}", dir.display()),
            _ => format!("rename {file}, then {again}"),
        },
        _ => return None,
    })
}

/// The rule by which a database travels while a program has it open.
fn or_a_copy(line: &WithheldLine) -> String {
    let name = line.path.name().filter(|_| line.detail.is_none());
    let rule = name.and_then(|name| pattern_for(name, false));
    rule.map_or_else(String::new, |rule| {
        let rule = rule.trim_start_matches('/');
        format!(", or have a copy of it travel: add the line `{rule} :sqlite` to .holdallignore in the state directory")
    })
}

fn gone_hint(line: &WithheldLine, again: &str) -> String {
    format!(
        "mount what {} is on, then {again}; if `{}` lies elsewhere now: `holdall project add PATH`, with that place; if it is here no more: `holdall project remove {}`",
        line.file,
        line.project,
        quoted(&line.project)
    )
}

/// A person alone knows what became of the project.
pub fn another_hints(path: &Path, name: &str) -> Vec<String> {
    let (typed, path) = (quoted(name), quoted(&path.to_string_lossy()));
    vec![
        format!("if `{name}` lies elsewhere now: `holdall project add PATH`, with that place"),
        format!("if this is `{name}`, under a new address: `holdall project link {path} {typed}`"),
        format!("if `{name}` is here no more: `holdall project remove {typed}`"),
    ]
}

fn another_hint(line: &WithheldLine) -> Option<String> {
    let mut above = line.file.as_path().ancestors();
    let dir = above.nth(line.path.names().count())?;
    Some(another_hints(dir, &line.project).join("; "))
}
