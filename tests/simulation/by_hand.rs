//! Short histories written by hand, of what chance finds seldom.

use std::fs;

use holdall::base::seams::{self, Rule};
use holdall::flow::ErrorKind;

use crate::kit::Rng;

use super::desk::open;
use super::lists;
use super::oracle;
use super::script::{Script, What};
use super::world::{Fault, Run, World};

const FILES: [&str; 3] = ["n0.bin", "n1.bin", "a/n0.bin"];

const fn run(is_push: bool) -> Run {
    Run {
        is_push,
        one: false,
    }
}

fn world(machines: usize) -> World {
    seams::begin();
    World::new(&Script {
        seed: 0,
        machines,
        actions: Vec::new(),
    })
}

/// Three versions of some files, of which the pull of the second is killed.
fn killed_at(step: u64) -> Result<(), Fault> {
    let world = world(2);
    let mut rng = Rng::new(step);
    let mut version = || {
        for name in FILES {
            world.write(0, &format!("projects/api/.aigon/{name}"), &mut rng);
        }
        world.run(0, run(true))
    };
    version()?;
    world.run(1, run(false))?;
    version()?;
    seams::die_at(step);
    world.disturbed(1, run(false), |_| seams::is_dead())?;
    version()?;
    world.run(1, run(false))?;
    oracle::judge(&world, true)
}

fn first_to_fail(without: Option<Rule>) -> Option<(u64, Fault)> {
    seams::break_rule(without);
    let mut steps = (1..28).map(|step| (step, killed_at(step)));
    let failed = steps.find_map(|(step, ended)| Some((step, ended.err()?)));
    seams::break_rule(None);
    failed
}

#[test]
fn what_a_killed_pull_wrote_is_no_news() {
    assert_eq!(first_to_fail(None), None);
    let without = first_to_fail(Some(Rule::LandingIsRemembered));
    assert!(without.is_some(), "it is no news without a record either");
}

/// A project is taken out of the vault, and comes back from a disk that had not seen all of it.
fn comes_back() -> Result<(), Fault> {
    let world = world(3);
    let mut rng = Rng::new(0);
    world.write(0, "projects/api/.aigon/n0.bin", &mut rng);
    world.run(0, run(true))?;
    world.run(1, run(false))?;
    world.run(2, run(false))?;
    world.write(0, "projects/api/.aigon/n1.bin", &mut rng);
    world.run(0, run(true))?;
    world.remove_project(2)?;
    world.add_projects(1)?;
    world.run(1, run(true))?;
    oracle::judge(&world, false)
}

#[test]
fn what_comes_back_to_the_vault_is_taken_from_no_disk() {
    assert_eq!(comes_back(), Ok(()));
    seams::break_rule(Some(Rule::ComesBackAsNew));
    let without = comes_back();
    seams::break_rule(None);
    assert!(without.is_err(), "a disk kept it under the old id too");
}

/// A push arrives, its answer is lost, and somebody goes on from what arrived.
fn answer_lost() -> Result<(), Fault> {
    const FILE: &str = "projects/api/.aigon/n0.bin";
    let world = world(2);
    let mut rng = Rng::new(0);
    world.write(0, FILE, &mut rng);
    world.run(0, run(true))?;
    world.write(0, FILE, &mut rng);
    seams::lose_answer();
    world.disturbed(0, run(true), |fault| fault.kind() == ErrorKind::Unreachable)?;
    world.run(1, run(false))?;
    world.write(1, FILE, &mut rng);
    world.run(1, run(true))?;
    oracle::judge(&world, true)
}

#[test]
fn what_was_sent_and_not_answered_is_no_news() {
    assert_eq!(answer_lost(), Ok(()));
    seams::break_rule(Some(Rule::SentIsRemembered));
    let without = answer_lost();
    seams::break_rule(None);
    assert!(without.is_err(), "it is no news without a record either");
}

/// Two disks of which one is a clone of the other: at both the same is written at the same moment.
fn written_at_once() -> Result<(), Fault> {
    let mut world = world(1);
    let mut rng = Rng::new(0);
    world.write_tasks(0, |desk, file| desk.begin(&mut open(file), &mut rng))?;
    world.clone_machine(0, &mut rng);
    for m in 0..2 {
        world.mount(m);
        world.write_tasks(m, |desk, file| desk.note_first(file, "Rang, nobody there"))?;
    }
    oracle::judge(&world, false)
}

