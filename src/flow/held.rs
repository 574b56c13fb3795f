//! What the gate holds back of a project or tool: the file that a finding is about stays behind.

use std::collections::BTreeSet;

use crate::base::{Finding, Gate, VaultPath, read_limited};
use crate::doc::MAX_BYTES;
use crate::layout::names;
use crate::snapshot::{SecretGate, masked_name};
use crate::source::Reason;

use super::filing::conflict_id;
use super::scan::Scanned;

impl Scanned {
    /// Leaves the file behind that a finding is about, if it is one of this unit, which lies in `dir` of
    /// the vault, or a version of it was to be filed in a conflict. False where it is not, or where leaving the file
    /// behind did not help.
    pub fn hold_back(&mut self, dir: &VaultPath, finding: &Finding) -> bool {
        let filed = || {
            let id = finding.path.below(&names::conflicts_dir())?;
            let id = id.names().next()?;
            let mut paths = self.disputed.iter().chain(self.findings.keys());
            paths
                .find(|path| conflict_id(&self.unit.owner, path) == id)
                .cloned()
        };
        let Some(path) = finding.path.below(dir).or_else(filed) else {
            return false;
        };
        if path.as_str() == names::PROJECT_RECORD {
            return self.hold_back_named(dir, finding);
        }
        let findings = self.findings.entry(path.clone()).or_default();
        if findings.contains(finding) {
            return false;
        }
        findings.push(finding.clone());
        self.withhold(path, Reason::HoldsSecret, Some(finding.rule.clone()));
        true
    }

    /// The record of a project names what git cannot carry. What has a name with the secret in it stays
    /// behind, and with it the note. False where it is not in such a name, or that did not help.
    fn hold_back_named(&mut self, dir: &VaultPath, finding: &Finding) -> bool {
        if self.of_record.contains(finding) {
            return false;
        }
        self.of_record.push(finding.clone());
        let named = |path: &VaultPath| {
            let whole = dir.join(path);
            let found = SecretGate::default().inspect(&whole, &mut whole.as_str().as_bytes());
            let found = found.expect("memory can be read").into_iter();
            let mut found = found.filter(|found| found.fingerprint == finding.fingerprint);
            found.next().map(|found| (path.clone(), found))
        };
        let culprits: Vec<_> = self.notes.keys().filter_map(named).collect();
        for (path, found) in &culprits {
            // A file is found by itself, too: as often as it is met.
            if self.notes[path].dir {
                self.findings.insert(path.clone(), vec![found.clone()]);
            }
            let rule = Some(found.rule.clone());
            self.withhold(path.clone(), Reason::HoldsSecret, rule);
        }
        !culprits.is_empty()
    }

    /// A path as it may be told: a name that is itself a secret is not.
    pub fn told(&self, path: &VaultPath) -> VaultPath {
        if !self.findings.contains_key(path) {
            return path.clone();
        }
        let told = VaultPath::parse(&masked_name(path.as_str()));
        // The fingerprint may be longer than a name can be.
        told.unwrap_or_else(|_| path.parent().unwrap_or_else(VaultPath::root))
    }

    /// The values that hold a file back, each once and with its line in the file as it is here.
    pub fn secrets(&self, path: &VaultPath) -> Vec<Finding> {
        let mut seen = BTreeSet::new();
        let findings = self.findings.get(path).into_iter().flatten();
        let once = findings.filter(|finding| seen.insert(&finding.fingerprint));
        let mut secrets: Vec<Finding> = once.cloned().collect();
        if self.unit.is_settings() && !secrets.is_empty() {
            let file = self.file(path);
            if let Ok(bytes) = read_limited(file.as_path(), MAX_BYTES as u64) {
                with_lines_of(&bytes, &mut secrets);
            }
        }
        secrets
    }
}

/// A push looks at what is left of settings; a person looks at the file.
pub fn with_lines_of(file: &[u8], findings: &mut [Finding]) {
    let Some(path) = findings.first().map(|finding| finding.path.clone()) else {
        return;
    };
    let here = SecretGate::default().inspect(&path, &mut &*file);
    let here = here.expect("memory can be read");
    for finding in findings {
        let there = here.iter().find(|it| it.fingerprint == finding.fingerprint);
        finding.line = there.map_or(finding.line, |there| there.line);
    }
}
