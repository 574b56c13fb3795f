//! Sizes, times, counts, and text from elsewhere.

use std::borrow::Cow;

use crate::base::Timestamp;

const SIZES: [&str; 6] = ["bytes", "KB", "MB", "GB", "TB", "PB"];

/// A size as people read it: `999 bytes`, `1.5 KB`; 1024 bytes are a KB.
#[must_use]
pub fn bytes(size: u64) -> String {
    if size < 1024 {
        return count(size, "byte");
    }
    // In tenths of a unit, rounded; what rounds up to 1024 belongs to the next unit.
    let mut unit = 1;
    let mut divisor: u128 = 1024;
    let tenths = |divisor: u128| (u128::from(size) * 10 + divisor / 2) / divisor;
    while tenths(divisor) >= 10_240 && unit + 1 < SIZES.len() {
        unit += 1;
        divisor *= 1024;
    }
    let tenths = tenths(divisor);
    let name = SIZES[unit];
    match tenths % 10 {
        0 => format!("{} {name}", tenths / 10),
        tenth => format!("{}.{tenth} {name}", tenths / 10),
    }
}

/// Steps of time, the longest first: its seconds and its name.
const STEPS: [(u64, &str); 6] = [
    (365 * 86_400, "year"),
    (30 * 86_400, "month"),
    (7 * 86_400, "week"),
    (86_400, "day"),
    (3_600, "hour"),
    (60, "minute"),
];

/// How long before `now` something was: `3 days ago`; `in 2 hours` where a clock ran ahead.
#[must_use]
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.seconds().saturating_sub(then.seconds());
    let span = seconds.unsigned_abs();
    let step = STEPS.iter().find(|(length, _)| span >= *length);
    let text = match step {
        Some((length, name)) => count(span / length, name),
        None if span < 5 => return "just now".to_owned(),
        None => count(span, "second"),
    };
    if seconds < 0 {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}

/// `1 file`, `2 files`, `16,000 files`.
#[must_use]
pub fn count(number: u64, one: &str) -> String {
    count_of(number, one, &format!("{one}s"))
}

/// The same where the plural has no `s`: `2 entries`.
#[must_use]
pub fn count_of(number: u64, one: &str, many: &str) -> String {
    let name = if number == 1 { one } else { many };
    format!("{} {name}", grouped(number))
}

/// A number in groups of three: `16,000`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Text from a vault, a remote or a disk, with everything that could steer a terminal or turn the
/// reading direction made visible.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().fold(String::new(), |mut shown, c| {
        if steers(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    });
    Cow::Owned(shown)
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_a_tenth_and_never_reach_1024() {
        for (size, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1023, "1,023 bytes"),
            (1024, "1 KB"),
            (1536, "1.5 KB"),
            (1024 * 1024 - 1, "1 MB"),
            (5 * 1024 * 1024 * 1024 / 2, "2.5 GB"),
            (u64::MAX, "16384 PB"),
        ] {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn times_are_told_in_their_largest_step() {
        let now = Timestamp::from_millis(1_795_222_923_123);
        let at = |seconds: i64| Timestamp::from_millis(now.millis() - seconds * 1000);
        for (seconds, text) in [
            (0, "just now"),
            (30, "30 seconds ago"),
            (60, "1 minute ago"),
            (7_199, "1 hour ago"),
            (3 * 86_400, "3 days ago"),
            (20 * 86_400, "2 weeks ago"),
            (400 * 86_400, "1 year ago"),
            (-7_200, "in 2 hours"),
        ] {
            assert_eq!(ago(at(seconds), now), text);
        }
        let ends = Timestamp::from_millis(i64::MIN);
        assert!(ago(ends, Timestamp::from_millis(i64::MAX)).ends_with("years ago"));
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(16_000, "file"), "16,000 files");
        assert_eq!(count_of(0, "entry", "entries"), "0 entries");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn what_steers_a_terminal_is_made_visible() {
        assert_eq!(printable("plain ü"), "plain ü");
        assert_eq!(
            printable("\u{1b}]0;x\u{7}\u{9b}1m"),
            "\\u{1b}]0;x\\u{7}\\u{9b}1m"
        );
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
    }
}
