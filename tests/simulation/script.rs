//! What happens in a simulation: a list of actions, each with a chance of its own, so that one can be
//! left out and the others stay what they were.

use crate::kit::Rng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Edit,
    Settings,
    Secret,
    Ignore,
    /// A file in conflict gets the vault's content by hand.
    TakeVault,
    Push,
    Pull,
    PushOne,
    PullOne,
    /// Everybody pulls and pushes.
    Round,
    CrashPush,
    CrashPull,
    /// Somebody edits while it runs.
    MeddlePush,
    MeddlePull,
    /// The vault took it, and the answer was lost.
    LostReply,
    /// The remote said yes and took nothing.
    Swallowed,
    UnreachablePush,
    UnreachablePull,
    /// The disk of a state directory is away for one push.
    Unmounted,
    RemoveProject,
    AddProject,
    Backup,
    RollBack,
    /// From now on there are two machines of one disk.
    Clone,
    KeepRemote,
    Rewind,
    /// Somebody writes to the task list.
    Task,
    /// The task list alone is lost, or set back to what it was once.
    LoseTasks,
    KeepTasks,
    RestoreTasks,
}

use What::*;

#[derive(Clone, Copy, Debug)]
pub struct Action {
    pub machine: usize,
    pub what: What,
    pub chance: u64,
}

#[derive(Clone, Debug)]
pub struct Script {
    pub seed: u64,
    pub machines: usize,
    pub actions: Vec<Action>,
}

/// How often each happens, of all.
const ORDINARY: &[(What, usize)] = &[
    (Edit, 34),
    (Settings, 4),
    (Push, 11),
    (Pull, 11),
    (Round, 4),
    (PushOne, 2),
    (PullOne, 2),
    (CrashPush, 5),
    (CrashPull, 5),
    (MeddlePush, 3),
    (MeddlePull, 9),
    (LostReply, 3),
    (Swallowed, 2),
    (UnreachablePush, 1),
    (UnreachablePull, 1),
    (Unmounted, 1),
];
const RULES: &[(What, usize)] = &[
    (TakeVault, 4),
    (Secret, 5),
    (Ignore, 4),
    (RemoveProject, 2),
    (AddProject, 3),
];
const SET_BACK: &[(What, usize)] = &[
    (Backup, 4),
    (RollBack, 3),
    (KeepRemote, 4),
    (Rewind, 3),
    (Clone, 2),
];

const TASKS: &[(What, usize)] = &[(Task, 1)];
const TASKS_SET_BACK: &[(What, usize)] = &[
    (Task, 14),
    (LoseTasks, 1),
    (KeepTasks, 4),
    (RestoreTasks, 4),
];

impl Script {
    /// Two in three seeds know rules and secrets too, one in three disks and remotes that are set back.
    pub fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let machines = 2 + rng.below(20).saturating_sub(8) / 4;
        let mut weights = ORDINARY.to_vec();
        if !seed.is_multiple_of(3) {
            weights.extend(RULES);
        }
        if seed % 3 == 2 {
            weights.extend(SET_BACK);
        }
        let count = 15 + rng.below(14) + 6 * machines;
        let actions = (0..count).map(|_| Action {
            machine: rng.below(machines),
            what: pick(&weights, &mut rng),
            chance: rng.next(),
        });
        let mut actions: Vec<_> = actions.collect();
        add_tasks(&mut actions, seed, machines);
        Self {
            seed,
            machines,
            actions,
        }
    }

    /// Whether nothing happens that makes a conflict or a return lawful that would not be so else.
    pub fn is_plain(&self) -> bool {
        let special = |action: &Action| {
            let tables = RULES.iter().chain(SET_BACK);
            let mut special = tables.map(|(what, _)| what);
            special.any(|what| *what == action.what)
        };
        !self.actions.iter().any(special)
    }
}

/// What happens to files is the same with tasks and without: they come between.
fn add_tasks(actions: &mut Vec<Action>, seed: u64, machines: usize) {
    let mut rng = Rng::new(!seed);
    let weights = if seed % 3 == 2 { TASKS_SET_BACK } else { TASKS };
    for _ in 0..actions.len() / 2 {
        let action = Action {
            machine: rng.below(machines),
            what: pick(weights, &mut rng),
            chance: rng.next(),
        };
        actions.insert(rng.below(actions.len() + 1), action);
    }
}

fn pick(weights: &[(What, usize)], rng: &mut Rng) -> What {
    let mut at = rng.below(weights.iter().map(|(_, weight)| weight).sum());
    for (what, weight) in weights {
        if at < *weight {
            return *what;
        }
        at -= weight;
    }
    Edit
}
