//! What waits for a person, and what the caches say of the disk that it is found on.

use std::collections::BTreeMap;
use std::fs;

use crate::base::{HostPath, ObjectId};
use crate::snapshot::StatCache;
use crate::vault::Objects;

use super::super::compare::{compare, store_or_empty};
use super::super::hints::{quoted, withheld_hints};
use super::super::{FlowError, Places, Session};
use super::found::{Found, counted};
use super::ground::Ground;
use super::scratch;

/// No conflict waits for a decision.
pub fn conflicts(ground: &Ground<'_>) -> Result<Found, Found> {
    let list = &ground.status()?.conflict_list;
    let open = list.files.iter().filter(|line| !line.decided);
    let files = open.map(|line| (line.id.clone(), format!("{}: {}", line.project, line.path)));
    let fields = list.fields.iter();
    let fields = fields.map(|line| (line.id.clone(), line.name()));
    let all: Vec<(String, String)> = files.chain(fields).collect();
    Ok(match all.first() {
        None if list.count() > 0 => Found::ok("decided: the next push carries it"),
        None => Found::ok("none"),
        Some((id, what)) => {
            let waits = if all.len() == 1 { "waits" } else { "wait" };
            let count = counted(all.len() as u64, "conflict");
            Found::warn(
                format!("{count} {waits} for a decision, the first in {what}"),
                format!("holdall conflict resolve {id}"),
            )
        }
    })
}

/// Nothing that was meant to travel is held back.
pub fn withheld(ground: &Ground<'_>) -> Result<Found, Found> {
    let status = ground.status()?;
    let count = status.withheld.len() + status.texts.len();
    if let Some(line) = status.withheld.first() {
        let reason = serde_json::json!(line.reason);
        let reason = reason.as_str().unwrap_or_default().replace('_', " ");
        let message = format!("{count} held back, the first is {} ({reason})", line.file);
        return Ok(Found {
            fix: withheld_hints(&status.withheld, "push").into_iter().next(),
            ..Found::warn(message, "")
        });
    }
    Ok(match status.texts.first() {
        None => Found::ok("nothing"),
        Some(held) => Found::warn(
            format!(
                "{count} held back, the first is the {} of {} ({})",
                held.text.field, held.reference, held.text.rule
            ),
            format!(
                "take the secret out of it, or let that one value travel: `holdall secret allow {}`",
                held.text.fingerprint
            ),
        ),
    })
}

/// What was remembered of the disk can be read, and where everything is looked at, it is true.
pub fn caches(ground: &Ground<'_>) -> Result<Found, Found> {
    let seen = ground.session.places.seen();
    let damaged =
        |message: String| Found::warn(message, format!("rm -r {}", quoted(&seen.to_string())));
    let mut count = 0;
    for entry in fs::read_dir(&seen).into_iter().flatten().flatten() {
        let Ok(file) = HostPath::new(entry.path()) else {
            continue;
        };
        count += 1;
        // Nothing is lost by it: the next run looks at everything again.
        if !matches!(StatCache::is_sound(&file), Ok(true)) {
            return Ok(damaged(format!("{file} is damaged, and is passed by")));
        }
    }
    if ground.options.integrity {
        ground.config()?;
        match lying(ground.session) {
            Ok(Some(name)) => {
                let message = format!("{name} is not as it is remembered: changes were overlooked");
                let fix = damaged(message);
                return Ok(Found {
                    verdict: super::Verdict::Fail,
                    ..fix
                });
            }
            Ok(None) => {}
            // The checks of what waits stand on the same look, and say why it cannot be had.
            Err(_) => return Err(Found::waits("conflicts")),
        }
    }
    Ok(Found::ok(counted(count, "cache")))
}

/// By name what a project or tool comes to.
type Trees = BTreeMap<String, Option<ObjectId>>;

/// A project or tool that comes to something else when nothing is remembered of it. The disk is in use:
/// what differs has to differ from what the caches say before and after.
fn lying(session: &Session<'_>) -> Result<Option<String>, FlowError> {
    let before = trees(session)?;
    let blank = scratch()?;
    let places = Places {
        state: HostPath::new(blank.path())?,
        ..session.places.clone()
    };
    let known = (places, session.config.clone());
    let unknowing = Session::with(session.edges, known, (&session.command, session.watch))?;
    let afresh = trees(&unknowing)?;
    if before == afresh {
        return Ok(None);
    }
    let after = trees(session)?;
    let mut names = afresh.iter().filter(|(name, tree)| {
        let remembered = before.get(*name);
        remembered == after.get(*name) && remembered != Some(*tree)
    });
    Ok(names.next().map(|(name, _)| name.clone()))
}

fn trees(session: &Session<'_>) -> Result<Trees, FlowError> {
    let (store, _stand_in) = store_or_empty(session)?;
    let here = compare(session, &mut Objects::new(&store), None)?.here;
    let each = here.scanned();
    Ok(each
        .map(|scanned| (scanned.unit.key.clone(), scanned.tree))
        .collect())
}
