//! The way over ssh: the system's own client, with whatever a person set up for it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
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
            let instead = env.var("GIT_SSH").map(PathBuf::from);
            let ssh = instead.or_else(|| find_program(env, "ssh"));
            of_person(
                ssh.ok_or_else(|| self.no_ssh("there is no `ssh` on PATH"))?,
                env,
            )
        };
        let program = program.args(self.arguments(service));
        // A run that nobody sees asks nobody, and leaves nobody behind.
        Ok(if self.options.may_ask {
            program.asking()
        } else {
            program.leading()
        })
    }

    fn no_ssh(&self, reason: &str) -> WireError {
        WireError::NoSsh {
            url: self.url.clone(),
            reason: reason.to_owned(),
        }
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
        let idle = self.options.idle;
        let trouble = Arc::new(Trouble {
            url: self.url.clone(),
            place: self.place.clone(),
            service,
            may_ask: self.options.may_ask,
        });
        let call = ChildCall::start(self.program(service)?, idle);
        let call = call.map_err(|fault| self.no_ssh(&fault.reason()))?;
        let later = Arc::clone(&trouble);
        let blame = Box::new(move |fault: &NoAnswer| later.blame(fault));
        Ok(Call {
            // Silence would end it, also that of somebody who does not listen.
            waits_until: Instant::now() + idle / 2,
            hear: Box::new(move || match call.hear(blame) {
                Ok((advert, line)) => Ok((advert, Box::new(line))),
                Err(fault) => Err(trouble.blame(&fault)),
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

/// What is wrong with a call to a place.
struct Trouble {
    url: String,
    place: SshPlace,
    service: Service,
    may_ask: bool,
}

impl Trouble {
    fn blame(&self, fault: &NoAnswer) -> WireError {
        let (url, reason) = (self.url.clone(), fault.reason());
        let says = |text: &str| reason.contains(text);
        let code = fault.status.and_then(|status| status.code());
        match code {
            _ if fault.silent.is_some() || fault.had_begun => {
                WireError::Unreachable { url, reason }
            }
            // However ssh then ends that is not heard out.
            _ if fault.is_noise() => WireError::Protocol { url, reason },
            Some(OWN_FAILURE) => self.on_the_way(reason),
            Some(NOT_FOUND) if says(self.service.name()) => WireError::NoGit { url, reason },
            Some(NOT_FOUND) => WireError::NoSsh { url, reason },
            Some(GIT_GAVE_UP) if !says("dubious ownership") => WireError::NotAVault { url, reason },
            // So the hosts of many call what is not there for this user.
            Some(_) if says("not found") || says("does not exist") => {
                WireError::NotAVault { url, reason }
            }
            Some(_) => WireError::NotAllowed { url, reason },
            None => WireError::Unreachable { url, reason },
        }
    }

    /// ssh has one exit code for all that keeps it from getting there, so its words decide, which it
    /// says in no other language.
    fn on_the_way(&self, reason: String) -> WireError {
        let says = |text: &str| reason.contains(text);
        let (url, host) = (self.url.clone(), &self.place.host);
        let not_allowed = |what: String| WireError::NotAllowed {
            url: url.clone(),
            reason: format!("{what}: {reason}"),
        };
        if says("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            not_allowed(format!(
                "{host} shows another host key than the one that is known (if it was changed on purpose, take the line out of the file that ssh names)"
            ))
        } else if says("Host key verification failed") || says("host key is known") {
            let by_hand = self.by_hand();
            not_allowed(format!(
                "the host key of {host} is not known yet (log in once by hand and compare it: {by_hand})"
            ))
        } else if says("Permission denied") || says("Too many authentication failures") {
            let unasked = if self.may_ask {
                ""
            } else {
                " (nobody could be asked: a key with a passphrase has to be in the agent, `ssh-add`)"
            };
            not_allowed(format!("{host} takes no key of this user{unasked}"))
        } else if MISSET.iter().any(|words| says(words)) {
            WireError::NoSsh { url, reason }
        } else {
            WireError::Unreachable { url, reason }
        }
    }

    fn by_hand(&self) -> String {
        let port = self.place.port.map(|port| format!("-p {port} "));
        format!(
            "ssh {}{}",
            port.unwrap_or_default(),
            self.place.destination()
        )
    }
}

/// What ssh says of its own configuration. Waiting mends none of it.
const MISSET: [&str; 5] = [
    "ad configuration option",
    "Cannot execute command-line and remote command",
    "Bad owner or permissions",
    "after keyword",
    "Can't open user config file",
];
