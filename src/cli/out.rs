//! The only writer to stdout and stderr: stdout is the answer, stderr is talk.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::flow::{ErrorKind, masked};

use crate::flow::{Event, Watch};

use super::answer::{Answer, Failure, Look};
use super::bar::Bar;
use super::exit;
use super::manner::{Manner, Talk};
use super::show::printable;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();

/// Where stdout and stderr lead.
pub struct Streams {
    pub stdout: Box<dyn Write + Send>,
    pub stderr: Box<dyn Write + Send>,
}

impl Streams {
    #[must_use]
    pub fn of_this_process() -> Self {
        Self {
            stdout: Box::new(io::stdout()),
            stderr: Box::new(io::stderr()),
        }
    }
}

/// The one document of `--json`.
#[derive(Serialize)]
struct Envelope<'a> {
    holdall: u32,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a Failure>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    hints: &'a [String],
}

/// The two streams of one run, and how it speaks.
pub struct Out {
    manner: Manner,
    command: String,
    spoken: Mutex<Spoken>,
}

/// What is written to, and the line that has to go before anything else is.
struct Spoken {
    streams: Streams,
    /// Where a run shows how far it is.
    bar: Option<Bar>,
    /// What was warned of.
    warned: BTreeSet<String>,
}

impl Spoken {
    fn streams(&mut self) -> &mut Streams {
        if let Some(bar) = &mut self.bar {
            bar.clear();
        }
        &mut self.streams
    }
}

/// What flows tell meanwhile: the steps for those who asked for more, warnings for everybody.
impl Watch for Out {
    fn tell(&self, event: &Event<'_>) {
        match event {
            Event::Scanning { units } => self.detail(&format!(
                "looking at {}",
                super::show::count(*units as u64, "place")
            )),
            Event::Contacting { url } => self.detail(&format!("asking {}", printable(url))),
            Event::Fetching { url } => self.detail(&format!("fetching from {}", printable(url))),
            Event::Cloning { name, url } => self.note(&format!(
                "cloning {} from {}",
                printable(name),
                printable(url)
            )),
            Event::Pushing { url } => self.detail(&format!("pushing to {}", printable(url))),
            Event::Again { attempt } => {
                self.detail(&format!("another machine was faster: attempt {attempt}"));
            }
            Event::Progress { stage, now } => {
                if let Some(bar) = &mut self.lock().bar {
                    bar.show(*stage, *now);
                }
            }
            Event::Logged { text } => self.note(&printable(text)),
            Event::Calling { what } => {
                // How far the run was is no matter any more.
                self.lock().streams();
                self.detail(&format!("calling {what}"));
            }
            Event::Said { who, text } => {
                for line in text.lines() {
                    self.detail(&format!("{who}: {}", printable(line)));
                }
            }
            Event::Warning { text } => self.warning(text),
        }
    }
}

impl Out {
    #[must_use]
    pub fn new(manner: Manner, command: String, streams: Streams) -> Self {
        let bar = manner.progress.then(Bar::new);
        Self {
            manner,
            command,
            spoken: Mutex::new(Spoken {
                streams,
                bar,
                warned: BTreeSet::new(),
            }),
        }
    }

    /// What is being done or was found out; not with `--quiet`.
    pub fn note(&self, text: &str) {
        if self.manner.talk >= Talk::Normal {
            self.talk(&format!("{text}\n"));
        }
    }

    /// What only `--verbose` wants to know.
    pub fn detail(&self, text: &str) {
        if self.manner.talk >= Talk::Verbose {
            self.talk(&format!("{text}\n"));
        }
    }

    /// Once in a run: two directions, or two commands of one, may come upon the same.
    pub fn warning(&self, text: &str) {
        if !self.lock().warned.insert(text.to_owned()) {
            return;
        }
        self.note(&format!("{WARNING}warning:{WARNING:#} {text}"));
    }

    /// What to do next, beside what an answer brings.
    pub fn hint(&self, text: &str) {
        self.note(&format!("{HINT}hint:{HINT:#} {}", lines(text)));
    }

    /// Ends a run that has an answer: its document or its text, then what to do next.
    #[must_use]
    pub fn answer(&self, answer: &Answer, look: &Look) -> u8 {
        let written = if self.manner.json {
            match answer.data() {
                Ok(data) => self.document(&Envelope {
                    data: Some(data),
                    error: answer.failure(),
                    hints: answer.to_hints(),
                    ..self.envelope()
                }),
                Err(failure) => return self.failure(&failure),
            }
        } else {
            self.stdout(&answer.text(look))
        };
        if !self.manner.json {
            if let Some(failure) = answer.failure() {
                self.tell_failure(failure);
            }
            for hint in answer.to_hints() {
                self.hint(hint);
            }
        }
        self.end(written, answer.code())
    }

