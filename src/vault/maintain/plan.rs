//! When the store is put in order, and how much of it. Looks at sizes alone.

use super::census::{Census, Pack, Sort};

/// So many packs may lie beside each other, and so many of large contents beside those.
const PACKS_AT_MOST: usize = 5;
const LARGE_AT_MOST: usize = 2;
const LOOSE_AT_MOST: usize = 512;
/// What is not told as changes of the biggest pack's contents may be this part of it.
const FRESH_PART: u64 = 8;
/// Less than this is not worth a pack.
const FRESH_AT_LEAST: u64 = 64 * 1024;
/// A pack joins the smaller ones unless it is more than so often as big as they are together: then
/// each object is written again only as often as the store doubles.
const FACTOR: u64 = 2;

/// For so long nothing is deleted that nothing leads to: something may be about to.
const ASIDE_SECONDS: i64 = 14 * 24 * 60 * 60;

/// Packs to be made one, by their place in the census.
#[derive(Debug, PartialEq, Eq)]
pub struct Job {
    /// The biggest first.
    pub packs: Vec<usize>,
    pub with_loose: bool,
    /// What nothing leads to is set aside, and what was in these is deleted.
    pub sifts: Option<Vec<usize>>,
}

/// What is to be done; nothing, most of the time.
pub fn due(census: &Census, now: i64) -> Vec<Job> {
    let of = |is_wanted: fn(Sort) -> bool| -> Vec<(usize, &Pack)> {
        let packs = census.packs.iter().enumerate();
        packs.filter(|(_, pack)| is_wanted(pack.sort)).collect()
    };
    let plain = of(|sort| sort == Sort::Plain);
    let large = of(|sort| sort == Sort::Large);
    let mut jobs = Vec::new();
    let together: u64 = plain.iter().map(|(_, pack)| pack.bytes).sum();
    let biggest = plain.last().map_or(0, |(_, pack)| pack.bytes);
    let fresh = census.loose_bytes + together - biggest;
    let take = if fresh > (biggest / FRESH_PART).max(FRESH_AT_LEAST) {
        Some(plain.len())
    } else if plain.len() > PACKS_AT_MOST || census.loose.len() > LOOSE_AT_MOST {
        Some(smallest(&plain, census.loose_bytes, PACKS_AT_MOST))
    } else {
        None
    };
    if let Some(take) = take {
        let is_all = take == plain.len();
        jobs.push(Job {
            sifts: is_all.then(|| sifts(census, now)).flatten(),
            with_loose: true,
            ..job(&plain[..take])
        });
    }
    if large.len() > LARGE_AT_MOST {
        let take = smallest(&large, 0, LARGE_AT_MOST);
        jobs.push(job(&large[..take]));
    }
    jobs
}

fn job(packs: &[(usize, &Pack)]) -> Job {
    Job {
        packs: packs.iter().rev().map(|(at, _)| *at).collect(),
        with_loose: false,
        sifts: None,
    }
}

/// The packs that were set aside, where it is time to look for what nothing leads to: nothing was
/// set aside, or all of it long ago.
fn sifts(census: &Census, now: i64) -> Option<Vec<usize>> {
    let mut aside = Vec::new();
    for (at, pack) in census.packs.iter().enumerate() {
        if let Sort::Aside { since } = pack.sort {
            if now.saturating_sub(since) < ASIDE_SECONDS {
                return None;
            }
            aside.push(at);
        }
    }
    Some(aside)
}

/// How many of the packs, the smallest first, become one with what is loose.
fn smallest(packs: &[(usize, &Pack)], mut sum: u64, at_most: usize) -> usize {
    let mut taken = 0;
    for (_, pack) in packs {
        let too_many = packs.len() - taken + 1 > at_most;
        if !too_many && pack.bytes > sum.saturating_mul(FACTOR) {
            break;
        }
        sum += pack.bytes;
        taken += 1;
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ObjectId;

    fn census(packs: &[u64], loose: usize, loose_bytes: u64) -> Census {
        let pack = |bytes: &u64| Pack {
            name: format!("pack-{bytes}"),
            bytes: *bytes,
            sort: Sort::Plain,
        };
        Census {
            packs: packs.iter().map(pack).collect(),
            loose: vec![ObjectId::from_bytes([0; 20]); loose],
            loose_bytes,
        }
    }

    fn plain(census: &Census) -> Option<Vec<usize>> {
        let mut jobs = due(census, 0);
        jobs.pop().map(|job| job.packs)
    }

    const MEGA: u64 = 1 << 20;

    #[test]
    fn a_store_at_rest_is_left_alone() {
        for store in [
            census(&[], 0, 0),
            census(&[], 60, 50_000),
            census(&[MEGA / 20, MEGA], 500, MEGA / 20),
            census(&[1, 1, 1, 1, MEGA], 512, 0),
        ] {
            assert_eq!(due(&store, 0), [], "{store:?}");
        }
    }

    #[test]
    fn what_is_fresh_joins_the_biggest_before_it_weighs_much() {
        let store = census(&[MEGA / 20, MEGA], 100, MEGA / 10);
        assert_eq!(plain(&store), Some(vec![1, 0]));
        assert_eq!(plain(&census(&[], 100, MEGA / 10)), Some(vec![]));
    }

    #[test]
    fn many_small_ones_become_one_and_the_big_ones_stay() {
        let store = census(&[100, 100, 100, 100, 50_000, 100 * MEGA], 0, 0);
        assert_eq!(plain(&store), Some(vec![3, 2, 1, 0]));
        let store = census(&[100, 50_000, 100 * MEGA], 513, 1_000);
        assert_eq!(plain(&store), Some(vec![0]));
    }

    #[test]
    fn there_are_never_more_than_a_few() {
        // Each is too big for the rule of the smaller ones.
        let store = census(&[1, 10, 100, 1_000, 10_000, 100 * MEGA], 0, 0);
        assert_eq!(plain(&store), Some(vec![1, 0]));
    }

    #[test]
    fn large_contents_are_gathered_among_themselves() {
        let mut store = census(&[20 * MEGA, 21 * MEGA, 300 * MEGA], 0, 0);
        for pack in &mut store.packs {
            pack.sort = Sort::Large;
        }
        let jobs = due(&store, 0);
        assert_eq!(jobs.len(), 1);
        assert_eq!(
            (&jobs[0].packs[..], jobs[0].with_loose),
            (&[1, 0][..], false)
        );
    }

    #[test]
    fn what_was_set_aside_waits_for_two_weeks() {
        let mut store = census(&[MEGA, 2 * MEGA, 3 * MEGA], 0, 0);
        store.packs[0].sort = Sort::Aside { since: 1_000 };
        let sifts = |store: &Census, now| due(store, now).pop().and_then(|job| job.sifts);
        assert_eq!(sifts(&store, 1_000 + ASIDE_SECONDS - 1), None);
        assert_eq!(sifts(&store, 1_000 + ASIDE_SECONDS), Some(vec![0]));
        store.packs[0].sort = Sort::Plain;
        assert_eq!(sifts(&store, 0), Some(vec![]));
    }
}
