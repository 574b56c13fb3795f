//! A document whose members are changed one by one, with those of another beside it.

use crate::doc::braces;
use crate::doc::dialect::{Outline, cut, says};
use crate::doc::gap::Comments;
use crate::doc::laying::Laying;
use crate::doc::text::{self, Edit};
use crate::doc::tree::{Drops, KeyPath, Node, Shape};
use crate::doc::{DocError, Format};

use super::{JSON, outline, overlay};

/// A JSON document that was read without fault.
#[derive(Debug)]
pub struct JsonDocument<'t> {
    mark: &'static str,
    outline: Outline<'t>,
}

/// What becomes of one member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Remove,
    /// It becomes what the other document has there.
    Take,
    /// It becomes this JSON.
    Say(String),
}

/// An item of a list that is written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// The one that stands at this place now.
    Own(usize),
    /// The same place, another text.
    Changed(usize, String),
    New(String),
}

impl<'t> JsonDocument<'t> {
    pub fn read(bytes: &'t [u8]) -> Result<Self, DocError> {
        let (mark, text) = Format::open(bytes)?;
        let outline = outline::read(text)?;
        Ok(Self { mark, outline })
    }

    #[must_use]
    pub const fn root(&self) -> &Node<'t> {
        &self.outline.root
    }

    /// How a value is written.
    #[must_use]
    pub fn written(&self, node: &Node<'_>) -> &'t str {
        &self.outline.text[node.span.clone()]
    }

    /// Every comment, as it is written.
    #[must_use]
    pub fn comments(&self) -> Vec<&'t str> {
        let mut rest = self.outline.text;
        let mut comments = Vec::new();
        while let Some(at) = rest.find(['"', '/']) {
            rest = &rest[at..];
            let part = Comments::Slashes.lead(rest);
            comments.extend(part);
            rest = &rest[part.map_or_else(|| text_len(rest), str::len)..];
        }
        comments
    }

    /// The document with some members changed; the rest is byte for byte as it was. Above each of them
    /// there are objects alone, and in `other` too where something of it is taken.
    pub fn changed(
        &self,
        other: &Self,
        changes: &[(KeyPath, Change)],
    ) -> Result<Vec<u8>, DocError> {
        let those = |wanted: &Change| -> Vec<KeyPath> {
            let those = changes.iter().filter(|(_, change)| change == wanted);
            those.map(|(path, _)| path.clone()).collect()
        };
        let (removed, taken) = (those(&Change::Remove), those(&Change::Take));
        let said = self.said(changes);
        let said = outline::read(&said)?;
        let cut = cut(&JSON, &said, &removed)?;
        let cut = outline::read(&cut)?;
        let (expected, _) = Laying::lay(&cut.root, other.root(), &Drops::of(&taken));
        let laid = overlay::with(&cut, &other.outline, &taken);
        says(&JSON, &laid, &expected, &taken)?;
        Ok(format!("{}{laid}", self.mark).into_bytes())
    }

    fn said(&self, changes: &[(KeyPath, Change)]) -> String {
        let edit = |(path, change): &(KeyPath, Change)| {
            let Change::Say(with) = change else {
                return None;
            };
            let mut way = path.iter();
            let node = way.try_fold(self.root(), |node, key| Some(&node.member(key)?.value))?;
            let (span, with) = (node.span.clone(), with.clone());
            Some(Edit { span, with })
        };
        text::apply(self.outline.text, changes.iter().filter_map(edit).collect())
    }

    /// A list of this document with other items in it, in its own white space, or, where it has no
    /// items, in that of the list of another. Nothing where more than white space stands between them.
    #[must_use]
    pub fn relisted(
        &self,
        list: &Node<'_>,
        (other, model): (&Self, &Node<'_>),
        items: &[Item],
    ) -> Option<String> {
        let (mut leads, mut trail) = self.blanks(list)?;
        if leads.is_empty() {
            (leads, trail) = other.blanks(model)?;
        }
        let first = leads.first().copied().unwrap_or_default();
        let is_spaced = leads.len() > 1 || !first.is_empty();
        let further = leads.last().copied().filter(|_| is_spaced);
        let further = further.unwrap_or(" ");
        let own = |index: usize| match &list.shape {
            Shape::List(nodes) => self.written(&nodes[index]),
            _ => "",
        };
        let mut text = String::from("[");
        for (place, item) in items.iter().enumerate() {
            let (lead, item) = match item {
                Item::Own(index) => (leads[*index], own(*index)),
                Item::Changed(index, text) => (leads[*index], text.as_str()),
                Item::New(text) => (further, text.as_str()),
            };
            let comma = if place == 0 { "" } else { "," };
            let lead = if place == 0 { first } else { lead };
            text.extend([comma, lead, item]);
        }
        text.extend([if items.is_empty() { "" } else { trail }, "]"]);
        Some(text)
    }

    /// The white space before each item of a list, and before its end.
    fn blanks(&self, list: &Node<'_>) -> Option<(Vec<&'t str>, &'t str)> {
        let Shape::List(items) = &list.shape else {
            return None;
        };
        let text = self.outline.text;
        let mut at = list.span.start + 1;
        let mut leads = Vec::with_capacity(items.len());
        for (number, item) in items.iter().enumerate() {
            let gap = &text[at..item.span.start];
            let (before, lead) = match gap.split_once(',') {
                Some(parts) if number > 0 => parts,
                _ => ("", gap),
            };
            if !(braces::is_blank(before) && braces::is_blank(lead)) {
                return None;
            }
            leads.push(lead);
            at = item.span.end;
        }
        let trail = &text[at..list.span.end - 1];
        braces::is_blank(trail).then_some((leads, trail))
    }
}

