//! What may stand in the fields of a task, and how it is written there.

use chrono::NaiveDate;

use crate::base::Timestamp;
use crate::tasks::model::{Priority, Status, field};

use super::super::FlowError;

/// What reports have in the place of a secret begins so.
const BEFORE_FINGERPRINT: &str = "[secret ";

const LONGEST_TITLE: usize = 500;
/// Labels, and the names of workspaces and of free fields.
const LONGEST_NAME: usize = 100;
/// A project's prefix, and a number behind it.
const LONGEST_PREFIX: usize = 12;

fn bad(what: String, hint: impl Into<String>) -> FlowError {
    FlowError::BadValue {
        what,
        hint: hint.into(),
    }
}

pub fn title(text: &str) -> Result<String, FlowError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(bad(
            "the title is empty".to_owned(),
            "say in a line what is to be done",
        ));
    }
    if text.contains(char::is_control) {
        return Err(bad(
            "the title is more than one line of plain text".to_owned(),
            "one line is the title; the rest goes into `--description`",
        ));
    }
    refuse_place_holder("title", text)?;
    let length = text.chars().count();
    if length > LONGEST_TITLE {
        return Err(bad(
            format!("the title has {length} characters; {LONGEST_TITLE} are the most"),
            "one line is the title; the rest goes into `--description`",
        ));
    }
    Ok(text.to_owned())
}

pub fn status(text: &str) -> Result<&'static str, FlowError> {
    let word = text.trim().to_ascii_lowercase();
    let word = if word == "cancelled" {
        "canceled"
    } else {
        &word
    };
    let known = Status::parse(word).map(Status::as_str);
    let all = || Status::ALL.map(Status::as_str).join(", ");
    known.ok_or_else(|| {
        bad(
            format!("`{text}` is no status"),
            format!("one of: {}", all()),
        )
    })
}

pub fn priority(text: &str) -> Result<&'static str, FlowError> {
    let known = Priority::parse(&text.trim().to_ascii_lowercase()).map(Priority::as_str);
    let all = || Priority::ALL.map(Priority::as_str).join(", ");
    known.ok_or_else(|| {
        bad(
            format!("`{text}` is no priority"),
            format!("one of: {}", all()),
        )
    })
}

pub fn label(text: &str) -> Result<String, FlowError> {
    let name = text.trim().trim_start_matches('#');
    let is_word = !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',');
    if name.is_empty() || !is_word || name.chars().count() > LONGEST_NAME {
        return Err(bad(
            format!("`{text}` is no label"),
            format!("a label is one word without commas, of {LONGEST_NAME} characters at most"),
        ));
    }
    Ok(name.to_owned())
}

/// The name of a workspace.
pub fn name(text: &str) -> Result<String, FlowError> {
    let name = text.trim();
    if name.is_empty() || name.contains(char::is_control) || name.chars().count() > LONGEST_NAME {
        return Err(bad(
            format!("`{}` is no name", text.escape_debug()),
            format!("a name is one line of {LONGEST_NAME} characters at most"),
        ));
    }
    Ok(name.to_owned())
}

/// Whether a field may have no value: what nothing is called by its name has one.
#[must_use]
pub fn may_be_absent(of: &str) -> bool {
    ![field::TITLE, field::NAME, field::PREFIX].contains(&of)
}

/// What refs to a project's tasks begin with.
pub fn prefix(text: &str) -> Result<String, FlowError> {
    let prefix = text.trim().to_ascii_uppercase();
    let is_word = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if prefix.is_empty() || !is_word || prefix.len() > LONGEST_PREFIX {
        return Err(bad(
            format!("`{}` is no prefix", text.escape_debug()),
            format!("a prefix is {LONGEST_PREFIX} letters and digits at most, such as API"),
        ));
    }
    Ok(prefix)
}

/// The name of a free field.
pub fn key(text: &str) -> Result<&str, FlowError> {
    let is_word = !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '=');
    if text.is_empty() || !is_word || text.chars().count() > LONGEST_NAME {
        return Err(bad(
            format!("`{}` is no name of a field", text.escape_debug()),
            "write `--meta NAME=VALUE`; NAME is one word",
        ));
    }
    Ok(text)
}

/// Text of any length, as long as a terminal and a file can hold it.
pub fn text(field: &str, text: &str) -> Result<String, FlowError> {
    if text.contains('\0') {
        return Err(bad(
            format!("the {field} has a zero byte in it: it is no text"),
            "give it text",
        ));
    }
    refuse_place_holder(field, text)?;
    Ok(text.to_owned())
}

