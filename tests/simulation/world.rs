//! The machines of one simulation and the remote that they share; what happens to them.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use holdall::base::seams;
use holdall::flow::pull::{PullOptions, PullReport, pull};
use holdall::flow::push::{PushOptions, PushReport, push};
use holdall::flow::{ErrorKind, FlowError, Selection, project};
use tempfile::TempDir;

use crate::kit::Rng;

use super::book::{Book, ops_of};
use super::desk::Desk;
use super::edits::{self, Tokens};
use super::ledger::Ledger;
use super::machine::{Files, Machine, PROJECTS, files_of};
use super::said::{is_left, told};
use super::script::{Action, Script, What};
use super::vault;

/// Why a simulation failed.
pub type Fault = String;

pub struct World {
    _root: TempDir,
    pub root: PathBuf,
    pub remote: PathBuf,
    pub machines: Vec<Machine>,
    pub ledger: Rc<RefCell<Ledger>>,
    tokens: Rc<RefCell<Tokens>>,
    /// Who writes tasks at each machine.
    pub desks: Vec<Desk>,
    pub book: RefCell<Book>,
}

/// What a run is about, and what befalls it.
#[derive(Clone, Copy)]
pub struct Run {
    pub is_push: bool,
    pub one: bool,
}

impl World {
    pub fn new(script: &Script) -> Self {
        let mut dir = tempfile::Builder::new();
        dir.prefix("holdall-simulation-");
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            dir.tempdir_in(memory)
        } else {
            dir.tempdir()
        };
        let dir = dir.expect("a temporary directory can be made");
        let root = dir.path().to_owned();
        let remote = root.join("vault.git");
        let mut options = git2::RepositoryInitOptions::new();
        options
            .bare(true)
            .initial_head("main")
            .external_template(false);
        git2::Repository::init_opts(&remote, &options).expect("a remote can be made");
        let mut rng = Rng::new(script.seed);
        let machines = (0..script.machines).map(|number| {
            seams::begin();
            Machine::new(&root, number, &remote, &mut rng)
        });
        let mut rng = Rng::new(!script.seed);
        let desks = (0..script.machines).map(|_| Desk::new(&mut rng));
        Self {
            machines: machines.collect(),
            _root: dir,
            root,
            remote,
            ledger: Rc::default(),
            tokens: Rc::new(RefCell::new(Tokens { next: 0 })),
            desks: desks.collect(),
            book: RefCell::default(),
        }
    }

    pub fn act(&mut self, action: Action) -> Result<(), Fault> {
        let mut rng = Rng::new(action.chance);
        let m = self.one_of_the_twins(action.machine, &mut rng);
        self.mount(m);
        self.machines[m].set_clock(&mut rng);
        let both = |is_push| Run {
            is_push,
            one: false,
        };
        let one = |is_push| Run { is_push, one: true };
        match action.what {
            What::Push => self.run(m, both(true)),
            What::Pull => self.run(m, both(false)),
            What::PushOne => self.run(m, one(true)),
            What::PullOne => self.run(m, one(false)),
            What::Round => (0..self.machines.len()).try_for_each(|m| {
                self.mount(m);
                self.run(m, both(false))?;
                self.run(m, both(true))
            }),
            What::CrashPush => self.crash(m, both(true), &mut rng),
            What::CrashPull => self.crash(m, both(false), &mut rng),
            What::MeddlePush => self.meddle(m, both(true), &mut rng),
            What::MeddlePull => self.meddle(m, both(false), &mut rng),
            What::LostReply => {
                seams::lose_answer();
                self.disturbed(m, both(true), |fault| {
                    fault.kind() == ErrorKind::Unreachable
                })
            }
            What::Swallowed => {
                seams::swallow();
                self.run(m, both(true))
            }
            What::UnreachablePush => self.unreachable(m, both(true)),
            What::UnreachablePull => self.unreachable(m, both(false)),
            What::Unmounted => self.unmounted(m, &mut rng),
            What::RemoveProject => self.remove_project(m),
            What::AddProject => self.add_projects(m),
            What::Clone => {
                self.clone_machine(m, &mut rng);
                Ok(())
            }
            What::Backup | What::RollBack | What::KeepRemote | What::Rewind => {
                self.set_back(m, action.what);
                Ok(())
            }
            What::Task | What::LoseTasks | What::KeepTasks | What::RestoreTasks => {
                self.desks[m].set_clock(&mut rng);
                self.set_tasks_back(m, action.what);
                // After a loss somebody may write before anything else happens.
                if action.what == What::Task || rng.below(2) == 0 {
                    return self.write_tasks(m, |desk, file| desk.work(file, &mut rng));
                }
                Ok(())
            }
            What::Edit | What::Settings | What::Secret | What::Ignore | What::TakeVault => {
                self.edit(m, action.what, &mut rng);
                Ok(())
            }
        }
    }

    fn edit(&self, m: usize, what: What, rng: &mut Rng) {
        let machine = &self.machines[m];
        let before = machine.files();
        let tokens = &mut self.tokens.borrow_mut();
        let state = machine.state(rng.pick(&PROJECTS));
        match what {
            What::Settings => edits::settings(&machine.home, rng, tokens),
            What::Secret => edits::secret(&state, rng, tokens),
            What::Ignore => edits::ignore(&state, rng, tokens),
            What::TakeVault => self.take_vault(machine, &before, rng),
            _ => (0..=rng.below(3)).for_each(|_| edits::edit(&state, rng, tokens)),
        }
        let after = machine.files();
        let mut ledger = self.ledger.borrow_mut();
        match what {
            What::TakeVault => ledger.took(m, &before, &after),
            _ => ledger.changed(m, &before, &after),
        }
    }

    /// One more version of a file.
    pub fn write(&self, m: usize, key: &str, rng: &mut Rng) {
        let machine = &self.machines[m];
        let before = machine.files();
        edits::again(&machine.place(key), rng, &mut self.tokens.borrow_mut());
        let mut ledger = self.ledger.borrow_mut();
        ledger.changed(m, &before, &machine.files());
    }

    /// Somebody decides for the vault's version of a file.
    fn take_vault(&self, machine: &Machine, here: &Files, rng: &mut Rng) {
        let there = vault::files(&self.remote).unwrap_or_default();
        let differs = |(key, held): &(&String, &super::machine::Held)| {
            key.starts_with("projects/")
                && held.kind == 'f'
                && here
                    .get(*key)
                    .is_some_and(|own| own.kind == 'f' && own != *held)
        };
        let differing: Vec<_> = there.iter().filter(differs).collect();
        if !differing.is_empty() {
            let (key, held) = differing[rng.below(differing.len())];
            fs::write(machine.place(key), &held.bytes).expect("a file can be written");
        }
    }

    /// A run that nothing disturbs goes well.
    pub fn run(&self, m: usize, run: Run) -> Result<(), Fault> {
        self.disturbed(m, run, |_| false)
    }

    /// The same, but that these faults may come of what disturbs it.
    pub fn disturbed(
        &self,
        m: usize,
        run: Run,
        may: impl Fn(&FlowError) -> bool,
    ) -> Result<(), Fault> {
        let nothing = |fault: &FlowError| {
            matches!(
                fault,
                FlowError::NothingToPull { .. }
                    | FlowError::NothingToPush
                    | FlowError::AllWithheld { .. }
                    | FlowError::NoSuchProject { .. }
            )
        };
        let result = if run.is_push {
            self.push(m, run.one)
        } else {
            self.pull(m, run.one).map(drop)
        };
        let is_excused = result
            .as_ref()
            .is_err_and(|fault| nothing(fault) || may(fault));
        seams::begin();
        match result {
            Ok(()) => self.book.borrow_mut().told(),
            Err(_) if is_excused => Ok(()),
            Err(fault) => Err(format!("a run of m{m} failed: {}", told(&fault))),
        }
    }

    /// Somebody writes to the task list of a machine.
    pub fn write_tasks(&self, m: usize, write: impl FnOnce(&Desk, &Path)) -> Result<(), Fault> {
        let file = self.machines[m].tasks();
        let before = ops_of(&file);
        write(&self.desks[m], &file);
        seams::begin();
        self.book.borrow_mut().changed(&before, ops_of(&file))
    }

    fn push(&self, m: usize, one: bool) -> Result<(), FlowError> {
        let before = self.machines[m].files();
        let report = self.pushed(m, one)?;
        if report.pushed && !seams::is_dead() {
            let here = ops_of(&self.machines[m].tasks());
            let mut book = self.book.borrow_mut();
            book.arrived(m, &here, &vault::ops(&self.remote));
        }
        // What was edited meanwhile may not be in it.
        if report.pushed && self.machines[m].files() == before && !seams::is_dead() {
            let is_left = |key: &str| {
                let of_another = one && key.starts_with("settings/");
                of_another || is_left(&report, key)
            };
            self.ledger.borrow_mut().captured(&before, is_left);
        }
        Ok(())
    }

    pub fn pushed(&self, m: usize, one: bool) -> Result<PushReport, FlowError> {
        let options = PushOptions {
            selection: selection(one),
            ..PushOptions::default()
        };
        self.machines[m].with_writer("backup push", |writer| push(writer, &options))
    }

    pub fn pull(&self, m: usize, one: bool) -> Result<PullReport, FlowError> {
        let options = PullOptions {
            selection: selection(one),
            ..PullOptions::default()
        };
        self.machines[m].with_writer("backup pull", |writer| pull(writer, &options))
    }

    /// Dies at some write; the next run of the machine, whenever it comes, has to go well.
    fn crash(&self, m: usize, run: Run, rng: &mut Rng) -> Result<(), Fault> {
        let most = if run.is_push { 45 } else { 60 };
        seams::die_at(1 + rng.below(most) as u64);
        let ended = self.disturbed(m, run, |_| seams::is_dead());
        seams::begin();
        ended
    }

    /// Somebody edits at some write of the run, what it is about to write too.
    fn meddle(&self, m: usize, run: Run, rng: &mut Rng) -> Result<(), Fault> {
        let machine = &self.machines[m];
        let state = machine.state(rng.pick(&PROJECTS));
        let (here, there) = (machine.files(), vault::files(&self.remote));
        let there = there.unwrap_or_default();
        let differs = |key: &&String| here.get(*key) != there.get(*key);
        let coming: Vec<PathBuf> = there
            .keys()
            .filter(differs)
            .filter(|key| key.starts_with("projects/"))
            .map(|key| machine.place(key))
            .collect();
        let (home, mut rng) = (machine.home.clone(), Rng::new(rng.next()));
        let (ledger, tokens) = (Rc::clone(&self.ledger), Rc::clone(&self.tokens));
        // Half of the time when the run has looked at the disk and is about to write.
        let step = rng.below(40).saturating_sub(19) as u64;
        seams::meanwhile(step, move || {
            let before = files_of(&home);
            let tokens = &mut tokens.borrow_mut();
            for path in coming.iter().filter(|path| path.is_file()) {
                if rng.below(2) == 0 {
                    edits::again(path, &mut rng, tokens);
                }
            }
            edits::edit(&state, &mut rng, tokens);
            ledger.borrow_mut().changed(m, &before, &files_of(&home));
        });
        self.run(m, run)
    }

    fn unreachable(&self, m: usize, run: Run) -> Result<(), Fault> {
        let aside = self.root.join("aside.git");
        fs::rename(&self.remote, &aside).expect("a directory can be moved");
        let result = if run.is_push {
            self.pushed(m, run.one).map(drop)
        } else {
            self.pull(m, run.one).map(drop)
        };
        fs::rename(&aside, &self.remote).expect("a directory can be moved");
        seams::begin();
        match result {
            Err(fault) if fault.kind() == ErrorKind::Unreachable => Ok(()),
            Err(fault) => Err(format!("not unreachable: {}", told(&fault))),
            Ok(()) => Err(format!("m{m} went well without its remote")),
        }
    }

    /// What the disk of a state directory held is not deleted because it is away.
    fn unmounted(&self, m: usize, rng: &mut Rng) -> Result<(), Fault> {
        let project = rng.pick(&PROJECTS);
        let state = self.machines[m].state(project);
        let aside = self.root.join("aside");
        let before = vault::files(&self.remote).unwrap_or_default();
        fs::rename(&state, &aside).expect("a state directory stays, also when it is empty");
        let run = Run {
            is_push: true,
            one: false,
        };
        let pushed = self.run(m, run);
        fs::rename(&aside, &state).expect("a directory can be moved");
        pushed?;
        let after = vault::files(&self.remote).unwrap_or_default();
        let of_it = format!("projects/{project}/.aigon/");
        let gone = |key: &&String| key.starts_with(&of_it) && !after.contains_key(*key);
        // A lost history that comes back may have deleted something.
        let was_set_back = self.root.join("kept.git").exists();
        match before.keys().find(gone).filter(|_| !was_set_back) {
            Some(key) => Err(format!("{key} was deleted while its disk was away")),
            None => Ok(()),
        }
    }

    pub fn remove_project(&self, m: usize) -> Result<(), Fault> {
        let removed = self.machines[m].with_writer("project remove", |writer| {
            project::remove(writer, "api", true).map(drop)
        });
        seams::begin();
        self.ledger.borrow_mut().removed("api");
        match removed {
            Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
            Err(FlowError::NothingToPush) => Ok(()),
            other => other.map_err(|fault| format!("project remove: {}", told(&fault))),
        }
    }

    pub fn add_projects(&self, m: usize) -> Result<(), Fault> {
        let added = self.machines[m].add_projects();
        seams::begin();
        added.map_err(|fault| format!("project add: {}", told(&fault)))
    }
}

fn selection(one: bool) -> Selection {
    Selection {
        projects: one.then(|| "api".to_owned()).into_iter().collect(),
    }
}
