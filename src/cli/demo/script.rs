//! What the demo plays, as data: each step is one real command and the claims that must then hold.
//!
//! `{vault}` stands for the path of the vault's remote and `{token}` for something that looks like a
//! secret. Paths of files are relative to the home of the machine, those in claims to the stage.

use super::step::Claim::{Absent, Has, Lacks, Never, Nowhere, Same, Says, Silent, Somewhere};
use super::step::Who::{Desktop, Host, Laptop};
use super::step::{ON_DESKTOP, ON_LAPTOP, Step, file, git, gone, holdall};

const ORIGIN: &str = "https://git.example.com/ada/shop.git";

const LAPTOP_SETTINGS: &str = r#"{
  "theme": "dark",
  "repos": ["~/code/shop"],
  "serverPort": 4100,
  "githubToken": "{token}"
}
"#;
const LAPTOP_SETTINGS_LATER: &str = r#"{
  "theme": "light",
  "repos": ["~/code/shop"],
  "serverPort": 4100,
  "githubToken": "{token}"
}
"#;
const DESKTOP_SETTINGS: &str = r#"{
  "theme": "dark",
  "serverPort": 4200
}
"#;

pub const SEEN: &[&str] = &[
    "state that no clone has came to a second machine, at another path",
    "sessions, a port, a list of paths and two tokens stayed where they were",
    "two machines pushed different files, and different keys of one file, and both have both",
    "two machines changed one line: both versions are kept until somebody decides",
    "the vault is a plain git repository that anybody with git can read",
];

