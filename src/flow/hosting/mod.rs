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

use crate::base::Env;

pub use error::{HostingError, Stands};
pub use host::Host;
pub use place::Slug;

use asked::Tool;

/// The name of a repository that nobody gave another one.
pub const USUAL_NAME: &str = "holdall-vault";

/// How long a host may be silent.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub asked: Duration,
    /// While it makes something.
    pub making: Duration,
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
        Host::GitHub => github::create(&maker, name),
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

/// Whether everybody may read a repository at GitHub; nothing where nobody can tell.
#[must_use]
pub fn is_public(slug: &Slug, env: &Env, patience: Patience) -> Option<bool> {
    let tool = Tool::find(Host::GitHub, env, patience.asked).ok()?;
    let seen = github::view(&tool, &slug.to_string()).ok()?;
    Some(seen.is_public)
}

fn login(tool: &Tool<'_>) -> Result<String, HostingError> {
    match tool.host {
        Host::GitHub => github::login(tool),
        Host::GitLab => gitlab::login(tool),
    }
}
