//! The arrows: each verb file is one way through the house, and the only code that knows two boxes.
//!
//! *In*: options from a face, the edges of the process. *Out*: reports that serialize as the JSON
//! people script against. *Never*: print, read the environment, be async.

mod account;
mod added;
mod agreed;
mod allowance;
mod bookkeeping;
mod compare;
pub mod config;
pub mod configure;
mod conflicts;
mod database_copy;
mod enrolment;
mod equal;
mod error;
pub mod explain;
mod filing;
mod guard;
mod half_line;
mod held;
mod here;
mod hints;
pub mod history;
mod journal;
mod landing;
mod meeting;
mod memory;
mod noted;
mod pause;
mod places;
pub mod project;
mod publish;
pub mod pull;
pub mod push;
mod real_names;
mod records;
pub mod report;
pub mod restore_at;
mod round;
mod scan;
pub mod secret;
mod session;
pub mod settings;
mod settings_text;
mod standing;
pub mod status;
mod take;
mod unasked;
pub mod undo;
mod unit;
mod upstream;
mod watch;

pub use crate::snapshot::masked;
pub use error::{ErrorKind, FlowError};
pub use here::Selection;
pub use hints::{quoted, withheld_hints};
pub use places::Places;
pub use session::{Session, Writer};
pub use take::{Take, TakenLine};
pub use upstream::Healed;
pub use watch::{Event, Silent, Stage, Watch};
