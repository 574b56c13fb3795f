//! The real git, without anything of the user's config.

use std::path::Path;
use std::process::{Command, Stdio};

use super::machine::Ran;

/// One commit of `main`, newest first in a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Commit {
    pub id: String,
    pub parents: Vec<String>,
    pub subject: String,
}

/// Runs git in a directory and returns its stdout. Fails the test if git fails.
#[track_caller]
pub fn git(args: &[&str], dir: &Path) -> String {
    let ran = try_git(args, dir);
    assert!(
        ran.code == 0,
        "git {} in {}: {ran}",
        args.join(" "),
        dir.display()
    );
    ran.stdout
}

/// Runs git in a directory, whatever comes of it.
pub fn try_git(args: &[&str], dir: &Path) -> Ran {
    let mut git = Command::new("git");
    git.args(args)
        .current_dir(dir)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", dir)
        .env("LANG", "C")
        .env("TZ", "UTC")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    for who in ["AUTHOR", "COMMITTER"] {
        git.env(format!("GIT_{who}_NAME"), "Ada Example")
            .env(format!("GIT_{who}_EMAIL"), "ada@example.com")
            .env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
    }
    Ran::from(git.output().expect("git can be run"))
}

/// Has git take small pushes, too, of which it is spared elsewhere: it is set to what it does anyhow.
pub fn git_takes_all(bare: &Path) {
    git(&["config", "receive.unpackLimit", "100"], bare);
}

/// A plain clone, as any person would make it.
#[track_caller]
pub fn clone(url: impl AsRef<Path>, into: &Path) {
    let url = url.as_ref().to_str().expect("test paths are UTF-8");
    let into = into.to_str().expect("test paths are UTF-8");
    // Not file by file: the git over there may put its objects in order meanwhile.
    git(&["clone", "-q", "--no-local", url, into], Path::new("/"));
}

/// `git fsck --strict` ends well and has nothing to say.
#[track_caller]
pub fn fsck(repository: &Path) {
    let args = [
        "fsck",
        "--strict",
        "--full",
        "--no-dangling",
        "--no-progress",
    ];
    let ran = try_git(&args, repository);
    // An empty repository makes git notice that there is nothing yet.
    let mut said = ran.stdout.lines().chain(ran.stderr.lines());
    let clean = ran.code == 0 && said.all(|line| line.starts_with("notice:"));
    assert!(clean, "{} is not sound: {ran}", repository.display());
}

/// All commits that `main` reaches, newest first; none when there is no `main`.
pub fn commits(repository: &Path) -> Vec<Commit> {
    let tip = ["rev-parse", "-q", "--verify", "refs/heads/main"];
    if try_git(&tip, repository).code != 0 {
        return Vec::new();
    }
    let format = "--format=%H%x09%P%x09%s";
    git(
        &["log", "--topo-order", format, "refs/heads/main"],
        repository,
    )
    .lines()
    .map(|line| {
        let mut parts = line.splitn(3, '\t');
        let mut part = || parts.next().unwrap_or_default();
        Commit {
            id: part().to_owned(),
            parents: part().split_whitespace().map(str::to_owned).collect(),
            subject: part().to_owned(),
        }
    })
    .collect()
}

/// One root, and no merge.
pub fn is_linear(repository: &Path) -> bool {
    let commits = commits(repository);
    let roots = commits
        .iter()
        .filter(|commit| commit.parents.is_empty())
        .count();
    roots == 1 && commits.iter().all(|commit| commit.parents.len() <= 1)
}
