//! Taking members out.

use std::ops::Range;

use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::tree::{Drops, Form, Node, Shape};
use crate::doc::{DocError, braces, text};

use super::statements::{Kind, Statements};

/// Takes members out: a key with its lines and the comment beside it, a table with its header, its own
/// tables below it and what is between them; all the rest stays byte for byte. A comment above a key
/// or header stays: it may speak of more than that, and what a person wrote is not dropped because
/// of where it stands. With a table goes one blank line before it. A table that has a header, or
/// braces, stays when it loses all its members; one that was only implied goes.
pub(super) fn without(outline: &Outline<'_>, drops: &Drops<'_>) -> Result<String, DocError> {
    let statements = Statements::of(outline);
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut inside = Vec::new();
    let mut covered = 0;
    for (at, statement) in statements.all.iter().enumerate() {
        let Some(below) = drops.at(&statement.path) else {
            continue;
        };
        let span = match &statement.kind {
            Kind::Header if below.here => {
                let span = statement.lines.start..statements.section_end(at);
                with_blank(outline.text, span, statement.lines.start <= covered)
            }
            Kind::Pair { .. } if below.here => statement.lines.clone(),
            Kind::Pair { value, .. } => {
                refuse_dotted(outline.text, value)?;
                let written = (outline.text, Comments::Hash);
                braces::cuts(written, value, below, &mut inside);
                continue;
            }
            Kind::Header => continue,
        };
        if span.start <= covered {
            covered = covered.max(span.end);
        }
        lines.push(span);
    }
    let mut all = text::cut_lines(outline.text, lines);
    all.extend(inside);
    Ok(text::cut(outline.text, all))
}

/// With one blank line before it; what begins the text takes the one after it.
fn with_blank(text: &str, span: Range<usize>, first: bool) -> Range<usize> {
    if first {
        let end = text::line_end(text, span.end);
        let blank = text[span.end..end].trim().is_empty();
        return span.start..if blank { end } else { span.end };
    }
    let before = text::line_start(text, span.start.saturating_sub(1));
    let blank = text[before..span.start].trim().is_empty();
    if blank { before..span.end } else { span }
}

/// Dotted keys between braces share their beginnings: no span of one is its own.
pub(super) fn refuse_dotted(text: &str, node: &Node<'_>) -> Result<(), DocError> {
    match &node.shape {
        Shape::Object(members) => members.iter().try_for_each(|member| {
            if member.value.form == Form::Implied {
                return Err(DocError::Unsupported {
                    at: text::position(text, member.key_span.start),
                    what: "a dotted key between braces",
                });
            }
            refuse_dotted(text, &member.value)
        }),
        Shape::List(items) => items.iter().try_for_each(|item| refuse_dotted(text, item)),
        _ => Ok(()),
    }
}
