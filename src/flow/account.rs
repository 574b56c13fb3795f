//! What takes part on this disk and what stays behind, as reports tell it.

use crate::base::{Finding, VaultPath};
use crate::source::{Left, Reason};

use super::here::{Here, LocalProject, Placement};
use super::report::{
    AlikeLine, Counts, FileCounts, LargeLine, LeftLine, SkippedProject, UnitChanges, WithheldLine,
};
use super::scan::{Scanned, is_held};

/// Those that are larger than the person wants to be told of.
#[must_use]
pub fn large(here: &Here, limit: u64) -> Vec<LargeLine> {
    let large = here.scanned().filter(|scanned| scanned.bytes > limit);
    let line = |scanned: &Scanned| LargeLine {
        project: scanned.unit.name.clone(),
        size: scanned.bytes,
        limit,
    };
    large.map(line).collect()
}

#[must_use]
pub fn alike(here: &Here) -> Vec<AlikeLine> {
    let lines = |scanned: &Scanned| {
        let line = |(path, names): &(VaultPath, Vec<String>)| AlikeLine {
            project: scanned.unit.name.clone(),
            path: path.clone(),
            names: names.clone(),
        };
        scanned.alike.iter().map(line).collect::<Vec<_>>()
    };
    here.scanned().flat_map(lines).collect()
}

#[must_use]
pub fn counts(here: &Here, units: &[UnitChanges]) -> FileCounts {
    FileCounts {
        scanned: here.scanned().map(|scanned| scanned.files).sum(),
        counts: Counts::of(units.iter().flat_map(|unit| &unit.changes)),
    }
}

#[must_use]
pub fn skipped(here: &Here) -> Vec<SkippedProject> {
    let line = |project: &LocalProject| {
        let (reason, candidates) = match &project.placement {
            _ if project.is_held => ("holds_secret", Vec::new()),
            Placement::Removed => ("removed_from_vault", Vec::new()),
            Placement::Ambiguous {
                names,
                is_one_id: true,
            } => ("one_id", names.clone()),
            Placement::Ambiguous { names, .. } => ("ambiguous", names.clone()),
            Placement::Known { .. } | Placement::New { .. } => return None,
        };
        Some(SkippedProject {
            name: project.registered.name.clone(),
            path: project.registered.path.clone(),
            reason,
            candidates,
        })
    };
    here.projects.iter().filter_map(line).collect()
}

/// Reasons that a person should look into, as opposed to rules and to things that are no files.
#[must_use]
pub const fn wants_attention(reason: Reason) -> bool {
    is_held(reason)
        && !matches!(
            reason,
            Reason::TooLarge | Reason::NotAFile | Reason::LinkedRoot | Reason::HalfLine
        )
}

/// A file with more secrets than these is looked at by a person anyway; `secret list` has all.
const MOST_SECRETS: usize = 20;

#[must_use]
pub fn withheld(here: &Here) -> Vec<WithheldLine> {
    let line = |scanned: &Scanned| {
        let name = scanned.unit.name.clone();
        let lines = scanned
            .left
            .values()
            .filter(|left| wants_attention(left.reason));
        let whole = |left: &Left| {
            // No rule decides on these: what stands in its place is what was found.
            let is_found = matches!(
                left.reason,
                Reason::Unreadable
                    | Reason::Damaged
                    | Reason::NotEditable
                    | Reason::DamagedInVault
                    | Reason::NoPlace
                    | Reason::DatabaseInUse
                    | Reason::BadName
            );
            let told = scanned.told(&left.path);
            let file = if told == left.path {
                scanned.file(&told)
            } else {
                scanned.unit.root.below(&told)
            };
            WithheldLine {
                project: name.clone(),
                path: told,
                file,
                reason: left.reason,
                rule: left.rule.clone().filter(|_| !is_found),
                line: scanned.lines.get(&left.path).copied(),
                fingerprint: None,
                detail: left.rule.clone().filter(|_| is_found),
            }
        };
        let each = |left: &Left| {
            let secrets = scanned.secrets(&left.path);
            if secrets.is_empty() {
                return vec![whole(left)];
            }
            let more = secrets.len().saturating_sub(MOST_SECRETS);
            let line = |(number, finding): (usize, Finding)| WithheldLine {
                rule: Some(finding.rule),
                line: Some(finding.line),
                fingerprint: Some(finding.fingerprint),
                detail: (number + 1 == MOST_SECRETS && more > 0)
                    .then(|| format!("and {more} more: `holdall secret list` has all")),
                ..whole(left)
            };
            let told = secrets.into_iter().take(MOST_SECRETS);
            told.enumerate().map(line).collect()
        };
        lines.flat_map(each).collect::<Vec<_>>()
    };
    here.scanned().flat_map(line).collect()
}

#[must_use]
pub fn left(here: &Here) -> Vec<LeftLine> {
    let line = |scanned: &Scanned| {
        let name = scanned.unit.name.clone();
        let lines = scanned
            .left
            .values()
            .filter(|left| !wants_attention(left.reason));
        let lines = lines.map(|left| LeftLine {
            project: name.clone(),
            path: left.path.clone(),
            reason: left.reason,
            rule: left.rule.clone(),
            place: left.rule.as_ref().and_then(|_| {
                let decision = scanned.unit.decide(&left.path, left.is_dir)?;
                Some(decision.rule.place.clone())
            }),
        });
        let half = scanned.half_lines.iter();
        let half = half.filter(|path| !scanned.left.contains_key(*path));
        let half = half.map(|path| LeftLine {
            project: scanned.unit.name.clone(),
            path: path.clone(),
            reason: Reason::HalfLine,
            rule: None,
            place: None,
        });
        lines.chain(half).collect::<Vec<_>>()
    };
    here.scanned().flat_map(line).collect()
}
