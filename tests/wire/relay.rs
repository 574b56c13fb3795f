//! Something between a machine and its server: it listens in, holds things up, and leads where it is told.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Where it falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    Never,
    /// Before the first word.
    AtOnce,
    /// It does not pass on a question that has this.
    AtQuestion(&'static str),
    /// It passes on the question, and so much of the answer.
    InAnswer(&'static str, usize),
}

struct State {
    silence: Silence,
    asked: String,
    calls: usize,
}

type Shared = Arc<Mutex<State>>;

/// It lives as long as the test's process.
pub struct Relay {
    pub port: u16,
    state: Shared,
}

impl Relay {
    /// Passes everything on to a port of this machine.
    pub fn to(port: u16) -> Self {
        Self::start(move |client, state| pass_on(client, port, state))
    }

    /// Leads wherever `CONNECT` says, but always to this machine.
    pub fn proxy() -> Self {
        Self::start(|mut client, state| {
            let mut asked = Vec::new();
            let mut byte = [0];
            while !asked.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|n| n == 1) {
                asked.push(byte[0]);
            }
            let asked = String::from_utf8_lossy(&asked).into_owned();
            state.lock().expect("alive").asked.push_str(&asked);
            is_silent_at_once(state);
            let target = asked.split_whitespace().nth(1).unwrap_or_default();
            let port = target.rsplit(':').next().and_then(|port| port.parse().ok());
            if let Some(port) = port.filter(|_| asked.starts_with("CONNECT ")) {
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok();
                pass_on(client, port, state);
            }
        })
    }

    /// Says the same to everybody, and closes.
    pub fn that_says(answer: &'static str) -> Self {
        Self::start(move |mut client, _| {
            let mut asked = [0; 4096];
            if client.read(&mut asked).is_ok_and(|got| got > 0) {
                client.write_all(answer.as_bytes()).ok();
            }
        })
    }

    fn start(serve: impl Fn(TcpStream, &Shared) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Shared::new(Mutex::new(State {
            silence: Silence::Never,
            asked: String::new(),
            calls: 0,
        }));
        let (shared, serve) = (Arc::clone(&state), Arc::new(serve));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                shared.lock().expect("alive").calls += 1;
                let (state, serve) = (Arc::clone(&shared), Arc::clone(&serve));
                thread::spawn(move || serve(client, &state));
            }
        });
        Self { port, state }
    }

    pub fn falls_silent(&self, silence: Silence) {
        self.state.lock().expect("alive").silence = silence;
    }

    /// What it was asked as a proxy.
    pub fn log(&self) -> String {
        self.state.lock().expect("alive").asked.clone()
    }

    /// How often somebody connected.
    pub fn calls(&self) -> usize {
        self.state.lock().expect("alive").calls
    }
}

fn is_silent_at_once(state: &Shared) {
    if state.lock().expect("alive").silence == Silence::AtOnce {
        wait_for_the_end();
    }
}

fn pass_on(mut client: TcpStream, port: u16, state: &Shared) {
    is_silent_at_once(state);
    let mut server = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let (mut answers, mut answered) = (
        server.try_clone().expect("a socket"),
        client.try_clone().expect("a socket"),
    );
    let left = Arc::new(Mutex::new(usize::MAX));
    let limit = Arc::clone(&left);
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(got @ 1..) = answers.read(&mut buffer) {
            let mut left = limit.lock().expect("alive");
            let some = got.min(*left);
            *left = left.saturating_sub(some);
            drop(left);
            if answered.write_all(&buffer[..some]).is_err() {
                break;
            }
            if some < got {
                wait_for_the_end();
            }
        }
        answered.shutdown(Shutdown::Write).ok();
    });
    let mut buffer = [0; 16 * 1024];
    while let Ok(got @ 1..) = client.read(&mut buffer) {
        let said = String::from_utf8_lossy(&buffer[..got]);
        let silence = state.lock().expect("alive").silence;
        match silence {
            Silence::AtOnce => wait_for_the_end(),
            Silence::AtQuestion(text) if said.contains(text) => wait_for_the_end(),
            Silence::InAnswer(text, some) if said.contains(text) => {
                *left.lock().expect("alive") = some;
            }
            _ => {}
        }
        if server.write_all(&buffer[..got]).is_err() {
            break;
        }
    }
    server.shutdown(Shutdown::Write).ok();
}

/// The socket stays open, and nothing comes.
fn wait_for_the_end() {
    thread::sleep(Duration::from_mins(5));
}
