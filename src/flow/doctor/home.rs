//! The places that holdall lives in on this machine: who may read them, where they lie, and whether there
//! is room.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use crate::base::{HostPath, is_temp_name};
use crate::layout::{FORMAT, MachineRecord};
use crate::project::Registry;
use crate::vault::Store;

use super::super::hints::{Closed, quoted};
use super::super::lacking::{Lack, awaits_projects, lost_name, of_registry};
use super::super::there::refuse_nowhere;
use super::super::{FlowError, Session};
use super::found::{Found, counted, first_of};
use super::ground::Ground;

/// Less room than this does not see many pushes.
const LITTLE_ROOM: u64 = 256 << 20;
/// And this sees none.
const NO_ROOM: u64 = 4 << 20;

/// What anybody but the owner may do with a file, and the part of it that changes the file.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;

/// Where this machine keeps things, and what it calls itself.
pub fn home(ground: &Ground<'_>) -> Found {
    if let Err(fault) = refuse_nowhere(ground.session.places.data.as_path()) {
        return Found::told(&fault);
    }
    let name =
        |session: &Session<'_>, store: &Store| Ok(lost_name(session, store)?.map(|_| Lack::Name));
    if let Some(lacks) = ground.lacks(name) {
        return lacks;
    }
    match ground.session.machine() {
        Ok(_) => Found::ok(ground.session.places.data.to_string()),
        Err(fault) => Found::told(&fault),
    }
}

/// This user reads and writes what lies here, and nobody else does. The configuration has no secrets and
/// people write it by hand: there it is enough that nobody else changes it.
pub fn permissions(ground: &Ground<'_>) -> Found {
    let places = &ground.session.places;
    let (store, tasks) = (places.store(), places.tasks());
    let (seen, logs) = (places.seen(), places.logs());
    let own = [
        &places.config_file,
        &places.data,
        &places.state,
        &store,
        &tasks,
        &seen,
        &logs,
    ];
    let mut closed = own.into_iter().filter_map(|it| Closed::at(it.as_path()));
    if let Some(closed) = closed.next() {
        return Found::fail(closed.words(), closed.fix());
    }
    let mut open = BTreeSet::new();
    for dir in [&places.data, &places.state] {
        add_open(dir.as_path(), &mut open);
    }
    let config = places.config_file.as_path();
    if has_mode(config, OTHERS_WRITE) {
        open.insert(config.to_owned());
    }
    if let Some(file) = ground.session.web_options().token_file
        && has_mode(&file, OTHERS)
    {
        open.insert(file);
    }
    let shown: Vec<String> = open.iter().map(|path| path.display().to_string()).collect();
    let Some(message) = first_of(&shown) else {
        return Found::ok("nobody else may read what lies here");
    };
    let typed: Vec<String> = shown.iter().map(|path| quoted(path)).collect();
    Found::fail(
        format!("others may get at {message}"),
        format!("chmod go-rwx {}", typed.join(" ")),
    )
}

/// What is open to others, at a place and below it. Nobody gets past the directory of the store, or of
/// one that was moved aside, whatever stands in it.
fn add_open(path: &Path, open: &mut BTreeSet<PathBuf>) {
    // Nobody reads a socket, or speaks to one that they may not write to.
    let is_socket = fs::symlink_metadata(path).is_ok_and(|it| it.file_type().is_socket());
    if has_mode(path, if is_socket { OTHERS_WRITE } else { OTHERS }) {
        open.insert(path.to_owned());
    }
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    if name.starts_with(b"vault.git") || !is_own_dir(path) {
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let (name, path) = (entry.file_name(), entry.path());
        // What a killed run left goes with the next one; what was damaged lies as it was found.
        if !is_temp_name(name.as_encoded_bytes()) && !is_set_aside(&path) {
            add_open(&path, open);
        }
    }
}

fn is_set_aside(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.as_encoded_bytes().starts_with(b"damaged")
}

