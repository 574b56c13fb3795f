//! Pushing into a repository on this machine without any git.
//!
//! The pack is made and indexed in this machine's own store, then placed under names that carry the
//! machine's id, so that a later run can clear away what a killed one left; then the ref is swapped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use git2::{ErrorCode, Indexer};

use crate::base::{ObjectId, StoreError, TEMP_PREFIX, Tell, is_temp_name, seams, sync_dir};
use crate::vault::store::oid;
use crate::vault::{Objects, RefName, VaultError, WireError};

use super::path::PathRemote;
use super::{PushOutcome, Update, place, send, settle};

const REF: &str = RefName::Branch.name();
/// A ref lock is held for an instant. One that is this old belongs to a process that died.
const STALE_LOCK: Duration = Duration::from_secs(30);
/// One that is ours, or that nobody has written into yet, after a killed run: for so long nobody
/// who lives leaves it alone.
const DEAD_LOCK: Duration = Duration::from_secs(1);

impl PathRemote {
    pub(super) fn push_into_store(
        &self,
        objects: &Objects<'_>,
        (update, ids): (Update, &[ObjectId]),
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError> {
        let mut staged = Self::stage(objects, ids, tell)?;
        self.place_pack(&mut staged)
            .map_err(|fault| self.io_fault(&fault))?;
        let outcome = self.swap(update);
        let heard = seams::answer();
        staged.dir.disable_cleanup(seams::is_dead());
        heard.map_err(|fault| self.io_fault(&fault))?;
        outcome
    }

    /// Makes the pack and its index in a directory of our own store.
    fn stage(objects: &Objects<'_>, ids: &[ObjectId], tell: Tell<'_>) -> Result<Staged, WireError> {
        let fault = objects.store().fault("stage a pack in");
        let failed = |fault: io::Error| VaultError::from(StoreError::Failed(Box::new(fault)));
        seams::step().map_err(failed)?;
        let mut dir = tempfile::Builder::new()
            .prefix(TEMP_PREFIX)
            .tempdir_in(&objects.store().path)
            .map_err(failed)?;
        let odb = objects.store().repo.odb().map_err(&fault)?;
        let mut indexer = Indexer::new(Some(&odb), dir.path(), 0o444, false).map_err(&fault)?;
        send::write_pack(objects, ids, &mut indexer, tell)?;
        let name = indexer.commit().map_err(&fault)?;
        let alive = seams::step();
        dir.disable_cleanup(seams::is_dead());
        alive.map_err(failed)?;
        let name = format!("pack-{name}");
        Ok(Staged { dir, name })
    }

    /// The index last: git reads a pack only where there is an index for it. Its temp file is there
    /// before the pack gets its name, as the mark by which [`Self::sweep_store`] knows a lone pack.
    fn place_pack(&self, staged: &mut Staged) -> io::Result<()> {
        let placed = self.place_files(staged);
        staged.dir.disable_cleanup(seams::is_dead());
        placed
    }

    fn place_files(&self, staged: &Staged) -> io::Result<()> {
        let packs = self.path.join("objects/pack");
        fs::create_dir_all(&packs)?;
        let names = ["pack", "idx"].map(|ending| format!("{}.{ending}", staged.name));
        for name in &names {
            copy_durably(
                &staged.dir.path().join(name),
                &packs.join(self.temp_name(name)),
            )?;
        }
        for name in &names {
            seams::step()?;
            fs::rename(packs.join(self.temp_name(name)), packs.join(name))?;
        }
        sync_dir(&packs).map_err(io::Error::other)
    }

    fn temp_name(&self, name: &str) -> String {
        format!("{TEMP_PREFIX}{}-{name}", self.machine.borrow())
    }

    fn swap(&self, update: Update) -> Result<PushOutcome, WireError> {
        let repo = self.open()?;
        seams::step().map_err(|fault| self.io_fault(&fault))?;
        if seams::is_swallowed() {
            return self.read_back(update);
        }
        for _ in 0..100 {
            let answer = match update.from {
                Some(from) => {
                    repo.reference_matching(REF, oid(update.to), true, oid(from), "holdall")
                }
                None => repo.reference(REF, oid(update.to), false, "holdall"),
            };
            match answer {
                Ok(_) => return self.read_back(update),
                Err(fault)
                    if matches!(
                        fault.code(),
                        ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound
                    ) =>
                {
                    return Ok(PushOutcome::Moved);
                }
                Err(fault) if fault.code() == ErrorCode::Locked => {
                    self.break_stale_lock();
                    thread::sleep(Duration::from_millis(20));
                }
                Err(fault) => return Err(self.refused(&fault)),
            }
        }
        // Another push is at work, or died at it: the next attempts wait for either to show.
        Ok(PushOutcome::Moved)
    }

    /// The remote took it, or says so: the ref tells.
    fn read_back(&self, update: Update) -> Result<PushOutcome, WireError> {
        if seams::is_broken(seams::Rule::RefIsReadBack) {
            return Ok(PushOutcome::Accepted);
        }
        let now = place::tip(&self.open()?, &self.url)?;
        if now == Some(update.to) {
            return Ok(PushOutcome::Accepted);
        }
        let is_grown = |now| self.is_grown(update, now);
        Ok(settle::moved_or_grown(now, &is_grown))
    }

    fn refused(&self, fault: &git2::Error) -> WireError {
        if self.is_writable() {
            WireError::Damaged {
                url: self.url.clone(),
                reason: fault.message().to_owned(),
            }
        } else {
            self.read_only()
        }
    }

    fn io_fault(&self, fault: &io::Error) -> WireError {
        match fault.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                if !self.is_writable() =>
            {
                self.read_only()
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                WireError::NotAllowed {
                    url: self.url.clone(),
                    reason: fault.to_string(),
                }
            }
            _ => WireError::Unreachable {
                url: self.url.clone(),
                reason: fault.to_string(),
            },
        }
    }

