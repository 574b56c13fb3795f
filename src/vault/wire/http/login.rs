//! Who we are to a web server: from git's credential helpers, `HOLDALL_TOKEN` or a file. None of it is
//! ever shown or kept.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::base::{BaseError, Program, TOKEN_VAR, Talk, find_program, looks_like_token};
use crate::vault::wire::WireOptions;
use crate::vault::wire::address::HttpPlace;
use crate::vault::wire::git_config::{self, GitConfig};
use crate::vault::wire::words::printable;
use crate::vault::{VaultError, WireError};

/// Who a token goes as where the address names nobody: hosts look at the token alone.
const TOKEN_USER: &str = "holdall";
/// As long may a person take to answer a helper.
const ASKED: Duration = Duration::from_mins(5);
const MOST_TOKEN: u64 = 64 * 1024;
/// As much is shown of what a helper says.
const MOST_SHOWN: usize = 300;
/// What git says before it repeats a line of a helper.
const STRANGE: &str = "invalid credential line";
/// Of what steers git, a helper is to see this, beside the configuration.
const HELPERS_SEE: [&str; 2] = ["GIT_ASKPASS", "GIT_TERMINAL_PROMPT"];
/// How git and its helpers are told to ask nobody: no terminal, no window of git's, none of others.
const SILENTLY: [(&str, &str); 3] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", ""),
    ("GCM_INTERACTIVE", "never"),
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

    /// What a login of it is called that was not taken.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Helper => "the login that git asked for or keeps",
            Self::Variable => "the token of HOLDALL_TOKEN",
            Self::File => "the token of remote.token_file",
        }
    }
}

/// What came of asking a source.
pub enum Found {
    Login(Login),
    Nothing,
    /// It was asked, and failed: what it said, if it did.
    Fault(String),
}

