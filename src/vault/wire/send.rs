//! Which objects the remote lacks, and the pack that carries them.

use std::collections::{HashMap, HashSet};
use std::io::{BufWriter, Write};

use crate::base::{Kind, ObjectId, StoreError, Tally, Tell};
use crate::vault::commit::by_name;
use crate::vault::pack::{Encoder, PackStream, Type};
use crate::vault::{Objects, VaultError, tree};

/// Every object that leads to `to` and that somebody who has `from` does not need.
/// What a rename brings up again may be in it twice over the years; never does it lack one.
pub fn missing(
    objects: &Objects<'_>,
    from: Option<ObjectId>,
    to: ObjectId,
) -> Result<Vec<ObjectId>, VaultError> {
    let store = objects.store();
    let mut wanted = Wanted {
        objects,
        seen: HashSet::new(),
        list: Vec::new(),
    };
    let mut commits = store.commits(to, from)?;
    commits.reverse();
    for id in commits {
        let info = store.commit_info(id)?;
        let before = match info.parents.first() {
            Some(parent) => Some(store.tree_of(*parent)?),
            None => None,
        };
        wanted.list.push(id);
        wanted.trees(before, info.tree)?;
    }
    Ok(wanted.list)
}

struct Wanted<'a, 's> {
    objects: &'a Objects<'s>,
    seen: HashSet<ObjectId>,
    list: Vec<ObjectId>,
}

impl Wanted<'_, '_> {
    fn trees(&mut self, before: Option<ObjectId>, after: ObjectId) -> Result<(), VaultError> {
        let mut open = vec![(before, after)];
        while let Some((before, after)) = open.pop() {
            if before == Some(after) || !self.seen.insert(after) {
                continue;
            }
            self.list.push(after);
            let old = match before {
                Some(id) => by_name(self.entries(id)?),
                None => HashMap::new(),
            };
            for entry in self.entries(after)? {
                let was = old.get(&entry.name).map(|was| was.id);
                match entry.kind {
                    Kind::Tree => open.push((was, entry.id)),
                    Kind::Foreign => {}
                    _ => {
                        if was != Some(entry.id) && self.seen.insert(entry.id) {
                            self.list.push(entry.id);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn entries(&self, id: ObjectId) -> Result<Vec<crate::base::TreeEntry>, VaultError> {
        let (kind, bytes) = self.objects.read(id)?;
        // A file that became a directory has no entries to compare with.
        if kind == Type::Tree {
            Ok(tree::decode(id, &bytes)?)
        } else {
            Ok(Vec::new())
        }
    }
}

/// Streams the pack; `tell` is told of each piece, which is also a sign of life.
pub fn write_pack(
    objects: &Objects<'_>,
    ids: &[ObjectId],
    out: impl Write,
    tell: Tell<'_>,
) -> Result<(), StoreError> {
    let failed = |fault: std::io::Error| StoreError::Failed(Box::new(fault));
    let tally = Tally::new(Some(ids.len() as u64), tell);
    let mut encoder = Encoder::new();
    let copies = objects.copies(ids)?;
    let mut stream =
        PackStream::begin(BufWriter::with_capacity(64 * 1024, out), ids.len()).map_err(failed)?;
    for id in ids {
        objects.copy_entry(*id, (&copies, &mut encoder), &mut |raw| {
            tally.piece(raw.len() as u64);
            stream.write(raw)
        })?;
        tally.one(0);
    }
    stream.finish().map(drop).map_err(failed)
}
