//! Members between braces, which JSON, the inline tables of TOML and the flow mappings of YAML
//! write alike: taken out with their commas and the comments beside them, and added at the end.

use std::ops::Range;

use super::gap::{BLANK, BREAK, Comments, Gap, blank_end, blank_start};
use super::text::Edit;
use super::tree::{Drops, Form, Node, Shape};

/// A text, and how comments are written in it.
pub(super) type Written<'t> = (&'t str, Comments);

/// What to cut so that the members that are dropped anywhere in a value are gone, each with its comma,
/// white space, and the comments that stand behind it on its line. Comments before it stay: they may
/// speak of more than that. An object that has nothing left becomes `{}` if white space followed its
/// brace, else it keeps the white space before the closing one.
pub(super) fn cuts(
    written: Written<'_>,
    node: &Node<'_>,
    drops: &Drops<'_>,
    cut: &mut Vec<Range<usize>>,
) {
    match &node.shape {
        Shape::Object(members) => {
            let mut goes = Vec::with_capacity(members.len());
            for member in members {
                let below = drops.key(&member.key);
                goes.push(below.is_some_and(|below| below.here));
                if let Some(below) = below.filter(|below| !below.here) {
                    cuts(written, &member.value, below, cut);
                }
            }
            if goes.contains(&true) {
                Braces::new(written, node).cut(&goes, cut);
            }
        }
        Shape::List(items) => {
            for (index, node) in items.iter().enumerate() {
                if let Some(below) = drops.item(index) {
                    cuts(written, node, below, cut);
                }
            }
        }
        _ => {}
    }
}

/// Whether nothing else stands there.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| BLANK.contains(&c))
}

fn inside(object: &Node<'_>) -> Range<usize> {
    object.span.start + 1..object.span.end - 1
}

/// What stands before this member, or before the closing brace.
fn gap<'t>(written: Written<'t>, object: &Node<'_>, index: usize) -> Gap<'t> {
    let inside = inside(object);
    let members = object.members();
    let before = index.checked_sub(1).map(|before| &members[before]);
    let next = members.get(index);
    let start = before.map_or(inside.start, |member| member.value.span.end);
    let end = next.map_or(inside.end, |member| member.key_span.start);
    Gap::scan(written, start..end, next.is_some())
}

/// An object with members.
struct Braces<'t> {
    text: &'t str,
    inside: Range<usize>,
    /// Before each member, and before the closing brace.
    gaps: Vec<Gap<'t>>,
}

impl<'t> Braces<'t> {
    fn new(written: Written<'t>, object: &Node<'_>) -> Self {
        let gaps = (0..=object.members().len()).map(|index| gap(written, object, index));
        Self {
            text: written.0,
            inside: inside(object),
            gaps: gaps.collect(),
        }
    }

    /// Where a member ends, with what stands behind it on its line.
    fn tail(&self, member: usize) -> usize {
        self.gaps[member + 1].tail()
    }

    fn cut(&self, goes: &[bool], cut: &mut Vec<Range<usize>>) {
        let last_kept = goes.iter().rposition(|goes| !goes);
        let trailing = last_kept.map_or(0, |last| last + 1);
        if trailing == 0 && !self.keeps_comments() {
            cut.push(self.all());
            return;
        }
        for member in (0..trailing).filter(|member| goes[*member]) {
            let end = blank_end(self.text, self.tail(member));
            cut.push(self.gaps[member].end..end);
        }
        self.cut_trailing(trailing, cut);
        for member in (0..goes.len()).filter(|member| goes[*member]) {
            let comma = self.gaps[member + 1].comma.clone();
            cut.extend(comma.filter(|comma| comma.start >= self.tail(member)));
        }
        let ends_with_comma = self.gaps[goes.len()].comma.is_some();
        if trailing > 0 && trailing < goes.len() && !ends_with_comma {
            cut.extend(self.gaps[trailing].comma_alone());
        }
    }

    /// The members from this one on, with the white space before them: that is how [`append`] writes
    /// them. What ends the line of a comment stays where no other end of a line comes after it.
    fn cut_trailing(&self, from: usize, cut: &mut Vec<Range<usize>>) {
        // Where the next cut begins, and whether a line ends behind it.
        let mut next = None;
        for member in (from..self.gaps.len() - 1).rev() {
            let before = &self.gaps[member];
            let tail = self.tail(member);
            let line_ends = match next {
                Some((start, line_ends)) if start == tail => line_ends,
                _ => self.text[tail..].starts_with(BREAK),
            };
            let blank = blank_start(self.text, before.end);
            // What stands behind the member before goes with that one.
            let goes_too = member > from && blank <= self.tail(member - 1);
            let start = if before.needs_break(blank) && !goes_too && !line_ends {
                before.end
            } else {
                blank
            };
            cut.push(start..tail);
            next = Some((start, line_ends));
        }
    }

    /// Whether comments are left when all members go.
    fn keeps_comments(&self) -> bool {
        let mut gaps = self.gaps.iter().enumerate();
        gaps.any(|(index, gap)| {
            let from = if index == 0 { gap.start } else { gap.tail() };
            gap.has_comment_from(from)
        })
    }

