//! The words for what reports say in one word.

use crate::flow::Healed;
use crate::flow::report::{ChangeKind, Reason};

/// True on each side: a version is chosen by being the same on both machines.
pub const CONFLICT_HINT: &str = "both versions are safe in the vault; to decide, give the file the version you \
                                 want on the machine that has the other one, and push there";

pub const fn change_sign(change: ChangeKind) -> &'static str {
    match change {
        ChangeKind::Added => "+",
        ChangeKind::Changed => "~",
        ChangeKind::Removed => "-",
    }
}

pub const fn healed_words(healed: Healed) -> &'static str {
    match healed {
        Healed::Rewound => {
            "the remote had gone back to an older state: what it had lost is there again"
        }
        Healed::Diverged => "the remote's history had gone another way: both were merged",
        Healed::Emptied => "the remote had become empty: the whole history is there again",
    }
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
        Reason::LinkedRoot => "a link to somewhere else",
        Reason::Nested => "a git repository of its own",
        Reason::CacheDir => "a cache, as its CACHEDIR.TAG says",
        Reason::BadRules => "its rules cannot be understood",
        Reason::Temporary => "an unfinished file",
        Reason::BadName => "a name that a vault cannot hold",
        Reason::Unstable => "changed each time it was read",
        Reason::Damaged => "not what its name says, or cut off",
        Reason::HoldsSecret => "holds a secret",
        Reason::MassDelete => "most of its files are gone at once",
    }
}

pub fn kept_words(why: &str) -> &'static str {
    match why {
        "changed_here_and_there" => "changed here and in the vault",
        "changed_here" => "changed here, deleted in the vault",
        "changed" => "changed while the pull was running",
        "in_the_way" => "something that is no file stands there",
        "not_a_directory" => "a link or a file stands where a directory should be",
        "link_leaves" => "the link would lead out of the project",
        "name_refused" => "this disk does not take the name",
        "not_allowed" => "no permission to write it",
        "has_local_keys" => "deleted in the vault, but it holds keys of this machine",
        "damaged_in_vault" => "the vault's version is damaged",
        _ => "left as it is",
    }
}
