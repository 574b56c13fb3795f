//! What was written, by whom it was superseded, and what must therefore still be there.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::{Files, tokens};

#[derive(Default)]
pub struct Ledger {
    /// By path, the versions that nobody who saw them replaced or deleted.
    live: BTreeMap<String, BTreeSet<u32>>,
    /// Who replaced a version that they saw.
    replaced: BTreeMap<(String, u32), BTreeSet<usize>>,
    /// Versions that a push said were in the vault.
    captured: BTreeSet<u32>,
    /// Where a push said so. A rule that keeps a path out takes it out of no vault.
    carried: BTreeSet<(String, u32)>,
    /// By machine, what stays on it.
    locals: BTreeMap<usize, BTreeSet<u32>>,
    /// Paths where a mode alone was changed.
    moded: BTreeSet<String>,
}

impl Ledger {
    /// Somebody changed a disk.
    pub fn changed(&mut self, machine: usize, before: &Files, after: &Files) {
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let [old, new] = [before, after].map(|files| {
                let bytes = files.get(key).map_or(&[][..], |held| &held.bytes);
                (tokens(bytes, "tok"), tokens(bytes, "loc"))
            });
            let live = self.live.entry(key.clone()).or_default();
            live.retain(|token| !old.0.contains(token) || new.0.contains(token));
            live.extend(new.0.difference(&old.0));
            for token in old.0.difference(&new.0) {
                let by = self.replaced.entry((key.clone(), *token)).or_default();
                by.insert(machine);
            }
            if let (Some(old), Some(new)) = (before.get(key), after.get(key))
                && old.kind != new.kind
            {
                self.moded.insert(key.clone());
            }
            let locals = self.locals.entry(machine).or_default();
            locals.retain(|token| !old.1.contains(token) || new.1.contains(token));
            locals.extend(new.1.difference(&old.1));
        }
    }

    /// Somebody decided for the vault's version of a file. Whoever replaces that version, and saw it, has
    /// not seen the decision, and need not: on this disk nothing is new by it.
    pub fn took(&mut self, machine: usize, before: &Files, after: &Files) {
        self.changed(machine, before, after);
        let replaced = &self.replaced;
        for (key, live) in &mut self.live {
            let [old, new] = [before, after].map(|files| {
                let bytes = files.get(key).map_or(&[][..], |held| &held.bytes);
                tokens(bytes, "tok")
            });
            live.retain(|token| {
                let by = replaced.get(&(key.clone(), *token));
                let by_others = by.is_some_and(|by| by.iter().any(|other| *other != machine));
                old.contains(token) || !new.contains(token) || !by_others
            });
        }
    }

    /// A push said that all of this is in the vault.
    pub fn captured(&mut self, files: &Files, is_left: impl Fn(&str) -> bool) {
        for (key, held) in files.iter().filter(|(key, _)| !is_left(key)) {
            if self.live.contains_key(key) {
                let here = tokens(&held.bytes, "tok");
                self.captured.extend(&here);
                self.carried
                    .extend(here.into_iter().map(|token| (key.clone(), token)));
            }
        }
    }

    /// A disk or a remote was set back: what is nowhere any more can't be asked for, and what is in a
    /// history alone need not come back.
    pub fn set_back(&mut self, anywhere: &BTreeSet<u32>, now: &[Files]) {
        self.captured.retain(|token| anywhere.contains(token));
        self.carried.clear();
        // Who was set back may have seen nothing of what it replaced.
        self.replaced.clear();
        let all = now.iter().flatten();
        let filed = all.filter(|(key, _)| key.starts_with("conflicts/"));
        let filed: BTreeSet<u32> = filed
            .flat_map(|(_, held)| tokens(&held.bytes, "tok"))
            .collect();
        for (key, live) in &mut self.live {
            let here = now.iter().filter_map(|files| files.get(key));
            let here: BTreeSet<u32> = here.flat_map(|held| tokens(&held.bytes, "tok")).collect();
            live.retain(|token| here.contains(token) || filed.contains(token));
        }
    }

    /// What a machine keeps for itself is what it has now.
    pub fn set_locals(&mut self, machine: usize, files: &Files) {
        let all = files.values().flat_map(|held| tokens(&held.bytes, "loc"));
        self.locals.insert(machine, all.collect());
    }

    pub fn live(&self) -> impl Iterator<Item = (&str, u32)> {
        let all = self.live.iter();
        all.flat_map(|(key, live)| live.iter().map(move |token| (key.as_str(), *token)))
    }

    pub fn is_carried(&self, key: &str, token: u32) -> bool {
        self.carried.contains(&(key.to_owned(), token))
    }

    /// Somebody took a project out of the vault.
    pub fn removed(&mut self, project: &str) {
        let of_it = format!("projects/{project}/");
        self.carried.retain(|(key, _)| !key.starts_with(&of_it));
    }

    pub fn is_live(&self, key: &str, token: u32) -> bool {
        self.live.get(key).is_some_and(|live| live.contains(&token))
    }

    pub fn had_other_modes(&self, key: &str) -> bool {
        self.moded.contains(key)
    }

    pub const fn captured_tokens(&self) -> &BTreeSet<u32> {
        &self.captured
    }

    pub fn locals(&self, machine: usize) -> BTreeSet<u32> {
        self.locals.get(&machine).cloned().unwrap_or_default()
    }
}
