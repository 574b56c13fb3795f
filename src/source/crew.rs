//! Many small pieces of work that bring up more of them, done by two threads.

use std::num::NonZero;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// More threads wait for the same directory locks of the kernel, and win nothing.
const MOST: usize = 2;

struct Pile<J> {
    jobs: Vec<J>,
    /// Who is at work may still bring more.
    at_work: usize,
}

/// Does every job and whatever jobs it brings up; the results come in no order.
pub fn work_off<J: Send, R: Send>(
    first: Vec<J>,
    work: impl Fn(J, &mut Vec<J>) -> R + Sync,
) -> Vec<R> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST);
    let pile = Mutex::new(Pile {
        jobs: first,
        at_work: 0,
    });
    let turn = Condvar::new();
    let one = || {
        let mut results = Vec::new();
        let mut more = Vec::new();
        while let Some(job) = next(&pile, &turn) {
            let at_work = AtWork(&pile, &turn);
            results.push(work(job, &mut more));
            hold(&pile).jobs.append(&mut more);
            drop(at_work);
        }
        results
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let mut results = one();
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

/// Lets go also when the work panics: nobody waits for what will not come.
struct AtWork<'a, J>(&'a Mutex<Pile<J>>, &'a Condvar);

impl<J> Drop for AtWork<'_, J> {
    fn drop(&mut self) {
        hold(self.0).at_work -= 1;
        self.1.notify_all();
    }
}

/// A job; nothing where all are done and nobody can bring more.
fn next<J>(pile: &Mutex<Pile<J>>, turn: &Condvar) -> Option<J> {
    let mut held = hold(pile);
    loop {
        if let Some(job) = held.jobs.pop() {
            held.at_work += 1;
            return Some(job);
        }
        if held.at_work == 0 {
            return None;
        }
        held = turn.wait(held).unwrap_or_else(PoisonError::into_inner);
    }
}

/// A thread that panicked ends the process soon; until then its lock is no reason for another one.
fn hold<J>(pile: &Mutex<Pile<J>>) -> MutexGuard<'_, Pile<J>> {
    pile.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once_and_so_is_what_it_brings_up() {
        let mut done = work_off(vec![1_u32, 2, 3], |job, more| {
            if job < 1_000 {
                more.extend([job * 10, job * 10 + 1]);
            }
            job
        });
        done.sort_unstable();
        let all = done.len();
        done.dedup();
        assert_eq!((done.len(), all), (3 * 15, 3 * 15));
    }

    #[test]
    fn no_job_is_no_result() {
        assert!(work_off(Vec::<u32>::new(), |job, _| job).is_empty());
    }
}
