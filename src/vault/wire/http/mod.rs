//! The way over https: git's smart protocol, asked question by question.
//!
//! *In*: an address, git's settings about reaching it, and where a login may come from. *Out*: refs,
//! packs and verdicts, as over every way. *Never*: a login in a message, a file or a command line, nor
//! for another host than the one it is for.

mod answer;
mod client;
mod hearing;
mod led;
mod line;
mod login;
mod outlet;
mod proxy;
mod question;
mod redirect;

use std::cell::RefCell;
use std::fmt::Write;
use std::io::{self, BufReader, Read};

use ureq::http::header;
use ureq::{Agent, Error};

use crate::vault::WireError;

use super::address::HttpPlace;
use super::advert::Advert;
use super::git_config::GitConfig;
use super::line::{Host, Open, Service};
use super::words::printable;
use super::{WireOptions, pkt};

use answer::{Answer, Blame, content_type, drain};
use line::HttpLine;
use login::{Desk, Found, Login, Source};
use question::{Question, is_signature};

/// No host that means it sends on more often.
const MOST_REDIRECTS: usize = 5;
/// The refs of a repository take less.
const MOST_ADVERT: u64 = 64 << 20;

pub struct HttpHost {
    place: HttpPlace,
    options: WireOptions,
    config: GitConfig,
    blame: Blame,
    /// One for each host, so that its connections stay open.
    clients: RefCell<Vec<(String, Agent)>>,
    /// What was taken, and by which host.
    login: RefCell<Option<(String, Login)>>,
}

impl HttpHost {
    pub fn new(
        place: HttpPlace,
        url: &str,
        options: WireOptions,
        config: &GitConfig,
    ) -> Result<Self, WireError> {
        if !may_be_told(&place, &options) {
            return Err(WireError::Insecure {
                url: url.to_owned(),
            });
        }
        Ok(Self {
            blame: Blame {
                url: url.to_owned(),
                connect: options.connect,
                idle: options.idle,
            },
            config: config.clone(),
            clients: RefCell::default(),
            login: RefCell::default(),
            place,
            options,
        })
    }

    /// A question to a place, without a login.
    fn question(&self, place: &HttpPlace) -> Result<Question, WireError> {
        let origin = place.origin();
        let blame = self.blame_at(place);
        let known = |clients: &[(String, Agent)]| {
            let mut clients = clients.iter();
            clients
                .find(|(of, _)| *of == origin)
                .map(|(_, it)| it.clone())
        };
        let known = known(&self.clients.borrow());
        let client = if let Some(client) = known {
            client
        } else {
            let way = (place, blame.url.as_str());
            let client = client::client(way, &self.options, &self.config)?;
            self.clients.borrow_mut().push((origin, client.clone()));
            client
        };
        Ok(Question {
            client,
            base: encoded(&place.url()),
            extra: self.extra_headers(place)?,
            login: None,
            blame,
        })
    }

    /// Where a place is not on the host that people wrote, both are named.
    fn blame_at(&self, place: &HttpPlace) -> Blame {
        let mut blame = self.blame.clone();
        if host_of_url(&blame.url).as_deref() != Some(host(place).as_str()) {
            write!(blame.url, " (at {})", place.host).expect("memory takes it");
        }
        blame
    }

