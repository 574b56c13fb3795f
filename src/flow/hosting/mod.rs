//! The hosts where a repository for the vault can be made, asked through the person's own programs.
//!
//! *In*: the person's environment, and the name of a repository. *Out*: who is logged in, what is made
//! or was there, whether everybody may read it. *Never*: a token, a question to the person, or a
//! repository that is not private.

mod asked;
mod error;
mod github;
mod gitlab;
mod host;
mod place;

use std::time::Duration;

use crate::base::{Env, Program, find_program};
use crate::config::Config;
use crate::vault::wire::{Address, SshPlace};

pub use error::{HostingError, Stands};
pub use host::Host;

use asked::Tool;
use place::Slug;

/// The name of a repository that nobody gave another one.
pub const USUAL_NAME: &str = "holdall-vault";

/// How long a host may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub asked: Duration,
    /// While it makes something.
    pub making: Duration,
}

impl Patience {
    #[must_use]
    pub const fn of(config: &Config) -> Self {
        Self {
            asked: config.connect_timeout,
            making: config.idle_timeout,
        }
    }
}

/// Somebody who can make repositories at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub host: Host,
    pub login: String,
}

/// A repository at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Owner and name.
    pub label: String,
    /// As the person's program would clone it.
    pub url: String,
    pub is_public: bool,
}

/// What became of the wish to have a repository.
#[derive(Debug)]
#[must_use]
pub enum Creation {
    Made(Repository),
    /// One of that name was there before.
    Found(Repository),
}

/// Where a repository can be made: the first host whose program is there and has somebody logged in.
#[must_use]
pub fn account(env: &Env, patience: Patience) -> Option<Account> {
    [Host::GitHub, Host::GitLab].into_iter().find_map(|host| {
        let tool = Tool::find(host, env, patience.asked).ok()?;
        let login = login(&tool).ok()?;
        Some(Account { host, login })
    })
}

/// Makes a private repository. One that is there already is left as it is.
pub fn create(
    host: Host,
    name: &str,
    env: &Env,
    patience: Patience,
) -> Result<Creation, HostingError> {
    place::check_name(host, name)?;
    let tool = Tool::find(host, env, patience.asked)?;
    let login = login(&tool)?;
    let label = if name.contains('/') {
        name.to_owned()
    } else {
        format!("{login}/{name}")
    };
    let maker = Tool::find(host, env, patience.making)?;
    let refused = match host {
        Host::GitHub => github::create(&maker, &label),
        Host::GitLab => gitlab::create(&maker, name),
    };
    let refused = match refused {
        Ok(made) => return Ok(Creation::Made(made)),
        Err(fault) => fault,
    };
    // What the refusal is called differs; whether the name is taken can be asked.
    let there = match host {
        Host::GitHub => github::view(&tool, &label),
        Host::GitLab => gitlab::view(&tool, &label),
    };
    there.map(Creation::Found).map_err(|_| refused)
}

/// What everybody may read is no place for a vault. `readings` are where an address may lead. Answers
/// why nobody knows, where GitHub was asked and did not say.
pub fn refuse_public(
    readings: &[Address],
    url: &str,
    env: &Env,
    patience: Patience,
) -> Result<Option<HostingError>, HostingError> {
    let Ok(tool) = Tool::find(Host::GitHub, env, patience.asked) else {
        return Ok(None);
    };
    let slug = readings.iter().find_map(Slug::of);
    let slug = slug.or_else(|| readings.iter().find_map(|it| aliased(it, env)));
    let Some(label) = slug.map(|slug| slug.to_string()) else {
        return Ok(None);
    };
    match github::view(&tool, &label) {
        Ok(seen) if seen.is_public => Err(HostingError::Public {
            label,
            url: url.to_owned(),
        }),
        Ok(_) => Ok(None),
        Err(fault) => Ok(Some(fault)),
    }
}

/// A repository at GitHub behind a name that a person gave that host in ssh's configuration.
fn aliased(address: &Address, env: &Env) -> Option<Slug> {
    let Address::Ssh(place) = address else {
        return None;
    };
    let ssh = Program::of_surroundings(find_program(env, "ssh")?, env);
    let said = ssh.args(["-G", "--", &place.host]).output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said
        .lines()
        .find_map(|line| line.strip_prefix("hostname "))?;
    Slug::of(&Address::Ssh(SshPlace {
        host: host.to_owned(),
        ..place.clone()
    }))
}

fn login(tool: &Tool<'_>) -> Result<String, HostingError> {
    match tool.host {
        Host::GitHub => github::login(tool),
        Host::GitLab => gitlab::login(tool),
    }
}
