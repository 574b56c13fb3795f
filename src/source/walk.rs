//! The walk: every entry below the roots of state, found or left, with nothing followed or read.

use std::fs::{self, FileType, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use crate::base::{HostPath, PathFault, VaultPath, escape_name, is_temp_name};

use super::entry::{Found, FoundKind, Left, Reason, Stat, Walked};
use super::own::{CACHE_TAG, is_cache};
use super::{Decision, SourceError};

/// What to walk, and who decides.
pub struct WalkOptions<'a> {
    pub root: &'a HostPath,
    /// The files and directories below `root` that are carried.
    pub roots: &'a [VaultPath],
    /// The rule for a path below `root`, and whether it is a directory. It is asked about each
    /// directory before anything in it, and never about what lies in one that is out: so it may
    /// answer with [`super::Rules::decide_entry`].
    pub rules: &'a dyn Fn(&VaultPath, bool) -> Option<Decision>,
    /// Whether the project's own git tracks a path, as its bytes stand on the disk, below `root`.
    pub tracked: &'a dyn Fn(&[u8]) -> bool,
    /// Larger files stay, unless a rule of the class `keep` names them.
    pub max_file: u64,
}

/// Walks. A part that cannot be read is left, with its reason; only the root itself must be there.
pub fn walk(options: &WalkOptions<'_>) -> Result<Walked, SourceError> {
    let root = options.root.as_path();
    match fs::metadata(root) {
        Ok(seen) if seen.is_dir() => {}
        Ok(_) => {
            return Err(SourceError::NotADirectory {
                path: root.to_owned(),
            });
        }
        Err(fault) if is_gone(&fault) => {
            return Err(SourceError::Missing {
                path: root.to_owned(),
            });
        }
        Err(source) => {
            return Err(SourceError::Io {
                path: root.to_owned(),
                source,
            });
        }
    }
    let mut walker = Walker {
        options,
        raw_start: root.as_os_str().len()
            + usize::from(!root.as_os_str().as_bytes().ends_with(b"/")),
        seen: Walked::default(),
        ahead: Vec::new(),
    };
    for path in options.roots {
        let inside_another = path.ancestors().any(|above| options.roots.contains(&above));
        if !inside_another {
            walker.enter(path);
        }
        while let Some(dir) = walker.ahead.pop() {
            walker.list(&dir);
        }
    }
    let mut seen = walker.seen;
    seen.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    seen.found.dedup_by(|a, b| a.path == b.path);
    seen.left.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(seen)
}

fn is_gone(fault: &std::io::Error) -> bool {
    matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The bits of a mode that let group and others in.
const FOR_OTHERS: u32 = 0o077;

struct Walker<'a> {
    options: &'a WalkOptions<'a>,
    /// Where the part below the root begins in the bytes of a host path.
    raw_start: usize,
    seen: Walked,
    /// Directories still to be listed.
    ahead: Vec<Dir>,
}

struct Dir {
    path: VaultPath,
    raw_name: Option<Vec<u8>>,
    host: HostPath,
}

