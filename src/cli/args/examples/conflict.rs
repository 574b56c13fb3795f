//! Of decisions about conflicts.

use super::example::{Example, example};

pub const CONFLICT: &[(&str, &[Example])] = &[
    (
        "conflict list",
        &[
            example("holdall conflict list", "what waits for a decision"),
            example("holdall conflict list --json", "the same, with contents"),
        ],
    ),
    (
        "conflict show",
        &[
            example("holdall conflict show 3f2a", "by the beginning of its id"),
            example("holdall conflict show .aigon/notes.md", "by the file"),
            example("holdall conflict show API-7KQ9", "by the task"),
            example(
                "holdall conflict show API-7KQ9 title",
                "one field of several",
            ),
        ],
    ),
    (
        "conflict diff",
        &[
            example(
                "holdall conflict diff 3f2a",
                "from the vault's version to each other",
            ),
            example(
                "holdall conflict diff 3f2a 81c04d2e --base",
                "what one machine had changed",
            ),
            example(
                "holdall conflict diff API-7KQ9 description",
                "from the text that is shown to the others",
            ),
        ],
    ),
    (
        "conflict export",
        &[example(
            "holdall conflict export api:.aigon/notes.md --dir /tmp/versions",
            "one file for each version",
        )],
    ),
    (
        "conflict resolve",
        &[
            example("holdall conflict resolve 3f2a", "in your editor"),
            example(
                "holdall conflict resolve 3f2a --use vault",
                "the vault's version",
            ),
            example(
                "holdall conflict resolve 3f2a --use 81c04d2e",
                "the version with this token",
            ),
            example(
                "holdall conflict resolve 3f2a --file merged.md",
                "a content of your own",
            ),
            example(
                "holdall conflict resolve API-7KQ9 status --use remote",
                "the value from elsewhere",
            ),
            example(
                "holdall conflict resolve API-7KQ9 title --value Renewed",
                "a value of your own",
            ),
            example(
                "holdall conflict resolve --all --use vault --yes",
                "every one, without a question",
            ),
        ],
    ),
];
