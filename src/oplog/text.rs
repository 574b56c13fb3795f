//! A long text that several changed at once is shown merged, where their changes stand apart.

use std::collections::BTreeSet;

use crate::layout::OpId;

use super::op::{Content, Op};
use super::past::Past;
use super::thing::{Thing, Write};

/// How texts are read and merged: oplog knows neither where long ones are nor how lines are compared.
pub struct TextMerge<'a> {
    /// The text of a content; nothing where it is none, or is not at hand.
    pub read: &'a dyn Fn(&Content) -> Option<String>,
    /// A base and two sides, which have equal rights; nothing where they do not merge.
    pub three_way: &'a dyn Fn(&str, &str, &str) -> Option<String>,
}

impl TextMerge<'_> {
    /// The one text that is shown for a field, of all that is live in it; nothing where people have to
    /// choose. `ops` are all those on the thing. It depends on them alone: the oldest are merged first,
    /// as the rank of the writes has them, whenever they arrived.
    ///
    /// The base of two texts is the last one that both come from, through however many edits. There has
    /// to be one such op, behind which all else is that they have in common: with an older base, what
    /// one side took back would look like nothing, and the other side's text would bring it in again.
    /// So there is no merge where two ops qualify, nor where a name leads to an op that is not there and
    /// not behind the base: nobody knows what that came from. Nor is there one without a common base: two
    /// who began apart have written two texts.
    #[must_use]
    pub fn shown(&self, thing: &Thing, field: &str, ops: &[Op]) -> Option<String> {
        let past = Past::of(ops, field);
        let mut live: Vec<(&Write, &Content)> = thing
            .field(field)
            .filter_map(|write| Some((write, write.value()?)))
            .collect();
        live.sort_by(|(one, _), (other, _)| one.rank().cmp(&other.rank()));
        let mut sides = live.into_iter().map(|(write, content)| {
            Some(Side {
                text: (self.read)(content)?,
                comes_from: past.behind(write.id),
            })
        });
        let first = sides.next()??;
        let merged = sides.try_fold(first, |one, other| self.both(one, &other?, &past))?;
        Some(merged.text)
    }

    fn both(&self, one: Side, other: &Side, past: &Past<'_>) -> Option<Side> {
        let text = if one.text == other.text {
            one.text
        } else {
            let base = (self.read)(past.base(&one.comes_from, &other.comes_from)?)?;
            (self.three_way)(&base, &one.text, &other.text)?
        };
        Some(Side {
            text,
            comes_from: &one.comes_from | &other.comes_from,
        })
    }
}

/// A text, and the ops that it comes from, its own among them.
struct Side {
    text: String,
    comes_from: BTreeSet<OpId>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::kit::{self, taken_in};
    use super::super::{Act, Memory};
    use super::*;

    /// An edit of the description: its number, its text, the edits that it names.
    type Told<'a> = (u8, &'a str, &'a [u8]);

    fn edit((number, text, names): Told<'_>) -> Op {
        Op {
            act: Act::Set {
                field: "description".to_owned(),
                content: Content::Plain(json!(text)),
            },
            ..kit::set(number, 0, names)
        }
    }

    fn read(content: &Content) -> Option<String> {
        match content {
            Content::Plain(value) => value.as_str().map(str::to_owned),
            Content::Text(_) => None,
        }
    }

    /// Letters in place of lines, as many on each side: enough to see who changed what.
    fn three_way(base: &str, one: &str, other: &str) -> Option<String> {
        let letters = base.chars().zip(one.chars()).zip(other.chars());
        let merged = letters.map(|((base, one), other)| match (one == base, other == base) {
            (true, _) => Some(other),
            (_, true) => Some(one),
            _ => (one == other).then_some(one),
        });
        let lengths = [base.len(), one.len(), other.len()];
        let is_even = lengths.iter().all(|length| *length == base.len());
        is_even.then(|| merged.collect()).flatten()
    }

    fn shown_of(memory: &Memory) -> Option<String> {
        let ops: Vec<Op> = memory.ops().cloned().collect();
        let (_, thing) = memory.things().next()?;
        let merge = TextMerge {
            read: &read,
            three_way: &three_way,
        };
        merge.shown(thing, "description", &ops)
    }

