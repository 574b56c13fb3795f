//! What to do next about what a flow answered.
//!
//! *In*: a fault, or what stayed behind and why. *Out*: the next command, as it can be typed. *Never*: a
//! secret, or a command that does not help.

mod closed;
mod damaged;
mod halfway;
mod hosting;
mod tasks;
mod typed;
mod withheld;

use std::path::Path;

use crate::base::{HostPath, ObjectId, StoreError};
use crate::config::{ConfigError, Place};
use crate::merge::MergeError;
use crate::project::ProjectError;
use crate::source::SourceError;
use crate::vault::wire::Address;
use crate::vault::{VaultError, WireError};

use super::FlowError;
use super::places::MACHINE_FILE;
use super::report::Candidate;
pub use closed::Closed;
use closed::closed_hints;
use damaged::elsewhere_hints;
pub use damaged::whole_here_hints;
use halfway::without_nothing_changed;
use hosting::hosting_hints;
use tasks::tasks_hints;
pub use typed::{quoted, typed};
use withheld::another_hints;
pub use withheld::withheld_hints;

fn secret_hints(near: &[String]) -> Vec<String> {
    let near = near.iter().map(|name| format!("did you mean {name}?"));
    near.chain(["see what was found: `holdall secret list`".to_owned()])
        .collect()
}

const RENAME: &str = "rename what carries it (a machine's or a project's name, a directory, the path of a remote), and push again";

/// Only the face knows with which arguments.
const SAME_AGAIN: &str = "nothing was changed; when it answers, run the same command again";

const THROUGH_GH: &str =
    "where `gh` is logged in, it lends git its login, and git lends it here: `gh auth setup-git`";

/// What mends this machine's own copies, so that nothing is lost that still reads.
pub const REPAIR: &str = "holdall doctor --repair";

