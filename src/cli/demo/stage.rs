//! Where the demo plays: a temporary directory with two homes, a git host, and a clean environment.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::base::{BaseError, Env, Program, create_private_dir, find_program, read_if_there};
use crate::flow::FlowError;

use super::step::{Claim, File, Step, Tool, Who};

/// As much of one file as a claim looks at.
const MAX_BYTES: u64 = 1 << 24;

/// A command that came to its end.
pub struct Ran {
    pub exit: u8,
    /// What it said: its answer, then its talk.
    pub output: String,
}

pub struct Stage {
    base: PathBuf,
    holdall: PathBuf,
    git: PathBuf,
    env: Env,
    /// Deletes everything when dropped, unless it is to be kept.
    _dir: TempDir,
}

impl Stage {
    /// Two machines, a git host with one project on it, and no vault yet.
    pub fn build(env: &Env, keep: bool) -> Result<Self, FlowError> {
        let Some(git) = find_program(env, "git") else {
            return Err(FlowError::Refused {
                what: "git is not on PATH, and the demo clones projects with it".to_owned(),
                hint: "install git; holdall itself also works without it".to_owned(),
            });
        };
        let holdall = std::env::current_exe().map_err(BaseError::io(
            "find the program of",
            PathBuf::from("holdall"),
        ))?;
        let temp = env.path("TMPDIR").unwrap_or_else(|| "/tmp".into());
        let mut dir = tempfile::Builder::new()
            .prefix("holdall-demo-")
            .tempdir_in(&temp)
            .map_err(BaseError::io("create a directory in", &temp))?;
        dir.disable_cleanup(keep);
        let base = dir.path().canonicalize();
        let base = base.map_err(BaseError::io("look at", dir.path()))?;
        let stage = Self {
            base,
            holdall,
            git,
            env: env.clone(),
            _dir: dir,
        };
        stage.furnish()?;
        Ok(stage)
    }

    pub fn base(&self) -> &Path {
        &self.base
    }

    fn home(&self, who: Who) -> PathBuf {
        self.base.join(who.name())
    }

    /// The homes, and the project's origin: a repository that git finds under a made-up address.
    fn furnish(&self) -> Result<(), FlowError> {
        let hosting = format!("{}/host/git/", self.base.display());
        let hosting = hosting.replace('\\', "\\\\").replace('"', "\\\"");
        let config = format!(
            "[user]\n\tname = Ada Example\n\temail = ada@example.com\n\
             [init]\n\tdefaultBranch = main\n\
             [url \"{hosting}\"]\n\tinsteadOf = https://git.example.com/\n"
        );
        for who in [Who::Host, Who::Laptop, Who::Desktop] {
            write(&self.home(who).join(".gitconfig"), &config)?;
        }
        let seed = self.home(Who::Host).join("seed");
        write(&seed.join(".gitignore"), ".aigon/\n")?;
        write(&seed.join("README.md"), "# shop\n")?;
        for args in [
            &["-C", "seed", "init", "--quiet"][..],
            &["-C", "seed", "add", "-A"],
            &["-C", "seed", "commit", "--quiet", "-m", "A shop"],
            &["clone", "--quiet", "--bare", "seed", "git/ada/shop.git"],
        ] {
            let ran = self.spawn((Who::Host, ""), (Tool::Git, args))?;
            if ran.exit != 0 {
                return Err(FlowError::Refused {
                    what: format!("git {}: {}", args.join(" "), ran.output.trim_end()),
                    hint: "the demo needs a git that works".to_owned(),
                });
            }
        }
        let removed = fs::remove_dir_all(&seed);
        Ok(removed.map_err(BaseError::io("delete", seed))?)
    }

    /// The text with what only this stage knows.
    fn fill(&self, text: &str) -> String {
        let vault = self.home(Who::Host).join("vault.git");
        let token = ["ghp_", "0123456789", "abcdefghijklmnopqrstuvwxyz"].concat();
        text.replace("{vault}", &vault.display().to_string())
            .replace("{token}", &token)
    }

    /// Writes or deletes a file of a machine.
    pub fn put(&self, who: Who, file: &File) -> Result<(), FlowError> {
        let path = self.home(who).join(file.path);
        match file.text {
            Some(text) => write(&path, &self.fill(text)),
            None => Ok(fs::remove_file(&path).map_err(BaseError::io("delete", path))?),
        }
    }

    /// The command as one would type it.
    pub fn command_line(&self, step: &Step) -> String {
        let name = match step.tool {
            Tool::Holdall => "holdall",
            Tool::Git => "git",
        };
        let args = step.args.iter().map(|arg| self.fill(arg));
        std::iter::once(name.to_owned())
            .chain(args)
            .collect::<Vec<_>>()
            .join(" ")
    }

    pub fn run(&self, step: &Step) -> Result<Ran, FlowError> {
        self.spawn((step.who, step.dir), (step.tool, step.args))
    }

