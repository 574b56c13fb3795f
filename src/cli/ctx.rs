//! What every command is handed.

use crate::base::Edges;
use crate::flow::{FlowError, Places};

use super::answer::Look;
use super::manner::{Manner, Talk};
use super::out::Out;

/// The edges of the process, how this run speaks, and the way to say something meanwhile.
pub struct Ctx {
    pub edges: Edges,
    pub manner: Manner,
    pub out: Out,
}

impl Ctx {
    /// The directories of this home.
    pub fn places(&self) -> Result<Places, FlowError> {
        Places::find(&self.edges, self.manner.home.as_deref())
    }

    #[must_use]
    pub fn look(&self) -> Look {
        Look {
            now: self.edges.clock.now(),
            verbose: self.manner.talk == Talk::Verbose,
        }
    }
}
