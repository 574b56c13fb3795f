//! The checkouts below some directories, and what each of them is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::base::{HostPath, Progress};
use crate::project::{Identity, Match, Registry, find_match};
use crate::repo::{discover, locate};
use crate::source::{SourceError, checkouts_below};

use super::super::another::stands;
use super::super::here::identity_of;
use super::super::hints::quoted;
use super::super::local_checkout::LocalCheckout;
use super::super::report::Candidate;
use super::super::upstream::have_one_id;
use super::super::{Event, FlowError, Session, Stage};
use super::KnownVault;

/// So deep below a directory checkouts are looked for: `~/code/host/group/subgroup/api`.
const DEPTH: usize = 6;

/// Why a checkout is not simply entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It could be more than one project of the vault.
    Ambiguous,
    /// The same, and those have one id: that is to be mended in the vault.
    OneId,
    /// Other checkouts are the same project, and none of them is registered.
    Several,
    /// Another checkout of the project is registered.
    Second,
}

/// A checkout that a person has to decide about.
#[derive(Clone, Debug, Serialize)]
pub struct Undecided {
    pub path: HostPath,
    pub why: Doubt,
    pub candidates: Vec<Candidate>,
    /// The checkout that is registered.
    pub first: Option<HostPath>,
    /// The commands that decide, one for each candidate.
    pub next: Vec<String>,
}

/// A checkout that could not be read, or a directory that could not be entered.
#[derive(Clone, Debug, Serialize)]
pub struct Unreadable {
    pub path: HostPath,
    pub message: String,
}

/// What was seen.
#[derive(Default)]
pub struct Sightings {
    /// By the project of the vault that each is: the checkouts that are registered.
    pub registered: BTreeMap<usize, HostPath>,
    /// Those that are not, and are the only ones.
    pub recognised: BTreeMap<usize, LocalCheckout>,
    pub undecided: Vec<Undecided>,
    pub unreadable: Vec<Unreadable>,
    /// How many checkouts there are.
    pub checkouts: usize,
}

impl Sightings {
    /// Whether some checkout of the project was seen, decided or not.
    #[must_use]
    pub fn has(&self, project: usize, known: &KnownVault) -> bool {
        let id = &known.projects[project].record.id;
        let mut undecided = self.undecided.iter().flat_map(|it| &it.candidates);
        self.registered.contains_key(&project)
            || self.recognised.contains_key(&project)
            || undecided.any(|candidate| candidate.id == *id)
    }
}

/// Looks around below the directories, and at the list of this machine.
pub fn look_around(
    session: &Session<'_>,
    known: &KnownVault,
    dirs: &[HostPath],
) -> Result<Sightings, FlowError> {
    let registry = Registry::load(&session.places.registry())?;
    let mut round = Round {
        session,
        known,
        identities: known.identities(),
        seen: Sightings::default(),
        unregistered: BTreeMap::new(),
    };
    for project in &registry.projects {
        let found = find_match(&identity_of(project), &round.identities);
        if let Match::Same(index) = found
            && stands(session, project)
        {
            round.seen.registered.insert(index, project.path.clone());
        }
    }
    let (checkouts, closed) = below(session, dirs)?;
    round.seen.unreadable = closed;
    for (number, path) in checkouts.iter().enumerate() {
        session.tell(&Event::Progress {
            stage: Stage::Looking,
            now: Progress {
                done: number as u64 + 1,
                of: None,
                bytes: 0,
            },
        });
        round.visit(path, &registry);
    }
    round.decide();
    Ok(round.seen)
}

/// Where checkouts begin, linked worktrees among them; and where nobody could look.
fn below(
    session: &Session<'_>,
    dirs: &[HostPath],
) -> Result<(BTreeSet<HostPath>, Vec<Unreadable>), FlowError> {
    let (mut found, mut closed) = (BTreeSet::new(), BTreeMap::new());
    for dir in dirs {
        let (checkouts, faults) = checkouts_below(dir, DEPTH)?;
        found.extend(checkouts);
        for fault in faults {
            if let SourceError::Io { path, source } = fault {
                closed.insert(HostPath::new(path)?, source.to_string());
            }
        }
    }
    found.retain(|path| session.places.met_by(path.as_path()).is_none());
    let closed = closed.into_iter();
    let closed = closed.map(|(path, message)| Unreadable { path, message });
    Ok((found, closed.collect()))
}

