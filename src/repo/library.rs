//! Reading through libgit2, which knows nothing of the environment unless it is told.

use std::fs;
use std::io;
use std::path::Path;

use git2::{ConfigLevel, ErrorCode, Repository, RepositoryOpenFlags};

use crate::base::{Env, HostPath};

use super::RepoError;
use super::checkout::{Checkout, Depth, canonical};
use super::remotes::{Setting, urls};

/// The repository that a directory lies in; nothing where there is none. One that is closed to this
/// user is there all the same.
pub fn open(path: &Path) -> Result<Option<Repository>, git2::Error> {
    let no_ceiling: [&Path; 0] = [];
    match Repository::open_ext(path, RepositoryOpenFlags::empty(), no_ceiling) {
        Ok(repository) => Ok(Some(repository)),
        Err(fault) if fault.code() == ErrorCode::NotFound => match path.ancestors().find(is_closed)
        {
            Some(dir) => Err(git2::Error::from_str(&format!(
                "{} may not be read",
                dir.join(".git").display()
            ))),
            None => Ok(None),
        },
        Err(fault) => Err(fault),
    }
}

/// Whether a directory has a `.git`, or may have one, that this user may not look into.
fn is_closed(dir: &&Path) -> bool {
    let own = dir.join(".git");
    let looks: [io::Result<()>; 3] = [
        own.symlink_metadata().map(drop),
        own.join("HEAD").symlink_metadata().map(drop),
        fs::File::open(&own).map(drop),
    ];
    let is_refused = |look: &io::Result<()>| {
        look.as_ref()
            .is_err_and(|fault| fault.kind() == io::ErrorKind::PermissionDenied)
    };
    looks.iter().any(is_refused)
}

/// What a failure of libgit2 means where nobody else can be asked.
pub fn explain(path: &Path, fault: git2::Error) -> RepoError {
    let path = path.to_owned();
    if fault.code() == ErrorCode::Owner {
        RepoError::NotOwned { path }
    } else {
        RepoError::Unreadable {
            path,
            source: fault,
        }
    }
}

/// The outer result is libgit2's own failure: then git may be asked. The inner one is final.
pub fn discover(
    path: &Path,
    env: &Env,
    depth: Depth,
) -> Result<Result<Option<Checkout>, RepoError>, git2::Error> {
    let Some(found) = open(path)? else {
        return Ok(Ok(None));
    };
    let Some(place) = found.workdir().map(Path::to_owned) else {
        return Ok(Err(RepoError::Bare {
            path: found.path().to_owned(),
        }));
    };
    let main = if found.is_worktree() {
        Some(Repository::open(found.commondir())?).filter(|main| main.workdir().is_some())
    } else {
        None
    };
    let repository = main.as_ref().unwrap_or(&found);
    let root = repository.workdir().unwrap_or(&place);
    let places = canonical(root).and_then(|root| {
        let linked_from = match main {
            Some(_) => Some(canonical(&place)?),
            None => None,
        };
        Ok((root, linked_from))
    });
    let (root, linked_from) = match places {
        Ok(places) => places,
        Err(error) => return Ok(Err(error)),
    };
    describe(repository, root, linked_from, env, depth).map(|checkout| Ok(Some(checkout)))
}

fn describe(
    repository: &Repository,
    root: HostPath,
    linked_from: Option<HostPath>,
    env: &Env,
    depth: Depth,
) -> Result<Checkout, git2::Error> {
    let shallow = repository.is_shallow();
    let mut roots = Vec::new();
    if depth == Depth::Whole && !shallow {
        roots = root_commits(repository)?;
    }
    let mut settings = personal_settings(env)?;
    settings.extend(read_settings(
        &repository.config()?.open_level(ConfigLevel::Local)?,
    )?);
    Ok(Checkout {
        root,
        linked_from,
        remotes: urls(&settings),
        roots,
        shallow,
    })
}

fn root_commits(repository: &Repository) -> Result<Vec<String>, git2::Error> {
    let head = match repository.head() {
        Ok(head) => head.peel_to_commit()?.id(),
        Err(fault) if matches!(fault.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
            return Ok(Vec::new());
        }
        Err(fault) => return Err(fault),
    };
    let mut walk = repository.revwalk()?;
    walk.push(head)?;
    let mut roots = Vec::new();
    for id in walk {
        let id = id?;
        if repository.find_commit(id)?.parent_count() == 0 {
            roots.push(id.to_string());
        }
    }
    roots.sort();
    Ok(roots)
}

/// The person's own git config, found through the environment that was handed in and not through
/// the one libgit2 would read by itself.
fn personal_settings(env: &Env) -> Result<Vec<Setting>, git2::Error> {
    let home = env.path("HOME");
    let xdg = env
        .path("XDG_CONFIG_HOME")
        .or_else(|| Some(home.as_ref()?.join(".config")));
    let files = [
        xdg.map(|dir| dir.join("git/config")),
        home.map(|dir| dir.join(".gitconfig")),
    ];
    let mut settings = Vec::new();
    for file in files.into_iter().flatten().filter(|file| file.is_file()) {
        settings.extend(read_settings(&git2::Config::open(&file)?)?);
    }
    Ok(settings)
}

fn read_settings(config: &git2::Config) -> Result<Vec<Setting>, git2::Error> {
    let mut settings = Vec::new();
    config.entries(None)?.for_each(|entry| {
        // A value that is not text names no remote we could tell another machine about.
        if let (Ok(name), true) = (entry.name(), entry.has_value())
            && let Ok(value) = entry.value()
        {
            settings.push((name.to_owned(), value.to_owned()));
        }
    })?;
    Ok(settings)
}
