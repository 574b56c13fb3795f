//! What every command is handed.

use crate::base::Edges;
use crate::flow::hooks::{Travelled, travel};
use crate::flow::{FlowError, Places, Session, Writer, told_here};

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

    /// What a flow stands on.
    pub fn session(&self, command: &str) -> Result<Session<'_>, FlowError> {
        let home = self.manner.home.as_deref();
        Session::open(&self.edges, home, command, &self.out)
    }

    /// Runs a flow that holds no lock.
    pub fn read<T>(
        &self,
        command: &str,
        flow: impl FnOnce(&Session<'_>) -> Result<T, FlowError>,
    ) -> Result<T, FlowError> {
        let session = self.session(command)?;
        flow(&session).map_err(|fault| told_here(&session, fault))
    }

    /// Runs a flow that holds the run lock.
    pub fn write<T>(
        &self,
        command: &str,
        flow: impl FnOnce(&Writer<'_>) -> Result<T, FlowError>,
    ) -> Result<T, FlowError> {
        self.read(command, |session| flow(&Writer::take(session)?))
    }

    /// The same for one that connects this machine to a vault.
    pub fn connect<T>(
        &self,
        command: &str,
        flow: impl FnOnce(&Writer<'_>) -> Result<T, FlowError>,
    ) -> Result<T, FlowError> {
        self.read(command, |session| flow(&Writer::take_to_connect(session)?))
    }

    /// Runs a flow by which things travel, and then the person's hooks.
    pub fn travel<T: Travelled>(
        &self,
        command: &str,
        dry_run: bool,
        flow: impl FnOnce(&Writer<'_>) -> Result<T, FlowError>,
    ) -> Result<T, FlowError> {
        self.read(command, |session| travel(session, dry_run, flow))
    }

    #[must_use]
    pub fn look(&self) -> Look {
        Look {
            now: self.edges.clock.now(),
            verbose: self.manner.talk == Talk::Verbose,
        }
    }
}
