//! Carrying out the plan: the address is kept, each project gets its place, and a pull fills it.

use serde::Serialize;

use crate::repo::discover;

use super::super::configure::{ConfigureOptions, configure};
use super::super::local_checkout::LocalCheckout;
use super::super::pull::{PullOptions, PullReport, pull};
use super::super::recognise::{Doubt, KnownVault, absent_project, enter_all};
use super::super::{FlowError, Writer};
use super::clone::CloneOrder;
use super::plan::{Place, RestoreOptions, RestorePlan, RestoreProject};

#[derive(Debug, Serialize)]
pub struct RestoreReport {
    pub dry_run: bool,
    #[serde(flatten)]
    pub plan: RestorePlan,
    /// Nothing with a dry run.
    pub pull: Option<PullReport>,
    pub ms: i64,
}

impl RestoreReport {
    /// A plan that is not carried out.
    #[must_use]
    pub const fn of_plan(plan: RestorePlan) -> Self {
        Self {
            dry_run: true,
            plan,
            pull: None,
            ms: 0,
        }
    }

    #[must_use]
    pub fn needs_decision(&self) -> bool {
        let waits = |place: &Place| {
            matches!(
                place,
                Place::Undecided | Place::NotCloned { .. } | Place::InTheWay { .. }
            )
        };
        let mut doubts = self.plan.undecided.iter();
        (self.dry_run && self.plan.conflicts > 0)
            || self.plan.projects.iter().any(|it| waits(&it.place))
            || doubts.any(|it| it.why != Doubt::Second)
            || self.pull.as_ref().is_some_and(PullReport::needs_decision)
    }
}

/// Every step that was done stays done: a run that was interrupted is simply run again.
pub fn restore(
    writer: &Writer<'_>,
    mut plan: RestorePlan,
    options: &RestoreOptions,
) -> Result<RestoreReport, FlowError> {
    let session = writer.session;
    let began = session.edges.clock.now();
    let address = ConfigureOptions {
        url: plan.remote.clone(),
        allow_public: options.allow_public,
        ..ConfigureOptions::default()
    };
    configure(writer, &address)?;
    let found = plan.recognised.iter();
    let found = found.map(|(index, checkout)| (*index, checkout));
    enter_all(session, &plan.known, found)?;
    for (index, project) in plan.projects.iter_mut().enumerate() {
        settle(writer, (&plan.known, index), project, options)?;
    }
    let pulled = pull(writer, &PullOptions::default())?;
    let ended = session.edges.clock.now();
    Ok(RestoreReport {
        dry_run: false,
        plan,
        pull: Some(pulled),
        ms: ended.millis() - began.millis(),
    })
}

/// Clones what is to be cloned. That one cannot be is no reason to leave the others.
fn settle(
    writer: &Writer<'_>,
    (known, index): (&KnownVault, usize),
    project: &mut RestoreProject,
    options: &RestoreOptions,
) -> Result<(), FlowError> {
    let Place::ToClone { path } = &project.place else {
        return Ok(());
    };
    let order = CloneOrder {
        id: &project.id,
        name: &project.name,
        remotes: &project.remotes,
        place: path,
        with: options.clone_with,
    };
    let path = path.clone();
    project.place = match order.carry_out(writer.session)? {
        Ok(from) => {
            let checkout = discover(&path, &writer.session.edges.env)?;
            let checkout = checkout.map(LocalCheckout::of);
            let entered = checkout.iter().map(|it| (index, it));
            enter_all(writer.session, known, entered)?;
            Place::Cloned { path, from }
        }
        Err(tried) => Place::NotCloned {
            path,
            tried,
            next: absent_project(&known.projects[index]).next,
        },
    };
    Ok(())
}
