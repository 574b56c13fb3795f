//! A moment, to the millisecond, as the vault writes it.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::BaseError;

/// Milliseconds since 1970, UTC. Written as `2026-11-21T01:02:03.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an RFC 3339 time.
    pub fn parse(text: &str) -> Result<Self, BaseError> {
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self(time.timestamp_millis()))
            .map_err(|_| BaseError::Malformed {
                text: text.to_owned(),
                expected: "a time like 2026-11-21T01:02:03.123Z",
            })
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The same moment as people read it: `2026-11-21 01:02:03 UTC`.
    #[must_use]
    pub fn readable(self) -> String {
        self.utc().format("%Y-%m-%d %H:%M:%S UTC").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_back_as_written() {
        let moment = Timestamp::from_millis(1_795_222_923_123);
        assert_eq!(
            Timestamp::parse(&moment.to_string())
                .map(Timestamp::millis)
                .ok(),
            Some(1_795_222_923_123)
        );
    }

    #[test]
    fn another_offset_is_the_same_moment() {
        let zulu = Timestamp::parse("2026-11-21T01:02:03.000Z").ok();
        let berlin = Timestamp::parse("2026-11-21T02:02:03+01:00").ok();
        assert_eq!(zulu, berlin);
        assert!(Timestamp::parse("yesterday").is_err());
    }
}