    /// A part of an answer that is long in coming, told as it comes; with `--json` only the document
    /// at the end tells it. Whether it could be written shows when the rest is.
    pub fn part(&self, text: &str) {
        if !self.manner.json {
            self.stdout(text).ok();
        }
    }

    /// Ends a run that has none. With `--json` the document says it, else stderr.
    #[must_use]
    pub fn failure(&self, failure: &Failure) -> u8 {
        let mut written = Ok(());
        if self.manner.json {
            written = self.document(&Envelope {
                error: Some(failure),
                ..self.envelope()
            });
        } else {
            self.tell_failure(failure);
        }
        self.end(written, failure.code())
    }

    /// What ended a run, for people.
    fn tell_failure(&self, failure: &Failure) {
        self.talk(&format!(
            "{ERROR}error:{ERROR:#} {}\n",
            lines(&failure.message)
        ));
        for hint in &failure.hints {
            self.talk(&format!("{HINT}hint:{HINT:#} {}\n", lines(hint)));
        }
    }

    /// Help and version: always text.
    #[must_use]
    pub fn help(&self, text: &str) -> u8 {
        let written = self.stdout(text);
        self.end(written, exit::DONE)
    }

    const fn envelope(&self) -> Envelope<'_> {
        Envelope {
            holdall: 1,
            command: self.command.as_str(),
            data: None,
            error: None,
            hints: &[],
        }
    }

    fn document(&self, envelope: &Envelope<'_>) -> io::Result<()> {
        let mut text = serde_json::to_string(envelope)?;
        text.push('\n');
        write_all(&mut self.lock().streams().stdout, &text)
    }

    fn stdout(&self, text: &str) -> io::Result<()> {
        let text = shade(text, self.manner.color.stdout);
        write_all(&mut self.lock().streams().stdout, &text)
    }

    /// Talk that cannot be written is no reason to stop the work.
    fn talk(&self, text: &str) {
        let text = shade(text, self.manner.color.stderr);
        write_all(&mut self.lock().streams().stderr, &text).ok();
    }

    /// A reader that went away got what it wanted. An answer that could not be written is a failure,
    /// even if the work was done.
    fn end(&self, written: io::Result<()>, code: u8) -> u8 {
        match written {
            Err(fault) if fault.kind() != io::ErrorKind::BrokenPipe => {
                self.talk(&format!(
                    "{ERROR}error:{ERROR:#} cannot write to stdout: {fault}\n"
                ));
                code.max(exit::code_of(ErrorKind::Io))
            }
            _ => code,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Spoken> {
        self.spoken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whatever is said passes here. A name on a disk may hold a token: it is not repeated.
fn write_all(stream: &mut dyn Write, text: &str) -> io::Result<()> {
    stream.write_all(masked(text).as_bytes())?;
    stream.flush()
}

/// A message may carry a name from a vault or the words of a remote: nothing in it steers a terminal.
fn lines(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable).collect();
    lines.join("\n       ")
}

/// The text with its colors, or without.
fn shade(text: &str, colored: bool) -> String {
    if colored {
        text.to_owned()
    } else {
        anstream::adapter::strip_str(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::cli::manner::Colors;
    use std::sync::Arc;

    const LOOK: Look = Look {
        now: Timestamp::from_millis(0),
        verbose: false,
    };

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<u8>>>);

    impl Heard {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Heard {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn out(manner: Manner) -> (Out, Heard, Heard) {
        let (stdout, stderr) = (Heard::default(), Heard::default());
        let streams = Streams {
            stdout: Box::new(stdout.clone()),
            stderr: Box::new(stderr.clone()),
        };
        let out = Out::new(manner, "backup push".to_owned(), streams);
        (out, stdout, stderr)
    }

    fn answer() -> Answer {
        let data = serde_json::json!({"pushed": true});
        Answer::new(data, |_, _| format!("{HINT}pushed{HINT:#}\n"))
            .needs_decision(true)
            .hints(["resolve it"])
    }

    fn failure() -> Failure {
        Failure {
            kind: ErrorKind::Unreachable,
            message: "cannot reach /vault".to_owned(),
            hints: vec!["mount it".to_owned()],
        }
    }

    fn json() -> Manner {
        Manner {
            json: true,
            ..Manner::default()
        }
    }

    #[test]
    fn text_answers_on_stdout_and_hints_on_stderr() {
        let (out, stdout, stderr) = out(Manner::default());
        assert_eq!(out.answer(&answer(), &LOOK), 3);
        assert_eq!(stdout.text(), "pushed\n");
        assert_eq!(stderr.text(), "hint: resolve it\n");
    }

    #[test]
    fn json_is_one_document_and_says_nothing_else() {
        let (out, stdout, stderr) = out(json());
        assert_eq!(out.answer(&answer(), &LOOK), 3);
        assert_eq!(
            stdout.text(),
            "{\"holdall\":1,\"command\":\"backup push\",\"data\":{\"pushed\":true},\"hints\":[\"resolve it\"]}\n"
        );
        assert_eq!(stderr.text(), "");
    }

    #[test]
    fn a_part_is_told_as_it_comes_and_never_beside_a_document() {
        let (plain, stdout, _) = out(Manner::default());
        plain.part("1. first\n");
        assert_eq!(stdout.text(), "1. first\n");
        let (document, stdout, stderr) = out(json());
        document.part("1. first\n");
        assert_eq!(
            (stdout.text(), stderr.text()),
            (String::new(), String::new())
        );
    }

    #[test]
    fn a_failure_is_told_once_where_it_was_asked_for() {
        let (plain, stdout, stderr) = out(Manner::default());
        assert_eq!(plain.failure(&failure()), 4);
        assert_eq!(stdout.text(), "");
        assert_eq!(
            stderr.text(),
            "error: cannot reach /vault\nhint: mount it\n"
        );
        let (document, stdout, stderr) = out(json());
        assert_eq!(document.failure(&failure()), 4);
        assert_eq!(
            stdout.text(),
            "{\"holdall\":1,\"command\":\"backup push\",\"error\":{\"kind\":\"unreachable\",\"message\":\"cannot reach /vault\",\"hints\":[\"mount it\"]}}\n"
        );
        assert_eq!(stderr.text(), "");
    }

    #[test]
    fn the_words_of_a_remote_cannot_steer_the_terminal() {
        let (out, _, stderr) = out(Manner::default());
        let failure = Failure {
            message: "refused: \u{1b}[2Jall is well\nsays the hook".to_owned(),
            hints: Vec::new(),
            ..failure()
        };
        assert_eq!(out.failure(&failure), 4);
        assert_eq!(
            stderr.text(),
            "error: refused: \\u{1b}[2Jall is well\n       says the hook\n"
        );
    }

    #[test]
    fn quiet_silences_talk_and_not_errors() {
        let quiet = Manner {
            talk: Talk::Quiet,
            ..Manner::default()
        };
        let (out, stdout, stderr) = out(quiet);
        out.note("scanning");
        out.warning("slow");
        assert_eq!(out.answer(&answer(), &LOOK), 3);
        assert_eq!(
            (stdout.text().as_str(), stderr.text().as_str()),
            ("pushed\n", "")
        );
        assert_eq!(out.failure(&failure()), 4);
        assert!(stderr.text().starts_with("error: "));
    }

    #[test]
    fn details_are_for_the_verbose_and_color_is_for_those_who_see_it() {
        let manner = Manner {
            talk: Talk::Verbose,
            color: Colors {
                stdout: false,
                stderr: true,
            },
            ..Manner::default()
        };
        let (out, _, stderr) = out(manner);
        out.detail("3 ms");
        out.warning("slow");
        assert!(stderr.text().starts_with("3 ms\n\u{1b}["));
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is_one() {
        for (kind, code) in [
            (io::ErrorKind::BrokenPipe, 3),
            (io::ErrorKind::StorageFull, 3),
        ] {
            let stderr = Heard::default();
            let streams = Streams {
                stdout: Box::new(Failing(kind)),
                stderr: Box::new(stderr.clone()),
            };
            let out = Out::new(json(), String::new(), streams);
            assert_eq!(out.answer(&answer(), &LOOK), code);
            assert_eq!(stderr.text().is_empty(), kind == io::ErrorKind::BrokenPipe);
            let done = Answer::new((), |(), _| String::new());
            let expected = u8::from(kind != io::ErrorKind::BrokenPipe);
            assert_eq!(out.answer(&done, &LOOK), expected);
        }
    }
}
