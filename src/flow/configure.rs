//! Connecting the vault to its remote. The remote is looked at, and never written.

use serde::Serialize;

use crate::base::{Id, ObjectId};
use crate::config::ConfigFile;
use crate::layout::VaultRecord;
use crate::vault::wire::Address;
use crate::vault::{RefName, WireError};

use super::upstream::{goes_on, projects, vault_record};
use super::{Event, FlowError, Session, Stage, Writer, bookkeeping, memory};

#[derive(Clone, Debug, Default)]
pub struct ConfigureOptions {
    pub url: String,
    /// Take the address as it is, without asking it.
    pub no_check: bool,
    /// Leave the vault that this machine knows for the one that is there.
    pub replace: bool,
    /// Http may lead to another machine, from now on.
    pub allow_insecure: bool,
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
    /// The address before, if it was another one.
    pub before: Option<String>,
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
    let connecting = |source| FlowError::Connecting {
        url: url.clone(),
        source,
    };
    let remote = session.remote_by(&url, &writer.machine(), web);
    let remote = remote.map_err(|fault| match fault {
        FlowError::Wire(source @ WireError::Insecure { .. }) => connecting(source),
        other => other,
    })?;
    let mut report = ConfigureReport {
        remote: url.clone(),
        state: RemoteState::Unchecked,
        vault: None,
        projects: 0,
        replaced: false,
        before,
    };
    if !options.no_check {
        session.tell(&Event::Contacting { url: &url });
        report.state = RemoteState::Empty;
        if let Some(tip) = remote.tip().map_err(connecting)? {
            remote
                .fetch(&writer.store, tip, &session.tells(Stage::Fetching))
                .map_err(connecting)?;
            let bad = |fault: FlowError| fault.of_vault(&url, Some(tip));
            let tree = writer.store.tree_of(tip)?;
            let record = vault_record(&writer.store, tree, &url).map_err(bad)?;
            report.projects = projects(&writer.store, tree).map_err(bad)?.len();
            report.state = RemoteState::Vault;
            report.replaced = meet(writer, options, (&url, tip, &record))?;
            report.vault = Some(record.vault);
        }
    }
    file.save()?;
    Ok(report)
}

/// A relative path means nothing to the daemon, which stands elsewhere.
pub fn absolute(session: &Session<'_>, url: &str) -> Result<String, FlowError> {
    let address = session.address(url)?;
    let path = match &address {
        Address::Path(path) if !url.contains("://") => path,
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

/// Whether the vault over there may be this machine's. With `replace`, one it does not know becomes
/// its own; what it knew stays in its store under a ref of its own.
fn meet(
    writer: &Writer<'_>,
    options: &ConfigureOptions,
    (url, tip, theirs): (&str, ObjectId, &VaultRecord),
) -> Result<bool, FlowError> {
    let store = &writer.store;
    let (Some(branch), Some(_published)) = (
        store.read_ref(RefName::Branch)?,
        store.read_ref(RefName::Published)?,
    ) else {
        return Ok(false);
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
    store.keep(&format!("replaced-{}", branch.short()), branch)?;
    memory::forget_all(writer, tip)?;
    for name in [RefName::Landing, RefName::Published, RefName::Branch] {
        store.delete_ref(name)?;
    }
    for sent in store.sent()? {
        store.forget_sent(sent)?;
    }
    bookkeeping::all_are_new(writer)?;
    Ok(true)
}
