//! Of holdall itself.

use super::example::{Example, example};

pub const OWN: &[(&str, &[Example])] = &[
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
        "doctor",
        &[
            example("holdall doctor", "what is wrong, and what mends it"),
            example("holdall doctor -q", "only what is not well"),
            example(
                "holdall doctor --integrity --json",
                "all of it, for a program",
            ),
            example(
                "holdall doctor --repair",
                "mend a damaged store or task list",
            ),
            example(
                "holdall doctor --rebuild",
                "make what is shown of tasks again, then look",
            ),
        ],
    ),
    (
        "daemon run",
        &[
            example("holdall daemon run", "look on; Ctrl-C ends it"),
            example("holdall daemon run --once", "from a timer of your own"),
        ],
    ),
    (
        "daemon install",
        &[
            example("holdall daemon install", "now, and after each login"),
            example(
                "holdall daemon install --timer",
                "without a process that stays",
            ),
        ],
    ),
    (
        "daemon uninstall",
        &[example(
            "holdall daemon uninstall",
            "nothing by itself any more",
        )],
    ),
    (
        "daemon restart",
        &[example("holdall daemon restart", "as after a login")],
    ),
    (
        "daemon status",
        &[example(
            "holdall daemon status",
            "whether anything pushes by itself",
        )],
    ),
    (
        "daemon repair",
        &[example(
            "holdall daemon repair --if-installed",
            "after an update, in a script",
        )],
    ),
    (
        "daemon logs",
        &[example(
            "holdall daemon logs --follow",
            "watch what it does",
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
            example(
                "holdall config set hooks.on_failure ~/bin/tell-me",
                "have a command of yours told of failures, as JSON",
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