/// How long the text in quotes is with which this begins; of anything else one character.
fn text_len(rest: &str) -> usize {
    if !rest.starts_with('"') {
        return 1;
    }
    let mut is_escaped = false;
    let end = rest[1..].find(|c| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    end.map_or(rest.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> JsonDocument<'_> {
        JsonDocument::read(text.as_bytes()).expect("it reads")
    }

    fn path(text: &str) -> KeyPath {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn members_change_and_the_rest_stays_byte_for_byte() {
        let vault =
            "\u{feff}{\n  \"a\": 1.0, // of a\n  \"b\": {\"x\": [1], \"y\": 2},\n  \"c\": 3\n}\n";
        let local = "{\"d\":4,\"b\":{\"z\":{\"é\":5},\"x\":[]}}";
        let changes = [
            (path("c"), Change::Remove),
            (path("b.y"), Change::Remove),
            (path("b.z"), Change::Take),
            (path("d"), Change::Take),
            (path("b.x"), Change::Say("[1, 2]".to_owned())),
        ];
        let told = read(vault).changed(&read(local), &changes);
        let told = String::from_utf8(told.expect("it can be changed")).expect("UTF-8");
        let expected = "\u{feff}{\n  \"a\": 1.0, // of a\n  \"b\": {\"x\": [1, 2], \"z\":{\"é\":5}},\n  \"d\":4\n}\n";
        assert_eq!(told, expected);
    }

    #[test]
    fn comments_are_told_from_texts() {
        let text = "// a\n{\"x//\": \"/* \\\" no */\", /* b */ \"y\": [1 // c\n]}";
        assert_eq!(read(text).comments(), ["// a", "/* b */", "// c"]);
    }

    #[test]
    fn a_list_is_written_in_its_own_white_space() {
        let items = |vault: &str, local: &str, items: &[Item]| {
            let (vault, local) = (read(vault), read(local));
            vault.relisted(vault.root(), (&local, local.root()), items)
        };
        let (own, new) = (Item::Own, |text: &str| Item::New(text.to_owned()));
        let told = items("[\n  1,\n  2 ,\n  3\n]", "[]", &[own(1), own(2), new("4")]);
        assert_eq!(told.as_deref(), Some("[\n  2,\n  3,\n  4\n]"));
        let told = items("[1]", "[]", &[own(0), new("2")]);
        assert_eq!(told.as_deref(), Some("[1, 2]"));
        let told = items("[]", "[ 5 ]", &[new("5"), new("6")]);
        assert_eq!(told.as_deref(), Some("[ 5, 6 ]"));
        assert_eq!(items("[ 1 ]", "[]", &[]).as_deref(), Some("[]"));
        for list in ["[1, /* c */ 2]", "[1,]", "[1 // c\n]", "[/* c */]"] {
            assert_eq!(items(list, "[]", &[]), None, "{list}");
        }
    }
}
