//! What can be wrong with a schedule.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum ScheduleError {
    #[error("`{text}` is no schedule: {reason}")]
    Unreadable { text: String, reason: String },
    #[error("`{text}` is a time that never comes")]
    NeverComes { text: String },
}
