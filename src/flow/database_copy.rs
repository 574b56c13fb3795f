//! A copy of a database that is in use, for the snapshot to read.

use tempfile::TempPath;

use crate::base::{BaseError, HostPath, TEMP_PREFIX, create_private_dir};
use crate::database::copy;

use super::{FlowError, Places};

/// The copy goes when it was read; after a kill a sweep takes it. Else why there is none.
pub fn copy_of(places: &Places, from: &HostPath) -> Result<TempPath, String> {
    copy_beside_caches(places, from).map_err(|fault| fault.message())
}

fn copy_beside_caches(places: &Places, from: &HostPath) -> Result<TempPath, FlowError> {
    let dir = places.seen();
    create_private_dir(dir.as_path())?;
    let file = tempfile::Builder::new()
        .prefix(TEMP_PREFIX)
        .tempfile_in(&dir)
        .map_err(BaseError::io("write a file in", dir.as_path()))?
        .into_temp_path();
    copy(from, &dir.join(file.file_name().unwrap_or_default()))?;
    Ok(file)
}
