//! How far a long run is: one line on a terminal's stderr, which comes late and goes without a trace.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::Progress;
use crate::flow::Stage;

use super::show::{bytes, count, grouped};

/// A run that ends sooner shows nothing.
const LATE: Duration = Duration::from_millis(500);
/// Nobody reads faster.
const BETWEEN: Duration = Duration::from_millis(100);

pub struct Bar {
    began: Instant,
    stage: Option<(Stage, Instant)>,
    drawn: Option<Instant>,
    line: ProgressBar,
}

impl Bar {
    #[must_use]
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            stage: None,
            drawn: None,
            line: ProgressBar::hidden(),
        }
    }

    /// Shows how far a stage is, unless it is too early or too soon.
    pub fn show(&mut self, stage: Stage, now: Progress) {
        let at = Instant::now();
        let since = match self.stage {
            Some((known, since)) if known == stage => since,
            _ => self.stage.insert((stage, at)).1,
        };
        let rests = self.drawn.is_some_and(|drawn| at - drawn < BETWEEN);
        if rests || at - self.began < LATE {
            return;
        }
        if self.drawn.is_none() {
            self.line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        }
        self.drawn = Some(at);
        let template = match now.of {
            Some(_) => "{prefix:9} [{bar:20}] {wide_msg}",
            None => "{prefix:9} {wide_msg}",
        };
        let style = ProgressStyle::with_template(template).expect("the template is sound");
        self.line.set_style(style.progress_chars("=> "));
        self.line.set_length(now.of.unwrap_or(now.done).max(1));
        self.line.set_prefix(word(stage));
        self.line.set_message(far(stage, now, at - since));
        self.line.set_position(now.done);
        self.line.tick();
    }

    /// Takes the line away, for something else to be said.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            self.line.finish_and_clear();
        }
    }
}

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Looking => "looking",
        Stage::Reading => "reading",
        Stage::Checking => "checking",
        Stage::Sending => "sending",
        Stage::Fetching => "fetching",
        Stage::Writing => "writing",
        Stage::Verifying => "verifying",
    }
}

/// `1,234 of 16,000 files, 12.3 MB, 4.5 MB a second`
fn far(stage: Stage, now: Progress, took: Duration) -> String {
    let one = match stage {
        Stage::Looking => return count(now.done, "checkout"),
        Stage::Sending | Stage::Fetching | Stage::Verifying => "object",
        _ => "file",
    };
    let what = match now.of {
        Some(of) => format!("{} of {}", grouped(now.done), count(of, one)),
        None => count(now.done, one),
    };
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = match now.bytes.saturating_mul(1000) / millis {
        0 => String::new(),
        rate => format!(", {} a second", bytes(rate)),
    };
    format!("{what}, {}{rate}", bytes(now.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_files_bytes_and_rate() {
        let now = Progress {
            done: 1_234,
            of: Some(16_000),
            bytes: 3 << 20,
        };
        let took = Duration::from_secs(2);
        assert_eq!(
            far(Stage::Reading, now, took),
            "1,234 of 16,000 files, 3 MB, 1.5 MB a second"
        );
        let now = Progress {
            done: 1,
            of: None,
            bytes: 0,
        };
        assert_eq!(far(Stage::Fetching, now, took), "1 object, 0 bytes");
    }
}
