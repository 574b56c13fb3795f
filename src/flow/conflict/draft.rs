//! A conflict as a text that a person edits: both versions, with markers where they differ.

use std::collections::BTreeSet;

use crate::flow::compare::store_or_empty;
use crate::flow::{FlowError, Session};
use crate::vault::{Objects, marked_merge};

use super::content::readable;
use super::seen::{Draft, EitherSeen, Seen};
use super::view::{Conflict, View};

/// What to edit.
pub fn draft(session: &Session<'_>, wanted: &str) -> Result<Draft, FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let mut objects = Objects::new(&store);
    let view = View::of(session, &mut objects)?;
    let conflict = view.find(session, wanted)?;
    let version = conflict.only_version()?;
    let [base, vault, local] =
        [version.base, conflict.vault, version.local].map(|leaf| readable(&objects, leaf));
    let (Some(base), Some(vault), Some(local)) = (base?, vault?, local?) else {
        return Err(FlowError::Refused {
            what: format!("{} is no text that can be edited", conflict.reference()),
            hint: "take one version as it is: `--use vault` or `--use local`".to_owned(),
        });
    };
    let text = marked_merge(
        (&base, "what both came from"),
        (&vault, "vault"),
        (&local, &version.machine),
    )?;
    Ok(Draft {
        id: conflict.id.clone(),
        name: conflict.path.name().unwrap_or_default().to_owned(),
        text,
        seen: EitherSeen::File(Seen::of(conflict)),
    })
}

/// The lines of a text that are markers, of a conflict or of an example of one.
#[must_use]
pub fn markers(text: &[u8]) -> BTreeSet<Vec<u8>> {
    let lines = text.split(|byte| *byte == b'\n');
    let marked = |line: &&[u8]| line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> ");
    lines.filter(marked).map(<[u8]>::to_vec).collect()
}

/// Markers that no version had are somebody's unfinished work.
pub fn refuse_markers(
    objects: &Objects<'_>,
    conflict: &Conflict,
    text: &[u8],
) -> Result<(), FlowError> {
    let mut found = markers(text);
    if found.is_empty() {
        return Ok(());
    }
    let locals = conflict.versions.iter().map(|version| version.local);
    for leaf in locals.chain([conflict.vault]) {
        for known in readable(objects, leaf)?.iter().flat_map(|it| markers(it)) {
            found.remove(&known);
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(FlowError::Refused {
        what: format!("the text for {} still has conflict markers", conflict.reference()),
        hint: "choose between what stands within `<<<<<<<` and `>>>>>>>`, take the markers out, and try again".to_owned(),
    })
}
