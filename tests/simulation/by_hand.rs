//! Short histories written by hand, of what chance finds seldom.

use holdall::base::seams::{self, Rule};
use holdall::flow::ErrorKind;

use crate::kit::Rng;

use super::oracle;
use super::script::Script;
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
