//! The service under a real user manager of systemd, from the first login to the last logout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{Machine, Ran, Started, copy_program, in_own_mounts, program, say_left_out};

use super::place::{Place, SOON, logged, until, utf8};

const SYSTEMD: &str = "/lib/systemd/systemd";

/// Where the machine was not started by systemd, the manager is made to believe so: that directory is all
/// it asks for. Nobody else sees it.
const LOGIN: &str = "test -d /run/systemd/system ||
    { mount -t tmpfs none /run && mkdir -p /run/systemd/system; } || exit
exec \"$0\" --user --log-target=console --log-level=notice";

/// A login: the person's own manager of services, until it is dropped.
struct Login {
    manager: Option<Started>,
    runtime: PathBuf,
    home: PathBuf,
}

impl Login {
    /// Nothing where none can run.
    fn of(machine: &mut Machine, place: &Place) -> Option<Self> {
        if !Path::new(SYSTEMD).exists() {
            return left_out("systemd is not installed");
        }
        // Here lie sockets, whose paths are short.
        let runtime = place.sandbox.path().join("run");
        fs::create_dir_all(&runtime).expect("made");
        let mut shell = place.sandbox.machine("laptop");
        for it in [machine, &mut shell] {
            // In the usual home its unit has the usual name.
            it.unset("HOLDALL_HOME").env("XDG_RUNTIME_DIR", &runtime);
        }
        let mut login = Self {
            manager: Some(in_own_mounts(&mut shell, &[LOGIN, SYSTEMD])),
            runtime,
            home: shell.home.clone(),
        };
        let since = Instant::now();
        while login.systemctl(&["is-active", "default.target"]) != "active" {
            let is_alive = login.manager.as_mut().is_some_and(Started::is_alive);
            if !is_alive || since.elapsed() > SOON {
                let ran = login.logout().map(|ran| ran.to_string());
                return left_out(&format!("no user manager starts: {ran:?}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Some(login)
    }

    /// What it says to that.
    fn systemctl(&self, words: &[&str]) -> String {
        let output = Command::new("systemctl")
            .env("XDG_RUNTIME_DIR", &self.runtime)
            .env("HOME", &self.home)
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .arg("--user")
            .args(words)
            .output()
            .expect("it comes with systemd");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn property(&self, name: &str) -> String {
        self.systemctl(&["show", "--value", "--property", name, "holdall.service"])
    }

    /// Everything that it started is asked to end.
    fn logout(&mut self) -> Option<Ran> {
        Some(self.manager.take()?.end().0)
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.logout();
    }
}

fn left_out<T>(why: &str) -> Option<T> {
    say_left_out(&format!("the service under a real systemd ({why})"));
    None
}

/// One test, as two managers of one person would both take these groups of processes for their own.
#[test]
fn under_systemd_it_runs_comes_again_waits_for_its_time_and_goes() {
    let place = Place::new();
    let mut laptop = place.machine("laptop");
    let Some(mut login) = Login::of(&mut laptop, &place) else {
        return;
    };
    let desk = place.machine("desk");
    connected_as_usual(&laptop, &place);
    laptop.ok(&["backup", "schedule", "hourly"]);

    let installed = laptop.ok(&["daemon", "install"]);
    assert!(
        installed.stdout.starts_with("installed, and at work\n"),
        "{installed}"
    );
    let first = login.property("MainPID");
    until("the first push", SOON, &laptop, || !place.tip().is_empty());
    desk.ok(&["sync"]);
    travels(&laptop, &desk, "While it runs");

    kill_9(&first);
    laptop.ok(&["task", "add", "While nobody listened"]);
    until("it is started again", SOON * 2, &laptop, || {
        ![first.as_str(), "0"].contains(&login.property("MainPID").as_str())
    });
    until("what was added meanwhile", SOON, &laptop, || {
        shown(&desk, "While nobody listened")
    });

    let second = login.property("MainPID");
    laptop.ok(&["daemon", "restart"]);
    assert_ne!(login.property("MainPID"), second);
    assert!(logged(&laptop, "ended: "), "it was not killed");
    assert_eq!(login.property("Result"), "success");

    laptop.ok(&["daemon", "install", "--timer"]);
    assert_eq!(login.property("MainPID"), "0");
    assert_eq!(login.systemctl(&["is-active", "holdall.timer"]), "active");
    laptop.ok(&["task", "add", "When its time came"]);
    login.systemctl(&["start", "holdall.service"]);
    assert_eq!(login.property("Result"), "success");
    assert!(shown(&desk, "When its time came"));

    laptop.ok(&["daemon", "install"]);
    let (_, status) = laptop.json(&["daemon", "status"]);
    assert_eq!(status["data"]["running"], true, "{status}");
    let ended = ends_in_the_log(&laptop);
    let left = login.logout().expect("it ran");
    assert_eq!(left.code, 0, "{left}");
    assert_eq!(ends_in_the_log(&laptop), ended + 1);

    let mut again = Login::of(&mut laptop, &place).expect("it ran before");
    until("the next login starts it", SOON, &laptop, || {
        again.property("ActiveState") == "active"
    });
    is_mended_as_the_doctor_says(&laptop, &again);
    the_one_before_is_back_where_another_ends_at_once(&laptop, &again);
    starts_whatever_it_is_called(&laptop, &again);
    says_what_it_does_not_see(&mut laptop, &again);
    laptop.ok(&["daemon", "uninstall"]);
    assert_eq!(again.property("LoadState"), "not-found");
    assert_eq!(laptop.ok(&["daemon", "repair", "--if-installed"]).code, 0);
    again.logout();
}

fn starts_whatever_it_is_called(machine: &Machine, login: &Login) {
    for name in ["a $HOME of 100%h", "a \"quote\\\" 'é\n$0"] {
        let place = machine.home.join(name).join("holdall");
        fs::create_dir_all(machine.home.join(name)).expect("made");
        copy_program(env!("CARGO_BIN_EXE_holdall"), &place);
        machine.ok(&["daemon", "install", "--program", utf8(&place)]);
        let exe = format!("/proc/{}/exe", login.property("MainPID"));
        // A shell may have to become it first.
        let runs = || fs::read_link(&exe).is_ok_and(|runs| runs == place);
        until(name, SOON, machine, runs);
    }
}

/// What the doctor says of it, and that the command which it names mends it.
fn is_mended_as_the_doctor_says(machine: &Machine, login: &Login) {
    let found = || {
        let (_, document) = machine.json(&["doctor"]);
        let checks = document["data"]["checks"].as_array().cloned();
        let mut checks = checks.expect("a table").into_iter();
        let found = checks.find(|it| it["name"] == "background");
        found.expect("every check is there")
    };
    let unit = machine.home.join(".config/systemd/user/holdall.service");
    let breaks: [&dyn Fn(); 3] = [
        &|| {
            login.systemctl(&["disable", "holdall.service"]);
        },
        &|| {
            login.systemctl(&["stop", "holdall.service"]);
        },
        &|| {
            fs::write(&unit, "[Service]\nExecStart=/nonexistent\n").expect("written");
            login.systemctl(&["daemon-reload"]);
        },
    ];
    for (number, breaks) in breaks.into_iter().enumerate() {
        assert_eq!(found()["verdict"], "ok");
        breaks();
        let broken = found();
        let fix = "holdall daemon repair";
        assert_eq!(broken["fix"], fix, "{number}: {broken}");
        machine.ok(&["daemon", "repair"]);
    }
    assert_eq!(found()["verdict"], "ok");
}

fn the_one_before_is_back_where_another_ends_at_once(machine: &Machine, login: &Login) {
    let before = login.property("ExecStart");
    let script = machine.home.join("ends");
    program(
        &script,
        "#!/bin/sh\ntest \"$1\" != --version || echo holdall 9\n",
    );
    let ran = machine.run(&["daemon", "install", "--program", utf8(&script)]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("ended at once"), "{ran}");
    let of = |text: &str| text.split(';').next().map(str::to_owned);
    assert_eq!(of(&login.property("ExecStart")), of(&before));
    assert_eq!(login.property("ActiveState"), "active");
}

fn says_what_it_does_not_see(machine: &mut Machine, login: &Login) {
    machine.env("SSH_AUTH_SOCK", "/tmp/agent");
    let url = "ssh://git.example.com/vault.git";
    machine.ok(&["config", "set", "remote.url", url]);
    let told = machine.ok(&["daemon", "install"]).stderr;
    assert!(told.contains("does not see SSH_AUTH_SOCK"), "{told}");
    login.systemctl(&["set-environment", "SSH_AUTH_SOCK=/tmp/agent"]);
    let told = machine.ok(&["daemon", "install"]).stderr;
    assert!(!told.contains("does not see"), "{told}");
}

/// In the usual home, which this machine had no use for until now.
fn connected_as_usual(machine: &Machine, place: &Place) {
    machine.ok(&["project", "add", utf8(&machine.home.join("code/api"))]);
    machine.ok(&["backup", "configure", utf8(&place.bare)]);
}

/// A file and a task, from one machine to the other.
#[track_caller]
fn travels(from: &Machine, to: &Machine, what: &str) {
    from.write("code/api/.aigon/notes.md", what);
    from.ok(&["task", "add", what]);
    until(what, SOON, from, || shown(to, what));
    assert_eq!(to.read("code/api/.aigon/notes.md"), what.as_bytes());
}

/// Whether a machine that looks has that task.
fn shown(machine: &Machine, title: &str) -> bool {
    let looked = Instant::now();
    machine.ok(&["sync"]);
    let took = looked.elapsed();
    assert!(took < Duration::from_secs(5), "it looked for {took:?}");
    machine.ok(&["task", "list"]).stdout.contains(title)
}

fn ends_in_the_log(machine: &Machine) -> usize {
    let log = machine.ok(&["daemon", "logs", "-n", "1000"]);
    log.stdout.matches("ended: ").count()
}

fn kill_9(pid: &str) {
    let killed = Command::new("kill").args(["-9", pid]).status();
    assert!(killed.expect("it is a program").success());
}