struct Round<'a> {
    session: &'a Session<'a>,
    known: &'a KnownVault,
    identities: Vec<Identity>,
    seen: Sightings,
    /// By where they begin: a linked worktree stands for its main checkout.
    unregistered: BTreeMap<HostPath, (LocalCheckout, Match)>,
}

impl Round<'_> {
    fn visit(&mut self, path: &HostPath, registry: &Registry) {
        self.seen.checkouts += 1;
        let found = match self.identify(path) {
            Ok(Some(found)) => found,
            Ok(None) => return,
            Err(fault) => {
                self.seen.unreadable.push(Unreadable {
                    path: path.clone(),
                    message: fault.message(),
                });
                return;
            }
        };
        let root = found.root.clone();
        let standing = registry
            .at(&root)
            .map_or_else(|| found.identity(), identity_of);
        let fitting = find_match(&standing, &self.identities);
        if matches!(fitting, Match::Same(_)) && registry.at(&root).is_some() {
            return;
        }
        self.unregistered.insert(root, (found, fitting));
    }

    /// Root commits cost a walk through the whole history: they are asked for only where they can
    /// decide.
    fn identify(&self, path: &HostPath) -> Result<Option<LocalCheckout>, FlowError> {
        let env = &self.session.edges.env;
        let Some(quick) = locate(path, env)?.map(LocalCheckout::of) else {
            return Ok(None);
        };
        let by_roots =
            quick.remotes.is_empty() || self.identities.iter().any(|it| it.remotes.is_empty());
        let is_settled = find_match(&quick.identity(), &self.identities) != Match::None;
        if is_settled || !by_roots {
            return Ok(Some(quick));
        }
        Ok(discover(path, env)?.map(LocalCheckout::of))
    }

    /// One checkout of a project that has none yet is that project.
    fn decide(&mut self) {
        let mut same: BTreeMap<usize, Vec<LocalCheckout>> = BTreeMap::new();
        for (found, fitting) in std::mem::take(&mut self.unregistered).into_values() {
            match fitting {
                Match::Same(index) => same.entry(index).or_default().push(found),
                Match::Ambiguous(indexes) => {
                    let fitting = indexes.iter().map(|index| &self.known.projects[*index]);
                    let why = if have_one_id(fitting) {
                        Doubt::OneId
                    } else {
                        Doubt::Ambiguous
                    };
                    let doubt = self.doubt(&found.root, why, &indexes);
                    self.seen.undecided.push(doubt);
                }
                Match::None => {}
            }
        }
        for (index, mut found) in same {
            let why = match (self.seen.registered.contains_key(&index), found.len()) {
                (true, _) => Doubt::Second,
                (false, 1) => {
                    self.seen
                        .recognised
                        .extend(found.pop().map(|one| (index, one)));
                    continue;
                }
                (false, _) => Doubt::Several,
            };
            let doubts = found.iter().map(|it| self.doubt(&it.root, why, &[index]));
            let doubts: Vec<Undecided> = doubts.collect();
            self.seen.undecided.extend(doubts);
        }
        self.seen.undecided.sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn doubt(&self, path: &HostPath, why: Doubt, indexes: &[usize]) -> Undecided {
        let candidates = self.known.candidates(indexes);
        let typed = quoted(&path.to_string());
        let next = match why {
            Doubt::Second => vec![format!("holdall project add {typed} --separate")],
            Doubt::OneId => Vec::new(),
            Doubt::Ambiguous | Doubt::Several => candidates
                .iter()
                .map(|it| format!("holdall project link {typed} {}", it.id))
                .collect(),
        };
        let first = indexes.first().filter(|_| why == Doubt::Second);
        Undecided {
            path: path.clone(),
            why,
            first: first.and_then(|index| self.seen.registered.get(index).cloned()),
            candidates,
            next,
        }
    }
}
