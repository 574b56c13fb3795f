//! A person's choice: onto this disk, if the project is here, and into the queue for the next push.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::base::{BaseError, HostPath, Kind, Leaf, Sink, VaultPath, read_limited};
use crate::flow::agreed::Notes;
use crate::flow::undo::{self, Finished};
use crate::flow::unit::absent_tools;
use crate::flow::wake::wake;
use crate::flow::{FlowError, Session, Writer};
use crate::layout::Owner;
use crate::snapshot::Sanitizer;
use crate::vault::Objects;

use super::disk::{Wish, fulfil};
use super::draft::refuse_markers;
use super::queue::{Chosen, Decision, HereToo, Queue};
use super::seen::Seen;
use super::stand::is_blocked;
use super::version::Version;
use super::view::{Choice, Conflict, View};

/// Which conflicts are decided.
#[derive(Clone, Debug)]
pub enum Target {
    One(String),
    All,
    /// These, by their ids, as the person was shown them: a later state of one is refused.
    Shown(BTreeMap<String, Seen>),
}

#[derive(Clone, Debug)]
pub struct FileOptions<'o> {
    pub target: Target,
    pub choice: &'o Choice,
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
pub struct Resolved {
    pub id: String,
    pub kind: &'static str,
    pub project: String,
    pub path: VaultPath,
    /// `vault`, `base`, the file, or the token of a version.
    pub chosen: String,
    /// The choice is that there is no such file.
    pub deletes: bool,
    /// Where the file is on this disk; none where only the vault is decided about.
    pub file: Option<HostPath>,
    /// This disk was changed.
    pub written: bool,
    /// What was decided about.
    #[serde(skip)]
    pub seen: Seen,
}

pub struct FilesResolved {
    pub resolved: Vec<Resolved>,
    pub finished: Option<Finished>,
    pub undo: Option<String>,
}

/// One choice, ready to be carried out.
struct Planned<'v> {
    conflict: &'v Conflict,
    decision: Decision,
    wish: Option<Wish<'v>>,
}

/// Decides. Nothing is asked of the remote; the next push carries the decision, if all is there as it
/// was here.
pub fn resolve(writer: &Writer<'_>, options: &FileOptions<'_>) -> Result<FilesResolved, FlowError> {
    let session = writer.session;
    let mut objects = Objects::new(&writer.store);
    let finished = undo::finish(writer, &mut objects, options.dry_run)?;
    let view = View::of(session, &mut objects)?;
    let conflicts = meant(session, &view, &options.target)?;
    let none = Notes::new();
    let mut planned = Vec::new();
    for conflict in conflicts {
        let decision = decide(writer, &mut objects, &view, (conflict, options))?;
        let notes = match &conflict.owner {
            Owner::Project(id) => view.compared.upstream.project(id),
            Owner::Settings(_) => None,
        };
        let notes = notes.map_or(&none, |project| &project.record.paths);
        let wish = wish(&view, conflict, (&decision, notes));
        if let Some(wish) = wish.as_ref().filter(|wish| !wish.is_fulfilled())
            && let Some(why) = wish.preview(writer, &objects)?
        {
            return Err(stays(wish, why));
        }
        planned.push(Planned {
            conflict,
            decision,
            wish,
        });
    }
    let mut undo = None;
    if !options.dry_run {
        // What is chosen, and what it replaces, is in the store before anything changes.
        objects.flush()?;
        undo = carry_out(writer, &mut objects, &planned)?;
        wake(session);
    }
    Ok(FilesResolved {
        resolved: planned.iter().map(Planned::line).collect(),
        finished,
        undo: undo.map(|number| number.to_string()),
    })
}

/// The conflicts that are to be decided.
fn meant<'v>(
    session: &Session<'_>,
    view: &'v View,
    target: &Target,
) -> Result<Vec<&'v Conflict>, FlowError> {
    let shown = match target {
        Target::One(wanted) => return Ok(vec![view.find(session, wanted)?]),
        Target::All => return Ok(view.conflicts.iter().collect()),
        Target::Shown(shown) => shown,
    };
    let same = |(id, seen): (&String, &Seen)| {
        let conflict = view.find(session, id)?;
        if seen.is_of(conflict) {
            return Ok(conflict);
        }
        let hint = format!("look again: `holdall conflict show {}`", conflict.id);
        Err(refused(conflict, "was changed meanwhile", &hint))
    };
    shown.iter().map(same).collect()
}

