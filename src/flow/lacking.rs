//! What this machine had and has not any more, told from what it never had by what is left of the rest.
//!
//! A machine that went on without it would be new to its own vault: it would call what it deleted new,
//! write under another name, or forget its projects. So a run that finds such a thing ends, and names
//! what helps. A run that is killed leaves none of these: what is looked at here is written in an order in
//! which one part follows from another.

use std::fs;

use crate::base::{BaseError, HostPath, MachineId};
use crate::project::Registry;
use crate::runs::Runs;
use crate::vault::{RefName, Store};

use super::agreed::{Agreed, is_of_tool};
use super::hints::{REPAIR, quoted};
use super::there::is_there;
use super::{FlowError, Session, Writer, kept_config};

/// Something that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The copy of the vault, and with it the list of projects.
    Everything,
    Store,
    /// Where the vault stood.
    Branch,
    /// What this disk was seen to hold.
    Base,
    /// The list of projects.
    Registry,
    /// What this machine calls itself.
    Name,
    /// The settings, and with them where the remote is.
    Config,
}

impl Lack {
    /// What is gone, and how that is known.
    #[must_use]
    pub fn words(self, session: &Session<'_>) -> String {
        let places = &session.places;
        let store = places.store();
        match self {
            Self::Everything => format!(
                "{store} and {} are gone: this machine pushed or pulled before, and which directories travelled is not known any more",
                places.registry()
            ),
            Self::Store => format!("{store} is gone: it was this machine's copy of the vault"),
            Self::Branch => format!(
                "{store} has lost {}: where the vault stood when it was seen last",
                RefName::Branch.name()
            ),
            Self::Base => format!(
                "{store} has lost {}: what this disk was seen to hold",
                RefName::Base.name()
            ),
            Self::Registry => format!(
                "{} is gone: it was the list of this machine's projects",
                places.registry()
            ),
            Self::Name => format!(
                "{} is gone: it was what this machine calls itself",
                places.machine_file()
            ),
            Self::Config => kept_config::words(places),
        }
    }

    /// What to do about it, the best first.
    #[must_use]
    pub fn hints(self, session: &Session<'_>) -> Vec<String> {
        let url = session.config.remote_url.as_deref();
        let url = url.map_or_else(|| "URL".to_owned(), quoted);
        match self {
            Self::Everything => vec![
                format!(
                    "connect it as a new machine, and have its projects found below the directories that they lie in: \
                     `holdall backup configure {url}`, then `holdall restore {url} --into DIR`"
                ),
                format!(
                    "or put a backup copy of {} in its place: nothing was changed",
                    session.places.data
                ),
            ],
            Self::Config => kept_config::hints(&session.places),
            _ => vec![REPAIR.to_owned()],
        }
    }

    #[must_use]
    pub fn fault(self, session: &Session<'_>) -> FlowError {
        let hints = self.hints(session).into_iter();
        let typed = |hint: String| match hint.strip_prefix("holdall ") {
            Some(_) => format!("nothing was changed: `{hint}`"),
            None => hint,
        };
        FlowError::Lacking {
            what: self.words(session),
            hints: hints.map(typed).collect(),
        }
    }
}

/// What is gone before anything was opened.
pub fn of_places(session: &Session<'_>) -> Result<Option<Lack>, FlowError> {
    let places = &session.places;
    let store = places.store();
    if is_there(&store)? || is_there(&super::aside::mended(&store))? {
        return Ok(has_only_begun(session)?.then_some(Lack::Everything));
    }
    // A run that was killed, or a state directory that is gone, may have left the list alone.
    Ok(match !was_known(session)? {
        true => None,
        false if is_there(&places.registry())? => Some(Lack::Store),
        // One that knows its own name, and of which no project was ever read, had none.
        false if is_there(&places.machine_file())? && !has_entry(&places.seen(), OF_PROJECTS) => {
            Some(Lack::Store)
        }
        false => has_entry(&places.seen(), "").then_some(Lack::Everything),
    })
}

/// Whether an empty store stands where this machine had everything: a run that was to connect it anew was
/// killed. The list of projects is never deleted, and what is read of a project is noted for one that is in
/// it: beside such a note, no list is a lost one.
fn has_only_begun(session: &Session<'_>) -> Result<bool, FlowError> {
    let places = &session.places;
    if is_there(&places.registry())? || !has_entry(&places.seen(), OF_PROJECTS) {
        return Ok(false);
    }
    Ok(went_well(session)? && is_blank(&places.store())?)
}

/// Whether there is a store that nothing was ever kept in. One that cannot be read is none.
pub fn is_blank(place: &HostPath) -> Result<bool, FlowError> {
    match Store::open_existing(place) {
        Ok(Some(store)) => Ok(!store.has_refs()?),
        _ => Ok(false),
    }
}

/// Whether this machine was connected anew, and the projects that travelled from it before were not looked
/// for yet. What was read of them lies aside since then and not otherwise, and whatever finds, adds or
/// restores a project writes the list; a machine that has one knows what it wants to carry.
pub fn awaits_projects(session: &Session<'_>) -> bool {
    let places = &session.places;
    has_entry(&places.seen_before(), OF_PROJECTS)
        && is_there(&places.registry()).is_ok_and(|is_there| !is_there)
}

/// How what is read of projects is named.
const OF_PROJECTS: &str = "project-";

/// Whether something in a directory is called so.
fn has_entry(dir: &HostPath, prefix: &str) -> bool {
    let mut all = fs::read_dir(dir.as_path()).into_iter().flatten().flatten();
    all.any(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(prefix.as_bytes())
    })
}

/// Whether a push or a pull ever went well here.
fn went_well(session: &Session<'_>) -> Result<bool, FlowError> {
    let runs = Runs::load(&session.places.runs())?;
    let mut all = ["push", "pull"].into_iter();
    Ok(all.any(|command| runs.of(command).last_ok.is_some()))
}

