//! Stand-ins for `gh` and `glab`, and the hosts that they speak for: bare repositories in the sandbox,
//! to which a machine's git configuration leads the addresses of the real hosts.
//!
//! What is assumed of `gh` (its manual, and the source of version 2):
//! - `gh api user --hostname github.com --jq .login` prints who is logged in. Where nobody is, it ends with 4, as every
//!   command that needs a login; a token that ran out ends with 1 and `(HTTP 401)`;
//! - `gh config get git_protocol --host github.com` prints `https` unless it was set;
//! - `gh repo create github.com/OWNER/NAME --private` without a terminal prints the page of the new repository alone,
//!   and for a name that is taken ends with 1;
//! - `gh repo view github.com/OWNER/NAME --json isPrivate,url` prints one object; `visibility` is a
//!   field that version 2.23 (in Debian 12) does not know.
//!
//! What is assumed of `glab`: `glab api PATH` prints what the interface of GitLab (version 4) answers,
//! and ends with 1 and `(HTTP code)` on stderr where that is an error; `glab config get git_protocol
//! --host HOST` prints `ssh` unless it was set.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Machine, Sandbox, git};

/// What the stand-ins and holdall run.
const NEEDED: [&str; 5] = ["git", "sh", "cat", "sleep", "ssh"];

const GH: &str = r#"#!/bin/sh
hub='@HUB@'
echo "gh $*" >> "$hub/log"
if [ -e "$hub/silent" ]; then exec sleep 60; fi
if [ -e "$hub/strange" ]; then cat "$hub/strange"; exit 0; fi
if [ "$1 $2 $3" = 'config get git_protocol' ]; then
    cat "$hub/protocol" 2>/dev/null || echo https
    exit 0
fi
if [ ! -e "$hub/github.login" ]; then
    echo 'To get started with GitHub CLI, please run:  gh auth login' >&2
    echo 'Alternatively, populate the GH_TOKEN environment variable with a GitHub API authentication token.' >&2
    exit 4
fi
if [ -e "$hub/offline" ]; then
    echo 'error connecting to api.github.com' >&2
    echo 'check your internet connection or https://githubstatus.com' >&2
    exit 1
fi
if [ -e "$hub/expired" ]; then
    echo '{"message":"Bad credentials"}'
    echo 'gh: Bad credentials (HTTP 401)' >&2
    exit 1
fi
login=$(cat "$hub/github.login")
case "$*" in
'api user --hostname github.com --jq .login') echo "$login" ;;
'repo create github.com/'*/*' --private')
    name=${3#github.com/}
    if [ -e "$hub/github/$name.visibility" ]; then
        echo 'GraphQL: Name already exists on this account (createRepository)' >&2
        exit 1
    fi
    git init -q --bare -b main "$hub/github/$name.git" || exit 1
    echo PRIVATE > "$hub/github/$name.visibility"
    if [ -e "$hub/lost" ]; then echo nothing > "$hub/github/$name.git/HEAD"; fi
    echo "https://github.com/$name" ;;
'repo view github.com/'*/*' --json isPrivate,url')
    name=${3#github.com/}
    if [ ! -e "$hub/github/$name.visibility" ]; then
        echo "GraphQL: Could not resolve to a Repository with the name '$name'. (repository)" >&2
        exit 1
    fi
    private=true
    if [ "$(cat "$hub/github/$name.visibility")" = PUBLIC ]; then private=false; fi
    echo "{\"isPrivate\":$private,\"url\":\"https://github.com/$name\"}" ;;
*) echo "unknown command: $*" >&2; exit 1 ;;
esac
"#;

const GLAB: &str = r#"#!/bin/sh
hub='@HUB@'
echo "glab $*" >> "$hub/log"
if [ "$1 $2 $3" = 'config get git_protocol' ]; then
    cat "$hub/protocol" 2>/dev/null || echo ssh
    exit 0
fi
if [ ! -e "$hub/gitlab.login" ]; then
    echo '{"message":"401 Unauthorized"}'
    echo 'glab: 401 Unauthorized (HTTP 401)' >&2
    exit 1
