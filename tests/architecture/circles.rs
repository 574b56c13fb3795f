//! Files that import each other in a circle can only be understood all at once.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::{Fault, Source, module_names};
use super::words::{Word, Words};

type Module = Vec<String>;

/// The files of a room stand above each other: no way of imports leads back to where it began. What
/// a folder's own file has in common with those below it is one thing to read, and no circle.
pub fn files_stand_above_each_other(house: &[(&Source, Words)], faults: &mut Vec<Fault>) {
    let files: BTreeMap<Module, &Source> = house
        .iter()
        .map(|(source, _)| (module_names(&source.path), *source))
        .collect();
    let mut ways: BTreeMap<&Module, BTreeMap<&Module, usize>> = BTreeMap::new();
    for (source, words) in house {
        let (from, _) = files
            .get_key_value(&module_names(&source.path))
            .expect("every source was taken in");
        for path in &words.paths {
            let to = target(source, from, path).and_then(|path| file_of(&files, &path));
            if let Some(to) = to.filter(|to| !from.starts_with(to) && !to.starts_with(from)) {
                let line = ways.entry(from).or_default().entry(to);
                line.or_insert(path.line);
            }
        }
    }
    for (from, next) in &ways {
        for (to, line) in next {
            if reaches(&ways, to, from) {
                let what = format!("goes in a circle: `{}` leads back here", to.join("::"));
                faults.push(files[*from].fault(*line, what));
            }
        }
    }
}

/// The module that a path of a source begins at the crate's root with.
fn target(source: &Source, from: &Module, path: &Word<Vec<String>>) -> Option<Module> {
    if source.is_test(path.line) {
        return None;
    }
    let inline = source.depth_at(path.line) - source.depth;
    let mut here = from.clone();
    here.extend(std::iter::repeat_n("{}".to_owned(), inline));
    let (first, rest) = path.what.split_first()?;
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "super" => {
            let ups = path.what.iter().take_while(|part| *part == "super").count();
            here.truncate(here.len().checked_sub(ups)?);
            here.extend(path.what[ups..].iter().cloned());
            Some(here)
        }
        _ => None,
    }
}

/// The file that a module path leads into.
fn file_of<'f>(files: &'f BTreeMap<Module, &Source>, path: &[String]) -> Option<&'f Module> {
    let prefixes = (1..=path.len()).rev().map(|length| &path[..length]);
    prefixes
        .filter_map(|prefix| files.get_key_value(prefix))
        .map(|(module, _)| module)
        .next()
}

fn reaches(ways: &BTreeMap<&Module, BTreeMap<&Module, usize>>, from: &Module, to: &Module) -> bool {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            open.extend(ways.get(at).into_iter().flat_map(BTreeMap::keys).copied());
        }
    }
    false
}