    pub(super) fn ref_lock(&self) -> PathBuf {
        self.path.join(format!("{REF}.lock"))
    }

    pub(super) fn break_stale_lock(&self) {
        let lock = self.ref_lock();
        let age = fs::metadata(&lock)
            .and_then(|meta| meta.modified())
            .ok()
            .and_then(|at| self.file_age(at));
        if age.is_some_and(|age| age > STALE_LOCK) {
            fs::remove_file(&lock).ok();
        }
    }

    /// How old a file of the remote is by the clock of the remote's own disk, which may be another
    /// machine's: by the age of a file made there just now.
    fn file_age(&self, at: SystemTime) -> Option<Duration> {
        let now = tempfile::Builder::new()
            .prefix(&self.temp_name("now"))
            .tempfile_in(self.path.join("objects/pack"))
            .and_then(|file| file.as_file().metadata())
            .and_then(|meta| meta.modified())
            .ok()?;
        now.duration_since(at).ok()
    }

    /// Deletes the locks that a killed run held: those that have in them what it was writing, or
    /// nothing yet, and that stay the same while one looks.
    pub(super) fn break_dead_locks(&self, sent: &[ObjectId]) -> Result<(), WireError> {
        let sent: Vec<String> = sent.iter().map(ToString::to_string).collect();
        let head = format!("ref: {REF}");
        for name in [REF, "HEAD"] {
            let lock = self.path.join(format!("{name}.lock"));
            let Some(seen) = held(&lock) else { continue };
            let text = seen.0.trim_ascii();
            let is_sent = sent.iter().any(|id| id.as_bytes() == text);
            if !text.is_empty() && text != head.as_bytes() && !is_sent {
                continue;
            }
            thread::sleep(DEAD_LOCK);
            if held(&lock) == Some(seen) {
                remove(&lock).map_err(|fault| self.io_fault(&fault))?;
            }
        }
        Ok(())
    }

    /// Deletes this machine's own temp files in the remote, and no other machine's.
    pub(super) fn sweep_store(&self) -> Result<(), WireError> {
        let packs = self.path.join("objects/pack");
        let mine = self.temp_name("");
        let Ok(entries) = fs::read_dir(&packs) else {
            return Ok(());
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if is_temp_name(name.as_encoded_bytes()) && name.to_string_lossy().starts_with(&mine) {
                sweep_one(&packs, &entry.path(), &name.to_string_lossy()[mine.len()..])
                    .map_err(|fault| self.io_fault(&fault))?;
            }
        }
        Ok(())
    }
}

/// What is in a lock, and which file it is, so that another one of the same name is not taken for it.
fn held(lock: &Path) -> Option<(Vec<u8>, u64, SystemTime)> {
    let meta = fs::metadata(lock).ok()?;
    let text = fs::read(lock).ok()?;
    Some((text, meta.ino(), meta.modified().ok()?))
}

/// A pack that got its name but whose index did not is nobody's: it goes too.
fn sweep_one(packs: &Path, temp: &Path, name: &str) -> io::Result<()> {
    let lone_pack = name
        .strip_suffix(".idx")
        .filter(|_| !packs.join(name).exists());
    if let Some(stem) = lone_pack {
        remove(&packs.join(format!("{stem}.pack")))?;
    }
    remove(temp)
}

fn remove(path: &Path) -> io::Result<()> {
    seams::step()?;
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

fn copy_durably(from: &PathBuf, to: &PathBuf) -> io::Result<()> {
    seams::step()?;
    let mut source = File::open(from)?;
    let mut target = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(to)?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        target.write_all(&buffer[..count])?;
    }
    target.sync_all()
}

struct Staged {
    dir: tempfile::TempDir,
    name: String,
}
