//! Whether commits are part of a repository.

use std::path::Path;

use git2::Oid;

use crate::base::{Env, HostPath};

use super::checkout::canonical;
use super::program::Git;
use super::{RepoError, library};

/// Whether the repository that `root` lies in has one of the commits. The cost does not grow with its
/// history.
pub fn has_any(root: &HostPath, commits: &[String], env: &Env) -> Result<bool, RepoError> {
    let root = canonical(root.as_path())?;
    let fault = match look(root.as_path(), commits) {
        Ok(found) => return Ok(found),
        Err(fault) => fault,
    };
    let Some(git) = Git::find(env) else {
        return Err(library::explain(root.as_path(), fault));
    };
    for commit in commits {
        let found = git.has(root.as_path(), commit);
        if found.map_err(|error| error.because(git2::Error::from_str(fault.message())))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn look(root: &Path, commits: &[String]) -> Result<bool, git2::Error> {
    let Some(repository) = library::open(root)? else {
        return Ok(false);
    };
    let objects = repository.odb()?;
    // What is no SHA-1 is no commit of a repository that libgit2 reads.
    let ids = commits
        .iter()
        .filter_map(|commit| Oid::from_str(commit).ok());
    Ok({ ids }.any(|id| objects.exists(id)))
}

#[cfg(test)]
mod tests {
    use super::super::kit::Kit;
    use super::*;

    #[test]
    fn a_repository_has_its_own_commits_and_no_others() {
        let kit = Kit::new();
        for format in ["sha1", "sha256"] {
            let [own, other] = ["own", "other"].map(|name| {
                let root = kit.repo(&format!("{name}-{format}"), &["--object-format", format]);
                kit.commit(&root, name);
                let first = kit.git(&root, &["rev-parse", "HEAD"]);
                kit.commit(&root, "more");
                (root, first)
            });
            let has = |commits: &[&String]| {
                let commits: Vec<String> = commits.iter().map(|&it| it.clone()).collect();
                has_any(&own.0, &commits, &kit.env).expect("readable")
            };
            assert!(has(&[&other.1, &own.1]), "{format}");
            assert!(!has(&[&other.1]), "{format}");
            assert!(
                !has(&[&"--help".to_owned(), &"HEAD".to_owned()]),
                "{format}"
            );
            assert!(!has(&[]), "{format}");
        }
    }

    #[test]
    fn outside_a_repository_there_are_none() {
        let kit = Kit::new();
        let commits = ["1".repeat(40)];
        assert!(!has_any(&kit.dir(), &commits, &kit.env).expect("readable"));
    }
}
