//! What speaks against a step: asked right before it is done, and by who only foresees it.

use std::ffi::{OsStr, OsString};
use std::io;

use crate::base::seams::{Rule, is_broken};
use crate::base::{Leaf, is_database};

use super::database::forbidden_by_database;
use super::kept::WhyKept;
use super::link::leads_inside;
use super::seen::{Disk, Found, Hash, Spot, Standing};
use super::step::Step;

pub struct Judge<'a, D> {
    pub disk: &'a D,
    pub hash: Hash<'a>,
}

impl<D: Disk> Judge<'_, D> {
    /// What is to be written, whatever stands there. `head` is asked for only where it matters.
    pub fn of_content<F: From<io::Error>>(
        &self,
        step: &Step,
        spot: &D::Spot,
        head: impl FnOnce() -> Result<Vec<u8>, F>,
    ) -> Result<Option<WhyKept>, F> {
        if !step.kind.makes_link() {
            return forbidden_by_database(spot, || Ok(is_database(&head()?)));
        }
        match self.of_link(&step.names, &head()?)? {
            None => forbidden_by_database(spot, || Ok(false)),
            why => Ok(why),
        }
    }

    fn of_link(&self, names: &[OsString], target: &[u8]) -> io::Result<Option<WhyKept>> {
        if target.is_empty() {
            return Ok(Some(WhyKept::NameRefused));
        }
        let is_inside = leads_inside(self.disk, names, target)?;
        Ok((!is_inside).then_some(WhyKept::LinkLeaves))
    }

    /// Where nothing is expected: whatever stands there.
    pub fn of_new(&self, spot: &D::Spot, names: &[OsString]) -> io::Result<Option<WhyKept>> {
        Ok(match spot.standing_at(spot.name())? {
            Standing::Nothing => None,
            _ if !self.disk.has_spelled(spot, names)? => Some(WhyKept::CaseClash),
            Standing::Dir | Standing::Other => Some(WhyKept::InTheWay),
            Standing::File { .. } | Standing::Link => Some(WhyKept::Changed),
        })
    }

    /// Something else than expected at the place, or under another spelling of it, or an open
    /// database.
    pub fn of_known(
        &self,
        spot: &D::Spot,
        names: &[OsString],
        expected: Leaf,
    ) -> io::Result<Option<WhyKept>> {
        let open = forbidden_by_database(spot, || Ok::<_, io::Error>(false))?;
        let why = open.map_or_else(
            || self.differs(spot, spot.name(), expected),
            |it| Ok(Some(it)),
        )?;
        if why.is_none() && !self.disk.has_spelled(spot, names)? {
            return Ok(Some(WhyKept::CaseClash));
        }
        Ok(why)
    }

    /// Whether what stands under a name is something else than expected. Nothing means: no.
    pub fn differs(
        &self,
        spot: &D::Spot,
        name: &OsStr,
        expected: Leaf,
    ) -> io::Result<Option<WhyKept>> {
        Ok(match spot.look(name, self.hash)? {
            Found::Other => Some(WhyKept::InTheWay),
            Found::Leaf(_) if is_broken(Rule::LastLook) => None,
            Found::Leaf(leaf) if leaf == expected => None,
            Found::Nothing | Found::Leaf(_) => Some(WhyKept::Changed),
        })
    }
}