/// Reports have a place holder where a secret stands. Whoever writes back what they read would write
/// that over the secret.
fn refuse_place_holder(field: &str, text: &str) -> Result<(), FlowError> {
    let is_one = |behind: &str| {
        let end = behind.find(']').unwrap_or(0);
        end >= 8 && behind[..end].bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut found = text.match_indices(BEFORE_FINGERPRINT);
    if found.any(|(at, before)| is_one(&text[at + before.len()..])) {
        return Err(bad(
            format!("the {field} has `[secret …]` in it, which stands where a secret is not shown"),
            "write the secret itself there, or leave the field as it is",
        ));
    }
    Ok(())
}

/// A day, or a moment, as it is stored: `2026-11-20`, or `2026-11-20T14:00:00.000Z`.
pub fn moment(field: &str, text: &str, now: Timestamp) -> Result<String, FlowError> {
    read_moment(text.trim(), now).ok_or_else(|| {
        bad(
            format!("`{text}` is no day or time for `{field}`"),
            "write 2026-11-20, 2026-11-20T14:00:00Z, `2026-11-20 14:00` (in UTC), today, tomorrow, +3d, +2w, +4h, or none",
        )
    })
}

fn read_moment(text: &str, now: Timestamp) -> Option<String> {
    let word = text.to_ascii_lowercase();
    let after = |days: i64| {
        let millis = days.checked_mul(24 * 3_600_000)?;
        let then = Timestamp::from_millis(now.millis().checked_add(millis)?);
        Some(then.to_string()[..10].to_owned())
    };
    match word.as_str() {
        "today" => return after(0),
        "tomorrow" => return after(1),
        "yesterday" => return after(-1),
        _ => {}
    }
    if let Some(span) = word.strip_prefix('+') {
        let (number, unit) = span.split_at_checked(span.len().checked_sub(1)?)?;
        let number: u32 = number.parse().ok()?;
        return match unit {
            "d" => after(i64::from(number)),
            "w" => after(i64::from(number) * 7),
            "h" => {
                let millis = now.millis().checked_add(i64::from(number) * 3_600_000)?;
                Some(Timestamp::from_millis(millis).to_string())
            }
            _ => None,
        };
    }
    let day = text.get(..10)?;
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?;
    let date = date.format("%Y-%m-%d").to_string();
    if date != day {
        return None;
    }
    if text.len() == 10 {
        return Some(date);
    }
    Timestamp::in_words(text, now).map(|time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_are_stored_in_one_form() {
        let now = Timestamp::parse("2026-11-22T23:30:00.000Z").expect("valid");
        for (text, stored) in [
            ("2026-12-01", "2026-12-01"),
            ("today", "2026-11-22"),
            ("Tomorrow", "2026-11-23"),
            ("+3d", "2026-11-25"),
            ("+2w", "2026-12-06"),
            ("+1h", "2026-11-23T00:30:00.000Z"),
            ("2026-12-01 14:00", "2026-12-01T14:00:00.000Z"),
            ("2026-12-01T15:00:00+01:00", "2026-12-01T14:00:00.000Z"),
        ] {
            assert_eq!(read_moment(text, now).as_deref(), Some(stored), "{text}");
        }
        for text in [
            "",
            "+",
            "+d",
            "+3",
            "+3x",
            "3d",
            "soon",
            "2026-13-01",
            "2026-2-30",
            "2026-02-30",
            "2026-12-01x",
            "+99999999999d",
            "2026-12-01T25:00:00Z",
            "ü",
            "+ü",
        ] {
            assert_eq!(read_moment(text, now), None, "{text}");
        }
    }

    #[test]
    fn a_title_is_one_line_of_some_length() {
        assert_eq!(title("  Fix it ").ok().as_deref(), Some("Fix it"));
        assert!(title(&"ü".repeat(500)).is_ok());
        for text in ["", "  ", "a\nb", "a\u{1b}[2J", &"a".repeat(501)] {
            assert!(title(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_label_is_one_word() {
        assert_eq!(label("#ops").ok().as_deref(), Some("ops"));
        for text in ["", "#", "a b", "a,b", "a\u{1f}b"] {
            assert!(label(text).is_err(), "{text}");
        }
    }
}
