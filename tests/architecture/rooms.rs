//! Who may import whom, and who owns which library.

use super::table::{Owner, floor_of, owner_of};
use super::tree::{Fault, House, Source};
use super::words::{Word, Words};

/// Every folder of `src/` is on a floor, and nothing else lies beside the folders.
pub fn every_room_has_a_floor(house: &House, faults: &mut Vec<Fault>) {
    for folder in house.folders() {
        let Some(room) = folder.strip_prefix("src/") else {
            continue;
        };
        if !room.contains('/') && (floor_of(room).is_none() || matches!(room, "main" | "lib")) {
            let what = format!("the room `{room}` has no row in the table of floors");
            faults.push(Fault::new(&format!("{folder}/mod.rs"), 1, what));
        }
    }
    for source in house
        .sources
        .iter()
        .filter(|s| s.path.matches('/').count() == 1)
    {
        if !matches!(source.path.as_str(), "src/lib.rs" | "src/main.rs") {
            faults.push(source.fault(1, "lies beside the rooms: every room is a folder"));
        }
    }
}

/// `lib.rs` lists rooms, so that `crate::x` always names a room.
pub fn the_root_lists_rooms_only(house: &House, faults: &mut Vec<Fault>) {
    let Some(root) = house.source("src/lib.rs") else {
        return;
    };
    for item in &root.file.items {
        let lists = matches!(item, syn::Item::Mod(module) if module.content.is_none());
        if !lists {
            let line = super::tree::Lines::of(item).first;
            faults.push(root.fault(line, "lib.rs holds `mod` lines only"));
        }
    }
}

/// Each path of a source leads to its own room, to a room of its row, or to a library it owns.
pub fn paths_stay_in_their_row(source: &Source, words: &Words, faults: &mut Vec<Fault>) {
    for path in &words.paths {
        let fault = match from_the_root(source, path) {
            Some([]) => Some("names the whole crate: name the room".to_owned()),
            Some([room, ..]) => room_fault(source, room),
            None => library_fault(source, path),
        };
        faults.extend(fault.map(|what| source.fault(path.line, what)));
    }
}

/// What follows the crate's root in a path that goes through it.
fn from_the_root<'a>(source: &Source, path: &'a Word<Vec<String>>) -> Option<&'a [String]> {
    let mut rest = path.what.as_slice();
    let mut depth = source.depth_at(path.line);
    match rest.split_first() {
        Some((first, tail)) if first == "crate" => (rest, depth) = (tail, 0),
        Some((first, tail)) if first == "holdall" && source.room == "main" => {
            (rest, depth) = (tail, 0);
        }
        Some((first, tail)) if first == "self" && depth > 0 => rest = tail,
        Some((first, _)) if first == "super" => {}
        _ => return None,
    }
    while let Some((first, tail)) = rest.split_first()
        && first == "super"
    {
        (rest, depth) = (tail, depth.saturating_sub(1));
    }
    (depth == 0).then_some(match rest.first().map(String::as_str) {
        Some("self" | "*") => &[],
        _ => rest,
    })
}

fn room_fault(source: &Source, room: &str) -> Option<String> {
    let own = source.room.as_str();
    if room == own {
        return None;
    }
    if floor_of(room).is_none() || room == "main" {
        return Some(format!(
            "`crate::{room}` is no room: only rooms lie at the crate's root"
        ));
    }
    match floor_of(own) {
        Some(floor) if floor.may.contains(&room) => None,
        Some(floor) if floor.may.is_empty() => Some(format!(
            "`{own}` may not import `{room}`: it imports nothing"
        )),
        Some(floor) => Some(format!(
            "`{own}` may not import `{room}`: it may import {}",
            floor.may.join(", ")
        )),
        None => Some(format!("`{own}` has no row, so it may not import `{room}`")),
    }
}

fn library_fault(source: &Source, path: &Word<Vec<String>>) -> Option<String> {
    let (own, library) = (source.room.as_str(), path.what.first()?.as_str());
    match owner_of(library)? {
        Owner::Anyone => None,
        Owner::Rooms(rooms) if rooms.contains(&own) => None,
        Owner::Rooms(rooms) => Some(format!(
            "`{own}` may not use `{library}`: it belongs to {}",
            rooms.join(", ")
        )),
        Owner::Tests => Some(format!("`{library}` is for tests/ only")),
    }
}

/// Every dependency in Cargo.toml has a row in the table of libraries.
pub fn every_library_has_an_owner(manifest: &str, faults: &mut Vec<Fault>) {
    const PATH: &str = "Cargo.toml";
    let document = match manifest.parse::<toml_edit::Document<String>>() {
        Ok(document) => document,
        Err(error) => {
            faults.push(Fault::new(PATH, 1, format!("is not TOML: {error}")));
            return;
        }
    };
    for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(table) = document.get(table).and_then(|item| item.as_table_like()) else {
            continue;
        };
        for (key, name) in table
            .iter()
            .filter_map(|(key, _)| Some((table.key(key)?, key)))
        {
            if owner_of(&name.replace('-', "_")).is_none() {
                let start = key.span().map_or(0, |span| span.start);
                let line = 1 + manifest[..start].matches('\n').count();
                let what = format!("`{name}` has no row in the table of libraries");
                faults.push(Fault::new(PATH, line, what));
            }
        }
    }
}
