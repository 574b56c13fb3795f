//! The hosts, and the programs that speak for them.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    GitHub,
    GitLab,
}

impl Host {
    /// The program that speaks for it.
    #[must_use]
    pub const fn program(self) -> &'static str {
        match self {
            Self::GitHub => "gh",
            Self::GitLab => "glab",
        }
    }

    /// The command that logs somebody in.
    #[must_use]
    pub const fn login_command(self) -> &'static str {
        match self {
            Self::GitHub => "gh auth login",
            Self::GitLab => "glab auth login",
        }
    }

    /// Where its program is to be had.
    #[must_use]
    pub const fn program_page(self) -> &'static str {
        match self {
            Self::GitHub => "https://cli.github.com",
            Self::GitLab => "https://gitlab.com/gitlab-org/cli",
        }
    }

    /// What the environment tells its program: to ask nobody, and to answer in plain text.
    pub(super) const fn manner(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::GitHub => &[
                // Where it is set, `gh` does not look whether anybody is logged in.
                ("GH_HOST", ""),
                ("GH_PROMPT_DISABLED", "1"),
                ("GH_NO_UPDATE_NOTIFIER", "1"),
                ("GH_FORCE_TTY", ""),
                ("GH_REPO", ""),
                ("CLICOLOR_FORCE", "0"),
                ("NO_COLOR", "1"),
            ],
            Self::GitLab => &[
                ("NO_PROMPT", "1"),
                ("GLAB_NO_PROMPT", "1"),
                ("GLAB_CHECK_UPDATE", "false"),
                ("NO_COLOR", "1"),
            ],
        }
    }

    /// How its program ends where nobody is logged in, if it has a code for that.
    pub(super) const fn code_without_login(self) -> Option<i32> {
        match self {
            Self::GitHub => Some(4),
            Self::GitLab => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
        })
    }
}
