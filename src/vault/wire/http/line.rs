//! A conversation over https: each thing that is said is a question of its own.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ureq::SendBody;

use crate::vault::WireError;
use crate::vault::wire::line::{Hear, Line, Say, Service};
use crate::vault::wire::receive::Said;
use crate::vault::wire::settle::Heard;

use super::answer::drain;
use super::outlet::{Inlet, Outlet};
use super::question::Question;

/// A repository whose refs were told.
pub struct HttpLine {
    pub question: Question,
    pub service: Service,
}

impl Line for HttpLine {
    fn ask(self: Box<Self>, request: &[u8], hear: Hear<'_>) -> Result<(), WireError> {
        let question = &self.question;
        let answer = question.post(self.service, request);
        let answer = answer.map_err(|it| question.blame.on_the_way(&it))?;
        if answer.status() != 200 {
            return Err(question.says_no(answer));
        }
        let mut from = question.result(self.service, answer)?;
        hear(&mut from).map_err(|it| question.blame.in_an_answer(it))?;
        drain(&mut from);
        Ok(())
    }

    fn send(self: Box<Self>, say: Say<'_>) -> Heard {
        let (question, service) = (&self.question, self.service);
        let was_cut = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut sending = None;
            let mut outlet = Outlet::new(|| {
                let (pipe, writer) = io::pipe()?;
                let mut inlet = Inlet {
                    pipe,
                    was_cut: &was_cut,
                };
                sending = Some(scope.spawn(move || {
                    question.verdict(question.post(service, SendBody::from_reader(&mut inlet)))
                }));
                Ok(writer)
            });
            let said = say(&mut outlet);
            was_cut.store(said.is_err(), Ordering::Release);
            let broke = outlet.broke();
            let held = outlet.end();
            let verdict = match (held, sending) {
                (Some(held), _) if said.is_ok() => {
                    Some(question.verdict(question.post(service, held.as_slice())))
                }
                (None, Some(sending)) => sending.join().ok(),
                _ => None,
            };
            of_both(said, broke, verdict)
        })
    }

    fn leave(self: Box<Self>) {}
}

/// What the server said weighs more than a pipe that it closed early, and a fault of this machine more
/// than what the server made of it.
fn of_both(said: io::Result<()>, broke: bool, verdict: Option<Result<Said, WireError>>) -> Heard {
    let (said, fault) = match (said, verdict) {
        (_, Some(Ok(verdict))) if verdict.is_answer() => (Ok(verdict), None),
        (Err(fault), _) if !broke => (Err(fault), None),
        (_, Some(Ok(verdict))) => (Ok(verdict), None),
        (_, Some(Err(fault))) => (Err(io::ErrorKind::BrokenPipe.into()), Some(fault)),
        (said, None) => {
            let died = || io::Error::other("the sender died");
            (Err(said.err().unwrap_or_else(died)), None)
        }
    };
    Heard {
        said,
        words: String::new(),
        silent: None,
        fault,
    }
}
