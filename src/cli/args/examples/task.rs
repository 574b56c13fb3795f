//! Of tasks.

use super::example::{Example, example};

pub const TASK: &[(&str, &[Example])] = &[
    (
        "task add",
        &[
            example("holdall task add Renew the certificate", "into the inbox"),
            example(
                "holdall task add Renew --due +3d --priority high --label ops",
                "with more about it",
            ),
            example(
                "holdall task add --stdin",
                "many, one JSON object on each line",
            ),
        ],
    ),
    (
        "task list",
        &[
            example("holdall task list", "what is open, what comes next first"),
            example("holdall task list --ready --limit 5", "what can be begun"),
            example(
                "holdall task list --everywhere --json",
                "of all projects, for a program",
            ),
        ],
    ),
    (
        "task show",
        &[example(
            "holdall task show API-7KQ9",
            "by its ref, or as much of it as is its own",
        )],
    ),
    (
        "task edit",
        &[
            example(
                "holdall task edit 7KQ9 --priority urgent --due none",
                "some of its values",
            ),
            example(
                "holdall task edit 7KQ9 --status todo --if-seen 3f2a91c0",
                "beside what came since",
            ),
            example(
                "holdall task edit --stdin",
                "many, one JSON object on each line",
            ),
        ],
    ),
    (
        "task start",
        &[example("holdall task start API-7KQ9", "it is active")],
    ),
    (
        "task done",
        &[example("holdall task done 7KQ9 B2M4", "two of them")],
    ),
    (
        "task cancel",
        &[example("holdall task cancel 7KQ9", "nobody does it")],
    ),
    (
        "task delete",
        &[example("holdall task delete 7KQ9", "out of every list")],
    ),
    (
        "task restore",
        &[example("holdall task restore 7KQ9", "back in the lists")],
    ),
    (
        "task note",
        &[
            example(
                "holdall task note add 7KQ9 The old one ends in May",
                "a line",
            ),
            example("holdall task note list 7KQ9", "all of them"),
        ],
    ),
    (
        "task note add",
        &[
            example(
                "holdall task note add 7KQ9 The old one ends in May",
                "a line",
            ),
            example("holdall task note add 7KQ9 --file notes.md", "a whole text"),
        ],
    ),
    (
        "task note remove",
        &[example(
            "holdall task note remove 7KQ9 3f2a91c0",
            "as `task note list` names it",
        )],
    ),
    (
        "task note list",
        &[example("holdall task note list 7KQ9", "the oldest first")],
    ),
    (
        "task label",
        &[
            example("holdall task label add 7KQ9 web ops", "two of them"),
            example("holdall task label list", "those that open tasks have"),
        ],
    ),
    (
        "task label add",
        &[example(
            "holdall task label add 7KQ9 web ops",
            "two of them",
        )],
    ),
    (
        "task label remove",
        &[example("holdall task label remove 7KQ9 web", "one")],
    ),
    (
        "task label list",
        &[example("holdall task label list", "with how many have it")],
    ),
    (
        "task depend",
        &[example(
            "holdall task depend add 7KQ9 B2M4",
            "B2M4 has to be done first",
        )],
    ),
    (
        "task depend add",
        &[example(
            "holdall task depend add 7KQ9 B2M4",
            "B2M4 has to be done first",
        )],
    ),
    (
        "task depend remove",
        &[example(
            "holdall task depend remove 7KQ9 B2M4",
            "it need not, after all",
        )],
    ),
    (
        "task search",
        &[
            example(
                "holdall task search certif",
                "all of the words; the last may be a beginning",
            ),
            example(
                "holdall task search login page --everywhere",
                "in all projects",
            ),
        ],
    ),
    (
        "task log",
        &[
            example("holdall task log API-7KQ9", "what became of one task"),
            example("holdall task log --limit 10", "what was written last"),
        ],
    ),
    (
        "task undo",
        &[
            example("holdall task undo", "the last step"),
            example("holdall task undo 3", "the last three"),
            example("holdall task undo --list", "see what they are"),
        ],
    ),
    (
        "workspace add",
        &[example("holdall workspace add work", "a second one")],
    ),
    (
        "workspace list",
        &[example(
            "holdall workspace list",
            "with how much is in them",
        )],
    ),
    (
        "workspace rename",
        &[example("holdall workspace rename work acme", "its name")],
    ),
    (
        "workspace delete",
        &[example("holdall workspace delete acme", "an empty one")],
    ),
    (
        "epic add",
        &[example(
            "holdall epic add Leave the old host",
            "a task that has parts",
        )],
    ),
    (
        "epic list",
        &[example("holdall epic list", "with how far they are")],
    ),
    (
        "epic show",
        &[example("holdall epic show API-7KQ9", "with its parts")],
    ),
];
