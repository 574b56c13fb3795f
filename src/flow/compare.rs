//! This disk beside the vault as this machine saw it last: for status, for a diff, for the list of
//! secrets.

use std::collections::BTreeSet;

use tempfile::TempDir;

use crate::base::{BaseError, HostPath, Id, MachineId};
use crate::project::Registry;
use crate::snapshot::SecretGate;
use crate::vault::{Objects, Store};

use super::agreed::Agreed;
use super::filing::Filer;
use super::here::{Here, Selection};
use super::lacking::refuse_gone;
use super::meeting::{Ground, Terms};
use super::publish::hold_back;
use super::renewal::were_in_vault;
use super::round::{Round, RoundPlan};
use super::upstream::{Source, Upstream, look};
use super::{FlowError, Session, allowance};

/// This disk beside the vault as this machine saw it last.
pub struct Compared {
    pub machine: MachineId,
    pub upstream: Upstream,
    pub here: Here,
    pub plan: RoundPlan,
}

/// What a push would change in the vault as this machine saw it last, and what the gate would hold
/// back: the one in force, where none is given.
pub fn compare(
    session: &Session<'_>,
    objects: &mut Objects<'_>,
    gate: Option<&SecretGate>,
) -> Result<Compared, FlowError> {
    let machine = match session.machine()? {
        Some(machine) => machine,
        None => MachineId::new(session.edges)?,
    };
    let name = session.machine_name();
    let now = session.edges.clock.now();
    let filer = Filer::new(&machine, &name, now);
    let agreed = Agreed::load(objects.store())?;
    let mut upstream = look(objects, &Source::Here, &agreed, &filer)?;
    upstream.unmet = unmet(session, objects.store(), &upstream)?;
    let mut here = Here::scan(
        session,
        &upstream,
        &Selection::default(),
        (objects, now.millis().saturating_mul(1_000_000)),
    )?;
    let ground = Ground {
        agreed: &agreed,
        upstream: &upstream,
        filer: &filer,
    };
    let terms = Terms {
        ground: &ground,
        allow_mass_delete: false,
        brings_back: false,
        decided: &[],
    };
    let round = Round { terms };
    let in_force = allowance::gate(session, objects, upstream.tree)?;
    let gate = gate.unwrap_or(&in_force);
    let plan = loop {
        let plan = round.plan(objects, &mut here)?;
        let mut left_behind = 0;
        hold_back(objects, (gate, upstream.tree), &plan, &mut |finding| {
            left_behind += usize::from(here.hold_back(finding));
            Ok(())
        })?;
        // What is in no file of this machine is for a push to refuse.
        if left_behind == 0 {
            break plan;
        }
    };
    Ok(Compared {
        machine,
        upstream,
        here,
        plan,
    })
}

/// The projects of this machine that its copy of the vault never had.
fn unmet(
    session: &Session<'_>,
    store: &Store,
    upstream: &Upstream,
) -> Result<BTreeSet<Id>, FlowError> {
    let projects = Registry::load(&session.places.registry())?.projects;
    let told = projects.into_iter().filter(|project| project.published);
    let told = told.map(|project| project.id);
    let mut unmet: BTreeSet<Id> = told.filter(|id| upstream.project(id).is_none()).collect();
    for id in were_in_vault(store, upstream.parent, &unmet)? {
        unmet.remove(&id);
    }
    Ok(unmet)
}

/// This machine's store. Without one yet, it is compared with an empty one, which is gone with the
/// directory beside it.
pub fn store_or_empty(session: &Session<'_>) -> Result<(Store, Option<TempDir>), FlowError> {
    refuse_gone(session)?;
    whatever_is_there(session)
}

/// The same for whoever is to connect this machine, or says by itself that the store is gone.
pub fn whatever_is_there(session: &Session<'_>) -> Result<(Store, Option<TempDir>), FlowError> {
    if let Some(store) = session.store_there()? {
        return Ok((store, None));
    }
    let dir = tempfile::tempdir().map_err(BaseError::io("make a directory in", "/tmp"))?;
    let place = HostPath::new(dir.path().join("empty.git"))?;
    Ok((Store::open(&place)?, Some(dir)))
}
