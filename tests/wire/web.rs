//! A real git server behind https on loopback: lighttpd and `git http-backend`, with a certificate of its
//! own authority.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::kit::Machine;

use super::gate::Gate;
use super::{free_port, installed, run, until_it_listens, utf8};

/// Who may see what lies below `/closed`.
pub const USER: &str = "ada";
pub const PASSWORD: &str = "hunter2-correct";

pub struct Web {
    program: PathBuf,
    dir: PathBuf,
    pub port: u16,
    /// It answers here without a certificate.
    pub plain_port: u16,
    pub gate: Gate,
    child: Child,
}

impl Web {
    /// Starts one for the repositories of the sandbox. Nothing where there is none to start.
    ///
    /// `/git` is open, `/closed` wants a password, `/readable` wants one of those who push, `/small` takes
    /// 2 MB. `/moved` leads to `/git`, `/away` to `/closed` of a host of another name.
    pub fn start(sandbox: &Path) -> Option<Self> {
        let (lighttpd, openssl) = (installed("lighttpd")?, installed("openssl")?);
        let dir = sandbox.join("web");
        fs::create_dir_all(&dir).expect("the sandbox takes a directory");
        certify(&openssl, &dir);
        fs::write(dir.join("users"), format!("{USER}:{PASSWORD}\n")).expect("written");
        let (port, plain_port) = (free_port(), free_port());
        let gate = Gate::of(sandbox);
        let config = configuration(sandbox, (&dir, &gate), (port, plain_port));
        fs::write(dir.join("lighttpd.conf"), config).expect("written");
        let server = Self {
            child: serve(&lighttpd, &dir),
            gate,
            program: lighttpd,
            dir,
            port,
            plain_port,
        };
        server.wait();
        Some(server)
    }

    /// It stops, and what it runs with it: a `git http-backend` whose push was cut turns for ever.
    pub fn stop(&mut self) {
        let group = Pid::from_raw(self.child.id().cast_signed());
        kill_process_group(group.expect("a child has one"), Signal::KILL).ok();
        self.child.wait().ok();
    }

    /// Serves again, at the same address.
    pub fn go_on(&mut self) {
        self.child = serve(&self.program, &self.dir);
        self.wait();
    }

    fn wait(&self) {
        let read = |name: &str| fs::read_to_string(self.dir.join(name)).unwrap_or_default();
        until_it_listens(self.port, &|| read("stderr") + &read("error.log"));
    }

    /// The address of a repository: `/git/vault.git`, say.
    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    pub fn ca(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// The machine trusts its authority.
    pub fn known_to(&self, machine: &Machine) {
        machine.ok(&["config", "set", "remote.ca_file", utf8(&self.ca())]);
    }

    /// One line for each question, with its host, path, status and what it had for a login.
    pub fn log(&self) -> String {
        // It writes when it has much to write, or is told to begin a new one.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("it runs"), Signal::HUP).expect("it hears");
        thread::sleep(Duration::from_millis(500));
        fs::read_to_string(self.dir.join("access.log")).unwrap_or_default()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(lighttpd: &Path, dir: &Path) -> Child {
    Command::new(lighttpd)
        .args(["-D", "-f", utf8(&dir.join("lighttpd.conf"))])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(dir.join("stderr")).expect("made"))
        .spawn()
        .expect("lighttpd starts")
}

fn certify(openssl: &Path, dir: &Path) {
    let new = |args: &[&str]| {
        let common = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ];
        run(Command::new(openssl)
            .current_dir(dir)
            .args(["req", "-x509", "-days", "2"])
            .args(common)
            .args(args));
    };
    let authority = ["-addext", "basicConstraints=critical,CA:TRUE"];
    for name in ["ca", "other"] {
        let (key, cert) = (format!("{name}.key"), format!("{name}.pem"));
        let subject = format!("/CN=holdall test {name}");
        let files = ["-keyout", &key, "-out", &cert, "-subj", &subject];
        new(&[&authority[..], &files].concat());
    }
    new(&[
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-keyout",
        "server.key",
        "-out",
        "server.pem",
        "-subj",
        "/CN=localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ]);
}

fn configuration(
    sandbox: &Path,
    (dir, gate): (&Path, &Gate),
    (port, plain_port): (u16, u16),
) -> String {
    let path = std::env::var("PATH").expect("a path");
    format!(
        r#"server.modules = ("mod_alias", "mod_auth", "mod_authn_file", "mod_redirect", "mod_setenv", "mod_cgi", "mod_accesslog", "mod_openssl")
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{dir}"
server.errorlog = "{dir}/error.log"
server.upload-dirs = ("{dir}")
server.stream-response-body = 1
accesslog.filename = "{dir}/access.log"
accesslog.format = "%{{Host}}i %U%q %s [%{{Authorization}}i] [%{{X-Extra}}i]"
ssl.engine = "enable"
ssl.pemfile = "{dir}/server.pem"
ssl.privkey = "{dir}/server.key"
cgi.assign = ("" => "")
alias.url = ("/git" => "{gate}", "/closed" => "{gate}", "/readable" => "{gate}", "/small" => "{gate}")
setenv.set-environment = (
    "GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "PATH" => "{path}", "HOME" => "{dir}",
    "GIT_CONFIG_NOSYSTEM" => "1", "GIT_CONFIG_GLOBAL" => "/dev/null", "GIT_CONFIG_COUNT" => "1",
    "GIT_CONFIG_KEY_0" => "http.receivepack", "GIT_CONFIG_VALUE_0" => "true")
auth.backend = "plain"
auth.backend.plain.userfile = "{dir}/users"
$HTTP["url"] =~ "^/closed/|^/readable/.*/git-receive-pack$" {{
    auth.require = ("" => ("method" => "basic", "realm" => "vaults", "require" => "valid-user"))
}}
url.redirect = (
    "^/moved/(.*)$" => "/git/$1",
    "^/away/(.*)$" => "https://localhost:{port}/closed/$1",
    "^/down/(.*)$" => "http://127.0.0.1:{port}/git/$1",
    "^/login/(.*)$" => "/sign_in?token=hunter2-secret")
url.redirect-code = 302
$SERVER["socket"] == "127.0.0.1:{plain_port}" {{ ssl.engine = "disable" }}
$HTTP["url"] =~ "^/small/" {{ server.max-request-size = 2048 }}
"#,
        dir = utf8(dir),
        gate = utf8(&gate.program()),
        root = utf8(sandbox),
    )
}
