//! What every flow stands on: the places, the configuration, the edges. A [`Session`] reads; a
//! [`Writer`](super::Writer) also holds the run lock, and only it can change anything.

use std::path::Path;

use crate::base::{Edges, Env, FileLock, Holder, HostPath, LockOutcome, MachineId, Progress};
use crate::config::{Config, Written};
use crate::source::{RuleBook, RuleLine, RulePlace, SourceError, presets};
use crate::vault::wire::{self, Address, Aim, GitConfig, Remote, WebOptions, WireOptions};
use crate::vault::{Author, Store};

use super::aside::mended;
use super::hosting::{self, Account, Patience};
use super::{Event, FlowError, Places, Stage, Watch, own_machine, there};

/// One run, before it holds any lock.
pub struct Session<'a> {
    pub edges: &'a Edges,
    pub places: Places,
    pub config: Config,
    /// The rules of the presets and of the person, in their order.
    pub rules: RuleBook,
    pub watch: &'a dyn Watch,
    /// The command, as the lock and the history of runs name it.
    pub command: String,
}

impl<'a> Session<'a> {
    pub fn open(
        edges: &'a Edges,
        home: Option<&Path>,
        command: &str,
        watch: &'a dyn Watch,
    ) -> Result<Self, FlowError> {
        let places = Places::find(edges, home)?;
        let config = Config::load(&places.config_file)?;
        let session = Self::with(edges, (places, config), (command, watch))?;
        session.warn_of_unknown_presets();
        Ok(session)
    }

    /// The same where the configuration may be broken: then it has the defaults, and why is told.
    pub fn open_anyway(
        edges: &'a Edges,
        home: Option<&Path>,
        (command, watch): (&str, &'a dyn Watch),
    ) -> Result<(Self, Option<FlowError>), FlowError> {
        match Self::open(edges, home, command, watch).and_then(Self::settled) {
            Ok(session) => Ok((session, None)),
            Err(fault) => {
                let defaults = (Places::find(edges, home)?, Config::default());
                let session = Self::with(edges, defaults, (command, watch))?;
                Ok((session, Some(fault)))
            }
        }
    }

    /// The same with places and settings that are known.
    pub fn with(
        edges: &'a Edges,
        (places, config): (Places, Config),
        (command, watch): (&str, &'a dyn Watch),
    ) -> Result<Self, FlowError> {
        let own = own_rules(&places.config_file, &config.rules)?;
        Ok(Self {
            edges,
            places,
            rules: RuleBook::new(config.presets_off.clone(), own),
            config,
            watch,
            command: command.to_owned(),
        })
    }

    /// `config set` refuses them; a file can be written by hand.
    fn warn_of_unknown_presets(&self) {
        let lists = [
            ("presets.off", &self.config.presets_off),
            ("settings.off", &self.config.settings_off),
        ];
        for (key, names) in lists {
            for name in unknown_presets(names) {
                let (file, known) = (&self.places.config_file, preset_names().join(", "));
                let text = format!(
                    "{key} in {file} switches nothing off by `{name}`: presets are {known}"
                );
                self.tell(&Event::Warning { text: &text });
            }
        }
    }

    pub fn tell(&self, event: &Event<'_>) {
        self.watch.tell(event);
    }

    /// Passes on how far a stage is.
    pub fn tells(&self, stage: Stage) -> impl Fn(Progress) + '_ {
        move |now| self.tell(&Event::Progress { stage, now })
    }

    /// This machine's copy of the vault, whatever else is gone: for whoever says so by itself.
    pub fn store_there(&self) -> Result<Option<Store>, FlowError> {
        let place = self.places.store();
        match Store::open_existing(&place)? {
            // One that was mended takes its place with the next step.
            None if !there::is_there(&place)? => Ok(Store::open_existing(&mended(&place))?),
            store => Ok(store),
        }
    }

    pub fn holder(&self) -> Holder {
        Holder {
            pid: std::process::id(),
            command: self.command.clone(),
            since: self.edges.clock.now(),
        }
    }

    pub fn nothing_to_pull(&self) -> FlowError {
        FlowError::NothingToPull {
            url: self.config.remote_url.clone(),
        }
    }

    /// What other machines see this one called.
    pub fn machine_name(&self) -> String {
        let name = self
            .config
            .machine_name
            .clone()
            .unwrap_or_else(|| self.edges.env.host_name.clone());
        let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        if name.trim().is_empty() {
            "unnamed".to_owned()
        } else {
            name
        }
    }

    /// How a machine signs what it commits.
    #[must_use]
    pub fn author(&self, machine: &MachineId) -> Author {
        Author {
            name: self.machine_name(),
            email: format!("{machine}@holdall.invalid"),
        }
    }

    /// The run lock: one run that changes something at a time on this machine.
    pub fn run_lock(&self) -> Result<FileLock, FlowError> {
        there::make_dir(&self.places.data)?;
        there::make_dir(&self.places.state)?;
        match FileLock::try_take(self.places.run_lock().as_path(), &self.holder())? {
            LockOutcome::Taken(lock) => Ok(lock),
            LockOutcome::Busy(holder) => Err(FlowError::Busy { holder }),
        }
    }

    /// This machine's id, if it has one yet.
    pub fn machine(&self) -> Result<Option<MachineId>, FlowError> {
        own_machine::known(self)
    }

    /// The configured remote, opened as far as its address.
    pub fn remote(
        &self,
        machine: &MachineId,
        aim: Aim,
    ) -> Result<Option<Box<dyn Remote>>, FlowError> {
        let url = self.config.remote_url.as_ref();
        url.map(|url| self.remote_at(url, machine, aim)).transpose()
    }

    pub fn remote_at(
        &self,
        url: &str,
        machine: &MachineId,
        aim: Aim,
    ) -> Result<Box<dyn Remote>, FlowError> {
        self.remote_by(url, (machine, aim), self.web_options())
    }

    pub fn remote_by(
        &self,
        url: &str,
        (machine, aim): (&MachineId, Aim),
        web: WebOptions,
    ) -> Result<Box<dyn Remote>, FlowError> {
        let options = WireOptions {
            env: self.edges.env.clone(),
            machine: machine.clone(),
            connect: self.config.connect_timeout,
            idle: self.config.idle_timeout,
            may_ask: self.edges.env.attended,
            web,
        };
        let config = git_config(&self.edges.env, url);
        let address = address(&self.places, &config.rewritten(url), &self.edges.env.cwd)?;
        Ok(wire::remote(address, url, (options, &config), aim)?)
    }

    /// Who could make a repository for the vault, and where.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        hosting::account(&self.edges.env, self.patience())
    }

