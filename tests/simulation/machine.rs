//! A machine of the simulation: a home on a disk, a clock of its own, and the flows called in it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use holdall::base::{BaseError, Clock, Edges, Env, Random, Timestamp, is_temp_name};
use holdall::flow::configure::{ConfigureOptions, configure};
use holdall::flow::project::{self, ProjectAddOptions};
use holdall::flow::{FlowError, Session, Silent, Writer};

use crate::kit::Rng;

pub const PROJECTS: [&str; 2] = ["api", "web"];
pub const YEAR: i64 = 365 * 24 * 3_600_000;

/// A file as a disk or the vault has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub kind: char,
    pub bytes: Vec<u8>,
}

/// Files by their path in the vault.
pub type Files = BTreeMap<String, Held>;

pub struct Machine {
    pub home: PathBuf,
    /// Where its disk lies while the machine that it is a clone of, or that is one of it, runs.
    pub parked: PathBuf,
    edges: Edges,
    clock: Arc<AtomicI64>,
}

struct Skewed(Arc<AtomicI64>);

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BaseError> {
        let state = self.0.fetch_add(1, Ordering::Relaxed);
        let fresh = Rng::new(state.wrapping_mul(0x2545_f491_4f6c_dd1d)).bytes(bytes.len());
        bytes.copy_from_slice(&fresh);
        Ok(())
    }
}

/// A clock that ticks when it is looked at, and chances that are the same for the same seed.
pub fn edges(clock: &Arc<AtomicI64>, rng: &mut Rng, env: Env) -> Edges {
    Edges {
        clock: Box::new(Skewed(Arc::clone(clock))),
        random: Box::new(Seeded(AtomicU64::new(rng.next() << 16))),
        env,
    }
}

impl Machine {
    /// A new machine with both checkouts, connected to the remote.
    pub fn new(root: &Path, number: usize, remote: &Path, rng: &mut Rng) -> Self {
        let name = format!("m{number}");
        let home = root.join(&name);
        for project in PROJECTS {
            make_checkout(&home.join("code").join(project), project);
        }
        let skew = i64::try_from(rng.below(11)).expect("it is small") - 5;
        let clock = Arc::new(AtomicI64::new(1_800_000_000_000 + skew * YEAR));
        let vars = [("HOME", &home), ("HOLDALL_HOME", &home.join("holdall"))];
        let vars = vars.map(|(name, value)| (name.to_owned(), OsString::from(value)));
        let edges = edges(&clock, rng, Env::new(vars, home.clone(), name));
        let parked = root.join(format!("parked-{number}"));
        let machine = Self {
            home,
            parked,
            edges,
            clock,
        };
        let url = remote.to_str().expect("the sandbox has a plain name");
        let options = ConfigureOptions {
            url: url.to_owned(),
            ..ConfigureOptions::default()
        };
        let connected = machine.with_writer("backup configure", |writer| {
            configure(writer, &options).map(drop)
        });
        connected.expect("an empty remote can be configured");
        machine.add_projects().expect("a checkout can be added");
        machine
    }

    /// A clone: the same disk at the same place, and another clock and other chances.
    pub fn twin(&self, root: &Path, number: usize, rng: &mut Rng) -> Self {
        let parked = root.join(format!("parked-{number}"));
        copy_dir(&self.home, &parked);
        let clock = Arc::new(AtomicI64::new(self.clock.load(Ordering::Relaxed)));
        Self {
            edges: edges(&clock, rng, self.edges.env.clone()),
            home: self.home.clone(),
            parked,
            clock,
        }
    }

    /// Where its disk is now.
    fn disk(&self) -> &Path {
        if self.parked.exists() {
            &self.parked
        } else {
            &self.home
        }
    }

    /// The clock goes on, or back.
    pub fn set_clock(&self, rng: &mut Rng) {
        let by = match rng.below(12) {
            0 => -YEAR,
            1 => YEAR,
            2 => -3_600_000,
            _ => 60_000,
        };
        self.clock.fetch_add(by, Ordering::Relaxed);
    }

    pub fn add_projects(&self) -> Result<(), FlowError> {
        for name in PROJECTS {
            let session = self.session("project add")?;
            let options = ProjectAddOptions {
                path: Some(self.checkout(name)),
                ..ProjectAddOptions::default()
            };
            project::add(&session, &options).map(drop)?;
        }
        Ok(())
    }