impl FlowError {
    /// What to do next, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NoHome => one("set HOME: the settings of your tools are below it"),
            Self::Busy { .. } | Self::TooContended { .. } => {
                one("run the command again in a moment")
            }
            Self::StrangeVault { url, .. } => strange_hints(url),
            Self::OtherVault { url, .. } | Self::Replaced { url } => vec![
                format!(
                    "if this is the vault you want now: `holdall backup configure {} --replace`",
                    quoted(url)
                ),
                "what this machine has stays in its own store either way".to_owned(),
            ],
            Self::NewerFormat { .. } => one("install the holdall that the other machines use"),
            Self::PushRefused { .. } => {
                one("nothing is lost: mend the cause there and run `holdall backup push` again")
            }
            Self::AllWithheld { lines } => withheld_hints(lines, "push"),
            Self::BadRecord { .. } => vec![
                "`holdall backup log` names the machine that wrote last; mend or remove the file in a clone of the vault and push that".to_owned(),
                "no file of this disk was touched".to_owned(),
            ],
            Self::BadFile { path, .. } if path.is_absolute() => vec![move_away(path)],
            Self::Connecting { url, source } => connecting_hints(url, source),
            Self::Restoring { .. } => one(SAME_AGAIN),
            Self::NoAddress { .. } => vec![
                "a private repository at GitHub, made with your `gh`: `holdall backup configure --create-github`".to_owned(),
                "or make a bare repository, on a disk or a NAS, and name it: `git init --bare PATH`, then `holdall backup configure PATH`".to_owned(),
            ],
            Self::Refused { hint, .. }
            | Self::Unsaid { hint, .. }
            | Self::BadValue { hint, .. } => one(hint),
            Self::Lacking { hints, .. } => hints.clone(),
            Self::Tasks(fault) => tasks_hints(fault),
            Self::GateHoldsRecord { .. } => one(RENAME),
            Self::Config(fault) => config_hints(fault),
            Self::Source(SourceError::Rule { .. }) => one(
                "mend the rule: a pattern as in a .gitignore, and where you like a class such as `:disposable` behind it",
            ),
            Self::Wire(fault) => wire_hints(fault),
            Self::WholeHere { url, .. } => whole_here_hints(url),
            Self::Project(fault) => project_hints(fault),
            Self::Hosting(fault) => hosting_hints(fault),
            Self::Offline { commit, source } => offline_hints(*commit, source),
            Self::Halfway { source } => without_nothing_changed(source.hints()),
            Self::NoService { cron_line, .. } => vec![
                format!("have cron do it (`crontab -e`): {cron_line}"),
                "or start it yourself: `holdall daemon run`".to_owned(),
            ],
            Self::Schedule(_) => one(
                "hourly, daily, weekly or off, or minute, hour, day, month and weekday as cron has them: `holdall backup schedule \"0 9 * * MON-FRI\"`",
            ),
            Self::Base(fault) => closed_hints(fault),
            Self::Vault(fault) => vault_hints(fault),
            Self::Store(fault) | Self::Merge(MergeError::Store(fault)) => store_hints(fault),
            _ => self.hints_on_what_is_missing(),
        }
    }

    /// What was named is not there, or not to be told from others.
    fn hints_on_what_is_missing(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NeverInVault { known, .. } => vec![listed("projects of the vault", known)],
            Self::NotThen { path, .. } => vec![format!(
                "when it was there: `holdall backup log --path {}`; with `--delete` it goes here, too",
                quoted(path.as_str())
            )],
            Self::NoSuchPreset { known, .. } => vec![listed("presets", known)],
            Self::NotAVault { .. } => {
                one("connect an empty repository or a vault: `holdall backup configure URL`")
            }
            Self::NothingToPush => one("register a project: `holdall project add PATH`"),
            Self::NoSuchPath { .. } => one("make it first, or check how it is spelt"),
            Self::NothingToPull { .. } => {
                one("push from the machine that has the state: `holdall backup push`")
            }
            Self::NoSuchUndo { .. } => one("see what can be undone: `holdall backup undo --list`"),
            Self::NoSuchProject { known, .. } if known.is_empty() => {
                one("register it: `holdall project add PATH`")
            }
            Self::NoSuchProject { known, .. } => vec![listed("registered here", known)],
            Self::NotInVault { known, .. } => vec![listed("it has", known)],
            Self::Ambiguous { path, candidates } => ambiguous_hints(path, candidates),
            Self::NoSuchSecret { near } => secret_hints(near),
            Self::NoSuch { what, known, .. } => vec![listed(&format!("{what}s"), known)],
            Self::NoSuchSetting { .. } => one("run `holdall settings list`"),
            _ => Vec::new(),
        }
    }
}

fn strange_hints(url: &str) -> Vec<String> {
    vec![
        "nothing was changed: connect the vault of this machine again: `holdall backup configure URL`".to_owned(),
        format!(
            "if this is the vault you want now: `holdall backup configure {} --replace`",
            quoted(url)
        ),
    ]
}

/// Each of them can be said; so can that it is none of them.
fn ambiguous_hints(path: &HostPath, candidates: &[Candidate]) -> Vec<String> {
    if let Some((first, rest)) = candidates.split_first()
        && rest.iter().any(|other| other.id == first.id)
    {
        let names: Vec<&str> = candidates.iter().map(|it| it.name.as_str()).collect();
        return vec![one_id_hint(&names)];
    }
    let path = quoted(&path.to_string());
    let link = |candidate: &Candidate| {
        format!(
            "if it is `{}`: `holdall project link {path} {}`",
            candidate.name, candidate.id
        )
    };
    let none = format!("if it is none of them: `holdall project add {path} --separate`");
    candidates.iter().map(link).chain([none]).collect()
}

