//! This machine's copy of the vault: what follows from what is there is made again in its place. Where that
//! does not suffice a new store is made of all that reads, and of what the remote has.

use std::collections::HashMap;

use crate::base::{HostPath, Id, ObjectId};
use crate::vault::wire::Aim;
use crate::vault::{Depth, FoundRefs, LostRefs, RefName, Relation, Store, Wreck};

use super::super::aside::{replace, set_aside};
use super::super::hints::Closed;
use super::super::lacking::{self, Lack};
use super::super::recognise::own_id;
use super::super::{Event, FlowError, Session, Stage, memory};
use super::found::{self, FoundState};
use super::whose::{own_vault, refuse_another};
use super::{Lost, StoreRepair, work_dir};

/// Mends the store, if it is damaged. What is done is told before what may end the rest.
pub fn mend(session: &Session<'_>, told: &mut Option<StoreRepair>) -> Result<(), FlowError> {
    let place = session.places.store();
    let lack = lacking::of_places(session)?;
    if !place.as_path().is_dir() || lack == Some(Lack::Everything) {
        *told = begin_anew(session)?;
        return Ok(());
    }
    if let Some(closed) = Closed::below(place.as_path()) {
        return Err(closed.fault());
    }
    let made = Store::make_again(&place)?;
    *told = made.is_any().then(|| StoreRepair::of(made));
    if is_well(session, &place)? {
        return Ok(());
    }
    let work = work_dir(session)?;
    let fresh_place = HostPath::new(work.path().join("vault.git"))?;
    let mut mending = Mending {
        session,
        fresh: Store::open(&fresh_place)?,
        wreck: Some(Wreck::open(&place)?),
        tip: None,
        found: Vec::new(),
        are_refs_gone: false,
        is_anew: false,
    };
    let lost = mending.carry()?;
    let repair = StoreRepair {
        fetched: mending.tip.is_some(),
        lost: mending.told(lost),
        found: std::mem::take(&mut mending.found),
        ..StoreRepair::of(made)
    };
    drop(mending);
    *told = Some(StoreRepair {
        damaged: replace(&place, &fresh_place, &[])?,
        ..repair
    });
    Ok(())
}

