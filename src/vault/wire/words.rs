//! What the other side says to people.

use std::iter::Peekable;
use std::str::Chars;

/// As much of it is kept: its end.
const MOST: usize = 4_096;
/// What was left out before it.
const CUT: &str = "… ";

/// Collects it piece by piece.
#[derive(Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Words {
    pub fn of(bytes: &[u8]) -> Self {
        let mut words = Self::default();
        words.add(bytes);
        words
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let excess = self.bytes.len().saturating_sub(MOST);
        self.is_cut |= excess > 0;
        self.bytes.drain(..excess);
    }

    pub fn printable(&self) -> String {
        let cut = if self.is_cut { CUT } else { "" };
        format!("{cut}{}", printable(&self.bytes))
    }
}

/// A server's talk, safe for a terminal, as one line.
pub fn printable(bytes: &[u8]) -> String {
    let text = plain(&String::from_utf8_lossy(bytes));
    let lines = text.split(['\n', '\r']).map(|line| {
        let line = line.trim_end().trim_start_matches("remote: ");
        line.chars().filter(|c| !c.is_control()).collect::<String>()
    });
    let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
    lines.join("; ")
}

/// Without what colours a terminal or gives it a title.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            c => plain.push(c),
        }
    }
    plain
}

fn skip_sequence(chars: &mut Peekable<Chars<'_>>) {
    match chars.next() {
        Some('[') => drop(chars.find(|c| ('@'..='~').contains(c))),
        // It ends with a bell, or with another sequence, whose last sign goes with it.
        Some(']') if chars.find(|c| matches!(c, '\u{7}' | '\u{1b}')) == Some('\u{1b}') => {
            chars.next_if_eq(&'\\');
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_terminal_understands_is_left_out() {
        let said =
            b"remote: \x1b[1;31mno\x1b[0m secrets\r\n\x1b]0;title\x07\x1b]8;;x\x1b\\please\x1b";
        assert_eq!(printable(said), "no secrets; please");
    }

    #[test]
    fn of_a_long_talk_the_end_is_kept_and_the_cut_is_seen() {
        let words = Words::of("long ".repeat(2_000).as_bytes()).printable();
        assert!(words.starts_with(CUT) && words.len() < MOST + 10, "{words}");
        assert_eq!(Words::of(b"short").printable(), "short");
    }
}
