//! A vault that cannot be met: what changed is kept before the fault is told.

use crate::base::Timestamp;
use crate::vault::{Objects, RefName};

use super::agreed::Agreed;
use super::publish::Publisher;
use super::upstream::Upstream;
use super::{ErrorKind, FlowError, Writer};

/// What was met: what is agreed, and the vault.
type Met = (Agreed, Upstream);

/// What is to be said where the vault could not be met. Where it is away, what changed is kept by means of
/// this push before.
pub fn told(
    writer: &Writer<'_>,
    (began, dry_run): (Timestamp, bool),
    fault: FlowError,
    push: impl Fn(&Publisher<'_>, &mut Objects<'_>, Met) -> Result<(), FlowError>,
) -> FlowError {
    if fault.kind() != ErrorKind::Unreachable || dry_run {
        return fault;
    }
    let kept = || {
        let Some(url) = writer.session.config.remote_url.as_deref() else {
            return Ok(());
        };
        if writer.store.read_ref(RefName::Published)?.is_none() {
            return Ok(());
        }
        let away = Publisher::away(writer, url, began);
        let mut objects = Objects::new(&writer.store);
        let met = away.meet(&mut objects)?;
        push(&away, &mut objects, met)
    };
    match kept() {
        Err(FlowError::KeptHere { commit }) => FlowError::Offline {
            commit,
            source: Box::new(fault),
        },
        // Nothing to keep, or nothing that can be kept: the first fault is what has to be said.
        _ => fault,
    }
}