/// A store that is gone altogether: the remote has the vault, and knows this machine. What lies in its place
/// is none, and goes aside.
fn begin_anew(session: &Session<'_>) -> Result<Option<StoreRepair>, FlowError> {
    let place = session.places.store();
    match lacking::of_places(session)? {
        Some(lack @ Lack::Everything) => return Err(lack.fault(session)),
        None if !lacking::was_known(session)? => {
            let damaged = set_aside(&place)?;
            return Ok(damaged.is_some().then(|| StoreRepair {
                damaged,
                ..StoreRepair::default()
            }));
        }
        _ => {}
    }
    let work = work_dir(session)?;
    let fresh_place = HostPath::new(work.path().join("vault.git"))?;
    let mut mending = Mending {
        session,
        fresh: Store::open(&fresh_place)?,
        wreck: None,
        tip: None,
        found: Vec::new(),
        are_refs_gone: true,
        is_anew: false,
    };
    let lost = mending.carry()?;
    let lost = mending.told(lost);
    drop(mending);
    Ok(Some(StoreRepair {
        damaged: replace(&place, &fresh_place, &[])?,
        fetched: true,
        lost,
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
    Ok(found.faults.is_empty() && lacking::of_refs(session, &store)?.is_none())
}

struct Mending<'a> {
    session: &'a Session<'a>,
    fresh: Store,
    wreck: Option<Wreck>,
    /// Of the remote, if it had to be asked.
    tip: Option<ObjectId>,
    found: Vec<FoundState>,
    are_refs_gone: bool,
    /// What this disk was seen to hold is not known.
    is_anew: bool,
}

impl Mending<'_> {
    /// Makes the new store; says which refs it could not have.
    fn carry(&mut self) -> Result<LostRefs, FlowError> {
        let mut refs = FoundRefs::default();
        let mut lost = LostRefs::from([(RefName::Branch.name().to_owned(), None)]);
        let mut ours = None;
        if let Some(wreck) = &mut self.wreck {
            wreck.carry(&self.fresh, &self.session.tells(Stage::Verifying))?;
            refs = wreck.refs();
            lost = lost_of(&refs, &self.fresh);
            ours = own_vault(&self.fresh, &refs, wreck);
        }
        let mut own = None;
        if !lost.is_empty() {
            own = self.own_tip(&refs)?;
            self.tip = self.fetch(&lost, ours, own)?;
            if let Some(wreck) = &mut self.wreck {
                wreck.carry(&self.fresh, &self.session.tells(Stage::Verifying))?;
                lost = lost_of(&refs, &self.fresh);
            }
        }
        self.fresh.take_refs(&refs)?;
        // What is agreed is looked for with no help, where it is known what it was agreed with.
        let known = self.tip.or(own);
        let known = known.map_or_else(|| self.fresh.read_ref(RefName::Branch), |tip| Ok(Some(tip)));
        if let Some(tip) = known? {
            self.point(tip, &mut lost)?;
        }
        if let Some(wreck) = &self.wreck {
            self.found = found::keep(&self.fresh, wreck, (&refs, &mut lost))?;
            self.are_refs_gone = refs.are_gone();
        }
        Ok(lost)
    }

    fn told(&self, lost: LostRefs) -> Vec<Lost> {
        let named = lost.into_iter().map(|(name, commit)| Lost {
            what: words(&name),
            name,
            commit,
        });
        let unnamed = self.are_refs_gone.then(|| Lost {
            name: "refs/holdall".to_owned(),
            what: UNNAMED.to_owned(),
            commit: None,
        });
        let registry = self.session.places.registry();
        let is_listed = !self.is_anew || registry.as_path().exists();
        let unlisted = (!is_listed).then(|| Lost {
            name: "projects.json".to_owned(),
            what: UNLISTED.to_owned(),
            commit: None,
        });
        named.chain(unnamed).chain(unlisted).collect()
    }

    /// What the vault was seen to be last, where that is told here. Where no ref names it, it is what was
    /// agreed last: a store that has all of its objects has the latest of those, too.
    fn own_tip(&self, refs: &FoundRefs) -> Result<Option<ObjectId>, FlowError> {
        let Some(wreck) = &self.wreck else {
            return Ok(None);
        };
        let (store, of) = (&self.fresh, |name: RefName| refs.named.get(name.name()));
        if let Some(branch) = of(RefName::Branch) {
            return Ok(store.has(*branch).then_some(*branch));
        }
        if !wreck.is_all_in(store) {
            return Ok(None);
        }
        let mut seen = wreck.commits(store);
        match of(RefName::Base) {
            Some(base) => seen.retain(|it| it.id == *base),
            None => seen.retain(|it| it.message == memory::SEEN),
        }
        // Several may be of one second: one of them leads to the others.
        let last = seen.first().map(|it| it.time);
        let of_last = seen.iter().filter(|it| Some(it.time) == last);
        let mut tips = of_last.filter_map(|it| it.parents.first().copied());
        let first = tips.next();
        tips.try_fold(first, |latest, tip| {
            let is_older = latest.map_or(Ok(true), |latest| {
                Ok::<_, FlowError>(store.relation(latest, tip)? == Relation::Ahead)
            });
            Ok(if is_older? { Some(tip) } else { latest })
        })
    }

    /// Brings what the remote has, where that is the same vault. Nothing, where nobody has more of the
    /// vault than is told here.
    fn fetch(
        &self,
        lost: &LostRefs,
        ours: Option<Id>,
        own: Option<ObjectId>,
    ) -> Result<Option<ObjectId>, FlowError> {
        let session = self.session;
        let is_named = own.is_some() && !lost.contains_key(RefName::Branch.name());
        let refused = |why: &str, or: &str| {
            let all: Vec<String> = lost.keys().map(|name| words(name)).collect();
            FlowError::Refused {
                what: format!(
                    "{} cannot be read any more ({}), and {why}",
                    session.places.store(),
                    all.join(", ")
                ),
                hint: format!(
                    "nothing was changed: put a backup copy of that directory in its place{or}"
                ),
            }
        };
        let Some(remote) = session.remote(&own_id(session)?, Aim::Fetch)? else {
            if is_named {
                return Ok(None);
            }
            let anew = "`holdall backup configure URL` with the address of a new empty repository begins anew";
            let aside = if self.wreck.is_some() {
                "; with that directory moved away, "
            } else {
                "; where there is none, "
            };
            let or = format!(
                ", or connect the remote that has it: `holdall backup configure URL`{aside}{anew}"
            );
            return Err(refused("no remote is configured that has it", &or));
        };
        session.tell(&Event::Contacting { url: remote.url() });
        let Some(tip) = remote.tip()? else {
            let or = ", or run `holdall backup push` on another machine of this vault first";
            let refusal = || refused("the remote is empty", or);
            return own.map(|_| None).ok_or_else(refusal);
        };
        remote.fetch(&self.fresh, tip, &session.tells(Stage::Fetching))?;
        refuse_another(session, (&self.fresh, ours), (remote.url(), tip))?;
        Ok(Some(tip))
    }

    /// Where the vault stood, and what this disk was seen to hold, where that is not known any more: the
    /// remote's tip, and the last that was agreed with it or with what came before it.
    fn point(&mut self, tip: ObjectId, lost: &mut LostRefs) -> Result<(), FlowError> {
        let store = &self.fresh;
        if lost.remove(RefName::Branch.name()).is_some()
            || store.read_ref(RefName::Branch)?.is_none()
        {
            store.write_ref(RefName::Branch, tip)?;
        }
        if lost.remove(RefName::Published.name()).is_some()
            || store.read_ref(RefName::Published)?.is_none()
        {
            let branch = store.read_ref(RefName::Branch)?.unwrap_or(tip);
            if self.tip.is_some() && store.relation(branch, tip)? == Relation::Same {
                store.write_ref(RefName::Published, tip)?;
            }
        }
        if store.read_ref(RefName::Base)?.is_some() || lacking::is_to_come(store)? {
            return Ok(());
        }
        if let Some(base) = self.last_agreed(tip)? {
            lost.remove(RefName::Base.name());
            store.write_ref(RefName::Base, base)?;
        } else {
            lost.entry(RefName::Base.name().to_owned()).or_default();
            memory::begin(self.session, store, tip)?;
            self.is_anew = true;
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

/// Where nothing is known to be agreed, nothing says whether there was a list of projects.
const UNLISTED: &str = "the list of this machine's projects, if it had any: `holdall project add PATH` for each, before the next push";

/// A store whose branch is gone, and nothing else, has lost it.
fn lost_of(refs: &FoundRefs, store: &Store) -> LostRefs {
    let mut lost = refs.lost(store);
    let branch = RefName::Branch.name();
    if !refs.named.contains_key(branch) {
        lost.insert(branch.to_owned(), None);
    }
    lost
}

/// What nobody can tell the names of without any ref.
const UNNAMED: &str =
    "commits made while the remote was away, and what could be undone, if there were any";

/// A ref as people know it.
fn words(name: &str) -> String {
    match name.strip_prefix("refs/holdall/") {
        Some("base") => "what this disk was last seen to hold".to_owned(),
        Some("published") => "where the remote was last seen".to_owned(),
        Some("offline") => "the commits made while the remote was away".to_owned(),
        Some("landing") => "what a run that was ended was writing".to_owned(),
        Some(rest) => match rest.split_once('/') {
            Some(("undo", number)) => format!("undo {number}"),
            Some(("sent", _)) => "a push whose outcome was not known".to_owned(),
            Some(("kept", name)) => format!("an earlier history ({name})"),
            _ => name.to_owned(),
        },
        None if name == RefName::Branch.name() => "where the vault stood".to_owned(),
        None => name.to_owned(),
    }
}
