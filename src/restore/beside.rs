//! What a run changes beside the contents of files: empty directories, modes and times.

use std::ffi::OsString;
use std::fs::File;
use std::io;

use rustix::fs::{Timespec, Timestamps, UTIME_OMIT};

use super::kept::{StepOutcome, WhyKept};
use super::place::Place;
use super::seen::{Disk, Spot, Standing};

/// What becomes of a directory that is to be made.
pub fn dir_to_make<D: Disk>(
    disk: &D,
    names: &[OsString],
    spot: &D::Spot,
) -> io::Result<StepOutcome> {
    Ok(match spot.standing_at(spot.name())? {
        Standing::Nothing => StepOutcome::Done,
        Standing::Dir if disk.has_spelled(spot, names)? => StepOutcome::Already,
        Standing::Dir => StepOutcome::Kept(WhyKept::CaseClash),
        _ => StepOutcome::Kept(WhyKept::InTheWay),
    })
}

pub fn set_private(place: &Place, private: bool) -> io::Result<StepOutcome> {
    let wanted = mode_of(place, private)?;
    if let Some(wanted) = wanted {
        place.set_mode(wanted)?;
    }
    Ok(done(wanted.is_some()))
}

/// The mode that a file is to be given, if it has another one.
pub fn mode_of(spot: &impl Spot, private: bool) -> io::Result<Option<u32>> {
    Ok(match spot.standing_at(spot.name())? {
        Standing::File { mode } => mode_to_set(mode, private),
        _ => None,
    })
}

pub const fn done(is_new: bool) -> StepOutcome {
    if is_new {
        StepOutcome::Done
    } else {
        StepOutcome::Already
    }
}

/// The mode for a file that is to be readable by its owner alone, or by others again; nothing
/// where it is so already.
fn mode_to_set(mode: u32, private: bool) -> Option<u32> {
    let wanted = if private { mode & 0o700 } else { mode | 0o044 };
    ((wanted ^ mode) & 0o777 != 0).then_some(wanted)
}

/// Sets when a file was written last.
pub fn set_time(file: &File, mtime_ns: i64) -> io::Result<()> {
    const SECOND: i64 = 1_000_000_000;
    let times = Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: mtime_ns.div_euclid(SECOND),
            tv_nsec: mtime_ns.rem_euclid(SECOND),
        },
    };
    Ok(rustix::fs::futimens(file, &times)?)
}
