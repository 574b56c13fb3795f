//! What the vault knows of projects.

use crate::base::{Id, MachineId};
use crate::project::Identity;
use crate::vault::wire::Aim;
use crate::vault::{Objects, RefName, Store};

use super::super::agreed::Agreed;
use super::super::compare::store_or_empty;
use super::super::filing::Filer;
use super::super::hints::one_id_hint;
use super::super::report::Candidate;
use super::super::upstream::{Source, Upstream, VaultProject, look};
use super::super::{ErrorKind, Event, FlowError, Session, Stage};

/// The projects of the vault.
#[derive(Debug)]
pub struct KnownVault {
    pub projects: Vec<VaultProject>,
    /// The remote was asked just now; else this machine's own copy was.
    pub asked: bool,
}

impl KnownVault {
    /// As the vault is now: the remote is asked if there is one. Where it cannot be reached, what
    /// this machine saw last has to do.
    pub fn now(session: &Session<'_>) -> Result<Self, FlowError> {
        let (store, _stand_in) = store_or_empty(session)?;
        let was_seen = store.read_ref(RefName::Branch)?.is_some();
        match Self::ask(session, &store) {
            Ok(Some(known)) => return Ok(known),
            Ok(None) => {}
            Err(fault) if was_seen && fault.kind() == ErrorKind::Unreachable => {
                let text = format!(
                    "{}; the vault is taken as this machine saw it last",
                    fault.message()
                );
                session.tell(&Event::Warning { text: &text });
            }
            Err(fault) => return Err(fault),
        }
        Self::own_copy(session, &store)
    }

    /// As this machine saw it last. The remote is asked only where it never was.
    pub fn last_seen(session: &Session<'_>) -> Result<Self, FlowError> {
        let (store, _stand_in) = store_or_empty(session)?;
        if store.read_ref(RefName::Branch)?.is_none()
            && let Some(known) = Self::ask(session, &store)?
        {
            return Ok(known);
        }
        Self::own_copy(session, &store)
    }

    fn own_copy(session: &Session<'_>, store: &Store) -> Result<Self, FlowError> {
        let machine = own_id(session)?;
        let upstream = seen(session, store, (&Source::Here, &machine))?;
        Ok(Self {
            projects: upstream.projects,
            asked: false,
        })
    }

    fn ask(session: &Session<'_>, store: &Store) -> Result<Option<Self>, FlowError> {
        let machine = own_id(session)?;
        let Some(remote) = session.remote(&machine, Aim::Fetch)? else {
            return Ok(None);
        };
        session.tell(&Event::Contacting { url: remote.url() });
        let tell = session.tells(Stage::Fetching);
        let source = Source::Remote(remote.as_ref(), &tell);
        let upstream = seen(session, store, (&source, &machine))?;
        Ok(Some(Self {
            projects: upstream.projects,
            asked: true,
        }))
    }

    #[must_use]
    pub fn identities(&self) -> Vec<Identity> {
        self.projects.iter().map(VaultProject::identity).collect()
    }

    #[must_use]
    pub fn candidates(&self, indexes: &[usize]) -> Vec<Candidate> {
        let chosen = indexes
            .iter()
            .map(|index| candidate(&self.projects[*index]));
        chosen.collect()
    }

    #[must_use]
    pub fn has(&self, id: &Id) -> bool {
        self.projects.iter().any(|known| known.record.id == *id)
    }

    /// The project that a person means: by its id, or by its name in the vault.
    pub fn meant(&self, wanted: &str) -> Result<&VaultProject, FlowError> {
        let by_id = |known: &&VaultProject| known.record.id.as_str().eq_ignore_ascii_case(wanted);
        let by_name = |known: &&VaultProject| known.name == wanted;
        let mut all = self.projects.iter();
        let found = all.find(by_id);
        let found = found.or_else(|| self.projects.iter().find(by_name));
        let found = found.ok_or_else(|| FlowError::NotInVault {
            wanted: wanted.to_owned(),
            known: self.projects.iter().map(|it| it.name.clone()).collect(),
        })?;
        let same = |it: &&VaultProject| it.record.id == found.record.id;
        let names = self.projects.iter().filter(same).map(|it| it.name.as_str());
        let names: Vec<&str> = names.collect();
        if names.len() > 1 {
            return Err(FlowError::Refused {
                what: format!("`{wanted}` is more than one project of the vault"),
                hint: one_id_hint(&names),
            });
        }
        Ok(found)
    }
}

/// A project of the vault, as a person chooses among several.
#[must_use]
pub fn candidate(known: &VaultProject) -> Candidate {
    Candidate {
        id: known.record.id.clone(),
        name: known.name.clone(),
        remotes: known.record.remotes.clone(),
    }
}

/// This machine's id, or one for the moment.
pub fn own_id(session: &Session<'_>) -> Result<MachineId, FlowError> {
    match session.machine()? {
        Some(machine) => Ok(machine),
        None => Ok(MachineId::new(session.edges)?),
    }
}

/// What is there, judged as a push would judge it.
pub fn seen(
    session: &Session<'_>,
    store: &Store,
    (source, machine): (&Source<'_>, &MachineId),
) -> Result<Upstream, FlowError> {
    let agreed = Agreed::load(store)?;
    let name = session.machine_name();
    let filer = Filer::new(machine, &name, session.edges.clock.now());
    look(&mut Objects::new(store), source, &agreed, &filer)
}
