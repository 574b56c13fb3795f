//! Members between braces, which JSON, the inline tables of TOML and the flow mappings of YAML
//! write alike: taken out with their commas, and added at the end.

use std::ops::Range;

use super::text::Edit;
use super::tree::{Drops, Form, Node, Shape};

/// White space that may stand between the parts of an object.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// What to cut so that the members that are dropped anywhere in a value are gone, each with its
/// comma and white space. An object that loses all its members becomes `{}` if white space followed
/// its brace, else it keeps the white space before the closing one.
pub(super) fn cuts(text: &str, node: &Node<'_>, drops: &Drops<'_>, cut: &mut Vec<Range<usize>>) {
    match &node.shape {
        Shape::Object(members) => {
            let kept: Vec<bool> = members
                .iter()
                .map(|member| {
                    let below = drops.key(&member.key);
                    let kept = !below.is_some_and(|drops| drops.here);
                    if let Some(below) = below.filter(|_| kept) {
                        cuts(text, &member.value, below, cut);
                    }
                    kept
                })
                .collect();
            let spans: Vec<Range<usize>> = members.iter().map(super::tree::Member::span).collect();
            cut_members(text, &node.span, (&spans, &kept), cut);
        }
        Shape::List(items) => {
            for (index, node) in items.iter().enumerate() {
                if let Some(below) = drops.item(index) {
                    cuts(text, node, below, cut);
                }
            }
        }
        _ => {}
    }
}

fn cut_members(
    text: &str,
    object: &Range<usize>,
    (spans, kept): (&[Range<usize>], &[bool]),
    cut: &mut Vec<Range<usize>>,
) {
    let Some(last) = spans.last() else {
        return;
    };
    let Some(first_kept) = kept.iter().position(|kept| *kept) else {
        let inside = object.start + 1;
        let end = if spans[0].start > inside {
            object.end - 1
        } else {
            after_comma(text, last.end, object.end - 1)
        };
        cut.push(inside..end);
        return;
    };
    if first_kept > 0 {
        cut.push(spans[0].start..spans[first_kept].start);
    }
    for at in first_kept + 1..spans.len() {
        if !kept[at] {
            cut.push(spans[at - 1].end..spans[at].end);
        }
    }
}

/// Behind the comma that may follow the last member, where the format allows one.
fn after_comma(text: &str, from: usize, end: usize) -> usize {
    let rest = &text[from..end];
    let blank = rest.len() - rest.trim_start_matches(BLANK).len();
    if rest[blank..].starts_with(',') {
        from + blank + 1
    } else {
        from
    }
}

/// Adds members at the end of an object, in the way its members are written, or else as they are
/// in the local one, if that has braces too. [`cuts`] knows how to take each of these forms back.
pub(super) fn append(
    (text, node): (&str, &Node<'_>),
    (local_text, local): (&str, &Node<'_>),
    pieces: &[String],
) -> Edit {
    let there = node.members();
    let inside = node.span.start + 1..node.span.end - 1;
    match there.last() {
        Some(last) => {
            let space = if there.len() == 1 && lead(text, node, 0).is_empty() {
                " "
            } else {
                lead(text, node, there.len() - 1)
            };
            let separator = format!(",{space}");
            Edit {
                span: last.value.span.end..last.value.span.end,
                with: pieces
                    .iter()
                    .flat_map(|piece| [separator.as_str(), piece])
                    .collect(),
            }
        }
        None if inside.is_empty() && local.form == Form::Inline => Edit {
            span: inside,
            with: framed((local_text, local), pieces),
        },
        None => Edit {
            span: inside.start..inside.start,
            with: pieces.join(", "),
        },
    }
}

/// The white space before a member's key.
fn lead<'t>(text: &'t str, object: &Node<'_>, index: usize) -> &'t str {
    let end = object.members()[index].key_span.start;
    let before = &text[object.span.start..end];
    &before[before.trim_end_matches(BLANK).len()..]
}

/// These members in the white space of an object that has some. The space before the closing
/// brace comes with the one after the opening brace or not at all.
pub(super) fn framed((text, object): (&str, &Node<'_>), pieces: &[String]) -> String {
    let first = lead(text, object, 0);
    let trail = match object.members().last() {
        Some(last) if !first.is_empty() => {
            let after = &text[last.value.span.end..object.span.end - 1];
            &after[after.trim_end_matches(BLANK).len()..]
        }
        _ => "",
    };
    let separator = format!(",{first}");
    format!("{first}{}{trail}", pieces.join(&separator))
}
