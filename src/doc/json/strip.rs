//! Taking members out.

use std::ops::Range;

use crate::doc::DocError;
use crate::doc::text::{self, Edit};

use super::parse::{Member, Node, Shape, parse};

/// The way to a member: keys, and `[3]` for the fourth item of a list.
pub type KeyPath = Vec<String>;

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

/// A document without some of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Stripped {
    pub text: Vec<u8>,
    /// What was taken out, in the order of the document.
    pub dropped: Vec<KeyPath>,
}

/// Takes out every member for which `drop` answers yes, with its comma and white space; all the
/// rest stays byte for byte. `drop` is asked once for each member, parents before children, and
/// not for what lies below a dropped one. In the path it is given, `*` stands for the place in a
/// list; items of a list are not members themselves. An object that loses all its members becomes
/// `{}` if white space followed its brace, else it keeps the white space before the closing one.
pub fn strip(
    text: &[u8],
    drop: &mut dyn FnMut(&[&str], Leaf<'_>) -> bool,
) -> Result<Stripped, DocError> {
    let json = parse(text)?;
    let mut walk = Walk {
        drop,
        asked: Vec::new(),
        way: Vec::new(),
        cuts: Vec::new(),
        dropped: Vec::new(),
    };
    walk.visit(&json.root);
    let edits = walk.cuts.into_iter().map(|span| Edit {
        span,
        with: String::new(),
    });
    Ok(Stripped {
        text: text::apply(json.text, edits.collect()).into_bytes(),
        dropped: walk.dropped,
    })
}

#[derive(Clone, Copy)]
enum Step<'n> {
    Key(&'n str),
    Item(usize),
}

struct Walk<'d, 'n> {
    drop: &'d mut dyn FnMut(&[&str], Leaf<'_>) -> bool,
    asked: Vec<&'n str>,
    way: Vec<Step<'n>>,
    cuts: Vec<Range<usize>>,
    dropped: Vec<KeyPath>,
}

impl<'n> Walk<'_, 'n> {
    fn visit(&mut self, node: &'n Node<'_>) {
        match &node.shape {
            Shape::Object(members) => self.visit_object(&node.span, members),
            Shape::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.below(Step::Item(index), |walk| walk.visit(item));
                }
            }
            _ => {}
        }
    }

    fn below<T>(&mut self, step: Step<'n>, then: impl FnOnce(&mut Self) -> T) -> T {
        self.asked.push(match step {
            Step::Key(key) => key,
            Step::Item(_) => "*",
        });
        self.way.push(step);
        let answer = then(self);
        self.asked.pop();
        self.way.pop();
        answer
    }

    fn visit_object(&mut self, span: &Range<usize>, members: &'n [Member<'_>]) {
        let mut kept = Vec::with_capacity(members.len());
        for member in members {
            kept.push(self.below(Step::Key(&member.key), |walk| walk.visit_member(member)));
        }
        let Some(last) = members.last() else {
            return;
        };
        let Some(first_kept) = kept.iter().position(|kept| *kept) else {
            let inside = span.start + 1;
            let opened_with_space = members[0].key_span.start > inside;
            let end = if opened_with_space {
                span.end - 1
            } else {
                last.value.span.end
            };
            self.cuts.push(inside..end);
            return;
        };
        if first_kept > 0 {
            let start = members[0].key_span.start;
            self.cuts.push(start..members[first_kept].key_span.start);
        }
        for at in first_kept + 1..members.len() {
            if !kept[at] {
                let before = members[at - 1].value.span.end;
                self.cuts.push(before..members[at].value.span.end);
            }
        }
    }

    /// Whether the member stays.
    fn visit_member(&mut self, member: &'n Member<'_>) -> bool {
        if (self.drop)(&self.asked, leaf(&member.value)) {
            let way = self.way.iter().map(|step| match step {
                Step::Key(key) => (*key).to_owned(),
                Step::Item(index) => format!("[{index}]"),
            });
            self.dropped.push(way.collect());
            return false;
        }
        self.visit(&member.value);
        true
    }
}

fn leaf<'n>(node: &'n Node<'_>) -> Leaf<'n> {
    match &node.shape {
        Shape::Null => Leaf::Null,
        Shape::Bool(value) => Leaf::Bool(*value),
        Shape::Number(digits) => Leaf::Number(digits),
        Shape::Text { text, .. } => Leaf::Text(text),
        Shape::List(_) => Leaf::List,
        Shape::Object(_) => Leaf::Object,
    }
}
