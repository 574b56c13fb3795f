//! What to do next about what a flow answered.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use crate::base::{HostPath, StoreError};
use crate::config::{ConfigError, Place};
use crate::merge::MergeError;
use crate::project::ProjectError;
use crate::source::{SourceError, pattern_for};
use crate::vault::{VaultError, WireError};

use super::FlowError;
use super::report::{Candidate, Reason, WithheldLine};

fn secret_hints(near: &[String]) -> Vec<String> {
    let near = near.iter().map(|name| format!("did you mean {name}?"));
    near.chain(["see what was found: `holdall secret list`".to_owned()])
        .collect()
}

const RENAME: &str = "rename what carries it (a machine's or a project's name, a directory, the path of a remote), and push again";

/// Only the face knows with which arguments.
const SAME_AGAIN: &str = "nothing was changed; when it answers, run the same command again";

const ONLY_COPY: &str =
    "without a remote it is the only copy: keep it, and look at it with `git fsck`";

impl FlowError {
    /// What to do next, the most likely first.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let one = |text: &str| vec![text.to_owned()];
        match self {
            Self::NoHome => one("set HOME, or pass `--home DIR`"),
            Self::Busy { .. } | Self::TooContended { .. } => {
                one("run the command again in a moment")
            }
            Self::NotAVault { .. } => {
                one("connect an empty repository or a vault: `holdall backup configure URL`")
            }
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
            Self::NothingToPush => one("register a project: `holdall project add PATH`"),
            Self::AllWithheld { lines } => withheld_hints(lines, "push"),
            Self::BadRecord { .. } => vec![
                "`holdall backup log` names the machine that wrote last; mend or remove the file in a clone of the vault and push that".to_owned(),
                "no file of this disk was touched".to_owned(),
            ],
            Self::BadFile { path, .. } if path.is_absolute() => vec![move_away(path)],
            Self::Connecting { url, source } => connecting_hints(url, source),
            Self::Restoring { .. } => one(SAME_AGAIN),
            Self::NoAddress { .. } => vec![
                "make a bare repository, on a disk or a NAS, and name it: `git init --bare PATH`, then `holdall backup configure PATH`".to_owned(),
            ],
            Self::Refused { hint, .. } | Self::Unsaid { hint, .. } => one(hint),
            Self::GateHoldsRecord { .. } => one(RENAME),
            Self::Config(fault) => config_hints(fault),
            Self::Source(SourceError::Rule { .. }) => one(
                "mend the rule: a pattern as in a .gitignore, and where you like a class such as `:disposable` behind it",
            ),
            Self::Wire(fault) => wire_hints(fault),
            Self::Project(fault) => project_hints(fault),
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
            Self::NoSuchPath { .. } => one("make it first, or check how it is spelt"),
            Self::NothingToPull => {
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
        ProjectError::Damaged { path, line, .. } => vec![format!(
            "mend line {line}, or move {} away and add each project again: `holdall project add PATH`; the vault keeps all of it",
            path.display()
        )],
        ProjectError::Busy { .. } => vec!["run the command again in a moment".to_owned()],
        _ => Vec::new(),
    }
}

/// A person alone knows what became of the project.
fn another_hints(path: &Path, name: &str) -> Vec<String> {
    let (typed, path) = (quoted(name), quoted(&path.to_string_lossy()));
    vec![
        format!("if `{name}` lies elsewhere now: `holdall project add PATH`, with that place"),
        format!("if this is `{name}`, under a new address: `holdall project link {path} {typed}`"),
        format!("if `{name}` is here no more: `holdall project remove {typed}`"),
    ]
}

fn another_hint(line: &WithheldLine) -> Option<String> {
    let mut above = line.file.as_path().ancestors();
    let dir = above.nth(line.path.names().count())?;
    Some(another_hints(dir, &line.project).join("; "))
}

fn vault_hints(fault: &VaultError) -> Vec<String> {
    match fault {
        VaultError::NoSuchRevision { .. } => {
            vec!["run `holdall backup log` for the commits there are".to_owned()]
        }
        VaultError::Git { path, .. } if fault.is_damage() => {
            vec![move_away(path), ONLY_COPY.to_owned()]
        }
        VaultError::BadCommit { .. } => own_copy_hints(),
        VaultError::Store(fault) => store_hints(fault),
        _ => Vec::new(),
    }
}

fn store_hints(fault: &StoreError) -> Vec<String> {
    match fault {
        StoreError::Missing { .. } | StoreError::Damaged { .. } => own_copy_hints(),
        StoreError::Failed(_) => Vec::new(),
    }
}

fn own_copy_hints() -> Vec<String> {
    vec![
        "this machine's copy of the vault is damaged: move `vault.git` out of holdall's data directory and run `holdall backup configure URL` again; nothing in the remote vault is lost".to_owned(),
        ONLY_COPY.to_owned(),
    ]
}

fn move_away(path: &Path) -> String {
    format!(
        "move {} away and run `holdall backup configure URL` again: nothing in the remote vault is lost",
        path.display()
    )
}

/// Nothing is configured yet, so the same command is what to run again.
fn connecting_hints(url: &str, fault: &WireError) -> Vec<String> {
    let typed = quoted(url);
    match fault {
        WireError::Unreachable { .. } => vec![
            format!("nothing was changed; when it is there: `holdall backup configure {typed}`"),
            format!("to keep the address unseen: `holdall backup configure --no-check {typed}`"),
        ],
        WireError::NotAllowed { .. } => vec![format!(
            "check the rights on the repository, then run `holdall backup configure {typed}` again"
        )],
        _ => wire_hints(fault),
    }
}

fn wire_hints(fault: &WireError) -> Vec<String> {
    let text = match fault {
        WireError::Unreachable { .. } => {
            "nothing was changed; when it is there again: `holdall backup push`, or another place: `holdall backup configure URL`"
        }
        WireError::NotAllowed { .. } => {
            "check the rights on the repository, then run the command again"
        }
        WireError::NotAVault { .. } => {
            "use an empty bare repository (`git init --bare PATH`) or one that is a vault"
        }
        WireError::Unsupported { .. } => {
            "make a plain one: `git init --bare --object-format=sha1 --ref-format=files PATH`"
        }
        WireError::BadUrl { .. } => {
            "write a path like /mnt/nas/vault.git, or file:///mnt/nas/vault.git"
        }
        WireError::Damaged { .. } => "run `git fsck` in the remote repository",
        WireError::Vault(fault) => return vault_hints(fault),
        WireError::Protocol { .. } => return Vec::new(),
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
        ConfigError::Base(_) => Vec::new(),
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

/// A word as a shell takes it.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The same for a name of this disk; nothing where it cannot be typed as it is.
#[must_use]
pub fn typed(name: &OsStr) -> Option<String> {
    let name = name.to_str()?;
    (!name.contains(char::is_control)).then(|| quoted(name))
}

/// What to do about paths that stay behind: one hint for each reason, with the first path that has
/// it. `command` is what to run again: `push` or `pull`.
#[must_use]
pub fn withheld_hints(lines: &[WithheldLine], command: &str) -> Vec<String> {
    let mut reasons = BTreeSet::new();
    let first = lines.iter().filter(|line| reasons.insert(line.reason));
    first
        .filter_map(|line| withheld_hint(line, command))
        .collect()
}

fn withheld_hint(line: &WithheldLine, command: &str) -> Option<String> {
    let (file, again) = (&line.file, format!("`holdall backup {command}`"));
    Some(match line.reason {
        Reason::Unreadable => {
            format!("make {file} readable for this user, then {again}")
        }
        // Of settings the vault does not have all: whoever deletes them loses what stays here.
        Reason::Damaged if line.detail.is_some() => format!(
            "mend {file} at the place that is named, then {again}; the vault keeps the last good version, but not the keys that stay on this machine"
        ),
        Reason::Damaged => {
            format!("mend or delete {file}, then {again}; the vault keeps the last good version")
        }
        Reason::NotEditable => format!(
            "write {file} without what is named there (YAML without references to what stays here, say), then {again}; until then the file stays here"
        ),
        Reason::DamagedInVault => format!(
            "mend settings/{}/{} of the vault: on the machine that wrote it (`holdall backup log` names it), or in a clone of the vault, and push that; {file} needs nothing",
            line.project, line.path
        ),
        Reason::NoPlace => format!(
            "the keys stay in {file} until you decide: write there what the vault has, around them, or take them out if they went with what was deleted over there; then {again}"
        ),
        Reason::Missing => format!(
            "mount or restore {file}, then {again}; if it was meant to go: `holdall backup {command} --allow-mass-delete`"
        ),
        Reason::Gone => format!(
            "mount what {file} is on, then {again}; if `{}` lies elsewhere now: `holdall project add PATH`, with that place; if it is here no more: `holdall project remove {}`",
            line.project,
            quoted(&line.project)
        ),
        Reason::OtherRepository => another_hint(line)?,
        Reason::MassDelete => format!(
            "if the files of {file} were meant to go: `holdall backup {command} --allow-mass-delete`"
        ),
        Reason::HoldsSecret => {
            let allow = line.fingerprint.as_ref().map_or_else(String::new, |name| {
                format!(", or let that one value travel: `holdall secret allow {name}`")
            });
            format!(
                "take the secret out of {file}, then {again}{allow}; until then the file stays here"
            )
        }
        Reason::Unstable => format!("something is writing {file}: {again} when it is done"),
        Reason::DatabaseInUse => database_hint(line, &again),
        Reason::BadRules => format!(
            "mend the line in {file}/.holdallignore, then {again}; a rule is a pattern as in a .gitignore, and where you like a class such as `:disposable` behind it"
        ),
        Reason::BadName => match (&line.detail, file.as_path().parent()) {
            (Some(name), Some(dir)) => format!("rename {name} in {}, then {again}", dir.display()),
            _ => format!("rename {file}, then {again}"),
        },
        _ => return None,
    })
}

fn database_hint(line: &WithheldLine, again: &str) -> String {
    let name = line.path.name().filter(|_| line.detail.is_none());
    let copy = name.and_then(|name| pattern_for(name, false));
    let copy = copy.map_or_else(String::new, |rule| {
        let rule = rule.trim_start_matches('/');
        format!(", or have a copy of it travel: add the line `{rule} :sqlite` to .holdallignore in the state directory")
    });
    format!(
        "close the program that has {} open (one that was killed mends it when it starts again), then {again}{copy}",
        line.file
    )
}
