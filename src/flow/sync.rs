//! Sync: a pull, and then a push to the very vault that the pull met.

use serde::Serialize;

use crate::base::Timestamp;
use crate::vault::Objects;
use crate::vault::wire::Aim;

use super::agreed::Agreed;
use super::ahead::Ahead;
use super::publish::Publisher;
use super::pull::{PullOptions, PullReport, take_in};
use super::push::{PushOptions, PushReport, send};
use super::upstream::Upstream;
use super::{FlowError, Selection, Writer, away, bookkeeping, undo};

#[derive(Clone, Debug, Default)]
pub struct SyncOptions {
    pub dry_run: bool,
    pub selection: Selection,
    pub allow_mass_delete: bool,
}

#[derive(Debug, Serialize)]
pub struct SyncReport {
    /// Nothing where the vault was still empty.
    pub pull: Option<PullReport>,
    pub push: PushReport,
    pub ms: i64,
}

impl SyncReport {
    /// Whether something waits for a person.
    #[must_use]
    pub fn needs_decision(&self) -> bool {
        let kept = self.pull.as_ref().is_some_and(PullReport::keeps_waiting);
        kept || self.push.needs_decision()
    }
}

/// Syncs, and remembers how both directions went.
pub fn sync(writer: &Writer<'_>, options: &SyncOptions) -> Result<SyncReport, FlowError> {
    let clock = &writer.session.edges.clock;
    let began = clock.now();
    let run = Run {
        writer,
        options,
        began,
    };
    let result = run.both();
    if !options.dry_run {
        bookkeeping::tend_store(writer);
    }
    let (pull, push) = result?;
    Ok(SyncReport {
        pull,
        push,
        ms: clock.now().millis() - began.millis(),
    })
}

struct Run<'a> {
    writer: &'a Writer<'a>,
    options: &'a SyncOptions,
    began: Timestamp,
}

impl Run<'_> {
    fn both(&self) -> Result<(Option<PullReport>, PushReport), FlowError> {
        let mut objects = Objects::new(&self.writer.store);
        let aim = Aim::of_push(self.options.dry_run);
        let remote = self.writer.remote(aim).map_err(|fault| self.away(fault));
        let remote = self.remembered(&["pull", "push"], remote)?;
        let remote = remote.as_deref();
        let finished = undo::finish(self.writer, &mut objects, self.options.dry_run);
        let finished = self.remembered(&["pull", "push"], finished)?;
        let publisher = Publisher::new(self.writer, remote, self.began, self.options.dry_run);
        let ahead = Ahead::look(&publisher, &mut objects, &self.options.selection);
        let met = publisher.meet(&mut objects);
        let met = met.map_err(|fault| self.away(fault));
        let met = self.remembered(&["pull", "push"], met)?;
        if met.1.parent.is_none() {
            let push = self.send(&publisher, &mut objects, (met, &[]))?;
            return Ok((None, PushReport { finished, ..push }));
        }
        let taken = take_in(
            &publisher,
            &mut objects,
            (&met, ahead),
            &self.pull_options(),
        );
        let pull = self.remembered(&["pull"], taken)?;
        let met = if self.options.dry_run {
            met
        } else {
            (Agreed::load(&self.writer.store)?, met.1.once_met())
        };
        let push = self.send(&publisher, &mut objects, (met, &["pull"]))?;
        Ok((Some(pull.with_finished(finished)), push))
    }

    /// The push, to what was met. How it went is remembered together with what went well before it.
    fn send(
        &self,
        publisher: &Publisher<'_>,
        objects: &mut Objects<'_>,
        (met, before): ((Agreed, Upstream), &[&str]),
    ) -> Result<PushReport, FlowError> {
        let push = send(
            publisher,
            objects,
            (met, Ahead::none()),
            &self.push_options(),
        );
        let before = before.iter().map(|direction| (*direction, None));
        let ends: Vec<_> = before.chain([("push", push.as_ref().err())]).collect();
        self.ended(&ends);
        push
    }

    /// What changed here is kept where the remote is away.
    fn away(&self, fault: FlowError) -> FlowError {
        let run = (self.began, self.options.dry_run);
        away::told(self.writer, run, fault, |away, objects, met| {
            let ahead = Ahead::none();
            send(away, objects, (met, ahead), &self.push_options()).map(drop)
        })
    }

    fn push_options(&self) -> PushOptions {
        PushOptions {
            dry_run: self.options.dry_run,
            selection: self.options.selection.clone(),
            allow_mass_delete: self.options.allow_mass_delete,
        }
    }

    fn pull_options(&self) -> PullOptions {
        PullOptions {
            dry_run: self.options.dry_run,
            selection: self.options.selection.clone(),
            allow_mass_delete: self.options.allow_mass_delete,
            take: None,
        }
    }

    /// A fault is remembered for each direction that it ended.
    fn remembered<T>(
        &self,
        directions: &[&str],
        result: Result<T, FlowError>,
    ) -> Result<T, FlowError> {
        if let Err(fault) = &result {
            let ends = directions.iter().map(|direction| (*direction, Some(fault)));
            self.ended(&ends.collect::<Vec<_>>());
        }
        result
    }

    fn ended(&self, ends: &[(&str, Option<&FlowError>)]) {
        if !self.options.dry_run {
            bookkeeping::remember_runs(self.writer, self.began, ends);
        }
    }
}
