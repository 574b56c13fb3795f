//! Two versions of a text side by side, as people read them.

use git2::{DiffOptions, Patch};

use crate::base::VaultPath;

use super::VaultError;
use super::merge_text::is_comparable;

/// A unified diff of two contents; nothing where one of them is no text, or has very many lines.
pub fn text_patch(
    path: &VaultPath,
    before: &[u8],
    after: &[u8],
) -> Result<Option<String>, VaultError> {
    if before.contains(&0) || after.contains(&0) || !is_comparable(&[before, after]) {
        return Ok(None);
    }
    let name = std::path::Path::new(path.as_str());
    let mut options = DiffOptions::new();
    let fault = |source| VaultError::Git {
        action: "compare texts of",
        path: name.to_owned(),
        source,
    };
    let mut made = Patch::from_buffers(before, Some(name), after, Some(name), Some(&mut options))
        .map_err(fault)?;
    let text = made.to_buf().map_err(fault)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}
