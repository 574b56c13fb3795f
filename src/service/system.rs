//! The system that starts services on this machine: told what to do, and asked how they stand.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::base::{
    BaseError, Env, Program, Talk, create_private_dir, find_program, read_if_there, write_atomic,
};

use super::{ServiceError, State, UnitFile, Wanted, Way, launchd, systemd};

const MAX_UNIT: u64 = 64 << 10;
/// Whoever manages services answers at once, but for one that it has to end first.
const PATIENCE: Duration = Duration::from_secs(20);
/// What cannot run has ended after so long.
const SETTLED: Duration = Duration::from_millis(300);

/// systemd or launchd, as this person reaches it.
pub struct System<'a> {
    kind: Kind,
    program: PathBuf,
    env: &'a Env,
    /// Where its files lie.
    dir: PathBuf,
    /// The names of what its services find in their environment; nothing where it does not say.
    environment: Option<BTreeSet<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Systemd,
    Launchd,
}

impl<'a> System<'a> {
    /// The one that is here and answers.
    pub fn find(env: &'a Env, home: &Path) -> Result<Self, ServiceError> {
        let mut system = Self::here(env, home).ok_or(ServiceError::NoManager)?;
        if system.kind == Kind::Launchd {
            return Ok(system);
        }
        let asked = system.talk(&["show-environment"])?;
        if !asked.success {
            let words = said(&asked);
            return Err(ServiceError::Silent { words });
        }
        let lines = String::from_utf8_lossy(&asked.answer);
        let names = lines.lines().filter_map(|line| line.split_once('='));
        system.environment = Some(names.map(|(name, _)| name.to_owned()).collect());
        Ok(system)
    }

    /// Whether what it starts finds this variable. Where it does not say nobody needs to be alarmed.
    #[must_use]
    pub fn sees(&self, name: &str) -> bool {
        let known = self.environment.as_ref();
        known.is_none_or(|known| known.contains(name))
    }

    /// The one that is here, whether it answers or not.
    #[must_use]
    pub fn here(env: &'a Env, home: &Path) -> Option<Self> {
        if let Some(program) = find_program(env, "launchctl") {
            return Some(Self {
                kind: Kind::Launchd,
                program,
                env,
                dir: home.join("Library/LaunchAgents"),
                environment: None,
            });
        }
        let program = find_program(env, "systemctl")?;
        let config = env.path("XDG_CONFIG_HOME");
        let config = config.unwrap_or_else(|| home.join(".config"));
        Some(Self {
            kind: Kind::Systemd,
            program,
            env,
            dir: config.join("systemd/user"),
            environment: None,
        })
    }

    /// Writes its files, and has it run now and after each login. Where that does not go well all is as it
    /// was before.
    pub fn install(&self, wanted: &Wanted) -> Result<Vec<PathBuf>, ServiceError> {
        let files = self.files(wanted);
        let before = self.read(wanted)?;
        let done = self
            .put(wanted, &files)
            .and_then(|()| self.look_again(wanted));
        if let Err(fault) = done {
            // The fault is worth more than what comes of this.
            self.put_back(wanted, &before).ok();
            return Err(fault);
        }
        Ok(files.iter().map(|file| self.dir.join(&file.name)).collect())
    }

    fn put(&self, wanted: &Wanted, files: &[UnitFile]) -> Result<(), ServiceError> {
        self.stop(wanted)?;
        for other in self.all_names(wanted) {
            if !files.iter().any(|file| file.name == other) {
                self.remove(&other)?;
            }
        }
        create_private_dir(&self.dir)?;
        for file in files {
            write_atomic(&self.dir.join(&file.name), file.text.as_bytes())?;
        }
        self.start(wanted)
    }

    fn put_back(&self, wanted: &Wanted, before: &[UnitFile]) -> Result<(), ServiceError> {
        self.uninstall(wanted)?;
        let paths: Vec<_> = before.iter().map(|it| self.dir.join(&it.name)).collect();
        for (file, path) in before.iter().zip(&paths) {
            write_atomic(path, file.text.as_bytes())?;
        }
        let Some(way) = self.way(&paths)? else {
            return Ok(());
        };
        let wanted = wanted.clone();
        self.start(&Wanted { way, ..wanted })
    }