    /// `http.extraHeader` of git's settings. They may be secrets, and are for the host of the address.
    fn extra_headers(&self, place: &HttpPlace) -> Result<Vec<(String, String)>, WireError> {
        let mut headers = Vec::new();
        if !self.is_home(place) {
            return Ok(headers);
        }
        for line in self.config.http(&place.url(), "extraheader") {
            match line.split_once(':') {
                // An empty one takes back those before it.
                None if line.is_empty() => headers.clear(),
                Some((name, value)) => {
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                None => {
                    return Err(WireError::BadUrl {
                        url: self.blame.url.clone(),
                        reason: "a line of git's http.extraHeader is no header".to_owned(),
                    });
                }
            }
        }
        Ok(headers)
    }

    fn is_home(&self, place: &HttpPlace) -> bool {
        place.origin() == self.place.origin()
    }

    /// Asks, and where the host wants to know who asks, tells it: once from each source.
    fn let_in(
        &self,
        place: &HttpPlace,
        ask: &dyn Fn(&Question) -> Result<Answer, Error>,
    ) -> Result<(Answer, Question), WireError> {
        let mut question = self.question(place)?;
        let asked =
            |question: &Question| ask(question).map_err(|it| question.blame.on_the_way(&it));
        let known = self.login.borrow();
        question.login = known
            .as_ref()
            .filter(|(of, _)| *of == place.origin())
            .map(|(_, login)| login.clone());
        drop(known);
        let mut answer = asked(&question)?;
        let desk = Desk {
            options: &self.options,
            config: &self.config,
            url: &self.blame.url,
        };
        let mut told = Told::default();
        if question.is_signed_by_extra() {
            told.rejected.push("the login of http.extraHeader");
        }
        for source in Source::ALL {
            if answer.status() != 401 {
                return Ok((answer, question));
            }
            let login = match desk.login(source, (place, self.is_home(place)))? {
                Found::Login(login) => login,
                Found::Nothing => continue,
                Found::Fault(said) => {
                    told.fault = Some(said);
                    continue;
                }
            };
            drain(&mut answer.into_body().into_reader());
            told.rejected.push(source.name());
            question.login = Some(login.clone());
            answer = asked(&question)?;
            if answer.status() == 401 {
                desk.reject(&login);
            } else if answer.status().is_success() || answer.status().is_redirection() {
                desk.approve(&login);
                self.login.replace(Some((place.origin(), login)));
            }
        }
        if answer.status() != 401 {
            return Ok((answer, question));
        }
        if !self.is_home(place) && (desk.has_token() || self.home_is_signed_by_extra()?) {
            told.withheld = Some(place.url());
        }
        let words = question.words(answer);
        Err(question.blame.not_allowed(told.text(&words)))
    }

    fn home_is_signed_by_extra(&self) -> Result<bool, WireError> {
        let extra = self.extra_headers(&self.place)?;
        Ok(extra.iter().any(|(name, _)| is_signature(name)))
    }

    /// The refs, as far as they still are to be read, and where they are from.
    fn refs(&self, service: Service) -> Result<(Answer, HttpPlace, Question), WireError> {
        let mut place = self.place.clone();
        let mut seen = vec![place.url()];
        for _ in 0..=MOST_REDIRECTS {
            let (answer, question) = self.let_in(&place, &|question| question.first(service))?;
            if answer.status().is_redirection() {
                let location = answer.headers().get(header::LOCATION);
                let location = location.and_then(|it| it.to_str().ok()).unwrap_or_default();
                let from = (&place, self.blame.url.as_str());
                let next = redirect::next(from, location, service)?;
                drain(&mut answer.into_body().into_reader());
                if !may_be_told(&next, &self.options) {
                    return Err(WireError::Insecure { url: next.url() });
                }
                if seen.contains(&next.url()) {
                    let back = format!("it sends in a circle, back to {}", next.url());
                    return Err(self.blame.not_a_vault(back));
                }
                seen.push(next.url());
                place = next;
                continue;
            }
            if answer.status() != 200 {
                return Err(question.says_no(answer));
            }
            return Ok((answer, place, question));
        }
        Err(self
            .blame
            .not_a_vault("it sends from one address to the next"))
    }
}

fn read(blame: &Blame, service: Service, answer: Answer) -> Result<Advert, WireError> {
    let expected = format!("application/x-{}-advertisement", service.name());
    if content_type(&answer) != Some(&expected) {
        return Err(blame.not_a_vault("it answers, but not as a git server"));
    }
    let from = answer.into_body().into_reader().take(MOST_ADVERT);
    let mut from = BufReader::new(from);
    let read = greeting(&mut from, service).and_then(|()| Advert::read(&mut from));
    match read {
        Ok(Some(advert)) => {
            drain(&mut from);
            Ok(advert)
        }
        Ok(None) => Err(blame.not_a_vault("it tells nothing of its refs")),
        // Its own words about why there are none.
        Err(fault) if fault.kind() == io::ErrorKind::Other && !is_of_client(&fault) => {
            let words = printable(fault.to_string().as_bytes());
            Err(blame.not_a_vault(words))
        }
        Err(fault) => Err(blame.in_an_answer(fault)),
    }
}

/// What came of saying who asks.
#[derive(Default)]
struct Told {
    rejected: Vec<&'static str>,
    /// git's credential helper failed, and what it said.
    fault: Option<String>,
    /// Another place, which is not told the login of the one in the address.
    withheld: Option<String>,
}

impl Told {
    fn text(&self, words: &str) -> String {
        let mut text = match (self.rejected.is_empty(), &self.withheld) {
            (false, _) => format!("it does not take {}", self.rejected.join(" or ")),
            (true, Some(place)) => format!(
                "it sends on to {place}, which wants to know who asks, and a login is for the host of the address alone: if you trust that one, connect it (`holdall backup configure {place}`)"
            ),
            (true, None) if self.fault.is_some() => {
                "it wants to know who asks: HOLDALL_TOKEN or the file of remote.token_file can say so, too".to_owned()
            }
            (true, None) => "it wants to know who asks: a credential helper of git can say so, HOLDALL_TOKEN, or the file of remote.token_file"
                .to_owned(),
        };
        if let Some(said) = &self.fault {
            text.push_str("; git's credential helper was asked and gave nothing");
            if !said.is_empty() {
                text.extend([" (", said, ")"]);
            }
        }
        if !words.is_empty() {
            text.extend(["; the server says: ", words]);
        }
        text
    }
}

/// The host that an address names as it is written.
fn host_of_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let place = HttpPlace::of_url(scheme == "https", rest).ok()?;
    Some(host(&place))
}

