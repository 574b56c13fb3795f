//! The daemon as a service: what is written for the service manager, what it is told, and what is said
//! where there is none. What stands in for `systemctl` writes down what it is told, and fails as asked;
//! what it would read, systemd itself looks at. `background::managed` has a real one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::kit::{Machine, Sandbox, copy_program};

/// A machine on which `systemctl` is this: it notes its words, and knows whether a unit is enabled.
struct Managed {
    machine: Machine,
    told: PathBuf,
    units: PathBuf,
}

impl Managed {
    fn new(sandbox: &Sandbox) -> Self {
        let mut machine = sandbox.machine("laptop");
        let bin = machine.home.join("bin");
        let (told, state) = (machine.home.join("told"), machine.home.join("enabled"));
        let script = format!(
            "#!/bin/sh\n\
             shift\n\
             case \"$1\" in\n\
             show-environment) cat \"$HOME/environment\" 2> /dev/null || true;;\n\
             is-active) test ! -e \"$HOME/broken\" && test -e '{state}/'\"$2\";;\n\
             is-enabled) test -e '{state}/'\"$2\";;\n\
             enable) echo \"$*\" >> '{told}'; mkdir -p '{state}'; touch '{state}/'\"$3\";;\n\
             disable) echo \"$*\" >> '{told}'; rm -f '{state}/'\"$3\";;\n\
             *) echo \"$*\" >> '{told}';;\n\
             esac\n",
            state = state.display(),
            told = told.display(),
        );
        machine.write("bin/systemctl", script);
        machine.write("bin/loginctl", "#!/bin/sh\necho no\n");
        for name in ["systemctl", "loginctl"] {
            let file = bin.join(name);
            fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("set");
        }
        machine.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        machine.env("USER", "ada");
        // The usual home: its unit has the usual name.
        machine.unset("HOLDALL_HOME");
        Self {
            units: machine.home.join(".config/systemd/user"),
            machine,
            told,
        }
    }

    /// What the manager was told since the last time.
    fn told(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.told).unwrap_or_default();
        fs::remove_file(&self.told).ok();
        text.lines().map(str::to_owned).collect()
    }

    fn unit(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.units.join(name)).ok()
    }
}

