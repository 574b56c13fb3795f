//! What the gate withholds here, and which of it a person lets through.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::base::{Blobs, MachineId, ObjectId, Timestamp, VaultPath};
use crate::layout::names;
use crate::merge::{find, leaves};
use crate::snapshot::{ReadOutcome, SecretGate, read_whole};
use crate::vault::Objects;

pub use super::allowance::Decision;
use super::allowance::{Queue, Queued, record};
use super::compare::{Compared, compare, store_or_empty};
use super::ops::held;
use super::scan::Scanned;
use super::task::{HeldText, release, texts_withheld};
use super::wake::wake;
use super::{FlowError, Session};

/// What is found in the task list is told to be in.
const TASKS: &str = "tasks";
/// Shorter beginnings of a fingerprint are taken for a slip.
const SHORTEST_PREFIX: usize = 6;
/// A fingerprint that is as close to what was typed is named.
const NEAR: f64 = 0.7;

/// A value that the gate found in what waits to be pushed.
#[derive(Clone, Debug, Serialize)]
pub struct FoundSecret {
    pub project: String,
    pub path: VaultPath,
    /// None for a value in settings, which stays here alone: that has a key.
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub rule: String,
    pub fingerprint: String,
    /// The next push sends it.
    pub allowed: bool,
    /// The vault has it at this very place: there it stays.
    pub in_vault: bool,
}

/// A value that may pass.
#[derive(Clone, Debug, Serialize)]
pub struct AllowedSecret {
    pub fingerprint: String,
    /// Unknown for a decision that waits on this machine.
    pub machine: Option<MachineId>,
    pub at: Timestamp,
    pub note: Option<String>,
    /// What the next push makes of it, where that was decided here.
    pub waits: Option<Decision>,
}

#[derive(Debug, Serialize)]
pub struct SecretListReport {
    pub found: Vec<FoundSecret>,
    pub allowed: Vec<AllowedSecret>,
}

#[derive(Debug, Serialize)]
pub struct SecretDecisionReport {
    pub fingerprint: String,
    pub decision: Decision,
    /// It was not so before.
    pub changed: bool,
    /// Where the value stands that the next push lets through.
    pub places: Vec<FoundSecret>,
    /// So many texts of tasks were written again, and travel now.
    pub texts: usize,
}

/// What a push would find in what waits here, and what is allowed.
pub fn list(session: &Session<'_>) -> Result<SecretListReport, FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let mut objects = Objects::new(&store);
    let Compared { upstream, here, .. } =
        compare(session, &mut objects, Some(&SecretGate::default()))?;
    let known = record(&objects, upstream.tree)?;
    let queue = Queue::load(session)?;
    let passes = queue.over(&known);
    let lines = here.scanned().flat_map(|scanned| {
        scanned.findings.keys().flat_map(|path| {
            let secrets = scanned.secrets(path).into_iter();
            secrets.map(|finding| FoundSecret {
                project: scanned.unit.name.clone(),
                path: scanned.told(path),
                line: Some(finding.line),
                key: None,
                allowed: passes.contains(&finding.fingerprint),
                rule: finding.rule,
                fingerprint: finding.fingerprint,
                in_vault: false,
            })
        })
    });
    let mut found: Vec<FoundSecret> = lines.collect();
    for scanned in &here.settings {
        let dir = names::settings_tool_dir(&scanned.unit.name)?;
        let there = upstream.dir(&objects, &dir)?;
        add_masked(&objects, (scanned, there), &passes, &mut found)?;
    }
    found.extend(texts(session, &passes)?);
    found.extend(ops_held(session, (&mut objects, upstream.tree), &passes)?);
    let waits = |fingerprint: &str| {
        queue
            .decisions
            .get(fingerprint)
            .map(|queued| queued.decision)
    };
    let mut allowed: Vec<AllowedSecret> = Vec::new();
    for (fingerprint, entry) in &known.allowed {
        allowed.push(AllowedSecret {
            waits: waits(fingerprint),
            fingerprint: fingerprint.clone(),
            machine: Some(entry.machine.clone()),
            at: entry.at,
            note: entry.note.clone(),
        });
    }
    for (fingerprint, queued) in &queue.decisions {
        if queued.decision == Decision::Allow && !known.allowed.contains_key(fingerprint) {
            allowed.push(AllowedSecret {
                fingerprint: fingerprint.clone(),
                machine: None,
                at: queued.at,
                note: None,
                waits: Some(Decision::Allow),
            });
        }
    }
    Ok(SecretListReport { found, allowed })
}

/// The texts of tasks that stay here alone: each by the ref of its task, and the field.
fn texts(session: &Session<'_>, passes: &BTreeSet<String>) -> Result<Vec<FoundSecret>, FlowError> {
    let texts = texts_withheld(session)?.into_iter();
    let texts = texts.map(|HeldText { reference, text }| {
        Ok(FoundSecret {
            project: TASKS.to_owned(),
            path: VaultPath::parse(&reference)?,
            line: None,
            key: Some(text.field),
            rule: text.rule,
            allowed: passes.contains(&text.fingerprint),
            fingerprint: text.fingerprint,
            in_vault: false,
        })
    });
    texts.collect()
}

