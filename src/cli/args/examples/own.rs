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
