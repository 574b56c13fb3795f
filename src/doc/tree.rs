//! What all formats have in common: values with their places, and what taking out and laying back
//! mean for them. The formats themselves only say how that is written.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// The way to a member: keys, and `[3]` for the fourth item of a list.
pub type KeyPath = Vec<String>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node<'a> {
    pub span: Range<usize>,
    pub form: Form,
    pub shape: Shape<'a>,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In one piece: a scalar, or something between brackets.
    Inline,
    /// On lines of its own: a block of YAML, a table of TOML with a header.
    Block,
    /// Nowhere: it is there because something below it is. It goes with the last of that.
    Implied,
    /// Somewhere else: what stands here is a reference, and what is below it lies elsewhere.
    Alias,
}

#[derive(Clone, Debug)]
pub enum Shape<'a> {
    Null,
    Bool(bool),
    /// As written: `1.0` is not `1`.
    Number(&'a str),
    /// The decoded text.
    Text {
        text: Cow<'a, str>,
    },
    /// A scalar that is none of these (a date, a tagged value, a text with half a surrogate pair),
    /// told from others by how it is written.
    Other(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<Member<'a>>),
}

/// One member of an object. Its own span goes from the start of the key to the end of the value.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    pub key: Cow<'a, str>,
    pub key_span: Range<usize>,
    pub value: Node<'a>,
}

impl Member<'_> {
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.key_span.start..self.value.span.end
    }
}

impl<'a> Node<'a> {
    /// The member with this key; nothing where there is none, or this is no object.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Member<'a>> {
        self.members().iter().find(|member| member.key == key)
    }

    /// The members of an object; none of anything else.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        match &self.shape {
            Shape::Object(members) => members,
            _ => &[],
        }
    }

    /// Whether two values differ in formatting and the order of keys at most.
    #[must_use]
    pub fn is_same(&self, other: &Node<'_>) -> bool {
        same_node(self, other, None)
    }

    /// The value at the end of a path.
    #[cfg(test)]
    pub(super) fn at(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |node, part| match &node.shape {
            Shape::List(items) => items.get(item_of(part)?),
            _ => Some(&node.member(part)?.value),
        })
    }
}

/// The part of a path that means an item of a list.
pub(super) fn item(index: usize) -> String {
    format!("[{index}]")
}

