//! Logs: the lines of both sides.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::de::IgnoredAny;

use super::Contents;
use super::moment::moment;

/// Longer logs are not merged: each of the three versions is held in memory.
pub const MOST: usize = 32 << 20;

const BASE: usize = 0;
const LOCAL: usize = 1;
const VAULT: usize = 2;

/// The lines of the base that both still have, in its order, and then what each side added. A line
/// that both added is taken once; a deletion counts where the other side left that line alone.
pub fn merge(contents: Contents<'_>) -> Option<Vec<u8>> {
    let Contents { base, local, vault } = contents;
    let sides = [base.unwrap_or_default(), local, vault];
    if sides
        .iter()
        .any(|side| side.len() > MOST || side.contains(&0))
    {
        return None;
    }
    let end = line_end(sides);
    let common = common_lines(sides);
    let (head, [base, local, vault]) = (&local[..common], sides.map(|side| &side[common..]));
    let (local, vault) = (without_torn(local, vault), without_torn(vault, local));
    let stays_open = is_open(local) && is_open(vault);
    let ended = [base, local, vault].map(|side| with_last_end(side, end));
    let [base, local, vault] = ended.each_ref().map(|side| &**side);
    let counts = Counts::of([base, local, vault]);
    let added = in_order(&counts.added(vault, VAULT), &counts.added(local, LOCAL));
    let mut merged = Vec::with_capacity(head.len() + local.len() + vault.len() + 1);
    merged.extend_from_slice(head);
    for line in counts.kept(base).into_iter().chain(added) {
        merged.extend_from_slice(line);
        merged.push(b'\n');
    }
    // An empty line is nothing without its end.
    if stays_open
        && let Some(open) = merged.strip_suffix(end)
        && !open.ends_with(b"\n")
    {
        merged.truncate(open.len());
    }
    Some(merged)
}

/// How the lines of a log end: those of Windows, where every full line does so.
fn line_end(sides: [&[u8]; 3]) -> &'static [u8] {
    let lines = sides
        .iter()
        .flat_map(|side| side.split_inclusive(|byte| *byte == b'\n'));
    let mut full = lines.filter(|line| !is_open(line)).peekable();
    if full.peek().is_some() && full.all(|line| line.ends_with(b"\r\n")) {
        b"\r\n"
    } else {
        b"\n"
    }
}

fn is_open(side: &[u8]) -> bool {
    !side.is_empty() && !side.ends_with(b"\n")
}

/// The side with its last line ended as the others are: without its end it still is the same line.
fn with_last_end<'s>(side: &'s [u8], end: &[u8]) -> Cow<'s, [u8]> {
    if is_open(side) && end == b"\r\n" {
        let line = side.strip_suffix(b"\r").unwrap_or(side);
        Cow::Owned([line, end].concat())
    } else {
        Cow::Borrowed(side)
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

/// So many bytes of full lines begin all three: they count alike on each side.
fn common_lines([base, local, vault]: [&[u8]; 3]) -> usize {
    let alike = base.iter().zip(local).zip(vault);
    let alike = alike.take_while(|((base, local), vault)| base == local && local == vault);
    let alike = alike.count();
    let end = base[..alike].iter().rposition(|byte| *byte == b'\n');
    end.map_or(0, |end| end + 1)
}

/// The side without the beginning of a line that the other side has in full: somebody stopped in the
/// middle of writing it.
fn without_torn<'s>(side: &'s [u8], other: &[u8]) -> &'s [u8] {
    let start = side
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    let last = &side[start..];
    let is_record = |line: &[u8]| serde_json::from_slice::<IgnoredAny>(line).is_ok();
    let is_torn = !last.is_empty()
        && !is_record(last)
        && lines(other)
            .any(|line| line.len() > last.len() && line.starts_with(last) && is_record(line));
    if is_torn { &side[..start] } else { side }
}

/// How often each line stands on each side.
struct Counts<'l>(HashMap<&'l [u8], [usize; 3]>);

