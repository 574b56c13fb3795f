//! Files that are written beside their places and wait there until all of them are durable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use super::durable::Durable;
use super::place::{Place, Root};
use super::seen::Reached;
use super::step::Step;

/// A group is full with so many files, with so many bytes, or with so many open directories.
const FILES: usize = 500;
const BYTES: u64 = 32 << 20;
const DIRS: usize = 100;

/// What is done together: the directories of it stay open, and are durable in the end.
#[derive(Default)]
pub struct Group<'s> {
    waiting: Vec<Waiting<'s>>,
    dirs: BTreeMap<&'s [OsString], Rc<OwnedFd>>,
    bytes: u64,
}

/// A file beside its place.
pub struct Waiting<'s> {
    /// The number of the step that it is for.
    pub number: usize,
    pub step: &'s Step,
    pub beside: Beside,
    /// What it begins with; of a link all of it.
    pub head: Vec<u8>,
    pub bytes: u64,
}

/// A temp file: it goes, unless it gets the name that it is for.
pub struct Beside {
    pub place: Place,
    pub temp: OsString,
    pub landed: bool,
}

impl Beside {
    pub const fn new(place: Place, temp: OsString) -> Self {
        let landed = false;
        Self {
            place,
            temp,
            landed,
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.landed {
            self.place.unlink_beside(&self.temp);
        }
    }
}

impl<'s> Group<'s> {
    /// Where a step is done: its directory is opened once for all that is done in it.
    pub fn reach(
        &mut self,
        root: &Root,
        step: &'s Step,
        make: Option<&Durable>,
    ) -> io::Result<Reached<Place>> {
        let Some((name, above)) = step.names.split_last() else {
            return root.reach(&step.names, make);
        };
        if let Some(dir) = self.dirs.get(above) {
            let (dir, name) = (Rc::clone(dir), name.clone());
            return Ok(Reached::Place(Place { dir, name }));
        }
        let reached = root.reach(&step.names, make)?;
        if let Reached::Place(place) = &reached {
            self.dirs.insert(above, Rc::clone(&place.dir));
        }
        Ok(reached)
    }

    pub fn wait(&mut self, waiting: Waiting<'s>) {
        self.bytes += waiting.bytes;
        self.waiting.push(waiting);
    }

    pub fn is_full(&self) -> bool {
        self.waiting.len() >= FILES || self.bytes >= BYTES || self.dirs.len() >= DIRS
    }

    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The files that wait, all of them durable now.
    pub fn written(&mut self, durable: &Durable) -> io::Result<Vec<Waiting<'s>>> {
        if self.is_waiting() {
            durable.all()?;
        }
        Ok(std::mem::take(&mut self.waiting))
    }

    /// The end of it: the names that were given are durable now, or will be with the others.
    pub fn close(&mut self, durable: &Durable) -> io::Result<()> {
        let closed = self.dirs.values().try_for_each(|dir| durable.dir(dir));
        *self = Self::default();
        closed
    }
}