fn refused(conflict: &Conflict, what: &str, hint: &str) -> FlowError {
    FlowError::Refused {
        what: format!("{} {what}", conflict.reference()),
        hint: hint.to_owned(),
    }
}

fn stays(wish: &Wish<'_>, why: &str) -> FlowError {
    FlowError::Refused {
        what: format!(
            "{} cannot be written: {}",
            wish.scanned.file(wish.path),
            why.replace('_', " ")
        ),
        hint: "nothing was decided; make room for it, or let its program end, then run the command again".to_owned(),
    }
}

/// The decision that a choice comes to. Refuses what could not be carried.
fn decide(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    view: &View,
    (conflict, options): (&Conflict, &FileOptions<'_>),
) -> Result<Decision, FlowError> {
    if conflict.is_damaged {
        let hint = "mend or remove what is damaged below `conflicts/` in a clone of the vault, and push that";
        return Err(refused(conflict, "has a version that cannot be read", hint));
    }
    let (chosen, words) = chosen(writer, objects, view, (conflict, options.choice))?;
    if let Chosen::Content(Some(_)) = chosen {
        let Some(place) = &conflict.place else {
            let hint = "`--use vault` takes the conflict away; `holdall conflict export` writes its versions into files";
            return Err(refused(conflict, "is not in the vault any more", hint));
        };
        if is_blocked(objects, &view.compared.upstream, place)? {
            let hint = "rename one of the two on the machine that has it, and push there; or `--use vault`";
            return Err(refused(
                conflict,
                "has no place in the vault: a directory stands there, or a file above it",
                hint,
            ));
        }
    }
    Ok(Decision {
        owner: conflict.owner.clone(),
        name: conflict.name.clone(),
        path: conflict.path.clone(),
        chosen,
        words,
        filed: conflict.filed,
        vault: conflict.vault,
        here: conflict.here.map(|here| HereToo {
            before: here.local,
            origin: here.base,
            written: false,
        }),
        at: writer.session.edges.clock.now(),
    })
}

fn chosen(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    view: &View,
    (conflict, choice): (&Conflict, &Choice),
) -> Result<(Chosen, String), FlowError> {
    let of = |version: &Version| (Chosen::Content(version.local), version.token());
    Ok(match choice {
        Choice::Vault | Choice::Remote => (Chosen::Vault, "vault".to_owned()),
        Choice::Local => of(conflict.only_version()?),
        Choice::Token(token) => of(conflict.version(token)?),
        Choice::Base => (Chosen::Content(base(conflict)?), "base".to_owned()),
        Choice::Bytes(bytes) => {
            let leaf = own(writer, objects, view, (conflict, bytes))?;
            (Chosen::Content(Some(leaf)), "edited".to_owned())
        }
        Choice::Value(text) => {
            let leaf = own(writer, objects, view, (conflict, text.as_bytes()))?;
            (Chosen::Content(Some(leaf)), "value".to_owned())
        }
        Choice::File(file) => {
            let file = writer.session.edges.env.cwd.join(file);
            let bytes = read(&file, writer.session.config.max_file)?;
            let leaf = own(writer, objects, view, (conflict, &bytes))?;
            (Chosen::Content(Some(leaf)), file.display().to_string())
        }
    })
}

fn read(file: &Path, most: u64) -> Result<Vec<u8>, FlowError> {
    match read_limited(file, most) {
        Err(BaseError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(FlowError::NoSuchPath {
                path: file.to_owned(),
            })
        }
        read => Ok(read?),
    }
}

/// What all versions came from.
fn base(conflict: &Conflict) -> Result<Option<Leaf>, FlowError> {
    let mut bases = conflict.versions.iter().map(|version| version.base);
    let first = bases.next().flatten();
    if bases.all(|base| base == first) {
        return Ok(first);
    }
    Err(refused(
        conflict,
        "has versions of different origin",
        "`holdall conflict export` writes each into a file: choose with `--file`",
    ))
}

/// A content of the person's own: without what stays on this machine, and without markers.
fn own(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    view: &View,
    (conflict, bytes): (&Conflict, &[u8]),
) -> Result<Leaf, FlowError> {
    refuse_markers(objects, conflict, bytes)?;
    let text = match sanitizer(writer, view, conflict)? {
        None => bytes.to_vec(),
        Some(sanitizer) => match sanitizer.clean(bytes) {
            Ok(clean) => clean.text,
            Err(fault) => {
                let what = format!("cannot be set so: {fault}");
                return Err(refused(conflict, &what, "mend the text, and try again"));
            }
        },
    };
    let locals = conflict.versions.iter().map(|version| version.local);
    let known = [conflict.vault].into_iter().chain(locals).flatten();
    let mut kinds = known.map(|leaf| leaf.kind);
    let kind = kinds.find(|kind| matches!(kind, Kind::File | Kind::Exec));
    Ok(Leaf {
        kind: kind.unwrap_or(Kind::File),
        id: objects.put_blob(&text)?,
    })
}

fn sanitizer(
    writer: &Writer<'_>,
    view: &View,
    conflict: &Conflict,
) -> Result<Option<Sanitizer>, FlowError> {
    let Owner::Settings(tool) = &conflict.owner else {
        return Ok(None);
    };
    if let Some(scanned) = view.scanned(conflict) {
        return Ok(scanned.unit.sanitizer(&conflict.path));
    }
    let units = absent_tools(writer.session, |name| name == tool)?;
    let unit = units.first();
    Ok(unit.and_then(|unit| unit.sanitizer(&conflict.path)))
}

fn wish<'v>(
    view: &'v View,
    conflict: &'v Conflict,
    (decision, notes): (&Decision, &'v Notes),
) -> Option<Wish<'v>> {
    Some(Wish {
        scanned: view.scanned(conflict)?,
        path: &conflict.path,
        local: conflict.here?.local,
        target: decision.leaf(),
        notes,
    })
}

