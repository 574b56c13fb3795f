//! The words of the script: machines, files, commands, and what may be claimed about them.

/// Whose terminal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Laptop,
    Desktop,
    /// Whoever looks at the git host.
    Host,
}

impl Who {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Laptop => "laptop",
            Self::Desktop => "desktop",
            Self::Host => "host",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Holdall,
    Git,
}

/// A file that a tool writes before the command runs; without a text it is deleted.
pub struct File {
    pub path: &'static str,
    pub text: Option<&'static str>,
}

/// What must hold after a step.
pub enum Claim {
    /// The command said this.
    Says(&'static str),
    Silent,
    Absent(&'static str),
    /// A file has this in it.
    Has(&'static str, &'static str),
    Lacks(&'static str, &'static str),
    Same(&'static str, &'static str),
    /// Some file below a directory has this in it.
    Somewhere(&'static str, &'static str),
    Nowhere(&'static str, &'static str),
    /// No commit of a repository ever had this.
    Never(&'static str, &'static str),
}

/// One command, and what it shows.
pub struct Step {
    pub shows: &'static str,
    pub who: Who,
    pub dir: &'static str,
    pub files: &'static [File],
    pub tool: Tool,
    pub args: &'static [&'static str],
    pub exit: u8,
    pub claims: &'static [Claim],
}

impl Step {
    /// The directory as a prompt has it.
    pub fn place(&self) -> String {
        format!("~/{}", self.dir).trim_end_matches('/').to_owned()
    }

    pub const fn at(mut self, dir: &'static str) -> Self {
        self.dir = dir;
        self
    }

    pub const fn after(mut self, files: &'static [File]) -> Self {
        self.files = files;
        self
    }

    pub const fn exits(mut self, code: u8) -> Self {
        self.exit = code;
        self
    }

    pub const fn claims(mut self, claims: &'static [Claim]) -> Self {
        self.claims = claims;
        self
    }
}

pub const fn file(path: &'static str, text: &'static str) -> File {
    File {
        path,
        text: Some(text),
    }
}

pub const fn gone(path: &'static str) -> File {
    File { path, text: None }
}

/// Where each machine has its checkout: not at the same path, because that is how it is.
pub const ON_LAPTOP: &str = "code/shop";
pub const ON_DESKTOP: &str = "work/shop";

const fn step(
    who: Who,
    (tool, args): (Tool, &'static [&'static str]),
    shows: &'static str,
) -> Step {
    Step {
        shows,
        who,
        dir: match who {
            Who::Laptop => ON_LAPTOP,
            Who::Desktop => ON_DESKTOP,
            Who::Host => "",
        },
        files: &[],
        tool,
        args,
        exit: 0,
        claims: &[],
    }
}

pub const fn holdall(who: Who, args: &'static [&'static str], shows: &'static str) -> Step {
    step(who, (Tool::Holdall, args), shows)
}

pub const fn git(who: Who, args: &'static [&'static str], shows: &'static str) -> Step {
    step(who, (Tool::Git, args), shows)
}
