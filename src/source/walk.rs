//! The walk: every name below the roots of state, with nothing followed or read.

use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

use crate::base::{HostPath, VaultPath, escape_name, is_temp_name};

use super::crew::work_off;
use super::entry::{Dir, Entry, Left, Listing, Reason, Stat, Stay, Walked, What};
use super::{Class, Decision, SourceError};

/// What to walk, and who decides. Two threads ask at once.
pub struct WalkOptions<'a> {
    pub root: &'a HostPath,
    /// The files and directories below `root` that are carried.
    pub roots: &'a [VaultPath],
    /// The rule for a path below `root`, and whether it is a directory. It is asked about each
    /// directory before anything in it, and never about what lies in one that is out: so it may
    /// answer with [`super::Rules::decide_entry`].
    pub rules: &'a (dyn Fn(&VaultPath, bool) -> Option<Decision> + Sync),
    /// Whether the project's own git tracks a path, as its bytes stand on the disk, below `root`.
    pub tracked: &'a (dyn Fn(&[u8]) -> bool + Sync),
    /// Larger files stay, unless a rule of the class `keep` names them.
    pub max_file: u64,
    /// What the last walk under the same rules saw in a directory, by its place: where that still
    /// stands, nobody is asked again.
    pub past: &'a (dyn Fn(&[u8]) -> Option<&'a Listing> + Sync),
}

