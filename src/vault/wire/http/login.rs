//! Who we are to a web server: from git's credential helpers, `HOLDALL_TOKEN` or a file. None of it is
//! ever shown or kept.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::base::{BaseError, Env, Program, TOKEN_VAR, find_program};
use crate::vault::wire::WireOptions;
use crate::vault::wire::address::HttpPlace;
use crate::vault::{VaultError, WireError};

/// Who a token goes as where the address names nobody: hosts look at the token alone.
const TOKEN_USER: &str = "holdall";
/// As long may a person take to answer a helper.
const ASKED: Duration = Duration::from_mins(5);
const MOST_TOKEN: u64 = 64 * 1024;
/// Of what steers git, a helper is to see this.
const HELPERS_SEE: [&str; 5] = [
    "GIT_ASKPASS",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_TERMINAL_PROMPT",
];

/// Where a login can come from, in the order in which they are tried, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Helper,
    Variable,
    File,
}

impl Source {
    pub const ALL: [Self; 3] = [Self::Helper, Self::Variable, Self::File];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Helper => "git's credential helper",
            Self::Variable => TOKEN_VAR,
            Self::File => "remote.token_file",
        }
    }
}

/// A user and a password. It cannot be printed.
#[derive(Clone)]
pub struct Login {
    user: String,
    password: String,
    /// What git said of it, to be told back to it word by word.
    of_helper: Option<Vec<u8>>,
}

impl Login {
    fn of_token(token: &str, place: &HttpPlace) -> Option<Self> {
        let token = token.trim();
        let user = place.user.as_deref().unwrap_or(TOKEN_USER);
        (!token.is_empty()).then(|| Self {
            user: user.to_owned(),
            password: token.to_owned(),
            of_helper: None,
        })
    }

    /// The value of the header that carries it.
    pub fn header(&self) -> String {
        format!("Basic {}", self.encoded())
    }

    fn encoded(&self) -> String {
        BASE64_STANDARD.encode(format!("{}:{}", self.user, self.password))
    }

    /// A server's words, without what it was told in confidence.
    pub fn masked(&self, words: &str) -> String {
        words
            .replace(&self.encoded(), "***")
            .replace(&self.password, "***")
    }
}

/// All the places of a login.
pub struct Desk<'a> {
    pub options: &'a WireOptions,
    /// The address as people wrote it.
    pub url: &'a str,
}

impl Desk<'_> {
    /// A login, if there is one to be had. A token is for the host of the address alone.
    pub fn login(
        &self,
        source: Source,
        (place, is_home): (&HttpPlace, bool),
    ) -> Result<Option<Login>, WireError> {
        match source {
            Source::Helper => Ok(self.fill(place)),
            _ if !is_home => Ok(None),
            Source::Variable => Ok(self.token(place)),
            Source::File => match &self.options.web.token_file {
                Some(file) => self.read(file).map(|token| Login::of_token(&token, place)),
                None => Ok(None),
            },
        }
    }

    fn token(&self, place: &HttpPlace) -> Option<Login> {
        let token = self.options.env.var(TOKEN_VAR)?.to_str()?;
        Login::of_token(token, place)
    }

    fn read(&self, path: &Path) -> Result<String, WireError> {
        let not = |reason: String| WireError::NotAllowed {
            url: self.url.to_owned(),
            reason,
        };
        let fault = |source| VaultError::from(BaseError::io("read the token in", path)(source));
        let file = File::open(path).map_err(fault)?;
        let mode = file.metadata().map_err(fault)?.permissions().mode();
        if mode & 0o077 != 0 {
            let path = path.display();
            return Err(not(format!(
                "others may read remote.token_file: chmod 600 {path}"
            )));
        }
        let mut text = String::new();
        let read = file.take(MOST_TOKEN).read_to_string(&mut text);
        read.map_err(fault)?;
        Ok(text)
    }

    /// Asks git, which asks its helpers, and at the terminal where somebody is there and no other
    /// place has an answer.
    fn fill(&self, place: &HttpPlace) -> Option<Login> {
        let mut asked = format!(
            "protocol={}\nhost={}\npath={}\n",
            place.scheme(),
            place.host,
            place.path.trim_start_matches('/')
        );
        if let Some(user) = &place.user {
            if user.contains(char::is_control) {
                return None;
            }
            asked.extend(["username=", user, "\n"]);
        }
        asked.push('\n');
        let answer = self.git("fill", asked.as_bytes())?;
        let text = std::str::from_utf8(&answer).ok()?;
        let value = |key: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        };
        Some(Login {
            user: value("username")?.to_owned(),
            password: value("password").filter(|it| !it.is_empty())?.to_owned(),
            of_helper: Some(answer.clone()),
        })
    }

    /// It was taken: whoever gave it may keep it.
    pub fn approve(&self, login: &Login) {
        self.tell("approve", login);
    }

    /// It was not taken: whoever gave it shall forget it.
    pub fn reject(&self, login: &Login) {
        self.tell("reject", login);
    }

    fn tell(&self, what: &str, login: &Login) {
        if let Some(known) = &login.of_helper {
            let mut said = known.clone();
            said.push(b'\n');
            self.git(what, &said);
        }
    }

    fn git(&self, what: &str, said: &[u8]) -> Option<Vec<u8>> {
        let env = &self.options.env;
        let git = find_program(env, "git")?;
        let mut program = Program::of_surroundings(git, env).args(["credential", what]);
        for name in HELPERS_SEE {
            if let Some(value) = env.var(name) {
                program = program.var(name, value);
            }
        }
        let (program, patience) = if self.may_ask(env) {
            (program, self.options.idle.max(ASKED))
        } else {
            let program = program.var("GIT_TERMINAL_PROMPT", "0").leading();
            (program, self.options.idle)
        };
        let talk = program.talk(said, patience).ok()?;
        talk.success.then_some(talk.answer)
    }

    /// Somebody is there, and no other place has an answer.
    fn may_ask(&self, env: &Env) -> bool {
        let has_token = env.var(TOKEN_VAR).is_some() || self.options.web.token_file.is_some();
        self.options.may_ask && !has_token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_as_the_user_of_the_address_and_is_masked() {
        let place = |text: &str| HttpPlace::of_url(true, text).expect("a place");
        let login = |text: &str| Login::of_token(" hunter2\n", &place(text)).expect("a login");
        assert_eq!(login("host/v").header(), "Basic aG9sZGFsbDpodW50ZXIy");
        let ada = login("ada@host/v");
        assert_eq!(ada.header(), "Basic YWRhOmh1bnRlcjI=");
        assert_eq!(
            ada.masked("no hunter2, no YWRhOmh1bnRlcjI= here"),
            "no ***, no *** here"
        );
        assert!(Login::of_token(" \n", &place("host/v")).is_none());
    }
}
