//! A moment, to the millisecond, as the vault writes it.

use std::fmt;

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::BaseError;

/// Milliseconds since 1970, UTC. Written as `2026-11-21T01:02:03.123Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The beginning of the year 0.
const FIRST: i64 = -62_167_219_200_000;
/// The end of the year 9999.
const LAST: i64 = 253_402_300_799_999;

impl Timestamp {
    /// A clock may say anything, and so may a commit; what has no four digits of a year becomes the
    /// first or the last moment that has.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(match millis {
            ..FIRST => FIRST,
            FIRST..=LAST => millis,
            _ => LAST,
        })
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

    /// Reads a moment as people write it: an RFC 3339 time; `2026-11-20 14:00`, in UTC; `2026-11-20`,
    /// which means the end of that day; `3d` or `2 hours ago`, counted back from now.
    #[must_use]
    pub fn in_words(text: &str, now: Self) -> Option<Self> {
        let text = text.trim();
        if let Ok(time) = Self::parse(text) {
            return Some(time);
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            let end = day.and_hms_milli_opt(23, 59, 59, 999)?;
            return Some(Self(end.and_utc().timestamp_millis()));
        }
        let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"];
        let mut times = forms.iter();
        let time = times.find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        if let Some(time) = time {
            return Some(Self(time.and_utc().timestamp_millis()));
        }
        let back = span(text.strip_suffix("ago").unwrap_or(text).trim_end())?;
        now.0.checked_sub(back).map(Self::from_millis)
    }

    /// The same moment by the clock on the wall of this machine.
    #[must_use]
    pub fn local(self) -> DateTime<Local> {
        self.utc().with_timezone(&Local)
    }

    /// The same as people read it: `2026-11-21 01:02:03 +01:00`.
    #[must_use]
    pub fn locally_readable(self) -> String {
        self.local().format("%Y-%m-%d %H:%M:%S %:z").to_string()
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

/// `3d`, `2 hours`: so many milliseconds.
fn span(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim_start() {
        "s" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 60 * 60,
        "d" | "day" | "days" => 24 * 60 * 60,
        "w" | "week" | "weeks" => 7 * 24 * 60 * 60,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(seconds * 1000)
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
    fn every_moment_can_be_written_and_read_back() {
        for (millis, text) in [
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
        ] {
            let moment = Timestamp::from_millis(millis);
            assert_eq!(moment.to_string(), text);
            assert_eq!(Timestamp::parse(text).expect("valid"), moment);
        }
    }

    #[test]
    fn people_write_moments_in_many_ways() {
        let at = |text: &str| Timestamp::parse(text).expect("valid");
        let now = at("2026-11-21T12:00:00.000Z");
        for (text, meant) in [
            ("2026-11-20", "2026-11-20T23:59:59.999Z"),
            ("2026-11-20 14:00", "2026-11-20T14:00:00.000Z"),
            ("2026-11-20 14:00:07", "2026-11-20T14:00:07.000Z"),
            ("2026-11-20T14:00", "2026-11-20T14:00:00.000Z"),
            ("2026-11-20T15:00:00+01:00", "2026-11-20T14:00:00.000Z"),
            ("3d", "2026-11-18T12:00:00.000Z"),
            ("2 hours ago", "2026-11-21T10:00:00.000Z"),
            ("1 week", "2026-11-14T12:00:00.000Z"),
            ("90m ago", "2026-11-21T10:30:00.000Z"),
        ] {
            assert_eq!(Timestamp::in_words(text, now), Some(at(meant)), "{text}");
        }
        for text in [
            "",
            "d",
            "3",
            "3x",
            "ago",
            "deadbeef",
            "12345678",
            "3d2",
            "HEAD~2",
            "99999999999999999999d",
            "9223372036854775807w",
            "2026-13-01",
        ] {
            assert_eq!(Timestamp::in_words(text, now), None, "{text}");
        }
    }

    #[test]
    fn another_offset_is_the_same_moment() {
        let zulu = Timestamp::parse("2026-11-21T01:02:03.000Z").ok();
        let berlin = Timestamp::parse("2026-11-21T02:02:03+01:00").ok();
        assert_eq!(zulu, berlin);
        assert!(Timestamp::parse("yesterday").is_err());
    }
}