/// Walks all of them side by side. A part that cannot be read is left, with its reason; only the
/// roots themselves must be there.
pub fn walk(all: &[WalkOptions<'_>]) -> Vec<Result<Walked, SourceError>> {
    let mut walked: Vec<Result<Walked, SourceError>> = all
        .iter()
        .map(|options| look_at_root(options.root).map(|()| Walked::default()))
        .collect();
    let first = walked.iter().enumerate().filter(|(_, begun)| begun.is_ok());
    let first = first.map(|(unit, _)| Job {
        unit,
        path: VaultPath::root(),
        place: Vec::new(),
        roots: outermost(all[unit].roots),
    });
    let done = work_off(first.collect(), |job: Job, more: &mut Vec<Job>| {
        let unit = job.unit;
        let visit = Visit {
            options: &all[unit],
            job: &job,
        };
        (unit, visit.go(more))
    });
    for (unit, seen) in done {
        if let Ok(walked) = &mut walked[unit] {
            walked.dirs.extend(seen.dir);
            walked.left.extend(seen.left);
            walked.missing_roots.extend(seen.missing_roots);
        }
    }
    for walked in walked.iter_mut().flatten() {
        walked.dirs.sort_unstable_by(|a, b| a.place.cmp(&b.place));
        walked.left.sort_by(|a, b| a.path.cmp(&b.path));
        walked.missing_roots.sort();
    }
    walked
}

fn look_at_root(root: &HostPath) -> Result<(), SourceError> {
    let path = || root.as_path().to_owned();
    match fs::metadata(root) {
        Ok(seen) if seen.is_dir() => Ok(()),
        Ok(_) => Err(SourceError::NotADirectory { path: path() }),
        Err(fault) if is_gone(&fault) => Err(SourceError::Missing { path: path() }),
        Err(source) => Err(SourceError::Io {
            path: path(),
            source,
        }),
    }
}

fn is_gone(fault: &std::io::Error) -> bool {
    matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// The roots without those that lie in another one.
fn outermost(roots: &[VaultPath]) -> Vec<VaultPath> {
    let inside = |path: &VaultPath| path.ancestors().any(|above| roots.contains(&above));
    let mut outer: Vec<_> = roots.iter().filter(|path| !inside(path)).cloned().collect();
    outer.sort();
    outer.dedup();
    outer
}

/// A directory to be visited.
struct Job {
    unit: usize,
    path: VaultPath,
    place: Vec<u8>,
    /// Roots that lie in it, where it is only on the way to them.
    roots: Vec<VaultPath>,
}

/// What one visit brought.
#[derive(Default)]
struct Seen {
    dir: Option<Dir>,
    left: Vec<Left>,
    missing_roots: Vec<VaultPath>,
}

struct Visit<'a> {
    options: &'a WalkOptions<'a>,
    job: &'a Job,
}

impl Visit<'_> {
    fn go(&self, more: &mut Vec<Job>) -> Seen {
        let past = (self.options.past)(&self.job.place);
        let mut seen = Seen::default();
        let listing = if self.job.roots.is_empty() {
            match self.list(past) {
                Some(listing) => listing,
                // It went away since it was seen: as if it had never been.
                None => return seen,
            }
        } else {
            Some(self.lead(&mut seen, more))
        };
        let now = listing.as_ref().or(past).expect("what is not new is as it was");
        if self.job.roots.is_empty() {
            for entry in now.entries.iter().filter(|entry| entry.what == What::Dir) {
                more.extend(self.enter(entry, Vec::new()));
            }
        }
        seen.dir = Some(Dir {
            path: self.job.path.clone(),
            place: self.job.place.clone(),
            on_the_way: !self.job.roots.is_empty(),
            listing: listing.filter(|listing| Some(listing) != past),
        });
        seen
    }

    fn enter(&self, entry: &Entry, roots: Vec<VaultPath>) -> Option<Job> {
        Some(Job {
            unit: self.job.unit,
            path: self.job.path.child(entry.vault_name()).ok()?,
            place: self.place_of(&entry.name),
            roots,
        })
    }

    fn host(&self) -> HostPath {
        self.options.root.join(OsStr::from_bytes(&self.job.place))
    }

    /// What is in the directory: the outer nothing where it is gone, the inner one where it is as
    /// it was.
    fn list(&self, past: Option<&Listing>) -> Option<Option<Listing>> {
        let host = self.host();
        let closed = Some(Some(Listing {
            entries: Vec::new(),
            closed: Some(Reason::Unreadable),
        }));
        let found = match fs::read_dir(&host) {
            Ok(found) => found,
            Err(fault) if is_gone(&fault) => return None,
            Err(_) => return closed,
        };
        let old = past.map_or(&[][..], |past| &past.entries);
        let (mut at, mut fresh) = (0, None);
        for found in found {
            let Ok(found) = found else { return closed };
            let name = found.file_name();
            let known = old.get(at).filter(|old| old.name == name.as_bytes());
            let known = known.filter(|old| still(old, &found));
            match (known, &mut fresh) {
                (Some(_), None) => {}
                (Some(known), Some(list)) => list.push(known.clone()),
                (None, list) => {
                    let list = list.get_or_insert_with(|| old[..at.min(old.len())].to_vec());
                    let kind = found.file_type();
                    list.extend(self.meet(name.as_bytes(), kind, || found.metadata()));
                }
            }
            at += 1;
        }
        if fresh.is_none() && at == old.len() && past.is_some() {
            return Some(None);
        }
        let entries = fresh.unwrap_or_else(|| old[..at].to_vec());
        Some(Some(Listing {
            entries,
            closed: None,
        }))
    }

    /// Looks for the roots of state alone, without listing what else there is.
    fn lead(&self, seen: &mut Seen, more: &mut Vec<Job>) -> Listing {
        let mut listing = Listing::default();
        let mut rest = self.job.roots.as_slice();
        while let Some(first) = rest.first() {
            let tail = first.below(&self.job.path).unwrap_or_default();
            let name = tail.names().next().unwrap_or_default().as_bytes();
            let same = |root: &VaultPath| {
                let tail = root.below(&self.job.path).unwrap_or_default();
                tail.names().next().is_some_and(|other| other.as_bytes() == name)
            };
            let (roots, others) = rest.split_at(rest.partition_point(same));
            rest = others;
            match self.step(name, roots) {
                Ok(Some((entry, roots))) => {
                    if entry.what == What::Dir {
                        more.extend(self.enter(&entry, roots));
                    }
                    listing.entries.push(entry);
                }
                Ok(None) => {}
                Err(reason) => {
                    let left = |path: &VaultPath| Left {
                        path: path.clone(),
                        reason,
                        rule: None,
                        is_dir: true,
                    };
                    seen.left.extend(roots.iter().map(left));
                    if reason == Reason::Missing {
                        seen.missing_roots.extend_from_slice(roots);
                    }
                }
            }
        }
        listing
    }

    /// One step towards some roots: the entry, and those roots that lie further in.
    fn step(
        &self,
        name: &[u8],
        roots: &[VaultPath],
    ) -> Result<Option<(Entry, Vec<VaultPath>)>, Reason> {
        let meta = match fs::symlink_metadata(self.host().join(OsStr::from_bytes(name))) {
            Ok(meta) => meta,
            Err(fault) if is_gone(&fault) => return Err(Reason::Missing),
            Err(_) => return Err(Reason::Unreadable),
        };
        if meta.is_symlink() {
            return Err(Reason::LinkedRoot);
        }
        let here = self.job.path.child(name).map_err(|_| Reason::BadName)?;
        if roots.contains(&here) {
            let entry = self.meet(name, Ok(meta.file_type()), || Ok(meta));
            return Ok(entry.map(|entry| (entry, Vec::new())));
        }
        if !meta.is_dir() {
            return Err(Reason::Missing);
        }
        let entry = Entry {
            name: name.to_vec(),
            alias: None,
            what: What::Dir,
        };
        Ok(Some((entry, roots.to_vec())))
    }

    /// Names an entry and decides about it; nothing where it is gone.
    fn meet(
        &self,
        name: &[u8],
        kind: std::io::Result<FileType>,
        look: impl FnOnce() -> std::io::Result<Metadata>,
    ) -> Option<Entry> {
        let alias = escape_name(name);
        let alias = (alias.as_bytes() != name).then(|| alias.into_owned());
        let path = self.job.path.child(alias.as_ref().map_or(name, String::as_bytes));
        // Another file may already be called what this one would be called.
        let is_free = |alias: &String| fs::symlink_metadata(self.host().join(alias)).is_err();
        let entry = |what| {
            Some(Entry {
                name: name.to_vec(),
                alias: alias.clone(),
                what,
            })
        };
        let Ok(kind) = kind else {
            return entry(stays(Reason::Unreadable, false));
        };
        let is_dir = kind.is_dir();
        match path {
            Ok(path) if alias.as_ref().is_none_or(is_free) => {
                entry(self.decide(&path, name, kind, look)?)
            }
            _ => entry(stays(Reason::BadName, is_dir)),
        }
    }

    /// Decides about an entry that has a name.
    fn decide(
        &self,
        path: &VaultPath,
        name: &[u8],
        kind: FileType,
        look: impl FnOnce() -> std::io::Result<Metadata>,
    ) -> Option<What> {
        let is_dir = kind.is_dir();
        if is_temp_name(name) {
            return Some(stays(Reason::Temporary, is_dir));
        }
        if name.eq_ignore_ascii_case(b".git") {
            return Some(stays(Reason::Nested, is_dir));
        }
        let decision = (self.options.rules)(path, is_dir);
        if let Some(reason) = decision.as_ref().and_then(reason_of) {
            return Some(What::Stays(Stay {
                reason,
                rule: decision.map(|decision| decision.pattern.to_string()),
                is_dir,
                stat: None,
            }));
        }
        if (self.options.tracked)(&self.place_of(name)) {
            return Some(stays(Reason::Tracked, is_dir));
        }
        if is_dir {
            return Some(What::Dir);
        }
        if !kind.is_file() && !kind.is_symlink() {
            return Some(stays(Reason::NotAFile, false));
        }
        let stat = match look() {
            Ok(seen) => Stat::of(&seen),
            Err(fault) if is_gone(&fault) => return None,
            Err(_) => return Some(stays(Reason::Unreadable, false)),
        };
        Some(if kind.is_symlink() {
            What::Link(stat)
        } else if stat.size > self.options.max_file && decision.is_none() {
            What::Stays(Stay {
                reason: Reason::TooLarge,
                rule: None,
                is_dir,
                stat: Some(stat),
            })
        } else {
            What::File(stat)
        })
    }

    fn place_of(&self, name: &[u8]) -> Vec<u8> {
        let mut place = self.job.place.clone();
        if !place.is_empty() {
            place.push(b'/');
        }
        place.extend_from_slice(name);
        place
    }
}

