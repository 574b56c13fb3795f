//! Laying members back in.

use std::collections::HashMap;

use crate::doc::braces::{self, Piece, Written};
use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::text::{self, Edit};
use crate::doc::tree::{Drops, KeyPath, Member, Node, Shape};

/// Puts these members of `local` into the text, as they are written there, with the comments beside
/// them. A key that the text has
/// already gets the local value; objects that are missing on the way are made. New members go to the
/// end of their object, so that stripping them again gives the text back byte for byte.
pub(super) fn with(json: &Outline<'_>, local: &Outline<'_>, placed: &[KeyPath]) -> String {
    let mut writing = Writing {
        text: (json.text, Comments::Slashes),
        local: (local.text, Comments::Slashes),
        edits: Vec::new(),
    };
    writing.node(&json.root, &local.root, &Drops::of(placed));
    text::apply(json.text, writing.edits)
}

struct Writing<'j> {
    text: Written<'j>,
    local: Written<'j>,
    edits: Vec<Edit>,
}

impl Writing<'_> {
    fn node(&mut self, node: &Node<'_>, local: &Node<'_>, wanted: &Drops<'_>) {
        match (&node.shape, &local.shape) {
            (Shape::Object(_), Shape::Object(_)) => self.object(node, local, wanted),
            (Shape::List(items), Shape::List(locals)) => {
                for (index, (item, local)) in items.iter().zip(locals).enumerate() {
                    if let Some(below) = wanted.item(index) {
                        self.node(item, local, below);
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, node: &Node<'_>, local: &Node<'_>, wanted: &Drops<'_>) {
        let there = node.members().iter();
        let there: HashMap<&str, &Member<'_>> =
            there.map(|member| (&*member.key, member)).collect();
        let mut missing = Vec::new();
        for (index, member) in local.members().iter().enumerate() {
            let Some(below) = wanted.key(&member.key) else {
                continue;
            };
            match there.get(&*member.key) {
                Some(old) if below.here => self.edits.push(Edit {
                    span: old.value.span.clone(),
                    with: self.local.0[member.value.span.clone()].to_owned(),
                }),
                Some(old) => self.node(&old.value, &member.value, below),
                None => missing.push(self.piece(local, index, below)),
            }
        }
        if !missing.is_empty() {
            let edits = braces::append((self.text, node), (self.local.0, local), &missing);
            self.edits.extend(edits);
        }
    }

    /// A member that is missing: as it is, or with nothing but what is wanted below.
    fn piece(&self, object: &Node<'_>, index: usize, wanted: &Drops<'_>) -> Piece {
        if wanted.here {
            return Piece::of(self.local, object, index);
        }
        let member = &object.members()[index];
        let inner = member.value.members().iter().enumerate();
        let pieces: Vec<_> = inner
            .filter_map(|(index, inner)| {
                Some(self.piece(&member.value, index, wanted.key(&inner.key)?))
            })
            .collect();
        let text = self.local.0;
        let head = &text[member.key_span.start..=member.value.span.start];
        let inner = braces::framed((text, &member.value), &pieces);
        Piece::bare(format!("{head}{inner}}}"))
    }
}
