//! How far a long piece of work is, for whoever wants to see it.

use std::cell::Cell;

/// What is done of a piece of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files or objects.
    pub done: u64,
    /// Out of so many, where that is known.
    pub of: Option<u64>,
    pub bytes: u64,
}

/// Is told after every file, object or piece of one: it has to be quick.
pub type Tell<'a> = &'a dyn Fn(Progress);

/// Counts, and tells.
pub struct Tally<'a> {
    tell: Tell<'a>,
    now: Cell<Progress>,
}

impl<'a> Tally<'a> {
    #[must_use]
    pub const fn new(of: Option<u64>, tell: Tell<'a>) -> Self {
        let now = Cell::new(Progress {
            done: 0,
            of,
            bytes: 0,
        });
        Self { tell, now }
    }

    /// One more, of that size.
    pub fn one(&self, bytes: u64) {
        self.add(1, bytes);
    }

    /// A piece of the next one.
    pub fn piece(&self, bytes: u64) {
        self.add(0, bytes);
    }

    fn add(&self, done: u64, bytes: u64) {
        let mut now = self.now.get();
        now.done += done;
        now.bytes += bytes;
        self.now.set(now);
        (self.tell)(now);
    }
}