impl Walker<'_> {
    fn leave(&mut self, path: VaultPath, reason: Reason, is_dir: bool) {
        self.seen.left.push(Left {
            path,
            reason,
            rule: None,
            is_dir,
        });
    }

    /// Begins at one of the roots.
    fn enter(&mut self, path: &VaultPath) {
        let mut behind_link = false;
        for part in path.ancestors().chain([path.clone()]) {
            let host = self.options.root.below(&part);
            match fs::symlink_metadata(&host) {
                Ok(seen) => behind_link |= seen.file_type().is_symlink(),
                Err(fault) if is_gone(&fault) => {
                    self.seen.missing_roots.push(path.clone());
                    return self.leave(path.clone(), Reason::Missing, true);
                }
                Err(_) => return self.leave(path.clone(), Reason::Unreadable, true),
            }
        }
        if behind_link {
            return self.leave(path.clone(), Reason::LinkedRoot, true);
        }
        let host = self.options.root.below(path);
        let Ok(seen) = fs::symlink_metadata(&host) else {
            return self.leave(path.clone(), Reason::Unreadable, true);
        };
        let entry = Dir {
            path: path.clone(),
            raw_name: None,
            host,
        };
        self.take(entry, seen.file_type(), || Ok(seen));
    }

    fn list(&mut self, dir: &Dir) {
        let entries = match fs::read_dir(&dir.host) {
            Ok(entries) => entries,
            // It went away since it was seen: as if it had never been.
            Err(fault) if is_gone(&fault) => return,
            Err(_) => return self.leave(dir.path.clone(), Reason::Unreadable, true),
        };
        let mut is_empty = true;
        let before = (
            self.seen.found.len(),
            self.seen.left.len(),
            self.ahead.len(),
        );
        for entry in entries {
            is_empty = false;
            let Ok(entry) = entry else {
                self.leave(dir.path.clone(), Reason::Unreadable, true);
                return;
            };
            if self.marks_cache(dir, &entry) {
                self.seen.found.truncate(before.0);
                self.seen.left.truncate(before.1);
                self.ahead.truncate(before.2);
                return self.leave(dir.path.clone(), Reason::CacheDir, true);
            }
            self.meet(dir, &entry);
        }
        if is_empty && let Ok(seen) = fs::symlink_metadata(&dir.host) {
            self.seen.found.push(Found {
                path: dir.path.clone(),
                raw_name: dir.raw_name.clone(),
                host: dir.host.clone(),
                kind: FoundKind::EmptyDir,
                stat: Stat::of(&seen),
            });
        }
    }

    /// Whether an entry says that its directory is a cache, which no rule asks to keep.
    fn marks_cache(&self, dir: &Dir, entry: &fs::DirEntry) -> bool {
        entry.file_name() == CACHE_TAG
            && is_cache(&dir.host)
            && (self.options.rules)(&dir.path, true).is_none()
    }

    /// Names an entry, or leaves it where it has no name in the vault.
    fn meet(&mut self, dir: &Dir, entry: &fs::DirEntry) {
        let name = entry.file_name();
        let host = dir.host.join(&name);
        let name = name.as_bytes();
        let Ok(kind) = entry.file_type() else {
            return self.leave(stand_in(dir, name), Reason::Unreadable, false);
        };
        let (path, raw_name) = match dir.path.child(name) {
            Ok(path) => (path, None),
            Err(PathFault::NotUtf8 { .. } | PathFault::Reserved { .. }) => {
                let escaped = escape_name(name);
                // Another file may already be called what this one would be called.
                let is_free = fs::symlink_metadata(dir.host.join(&*escaped)).is_err();
                match dir.path.child(escaped.as_bytes()) {
                    Ok(path) if is_free => (path, Some(name.to_owned())),
                    _ => return self.leave(stand_in(dir, name), Reason::BadName, kind.is_dir()),
                }
            }
            Err(_) => return self.leave(stand_in(dir, name), Reason::BadName, kind.is_dir()),
        };
        if is_temp_name(name) {
            self.leave(path, Reason::Temporary, kind.is_dir());
            self.seen.temp.push(host);
        } else if name.eq_ignore_ascii_case(b".git") {
            self.leave(path, Reason::Nested, kind.is_dir());
        } else {
            let named = Dir {
                path,
                raw_name,
                host,
            };
            self.take(named, kind, || entry.metadata());
        }
    }

    /// Decides about an entry that has a name.
    fn take(
        &mut self,
        entry: Dir,
        kind: FileType,
        look: impl FnOnce() -> std::io::Result<Metadata>,
    ) {
        let is_dir = kind.is_dir();
        let decision = (self.options.rules)(&entry.path, is_dir);
        if let Some(reason) = decision.as_ref().and_then(|it| Reason::of(it.class)) {
            let rule = decision.map(|decision| decision.rule.text.clone());
            return self.seen.left.push(Left {
                path: entry.path,
                reason,
                rule,
                is_dir,
            });
        }
        let raw = entry.host.as_path().as_os_str().as_bytes();
        if (self.options.tracked)(raw.get(self.raw_start..).unwrap_or_default()) {
            return self.leave(entry.path, Reason::Tracked, is_dir);
        }
        if is_dir {
            return self.ahead.push(entry);
        }
        if !kind.is_file() && !kind.is_symlink() {
            return self.leave(entry.path, Reason::NotAFile, false);
        }
        let seen = match look() {
            Ok(seen) => seen,
            Err(fault) if is_gone(&fault) => return,
            Err(_) => return self.leave(entry.path, Reason::Unreadable, false),
        };
        let kind = if kind.is_symlink() {
            FoundKind::Link
        } else if seen.len() > self.options.max_file && decision.is_none() {
            return self.leave(entry.path, Reason::TooLarge, false);
        } else {
            FoundKind::File {
                exec: seen.mode() & 0o100 != 0,
                private: seen.mode() & FOR_OTHERS == 0,
            }
        };
        self.seen.found.push(Found {
            path: entry.path,
            raw_name: entry.raw_name,
            host: entry.host,
            kind,
            stat: Stat::of(&seen),
        });
    }
}