/// Whether a name still is what it was when it was decided about.
fn still(old: &Entry, found: &fs::DirEntry) -> bool {
    let Ok(kind) = found.file_type() else {
        return false;
    };
    let same = |stat: &Stat| found.metadata().is_ok_and(|seen| Stat::of(&seen) == *stat);
    match &old.what {
        What::File(stat) => kind.is_file() && same(stat),
        What::Link(stat) => kind.is_symlink() && same(stat),
        What::Dir => kind.is_dir(),
        What::Stays(stay) => match stay.reason {
            Reason::Unreadable | Reason::BadName => false,
            Reason::NotAFile => !kind.is_dir() && !kind.is_file() && !kind.is_symlink(),
            _ => kind.is_dir() == stay.is_dir && stay.stat.as_ref().is_none_or(same),
        },
    }
}

const fn stays(reason: Reason, is_dir: bool) -> What {
    What::Stays(Stay {
        reason,
        rule: None,
        is_dir,
        stat: None,
    })
}

fn reason_of(decision: &Decision) -> Option<Reason> {
    match decision.class {
        Class::Keep => None,
        Class::Disposable => Some(Reason::Disposable),
        Class::Local => Some(Reason::MachineLocal),
        Class::Secret => Some(Reason::Secret),
        Class::Large => Some(Reason::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::ffi::OsStr;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use super::*;
    use crate::source::Rules;

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
        let rules = Rules::for_dir(".aigon", &[]);
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
