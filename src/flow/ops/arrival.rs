//! What the vault has of everybody's ops comes into the store.

use std::collections::BTreeMap;

use crate::base::{Blobs, Kind, ObjectId, TreeEntry, Trees, VaultPath};
use crate::layout::{Frontier, MachineRecord, OpId, Record, Segment, TextName, names};
use crate::merge::{find, list_dir};
use crate::tasks::{Change, Reading, Store};
use crate::vault::Objects;

use super::super::{Event, FlowError, Session};
use super::frontier;

/// The last op of each chain that the vault has, by the chain's name.
pub type Theirs = BTreeMap<String, Tip>;

/// The end of a chain in the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    pub seq: u64,
    pub id: OpId,
    /// The segment that it stands in.
    pub last: ObjectId,
    pub first: u64,
}

/// What came.
pub struct Came {
    pub received: usize,
    pub theirs: Theirs,
}

/// A chain's segments, by the number of their first op.
type Segments = BTreeMap<u64, ObjectId>;

pub fn has_ops(objects: &Objects<'_>, tree: ObjectId) -> Result<bool, FlowError> {
    Ok(find(objects, Some(tree), &names::ops_dir())?.is_some())
}

/// The ends of all chains, without taking anything in.
pub fn heads(objects: &Objects<'_>, tree: ObjectId) -> Result<Theirs, FlowError> {
    let mut theirs = Theirs::new();
    for (name, segments) in chains(objects, tree)? {
        if let Some(tip) = tip(objects, &name, &segments)? {
            theirs.insert(name, tip);
        }
    }
    Ok(theirs)
}

/// Takes in whatever is not here yet.
pub fn arrive(
    session: &Session<'_>,
    store: &mut Store,
    objects: &Objects<'_>,
    tree: ObjectId,
) -> Result<Came, FlowError> {
    let mut came = Came {
        received: 0,
        theirs: Theirs::new(),
    };
    for (name, segments) in chains(objects, tree)? {
        let Some(tip) = tip(objects, &name, &segments)? else {
            let text = format!("the ops of {name} in the vault cannot be read: they stay there");
            session.tell(&Event::Warning { text: &text });
            continue;
        };
        let known = store.reading().chain(&name)?;
        let is_known = known
            .as_ref()
            .is_some_and(|it| (it.seq, it.id) == (tip.seq, tip.id));
        if !is_known {
            let after = known.map_or(0, |chain| chain.seq);
            came.received += take_in(session, store, objects, (&name, &segments, after))?;
        }
        came.theirs.insert(name, tip);
    }
    texts(session, store, objects, tree)?;
    compare(session, store, objects, tree)?;
    Ok(came)
}

/// The chains of the vault. What else lies there is nobody's.
fn chains(objects: &Objects<'_>, tree: ObjectId) -> Result<Vec<(String, Segments)>, FlowError> {
    let mut chains = Vec::new();
    for dir in list_dir(objects, Some(tree), &names::ops_dir())? {
        let Some(name) = text_of(&dir).filter(|name| names::is_chain(name)) else {
            continue;
        };
        if dir.kind != Kind::Tree {
            continue;
        }
        let entries = objects.tree(dir.id)?;
        let files = entries.iter().filter(|entry| entry.kind == Kind::File);
        let segments =
            files.filter_map(|entry| Some((names::segment_first(&text_of(entry)?)?, entry.id)));
        chains.push((name, segments.collect()));
    }
    Ok(chains)
}

fn text_of(entry: &TreeEntry) -> Option<String> {
    String::from_utf8(entry.name.clone()).ok()
}

/// The end of a chain; nothing where its last segment cannot be read at all, or is not what its place says.
fn tip(objects: &Objects<'_>, name: &str, segments: &Segments) -> Result<Option<Tip>, FlowError> {
    let Some((first, id)) = segments.last_key_value() else {
        return Ok(None);
    };
    let bytes = objects.blob(*id)?;
    let path = names::segment(name, *first)?;
    let segment = Segment::read(&path, &bytes).ok();
    let segment = segment.filter(|it| is_in_its_place(it, (name, &path)));
    Ok(segment.map(|segment| Tip {
        seq: segment.next() - 1,
        id: segment.chain(),
        last: *id,
        first: *first,
    }))
}

fn take_in(
    session: &Session<'_>,
    store: &mut Store,
    objects: &Objects<'_>,
    (name, segments, after): (&str, &Segments, u64),
) -> Result<usize, FlowError> {
    // The segment that goes on behind what is here, or the last one where the vault has less.
    let begin = segments.range(..=after + 1).next_back();
    let begin = begin.map_or(1, |(first, _)| *first);
    let wanted: Vec<_> = segments.range(begin..).collect();
    if let Some(received) = some(session, store, objects, (name, &wanted))? {
        return Ok(received);
    }
    // Another chain stands under this name: ours goes aside, and this one is read from its beginning.
    store.change(session.edges, |change| change.part(name))?;
    let all: Vec<_> = segments.iter().collect();
    let received = some(session, store, objects, (name, &all))?;
    Ok(received.unwrap_or(0))
}

