//! A remote behind a server of its own, and two machines that reach it.

use std::path::PathBuf;

use crate::flow::scene::{API, bound, chmod, state};
use crate::kit::{Machine, Sandbox, fsck, git, is_linear};

use super::gate::Gate;
use super::sshd::{HOST, Sshd};
use super::utf8;
use super::web::Web;

/// A vault's remote behind a server, and two machines that reach it.
pub struct Hosted {
    pub sandbox: Sandbox,
    pub bare: PathBuf,
    pub url: String,
    pub a: Machine,
    pub b: Machine,
    pub sshd: Option<Sshd>,
    pub web: Option<Web>,
}

/// A way to a remote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Path,
    Ssh,
    Https,
}

impl Way {
    /// Nothing where there is no server to start.
    pub fn open(self) -> Option<Hosted> {
        let sandbox = Sandbox::new();
        let sshd = match self {
            Self::Ssh => Some(Sshd::start(sandbox.path())?),
            Self::Path | Self::Https => None,
        };
        let web = match self {
            Self::Https => Some(Web::start(sandbox.path())?),
            Self::Path | Self::Ssh => None,
        };
        let bare = sandbox.bare("vault.git");
        let url = match self {
            Self::Path => utf8(&bare).to_owned(),
            Self::Ssh => format!("{HOST}:{}", utf8(&bare)),
            Self::Https => web.as_ref().expect("started").url("/git/vault.git"),
        };
        let machines = ["laptop", "desktop"].map(|name| {
            let mut machine = sandbox.machine(name);
            if let Some(sshd) = &sshd {
                sshd.known_to(&mut machine);
            }
            if let Some(web) = &web {
                web.known_to(&machine);
            }
            machine
        });
        Some(Hosted::new((sandbox, bare, url), machines, (sshd, web)))
    }
}

impl Hosted {
    fn new(
        (sandbox, bare, url): (Sandbox, PathBuf, String),
        machines: [Machine; 2],
        (sshd, web): (Option<Sshd>, Option<Web>),
    ) -> Self {
        for machine in &machines {
            let dir = machine.checkout("api", API);
            std::fs::create_dir(dir.join(".aigon")).expect("a directory can be made");
            machine.ok(&["project", "add", utf8(&dir)]);
        }
        let [a, b] = machines;
        Self {
            sandbox,
            bare,
            url,
            a,
            b,
            sshd,
            web,
        }
    }

    pub fn connect(&self) {
        for machine in [&self.a, &self.b] {
            machine.ok(&["backup", "configure", &self.url]);
        }
    }

    /// Work of the first machine that takes a moment to be sent.
    pub fn writes_many(&self, number: usize) {
        for file in 0..20 {
            let line = format!("{number} {file}\n");
            let name = state(&format!("many/{file}"));
            self.a.write(name, line.repeat(2_000));
        }
    }

    /// The remote cannot be reached any more, until it is on again.
    pub fn off(&mut self) {
        match (&mut self.sshd, &mut self.web) {
            (Some(sshd), _) => sshd.stop(),
            (_, Some(web)) => web.stop(),
            _ => std::fs::rename(&self.bare, self.bare.with_extension("off")).expect("moved"),
        }
    }

    pub fn on(&mut self) {
        match (&mut self.sshd, &mut self.web) {
            (Some(sshd), _) => sshd.go_on(),
            (_, Some(web)) => web.go_on(),
            _ => std::fs::rename(self.bare.with_extension("off"), &self.bare).expect("moved"),
        }
    }

    /// What stands before git, where there is a server.
    pub fn gate(&self) -> Option<&Gate> {
        let of_web = || self.web.as_ref().map(|web| &web.gate);
        self.sshd.as_ref().map(|sshd| &sshd.gate).or_else(of_web)
    }

    /// From now on the first machine may read, and not write, until it may again.
    pub fn closes(&mut self) {
        if let Some(gate) = self.gate() {
            return gate.closes();
        }
        bound(&self.sandbox, &mut self.a);
        self.may_be_written(false);
    }

    pub fn opens(&self) {
        match self.gate() {
            Some(gate) => gate.opens(),
            None => self.may_be_written(true),
        }
    }

    fn may_be_written(&self, may: bool) {
        let all = walkdir::WalkDir::new(&self.bare).into_iter();
        for entry in all.filter_map(Result::ok) {
            let (path, is_dir) = (entry.path(), entry.file_type().is_dir());
            if is_dir {
                chmod(&self.a, path, if may { 0o755 } else { 0o555 });
            }
        }
    }

    pub fn is_whole(&self) {
        fsck(&self.bare);
        assert!(is_linear(&self.bare));
    }

    pub fn stored(&self, name: &str) -> String {
        let path = format!("main:projects/api/.aigon/{name}");
        git(&["show", &path], &self.bare)
    }
}
