//! The statements that a document is written in.

use std::iter::repeat;
use std::ops::Range;

use crate::doc::dialect::Outline;
use crate::doc::text;
use crate::doc::tree::{Form, KeyPath, Node, Shape, parts};

/// A document by its lines.
pub(super) struct Statements<'o, 'a> {
    pub(super) text: &'a str,
    pub(super) root: &'o Node<'a>,
    /// In the order of the text.
    pub(super) all: Vec<Statement<'o, 'a>>,
}

/// A header, or a key with its value: whole lines.
pub(super) struct Statement<'o, 'a> {
    /// The whole path, from the root of the document.
    pub(super) path: KeyPath,
    pub(super) lines: Range<usize>,
    pub(super) kind: Kind<'o, 'a>,
}

pub(super) enum Kind<'o, 'a> {
    Header,
    /// A value, and the header that it stands under.
    Pair {
        value: &'o Node<'a>,
        section: Option<usize>,
    },
}

impl Statement<'_, '_> {
    pub(super) const fn is_header(&self) -> bool {
        matches!(self.kind, Kind::Header)
    }
}

impl<'o, 'a> Statements<'o, 'a> {
    pub(super) fn of(outline: &'o Outline<'a>) -> Self {
        let mut statements = Self {
            text: outline.text,
            root: &outline.root,
            all: Vec::new(),
        };
        statements.gather(&outline.root, &mut Vec::new());
        statements
            .all
            .sort_by_key(|statement| statement.lines.start);
        let mut under = None;
        for (at, statement) in statements.all.iter_mut().enumerate() {
            match &mut statement.kind {
                Kind::Header => under = Some(at),
                Kind::Pair { section, .. } => *section = under,
            }
        }
        statements
    }

    /// What stands on lines of its own below a value.
    fn gather(&mut self, node: &'o Node<'a>, path: &mut KeyPath) {
        let keys = node.members().iter().map(|member| member.key_span.start);
        // The items of a list of tables have no keys, but headers.
        let keys = keys.chain(repeat(0));
        for ((part, value), key) in parts(node).into_iter().zip(keys) {
            path.push(part);
            if value.form == Form::Inline {
                let lines = self.lines(key, value.span.end);
                let section = None;
                self.state(path, lines, Kind::Pair { value, section });
            } else {
                if value.form == Form::Block && matches!(value.shape, Shape::Object(_)) {
                    let lines = self.lines(value.span.start, value.span.start);
                    self.state(path, lines, Kind::Header);
                }
                self.gather(value, path);
            }
            path.pop();
        }
    }

    fn lines(&self, start: usize, end: usize) -> Range<usize> {
        text::line_start(self.text, start)..text::line_end(self.text, end)
    }

    fn state(&mut self, path: &KeyPath, lines: Range<usize>, kind: Kind<'o, 'a>) {
        self.all.push(Statement {
            path: path.clone(),
            lines,
            kind,
        });
    }

    /// The path of the table that stands under a header, or at the root.
    pub(super) fn section_path(&self, section: Option<usize>) -> &[String] {
        section.map_or(&[], |at| &self.all[at].path)
    }

    /// Where the section of a header ends: after its last statement and the comments that follow
    /// it, unless these stand right above the next header.
    pub(super) fn section_end(&self, header: usize) -> usize {
        let next = self.all[header + 1..].iter().position(Statement::is_header);
        let last = next.map_or(self.all.len() - 1, |next| header + next);
        let end = self.all[last].lines.end;
        let mut after = end;
        while after < self.text.len() {
            let line = &self.text[after..text::line_end(self.text, after)];
            match line.trim_start().chars().next() {
                Some('#') => after += line.len(),
                None => return after,
                Some(_) => return end,
            }
        }
        after
    }
}