    fn all(&self) -> Range<usize> {
        let end = match &self.gaps[..] {
            [first, .., last] if first.end == self.inside.start => {
                let comma = last.comma.as_ref().map_or(0, |comma| comma.end);
                last.tail().max(comma)
            }
            _ => self.inside.end,
        };
        self.inside.start..end
    }
}

/// A member to be added, and the comments that stand behind it on its line.
#[derive(Debug)]
pub(super) struct Piece {
    text: String,
    blocks: String,
    /// One that ends with its line, and the white space before it.
    line: Option<String>,
}

impl Piece {
    pub(super) const fn bare(text: String) -> Self {
        Self {
            text,
            blocks: String::new(),
            line: None,
        }
    }

    /// A member as it is written.
    pub(super) fn of(written: Written<'_>, object: &Node<'_>, index: usize) -> Self {
        let gap = gap(written, object, index + 1);
        let (blocks, line) = gap.beside();
        Self {
            text: written.0[object.members()[index].span()].to_owned(),
            blocks,
            line: line.map(str::to_owned),
        }
    }

    /// A comment that ends with its line becomes one with an end where no line ends.
    fn written(&self, comma: &str, line_ends: bool) -> String {
        let Self { text, blocks, line } = self;
        match line.as_deref() {
            Some(line) if line_ends => format!("{text}{comma}{blocks}{line}"),
            Some(line) => {
                let (blank, words) = line.split_once("//").unwrap_or(("", line));
                let words = words.replace("*/", "* /");
                format!("{text}{blocks}{blank}/*{words} */{comma}")
            }
            None => format!("{text}{blocks}{comma}"),
        }
    }
}

/// These members, each with this white space before it, before what comes `after` them.
fn joined(pieces: &[Piece], lead: &str, ended: bool, after: &str) -> String {
    let count = pieces.len();
    let pieces = pieces.iter().enumerate().map(|(index, piece)| {
        let is_last = index + 1 == count;
        let comma = if is_last && !ended { "" } else { "," };
        let then = if is_last { after } else { lead };
        format!("{lead}{}", piece.written(comma, then.starts_with(BREAK)))
    });
    pieces.collect()
}

/// Adds members at the end of an object, in the way its members are written, or else as they are
/// in the local one, if that has braces too. [`cuts`] knows how to take each of these forms back.
pub(super) fn append(
    (written, node): (Written<'_>, &Node<'_>),
    (local_text, local): (&str, &Node<'_>),
    pieces: &[Piece],
) -> Vec<Edit> {
    let text = written.0;
    let members = node.members().len();
    let gap = gap(written, node, members);
    let insert = |at: usize, with: String| Edit { span: at..at, with };
    let (place, own_lead) = match gap.last_part() {
        _ if members > 1 => (gap.next_place(), lead(text, node, members - 1)),
        _ if members == 1 => {
            let own_lead = Some(lead(text, node, 0)).filter(|lead| !lead.is_empty());
            (gap.next_place(), own_lead.unwrap_or(" "))
        }
        Some(last) => (last.end, &text[blank_start(text, last.start)..last.start]),
        None if inside(node).is_empty() && local.form == Form::Inline => {
            return vec![insert(gap.start, framed((local_text, local), pieces))];
        }
        None => {
            let with = joined(pieces, " ", false, &text[gap.start..]);
            return vec![insert(gap.start, with.trim_start().to_owned())];
        }
    };
    let needs_break = gap.needs_break(place);
    let local_lead = (local.form == Form::Inline).then(|| lead(local_text, local, 0));
    let lead = if needs_break && !own_lead.starts_with(BREAK) {
        let line_end = &text[place..blank_end(text, place)];
        let local_lead = local_lead.filter(|lead| lead.starts_with(BREAK));
        local_lead.unwrap_or(line_end)
    } else {
        own_lead
    };
    let ended = gap.comma.is_some();
    let mut edits = Vec::new();
    if members > 0 && !ended {
        let comma = if needs_break { gap.start } else { place };
        edits.push(insert(comma, ",".to_owned()));
    }
    let with = joined(pieces, lead, ended, &text[place..]);
    edits.push(insert(place, with));
    edits
}

/// The white space before a member's key.
fn lead<'t>(text: &'t str, object: &Node<'_>, index: usize) -> &'t str {
    let end = object.members()[index].key_span.start;
    let before = &text[object.span.start..end];
    &before[before.trim_end_matches(BLANK).len()..]
}

/// These members in the white space of an object that has some. The space before the closing
/// brace comes with the one after the opening brace or not at all.
pub(super) fn framed((text, object): (&str, &Node<'_>), pieces: &[Piece]) -> String {
    let first = lead(text, object, 0);
    let trail = match object.members().last() {
        Some(last) if !first.is_empty() => {
            let after = &text[last.value.span.end..object.span.end - 1];
            &after[after.trim_end_matches(BLANK).len()..]
        }
        _ => "",
    };
    format!("{}{trail}", joined(pieces, first, false, trail))
}
