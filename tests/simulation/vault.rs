//! What a repository holds, read with libgit2 alone.

use std::collections::BTreeSet;
use std::path::Path;

use git2::{ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};
use holdall::base::{Kind, VaultPath};
use holdall::layout::{OpId, Segment, VaultFiles, check, names};

use super::machine::{Files, Held, tokens};

fn tip(repo: &Repository) -> Option<Oid> {
    repo.refname_to_id("refs/heads/main").ok()
}

/// The tip of a repository's branch.
pub fn tip_of(path: &Path) -> Option<Oid> {
    tip(&Repository::open_bare(path).expect("the repository can be opened"))
}

/// All files of the tip.
pub fn files(path: &Path) -> Option<Files> {
    let repo = Repository::open_bare(path).expect("the repository can be opened");
    let commit = repo.find_commit(tip(&repo)?).expect("the tip is there");
    let mut files = Files::new();
    let tree = commit.tree().expect("its tree is there");
    tree.walk(TreeWalkMode::PreOrder, |dir, entry| {
        if entry.kind() == Some(ObjectType::Blob) {
            let blob = repo.find_blob(entry.id()).expect("the blob is there");
            let kind = match entry.filemode() {
                0o120_000 => 'l',
                0o100_755 => 'x',
                _ => 'f',
            };
            let bytes = blob.content().to_vec();
            let name = entry.name().expect("names are plain");
            files.insert(format!("{dir}{name}"), Held { kind, bytes });
        }
        TreeWalkResult::Ok
    })
    .expect("the tree can be walked");
    Some(files)
}

/// The ops of the tip that can be told from their chains.
pub fn ops(path: &Path) -> BTreeSet<OpId> {
    let repo = Repository::open_bare(path).expect("the repository can be opened");
    let mut found = BTreeSet::new();
    let Some(commit) = tip(&repo) else {
        return found;
    };
    let commit = repo.find_commit(commit).expect("the tip is there");
    let tree = commit.tree().expect("its tree is there");
    let Ok(chains) = tree.get_path(Path::new("tasks/ops")) else {
        return found;
    };
    let chains = repo.find_tree(chains.id()).expect("the tree is there");
    chains
        .walk(TreeWalkMode::PreOrder, |_, entry| {
            if entry.kind() == Some(ObjectType::Blob) {
                let blob = repo.find_blob(entry.id()).expect("the blob is there");
                let path = names::ops_dir();
                let segment = Segment::read(&path, blob.content());
                let segment = segment.expect("what was written can be read");
                found.extend(segment.ops.iter().map(|op| op.id));
            }
            TreeWalkResult::Ok
        })
        .expect("the tree can be walked");
    found
}

/// How many commits there are; a fault where the line forks or an object is missing.
pub fn whole(path: &Path) -> Result<usize, String> {
    let repo = Repository::open_bare(path).map_err(|fault| fault.to_string())?;
    let Some(tip) = tip(&repo) else { return Ok(0) };
    let mut next = Some(tip);
    let (mut count, mut seen) = (0, BTreeSet::new());
    while let Some(id) = next {
        let commit = repo
            .find_commit(id)
            .map_err(|fault| format!("{id}: {fault}"))?;
        if commit.parent_count() > 1 {
            return Err(format!("{id} has {} parents", commit.parent_count()));
        }
        is_whole(&repo, commit.tree_id(), &mut seen)?;
        next = commit.parent_id(0).ok();
        count += 1;
    }
    Ok(count)
}

fn is_whole(repo: &Repository, tree: Oid, seen: &mut BTreeSet<Oid>) -> Result<(), String> {
    if !seen.insert(tree) {
        return Ok(());
    }
    let missing = |id: Oid| move |fault: git2::Error| format!("object {id}: {fault}");
    let tree = repo.find_tree(tree).map_err(missing(tree))?;
    for entry in &tree {
        match entry.kind() {
            Some(ObjectType::Tree) => is_whole(repo, entry.id(), seen)?,
            _ if seen.insert(entry.id()) => {
                repo.find_blob(entry.id()).map_err(missing(entry.id()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// The tokens of all contents that a ref of a repository leads to.
pub fn all_tokens(path: &Path) -> BTreeSet<u32> {
    let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let Ok(repo) = Repository::open_bare(path) else {
        return found;
    };
    let references = repo.references().expect("refs can be listed").flatten();
    let mut open: Vec<Oid> = references.filter_map(|name| name.target()).collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let object = repo
            .find_object(id, None)
            .expect("what a ref leads to is there");
        if let Some(commit) = object.as_commit() {
            open.extend(commit.parent_ids().chain([commit.tree_id()]));
        } else if let Some(tree) = object.as_tree() {
            open.extend(tree.iter().map(|entry| entry.id()));
        } else if let Some(blob) = object.as_blob() {
            found.extend(tokens(blob.content(), "tok"));
        }
    }
    found
}

/// The files of a vault, as the rules of the layout look at them.
struct Laid<'f>(&'f Files);

impl VaultFiles for Laid<'_> {
    fn paths(&self) -> Vec<(Vec<u8>, Kind)> {
        let kind = |held: &Held| match held.kind {
            'l' => Kind::Link,
            'x' => Kind::Exec,
            _ => Kind::File,
        };
        let files = self.0.iter();
        files
            .map(|(path, held)| (path.clone().into_bytes(), kind(held)))
            .collect()
    }

    fn read(&self, path: &VaultPath) -> Option<Vec<u8>> {
        Some(self.0.get(path.as_str())?.bytes.clone())
    }
}

/// Every file of a vault is where and what the layout says.
pub fn laid_out(files: &Files) -> Result<(), String> {
    match check(&Laid(files)).first() {
        None => Ok(()),
        Some(fault) => Err(format!("the vault breaks a rule of its layout: {fault}")),
    }
}
