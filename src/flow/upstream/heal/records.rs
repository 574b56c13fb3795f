//! Records of two histories, merged field by field: what one of them wrote does not undo the other.

use serde_json::{Map, Value};

use crate::base::{Leaf, VaultPath};
use crate::layout::Record;
use crate::vault::Objects;

use super::Histories;
use crate::flow::{FlowError, stored};

/// The merged record; nothing where no record comes of it.
pub(super) fn merge<R: Record>(
    objects: &Objects<'_>,
    path: &VaultPath,
    leaves: Histories<Option<Leaf>>,
) -> Result<Option<R>, FlowError> {
    let values = leaves.each(|leaf| {
        let bytes = stored::record_bytes(objects, path, *leaf)?;
        Ok(bytes
            .and_then(Result::ok)
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()))
    })?;
    let Histories { base, seen, tip } = &values;
    let Some(merged) = merge_values(base.as_ref(), seen.as_ref(), tip.as_ref()) else {
        return Ok(None);
    };
    let bytes = serde_json::to_vec(&merged).expect("plain data with text keys");
    // Two records that are right can make one that is not: then the tip's stays.
    Ok(R::read(path, &bytes).ok())
}

/// Three-way: objects by key, lists by item. Where both changed a plain value the tip's stays, and
/// what one deleted and the other changed is there.
fn merge_values(base: Option<&Value>, seen: Option<&Value>, tip: Option<&Value>) -> Option<Value> {
    if seen == base || seen == tip {
        return tip.cloned();
    }
    if tip == base {
        return seen.cloned();
    }
    match (seen, tip) {
        (Some(Value::Object(seen)), Some(Value::Object(tip))) => {
            let base = base.and_then(Value::as_object);
            Some(Value::Object(by_key(base, seen, tip)))
        }
        (Some(Value::Array(seen)), Some(Value::Array(tip))) => {
            let base = base
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice);
            Some(Value::Array(by_item(base, seen, tip)))
        }
        (Some(seen), None) => Some(seen.clone()),
        _ => tip.cloned(),
    }
}

fn by_key(
    base: Option<&Map<String, Value>>,
    seen: &Map<String, Value>,
    tip: &Map<String, Value>,
) -> Map<String, Value> {
    let new = seen.keys().filter(|key| !tip.contains_key(*key));
    let merged = tip.keys().chain(new).filter_map(|key| {
        let before = base.and_then(|base| base.get(key));
        let value = merge_values(before, seen.get(key), tip.get(key))?;
        Some((key.clone(), value))
    });
    merged.collect()
}

/// The tip's items without those that the lost history dropped, then those that it added.
fn by_item(base: &[Value], seen: &[Value], tip: &[Value]) -> Vec<Value> {
    let dropped = |item: &Value| base.contains(item) && !seen.contains(item);
    let added = |item: &Value| !base.contains(item) && !tip.contains(item);
    let kept = tip.iter().filter(|item| !dropped(item));
    let new = seen.iter().filter(|item| added(item));
    kept.chain(new).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(base: &Value, seen: &Value, tip: &Value) -> Value {
        merge_values(Some(base), Some(seen), Some(tip)).expect("something is left")
    }

    #[test]
    fn each_history_keeps_what_it_changed() {
        let base = json!({"same": 1, "mine": 1, "theirs": 1, "both": 1, "gone": 1, "left": 1});
        let seen = json!({"same": 1, "mine": 2, "theirs": 1, "both": 2, "left": 1, "new": 2});
        let tip = json!({"same": 1, "mine": 1, "theirs": 3, "both": 3, "gone": 1, "added": 3});
        let all = json!({"same": 1, "mine": 2, "theirs": 3, "both": 3, "added": 3, "new": 2});
        assert_eq!(merged(&base, &seen, &tip), all);
    }

    #[test]
    fn notes_and_lists_are_merged_inside() {
        let base = json!({"paths": {"x": {"dir": true}}, "dirs": ["a", "b"]});
        let seen =
            json!({"paths": {"x": {"dir": true}, "p": {"mode": "0600"}}, "dirs": ["b", "c"]});
        let tip = json!({"paths": {"q": {"mode": "0600"}}, "dirs": ["a", "b", "d"]});
        let all = json!({
            "paths": {"q": {"mode": "0600"}, "p": {"mode": "0600"}},
            "dirs": ["b", "d", "c"],
        });
        assert_eq!(merged(&base, &seen, &tip), all);
    }
}
