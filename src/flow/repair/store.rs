//! This machine's copy of the vault: what follows from what is there is made again in its place. Where that
//! does not suffice a new store is made of all that reads, and of what the remote has.

use std::collections::{BTreeSet, HashMap};

use crate::base::{HostPath, ObjectId};
use crate::project::Registry;
use crate::vault::wire::Aim;
use crate::vault::{Depth, FoundRefs, RefName, Relation, Store, Wreck};

use super::super::aside::replace;
use super::super::hints::Closed;
use super::super::recognise::own_id;
use super::super::upstream::vault_record;
use super::super::{Event, FlowError, Session, Stage, memory};
use super::{Lost, StoreRepair, work_dir};

/// Mends the store, if it is damaged.
pub fn mend(session: &Session<'_>) -> Result<Option<StoreRepair>, FlowError> {
    let place = session.places.store();
    if !place.as_path().exists() {
        return begin_anew(session);
    }
    if let Some(closed) = Closed::below(place.as_path()) {
        return Err(closed.fault());
    }
    let made = Store::make_again(&place)?;
    if is_well(session, &place)? {
        return Ok(made.is_any().then(|| StoreRepair::of(made)));
    }
    let work = work_dir(session)?;
    let fresh_place = HostPath::new(work.path().join("vault.git"))?;
    let mut mending = Mending {
        session,
        fresh: Store::open(&fresh_place)?,
        wreck: Some(Wreck::open(&place)?),
        tip: None,
    };
    let lost = mending.carry()?;
    let repair = StoreRepair {
        fetched: mending.tip.is_some(),
        lost: lost.into_iter().map(told).collect(),
        ..StoreRepair::of(made)
    };
    drop(mending);
    Ok(Some(StoreRepair {
        damaged: replace(&place, &fresh_place, &[])?,
        ..repair
    }))
}

/// Whether this machine had a copy of the vault. Without one it would be new to the vault.
pub fn was_known(session: &Session<'_>) -> Result<bool, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    Ok(registry.projects.iter().any(|it| it.published))
}

/// A store that is gone altogether: the remote has the vault, and knows this machine.
fn begin_anew(session: &Session<'_>) -> Result<Option<StoreRepair>, FlowError> {
    if !was_known(session)? {
        return Ok(None);
    }
    let place = session.places.store();
    let work = work_dir(session)?;
    let fresh_place = HostPath::new(work.path().join("vault.git"))?;
    let mut mending = Mending {
        session,
        fresh: Store::open(&fresh_place)?,
        wreck: None,
        tip: None,
    };
    let lost = mending.carry()?;
    drop(mending);
    replace(&place, &fresh_place, &[])?;
    Ok(Some(StoreRepair {
        fetched: true,
        lost: lost.into_iter().map(told).collect(),
        ..StoreRepair::default()
    }))
}

/// Everything in it is read: whoever asks to have it mended wants to know.
fn is_well(session: &Session<'_>, place: &HostPath) -> Result<bool, FlowError> {
    let store = match Store::open_existing(place) {
        Ok(store) => store,
        Err(fault) if fault.is_damage() || fault.is_of_config() => return Ok(false),
        Err(fault) => return Err(fault.into()),
    };
    let Some(store) = store else { return Ok(false) };
    let found = match store.verify(Depth::Contents, &session.tells(Stage::Verifying)) {
        Ok(found) => found,
        Err(fault) if fault.is_damage() => return Ok(false),
        Err(fault) => return Err(fault.into()),
    };
    let refs = [RefName::Branch, RefName::Base].map(|name| store.read_ref(name));
    let has_branch = matches!(&refs, [Ok(branch), Ok(base)] if branch.is_some() || base.is_none());
    Ok(found.faults.is_empty() && has_branch)
}

struct Mending<'a> {
    session: &'a Session<'a>,
    fresh: Store,
    wreck: Option<Wreck>,
    /// Of the remote, if it had to be asked.
    tip: Option<ObjectId>,
}