/// Somebody copied a directory of the vault by hand: no command of ours knows which of the two is meant.
#[must_use]
pub fn one_id_hint(names: &[impl AsRef<str>]) -> String {
    let dirs = names
        .iter()
        .map(|name| format!("`projects/{}`", name.as_ref()));
    let dirs: Vec<String> = dirs.collect();
    format!(
        "{} have one id: in a clone of the vault delete all of them but one, and push that",
        dirs.join(" and ")
    )
}

fn listed(what: &str, names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => format!("{what}: none yet"),
        names => format!("{what}: {}", names.join(", ")),
    }
}

fn project_hints(fault: &ProjectError) -> Vec<String> {
    match fault {
        ProjectError::NotFound { .. } => vec!["run `holdall project list`".to_owned()],
        ProjectError::Taken { name, .. } => vec![
            "if this checkout is to travel too, as a project of its own: `holdall project add PATH --separate`"
                .to_owned(),
            format!(
                "if it is to take the other one's place, forget that one first: `holdall project remove {}`",
                quoted(name)
            ),
        ],
        ProjectError::Another { path, name } => another_hints(path, name),
        ProjectError::Named { name, .. } => vec![format!(
            "to have another one: `holdall project remove {} --from-vault`, then add it anew; the history keeps what it was",
            quoted(name)
        )],
        ProjectError::Nested { .. } => {
            vec!["`holdall project explain PATH` says what travels of it".to_owned()]
        }
        ProjectError::Damaged { path, line, .. } => vec![
            REPAIR.to_owned(),
            format!("or mend line {line} of {} by hand", path.display()),
        ],
        ProjectError::Base(fault) => closed_hints(fault),
        ProjectError::Busy { .. } => vec!["run the command again in a moment".to_owned()],
        _ => Vec::new(),
    }
}

fn vault_hints(fault: &VaultError) -> Vec<String> {
    match fault {
        VaultError::NoSuchRevision { .. } => {
            vec!["run `holdall backup log` for the commits there are".to_owned()]
        }
        VaultError::Git { .. } if fault.is_damage() => own_copy_hints(),
        VaultError::Git { .. } if fault.is_of_config() => vec![
            "mend the file of git's configuration that is named there: `git config --list` says the same of it"
                .to_owned(),
        ],
        VaultError::BadCommit { .. } => own_copy_hints(),
        VaultError::Store(fault) => store_hints(fault),
        VaultError::Base(fault) => closed_hints(fault),
        VaultError::Git { path, .. } => {
            let closed = Closed::below(path);
            closed.map_or_else(Vec::new, |closed| vec![closed.fix(), closed.words()])
        }
        VaultError::RefMoved { .. } => Vec::new(),
    }
}

fn store_hints(fault: &StoreError) -> Vec<String> {
    match fault {
        StoreError::Missing { .. } | StoreError::Damaged { .. } => own_copy_hints(),
        StoreError::Failed(_) => Vec::new(),
    }
}

fn own_copy_hints() -> Vec<String> {
    vec![format!(
        "this machine's copy of the vault is damaged; what still reads is kept, and the rest comes from the remote: `{REPAIR}`"
    )]
}

fn move_away(path: &Path) -> String {
    if path.ends_with(MACHINE_FILE) {
        return REPAIR.to_owned();
    }
    format!(
        "move {} away and run `holdall backup configure URL` again: nothing in the remote vault is lost",
        path.display()
    )
}

/// Nothing is configured yet, so the same command is what to run again.
fn connecting_hints(url: &str, fault: &WireError) -> Vec<String> {
    let typed = quoted(url);
    let again = format!("holdall backup configure {}", allowance(url));
    match fault {
        WireError::Unreachable { .. } => vec![
            format!("nothing was changed; when it is there: `{again}{typed}`"),
            format!("to keep the address unseen: `{again}--no-check {typed}`"),
        ],
        WireError::NotAllowed { .. } => {
            let check = format!(
                "check who this machine is to it (key, login, certificate) and may do there, then run `{again}{typed}` again"
            );
            let through_gh = url
                .starts_with("https://github.com/")
                .then(|| THROUGH_GH.to_owned());
            [check].into_iter().chain(through_gh).collect()
        }
        WireError::Insecure { .. } => vec![
            "use its https:// address".to_owned(),
            format!(
                "if nobody else is on that network: `holdall backup configure --allow-insecure {typed}`"
            ),
        ],
        _ => wire_hints(fault),
    }
}