    /// That it was started says nothing yet: it may have ended at once.
    fn look_again(&self, wanted: &Wanted) -> Result<(), ServiceError> {
        for pause in [Duration::ZERO, SETTLED] {
            thread::sleep(pause);
            if !self.state(wanted)?.active {
                return Err(ServiceError::Ended);
            }
        }
        Ok(())
    }

    /// Its files, as they are.
    fn read(&self, wanted: &Wanted) -> Result<Vec<UnitFile>, ServiceError> {
        let mut all = Vec::new();
        for name in self.all_names(wanted) {
            if let Some(bytes) = read_if_there(&self.dir.join(&name), MAX_UNIT)? {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                all.push(UnitFile { name, text });
            }
        }
        Ok(all)
    }

    /// Ends it, and takes its files away. Those that were there.
    pub fn uninstall(&self, wanted: &Wanted) -> Result<Vec<PathBuf>, ServiceError> {
        let there = self.there(wanted);
        if there.is_empty() {
            return Ok(there);
        }
        self.stop(wanted)?;
        for name in self.all_names(wanted) {
            self.remove(&name)?;
        }
        if self.kind == Kind::Systemd {
            self.tell(&["daemon-reload"])?;
        }
        Ok(there)
    }

    pub fn restart(&self, wanted: &Wanted) -> Result<(), ServiceError> {
        match self.kind {
            Kind::Systemd => self.tell(&["restart", &systemd::main_unit(wanted)])?,
            Kind::Launchd => self.tell(&["kickstart", "-k", &launchd::target(wanted)])?,
        }
        self.look_again(wanted)
    }

    /// How it stands; the way in what is wanted does not matter.
    pub fn state(&self, wanted: &Wanted) -> Result<State, ServiceError> {
        let files = self.there(wanted);
        let way = self.way(&files)?;
        let Some(way) = way else {
            return Ok(State {
                way,
                files,
                current: false,
                enabled: false,
                active: false,
            });
        };
        let wanted = Wanted {
            way,
            ..wanted.clone()
        };
        let (there, expected) = (self.read(&wanted)?, self.files(&wanted));
        let essence = |files: &[UnitFile]| files.iter().map(essence).collect::<Vec<_>>();
        let current = essence(&there) == essence(&expected);
        let (enabled, active) = match self.kind {
            Kind::Systemd => {
                let unit = systemd::main_unit(&wanted);
                let enabled = self.ask(&["is-enabled", &unit])?.0;
                (enabled, self.ask(&["is-active", &unit])?.0)
            }
            Kind::Launchd => {
                let known = self.ask(&["print", &launchd::target(&wanted)])?.0;
                (known, known)
            }
        };
        Ok(State {
            way: Some(way),
            files,
            current,
            enabled,
            active,
        })
    }

    /// Whether this person's services run without a login; nothing where nobody knows.
    #[must_use]
    pub fn lingers(&self) -> Option<bool> {
        let user = self.env.var("USER")?;
        let program = find_program(self.env, "loginctl")?;
        let asked = Program::new(program, self.env)
            .args(["show-user", "--property=Linger", "--value"])
            .args([user]);
        let output = asked.output().ok().filter(|it| it.status.success())?;
        match output.stdout.trim_ascii() {
            b"yes" => Some(true),
            b"no" => Some(false),
            _ => None,
        }
    }

    fn files(&self, wanted: &Wanted) -> Vec<UnitFile> {
        match self.kind {
            Kind::Systemd => systemd::files(wanted),
            Kind::Launchd => launchd::files(wanted),
        }
    }

    /// The names of its files, whichever way it was installed.
    fn all_names(&self, wanted: &Wanted) -> Vec<String> {
        let way = match self.kind {
            Kind::Systemd => Way::Timer,
            Kind::Launchd => Way::Daemon,
        };
        let all = Wanted {
            way,
            ..wanted.clone()
        };
        self.files(&all).into_iter().map(|file| file.name).collect()
    }

