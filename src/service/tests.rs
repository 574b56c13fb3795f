use super::*;

fn wanted(way: Way) -> Wanted {
    Wanted {
        way,
        program: PathBuf::from("/home/ada/.cargo/bin/holdall"),
        home: None,
        vars: vec![("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned())],
    }
}

fn odd(way: Way) -> Wanted {
    Wanted {
        program: PathBuf::from("/opt/my tools/100%/$HOME/hold\"all"),
        home: Some(PathBuf::from("/srv/a & b")),
        ..wanted(way)
    }
}

#[test]
fn the_daemon_is_a_service_that_comes_back() {
    let files = systemd::files(&wanted(Way::Daemon));
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].name, "holdall.service");
    assert_eq!(
        files[0].text,
        "[Unit]
Description=holdall in the background: pushes as scheduled
Documentation=man:holdall-daemon(1)

[Service]
Type=exec
ExecStart=/home/ada/.cargo/bin/holdall --no-input daemon run
Environment=PATH=/usr/local/bin:/usr/bin:/bin
Nice=10
IOSchedulingClass=idle
Restart=always
RestartSec=15
TimeoutStopSec=10

[Install]
WantedBy=default.target
"
    );
}

#[test]
fn a_timer_looks_every_few_minutes_and_makes_up_for_what_it_slept_through() {
    let files = systemd::files(&wanted(Way::Timer));
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["holdall.service", "holdall.timer"]);
    assert!(
        files[0].text.contains("daemon run --once\n"),
        "{}",
        files[0].text
    );
    assert!(files[0].text.contains("SuccessExitStatus=3 4\n"));
    assert_eq!(
        files[1].text,
        "[Unit]
Description=Looks every 10 minutes whether a push of holdall is due
Documentation=man:holdall-daemon(1)

[Timer]
OnCalendar=*:0/10
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target
"
    );
}

#[test]
fn odd_paths_stay_one_word_and_mean_themselves() {
    let text = &systemd::files(&odd(Way::Daemon))[0].text;
    // None that systemd starts itself may have a quote in its name.
    let line = r#"ExecStart=/bin/sh -c "exec \"$$0\" \"$$@\"" "/opt/my tools/100%%/$$HOME/hold\"all" --no-input --home "/srv/a & b" daemon run"#;
    assert!(text.contains(line), "{text}");
    let without = Wanted {
        program: PathBuf::from("/opt/100%/$HOME/hold all"),
        ..odd(Way::Daemon)
    };
    let text = &systemd::files(&without)[0].text;
    let line = r#"ExecStart="/opt/100%%/$HOME/hold all" --no-input --home "/srv/a & b" daemon run"#;
    assert!(text.contains(line), "{text}");
    let text = &launchd::files(&odd(Way::Daemon))[0].text;
    assert!(text.contains("<string>/srv/a &amp; b</string>"), "{text}");
    assert!(text.contains("<string>/opt/my tools/100%/$HOME/hold\"all</string>"));
}

#[test]
fn the_agent_of_a_mac_is_kept_alive_or_comes_every_few_minutes() {
    let files = launchd::files(&wanted(Way::Daemon));
    assert_eq!(
        files[0].text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
\t<key>Label</key>
\t<string>dev.holdall.daemon</string>
\t<key>ProgramArguments</key>
\t<array>
\t\t<string>/home/ada/.cargo/bin/holdall</string>
\t\t<string>--no-input</string>
\t\t<string>daemon</string>
\t\t<string>run</string>
\t</array>
\t<key>EnvironmentVariables</key>
\t<dict>
\t\t<key>PATH</key>
\t\t<string>/usr/local/bin:/usr/bin:/bin</string>
\t</dict>
\t<key>KeepAlive</key>
\t<true/>
\t<key>ThrottleInterval</key>
\t<integer>15</integer>
\t<key>RunAtLoad</key>
\t<true/>
\t<key>ProcessType</key>
\t<string>Background</string>
</dict>
</plist>
"
    );
    let timed = &launchd::files(&wanted(Way::Timer))[0].text;
    assert!(timed.contains("<key>StartInterval</key>\n\t<integer>600</integer>"));
    assert!(!timed.contains("KeepAlive"));
}

#[test]
fn a_home_of_its_own_has_a_service_of_its_own() {
    let usual = systemd::main_unit(&wanted(Way::Timer));
    let own = systemd::main_unit(&odd(Way::Timer));
    assert_eq!(usual, "holdall.timer");
    assert!(
        own.starts_with("holdall-") && own.ends_with(".timer"),
        "{own}"
    );
    assert_ne!(
        launchd::file_name(&wanted(Way::Daemon)),
        launchd::file_name(&odd(Way::Daemon))
    );
}

#[test]
fn where_there_is_no_manager_cron_can_do_it() {
    assert_eq!(
        wanted(Way::Daemon).cron_line(),
        "*/10 * * * * /home/ada/.cargo/bin/holdall --no-input daemon run --once --quiet"
    );
    assert_eq!(
        odd(Way::Daemon).cron_line(),
        "*/10 * * * * '/opt/my tools/100\\%/$HOME/hold\"all' --no-input --home '/srv/a & b' daemon run --once --quiet"
    );
}
