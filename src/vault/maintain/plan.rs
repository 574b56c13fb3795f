//! When the store is put in order, and how much of it. Looks at sizes alone.

use super::census::{Census, Pack};

/// So many packs may lie beside each other.
const PACKS_AT_MOST: usize = 7;
const LOOSE_AT_MOST: usize = 512;
/// What is not told as changes of the biggest pack's contents may be this part of it.
const FRESH_PART: u64 = 8;
/// Less than this is not worth a pack.
const FRESH_AT_LEAST: u64 = 64 * 1024;
/// A pack joins the smaller ones unless it is more than so often as big as they are together: then
/// each object is written again only as often as the store doubles.
const FACTOR: u64 = 2;

/// How many of the packs, the smallest first, become one with all that is loose. Nothing is due most
/// of the time.
pub fn due(census: &Census) -> Option<usize> {
    let packs = &census.packs;
    let together: u64 = packs.iter().map(|pack| pack.bytes).sum();
    let biggest = packs.last().map_or(0, |pack| pack.bytes);
    let fresh = census.loose_bytes + together - biggest;
    if fresh > (biggest / FRESH_PART).max(FRESH_AT_LEAST) {
        Some(packs.len())
    } else if packs.len() > PACKS_AT_MOST || census.loose.len() > LOOSE_AT_MOST {
        Some(smallest(packs, census.loose_bytes))
    } else {
        None
    }
}

fn smallest(packs: &[Pack], mut sum: u64) -> usize {
    let mut taken = 0;
    for pack in packs {
        let too_many = packs.len() - taken + 1 > PACKS_AT_MOST;
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
        };
        Census {
            packs: packs.iter().map(pack).collect(),
            loose: vec![ObjectId::from_bytes([0; 20]); loose],
            loose_bytes,
        }
    }

    const MEGA: u64 = 1 << 20;

    #[test]
    fn a_store_at_rest_is_left_alone() {
        for store in [
            census(&[], 0, 0),
            census(&[], 60, 50_000),
            census(&[MEGA / 20, MEGA], 500, MEGA / 20),
            census(&[1, 1, 1, 1, 1, 1, MEGA], 512, 0),
        ] {
            assert_eq!(due(&store), None, "{store:?}");
        }
    }

    #[test]
    fn what_is_fresh_joins_the_biggest_before_it_weighs_much() {
        assert_eq!(due(&census(&[MEGA / 20, MEGA], 100, MEGA / 10)), Some(2));
        assert_eq!(due(&census(&[], 100, MEGA / 10)), Some(0));
    }

    #[test]
    fn many_small_ones_become_one_and_the_big_ones_stay() {
        let store = census(&[100, 100, 100, 100, 100, 100, 50_000, 100 * MEGA], 0, 0);
        assert_eq!(due(&store), Some(6));
        let store = census(&[100, 50_000, 100 * MEGA], 513, 1_000);
        assert_eq!(due(&store), Some(1));
    }

    #[test]
    fn there_are_never_more_than_a_few() {
        // Each is too big for the rule of the smaller ones.
        let sizes = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 100 * MEGA];
        let store = census(&sizes, 0, 0);
        assert_eq!(due(&store), Some(2));
    }
}
