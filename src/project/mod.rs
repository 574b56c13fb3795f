//! Which directory is which project: what identifies a checkout, and the list of those known here.
//!
//! *In*: remote URLs, root commits and names from anywhere; the registry file. *Out*: normalised
//! identities, matches, safe names, [`Registry`]. *Never*: guess between two projects, join two
//! different URLs, or write over a registry that cannot be read.

mod error;
mod identity;
mod name;
mod registry;
mod remote;

pub use error::ProjectError;
pub use identity::{Identity, Match, find_match};
pub use name::{directory_name, unique_name};
pub use registry::{Registered, Registry};
pub use remote::{normalise_remote, remote_url};