/// Without the port that is the usual one.
fn host(place: &HttpPlace) -> String {
    let origin = place.origin();
    let (_, host) = origin.split_once("://").unwrap_or_default();
    host.to_owned()
}

/// Everybody on the way reads what is said over http.
fn may_be_told(place: &HttpPlace, options: &WireOptions) -> bool {
    place.tls || place.is_loopback() || options.web.allow_insecure
}

fn is_of_client(fault: &io::Error) -> bool {
    fault
        .get_ref()
        .and_then(|it| it.downcast_ref::<Error>())
        .is_some()
}

/// What comes before the refs, over the web alone.
fn greeting(from: &mut impl Read, service: Service) -> io::Result<()> {
    let wanted = format!("# service={}", service.name());
    match pkt::read(from)? {
        Some(pkt::Packet::Data(line)) if line.trim_ascii_end() == wanted.as_bytes() => {}
        _ => return Err(pkt::odd("its first word is not git's")),
    }
    match pkt::read(from)? {
        Some(pkt::Packet::Flush) => Ok(()),
        _ => Err(pkt::odd("its first word has no end")),
    }
}

/// As an address has to be written. What is written so already stays.
fn encoded(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("memory takes it");
        }
    }
    out
}

impl Host for HttpHost {
    fn url(&self) -> &str {
        &self.blame.url
    }

    fn call(&self, service: Service) -> Result<Open, WireError> {
        let (answer, place, mut question) = self.refs(service)?;
        let advert = read(&question.blame, service, answer)?;
        if service == Service::Receive && question.login.is_none() {
            // Some let everybody read this, and ask who it is when the push comes. A long one could not
            // be said twice.
            let nothing = |question: &Question| question.post(service, b"0000".as_slice());
            let (answer, let_in) = self.let_in(&place, &nothing)?;
            if answer.status() != 200 {
                return Err(let_in.says_no(answer));
            }
            drain(&mut answer.into_body().into_reader());
            question = let_in;
        }
        Ok((advert, Box::new(HttpLine { question, service })))
    }
}