impl<'l> Counts<'l> {
    fn of(sides: [&'l [u8]; 3]) -> Self {
        let mut counts: HashMap<&[u8], [usize; 3]> = HashMap::new();
        for (side, text) in sides.into_iter().enumerate() {
            for line in lines(text) {
                counts.entry(line).or_default()[side] += 1;
            }
        }
        Self(counts)
    }

    fn line(&self, line: &[u8]) -> [usize; 3] {
        self.0.get(line).copied().unwrap_or_default()
    }

    /// The lines of the base that stay. Of several that are alike the first ones go: logs are cut at
    /// their beginning.
    fn kept(&self, base: &'l [u8]) -> Vec<&'l [u8]> {
        let mut seen = Seen::default();
        let mut stays = |line: &'l [u8]| {
            let counts = self.line(line);
            let stay = counts[BASE].min(merged(counts));
            (seen.next(line) >= counts[BASE] - stay).then_some(line)
        };
        lines(base).filter_map(&mut stays).collect()
    }

    /// What a side added; of this machine's what the vault has not. A line without a letter or a digit
    /// says nothing alone, and goes with the line before it.
    fn added(&self, text: &'l [u8], side: usize) -> Vec<&'l [u8]> {
        let mut seen = Seen::default();
        // Whether the last line that says something was added, and then whether it is taken.
        let mut with = None;
        let mut added = Vec::new();
        for line in lines(text) {
            let counts = self.line(line);
            let number = seen.next(line);
            let is_added = number >= counts[BASE];
            let known = if side == VAULT { 0 } else { counts[VAULT] };
            let is_new = is_added && number >= known;
            let is_taken = match with {
                Some(true) if is_added && !says_something(line) => true,
                _ => is_new,
            };
            if says_something(line) {
                with = is_added.then_some(is_taken);
            }
            if is_taken {
                added.push(line);
            }
        }
        added
    }
}

/// How often a line is to stand there.
fn merged([base, local, vault]: [usize; 3]) -> usize {
    if local == base {
        vault
    } else if vault == base {
        local
    } else {
        local.max(vault)
    }
}

fn says_something(line: &[u8]) -> bool {
    line.iter()
        .any(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Counts lines on the way through a text.
#[derive(Default)]
struct Seen<'l>(HashMap<&'l [u8], usize>);

impl<'l> Seen<'l> {
    /// How many like it came before.
    fn next(&mut self, line: &'l [u8]) -> usize {
        let count = self.0.entry(line).or_default();
        *count += 1;
        *count - 1
    }
}

/// A line with a time, and those behind it that have none.
struct Record<'l, 's> {
    /// Never before that of the record before it: the order of a side stays.
    at: Option<i128>,
    lines: &'s [&'l [u8]],
}

/// What both added, by its time; of the vault first where there is none.
fn in_order<'l>(vault: &[&'l [u8]], local: &[&'l [u8]]) -> Vec<&'l [u8]> {
    if vault.is_empty() || local.is_empty() {
        return [vault, local].concat();
    }
    let (vault, local) = (records(vault), records(local));
    let mut order = Vec::new();
    let mut vault = vault.iter().peekable();
    let mut local = local.iter().peekable();
    loop {
        let next = match (vault.peek(), local.peek()) {
            (None, None) => return order,
            (Some(theirs), Some(ours)) if is_before(ours, theirs) => local.next(),
            (Some(_), _) => vault.next(),
            (None, Some(_)) => local.next(),
        };
        order.extend(next.into_iter().flat_map(|record| record.lines));
    }
}

fn is_before(ours: &Record<'_, '_>, theirs: &Record<'_, '_>) -> bool {
    match (ours.at, theirs.at) {
        (Some(our), Some(their)) => (our, ours.lines.first()) < (their, theirs.lines.first()),
        (our, their) => our.is_none() && their.is_some(),
    }
}

fn records<'l, 's>(added: &'s [&'l [u8]]) -> Vec<Record<'l, 's>> {
    let mut records: Vec<Record<'_, '_>> = Vec::new();
    let mut start = 0;
    let mut at = None;
    for (number, line) in added.iter().enumerate() {
        if let Some(now) = moment(line) {
            if number > start {
                let lines = &added[start..number];
                records.push(Record { at, lines });
                start = number;
            }
            at = at.max(Some(now));
        }
    }
    let lines = &added[start..];
    records.push(Record { at, lines });
    records
}
