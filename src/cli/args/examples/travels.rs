//! Of what travels.

use super::example::{Example, example};

pub const TRAVELS: &[(&str, &[Example])] = &[
    (
        "project add",
        &[
            example("holdall project add", "the project you are in"),
            example(
                "holdall project add ~/src/api --name work-api",
                "another one, under a name of yours",
            ),
            example(
                "holdall project add --state .notes --state .plans",
                "with directories that no preset knows",
            ),
        ],
    ),
    (
        "project link",
        &[
            example(
                "holdall project link ~/src/api api",
                "by the name that the vault has for it",
            ),
            example(
                "holdall project link . 01KAG3QZ5T8W2N4M6P0R9S7V1X",
                "by its id, as a pull or a scan names it",
            ),
        ],
    ),
    (
        "project scan",
        &[
            example(
                "holdall project scan ~/code ~/work",
                "register what the vault knows",
            ),
            example(
                "holdall project scan --dry-run ~/code",
                "see what would be registered",
            ),
        ],
    ),
    (
        "project list",
        &[example(
            "holdall project list",
            "names, directories and what travels",
        )],
    ),
    (
        "project explain",
        &[
            example(
                "holdall project explain .aigon/run.log",
                "does it travel, and why not",
            ),
            example(
                "holdall project explain ~/.claude/settings.json",
                "a tool's settings",
            ),
            example(
                "holdall project explain --json .beads/",
                "a directory, for a program",
            ),
        ],
    ),
    (
        "project remove",
        &[
            example("holdall project remove api", "on this machine only"),
            example(
                "holdall project remove api --from-vault",
                "for every machine",
            ),
        ],
    ),
    (
        "settings add",
        &[
            example("holdall settings add ~/.vimrc", "a file"),
            example("holdall settings add ~/.config/zed", "a directory"),
        ],
    ),
    (
        "settings list",
        &[example(
            "holdall settings list",
            "by preset, and those you added",
        )],
    ),
    (
        "settings remove",
        &[
            example("holdall settings remove ~/.vimrc", "a file you added"),
            example(
                "holdall settings remove gemini",
                "all that a preset lets travel",
            ),
        ],
    ),
    (
        "secret list",
        &[example(
            "holdall secret list",
            "where it stands, and its fingerprint",
        )],
    ),
    (
        "secret allow",
        &[example(
            "holdall secret allow 3f2a91c09be04d71",
            "for every machine, with the next push",
        )],
    ),
    (
        "secret revoke",
        &[example(
            "holdall secret revoke 3f2a91c09be04d71",
            "new files with it stay here again",
        )],
    ),
];
