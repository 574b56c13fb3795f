//! How often, and the moments that it comes to.

use std::fmt;

use chrono::{
    DateTime, Duration, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc,
};
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, JobType};

use super::{ScheduleError, Spread};

/// Longer is no pattern that somebody wrote.
const LONGEST: usize = 200;

/// No country ever set its clocks forward by more than a day, in minutes.
const LONGEST_GAP: i64 = 25 * 60;

/// How often a run is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// An hour after the last one began.
    Hourly,
    /// In the first hour of each day, by the clock on the wall.
    Daily,
    /// In the first hour of each Monday.
    Weekly,
    /// As a line of cron says it.
    Cron(Box<Pattern>),
}

/// Five fields of a line of cron.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    cron: Cron,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Cron(pattern) => &pattern.text,
        })
    }
}

impl Cadence {
    /// Reads `hourly`, `daily`, `weekly`, or the five fields of a line of cron.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.to_ascii_lowercase().trim_start_matches('@') {
            "hourly" => Ok(Self::Hourly),
            "daily" | "midnight" => Ok(Self::Daily),
            "weekly" => Ok(Self::Weekly),
            _ => Pattern::parse(text).map(|pattern| Self::Cron(Box::new(pattern))),
        }
    }

    /// The first moment after this one. What is daily or weekly comes at a moment of its own on each
    /// machine, so that not all of them call at midnight.
    pub(super) fn next<Z: TimeZone>(
        &self,
        after: &DateTime<Z>,
        spread: Spread,
    ) -> Option<DateTime<Z>> {
        let placed = |fields: &str| {
            let pattern = parse(fields).expect("it is written here");
            let shift = spread.within(Duration::hours(1));
            let moment = next_of(&pattern, &(after.clone() - shift))?;
            moment.checked_add_signed(shift)
        };
        match self {
            Self::Hourly => after.clone().checked_add_signed(Duration::hours(1)),
            Self::Daily => placed("0 0 * * *"),
            Self::Weekly => placed("0 0 * * 1"),
            Self::Cron(pattern) => next_of(&pattern.cron, after),
        }
    }
}

impl Pattern {
    fn parse(text: String) -> Result<Self, ScheduleError> {
        let unreadable = |text: &str, reason: &str| ScheduleError::Unreadable {
            text: text.chars().take(80).collect(),
            reason: reason.to_owned(),
        };
        if text.len() > LONGEST || text.contains(char::is_control) {
            return Err(unreadable(&text, "it is too long"));
        }
        if text.split([' ', ',']).any(str::is_empty) {
            return Err(unreadable(&text, "a comma stands beside nothing"));
        }
        match text.split(' ').count() {
            1 => return Err(unreadable(&text, "there is no such word")),
            FIELDS => {}
            other => {
                let reason = format!("it has {other} fields, and a line of cron has {FIELDS}");
                return Err(unreadable(&text, &reason));
            }
        }
        let cron = parse(&unrolled(&text)).map_err(|fault| {
            let reason = fault.to_string();
            unreadable(&text, reason.trim_end_matches('.'))
        })?;
        if next_of(&cron, &DateTime::<Utc>::UNIX_EPOCH).is_none() {
            return Err(ScheduleError::NeverComes { text });
        }
        Ok(Self { text, cron })
    }
}

/// Minute, hour, day, month and weekday.
const FIELDS: usize = 5;

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];

/// Months and days of the week go round: `FRI-MON` is from Friday to Monday. croner has ranges that go up
/// alone.
fn unrolled(text: &str) -> String {
    let fields = text
        .split(' ')
        .enumerate()
        .map(|(place, field)| match place {
            3 => unrolled_in(field, (&MONTHS, 1)),
            4 => unrolled_in(field, (&DAYS, 0)),
            _ => field.to_owned(),
        });
    fields.collect::<Vec<_>>().join(" ")
}

fn unrolled_in(field: &str, (names, first): (&[&str], usize)) -> String {
    let last = first + names.len() - 1;
    let number = |word: &str| {
        let mut all = names.iter();
        let place = all.position(|name| name.eq_ignore_ascii_case(word));
        place.map(|at| at + first).or_else(|| word.parse().ok())
    };
    let round = |range: &str| {
        let (from, to) = range.split_once('-')?;
        let (from, to) = (number(from)?, number(to)?);
        (from > to && from <= last).then(|| format!("{from}-{last},{first}-{to}"))
    };
    let parts = field.split(',');
    let parts = parts.map(|part| round(part).unwrap_or_else(|| part.to_owned()));
    parts.collect::<Vec<_>>().join(",")
}

fn parse(fields: &str) -> Result<Cron, croner::errors::CronError> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed);
    parser.build().parse(fields)
}

/// The next moment of a pattern. What comes at a fixed time of the day comes once, also on a day of which an
/// hour is missing or comes twice. croner is asked for times on the wall alone: in a zone that changes its
/// clocks it finds moments of the past.
fn next_of<Z: TimeZone>(cron: &Cron, after: &DateTime<Z>) -> Option<DateTime<Z>> {
    let is_fixed = cron.determine_job_type() == JobType::FixedTime;
    let zone = after.timezone();
    let moments = walls(cron, after.naive_local()).flat_map(|wall| {
        let mut moments = moments_of(&zone, wall);
        if is_fixed {
            moments.truncate(1);
        } else {
            // What runs every few minutes is not late for those that there were none of.
            moments.retain(|moment| moment.naive_local() == wall);
        }
        moments
    });
    let by_the_wall = moments.into_iter().find(|moment| moment > after);
    if is_fixed {
        return by_the_wall;
    }
    // In an hour that comes twice it goes on; by the wall it would wait for its end.
    let as_now = walls(cron, after.naive_local()).next()?;
    let steady = zone.from_utc_datetime(&(as_now - after.offset().fix()));
    let is_wanted = cron
        .is_time_matching(&steady.naive_local().and_utc())
        .is_ok_and(|is| is);
    by_the_wall
        .into_iter()
        .chain(is_wanted.then_some(steady))
        .min()
}

/// The times of a pattern, as a clock on the wall would show them that nobody ever sets.
fn walls(cron: &Cron, after: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let after = after.with_nanosecond(0).unwrap_or(after).and_utc();
    let next = |last: &DateTime<Utc>| cron.find_next_occurrence(last, false).ok();
    std::iter::successors(next(&after), next).map(|wall| wall.naive_utc())
}

/// When a clock shows this: once, twice, or never, and then what is meant is the end of the gap.
fn moments_of<Z: TimeZone>(zone: &Z, wall: NaiveDateTime) -> Vec<DateTime<Z>> {
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(moment) => vec![moment],
        MappedLocalTime::Ambiguous(first, second) => vec![first, second],
        MappedLocalTime::None => {
            let mut later = (1..=LONGEST_GAP).map(|minutes| wall + Duration::minutes(minutes));
            let moment = later.find_map(|wall| zone.from_local_datetime(&wall).earliest());
            moment.into_iter().collect()
        }
    }
}

impl Spread {
    /// A part of a span that is this machine's own.
    fn within(self, span: TimeDelta) -> TimeDelta {
        TimeDelta::seconds(i64::from(self.0) % span.num_seconds().max(1))
    }
}
