//! The task list, opened by one command.

use serde::Serialize;

use crate::base::{HostPath, MachineId, create_private_dir};
use crate::tasks::{Hand, Pen, Reading, Store, TaskRow, TasksError};
use crate::vault::merge_text;

use super::super::aside::succeed;
use super::super::wake::wake;
use super::super::{FlowError, Session, own_machine};
use super::censor::{Censor, WithheldText, refuse_secret};
use super::gone::refuse_gone;
use super::shape::{Shaping, TaskEntry};
use super::values;

/// More of what was done is not worth a line.
const LONGEST_NAME: usize = 80;

impl Session<'_> {
    /// The task list; made where there never was one.
    pub fn task_store(&self) -> Result<Store, FlowError> {
        refuse_gone(self)?;
        self.task_store_anew()
    }

    /// The task list; made where there is none.
    pub fn task_store_anew(&self) -> Result<Store, FlowError> {
        create_private_dir(self.places.data.as_path())?;
        let file = self.places.tasks();
        succeed(&file)?;
        self.task_store_at(&file)
    }

    /// A task list in this file.
    pub fn task_store_at(&self, file: &HostPath) -> Result<Store, FlowError> {
        let store = Store::open(file, &self.holder())?;
        Ok(store.merging(three_way))
    }

    /// The task list, if there is one, or was.
    pub fn task_store_there(&self) -> Result<Option<Store>, FlowError> {
        refuse_gone(self)?;
        self.task_store_left()
    }

    /// The task list, if there is one, for somebody who makes it again where it is gone.
    pub fn task_store_left(&self) -> Result<Option<Store>, FlowError> {
        let file = self.places.tasks();
        succeed(&file)?;
        let store = Store::open_existing(&file, &self.holder())?;
        Ok(store.map(|store| store.merging(three_way)))
    }

    /// The task list, where somebody names one of its tasks.
    pub fn task_store_with(&self, wanted: &str) -> Result<Store, FlowError> {
        let no_such = || TasksError::NoSuchTask {
            wanted: wanted.to_owned(),
        };
        Ok(self.task_store_there()?.ok_or_else(no_such)?)
    }
}

fn three_way(base: &str, one: &str, other: &str) -> Option<String> {
    let merged = merge_text(base.as_bytes(), one.as_bytes(), other.as_bytes())?;
    String::from_utf8(merged).ok()
}

/// The task list with somebody who writes.
pub struct Desk<'a> {
    pub session: &'a Session<'a>,
    store: Store,
    machine: MachineId,
    by: Option<String>,
}

/// What one command wrote.
pub struct Written<T> {
    pub answer: T,
    pub withheld: Vec<WithheldText>,
}

/// Why a transaction was not committed.
enum Ended<T> {
    Rehearsed(T),
    Failed(FlowError),
}

impl<T> From<TasksError> for Ended<T> {
    fn from(fault: TasksError) -> Self {
        Self::Failed(fault.into())
    }
}

impl<T> From<FlowError> for Ended<T> {
    fn from(fault: FlowError) -> Self {
        Self::Failed(fault)
    }
}

/// Tasks as they are after a command: the one that it was about, or the several.
#[derive(Debug, Serialize)]
pub struct TasksReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<Vec<TaskEntry>>,
    /// How many of them are not as they were.
    pub changed: usize,
    /// What stays on this machine.
    pub withheld: Vec<WithheldText>,
    /// The dependencies that close a circle since: they are kept, and nobody waits for them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub circles: Vec<Circle>,
}

/// A dependency that closes a circle.
#[derive(Debug, Serialize)]
pub struct Circle {
    #[serde(rename = "ref")]
    pub reference: String,
    /// What would have to be done before it, by its ref.
    pub needs: String,
}

impl TasksReport {
    /// Each task that the command was about.
    pub fn all(&self) -> impl Iterator<Item = &TaskEntry> {
        self.task.iter().chain(self.tasks.iter().flatten())
    }
}

impl<'a> Desk<'a> {
    /// Opened by somebody who adds to it.
    pub fn open(session: &'a Session<'a>, by: Option<&str>) -> Result<Self, FlowError> {
        Self::with(session, session.task_store()?, by)
    }

