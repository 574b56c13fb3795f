//! Git's deltas: a content told as pieces of another one and what is new.

/// Pieces shorter than this are not looked for: naming one costs up to seven bytes.
const BLOCK: usize = 16;
/// So many places of equal blocks are compared, so that a content of one repeated line costs no more.
const TRIES: usize = 16;
/// A match of this length is taken at once.
const GOOD: usize = 4096;
const LONGEST_COPY: usize = 0x1_0000;
const LONGEST_INSERT: usize = 127;
const NONE: u32 = u32::MAX;

/// The delta that makes `target` of `base`; nothing where it would be longer than `most`.
pub fn encode(base: &[u8], target: &[u8], most: usize) -> Option<Vec<u8>> {
    let index = Index::new(base)?;
    let mut delta = Vec::new();
    size(base.len(), &mut delta);
    size(target.len(), &mut delta);
    let (mut at, mut told) = (0, 0);
    while at + BLOCK <= target.len() {
        match index.longest(target, at, told) {
            Some(found) => {
                insert(&target[told..found.target], &mut delta);
                copy(found.base, found.length, &mut delta);
                told = found.target + found.length;
                at = told;
            }
            None => at += 1,
        }
        if delta.len() + (at - told) > most {
            return None;
        }
    }
    insert(&target[told..], &mut delta);
    (delta.len() <= most).then_some(delta)
}

/// A piece that both have.
struct Piece {
    base: usize,
    target: usize,
    length: usize,
}

/// Where the blocks of the base stand, by their hash.
struct Index<'b> {
    base: &'b [u8],
    heads: Vec<u32>,
    next: Vec<u32>,
}

impl<'b> Index<'b> {
    fn new(base: &'b [u8]) -> Option<Self> {
        let blocks = base.len() / BLOCK;
        u32::try_from(base.len()).ok()?;
        let mut index = Self {
            base,
            heads: vec![NONE; blocks.next_power_of_two()],
            next: vec![NONE; blocks],
        };
        // From the end, so that the first of many equal blocks is the first that is tried.
        for block in (0..blocks).rev() {
            let slot = index.slot(&base[block * BLOCK..]);
            index.next[block] = index.heads[slot];
            index.heads[slot] = u32::try_from(block).ok()?;
        }
        Some(index)
    }

    fn slot(&self, bytes: &[u8]) -> usize {
        let word = |from: usize| {
            let bytes = bytes[from..from + 8].try_into().expect("eight bytes");
            u64::from_le_bytes(bytes)
        };
        let mixed = (word(0) ^ word(8).rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> 32).expect("32 bits") & (self.heads.len() - 1)
    }

