//! What an answer means that is not the one which was hoped for. What a server says to people is
//! hostile until it is bounded and printable.

use std::io::{self, Read};
use std::time::Duration;

use ureq::http::{Response, StatusCode, header};
use ureq::{Body, Error, Timeout};

use crate::vault::WireError;
use crate::vault::wire::words::printable;

use super::led::Astray;

const MOST_WORDS: u64 = 4096;
/// Read to its end, an answer leaves the connection to the next question. More than this is not worth it.
const MOST_DRAINED: u64 = 64 * 1024;

pub type Answer = Response<Body>;

/// What faults are called.
#[derive(Clone, Debug)]
pub struct Blame {
    /// The address as people wrote it.
    pub url: String,
    pub connect: Duration,
    pub idle: Duration,
}

impl Blame {
    pub fn unreachable(&self, reason: impl Into<String>) -> WireError {
        WireError::Unreachable {
            url: self.url.clone(),
            reason: reason.into(),
        }
    }

    pub fn not_allowed(&self, reason: impl Into<String>) -> WireError {
        WireError::NotAllowed {
            url: self.url.clone(),
            reason: reason.into(),
        }
    }

    pub fn not_a_vault(&self, reason: impl Into<String>) -> WireError {
        WireError::NotAVault {
            url: self.url.clone(),
            reason: reason.into(),
        }
    }

    fn odd(&self, reason: impl Into<String>) -> WireError {
        WireError::Protocol {
            url: self.url.clone(),
            reason: reason.into(),
        }
    }

    /// The way there, or the way back, is broken.
    pub fn on_the_way(&self, fault: &Error) -> WireError {
        if let Some(astray) = Astray::in_an(fault) {
            return self.of_proxy(astray);
        }
        match fault {
            Error::Io(fault) => self.of_stream(fault),
            Error::Protocol(fault) => self.odd(printable(fault.to_string().as_bytes())),
            Error::LargeResponseHeader(..) => self.odd("it says too much before its answer"),
            other => self.unreachable(self.meaning_of(other)),
        }
    }

    fn meaning_of(&self, fault: &Error) -> String {
        match fault {
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("nobody answered within {} s", self.connect.as_secs())
            }
            Error::Timeout(_) => format!("nothing was heard for {} s", self.idle.as_secs()),
            Error::HostNotFound => "there is no host of this name".to_owned(),
            Error::Io(fault) => of_stream(fault),
            Error::ConnectProxyFailed(reason) => printable(reason.as_bytes()),
            other => printable(other.to_string().as_bytes()),
        }
    }

    /// The proxy is not there, or does not lead on.
    fn of_proxy(&self, astray: &Astray) -> WireError {
        let proxy = &astray.proxy;
        match (astray.status(), &astray.fault) {
            (Some(407), _) if astray.was_told => self.not_allowed(format!(
                "the proxy {proxy} does not take the user and password that it is told"
            )),
            (Some(407), _) => self.not_allowed(format!(
                "the proxy {proxy} wants to know who asks: write user and password into git's http.proxy (http://USER:PASSWORD@{proxy})"
            )),
            (Some(status), _) => self.unreachable(format!(
                "the proxy {proxy} does not lead there: it answered {status}"
            )),
            // The library's name for what a proxy of the other kind, SOCKS, says.
            (None, Error::Io(fault)) if fault.kind() == io::ErrorKind::Other => {
                let said = printable(fault.to_string().as_bytes());
                self.unreachable(format!("the proxy {proxy} does not lead there: {said}"))
            }
            (None, fault) => self.unreachable(format!(
                "the proxy {proxy} cannot be reached: {}",
                self.meaning_of(fault)
            )),
        }
    }

    /// The library has texts alone for what is wrong with TLS.
    fn of_stream(&self, fault: &io::Error) -> WireError {
        let text = fault.to_string();
        if text.starts_with("received corrupt message of type") {
            return self.not_a_vault("it does not speak TLS (is it http://?)");
        }
        let Some(what) = text.strip_prefix("invalid peer certificate: ") else {
            return self.unreachable(of_stream(fault));
        };
        self.not_allowed(if what.contains("UnknownIssuer") {
            "its certificate is from nobody whom this machine trusts (if it is your own: `holdall config set remote.ca_file FILE`)"
                .to_owned()
        } else {
            format!("its certificate does not hold: {what}")
        })
    }

    /// An answer broke off, or was none of git's.
    pub fn in_an_answer(&self, fault: io::Error) -> WireError {
        match fault.kind() {
            io::ErrorKind::InvalidData if fault.get_ref().is_some() => self.odd(fault.to_string()),
            io::ErrorKind::UnexpectedEof => self.unreachable("its answer broke off"),
            _ => self.on_the_way(&Error::from(fault)),
        }
    }

    /// It answers, and says no.
    pub fn of_status(&self, status: StatusCode, words: &str) -> WireError {
        let colon = if words.is_empty() { "" } else { ": " };
        let said = format!("{}{colon}{words}", meaning(status));
        match status.as_u16() {
            401 | 403 => self.not_allowed(said),
            404 | 410 => self.not_a_vault(format!(
                "there is no repository there, or this account may not see it{colon}{words}"
            )),
            408 | 429 | 500..=599 => self.unreachable(said),
            ..=299 | 400 => {
                let status = said.trim_start_matches("it answered ");
                self.not_a_vault(format!("it answers, but not as a git server ({status})"))
            }
            _ => self.not_a_vault(said),
        }
    }
}

