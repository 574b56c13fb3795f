//! Reading through the git program, for what libgit2 does not know: split and sparse indexes,
//! SHA-256, reftable, and whatever git learns next.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::base::{Env, Program, VaultPath, find_program};

use super::RepoError;
use super::checkout::{Checkout, Depth, canonical};
use super::remotes::{Setting, urls};

/// Longer words of git are cut: they may quote file names without end.
const MAX_SAID: usize = 300;

/// The git program of this machine.
pub struct Git<'a> {
    file: PathBuf,
    env: &'a Env,
}

impl<'a> Git<'a> {
    pub fn find(env: &'a Env) -> Option<Self> {
        let file = find_program(env, "git")?;
        Some(Self { file, env })
    }

    /// What git prints. It runs no program that the repository's config names, takes no lock,
    /// replaces no object and fetches nothing.
    fn ask(&self, dir: &Path, args: &[&OsStr]) -> Result<Vec<u8>, RepoError> {
        let mut program = Program::new(&self.file, self.env)
            .args(["--literal-pathspecs", "-c", "core.fsmonitor=false"])
            .args(args)
            .dir(dir)
            .var("LC_ALL", "C")
            .var("GIT_OPTIONAL_LOCKS", "0")
            .var("GIT_NO_REPLACE_OBJECTS", "1")
            .var("GIT_NO_LAZY_FETCH", "1");
        if let Some(place) = self.env.path("XDG_CONFIG_HOME") {
            program = program.var("XDG_CONFIG_HOME", place);
        }
        let output = program.output()?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        if words.contains("dubious ownership") {
            return Err(RepoError::NotOwned {
                path: dir.to_owned(),
            });
        }
        Err(RepoError::Git {
            path: dir.to_owned(),
            said: words.trim().chars().take(MAX_SAID).collect(),
            source: None,
        })
    }

    fn words(&self, dir: &Path, args: &[&str]) -> Result<Vec<u8>, RepoError> {
        let args: Vec<&OsStr> = args.iter().map(OsStr::new).collect();
        self.ask(dir, &args)
    }

    /// A question that is answered with one line, which may be a path with anything in it.
    fn line(&self, dir: &Path, question: &str) -> Result<OsString, RepoError> {
        let mut answer = self.words(dir, &["rev-parse", "--path-format=absolute", question])?;
        if answer.last() == Some(&b'\n') {
            answer.pop();
        }
        Ok(OsString::from_vec(answer))
    }

    pub fn discover(&self, path: &Path, depth: Depth) -> Result<Checkout, RepoError> {
        if self.line(path, "--is-bare-repository")? == "true" {
            return Err(RepoError::Bare {
                path: path.to_owned(),
            });
        }
        let own = canonical(Path::new(&self.line(path, "--show-toplevel")?))?;
        let main = self.main_checkout(path)?;
        let (root, linked_from) = match main {
            Some(main) => (main, Some(own)),
            None => (own, None),
        };
        let dir = root.as_path();
        let shallow = self.line(dir, "--is-shallow-repository")? == "true";
        let mut roots = Vec::new();
        if depth == Depth::Whole && !shallow {
            roots = self.root_commits(dir)?;
        }
        let remotes = urls(&self.settings(dir)?);
        Ok(Checkout {
            root,
            linked_from,
            remotes,
            roots,
            shallow,
        })
    }

    /// For a linked worktree: the checkout it belongs to, if there is one.
    fn main_checkout(&self, path: &Path) -> Result<Option<crate::base::HostPath>, RepoError> {
        if self.line(path, "--git-dir")? == self.line(path, "--git-common-dir")? {
            return Ok(None);
        }
        let listed = self.words(path, &["worktree", "list", "--porcelain", "-z"])?;
        // The first record is the main one; a bare one says so in its next field.
        let mut fields = listed.split(|byte| *byte == 0);
        let main = fields
            .next()
            .and_then(|field| field.strip_prefix(b"worktree "));
        match main {
            Some(main) if fields.next() != Some(b"bare") => {
                canonical(Path::new(OsStr::from_bytes(main))).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn root_commits(&self, dir: &Path) -> Result<Vec<String>, RepoError> {
        let verify = ["rev-parse", "--verify", "--quiet", "HEAD"];
        match self.words(dir, &verify) {
            Ok(_) => {}
            // Quiet, so an empty answer means: no commit yet.
            Err(RepoError::Git { said, .. }) if said.is_empty() => return Ok(Vec::new()),
            Err(other) => return Err(other),
        }
        let listed = self.words(dir, &["rev-list", "--max-parents=0", "HEAD", "--"])?;
        let text = String::from_utf8_lossy(&listed);
        let mut roots: Vec<String> = text.lines().map(str::to_owned).collect();
        roots.sort();
        Ok(roots)
    }

    /// Whether the repository has a commit, which is named by its id.
    pub fn has(&self, dir: &Path, commit: &str) -> Result<bool, RepoError> {
        if !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(false);
        }
        let asked = format!("{commit}^{{commit}}");
        match self.words(dir, &["rev-parse", "--verify", "--quiet", &asked]) {
            Ok(_) => Ok(true),
            // Quiet, so an empty answer means: it is not there.
            Err(RepoError::Git { said, .. }) if said.is_empty() => Ok(false),
            Err(other) => Err(other),
        }
    }

    fn settings(&self, dir: &Path) -> Result<Vec<Setting>, RepoError> {
        let listed = self.words(dir, &["config", "--null", "--list"])?;
        let settings = listed.split(|byte| *byte == 0).filter_map(|record| {
            let (key, value) = std::str::from_utf8(record).ok()?.split_once('\n')?;
            Some((key.to_owned(), value.to_owned()))
        });
        Ok(settings.collect())
    }

    /// The tracked paths under some directories, relative to `root`.
    pub fn tracked(
        &self,
        root: &Path,
        under: &[VaultPath],
    ) -> Result<BTreeSet<Vec<u8>>, RepoError> {
        let mut args: Vec<&OsStr> = ["ls-files", "-z", "--"].iter().map(OsStr::new).collect();
        args.extend(under.iter().map(|dir| OsStr::new(dir.as_str())));
        let listed = self.ask(root, &args)?;
        let paths = listed.split(|byte| *byte == 0);
        Ok(paths
            .filter(|path| !path.is_empty())
            .map(<[u8]>::to_vec)
            .collect())
    }
}
