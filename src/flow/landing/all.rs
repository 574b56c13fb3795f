//! The landings of one run, under one journal.

use crate::base::{ObjectId, Tally};
use crate::flow::agreed::{Agreed, AgreedEdits};
use crate::flow::journal::{Head, Journal, begin, drop_landing, landed};
use crate::flow::{FlowError, Stage, Writer, memory};
use crate::restore::Durable;
use crate::vault::{Ahead, Objects, Store};

use super::Landing;
use super::carry::Supply;

/// Stores what they are about to write, with the tip that is agreed with; nothing where they write
/// nothing.
pub fn begin_all(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    landings: &[Landing],
    (head, tip): (Head, Option<ObjectId>),
) -> Result<Option<Journal>, FlowError> {
    let mut journal = Journal::new(head);
    for landing in landings.iter().filter(|landing| landing.touches()) {
        let (key, touched) = landing.journal(objects)?;
        journal.add(key, touched);
    }
    if journal.units.is_empty() {
        return Ok(None);
    }
    begin(writer, objects, &journal, tip)?;
    Ok(Some(journal))
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

/// The same with no look at the vault: what is agreed since is stored, after a fault too.
pub fn carry_and_learn(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    landings: &mut [Landing],
    agreed: &Agreed,
) -> Result<(), FlowError> {
    let mut edits = AgreedEdits::default();
    let carried = carry_all(writer, objects, landings, &mut edits);
    edits.make_room(objects, agreed)?;
    memory::learn_more(writer, objects, (agreed, &edits))?;
    carried
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
