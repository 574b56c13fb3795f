//! When a line of a log was written, as far as it says so.

use chrono::DateTime;
use serde_json::Value;

/// The members that say it; the first that can be read counts.
const KEYS: [&str; 11] = [
    "at",
    "ts",
    "time",
    "timestamp",
    "@timestamp",
    "datetime",
    "date",
    "created_at",
    "createdAt",
    "created",
    "updated_at",
];
/// A number below the first limit counts seconds, below the next ones milli-, micro- and nanoseconds.
const UNITS: [(f64, f64); 3] = [(1e11, 1e9), (1e14, 1e6), (1e17, 1e3)];
const BILLION: i128 = 1_000_000_000;

/// Nanoseconds since 1970 of a line that is a JSON object with a time in it.
pub fn moment(line: &[u8]) -> Option<i128> {
    if line.first() != Some(&b'{') {
        return None;
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(line) else {
        return None;
    };
    KEYS.iter().find_map(|key| nanoseconds(members.get(*key)?))
}

fn nanoseconds(value: &Value) -> Option<i128> {
    match value {
        Value::String(text) => {
            let time = DateTime::parse_from_rfc3339(text).ok()?;
            let fraction = i128::from(time.timestamp_subsec_nanos());
            Some(i128::from(time.timestamp()) * BILLION + fraction)
        }
        Value::Number(number) => {
            let size = number.as_f64()?;
            let unit = UNITS.iter().find(|(below, _)| size.abs() < *below);
            let unit = unit.map_or(1.0, |(_, unit)| *unit);
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a number of any size becomes the nearest moment that there is"
            )]
            let scaled = |number: f64| number as i128;
            Some(match number.as_i64() {
                Some(whole) => i128::from(whole) * scaled(unit),
                None => scaled(size * unit),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_from_the_first_member_that_has_one() {
        let at = |line: &str| moment(line.as_bytes());
        let second = Some(1_700_000_000 * BILLION);
        for line in [
            r#"{"at":"2023-11-14T22:13:20Z"}"#,
            r#"{"at":"soon","ts":"2023-11-14T23:13:20+01:00"}"#,
            r#"{"x":1,"time":1700000000}"#,
            r#"{"timestamp":1700000000000}"#,
            r#"{"ts":1700000000000000}"#,
            r#"{"ts":1700000000000000000}"#,
            r#"{"created":1700000000.0}"#,
        ] {
            assert_eq!(at(line), second, "{line}");
        }
        let half = at(r#"{"ts":1700000000.5}"#);
        assert_eq!(half, second.map(|at| at + BILLION / 2));
        for line in ["at", "{", "[1]", "{}", r#"{"at":null}"#, r#"{"id":7}"#] {
            assert_eq!(at(line), None, "{line}");
        }
        assert!(at(r#"{"ts":-1e300}"#).is_some());
    }
}
