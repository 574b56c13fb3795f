//! The words for what reports say in one word.

use crate::base::VaultPath;
use crate::flow::conflict::FieldLine;
use crate::flow::machines::Machines;
use crate::flow::report::{ChangeKind, ConflictLine, Counts, Part, Reason};
use crate::flow::task::HeldText;
use crate::flow::{Conflicts, Healed, quoted};

use super::show::{count, count_of, printable};

/// A line for each conflict.
pub fn conflicts_words(conflicts: &Conflicts) -> String {
    let files = conflicts.files.iter().map(conflict_words);
    files
        .chain(conflicts.fields.iter().map(field_words))
        .collect()
}

fn field_words(line: &FieldLine) -> String {
    let title = line.title.as_deref().unwrap_or_default();
    let of = if title.is_empty() {
        String::new()
    } else {
        format!("of “{}”, ", printable(title))
    };
    let words = if line.is_existence() {
        "deleted, and changed by somebody who did not know it"
    } else {
        "changed by several at once; the latest value is shown meanwhile"
    };
    let place = format!("{} {}", line.reference, line.field);
    format!("conflict  {}: {of}{words}\n", printable(&place))
}

/// Where each version of a conflict is.
fn conflict_words(line: &ConflictLine) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let dir = line.dir.as_ref().map_or("", VaultPath::as_str);
    let who = line.machines.join(", ");
    let words = match (line.here, line.filed) {
        _ if line.damaged => "what is on file cannot be read".to_owned(),
        _ if line.decided => "decided here; the next push carries it".to_owned(),
        (true, true) => format!(
            "changed here and in the vault; this disk keeps its version, and the vault has it too: {dir} ({who})"
        ),
        (true, false) => {
            "changed here and in the vault; this disk keeps its version, and nobody else has it yet"
                .to_owned()
        }
        (false, true) => {
            format!("changed on two machines; the other version is in the vault: {dir} ({who})")
        }
        (false, false) => "changed on two machines".to_owned(),
    };
    format!("conflict  {}: {}\n", printable(&place), printable(&words))
}

/// What to do about conflicts.
pub fn conflict_hints(conflicts: &Conflicts) -> Vec<String> {
    let (lines, mut hints) = (&conflicts.files, Vec::new());
    if lines
        .iter()
        .any(|line| line.here && !line.filed && !line.decided)
    {
        hints.push(
            "your version is only on this disk: run `holdall backup push` to file it".to_owned(),
        );
    }
    if let Some(line) = lines.iter().find(|line| line.damaged) {
        hints.push(format!(
            "what cannot be read: remove conflicts/{} in a clone of the vault, and push that",
            quoted(&line.id)
        ));
    }
    if let Some(line) = lines.iter().find(|line| !line.decided && !line.damaged) {
        let id = quoted(&line.id);
        hints.push(format!(
            "see both versions: `holdall conflict show {id}`; decide: `holdall conflict resolve {id}`"
        ));
    }
    if let Some(line) = conflicts.fields.first() {
        let (on, field) = (quoted(&line.reference), quoted(&line.field));
        hints.push(format!(
            "see all values: `holdall conflict show {on} {field}`; decide: `holdall conflict resolve {on} {field}`"
        ));
    }
    if lines.iter().any(|line| line.decided) {
        hints.push("send what you decided: `holdall backup push`".to_owned());
    }
    hints
}

/// One line for one change: `+ api/.aigon/x`.
pub fn change_line(place: &str, change: ChangeKind) -> String {
    let (sign, tail) = match change {
        ChangeKind::Added => ("+", ""),
        ChangeKind::Changed => ("~", ""),
        ChangeKind::Removed => ("-", ""),
        ChangeKind::DirMade => ("+", "/"),
        ChangeKind::DirRemoved => ("-", "/"),
        ChangeKind::Mode => ("~", " (mode)"),
    };
    format!("{sign} {}{tail}", printable(place))
}

/// One file that changed on two machines, and whose changes stand together now.
pub fn merged_line(unit: &str, path: &VaultPath) -> String {
    let place = format!("{unit}/{path}");
    format!(
        "merged  {}: changed here and elsewhere, and has both changes\n",
        printable(&place)
    )
}

/// What a person decided about secrets and is not in the vault yet, behind what else there is.
pub fn decisions(many: usize) -> String {
    match many {
        0 => String::new(),
        many => format!(", {} on secrets", count(many as u64, "decision")),
    }
}

/// The same about conflicts.
pub fn resolved(many: usize) -> String {
    match many {
        0 => String::new(),
        many => format!(", {} on conflicts", count(many as u64, "decision")),
    }
}

/// Changes of the task list, beside something else that is counted.
pub fn task_changes(many: usize) -> String {
    match many {
        0 => String::new(),
        many => format!(", {}", count(many as u64, "task change")),
    }
}

/// What came and went of the task list, on a line of its own.
pub fn ops_line(way: &str, many: usize) -> String {
    match many {
        0 => String::new(),
        many => format!("tasks  {} {way}\n", count(many as u64, "change")),
    }
}

/// Texts of tasks that stay on this machine, on a line of their own.
pub fn texts_line(texts: &[HeldText]) -> String {
    match texts.len() {
        0 => String::new(),
        many => {
            let holds = count_of(many as u64, "text of a task holds", "texts of tasks hold");
            format!("withheld  {holds} a secret: what is said there stays on this machine\n")
        }
    }
}

