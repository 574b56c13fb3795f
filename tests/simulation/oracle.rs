//! What has to hold in the end, found by looking at disks and repositories alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use holdall::base::is_temp_name;
use holdall::flow::FlowError;
use holdall::flow::history::{LogOptions, log};
use holdall::flow::pull::{PullOptions, pull};
use holdall::flow::push::{PushOptions, push};
use holdall::flow::status::{StatusOptions, status};

use super::lists;
use super::machine::{Files, Machine, PROJECTS, tokens};
use super::said::{is_at, is_left, told};
use super::vault;
use super::world::{Fault, World};

const ROUNDS: usize = 3;

/// What one machine does not have as the vault has it, and says so.
#[derive(Default)]
struct Waiting {
    is_quiet: bool,
    /// Owner and path, of what is in conflict here.
    disputed: Vec<(String, String)>,
    left: BTreeSet<String>,
}

impl Waiting {
    fn is_disputed(&self, key: &str) -> bool {
        let at = |(owner, path): &(String, String)| is_at(key, owner, path);
        self.disputed.iter().any(at)
    }

    /// What stays here may be a file where the vault has a directory, or the reverse.
    fn is_in_the_way(&self, key: &str) -> bool {
        let above = |(owner, path): &(String, String)| {
            let tail = key.splitn(3, '/').nth(2).unwrap_or_default();
            is_at(key, owner, tail) && path.starts_with(&format!("{tail}/"))
        };
        let below = |left: &String| {
            left.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.disputed.iter().any(above) || self.left.iter().any(below)
    }

    fn is_excused(&self, key: &str) -> bool {
        self.left.contains(key) || self.is_disputed(key) || self.is_in_the_way(key)
    }
}

/// The machines heal, and everything is looked at.
pub fn judge(world: &World, is_plain: bool) -> Result<(), Fault> {
    let mut waiting = Vec::new();
    for m in 0..world.machines.len() {
        world.mount(m);
        world.add_projects(m)?;
    }
    for round in 0..=ROUNDS {
        waiting.clear();
        let mut is_quiet = true;
        for m in 0..world.machines.len() {
            let healed = heal(world, m, round == ROUNDS)?;
            is_quiet &= healed.is_quiet;
            waiting.push(healed);
        }
        if is_quiet {
            break;
        }
    }
    let there = vault::files(&world.remote).unwrap_or_default();
    vault::whole(&world.remote)?;
    vault::laid_out(&there)?;
    lists::judge(world)?;
    let disks: Vec<Files> = world.machines.iter().map(Machine::files).collect();
    disks_agree(&there, &disks, &waiting)?;
    nothing_live_is_lost(world, (&there, &disks), &waiting)?;
    nothing_captured_is_lost(world)?;
    what_is_local_stays(world, &disks)?;
    nothing_is_marked(&there, &disks)?;
    nothing_lies_about(world)?;
    if is_plain {
        conflicts_are_real(world, &disks, &waiting)?;
    }
    reads_write_nothing(world)
}

/// A pull and a push. At last both have nothing to do.
fn heal(world: &World, m: usize, is_last: bool) -> Result<Waiting, Fault> {
    world.mount(m);
    let code = world.machines[m].home.join("code");
    let before = (vault::tip_of(&world.remote), listing(&code));
    let pulled = match world.pull(m, false) {
        Ok(report) => Some(report),
        Err(FlowError::NothingToPull { .. }) => None,
        Err(fault) => return Err(format!("m{m} does not heal: {}", told(&fault))),
    };
    let pushed = match world.pushed(m, false) {
        Ok(report) => report,
        Err(FlowError::NothingToPush | FlowError::AllWithheld { .. }) => {
            return Ok(Waiting::default());
        }
        Err(fault) => return Err(format!("m{m} does not heal: {}", told(&fault))),
    };
    let applied = pulled.as_ref().is_some_and(|report| report.applied);
    let received = pulled.as_ref().map_or(0, |report| report.ops.received);
    let travelled = received + pushed.ops.received + pushed.ops.sent;
    if let Some(fault) = &pushed.ops.fault {
        return Err(format!("m{m} keeps its tasks: {fault}"));
    }
    let mut waiting = Waiting {
        is_quiet: !applied && !pushed.committed && !pushed.moved && travelled == 0,
        ..Waiting::default()
    };
    if is_last && !waiting.is_quiet {
        let what = serde_json::to_string(&(&pulled, &pushed)).expect("reports are JSON");
        return Err(format!("m{m} is not quiet after {ROUNDS} rounds: {what}"));
    }
    if waiting.is_quiet && before != (vault::tip_of(&world.remote), listing(&code)) {
        return Err(format!("m{m} says it wrote nothing, and did"));
    }
    let files = world.machines[m].files();
    let there = vault::files(&world.remote).unwrap_or_default();
    let here = files.keys().chain(there.keys());
    let stays = |key: &&String| is_left(&pushed, key) || is_ruled_out(&files, key);
    waiting.left = here.filter(stays).cloned().collect();
    let here = pushed.conflicts.files.iter().filter(|line| line.here);
    waiting.disputed = here
        .map(|line| (line.project.clone(), line.path.to_string()))
        .collect();
    Ok(waiting)
}

/// Whether the rules of a state directory, as [`super::edits::ignore`] writes them, keep a path out.
fn is_ruled_out(disk: &Files, key: &str) -> bool {
    let Some((dir, path)) = key.split_once(".aigon/") else {
        return false;
    };
    let rules = disk.get(&format!("{dir}.aigon/.holdallignore"));
    let rules = rules.map_or_else(String::new, |held| {
        String::from_utf8_lossy(&held.bytes).into_owned()
    });
    let name = path.rsplit('/').next().unwrap_or_default();
    rules.lines().any(|line| match line {
        "n1.*" => path.split('/').any(|name| name.starts_with("n1.")),
        "b/" => path.starts_with("b/"),
        "*.bin" => name.ends_with(".bin"),
        _ => false,
    })
}

fn is_record(key: &str) -> bool {
    key.ends_with("/project.json") && key.matches('/').count() == 2
}

/// But for what is in conflict or left behind, every disk has what the vault has.
fn disks_agree(there: &Files, disks: &[Files], waiting: &[Waiting]) -> Result<(), Fault> {
    let carried = |key: &&String| {
        (key.starts_with("projects/") && !is_record(key)) || key.starts_with("settings/")
    };
    for (m, (disk, waiting)) in disks.iter().zip(waiting).enumerate() {
        let keys: BTreeSet<&String> = there.keys().filter(carried).chain(disk.keys()).collect();
        for key in keys.into_iter().filter(|key| !waiting.is_excused(key)) {
            let (here, vault) = (disk.get(key), there.get(key));
            let of = |held: &super::machine::Held| tokens(&held.bytes, "tok");
            let same = if key.starts_with("settings/") {
                here.map(of).unwrap_or_default() == vault.map(of).unwrap_or_default()
            } else {
                here == vault
            };
            if !same {
                let shown = |held: Option<&super::machine::Held>| {
                    held.map_or_else(
                        || "nothing".to_owned(),
                        |held| format!("{} {}", held.kind, held.bytes.escape_ascii()),
                    )
                };
                return Err(format!(
                    "m{m} does not agree about {key}: {} here, {} in the vault; in conflict: {:?}",
                    shown(here),
                    shown(vault),
                    waiting.disputed
                ));
            }
        }
    }
    Ok(())
}

/// What nobody replaced who saw it is at its path in the vault, or on file. What never came there is on
/// a disk that says it keeps it back.
fn nothing_live_is_lost(
    world: &World,
    (there, disks): (&Files, &[Files]),
    waiting: &[Waiting],
) -> Result<(), Fault> {
    let filed = there
        .iter()
        .filter(|(key, _)| key.starts_with("conflicts/"));
    let filed: BTreeSet<u32> = filed
        .flat_map(|(_, held)| tokens(&held.bytes, "tok"))
        .collect();
    let ledger = world.ledger.borrow();
    for (key, token) in ledger.live() {
        let has = |files: &Files| {
            let held = files.get(key);
            held.is_some_and(|held| tokens(&held.bytes, "tok").contains(&token))
        };
        let sides = disks.iter().zip(waiting);
        let may_stay = !ledger.is_carried(key, token);
        let kept = |(disk, waiting): (&Files, &Waiting)| {
            may_stay && waiting.left.contains(key) && has(disk)
        };
        if !has(there) && !filed.contains(&token) && !sides.into_iter().any(kept) {
            let on: Vec<_> = (0..disks.len()).filter(|m| has(&disks[*m])).collect();
            return Err(format!(
                "tok{token:06} of {key} is lost (on the disks {on:?})"
            ));
        }
    }
    Ok(())
}

/// What was pushed once is in some history.
fn nothing_captured_is_lost(world: &World) -> Result<(), Fault> {
    let everything = world.everything();
    let ledger = world.ledger.borrow();
    match ledger.captured_tokens().difference(&everything).next() {
        None => Ok(()),
        Some(token) => Err(format!("tok{token:06} was pushed, and is in no history")),
    }
}

fn what_is_local_stays(world: &World, disks: &[Files]) -> Result<(), Fault> {
    for (m, disk) in disks.iter().enumerate() {
        let all = disk.values().flat_map(|held| tokens(&held.bytes, "loc"));
        let here: BTreeSet<u32> = all.collect();
        let own = world.ledger.borrow().locals(m);
        if here != own {
            return Err(format!("m{m} had {own:?} of its own, and has {here:?}"));
        }
    }
    Ok(())
}

fn nothing_is_marked(there: &Files, disks: &[Files]) -> Result<(), Fault> {
    let all = disks.iter().chain([there]).flatten();
    for (key, held) in all {
        if memchr::memmem::find(&held.bytes, b"<<<<<<<").is_some() {
            return Err(format!("{key} has conflict markers"));
        }
        if key.starts_with("projects/") && !tokens(&held.bytes, "loc").is_empty() {
            return Err(format!("{key} has what belongs to one machine"));
        }
    }
    Ok(())
}

/// No temp files, locks or packs in the making.
fn nothing_lies_about(world: &World) -> Result<(), Fault> {
    for entry in walkdir::WalkDir::new(&world.root).into_iter().flatten() {
        let name = entry.file_name().to_string_lossy();
        let of_backup = entry.path().to_string_lossy().contains("/backup-")
            || entry.path().to_string_lossy().contains("/kept.git");
        let is_stray = name.starts_with(".holdall-tmp-")
            || name.contains("_git2_")
            || (entry.path().to_string_lossy().contains(".git/refs/") && name.ends_with(".lock"));
        if is_stray && !of_backup {
            return Err(format!("{} was left behind", entry.path().display()));
        }
    }
    Ok(())
}

/// Where nothing else happened than edits, pushes and pulls, a disk is in conflict only for something
/// that nobody replaced who saw it.
fn conflicts_are_real(world: &World, disks: &[Files], waiting: &[Waiting]) -> Result<(), Fault> {
    let ledger = world.ledger.borrow();
    for (m, (disk, waiting)) in disks.iter().zip(waiting).enumerate() {
        for (key, held) in disk.iter().filter(|(key, _)| waiting.is_disputed(key)) {
            let all = tokens(&held.bytes, "tok");
            let of_content = !all.is_empty() && !ledger.had_other_modes(key);
            if of_content && !all.iter().any(|token| ledger.is_live(key, *token)) {
                return Err(format!("m{m} is in conflict over {key}, which was settled"));
            }
        }
    }
    Ok(())
}

/// Status, log and dry runs change nothing but the lock that they take.
fn reads_write_nothing(world: &World) -> Result<(), Fault> {
    world.mount(0);
    let machine = &world.machines[0];
    let before = listing(&machine.home);
    let read = |machine: &Machine| {
        let session = machine.session("backup status")?;
        drop(status(&session, StatusOptions::default())?);
        let options = LogOptions {
            limit: 10,
            ..LogOptions::default()
        };
        drop(log(&session, &options)?);
        machine.with_writer("backup push", |writer| {
            let options = PushOptions {
                dry_run: true,
                ..PushOptions::default()
            };
            drop(push(writer, &options)?);
            let options = PullOptions {
                dry_run: true,
                ..PullOptions::default()
            };
            pull(writer, &options).map(drop)
        })
    };
    // An empty vault has nothing to say.
    let _ = read(machine);
    let after = listing(&machine.home);
    let changed = after
        .iter()
        .find(|(path, seen)| before.get(*path) != Some(seen));
    match changed {
        None if before.len() == after.len() => Ok(()),
        changed => Err(format!("a read wrote {changed:?}")),
    }
}

/// All files below a directory with their size and time, but for the run lock, what a killed run left
/// to be swept, and what SQLite shares with others who have a database open.
fn listing(dir: &Path) -> BTreeMap<String, (u64, Option<SystemTime>)> {
    let walk = walkdir::WalkDir::new(dir).into_iter().flatten();
    let counts = |entry: &walkdir::DirEntry| {
        let name = entry.file_name();
        let is_empty = || entry.metadata().is_ok_and(|meta| meta.len() == 0);
        let is_shared = name.as_encoded_bytes().ends_with(b"-shm")
            || (name.as_encoded_bytes().ends_with(b"-wal") && is_empty());
        !entry.file_type().is_dir()
            && name != "run.lock"
            && !is_shared
            && !is_temp_name(name.as_encoded_bytes())
    };
    let files = walk.filter(counts);
    files
        .map(|entry| {
            let meta = fs::symlink_metadata(entry.path()).expect("it was just listed");
            let seen = (meta.len(), meta.modified().ok());
            (entry.path().display().to_string(), seen)
        })
        .collect()
}

#[test]
fn the_projects_of_the_simulation_have_records() {
    assert!(
        PROJECTS
            .iter()
            .all(|name| is_record(&format!("projects/{name}/project.json")))
    );
    assert!(!is_record("projects/api/.aigon/project.json"));
}
