//! The contents of versions, as far as people read them.

use crate::base::{Blobs, Kind, Leaf};
use crate::flow::FlowError;
use crate::vault::Objects;

use super::report::{Sized, Thing};

/// Longer texts are not part of a list.
const SHORT: u64 = 64 * 1024;
/// Longer ones are not compared.
const READABLE: u64 = 1 << 20;

pub fn sized(objects: &Objects<'_>, leaf: Option<Leaf>) -> Result<Sized, FlowError> {
    let kind = match leaf.map(|leaf| leaf.kind) {
        None | Some(Kind::Foreign) => Thing::Absent,
        Some(Kind::File) => Thing::File,
        Some(Kind::Exec) => Thing::Exec,
        Some(Kind::Link) => Thing::Link,
        Some(Kind::Tree) => Thing::Directory,
    };
    let content = leaf.filter(|_| !matches!(kind, Thing::Absent | Thing::Directory));
    let size = content.map(|leaf| objects.size(leaf.id)).transpose()?;
    Ok(Sized { kind, size })
}

/// A content that is text and short.
pub fn short_text(objects: &Objects<'_>, leaf: Option<Leaf>) -> Result<Option<String>, FlowError> {
    let Some(leaf) = leaf.filter(|leaf| !matches!(leaf.kind, Kind::Tree | Kind::Foreign)) else {
        return Ok(None);
    };
    if objects.size(leaf.id)? > SHORT {
        return Ok(None);
    }
    Ok(String::from_utf8(objects.blob(leaf.id)?).ok())
}

/// A content that can be compared line by line; nothing is an empty text.
pub fn readable(objects: &Objects<'_>, leaf: Option<Leaf>) -> Result<Option<Vec<u8>>, FlowError> {
    let Some(leaf) = leaf.filter(|leaf| !matches!(leaf.kind, Kind::Tree | Kind::Foreign)) else {
        return Ok(Some(Vec::new()));
    };
    if objects.size(leaf.id)? > READABLE {
        return Ok(None);
    }
    let bytes = objects.blob(leaf.id)?;
    Ok((!bytes.contains(&0)).then_some(bytes))
}