fn is_own_dir(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|seen| seen.is_dir())
}

/// A link has no mode of its own: what it leads to has.
fn has_mode(path: &Path, bits: u32) -> bool {
    fs::metadata(path).is_ok_and(|seen| seen.permissions().mode() & bits != 0)
}

/// There is room for what is to come.
pub fn disk_space(ground: &Ground<'_>) -> Found {
    let places = &ground.session.places;
    let dirs = [&places.data, &places.state].map(HostPath::as_path);
    let rooms = dirs.into_iter().filter_map(|dir| Some((room(dir)?, dir)));
    rooms.min_by_key(|(room, _)| *room).map_or_else(
        || Found::ok("the system does not say how much room there is"),
        |(room, dir)| room_found(room, dir),
    )
}

/// How much room is on the disk of a directory. Before the first run that is not there yet.
fn room(dir: &Path) -> Option<u64> {
    let there = dir.ancestors().find(|dir| dir.is_dir())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn room_found(room: u64, dir: &Path) -> Found {
    let message = format!("{} MB are free where {} lies", room >> 20, dir.display());
    if room < NO_ROOM {
        Found::fail(message, "make room on that disk")
    } else if room < LITTLE_ROOM {
        Found::warn(message, "make room on that disk")
    } else {
        Found::ok(message)
    }
}

/// Two programs that carry one directory between machines tear it: the other one knows nothing of what
/// belongs together.
pub fn cloud_sync(ground: &Ground<'_>) -> Found {
    let places = &ground.session.places;
    for dir in [&places.data, &places.state] {
        if let Some(cloud) = cloud_of(dir.as_path()) {
            return Found::fail(
                format!("{dir} is synced by {cloud}, which tears databases and repositories"),
                "set HOLDALL_HOME to a directory that is not synced, and move there what lies here",
            );
        }
    }
    // A list that cannot be read is told of by the check of it.
    let registry = Registry::load(&places.registry()).unwrap_or_default();
    let synced = registry.projects.iter().filter_map(|project| {
        let cloud = cloud_of(project.path.as_path())?;
        Some(format!("{} is synced by {cloud} as well", project.path))
    });
    let synced: Vec<String> = synced.collect();
    first_of(&synced).map_or_else(
        || Found::ok("no directory is synced by another program"),
        |message| {
            let fix =
                "move the checkout out of there, and run `holdall project add` in its new place";
            Found::warn(message, fix)
        },
    )
}

/// Which service syncs a directory, by the names that their folders have.
fn cloud_of(path: &Path) -> Option<&'static str> {
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let names = real.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let mut before = "";
    for name in names {
        let found = match name {
            "Mobile Documents" | "com~apple~CloudDocs" | "iCloud Drive" | "iCloudDrive" => {
                Some("iCloud")
            }
            _ if is_folder_of("Dropbox", name) => Some("Dropbox"),
            _ if is_folder_of("OneDrive", name) => Some("OneDrive"),
            _ if is_folder_of("Google Drive", name) || is_folder_of("GoogleDrive", name) => {
                Some("Google Drive")
            }
            _ if before == "CloudStorage" => Some("a cloud service"),
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        before = name;
    }
    None
}

/// `OneDrive`, `OneDrive - Company`, `OneDrive-Personal`, `Dropbox (Me)`.
fn is_folder_of(service: &str, name: &str) -> bool {
    let rest = name.strip_prefix(service);
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with(" (")
            || rest.starts_with(" - ")
            || rest.starts_with('-')
    })
}

