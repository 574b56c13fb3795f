//! Laying members back in.

use std::collections::HashMap;

use crate::doc::DocError;
use crate::doc::braces::{self, Piece};
use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::text::{self, Edit};
use crate::doc::tree::{Drops, Form, KeyPath, Member, Node, Shape};

use super::strip::entry_end;

/// Writes these members of `local` into a text whose last line has an end: at the end of their mapping,
/// as they are written in `local`, moved to the indentation that they have here.
pub(super) fn with(
    outline: &Outline<'_>,
    local: &Outline<'_>,
    placed: &[KeyPath],
) -> Result<String, DocError> {
    let mut writing = Writing {
        text: outline.text,
        local: local.text,
        edits: Vec::new(),
    };
    writing.node(&outline.root, &local.root, &Drops::of(placed), 0)?;
    Ok(text::apply(outline.text, writing.edits))
}

/// Members of the local document that have no counterpart, each with what is wanted of it.
struct Missing<'m, 'a> {
    members: Vec<(&'m Member<'a>, &'m Drops<'m>)>,
    /// Whether they are written between braces there.
    in_braces: bool,
}

struct Writing<'t> {
    text: &'t str,
    local: &'t str,
    edits: Vec<Edit>,
}

impl Writing<'_> {
    /// `indent` is where members would stand if this node became a block.
    fn node(
        &mut self,
        node: &Node<'_>,
        local: &Node<'_>,
        wanted: &Drops<'_>,
        indent: usize,
    ) -> Result<(), DocError> {
        match (&node.shape, &local.shape) {
            (Shape::Object(_), Shape::Object(_)) => self.object(node, local, wanted, indent),
            (Shape::List(items), Shape::List(locals)) => {
                for (index, (item, local)) in items.iter().zip(locals).enumerate() {
                    if let Some(below) = wanted.item(index) {
                        self.node(item, local, below, column(self.text, item.span.start))?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn object(
        &mut self,
        node: &Node<'_>,
        local: &Node<'_>,
        wanted: &Drops<'_>,
        indent: usize,
    ) -> Result<(), DocError> {
        let there = node.members().iter();
        let there: HashMap<&str, &Member<'_>> =
            there.map(|member| (&*member.key, member)).collect();
        let mut missing = Vec::new();
        for member in local.members() {
            let Some(below) = wanted.key(&member.key) else {
                continue;
            };
            match there.get(&*member.key) {
                Some(there) => {
                    let column = column(self.text, there.key_span.start);
                    let step = step(self.local, member).unwrap_or(2);
                    self.node(&there.value, &member.value, below, column + step)?;
                }
                None => missing.push((member, below)),
            }
        }
        if !missing.is_empty() {
            let missing = Missing {
                members: missing,
                in_braces: local.form == Form::Inline,
            };
            let edits = self.added(node, local, &missing, indent)?;
            self.edits.extend(edits);
        }
        Ok(())
    }

    fn added(
        &self,
        node: &Node<'_>,
        local: &Node<'_>,
        missing: &Missing<'_, '_>,
        indent: usize,
    ) -> Result<Vec<Edit>, DocError> {
        let lines = |at: usize, column: usize| -> Result<Vec<Edit>, DocError> {
            let with = self.lines(missing, column)?;
            Ok(vec![Edit { span: at..at, with }])
        };
        match (node.form, node.members()) {
            (Form::Block, []) => lines(self.text.len(), 0),
            (Form::Block, [.., last]) => lines(
                entry_end(self.text, last.value.span.end),
                column(self.text, last.key_span.start),
            ),
            (Form::Inline, []) if local.form == Form::Block => self.open_up(node, missing, indent),
            (Form::Inline, _) => {
                let pieces = self.pieces(&missing.members)?;
                let pieces: Vec<_> = pieces.into_iter().map(Piece::bare).collect();
                let here = ((self.text, Comments::Hash), node);
                Ok(braces::append(here, (self.local, local), &pieces))
            }
            _ => Err(self.refused(missing.members[0].0)),
        }
    }

    /// `{}` becomes a block: below its line, or after the dash before it.
    fn open_up(
        &self,
        node: &Node<'_>,
        missing: &Missing<'_, '_>,
        indent: usize,
    ) -> Result<Vec<Edit>, DocError> {
        let lines = self.lines(missing, indent)?;
        let before = self.text[..node.span.start].trim_end_matches(' ');
        let next = text::line_end(self.text, node.span.end);
        if before.ends_with(':') {
            let nothing = Edit {
                span: before.len()..node.span.end,
                with: String::new(),
            };
            let span = next..next;
            return Ok(vec![nothing, Edit { span, with: lines }]);
        }
        if !self.text[node.span.end..next].trim().is_empty() {
            return Err(self.refused(missing.members[0].0));
        }
        Ok(vec![Edit {
            span: node.span.clone(),
            with: lines.trim().to_owned(),
        }])
    }

    /// Members as lines of a block, the keys at this column.
    fn lines(&self, missing: &Missing<'_, '_>, column: usize) -> Result<String, DocError> {
        let mut lines = String::new();
        for (member, wanted) in &missing.members {
            if missing.in_braces {
                let pieces = self.pieces(&[(*member, *wanted)])?;
                lines.push_str(&line(column, &pieces.concat()));
            } else {
                self.entry(member, wanted, column, &mut lines)?;
            }
        }
        Ok(lines)
    }

    fn entry(
        &self,
        member: &Member<'_>,
        wanted: &Drops<'_>,
        at: usize,
        lines: &mut String,
    ) -> Result<(), DocError> {
        let key = member.key_span.start;
        if wanted.here {
            let from = column(self.local, key);
            let end = entry_end(self.local, member.value.span.end);
            return self.moved(member, (&self.local[key..end], from), at, lines);
        }
        if member.value.form != Form::Block {
            let pieces = self.pieces(&[(member, wanted)])?;
            lines.push_str(&line(at, &pieces.concat()));
            return Ok(());
        }
        let key = &self.local[member.key_span.clone()];
        lines.push_str(&line(at, &format!("{key}:")));
        let step = step(self.local, member).unwrap_or(2);
        for inner in member.value.members() {
            if let Some(below) = wanted.key(&inner.key) {
                self.entry(inner, below, at + step, lines)?;
            }
        }
        Ok(())
    }

    /// The lines of an entry with their indentation changed from one column to another.
    fn moved(
        &self,
        member: &Member<'_>,
        (entry, from): (&str, usize),
        to: usize,
        lines: &mut String,
    ) -> Result<(), DocError> {
        for (index, line) in entry.split_inclusive('\n').enumerate() {
            let blank = line.trim().is_empty();
            if index == 0 {
                lines.push_str(&" ".repeat(to));
                lines.push_str(line);
            } else if blank || to == from {
                lines.push_str(line);
            } else if to > from {
                lines.push_str(&" ".repeat(to - from));
                lines.push_str(line);
            } else {
                let less = " ".repeat(from - to);
                let line = line.strip_prefix(&less);
                lines.push_str(line.ok_or_else(|| self.refused(member))?);
            }
        }
        if !lines.ends_with('\n') {
            lines.push('\n');
        }
        Ok(())
    }

    /// Members as they may stand between braces: on one line.
    fn pieces(&self, missing: &[(&Member<'_>, &Drops<'_>)]) -> Result<Vec<String>, DocError> {
        let mut pieces = Vec::new();
        for (member, wanted) in missing {
            if wanted.here {
                let text = &self.local[member.span()];
                if member.value.form == Form::Block {
                    return Err(self.refused(member));
                }
                pieces.push(text.to_owned());
                continue;
            }
            let inner = member.value.members().iter();
            let inner: Vec<_> = inner
                .filter_map(|inner| Some((inner, wanted.key(&inner.key)?)))
                .collect();
            let key = &self.local[member.key_span.clone()];
            pieces.push(format!("{key}: {{{}}}", self.pieces(&inner)?.join(", ")));
        }
        Ok(pieces)
    }

    fn refused(&self, member: &Member<'_>) -> DocError {
        DocError::Unsupported {
            at: text::position(self.local, member.key_span.start),
            what: "a key whose value has no place between braces",
        }
    }
}

fn line(indent: usize, text: &str) -> String {
    format!("{}{text}\n", " ".repeat(indent))
}

/// How far from the start of its line a place is.
fn column(text: &str, at: usize) -> usize {
    at - text::line_start(text, at)
}

/// How much deeper the members of a block stand than its key.
fn step(text: &str, member: &Member<'_>) -> Option<usize> {
    let first = member.value.members().first()?;
    let block = member.value.form == Form::Block;
    let deeper =
        column(text, first.key_span.start).checked_sub(column(text, member.key_span.start));
    deeper.filter(|step| block && *step > 0)
}
