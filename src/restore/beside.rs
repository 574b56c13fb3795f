//! What a run changes beside the files: empty directories and modes.

use std::ffi::OsString;
use std::io;

use super::kept::{StepOutcome, WhyKept};
use super::place::{Place, Root, Standing};

pub fn make_dir(root: &Root, names: &[OsString], place: &Place) -> io::Result<StepOutcome> {
    Ok(match place.standing()? {
        Standing::Nothing => {
            place.make_dir()?;
            StepOutcome::Done
        }
        Standing::Dir if root.is_spelled(&place.dir, names)? => StepOutcome::Already,
        Standing::Dir => StepOutcome::Kept(WhyKept::CaseClash),
        _ => StepOutcome::Kept(WhyKept::InTheWay),
    })
}

pub fn remove_dir(place: &Place) -> io::Result<StepOutcome> {
    Ok(done(place.remove_dir()?))
}

pub fn set_private(place: &Place, private: bool) -> io::Result<StepOutcome> {
    let Standing::File { mode } = place.standing()? else {
        return Ok(StepOutcome::Already);
    };
    let wanted = mode_to_set(mode, private);
    if let Some(wanted) = wanted {
        place.set_mode(wanted)?;
    }
    Ok(done(wanted.is_some()))
}

const fn done(is_new: bool) -> StepOutcome {
    if is_new {
        StepOutcome::Done
    } else {
        StepOutcome::Already
    }
}

/// The mode for a file that is to be readable by its owner alone, or by others again; nothing
/// where it is so already.
#[must_use]
pub fn mode_to_set(mode: u32, private: bool) -> Option<u32> {
    let wanted = if private { mode & 0o700 } else { mode | 0o044 };
    ((wanted ^ mode) & 0o777 != 0).then_some(wanted)
}
