//! A way that a proxy leads. What goes wrong on it is told apart from what goes wrong with the host.

use std::fmt;

use ureq::unversioned::transport::{ConnectionDetails, Connector, Transport};
use ureq::{Error, Proxy};

/// Makes such a way as the connector in it does.
#[derive(Debug)]
pub struct Led<C>(pub C);

impl<In: Transport, C: Connector<In>> Connector<In> for Led<C> {
    type Out = C::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, Error> {
        // The library has no more of a proxy in its settings while it goes to the proxy itself.
        let proxy = details.config.proxy().map(Astray::of);
        self.0
            .connect(details, chained)
            .map_err(|fault| match proxy {
                Some(proxy) => Error::Other(Box::new(Astray { fault, ..proxy })),
                None => fault,
            })
    }
}

/// A proxy that cannot be reached, or does not lead on.
#[derive(Debug)]
pub struct Astray {
    /// Its host and port, without who we are to it.
    pub proxy: String,
    /// It was told who asks.
    pub was_told: bool,
    pub fault: Error,
}

impl Astray {
    fn of(proxy: &Proxy) -> Self {
        Self {
            proxy: format!("{}:{}", proxy.host(), proxy.port()),
            was_told: proxy.username().is_some() || proxy.password().is_some(),
            fault: Error::ConnectionFailed,
        }
    }

    /// What is wrong with the way that it leads.
    pub fn in_an(fault: &Error) -> Option<&Self> {
        match fault {
            Error::Other(other) => other.downcast_ref(),
            _ => None,
        }
    }

    /// With what it answered, if that is what is wrong.
    pub fn status(&self) -> Option<u16> {
        let Error::ConnectProxyFailed(reason) = &self.fault else {
            return None;
        };
        let said = reason.strip_prefix("proxy server responded ")?;
        said.split('/').next()?.parse().ok()
    }
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} leads astray", self.proxy)
    }
}

impl std::error::Error for Astray {}
