//! The gate, and a count of what it was shown.

use std::cell::RefCell;
use std::io::{self, Read};

use crate::base::{Finding, Gate, Tally, Tell, VaultPath};

pub struct Counting<'a> {
    gate: &'a dyn Gate,
    tally: Tally<'a>,
    last: RefCell<VaultPath>,
}

impl<'a> Counting<'a> {
    pub fn new(gate: &'a dyn Gate, tell: Tell<'a>) -> Self {
        Self {
            gate,
            tally: Tally::new(None, tell),
            last: RefCell::new(VaultPath::root()),
        }
    }
}

impl Gate for Counting<'_> {
    fn inspect(&self, path: &VaultPath, content: &mut dyn Read) -> io::Result<Vec<Finding>> {
        // A path is shown by its name, and then by its content.
        let is_next = *self.last.borrow() != *path;
        if is_next {
            self.last.replace(path.clone());
        }
        let mut size = 0;
        let found = self.gate.inspect(
            path,
            &mut Measured {
                content,
                size: &mut size,
            },
        );
        if is_next {
            self.tally.one(size);
        } else {
            self.tally.piece(size);
        }
        found
    }
}

struct Measured<'a> {
    content: &'a mut dyn Read,
    size: &'a mut u64,
}

impl Read for Measured<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(into)?;
        *self.size += read as u64;
        Ok(read)
    }
}
