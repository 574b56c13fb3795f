//! What this shell has that leads to the remote, and that a service would not see.

use std::path::Path;

use crate::base::TOKEN_VAR;
use crate::vault::wire::Address;

use super::super::Session;

/// By the way to the remote, the variables that decide whether it is found and lets this machine in.
const OF_SSH: [&str; 3] = ["SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSH"];
const OF_WEB: [&str; 6] = [
    TOKEN_VAR,
    "GIT_SSL_CAINFO",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// Those that are set here and not there. A push by hand goes well with them, and none by itself.
pub fn unseen(session: &Session<'_>, sees: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let Some(url) = &session.config.remote_url else {
        return Vec::new();
    };
    let names: &[_] = match Address::parse(url, Path::new("/"), Path::new("/")) {
        Ok(Address::Ssh(_)) => &OF_SSH,
        Ok(Address::Http(_)) => &OF_WEB,
        Ok(Address::Path(_)) | Err(_) => &[],
    };
    let env = &session.edges.env;
    // A token in a file is there for both.
    let is_needed = |name| name != TOKEN_VAR || session.config.token_file.is_none();
    let is_here = |name| env.var(name).is_some_and(|value| !value.is_empty()) && is_needed(name);
    let names = names.iter().copied();
    names.filter(|name| is_here(name) && !sees(name)).collect()
}