#[test]
fn a_service_is_installed_looked_at_started_anew_and_taken_away() {
    let sandbox = Sandbox::new();
    let managed = Managed::new(&sandbox);
    let machine = &managed.machine;
    let ran = machine.ok(&["daemon", "install"]);
    assert!(ran.stdout.starts_with("installed, and at work\n"), "{ran}");
    assert!(
        ran.stderr.contains("holdall backup schedule hourly"),
        "{ran}"
    );
    assert!(ran.stderr.contains("loginctl enable-linger"), "{ran}");
    assert_eq!(
        managed.told(),
        ["daemon-reload", "enable --now holdall.service"]
    );
    let unit = managed.unit("holdall.service").expect("written");
    let program = env!("CARGO_BIN_EXE_holdall");
    assert!(
        unit.contains(&format!("ExecStart={program} --no-input daemon run\n")),
        "{unit}"
    );
    assert!(unit.contains(&format!(
        "Environment=PATH={}/bin:/usr/bin:/bin\n",
        machine.home.display()
    )));

    machine.ok(&["backup", "schedule", "daily"]);
    let (code, status) = machine.json(&["daemon", "status"]);
    assert_eq!(code, 0);
    let state = &status["data"]["service"];
    assert_eq!(
        (
            &state["way"],
            &state["current"],
            &state["enabled"],
            &state["active"]
        ),
        (&json!("daemon"), &json!(true), &json!(true), &json!(true)),
    );
    assert_eq!(status["data"]["schedule"], "daily");
    assert_eq!(status["data"]["running"], false);

    machine.ok(&["daemon", "restart"]);
    assert_eq!(managed.told(), ["restart holdall.service"]);
    let ran = machine.ok(&["daemon", "uninstall"]);
    assert!(ran.stdout.starts_with("taken away\n"), "{ran}");
    assert_eq!(
        managed.told(),
        ["disable --now holdall.service", "daemon-reload"]
    );
    assert_eq!(managed.unit("holdall.service"), None);
    let ran = machine.ok(&["daemon", "uninstall"]);
    assert_eq!(ran.stdout, "not installed; nothing was changed\n");
    let ran = machine.run(&["daemon", "restart"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("holdall daemon install"), "{ran}");
}

#[test]
fn a_timer_takes_the_place_of_the_process_and_the_other_way_round() {
    let sandbox = Sandbox::new();
    let managed = Managed::new(&sandbox);
    managed.machine.ok(&["daemon", "install"]);
    managed.told();
    managed.machine.ok(&["daemon", "install", "--timer"]);
    assert_eq!(
        managed.told(),
        [
            "disable --now holdall.service",
            "daemon-reload",
            "enable --now holdall.timer"
        ]
    );
    let timer = managed.unit("holdall.timer").expect("written");
    assert!(
        timer.contains("Persistent=true\n") && timer.contains("RandomizedDelaySec="),
        "{timer}"
    );
    assert!(
        managed
            .unit("holdall.service")
            .expect("written")
            .contains("daemon run --once\n")
    );
    let (_, status) = managed.machine.json(&["daemon", "status"]);
    assert_eq!(status["data"]["service"]["way"], "timer");
    managed.machine.ok(&["daemon", "install"]);
    assert_eq!(managed.unit("holdall.timer"), None);
    assert_eq!(
        managed.told().last().expect("told"),
        "enable --now holdall.service"
    );
}

#[test]
fn a_service_is_mended_where_it_is_not_what_it_should_be_and_only_there() {
    let sandbox = Sandbox::new();
    let managed = Managed::new(&sandbox);
    let machine = &managed.machine;
    let ran = machine.ok(&["daemon", "repair", "--if-installed"]);
    assert_eq!(ran.stdout, "not installed; nothing was changed\n");
    assert_eq!(managed.told(), Vec::<String>::new());
    let ran = machine.run(&["daemon", "repair"]);
    assert_eq!(ran.code, 1, "{ran}");

    machine.ok(&["daemon", "install", "--timer"]);
    managed.told();
    let ran = machine.ok(&["daemon", "repair"]);
    assert!(
        ran.stdout.starts_with("all is well; nothing was changed\n"),
        "{ran}"
    );
    assert_eq!(managed.told(), Vec::<String>::new());

    // An update lies elsewhere.
    let moved = machine.home.join("opt/holdall");
    fs::create_dir_all(moved.parent().expect("a parent")).expect("made");
    copy_program(env!("CARGO_BIN_EXE_holdall"), &moved);
    let moved = moved.to_str().expect("UTF-8");
    let ran = machine.ok(&["daemon", "repair", "--if-installed", "--program", moved]);
    assert!(ran.stdout.starts_with("mended, and at work\n"), "{ran}");
    let unit = managed.unit("holdall.service").expect("written");
    assert!(
        unit.contains(&format!("ExecStart={moved} --no-input daemon run --once\n")),
        "{unit}"
    );
    managed.told();

    // Somebody switched it off.
    fs::remove_file(machine.home.join("enabled/holdall.timer")).expect("there");
    let (_, status) = machine.json(&["daemon", "status"]);
    assert_eq!(status["data"]["service"]["active"], false);
    machine.ok(&["daemon", "repair", "--program", moved]);
    assert_eq!(
        managed.told().last().expect("told"),
        "enable --now holdall.timer"
    );

    let ran = machine.run(&["daemon", "install", "--program", "/nowhere/holdall"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stderr.contains("/nowhere/holdall is not there"),
        "{ran}"
    );
}

#[test]
fn a_service_that_ends_at_once_is_no_success() {
    let sandbox = Sandbox::new();
    let managed = Managed::new(&sandbox);
    let machine = &managed.machine;
    let fails = |command: &[&str]| {
        let ran = machine.run(&[&["daemon"], command].concat());
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ran.stderr.contains("ended at once"), "{ran}");
    };
    machine.write("broken", "");
    fails(&["install"]);
    assert_eq!(managed.unit("holdall.service"), None, "all is as it was");
    let broken = machine.home.join("broken");
    fs::remove_file(&broken).expect("there");
    machine.ok(&["daemon", "install"]);
    let before = managed.unit("holdall.service");
    machine.write("broken", "");
    fails(&["restart"]);
    fails(&["repair"]);
    fails(&["install", "--timer"]);
    assert_eq!(managed.unit("holdall.service"), before);
    assert_eq!(managed.unit("holdall.timer"), None);
    fs::remove_file(&broken).expect("there");
    let ran = machine.ok(&["daemon", "repair"]);
    assert!(ran.stdout.starts_with("all is well"), "{ran}");

    for command in ["install", "repair"] {
        let ran = machine.run(&["daemon", command, "--program", "/bin/true"]);
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ran.stderr.contains("/bin/true is not holdall"), "{ran}");
    }
    assert_eq!(managed.unit("holdall.service"), before);
}

