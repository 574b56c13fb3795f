//! The disk as it will be, once some steps are done: what they change, laid over what is there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Read};

use super::RestoreError;
use super::kept::unread;
use super::place::{Place, Root};
use super::seen::{Disk, Found, Hash, Reached, Spot, Standing};
use super::step::{Content, Step};

pub struct Coming<'s> {
    /// There may be no directory yet.
    root: Option<Root>,
    content: Content<'s>,
    /// By the names from the root.
    changes: RefCell<BTreeMap<Vec<OsString>, Change<'s>>>,
    modes: RefCell<BTreeMap<Vec<OsString>, u32>>,
}

#[derive(Clone, Copy)]
pub enum Change<'s> {
    Gone,
    /// A new directory: nothing is in it but what comes.
    Dir,
    /// What a step writes.
    Written(&'s Step),
}

/// A name in a directory that is there, or will be.
pub struct ComingSpot<'c, 's> {
    disk: &'c Coming<'s>,
    names: Vec<OsString>,
    /// Where it is on the disk; nothing in a directory that is yet to come.
    place: Option<Place>,
}

impl<'s> Coming<'s> {
    pub fn new(root: Option<Root>, content: Content<'s>) -> Self {
        Self {
            root,
            content,
            changes: RefCell::default(),
            modes: RefCell::default(),
        }
    }

    pub fn change(&self, names: &[OsString], change: Change<'s>) {
        self.changes.borrow_mut().insert(names.to_vec(), change);
    }

    pub fn set_mode(&self, names: &[OsString], mode: u32) {
        self.modes.borrow_mut().insert(names.to_vec(), mode);
    }

    fn changed(&self, names: &[OsString]) -> Option<Change<'s>> {
        self.changes.borrow().get(names).copied()
    }

    /// Makes the directories that are missing on the way.
    pub fn make_way(&self, names: &[OsString]) -> io::Result<()> {
        if !matches!(self.reach(names)?, Reached::Nowhere) {
            return Ok(());
        }
        for depth in 1..names.len() {
            let way = &names[..depth];
            if let Reached::Place(spot) = self.reach(way)?
                && spot.standing_at(spot.name())? == Standing::Nothing
            {
                spot.takes()?;
                self.change(way, Change::Dir);
            }
        }
        Ok(())
    }

    /// Removes an empty directory; says whether it was one.
    pub fn remove_dir(&self, names: &[OsString]) -> io::Result<bool> {
        let Reached::Place(spot) = self.reach(names)? else {
            return Ok(false);
        };
        let is_empty = spot.standing_at(spot.name())? == Standing::Dir
            && !self.comes_into(names)
            && (self.changed(names).is_some() || self.loses_all(&spot)?);
        if is_empty {
            spot.takes()?;
            self.change(names, Change::Gone);
        }
        Ok(is_empty)
    }

    fn comes_into(&self, names: &[OsString]) -> bool {
        let changes = self.changes.borrow();
        let below = changes
            .range(names.to_vec()..)
            .skip_while(|(at, _)| *at == names);
        let mut below = below.take_while(|(at, _)| at.starts_with(names));
        below.any(|(_, change)| !matches!(change, Change::Gone))
    }

    fn loses_all(&self, spot: &ComingSpot<'_, 's>) -> io::Result<bool> {
        let Some(place) = &spot.place else {
            return Ok(true);
        };
        let names = place.list()?;
        let stays = |name: OsString| {
            !matches!(self.changed(&child(&spot.names, &name)), Some(Change::Gone))
        };
        Ok(!names.into_iter().any(stays))
    }

    /// What a step writes begins so.
    pub fn head_of(&self, step: &Step) -> Result<Vec<u8>, RestoreError> {
        let mut bytes = Vec::new();
        let content = (self.content)(step)?;
        let read = content.take(step.kind.head()).read_to_end(&mut bytes);
        read.map_err(unread)?;
        Ok(bytes)
    }

    fn reach(&self, names: &[OsString]) -> io::Result<Reached<ComingSpot<'_, 's>>> {
        let mut is_new = self.root.is_none();
        for depth in 1..names.len() {
            match self.changed(&names[..depth]) {
                Some(Change::Dir) => is_new = true,
                Some(Change::Gone) => return Ok(Reached::Nowhere),
                Some(Change::Written(_)) => return Err(io::ErrorKind::NotADirectory.into()),
                None if is_new => return Ok(Reached::Nowhere),
                None => {}
            }
        }
        let place = match self.root.as_ref().filter(|_| !is_new) {
            None => None,
            Some(root) => match root.reach(names, None)? {
                Reached::Place(place) => Some(place),
                Reached::Nowhere => return Ok(Reached::Nowhere),
                Reached::OtherSpelling => return Ok(Reached::OtherSpelling),
            },
        };
        Ok(Reached::Place(ComingSpot {
            disk: self,
            names: names.to_vec(),
            place,
        }))
    }
}