/// What is directly below a value.
pub(super) fn parts<'n, 'a>(node: &'n Node<'a>) -> Vec<(String, &'n Node<'a>)> {
    match &node.shape {
        Shape::Object(members) => members
            .iter()
            .map(|member| (member.key.clone().into_owned(), &member.value))
            .collect(),
        Shape::List(items) => {
            let items = items.iter().enumerate();
            items.map(|(index, node)| (item(index), node)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
fn item_of(part: &str) -> Option<usize> {
    part.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// What the value of a member is, as far as a decision needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf<'a> {
    Text(&'a str),
    Number(&'a str),
    Bool(bool),
    Null,
    List,
    Object,
}

impl<'n> Leaf<'n> {
    pub(super) fn of(node: &'n Node<'_>) -> Self {
        match &node.shape {
            Shape::Null => Leaf::Null,
            Shape::Bool(value) => Leaf::Bool(*value),
            Shape::Number(digits) => Leaf::Number(digits),
            Shape::Text { text } | Shape::Other(text) => Leaf::Text(text),
            Shape::List(_) => Leaf::List,
            Shape::Object(_) => Leaf::Object,
        }
    }
}

/// A document without some of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Stripped {
    pub text: Vec<u8>,
    /// What was taken out, in the order of the document.
    pub dropped: Vec<KeyPath>,
}

/// A document with local members laid over it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Overlaid {
    pub text: Vec<u8>,
    /// Local members that found no place: the other side has something else than an object above
    /// them, or nothing any more, or another list.
    pub left_out: Vec<KeyPath>,
}

/// Says of a member whether it is to go: by its path, in which `*` stands for the place in a list,
/// and by its value.
pub type Choice<'d> = dyn FnMut(&[&str], Leaf<'_>) -> bool + 'd;

/// Asks once for each member, parents before children, and not for what lies below one that goes;
/// items of a list are not members themselves. The paths of those that go.
pub(super) fn ask(root: &Node<'_>, drop: &mut Choice<'_>) -> Vec<KeyPath> {
    let mut asking = Asking {
        drop,
        path: Vec::new(),
        way: Vec::new(),
        dropped: Vec::new(),
    };
    asking.visit(root);
    asking.dropped
}

struct Asking<'d, 'f, 'n> {
    drop: &'d mut Choice<'f>,
    path: Vec<&'n str>,
    way: Vec<Option<usize>>,
    dropped: Vec<KeyPath>,
}

impl<'n> Asking<'_, '_, 'n> {
    fn visit(&mut self, node: &'n Node<'_>) {
        match &node.shape {
            Shape::Object(members) => {
                for member in members {
                    self.path.push(&member.key);
                    self.way.push(None);
                    if (self.drop)(&self.path, Leaf::of(&member.value)) {
                        self.dropped.push(self.whole_path());
                    } else {
                        self.visit(&member.value);
                    }
                    self.path.pop();
                    self.way.pop();
                }
            }
            Shape::List(items) => {
                for (index, node) in items.iter().enumerate() {
                    self.path.push("*");
                    self.way.push(Some(index));
                    self.visit(node);
                    self.path.pop();
                    self.way.pop();
                }
            }
            _ => {}
        }
    }

    fn whole_path(&self) -> KeyPath {
        let parts = self.path.iter().zip(&self.way);
        parts
            .map(|(key, index)| index.map_or_else(|| (*key).to_owned(), item))
            .collect()
    }
}

/// Dropped paths as a tree.
#[derive(Debug, Default)]
pub(super) struct Drops<'p> {
    pub(super) here: bool,
    pub(super) below: BTreeMap<&'p str, Drops<'p>>,
}

impl<'p> Drops<'p> {
    pub(super) fn of(paths: &'p [KeyPath]) -> Self {
        let mut root = Self::default();
        for path in paths {
            let mut drops = &mut root;
            for part in path {
                drops = drops.below.entry(part).or_default();
            }
            drops.here = true;
        }
        root
    }

    pub(super) fn key(&self, key: &str) -> Option<&Self> {
        self.below.get(key)
    }

    pub(super) fn item(&self, index: usize) -> Option<&Self> {
        if self.below.is_empty() {
            return None;
        }
        self.below.get(item(index).as_str())
    }

    /// What is dropped below a path; `here` is set if the path itself, or one above it, is.
    pub(super) fn at(&self, path: &[String]) -> Option<&Self> {
        let mut drops = self;
        for part in path {
            if drops.here {
                return Some(drops);
            }
            drops = drops.below.get(part.as_str())?;
        }
        Some(drops)
    }
}

/// Compares two values; members of the second that `without` names count as not there.
pub(super) fn same_node(a: &Node<'_>, b: &Node<'_>, without: Option<&Drops<'_>>) -> bool {
    match (&a.shape, &b.shape) {
        (Shape::Null, Shape::Null) => true,
        (Shape::Bool(a), Shape::Bool(b)) => a == b,
        (Shape::Number(a), Shape::Number(b)) => a == b,
        (Shape::Text { text: a }, Shape::Text { text: b }) | (Shape::Other(a), Shape::Other(b)) => {
            a == b
        }
        (Shape::List(a), Shape::List(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).enumerate().all(|(index, (a, b))| {
                    same_node(a, b, without.and_then(|drops| drops.item(index)))
                })
        }
        (Shape::Object(a), Shape::Object(b)) => same_members(a, b, without),
        _ => false,
    }
}

fn same_members(a: &[Member<'_>], b: &[Member<'_>], without: Option<&Drops<'_>>) -> bool {
    let below = |key: &str| without.and_then(|drops| drops.key(key));
    let kept: HashMap<&str, &Member<'_>> = b
        .iter()
        .filter(|member| !below(&member.key).is_some_and(|drops| drops.here))
        .map(|member| (&*member.key, member))
        .collect();
    a.len() == kept.len()
        && a.iter().all(|member| {
            kept.get(&*member.key)
                .is_some_and(|other| same_node(&member.value, &other.value, below(&member.key)))
        })
}

/// The value without what is dropped: what a text must say once that was cut out of it.
pub(super) fn pruned<'a>(node: &Node<'a>, drops: &Drops<'_>) -> Node<'a> {
    let shape = match &node.shape {
        Shape::Object(members) => Shape::Object(
            members
                .iter()
                .filter_map(|member| pruned_member(member, drops.key(&member.key)))
                .collect(),
        ),
        Shape::List(items) => {
            let items = items.iter().enumerate();
            let kept = items.map(|(index, node)| match drops.item(index) {
                Some(below) => pruned(node, below),
                None => node.clone(),
            });
            Shape::List(kept.collect())
        }
        scalar => scalar.clone(),
    };
    Node {
        span: node.span.clone(),
        form: node.form,
        shape,
    }
}

fn pruned_member<'a>(member: &Member<'a>, drops: Option<&Drops<'_>>) -> Option<Member<'a>> {
    let Some(drops) = drops else {
        return Some(member.clone());
    };
    if drops.here {
        return None;
    }
    let value = pruned(&member.value, drops);
    let vanished = value.form == Form::Implied && value.members().is_empty();
    (!vanished).then(|| Member {
        key: member.key.clone(),
        key_span: member.key_span.clone(),
        value,
    })
}
