//! Which checkout of this disk is which project of the vault.
//!
//! *In*: the vault as it is now or was seen last, and directories of this disk. *Out*: who is
//! recognised, who could be several, and a list of this machine with those that were. *Never*: guess
//! between two, join two different addresses unless a person says so, or write to a checkout.

mod known;
mod link;
mod scan;
mod sighting;

pub use known::{KnownVault, candidate, own_id, seen};
pub use link::{ProjectLinkOptions, ProjectLinkReport, link};
pub use scan::{
    AbsentProject, PlacedProject, ProjectScanOptions, ProjectScanReport, absent_project, enter_all,
    scan,
};
pub use sighting::{Doubt, Sightings, Undecided, Unreadable, look_around};
