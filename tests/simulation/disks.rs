//! Disks that are cloned or set back to a backup, and a remote that is; what there is anywhere then.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use holdall::layout::OpId;

use crate::kit::Rng;

use super::book::ops_of;
use super::machine::{Files, Machine, copy_dir, tokens};
use super::script::What;
use super::vault;
use super::world::World;

impl World {
    pub(super) fn one_of_the_twins(&self, m: usize, rng: &mut Rng) -> usize {
        let home = &self.machines[m].home;
        let same = |other: &usize| self.machines[*other].home == *home;
        let twins: Vec<_> = (0..self.machines.len()).filter(same).collect();
        twins[rng.below(twins.len())]
    }

    /// Puts the disk of a machine in its place, instead of its twin's.
    pub fn mount(&self, m: usize) {
        let machine = &self.machines[m];
        if machine.parked.exists() {
            let mut twins = self.machines.iter();
            let up = twins.find(|other| other.home == machine.home && !other.parked.exists());
            let up = up.expect("one of the twins is up");
            fs::rename(&machine.home, &up.parked).expect("a directory can be moved");
            fs::rename(&machine.parked, &machine.home).expect("a directory can be moved");
        }
    }

    pub fn clone_machine(&mut self, m: usize, rng: &mut Rng) {
        let number = self.machines.len();
        if number < 5 {
            let twin = self.machines[m].twin(&self.root, number, rng);
            let files = twin.files();
            self.machines.push(twin);
            self.desks.push(self.desks[m].twin(rng));
            self.ledger.borrow_mut().set_locals(number, &files);
        }
    }

    pub fn set_back(&self, m: usize, what: What) {
        let (home, kept) = (&self.machines[m].home, self.root.join("kept.git"));
        let backup = self.root.join(format!("backup-{m}"));
        match what {
            What::Backup => replace(home, &backup),
            // Two machines that find an empty remote begin two vaults.
            What::KeepRemote if vault::tip_of(&self.remote).is_none() => return,
            What::KeepRemote => replace(&self.remote, &kept),
            What::RollBack if backup.exists() => replace(&backup, home),
            What::Rewind if kept.exists() => replace(&kept, &self.remote),
            _ => return,
        }
        if matches!(what, What::RollBack | What::Rewind) {
            let mut ledger = self.ledger.borrow_mut();
            ledger.set_back(&self.everything(), &self.present());
            ledger.set_locals(m, &self.machines[m].files());
            self.book.borrow_mut().set_back(&self.all_ops());
        }
    }

    /// The same for the task list alone. Nobody has it open.
    pub(super) fn set_tasks_back(&self, m: usize, what: What) {
        let (file, kept) = (
            self.machines[m].tasks(),
            self.root.join(format!("kept-{m}.db")),
        );
        match what {
            What::KeepTasks if file.exists() => copy(&file, &kept),
            What::RestoreTasks if kept.exists() => copy(&kept, &file),
            What::LoseTasks if file.exists() => {
                fs::remove_file(&file).expect("a file can be deleted");
            }
            _ => return,
        }
        self.book.borrow_mut().set_back(&self.all_ops());
    }

    /// Every op of which there is a copy: in a task list, in the vault, or in what a machine has of it.
    fn all_ops(&self) -> BTreeSet<OpId> {
        let mut found = vault::ops(&self.remote);
        for machine in &self.machines {
            found.extend(ops_of(&machine.tasks()).into_keys());
            found.extend(vault::ops(&machine.store()));
        }
        found
    }

    /// What disks and tips have now.
    fn present(&self) -> Vec<Files> {
        let stores = self.machines.iter().map(Machine::store);
        let tips = stores.chain([self.remote.clone()]);
        let tips = tips.filter_map(|path| path.exists().then(|| vault::files(&path))?);
        tips.chain(self.machines.iter().map(Machine::files))
            .collect()
    }

    /// The tokens of all versions that are anywhere.
    pub fn everything(&self) -> BTreeSet<u32> {
        let mut found = vault::all_tokens(&self.remote);
        for machine in &self.machines {
            found.extend(vault::all_tokens(&machine.store()));
            for held in machine.files().values() {
                found.extend(tokens(&held.bytes, "tok"));
            }
        }
        found
    }
}

/// A task list with what SQLite has not moved into it yet, as a backup has it that was made while nobody
/// wrote.
fn copy(from: &Path, to: &Path) {
    let beside = |path: &Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
    for end in ["-wal", "-shm"] {
        fs::remove_file(beside(to, end)).ok();
    }
    fs::copy(from, to).expect("a file can be copied");
    if beside(from, "-wal").exists() {
        fs::copy(beside(from, "-wal"), beside(to, "-wal")).expect("a file can be copied");
    }
}

fn replace(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).expect("a directory can be deleted");
    }
    copy_dir(from, to);
}