fn of_stream(fault: &io::Error) -> String {
    if fault.kind() == io::ErrorKind::UnexpectedEof {
        return "it closed the connection in the middle".to_owned();
    }
    printable(fault.to_string().as_bytes())
}

/// A status as people know it.
pub fn meaning(status: StatusCode) -> String {
    match (status.as_u16(), status.canonical_reason()) {
        (413, _) => "it takes no push of this size (413)".to_owned(),
        (429, _) => "it was asked too often (429)".to_owned(),
        (code, Some(reason)) => format!("it answered {code} {reason}"),
        (code, None) => format!("it answered {code}"),
    }
}

/// What a server says to people, if it is no page, as one line.
pub fn words(answer: Answer) -> String {
    let is_plain = content_type(&answer).is_some_and(|it| it.starts_with("text/plain"));
    let mut said = Vec::new();
    let mut from = answer.into_body().into_reader();
    (&mut from).take(MOST_WORDS).read_to_end(&mut said).ok();
    drain(&mut from);
    if is_plain {
        printable(&said)
    } else {
        String::new()
    }
}

/// Reads what is left of an answer, if that is not much.
pub fn drain(from: &mut dyn Read) {
    io::copy(&mut from.take(MOST_DRAINED), &mut io::sink()).ok();
}

pub fn content_type(answer: &Answer) -> Option<&str> {
    answer.headers().get(header::CONTENT_TYPE)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_is_another_situation() {
        let blame = Blame {
            url: "URL".to_owned(),
            connect: Duration::from_secs(1),
            idle: Duration::from_secs(2),
        };
        let of = |code: u16| {
            let status = StatusCode::from_u16(code).expect("a status");
            blame.of_status(status, "so it is")
        };
        assert!(matches!(of(401), WireError::NotAllowed { .. }));
        assert!(matches!(of(403), WireError::NotAllowed { .. }));
        assert!(matches!(of(404), WireError::NotAVault { .. }));
        assert!(matches!(of(418), WireError::NotAVault { .. }));
        for code in [408, 429, 500, 502, 503, 504] {
            assert!(matches!(of(code), WireError::Unreachable { .. }), "{code}");
        }
        let text = of(403).to_string();
        assert!(
            text.ends_with("it answered 403 Forbidden: so it is"),
            "{text}"
        );
        let silent = blame.in_an_answer(Error::Timeout(Timeout::PerRead).into_io());
        assert!(silent.to_string().contains("2 s"), "{silent}");
        for code in [204, 400] {
            let fault = of(code).to_string();
            assert!(fault.contains("not as a git server"), "{fault}");
        }
        let cut = "peer closed connection without sending TLS close_notify: https://docs.rs/rustls";
        let cut = io::Error::new(io::ErrorKind::UnexpectedEof, cut);
        let cut = blame.on_the_way(&Error::Io(cut)).to_string();
        assert!(
            cut.ends_with("it closed the connection in the middle"),
            "{cut}"
        );
    }
}