/// Something to show for a name that cannot be shown as it is, and that no real entry has.
fn stand_in(dir: &Dir, name: &[u8]) -> VaultPath {
    let mut text: String = escape_name(name).chars().take(40).collect();
    text.push('…');
    dir.path
        .child(text.as_bytes())
        .unwrap_or_else(|_| dir.path.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsStr;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::*;
    use crate::source::{RuleBook, RuleLine, Rules};

    struct Place {
        _dir: tempfile::TempDir,
        root: HostPath,
    }

    fn place(files: &[&str]) -> Place {
        let dir = tempfile::tempdir().expect("a temp dir");
        let root = HostPath::new(dir.path()).expect("absolute");
        for name in files {
            write(&root, name.as_bytes());
        }
        Place { _dir: dir, root }
    }

    fn write(root: &HostPath, name: &[u8]) {
        let file = root.join(OsStr::from_bytes(name));
        fs::create_dir_all(file.as_path().parent().expect("it has one")).expect("made");
        fs::write(file.as_path(), name).expect("written");
    }

    fn path(text: &str) -> VaultPath {
        VaultPath::parse(text).expect("valid")
    }

    /// Walks `.aigon` with its own rules, like a push does.
    fn walked(root: &HostPath) -> Walked {
        let rules = RuleBook::new(&[], Vec::new());
        let rules = rules.for_dir(".aigon").expect("the preset compiles");
        let own = path(".aigon");
        walk(&WalkOptions {
            root,
            roots: std::slice::from_ref(&own),
            rules: &|at, is_dir| rules.decide_entry(at.below(&own)?.as_str(), is_dir),
            tracked: &|_| false,
            max_file: 1000,
        })
        .expect("the root is there")
    }

    fn found(seen: &Walked) -> Vec<&str> {
        seen.found.iter().map(|entry| entry.path.as_str()).collect()
    }

    fn left(seen: &Walked) -> Vec<(&str, Reason)> {
        seen.left
            .iter()
            .map(|left| (left.path.as_str(), left.reason))
            .collect()
    }

    #[test]
    fn files_come_sorted_and_with_what_git_cannot_say() {
        let place = place(&[".aigon/b", ".aigon/a/x", ".aigon/run.sh", "src/main.rs"]);
        let mode = |name: &str, mode| {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(place.root.join(name).as_path(), mode).expect("ours");
        };
        mode(".aigon/b", 0o600);
        mode(".aigon/run.sh", 0o755);
        mode(".aigon/a/x", 0o644);
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/a/x", ".aigon/b", ".aigon/run.sh"]);
        let kinds: Vec<FoundKind> = seen.found.iter().map(|entry| entry.kind).collect();
        let file = |exec, private| FoundKind::File { exec, private };
        assert_eq!(
            kinds,
            [file(false, false), file(false, true), file(true, false)]
        );
        assert_eq!(seen.found[1].host, place.root.join(".aigon/b"));
        assert_eq!(seen.found[1].stat.size, 8);
        assert!(seen.left.is_empty());
    }

    #[test]
    fn rules_leave_whole_directories_and_say_which_rule_it_was() {
        let place = place(&[
            ".aigon/sessions/a/b",
            ".aigon/x/cache/y",
            ".aigon/keep/x.log",
            ".aigon/.env",
            ".aigon/config-hash",
        ]);
        let seen = walked(&place.root);
        assert!(seen.found.is_empty());
        let expected = [
            (".aigon/.env", Reason::Secret),
            (".aigon/config-hash", Reason::MachineLocal),
            (".aigon/keep/x.log", Reason::Disposable),
            (".aigon/sessions", Reason::Disposable),
            (".aigon/x/cache", Reason::Disposable),
        ];
        assert_eq!(left(&seen), expected);
        assert_eq!(seen.left[3].rule.as_deref(), Some("sessions/"));
        assert!(seen.left[3].is_dir && !seen.left[2].is_dir);
    }

    #[test]
    fn only_a_truly_empty_directory_is_one() {
        let place = place(&[".aigon/only-logs/x.log"]);
        fs::create_dir_all(place.root.join(".aigon/a/empty").as_path()).expect("made");
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/a/empty"]);
        assert_eq!(seen.found[0].kind, FoundKind::EmptyDir);
    }

    #[test]
    fn links_are_links_and_never_followed() {
        let place = place(&["outside/secret"]);
        fs::create_dir(place.root.join(".aigon").as_path()).expect("made");
        for (name, target) in [("dir", "../outside"), ("gone", "nowhere"), ("up", "..")] {
            symlink(target, place.root.join(".aigon").join(name).as_path()).expect("linked");
        }
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/dir", ".aigon/gone", ".aigon/up"]);
        assert!(seen.found.iter().all(|entry| entry.kind == FoundKind::Link));
    }

    #[test]
    fn a_root_that_is_a_link_or_behind_one_is_left() {
        let place = place(&["real/.aigon/x", "real/file"]);
        symlink("real/.aigon", place.root.join(".aigon").as_path()).expect("linked");
        assert_eq!(left(&walked(&place.root)), [(".aigon", Reason::LinkedRoot)]);
        symlink("real", place.root.join("alias").as_path()).expect("linked");
        let seen = walk(&WalkOptions {
            root: &place.root,
            roots: &[path("alias/.aigon"), path("real/file")],
            rules: &|_, _| None,
            tracked: &|_| false,
            max_file: 1000,
        })
        .expect("the root is there");
        assert_eq!(left(&seen), [("alias/.aigon", Reason::LinkedRoot)]);
        assert_eq!(found(&seen), ["real/file"]);
    }

    #[test]
    fn a_missing_root_is_named_and_a_missing_place_is_an_error() {
        let place = place(&["src/x"]);
        let seen = walked(&place.root);
        assert_eq!(seen.missing_roots, [path(".aigon")]);
        assert_eq!(left(&seen), [(".aigon", Reason::Missing)]);
        let options = |root| WalkOptions {
            root,
            roots: &[],
            rules: &|_, _| None,
            tracked: &|_| false,
            max_file: 0,
        };
        let gone = place.root.join("gone");
        let fault = walk(&options(&gone));
        assert!(matches!(fault, Err(SourceError::Missing { .. })));
        let file = place.root.join("src/x");
        let fault = walk(&options(&file));
        assert!(matches!(fault, Err(SourceError::NotADirectory { .. })));
    }

    #[test]
    fn odd_names_keep_their_bytes() {
        let odd = [
            "line\nbreak",
            "q\"uote",
            "c:olon",
            "caf\u{e9}",
            "cafe\u{301}",
            " space ",
            "back\\slash",
            "100%",
            ".gitignore",
            ".gitattributes",
        ];
        let files = odd.map(|name| format!(".aigon/{name}"));
        let place = place(&files.each_ref().map(String::as_str));
        let seen = walked(&place.root);
        let expected: BTreeSet<&str> = files.iter().map(String::as_str).collect();
        assert_eq!(found(&seen), expected.into_iter().collect::<Vec<_>>());
        assert!(seen.found.iter().all(|entry| entry.raw_name.is_none()));
    }

    #[test]
    fn names_that_the_vault_cannot_hold_are_escaped_all_the_way_down() {
        let place = place(&[".aigon/.gitmodules"]);
        write(&place.root, b".aigon/caf\xe9/x");
        write(&place.root, b".aigon/git~1");
        let seen = walked(&place.root);
        let expected = [".aigon/%2Egitmodules", ".aigon/%67it~1", ".aigon/caf%E9/x"];
        assert_eq!(found(&seen), expected);
        assert_eq!(seen.found[0].raw_name.as_deref(), Some(&b".gitmodules"[..]));
        assert_eq!(seen.found[2].raw_name, None);
        let host = seen.found[2].host.as_path();
        assert!(host.ends_with(Path::new(OsStr::from_bytes(b"caf\xe9/x"))));
        let tracked = walk(&WalkOptions {
            root: &place.root,
            roots: &[path(".aigon")],
            rules: &|_, _| None,
            tracked: &|raw| raw == b".aigon/caf\xe9/x",
            max_file: 1000,
        });
        let tracked = tracked.expect("the root is there");
        assert_eq!(left(&tracked), [(".aigon/caf%E9/x", Reason::Tracked)]);
    }

    #[test]
    fn an_escaped_name_never_takes_the_place_of_a_real_one() {
        let place = place(&[".aigon/caf%E9"]);
        write(&place.root, b".aigon/caf\xe9");
        write(&place.root, &[b".aigon/", &[0xff_u8; 200][..]].concat());
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/caf%E9"]);
        assert_eq!(seen.found[0].raw_name, None);
        assert_eq!(left(&seen).len(), 2);
        assert!(seen.left.iter().all(|left| left.reason == Reason::BadName));
        assert!(
            found(&seen)
                .iter()
                .all(|path| left(&seen).iter().all(|(other, _)| other != path))
        );
    }

    #[test]
    fn what_is_no_file_is_left_and_never_opened() {
        let place = place(&[".aigon/x"]);
        let _socket = UnixListener::bind(place.root.join(".aigon/s").as_path()).expect("bound");
        let fifo = place.root.join(".aigon/f");
        rustix::fs::mkfifoat(rustix::fs::CWD, fifo.as_path(), rustix::fs::Mode::RWXU)
            .expect("made");
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/x"]);
        let expected = [
            (".aigon/f", Reason::NotAFile),
            (".aigon/s", Reason::NotAFile),
        ];
        assert_eq!(left(&seen), expected);
    }

    #[test]
    fn a_repository_inside_loses_its_git_directory_and_nothing_else() {
        let place = place(&[
            ".aigon/repo/.git/config",
            ".aigon/repo/file",
            ".aigon/other/.GIT",
            ".aigon/.github/x",
        ]);
        let rules_off = walk(&WalkOptions {
            root: &place.root,
            roots: &[path(".aigon")],
            rules: &|_, _| None,
            tracked: &|_| false,
            max_file: 1000,
        })
        .expect("the root is there");
        for seen in [walked(&place.root), rules_off] {
            assert_eq!(found(&seen), [".aigon/.github/x", ".aigon/repo/file"]);
            let expected = [
                (".aigon/other/%2EGIT", Reason::Nested),
                (".aigon/repo/%2Egit", Reason::Nested),
            ];
            assert_eq!(left(&seen), expected);
        }
    }

    #[test]
    fn our_own_leftovers_are_named_for_whoever_clears_them_away() {
        let place = place(&[".aigon/a/.holdall-tmp-x1"]);
        let seen = walked(&place.root);
        assert_eq!(seen.temp, [place.root.join(".aigon/a/.holdall-tmp-x1")]);
        assert_eq!(
            left(&seen),
            [(".aigon/a/.holdall-tmp-x1", Reason::Temporary)]
        );
    }

    #[test]
    fn a_large_file_stays_unless_a_rule_keeps_it() {
        let place = place(&[".aigon/small"]);
        fs::write(place.root.join(".aigon/big").as_path(), [0; 1001]).expect("written");
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/small"]);
        assert_eq!(left(&seen), [(".aigon/big", Reason::TooLarge)]);
        fs::rename(
            place.root.join(".aigon/big").as_path(),
            place.root.join(".aigon/uv.lock").as_path(),
        )
        .expect("renamed");
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/small", ".aigon/uv.lock"]);
    }

    #[test]
    fn a_directory_that_says_it_is_a_cache_is_left_unless_a_rule_keeps_it() {
        let place = place(&[
            ".aigon/made/a",
            ".aigon/made/deep/b",
            ".aigon/made/sessions/c",
            ".aigon/kept/a",
            ".aigon/unsigned/CACHEDIR.TAG",
        ]);
        for dir in ["made", "kept"] {
            let tag = place.root.join(format!(".aigon/{dir}/CACHEDIR.TAG"));
            let signature = "Signature: 8a477f597d28d172789f06886806bc55\n";
            fs::write(tag.as_path(), signature).expect("written");
        }
        let rules = RuleLine::parse_file(b"!/kept/", "test").expect("valid");
        let rules = Rules::new(rules).expect("it compiles");
        let own = path(".aigon");
        let seen = walk(&WalkOptions {
            root: &place.root,
            roots: std::slice::from_ref(&own),
            rules: &|at, is_dir| rules.decide_entry(at.tail(&own)?, is_dir),
            tracked: &|_| false,
            max_file: 1000,
        })
        .expect("the root is there");
        assert_eq!(left(&seen), [(".aigon/made", Reason::CacheDir)]);
        let kept = [
            ".aigon/kept/CACHEDIR.TAG",
            ".aigon/kept/a",
            ".aigon/unsigned/CACHEDIR.TAG",
        ];
        assert_eq!(found(&seen), kept);
    }

    #[test]
    fn a_tracked_directory_is_left_whole() {
        let place = place(&[".aigon/module/x", ".aigon/y"]);
        let seen = walk(&WalkOptions {
            root: &place.root,
            roots: &[path(".aigon"), path(".aigon/y")],
            rules: &|_, _| None,
            tracked: &|raw| raw == b".aigon/module",
            max_file: 1000,
        })
        .expect("the root is there");
        assert_eq!(found(&seen), [".aigon/y"]);
        assert_eq!(left(&seen), [(".aigon/module", Reason::Tracked)]);
    }

    #[test]
    fn an_unreadable_directory_is_left_and_the_rest_goes() {
        let place = place(&[".aigon/closed/x", ".aigon/open"]);
        let closed = place.root.join(".aigon/closed");
        let mode = |mode| {
            fs::set_permissions(closed.as_path(), fs::Permissions::from_mode(mode)).expect("ours");
        };
        mode(0o000);
        // Root may read everything.
        let is_closed = fs::read_dir(closed.as_path()).is_err();
        let seen = walked(&place.root);
        mode(0o700);
        if is_closed {
            assert_eq!(found(&seen), [".aigon/open"]);
            assert_eq!(left(&seen), [(".aigon/closed", Reason::Unreadable)]);
        }
    }

    #[test]
    fn reasons_are_written_in_snake_case() {
        let text = serde_json::to_string(&[Reason::MachineLocal, Reason::NotAFile]).expect("plain");
        assert_eq!(text, "[\"machine_local\",\"not_a_file\"]");
    }
}
