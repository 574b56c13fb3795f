//! Records as the vault has them: what anybody may have put in their places.

use crate::base::{Blobs, Kind, Leaf, StoreError, VaultPath};
use crate::layout::{LayoutError, Record, check_record_size};

/// The record that a file of the vault holds, or how it breaks the contract. What is in its place and
/// is no file is no record.
pub fn record<R: Record>(
    blobs: &dyn Blobs,
    path: &VaultPath,
    leaf: Option<Leaf>,
) -> Result<Option<Result<R, LayoutError>>, StoreError> {
    let bytes = record_bytes(blobs, path, leaf)?;
    Ok(bytes.map(|bytes| R::read(path, &bytes?)))
}

/// Its bytes; what is longer than a record may be is not even read.
pub fn record_bytes(
    blobs: &dyn Blobs,
    path: &VaultPath,
    leaf: Option<Leaf>,
) -> Result<Option<Result<Vec<u8>, LayoutError>>, StoreError> {
    let Some(leaf) = leaf.filter(is_file) else {
        return Ok(None);
    };
    Ok(Some(match check_record_size(path, blobs.size(leaf.id)?) {
        Ok(()) => Ok(blobs.blob(leaf.id)?),
        Err(fault) => Err(fault),
    }))
}

/// No directory, link or submodule.
#[must_use]
pub const fn is_file(leaf: &Leaf) -> bool {
    matches!(leaf.kind, Kind::File | Kind::Exec)
}