/// What allows http to another machine: it was allowed, or nothing had been asked.
fn allowance(url: &str) -> &'static str {
    match Address::parse(url, Path::new("/"), Path::new("/")) {
        Ok(Address::Http(place)) if !place.tls && !place.is_loopback() => "--allow-insecure ",
        _ => "",
    }
}

fn wire_hints(fault: &WireError) -> Vec<String> {
    let text = match fault {
        WireError::Unreachable { .. } => {
            "nothing was changed: run the command again when it is there, or connect another place: `holdall backup configure URL`"
        }
        WireError::Unconfirmed { .. } => {
            "it may have arrived: run the command again, which looks first and sends it once more only if it did not"
        }
        WireError::NoSsh { .. } => {
            "install OpenSSH, or mend what is set up for it: ~/.ssh/config, GIT_SSH_COMMAND, GIT_SSH, or git's core.sshCommand"
        }
        WireError::NoGit { .. } => {
            "install git on that host, where its users without a terminal find it on PATH"
        }
        WireError::NotAllowed { .. } => {
            "check who this machine is to it (key, login, certificate) and may do there, then run the command again"
        }
        WireError::NotAVault { .. } => {
            "use an empty bare repository (`git init --bare PATH`) or one that is a vault"
        }
        WireError::Unsupported { .. } => {
            "make a plain one: `git init --bare --object-format=sha1 --ref-format=files PATH`"
        }
        WireError::BadUrl { .. } => {
            "write git@host:me/vault.git, https://host/me/vault.git, or a path like /mnt/nas/vault.git"
        }
        WireError::Insecure { .. } => {
            "use its https:// address, or if nobody else is on that network: `holdall config set remote.allow_insecure true`"
        }
        WireError::Damaged { .. } => return elsewhere_hints(),
        WireError::Vault(fault) => return vault_hints(fault),
        WireError::Protocol { .. } => {
            "see what answers there: `git ls-remote URL`; nothing was changed"
        }
    };
    vec![text.to_owned()]
}

fn config_hints(fault: &ConfigError) -> Vec<String> {
    let mend = |at: &Option<Place>, key: &str| match at {
        Some(place) => vec![format!(
            "edit {}, or run `holdall config unset {}`",
            place.path,
            quoted(key)
        )],
        None => vec!["run `holdall config list` for every key and its value".to_owned()],
    };
    match fault {
        ConfigError::Base(fault) => closed_hints(fault),
        ConfigError::Syntax { path, .. } | ConfigError::Edit { path, .. } => {
            vec![format!("edit {path}; nothing was changed")]
        }
        ConfigError::UnknownKey { at, key, .. }
        | ConfigError::WrongType { at, key, .. }
        | ConfigError::BadValue { at, key, .. } => mend(at, key),
        ConfigError::SecretInUrl { .. } => vec![
            "leave the password out: git's credential helper or an ssh url keeps it elsewhere"
                .to_owned(),
        ],
        ConfigError::ChangedMeanwhile { .. } => vec!["run the command again".to_owned()],
    }
}

fn offline_hints(commit: Option<ObjectId>, source: &FlowError) -> Vec<String> {
    let Some(commit) = commit else {
        return source.hints();
    };
    // That nothing was changed is no longer so.
    let rest = source.hints().into_iter();
    let rest = rest.filter(|hint| !hint.starts_with("nothing was changed"));
    let kept = format!(
        "nothing is lost: what changed is kept here as {}, and the next push that gets through takes it along",
        commit.short()
    );
    std::iter::once(kept).chain(rest).collect()
}
