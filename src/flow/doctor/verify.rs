//! Whether the vault is what this machine takes it for: its store, its records, its ops, its remote.

use serde::Serialize;

use super::super::{FlowError, Session, kept_config, told_here};
use super::asked::Standing;
use super::found::Line;
use super::ground::Ground;
use super::{Check, DoctorOptions, STORE, all_made, check, remote, store};

#[derive(Debug, Serialize)]
#[must_use]
pub struct VerifyReport {
    pub checks: Vec<Line>,
    /// Every object was read again.
    pub read_data: bool,
    /// How many objects were looked at.
    pub objects: u64,
    /// Why the remote could not be asked, or is none that this machine goes on with. Damage here is said
    /// before it.
    #[serde(skip)]
    pub unasked: Option<FlowError>,
}

impl VerifyReport {
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.checks.iter().any(|line| line.found.is_fail())
    }
}

/// What of the doctor's checks is about the vault.
const CHECKS: [Check; 5] = [
    check(STORE, store::store),
    check("vault", store::vault),
    check("op_chains", store::op_chains),
    check("remote", remote::remote),
    check("in_step", remote::in_step),
];

/// Looks. What was found here is an answer, whether the remote can be asked or not.
pub fn verify(session: &Session<'_>, read_data: bool) -> Result<VerifyReport, FlowError> {
    kept_config::refuse_gone(&session.places)?;
    let options = DoctorOptions {
        integrity: read_data,
        ..DoctorOptions::default()
    };
    let ground = Ground::new(session, options, None);
    let checks = all_made(&CHECKS, &ground);
    let mut report = VerifyReport {
        checks,
        read_data,
        objects: ground.verified().ok().flatten().map_or(0, |it| it.objects),
        unasked: None,
    };
    let own = report.checks.iter().take(3);
    let is_damaged = own.into_iter().any(|line| line.found.is_fail());
    let is_unmet =
        matches!(ground.asked(), Ok(Some(asked)) if matches!(asked.standing, Ok(Standing::Unmet)));
    let nothing = matches!(ground.tip(), Ok(None)) && !is_unmet;
    let unasked = ground.into_unasked().filter(|_| !is_damaged);
    report.unasked = unasked.map(|fault| told_here(session, fault));
    if nothing && !is_damaged && report.unasked.is_none() {
        return Err(session.nothing_to_pull());
    }
    Ok(report)
}
