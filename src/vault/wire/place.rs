//! Opening a remote that is a directory on this machine, and telling apart why it cannot be opened.

use std::io::ErrorKind;
use std::path::Path;

use git2::{ErrorCode, Repository, RepositoryOpenFlags};

use crate::base::ObjectId;
use crate::vault::store::object_id;
use crate::vault::{RefName, WireError};

const BRANCH: &str = RefName::Branch.name();

/// Opens the repository that is exactly here: bare, and not one further up.
pub fn open(path: &Path, url: &str) -> Result<Repository, WireError> {
    let unreachable = |reason: String| WireError::Unreachable {
        url: url.to_owned(),
        reason,
    };
    let not_allowed = |reason: String| WireError::NotAllowed {
        url: url.to_owned(),
        reason,
    };
    let not_a_vault = |reason: &str| WireError::NotAVault {
        url: url.to_owned(),
        reason: reason.to_owned(),
    };
    match std::fs::read_dir(path) {
        Ok(_) => {}
        Err(fault) if fault.kind() == ErrorKind::PermissionDenied => {
            return Err(not_allowed(fault.to_string()));
        }
        Err(fault) if fault.kind() == ErrorKind::NotADirectory => {
            return Err(not_a_vault("it is a file, not a repository"));
        }
        Err(fault) => return Err(unreachable(fault.to_string())),
    }
    if path.join(".git").exists() {
        return Err(not_a_vault(
            "it has a work tree; a vault's remote is bare (git init --bare PATH)",
        ));
    }
    let flags =
        RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT | RepositoryOpenFlags::BARE;
    let nowhere: [&std::ffi::OsStr; 0] = [];
    let repo = match Repository::open_ext(path, flags, nowhere) {
        Ok(repo) => repo,
        Err(fault) if fault.code() == ErrorCode::Owner => {
            return Err(not_allowed(owner_words(path)));
        }
        Err(fault) if fault.code() == ErrorCode::NotFound => {
            return Err(not_a_vault(
                "it is not a git repository (git init --bare PATH makes one)",
            ));
        }
        Err(fault) => return Err(unsupported(path, url, &fault)),
    };
    let has_work_tree = repo
        .config()
        .and_then(|config| config.get_bool("core.bare"))
        .is_ok_and(|bare| !bare);
    if has_work_tree {
        return Err(not_a_vault(
            "it belongs to a work tree; a vault's remote is bare (git init --bare PATH)",
        ));
    }
    is_whole(&repo, url)?;
    Ok(repo)
}

/// What no push and no fetch gets by, though the repository can be opened.
fn is_whole(repo: &Repository, url: &str) -> Result<(), WireError> {
    // Without it git takes the directory for no repository.
    if let Err(fault) = repo.find_reference("HEAD") {
        return Err(WireError::Damaged {
            url: url.to_owned(),
            reason: format!("its HEAD cannot be read ({})", fault.message()),
        });
    }
    if repo.is_shallow() {
        return Err(WireError::Unsupported {
            url: url.to_owned(),
            what: "a shallow history".to_owned(),
        });
    }
    Ok(())
}

fn owner_words(path: &Path) -> String {
    format!(
        "it belongs to another user; if you trust it: git config --global --add safe.directory {}",
        path.display()
    )
}

fn unsupported(path: &Path, url: &str, fault: &git2::Error) -> WireError {
    let config = std::fs::read_to_string(path.join("config"))
        .unwrap_or_default()
        .to_lowercase();
    let what = if config.contains("sha256") {
        "SHA-256 object names"
    } else if config.contains("reftable") {
        "reftable storage"
    } else {
        return WireError::Damaged {
            url: url.to_owned(),
            reason: fault.message().to_owned(),
        };
    };
    WireError::Unsupported {
        url: url.to_owned(),
        what: what.to_owned(),
    }
}

/// The tip of the vault's branch in an open repository.
pub fn tip(repo: &Repository, url: &str) -> Result<Option<ObjectId>, WireError> {
    let damaged = |fault: git2::Error| WireError::Damaged {
        url: url.to_owned(),
        reason: fault.message().to_owned(),
    };
    match repo.refname_to_id(BRANCH) {
        // A power cut may leave the name without what it names.
        Ok(id) => {
            let there = repo.find_commit(id).map_err(|fault| WireError::Damaged {
                url: url.to_owned(),
                reason: format!(
                    "its branch is at {id}, which it lacks ({})",
                    fault.message()
                ),
            })?;
            return Ok(Some(object_id(there.id())));
        }
        Err(fault) if fault.code() == ErrorCode::NotFound => {}
        Err(fault) => return Err(damaged(fault)),
    }
    let names = repo.references().map_err(damaged)?;
    for reference in names {
        let reference = reference.map_err(damaged)?;
        if reference.is_branch() || reference.is_tag() {
            return Err(WireError::NotAVault {
                url: url.to_owned(),
                reason: format!(
                    "it has content of its own ({}) and no branch `main`",
                    String::from_utf8_lossy(reference.name_bytes())
                ),
            });
        }
    }
    Ok(None)
}

/// A new bare repository may name another first branch: then a clone would check out nothing.
pub fn point_head_at_branch(repo: &Repository) {
    let head_is_unborn =
        matches!(repo.head(), Err(fault) if fault.code() == ErrorCode::UnbornBranch);
    if head_is_unborn {
        // Only a convenience for people who clone: the vault is whole without it.
        repo.set_head(BRANCH).ok();
    }
}
