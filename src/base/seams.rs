//! Seams: where a simulation ends a run, lets somebody edit in its midst, or breaks a rule.
//!
//! Without the feature `simulation`, which the tests alone switch on, every function here is a
//! constant, and nothing of it is in the program. All state belongs to the thread that runs the flow:
//! simulations side by side do not disturb each other.

use std::io;

/// A rule that keeps something from being lost. A simulation without it has to fail; the rule stands
/// where [`is_broken`] asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// After a push D is what the disk holds, never what the vault made of it.
    BaseIsTheDisk,
    /// Nor is it what both versions were merged to.
    BaseIsNoMerge,
    /// A path in conflict keeps its D until it is settled.
    ConflictKeepsBase,
    /// What a pull did not write does not enter D, so that its absence is no deletion.
    UnwrittenIsNotAgreed,
    /// What this machine withholds counts as unchanged.
    WithheldIsUnchanged,
    /// That a rule keeps a path out is no deletion.
    RuleIsNoDeletion,
    /// What is replaced is looked at right before, and right after.
    LastLook,
    /// A project that was taken out of the vault stays on the disks.
    RemovedProjectStays,
    /// What comes back to the vault has a new id, so that no disk takes what is missing for deleted.
    ComesBackAsNew,
    /// A state directory that is gone, or lost most of its files, waits for a word.
    AccidentsWait,
    /// A push is remembered before it is sent, so that a lost answer is no news later.
    SentIsRemembered,
    /// A pull is remembered before it writes, so that what a killed one wrote is no news later.
    LandingIsRemembered,
    /// The version that gives way is filed.
    LoserIsFiled,
    /// Who comes last does not win.
    LastDoesNotWin,
    /// A remote that cannot be reached is not taken for an empty one.
    UnreachableIsNotEmpty,
    /// The remote's ref is read back before anything is called pushed.
    RefIsReadBack,
    /// What a remote that was set back had lost goes back.
    RewoundIsHealed,
    /// An op that was named before it came is superseded when it comes.
    EarlyNamesCount,
    /// What parts from the chain that the vault has goes aside, and nobody goes on behind a tip that
    /// somebody else wrote.
    PartedGoesAside,
    /// The ops of others that a remote has lost go back from whoever has them.
    LostOpsGoBack,
    /// Times decide what is shown, and nothing else.
    TimeSettlesNothing,
    /// Two who write the same at the same moment write two ops.
    NonceTellsApart,
}

#[cfg(not(feature = "simulation"))]
mod state {
    use super::{Rule, io};

    /// Stands before each durable change.
    #[inline]
    pub const fn step() -> io::Result<()> {
        Ok(())
    }

    /// Stands before a file is written beside its place on a disk.
    #[inline]
    pub const fn step_beside() -> io::Result<()> {
        Ok(())
    }

    /// Whether the machine died in this run: then nothing is tidied up either.
    #[inline]
    pub const fn is_dead() -> bool {
        false
    }

    /// Whether the remote says yes to this push and forgets it.
    #[inline]
    pub const fn is_swallowed() -> bool {
        false
    }

    /// Stands where the remote's answer to a push comes in.
    #[inline]
    pub const fn answer() -> io::Result<()> {
        Ok(())
    }

    #[inline]
    pub const fn is_broken(_: Rule) -> bool {
        false
    }
}

#[cfg(feature = "simulation")]
mod state {
    use std::cell::{Cell, RefCell};

    use super::{Rule, io};

    /// Something that somebody else does while a run is under way.
    type Deed = Box<dyn FnOnce()>;

    thread_local! {
        static STEPS: Cell<u64> = const { Cell::new(0) };
        static DIES_AT: Cell<u64> = const { Cell::new(u64::MAX) };
        static MEANWHILE: RefCell<Option<(u64, Deed)>> = const { RefCell::new(None) };
        static SWALLOWS: Cell<bool> = const { Cell::new(false) };
        static UNHEARD: Cell<bool> = const { Cell::new(false) };
        static BROKEN: Cell<Option<Rule>> = const { Cell::new(None) };
    }

    /// Stands before each durable change: at the last step that a machine lives to see it fails, and
    /// so does each one after it.
    pub fn step() -> io::Result<()> {
        STEPS.set(STEPS.get() + 1);
        if is_dead() {
            return Err(io::Error::other("the machine died"));
        }
        fire(|at| at > 0 && at <= STEPS.get());
        Ok(())
    }

    /// Stands before a file is written beside its place on a disk.
    pub fn step_beside() -> io::Result<()> {
        fire(|at| at == 0);
        step()
    }

    fn fire(is_now: impl Fn(u64) -> bool) {
        let deed = MEANWHILE.with_borrow_mut(|deed| deed.take_if(|(at, _)| is_now(*at)));
        if let Some((_, deed)) = deed {
            deed();
        }
    }

    /// Whether the machine died in this run: then nothing is tidied up either.
    pub fn is_dead() -> bool {
        STEPS.get() >= DIES_AT.get()
    }

    /// Whether the remote says yes to this push and forgets it.
    pub fn is_swallowed() -> bool {
        SWALLOWS.take()
    }

    /// Stands where the remote's answer to a push comes in: it may be lost on its way, and the machine
    /// may die before it hears it.
    pub fn answer() -> io::Result<()> {
        step()?;
        if UNHEARD.take() {
            return Err(io::Error::other("the answer was lost"));
        }
        Ok(())
    }

    pub fn is_broken(rule: Rule) -> bool {
        BROKEN.get() == Some(rule)
    }

    /// A new run begins, on a machine that lives.
    pub fn begin() {
        STEPS.set(0);
        DIES_AT.set(u64::MAX);
        SWALLOWS.set(false);
        UNHEARD.set(false);
        MEANWHILE.set(None);
    }

    /// The machine dies right before this step of the run.
    pub fn die_at(step: u64) {
        DIES_AT.set(step);
    }

    /// Somebody does something right before this step of the run; before the first file of a disk is
    /// written, if it is 0.
    pub fn meanwhile(step: u64, deed: impl FnOnce() + 'static) {
        MEANWHILE.set(Some((step, Box::new(deed))));
    }

    /// The remote says yes to the next push and forgets it.
    pub fn swallow() {
        SWALLOWS.set(true);
    }

    /// The answer to the next push is lost.
    pub fn lose_answer() {
        UNHEARD.set(true);
    }

    /// From now on this thread goes without a rule, or with all of them again.
    pub fn break_rule(rule: Option<Rule>) {
        BROKEN.set(rule);
    }
}

pub use state::*;
