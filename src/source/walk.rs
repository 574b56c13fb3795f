//! The walk: every name below the roots of state, with nothing followed or read.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

use crate::base::{HostPath, VaultPath};

use super::crew::work_off;
use super::entry::{Dir, Entry, Left, Listing, Reason, Walked, What};
use super::own::{CACHE_TAG, is_cache, is_repository};
use super::{Decision, SourceError};

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
pub fn walk<'a>(all: &'a [WalkOptions<'a>]) -> Vec<Result<Walked, SourceError>> {
    let mut walked: Vec<Result<Walked, SourceError>> = all
        .iter()
        .map(|options| look_at_root(options.root).map(|()| Walked::default()))
        .collect();
    let first = walked.iter().enumerate();
    // Without a root there is nothing to look for: the directory itself is not ours to list.
    let first = first.filter(|(unit, begun)| begun.is_ok() && !all[*unit].roots.is_empty());
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

pub(super) fn is_gone(fault: &std::io::Error) -> bool {
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
pub(super) struct Job {
    pub(super) unit: usize,
    pub(super) path: VaultPath,
    pub(super) place: Vec<u8>,
    /// Roots that lie in it, where it is only on the way to them.
    pub(super) roots: Vec<VaultPath>,
}

/// What a directory turned out to be.
enum Listed {
    Gone,
    /// As the walk before this one saw it.
    Same,
    New(Listing),
}

/// What one visit brought.
#[derive(Default)]
struct Seen {
    dir: Option<Dir>,
    left: Vec<Left>,
    missing_roots: Vec<VaultPath>,
}

pub(super) struct Visit<'a, 'j> {
    pub(super) options: &'a WalkOptions<'a>,
    pub(super) job: &'j Job,
}

impl Visit<'_, '_> {
    fn go(&self, more: &mut Vec<Job>) -> Seen {
        let past = (self.options.past)(&self.job.place);
        let mut seen = Seen::default();
        let on_the_way = !self.job.roots.is_empty();
        let listed = if on_the_way {
            Listed::New(self.lead(&mut seen, more))
        } else {
            self.list(past)
        };
        let listing = match listed {
            // It went away since it was seen: as if it had never been.
            Listed::Gone => return seen,
            Listed::Same => None,
            Listed::New(listing) => Some(listing),
        };
        let now = listing.as_ref().or(past).into_iter();
        for entry in now.flat_map(|now| &now.entries).filter(|_| !on_the_way) {
            if entry.what == What::Dir {
                more.extend(self.enter(entry, Vec::new()));
            }
        }
        seen.dir = Some(Dir {
            path: self.job.path.clone(),
            place: self.job.place.clone(),
            on_the_way,
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

    pub(super) fn host(&self) -> HostPath {
        self.options.root.join(OsStr::from_bytes(&self.job.place))
    }

    fn list(&self, past: Option<&Listing>) -> Listed {
        let host = self.host();
        let closed = |reason| {
            Listed::New(Listing {
                entries: Vec::new(),
                closed: Some(reason),
            })
        };
        let found = match fs::read_dir(&host) {
            Ok(found) => found,
            Err(fault) if is_gone(&fault) => return Listed::Gone,
            Err(_) => return closed(Reason::Unreadable),
        };
        let old = past.map_or(&[][..], |past| &past.entries);
        let (mut at, mut fresh) = (0, None::<Vec<Entry>>);
        for found in found {
            let Ok(found) = found else {
                return closed(Reason::Unreadable);
            };
            let name = found.file_name();
            if name == CACHE_TAG && self.is_cache(&host) {
                return closed(Reason::CacheDir);
            }
            if name.eq_ignore_ascii_case("HEAD") && is_repository(&host) {
                return closed(Reason::Nested);
            }
            let known = old.get(at).filter(|old| old.name == name.as_bytes());
            let known = known.filter(|old| old.still_is(&found));
            match (known, &mut fresh) {
                (Some(_), None) => {}
                (Some(known), Some(list)) => list.push(known.clone()),
                (None, list) => {
                    let list = list.get_or_insert_with(|| old[..at.min(old.len())].to_vec());
                    let kind = found.file_type().ok();
                    list.extend(self.meet(name.as_bytes(), kind, || found.metadata()));
                }
            }
            at += 1;
        }
        if fresh.is_none() && at == old.len() && past.is_some() {
            return Listed::Same;
        }
        let mut entries = fresh.unwrap_or_else(|| old[..at].to_vec());
        // It is held until the run ends.
        entries.shrink_to_fit();
        Listed::New(Listing {
            entries,
            closed: None,
        })
    }

    /// Whether the directory says that it is a cache, and no rule asks to keep it.
    fn is_cache(&self, host: &HostPath) -> bool {
        is_cache(host) && (self.options.rules)(&self.job.path, true).is_none()
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
                tail.names()
                    .next()
                    .is_some_and(|other| other.as_bytes() == name)
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
            let entry = self.meet(name, Some(meta.file_type()), || Ok(meta));
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
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

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

    type Rule<'a> = &'a (dyn Fn(&VaultPath, bool) -> Option<Decision> + Sync);
    type Tracks<'a> = &'a (dyn Fn(&[u8]) -> bool + Sync);

    fn walked_with(root: &HostPath, roots: &[VaultPath], rules: Rule, tracked: Tracks) -> Walked {
        try_walk(root, roots, rules, tracked).expect("the root is there")
    }

    fn try_walk(
        root: &HostPath,
        roots: &[VaultPath],
        rules: Rule,
        tracked: Tracks,
    ) -> Result<Walked, SourceError> {
        let options = WalkOptions {
            root,
            roots,
            rules,
            tracked,
            max_file: 1000,
            past: &|_| None,
        };
        walk(&[options]).pop().expect("one for one")
    }

    /// Walks `.aigon` with its own rules, like a push does.
    fn walked(root: &HostPath) -> Walked {
        let rules = RuleBook::new(Vec::new(), Vec::new());
        let rules = rules.for_dir(".aigon").expect("the preset compiles");
        let own = path(".aigon");
        let decide = |at: &VaultPath, is_dir| rules.decide_entry(at.below(&own)?.as_str(), is_dir);
        walked_with(root, std::slice::from_ref(&own), &decide, &|_| false)
    }

    fn listing(dir: &Dir) -> &Listing {
        dir.listing.as_ref().expect("without a past all is new")
    }

    /// What travels, by its path in the vault.
    fn found(seen: &Walked) -> Vec<String> {
        let mut found = Vec::new();
        for dir in &seen.dirs {
            for entry in &listing(dir).entries {
                if matches!(entry.what, What::File(_) | What::Link(_)) {
                    let path = dir.path.child(entry.vault_name()).expect("valid");
                    found.push(path.to_string());
                }
            }
        }
        found.sort();
        found
    }

    fn entry<'w>(seen: &'w Walked, name: &[u8]) -> &'w Entry {
        let mut all = seen.dirs.iter().flat_map(|dir| &listing(dir).entries);
        all.find(|entry| entry.name == name).expect("it was seen")
    }

    /// What stays, by the directory and the real name.
    fn left(seen: &Walked) -> Vec<(String, Reason)> {
        let mut left: Vec<_> = seen
            .left
            .iter()
            .map(|left| (left.path.to_string(), left.reason))
            .collect();
        for dir in &seen.dirs {
            let closed = listing(dir)
                .closed
                .map(|reason| (dir.path.to_string(), reason));
            left.extend(closed);
            for entry in &listing(dir).entries {
                if let What::Stays(stay) = &entry.what {
                    let name = String::from_utf8_lossy(&entry.name);
                    left.push((format!("{}/{name}", dir.path), stay.reason));
                }
            }
        }
        left.sort();
        left
    }

    fn owned(list: &[(&str, Reason)]) -> Vec<(String, Reason)> {
        list.iter()
            .map(|(path, reason)| ((*path).to_owned(), *reason))
            .collect()
    }

    #[test]
    fn every_entry_comes_with_what_git_cannot_say() {
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
        let marks = |name: &[u8]| match &entry(&seen, name).what {
            What::File(stat) => (stat.is_exec(), stat.is_private(), stat.size),
            other => panic!("{other:?}"),
        };
        assert_eq!(marks(b"x"), (false, false, 10));
        assert_eq!(marks(b"b"), (false, true, 8));
        assert_eq!(marks(b"run.sh"), (true, false, 13));
        let places: Vec<_> = seen.dirs.iter().map(|dir| dir.place.as_slice()).collect();
        assert_eq!(places, [&b""[..], b".aigon", b".aigon/a"]);
        assert!(left(&seen).is_empty());
    }

    #[test]
    fn what_is_as_it_was_is_not_decided_again() {
        let place = place(&[".aigon/a/x", ".aigon/a/y.log", ".aigon/b/z"]);
        let first = walked(&place.root);
        let known: HashMap<Vec<u8>, Listing> = first
            .dirs
            .iter()
            .map(|dir| (dir.place.clone(), listing(dir).clone()))
            .collect();
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let again = || {
            let options = WalkOptions {
                root: &place.root,
                roots: &[path(".aigon")],
                rules: &|_, _| {
                    asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    None
                },
                tracked: &|_| false,
                max_file: 1000,
                past: &|place| known.get(place),
            };
            walk(&[options])
                .pop()
                .expect("one for one")
                .expect("the root is there")
        };
        let second = again();
        assert_eq!(
            asked.swap(0, std::sync::atomic::Ordering::Relaxed),
            1,
            "the root alone"
        );
        assert!(second.dirs.iter().all(|dir| dir.listing.is_none()));
        fs::write(place.root.join(".aigon/b/z").as_path(), "another size").expect("written");
        fs::write(place.root.join(".aigon/b/new").as_path(), "new").expect("written");
        let third = again();
        let fresh: Vec<_> = third
            .dirs
            .iter()
            .filter(|dir| dir.listing.is_some())
            .collect();
        assert_eq!(
            (fresh.len(), fresh[0].place.as_slice()),
            (1, &b".aigon/b"[..])
        );
        assert_eq!(listing(fresh[0]).entries.len(), 2);
        let asked = asked.load(std::sync::atomic::Ordering::Relaxed);
        assert!((2..=3).contains(&asked), "{asked}");
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
        assert!(found(&seen).is_empty());
        let expected = [
            (".aigon/.env", Reason::Secret),
            (".aigon/config-hash", Reason::MachineLocal),
            (".aigon/keep/x.log", Reason::Disposable),
            (".aigon/sessions", Reason::Disposable),
            (".aigon/x/cache", Reason::Disposable),
        ];
        assert_eq!(left(&seen), owned(&expected));
        let What::Stays(stay) = &entry(&seen, b"sessions").what else {
            panic!("it stays")
        };
        assert_eq!(
            (stay.rule.as_deref(), stay.is_dir),
            (Some("sessions/"), true)
        );
    }

    #[test]
    fn an_empty_directory_is_one_with_nothing_in_it() {
        let place = place(&[".aigon/only-logs/x.log"]);
        fs::create_dir_all(place.root.join(".aigon/a/empty").as_path()).expect("made");
        let seen = walked(&place.root);
        let empty: Vec<_> = seen
            .dirs
            .iter()
            .filter(|dir| listing(dir).entries.is_empty())
            .map(|dir| dir.path.as_str())
            .collect();
        assert_eq!(empty, [".aigon/a/empty"]);
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
        assert!(matches!(entry(&seen, b"dir").what, What::Link(_)));
    }

    #[test]
    fn a_root_that_is_a_link_or_behind_one_is_left() {
        let place = place(&["real/.aigon/x", "real/file"]);
        symlink("real/.aigon", place.root.join(".aigon").as_path()).expect("linked");
        assert_eq!(
            left(&walked(&place.root)),
            owned(&[(".aigon", Reason::LinkedRoot)])
        );
        symlink("real", place.root.join("alias").as_path()).expect("linked");
        let roots = [path("alias/.aigon"), path("real/file")];
        let seen = walked_with(&place.root, &roots, &|_, _| None, &|_| false);
        assert_eq!(left(&seen), owned(&[("alias/.aigon", Reason::LinkedRoot)]));
        assert_eq!(found(&seen), ["real/file"]);
    }

    #[test]
    fn on_the_way_to_a_root_nothing_else_is_looked_at() {
        let place = place(&["a/b/.aigon/x", "a/b/other", "a/.aigon/y", "a/file", "z"]);
        let roots = [
            path("a/b/.aigon"),
            path("a/.aigon"),
            path("a/none"),
            path("z/none"),
        ];
        let seen = walked_with(&place.root, &roots, &|_, _| None, &|_| false);
        assert_eq!(found(&seen), ["a/.aigon/y", "a/b/.aigon/x"]);
        assert_eq!(seen.missing_roots, [path("a/none"), path("z/none")]);
        let on_the_way = seen.dirs.iter().filter(|dir| dir.on_the_way);
        let on_the_way: Vec<_> = on_the_way.map(|dir| dir.path.as_str()).collect();
        assert_eq!(on_the_way, ["", "a", "a/b"]);
    }

    #[test]
    fn without_a_root_of_state_nothing_is_looked_at() {
        let place = place(&["notes.txt"]);
        let seen = walked_with(&place.root, &[], &|_, _| None, &|_| false);
        assert_eq!((seen.dirs.len(), seen.left.len()), (0, 0));
    }

    #[test]
    fn a_missing_root_is_named_and_a_missing_place_is_an_error() {
        let place = place(&["src/x"]);
        let seen = walked(&place.root);
        assert_eq!(seen.missing_roots, [path(".aigon")]);
        assert_eq!(left(&seen), owned(&[(".aigon", Reason::Missing)]));
        let fault = |name: &str| try_walk(&place.root.join(name), &[], &|_, _| None, &|_| false);
        assert!(matches!(fault("gone"), Err(SourceError::Missing { .. })));
        assert!(matches!(
            fault("src/x"),
            Err(SourceError::NotADirectory { .. })
        ));
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
        let expected: BTreeSet<String> = files.into_iter().collect();
        assert_eq!(found(&seen), expected.into_iter().collect::<Vec<_>>());
        let aliases = seen.dirs.iter().flat_map(|dir| &listing(dir).entries);
        assert!({ aliases }.all(|entry| entry.alias.is_none()));
    }

    #[test]
    fn names_that_the_vault_cannot_hold_are_escaped_all_the_way_down() {
        let place = place(&[".aigon/.gitmodules"]);
        write(&place.root, b".aigon/caf\xe9/x");
        write(&place.root, b".aigon/git~1");
        let seen = walked(&place.root);
        let expected = [".aigon/%2Egitmodules", ".aigon/%67it~1", ".aigon/caf%E9/x"];
        assert_eq!(found(&seen), expected);
        assert_eq!(entry(&seen, b".gitmodules").vault_name(), b"%2Egitmodules");
        let inner = seen
            .dirs
            .iter()
            .find(|dir| dir.path.as_str() == ".aigon/caf%E9");
        assert_eq!(inner.expect("entered").place, b".aigon/caf\xe9");
        let tracked = walked_with(&place.root, &[path(".aigon")], &|_, _| None, &|raw| {
            raw == b".aigon/caf\xe9/x"
        });
        assert_eq!(
            left(&tracked),
            owned(&[(".aigon/caf%E9/x", Reason::Tracked)])
        );
    }

    #[test]
    fn an_escaped_name_never_takes_the_place_of_a_real_one() {
        let place = place(&[".aigon/caf%E9"]);
        write(&place.root, b".aigon/caf\xe9");
        write(&place.root, &[b".aigon/", &[0xff_u8; 200][..]].concat());
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/caf%E9"]);
        assert_eq!(entry(&seen, b"caf%E9").alias, None);
        let left = left(&seen);
        assert_eq!(left.len(), 2);
        assert!(left.iter().all(|(_, reason)| *reason == Reason::BadName));
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
        assert_eq!(left(&seen), owned(&expected));
    }

    #[test]
    fn a_repository_inside_loses_its_git_directory_and_nothing_else() {
        let place = place(&[
            ".aigon/repo/.git/config",
            ".aigon/repo/file",
            ".aigon/other/.GIT",
            ".aigon/.github/x",
        ]);
        let rules_off = walked_with(&place.root, &[path(".aigon")], &|_, _| None, &|_| false);
        for seen in [walked(&place.root), rules_off] {
            assert_eq!(found(&seen), [".aigon/.github/x", ".aigon/repo/file"]);
            let expected = [
                (".aigon/other/.GIT", Reason::Nested),
                (".aigon/repo/.git", Reason::Nested),
            ];
            assert_eq!(left(&seen), owned(&expected));
        }
    }

    #[test]
    fn our_own_leftovers_are_temporary() {
        let place = place(&[".aigon/a/.holdall-tmp-x1"]);
        let expected = [(".aigon/a/.holdall-tmp-x1", Reason::Temporary)];
        assert_eq!(left(&walked(&place.root)), owned(&expected));
    }

    #[test]
    fn a_large_file_stays_unless_a_rule_keeps_it() {
        let place = place(&[".aigon/small"]);
        fs::write(place.root.join(".aigon/big").as_path(), [0; 1001]).expect("written");
        let seen = walked(&place.root);
        assert_eq!(found(&seen), [".aigon/small"]);
        assert_eq!(left(&seen), owned(&[(".aigon/big", Reason::TooLarge)]));
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
        let decide = |at: &VaultPath, is_dir| rules.decide_entry(at.tail(&own)?, is_dir);
        let seen = walked_with(&place.root, std::slice::from_ref(&own), &decide, &|_| false);
        assert_eq!(left(&seen), owned(&[(".aigon/made", Reason::CacheDir)]));
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
        let roots = [path(".aigon"), path(".aigon/y")];
        let seen = walked_with(&place.root, &roots, &|_, _| None, &|raw| {
            raw == b".aigon/module"
        });
        assert_eq!(found(&seen), [".aigon/y"]);
        assert_eq!(left(&seen), owned(&[(".aigon/module", Reason::Tracked)]));
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
            assert_eq!(left(&seen), owned(&[(".aigon/closed", Reason::Unreadable)]));
        }
    }

    #[test]
    fn reasons_are_written_in_snake_case() {
        let text = serde_json::to_string(&[Reason::MachineLocal, Reason::NotAFile]).expect("plain");
        assert_eq!(text, "[\"machine_local\",\"not_a_file\"]");
    }
}