/// Whether the vault knows a project of this machine.
fn is_known(session: &Session<'_>) -> Result<bool, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    Ok(registry.projects.iter().any(|it| it.published))
}

/// Whether this machine had a copy of the vault, for whoever only looks. Without one it would be new to
/// the vault.
pub fn was_known(session: &Session<'_>) -> Result<bool, FlowError> {
    Ok(went_well(session)? || is_known(session)?)
}

/// The ref that is gone out of a store. A run beside whoever looks may write them at this moment: so what
/// is gone is looked for twice.
pub fn of_refs(session: &Session<'_>, store: &Store) -> Result<Option<Lack>, FlowError> {
    match lost_ref(session, store)? {
        Some(_) => lost_ref(session, store),
        None => Ok(None),
    }
}

/// Whether a first push to this machine's own store was killed before it had a base: what it sent brings
/// it. To a remote the base goes first.
pub fn is_to_come(store: &Store) -> Result<bool, FlowError> {
    Ok(store.read_ref(RefName::Published)?.is_none() && !store.sent()?.is_empty())
}

/// The branch is there before the ref that says what was published, and the base before the branch, or
/// what was sent to come to it.
fn lost_ref(session: &Session<'_>, store: &Store) -> Result<Option<Lack>, FlowError> {
    let published = store.read_ref(RefName::Published)?;
    let branch = store.read_ref(RefName::Branch)?;
    let base = store.read_ref(RefName::Base)?;
    if branch.is_some() {
        let is_lost = base.is_none() && !is_to_come(store)?;
        return Ok(is_lost.then_some(Lack::Base));
    }
    if published.is_some() {
        return Ok(Some(Lack::Branch));
    }
    // A first pull that was killed has something agreed, and no branch yet.
    let landing = store.read_ref(RefName::Landing)?;
    let is_underway = landing.is_some() || !store.sent()?.is_empty();
    let had_one = !is_underway && is_known(session)? && went_well(session)?;
    let is_met = match base {
        Some(base) => !Agreed::of(store, base)?.units(store)?.is_empty(),
        None => true,
    };
    Ok((had_one && is_met).then_some(Lack::Branch))
}

/// Whether the list of projects is gone: something is agreed about one.
pub fn of_registry(session: &Session<'_>, store: &Store) -> Result<Option<Lack>, FlowError> {
    if is_there(&session.places.registry())? {
        return Ok(None);
    }
    let units = Agreed::load(store)?.units(store)?;
    let has_project = units.iter().any(|key| !is_of_tool(key));
    Ok(has_project.then_some(Lack::Registry))
}

/// Whether the settings are gone that said where the remote is.
pub fn of_config(session: &Session<'_>, store: &Store) -> Result<Option<Lack>, FlowError> {
    if kept_config::are_gone(&session.places)? {
        return Ok(Some(Lack::Config));
    }
    let file = session.places.config_file.as_path();
    if session.config.remote_url.is_some() || fs::symlink_metadata(file).is_ok() {
        return Ok(None);
    }
    let published = store.read_ref(RefName::Published)?;
    Ok(published.map(|_| Lack::Config))
}

/// What this machine called itself, where it does not know that any more.
pub fn lost_name(session: &Session<'_>, store: &Store) -> Result<Option<MachineId>, FlowError> {
    if is_there(&session.places.machine_file())? {
        return Ok(None);
    }
    Agreed::load(store)?.own_name(store)
}

impl Session<'_> {
    /// This machine's copy of the vault, if there is one yet. Without the one that it had nothing is known
    /// that an answer could be made of.
    pub fn store(&self) -> Result<Option<Store>, FlowError> {
        refuse_gone(self)?;
        self.store_there()
    }
}

/// Ends a run that would begin with a store of its own.
pub fn refuse_gone(session: &Session<'_>) -> Result<(), FlowError> {
    of_places(session)?.map_or(Ok(()), |lack| Err(lack.fault(session)))
}

/// How runs went is about the machine that was. It is kept under another name.
pub fn forget_runs(session: &Session<'_>) -> Result<(), FlowError> {
    let runs = session.places.runs();
    let mut before = runs.as_path().as_os_str().to_owned();
    before.push(".before");
    match fs::rename(runs.as_path(), before) {
        Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
            Err(BaseError::io("rename", runs.as_path())(fault).into())
        }
        _ => Ok(()),
    }
}

/// Ends a run that would go on under a new name. Where the base is gone that names it that is mended first.
pub fn refuse_nameless(session: &Session<'_>, store: &Store) -> Result<(), FlowError> {
    if is_there(&session.places.machine_file())? {
        return Ok(());
    }
    let name = lost_name(session, store)?.map(|_| Lack::Name);
    let lack = name.map_or_else(|| of_refs(session, store), |lack| Ok(Some(lack)))?;
    lack.map_or(Ok(()), |lack| Err(lack.fault(session)))
}

/// Ends what begins something new on this machine, where it had all of it before.
pub fn refuse_beginning(session: &Session<'_>) -> Result<(), FlowError> {
    refuse_gone(session)?;
    if is_there(&session.places.machine_file())? {
        return Ok(());
    }
    let store = session.store()?;
    store.map_or(Ok(()), |store| refuse_nameless(session, &store))
}

/// What is agreed, unless something is gone that it is to be held against.
pub fn agreed(writer: &Writer<'_>) -> Result<Agreed, FlowError> {
    let (session, store) = (writer.session, &writer.store);
    for look in [of_refs, of_registry, of_config] {
        if let Some(lack) = look(session, store)? {
            return Err(lack.fault(session));
        }
    }
    Agreed::load(store)
}
