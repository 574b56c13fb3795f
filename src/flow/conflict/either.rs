//! Conflicts of both kinds: one list, and one way to name one.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::flow::history::in_step;
use crate::flow::task::WithheldText;
use crate::flow::undo::Finished;
use crate::flow::{FlowError, Session, Writer};

use super::draft as files_draft;
use super::export::{self as files_export, ExportReport};
use super::field::{self, FieldOptions, Fields, LeftField, ResolvedField, Settled, Shown};
use super::named::{Named, meant, with_fields};
use super::report::{ConflictListReport, ConflictShowReport, EitherConflict};
use super::resolve::{self as files_resolve, FileOptions, Resolved};
use super::seen::{Draft, EitherSeen};
use super::show::{self as files_show, DiffOptions};
use super::view::Choice;

/// Every conflict, with what there is to choose from.
pub fn list(session: &Session<'_>) -> Result<ConflictListReport, FlowError> {
    let mut report = files_show::list(session)?;
    if let Some(fields) = Fields::of(session)? {
        for conflict in fields.all()? {
            let entry = conflict.entry(&fields)?;
            report.conflicts.push(EitherConflict::Field(entry));
        }
    }
    Ok(report)
}

/// One conflict, with all its versions and how they differ from what is shown.
pub fn show(session: &Session<'_>, named: Named<'_>) -> Result<ConflictShowReport, FlowError> {
    diff(session, named, &DiffOptions::default())
}

/// The same, or one version alone.
pub fn diff(
    session: &Session<'_>,
    named: Named<'_>,
    options: &DiffOptions,
) -> Result<ConflictShowReport, FlowError> {
    let fields = Fields::of(session)?;
    let Some((fields, line)) = meant(session, fields.as_ref(), named)? else {
        let shown = files_show::diff(session, named.conflict, options);
        return shown.map_err(|fault| with_fields(fault, fields.as_ref()));
    };
    let conflict = fields.whole(line)?;
    Ok(ConflictShowReport {
        diffs: field::compare(fields, &conflict, options)?,
        conflict: EitherConflict::Field(conflict.entry(fields)?),
        remote: session.config.remote_url.clone(),
        in_step: in_step(session)?,
    })
}

/// Writes what there is of a conflict into a directory.
pub fn export(
    session: &Session<'_>,
    named: Named<'_>,
    dir: &Path,
) -> Result<ExportReport, FlowError> {
    let fields = Fields::of(session)?;
    let Some((fields, line)) = meant(session, fields.as_ref(), named)? else {
        let written = files_export::export(session, named.conflict, dir);
        return written.map_err(|fault| with_fields(fault, fields.as_ref()));
    };
    let conflict = fields.whole(line)?;
    field::export(session, (fields, &conflict), dir)
}

/// What to edit.
pub fn draft(session: &Session<'_>, named: Named<'_>) -> Result<Draft, FlowError> {
    let fields = Fields::of(session)?;
    let Some((fields, line)) = meant(session, fields.as_ref(), named)? else {
        let draft = files_draft::draft(session, named.conflict);
        return draft.map_err(|fault| with_fields(fault, fields.as_ref()));
    };
    let conflict = fields.whole(line)?;
    let (name, text) = field::draft(fields, &conflict)?;
    Ok(Draft {
        id: conflict.line.id,
        name,
        text,
        seen: EitherSeen::Field(conflict.seen),
    })
}

/// Which conflicts are decided.
#[derive(Clone, Debug)]
pub enum Target<'t> {
    One {
        named: Named<'t>,
        /// The state of a field that whoever decides has seen.
        if_seen: Option<&'t str>,
    },
    All,
    /// These, by their ids, as the person was shown them: a later state of one is not decided.
    Shown(BTreeMap<String, EitherSeen>),
}

#[derive(Clone, Debug)]
pub struct ResolveOptions<'o> {
    pub target: Target<'o>,
    pub choice: Choice,
    pub dry_run: bool,
    /// Who chooses between values.
    pub by: Option<&'o str>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EitherResolved {
    File(Resolved),
    Field(ResolvedField),
}

#[derive(Debug, Default, Serialize)]
pub struct ResolveReport {
    pub resolved: Vec<EitherResolved>,
    /// What could not be decided so.
    pub left: Vec<LeftField>,
    /// Texts that stay on this machine.
    pub withheld: Vec<WithheldText>,
    pub dry_run: bool,
    /// What was finished of a run that was killed before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished: Option<Finished>,
    /// By which what was written to this disk can be undone.
    pub undo: Option<String>,
}

impl ResolveReport {
    /// Whether something still waits for a person.
    #[must_use]
    pub const fn needs_decision(&self) -> bool {
        !self.left.is_empty() || !self.withheld.is_empty()
    }

    /// What was shown: all that would be decided, and what would be left.
    #[must_use]
    pub fn shown(&self) -> BTreeMap<String, EitherSeen> {
        let resolved = self.resolved.iter().map(|line| match line {
            EitherResolved::File(file) => (file.id.clone(), EitherSeen::File(file.seen)),
            EitherResolved::Field(field) => {
                (field.id.clone(), EitherSeen::Field(field.seen.clone()))
            }
        });
        let left = self.left.iter();
        let left = left.map(|line| (line.id.clone(), EitherSeen::Field(line.seen.clone())));
        resolved.chain(left).collect()
    }