impl Mending<'_> {
    /// Makes the new store; says which refs it could not have.
    fn carry(&mut self) -> Result<BTreeSet<String>, FlowError> {
        let mut refs = FoundRefs::default();
        let mut lost = BTreeSet::from([RefName::Branch.name().to_owned()]);
        if let Some(wreck) = &self.wreck {
            wreck.carry(&self.fresh, &self.session.tells(Stage::Verifying))?;
            refs = wreck.refs();
            lost = lost_of(&refs, &self.fresh);
        }
        if !lost.is_empty() {
            self.tip = Some(self.fetch(&lost)?);
            if let Some(wreck) = &self.wreck {
                wreck.carry(&self.fresh, &self.session.tells(Stage::Verifying))?;
                lost = lost_of(&refs, &self.fresh);
            }
        }
        self.fresh.take_refs(&refs)?;
        if let Some(tip) = self.tip {
            self.point(tip, &mut lost)?;
        }
        Ok(lost)
    }

    /// Brings what the remote has.
    fn fetch(&self, lost: &BTreeSet<String>) -> Result<ObjectId, FlowError> {
        let session = self.session;
        let refused = |why: &str| {
            let all: Vec<String> = lost.iter().map(|name| told(name.clone()).what).collect();
            FlowError::Refused {
                what: format!(
                    "{} cannot be read any more ({}), and {why}",
                    session.places.store(),
                    all.join(", ")
                ),
                hint: "nothing was changed: put a backup copy of that directory in its place"
                    .to_owned(),
            }
        };
        let Some(remote) = session.remote(&own_id(session)?, Aim::Fetch)? else {
            return Err(refused("no remote is configured that has it"));
        };
        session.tell(&Event::Contacting { url: remote.url() });
        let tip = remote.tip()?;
        let tip = tip.ok_or_else(|| refused("the remote is empty"))?;
        remote.fetch(&self.fresh, tip, &session.tells(Stage::Fetching))?;
        vault_record(&self.fresh, self.fresh.tree_of(tip)?, remote.url())?;
        Ok(tip)
    }

    /// Where the vault stood, and what this disk was seen to hold, where that is not known any more: the
    /// remote's tip, and the last that was agreed with it or with what came before it.
    fn point(&self, tip: ObjectId, lost: &mut BTreeSet<String>) -> Result<(), FlowError> {
        let store = &self.fresh;
        if lost.remove(RefName::Branch.name()) || store.read_ref(RefName::Branch)?.is_none() {
            store.write_ref(RefName::Branch, tip)?;
        }
        if lost.remove(RefName::Published.name()) || store.read_ref(RefName::Published)?.is_none() {
            let branch = store.read_ref(RefName::Branch)?.unwrap_or(tip);
            if store.relation(branch, tip)? == Relation::Same {
                store.write_ref(RefName::Published, tip)?;
            }
        }
        if store.read_ref(RefName::Base)?.is_some() {
            return Ok(());
        }
        if let Some(base) = self.last_agreed(tip)? {
            lost.remove(RefName::Base.name());
            store.write_ref(RefName::Base, base)?;
        } else {
            lost.insert(RefName::Base.name().to_owned());
            memory::begin(self.session, store, tip)?;
        }
        Ok(())
    }

    /// One that was agreed with a commit which the vault does not have was never to count. Of the others
    /// it is the one with the latest commit.
    fn last_agreed(&self, tip: ObjectId) -> Result<Option<ObjectId>, FlowError> {
        let Some(wreck) = &self.wreck else {
            return Ok(None);
        };
        let commits = self.fresh.commits(tip, None)?.into_iter();
        let age: HashMap<ObjectId, usize> = commits.zip(0..).collect();
        let mut known = Vec::new();
        for base in wreck.commits_saying(memory::SEEN, &self.fresh) {
            let seen = self.fresh.commit_info(base)?.parents.into_iter().next();
            known.extend(seen.and_then(|seen| Some((*age.get(&seen)?, base))));
        }
        // Those of one commit stay in their order, the latest first.
        Ok(known
            .iter()
            .min_by_key(|(age, _)| age)
            .map(|(_, base)| *base))
    }
}

/// A store whose branch is gone, and nothing else, has lost it.
fn lost_of(refs: &FoundRefs, store: &Store) -> BTreeSet<String> {
    let mut lost = refs.lost(store);
    let branch = RefName::Branch.name();
    if !refs.named.contains_key(branch) {
        lost.insert(branch.to_owned());
    }
    lost
}

/// A ref as people know it.
fn told(name: String) -> Lost {
    let what = match name.strip_prefix("refs/holdall/") {
        Some("base") => "what this disk was last seen to hold".to_owned(),
        Some("published") => "where the remote was last seen".to_owned(),
        Some("offline") => "the commits made while the remote was away".to_owned(),
        Some("landing") => "what a run that was ended was writing".to_owned(),
        Some(rest) => match rest.split_once('/') {
            Some(("undo", number)) => format!("undo {number}"),
            Some(("sent", _)) => "a push whose outcome was not known".to_owned(),
            Some(("kept", name)) => format!("an earlier history ({name})"),
            _ => name.clone(),
        },
        None if name == RefName::Branch.name() => "where the vault stood".to_owned(),
        None => name.clone(),
    };
    Lost { name, what }
}
