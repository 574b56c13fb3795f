//! Looking through a content, piece by piece.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::assignment::{LONG, LONGEST, assigned};
use super::escapes;
use super::key_block::{self, private_key};
use super::rules::{Judge, LONGEST_HEAD, MOST_AFTER, Rules, Setting, Wanted, rules};
use super::utf16;
use super::value::{entropy, is_code, is_dummy, looks_like_password, looks_like_token};

/// What a secret is under any name, in reports.
const ANY_TOKEN: &str = "secret-value";
const ANY_PASSWORD: &str = "password";
const PRIVATE_KEY: &str = "private-key";
/// Separates these fingerprints from all other uses of the hash.
const CONTEXT: &[u8] = b"holdall secret fingerprint 1\0";
/// Hexadecimal digits of a fingerprint.
const FINGERPRINT: usize = 16;
/// What is kept of a piece for the next one: names reach back, and values reach on.
const BEHIND: usize = 512;
const _: () = assert!(MOST_AFTER < BEHIND);
const AHEAD: usize = key_block::REACH;
/// Below this, a value under a name that wants a random one is a word or a number.
const LEAST_ENTROPY: f64 = 2.8;

/// A secret that was found. Never its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub rule: &'static str,
    /// From 1.
    pub line: usize,
    pub fingerprint: String,
}

/// Takes a content in pieces of any size and finds what must not leave, each value once.
pub struct Scanner {
    rules: &'static Rules,
    /// The end of what came so far: what lies before `fresh` was looked at.
    held: Vec<u8>,
    fresh: usize,
    /// Lines that ended before `held`.
    lines: usize,
    setting: Setting,
    seen: BTreeSet<String>,
    found: Vec<Secret>,
    /// The last long value: names inside it have short ones.
    long: Range<usize>,
    /// The last keyword that is a part of a name, and the value there.
    named: Option<(Range<usize>, Option<Range<usize>>)>,
    /// The last shape that was looked for, and up to where it cannot begin anew.
    shaped: (usize, usize),
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            rules: rules(),
            held: Vec::new(),
            fresh: 0,
            lines: 0,
            setting: Setting::Spaced,
            seen: BTreeSet::new(),
            found: Vec::new(),
            long: 0..0,
            named: None,
            shaped: (0, 0),
        }
    }
}

impl Scanner {
    /// Looks through a content that is at hand as a whole.
    #[must_use]
    pub fn whole(content: &[u8]) -> Vec<Secret> {
        let mut scanner = Self::default();
        scanner.look(content, 0..content.len());
        scanner.told()
    }

    /// Takes the next piece.
    pub fn feed(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
        let until = self.held.len().saturating_sub(AHEAD);
        // Small pieces are collected: what is kept for the next one is copied each time.
        if until < self.fresh + AHEAD {
            return;
        }
        let held = std::mem::take(&mut self.held);
        self.look(&held, self.fresh..until);
        let drop = until.saturating_sub(BEHIND);
        self.lines += count_lines(&held[..drop]);
        self.held = held;
        self.held.drain(..drop);
        self.fresh = until - drop;
    }

    /// Everything came: what was found, in the order of the lines.
    #[must_use]
    pub fn finish(mut self) -> Vec<Secret> {
        let held = std::mem::take(&mut self.held);
        self.look(&held, self.fresh..held.len());
        self.told()
    }

    fn told(mut self) -> Vec<Secret> {
        self.found.sort_by_key(|secret| secret.line);
        self.found
    }

    /// Looks at what begins within `place`: as it reads without escapes, and at the wide texts among
    /// other bytes.
    fn look(&mut self, text: &[u8], place: Range<usize>) {
        let (plain, plain_place) = escapes::plain(text, place.clone());
        if memchr::memchr(0, text).is_some() {
            self.setting = Setting::Packed;
        }
        self.look_at(&plain, plain_place);
        if self.setting == Setting::Packed {
            let (narrow, place) = utf16::narrowed_within(text, place);
            self.look_at(&narrow, place);
        }
    }

    /// Looks at every keyword that begins within `place`.
    fn look_at(&mut self, text: &[u8], place: Range<usize>) {
        let end = text.len().min(place.end + self.rules.longest_keyword);
        let (mut line, mut counted) = (self.lines, 0);
        let (rules, mut last) = (self.rules, 0..0);
        (self.long, self.named, self.shaped) = (0..0, None, (0, 0));
        rules.each_keyword(&text[place.start..end], |keyword, wanted| {
            let keyword = keyword.start + place.start..keyword.end + place.start;
            if keyword.start >= place.end {
                return;
            }
            for wanted in wanted {
                let Some((rule, bytes, at)) = self.secret_at(text, &keyword, *wanted) else {
                    continue;
                };
                // A part of a secret is no other one.
                if last.start <= at && at + bytes.len() < last.end {
                    continue;
                }
                last = at..at + bytes.len();
                if at > counted {
                    line += count_lines(&text[counted..at]);
                    counted = at;
                }
                let fingerprint = fingerprint(&bytes);
                if self.seen.insert(fingerprint.clone()) {
                    self.found.push(Secret {
                        rule,
                        line: line + 1,
                        fingerprint,
                    });
                }
            }
        });
    }