pub const STEPS: &[Step] = &[
    git(
        Host,
        &["init", "--quiet", "--bare", "vault.git"],
        "An empty bare git repository is all that a vault needs.",
    )
    .claims(&[Silent]),
    git(
        Laptop,
        &["clone", "--quiet", ORIGIN, ON_LAPTOP],
        "A project on the laptop, cloned from its own origin.",
    )
    .at("")
    .claims(&[Silent]),
    git(
        Laptop,
        &["status", "--short"],
        "Tools keep state in it that the project's git ignores: no clone will have it.",
    )
    .after(&[
        file(
            "code/shop/.aigon/workflows/checkout.json",
            "{\n  \"stage\": \"design\"\n}\n",
        ),
        file(
            "code/shop/.aigon/notes/decisions.md",
            "# Decisions\n\n- Prices are whole cents.\n",
        ),
        file(
            "code/shop/.aigon/sessions/4711.json",
            "{\"runs\": \"only here\"}\n",
        ),
        file(".aigon/config.json", LAPTOP_SETTINGS),
        file(
            ".aigon/workflow-definitions/review.json",
            "{\n  \"reviewers\": 2\n}\n",
        ),
    ])
    .claims(&[Silent]),
    holdall(
        Laptop,
        &["config", "set", "machine.name", "laptop"],
        "A machine has a name that the others see.",
    )
    .claims(&[Says("machine.name is laptop")]),
    holdall(
        Laptop,
        &["project", "add"],
        "The directories of known tools are found.",
    )
    .claims(&[Says("shop registered"), Says(".aigon")]),
    holdall(
        Laptop,
        &["backup", "push", "--dry-run"],
        "Before anything moves: what would travel, and why the rest stays.",
    )
    .claims(&[
        Says("+ shop/.aigon/workflows/checkout.json"),
        Says("shop/.aigon/sessions"),
        Says("nothing was changed"),
    ]),
    holdall(
        Laptop,
        &["backup", "push"],
        "It works before it is configured: a vault on this machine alone, and how to go on.",
    )
    .claims(&[
        Says("to the vault on this machine"),
        Says("holdall backup configure URL"),
    ]),
    holdall(
        Laptop,
        &["backup", "configure", "{vault}"],
        "The remote is looked at, and not written.",
    )
    .claims(&[Says("is empty"), Absent("host/vault.git/refs/heads/main")]),
    holdall(
        Laptop,
        &["backup", "push"],
        "\"Pushed\" means that the remote was read again and has it, with its history.",
    )
    .claims(&[Says("pushed "), Says("{vault}")]),
    git(
        Desktop,
        &["clone", "--quiet", ORIGIN, ON_DESKTOP],
        "The same project on another machine, at another path.",
    )
    .at("")
    .claims(&[Silent, Absent("desktop/work/shop/.aigon")]),
    holdall(
        Desktop,
        &["config", "set", "machine.name", "desktop"],
        "The desktop gets its name.",
    )
    .claims(&[Says("machine.name is desktop")]),
    holdall(
        Desktop,
        &["backup", "configure", "{vault}"],
        "It is told where the vault is.",
    )
    .claims(&[Says("is a vault with 1 project")]),
    holdall(
        Desktop,
        &["project", "add"],
        "A project is known by its origin, so the path does not matter.",
    )
    .claims(&[Says("shop registered")]),
    holdall(
        Desktop,
        &["backup", "pull"],
        "The state arrives. The session, the token, the port and the laptop's paths do not.",
    )
    .claims(&[
        Same(
            "laptop/code/shop/.aigon/workflows/checkout.json",
            "desktop/work/shop/.aigon/workflows/checkout.json",
        ),
        Same(
            "laptop/code/shop/.aigon/notes/decisions.md",
            "desktop/work/shop/.aigon/notes/decisions.md",
        ),
        Same(
            "laptop/.aigon/workflow-definitions/review.json",
            "desktop/.aigon/workflow-definitions/review.json",
        ),
        Absent("desktop/work/shop/.aigon/sessions"),
        Has("desktop/.aigon/config.json", "\"theme\": \"dark\""),
        Lacks("desktop/.aigon/config.json", "serverPort"),
        Lacks("desktop/.aigon/config.json", "repos"),
        Lacks("desktop/.aigon/config.json", "{token}"),
    ]),
    holdall(
        Desktop,
        &["backup", "push"],
        "Both machines work on: the desktop takes a note, names a reviewer, and has a port of its own.",
    )
    .after(&[
        file(".aigon/config.json", DESKTOP_SETTINGS),
        file(
            "work/shop/.aigon/workflows/checkout.json",
            "{\n  \"stage\": \"design\",\n  \"reviewer\": \"ada\"\n}\n",
        ),
        file(
            "work/shop/.aigon/notes/decisions.md",
            "# Decisions\n\n- Prices are whole cents.\n- Carts live for a week.\n",
        ),
    ])
    .claims(&[Says("2 changed")]),
    holdall(
        Laptop,
        &["backup", "push"],
        "The laptop never saw that push. Its own is merged with it, one file key by key.",
    )
    .after(&[
        file(".aigon/config.json", LAPTOP_SETTINGS_LATER),
        file(
            "code/shop/.aigon/workflows/checkout.json",
            "{\n  \"stage\": \"build\"\n}\n",
        ),
    ])
    .claims(&[
        Says("2 changed"),
        Says("merged  shop/.aigon/workflows/checkout.json"),
    ]),
    holdall(
        Laptop,
        &["backup", "pull"],
        "The laptop takes in the desktop's note and reviewer.",
    )
    .claims(&[
        Has(
            "laptop/code/shop/.aigon/workflows/checkout.json",
            "\"stage\": \"build\",\n  \"reviewer\": \"ada\"",
        ),
        Has(
            "laptop/code/shop/.aigon/notes/decisions.md",
            "Carts live for a week",
        ),
        Has("laptop/.aigon/config.json", "{token}"),
        Has("laptop/.aigon/config.json", "4100"),
    ]),
    holdall(
        Desktop,
        &["backup", "pull"],
        "The desktop takes in the new stage and the new theme, and keeps its own port.",
    )
    .claims(&[
        Has(
            "desktop/work/shop/.aigon/workflows/checkout.json",
            "\"build\"",
        ),
        Has("desktop/.aigon/config.json", "\"theme\": \"light\""),
        Has("desktop/.aigon/config.json", "\"serverPort\": 4200"),
    ]),
    holdall(
        Laptop,
        &["backup", "push"],
        "A token in a note: that file is withheld and named, its bytes are not. Exit 3: look.",
    )
    .after(&[file(
        "code/shop/.aigon/notes/deploy.md",
        "Deploy with {token}\n",
    )])
    .exits(3)
    .claims(&[Says("deploy.md"), Says("holds a secret")]),
    holdall(
        Laptop,
        &["backup", "push"],
        "Now both change the same line of one file. The laptop is first.",
    )
    .after(&[
        gone("code/shop/.aigon/notes/deploy.md"),
        file(
            "code/shop/.aigon/notes/decisions.md",
            "# Decisions\n\n- Prices are whole cents.\n- Carts live for a day.\n",
        ),
    ])
    .claims(&[Says("1 changed")]),
    holdall(
        Desktop,
        &["backup", "push"],
        "The desktop's version is filed in the vault beside it. Neither is lost.",
    )
    .after(&[file(
        "work/shop/.aigon/notes/decisions.md",
        "# Decisions\n\n- Prices are whole cents.\n- Carts live for a month.\n",
    )])
    .exits(3)
    .claims(&[Says("the vault has it too")]),
    holdall(
        Desktop,
        &["backup", "pull"],
        "A pull does not write over it either: this disk keeps its version.",
    )
    .exits(3)
    .claims(&[
        Says("decisions.md"),
        Has(
            "desktop/work/shop/.aigon/notes/decisions.md",
            "live for a month",
        ),
    ]),
    holdall(Desktop, &["backup", "status"], "How things stand.").claims(&[
        Says("in step"),
        Says("laptop"),
        Says("decisions.md"),
    ]),
    git(
        Host,
        &["clone", "--quiet", "vault.git", "look"],
        "The vault is a plain git repository: clone it, read it.",
    )
    .claims(&[
        Somewhere("host/look", "live for a day"),
        Somewhere("host/look", "live for a month"),
    ]),
    git(
        Host,
        &["ls-files"],
        "No token, no port and no session is in it, nor was in any of its commits.",
    )
    .at("look")
    .claims(&[
        Nowhere("host/look", "{token}"),
        Nowhere("host/look", "serverPort"),
        Nowhere("host/look", "only here"),
        Never("host/look", "{token}"),
        Never("host/look", "serverPort"),
        Never("host/look", "only here"),
    ]),
    holdall(
        Desktop,
        &["backup", "push"],
        "To decide, make the file what you want it to be: here, as the laptop has it.",
    )
    .after(&[file(
        "work/shop/.aigon/notes/decisions.md",
        "# Decisions\n\n- Prices are whole cents.\n- Carts live for a day.\n",
    )])
    .claims(&[Says("pushed ")]),
    holdall(
        Desktop,
        &["backup", "log"],
        "Who did what. Every version is in this history, the one not chosen too.",
    )
    .claims(&[Says("laptop: "), Says("desktop: 1 conflict")]),
];
