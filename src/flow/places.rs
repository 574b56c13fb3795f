//! Where holdall keeps things on this machine.

use std::path::Path;

use crate::base::{Edges, HostPath};

use super::FlowError;

/// The file in which this machine's id is.
pub const MACHINE_FILE: &str = "this-machine.json";

/// The directories of one holdall home.
#[derive(Clone, Debug)]
pub struct Places {
    pub config_file: HostPath,
    pub data: HostPath,
    pub state: HostPath,
    /// The person's home directory, where the tools' global settings live.
    pub home: HostPath,
}

impl Places {
    /// `--home` or `HOLDALL_HOME` puts everything under one directory; else the XDG directories.
    pub fn find(edges: &Edges, home_flag: Option<&Path>) -> Result<Self, FlowError> {
        let env = &edges.env;
        let home = env.path("HOME").ok_or(FlowError::NoHome)?;
        let home = HostPath::new(home)?;
        if let Some(dir) = Self::one_home(edges, home_flag)? {
            return Ok(Self {
                config_file: dir.join("config.toml"),
                data: dir.join("data"),
                state: dir.join("state"),
                home,
            });
        }
        let under = |name: &str, fallback: &str| match env.path(name) {
            Some(dir) => HostPath::new(dir.join("holdall")),
            None => Ok(home.join(fallback).join("holdall")),
        };
        Ok(Self {
            config_file: under("XDG_CONFIG_HOME", ".config")?.join("config.toml"),
            data: under("XDG_DATA_HOME", ".local/share")?,
            state: under("XDG_STATE_HOME", ".local/state")?,
            home,
        })
    }

    /// The one directory that everything is under, where somebody wants it so.
    pub fn one_home(
        edges: &Edges,
        home_flag: Option<&Path>,
    ) -> Result<Option<HostPath>, FlowError> {
        let env = &edges.env;
        let flag = home_flag.map(|flag| env.cwd.join(flag));
        let dir = flag.or_else(|| env.var("HOLDALL_HOME").map(|dir| env.cwd.join(dir)));
        Ok(dir.map(HostPath::new).transpose()?)
    }

    /// The place of holdall's own that a directory lies in, or has in it.
    #[must_use]
    pub fn met_by(&self, dir: &Path) -> Option<&HostPath> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let dir = real(dir);
        let own = [&self.data, &self.state, &self.config_file];
        own.into_iter().find(|own| {
            let own = real(own.as_path());
            own.starts_with(&dir) || dir.starts_with(&own)
        })
    }

    /// The one directory that has all of it, where one was named.
    #[must_use]
    pub fn one(&self) -> Option<&Path> {
        let dir = self.config_file.as_path().parent()?;
        let is_one = *self.data.as_path() == *dir.join("data")
            && *self.state.as_path() == *dir.join("state");
        is_one.then_some(dir)
    }

    /// This machine's copy of the vault.
    #[must_use]
    pub fn store(&self) -> HostPath {
        self.data.join("vault.git")
    }

    /// Which directory is which project.
    #[must_use]
    pub fn registry(&self) -> HostPath {
        self.data.join("projects.json")
    }

    /// What a person decided about withheld values and no push carried yet.
    #[must_use]
    pub fn secret_decisions(&self) -> HostPath {
        self.data.join("secret-decisions.json")
    }

    /// What a person decided about conflicts and no push carried yet.
    #[must_use]
    pub fn conflict_decisions(&self) -> HostPath {
        self.data.join("conflict-decisions.json")
    }

    /// Which remote was published to last.
    #[must_use]
    pub fn last_remote(&self) -> HostPath {
        self.data.join("last-remote")
    }

    /// The settings as a command wrote them, or a run went well with them, last.
    #[must_use]
    pub fn kept_config(&self) -> HostPath {
        self.data.join("config.toml")
    }

    #[must_use]
    pub fn machine_file(&self) -> HostPath {
        self.data.join(MACHINE_FILE)
    }

    /// The task list.
    #[must_use]
    pub fn tasks(&self) -> HostPath {
        self.data.join("tasks.db")
    }

    #[must_use]
    pub fn run_lock(&self) -> HostPath {
        self.data.join("run.lock")
    }

    /// What is known of one project's or tool's files.
    #[must_use]
    pub fn stat_cache(&self, key: &str) -> HostPath {
        self.seen().join(key)
    }

    #[must_use]
    pub fn seen(&self) -> HostPath {
        self.state.join("seen")
    }

    /// The same of projects that a machine had before it was connected anew.
    #[must_use]
    pub fn seen_before(&self) -> HostPath {
        self.state.join("seen.before")
    }

    /// Since when no pull comes by itself.
    #[must_use]
    pub fn pause(&self) -> HostPath {
        self.state.join("pulls-paused")
    }

    /// Held as long as a daemon runs for this home.
    #[must_use]
    pub fn daemon_lock(&self) -> HostPath {
        self.state.join("daemon.lock")
    }

    /// Where the daemon hears that something changed.
    #[must_use]
    pub fn daemon_socket(&self) -> HostPath {
        self.state.join("daemon.sock")
    }

    /// When a timer, or cron, last looked whether something is due.
    #[must_use]
    pub fn looked(&self) -> HostPath {
        self.state.join("looked")
    }

    /// What the daemon wrote down of its days.
    #[must_use]
    pub fn logs(&self) -> HostPath {
        self.state.join("logs")
    }

    /// When a person was last told unasked that a push is overdue.
    #[must_use]
    pub fn reminded(&self) -> HostPath {
        self.state.join("reminded.json")
    }

    /// The same on the desktop.
    #[must_use]
    pub fn notified(&self) -> HostPath {
        self.state.join("notified.json")
    }

    #[must_use]
    pub fn runs(&self) -> HostPath {
        self.state.join("runs.json")
    }
}