    fn spawn(
        &self,
        (who, dir): (Who, &str),
        (tool, args): (Tool, &[&str]),
    ) -> Result<Ran, FlowError> {
        let home = self.home(who);
        let path = match tool {
            Tool::Holdall => &self.holdall,
            Tool::Git => &self.git,
        };
        let output = Program::new(path, &self.env)
            .var("HOME", home.as_os_str())
            .var("HOLDALL_HOME", home.join(".holdall"))
            .var("GIT_CONFIG_NOSYSTEM", "1")
            .var("GIT_TERMINAL_PROMPT", "0")
            .var("LANG", "C")
            .dir(home.join(dir))
            .args(args.iter().map(|arg| OsString::from(self.fill(arg))))
            .output()?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        // One that a signal ended has no code; no claim expects this one.
        let code = output
            .status
            .code()
            .and_then(|code| u8::try_from(code).ok());
        Ok(Ran {
            exit: code.unwrap_or(u8::MAX),
            output: said,
        })
    }

    /// The first claim of a step that does not hold, in words.
    pub fn fault(&self, step: &Step, ran: &Ran) -> Result<Option<String>, FlowError> {
        if ran.exit != step.exit {
            let words = ran.output.trim_end();
            return Ok(Some(format!(
                "it ended with {} and not with {}: {words}",
                ran.exit, step.exit
            )));
        }
        for claim in step.claims {
            if let Some(fault) = self.check(claim, &ran.output)? {
                return Ok(Some(fault));
            }
        }
        Ok(None)
    }

    fn check(&self, claim: &Claim, said: &str) -> Result<Option<String>, FlowError> {
        let holds = match claim {
            Claim::Says(text) => said.contains(&self.fill(text)),
            Claim::Silent => said.is_empty(),
            Claim::Absent(path) => self.base.join(path).symlink_metadata().is_err(),
            Claim::Has(path, text) => self
                .content(path)?
                .is_some_and(|has| self.holds(&has, text)),
            Claim::Lacks(path, text) => self
                .content(path)?
                .is_some_and(|has| !self.holds(&has, text)),
            Claim::Same(one, other) => {
                let one = self.content(one)?;
                one.is_some() && one == self.content(other)?
            }
            Claim::Somewhere(dir, text) => self.is_below(&self.base.join(dir), text)?,
            Claim::Nowhere(dir, text) => !self.is_below(&self.base.join(dir), text)?,
            Claim::Never(dir, text) => self.was_never(dir, text)?,
        };
        Ok((!holds).then(|| match claim {
            Claim::Says(text) => format!("it did not say \"{}\": {}", self.fill(text), said.trim()),
            Claim::Silent => format!("it said something: {}", said.trim()),
            Claim::Absent(path) => format!("{path} is there"),
            Claim::Has(path, text) => format!("{path} lacks \"{text}\""),
            Claim::Lacks(path, text) => format!("{path} is not there, or has \"{text}\""),
            Claim::Same(one, other) => format!("{one} and {other} are not the same"),
            Claim::Somewhere(dir, text) => format!("no file in {dir} has \"{text}\""),
            Claim::Nowhere(dir, text) => format!("a file in {dir} has \"{text}\""),
            Claim::Never(dir, text) => format!("a commit of {dir} has \"{text}\""),
        }))
    }

    fn holds(&self, content: &str, text: &str) -> bool {
        content.contains(&self.fill(text))
    }

    fn content(&self, path: &str) -> Result<Option<String>, FlowError> {
        let bytes = read_if_there(&self.base.join(path), MAX_BYTES)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Whether a file below a directory has the text in it; git's own files are not looked at.
    fn is_below(&self, dir: &Path, text: &str) -> Result<bool, FlowError> {
        for entry in fs::read_dir(dir).map_err(BaseError::io("list", dir))? {
            let path = entry.map_err(BaseError::io("list", dir))?.path();
            let found = if path.is_dir() {
                !path.ends_with(".git") && self.is_below(&path, text)?
            } else {
                let bytes = read_if_there(&path, MAX_BYTES)?.unwrap_or_default();
                self.holds(&String::from_utf8_lossy(&bytes), text)
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether no commit of a clone ever brought the text.
    fn was_never(&self, dir: &str, text: &str) -> Result<bool, FlowError> {
        let search = format!("-S{text}");
        let clone = self.base.join(dir).display().to_string();
        let args = ["-C", &clone, "log", "--all", "--format=%H", &search];
        let ran = self.spawn((Who::Host, ""), (Tool::Git, &args))?;
        Ok(ran.exit == 0 && ran.output.is_empty())
    }
}

fn write(path: &Path, text: &str) -> Result<(), FlowError> {
    if let Some(dir) = path.parent() {
        create_private_dir(dir)?;
    }
    let written = fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    Ok(written.map_err(BaseError::io("write", path))?)
}