impl From<Option<Login>> for Found {
    fn from(login: Option<Login>) -> Self {
        login.map_or(Self::Nothing, Self::Login)
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

    fn of_helper(answer: Vec<u8>) -> Option<Self> {
        let text = std::str::from_utf8(&answer).ok()?;
        let value = |key: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
        };
        Some(Self {
            user: value("username")?.to_owned(),
            password: value("password").filter(|it| !it.is_empty())?.to_owned(),
            of_helper: Some(answer),
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
    pub config: &'a GitConfig,
    /// The address as people wrote it.
    pub url: &'a str,
}

impl Desk<'_> {
    /// A login, if there is one to be had. A token is for the host of the address alone.
    pub fn login(
        &self,
        source: Source,
        (place, is_home): (&HttpPlace, bool),
    ) -> Result<Found, WireError> {
        match source {
            Source::Helper => Ok(self.fill(place)),
            _ if !is_home => Ok(Found::Nothing),
            Source::Variable => Ok(self.token(place).into()),
            Source::File => match &self.options.web.token_file {
                Some(file) => self.read(file).map(|it| Login::of_token(&it, place).into()),
                None => Ok(Found::Nothing),
            },
        }
    }

    /// There is a token, for the host of the address.
    pub fn has_token(&self) -> bool {
        self.options.env.var(TOKEN_VAR).is_some() || self.options.web.token_file.is_some()
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
        if text.trim().is_empty() {
            let path = path.display();
            return Err(not(format!(
                "remote.token_file is empty: write the token into {path}"
            )));
        }
        Ok(text)
    }

    /// Asks git, which asks its helpers, and at the terminal where somebody is there and no other
    /// place has an answer.
    fn fill(&self, place: &HttpPlace) -> Found {
        let Some(asked) = question(place) else {
            return Found::Nothing;
        };
        let Some(talk) = self.git("fill", asked.as_bytes()) else {
            return Found::Nothing;
        };
        if talk.success
            && let Some(login) = Login::of_helper(talk.answer)
        {
            return Found::Login(login);
        }
        if talk.was_silent {
            let idle = self.options.idle.as_secs();
            return Found::Fault(format!("nothing was heard of it for {idle} s"));
        }
        if self.config.has_credential_helper(&place.url()) {
            let token = self.options.env.var(TOKEN_VAR).and_then(|it| it.to_str());
            Found::Fault(last_words(&talk.words, token))
        } else {
            Found::Nothing
        }
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

    fn git(&self, what: &str, said: &[u8]) -> Option<Talk> {
        let env = &self.options.env;
        let git = find_program(env, "git")?;
        let program = Program::of_surroundings(git, env).args(["credential", what]);
        // Its words are told apart by what they are in English.
        let mut program = program.var("LANGUAGE", "en");
        let of_helpers = HELPERS_SEE
            .iter()
            .filter_map(|name| Some((*name, env.var(name)?)));
        for (name, value) in git_config::leads(env).chain(of_helpers) {
            program = program.var(name, value);
        }
        let (program, patience) = if self.options.may_ask && !self.has_token() {
            (program, self.options.idle.max(ASKED))
        } else {
            let silent = SILENTLY
                .iter()
                .fold(program, |program, (name, value)| program.var(name, value));
            (silent.leading(), self.options.idle)
        };
        program.talk(said, patience).ok()
    }
}

/// What git is asked about a place.
fn question(place: &HttpPlace) -> Option<String> {
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
    Some(asked)
}

/// What a helper said before it failed, without what may be a secret. That nobody could be asked is
/// no news.
fn last_words(words: &str, token: Option<&str>) -> String {
    let lines = words.lines().filter(|line| {
        let is_of_git = line.starts_with("fatal: could not read ");
        !is_of_git && !line.starts_with("error: unable to read askpass")
    });
    let told = lines.map(|line| {
        // git repeats what it cannot read, and that may be a password.
        let end = line
            .find(STRANGE)
            .map_or(line.len(), |at| at + STRANGE.len());
        masked(&line[..end], token)
    });
    let told = printable(told.collect::<Vec<_>>().join("\n").as_bytes());
    told.chars().take(MOST_SHOWN).collect()
}

/// A line without the words that may be secrets: those behind a name of one, and tokens.
fn masked(line: &str, token: Option<&str>) -> String {
    let token = token.map(str::trim).filter(|it| !it.is_empty());
    let mut is_named = false;
    let words = line.split_whitespace().map(|word| {
        let (name, value) = word.split_once(['=', ':']).unwrap_or(("", ""));
        let name = name.to_ascii_lowercase();
        let names = ["password", "token", "secret"];
        let names = names.iter().any(|it| name.ends_with(it));
        let is_secret = is_named || (names && !value.is_empty());
        is_named = names && value.is_empty();
        let is_token = looks_like_token(word) || token.is_some_and(|it| word.contains(it));
        if is_secret || is_token { "***" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::base::{Env, MachineId};
    use crate::vault::wire::WebOptions;

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

    const UNSEEN: (&str, bool) = ("", false);

    /// A desk where git has this for a helper, and a program that asks under this name.
    fn fill(dir: &Path, helper: &str, (by, may_ask): (&str, bool)) -> Found {
        let mut vars = vec![
            ("PATH", std::env::var_os("PATH").expect("a path")),
            ("HOME", dir.as_os_str().to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ];
        if !by.is_empty() {
            vars.push((by, "/bin/echo".into()));
        }
        if !helper.is_empty() {
            vars.push(("GIT_CONFIG_COUNT", "1".into()));
            vars.push(("GIT_CONFIG_KEY_0", "credential.helper".into()));
            vars.push(("GIT_CONFIG_VALUE_0", format!("!{helper}; :").into()));
        }
        let vars = vars
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let env = Env::new(vars, dir.to_owned(), "here".to_owned());
        let config = GitConfig::read(&env);
        let options = WireOptions {
            env,
            machine: MachineId::parse("k7f3q2hm9x").expect("an id"),
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(2),
            may_ask,
            web: WebOptions::default(),
        };
        let desk = Desk {
            options: &options,
            config: &config,
            url: "URL",
        };
        desk.fill(&HttpPlace::of_url(true, "host/v").expect("a place"))
    }

    #[test]
    fn what_a_helper_says_before_it_fails_is_told_without_its_secrets() {
        let dir = tempfile::tempdir().expect("a directory");
        for (helper, wanted) in [
            ("echo 'keyring is locked' >&2; exit 1", "keyring is locked"),
            ("echo quit=1", "told us to quit"),
            ("echo hunter2 is garbage", "invalid credential line"),
            ("echo got password=hunter2 >&2; exit 1", "got ***"),
            (
                "echo Password: hunter2 is it >&2; exit 1",
                "Password: *** is it",
            ),
            ("echo ghp_hunter2 >&2; exit 1", "***"),
            ("exec sleep 60", "nothing was heard of it for 2 s"),
            ("exit 0", ""),
        ] {
            let Found::Fault(said) = fill(dir.path(), helper, UNSEEN) else {
                panic!("{helper}: no fault");
            };
            assert!(said.contains(wanted), "{helper}: {said}");
            assert!(!said.contains("hunter2"), "{helper}: {said}");
            assert!(!wanted.is_empty() || said.is_empty(), "{said}");
        }
        assert!(matches!(fill(dir.path(), "", UNSEEN), Found::Nothing));
    }

    #[test]
    fn a_program_that_asks_is_run_only_where_somebody_is() {
        let dir = tempfile::tempdir().expect("a directory");
        for by in ["GIT_ASKPASS", "SSH_ASKPASS"] {
            let unseen = fill(dir.path(), "", (by, false));
            assert!(matches!(unseen, Found::Nothing), "{by}");
            let Found::Login(login) = fill(dir.path(), "", (by, true)) else {
                panic!("{by}: no login");
            };
            assert!(login.password.starts_with("Password for "), "{by}");
        }
    }
}
