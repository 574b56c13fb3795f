//! Looking at conflicts. Nobody is asked: what is told is what this machine saw last.

use crate::flow::compare::store_or_empty;
use crate::flow::history::in_step;
use crate::flow::{FlowError, Session};
use crate::vault::{Objects, text_patch};

use super::content::{readable, short_text, sized};
use super::report::{
    Comparison, ConflictEntry, ConflictListReport, ConflictShowReport, DecidedEntry,
    EitherConflict, VariantEntry,
};
use super::version::Version;
use super::view::{Conflict, View};

#[derive(Clone, Debug, Default)]
pub struct DiffOptions {
    /// All versions, where none is named.
    pub token: Option<String>,
    /// From what the version came from, not from what the vault has.
    pub from_base: bool,
}

/// Every conflict, with what there is to choose from.
pub fn list(session: &Session<'_>) -> Result<ConflictListReport, FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let mut objects = Objects::new(&store);
    let view = View::of(session, &mut objects)?;
    let entries = view.conflicts.iter();
    let entries = entries.map(|it| entry(&objects, &view, it).map(EitherConflict::File));
    Ok(ConflictListReport {
        conflicts: entries.collect::<Result<_, _>>()?,
        unreadable: view.unreadable.clone(),
        remote: session.config.remote_url.clone(),
        in_step: in_step(session)?,
    })
}

/// One conflict, with all its versions and how they differ from what the vault has; or one alone.
pub fn diff(
    session: &Session<'_>,
    wanted: &str,
    options: &DiffOptions,
) -> Result<ConflictShowReport, FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let mut objects = Objects::new(&store);
    let view = View::of(session, &mut objects)?;
    let conflict = view.find(session, wanted)?;
    let versions: Vec<&Version> = match &options.token {
        Some(token) => vec![conflict.version(token)?],
        None => conflict.versions.iter().collect(),
    };
    let mut diffs = Vec::new();
    for version in versions {
        diffs.push(compared(&objects, (conflict, version), options.from_base)?);
    }
    Ok(ConflictShowReport {
        conflict: EitherConflict::File(entry(&objects, &view, conflict)?),
        diffs,
        remote: session.config.remote_url.clone(),
        in_step: in_step(session)?,
    })
}

fn compared(
    objects: &Objects<'_>,
    (conflict, version): (&Conflict, &Version),
    from_base: bool,
) -> Result<Comparison, FlowError> {
    let (from, before) = if from_base {
        ("base", version.base)
    } else {
        ("vault", conflict.vault)
    };
    let sides = (
        readable(objects, before)?,
        readable(objects, version.local)?,
    );
    let patch = match sides {
        (Some(before), Some(after)) => text_patch(&conflict.path, &before, &after)?,
        _ => None,
    };
    Ok(Comparison {
        token: version.token(),
        machine: version.machine.clone(),
        from,
        patch,
    })
}

pub fn entry(
    objects: &Objects<'_>,
    view: &View,
    conflict: &Conflict,
) -> Result<ConflictEntry, FlowError> {
    let variants = conflict.versions.iter();
    let variants = variants.map(|version| variant(objects, version));
    let base = match conflict.versions.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other.base == first.base) => first.base,
        _ => None,
    };
    let decided = conflict.decided.as_ref();
    Ok(ConflictEntry {
        id: conflict.id.clone(),
        kind: "file",
        reference: conflict.reference(),
        field: None,
        project: conflict.name.clone(),
        path: conflict.path.clone(),
        file: view
            .scanned(conflict)
            .map(|scanned| scanned.file(&conflict.path)),
        here: conflict.here.is_some(),
        damaged: conflict.is_damaged,
        variants: variants.collect::<Result<_, _>>()?,
        base: short_text(objects, base)?,
        vault: sized(objects, conflict.vault)?,
        decided: decided.map(|decision| DecidedEntry {
            chosen: decision.words.clone(),
            at: decision.at,
        }),
    })
}

fn variant(objects: &Objects<'_>, version: &Version) -> Result<VariantEntry, FlowError> {
    Ok(VariantEntry {
        token: version.token(),
        value: short_text(objects, version.local)?,
        machine: version.machine.clone(),
        at: version.at,
        filed: version.at.is_some(),
        local: sized(objects, version.local)?,
        base: sized(objects, version.base)?,
        vault: sized(objects, version.vault)?,
    })
}
