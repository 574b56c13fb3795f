//! Names that machines give: ids that sort by the time of their making, and short names of machines.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{BaseError, Edges, Timestamp};

/// Crockford's base 32: no `I`, `L`, `O` or `U`, so an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn encode(mut bits: u128, length: usize) -> String {
    let mut text = vec![b'0'; length];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
    text.into_iter().map(char::from).collect()
}

/// A 26-character id in the form of a ULID: 48 bits of time, 80 of chance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

impl Id {
    /// A new id, from the clock and the random source of the process.
    pub fn new(edges: &Edges) -> Result<Self, BaseError> {
        let mut chance = [0_u8; 16];
        edges.random.fill(&mut chance[6..])?;
        let millis = u128::try_from(edges.clock.now().millis().max(0)).unwrap_or(0);
        let bits = (millis << 80) | u128::from_be_bytes(chance);
        Ok(Self(encode(bits, 26)))
    }

    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let valid = text.len() == 26
            && text.as_bytes()[0] <= b'7'
            && text.bytes().all(|byte| ALPHABET.contains(&byte));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(BaseError::Malformed {
                text: text.chars().take(40).collect(),
                expected: "an id of 26 characters",
            })
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was made, as the clock there had it.
    #[must_use]
    pub fn made(&self) -> Timestamp {
        let value = |digit: &u8| ALPHABET.iter().position(|it| it == digit).unwrap_or(0);
        let time = self.0.as_bytes()[..10].iter();
        let millis = time.fold(0_u64, |sum, digit| sum << 5 | value(digit) as u64);
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// A machine's own short name: ten lower-case characters of chance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineId(Arc<str>);

impl MachineId {
    pub fn new(edges: &Edges) -> Result<Self, BaseError> {
        let mut chance = [0_u8; 16];
        edges.random.fill(&mut chance[8..])?;
        Ok(Self(
            encode(u128::from_be_bytes(chance), 10)
                .to_ascii_lowercase()
                .into(),
        ))
    }

    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let valid = text.len() == 10
            && text.bytes().all(|byte| {
                !byte.is_ascii_uppercase() && ALPHABET.contains(&byte.to_ascii_uppercase())
            });
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(BaseError::Malformed {
                text: text.chars().take(40).collect(),
                expected: "a machine id of 10 characters",
            })
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_like {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(de::Error::custom)
            }
        }
    };
}
text_like!(Id);
text_like!(MachineId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_time_and_its_chance() {
        let edges = Edges::fixed(1_795_222_923_123);
        let first = Id::new(&edges).expect("the fixed source never fails");
        let second = Id::new(&edges).expect("the fixed source never fails");
        assert_ne!(first, second);
        assert_eq!(first.as_str()[..10], second.as_str()[..10]);
        assert_eq!(first.made(), Timestamp::from_millis(1_795_222_923_123));
        assert_eq!(Id::parse(first.as_str()).ok(), Some(first));
    }

    #[test]
    fn later_ids_sort_later() {
        let early = Id::new(&Edges::fixed(1_000)).expect("fixed");
        let late = Id::new(&Edges::fixed(2_000_000)).expect("fixed");
        assert!(early < late);
    }

    #[test]
    fn foreign_text_is_no_id() {
        for text in [
            "",
            "01KAG3",
            "01KAG3L0000000000000000000",
            "../../../../../../etc/passw",
            "81KAG300000000000000000000",
        ] {
            assert!(Id::parse(text).is_err(), "{text}");
        }
        for text in ["", "k7f3q2hm9", "K7F3Q2HM9X", "k7f3q2hm9/", "k7f3q2hmil"] {
            assert!(MachineId::parse(text).is_err(), "{text}");
        }
        assert!(MachineId::parse("k7f3q2hm9x").is_ok());
    }
}
