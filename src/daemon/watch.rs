//! Hears that something changed here.

use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::{Instant, timeout_at};

use crate::base::HostPath;

use super::log::Log;

/// More often comes in one go: somebody edits a list, or a script adds many tasks.
const QUIET: Duration = Duration::from_secs(1);
/// Who never stops is not waited for.
const LONGEST: Duration = Duration::from_secs(3);

/// An ear for words of other processes. Without one it is deaf, and what changed waits for the schedule.
pub struct Ear {
    socket: Option<UnixDatagram>,
    /// The first and the last word that nobody was told of yet.
    heard: Option<(Instant, Instant)>,
}

impl Ear {
    /// What lies there is of a daemon that was killed: whoever runs holds the lock.
    pub fn open(place: &HostPath, log: &Log<'_>) -> Self {
        std::fs::remove_file(place).ok();
        let socket = UnixDatagram::bind(place.as_path());
        if let Err(fault) = &socket {
            log.warn(&format!(
                "what changes here waits for the schedule: cannot listen at {place}: {fault}"
            ));
        }
        Self {
            socket: socket.ok(),
            heard: None,
        }
    }

    /// Waits until something changed and it is quiet since. Whoever stops to wait in the midst of it
    /// forgets nothing.
    pub async fn heard(&mut self) {
        let Some(socket) = &self.socket else {
            return std::future::pending().await;
        };
        let mut word = [0; 16];
        loop {
            let Some((first, last)) = self.heard else {
                if socket.recv(&mut word).await.is_err() {
                    // What is broken would be so again at once.
                    return std::future::pending().await;
                }
                let now = Instant::now();
                self.heard = Some((now, now));
                continue;
            };
            let end = (first + LONGEST).min(last + QUIET);
            match timeout_at(end, socket.recv(&mut word)).await {
                Ok(Ok(_)) if Instant::now() < first + LONGEST => {
                    self.heard = Some((first, Instant::now()));
                }
                _ => {
                    self.heard = None;
                    return;
                }
            }
        }
    }
}
