//! Which exit code means what. Decided here and nowhere else.

use crate::flow::ErrorKind;

/// Done.
pub const DONE: u8 = 0;
/// Failed for a reason of the user, the configuration or the disk.
pub const FAILED: u8 = 1;
/// The command line was wrong.
pub const USAGE: u8 = 2;
/// Done, but something wants a decision.
pub const DECISION: u8 = 3;
/// Trying again may help.
pub const AGAIN: u8 = 4;
/// Not allowed.
pub const NOT_ALLOWED: u8 = 5;
/// The remote is not what it was, or not what it should be.
pub const OTHER_REMOTE: u8 = 6;
/// A bug, or corrupt data.
pub const BUG: u8 = 70;
/// Somebody pressed Ctrl-C.
pub const INTERRUPTED: u8 = 130;

#[must_use]
pub const fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage => USAGE,
        ErrorKind::Busy | ErrorKind::Unreachable | ErrorKind::Unconfirmed => AGAIN,
        ErrorKind::Auth | ErrorKind::WrongKey => NOT_ALLOWED,
        ErrorKind::NotAVault
        | ErrorKind::OtherVault
        | ErrorKind::Rewound
        | ErrorKind::NewerFormat => OTHER_REMOTE,
        ErrorKind::Corrupt | ErrorKind::Internal => BUG,
        ErrorKind::NotConfigured
        | ErrorKind::NotFound
        | ErrorKind::Refused
        | ErrorKind::Invalid
        | ErrorKind::Io => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_the_code_that_scripts_rely_on() {
        for (kind, name, code) in [
            (ErrorKind::Usage, "usage", 2),
            (ErrorKind::Busy, "busy", 4),
            (ErrorKind::Unreachable, "unreachable", 4),
            (ErrorKind::Unconfirmed, "unconfirmed", 4),
            (ErrorKind::Auth, "auth", 5),
            (ErrorKind::WrongKey, "wrong_key", 5),
            (ErrorKind::NotAVault, "not_a_vault", 6),
            (ErrorKind::OtherVault, "other_vault", 6),
            (ErrorKind::Rewound, "rewound", 6),
            (ErrorKind::NewerFormat, "newer_format", 6),
            (ErrorKind::Corrupt, "corrupt", 70),
            (ErrorKind::Internal, "internal", 70),
            (ErrorKind::NotConfigured, "not_configured", 1),
            (ErrorKind::NotFound, "not_found", 1),
            (ErrorKind::Refused, "refused", 1),
            (ErrorKind::Invalid, "invalid", 1),
            (ErrorKind::Io, "io", 1),
        ] {
            assert_eq!(code_of(kind), code, "{kind:?}");
            assert_eq!(serde_json::json!(kind), name);
        }
    }
}
