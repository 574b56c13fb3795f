//! The arrows: each verb file is one way through the house, and the only code that knows two boxes.
//!
//! *In*: options from a face, the edges of the process. *Out*: reports that serialize as the JSON
//! people script against. *Never*: print, read the environment, be async.

mod account;
mod added;
pub mod adopt;
mod agreed;
mod allowance;
mod bookkeeping;
mod compare;
pub mod config;
pub mod configure;
pub mod conflict;
mod conflicts;
mod content;
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
mod landing;
mod local_checkout;
mod meeting;
mod memory;
pub mod newcomer;
mod noted;
mod places;
pub mod project;
mod publish;
pub mod pull;
pub mod push;
mod real_names;
pub mod recognise;
mod records;
pub mod report;
mod round;
mod scan;
pub mod secret;
mod session;
pub mod settings;
mod settings_text;
mod standing;
pub mod status;
pub mod sync;
mod unasked;
mod unit;
mod upstream;
mod watch;

pub use crate::snapshot::masked;
pub use error::{ErrorKind, FlowError};
pub use here::Selection;
pub use hints::{quoted, withheld_hints};
pub use places::Places;
pub use session::{Session, Writer};
pub use upstream::Healed;
pub use watch::{Event, Silent, Stage, Watch};