    #[must_use]
    pub const fn patience(&self) -> Patience {
        Patience::of(&self.config)
    }

    /// Files that are named without a place lie in the home directory: runs begin in many.
    pub fn web_options(&self) -> WebOptions {
        let home = self.places.home.as_path();
        let file = |name: &Option<String>| {
            let name = name.as_deref();
            name.map(|name| home.join(name.strip_prefix("~/").unwrap_or(name)))
        };
        WebOptions {
            ca_file: file(&self.config.ca_file),
            token_file: file(&self.config.token_file),
            allow_insecure: self.config.allow_insecure,
        }
    }

    pub fn address(&self, url: &str) -> Result<Address, FlowError> {
        let url = git_config(&self.edges.env, url).rewritten(url);
        address(&self.places, &url, &self.edges.env.cwd)
    }
}

/// What leads to other hosts is reached as the user has it set up for git. A path is a path.
fn git_config(env: &Env, url: &str) -> GitConfig {
    if url.contains(':') {
        GitConfig::read(env)
    } else {
        GitConfig::default()
    }
}

/// Where an address may lead: as it is written, and as git's configuration has it.
pub fn readings(places: &Places, env: &Env, url: &str) -> Vec<Address> {
    let rewritten = git_config(env, url).rewritten(url);
    let read = |url| Address::parse(url, &env.cwd, places.home.as_path()).ok();
    [url, &rewritten].into_iter().filter_map(read).collect()
}

/// Reads an address. What lies among holdall's own files would have everything, and nothing would
/// have left this machine.
pub fn address(places: &Places, url: &str, cwd: &Path) -> Result<Address, FlowError> {
    let address = Address::parse(url, cwd, places.home.as_path())?;
    let Address::Path(path) = &address else {
        return Ok(address);
    };
    match places.met_by(path) {
        Some(own) => Err(FlowError::Refused {
            what: format!(
                "{url} and holdall's own directory on this machine ({own}) lie in each other"
            ),
            hint: "make a repository for the vault elsewhere: `git init --bare PATH`".to_owned(),
        }),
        None => Ok(address),
    }
}

/// The rules that a person wrote into the configuration.
pub fn own_rules(file: &HostPath, written: &[Written]) -> Result<Vec<RuleLine>, SourceError> {
    let rule = |item: &Written| {
        let place = RulePlace::File {
            file: file.to_string(),
            line: item.line,
        };
        RuleLine::parse(&item.text, &place).transpose()
    };
    written.iter().filter_map(rule).collect()
}

pub fn preset_names() -> Vec<&'static str> {
    presets()
        .iter()
        .map(|preset| preset.name.as_str())
        .collect()
}

/// Those of the names that no preset has.
pub fn unknown_presets(names: &[String]) -> impl Iterator<Item = &String> {
    let is_known = |name: &String| presets().iter().any(|preset| preset.name == *name);
    names.iter().filter(move |name| !is_known(name))
}