    /// The secret that a keyword leads to: its rule, its bytes, and where it begins.
    fn secret_at(
        &mut self,
        text: &[u8],
        keyword: &Range<usize>,
        wanted: Wanted,
    ) -> Option<(&'static str, Vec<u8>, usize)> {
        let at = |rule, place: Range<usize>| (rule, text[place.clone()].to_vec(), place.start);
        match wanted {
            Wanted::Shape(number) => self
                .shape_at(text, keyword.start, number)
                .map(|(rule, place)| at(rule, place)),
            Wanted::KeyBlock => {
                private_key(&text[keyword.start..]).map(|key| (PRIVATE_KEY, key, keyword.start))
            }
            Wanted::Named(number) => {
                let named = &self.rules.named[number];
                let value = self.value_at(text, keyword)?;
                let place = named.find(text, value)?;
                let secret = &text[place.clone()];
                let random = secret.iter().any(u8::is_ascii_digit)
                    && secret.iter().any(u8::is_ascii_alphabetic)
                    && entropy(secret) >= named.entropy.unwrap_or(LEAST_ENTROPY)
                    && !is_dummy(secret);
                random.then(|| at(named.id.as_str(), place))
            }
            Wanted::Any(judge) => {
                let value = self.value_at(text, keyword)?;
                if let Some((rule, place)) = self.shape_within(text, value.clone()) {
                    return Some(at(rule, place));
                }
                let rule = match judge {
                    Judge::Token => ANY_TOKEN,
                    Judge::Password => ANY_PASSWORD,
                };
                judged(judge, &text[value.clone()]).then(|| at(rule, value))
            }
        }
    }

    /// The value of the name that a keyword is a part of.
    fn value_at(&mut self, text: &[u8], keyword: &Range<usize>) -> Option<Range<usize>> {
        if let Some((of, value)) = &self.named
            && of == keyword
        {
            return value.clone();
        }
        let most = if self.long.contains(&keyword.start) {
            LONG
        } else {
            LONGEST
        };
        let value = assigned(text, keyword.clone(), most);
        let is_long = |value: &&Range<usize>| most == LONGEST && value.len() > LONG;
        if let Some(long) = value.as_ref().filter(is_long) {
            self.long = long.clone();
        }
        let value = value.filter(|value| value.len() <= most);
        self.named = Some((keyword.clone(), value.clone()));
        value
    }

    fn shape_at(
        &mut self,
        text: &[u8],
        keyword: usize,
        number: usize,
    ) -> Option<(&'static str, Range<usize>)> {
        if self.shaped.0 == number && keyword < self.shaped.1 {
            return None;
        }
        let shape = &self.rules.shapes[number];
        if !shape.may_stand(text, keyword) {
            self.shaped = (number, keyword + LONGEST_HEAD);
            return None;
        }
        let place = shape.find(text, keyword, self.setting)?;
        let secret = &text[place.clone()];
        let random = shape.entropy.is_none_or(|floor| entropy(secret) >= floor);
        let fits = |judge| judged(judge, secret) && !is_code(secret);
        let fits = shape.judge.is_none_or(fits);
        let holds = random && fits && !is_dummy(secret);
        if holds || place.len() > LONG {
            self.shaped = (number, place.end);
        }
        holds.then_some((shape.id.as_str(), place))
    }

    /// A value that is, or holds, a text of a known shape is one finding, under the shape's rule.
    fn shape_within(
        &mut self,
        text: &[u8],
        value: Range<usize>,
    ) -> Option<(&'static str, Range<usize>)> {
        let (mut found, rules) = (None, self.rules);
        rules.each_keyword(&text[value.clone()], |keyword, wanted| {
            for wanted in wanted {
                if let (None, Wanted::Shape(number)) = (&found, wanted) {
                    found = self.shape_at(text, value.start + keyword.start, *number);
                }
            }
        });
        found
    }
}

/// The text with the fingerprint in place of every token and key that is one wherever it stands: a name
/// on a disk may hold one, and reports tell names.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    blanked(text, |wanted| matches!(wanted, Wanted::Shape(_)))
}

/// A name that the gate holds back with the fingerprint in place of what it is held for, be it only for
/// the word before it.
#[must_use]
pub fn masked_name(name: &str) -> Cow<'_, str> {
    blanked(name, |_| true)
}

fn blanked(text: &str, counts: impl Fn(Wanted) -> bool) -> Cow<'_, str> {
    let mut scanner = Scanner::default();
    let (rules, bytes) = (scanner.rules, text.as_bytes());
    let mut shown = Vec::new();
    let mut told = 0;
    rules.each_keyword(bytes, |keyword, wanted| {
        for wanted in wanted.iter().filter(|wanted| counts(**wanted)) {
            let found = scanner.secret_at(bytes, &keyword, *wanted);
            let Some((_, secret, start)) = found.filter(|(.., start)| *start >= told) else {
                continue;
            };
            shown.extend_from_slice(&bytes[told..start]);
            shown.extend_from_slice(format!("[secret {}]", fingerprint(&secret)).as_bytes());
            told = bytes.len().min(start + secret.len());
        }
    });
    if told == 0 {
        return Cow::Borrowed(text);
    }
    shown.extend_from_slice(&bytes[told..]);
    Cow::Owned(String::from_utf8_lossy(&shown).into_owned())
}

fn judged(judge: Judge, value: &[u8]) -> bool {
    match judge {
        Judge::Token => looks_like_token(value),
        Judge::Password => looks_like_password(value),
    }
}

fn count_lines(text: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', text).count()
}

/// Names a value without telling it.
pub fn fingerprint(secret: &[u8]) -> String {
    let mut hash = blake3::Hasher::new();
    hash.update(CONTEXT);
    hash.update(secret);
    let mut text = hash.finalize().to_hex().to_string();
    text.truncate(FINGERPRINT);
    text
}
