//! Where a push is said to: into memory while it is short, else into a pipe whose other end is sent.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// A request of this size goes with its length; a longer one is not held, and goes in pieces.
pub const MOST_HELD: usize = 1 << 20;

/// Takes what is said, and begins to send it when it becomes long.
pub struct Outlet<B> {
    held: Vec<u8>,
    pipe: Option<PipeWriter>,
    begin: B,
    /// The other end takes nothing more: not this machine is at fault.
    broke: bool,
}

impl<B: FnMut() -> io::Result<PipeWriter>> Outlet<B> {
    /// `begin` gives the pipe of one that became long.
    pub const fn new(begin: B) -> Self {
        Self {
            held: Vec::new(),
            pipe: None,
            begin,
            broke: false,
        }
    }

    pub const fn broke(&self) -> bool {
        self.broke
    }

    /// All was said: what was not sent, where it stayed short.
    pub fn end(self) -> Option<Vec<u8>> {
        self.pipe.is_none().then_some(self.held)
    }
}

impl<B: FnMut() -> io::Result<PipeWriter>> Write for Outlet<B> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(pipe) = &mut self.pipe {
            let put = pipe.write(bytes);
            self.broke |= put.is_err();
            return put;
        }
        if self.held.len() + bytes.len() <= MOST_HELD {
            self.held.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        let pipe = self.pipe.insert((self.begin)()?);
        let held = std::mem::take(&mut self.held);
        let put = pipe.write_all(&held).and_then(|()| pipe.write(bytes));
        self.broke |= put.is_err();
        put
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The other end. What was cut off on this machine does not look whole to the server.
pub struct Inlet<'a> {
    pub pipe: PipeReader,
    pub was_cut: &'a AtomicBool,
}

impl Read for Inlet<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.pipe.read(buffer)?;
        if got == 0 && self.was_cut.load(Ordering::Acquire) {
            return Err(io::Error::other("what was to be sent broke off"));
        }
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_short_is_held_and_what_is_long_goes_through_the_pipe() {
        let mut outlet = Outlet::new(|| Err(io::ErrorKind::Other.into()));
        outlet.write_all(&vec![1; MOST_HELD]).expect("it fits");
        assert_eq!(outlet.end().map(|held| held.len()), Some(MOST_HELD));

        let (mut reader, writer) = io::pipe().expect("a pipe");
        let listening = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).expect("read");
            all
        });
        let mut writer = Some(writer);
        let mut outlet = Outlet::new(|| writer.take().ok_or(io::ErrorKind::Other.into()));
        for part in 0..30_u8 {
            outlet.write_all(&vec![part; 50_000]).expect("sent");
        }
        assert_eq!(outlet.end(), None);
        let all = listening.join().expect("it lives");
        assert!(
            all.chunks(50_000)
                .zip(0..30)
                .all(|(chunk, part)| chunk.iter().all(|byte| *byte == part))
        );
        assert_eq!(all.len(), 1_500_000);
    }

    #[test]
    fn what_was_cut_off_has_no_end() {
        for was_cut in [false, true] {
            let (pipe, mut writer) = io::pipe().expect("a pipe");
            let was_cut = AtomicBool::new(was_cut);
            writer.write_all(b"some").expect("written");
            drop(writer);
            let mut inlet = Inlet {
                pipe,
                was_cut: &was_cut,
            };
            let read = inlet.read_to_end(&mut Vec::new());
            assert_eq!(read.is_err(), was_cut.load(Ordering::Acquire));
        }
    }
}
