//! The push protocol, spoken to a `git receive-pack`: one ref, its own outcome, the server's words.

use std::io::{self, BufReader, Read, Write};

use crate::base::{ObjectId, Running, Tell};
use crate::vault::{Objects, RefName};

use super::pkt::{self, Packet};
use super::{Update, send};

const REF: &str = RefName::Branch.name();
/// Refs of a repository that is no vault may be many; a vault has one.
const MAX_REFS: usize = 100_000;
/// As much of the server's talk as is kept: its end.
const MAX_WORDS: usize = 4_096;

/// What the server said.
#[derive(Debug, Default)]
pub struct Said {
    /// The server says that it took the ref.
    pub ok: bool,
    /// It says of the ref, or of the objects, that it did not take them.
    pub refused: bool,
    /// The tip was another one before anything was sent.
    pub moved: bool,
    /// Why it did not: its reason for the ref, and what hooks printed.
    pub reason: String,
}

/// The conversation broke off.
#[derive(Debug)]
pub struct Broken {
    pub fault: io::Error,
    /// The server was asked to move the ref already: it may still do so.
    pub asked: bool,
}

/// Speaks to a started receive-pack.
pub fn push(
    running: &mut Running,
    objects: &Objects<'_>,
    update: Update,
    tell: Tell<'_>,
) -> Result<Said, Broken> {
    let mut asked = false;
    converse(running, objects, (update, tell), &mut asked).map_err(|fault| Broken { fault, asked })
}

fn converse(
    running: &mut Running,
    objects: &Objects<'_>,
    (update, tell): (Update, Tell<'_>),
    asked: &mut bool,
) -> io::Result<Said> {
    let broken = |what: &str| io::Error::new(io::ErrorKind::BrokenPipe, what.to_owned());
    let mut stdout = BufReader::new(running.stdout.take().ok_or_else(|| broken("no stdout"))?);
    let mut stdin = running.stdin.take().ok_or_else(|| broken("no stdin"))?;
    let pulse = running.pulse();
    let theirs = advertised(&mut stdout)?;
    pulse.beat();
    if theirs != update.from {
        pkt::flush(&mut stdin)?;
        return Ok(Said {
            moved: true,
            ..Said::default()
        });
    }
    let ids = send::missing(objects, update.from, update.to).map_err(io::Error::other)?;
    *asked = true;
    std::thread::scope(|scope| {
        let beat = pulse.clone();
        let listening = scope.spawn(move || listen(&mut stdout, &|| beat.beat()));
        let sent = command(&mut stdin, update).and_then(|()| {
            let sent = |now| {
                pulse.beat();
                tell(now);
            };
            send::write_pack(objects, &ids, &mut stdin, &sent).map_err(io::Error::other)
        });
        drop(stdin);
        let heard = listening.join().map_err(|_| broken("the listener died"))?;
        // What the server said weighs more than a pipe that it closed early.
        match heard {
            Ok(said) if said.ok || !said.reason.is_empty() => Ok(said),
            other => sent.and(other),
        }
    })
}

/// The tip of the branch, as the server tells it before anything else.
fn advertised(from: &mut impl Read) -> io::Result<Option<ObjectId>> {
    let mut tip = None;
    for line in pkt::read_section(from, MAX_REFS)? {
        let text = String::from_utf8_lossy(&line);
        let line = text.split('\0').next().unwrap_or_default().trim_end();
        if let Some((id, REF)) = line.split_once(' ') {
            tip = ObjectId::parse(id).ok();
        }
    }
    Ok(tip)
}

fn command(out: &mut impl Write, update: Update) -> io::Result<()> {
    let zero = ObjectId::from_bytes([0; 20]);
    let line = format!(
        "{} {} {REF}\0report-status side-band-64k quiet agent=holdall/{}",
        update.from.unwrap_or(zero),
        update.to,
        env!("CARGO_PKG_VERSION"),
    );
    pkt::write(out, line.as_bytes())?;
    pkt::flush(out)
}

/// Reads the side bands: 1 the report, 2 what hooks and git print, 3 a fatal error.
fn listen(from: &mut impl Read, beat: &dyn Fn()) -> io::Result<Said> {
    let mut report = Vec::new();
    let mut words = Vec::new();
    while let Some(packet) = pkt::read(from)? {
        beat();
        let Packet::Data(data) = packet else { break };
        match data.split_first() {
            Some((1, rest)) if report.len() < 1 << 20 => report.extend_from_slice(rest),
            Some((2 | 3, rest)) => {
                words.extend_from_slice(rest);
                let excess = words.len().saturating_sub(MAX_WORDS);
                words.drain(..excess);
            }
            _ => {}
        }
    }
    Ok(judge(&mut report.as_slice(), &printable(&words)))
}

fn judge(report: &mut impl Read, words: &str) -> Said {
    let mut said = Said::default();
    for line in pkt::read_section(report, 100).unwrap_or_default() {
        let line = String::from_utf8_lossy(&line).trim_end().to_owned();
        if line == format!("ok {REF}") {
            said.ok = true;
        } else if let Some(reason) = line.strip_prefix(&format!("ng {REF} ")) {
            said.refused = true;
            reason.clone_into(&mut said.reason);
        } else if let Some(reason) = line
            .strip_prefix("unpack ")
            .filter(|reason| *reason != "ok")
        {
            said.refused = true;
            said.reason = format!("it could not store the objects: {reason}");
        }
    }
    if !said.ok && !words.is_empty() {
        let comma = if said.reason.is_empty() { "" } else { ": " };
        said.reason = format!("{}{comma}{words}", said.reason);
    }
    said
}

/// A server's talk, safe for a terminal, as one line.
pub fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(|line| {
        let line = line.trim_end().trim_start_matches("remote: ");
        line.chars().filter(|c| !c.is_control()).collect::<String>()
    });
    let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
    lines.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(number: u8, data: &[u8]) -> Vec<u8> {
        let mut packet = vec![number];
        packet.extend_from_slice(data);
        let mut out = Vec::new();
        pkt::write(&mut out, &packet).expect("written");
        out
    }

    fn report(lines: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for line in lines {
            pkt::write(&mut out, line.as_bytes()).expect("written");
        }
        pkt::flush(&mut out).expect("written");
        out
    }

    #[test]
    fn only_the_refs_own_line_is_success() {
        let hears = |bytes: &[u8]| listen(&mut &*bytes, &|| ()).expect("heard");
        let ok = band(1, &report(&["unpack ok\n", "ok refs/heads/main\n"]));
        assert!(hears(&ok).ok);
        let other = band(1, &report(&["unpack ok\n", "ok refs/heads/other\n"]));
        assert!(!hears(&other).ok);
        let cut_off = band(2, b"fatal: the remote end hung up");
        for silence in [b"".as_slice(), &cut_off] {
            let said = hears(silence);
            assert!(
                !said.ok && !said.refused,
                "words alone say nothing of the ref"
            );
        }
        let mut refused = band(2, b"no \x1b[31msecrets\nplease\n");
        refused.extend(band(
            1,
            &report(&[
                "unpack ok\n",
                "ng refs/heads/main pre-receive hook declined\n",
            ]),
        ));
        let said = hears(&refused);
        assert!(!said.ok && said.refused);
        assert_eq!(
            said.reason,
            "pre-receive hook declined: no [31msecrets; please"
        );
    }
}
