//! The way over ssh: the system's own client, with whatever a person set up for it.

use std::ffi::OsString;
use std::time::Instant;

use crate::base::{Env, Program, find_program};
use crate::vault::WireError;

use super::WireOptions;
use super::address::SshPlace;
use super::child::{ChildCall, NoAnswer};
use super::git_config::GitConfig;
use super::line::{Call, Host, Open, Service};

pub struct SshHost {
    place: SshPlace,
    url: String,
    options: WireOptions,
    /// Another program that a person wants in the place of `ssh`, as a command of the shell.
    command: Option<OsString>,
}

impl SshHost {
    pub fn new(place: SshPlace, url: &str, options: WireOptions, config: &GitConfig) -> Self {
        let env = &options.env;
        let command = env.var("GIT_SSH_COMMAND").cloned();
        let command = command.or_else(|| config.last("core.sshcommand").map(OsString::from));
        Self {
            place,
            url: url.to_owned(),
            command,
            options,
        }
    }

    fn program(&self, service: Service) -> Result<Program, WireError> {
        let env = &self.options.env;
        let program = if let Some(command) = &self.command {
            let mut script = command.clone();
            script.push(" \"$@\"");
            let shell = of_person("/bin/sh", env);
            // What comes after the script is what the shell calls itself.
            shell.args([&OsString::from("-c"), &script, command])
        } else {
            let ssh = find_program(env, "ssh").ok_or_else(|| WireError::Unreachable {
                url: self.url.clone(),
                reason: "there is no `ssh` on PATH".to_owned(),
            })?;
            of_person(ssh, env)
        };
        let program = program.args(self.arguments(service));
        // A run that nobody sees asks nobody, and leaves nobody behind.
        Ok(if self.options.may_ask {
            program
        } else {
            program.leading()
        })
    }

    fn arguments(&self, service: Service) -> Vec<OsString> {
        let mut line = Vec::new();
        let mut option = |text: String| line.extend([OsString::from("-o"), text.into()]);
        option(format!(
            "ConnectTimeout={}",
            self.options.connect.as_secs().max(1)
        ));
        if !self.options.may_ask {
            option("BatchMode=yes".to_owned());
        }
        if let Some(port) = self.place.port {
            line.extend(["-p".into(), port.to_string().into()]);
        }
        line.extend(["--".into(), self.place.destination().into()]);
        let path = quoted(&self.place.path);
        line.push(format!("{} {path}", service.name()).into());
        line
    }

    fn dialled(&self, service: Service) -> Result<Call, WireError> {
        let (url, place, idle) = (self.url.clone(), self.place.clone(), self.options.idle);
        let blame = move |fault: &NoAnswer| blame(&url, &place, service, fault);
        let call = ChildCall::start(self.program(service)?, idle).map_err(|it| blame(&it))?;
        Ok(Call {
            // Silence would end it, also that of somebody who does not listen.
            waits_until: Instant::now() + idle / 2,
            hear: Box::new(move || match call.hear(Box::new(blame.clone())) {
                Ok((advert, line)) => Ok((advert, Box::new(line))),
                Err(fault) => Err(blame(&fault)),
            }),
        })
    }
}

/// It says nothing but in English: its words are told apart, and shown.
fn of_person(path: impl AsRef<std::ffi::OsStr>, env: &Env) -> Program {
    Program::of_surroundings(path, env).var("LC_ALL", "C")
}

/// One word for the shell at the other end.
fn quoted(path: &str) -> String {
    let mut word = String::from("'");
    for c in path.chars() {
        match c {
            '\'' | '!' => {
                word.push_str("'\\");
                word.push(c);
                word.push('\'');
            }
            c => word.push(c),
        }
    }
    word.push('\'');
    word
}

impl Host for SshHost {
    fn url(&self) -> &str {
        &self.url
    }

    fn call(&self, service: Service) -> Result<Open, WireError> {
        (self.dialled(service)?.hear)()
    }

    /// The most of the time is spent before a word of git is said.
    fn dial(&self, service: Service) -> Result<Option<Call>, WireError> {
        self.dialled(service).map(Some)
    }
}

/// With this ssh ends when the way there failed; what else it ends with is the other side's.
const OWN_FAILURE: i32 = 255;
/// With this a shell ends that does not find a program, and git when it gives up.
const NOT_FOUND: i32 = 127;
const GIT_GAVE_UP: i32 = 128;

fn blame(url: &str, place: &SshPlace, service: Service, fault: &NoAnswer) -> WireError {
    let host = &place.host;
    let reason = fault.reason();
    let url = url.to_owned();
    let not_allowed = |what: &str| format!("{what}: {reason}");
    let code = fault.status.and_then(|status| status.code());
    match code {
        _ if fault.silent.is_some() || fault.had_begun => WireError::Unreachable { url, reason },
        Some(OWN_FAILURE) => match Way::of(&reason) {
            Way::Changed => WireError::NotAllowed {
                url,
                reason: not_allowed(&format!(
                    "{host} shows another host key than the one that is known (if it was changed on purpose: ssh-keygen -R {host})"
                )),
            },
            Way::Unknown => WireError::NotAllowed {
                url,
                reason: not_allowed(&format!(
                    "the host key of {host} is not known yet (log in once by hand and compare it: ssh {host})"
                )),
            },
            Way::Denied => WireError::NotAllowed {
                url,
                reason: not_allowed(&format!("{host} takes no key of this user")),
            },
            Way::Closed => WireError::Unreachable { url, reason },
        },
        Some(NOT_FOUND) => WireError::Unsupported {
            url,
            what: format!("a host without {} ({reason})", service.name()),
        },
        Some(GIT_GAVE_UP) => WireError::NotAVault { url, reason },
        Some(_) => WireError::NotAllowed { url, reason },
        None => WireError::Unreachable { url, reason },
    }
}

/// What kept ssh from getting there. It has one exit code for all of it, so its words decide, which it
/// says in no other language.
enum Way {
    Changed,
    Unknown,
    Denied,
    Closed,
}

impl Way {
    fn of(words: &str) -> Self {
        let says = |text: &str| words.contains(text);
        if says("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            Self::Changed
        } else if says("Host key verification failed") || says("host key is known") {
            Self::Unknown
        } else if says("Permission denied") || says("Too many authentication failures") {
            Self::Denied
        } else {
            Self::Closed
        }
    }
}
