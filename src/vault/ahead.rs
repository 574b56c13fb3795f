//! Contents that are read on other threads before they are asked for, in the order in which they will
//! be: while one file waits for the disk, the next ones are inflated and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use crate::base::{HostPath, ObjectId, StoreError};

use super::content::LARGE;
use super::store::{oid, read_object};
use super::{Store, VaultError, pack::Type};

/// For fewer contents no thread is worth its start.
const FEW: usize = 64;
const THREADS: usize = 4;
/// So many bytes and contents at most wait to be asked for.
const BYTES: usize = 8 << 20;
const CONTENTS: usize = 1024;

/// A row of contents, each to be taken once and in its order.
pub struct Ahead {
    row: Arc<Row>,
    threads: Vec<JoinHandle<()>>,
}

struct Row {
    ids: Vec<ObjectId>,
    now: Mutex<Now>,
    /// Something was read, or something was taken.
    moved: Condvar,
}

#[derive(Default)]
struct Now {
    /// The next to be read, and the first that may still be asked for.
    read: usize,
    first: usize,
    ready: BTreeMap<usize, Content>,
    bytes: usize,
    readers: usize,
    stop: bool,
}

impl Ahead {
    /// Begins to read. The store must have all of them by now; what is large is left to be read piece
    /// by piece.
    pub fn begin(store: &Store, ids: Vec<ObjectId>) -> Result<Self, VaultError> {
        let row = Arc::new(Row {
            now: Mutex::default(),
            moved: Condvar::new(),
            ids,
        });
        let mut ahead = Self {
            row,
            threads: Vec::new(),
        };
        if ahead.row.ids.len() < FEW {
            return Ok(ahead);
        }
        let threads = thread::available_parallelism().map_or(1, |many| many.get().min(THREADS));
        let place = HostPath::new(PathBuf::from(&store.path))?;
        for _ in 0..threads {
            // libgit2 shares no repository between threads.
            let store = Store::open(&place)?;
            let row = Arc::clone(&ahead.row);
            row.lock().readers += 1;
            ahead
                .threads
                .push(thread::spawn(move || row.read_all(&store)));
        }
        Ok(ahead)
    }

    /// The next content of the row that is this one, if it was read. Those before it are passed over.
    pub fn take(&self, id: ObjectId) -> Content {
        let mut now = self.row.lock();
        let rest = self.row.ids[now.first..].iter().take(CONTENTS);
        let passed = rest.enumerate().find(|(_, other)| **other == id);
        let Some((passed, _)) = passed.filter(|_| !self.threads.is_empty()) else {
            return Ok(None);
        };
        let number = now.first + passed;
        now.pass_over(number);
        self.row.moved.notify_all();
        loop {
            if let Some(content) = now.ready.remove(&number) {
                now.bytes -= size_of(&content);
                now.first = number + 1;
                self.row.moved.notify_all();
                return content;
            }
            if now.readers == 0 {
                return Ok(None);
            }
            now = self.row.moved.wait(now).expect("no reader panics");
        }
    }
}

type Content = Result<Option<Vec<u8>>, StoreError>;

fn size_of(content: &Content) -> usize {
    content
        .as_ref()
        .map_or(0, |bytes| bytes.as_ref().map_or(0, Vec::len))
}

impl Now {
    fn pass_over(&mut self, number: usize) {
        self.first = number;
        self.read = self.read.max(number);
        let wanted = self.ready.split_off(&number);
        let passed = std::mem::replace(&mut self.ready, wanted);
        self.bytes -= passed.values().map(size_of).sum::<usize>();
    }

    fn add(&mut self, number: usize, content: Content) {
        if number >= self.first {
            self.bytes += size_of(&content);
            self.ready.insert(number, content);
        }
    }

    fn has_room(&self) -> bool {
        let waiting = self.read - self.first;
        waiting == 0 || (self.bytes < BYTES && waiting < CONTENTS)
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.row.lock().stop = true;
        self.row.moved.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

impl Row {
    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().expect("no reader panics")
    }

    fn read_all(&self, store: &Store) {
        while let Some(number) = self.next() {
            let content = read_small(store, self.ids[number]);
            self.lock().add(number, content);
            self.moved.notify_all();
        }
        self.lock().readers -= 1;
        self.moved.notify_all();
    }

    /// The number of the next content to be read, once there is room for it.
    fn next(&self) -> Option<usize> {
        let mut now = self.lock();
        loop {
            if now.stop || now.read == self.ids.len() {
                return None;
            }
            if now.has_room() {
                now.read += 1;
                return Some(now.read - 1);
            }
            now = self.moved.wait(now).expect("no reader panics");
        }
    }
}

fn read_small(store: &Store, id: ObjectId) -> Content {
    let header = store.repo.odb().and_then(|odb| odb.read_header(oid(id)));
    if header.is_ok_and(|(size, _)| size as u64 > LARGE) {
        return Ok(None);
    }
    let found = read_object(&store.repo, id)?;
    super::store::expect_type(id, found, Type::Blob).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Sink;
    use crate::vault::Objects;

    fn stored(count: u32) -> (tempfile::TempDir, Store, Vec<(ObjectId, Vec<u8>)>) {
        let dir = tempfile::tempdir().expect("a temp dir");
        let place = HostPath::new(dir.path().join("vault.git")).expect("absolute");
        let store = Store::open(&place).expect("created");
        let mut objects = Objects::new(&store);
        let mut all = Vec::new();
        for number in 0..count {
            let bytes = number.to_le_bytes().repeat(number as usize % 50_000);
            all.push((objects.put_blob(&bytes).expect("stored"), bytes));
        }
        let large = vec![7; 3 << 20];
        all.push((objects.put_blob(&large).expect("stored"), large));
        objects.flush().expect("written");
        (dir, store, all)
    }

    #[test]
    fn every_content_comes_in_its_order_and_a_large_one_is_left() {
        let (_dir, store, all) = stored(3_000);
        let ids = all.iter().map(|(id, _)| *id).collect();
        let ahead = Ahead::begin(&store, ids).expect("begun");
        for (id, bytes) in &all {
            let taken = ahead.take(*id).expect("read");
            assert_eq!(taken.is_some(), bytes.len() as u64 <= LARGE);
            assert!(taken.is_none_or(|taken| taken == *bytes));
        }
        assert!(ahead.take(all[0].0).expect("read").is_none(), "all taken");
    }

    #[test]
    fn who_asks_for_another_one_is_left_to_read_it_and_nobody_waits_for_ever() {
        let (_dir, store, all) = stored(200);
        let missing = ObjectId::from_bytes([9; 20]);
        let mut ids: Vec<_> = all.iter().map(|(id, _)| *id).collect();
        ids[1] = missing;
        let ahead = Ahead::begin(&store, ids).expect("begun");
        assert!(ahead.take(all[1].0).expect("not in the row").is_none());
        assert!(ahead.take(all[0].0).expect("read").is_some());
        assert!(ahead.take(missing).is_err());
        assert!(ahead.take(all[70].0).expect("read").is_some());
        assert!(ahead.take(all[2].0).expect("passed over").is_none());
        // Most of them are never asked for.
        assert!(ahead.take(all[71].0).expect("read").is_some());
    }

    #[test]
    fn few_contents_are_left_to_who_wants_them() {
        let (_dir, store, all) = stored(3);
        let ids = all.iter().map(|(id, _)| *id).collect();
        let ahead = Ahead::begin(&store, ids).expect("begun");
        assert!(ahead.take(all[0].0).expect("no fault").is_none());
    }
}
