//! This disk, looked at while the remote is still being called: the way there takes longer than the look.
//!
//! The look is by what the vault was when it was seen last. Where it says the same of this machine's
//! projects now, the look holds, and else it is done again.

use crate::vault::Objects;
use crate::vault::wire::Remote;

use super::agreed::Agreed;
use super::here::{Frame, Here, Selection};
use super::publish::Publisher;
use super::upstream::{Source, Upstream, look};
use super::{FlowError, Writer};

/// What was seen, if it was looked at.
pub struct Ahead(Option<(Frame, Here)>);

impl Ahead {
    /// Nothing was.
    pub const fn none() -> Self {
        Self(None)
    }

    /// Calls the remote, and looks meanwhile.
    pub fn look(
        publisher: &Publisher<'_>,
        objects: &mut Objects<'_>,
        selection: &Selection,
    ) -> Self {
        let writer = publisher.writer;
        // Who may be asked for a passphrase is not to read of other things meanwhile.
        let is_alone = !writer.session.edges.env.attended;
        let calls = is_alone && publisher.remote.is_some_and(Remote::begin);
        // A fault may be mended by what comes from the remote; if not, it comes up again.
        let seen = calls.then(|| seen(publisher, objects, selection).ok());
        Self(seen.flatten().flatten())
    }

    /// What is on this machine, by what the vault is now.
    pub fn here(
        self,
        writer: &Writer<'_>,
        upstream: &Upstream,
        selection: &Selection,
        objects: &mut Objects<'_>,
    ) -> Result<Here, FlowError> {
        let frame = Frame::of(writer.session, objects, upstream, selection)?;
        match self.0 {
            Some((seen, here)) if seen == frame => Ok(here),
            _ => Here::framed(writer.session, &frame, (objects, writer.began_ns)),
        }
    }
}

/// Nothing where the vault was never seen: then no project of it is known.
fn seen(
    publisher: &Publisher<'_>,
    objects: &mut Objects<'_>,
    selection: &Selection,
) -> Result<Option<(Frame, Here)>, FlowError> {
    let writer = publisher.writer;
    let (machine, agreed) = (writer.machine(), Agreed::load(&writer.store)?);
    let upstream = look(objects, &Source::Here, &agreed, &publisher.filer(&machine))?;
    if upstream.parent.is_none() {
        return Ok(None);
    }
    let frame = Frame::of(writer.session, objects, &upstream, selection)?;
    let here = Here::framed(writer.session, &frame, (objects, writer.began_ns))?;
    Ok(Some((frame, here)))
}