/// Takes in some segments of a chain. Nothing where they do not go on where the store ends.
fn some(
    session: &Session<'_>,
    store: &mut Store,
    objects: &Objects<'_>,
    (name, wanted): (&str, &[(&u64, &ObjectId)]),
) -> Result<Option<usize>, FlowError> {
    let mut contents = Vec::new();
    for (first, id) in wanted {
        contents.push((names::segment(name, **first)?, objects.blob(**id)?));
    }
    let segments = whole(session, name, &contents);
    let arrival = store.change(session.edges, |change: &mut Change<'_>| {
        change.arrive(name, &segments)
    })?;
    for (seq, why) in arrival.iter().flat_map(|arrival| &arrival.aside) {
        let text = format!("op {seq} of {name} is set aside: {why}");
        session.tell(&Event::Warning { text: &text });
    }
    Ok(arrival.map(|arrival| arrival.new))
}

/// Segments as far as each goes on where the one before it ends.
fn whole<'c>(
    session: &Session<'_>,
    name: &str,
    contents: &'c [(VaultPath, Vec<u8>)],
) -> Vec<Segment<'c>> {
    let mut segments: Vec<Segment<'c>> = Vec::new();
    for (path, bytes) in contents {
        let fault = match Segment::read(path, bytes) {
            Ok(mut segment) if goes_on(segments.last(), &segment, (name, path)) => {
                let fault = segment.fault.take().map(|fault| fault.to_string());
                segments.push(segment);
                fault
            }
            Ok(_) => Some(format!("{path} does not go on where the ops before it end")),
            Err(fault) => Some(fault.to_string()),
        };
        if let Some(fault) = fault {
            let text = format!("{fault}: what is behind it stays in the vault");
            session.tell(&Event::Warning { text: &text });
            break;
        }
    }
    segments
}

/// Whether a segment stands where it says that it does, behind the one before it.
fn goes_on(before: Option<&Segment<'_>>, it: &Segment<'_>, place: (&str, &VaultPath)) -> bool {
    let begins = (it.header.first, it.header.prev);
    is_in_its_place(it, place) && before.is_none_or(|it| (it.next(), it.chain()) == begins)
}

/// No file is named after an op 0: behind this no number is too small to be counted back from.
fn is_in_its_place(it: &Segment<'_>, (name, path): (&str, &VaultPath)) -> bool {
    let is_named = path.name() == Some(&names::segment_name(it.header.first));
    is_named && name.split('~').next() == Some(it.header.replica.as_str())
}

/// Long values that something here shows.
fn texts(
    session: &Session<'_>,
    store: &mut Store,
    objects: &Objects<'_>,
    tree: ObjectId,
) -> Result<(), FlowError> {
    let wanted = store.reading().wanted()?;
    let mut found: Vec<(TextName, Vec<u8>)> = Vec::new();
    for name in wanted {
        if let Some(leaf) = find(objects, Some(tree), &names::long_text(&name))? {
            let bytes = objects.blob(leaf.id)?;
            if TextName::of(&bytes) == name {
                found.push((name, bytes));
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    store.change(session.edges, |change| {
        found
            .iter()
            .try_for_each(|(name, bytes)| change.put_text(name, bytes))
    })?;
    Ok(())
}

/// A machine that has read the same ops came to the same: else one of the two is wrong, and this one
/// makes all that it made of them again.
fn compare(
    session: &Session<'_>,
    store: &mut Store,
    objects: &Objects<'_>,
    tree: ObjectId,
) -> Result<(), FlowError> {
    let Some(name) = who_differs(&store.reading(), objects, tree)? else {
        return Ok(());
    };
    let text = format!(
        "this machine and {name} have read the same ops and came to something else: \
         all of it is made again of the ops here"
    );
    session.tell(&Event::Warning { text: &text });
    store.rebuild(session.edges)?;
    if let Some(name) = who_differs(&store.reading(), objects, tree)? {
        let text =
            format!("{name} still has something else: `holdall sync` there makes it again, too");
        session.tell(&Event::Warning { text: &text });
    }
    Ok(())
}

/// A machine that has read the same ops as this one and came to something else, by its name.
pub fn who_differs(
    reading: &Reading<'_>,
    objects: &Objects<'_>,
    tree: ObjectId,
) -> Result<Option<String>, FlowError> {
    let ours = frontier(reading)?;
    let differs = |theirs: &Frontier| theirs.heads == ours.heads && theirs.digest != ours.digest;
    let mut all = frontiers(objects, tree)?.into_iter();
    Ok(all.find_map(|(name, theirs)| differs(&theirs).then_some(name)))
}

/// How far each machine has read, by its name, where its record tells.
fn frontiers(objects: &Objects<'_>, tree: ObjectId) -> Result<Vec<(String, Frontier)>, FlowError> {
    let mut frontiers = Vec::new();
    for entry in list_dir(objects, Some(tree), &names::machines_dir())? {
        let Ok(path) = names::machines_dir().child(&entry.name) else {
            continue;
        };
        // Somebody put it there by hand: nothing depends on it.
        if !matches!(entry.kind, Kind::File | Kind::Exec) {
            continue;
        }
        let record = MachineRecord::read(&path, &objects.blob(entry.id)?).ok();
        frontiers.extend(record.and_then(|it| Some((it.name, it.ops?))));
    }
    Ok(frontiers)
}
