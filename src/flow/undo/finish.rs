//! A run that was killed while it wrote is finished by the next one.

use serde::Serialize;

use crate::base::Timestamp;
use crate::flow::agreed::Agreed;
use crate::flow::journal::{Journal, interrupted, landed};
use crate::flow::landing::carry_and_learn;
use crate::flow::{Event, FlowError, Writer, pause};
use crate::vault::Objects;

use super::ways::{Ways, ways};

/// What a run finished of one that was killed before it.
#[derive(Clone, Debug, Serialize)]
pub struct Finished {
    pub command: String,
    pub at: Timestamp,
    /// By which it can be undone.
    pub id: String,
    /// How many paths of this disk were still to be changed.
    pub changes: usize,
}

impl Finished {
    /// Whether something was written for that.
    #[must_use]
    pub const fn wrote(&self) -> bool {
        self.changes > 0
    }
}

/// Finishes it, in all projects: what still is as it was before becomes what was meant, and what
/// somebody changed meanwhile stays. What cannot be finished stops nobody: it is said, and what the
/// killed run wrote is known as that. A run that is to leave the disk alone leaves it to another.
pub fn finish(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    leaves_all: bool,
) -> Result<Option<Finished>, FlowError> {
    if leaves_all {
        return Ok(None);
    }
    let warn = |text: &str| writer.session.tell(&Event::Warning { text });
    let open = interrupted(&writer.store).and_then(|open| {
        let read = |(_, tree)| Journal::read(&writer.store, tree);
        open.map(read).transpose()
    });
    let journal = match open {
        Ok(None) => return Ok(None),
        Ok(Some(journal)) => journal,
        Err(fault) => {
            let why = fault.message();
            warn(&format!(
                "a run was interrupted, and its journal cannot be read ({why}): what it wrote stays as it is"
            ));
            landed(&writer.store)?;
            return Ok(None);
        }
    };
    let head = journal.head.clone();
    let (command, at) = (head.command, head.at.readable());
    match redo(writer, objects, journal) {
        Ok((changes, gone)) => {
            // By its number: a plain undo goes back on no undo, but on what came before.
            warn(&format!(
                "{command} {} was interrupted ({at}): it is finished now, and `holdall backup undo {0}` takes it back",
                head.number
            ));
            if head.undoes.is_some() && !head.is_edit {
                pause::begin(writer.session, head.at)?;
            }
            for name in gone {
                warn(&format!(
                    "`{name}` is not where it was: that part stays as it is"
                ));
            }
            Ok(Some(Finished {
                command,
                at: head.at,
                id: head.number.to_string(),
                changes,
            }))
        }
        Err(fault) => {
            warn(&format!(
                "{command} {} was interrupted ({at}) and cannot be finished: {}",
                head.number,
                fault.message()
            ));
            Ok(None)
        }
    }
}

/// How much was still to be changed, and the names of what lies here no more.
fn redo(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    journal: Journal,
) -> Result<(usize, Vec<String>), FlowError> {
    let agreed = Agreed::load(&writer.store)?;
    let Ways { mut landings, gone } = ways(writer.session, objects, &agreed, journal)?;
    carry_and_learn(writer, objects, &mut landings, &agreed)?;
    landed(&writer.store)?;
    let changes = landings.iter().map(|landing| landing.report.changes.len());
    let gone = gone.into_iter().map(|place| place.name);
    Ok((changes.sum(), gone.collect()))
}
