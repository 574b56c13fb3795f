//! JSON merges by key, recursively; the vault's formatting, order and comments stay.

use std::collections::HashMap;

use crate::doc::{Change, Format, JsonDocument, KeyPath, Node, Shape};

use super::lists::{self, Sides, is_same};
use super::{Contents, ListRule};

/// Nothing where both sides say different things under one key, one cannot be read, or a comment that
/// somebody wrote would be lost.
pub fn merge(contents: Contents<'_>, rules: &[ListRule]) -> Option<Vec<u8>> {
    let Contents { base, local, vault } = contents;
    let base = base.map(JsonDocument::read).transpose().ok()?;
    let sides = Sides {
        base: base.as_ref(),
        local: &JsonDocument::read(local).ok()?,
        vault: &JsonDocument::read(vault).ok()?,
    };
    let merged = merge_documents(&sides, rules, &[])?;
    let is_looser = Format::Json.is_strict_json(vault) && !Format::Json.is_strict_json(&merged);
    (!is_looser && keeps_comments(&sides, &merged)).then_some(merged)
}

/// The same of documents that may lie in others, below this path.
pub fn merge_documents(
    sides: &Sides<'_, '_, JsonDocument<'_>>,
    rules: &[ListRule],
    path: &[String],
) -> Option<Vec<u8>> {
    let mut deciding = Deciding {
        documents: sides,
        rules,
        above: path,
        path: KeyPath::new(),
        changes: Vec::new(),
    };
    let base = sides.base.map(JsonDocument::root);
    deciding.objects(base, sides.local.root(), sides.vault.root())?;
    let changed = sides.vault.changed(sides.local, &deciding.changes);
    changed.ok()
}

/// Whether what a side has to say beyond the base is in what came out.
fn keeps_comments(sides: &Sides<'_, '_, JsonDocument<'_>>, merged: &[u8]) -> bool {
    let Ok(merged) = JsonDocument::read(merged) else {
        return false;
    };
    let base = sides.base.map_or_else(HashMap::new, count_comments);
    let merged = count_comments(&merged);
    let many = |counts: &HashMap<&str, usize>, comment| counts.get(comment).copied().unwrap_or(0);
    let is_kept = |document| {
        let mut counts = count_comments(document).into_iter();
        counts.all(|(comment, count)| {
            count <= many(&base, comment) || count <= many(&merged, comment)
        })
    };
    is_kept(sides.local) && is_kept(sides.vault)
}

fn count_comments<'t>(document: &JsonDocument<'t>) -> HashMap<&'t str, usize> {
    let mut counts = HashMap::new();
    for comment in document.comments() {
        *counts.entry(comment).or_default() += 1;
    }
    counts
}

struct Deciding<'d> {
    documents: &'d Sides<'d, 'd, JsonDocument<'d>>,
    rules: &'d [ListRule],
    above: &'d [String],
    path: KeyPath,
    changes: Vec<(KeyPath, Change)>,
}

impl Deciding<'_> {
    fn objects(
        &mut self,
        base: Option<&Node<'_>>,
        local: &Node<'_>,
        vault: &Node<'_>,
    ) -> Option<()> {
        let (Shape::Object(_), Shape::Object(_)) = (&local.shape, &vault.shape) else {
            return None;
        };
        let [was, ours, theirs] = [base, Some(local), Some(vault)].map(members);
        let new = local.members().iter().map(|member| &*member.key);
        let new = new.filter(|key| !theirs.contains_key(key));
        let keys = vault.members().iter().map(|member| &*member.key).chain(new);
        for key in keys {
            self.path.push(key.to_owned());
            let side = |members: &HashMap<&str, _>| members.get(key).copied();
            self.member(side(&was), side(&ours), side(&theirs))?;
            self.path.pop();
        }
        Some(())
    }

    fn member(
        &mut self,
        base: Option<&Node<'_>>,
        local: Option<&Node<'_>>,
        vault: Option<&Node<'_>>,
    ) -> Option<()> {
        if is_same(local, vault) || is_same(base, local) {
            return Some(());
        }
        if is_same(base, vault) {
            let change = local.map_or(Change::Remove, |_| Change::Take);
            self.changes.push((self.path.clone(), change));
            return Some(());
        }
        // Gone on one side and changed on the other is nobody's to decide here.
        let (local, vault) = (local?, vault?);
        if matches!(local.shape, Shape::Object(_)) {
            return self.objects(base, local, vault);
        }
        let path: Vec<String> = self.above.iter().chain(&self.path).cloned().collect();
        let parts: Vec<&str> = path.iter().map(String::as_str).collect();
        let rule = self.rules.iter().rfind(|rule| rule.key.matches(&parts))?;
        let listed = lists::merge(
            self.documents,
            &Sides { base, local, vault },
            rule,
            &|sides| {
                merge_documents(
                    sides,
                    self.rules,
                    &[path.as_slice(), &["*".to_owned()]].concat(),
                )
            },
        )?;
        self.changes.push((self.path.clone(), Change::Say(listed)));
        Some(())
    }
}

fn members<'n>(node: Option<&'n Node<'n>>) -> HashMap<&'n str, &'n Node<'n>> {
    let members = node.into_iter().flat_map(Node::members);
    members
        .map(|member| (&*member.key, &member.value))
        .collect()
}
