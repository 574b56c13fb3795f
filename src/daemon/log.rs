//! What the daemon writes down: one line for what it did, a file for each day, and old ones go.
//!
//! A line names things and counts them. No content comes into it, and no secret.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::base::{BaseError, Edges, HostPath, create_private_dir, read_if_there};
use crate::flow::background::Errand;
use crate::flow::{Event, FlowError, Watch, masked};

use super::Outcome;

/// So many days are kept.
const KEPT: usize = 14;
/// A line is a line: more than that is a message that repeats a file.
const LONGEST: usize = 2_000;
/// A day of more is not read.
const MAX_SIZE: u64 = 64 << 20;

/// The log of this home.
pub struct Log<'a> {
    dir: HostPath,
    edges: &'a Edges,
    watch: &'a dyn Watch,
    /// What was warned of today; it is not repeated each minute.
    told: Mutex<(String, BTreeSet<String>)>,
}

impl<'a> Log<'a> {
    pub fn open(dir: &HostPath, edges: &'a Edges, watch: &'a dyn Watch) -> Result<Self, BaseError> {
        create_private_dir(dir.as_path())?;
        Ok(Self {
            dir: dir.clone(),
            edges,
            watch,
            told: Mutex::default(),
        })
    }

    pub fn began(&self) {
        let (process, version) = (std::process::id(), env!("CARGO_PKG_VERSION"));
        self.info(&format!("began: process {process}, holdall {version}"));
    }

    pub fn info(&self, text: &str) {
        self.line("info", text);
    }

    /// The same is told once a day.
    pub fn warn(&self, text: &str) {
        let today = self.today();
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.0 != today {
                *told = (today, BTreeSet::new());
            }
            if !told.1.insert(text.to_owned()) {
                return;
            }
        }
        self.line("warn", text);
    }

    pub fn outcome(&self, errand: Errand, outcome: &Outcome) {
        let command = errand.words().join(" ");
        let level = if outcome.is_ok() { "info" } else { "fail" };
        self.line(level, &format!("{command}: {}", outcome.words()));
    }

    fn today(&self) -> String {
        self.edges
            .clock
            .now()
            .to_string()
            .chars()
            .take(10)
            .collect()
    }

    /// A log that cannot be written stops nobody.
    fn line(&self, level: &str, text: &str) {
        let text: String = masked(text).chars().take(LONGEST).collect();
        let text = text.replace(char::is_control, " ");
        self.watch.tell(&Event::Logged { text: &text });
        let line = format!("{} {level}  {text}\n", self.edges.clock.now());
        self.append(&line).ok();
    }

    fn append(&self, line: &str) -> io::Result<()> {
        let path = self.dir.as_path().join(format!("{}.log", self.today()));
        let is_new = !path.exists();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)?;
        // In one piece: two processes may write at once.
        file.write_all(line.as_bytes())?;
        if is_new {
            self.drop_old();
        }
        Ok(())
    }

    fn drop_old(&self) {
        let days = days(&self.dir).unwrap_or_default();
        let old = days.len().saturating_sub(KEPT);
        for file in &days[..old] {
            fs::remove_file(file).ok();
        }
    }
}

/// Warnings of what is looked at come into the log.
impl Watch for Log<'_> {
    fn tell(&self, event: &Event<'_>) {
        if let Event::Warning { text } = event {
            self.warn(text);
        }
    }
}

/// Which lines are wanted.
#[derive(Clone, Copy, Debug)]
pub struct LogOptions {
    pub lines: usize,
}

#[derive(Debug, Serialize)]
#[must_use]
pub struct LogReport {
    /// Where the log is, a file for each day.
    pub dir: HostPath,
    pub lines: Vec<String>,
}

/// The last lines.
pub fn lines(dir: &HostPath, options: LogOptions) -> Result<LogReport, FlowError> {
    let mut found: Vec<String> = Vec::new();
    for file in days(dir)?.iter().rev() {
        let bytes = read_if_there(file, MAX_SIZE)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let wanted = options.lines - found.len();
        let mut last: Vec<String> = text.lines().rev().take(wanted).map(str::to_owned).collect();
        found.append(&mut last);
        if found.len() == options.lines {
            break;
        }
    }
    found.reverse();
    Ok(LogReport {
        dir: dir.clone(),
        lines: found,
    })
}

/// The file that is written to now, at its end: what comes from now on is read from it.
pub fn newest(dir: &HostPath) -> Result<Option<(PathBuf, File)>, FlowError> {
    let Some(path) = days(dir)?.pop() else {
        return Ok(None);
    };
    let mut file = File::open(&path).map_err(BaseError::io("open", &path))?;
    io::Seek::seek(&mut file, io::SeekFrom::End(0)).map_err(BaseError::io("read", &path))?;
    Ok(Some((path, file)))
}

/// The files of the log, the oldest first.
fn days(dir: &HostPath) -> Result<Vec<PathBuf>, BaseError> {
    let entries = match fs::read_dir(dir.as_path()) {
        Ok(entries) => entries,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(fault) => return Err(BaseError::io("look into", dir.as_path())(fault)),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "log"))
        .collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::flow::Silent;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn each_day_has_a_file_that_nobody_else_may_read_and_old_days_go() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let dir = HostPath::new(dir.path().join("logs")).expect("absolute");
        for day in 0..20 {
            let edges = Edges::fixed(day * DAY);
            let log = Log::open(&dir, &edges, &Silent).expect("opened");
            log.info(&format!("day {day}"));
            log.info("again");
        }
        let files = days(&dir).expect("read");
        assert_eq!(files.len(), KEPT);
        let mode = |path: &PathBuf| fs::metadata(path).expect("there").permissions().mode();
        assert!(files.iter().all(|file| mode(file) & 0o777 == 0o600));
        let report = lines(&dir, LogOptions { lines: 3 }).expect("read");
        assert_eq!(
            report.lines,
            [
                "1970-01-19T00:00:00.000Z info  again",
                "1970-01-20T00:00:00.000Z info  day 19",
                "1970-01-20T00:00:00.000Z info  again",
            ]
        );
    }

    #[test]
    fn a_warning_is_told_once_a_day_and_a_line_stays_one_without_its_secrets() {
        let dir = tempfile::tempdir().expect("a temp dir");
        let dir = HostPath::new(dir.path()).expect("absolute");
        let edges = Edges::fixed(0);
        let log = Log::open(&dir, &edges, &Silent).expect("opened");
        let token = ["ghp_", "x7Kq9WmZ2vB4nT8rY1cF5hJ3dL6gPsA0eUi2"].concat();
        let text = format!("one\ntwo {token}");
        log.warn(&text);
        log.warn(&text);
        let report = lines(&dir, LogOptions { lines: 9 }).expect("read");
        assert_eq!(report.lines.len(), 1, "{report:?}");
        assert!(
            report.lines[0].contains("warn  one two [secret "),
            "{report:?}"
        );
    }
}
