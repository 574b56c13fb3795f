//! Cloning a project from where it is published, with the person's own git.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::base::{BaseError, HostPath, Id, Program, TEMP_PREFIX, find_program};
use crate::project::remote_url;

use super::super::{Event, FlowError, Session};

/// What reaching a host may need of the environment, beside what every child gets.
const REACHING: [&str; 13] = [
    "XDG_CONFIG_HOME",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "DBUS_SESSION_BUS_ADDRESS",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
/// Longer words of git are cut.
const MAX_SAID: usize = 300;

/// How the host is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloneWith {
    Https,
    Ssh,
}

/// An address that nothing could be cloned from, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Tried {
    pub url: String,
    pub reason: String,
}

/// What is to be cloned, and to which place, where nothing is yet.
pub struct CloneOrder<'a> {
    pub id: &'a Id,
    pub name: &'a str,
    pub remotes: &'a [String],
    pub place: &'a HostPath,
    pub with: Option<CloneWith>,
}

impl CloneOrder<'_> {
    /// Clones from the first address that works, and says which one it was. The checkout appears at
    /// its place whole or not at all.
    pub fn carry_out(
        &self,
        session: &Session<'_>,
    ) -> Result<Result<String, Vec<Tried>>, FlowError> {
        let dir = self.place.as_path().parent().unwrap_or(Path::new("/"));
        let unfinished = dir.join(format!("{TEMP_PREFIX}clone-{}", self.id));
        let mut tried = Vec::new();
        for url in self.remotes.iter().flat_map(|it| addresses(it, self.with)) {
            match self.attempt(session, &url, &unfinished)? {
                Ok(()) => return Ok(Ok(url)),
                Err(reason) => tried.push(Tried { url, reason }),
            }
        }
        // What stays of it the next attempt takes away.
        clear(&unfinished).ok();
        Ok(Err(tried))
    }

    /// The inner result says why there is no checkout: a place that cannot be made is one reason.
    fn attempt(
        &self,
        session: &Session<'_>,
        url: &str,
        unfinished: &Path,
    ) -> Result<Result<(), String>, FlowError> {
        if let Err(fault) = clear(unfinished) {
            return Ok(Err(FlowError::from(fault).message()));
        }
        session.tell(&Event::Cloning {
            name: self.name,
            url,
        });
        if let Err(reason) = clone(session, url, unfinished)? {
            return Ok(Err(reason));
        }
        let place = self.place.as_path();
        let placed = fs::rename(unfinished, place).map_err(BaseError::io("create", place));
        Ok(placed.map_err(|fault| FlowError::from(fault).message()))
    }
}

/// Makes room for a clone: its directory, without what another clone that did not end left behind.
fn clear(unfinished: &Path) -> Result<(), BaseError> {
    if let Some(dir) = unfinished.parent() {
        fs::create_dir_all(dir).map_err(BaseError::io("create the directory", dir))?;
    }
    match fs::remove_dir_all(unfinished) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(BaseError::io("delete", unfinished)(fault))
        }
        _ => Ok(()),
    }
}

/// The inner result is git's: the words with which it refused.
fn clone(session: &Session<'_>, url: &str, into: &Path) -> Result<Result<(), String>, FlowError> {
    let env = &session.edges.env;
    let Some(git) = find_program(env, "git") else {
        return Ok(Err("there is no `git` on PATH".to_owned()));
    };
    let mut program = Program::new(git, env)
        .args(["clone", "--progress", "--"])
        .args([url.as_ref(), into.as_os_str()])
        .var("LC_ALL", "C")
        // Nobody is asked for a password that a run without a terminal would wait for.
        .var("GIT_TERMINAL_PROMPT", "0");
    for name in REACHING {
        if let Some(value) = env.var(name) {
            program = program.var(name, value);
        }
    }
    let running = program.start(session.config.idle_timeout)?;
    let (status, words, was_silent) = running.finish();
    if was_silent {
        let limit = session.config.idle_timeout.as_secs();
        return Ok(Err(format!("nothing was heard for {limit} s")));
    }
    if status.is_some_and(|status| status.success()) {
        return Ok(Ok(()));
    }
    Ok(Err(cause(&words)))
}

/// The line that says why: git's own verdict, else the last one.
fn cause(words: &str) -> String {
    let mut lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let verdict = lines.clone().find(|line| line.starts_with("fatal:"));
    let line = verdict
        .or_else(|| lines.next_back())
        .unwrap_or("git failed");
    line.trim_start_matches("fatal: ")
        .chars()
        .take(MAX_SAID)
        .collect()
}

/// The addresses that a normalised remote stands for, in the order in which they are tried.
pub fn addresses(remote: &str, with: Option<CloneWith>) -> Vec<String> {
    let https = || remote_url("https://", remote);
    let both = match with {
        Some(CloneWith::Https) => [https(), None],
        Some(CloneWith::Ssh) => [None, over_ssh(remote)],
        None => [https(), over_ssh(remote)],
    };
    both.into_iter().flatten().collect()
}

/// As git people write it, where that can be said: a port cannot, nor a blank as part of one word.
fn over_ssh(remote: &str) -> Option<String> {
    let (host, path) = remote.split_once('/')?;
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    if has_port || path.contains(char::is_whitespace) {
        return remote_url("ssh://git@", remote);
    }
    Some(format!("git@{host}:{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::normalise_remote;

    #[test]
    fn every_address_leads_back_to_the_remote() {
        for remote in [
            "github.com/team/api",
            "git.example.com:2222/team/api",
            "[2001:db8::1]/x",
            "[2001:db8::1]:2222/x",
            "h.org/größe",
            "h.org/100%25",
            "dev.example.com/org/My Project/_git/re po",
        ] {
            let found = addresses(remote, None);
            assert_eq!(found.len(), 2);
            for url in found {
                assert_eq!(normalise_remote(&url).as_deref(), Some(remote), "{url}");
                assert!(!url.starts_with('-') && !url.contains(' '), "{url}");
            }
        }
        let one = addresses("github.com/team/api", Some(CloneWith::Ssh));
        assert_eq!(one, ["git@github.com:team/api"]);
        assert!(addresses("nowhere", None).is_empty());
    }

    #[test]
    fn the_verdict_of_git_is_the_cause() {
        let words = "Cloning into 'x'...\nremote: nope\nfatal: not found\n\n";
        assert_eq!(cause(words), "not found");
        assert_eq!(cause("a\rreceiving 1 %\nlast words\n"), "last words");
        assert_eq!(cause(""), "git failed");
    }
}
