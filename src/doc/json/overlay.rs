//! Laying members back in.

use std::collections::HashMap;

use crate::doc::text::{self, Edit};
use crate::doc::tree::{Drops, KeyPath, Member, Node, Overlaid, Shape, item, same_node};
use crate::doc::{DocError, braces};

use super::parse::{Json, parse};

/// Puts the members of `local` that `strip` dropped back into `text`, as they are
/// written there. A key that `text` has already gets the local value; objects that are missing on
/// the way are made. New members go to the end of their object, so that stripping them again
/// gives `text` back byte for byte. Below a list they are laid back only if the list has as many
/// items on both sides and that item is otherwise the same.
pub fn overlay(text: &[u8], local: &[u8], dropped: &[KeyPath]) -> Result<Overlaid, DocError> {
    let text = parse(text)?;
    let local = parse(local)?;
    let drops = Drops::of(dropped);
    let mut laying = Laying {
        text: &text,
        local: &local,
        edits: Vec::new(),
        left_out: Vec::new(),
    };
    laying.lay(&text.root, &local.root, &drops, &mut Vec::new());
    Ok(Overlaid {
        text: text::apply(text.text, laying.edits).into_bytes(),
        left_out: laying.left_out,
    })
}

struct Laying<'j, 'a> {
    text: &'j Json<'a>,
    local: &'j Json<'a>,
    edits: Vec<Edit>,
    left_out: Vec<KeyPath>,
}

impl<'a> Laying<'_, 'a> {
    fn lay(&mut self, node: &Node<'a>, local: &Node<'a>, drops: &Drops<'_>, path: &mut KeyPath) {
        match (&node.shape, &local.shape) {
            (Shape::Object(_), Shape::Object(_)) => self.lay_members(node, local, drops, path),
            (Shape::List(items), Shape::List(locals)) => {
                for (index, local) in locals.iter().enumerate() {
                    let Some(below) = drops.item(index) else {
                        continue;
                    };
                    path.push(item(index));
                    let same =
                        items.len() == locals.len() && same_node(&items[index], local, Some(below));
                    if same {
                        self.lay(&items[index], local, below, path);
                    } else {
                        self.leave_out(local, below, path);
                    }
                    path.pop();
                }
            }
            _ => self.leave_out(local, drops, path),
        }
    }

    fn lay_members(
        &mut self,
        node: &Node<'a>,
        local: &Node<'a>,
        drops: &Drops<'_>,
        path: &mut KeyPath,
    ) {
        let there: HashMap<&str, &Member<'a>> = node
            .members()
            .iter()
            .map(|member| (&*member.key, member))
            .collect();
        let mut pieces = Vec::new();
        for member in local.members() {
            let Some(below) = drops.key(&member.key) else {
                continue;
            };
            path.push(member.key.clone().into_owned());
            match there.get(&*member.key) {
                Some(old) if below.here => self.edits.push(Edit {
                    span: old.value.span.clone(),
                    with: self.local.text[member.value.span.clone()].to_owned(),
                }),
                Some(old) => self.lay(&old.value, &member.value, below, path),
                None => pieces.extend(self.piece(member, below, path)),
            }
            path.pop();
        }
        if !pieces.is_empty() {
            let edit = braces::append((self.text.text, node), (self.local.text, local), &pieces);
            self.edits.push(edit);
        }
    }

    /// The text of a member that is missing: as it is, or with nothing but what was dropped below.
    fn piece(
        &mut self,
        member: &Member<'a>,
        drops: &Drops<'_>,
        path: &mut KeyPath,
    ) -> Option<String> {
        if drops.here {
            return Some(self.local.text[member.span()].to_owned());
        }
        if !matches!(member.value.shape, Shape::Object(_)) {
            self.leave_out(&member.value, drops, path);
            return None;
        }
        let mut pieces = Vec::new();
        for inner in member.value.members() {
            if let Some(below) = drops.key(&inner.key) {
                path.push(inner.key.clone().into_owned());
                pieces.extend(self.piece(inner, below, path));
                path.pop();
            }
        }
        if pieces.is_empty() {
            return None;
        }
        let head = &self.local.text[member.key_span.start..=member.value.span.start];
        let inner = braces::framed((self.local.text, &member.value), &pieces);
        Some(format!("{head}{inner}}}"))
    }

    fn leave_out(&mut self, local: &Node<'a>, drops: &Drops<'_>, path: &mut KeyPath) {
        if drops.here {
            self.left_out.push(path.clone());
            return;
        }
        let mut below = |part: String, node: &Node<'a>, drops: Option<&Drops<'_>>| {
            if let Some(drops) = drops {
                path.push(part);
                self.leave_out(node, drops, path);
                path.pop();
            }
        };
        match &local.shape {
            Shape::Object(members) => members
                .iter()
                .for_each(|m| below(m.key.clone().into_owned(), &m.value, drops.key(&m.key))),
            Shape::List(items) => items
                .iter()
                .enumerate()
                .for_each(|(at, node)| below(item(at), node, drops.item(at))),
            _ => {}
        }
    }
}
