//! Reading many files at once, into a store.

use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use crate::base::{HostPath, Intake, ObjectId, Packer, Parcel, Tally, Tell, is_database};
use crate::source::Reason;

use super::database::{CopyDatabase, Use, has_head, is_beside_database, use_of};
use super::read::{Ends, StreamOutcome, read_stream};
use super::sanitize::reason_of;
use super::{ReadOutcome, Sanitizer, SnapshotError, read_whole};

/// Files up to this size are read whole, side by side; larger ones piece by piece, one at a time.
const WHOLE_AT_MOST: u64 = 1 << 20;
/// No settings file is larger.
const SETTINGS_AT_MOST: u64 = 16 << 20;
/// Fewer are not worth a second thread.
const FEW: usize = 16;
const MOST_THREADS: usize = 2;
/// So many contents may wait to be stored.
const WAITING: usize = 8;

/// Unit, directory, entry.
pub(super) type Key = (usize, usize, usize);

/// A file to be read. There may be very many, so it has no path of its own.
pub(super) struct Job {
    pub key: Key,
    pub size: u64,
    pub kind: JobKind,
}

/// Where the file of a job is.
pub(super) type Where<'a> = &'a (dyn Fn(Key) -> HostPath + Sync);

pub(super) enum JobKind {
    File,
    Link,
    /// Its last line may be half written.
    Log {
        may_be_torn: bool,
    },
    Settings(Box<Sanitizer>),
    /// A rule asks for a copy, should it be a database that is in use.
    Database,
}

impl Job {
    fn is_read_whole(&self) -> bool {
        match self.kind {
            JobKind::Link | JobKind::Settings(_) => true,
            JobKind::File | JobKind::Log { .. } => self.size <= WHOLE_AT_MOST,
            // A copy is as large as it is.
            JobKind::Database => false,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Read(ObjectId),
    /// Not to be remembered: a log without its last line, which is not ended yet, or a database that
    /// may change without a sign of it.
    Torn(ObjectId),
    /// Why, and what is wrong with it where that can be said.
    Left(Reason, Option<Box<str>>),
    /// Deleted between the walk and now: as if it had never been there.
    Gone,
}

/// What came of reading, in the order of the keys.
pub(super) struct Outcomes(Vec<(Key, Outcome)>);

impl Outcomes {
    pub fn of(&self, unit: usize, dir: usize) -> OfDir<'_> {
        let start = self
            .0
            .partition_point(|((u, d, _), _)| (*u, *d) < (unit, dir));
        let end = self
            .0
            .partition_point(|((u, d, _), _)| (*u, *d) <= (unit, dir));
        OfDir(&self.0[start..end])
    }
}

/// The same for one directory.
#[derive(Clone, Copy)]
pub(super) struct OfDir<'o>(&'o [(Key, Outcome)]);

impl<'o> OfDir<'o> {
    /// By the number of the entry.
    pub fn get(self, number: usize) -> Option<&'o Outcome> {
        let at = self
            .0
            .binary_search_by_key(&number, |((.., entry), _)| *entry);
        at.ok().map(|at| &self.0[at].1)
    }
}

enum Done {
    Packed(Parcel),
    Torn(Parcel),
    Not(Outcome),
}

/// What reading needs of others.
pub(super) struct Asks<'a> {
    pub place: Where<'a>,
    pub copy: CopyDatabase<'a>,
    /// Is told of every file.
    pub tell: Tell<'a>,
}

/// Reads all of them.
pub(super) fn read_all<S: Intake>(
    jobs: Vec<Job>,
    sink: &mut S,
    asks: &Asks<'_>,
) -> Result<Outcomes, SnapshotError> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    let place = asks.place;
    let tally = Tally::new(Some(jobs.len() as u64), asks.tell);
    let (small, large): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(Job::is_read_whole);
    let mut take = |job: &Job, done: Done, sink: &mut S| -> Result<(), SnapshotError> {
        tally.one(job.size);
        let outcome = match done {
            Done::Packed(parcel) => Outcome::Read(sink.put_parcel(parcel)?),
            Done::Torn(parcel) => Outcome::Torn(sink.put_parcel(parcel)?),
            Done::Not(outcome) => outcome,
        };
        outcomes.push((job.key, outcome));
        Ok(())
    };
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS);
    if small.len() < FEW || threads == 1 {
        let mut packer = sink.packer()?;
        for job in &small {
            let done = read_one(job, &place(job.key), packer.as_mut());
            take(job, done, sink)?;
        }
    } else {
        side_by_side((&small, place), threads, sink, &mut take)?;
    }
    for job in &large {
        let outcome = read_large(job, &place(job.key), sink, asks.copy)?;
        take(job, Done::Not(outcome), sink)?;
    }
    outcomes.sort_unstable_by_key(|(key, _)| *key);
    Ok(Outcomes(outcomes))
}

fn read_large(
    job: &Job,
    host: &HostPath,
    sink: &mut dyn Intake,
    copy: CopyDatabase<'_>,
) -> Result<Outcome, SnapshotError> {
    let path = host.as_path();
    if is_beside_database(path) {
        return Ok(Outcome::Left(Reason::BesideDatabase, None));
    }
    let is_database = has_head(path);
    if is_database && use_of(path) == Use::Open {
        return match job.kind {
            JobKind::Database => read_copy(host, sink, copy),
            _ => Ok(Outcome::Left(Reason::DatabaseInUse, None)),
        };
    }
    let ends = match job.kind {
        JobKind::Log { may_be_torn } => Ends::Log { may_be_torn },
        _ => Ends::Anywhere,
    };
    Ok(match read_stream(path, ends, sink)? {
        StreamOutcome::Whole(id) if is_database => match use_of(path) {
            Use::None => Outcome::Read(id),
            Use::AtRest => Outcome::Torn(id),
            Use::Open => Outcome::Left(Reason::DatabaseInUse, None),
        },
        StreamOutcome::Whole(id) => Outcome::Read(id),
        StreamOutcome::Torn(id) => Outcome::Torn(id),
        StreamOutcome::Unstable => Outcome::Left(Reason::Unstable, None),
        StreamOutcome::Gone => Outcome::Gone,
        StreamOutcome::Unreadable => Outcome::Left(Reason::Unreadable, None),
    })
}