    fn shown(told: &[Told<'_>]) -> Option<String> {
        let ops: Vec<Op> = told.iter().copied().map(edit).collect();
        shown_of(&taken_in(&ops))
    }

    #[test]
    fn changes_that_stand_apart_are_shown_together() {
        assert_eq!(shown(&[(1, "abc", &[])]).as_deref(), Some("abc"));
        let two: [Told; 3] = [(1, "abc", &[]), (2, "Xbc", &[1]), (3, "abY", &[1])];
        assert_eq!(shown(&two).as_deref(), Some("XbY"));
        let three = [&two[..], &[(4, "aZc", &[1])]].concat();
        assert_eq!(shown(&three).as_deref(), Some("XZY"));
        let contradicted = [&two[..], &[(4, "Zbc", &[1])]].concat();
        assert_eq!(shown(&contradicted), None);
        let settled = [&contradicted[..], &[(5, "new", &[2, 3, 4])]].concat();
        assert_eq!(shown(&settled).as_deref(), Some("new"));
    }

    #[test]
    fn the_base_is_the_last_text_that_both_come_from_through_any_number_of_edits() {
        let chain: [Told; 4] = [
            (1, "abc", &[]),
            (2, "Xbc", &[1]),
            (3, "XYc", &[2]),
            (4, "abZ", &[1]),
        ];
        assert_eq!(shown(&chain).as_deref(), Some("XYZ"));
        // One took back what the other built upon: an older base would not see that.
        let taken_back: [Told; 4] = [
            (1, "abc", &[]),
            (2, "Xbc", &[1]),
            (3, "abc", &[2]),
            (4, "XbZ", &[2]),
        ];
        assert_eq!(shown(&taken_back).as_deref(), Some("abZ"));
        // Of two that are merged one has more in common with the third.
        let nested: [Told; 5] = [
            (1, "abc", &[]),
            (2, "Xbc", &[1]),
            (3, "XYc", &[2]),
            (4, "abZ", &[1]),
            (5, "Wbc", &[2]),
        ];
        assert_eq!(shown(&nested).as_deref(), Some("WYZ"));
    }

    #[test]
    fn nothing_is_merged_where_nobody_knows_what_it_came_from() {
        let apart: [Told; 2] = [(1, "abc", &[]), (2, "abX", &[])];
        assert_eq!(shown(&apart), None);
        let unseen: [Told; 3] = [(1, "abc", &[]), (2, "Xbc", &[1]), (3, "abY", &[1, 9])];
        assert_eq!(shown(&unseen), None, "9 may come from 2, or from 1");
        let unseen_before: [Told; 3] = [(1, "abc", &[9]), (2, "Xbc", &[1]), (3, "abY", &[1])];
        assert_eq!(shown(&unseen_before).as_deref(), Some("XbY"));
        // Both settled the same two, each in his way.
        let crossed: [Told; 5] = [
            (1, "abc", &[]),
            (2, "Xbc", &[1]),
            (3, "abY", &[1]),
            (4, "XbY", &[2, 3]),
            (5, "XZY", &[2, 3]),
        ];
        assert_eq!(shown(&crossed), None);
        let number = Op {
            act: Act::Set {
                field: "description".to_owned(),
                content: Content::Plain(json!(1)),
            },
            ..kit::set(2, 0, &[1])
        };
        let ops = [edit((1, "abc", &[])), number, edit((3, "abX", &[1]))];
        assert_eq!(shown_of(&taken_in(&ops)), None);
    }

    #[test]
    fn equal_texts_are_one() {
        let equal: [Told; 3] = [(1, "abc", &[]), (2, "Xbc", &[1]), (3, "Xbc", &[1])];
        assert_eq!(shown(&equal).as_deref(), Some("Xbc"));
    }

    fn change() -> impl Strategy<Value = (Vec<char>, Vec<u8>)> {
        let letter = prop::sample::select(vec!['a', 'b']);
        let names = prop::collection::vec(0..8_u8, 0..3);
        (prop::collection::vec(letter, 3), names)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_shown_depends_on_the_ops_and_not_on_their_order(
            (ops, shuffled) in prop::collection::vec(change(), 1..8)
                .prop_map(|changes| {
                    let numbered = changes.into_iter().zip(0..);
                    numbered.map(|((text, mut names), number)| {
                        names.retain(|name| *name < number);
                        edit((number, &String::from_iter(text), &names))
                    }).collect::<Vec<Op>>()
                })
                .prop_flat_map(|ops| (Just(ops.clone()), Just(ops).prop_shuffle()))
        ) {
            let (one, other) = (taken_in(&ops), taken_in(&shuffled));
            prop_assert_eq!(shown_of(&one), shown_of(&other));
            let thing = one.things().next().expect("one thing").1;
            let merge = TextMerge { read: &read, three_way: &three_way };
            prop_assert_eq!(merge.shown(thing, "description", &shuffled), shown_of(&one));
        }
    }
}
