//! A copy of the settings that a command wrote, or a run went well with, last. A machine whose file is gone
//! would send what its own rules keep back, and nobody could say any more what they were.

use std::path::{Path, PathBuf};

use crate::base::{BaseError, HostPath, create_private_dir, read_if_there, write_atomic};
use crate::config::{Config, ConfigFile};

use super::hints::REPAIR;
use super::{Event, FlowError, Places, Session};

const MAX_FILE: u64 = 1 << 20;

/// Keeps what the file says. Where it cannot be kept the run went well all the same.
pub fn keep(places: &Places) {
    let kept = places.kept_config();
    let [Ok(now), Ok(before)] = [&places.config_file, &kept].map(read) else {
        return;
    };
    if now != before && !says_nothing(now.as_deref()) {
        write_atomic(kept.as_path(), &now.unwrap_or_default()).ok();
    }
}

/// Keeps those that are gone for good, where others are about to take their place: a copy, so that a run which
/// is killed has changed nothing. Where they are, if there were any.
pub fn set_aside(session: &Session<'_>) -> Result<Option<PathBuf>, FlowError> {
    let places = &session.places;
    if !are_gone(places)? {
        return Ok(None);
    }
    let kept = places.kept_config();
    let now = session.edges.clock.now().millis();
    let aside = kept.as_path().with_extension(format!("toml.before-{now}"));
    write_atomic(&aside, &read(&kept)?.unwrap_or_default())?;
    Ok(Some(aside))
}

/// Says that other settings hold now, without the rules of those that are gone.
pub fn tell_others_hold(session: &Session<'_>, aside: &Path) {
    let text = format!(
        "this machine goes on with other settings; those that are gone, with rules of your own, are in {} as they were kept: before the next push, `holdall backup push --dry-run`",
        aside.display()
    );
    session.tell(&Event::Warning { text: &text });
}

/// Whether there were settings, and there is nothing in their place.
pub fn are_gone(places: &Places) -> Result<bool, FlowError> {
    let now = read(&places.config_file)?;
    Ok(says_nothing(now.as_deref()) && read(&places.kept_config())?.is_some())
}

/// Puts them back, if they are gone.
pub fn put_back(places: &Places) -> Result<bool, FlowError> {
    if !are_gone(places)? {
        return Ok(false);
    }
    let kept = read(&places.kept_config())?.unwrap_or_default();
    let file = places.config_file.as_path();
    if let Some(dir) = file.parent() {
        create_private_dir(dir)?;
    }
    write_atomic(file, &kept)?;
    Ok(true)
}

/// Opens the file to change it. One that is gone is not begun anew with a single key.
pub fn open(places: &Places) -> Result<ConfigFile, FlowError> {
    refuse_gone(places)?;
    Ok(ConfigFile::open(&places.config_file)?)
}

/// Writes what was changed, and keeps it.
pub fn save(places: &Places, file: &mut ConfigFile) -> Result<(), FlowError> {
    file.save()?;
    // One with a fault elsewhere is mended key by key.
    if Config::load(&places.config_file).is_ok() {
        keep(places);
    }
    Ok(())
}

/// Ends what would be about the defaults in the place of settings that are gone.
pub fn refuse_gone(places: &Places) -> Result<(), FlowError> {
    if !are_gone(places)? {
        return Ok(());
    }
    Err(FlowError::Lacking {
        what: words(places),
        hints: vec![format!("nothing was changed: `{REPAIR}`"), anew()],
    })
}

impl Session<'_> {
    /// The session, unless its settings are gone.
    pub fn settled(self) -> Result<Self, FlowError> {
        refuse_gone(&self.places)?;
        Ok(self)
    }
}

/// What is gone.
#[must_use]
pub fn words(places: &Places) -> String {
    format!(
        "{} is gone or empty: it said where the remote is, and what is to stay on this machine",
        places.config_file
    )
}

/// What to do about it, the best first.
#[must_use]
pub fn hints(places: &Places) -> Vec<String> {
    let kept = places.kept_config();
    let first = kept.as_path().exists().then(|| REPAIR.to_owned());
    first.into_iter().chain([anew()]).collect()
}

fn anew() -> String {
    "or begin with the defaults, and see first what they send: `holdall backup configure URL`, then \
     `holdall backup push --dry-run`"
        .to_owned()
}

fn read(file: &HostPath) -> Result<Option<Vec<u8>>, BaseError> {
    read_if_there(file.as_path(), MAX_FILE)
}

/// A file that a power cut left empty says as much as none.
fn says_nothing(bytes: Option<&[u8]>) -> bool {
    bytes.is_none_or(|bytes| bytes.trim_ascii().iter().all(|byte| *byte == 0))
}
