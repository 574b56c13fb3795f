//! What each command looks like in use. A test parses every line, so none of them can grow stale.

/// A command line, and what it is for.
pub struct Example {
    pub line: &'static str,
    pub does: &'static str,
}

const fn example(line: &'static str, does: &'static str) -> Example {
    Example { line, does }
}

/// The examples of a command, named as `backup push`; of `holdall` itself for the empty name.
#[must_use]
pub fn examples_of(name: &str) -> &'static [Example] {
    EXAMPLES
        .iter()
        .find(|(of, _)| *of == name)
        .map_or(&[], |(_, examples)| examples)
}

const EXAMPLES: &[(&str, &[Example])] = &[
    (
        "",
        &[
            example("holdall demo", "see it work, in a temporary directory"),
            example("holdall project add", "let this project's state travel"),
            example(
                "holdall backup push",
                "without a remote: a vault on this machine",
            ),
            example(
                "holdall backup configure /mnt/nas/vault.git",
                "connect a bare repository",
            ),
            example(
                "holdall restore /mnt/nas/vault.git --clone",
                "on the other machine",
            ),
        ],
    ),
    (
        "backup configure",
        &[
            example(
                "holdall backup configure /mnt/nas/vault.git",
                "a bare repository on a disk",
            ),
            example(
                "holdall backup configure file:///mnt/nas/vault.git",
                "the same as a url",
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
                "holdall conflict resolve --all --use vault --yes",
                "every one, without a question",
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
    (
        "config list",
        &[example("holdall config list --json", "for a program")],
    ),
    (
        "config get",
        &[example(
            "holdall config get remote.url",
            "where the vault is",
        )],
    ),
    (
        "config set",
        &[
            example(
                "holdall config set machine.name desk",
                "what other machines call this one",
            ),
            example(
                "holdall config set limits.max_file 50MB",
                "let larger files travel",
            ),
            example(
                "holdall config set rules '*.bak,!keep.bak'",
                "what stays here, and what travels after all",
            ),
        ],
    ),
    (
        "config unset",
        &[example(
            "holdall config unset machine.name",
            "back to the host's name",
        )],
    ),
    (
        "config path",
        &[example("holdall config path", "to open it in your editor")],
    ),
    (
        "demo",
        &[
            example("holdall demo", "watch, and leave nothing behind"),
            example("holdall demo --keep", "look around in the result"),
        ],
    ),
    (
        "completions",
        &[
            example(
                "holdall completions bash",
                "write it to ~/.local/share/bash-completion/completions/holdall",
            ),
            example(
                "holdall completions zsh",
                "write it to a file _holdall in a directory of $fpath",
            ),
            example(
                "holdall completions fish",
                "write it to ~/.config/fish/completions/holdall.fish",
            ),
        ],
    ),
    (
        "man",
        &[
            example("holdall man", "print the page of holdall itself"),
            example(
                "holdall man --dir ~/.local/share/man/man1",
                "install them all",
            ),
        ],
    ),
];
