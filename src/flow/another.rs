//! Whether what stands at the directory of a project still is that project.

use crate::base::{Env, HostPath};
use crate::project::{Identity, Registered};
use crate::repo::{Checkout, RepoError, discover, has_any, locate};

use super::Session;
use super::local_checkout::LocalCheckout;

/// Whether the project has its directory: that is there, and nothing says that somebody else is in it.
#[must_use]
pub fn stands(session: &Session<'_>, project: &Registered) -> bool {
    let env = &session.edges.env;
    let is_another = || is_another(&project.path, &marks_of(project), env).unwrap_or(false);
    project.path.as_path().is_dir() && !is_another()
}

/// What tells the repository of a registered project from others, also of one that is kept apart.
#[must_use]
pub fn marks_of(project: &Registered) -> Identity {
    Identity {
        id: None,
        remotes: project.remotes.iter().cloned().collect(),
        roots: project.roots.iter().cloned().collect(),
    }
}

/// Whether another repository stands there than the one that is known, by the rules by which projects
/// are recognised: remotes decide, and first commits where one of the two has no remote. Where one of
/// them has nothing to show, nobody can say that it is another one.
pub fn is_another(root: &HostPath, known: &Identity, env: &Env) -> Result<bool, RepoError> {
    let found = locate(root, env)?.filter(|found| begins_at(found, root));
    let Some(here) = found.map(LocalCheckout::of) else {
        return Ok(false);
    };
    if !here.remotes.is_empty() && !known.remotes.is_empty() {
        return Ok(!here.remotes.iter().any(|url| known.remotes.contains(url)));
    }
    let roots: Vec<String> = known.roots.iter().cloned().collect();
    if roots.is_empty() || has_any(root, &roots, env)? {
        return Ok(false);
    }
    Ok(discover(root, env)?.is_some_and(|here| !here.roots.is_empty()))
}

/// A directory without a repository of its own may lie in somebody else's.
fn begins_at(found: &Checkout, root: &HostPath) -> bool {
    let Ok(place) = root.as_path().canonicalize() else {
        return false;
    };
    let linked = found.linked_from.as_ref();
    [Some(&found.root), linked]
        .into_iter()
        .flatten()
        .any(|at| at.as_path() == place)
}
