//! Connecting the vault to its remote. The remote is looked at, and never written.

use serde::Serialize;

use crate::base::{Id, ObjectId};
use crate::config::ConfigFile;
use crate::layout::VaultRecord;
use crate::tasks::{Filter, TaskState};
use crate::vault::wire::{Address, Aim, Remote};
use crate::vault::{RefName, WireError};

use super::anew::connected;
use super::hosting::{self, Creation, Host, HostingError, Repository, Stands};
use super::session::readings;
use super::upstream::{goes_on, projects, vault_record};
use super::{
    Event, FlowError, Session, Stage, Writer, bookkeeping, kept_config, last_remote, memory,
};

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of the command line"
)]
pub struct ConfigureOptions {
    pub url: String,
    /// Take the address as it is, without asking it.
    pub no_check: bool,
    /// Leave the vault that this machine knows for the one that is there.
    pub replace: bool,
    /// Take a repository that everybody may read.
    pub allow_public: bool,
    /// Http may lead to another machine, from now on.
    pub allow_insecure: bool,
}

/// A repository that is to be made.
#[derive(Clone, Debug)]
pub struct NewRepository {
    pub host: Host,
    /// At GitHub an owner may stand before it.
    pub name: String,
}

/// What is at the remote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemoteState {
    Empty,
    Vault,
    Unchecked,
}

