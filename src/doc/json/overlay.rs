//! Laying members back in.

use std::collections::{BTreeMap, HashMap};

use crate::doc::DocError;
use crate::doc::text::{self, Edit};

use super::parse::{Json, Member, Node, Shape, parse};
use super::same::same_node;
use super::strip::KeyPath;

/// A document with local members laid over it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Overlaid {
    pub text: Vec<u8>,
    /// Local members that found no place: the other side has something else than an object above
    /// them, or another list.
    pub left_out: Vec<KeyPath>,
}

/// Puts the members of `local` that `strip` dropped back into `text`, as they are
/// written there. A key that `text` has already gets the local value; objects that are missing on
/// the way are made. New members go to the end of their object, so that stripping them again
/// gives `text` back byte for byte. Below a list they are laid back only if the list has as many
/// items on both sides and that item is otherwise the same.
pub fn overlay(text: &[u8], local: &[u8], dropped: &[KeyPath]) -> Result<Overlaid, DocError> {
    let text = parse(text)?;
    let local = parse(local)?;
    let mut drops = Drops::default();
    for path in dropped {
        drops.add(path);
    }
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

/// Dropped paths as a tree.
#[derive(Debug, Default)]
pub(super) struct Drops<'p> {
    pub(super) here: bool,
    below: BTreeMap<&'p str, Drops<'p>>,
}

impl<'p> Drops<'p> {
    fn add(&mut self, path: &'p [String]) {
        let mut drops = self;
        for part in path {
            drops = drops.below.entry(part).or_default();
        }
        drops.here = true;
    }

    pub(super) fn key(&self, key: &str) -> Option<&Self> {
        self.below.get(key)
    }

    pub(super) fn item(&self, index: usize) -> Option<&Self> {
        if self.below.is_empty() {
            return None;
        }
        self.below.get(format!("[{index}]").as_str())
    }
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
                    path.push(format!("[{index}]"));
                    let same = items.len() == locals.len()
                        && same_node((self.text, &items[index]), (self.local, local), Some(below));
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
        let there: HashMap<&str, &Member<'a>> = members(node)
            .iter()
            .map(|member| (&*member.key, member))
            .collect();
        let mut pieces = Vec::new();
        for member in members(local) {
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
            self.append(node, local, &pieces);
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
        for inner in members(&member.value) {
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
        let inner = framed(self.local, &member.value, &pieces);
        Some(format!("{head}{inner}}}"))
    }

    /// Adds members at the end of an object, in the way its members are written, or else as they
    /// were in the local one. `strip` knows how to take each of these forms back.
    fn append(&mut self, node: &Node<'a>, local: &Node<'a>, pieces: &[String]) {
        let there = members(node);
        let inside = node.span.start + 1..node.span.end - 1;
        let edit = match there.last() {
            Some(last) => {
                let space = if there.len() == 1 && lead(self.text, node, 0).is_empty() {
                    " "
                } else {
                    lead(self.text, node, there.len() - 1)
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
            None if inside.is_empty() => Edit {
                span: inside,
                with: framed(self.local, local, pieces),
            },
            None => Edit {
                span: inside.start..inside.start,
                with: pieces.join(", "),
            },
        };
        self.edits.push(edit);
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
                .for_each(|(at, item)| below(format!("[{at}]"), item, drops.item(at))),
            _ => {}
        }
    }
}

fn members<'n, 'a>(node: &'n Node<'a>) -> &'n [Member<'a>] {
    match &node.shape {
        Shape::Object(members) => members,
        _ => &[],
    }
}

/// The white space before a member's key.
fn lead<'a>(json: &Json<'a>, object: &Node<'_>, index: usize) -> &'a str {
    let end = members(object)[index].key_span.start;
    let before = &json.text[object.span.start..end];
    &before[before.trim_end_matches([' ', '\t', '\n', '\r']).len()..]
}

/// These members in the white space of an object that has some. The space before the closing
/// brace comes with the one after the opening brace or not at all.
fn framed(json: &Json<'_>, object: &Node<'_>, pieces: &[String]) -> String {
    let first = lead(json, object, 0);
    let trail = match members(object).last() {
        Some(last) if !first.is_empty() => &json.text[last.value.span.end..object.span.end - 1],
        _ => "",
    };
    let separator = format!(",{first}");
    format!("{first}{}{trail}", pieces.join(&separator))
}
