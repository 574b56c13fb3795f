//! The landings of one run, under one journal.

use crate::base::Tally;
use crate::flow::agreed::AgreedEdits;
use crate::flow::journal::{Head, Journal, drop_landing, landed};
use crate::flow::{FlowError, Stage, Writer};
use crate::restore::Durable;
use crate::vault::{Ahead, Objects, Store};

use super::Landing;
use super::carry::Supply;

/// What they are about to write, as the journal has it; nothing where they write nothing.
pub fn journal_of(
    objects: &mut Objects<'_>,
    landings: &[Landing],
    head: Head,
) -> Result<Option<Journal>, FlowError> {
    let mut journal = Journal::new(head);
    for landing in landings.iter().filter(|landing| landing.touches()) {
        let (key, touched) = landing.journal(objects)?;
        journal.add(key, touched);
    }
    Ok((!journal.units.is_empty()).then_some(journal))
}

/// Carries all of them out. A fault ends it, and what is known by then is among the edits.
pub fn carry_all(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    landings: &mut [Landing],
    edits: &mut AgreedEdits,
) -> Result<(), FlowError> {
    let files = landings.iter().map(Landing::writes).sum();
    let tell = writer.session.tells(Stage::Writing);
    let stored = landings.iter().flat_map(Landing::stored).collect();
    let supply = Supply {
        ahead: Ahead::of_store(objects.store(), stored)?,
        tally: Tally::new(Some(files), &tell),
        durable: Durable::new(landings.iter().map(Landing::steps).sum()),
    };
    let carried = landings.iter_mut().try_for_each(|landing| {
        landing.settle(objects, edits)?;
        landing.carry_out(writer, objects, edits, &supply)
    });
    // After a fault too: what is booked as done has to stay done.
    let settled = supply.durable.settle();
    carried?;
    Ok(settled?)
}

/// Says what would become of all of them.
pub fn preview_all(
    writer: &Writer<'_>,
    objects: &Objects<'_>,
    landings: &mut [Landing],
) -> Result<(), FlowError> {
    let mut landings = landings.iter_mut();
    landings.try_for_each(|landing| landing.preview(writer, objects))
}

/// The run is through: the number by which it can be undone, if it wrote anything.
pub fn close(
    store: &Store,
    journal: Option<Journal>,
    landings: &[Landing],
) -> Result<Option<u64>, FlowError> {
    let Some(journal) = journal else {
        return Ok(None);
    };
    if landings
        .iter()
        .all(|landing| landing.report.changes.is_empty())
    {
        drop_landing(store)?;
        return Ok(None);
    }
    landed(store)?;
    Ok(Some(journal.head.number))
}