    /// The longest piece of the base that stands at `at`; it may begin earlier, down to `told`.
    fn longest(&self, target: &[u8], at: usize, told: usize) -> Option<Piece> {
        let mut best: Option<Piece> = None;
        let mut block = self.heads[self.slot(&target[at..])];
        for _ in 0..TRIES {
            if block == NONE {
                break;
            }
            let start = block as usize * BLOCK;
            let length = common(&self.base[start..], &target[at..]);
            if length >= BLOCK && best.as_ref().is_none_or(|best| length > best.length) {
                best = Some(Piece {
                    base: start,
                    target: at,
                    length,
                });
                if length >= GOOD {
                    break;
                }
            }
            block = self.next[block as usize];
        }
        let mut best = best?;
        while best.target > told
            && best.base > 0
            && self.base[best.base - 1] == target[best.target - 1]
        {
            best.base -= 1;
            best.target -= 1;
            best.length += 1;
        }
        Some(best)
    }
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn size(mut left: usize, delta: &mut Vec<u8>) {
    while left > 0x7f {
        delta.push(low(left) | 0x80);
        left >>= 7;
    }
    delta.push(low(left));
}

fn low(number: usize) -> u8 {
    u8::try_from(number & 0x7f).expect("seven bits")
}

fn insert(bytes: &[u8], delta: &mut Vec<u8>) {
    for piece in bytes.chunks(LONGEST_INSERT) {
        delta.push(u8::try_from(piece.len()).expect("at most 127"));
        delta.extend_from_slice(piece);
    }
}

fn copy(mut from: usize, mut length: usize, delta: &mut Vec<u8>) {
    while length > 0 {
        let piece = length.min(LONGEST_COPY);
        let at = delta.len();
        delta.push(0x80);
        // The longest length is written as no length at all.
        let lengths = if piece == LONGEST_COPY { 0 } else { piece };
        let offset = u32::try_from(from).expect("a base is shorter than 4 GiB");
        let lengths = u32::try_from(lengths).expect("at most 64 KiB");
        let parts = [offset.to_le_bytes(), lengths.to_le_bytes()].concat();
        for (bit, byte) in parts.iter().take(7).enumerate() {
            if *byte != 0 {
                delta[at] |= 1 << bit;
                delta.push(*byte);
            }
        }
        from += piece;
        length -= piece;
    }
}

/// What a delta makes of its base; nothing where it is no delta of this base.
pub fn apply(base: &[u8], mut delta: &[u8]) -> Option<Vec<u8>> {
    if read_size(&mut delta)? != base.len() {
        return None;
    }
    let length = read_size(&mut delta)?;
    // A base on a disk may be damaged, and a delta say anything: what it says is not what is taken.
    let mut target = Vec::with_capacity(length.min(base.len() + delta.len()));
    while target.len() <= length
        && let Some((op, rest)) = delta.split_first()
    {
        delta = rest;
        if op & 0x80 == 0 {
            target.extend_from_slice(delta.get(..usize::from(*op))?);
            delta = &delta[usize::from(*op)..];
            continue;
        }
        let mut parts = [0; 8];
        for (bit, part) in parts.iter_mut().take(7).enumerate() {
            if op & (1 << bit) != 0 {
                let (byte, rest) = delta.split_first()?;
                (*part, delta) = (*byte, rest);
            }
        }
        let from = u32::from_le_bytes([parts[0], parts[1], parts[2], parts[3]]) as usize;
        let piece = u32::from_le_bytes([parts[4], parts[5], parts[6], 0]) as usize;
        let piece = if piece == 0 { LONGEST_COPY } else { piece };
        target.extend_from_slice(base.get(from..from.checked_add(piece)?)?);
    }
    (target.len() == length).then_some(target)
}

/// How many bytes a delta makes, off its first bytes.
pub fn target_size(mut delta: &[u8]) -> Option<u64> {
    read_size(&mut delta)?;
    Some(read_size(&mut delta)? as u64)
}

fn read_size(delta: &mut &[u8]) -> Option<usize> {
    let (mut size, mut shift) = (0_usize, 0);
    loop {
        let (byte, rest) = delta.split_first()?;
        *delta = rest;
        size |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(base: &[u8], target: &[u8]) -> usize {
        let delta = encode(base, target, usize::MAX).expect("there is always one");
        assert_eq!(apply(base, &delta).as_deref(), Some(target));
        delta.len()
    }

    fn noise(length: u32) -> Vec<u8> {
        let bytes = (0..length).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes());
        bytes.collect()
    }

    #[test]
    fn a_small_change_is_a_small_delta() {
        let base = noise(50_000);
        let mut target = base.clone();
        target.splice(70_000..70_010, *b"something else");
        assert!(round(&base, &target) < 60);
        assert!(round(&base, &base[30_000..]) < 40);
        assert!(round(&[], &base) > base.len());
        assert!(round(&base, &[]) < 10);
        assert!(round(&vec![b'x'; 300_000], &vec![b'x'; 299_000]) < 60);
    }

    #[test]
    fn a_delta_that_is_too_long_is_none() {
        let base = noise(1_000);
        assert_eq!(encode(&base, &noise(5_000)[4_000..], 100), None);
    }

    #[test]
    fn a_delta_of_another_base_is_refused() {
        let base = noise(100);
        let delta = encode(&base, &base[..200], usize::MAX).expect("made");
        assert_eq!(apply(&base[..300], &delta), None);
        for end in 0..delta.len() {
            assert_eq!(apply(&base, &delta[..end]), None, "{end}");
        }
    }

    proptest! {
        #[test]
        fn a_delta_makes_its_target(
            parts in proptest::collection::vec((0_usize..2_000, 0_usize..400), 0..12),
            fresh in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let base = noise(600);
            let mut target = Vec::new();
            for (from, length) in parts {
                target.extend_from_slice(&base[from..(from + length).min(base.len())]);
                target.extend_from_slice(&fresh[..length.min(fresh.len())]);
            }
            round(&base, &target);
        }
    }
}
