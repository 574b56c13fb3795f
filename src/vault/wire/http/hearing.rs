//! A way to a host that hears it out. A server that takes no more of a push says why, and closes: what
//! cannot be written any more is let go, so that this can still be read.

use std::io::ErrorKind;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Makes such a way of what was connected before it in the chain.
#[derive(Debug)]
pub struct Hearing;

impl<In: Transport> Connector<In> for Hearing {
    type Out = HeardOut<In>;

    fn connect(
        &self,
        _details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        let heard_out = |way| HeardOut { way, closed: false };
        Ok(chained.map(heard_out))
    }
}

#[derive(Debug)]
pub struct HeardOut<T> {
    way: T,
    /// It takes nothing more.
    closed: bool,
}

impl<T: Transport> Transport for HeardOut<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.way.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        if self.closed {
            return Ok(());
        }
        match self.way.transmit_output(amount, timeout) {
            Err(Error::Io(fault)) if is_closed(fault.kind()) => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.way.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        !self.closed && self.way.is_open()
    }

    fn is_tls(&self) -> bool {
        self.way.is_tls()
    }
}

const fn is_closed(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted
    )
}