    pub fn session(&self, command: &str) -> Result<Session<'_>, FlowError> {
        Session::open(&self.edges, None, command, &Silent)
    }

    pub fn with_writer<T>(
        &self,
        command: &str,
        work: impl FnOnce(&Writer<'_>) -> Result<T, FlowError>,
    ) -> Result<T, FlowError> {
        let session = self.session(command)?;
        work(&take(&session)?)
    }

    pub fn checkout(&self, project: &str) -> PathBuf {
        self.home.join("code").join(project)
    }

    pub fn state(&self, project: &str) -> PathBuf {
        self.checkout(project).join(".aigon")
    }

    pub fn store(&self) -> PathBuf {
        self.disk().join("holdall/data/vault.git")
    }

    /// Its task list.
    pub fn tasks(&self) -> PathBuf {
        self.disk().join("holdall/data/tasks.db")
    }

    /// Where a path of the vault lies on this disk.
    pub fn place(&self, key: &str) -> PathBuf {
        match key.strip_prefix("projects/") {
            Some(rest) => self.home.join("code").join(rest),
            None => self.home.join(key.replacen("settings/aigon", ".aigon", 1)),
        }
    }

    /// Everything on this disk that could travel.
    pub fn files(&self) -> Files {
        files_of(self.disk())
    }
}

/// Another test of this process may be between the two steps of starting a program: until the second
/// one that program holds every lock of this process.
fn take<'s>(session: &'s Session<'s>) -> Result<Writer<'s>, FlowError> {
    for _ in 0..200 {
        match Writer::take(session) {
            Err(FlowError::Busy { .. }) => thread::sleep(Duration::from_millis(10)),
            taken => return taken,
        }
    }
    Writer::take(session)
}

/// Everything on the disk of a home that could travel.
pub fn files_of(home: &Path) -> Files {
    let mut files = Files::new();
    for project in PROJECTS {
        let state = home.join("code").join(project).join(".aigon");
        collect(&state, &format!("projects/{project}/.aigon"), &mut files);
    }
    collect(&home.join(".aigon"), "settings/aigon", &mut files);
    files
}

/// As a clone would have it, without a commit.
fn make_checkout(dir: &Path, project: &str) {
    let mut options = git2::RepositoryInitOptions::new();
    options.external_template(false).mkpath(true);
    let made = git2::Repository::init_opts(dir, &options).expect("a repository can be made");
    let url = format!("https://git.example.com/team/{project}.git");
    made.remote("origin", &url).expect("a remote can be named");
    fs::create_dir(dir.join(".aigon")).expect("the checkout takes a directory");
}

fn collect(dir: &Path, prefix: &str, files: &mut Files) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if is_temp_name(name.as_encoded_bytes()) {
            continue;
        }
        let key = format!("{prefix}/{}", name.to_str().expect("names are plain"));
        if path.is_symlink() {
            let target = fs::read_link(&path).expect("a link can be read");
            let bytes = target.as_os_str().as_bytes().to_vec();
            files.insert(key, Held { kind: 'l', bytes });
        } else if path.is_dir() {
            collect(&path, &key, files);
        } else {
            let bytes = fs::read(&path).expect("a file can be read");
            let mode = fs::metadata(&path).expect("it is there").permissions();
            let kind = if mode.mode() & 0o100 == 0 { 'f' } else { 'x' };
            files.insert(key, Held { kind, bytes });
        }
    }
}

/// The tokens with a mark in some bytes: `tok` of what travels, `loc` of what stays on one machine.
pub fn tokens(bytes: &[u8], mark: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for at in memchr::memmem::find_iter(bytes, mark) {
        let digits = bytes.get(at + mark.len()..at + mark.len() + 6);
        let number: Option<u32> =
            digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        found.extend(number);
    }
    found
}

/// A copy of a directory with times and modes, as a backup has it.
pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the copy can be made");
    for entry in fs::read_dir(from).expect("it can be listed").flatten() {
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_symlink() {
            let link = fs::read_link(&source).expect("a link can be read");
            std::os::unix::fs::symlink(link, &target).expect("a link can be made");
        } else if source.is_dir() {
            copy_dir(&source, &target);
        } else {
            fs::copy(&source, &target).expect("a file can be copied");
            let modified = fs::metadata(&source).and_then(|meta| meta.modified());
            let copy = fs::File::open(&target).expect("the copy is there");
            copy.set_modified(modified.expect("it has a time"))
                .expect("a time can be set");
        }
    }
}
