//! A real sshd on loopback, with a key that opens it and a client configuration that knows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::kit::Machine;

use super::gate::Gate;
use super::{free_port, installed, run, until_it_listens, utf8};

/// The alias under which the client knows the server.
pub const HOST: &str = "vaulthost";

pub struct Sshd {
    program: PathBuf,
    dir: PathBuf,
    pub port: u16,
    user: String,
    pub gate: Gate,
    child: Child,
}

impl Sshd {
    /// Starts one, with its files below the sandbox. Nothing where there is none to start.
    pub fn start(sandbox: &Path) -> Option<Self> {
        let (sshd, keygen) = (installed("sshd")?, installed("ssh-keygen")?);
        installed("ssh")?;
        let dir = sandbox.join("sshd");
        fs::create_dir_all(&dir).expect("the sandbox takes a directory");
        for name in ["host_key", "user_key", "other_key"] {
            run(Command::new(&keygen)
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(dir.join(name)));
        }
        let port = free_port();
        let user = run(Command::new("id").arg("-un"));
        let path = std::env::var("PATH").expect("a path");
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {dir}/host_key\n\
             AuthorizedKeysFile {dir}/authorized_keys\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
             PidFile none\nMaxStartups 500\nLogLevel ERROR\nAllowTcpForwarding yes\n\
             SetEnv PATH={path} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1\n",
            dir = utf8(&dir),
        );
        fs::write(dir.join("sshd_config"), config).expect("written");
        // Where root starts it, it wants a directory of its own. Elsewhere it does without.
        fs::create_dir_all("/run/sshd").ok();
        let server = Self {
            child: serve(&sshd, &dir),
            gate: Gate::of(sandbox),
            program: sshd,
            dir,
            port,
            user,
        };
        server.lets_in();
        server.wait();
        server.knows("host_key");
        server.shows("user_key");
        Some(server)
    }

    pub fn stop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// Serves again, at the same address.
    pub fn go_on(&mut self) {
        self.child = serve(&self.program, &self.dir);
        self.wait();
    }

    fn wait(&self) {
        let words = || fs::read_to_string(self.dir.join("log")).unwrap_or_default();
        until_it_listens(self.port, &words);
    }

    /// The key opens it, as far as the gate does.
    pub fn lets_in(&self) {
        self.runs(utf8(&self.gate.program()));
    }

    /// The key opens it for this command of the shell alone.
    pub fn runs(&self, command: &str) {
        let key = fs::read_to_string(self.dir.join("user_key.pub")).expect("a key");
        let line = format!("command=\"{command}\" {key}");
        fs::write(self.dir.join("authorized_keys"), line).expect("written");
    }

    /// The client goes to another port of this machine.
    pub fn is_behind(&self, port: u16) {
        let config = self.client_config("user_key");
        let [here, there] = [self.port, port].map(|port| format!("  Port {port}\n"));
        let config = config.replace(
            &here,
            &format!("{there}  HostKeyAlias [127.0.0.1]:{}\n", self.port),
        );
        fs::write(self.dir.join("ssh_config"), config).expect("written");
    }

    /// The client takes this for the server's key.
    pub fn knows(&self, key: &str) {
        let key = fs::read_to_string(self.dir.join(format!("{key}.pub"))).expect("a key");
        let line = format!("[127.0.0.1]:{} {key}", self.port);
        fs::write(self.dir.join("known_hosts"), line).expect("written");
    }

    /// A key of the client opens with a passphrase from here on.
    pub fn locks(&self, key: &str, passphrase: &str) {
        run(Command::new("ssh-keygen")
            .args(["-q", "-p", "-P", "", "-N", passphrase, "-f"])
            .arg(self.dir.join(key)));
    }

    pub fn knows_nobody(&self) {
        fs::write(self.dir.join("known_hosts"), "").expect("written");
    }

    fn client_config(&self, key: &str) -> String {
        let common = format!(
            "  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {dir}/{key}\n  \
             IdentitiesOnly yes\n  UserKnownHostsFile {dir}/known_hosts\n  GlobalKnownHostsFile none\n  \
             StrictHostKeyChecking yes\n  LogLevel ERROR\n",
            port = self.port,
            user = self.user,
            dir = utf8(&self.dir),
        );
        format!("Host {HOST}\n{common}\nHost behind\n{common}  ProxyJump {HOST}\n")
    }

    /// The client shows this key.
    pub fn shows(&self, key: &str) {
        fs::write(self.dir.join("ssh_config"), self.client_config(key)).expect("written");
    }

    /// The machine's ssh reads the configuration that knows the server.
    pub fn known_to(&self, machine: &mut Machine) {
        let config = self.dir.join("ssh_config");
        machine.env("GIT_SSH_COMMAND", format!("ssh -F {}", utf8(&config)));
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(sshd: &Path, dir: &Path) -> Child {
    let log = fs::File::create(dir.join("log")).expect("made");
    Command::new(sshd)
        .args(["-D", "-e", "-f"])
        .arg(dir.join("sshd_config"))
        .stdin(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("sshd starts")
}
