//! A word to the daemon that something changed here. Where none listens nothing is lost: what changed is
//! found by the next push, whoever starts it.

use std::os::unix::net::UnixDatagram;

use super::Session;

/// Waits for nothing, and cannot fail.
pub fn wake(session: &Session<'_>) {
    let Ok(socket) = UnixDatagram::unbound() else {
        return;
    };
    if socket.set_nonblocking(true).is_ok() {
        let place = session.places.daemon_socket();
        socket.send_to(b"changed\n", place.as_path()).ok();
    }
}
