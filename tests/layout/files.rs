//! A directory of this repository, seen as the files of a vault.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use holdall::base::{Kind, VaultPath};
use holdall::layout::VaultFiles;

/// `vault-layout/` or a place below it.
pub fn contract(below: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("vault-layout").join(below)
}

pub struct OnDisk(pub PathBuf);

impl OnDisk {
    /// Every file that is no link.
    pub fn files(&self) -> Vec<VaultPath> {
        let paths = self.paths().into_iter();
        paths
            .filter(|(_, kind)| *kind != Kind::Link)
            .filter_map(|(path, _)| VaultPath::parse(std::str::from_utf8(&path).ok()?).ok())
            .collect()
    }

    fn walk(&self, below: &Path, found: &mut Vec<(Vec<u8>, Kind)>) {
        let dir = fs::read_dir(self.0.join(below)).expect("the contract is readable");
        for entry in dir {
            let entry = entry.expect("the contract is readable");
            let path = below.join(entry.file_name());
            let meta = entry.metadata().expect("the contract is readable");
            let kind = if meta.is_symlink() {
                Kind::Link
            } else if meta.is_dir() {
                self.walk(&path, found);
                continue;
            } else if meta.permissions().mode() & 0o100 != 0 {
                Kind::Exec
            } else {
                Kind::File
            };
            found.push((path.as_os_str().as_bytes().to_vec(), kind));
        }
    }
}

impl VaultFiles for OnDisk {
    fn paths(&self) -> Vec<(Vec<u8>, Kind)> {
        let mut found = Vec::new();
        self.walk(Path::new(""), &mut found);
        found.sort();
        found
    }

    fn read(&self, path: &VaultPath) -> Option<Vec<u8>> {
        let at = self.0.join(path.as_str());
        match fs::read_link(&at) {
            Ok(target) => Some(target.as_os_str().as_bytes().to_vec()),
            Err(_) => fs::read(at).ok(),
        }
    }
}

/// The kinds of records, named as their schemas are.
pub fn record_kind(path: &VaultPath) -> Option<&'static str> {
    let parts: Vec<&str> = path.names().collect();
    match parts.as_slice() {
        ["vault.json"] => Some("vault"),
        ["allowed.json"] => Some("allowed"),
        ["machines", _] => Some("machine"),
        ["projects", _, "project.json"] => Some("project"),
        ["conflicts", _, "conflict.json"] => Some("conflict"),
        ["conflicts", _, _, "variant.json"] => Some("variant"),
        _ => None,
    }
}
