//! Finding the checkout that a directory lies in: libgit2 is asked first, then git.

use std::io::ErrorKind;

use crate::base::{BaseError, Env, HostPath};

use super::checkout::{Checkout, Depth};
use super::program::Git;
use super::{RepoError, library};

/// The checkout that a directory lies in; nothing where there is no repository.
pub fn discover(path: &HostPath, env: &Env) -> Result<Option<Checkout>, RepoError> {
    look(path, env, Depth::Whole)
}

/// Like [`discover`], but leaves the root commits out: the cost does not grow with the history.
pub fn locate(path: &HostPath, env: &Env) -> Result<Option<Checkout>, RepoError> {
    look(path, env, Depth::Place)
}

fn look(path: &HostPath, env: &Env, depth: Depth) -> Result<Option<Checkout>, RepoError> {
    let start = starting_point(path)?;
    let fault = match library::discover(start.as_path(), env, depth) {
        Ok(found) => return found,
        Err(fault) => fault,
    };
    match Git::find(env) {
        None => Err(library::explain(start.as_path(), fault)),
        Some(git) => git
            .discover(start.as_path(), depth)
            .map(Some)
            .map_err(|error| error.because(fault)),
    }
}

impl RepoError {
    /// Adds what libgit2 said before git was asked.
    pub(super) fn because(self, fault: git2::Error) -> Self {
        match self {
            Self::Git { path, said, .. } => Self::Git {
                path,
                said,
                source: Some(fault),
            },
            other => other,
        }
    }
}

/// A file stands for the directory that holds it.
fn starting_point(path: &HostPath) -> Result<HostPath, RepoError> {
    let seen = path.as_path();
    let real = match std::fs::canonicalize(seen) {
        Ok(real) => real,
        Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Err(RepoError::Missing {
                path: seen.to_owned(),
            });
        }
        Err(fault) => return Err(BaseError::io("look at", seen)(fault).into()),
    };
    let dir = match real.parent() {
        Some(parent) if !real.is_dir() => parent.to_owned(),
        _ => real,
    };
    Ok(HostPath::new(dir)?)
}

#[cfg(test)]
mod tests {
    use super::super::kit::Kit;
    use super::*;

    #[test]
    fn a_checkout_is_found_from_any_directory_and_file_below_it() {
        let kit = Kit::new();
        let root = kit.repo("api", &["--initial-branch=main"]);
        kit.commit(&root, "src/main.rs");
        kit.git(&root, &["remote", "add", "second", "https://example.org/x"]);
        kit.git(
            &root,
            &["remote", "add", "origin", "git@host.org:me/api.git"],
        );
        for place in ["", "src", "src/main.rs"] {
            let found = discover(&root.join(place), &kit.env)
                .expect("readable")
                .expect("a repository");
            assert_eq!(found.root, root);
            assert_eq!(found.linked_from, None);
            let urls = ["git@host.org:me/api.git", "https://example.org/x"];
            assert_eq!(found.remotes, urls);
            assert_eq!(found.roots, [kit.git(&root, &["rev-parse", "HEAD"])]);
            assert!(!found.shallow);
        }
        let quick = locate(&root, &kit.env).expect("readable").expect("there");
        assert!(quick.roots.is_empty());
        assert_eq!(quick.root, root);
    }

    #[test]
    fn the_nearest_repository_wins_and_its_root_has_no_links() {
        let kit = Kit::new();
        let outer = kit.repo("outer", &[]);
        let inner = kit.repo("outer/inner", &[]);
        let link = kit.dir().join("link");
        std::os::unix::fs::symlink(inner.as_path(), link.as_path()).expect("linked");
        let found = discover(&link, &kit.env).expect("readable");
        assert_eq!(found.expect("a repository").root, inner);
        let found = discover(&outer, &kit.env).expect("readable");
        assert_eq!(found.expect("a repository").root, outer);
    }

    #[test]
    fn no_repository_is_nothing_and_no_directory_is_an_error() {
        let kit = Kit::new();
        let plain = kit.dir().join("plain");
        std::fs::create_dir(plain.as_path()).expect("made");
        assert_eq!(discover(&plain, &kit.env).expect("readable"), None);
        let fault = discover(&plain.join("gone"), &kit.env).expect_err("it is not there");
        assert!(matches!(fault, RepoError::Missing { .. }));
        assert!(fault.to_string().contains("plain/gone"));
    }

    #[test]
    fn a_bare_repository_is_refused() {
        let kit = Kit::new();
        for format in ["sha1", "sha256"] {
            let root = kit.repo(format, &["--bare", "--object-format", format]);
            let fault = discover(&root, &kit.env).expect_err("bare");
            assert!(matches!(fault, RepoError::Bare { .. }), "{fault}");
        }
    }

