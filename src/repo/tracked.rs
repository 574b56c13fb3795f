//! Which files a repository's own git tracks: those travel with it, and are none of our business.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{ErrorCode, Index};

use crate::base::{Env, HostPath, VaultPath};

use super::checkout::canonical;
use super::program::Git;
use super::{RepoError, library};

/// The paths in the index under some directories of `root`, relative to it and byte for byte: files
/// that a sparse checkout leaves out and submodules among them. Outside a repository: none.
pub fn tracked(
    root: &HostPath,
    under: &[VaultPath],
    env: &Env,
) -> Result<BTreeSet<Vec<u8>>, RepoError> {
    let root = canonical(root.as_path())?;
    if under.is_empty() {
        return Ok(BTreeSet::new());
    }
    let fault = match read(root.as_path(), under) {
        Ok(paths) => return Ok(paths),
        Err(fault) => fault,
    };
    match Git::find(env) {
        None => Err(library::explain(root.as_path(), fault)),
        Some(git) => git
            .tracked(root.as_path(), under)
            .map_err(|error| error.because(fault)),
    }
}

fn read(root: &Path, under: &[VaultPath]) -> Result<BTreeSet<Vec<u8>>, git2::Error> {
    let mut paths = BTreeSet::new();
    let Some(repository) = library::open(root)? else {
        return Ok(paths);
    };
    let Some(workdir) = repository.workdir() else {
        return Ok(paths);
    };
    // A project may begin below the checkout: the index counts from the checkout.
    let Ok(inside) = root.strip_prefix(workdir) else {
        return Ok(paths);
    };
    let mut lead = inside.as_os_str().as_bytes().to_vec();
    if !lead.is_empty() {
        lead.push(b'/');
    }
    let index = repository.index()?;
    for dir in under {
        let mut own = lead.clone();
        own.extend_from_slice(dir.as_str().as_bytes());
        collect(&index, &own, lead.len(), &mut paths)?;
    }
    Ok(paths)
}

/// Takes in the entry `own` itself (a file, or a submodule) and all that lie below it.
fn collect(
    index: &Index,
    own: &[u8],
    lead: usize,
    paths: &mut BTreeSet<Vec<u8>>,
) -> Result<(), git2::Error> {
    if index.find_prefix(own).is_ok()
        && index
            .get_path(Path::new(std::ffi::OsStr::from_bytes(own)), 0)
            .is_some()
    {
        paths.insert(own[lead..].to_vec());
    }
    let mut below = own.to_vec();
    below.push(b'/');
    let first = match index.find_prefix(below.as_slice()) {
        Ok(first) => first,
        Err(fault) if fault.code() == ErrorCode::NotFound => return Ok(()),
        Err(fault) => return Err(fault),
    };
    for at in first..index.len() {
        let Some(entry) = index.get(at) else { break };
        if entry.path.starts_with(&below) {
            paths.insert(entry.path[lead..].to_vec());
        } else if !same_but_for_case(&entry.path, &below) {
            // Where the repository ignores case, spellings of one prefix stand mixed.
            break;
        }
    }
    Ok(())
}

