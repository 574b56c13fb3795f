//! Contents that are read on other threads before they are asked for, in the order in which they will
//! be: while one file waits for the disk, the next ones are inflated and checked.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use flate2::Decompress;

use crate::base::{HostPath, ObjectId, StoreError};

use super::pack::{LARGE, Type};
use super::packed::Packs;
use super::store::{expect_type, read_object};
use super::{Store, VaultError, content_id, header};

/// For fewer contents no thread is worth its start.
const FEW: usize = 64;
const THREADS: usize = 4;
/// So many bytes and contents at most wait to be asked for.
const BYTES: usize = 8 << 20;
const CONTENTS: usize = 1024;
/// Who waits is woken once so many are ready, not for each.
const BATCH: usize = 32;

/// What was made of a content, ready to be taken. Nothing of one that is too large to be held whole.
pub trait Made: Send + 'static {
    /// How many bytes it holds.
    fn bytes(&self) -> usize;
}

impl Made for Vec<u8> {
    fn bytes(&self) -> usize {
        self.len()
    }
}

type Content<T> = Result<Option<T>, StoreError>;

/// Reads one content, on a thread of its own.
pub type Reader<T> = Box<dyn Fn(ObjectId) -> Content<T> + Send>;

/// A row of contents, each to be taken once and in its order.
pub struct Ahead<T: Made = Vec<u8>> {
    row: Arc<Row<T>>,
    threads: Vec<JoinHandle<()>>,
}

struct Row<T> {
    ids: Vec<ObjectId>,
    now: Mutex<Now<T>>,
    /// There is enough to be taken, or there will be no more.
    ready: Condvar,
    /// There is room for more.
    room: Condvar,
}

struct Now<T> {
    /// The next to be read, and the first that may still be asked for.
    read: usize,
    first: usize,
    ready: BTreeMap<usize, Content<T>>,
    bytes: usize,
    readers: usize,
    /// How many of them wait for room, and whether somebody waits for them.
    waiting: usize,
    is_awaited: bool,
    stop: bool,
}

impl Ahead {
    /// Begins to read out of a store, which must have all of them by now; what is large is left to be
    /// read piece by piece.
    pub fn of_store(store: &Store, ids: Vec<ObjectId>) -> Result<Self, VaultError> {
        let place = HostPath::new(store.path.clone())?;
        let mut packs = None;
        Self::begin(ids, || {
            // libgit2 shares no repository between threads.
            let store = Store::open(&place)?;
            let packs = shared(&mut packs, &store.path);
            let inflate = RefCell::new(Decompress::new(true));
            Ok(Box::new(move |id| {
                let whole = packs.whole(id, &mut inflate.borrow_mut()).ok().flatten();
                match whole.filter(|whole| content_id(&whole.bytes) == id) {
                    Some(whole) => Ok(Some(whole.bytes)),
                    None => read_small(&packs, &store, id),
                }
            }))
        })
    }
}

impl<T: Made> Ahead<T> {
    /// Begins to read, by as many readers as there are processors.
    pub fn begin<E>(
        ids: Vec<ObjectId>,
        mut reader: impl FnMut() -> Result<Reader<T>, E>,
    ) -> Result<Self, E> {
        let many = ids.len();
        let now = Now {
            read: 0,
            first: 0,
            ready: BTreeMap::new(),
            bytes: 0,
            readers: 0,
            waiting: 0,
            is_awaited: false,
            stop: false,
        };
        let row = Row {
            now: Mutex::new(now),
            ready: Condvar::new(),
            room: Condvar::new(),
            ids,
        };
        let mut ahead = Self {
            row: Arc::new(row),
            threads: Vec::new(),
        };
        if many < FEW {
            return Ok(ahead);
        }
        let threads = thread::available_parallelism().map_or(1, |many| many.get().min(THREADS));
        for _ in 0..threads {
            let read = reader()?;
            let row = Arc::clone(&ahead.row);
            row.lock().readers += 1;
            ahead
                .threads
                .push(thread::spawn(move || row.read_all(&read)));
        }
        Ok(ahead)
    }

    /// The next content of the row that is this one, if it was read. Those before it are passed over.
    pub fn take(&self, id: ObjectId) -> Content<T> {
        let mut now = self.row.lock();
        let rest = self.row.ids[now.first..].iter().take(CONTENTS);
        let passed = rest.enumerate().find(|(_, other)| **other == id);
        let Some((passed, _)) = passed.filter(|_| !self.threads.is_empty()) else {
            return Ok(None);
        };
        let number = now.first + passed;
        now.pass_over(number);
        loop {
            if let Some(content) = now.ready.remove(&number) {
                now.bytes -= size_of(&content);
                now.first = number + 1;
                self.row.make_room(&now);
                return content;
            }
            self.row.make_room(&now);
            // It was lost with a reader that panicked: nobody will bring it.
            if now.waiting == now.readers && !now.has_room() {
                return Ok(None);
            }
            now.is_awaited = true;
            now = self
                .row
                .ready
                .wait(now)
                .expect("nobody panics while it is held");
        }
    }
}