/// What the gate finds in changes of tasks that wait to be sent: none of them goes before it may.
fn ops_held(
    session: &Session<'_>,
    (objects, tree): (&mut Objects<'_>, Option<ObjectId>),
    passes: &BTreeSet<String>,
) -> Result<Vec<FoundSecret>, FlowError> {
    let found = held(session, objects, tree)?.into_iter();
    let found = found.map(|finding| FoundSecret {
        project: TASKS.to_owned(),
        path: finding
            .path
            .below(&names::tasks_dir())
            .unwrap_or(finding.path),
        line: Some(finding.line),
        key: None,
        rule: finding.rule,
        allowed: passes.contains(&finding.fingerprint),
        fingerprint: finding.fingerprint,
        in_vault: false,
    });
    Ok(found.collect())
}

/// Adds the values that stay here alone, while the rest of their settings file travels.
fn add_masked(
    objects: &Objects<'_>,
    (scanned, there): (&Scanned, Option<ObjectId>),
    passes: &BTreeSet<String>,
    found: &mut Vec<FoundSecret>,
) -> Result<(), FlowError> {
    for path in leaves(objects, scanned.tree)?.into_keys() {
        let Some(sanitizer) = scanned.unit.sanitizer(&path) else {
            continue;
        };
        // What cannot be read any more is withheld by the next run, and said there.
        let ReadOutcome::Whole(text) = read_whole(scanned.file(&path).as_path()) else {
            continue;
        };
        let kept = match find(objects, there, &path)? {
            Some(leaf) => sanitizer
                .masked(&objects.blob(leaf.id)?)
                .unwrap_or_default(),
            None => Vec::new(),
        };
        for masked in sanitizer.masked(&text).unwrap_or_default() {
            let is_known =
                |known: &FoundSecret| known.path == path && known.fingerprint == masked.fingerprint;
            if !found.iter().any(is_known) {
                found.push(FoundSecret {
                    project: scanned.unit.name.clone(),
                    path: path.clone(),
                    line: None,
                    key: Some(masked.key),
                    rule: masked.rule.to_owned(),
                    allowed: passes.contains(&masked.fingerprint),
                    in_vault: kept
                        .iter()
                        .any(|kept| kept.fingerprint == masked.fingerprint),
                    fingerprint: masked.fingerprint,
                });
            }
        }
    }
    Ok(())
}

/// Lets a value pass that the gate found here.
pub fn allow(session: &Session<'_>, wanted: &str) -> Result<SecretDecisionReport, FlowError> {
    decide(session, wanted, Decision::Allow)
}

/// Lets a value pass no more.
pub fn revoke(session: &Session<'_>, wanted: &str) -> Result<SecretDecisionReport, FlowError> {
    decide(session, wanted, Decision::Revoke)
}

fn decide(
    session: &Session<'_>,
    wanted: &str,
    decision: Decision,
) -> Result<SecretDecisionReport, FlowError> {
    let now = list(session)?;
    let known = |secret: &AllowedSecret| secret.waits != Some(Decision::Revoke);
    let mut names: BTreeSet<&str> = now
        .allowed
        .iter()
        .map(|secret| secret.fingerprint.as_str())
        .collect();
    if decision == Decision::Allow {
        names.extend(now.found.iter().map(|secret| secret.fingerprint.as_str()));
    }
    let fingerprint = one_of(&names, wanted)?;
    let is_allowed = now
        .allowed
        .iter()
        .any(|secret| secret.fingerprint == fingerprint && known(secret));
    let changed = is_allowed != (decision == Decision::Allow);
    if changed {
        // The vault knows it already, or never did: then the earlier decision only has to be taken back.
        let takes_back = now
            .allowed
            .iter()
            .any(|secret| secret.fingerprint == fingerprint && secret.waits.is_some());
        let at = session.edges.clock.now();
        Queue::edit(session, |queue| {
            if takes_back {
                queue.decisions.remove(&fingerprint);
            } else {
                queue
                    .decisions
                    .insert(fingerprint.clone(), Queued { decision, at });
            }
        })?;
        wake(session);
    }
    let texts = match decision {
        Decision::Allow => release(session)?,
        Decision::Revoke => 0,
    };
    let places = now
        .found
        .into_iter()
        .filter(|found| found.fingerprint == fingerprint);
    Ok(SecretDecisionReport {
        places: places.collect(),
        texts,
        fingerprint,
        decision,
        changed,
    })
}

/// The fingerprint that a person means: all of it, or a beginning that only one has.
fn one_of(names: &BTreeSet<&str>, wanted: &str) -> Result<String, FlowError> {
    let typed = wanted.to_ascii_lowercase();
    let fits = |name: &&&str| {
        **name == typed || typed.len() >= SHORTEST_PREFIX && name.starts_with(&typed)
    };
    let mut fitting = names.iter().filter(fits);
    if let (Some(one), None) = (fitting.next(), fitting.next()) {
        return Ok((*one).to_owned());
    }
    let is_near = |name: &&&str| {
        name.starts_with(&typed) || strsim::normalized_damerau_levenshtein(name, &typed) >= NEAR
    };
    Err(FlowError::NoSuchSecret {
        // What was typed may be the value itself: it is not repeated.
        near: names
            .iter()
            .filter(is_near)
            .map(|name| (*name).to_owned())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_known_by_its_beginning_and_a_slip_names_near_ones() {
        let names = BTreeSet::from(["00112233445566aa", "00112233445566bb", "ffeeddccbbaa9988"]);
        assert_eq!(one_of(&names, "FFEEDDCC").expect("one"), "ffeeddccbbaa9988");
        assert_eq!(
            one_of(&names, "00112233445566bb").expect("it"),
            "00112233445566bb"
        );
        for (typed, near) in [
            ("001122", 2),
            ("ffeeddccbbaa9989", 1),
            ("ffe", 1),
            ("1234", 0),
        ] {
            let fault = one_of(&names, typed).expect_err(typed);
            assert!(
                matches!(fault, FlowError::NoSuchSecret { near: found } if found.len() == near),
                "{typed}"
            );
        }
    }
}