fi
login=$(cat "$hub/gitlab.login")
project() {
    echo "{\"id\":1,\"path_with_namespace\":\"$1\",\"visibility\":\"$(cat "$hub/gitlab/$1.visibility")\",\"ssh_url_to_repo\":\"git@gitlab.com:$1.git\",\"http_url_to_repo\":\"https://gitlab.com/$1.git\"}"
}
case "$*" in
'api user') echo "{\"id\":1,\"username\":\"$login\",\"state\":\"active\"}" ;;
'api projects --method POST --raw-field name='*' --raw-field path='*' --raw-field visibility=private')
    name=$login/${6#name=}
    if [ -e "$hub/gitlab/$name.visibility" ]; then
        echo '{"message":{"name":["has already been taken"],"path":["has already been taken"]}}'
        echo 'glab: HTTP 400' >&2
        exit 1
    fi
    git init -q --bare -b main "$hub/gitlab/$name.git" || exit 1
    echo private > "$hub/gitlab/$name.visibility"
    project "$name" ;;
"api projects/$login%2F"*)
    name=$login/${2#*%2F}
    if [ ! -e "$hub/gitlab/$name.visibility" ]; then
        echo '{"message":"404 Project Not Found"}'
        echo 'glab: 404 Project Not Found (HTTP 404)' >&2
        exit 1
    fi
    project "$name" ;;
*) echo "unknown command: $*" >&2; exit 1 ;;
esac
"#;

/// A script that may run.
pub fn program(place: &Path, script: &str) {
    fs::write(place, script).expect("written");
    fs::set_permissions(place, fs::Permissions::from_mode(0o755)).expect("it may run");
}

/// Puts a copy of a program there that can be run at once. Another process makes it: what this one has
/// open for writing is held open by whatever another test starts just then, and cannot be run so long.
pub fn copy_program(from: impl AsRef<Path>, to: &Path) {
    let copied = Command::new("cp").args([from.as_ref(), to]).status();
    assert!(copied.expect("cp is there").success(), "{}", to.display());
}

/// The hosts of a sandbox.
pub struct Hub {
    dir: PathBuf,
}

impl Hub {
    pub fn new(sandbox: &Sandbox) -> Self {
        let dir = sandbox.path().join("hub");
        for (name, script) in [("gh", GH), ("glab", GLAB)] {
            let place = dir.join("programs").join(name);
            fs::create_dir_all(place.parent().expect("above")).expect("a directory can be made");
            let script = script.replace("@HUB@", dir.to_str().expect("test paths are UTF-8"));
            program(&place, &script);
        }
        Self { dir }
    }

    /// From here on the machine has these programs of the hosts and no others, and its git leads their
    /// addresses here.
    pub fn reached_from(&self, machine: &mut Machine, programs: &[&str]) {
        let bin = machine.home.join("bin");
        fs::remove_dir_all(&bin).ok();
        fs::create_dir_all(&bin).expect("a directory can be made");
        let path = std::env::var_os("PATH").unwrap_or_default();
        for name in NEEDED {
            let mut found = std::env::split_paths(&path).map(|dir| dir.join(name));
            if let Some(file) = found.find(|file| file.is_file()) {
                symlink(file, bin.join(name)).expect("linked");
            }
        }
        for name in programs {
            symlink(self.dir.join("programs").join(name), bin.join(name)).expect("linked");
        }
        machine.env("PATH", &bin);
        let rules = ["github", "gitlab"].map(|host| {
            let place = self.dir.join(host);
            format!(
                "[url \"{}/\"]\n\tinsteadOf = https://{host}.com/\n\tinsteadOf = git@{host}.com:\n\tinsteadOf = ssh://git@{host}.com/\n",
                place.display()
            )
        });
        machine.write(".gitconfig", rules.concat());
    }

    /// Something that holds of the hosts from here on: who is logged in, say.
    pub fn says(&self, what: &str, text: &str) -> &Self {
        fs::write(self.dir.join(what), format!("{text}\n")).expect("written");
        self
    }

    pub fn says_no_more(&self, what: &str) -> &Self {
        fs::remove_file(self.dir.join(what)).expect("it was said");
        self
    }

    /// A repository that is there already, empty.
    pub fn repository(&self, host: &str, name: &str, visibility: &str) -> PathBuf {
        let place = self.place(host, name);
        fs::create_dir_all(&place).expect("a directory can be made");
        git(&["init", "-q", "--bare", "-b", "main"], &place);
        self.says(&format!("{host}/{name}.visibility"), visibility);
        place
    }

    /// Where the repository of an address lies.
    pub fn place(&self, host: &str, name: &str) -> PathBuf {
        self.dir.join(host).join(format!("{name}.git"))
    }

    /// Every command that a stand-in was given, and none of it again.
    pub fn heard(&self) -> Vec<String> {
        let log = self.dir.join("log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        fs::remove_file(&log).ok();
        text.lines().map(str::to_owned).collect()
    }

    /// The visibility that a repository was made with.
    pub fn visibility(&self, host: &str, name: &str) -> String {
        let file = Path::new(host).join(format!("{name}.visibility"));
        let text = fs::read_to_string(self.dir.join(file)).expect("there is one");
        text.trim().to_owned()
    }
}
