//! The system's own service manager: what is written for it, and what it says of that.
//!
//! *In*: the program, the home it is for, and the way it is to be run. *Out*: unit files, word for word, and
//! whether they are there, loaded and at work. *Never*: what a run does; whoever is started knows that.

mod error;
mod launchd;
mod system;
mod quote;
mod state;
mod systemd;

use std::path::PathBuf;

use serde::Serialize;

pub use error::ServiceError;
pub use state::State;
pub use system::System;

/// How often a timer looks whether something is due, in minutes.
const BEAT: u32 = 10;

/// How holdall is run in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A process that stays.
    Daemon,
    /// A timer that starts one every few minutes: it does what is due, and ends.
    Timer,
}

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub way: Way,
    pub program: PathBuf,
    /// A home of its own; nothing for the usual directories.
    pub home: Option<PathBuf>,
    /// What it finds in its environment: where the programs are that it needs (git, ssh, helpers of
    /// logins), and where its directories are.
    pub vars: Vec<(&'static str, String)>,
}

/// A file for the service manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFile {
    pub name: String,
    pub text: String,
}

impl Wanted {
    /// What is run, word by word.
    fn words(&self) -> Vec<String> {
        let text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let mut words = vec![text(&self.program), "--no-input".to_owned()];
        if let Some(home) = &self.home {
            words.extend(["--home".to_owned(), text(home)]);
        }
        words.extend(["daemon".to_owned(), "run".to_owned()]);
        if self.way == Way::Timer {
            words.push("--once".to_owned());
        }
        words
    }

    /// What it is called. Each home of its own has a service of its own.
    fn name(&self) -> String {
        match &self.home {
            None => "holdall".to_owned(),
            Some(home) => {
                let hash = blake3::hash(home.as_os_str().as_encoded_bytes());
                format!("holdall-{}", &hash.to_hex()[..8])
            }
        }
    }

    /// The line for the table of `cron`, where there is no service manager.
    #[must_use]
    pub fn cron_line(&self) -> String {
        let once = Self {
            way: Way::Timer,
            ..self.clone()
        };
        let words = once.words();
        let words = words.iter().map(|word| quote::shell(word));
        // Cron sends a mail of every word.
        let words: Vec<_> = words.chain(["--quiet".to_owned()]).collect();
        // A per cent sign is the end of a line to cron.
        let words = words.join(" ").replace('%', "\\%");
        format!("*/{BEAT} * * * * {words}")
    }
}

#[cfg(test)]
mod tests;
