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
        let is_signature = |name: &str| name.eq_ignore_ascii_case("authorization");
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

    fn words(&self, answer: Answer) -> String {
        let words = words(answer);
        match &self.login {
            Some(login) => login.masked(&words),
            None => words,
        }
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
