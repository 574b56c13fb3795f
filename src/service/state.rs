//! What the service manager says of the service.

use std::path::PathBuf;

use serde::Serialize;

use super::Way;

/// How the service stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// How it is installed; nothing where it is not.
    pub way: Option<Way>,
    pub files: Vec<PathBuf>,
    /// The files say what would be written now: program, home, directories.
    pub current: bool,
    /// It comes again with the next login.
    pub enabled: bool,
    /// It is at work, or waits for its time.
    pub active: bool,
}

impl State {
    /// What is wrong with one that is installed. Where something runs it need not be at work.
    #[must_use]
    pub fn faults(&self, is_running: bool) -> Vec<&'static str> {
        let faults = [
            (!self.active && !is_running, "not at work"),
            (!self.enabled, "not started at login"),
            (!self.current, "its files are not what they should be"),
        ];
        let faults = faults.into_iter().filter(|(is, _)| *is);
        faults.map(|(_, fault)| fault).collect()
    }
}
