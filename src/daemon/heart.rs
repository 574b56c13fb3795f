//! The heartbeat: once a minute.

use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::base::{Edges, Timestamp};

use super::log::Log;

/// At each full minute, in UTC: what the clock on the wall does to the time of day is no matter here.
const EACH_MINUTE: &str = "0 * * * * *";
/// The scheduler goes by the clock: one that was set back by a day would be silent for a day.
const SILENCE: Duration = Duration::from_secs(90);
/// Who was away for so long may find another network, in milliseconds.
const ABSENCE: i64 = 150_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    Usual,
    /// The machine slept, or its clock was set forward.
    AfterSleep,
}

pub struct Heart<'a> {
    edges: &'a Edges,
    log: &'a Log<'a>,
    beats: Option<(JobScheduler, Receiver<()>)>,
    last: Timestamp,
}

impl<'a> Heart<'a> {
    pub async fn start(edges: &'a Edges, log: &'a Log<'a>) -> Self {
        let mut heart = Self {
            edges,
            log,
            beats: None,
            last: edges.clock.now(),
        };
        heart.begin().await;
        heart
    }

    async fn begin(&mut self) {
        self.beats = match scheduler().await {
            Ok(beats) => Some(beats),
            Err(fault) => {
                self.log
                    .warn(&format!("the scheduler did not start: {fault}"));
                None
            }
        };
    }

    /// Waits for the next one. One that is not waited for to its end is not lost.
    pub async fn beat(&mut self) -> Beat {
        let heard = if let Some((_, beats)) = &mut self.beats {
            timeout(SILENCE, beats.recv()).await.ok().flatten()
        } else {
            tokio::time::sleep(SILENCE).await;
            None
        };
        if heard.is_none() {
            if let Some((mut silent, _)) = self.beats.take() {
                silent.shutdown().await.ok();
            }
            self.begin().await;
        }
        let now = self.edges.clock.now();
        let away = now.millis() - self.last.millis();
        self.last = now;
        if away > ABSENCE {
            Beat::AfterSleep
        } else {
            Beat::Usual
        }
    }
}

async fn scheduler() -> Result<(JobScheduler, Receiver<()>), JobSchedulerError> {
    let (send, beats) = channel(1);
    let scheduler = JobScheduler::new().await?;
    let job = Job::new(EACH_MINUTE, move |_, _| {
        // One that waits already says all there is to say.
        send.try_send(()).ok();
    })?;
    scheduler.add(job).await?;
    scheduler.start().await?;
    Ok((scheduler, beats))
}
