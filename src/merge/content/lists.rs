//! Lists of JSON in which each item stands for itself: sets, and objects with a name of their own.

use std::collections::{HashMap, HashSet};

use crate::doc::{Item, JsonDocument, Node, Shape};

use super::ListRule;

/// The three versions of something.
pub struct Sides<'b, 's, T> {
    pub base: Option<&'b T>,
    pub local: &'s T,
    pub vault: &'s T,
}

/// Merges one item that both sides changed.
pub type MergeItem<'m> = &'m dyn Fn(&Sides<'_, '_, JsonDocument<'_>>) -> Option<Vec<u8>>;

/// The text of the merged list: the vault's items in its order, then what is new here. Nothing where
/// an item is a conflict, or the rule does not fit.
pub fn merge(
    documents: &Sides<'_, '_, JsonDocument<'_>>,
    lists: &Sides<'_, '_, Node<'_>>,
    rule: &ListRule,
    merge_item: MergeItem<'_>,
) -> Option<String> {
    let merging = Merging {
        documents,
        base: lists
            .base
            .map_or_else(|| Some(Named::default()), |list| named(list, rule))?,
        local: named(lists.local, rule)?,
        vault: named(lists.vault, rule)?,
    };
    let items = match rule.id {
        None => merging.set(),
        Some(_) => merging.keyed(merge_item)?,
    };
    let local = (documents.local, lists.local);
    documents.vault.relisted(lists.vault, local, &items)
}

/// The items of a list with their names, in its order.
#[derive(Default)]
struct Named<'n> {
    order: Vec<(String, &'n Node<'n>)>,
    by_name: HashMap<String, &'n Node<'n>>,
}

/// Nothing where an item has no name, or two have one that is to be theirs alone.
fn named<'n>(list: &'n Node<'n>, rule: &ListRule) -> Option<Named<'n>> {
    let Shape::List(items) = &list.shape else {
        return None;
    };
    let mut named = Named::default();
    for item in items {
        let name = match &rule.id {
            None => canonical(item),
            Some(id) => canonical(&item.member(id)?.value),
        };
        let before = named.by_name.insert(name.clone(), item);
        if before.is_some() && rule.id.is_some() {
            return None;
        }
        named.order.push((name, item));
    }
    Some(named)
}

struct Merging<'m, 'n> {
    documents: &'m Sides<'m, 'm, JsonDocument<'m>>,
    base: Named<'n>,
    local: Named<'n>,
    vault: Named<'n>,
}

impl Merging<'_, '_> {
    fn set(&self) -> Vec<Item> {
        let has = |side: &Named<'_>, name: &str| side.by_name.contains_key(name);
        let mut items = Vec::new();
        for (index, (name, _)) in self.vault.order.iter().enumerate() {
            if has(&self.local, name) || !has(&self.base, name) {
                items.push(Item::Own(index));
            }
        }
        let mut new = HashSet::new();
        for (name, node) in &self.local.order {
            if !has(&self.vault, name) && !has(&self.base, name) && new.insert(name) {
                items.push(Item::New(self.documents.local.written(node).to_owned()));
            }
        }
        items
    }

    fn keyed(&self, merge_item: MergeItem<'_>) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        for (index, (name, theirs)) in self.vault.order.iter().enumerate() {
            let base = self.base.by_name.get(name).copied();
            let Some(ours) = self.local.by_name.get(name).copied() else {
                match base {
                    None => items.push(Item::Own(index)),
                    Some(base) if base.is_same(theirs) => {}
                    // Gone here, changed there.
                    Some(_) => return None,
                }
                continue;
            };
            items.push(if ours.is_same(theirs) || is_same(base, Some(ours)) {
                Item::Own(index)
            } else if is_same(base, Some(theirs)) {
                Item::Changed(index, self.documents.local.written(ours).to_owned())
            } else {
                Item::Changed(index, self.both(base, ours, theirs, merge_item)?)
            });
        }
        for (name, ours) in &self.local.order {
            if self.vault.by_name.contains_key(name) {
                continue;
            }
            match self.base.by_name.get(name) {
                None => items.push(Item::New(self.documents.local.written(ours).to_owned())),
                Some(base) if base.is_same(ours) => {}
                // Changed here, gone there.
                Some(_) => return None,
            }
        }
        Some(items)
    }

    fn both(
        &self,
        base: Option<&Node<'_>>,
        ours: &Node<'_>,
        theirs: &Node<'_>,
        merge_item: MergeItem<'_>,
    ) -> Option<String> {
        let base = match (self.documents.base, base) {
            (Some(document), Some(base)) => Some(document.written(base)),
            _ => None,
        };
        let base = match base {
            Some(text) => Some(JsonDocument::read(text.as_bytes()).ok()?),
            None => None,
        };
        let local = self.documents.local.written(ours);
        let vault = self.documents.vault.written(theirs);
        let (local, vault) = (
            JsonDocument::read(local.as_bytes()).ok()?,
            JsonDocument::read(vault.as_bytes()).ok()?,
        );
        let merged = merge_item(&Sides {
            base: base.as_ref(),
            local: &local,
            vault: &vault,
        })?;
        String::from_utf8(merged).ok()
    }
}

/// Whether two members say the same, or neither is there.
pub fn is_same(one: Option<&Node<'_>>, other: Option<&Node<'_>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// The same text for values that say the same.
fn canonical(node: &Node<'_>) -> String {
    match &node.shape {
        Shape::Null => "null".to_owned(),
        Shape::Bool(value) => value.to_string(),
        Shape::Number(digits) => (*digits).to_owned(),
        Shape::Text { text } => serde_json::Value::from(&**text).to_string(),
        Shape::Other(written) => written.clone().into_owned(),
        Shape::List(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Shape::Object(members) => {
            let member = |member: &crate::doc::Member<'_>| {
                let key = serde_json::Value::from(&*member.key);
                format!("{key}:{}", canonical(&member.value))
            };
            let mut members: Vec<String> = members.iter().map(member).collect();
            members.sort_unstable();
            format!("{{{}}}", members.join(","))
        }
    }
}
