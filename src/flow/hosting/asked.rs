//! A host's program, asked one question after the other. What it answers is not trusted.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::base::{Env, Program, find_program};

use super::error::HostingError;
use super::host::Host;

/// As much of an answer as is read.
const MAX_ANSWER: u64 = 1 << 20;
/// Longer words are cut.
const MAX_SAID: usize = 300;

/// The program of a host, as the person has it set up.
pub struct Tool<'a> {
    pub host: Host,
    program: PathBuf,
    env: &'a Env,
    limit: Duration,
}

impl<'a> Tool<'a> {
    pub fn find(host: Host, env: &'a Env, limit: Duration) -> Result<Self, HostingError> {
        let program = find_program(env, host.program());
        let program = program.ok_or(HostingError::NoProgram { host })?;
        Ok(Self {
            host,
            program,
            env,
            limit,
        })
    }

    /// What it prints. It stands in no checkout, or it would speak of that one; it can ask nobody;
    /// and it is ended when it is silent for too long.
    pub fn ask(&self, what: &'static str, args: &[&str]) -> Result<String, HostingError> {
        let mut program = Program::of_person(&self.program, self.env)
            .leading()
            .dir("/")
            .args(args);
        for (name, value) in self.host.manner() {
            program = program.var(name, *value);
        }
        let mut running = program.start(self.limit)?;
        drop(running.stdin.take());
        let mut bytes = Vec::new();
        if let Some(stdout) = &mut running.stdout {
            // What broke off is seen by how it ended.
            stdout.take(MAX_ANSWER).read_to_end(&mut bytes).ok();
        }
        let (status, words, was_silent) = running.finish();
        if status.is_some_and(|status| status.success()) && !was_silent {
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let code = status.and_then(|status| status.code());
        Err(self.fault(what, code, &words, was_silent))
    }

    /// The same for an answer in JSON.
    pub fn ask_json<T: DeserializeOwned>(
        &self,
        what: &'static str,
        args: &[&str],
    ) -> Result<T, HostingError> {
        let text = self.ask(what, args)?;
        serde_json::from_str(&text).map_err(|_| self.strange(what))
    }

    /// It was asked for something that did not come about.
    pub const fn failed(&self, what: &'static str, said: String) -> HostingError {
        HostingError::Failed {
            host: self.host,
            what,
            said,
        }
    }

    pub fn strange(&self, what: &'static str) -> HostingError {
        self.failed(what, "its answer is not one that is known".to_owned())
    }

    fn fault(
        &self,
        what: &'static str,
        code: Option<i32>,
        words: &str,
        was_silent: bool,
    ) -> HostingError {
        let host = self.host;
        if was_silent {
            let said = format!("nothing was heard for {} s", self.limit.as_secs());
            return HostingError::Unreachable { host, said };
        }
        let said = first_line(words).unwrap_or_else(|| "it failed without a word".to_owned());
        let of_login = code.is_some() && code == host.code_without_login();
        if of_login || words.contains("HTTP 401") {
            return HostingError::NotLoggedIn { host, said };
        }
        if words.contains("error connecting to") || words.contains("dial tcp") {
            return HostingError::Unreachable { host, said };
        }
        HostingError::Failed { host, what, said }
    }
}

/// The first line that says something, without what a terminal would obey.
fn first_line(words: &str) -> Option<String> {
    let mut lines = words.lines().map(|line| {
        let plain = line.chars().filter(|c| !c.is_control());
        plain.collect::<String>().trim().to_owned()
    });
    let line = lines.find(|line| !line.is_empty())?;
    Some(line.chars().take(MAX_SAID).collect())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    /// The question put to a program `gh` that is this script.
    fn ask(script: &str) -> Result<String, HostingError> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let file = dir.path().join("gh");
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it may run");
        let path = [dir.path(), Path::new("/usr/bin"), Path::new("/bin")];
        let path = std::env::join_paths(path).expect("plain names");
        let vars = [
            ("PATH".to_owned(), path),
            ("GH_TOKEN".to_owned(), OsString::from("x")),
        ];
        let env = Env::new(vars, dir.path().to_owned(), "desk".to_owned());
        let tool = Tool::find(Host::GitHub, &env, Duration::from_millis(500))?;
        tool.ask("do it", &["one", "two"])
    }

    #[test]
    fn it_runs_as_the_person_would_run_it_but_asks_nobody_and_stands_nowhere() {
        let said = ask("cat; echo \"$1 $2 $GH_TOKEN $GH_PROMPT_DISABLED [$GH_HOST] $(pwd)\"");
        assert_eq!(said.expect("it ran"), "one two x 1 [] /\n");
    }

    #[test]
    fn how_it_fails_is_told_apart() {
        use HostingError::{Failed, NotLoggedIn, Unreachable};
        let fault = |script: &str| ask(script).expect_err("it fails");
        assert!(matches!(fault("exit 4"), NotLoggedIn { .. }));
        let words = "echo 'gh: Bad credentials (HTTP 401)' >&2; exit 1";
        assert!(matches!(fault(words), NotLoggedIn { .. }));
        let words = "echo 'error connecting to api.github.com' >&2; exit 1";
        assert!(matches!(fault(words), Unreachable { .. }));
        assert!(matches!(fault("exec sleep 30"), Unreachable { .. }));
        let other = fault("printf '\\n\\033[31mno room\\n' >&2; exit 1");
        assert!(
            matches!(&other, Failed { said, .. } if said == "[31mno room"),
            "{other}"
        );
        assert!(matches!(fault("kill -9 $$"), Failed { .. }));
    }

    #[test]
    fn an_answer_without_end_is_not_read_to_the_end() {
        let said = ask("exec yes");
        assert!(
            matches!(said, Err(HostingError::Unreachable { .. })),
            "{said:?}"
        );
    }
}
