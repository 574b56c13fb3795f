//! A question to a repository on a web server, signed where it has to be, and its answer read.

use std::io::{BufReader, Read};

use ureq::http::header;
use ureq::{Agent, AsSendBody, Error, RequestBuilder};

use crate::vault::WireError;
use crate::vault::wire::line::Service;
use crate::vault::wire::receive::{self, Said};

use super::answer::{Answer, Blame, content_type, drain, meaning, words};
use super::login::Login;
use super::redirect;

const MOST_SHOWN: usize = 300;
/// No shorter word of a header is a secret.
const SHORTEST: usize = 8;

/// All that questions to a repository have in common.
pub struct Question {
    pub client: Agent,
    /// The repository, as an address has to be written.
    pub base: String,
    pub extra: Vec<(String, String)>,
    /// Who asks, where it is to be said.
    pub login: Option<Login>,
    pub blame: Blame,
}

impl Question {
    /// What is asked first: the refs.
    pub fn first(&self, service: Service) -> Result<Answer, Error> {
        let url = format!("{}{}", self.base, redirect::first_question(service));
        self.signed(self.client.get(url)).call()
    }

    pub fn post(&self, service: Service, body: impl AsSendBody) -> Result<Answer, Error> {
        let name = service.name();
        let post = self.client.post(format!("{}/{name}", self.base));
        let post = post
            .header(
                header::CONTENT_TYPE,
                format!("application/x-{name}-request"),
            )
            .header(header::ACCEPT, format!("application/x-{name}-result"));
        self.signed(post).send(body)
    }

    fn signed<B>(&self, mut request: RequestBuilder<B>) -> RequestBuilder<B> {
        for (name, value) in &self.extra {
            if self.login.is_none() || !is_signature(name) {
                request = request.header(name, value);
            }
        }
        match &self.login {
            Some(login) => request.header(header::AUTHORIZATION, login.header()),
            None => request,
        }
    }

    /// What a server says to people: one short line, without what it was told in confidence.
    pub fn words(&self, answer: Answer) -> String {
        let mut words = words(answer);
        if let Some(login) = &self.login {
            words = login.masked(&words);
        }
        for (_, value) in &self.extra {
            let parts = value.split_whitespace().filter(|it| it.len() >= SHORTEST);
            words = parts.fold(words, |words, part| words.replace(part, "***"));
        }
        words.chars().take(MOST_SHOWN).collect()
    }

    /// git's http.extraHeader says who asks, and no login took its place.
    pub fn is_signed_by_extra(&self) -> bool {
        let mut names = self.extra.iter().map(|(name, _)| name);
        self.login.is_none() && names.any(|name| is_signature(name))
    }

    /// It answers, and not with what was asked for.
    pub fn says_no(&self, answer: Answer) -> WireError {
        let status = answer.status();
        self.blame.of_status(status, &self.words(answer))
    }

    /// What the server made of a push.
    pub fn verdict(&self, answer: Result<Answer, Error>) -> Result<Said, WireError> {
        let answer = answer.map_err(|it| self.blame.on_the_way(&it))?;
        let status = answer.status();
        match status.as_u16() {
            200 => {}
            // Whoever stands between may give up on a server that goes on.
            401 | 403 | 408 | 429 | 500..=599 => return Err(self.says_no(answer)),
            _ => {
                let words = self.words(answer);
                let colon = if words.is_empty() { "" } else { ": " };
                return Ok(Said {
                    ok: false,
                    refused: true,
                    reason: format!("{}{colon}{words}", meaning(status)),
                });
            }
        }
        let mut from = self.result(Service::Receive, answer)?;
        let said = receive::listen(&mut from).map_err(|it| self.blame.in_an_answer(it));
        drain(&mut from);
        said
    }

    /// The body of an answer that is git's.
    pub fn result(&self, service: Service, answer: Answer) -> Result<impl Read + use<>, WireError> {
        let expected = format!("application/x-{}-result", service.name());
        if content_type(&answer) == Some(&expected) {
            Ok(BufReader::new(answer.into_body().into_reader()))
        } else {
            Err(self.blame.unreachable("its answer is not a git server's"))
        }
    }
}

pub fn is_signature(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}
