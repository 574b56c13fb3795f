//! A deterministic simulation: machines that edit, push, pull, crash and are set back, and in the end
//! nothing is lost, everybody has the same, and nobody has anything left to say.
//!
//! *In*: a seed. *Out*: what broke, and the shortest script found that breaks it. *Never*: a process
//! (but for `processes`), a real clock, or a look into the state of the code under test.

mod book;
mod by_hand;
mod desk;
mod disks;
mod edits;
mod ledger;
mod lists;
mod machine;
mod oracle;
mod processes;
mod said;
mod script;
mod vault;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use holdall::base::seams::{self, Rule};

use crate::kit::scale;

use script::Script;
use world::{Fault, World};

/// Runs a script to its end, without a rule or with all of them.
fn simulate(script: &Script, without: Option<Rule>) -> Result<(), Fault> {
    seams::begin();
    seams::break_rule(without);
    let ended = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(script);
        for action in &script.actions {
            world
                .act(*action)
                .map_err(|fault| format!("{action:?}: {fault}"))?;
        }
        oracle::judge(&world, script.is_plain())
    }));
    seams::break_rule(None);
    seams::begin();
    ended.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(format!("a panic: {}", text.unwrap_or_default()))
    })
}

/// What a fault is about, without names and numbers.
fn kind(fault: &Fault) -> String {
    let words = fault.split(": ").last().unwrap_or_default().split(' ');
    let plain = words.filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()));
    plain.collect::<Vec<_>>().join(" ")
}

/// The same script with as few actions as still break it in the same way.
fn shrink(mut script: Script, fault: &Fault, without: Option<Rule>) -> Script {
    let is_same = |other: Result<(), Fault>| other.is_err_and(|other| kind(&other) == kind(fault));
    let mut size = script.actions.len().div_ceil(2);
    loop {
        let mut at = 0;
        while at < script.actions.len() {
            let mut less = script.clone();
            less.actions
                .drain(at..(at + size).min(script.actions.len()));
            if is_same(simulate(&less, without)) {
                script = less;
            } else {
                at += size;
            }
        }
        if size == 1 {
            return script;
        }
        size = size.div_ceil(2);
    }
}

fn shown(script: &Script, fault: &Fault) -> String {
    let actions: Vec<_> = script
        .actions
        .iter()
        .map(|it| format!("    {it:?}"))
        .collect();
    format!(
        "seed {} with {} machines: {fault}\n{}",
        script.seed,
        script.machines,
        actions.join("\n")
    )
}

/// Runs seeds on as many threads as there are cores; the first that breaks something.
fn first_to_fail(seeds: std::ops::Range<u64>, without: Option<Rule>) -> Option<(u64, Fault)> {
    let next = AtomicU64::new(seeds.start);
    let failed = Mutex::new(None);
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Err(fault) = simulate(&Script::of(seed), without) {
                        next.store(seeds.end, Ordering::Relaxed);
                        let mut failed = failed.lock().expect("nobody panics with it");
                        if failed.as_ref().is_none_or(|(first, _)| seed < *first) {
                            *failed = Some((seed, fault));
                        }
                    }
                }
            });
        }
    });
    failed.into_inner().expect("nobody panics with it")
}

/// Fails with the shortest script that shows what broke.
fn break_off(seed: u64, fault: &Fault) -> ! {
    let script = shrink(Script::of(seed), fault, None);
    match simulate(&script, None) {
        Err(fault) => panic!("{}", shown(&script, &fault)),
        Ok(()) => panic!("seed {seed}: {fault}"),
    }
}

#[test]
fn machines_that_crash_and_are_set_back_lose_nothing() {
    let seeds = scale(1_000) as u64;
    if let Some((seed, fault)) = first_to_fail(0..seeds, None) {
        break_off(seed, &fault);
    }
}

/// Each rule, and a seed from which on a simulation without it soon fails. `by_hand` has
/// the others.
const RULES: &[(Rule, u64)] = &[
    (Rule::BaseIsTheDisk, 0),
    (Rule::BaseIsNoMerge, 6),
    (Rule::ConflictKeepsBase, 3),
    (Rule::UnwrittenIsNotAgreed, 3),
    (Rule::WithheldIsUnchanged, 4),
    (Rule::RuleIsNoDeletion, 1),
    (Rule::LastLook, 25),
    (Rule::RemovedProjectStays, 7),
    (Rule::AccidentsWait, 6),
    (Rule::LoserIsFiled, 0),
    (Rule::LastDoesNotWin, 0),
    (Rule::UnreachableIsNotEmpty, 0),
    (Rule::RefIsReadBack, 11),
    (Rule::RewoundIsHealed, 47),
    (Rule::EarlyNamesCount, 8),
    (Rule::PartedGoesAside, 17),
    (Rule::TimeSettlesNothing, 0),
];

#[test]
fn without_any_one_of_its_rules_it_fails() {
    for (rule, seed) in RULES {
        let most = scale(1_000) as u64;
        let found = first_to_fail(*seed..*seed + most, Some(*rule));
        assert!(found.is_some(), "nothing is lost without {rule:?}");
    }
}
