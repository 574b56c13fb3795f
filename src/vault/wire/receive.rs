//! The push protocol: one ref, its own outcome, the server's words.

use std::io::{self, Read, Write};

use crate::base::{ObjectId, Tell};
use crate::vault::{Objects, RefName};

use super::pkt::{self, Packet};
use super::words::Words;
use super::{Update, send};

const REF: &str = RefName::Branch.name();

/// What the server said.
#[derive(Debug, Default)]
pub struct Said {
    /// The server says that it took the ref.
    pub ok: bool,
    /// It says of the ref, or of the objects, that it did not take them.
    pub refused: bool,
    /// Why it did not: its reason for the ref, and what hooks printed.
    pub reason: String,
}

impl Said {
    /// It answered, whatever became of what was still being sent.
    pub const fn is_answer(&self) -> bool {
        self.ok || !self.reason.is_empty()
    }
}

/// Asks to move the ref, and sends what it needs for that.
pub fn request(
    mut out: &mut dyn Write,
    objects: &Objects<'_>,
    (update, ids): (Update, &[ObjectId]),
    tell: Tell<'_>,
) -> io::Result<()> {
    command(&mut out, update)?;
    send::write_pack(objects, ids, out, tell).map_err(io::Error::other)
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
pub fn listen(from: &mut impl Read) -> io::Result<Said> {
    let mut report = Vec::new();
    let mut words = Words::default();
    while let Some(packet) = pkt::read(from)? {
        let Packet::Data(data) = packet else { break };
        match data.split_first() {
            Some((1, rest)) if report.len() < 1 << 20 => report.extend_from_slice(rest),
            Some((2 | 3, rest)) => words.add(rest),
            _ => {}
        }
    }
    Ok(judge(&mut report.as_slice(), &words.printable()))
}

fn judge(report: &mut impl Read, words: &str) -> Said {
    let mut said = Said::default();
    // Where the objects were not taken, that is why, and the ref's own line says no more.
    let mut not_stored = None;
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
            not_stored = Some(format!("it could not store the objects: {reason}"));
        }
    }
    said.reason = not_stored.unwrap_or(said.reason);
    if !said.ok && !words.is_empty() {
        let comma = if said.reason.is_empty() { "" } else { ": " };
        said.reason = format!("{}{comma}{words}", said.reason);
    }
    said
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
        let hears = |bytes: &[u8]| listen(&mut &*bytes).expect("heard");
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
        assert_eq!(said.reason, "pre-receive hook declined: no secrets; please");
    }

    #[test]
    fn why_the_objects_were_not_stored_weighs_more_than_that_the_ref_stayed() {
        let lines = [
            "unpack no space left\n",
            "ng refs/heads/main unpacker error\n",
        ];
        let said = listen(&mut band(1, &report(&lines)).as_slice()).expect("heard");
        assert!(!said.ok && said.refused);
        assert_eq!(said.reason, "it could not store the objects: no space left");
    }
}
