//! The environment, read once, when the process begins.

use std::path::PathBuf;

use crate::base::Env;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment: everything else takes it as an argument"
)]
#[must_use]
pub fn read() -> Env {
    // A name that is not UTF-8 is none that holdall knows.
    let vars =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    // A directory that was deleted under us matters only to commands with a relative path, and these
    // say that the path is not absolute.
    let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::new());
    let system = rustix::system::uname();
    let host_name = system.nodename().to_string_lossy().into_owned();
    Env::new(vars, cwd, host_name)
}
