//! The tables: which room may import which, and who owns which library.
//!
//! A change here is a change of design; the commit that makes it says why.

/// A room of `src/` and the rooms below it that it may name.
pub struct Floor {
    pub room: &'static str,
    pub may: &'static [&'static str],
}

const fn floor(room: &'static str, may: &'static [&'static str]) -> Floor {
    Floor { room, may }
}

/// Each row names only earlier rows, so there is no circle.
pub const FLOORS: &[Floor] = &[
    floor("base", &[]),
    floor("layout", &["base"]),
    floor("doc", &["base"]),
    floor("config", &["base", "doc"]),
    floor("repo", &["base"]),
    floor("database", &["base"]),
    floor("project", &["base", "layout"]),
    floor("source", &["base", "layout", "doc"]),
    floor("snapshot", &["base", "layout", "doc", "source"]),
    floor("merge", &["base", "layout", "doc"]),
    floor("oplog", &["base", "layout"]),
    floor("tasks", &["base", "layout", "oplog"]),
    floor("vault", &["base", "layout"]),
    floor("restore", &["base", "layout"]),
    floor("schedule", &["base"]),
    floor("runs", &["base"]),
    floor("service", &["base"]),
    floor(
        "flow",
        &[
            "base", "layout", "doc", "config", "repo", "database", "project", "source", "snapshot",
            "merge", "oplog", "tasks", "vault", "restore", "schedule", "runs", "service",
        ],
    ),
    floor("daemon", &["base", "flow"]),
    floor("web", &["base", "flow"]),
    floor("tui", &["base", "flow"]),
    floor("cli", &["base", "flow", "daemon", "web", "tui"]),
    // src/main.rs: hands the arguments to cli, returns its exit code.
    floor("main", &["cli"]),
];

/// Who may name a library in `src/`.
pub enum Owner {
    Rooms(&'static [&'static str]),
    Anyone,
    /// Only what lies under `tests/` and `benches/`.
    Tests,
}

use Owner::{Anyone, Rooms, Tests};

/// Every dependency of Cargo.toml has a row; a row may wait for its dependency.
pub const LIBRARIES: &[(&str, Owner)] = &[
    ("git2", Rooms(&["repo", "vault"])),
    ("libgit2_sys", Rooms(&["repo", "vault"])),
    ("sha1", Rooms(&["vault"])),
    ("flate2", Rooms(&["vault"])),
    ("libdeflater", Rooms(&["vault"])),
    ("ureq", Rooms(&["vault"])),
    ("rustls_native_certs", Rooms(&["vault"])),
    ("base64", Rooms(&["vault"])),
    ("toml_edit", Rooms(&["doc"])),
    ("saphyr_parser", Rooms(&["doc"])),
    ("walkdir", Rooms(&["source"])),
    ("globset", Rooms(&["source"])),
    ("unicode_normalization", Rooms(&["source"])),
    ("regex", Rooms(&["snapshot"])),
    ("rusqlite", Rooms(&["database", "tasks"])),
    ("croner", Rooms(&["schedule"])),
    ("clap", Rooms(&["cli"])),
    ("clap_complete", Rooms(&["cli"])),
    ("clap_mangen", Rooms(&["cli"])),
    ("anstream", Rooms(&["cli"])),
    ("anstyle", Rooms(&["cli"])),
    ("indicatif", Rooms(&["cli"])),
    ("axum", Rooms(&["web"])),
    ("ratatui", Rooms(&["tui"])),
    ("crossterm", Rooms(&["tui"])),
    ("tokio", Rooms(&["daemon", "web"])),
    ("tokio_cron_scheduler", Rooms(&["daemon"])),
    ("blake3", Anyone),
    ("chrono", Anyone),
    ("chrono_tz", Rooms(&["schedule"])),
    ("etcetera", Anyone),
    ("getrandom", Anyone),
    ("memchr", Anyone),
    ("postcard", Anyone),
    ("rustix", Anyone),
    ("serde", Anyone),
    ("serde_json", Anyone),
    ("strsim", Anyone),
    ("tempfile", Anyone),
    ("thiserror", Anyone),
    ("insta", Anyone),
    ("proptest", Anyone),
    ("holdall", Tests),
    ("jsonschema", Tests),
    ("proc_macro2", Tests),
    ("syn", Tests),
];

pub fn floor_of(room: &str) -> Option<&'static Floor> {
    FLOORS.iter().find(|floor| floor.room == room)
}

pub fn owner_of(library: &str) -> Option<&'static Owner> {
    LIBRARIES
        .iter()
        .find(|(name, _)| *name == library)
        .map(|(_, owner)| owner)
}
