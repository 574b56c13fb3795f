//! What stands between a server and its git: it passes everything on, falls silent where it is told to, or
//! lets nobody write.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{run, utf8};

/// Where it falls silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    BeforeRefs,
    InRefs,
    /// The refs are told, and what is asked for then is not answered.
    BeforeAnswer,
    InAnswer,
    /// It takes the beginning of a push.
    InRequest,
}

impl Step {
    const fn name(self) -> &'static str {
        match self {
            Self::BeforeRefs => "before-refs",
            Self::InRefs => "in-refs",
            Self::BeforeAnswer => "before-answer",
            Self::InAnswer => "in-answer",
            Self::InRequest => "in-request",
        }
    }
}

/// Over ssh a call is all of a conversation, over the web one question of it. What is posted there first
/// is nothing, to learn whether a login is wanted.
const SCRIPT: &str = r#"#!/bin/sh
served() {
    [ -z "$SSH_ORIGINAL_COMMAND" ] || exec sh -c "$SSH_ORIGINAL_COMMAND"
    exec BACKEND/git-http-backend
}
[ -e DIR/order ] || served
read -r service step < DIR/order
case "$SSH_ORIGINAL_COMMAND $PATH_INFO $QUERY_STRING" in
    *git-$service-pack*) ;;
    *) served;;
esac
case "$step$REQUEST_METHOD" in
    before-refs | before-refsGET | before-answerPOST) ;;
    in-refs) (served < /dev/null) | head -c 30;;
    in-refsGET) served | head -c 250;;
    before-answer) (served < /dev/null);;
    in-answer | in-answerPOST) served | { head -c 2000; sleep 30; };;
    in-request) { head -c 2000; sleep 30; } | served;;
    in-requestPOST) [ "$CONTENT_LENGTH" != 4 ] || served; { head -c 2000; sleep 30; } | served;;
    closed) echo 'ERROR: this account may read, and not push' >&2; exit 1;;
    closed*) GIT_CONFIG_VALUE_0=false served;;
    *) served;;
esac
sleep 30
"#;

pub struct Gate {
    dir: PathBuf,
}

impl Gate {
    /// Makes it, open, below the sandbox.
    pub fn of(sandbox: &Path) -> Self {
        let dir = sandbox.join("gate");
        fs::create_dir_all(&dir).expect("the sandbox takes a directory");
        let backend = run(Command::new("git").arg("--exec-path"));
        let script = SCRIPT.replace("BACKEND", &backend);
        let gate = Self { dir };
        fs::write(gate.program(), script.replace("DIR", utf8(&gate.dir))).expect("written");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(gate.program(), mode).expect("set");
        gate
    }

    /// What a server is to call in the place of git.
    pub fn program(&self) -> PathBuf {
        self.dir.join("gate")
    }

    /// Who fetches (`upload`) or pushes (`receive`) meets silence.
    pub fn falls_silent(&self, service: &str, step: Step) {
        self.order(&format!("{service} {}\n", step.name()));
    }

    /// Nobody may push.
    pub fn closes(&self) {
        self.order("receive closed\n");
    }

    pub fn opens(&self) {
        fs::remove_file(self.dir.join("order")).expect("it was closed");
    }

    fn order(&self, text: &str) {
        fs::write(self.dir.join("order"), text).expect("written");
    }
}