#[derive(Debug, Serialize)]
pub struct ConfigureReport {
    pub remote: String,
    pub state: RemoteState,
    pub vault: Option<Id>,
    pub projects: usize,
    /// The vault that this machine knew before was left; its history stays in this machine's store.
    pub replaced: bool,
    /// So many tasks of this machine are not in the vault that it came to: the next push sends them.
    pub tasks: usize,
    /// The address before, if it was another one.
    pub before: Option<String>,
    /// The repository was made for it.
    #[serde(skip_serializing_if = "is_not")]
    pub created: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_not(yes: &bool) -> bool {
    !*yes
}

/// Makes a private repository, and remembers it. One that is there already is only told of.
pub fn configure_new(
    writer: &Writer<'_>,
    new: &NewRepository,
    options: &ConfigureOptions,
) -> Result<ConfigureReport, FlowError> {
    let session = writer.session;
    let env = &session.edges.env;
    let made = match hosting::create(new.host, &new.name, env, session.patience())? {
        Creation::Made(made) => made,
        Creation::Found(found) => return Err(taken(writer, new.host, found).into()),
    };
    let options = ConfigureOptions {
        url: made.url,
        ..options.clone()
    };
    match configure(writer, &options) {
        Ok(report) => Ok(ConfigureReport {
            created: true,
            ..report
        }),
        Err(fault) => {
            let text = format!(
                "the private repository {} was made, and is not connected yet",
                made.label
            );
            session.tell(&Event::Warning { text: &text });
            Err(fault)
        }
    }
}

/// What a repository is that has the wanted name. It may be the one of an attempt before this one.
fn taken(writer: &Writer<'_>, host: Host, found: Repository) -> HostingError {
    let stands = if found.is_public {
        Stands::Public
    } else {
        let (session, machine) = (writer.session, writer.machine());
        let remote = session.remote_at(&found.url, &machine, Aim::Fetch);
        match remote.and_then(|remote| look(writer, (remote.as_ref(), &found.url))) {
            Ok(Some(_)) => Stands::Vault,
            Ok(None) => Stands::Empty,
            Err(fault) => Stands::Other {
                why: fault.message(),
            },
        }
    };
    HostingError::NameTaken {
        host,
        label: found.label,
        url: found.url,
        stands,
    }
}

/// Looks at the remote, and remembers it.
pub fn configure(
    writer: &Writer<'_>,
    options: &ConfigureOptions,
) -> Result<ConfigureReport, FlowError> {
    let session = writer.session;
    let url = absolute(session, &options.url)?;
    let mut file = ConfigFile::open(&session.places.config_file)?;
    let before = session
        .config
        .remote_url
        .clone()
        .filter(|before| *before != url);
    // Refuses what may not be kept in a file, before anything is asked.
    file.set("remote.url", &url)?;
    let mut web = session.web_options();
    if options.allow_insecure {
        file.set("remote.allow_insecure", "true")?;
        web.allow_insecure = true;
    }
    let remote = session.remote_by(&url, (&writer.machine(), Aim::Fetch), web);
    let remote = remote.map_err(|fault| match fault {
        FlowError::Wire(source @ WireError::Insecure { .. }) => connecting(&url)(source),
        other => other,
    })?;
    if !options.allow_public {
        refuse_public(session, &url)?;
    }
    let mut report = ConfigureReport {
        remote: url.clone(),
        state: RemoteState::Unchecked,
        vault: None,
        projects: 0,
        replaced: false,
        tasks: 0,
        before,
        created: false,
    };
    if !options.no_check {
        report.state = RemoteState::Empty;
        if let Some(found) = look(writer, (remote.as_ref(), &url))? {
            report.projects = found.projects;
            report.state = RemoteState::Vault;
            report.replaced = meet(writer, options, (&url, found.tip, &found.record))?;
            if report.replaced {
                report.tasks = tasks_here(session);
            }
            report.vault = Some(found.record.vault);
        }
    }
    let begins_anew = report.state == RemoteState::Empty && knows_nothing(writer)?;
    if begins_anew || (options.replace && writer.store.read_ref(RefName::Branch)?.is_none()) {
        // What this machine had of a vault before it does not have any more.
        bookkeeping::all_are_new(writer)?;
    }
    let aside = kept_config::set_aside(session)?;
    file.save()?;
    if let Some(aside) = aside {
        kept_config::tell_others_hold(session, &aside);
    }
    if report.state == RemoteState::Vault {
        last_remote::note(session, &url)?;
    }
    connected(writer, report.state != RemoteState::Unchecked)?;
    Ok(report)
}

/// Whether this machine has no copy of any vault, or none any more.
fn knows_nothing(writer: &Writer<'_>) -> Result<bool, FlowError> {
    let store = &writer.store;
    let all = [
        RefName::Branch,
        RefName::Published,
        RefName::Base,
        RefName::Landing,
        RefName::Offline,
    ];
    for name in all {
        if store.read_ref(name)?.is_some() {
            return Ok(false);
        }
    }
    Ok(store.sent()?.is_empty())
}

/// How many tasks this machine has, whatever became of them. A store that cannot be read is said by
/// whatever reads it next.
fn tasks_here(session: &Session<'_>) -> usize {
    let Ok(Some(store)) = session.task_store_there() else {
        return 0;
    };
    let filter = Filter {
        state: TaskState::All,
        ..Filter::default()
    };
    let count = store.reading().count(&filter, session.edges.clock.now());
    count.unwrap_or(0)
}

/// The vault that is at an address.
struct Found {
    tip: ObjectId,
    record: VaultRecord,
    projects: usize,
}

/// Asks an address what it holds; nothing where it is empty.
fn look(
    writer: &Writer<'_>,
    (remote, url): (&dyn Remote, &str),
) -> Result<Option<Found>, FlowError> {
    let session = writer.session;
    session.tell(&Event::Contacting { url });
    let Some(tip) = remote.tip().map_err(connecting(url))? else {
        return Ok(None);
    };
    remote
        .fetch(&writer.store, tip, &session.tells(Stage::Fetching))
        .map_err(connecting(url))?;
    let bad = |fault: FlowError| fault.of_vault(url, Some(tip));
    let tree = writer.store.tree_of(tip)?;
    Ok(Some(Found {
        tip,
        record: vault_record(&writer.store, tree, url).map_err(bad)?,
        projects: projects(&writer.store, tree).map_err(bad)?.len(),
    }))
}

fn connecting(url: &str) -> impl Fn(WireError) -> FlowError {
    let url = url.to_owned();
    move |source| FlowError::Connecting {
        url: url.clone(),
        source,
    }
}

/// What everybody may read is no place for a vault.
pub fn refuse_public(session: &Session<'_>, url: &str) -> Result<(), FlowError> {
    let env = &session.edges.env;
    let readings = readings(&session.places, env, url);
    if let Some(fault) = hosting::refuse_public(&readings, url, env, session.patience())? {
        let text = format!("whether everybody can read {url} is not known: {fault}");
        session.tell(&Event::Warning { text: &text });
    }
    Ok(())
}

/// A relative path means nothing to the daemon, which stands elsewhere. What is no path as it is
/// written stays so, wherever git's configuration leads it.
pub fn absolute(session: &Session<'_>, url: &str) -> Result<String, FlowError> {
    let address = session.address(url)?;
    let path = match &address {
        Address::Path(path) if !url.contains("://") && is_path(session, url) => path,
        _ => return Ok(url.to_owned()),
    };
    let real = path.canonicalize().unwrap_or_else(|_| path.clone());
    match real.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(FlowError::Refused {
            what: format!("the path of {url} is not UTF-8"),
            hint: "use a directory whose name is plain text".to_owned(),
        }),
    }
}