fn size_of<T: Made>(content: &Content<T>) -> usize {
    let made = content.as_ref().ok().and_then(Option::as_ref);
    made.map_or(0, Made::bytes)
}

impl<T: Made> Now<T> {
    fn pass_over(&mut self, number: usize) {
        self.first = number;
        self.read = self.read.max(number);
        let wanted = self.ready.split_off(&number);
        let passed = std::mem::replace(&mut self.ready, wanted);
        self.bytes -= passed.values().map(size_of).sum::<usize>();
    }

    fn add(&mut self, number: usize, content: Content<T>) {
        if number >= self.first {
            self.bytes += size_of(&content);
            self.ready.insert(number, content);
        }
    }

    fn has_room(&self) -> bool {
        let begun = self.read - self.first;
        self.readers > 0 && (begun == 0 || (self.bytes < BYTES && begun < CONTENTS))
    }
}

impl<T: Made> Drop for Ahead<T> {
    fn drop(&mut self) {
        self.row.lock().stop = true;
        self.row.room.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().ok();
        }
    }
}

impl<T: Made> Row<T> {
    fn lock(&self) -> MutexGuard<'_, Now<T>> {
        self.now.lock().expect("nobody panics while it is held")
    }

    fn read_all(&self, read: &Reader<T>) {
        let _here = Presence(self);
        while let Some(number) = self.next() {
            let content = read(self.ids[number]);
            let mut now = self.lock();
            now.add(number, content);
            if now.ready.len() >= BATCH {
                self.wake(&mut now);
            }
        }
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
            self.wake(&mut now);
            now.waiting += 1;
            now = self.room.wait(now).expect("nobody panics while it is held");
            now.waiting -= 1;
        }
    }

    /// Who waits for contents looks again.
    fn wake(&self, now: &mut Now<T>) {
        if std::mem::take(&mut now.is_awaited) {
            self.ready.notify_one();
        }
    }

    /// Readers that wait go on, if there is room.
    fn make_room(&self, now: &Now<T>) {
        if now.waiting > 0 && now.has_room() {
            self.room.notify_all();
        }
    }
}

/// A reader at work. However it ends, nobody waits for it any more.
struct Presence<'r, T: Made>(&'r Row<T>);

impl<T: Made> Drop for Presence<'_, T> {
    fn drop(&mut self) {
        let mut now = self.0.lock();
        now.readers -= 1;
        self.0.wake(&mut now);
    }
}

/// The packs of a repository: looked up once for all threads. Where they cannot be read, libgit2
/// says why.
pub fn shared(packs: &mut Option<Arc<Packs>>, repo: &Path) -> Arc<Packs> {
    let open = || Arc::new(Packs::open(&repo.join("objects")).unwrap_or_default());
    Arc::clone(packs.get_or_insert_with(open))
}

/// Whether one of a repository is too large to be held whole.
pub fn is_large(packs: &Packs, repo: &Path, id: ObjectId) -> bool {
    let look = || header::look(&repo.join("objects"), id).ok().flatten();
    let header = packs.header(id).or_else(look);
    header.is_some_and(|(_, size)| size > LARGE)
}

fn read_small(packs: &Packs, store: &Store, id: ObjectId) -> Content<Vec<u8>> {
    if is_large(packs, &store.path, id) {
        return Ok(None);
    }
    expect_type(id, read_object(&store.repo, id)?, Type::Blob).map(Some)
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
        let ahead = Ahead::of_store(&store, ids).expect("begun");
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
        let ahead = Ahead::of_store(&store, ids).expect("begun");
        assert!(ahead.take(all[1].0).expect("not in the row").is_none());
        assert!(ahead.take(all[0].0).expect("read").is_some());
        assert!(ahead.take(missing).is_err());
        assert!(ahead.take(all[70].0).expect("read").is_some());
        assert!(ahead.take(all[2].0).expect("passed over").is_none());
        // Most of them are never asked for.
        assert!(ahead.take(all[71].0).expect("read").is_some());
    }

    #[test]
    fn a_reader_that_panics_keeps_nobody_waiting() {
        let (_dir, _store, all) = stored(3_000);
        let ids: Vec<_> = all.iter().map(|(id, _)| *id).collect();
        let (lost, other) = (ids[40], ids[41]);
        let ahead = Ahead::begin(ids, || {
            Ok::<Reader<Vec<u8>>, VaultError>(Box::new(move |id| {
                assert!(id != lost, "this reader is lost");
                Ok(Some(vec![0; 64 << 10]))
            }))
        });
        let ahead = ahead.expect("begun");
        assert!(ahead.take(lost).expect("no fault").is_none());
        let rest = ahead.take(other).expect("no fault");
        assert!(rest.is_none_or(|rest| rest.len() == 64 << 10));
    }

    #[test]
    fn few_contents_are_left_to_who_wants_them() {
        let (_dir, store, all) = stored(3);
        let ids = all.iter().map(|(id, _)| *id).collect();
        let ahead = Ahead::of_store(&store, ids).expect("begun");
        assert!(ahead.take(all[0].0).expect("no fault").is_none());
    }
}