    /// Those of its files that are there.
    #[must_use]
    pub fn there(&self, wanted: &Wanted) -> Vec<PathBuf> {
        let names = self.all_names(wanted).into_iter();
        let paths = names.map(|name| self.dir.join(name));
        paths.filter(|path| path.exists()).collect()
    }

    fn way(&self, files: &[PathBuf]) -> Result<Option<Way>, ServiceError> {
        let Some(first) = files.first() else {
            return Ok(None);
        };
        let is_timer = match self.kind {
            Kind::Systemd => files.len() > 1,
            Kind::Launchd => {
                let text = read_if_there(first, MAX_UNIT)?.unwrap_or_default();
                String::from_utf8_lossy(&text).contains("<key>StartInterval</key>")
            }
        };
        Ok(Some(if is_timer { Way::Timer } else { Way::Daemon }))
    }

    fn remove(&self, name: &str) -> Result<(), ServiceError> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                Err(BaseError::io("delete", &path)(fault).into())
            }
            _ => Ok(()),
        }
    }

    /// It runs no more, and comes no more. One that did not run is as good.
    fn stop(&self, wanted: &Wanted) -> Result<(), ServiceError> {
        for path in self.there(wanted) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match self.kind {
                Kind::Systemd => self.ask(&["disable", "--now", &name])?,
                Kind::Launchd => self.ask(&["bootout", &launchd::target(wanted)])?,
            };
        }
        Ok(())
    }

    fn start(&self, wanted: &Wanted) -> Result<(), ServiceError> {
        match self.kind {
            Kind::Systemd => {
                self.tell(&["daemon-reload"])?;
                self.tell(&["enable", "--now", &systemd::main_unit(wanted)])
            }
            Kind::Launchd => {
                let file = self.dir.join(launchd::file_name(wanted));
                let file = file.to_string_lossy();
                self.tell(&["bootstrap", &launchd::domain(), &file])
            }
        }
    }

    /// What has to go well.
    fn tell(&self, words: &[&str]) -> Result<(), ServiceError> {
        match self.ask(words)? {
            (true, _) => Ok(()),
            (false, said) => Err(ServiceError::Refused {
                command: format!("{} {}", self.called(), words.join(" ")),
                words: said,
            }),
        }
    }

    const fn called(&self) -> &'static str {
        match self.kind {
            Kind::Systemd => "systemctl --user",
            Kind::Launchd => "launchctl",
        }
    }

    /// Whether it went well, and what was said to that.
    fn ask(&self, words: &[&str]) -> Result<(bool, String), ServiceError> {
        let talk = self.talk(words)?;
        Ok((talk.success, said(&talk)))
    }

    fn talk(&self, words: &[&str]) -> Result<Talk, ServiceError> {
        let program = Program::new(&self.program, self.env);
        // Where the manager of this person listens.
        let bus = self.env.var("DBUS_SESSION_BUS_ADDRESS");
        let program = match bus {
            Some(bus) => program.var("DBUS_SESSION_BUS_ADDRESS", bus),
            None => program,
        };
        let program = match self.kind {
            Kind::Systemd => program.args(["--user"]),
            Kind::Launchd => program,
        };
        Ok(program.args(words).leading().talk(b"", PATIENCE)?)
    }
}

/// A file without the variables that it was installed with: another shell has others, and is as right.
fn essence(file: &UnitFile) -> String {
    let mut is_var = false;
    let lines = file.text.lines().filter(|line| {
        is_var |= line.contains("<key>EnvironmentVariables</key>");
        let is_left_out = is_var || line.starts_with("Environment=");
        is_var &= !line.contains("</dict>");
        !is_left_out
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What it said to that, in one line.
fn said(talk: &Talk) -> String {
    let words = if talk.was_silent {
        "it does not answer"
    } else {
        talk.words.trim()
    };
    words.replace('\n', "; ")
}
