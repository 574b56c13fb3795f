//! A sum over what is live and what is named and not there yet: equal where two machines agree. It
//! changes with what changes, and costs that.

use std::fmt;
use std::ops::{AddAssign, SubAssign};

use crate::layout::OpId;

/// A sum of hashes, modulo 2^256: four words, the greatest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u64; 4]);

/// What an op id is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Live,
    Early,
}

impl Part {
    const fn context(self) -> &'static [u8] {
        match self {
            Self::Live => b"holdall live write 1\0",
            Self::Early => b"holdall early name 1\0",
        }
    }
}

impl Digest {
    pub fn put(&mut self, part: Part, id: OpId, field: &str) {
        *self += Self::of(part, id, field);
    }

    pub fn take(&mut self, part: Part, id: OpId, field: &str) {
        *self -= Self::of(part, id, field);
    }

    fn of(part: Part, id: OpId, field: &str) -> Self {
        let mut hash = blake3::Hasher::new();
        hash.update(part.context())
            .update(id.as_bytes())
            .update(field.as_bytes());
        Self::from_bytes(*hash.finalize().as_bytes())
    }

    /// The number that these bytes are, the greatest first.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut sum = Self::default();
        let (words, _) = bytes.as_chunks();
        for (word, bytes) in sum.0.iter_mut().zip(words) {
            *word = u64::from_be_bytes(*bytes);
        }
        sum
    }

    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (words, _) = bytes.as_chunks_mut();
        for (bytes, word) in words.iter_mut().zip(self.0) {
            *bytes = word.to_be_bytes();
        }
        bytes
    }

    /// Reads the 64 lower-case hexadecimal digits that it is shown as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut sum = Self::default();
        for (at, word) in sum.0.iter_mut().enumerate() {
            let digits = text.get(16 * at..16 * (at + 1))?;
            *word = u64::from_str_radix(digits, 16).ok()?;
        }
        // Longer texts, upper-case digits and signs are no digest.
        (sum.to_string() == text).then_some(sum)
    }

    /// The least word first, each with what the one before it left over.
    fn change(&mut self, other: Self, step: impl Fn(u64, u64, bool) -> (u64, bool)) {
        let mut over = false;
        for (sum, word) in self.0.iter_mut().zip(other.0).rev() {
            (*sum, over) = step(*sum, word, over);
        }
    }
}

impl AddAssign for Digest {
    fn add_assign(&mut self, other: Self) {
        self.change(other, |sum, word, carry| {
            let (sum, over) = sum.overflowing_add(word);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            (sum, over | again)
        });
    }
}

impl SubAssign for Digest {
    fn sub_assign(&mut self, other: Self) {
        self.change(other, |sum, word, borrow| {
            let (sum, under) = sum.overflowing_sub(word);
            let (sum, again) = sum.overflowing_sub(u64::from(borrow));
            (sum, under | again)
        });
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sum_runs_over_at_its_end_and_back() {
        let one = Digest([0, 0, 0, 1]);
        let mut sum = Digest([u64::MAX; 4]);
        sum += one;
        assert_eq!(sum, Digest::default());
        sum -= one;
        assert_eq!(sum, Digest([u64::MAX; 4]));
        let mut carried = Digest([0, 7, u64::MAX, u64::MAX]);
        carried += one;
        assert_eq!(carried, Digest([0, 8, 0, 0]));
    }

    #[test]
    fn only_what_it_is_shown_as_is_read() {
        let shown = "00ff".repeat(16);
        let read = Digest::parse(&shown).expect("a digest");
        assert_eq!(read.to_string(), shown);
        assert_eq!(read.to_bytes()[..2], [0, 0xff]);
        for text in ["", &shown[1..], &shown.to_uppercase(), &format!("{shown}0")] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
        assert_eq!(Digest::parse(&format!("+{}", &shown[1..])), None);
        assert_eq!(Digest::parse(&"é".repeat(32)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_comes_back_from_its_bytes_and_its_digits(bytes in any::<[u8; 32]>()) {
            let sum = Digest::from_bytes(bytes);
            prop_assert_eq!(sum.to_bytes(), bytes);
            prop_assert_eq!(Digest::parse(&sum.to_string()), Some(sum));
        }

        #[test]
        fn what_is_put_and_taken_again_leaves_it_as_it_was(
            ids in prop::collection::vec(any::<[u8; 16]>(), 1..20)
        ) {
            let mut sum = Digest::default();
            sum.put(Part::Live, OpId::NONE, "title");
            let before = sum;
            for id in &ids {
                sum.put(Part::Early, OpId::from_bytes(*id), "status");
            }
            for id in ids.iter().rev() {
                sum.take(Part::Early, OpId::from_bytes(*id), "status");
            }
            prop_assert_eq!(sum, before);
        }
    }
}