impl<'c, 's> Disk for &'c Coming<'s> {
    type Spot = ComingSpot<'c, 's>;

    fn way_to(&self, names: &[OsString]) -> io::Result<Reached<ComingSpot<'c, 's>>> {
        self.reach(names)
    }

    fn has_spelled(&self, spot: &ComingSpot<'c, 's>, names: &[OsString]) -> io::Result<bool> {
        match (&self.root, &spot.place, self.changed(names)) {
            (Some(root), Some(place), None) => root.is_spelled(&place.dir, names),
            _ => Ok(true),
        }
    }
}

impl ComingSpot<'_, '_> {
    fn beside(&self, name: &OsStr) -> Vec<OsString> {
        let above = &self.names[..self.names.len() - 1];
        child(above, name)
    }

    /// A fault where no name may come or go.
    pub fn takes(&self) -> io::Result<()> {
        self.as_it_is(Place::takes, Ok(()))
    }

    /// A name of this directory, as far as no step changes it.
    fn as_it_is<T>(&self, there: impl FnOnce(&Place) -> T, none: T) -> T {
        self.place.as_ref().map_or(none, there)
    }
}

impl Spot for ComingSpot<'_, '_> {
    fn name(&self) -> &OsStr {
        self.names.last().expect("a spot has a name")
    }

    fn standing_at(&self, name: &OsStr) -> io::Result<Standing> {
        let names = self.beside(name);
        let standing = match self.disk.changed(&names) {
            Some(Change::Gone) => Standing::Nothing,
            Some(Change::Dir) => Standing::Dir,
            Some(Change::Written(step)) if step.kind.makes_link() => Standing::Link,
            Some(Change::Written(step)) => Standing::File {
                mode: step.kind.mode(),
            },
            None => self.as_it_is(|place| place.standing_at(name), Ok(Standing::Nothing))?,
        };
        Ok(match (standing, self.disk.modes.borrow().get(&names)) {
            (Standing::File { .. }, Some(mode)) => Standing::File { mode: *mode },
            _ => standing,
        })
    }

    fn look(&self, name: &OsStr, hash: Hash<'_>) -> io::Result<Found> {
        match self.disk.changed(&self.beside(name)) {
            Some(Change::Gone) => Ok(Found::Nothing),
            Some(Change::Dir) => Ok(Found::Other),
            Some(Change::Written(step)) => Ok(step.kind.leaf().map_or(Found::Nothing, Found::Leaf)),
            None => self.as_it_is(|place| place.look(name, hash), Ok(Found::Nothing)),
        }
    }

    fn read_link(&self, name: &OsStr) -> io::Result<Vec<u8>> {
        match self.disk.changed(&self.beside(name)) {
            Some(Change::Written(step)) => self.disk.head_of(step).map_err(io::Error::other),
            Some(_) => Err(io::ErrorKind::InvalidInput.into()),
            None => self.as_it_is(|place| place.read_link(name), Ok(Vec::new())),
        }
    }

    fn beginning(&self, name: &OsStr) -> Vec<u8> {
        match self.disk.changed(&self.beside(name)) {
            Some(Change::Written(step)) => self.disk.head_of(step).unwrap_or_default(),
            Some(_) => Vec::new(),
            None => self.as_it_is(|place| place.beginning(name), Vec::new()),
        }
    }
}

fn child(names: &[OsString], name: &OsStr) -> Vec<OsString> {
    let mut child = names.to_vec();
    child.push(name.to_owned());
    child
}