/// Whether an address names a place of this disk by itself.
fn is_path(session: &Session<'_>, url: &str) -> bool {
    let readings = readings(&session.places, &session.edges.env, url);
    matches!(readings.first(), Some(Address::Path(_)))
}

/// Whether the vault over there may be this machine's. With `replace`, one it does not know becomes
/// its own; what it knew stays in its store under a ref of its own.
fn meet(
    writer: &Writer<'_>,
    options: &ConfigureOptions,
    (url, tip, theirs): (&str, ObjectId, &VaultRecord),
) -> Result<bool, FlowError> {
    let store = &writer.store;
    let Some(published) = store.read_ref(RefName::Published)? else {
        return Ok(false);
    };
    let Some(branch) = store.read_ref(RefName::Branch)? else {
        return leave_lost(writer, options, (published, tip), theirs);
    };
    let ours = vault_record(store, store.tree_of(branch)?, "the vault on this machine")?;
    let stranger = ours.vault != theirs.vault;
    if !stranger && goes_on(store, (branch, ours.epoch), (tip, theirs.epoch))? {
        return Ok(false);
    }
    let url = url.to_owned();
    if !options.replace {
        return Err(if stranger {
            let (ours, theirs) = (ours.vault, theirs.vault.clone());
            FlowError::OtherVault { url, ours, theirs }
        } else {
            FlowError::Replaced { url }
        });
    }
    leave(writer, branch, tip)?;
    Ok(true)
}

/// The same of a store that lost its branch: what was published tells which vault it is of.
fn leave_lost(
    writer: &Writer<'_>,
    options: &ConfigureOptions,
    (published, tip): (ObjectId, ObjectId),
    theirs: &VaultRecord,
) -> Result<bool, FlowError> {
    let store = &writer.store;
    if !options.replace {
        return Ok(false);
    }
    let tree = store.tree_of(published)?;
    let ours = vault_record(store, tree, "the vault on this machine")?;
    if ours.vault == theirs.vault {
        return Ok(false);
    }
    leave(writer, published, tip)?;
    Ok(true)
}

/// Forgets a vault; what was known of it stays in the store under a ref of its own.
fn leave(writer: &Writer<'_>, known: ObjectId, tip: ObjectId) -> Result<(), FlowError> {
    let store = &writer.store;
    store.keep(&format!("replaced-{}", known.short()), known)?;
    memory::forget_all(writer, tip)?;
    for name in [RefName::Landing, RefName::Published, RefName::Branch] {
        store.delete_ref(name)?;
    }
    for sent in store.sent()? {
        store.forget_sent(sent)?;
    }
    bookkeeping::all_are_new(writer)
}
