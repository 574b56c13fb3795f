//! Whether two texts say the same.

use std::collections::HashMap;

use super::overlay::Drops;
use super::parse::{Json, Member, Node, Shape, parse};

/// Whether two documents differ in white space, key order or the spelling of strings at most.
/// Numbers count as written. What does not parse is the same as itself alone.
#[must_use]
pub fn same_value(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return true;
    }
    match (parse(a), parse(b)) {
        (Ok(a), Ok(b)) => same_node((&a, &a.root), (&b, &b.root), None),
        _ => false,
    }
}

/// Compares two values; members of the second that `without` names count as not there.
pub(super) fn same_node(
    (a_doc, a): (&Json<'_>, &Node<'_>),
    (b_doc, b): (&Json<'_>, &Node<'_>),
    without: Option<&Drops<'_>>,
) -> bool {
    match (&a.shape, &b.shape) {
        (Shape::Null, Shape::Null) => true,
        (Shape::Bool(a), Shape::Bool(b)) => a == b,
        (Shape::Number(a), Shape::Number(b)) => a == b,
        (
            Shape::Text {
                text: a_text,
                exact: true,
            },
            Shape::Text {
                text: b_text,
                exact: true,
            },
        ) => a_text == b_text,
        (Shape::Text { exact: false, .. }, Shape::Text { exact: false, .. }) => {
            a_doc.text[a.span.clone()] == b_doc.text[b.span.clone()]
        }
        (Shape::List(a), Shape::List(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).enumerate().all(|(index, (a, b))| {
                    let below = without.and_then(|drops| drops.item(index));
                    same_node((a_doc, a), (b_doc, b), below)
                })
        }
        (Shape::Object(a), Shape::Object(b)) => same_members((a_doc, a), (b_doc, b), without),
        _ => false,
    }
}

fn same_members(
    (a_doc, a): (&Json<'_>, &[Member<'_>]),
    (b_doc, b): (&Json<'_>, &[Member<'_>]),
    without: Option<&Drops<'_>>,
) -> bool {
    let below = |key: &str| without.and_then(|drops| drops.key(key));
    let kept: HashMap<&str, &Member<'_>> = b
        .iter()
        .filter(|member| !below(&member.key).is_some_and(|drops| drops.here))
        .map(|member| (&*member.key, member))
        .collect();
    a.len() == kept.len()
        && a.iter().all(|member| {
            kept.get(&*member.key).is_some_and(|other| {
                let drops = below(&member.key);
                same_node((a_doc, &member.value), (b_doc, &other.value), drops)
            })
        })
}