#[test]
fn what_is_written_twice_at_one_moment_is_there_twice() {
    assert_eq!(written_at_once(), Ok(()));
    seams::break_rule(Some(Rule::NonceTellsApart));
    let without = written_at_once();
    seams::break_rule(None);
    assert!(without.is_err(), "one of the two is lost");
}

/// The remote is set back, who wrote is gone, and of who read it the task list alone is left.
fn read_by_one() -> Result<(), Fault> {
    let mut world = world(2);
    let mut rng = Rng::new(0);
    world.write(0, "projects/api/.aigon/n0.bin", &mut rng);
    world.run(0, run(true))?;
    world.run(1, run(false))?;
    world.set_back(0, What::KeepRemote);
    world.write_tasks(0, |desk, file| desk.begin(&mut open(file), &mut rng))?;
    world.run(0, run(true))?;
    world.run(1, run(false))?;
    world.set_back(0, What::Rewind);
    let writer = world.machines.remove(0);
    fs::remove_dir_all(&writer.home).expect("a disk can die");
    let list = world.machines[0].tasks();
    let data = list.parent().expect("it lies in the data directory");
    let kept = world.root.join("kept.db");
    fs::rename(&list, &kept).expect("a file can be moved");
    fs::remove_dir_all(data).expect("a directory can be deleted");
    let state = world.machines[0].home.join("holdall/state");
    fs::remove_dir_all(state).expect("a directory can be deleted");
    fs::create_dir(data).expect("a directory can be made");
    fs::rename(&kept, &list).expect("a file can be moved");
    world.add_projects(0)?;
    world.run(0, run(false))?;
    oracle::judge(&world, false)
}

#[test]
fn what_one_list_alone_has_of_others_goes_back() {
    assert_eq!(read_by_one(), Ok(()));
    seams::break_rule(Some(Rule::LostOpsGoBack));
    let without = read_by_one();
    seams::break_rule(None);
    assert!(without.is_err(), "it stays on one machine");
}

/// Two disks, one a clone of the other, both went on with one chain; the run in which the second one
/// finds that out is killed.
fn parted_and_killed(step: u64, is_push: bool) -> Result<(), Fault> {
    let mut world = world(1);
    let mut rng = Rng::new(step);
    world.write_tasks(0, |desk, file| desk.begin(&mut open(file), &mut rng))?;
    world.run(0, run(true))?;
    world.clone_machine(0, &mut rng);
    world.write_tasks(0, |desk, file| desk.note_first(file, "By the first"))?;
    world.run(0, run(true))?;
    world.mount(1);
    world.write_tasks(1, |desk, file| desk.note_first(file, "By the second"))?;
    seams::die_at(step);
    world.disturbed(1, run(is_push), |_| seams::is_dead())?;
    world.write_tasks(1, |desk, file| desk.note_first(file, "After that"))?;
    for m in [1, 0, 1, 0] {
        world.mount(m);
        world.run(m, run(false))?;
        world.run(m, run(true))?;
    }
    lists::judge(&world)
}

#[test]
fn a_chain_that_parts_is_whole_wherever_the_run_is_killed() {
    for (is_push, steps) in [(true, 24), (false, 12)] {
        for step in 1..steps {
            let ended = parted_and_killed(step, is_push);
            assert_eq!(ended, Ok(()), "killed at {step}");
        }
    }
}

/// A disk that was set back goes on beside what it wrote before: in a vault it is a clone of itself. The
/// push in which it finds that out is killed.
fn set_back_and_killed(step: u64) -> Result<(), Fault> {
    let world = world(2);
    let mut rng = Rng::new(step);
    world.write_tasks(0, |desk, file| desk.begin(&mut open(file), &mut rng))?;
    world.set_back(0, What::Backup);
    world.run(0, run(true))?;
    world.set_back(0, What::RollBack);
    world.write_tasks(0, |desk, file| desk.note_first(file, "After the backup"))?;
    seams::die_at(step);
    world.disturbed(0, run(true), |_| seams::is_dead())?;
    world.run(0, run(true))?;
    oracle::judge(&world, true)
}

#[test]
fn a_clone_that_is_killed_in_its_first_push_leaves_nothing_in_the_remote() {
    for step in 1..40 {
        let ended = set_back_and_killed(step);
        assert_eq!(ended, Ok(()), "killed at {step}");
    }
}