    #[test]
    fn a_linked_worktree_belongs_to_its_main_checkout() {
        let kit = Kit::new();
        for format in ["sha1", "sha256"] {
            let root = kit.repo(&format!("main-{format}"), &["--object-format", format]);
            kit.commit(&root, "a");
            let linked = kit.dir().join(format!("linked-{format}"));
            kit.git(&root, &["worktree", "add", "-q", &linked.to_string()]);
            let found = discover(&linked, &kit.env)
                .expect("readable")
                .expect("a repository");
            assert_eq!(found.root, root);
            assert_eq!(found.linked_from, Some(linked));
            assert_eq!(found.roots.len(), 1);
        }
    }

    #[test]
    fn a_worktree_of_a_bare_repository_stands_for_itself() {
        let kit = Kit::new();
        let root = kit.repo("seed", &["--initial-branch=main"]);
        kit.commit(&root, "a");
        let bare = kit.dir().join("bare.git");
        kit.git(&root, &["clone", "-q", "--bare", ".", &bare.to_string()]);
        let linked = kit.dir().join("linked");
        kit.git(&bare, &["worktree", "add", "-q", &linked.to_string()]);
        let found = discover(&linked, &kit.env)
            .expect("readable")
            .expect("a repository");
        assert_eq!(found.root, linked);
        assert_eq!(found.linked_from, None);
    }

    #[test]
    fn what_libgit2_cannot_open_is_read_by_git() {
        let kit = Kit::new();
        for options in [["--object-format", "sha256"], ["--ref-format", "reftable"]] {
            let root = kit.repo(options[1], &options);
            kit.commit(&root, "dir/file");
            kit.git(&root, &["remote", "add", "b", "https://b.org/b"]);
            kit.git(&root, &["remote", "add", "origin", "https://a.org/a"]);
            let found = discover(&root.join("dir"), &kit.env)
                .expect("readable")
                .expect("a repository");
            assert_eq!(found.root, root);
            assert_eq!(found.remotes, ["https://a.org/a", "https://b.org/b"]);
            assert_eq!(found.roots.len(), 1);
        }
    }

    #[test]
    fn an_empty_or_shallow_repository_shows_no_root_commits() {
        let kit = Kit::new();
        let root = kit.repo("full", &[]);
        let empty = discover(&root, &kit.env).expect("readable").expect("there");
        assert!(empty.roots.is_empty());
        kit.commit(&root, "a");
        kit.commit(&root, "b");
        let shallow = kit.dir().join("shallow");
        let from = format!("file://{root}");
        let clone = ["clone", "-q", "--depth", "1", &from, &shallow.to_string()];
        kit.git(&root, &clone);
        let found = discover(&shallow, &kit.env)
            .expect("readable")
            .expect("there");
        assert!(found.shallow);
        assert!(found.roots.is_empty());
    }

    #[test]
    fn rewritten_urls_are_named_beside_the_configured_ones() {
        let kit = Kit::new();
        let config = "[url \"https://host.org/\"]\n\tinsteadOf = gh:\n";
        std::fs::write(kit.dir().join(".gitconfig").as_path(), config).expect("written");
        for format in ["sha1", "sha256"] {
            let root = kit.repo(format, &["--object-format", format]);
            kit.git(&root, &["remote", "add", "origin", "gh:me/api"]);
            let found = discover(&root, &kit.env).expect("readable").expect("there");
            assert_eq!(found.remotes, ["gh:me/api", "https://host.org/me/api"]);
        }
    }

    #[test]
    fn an_unreadable_repository_is_an_error_with_and_without_git() {
        let kit = Kit::new();
        let root = kit.repo("future", &["--object-format", "sha256"]);
        kit.git(&root, &["config", "extensions.unheardOf", "true"]);
        let fault = discover(&root, &kit.env).expect_err("unknown extension");
        assert!(matches!(fault, RepoError::Git { .. }), "{fault}");
        let fault = discover(&root, &Env::default()).expect_err("no git");
        assert!(matches!(fault, RepoError::Unreadable { .. }), "{fault}");
    }

    #[test]
    fn a_repository_of_another_user_is_refused_with_the_way_out() {
        let kit = Kit::new();
        let root = kit.repo("theirs", &[]);
        // Only root can give files away; elsewhere there is nothing to see here.
        let given = ["", ".git"]
            .iter()
            .all(|part| std::os::unix::fs::chown(root.join(part), Some(4242), None).is_ok());
        if !given {
            return;
        }
        for env in [&kit.env, &Env::default()] {
            let fault = discover(&root, env).expect_err("not ours");
            assert!(matches!(fault, RepoError::NotOwned { .. }), "{fault}");
            let hint = format!("git config --global --add safe.directory '{root}'");
            assert!(fault.to_string().contains(&hint), "{fault}");
        }
        let trust = format!("[safe]\n\tdirectory = {root}\n");
        std::fs::write(kit.dir().join(".gitconfig").as_path(), trust).expect("written");
        let found = discover(&root, &kit.env).expect("trusted now");
        assert_eq!(found.expect("there").root, root);
    }
}
