//! The files of a new vault that are for people and for git, and not records.

/// Git must not touch a line ending: state comes back byte for byte.
pub const ATTRIBUTES_TEXT: &str = "* -text\n";

/// What this repository is, for whoever opens it on the host.
#[must_use]
pub const fn readme_text() -> &'static str {
    README
}

const README: &str = "\
# A holdall vault

This repository is kept by holdall. It carries the working state of a developer's tools from one
machine to another: what they keep inside each project and git ignores there, and their settings.

| path | holds |
|---|---|
| `projects/<name>/` | one project: its record `project.json` and its state directories, file by file |
| `settings/<tool>/` | a tool's settings, without secrets and without what belongs to one machine |
| `conflicts/<id>/` | a file that two machines changed and no rule could merge, with every variant |
| `tasks/` | tasks, as a log that each machine adds to |
| `machines/` | the machines that use this vault, and when each last pushed |
| `allowed.json` | fingerprints of values that may travel although they look like secrets |
| `vault.json` | the identity of this vault and the version of its format |

- To have all of this on a new machine: `holdall restore URL`, with the address of this repository.
- You may clone it, read it, and edit the files below `projects/` and `settings/`. A commit made by
  hand on `main` is taken in like one from another machine.
- Please make no merge commits and do not rewrite history: holdall expects one line of commits.
- To see and settle conflicts: `holdall conflict list`.
- Keep it private. Known secrets are held back, but working state is still yours alone.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_is_short_and_leads_to_the_next_command() {
        assert!((15..=25).contains(&readme_text().lines().count()));
        assert!(readme_text().contains("holdall restore URL"));
    }
}
