//! Of what goes into the vault and comes from it.

use super::example::{Example, example};

pub const VAULT: &[(&str, &[Example])] = &[
    (
        "backup configure",
        &[
            example(
                "holdall backup configure /mnt/nas/vault.git",
                "a bare repository on a disk",
            ),
            example(
                "holdall backup configure https://git.example.com/me/vault.git",
                "on a web server",
            ),
            example(
                "holdall backup configure file:///mnt/nas/vault.git",
                "the same as a url",
            ),
            example(
                "holdall backup configure --create-github",
                "a new private repository at GitHub, made with `gh`",
            ),
            example(
                "holdall backup configure git@github.com:me/holdall-vault.git",
                "one that is there already, over ssh",
            ),
            example(
                "holdall backup configure --no-check /mnt/nas/vault.git",
                "while it cannot be reached",
            ),
        ],
    ),
    (
        "sync",
        &[
            example("holdall sync", "both directions, everything"),
            example(
                "holdall sync --dry-run",
                "what would come here, and what would go",
            ),
        ],
    ),
    (
        "backup push",
        &[
            example("holdall backup push", "everything that changed"),
            example(
                "holdall backup push --dry-run",
                "see what would travel, and why the rest stays",
            ),
            example("holdall backup push --project api", "one project"),
        ],
    ),
    (
        "backup schedule",
        &[
            example(
                "holdall backup schedule hourly",
                "an hour after the last one",
            ),
            example("holdall backup schedule daily --pull", "both directions"),
            example(
                "holdall backup schedule '0 9,17 * * MON-FRI'",
                "at nine and at five on workdays",
            ),
            example("holdall backup schedule off", "only by hand"),
        ],
    ),
    (
        "backup restore",
        &[
            example(
                "holdall backup restore --at 2d --dry-run",
                "see what two days ago would bring",
            ),
            example(
                "holdall backup restore --at 4f2a91c --project api --path .aigon/config.json",
                "one file, as a commit has it",
            ),
            example(
                "holdall backup restore --at 2026-11-20 --to ~/then",
                "all of it, beside what is here",
            ),
        ],
    ),
    (
        "backup undo",
        &[
            example("holdall backup undo", "the last pull or restore"),
            example("holdall backup undo --list", "what can be undone"),
            example("holdall backup undo 12 --dry-run", "see what that would do"),
        ],
    ),
    (
        "backup pull",
        &[
            example(
                "holdall backup pull --dry-run",
                "see the plan, path by path",
            ),
            example("holdall backup pull", "take everything in"),
            example(
                "holdall backup pull --take vault",
                "and let the vault win where both changed",
            ),
            example(
                "holdall backup pull --project api --json",
                "one project, for a program",
            ),
        ],
    ),
    (
        "backup status",
        &[
            example("holdall backup status", "ask the remote, too"),
            example("holdall backup status --offline", "only what is known here"),
        ],
    ),
    (
        "backup verify",
        &[
            example("holdall backup verify", "all is there, and of each other"),
            example("holdall backup verify --read-data", "and is what it was"),
        ],
    ),
    (
        "backup log",
        &[
            example("holdall backup log", "the last 20 pushes of all machines"),
            example(
                "holdall backup log --project api --limit 5",
                "those that touched one project",
            ),
            example(
                "holdall backup log --path settings/claude",
                "those that touched one path",
            ),
        ],
    ),
    (
        "backup diff",
        &[
            example("holdall backup diff", "what a push would change"),
            example(
                "holdall backup diff 3f2a91c",
                "what changed since that commit",
            ),
            example(
                "holdall backup diff 3f2a91c 9be04d7 -p",
                "between two commits, line by line",
            ),
        ],
    ),
    (
        "import",
        &[
            example(
                "holdall import --from aigon --dry-run",
                "see what would be taken over",
            ),
            example("holdall import --from aigon --yes", "take it over"),
        ],
    ),
    (
        "restore",
        &[
            example(
                "holdall restore /mnt/nas/vault.git --dry-run",
                "see what the vault holds, and where it would go",
            ),
            example(
                "holdall restore /mnt/nas/vault.git --clone",
                "find the checkouts, clone the missing ones",
            ),
            example(
                "holdall restore /mnt/nas/vault.git --into ~/src --into ~/play --clone --clone-with ssh",
                "with directories of your own",
            ),
        ],
    ),
];