/// What to do about them.
pub fn texts_hint(texts: &[HeldText]) -> Option<String> {
    let first = texts.first()?;
    Some(format!(
        "see which texts of tasks stay here: `holdall secret list`; let one travel: `holdall secret allow {}`",
        first.text.fingerprint
    ))
}

/// How much of what changes: `2 files, 1 directory`.
pub fn amount(counts: &Counts) -> String {
    listed(counts.parts().into_iter())
}

/// The same with what becomes of the files: `1 added, 0 changed, 0 removed, 1 mode`.
pub fn changes_words(counts: &Counts) -> String {
    let files = format!(
        "{} added, {} changed, {} removed",
        counts.added, counts.changed, counts.removed
    );
    let rest = listed(counts.beside_files());
    if rest.is_empty() {
        files
    } else {
        format!("{files}, {rest}")
    }
}

fn listed(parts: impl Iterator<Item = Part>) -> String {
    let parts = parts.map(|(number, one, many)| count_of(number as u64, one, many));
    parts.collect::<Vec<_>>().join(", ")
}

/// What had happened to the remote; `sent` where this run sent it what it lacked.
pub const fn healed_words(healed: Healed, sent: bool) -> &'static str {
    match (healed, sent) {
        (Healed::Rewound, true) => {
            "the remote had gone back to an older state: what it had lost is there again"
        }
        (Healed::Rewound, false) => {
            "the remote lost what was pushed last (it went back to an older state); the next \
             `holdall backup push` sends it again"
        }
        (Healed::Diverged, true) => "the remote's history had gone another way: both were merged",
        (Healed::Diverged, false) => {
            "the remote's history went another way; the next `holdall backup push` merges both"
        }
        (Healed::Emptied, true) => "the remote was empty: the whole history is there now",
        (Healed::Emptied, false) => {
            "the remote is empty: the next `holdall backup push` sends the whole history"
        }
    }
}

/// Records of machines that nobody can read.
pub fn unreadable_machines(machines: &Machines) -> String {
    let line = |path: &VaultPath| format!("cannot be read  {}\n", printable(path.as_str()));
    machines.unreadable.iter().map(line).collect()
}

pub const fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Disposable => "made again when needed",
        Reason::MachineLocal => "belongs to this machine",
        Reason::Secret => "made to hold secrets",
        Reason::TooLarge => "larger than limits.max_file",
        Reason::Tracked => "carried by the project's own git",
        Reason::NotAFile => "a socket, a fifo or a device",
        Reason::Unreadable => "cannot be read",
        Reason::Missing => "its state directory is gone: unmounted, moved or deleted",
        Reason::Gone => "its project is gone: unmounted, moved or deleted",
        Reason::OtherRepository => "another repository stands in the place of the project",
        Reason::LinkedRoot => "a link to somewhere else",
        Reason::OfPreset => "what of it travels, the preset of its tool says",
        Reason::Nested => "a git repository of its own",
        Reason::CacheDir => "a cache, as its CACHEDIR.TAG says",
        Reason::BadRules => "its rules cannot be understood",
        Reason::Temporary => "an unfinished file",
        Reason::BadName => "a name that a vault cannot hold",
        Reason::Unstable => "changed each time it was read",
        Reason::HalfLine => "its last line is not ended yet",
        Reason::Damaged => "not what its name says, or cut off",
        Reason::NotEditable => "written in a way that cannot be edited without risk",
        Reason::DamagedInVault => {
            "the vault's version cannot be read; the file here stays as it is"
        }
        Reason::NoPlace => {
            "the vault's version has no place for keys of this machine; the file here stays as it is"
        }
        Reason::DatabaseInUse => "a database that a program has open, or was killed with",
        Reason::BesideDatabase => "belongs to an open database",
        Reason::HoldsSecret => "holds a secret",
        Reason::MassDelete => "most of its files are gone at once",
    }
}

pub fn kept_words(why: &str) -> &'static str {
    match why {
        "changed_here_and_there" => "changed here and in the vault",
        "changed_here" => "changed here, deleted in the vault",
        "changed" => "changed while the pull was running",
        "edited_since" => "edited since, so it stays as it is",
        "half_line" => "its last line is not ended yet",
        "just_written" => "something was written to it a moment ago, so it stays as it is for now",
        "linked" => "a link stands there; nothing is written to where it leads",
        "in_the_way" => "something else stands there or on the way to it",
        "not_a_directory" => "a link or a file stands where a directory should be",
        "link_leaves" => "the link would lead out of the project",
        "repository" => "it would make a git repository, which stays in the vault",
        "name_of_git" => {
            "some disks take its real name for git's own directory, so it stays in the vault"
        }
        "name_refused" => "this disk does not take the name",
        "case_clash" => "this disk takes another name for this one",
        "database_in_use" => "a database that a program has open, or was killed with",
        "beside_database" => "belongs to a database, on the machine where it is open",
        "not_allowed" => "no permission to write it",
        "not_carried" => "a rule leaves it as it is here",
        "decided" => "it was decided here, and the next push carries that",
        "read_only" => "it lies on a read-only file system",
        "has_local_keys" => "deleted in the vault, but it holds keys of this machine",
        _ => "left as it is",
    }
}
