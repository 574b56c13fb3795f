//! What the refs of the store lead to.

use std::collections::HashSet;

use git2::{Error, ObjectType, Odb, Oid, Repository};

use crate::base::{Kind, ObjectId};
use crate::vault::store::{object_id, oid};
use crate::vault::tree;

/// Every object that some ref leads to. Where one of them cannot be read there is no answer, and
/// nothing may be taken for forgotten.
pub fn reachable(repo: &Repository, odb: &Odb<'_>) -> Result<HashSet<ObjectId>, Error> {
    let mut found = HashSet::new();
    let mut open: Vec<Oid> = Vec::new();
    for reference in repo.references()? {
        open.push(
            reference?
                .resolve()?
                .target()
                .ok_or_else(|| broken("a ref"))?,
        );
    }
    while let Some(id) = open.pop() {
        if !found.insert(object_id(id)) {
            continue;
        }
        let object = odb.read(id)?;
        match object.kind() {
            ObjectType::Commit => {
                let commit = repo.find_commit(id)?;
                open.push(commit.tree_id());
                open.extend(commit.parent_ids());
            }
            ObjectType::Tree => {
                let entries = tree::decode(object_id(id), object.data());
                for entry in entries.map_err(|_| broken("a tree"))? {
                    match entry.kind {
                        Kind::Tree => open.push(oid(entry.id)),
                        // What is carried along for another repository is not here.
                        Kind::Foreign => {}
                        _ => {
                            found.insert(entry.id);
                        }
                    }
                }
            }
            ObjectType::Tag => open.push(repo.find_tag(id)?.target_id()),
            _ => {}
        }
    }
    Ok(found)
}

fn broken(what: &str) -> Error {
    Error::from_str(&format!("{what} of the store leads nowhere"))
}