/// A database that is in use, by way of a copy.
fn read_copy(
    host: &HostPath,
    sink: &mut dyn Intake,
    copy: CopyDatabase<'_>,
) -> Result<Outcome, SnapshotError> {
    let copy = match copy(host) {
        Ok(copy) => copy,
        Err(why) => return Ok(Outcome::Left(Reason::DatabaseInUse, Some(why.into()))),
    };
    Ok(match read_stream(&copy, Ends::Anywhere, sink)? {
        StreamOutcome::Whole(id) => Outcome::Torn(id),
        _ => Outcome::Left(Reason::Unreadable, None),
    })
}

type Take<'t, S> = &'t mut dyn FnMut(&Job, Done, &mut S) -> Result<(), SnapshotError>;

fn side_by_side<S: Intake>(
    (jobs, place): (&[Job], Where<'_>),
    threads: usize,
    sink: &mut S,
    take: Take<'_, S>,
) -> Result<(), SnapshotError> {
    let packers = (0..threads)
        .map(|_| sink.packer())
        .collect::<Result<Vec<_>, _>>()?;
    let next = AtomicUsize::new(0);
    let (give, given) = sync_channel(WAITING);
    thread::scope(|scope| {
        for mut packer in packers {
            let give = give.clone();
            let next = &next;
            scope.spawn(move || {
                while let Some((at, job)) = pick(jobs, next) {
                    let done = read_one(job, &place(job.key), packer.as_mut());
                    // Nobody takes any more: the store has failed, and says why.
                    if give.send((at, done)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(give);
        // Dropped with this closure, so that after a fault nobody waits to be heard.
        let given = given;
        while let Ok((at, done)) = given.recv() {
            take(&jobs[at], done, sink)?;
        }
        Ok(())
    })
}

fn pick<'j>(jobs: &'j [Job], next: &AtomicUsize) -> Option<(usize, &'j Job)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, jobs.get(at)?))
}

fn read_one(job: &Job, host: &HostPath, packer: &mut dyn Packer) -> Done {
    let left = |reason| Done::Not(Outcome::Left(reason, None));
    match &job.kind {
        JobKind::Link => {
            return match std::fs::read_link(host.as_path()) {
                Ok(target) => Done::Packed(packer.pack(target.as_os_str().as_bytes())),
                Err(_) => Done::Not(Outcome::Gone),
            };
        }
        JobKind::Settings(_) if job.size > SETTINGS_AT_MOST => return left(Reason::TooLarge),
        _ => {}
    }
    if is_beside_database(host.as_path()) {
        return left(Reason::BesideDatabase);
    }
    let is_log = matches!(job.kind, JobKind::Log { .. });
    let (bytes, is_whole) = match read_whole(host.as_path()) {
        ReadOutcome::Whole(bytes) => (bytes, true),
        ReadOutcome::Unstable(bytes) if is_log => (bytes, false),
        ReadOutcome::Unstable(_) => return left(Reason::Unstable),
        ReadOutcome::Unreadable(_) => return left(Reason::Unreadable),
        ReadOutcome::Gone => return Done::Not(Outcome::Gone),
    };
    match &job.kind {
        JobKind::Log { may_be_torn } if *may_be_torn || !is_whole => match full_lines(&bytes) {
            lines if is_whole && lines.len() == bytes.len() => Done::Packed(packer.pack(lines)),
            lines => match packer.pack(&bytes) {
                // The store has it: to somebody this was whole.
                whole if is_whole && whole.packed.is_none() => Done::Packed(whole),
                _ if lines.is_empty() => left(Reason::HalfLine),
                _ => Done::Torn(packer.pack(lines)),
            },
        },
        JobKind::Settings(sanitizer) => match sanitizer.clean(&bytes) {
            Ok(clean) => Done::Packed(packer.pack(&clean.text)),
            Err(fault) => Done::Not(Outcome::Left(
                reason_of(&fault),
                Some(fault.to_string().into()),
            )),
        },
        _ if is_database(&bytes) => match use_of(host.as_path()) {
            Use::None => Done::Packed(packer.pack(&bytes)),
            Use::AtRest => Done::Torn(packer.pack(&bytes)),
            Use::Open => left(Reason::DatabaseInUse),
        },
        _ => Done::Packed(packer.pack(&bytes)),
    }
}

/// A log up to its last full line. A last line that is JSON is full without its newline.
fn full_lines(bytes: &[u8]) -> &[u8] {
    let start = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let last = &bytes[start..];
    if last.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(last).is_ok() {
        return bytes;
    }
    &bytes[..start]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_written_line_waits_and_a_whole_one_goes() {
        assert_eq!(full_lines(b"{\"a\":1}\n{\"b\":"), b"{\"a\":1}\n");
        assert_eq!(full_lines(b"{\"a\":1}\n{\"b\":2}"), b"{\"a\":1}\n{\"b\":2}");
        assert_eq!(full_lines(b"one\ntwo\n"), b"one\ntwo\n");
        assert_eq!(full_lines(b"half a li"), b"");
        assert_eq!(full_lines(b""), b"");
    }
}
