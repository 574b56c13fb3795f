//! A pull that is killed at each of its steps, and what others do before the next one.

use holdall::base::seams::{self, Rule};

use crate::kit::Rng;

use super::oracle;
use super::script::Script;
use super::world::{Fault, Run, World};

const FILES: [&str; 3] = ["n0.bin", "n1.bin", "a/n0.bin"];

/// Three versions of some files, of which the pull of the second is killed.
fn killed_at(step: u64) -> Result<(), Fault> {
    let run = |is_push| Run {
        is_push,
        one: false,
    };
    let world = World::new(&Script {
        seed: 0,
        machines: 2,
        actions: Vec::new(),
    });
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
    let mut steps = (1..40).map(|step| (step, killed_at(step)));
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