/// The decisions first: should this run be killed in between, the next one finishes what it wrote here,
/// and the next push carries them. What stood here is known by then.
fn carry_out(
    writer: &Writer<'_>,
    objects: &mut Objects<'_>,
    planned: &[Planned<'_>],
) -> Result<Option<u64>, FlowError> {
    Queue::edit(writer, |queue| {
        for one in planned {
            queue
                .decisions
                .insert(one.conflict.id.clone(), one.decided(false));
        }
    })?;
    let open: Vec<&Wish<'_>> = planned.iter().filter_map(Planned::open).collect();
    let fulfilled = fulfil(writer, objects, &open)?;
    let kept = |one: &Planned<'_>| {
        let wish = one.open()?;
        let at = (wish.scanned.unit.key.clone(), wish.path.clone());
        fulfilled.kept.get(&at).map(|why| stays(wish, why))
    };
    Queue::edit(writer, |queue| {
        for one in planned {
            let id = one.conflict.id.clone();
            match (kept(one), &one.conflict.decided) {
                (None, _) => queue.decisions.insert(id, one.decided(true)),
                (Some(_), Some(before)) => queue.decisions.insert(id, before.clone()),
                (Some(_), None) => queue.decisions.remove(&id),
            };
        }
    })?;
    match planned.iter().find_map(kept) {
        Some(fault) => Err(fault),
        None => Ok(fulfilled.undo),
    }
}

impl Planned<'_> {
    /// What is still to be written here.
    fn open(&self) -> Option<&Wish<'_>> {
        self.wish.as_ref().filter(|wish| !wish.is_fulfilled())
    }

    /// The decision as it is queued, before and after it was written here.
    fn decided(&self, is_written: bool) -> Decision {
        let mut decision = self.decision.clone();
        let chosen = decision.leaf();
        let earlier = self.conflict.decided.as_ref();
        if let Some(here) = &mut decision.here {
            // What an earlier choice replaced here is what this one replaces.
            let known = earlier.filter(|earlier| here.before == earlier.leaf());
            if let Some(known) = known.and_then(|earlier| earlier.here.as_ref()) {
                here.before = known.before;
            }
            if here.before != chosen {
                here.origin = base(self.conflict).unwrap_or_default();
            }
            here.written = is_written;
        }
        decision
    }

    fn line(&self) -> Resolved {
        let conflict = self.conflict;
        let wish = self.wish.as_ref();
        Resolved {
            id: conflict.id.clone(),
            kind: "file",
            project: conflict.name.clone(),
            path: conflict.path.clone(),
            chosen: self.decision.words.clone(),
            deletes: self.decision.leaf().is_none(),
            file: wish.map(|wish| wish.scanned.file(wish.path)),
            written: wish.is_some_and(|wish| !wish.is_fulfilled()),
            seen: Seen::of(conflict),
        }
    }
}