    fn add(&mut self, settled: Settled) {
        let resolved = settled.resolved.into_iter();
        self.resolved.extend(resolved.map(EitherResolved::Field));
        self.left.extend(settled.left);
        self.withheld.extend(settled.withheld);
    }
}

/// Decides. Nothing is asked of the remote: the next push carries what was decided.
pub fn resolve(
    session: &Session<'_>,
    options: &ResolveOptions<'_>,
) -> Result<ResolveReport, FlowError> {
    match &options.target {
        Target::One { named, if_seen } => one(session, (*named, *if_seen), options),
        Target::All => all(session, options),
        Target::Shown(shown) => these(session, shown, options),
    }
}

fn one(
    session: &Session<'_>,
    (named, if_seen): (Named<'_>, Option<&str>),
    options: &ResolveOptions<'_>,
) -> Result<ResolveReport, FlowError> {
    let fields = Fields::of(session)?;
    let found = meant(session, fields.as_ref(), named);
    if let (Some(token), Some(fields)) = (if_seen, fields.as_ref())
        && matches!(found, Ok(None) | Err(FlowError::NoSuch { .. }))
        && let Some(fault) = field::decided(fields, (named.conflict, named.field), token)?
    {
        return Err(fault);
    }
    let Some((_, line)) = found? else {
        if if_seen.is_some() {
            return Err(FlowError::Unsaid {
                what: "`--if-seen` is about a field of a task, and this names none in conflict",
                hint: "see what there is: `holdall conflict list`".to_owned(),
            });
        }
        let target = files_resolve::Target::One(named.conflict.to_owned());
        let done = files(session, target, options);
        return done.map_err(|fault| with_fields(fault, fields.as_ref()));
    };
    let shown = Shown {
        id: line.id,
        token: if_seen.map(str::to_owned),
    };
    values(session, &[shown], (options, false))
}

fn all(session: &Session<'_>, options: &ResolveOptions<'_>) -> Result<ResolveReport, FlowError> {
    // Without a copy of the vault no file is in conflict, and none is made for that.
    let mut report = match session.store()? {
        Some(_) => files(session, files_resolve::Target::All, options)?,
        None => nothing(options),
    };
    let Some(fields) = Fields::of(session)? else {
        return Ok(report);
    };
    let lines = field::open(&fields.reading())?.into_iter();
    let shown = lines.map(|line| Shown {
        id: line.id,
        token: None,
    });
    let shown: Vec<Shown> = shown.collect();
    if !shown.is_empty() {
        report.add(settled(session, &shown, (options, true))?);
    }
    Ok(report)
}

/// What was shown, and nothing that came since.
fn these(
    session: &Session<'_>,
    shown: &BTreeMap<String, EitherSeen>,
    options: &ResolveOptions<'_>,
) -> Result<ResolveReport, FlowError> {
    let (mut of_files, mut of_fields) = (BTreeMap::new(), Vec::new());
    for (id, seen) in shown {
        match seen {
            EitherSeen::File(seen) => {
                of_files.insert(id.clone(), *seen);
            }
            EitherSeen::Field(token) => of_fields.push(Shown {
                id: id.clone(),
                token: Some(token.clone()),
            }),
        }
    }
    let mut report = if of_files.is_empty() {
        nothing(options)
    } else {
        files(session, files_resolve::Target::Shown(of_files), options)?
    };
    if !of_fields.is_empty() {
        let leaves = matches!(
            options.choice,
            Choice::Local | Choice::Remote | Choice::Vault
        );
        report.add(settled(session, &of_fields, (options, leaves))?);
    }
    Ok(report)
}

fn nothing(options: &ResolveOptions<'_>) -> ResolveReport {
    ResolveReport {
        dry_run: options.dry_run,
        ..ResolveReport::default()
    }
}

fn values(
    session: &Session<'_>,
    shown: &[Shown],
    (options, leaves): (&ResolveOptions<'_>, bool),
) -> Result<ResolveReport, FlowError> {
    let mut report = nothing(options);
    report.add(settled(session, shown, (options, leaves))?);
    Ok(report)
}

fn settled(
    session: &Session<'_>,
    shown: &[Shown],
    (options, leaves): (&ResolveOptions<'_>, bool),
) -> Result<Settled, FlowError> {
    let options = FieldOptions {
        choice: &options.choice,
        dry_run: options.dry_run,
        by: options.by,
        leaves,
    };
    field::resolve(session, shown, options)
}

fn files(
    session: &Session<'_>,
    target: files_resolve::Target,
    options: &ResolveOptions<'_>,
) -> Result<ResolveReport, FlowError> {
    let file_options = FileOptions {
        target,
        choice: &options.choice,
        dry_run: options.dry_run,
    };
    let done = files_resolve::resolve(&Writer::take(session)?, &file_options)?;
    let resolved = done.resolved.into_iter();
    Ok(ResolveReport {
        resolved: resolved.map(EitherResolved::File).collect(),
        finished: done.finished,
        undo: done.undo,
        ..nothing(options)
    })
}