#[test]
fn another_shell_finds_the_service_as_it_should_be() {
    let sandbox = Sandbox::new();
    let mut managed = Managed::new(&sandbox);
    managed.machine.ok(&["daemon", "install"]);
    let path = format!(
        "{}/bin:/opt/venv/bin:/usr/bin:/bin",
        managed.machine.home.display()
    );
    managed.machine.env("PATH", path);
    let (_, status) = managed.machine.json(&["daemon", "status"]);
    assert_eq!(status["data"]["service"]["current"], true, "{status}");
}

#[test]
fn without_a_service_manager_cron_is_named_and_nothing_is_written() {
    let sandbox = Sandbox::new();
    let mut machine = sandbox.machine("laptop");
    machine.env("PATH", machine.home.join("no-programs"));
    let ran = machine.run(&["daemon", "install"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("neither systemd nor launchd"), "{ran}");
    assert!(ran.stderr.contains("*/10 * * * * "), "{ran}");
    assert!(ran.stderr.contains("daemon run --once"), "{ran}");
    assert!(!machine.home.join(".config").exists());
    let ran = machine.ok(&["daemon", "repair", "--if-installed"]);
    assert_eq!(ran.stdout, "not installed; nothing was changed\n");
    let ran = machine.ok(&["daemon", "status"]);
    assert!(ran.stdout.contains("does not run"), "{ran}");

    // A manager that is there and does not answer for this user.
    machine.write(
        "bin/systemctl",
        "#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n",
    );
    let bin = machine.home.join("bin");
    let file = bin.join("systemctl");
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("set");
    machine.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    let ran = machine.run(&["daemon", "install"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert!(ran.stderr.contains("Failed to connect to bus"), "{ran}");
    assert!(ran.stderr.contains("*/10 * * * * "), "{ran}");

    // What lies there is not taken for nothing, and what is asked about it is not answered with cron.
    machine.unset("HOLDALL_HOME");
    machine.ok(&["daemon", "repair", "--if-installed"]);
    machine.write(".config/systemd/user/holdall.service", "[Service]\n");
    for args in [
        &["repair", "--if-installed"][..],
        &["repair"],
        &["restart"],
        &["uninstall"],
    ] {
        let ran = machine.run(&[&["daemon"], args].concat());
        assert_eq!(ran.code, 1, "{ran}");
        assert!(ran.stderr.contains("Failed to connect to bus"), "{ran}");
        assert!(!ran.stderr.contains("*/10"), "{ran}");
    }
}

#[test]
fn a_manager_that_refuses_the_service_is_left_none_of_its_files() {
    let sandbox = Sandbox::new();
    let managed = Managed::new(&sandbox);
    let script = managed.machine.home.join("bin/systemctl");
    let text = fs::read_to_string(&script).expect("read");
    let refuses = text.replace("enable) ", "enable) echo no >&2; exit 1;; never) ");
    fs::write(&script, refuses).expect("written");
    let ran = managed.machine.run(&["daemon", "install"]);
    assert_eq!(ran.code, 1, "{ran}");
    assert_eq!(managed.unit("holdall.service"), None);
    fs::write(&script, text).expect("written");
    managed.machine.ok(&["daemon", "install"]);
    assert!(managed.unit("holdall.service").is_some());
}

#[test]
fn a_log_that_is_followed_is_no_document() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let (code, document) = machine.json(&["daemon", "logs", "--follow"]);
    assert_eq!(code, 2, "{document}");
    assert_eq!(document["error"]["kind"], "usage");
}

#[test]
fn a_log_is_read_by_the_clock_on_the_wall() {
    let sandbox = Sandbox::new();
    let mut machine = sandbox.machine("laptop");
    machine.env("TZ", "UTC-2");
    let line = "2026-11-21T23:02:03.123Z info  began";
    machine.write("holdall/state/logs/2026-11-21.log", format!("{line}\n"));
    let ran = machine.ok(&["daemon", "logs"]);
    assert_eq!(ran.stdout, "2026-11-22 01:02:03 +02:00 info  began\n");
    let (_, document) = machine.json(&["daemon", "logs"]);
    assert_eq!(document["data"]["lines"], json!([line]));
}

#[test]
fn what_leads_to_the_remote_and_is_in_this_shell_alone_is_told() {
    let sandbox = Sandbox::new();
    let mut managed = Managed::new(&sandbox);
    let machine = &mut managed.machine;
    machine
        .env("SSH_AUTH_SOCK", "/tmp/agent")
        .env("HOLDALL_TOKEN", "t0ken");
    machine.env("GIT_SSH", "");
    let hints = |machine: &Machine| {
        let said = machine.ok(&["daemon", "install"]).stderr;
        let told = said.lines().filter(|line| line.contains("does not see"));
        told.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(hints(machine), [""; 0], "there is no remote");

    machine.ok(&[
        "config",
        "set",
        "remote.url",
        "git@git.example.com:ada/vault.git",
    ]);
    let told = hints(machine);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains(
            "systemctl --user import-environment SSH_AUTH_SOCK && holdall daemon restart"
        ),
        "{told:?}"
    );
    machine.write("environment", "LANG=C\nSSH_AUTH_SOCK=/tmp/other\n");
    assert_eq!(hints(machine), [""; 0]);

    machine.ok(&[
        "config",
        "set",
        "remote.url",
        "https://git.example.com/ada/vault.git",
    ]);
    let told = hints(machine);
    assert!(
        told[0].contains("HOLDALL_TOKEN") && told[0].contains("remote.token_file"),
        "{told:?}"
    );
    assert!(!told[0].contains("t0ken"), "{told:?}");
    machine.ok(&["config", "set", "remote.token_file", "~/token"]);
    assert_eq!(hints(machine), [""; 0]);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let Ok(found) = Command::new("systemd-analyze").arg("--version").output() else {
        eprintln!("systemd-analyze is not installed: not looked at");
        return;
    };
    assert!(found.status.success());
    let sandbox = Sandbox::new();
    let managed = Managed::new(&sandbox);
    for way in [
        &["daemon", "install"][..],
        &["daemon", "install", "--timer"],
    ] {
        managed.machine.ok(way);
        for entry in fs::read_dir(&managed.units).expect("written").flatten() {
            let looked = Command::new("systemd-analyze")
                .env("XDG_RUNTIME_DIR", sandbox.path())
                .args(["--user", "verify", "--man=no"])
                .arg(entry.path())
                .output()
                .expect("it runs");
            let words = String::from_utf8_lossy(&looked.stderr);
            assert!(
                looked.status.success(),
                "{}: {words}",
                entry.path().display()
            );
            assert!(!words.contains("holdall"), "{words}");
        }
    }
}
