//! Entries of our own packs, copied as they lie there: to compress them again takes twenty times as long.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use crate::base::ObjectId;

use super::old_pack::OldPack;
use super::packed::indexes;

/// For fewer objects the indexes are not worth being read.
const FEW: usize = 64;

#[derive(Default)]
pub struct Copies {
    packs: Vec<OldPack>,
    /// The pack of each object, and which entry of it that is.
    places: HashMap<ObjectId, (usize, usize)>,
}

impl Copies {
    /// Looks for objects in the packs below `objects`. A pack that cannot be read has none of them.
    pub fn of(objects: &Path, ids: &[ObjectId]) -> io::Result<Self> {
        let mut copies = Self::default();
        if ids.len() < FEW {
            return Ok(copies);
        }
        let wanted: HashSet<_> = ids.iter().collect();
        for path in indexes(objects)? {
            let (Some(dir), Some(name)) = (path.parent(), path.file_stem()) else {
                continue;
            };
            let Ok(pack) = OldPack::open(dir, &name.to_string_lossy()) else {
                continue;
            };
            for (number, entry) in pack.entries.iter().enumerate() {
                if wanted.contains(&entry.id) {
                    copies.places.insert(entry.id, (copies.packs.len(), number));
                }
            }
            copies.packs.push(pack);
        }
        Ok(copies)
    }

    /// Hands on the entry of an object; false where there is none that tells it as a whole.
    pub fn copy(
        &self,
        id: ObjectId,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        match self.places.get(&id) {
            Some((pack, number)) => {
                let pack = &self.packs[*pack];
                pack.copy_whole(&pack.entries[*number], take)
            }
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::base::{HostPath, Sink};
    use crate::vault::pack::{Encoder, Type};
    use crate::vault::{Objects, Store};

    fn content(number: usize) -> Vec<u8> {
        format!("content {number}\n").repeat(30).into_bytes()
    }

    fn stored() -> (tempfile::TempDir, Store, Vec<ObjectId>) {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("a store");
        let mut objects = Objects::new(&store);
        let ids = (0..FEW).map(|number| objects.put_blob(&content(number)).expect("stored"));
        let ids = ids.collect();
        objects.flush().expect("stored");
        drop(objects);
        (dir, store, ids)
    }

    fn copy(from: &Copies, id: ObjectId) -> io::Result<Option<Vec<u8>>> {
        let mut raw = Vec::new();
        let copied = from.copy(id, &mut |piece| {
            raw.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(copied.then_some(raw))
    }

    #[test]
    fn an_entry_is_copied_as_it_was_written() {
        let (_dir, store, ids) = stored();
        let copies = Copies::of(&store.path.join("objects"), &ids).expect("read");
        for (number, id) in ids.iter().enumerate() {
            let mut wanted = Vec::new();
            Encoder::new().entry(Type::Blob, &content(number), &mut wanted);
            assert_eq!(copy(&copies, *id).expect("read"), Some(wanted));
        }
        let other = ObjectId::from_bytes([7; 20]);
        assert_eq!(copy(&copies, other).expect("nothing"), None);
        let few = Copies::of(&store.path.join("objects"), &ids[1..]).expect("read");
        assert_eq!(copy(&few, ids[1]).expect("nothing"), None);
    }

    #[test]
    fn what_is_damaged_is_no_copy() {
        let (_dir, store, ids) = stored();
        let objects = store.path.join("objects");
        let pack = indexes(&objects).expect("listed")[0].with_extension("pack");
        let mut mode = fs::metadata(&pack).expect("there").permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o600);
        fs::set_permissions(&pack, mode).expect("open");
        let file = File::options()
            .read(true)
            .write(true)
            .open(&pack)
            .expect("open");
        let mut byte = [0];
        file.read_exact_at(&mut byte, 30).expect("read");
        file.write_all_at(&[!byte[0]], 30).expect("written");
        let copies = Copies::of(&objects, &ids).expect("read");
        let all: Vec<_> = ids.iter().map(|id| copy(&copies, *id)).collect();
        assert_eq!(all.iter().filter(|copied| copied.is_err()).count(), 1);
    }
}