    /// Opened by somebody who names what is there.
    pub fn about(
        session: &'a Session<'a>,
        wanted: &str,
        by: Option<&str>,
    ) -> Result<Self, FlowError> {
        Self::with(session, session.task_store_with(wanted)?, by)
    }

    fn with(session: &'a Session<'a>, store: Store, by: Option<&str>) -> Result<Self, FlowError> {
        let env = &session.edges.env;
        let named = |name| env.var(name).and_then(|value| value.to_str());
        let by = by.or_else(|| named("HOLDALL_BY"));
        if let Some(by) = by {
            refuse_secret("the name of who does this", "by", by)?;
        }
        let by = by.or_else(|| named("USER"));
        let by = by.map(values::name).transpose()?;
        Ok(Self {
            machine: own_machine::known_or_new(session)?,
            session,
            store,
            by,
        })
    }

    pub fn reading(&self) -> Reading<'_> {
        self.store.reading()
    }

    /// Does something as one deed: all of it, or where something fails nothing.
    pub fn write<T>(
        &mut self,
        what: &str,
        write: impl FnOnce(&mut Pen<'_, '_, '_>) -> Result<T, FlowError>,
    ) -> Result<Written<T>, FlowError> {
        self.transaction((what, false), write)
    }

    /// The same, and nothing of it stays: what would become of it.
    pub fn rehearse<T>(
        &mut self,
        what: &str,
        write: impl FnOnce(&mut Pen<'_, '_, '_>) -> Result<T, FlowError>,
    ) -> Result<Written<T>, FlowError> {
        self.transaction((what, true), write)
    }

    fn transaction<T>(
        &mut self,
        (what, is_rehearsal): (&str, bool),
        write: impl FnOnce(&mut Pen<'_, '_, '_>) -> Result<T, FlowError>,
    ) -> Result<Written<T>, FlowError> {
        let censor = Censor::new(self.session);
        let judge = |field: &str, text: &str| censor.judge(field, text);
        let hand = Hand {
            machine: &self.machine,
            by: self.by.as_deref(),
            censor: &judge,
        };
        let what: String = what.chars().take(LONGEST_NAME).collect();
        let ended = self.store.change(self.session.edges, |change| {
            let answer = change.write(hand, &what, write)?;
            censor.whole()?;
            if is_rehearsal {
                return Err(Ended::Rehearsed(answer));
            }
            Ok(answer)
        });
        let answer = match ended {
            Ok(answer) | Err(Ended::Rehearsed(answer)) => answer,
            Err(Ended::Failed(fault)) => return Err(fault),
        };
        let withheld = censor.end()?;
        if !is_rehearsal {
            wake(self.session);
        }
        Ok(Written { answer, withheld })
    }

    /// The tasks with these ids, as they are now.
    pub fn entries(&self, ids: &[String]) -> Result<Vec<TaskEntry>, FlowError> {
        let reading = self.reading();
        let mut shaping = Shaping::new(&reading)?;
        let mut entries = Vec::new();
        for id in ids {
            let row: Option<TaskRow> = reading.task(id)?;
            entries.extend(row.map(|row| shaping.entry(row)).transpose()?);
        }
        Ok(entries)
    }

    /// What became of the tasks with these ids; of the ones with true something was written.
    pub fn report(
        &self,
        written: Written<Vec<(String, bool)>>,
        is_one: bool,
    ) -> Result<TasksReport, FlowError> {
        let changed = written
            .answer
            .iter()
            .filter(|(_, changed)| *changed)
            .count();
        let ids: Vec<String> = written.answer.into_iter().map(|(id, _)| id).collect();
        let mut entries = self.entries(&ids)?;
        let task = if is_one { entries.pop() } else { None };
        Ok(TasksReport {
            tasks: task.is_none().then_some(entries),
            task,
            changed,
            withheld: written.withheld,
            circles: Vec::new(),
        })
    }

    /// The circles of dependencies that were not there before.
    pub fn new_circles(&self, before: &[(String, String)]) -> Result<Vec<Circle>, FlowError> {
        let reading = self.reading();
        let mut new = reading.circles()?;
        new.retain(|it| !before.contains(it));
        let new = new.iter().map(|(id, needs)| {
            Ok(Circle {
                reference: reading.reference(id)?,
                needs: reading.reference(needs)?,
            })
        });
        new.collect()
    }
}
