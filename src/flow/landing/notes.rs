//! What git cannot carry, on its way to the disk: empty directories and private files.

use crate::base::{Kind, VaultPath};
use crate::merge::{Scope, list_dir, merge_notes};
use crate::restore::{Step, StepKind};
use crate::vault::Objects;

use super::Landing;
use crate::flow::FlowError;
use crate::flow::agreed::Notes;
use crate::flow::meeting::Meeting;
use crate::flow::noted::{is_closed, notes_here};
use crate::flow::real_names::real_names;
use crate::flow::scan::Scanned;

impl Landing {
    /// Empty directories and private files; what is noted as agreed from now on.
    pub(super) fn noted(
        &mut self,
        objects: &Objects<'_>,
        scanned: &Scanned,
        (met, vault): (&Meeting, &Notes),
    ) -> Result<Option<Notes>, FlowError> {
        let base = &met.base_notes;
        let speaks = |path: &VaultPath| scanned.scope(path) == Scope::Carried;
        let local = &notes_here(objects, scanned, vault)?;
        let merged = merge_notes(base, local, vault, &speaks);
        let mut agreed = base.clone();
        for path in local.keys().chain(base.keys()).chain(vault.keys()) {
            if local.get(path) == vault.get(path) || merged.disk.contains_key(path) {
                match vault.get(path) {
                    Some(note) => agreed.insert(path.clone(), note.clone()),
                    None => agreed.remove(path),
                };
            }
        }
        for (path, note) in &merged.disk {
            let was = local.get(path).cloned().unwrap_or_default();
            let now = note.clone().unwrap_or_default();
            if was.closed != now.closed {
                self.close_all(objects, path, (met, vault))?;
            }
            let kind = match (was.dir, now.dir) {
                (false, true) => StepKind::MakeDir,
                // A state directory stays, whatever others have in theirs.
                (true, false) if self.roots.contains(path) => continue,
                (true, false) => StepKind::RemoveDir,
                _ if was.private != now.private => StepKind::Private(now.private),
                _ => continue,
            };
            let notes = match kind {
                StepKind::RemoveDir => local,
                _ => vault,
            };
            self.extra(path.clone(), notes, kind);
        }
        Ok((agreed != *base).then_some(agreed))
    }

    /// The files of a directory become as private as the vault has them.
    fn close_all(
        &mut self,
        objects: &Objects<'_>,
        dir: &VaultPath,
        (met, vault): (&Meeting, &Notes),
    ) -> Result<(), FlowError> {
        for entry in list_dir(objects, met.vault, dir)? {
            if let Ok(path) = dir.child(&entry.name)
                && matches!(entry.kind, Kind::File | Kind::Exec)
            {
                let kind = StepKind::Private(is_closed(&path, vault));
                self.extra(path, vault, kind);
            }
        }
        Ok(())
    }

    pub(super) fn extra(&mut self, path: VaultPath, notes: &Notes, kind: StepKind) {
        if let Some(names) = real_names(&path, notes) {
            self.extras.push(Step { path, names, kind });
        }
    }
}
