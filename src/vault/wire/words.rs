//! What the other side says to people.

/// As much of it is kept: its end.
const MOST: usize = 4_096;

/// Collects it piece by piece.
#[derive(Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
}

impl Words {
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        let excess = self.bytes.len().saturating_sub(MOST);
        self.bytes.drain(..excess);
    }

    pub fn printable(&self) -> String {
        printable(&self.bytes)
    }
}

/// A server's talk, safe for a terminal, as one line.
pub fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.split(['\n', '\r']).map(|line| {
        let line = line.trim_end().trim_start_matches("remote: ");
        line.chars().filter(|c| !c.is_control()).collect::<String>()
    });
    let lines: Vec<String> = lines.filter(|line| !line.trim().is_empty()).collect();
    lines.join("; ")
}
