//! Taking members out.

use std::ops::Range;

use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::text::{self, Edit};
use crate::doc::tree::{Drops, Form, Member, Node, Shape};
use crate::doc::{DocError, braces};

/// Takes members out, with their lines and the comment beside them; all the rest stays byte for byte.
/// A comment above a key stays: it may speak of more than that, and what a person wrote is not
/// dropped because of where it stands. A mapping that loses all its members becomes `{}`; the
/// document itself may become empty. An alias cannot lose anything: that can go only where all that
/// refer to it lose it.
pub(super) fn without(outline: &Outline<'_>, drops: &Drops<'_>) -> Result<String, DocError> {
    let mut cutting = Cutting {
        text: outline.text,
        lines: Vec::new(),
        inside: Vec::new(),
        empty: Vec::new(),
    };
    cutting.node(&outline.root, drops, true)?;
    Ok(cutting.done())
}

struct Cutting<'t> {
    text: &'t str,
    /// Whole lines.
    lines: Vec<Range<usize>>,
    inside: Vec<Range<usize>>,
    /// What becomes `{}`.
    empty: Vec<Edit>,
}

impl Cutting<'_> {
    fn node(&mut self, node: &Node<'_>, drops: &Drops<'_>, root: bool) -> Result<(), DocError> {
        if node.form == Form::Inline {
            let written = (self.text, Comments::Hash);
            braces::cuts(written, node, drops, &mut self.inside);
            return Ok(());
        }
        match &node.shape {
            // An alias cannot lose anything: only what it refers to can, where that stands.
            _ if node.form == Form::Alias => Ok(()),
            Shape::Object(members) => self.members(members, drops, root),
            Shape::List(items) => items.iter().enumerate().try_for_each(|(index, node)| {
                drops
                    .item(index)
                    .map_or(Ok(()), |below| self.node(node, below, false))
            }),
            _ => Ok(()),
        }
    }

    fn members(
        &mut self,
        members: &[Member<'_>],
        drops: &Drops<'_>,
        root: bool,
    ) -> Result<(), DocError> {
        let goes = |member: &Member<'_>| drops.key(&member.key).is_some_and(|below| below.here);
        let Some(first) = members.first() else {
            return Ok(());
        };
        if members.iter().all(goes) && !root {
            return self.emptied(first, members);
        }
        // After a dash, what follows an entry that goes moves up to its place.
        let mut moves_up = goes(first) && self.stands_alone(first)?;
        for member in members {
            match drops.key(&member.key) {
                Some(below) if below.here => self.entry(member, moves_up)?,
                below => {
                    moves_up = false;
                    below.map_or(Ok(()), |below| self.node(&member.value, below, false))?;
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, member: &Member<'_>, moves_up: bool) -> Result<(), DocError> {
        self.stands_alone(member)?;
        let end = entry_end(self.text, member.value.span.end);
        if moves_up {
            let next = self.text.len() - self.text[end..].trim_start().len();
            self.inside.push(member.key_span.start..next);
        } else {
            let start = text::line_start(self.text, member.key_span.start);
            self.lines.push(start..end);
        }
        Ok(())
    }

    /// All members go: `{}` stands behind the colon, or in place of the first.
    fn emptied(&mut self, first: &Member<'_>, members: &[Member<'_>]) -> Result<(), DocError> {
        let before = self.text[..first.key_span.start].trim_end();
        let behind_colon = before.ends_with(':');
        if behind_colon {
            self.empty.push(Edit {
                span: before.len()..before.len(),
                with: " {}".to_owned(),
            });
        } else {
            self.stands_alone(first)?;
            let end = entry_end(self.text, first.value.span.end);
            let entry = &self.text[..end];
            self.empty.push(Edit {
                span: first.key_span.start..entry.trim_end_matches(['\n', '\r']).len(),
                with: "{}".to_owned(),
            });
        }
        for member in &members[usize::from(!behind_colon)..] {
            self.entry(member, false)?;
        }
        Ok(())
    }

    /// Refuses an entry that shares its first line with something else than dashes before it; says
    /// whether there are any.
    fn stands_alone(&self, member: &Member<'_>) -> Result<bool, DocError> {
        let at = member.key_span.start;
        let before = &self.text[text::line_start(self.text, at)..at];
        if before.bytes().all(|byte| matches!(byte, b' ' | b'-')) {
            return Ok(before.contains('-'));
        }
        Err(DocError::Unsupported {
            at: text::position(self.text, at),
            what: "a key with something before it",
        })
    }

    fn done(self) -> String {
        let lines = text::cut_lines(self.text, self.lines);
        let all = text::merged(lines.into_iter().chain(self.inside).collect());
        let cuts = all.into_iter().map(|span| Edit {
            span,
            with: String::new(),
        });
        // Of two edits at one place the first comes first, and a cut reaches further.
        text::apply(self.text, self.empty.into_iter().chain(cuts).collect())
    }
}

/// Where the lines of an entry end whose value ends here.
pub(super) fn entry_end(text: &str, value_end: usize) -> usize {
    if value_end > 0 && text[..value_end].ends_with('\n') {
        value_end
    } else {
        text::line_end(text, value_end)
    }
}