/// The list of projects can be read, and each has its directory.
pub fn projects(ground: &Ground<'_>) -> Found {
    let list = Registry::load(&ground.session.places.registry());
    let projects = match list {
        Ok(list) => list.projects,
        Err(fault) => return Found::told(&FlowError::from(fault)),
    };
    if let Some(lacks) = ground.lacks(of_registry) {
        return lacks;
    }
    let session = ground.session;
    if let Some(url) = session.config.remote_url.as_deref()
        && awaits_projects(session)
    {
        return Found::warn(
            "no project: those that travelled from here before this machine was connected anew were not looked for",
            format!(
                "`holdall restore {} --into DIR`, or for one of them `holdall project add PATH`",
                quoted(url)
            ),
        );
    }
    let gone = projects.iter().find(|it| !it.path.as_path().is_dir());
    match gone {
        None => Found::ok(counted(projects.len() as u64, "project")),
        Some(gone) => Found::warn(
            format!("`{}` is not at {} any more", gone.name, gone.path),
            format!(
                "`holdall project add PATH` with its new place; where there is none any more: `holdall project remove {}`",
                quoted(&gone.name)
            ),
        ),
    }
}

/// No machine of the vault has a newer holdall than this one.
pub fn versions(ground: &Ground<'_>) -> Found {
    let own = env!("CARGO_PKG_VERSION");
    let tip = ground.tip().ok().flatten();
    let newer = tip.and_then(|tip| newest(&tip.machines, own));
    match newer {
        Some(other) => Found::warn(
            format!(
                "{} has holdall {}, this is {own}",
                other.name, other.holdall
            ),
            format!("install holdall {} here", other.holdall),
        ),
        None => Found::ok(format!("holdall {own}, for vaults of format {FORMAT}")),
    }
}

/// The machine with the newest holdall, if that is newer than this one.
fn newest<'m>(machines: &'m [MachineRecord], own: &str) -> Option<&'m MachineRecord> {
    let newest = machines.iter().max_by_key(|it| numbers(&it.holdall));
    newest.filter(|it| numbers(&it.holdall) > numbers(own))
}

/// The numbers of a version; what stands behind them is of no interest.
fn numbers(version: &str) -> Vec<u64> {
    let numbers = version.split(['.', '-', '+']).map(str::parse);
    numbers.map_while(Result::ok).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::super::found::Verdict;
    use super::*;

    #[test]
    fn little_room_is_worth_a_word() {
        let dir = Path::new("/home/me/data");
        let verdict = |room| room_found(room, dir).verdict;
        assert_eq!(verdict(LITTLE_ROOM - 1), Verdict::Warn);
        assert_eq!(verdict(LITTLE_ROOM), Verdict::Ok);
        let message = room_found(3 << 30, dir).message;
        assert_eq!(message, "3072 MB are free where /home/me/data lies");
    }

    #[test]
    fn the_folders_of_the_services_are_known_by_their_names() {
        for (path, cloud) in [
            ("/home/me/Dropbox/code", Some("Dropbox")),
            ("/Users/me/Dropbox (Personal)/x", Some("Dropbox")),
            (
                "/Users/me/Library/Mobile Documents/com~apple~CloudDocs/x",
                Some("iCloud"),
            ),
            (
                "/Users/me/Library/CloudStorage/OneDrive-Acme/x",
                Some("OneDrive"),
            ),
            ("/mnt/c/Users/me/OneDrive - Acme/x", Some("OneDrive")),
            (
                "/Users/me/Library/CloudStorage/GoogleDrive-me@x.com/My Drive",
                Some("Google Drive"),
            ),
            ("/Users/me/Google Drive/x", Some("Google Drive")),
            (
                "/Users/me/Library/CloudStorage/Box-Box/x",
                Some("a cloud service"),
            ),
            ("/home/me/code/dropbox", None),
            ("/home/me/code/DropboxClient", None),
            ("/home/me/code/OneDriver", None),
        ] {
            assert_eq!(cloud_of(Path::new(path)), cloud, "{path}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("0.10.0") > numbers("0.9.12"));
        assert!(numbers("1.0.0-beta.1") == numbers("1.0.0"));
        assert!(numbers("one") < numbers("0.1.0"));
    }
}