fn same_but_for_case(path: &[u8], prefix: &[u8]) -> bool {
    path.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::super::kit::Kit;
    use super::*;

    fn state() -> Vec<VaultPath> {
        vec![VaultPath::parse(".aigon").expect("valid")]
    }

    fn names(paths: &BTreeSet<Vec<u8>>) -> Vec<String> {
        let text = |path: &Vec<u8>| String::from_utf8_lossy(path).into_owned();
        paths.iter().map(text).collect()
    }

    #[test]
    fn tracked_paths_are_byte_for_byte_the_ones_of_the_disk() {
        let kit = Kit::new();
        for format in ["sha1", "sha256"] {
            let root = kit.repo(format, &["--object-format", format]);
            for name in [
                ".aigon/plain",
                ".aigon/größe 日本",
                ".aigon/a\nb\"c",
                "other",
            ] {
                kit.commit(&root, name);
            }
            std::fs::write(root.join(".aigon/untracked").as_path(), "x").expect("written");
            let found = tracked(&root, &state(), &kit.env).expect("readable");
            let expected = [".aigon/a\nb\"c", ".aigon/größe 日本", ".aigon/plain"];
            assert_eq!(names(&found), expected);
        }
    }

    #[test]
    fn neighbours_with_the_same_beginning_are_not_meant() {
        let kit = Kit::new();
        let root = kit.repo("api", &[]);
        for name in [
            ".aigon-old/x",
            ".aigon.json",
            ".Aigon/x",
            ".aigon/deep/er/x",
        ] {
            kit.commit(&root, name);
        }
        let found = tracked(&root, &state(), &kit.env).expect("readable");
        assert_eq!(names(&found), [".aigon/deep/er/x"]);
        kit.git(&root, &["config", "core.ignorecase", "true"]);
        let found = tracked(&root, &state(), &kit.env).expect("readable");
        assert_eq!(names(&found), [".aigon/deep/er/x"]);
    }

    #[test]
    fn a_split_or_sparse_index_is_read_by_git() {
        let kit = Kit::new();
        let root = kit.repo("api", &[]);
        for name in [".aigon/a", ".aigon/b/c", "src/x"] {
            kit.commit(&root, name);
        }
        kit.git(&root, &["update-index", "--split-index"]);
        kit.commit(&root, ".aigon/d");
        let all = [".aigon/a", ".aigon/b/c", ".aigon/d"];
        let found = tracked(&root, &state(), &kit.env).expect("readable");
        assert_eq!(names(&found), all);
        kit.git(&root, &["update-index", "--no-split-index"]);
        kit.git(&root, &["sparse-checkout", "set", "--sparse-index", "src"]);
        let found = tracked(&root, &state(), &kit.env).expect("readable");
        assert_eq!(names(&found), all);
        assert!(!root.join(".aigon/a").as_path().exists());
        assert!(tracked(&root, &state(), &Env::default()).is_err());
    }

    #[test]
    fn a_submodule_and_a_tracked_file_in_place_of_a_directory_count() {
        let kit = Kit::new();
        let other = kit.repo("other", &[]);
        kit.commit(&other, "x");
        let root = kit.repo("api", &[]);
        let allow = "protocol.file.allow=always";
        let from = other.to_string();
        kit.git(
            &root,
            &["-c", allow, "submodule", "add", "-q", &from, ".aigon"],
        );
        kit.commit(&root, ".aider.conf.yml");
        let under = [".aigon", ".aider.conf.yml"].map(|name| VaultPath::parse(name).expect("ok"));
        let found = tracked(&root, &under, &kit.env).expect("readable");
        assert_eq!(names(&found), [".aider.conf.yml", ".aigon"]);
    }

    #[test]
    fn a_project_below_its_checkout_counts_from_its_own_root() {
        let kit = Kit::new();
        let root = kit.repo("mono", &[]);
        kit.commit(&root, "packages/x/.aigon/a");
        kit.commit(&root, ".aigon/b");
        let found = tracked(&root.join("packages/x"), &state(), &kit.env).expect("readable");
        assert_eq!(names(&found), [".aigon/a"]);
    }

    #[test]
    fn outside_a_repository_nothing_is_tracked() {
        let kit = Kit::new();
        let found = tracked(&kit.dir(), &state(), &kit.env).expect("readable");
        assert!(found.is_empty());
    }

    #[test]
    fn programs_that_the_repository_names_are_not_run() {
        let kit = Kit::new();
        let root = kit.repo("api", &["--object-format", "sha256"]);
        kit.commit(&root, ".aigon/a");
        let trap = kit.dir().join("sprung");
        let command = format!("touch {trap}; false");
        kit.git(&root, &["config", "core.fsmonitor", &command]);
        let found = tracked(&root, &state(), &kit.env).expect("readable");
        assert_eq!(found.len(), 1);
        assert!(!trap.as_path().exists());
    }
}
