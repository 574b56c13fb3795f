use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

mod urls;

struct Desk {
    _dir: tempfile::TempDir,
    path: HostPath,
}

impl Desk {
    fn empty() -> Self {
        let dir = tempfile::tempdir().expect("a temp dir");
        let path = HostPath::new(dir.path().join("holdall/config.toml")).expect("absolute");
        Self { _dir: dir, path }
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let desk = Self::empty();
        fs::create_dir_all(desk.path.as_path().parent().expect("a parent")).expect("made");
        fs::write(desk.path.as_path(), text).expect("written");
        desk
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path.as_path()).expect("read")
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.path)
    }

    fn fault(&self) -> String {
        whole(&self.load().expect_err("a fault")).replace(&self.path.to_string(), "FILE")
    }

    fn open(&self) -> ConfigFile {
        ConfigFile::open(&self.path).expect("opened")
    }

    fn set(&self, key: &str, text: &str) -> Result<bool, ConfigError> {
        let mut file = self.open();
        file.set(key, text)?;
        file.save()
    }
}

fn whole(fault: &dyn std::error::Error) -> String {
    let cause = fault.source().map(|cause| format!(": {}", whole(cause)));
    format!("{fault}{}", cause.unwrap_or_default())
}

#[test]
fn without_a_file_everything_has_its_default() {
    let defaults = Config {
        remote_url: None,
        connect_timeout: Duration::from_secs(15),
        idle_timeout: Duration::from_mins(1),
        ca_file: None,
        token_file: None,
        allow_insecure: false,
        machine_name: None,
        schedule: None,
        schedule_pull: false,
        after_push: None,
        after_pull: None,
        on_failure: None,
        hook_timeout: Duration::from_secs(30),
        notify_desktop: true,
        presets_off: Vec::new(),
        settings_add: Vec::new(),
        settings_off: Vec::new(),
        max_file: 25_000_000,
        warn_project: 2_000_000_000,
        rules: Vec::new(),
    };
    assert_eq!(Desk::empty().load().expect("defaults"), defaults);
    for nothing in ["", "\u{feff}", "# only words\r\n", "[remote]\n"] {
        assert_eq!(Desk::with(nothing).load().expect("defaults"), defaults);
    }
}

#[test]
fn rules_keep_their_order_and_know_their_lines() {
    let desk = Desk::with(
        "rules = [\n  '*.log :disposable', # logs\n  '!*.log', '*.log',\n]\nlimits.warn_project = '1GB'\n",
    );
    let config = desk.load().expect("valid");
    let rules: Vec<(usize, &str)> = config
        .rules
        .iter()
        .map(|rule| (rule.line, rule.text.as_str()))
        .collect();
    assert_eq!(
        rules,
        [(2, "*.log :disposable"), (3, "!*.log"), (3, "*.log")]
    );
    assert_eq!(config.warn_project, 1_000_000_000);
    let desk = Desk::empty();
    assert!(desk.set("rules", "['a,b', '!c', 'a,b']").expect("set"));
    assert!(!desk.set("rules", "['a,b', '!c', 'a,b']").expect("the same"));
    assert_eq!(desk.load().expect("valid").rules.len(), 3);
}

#[test]
fn every_key_is_read_however_it_is_written() {
    let expected = Config {
        remote_url: Some("git@host:me/vault.git".to_owned()),
        idle_timeout: Duration::from_secs(5),
        allow_insecure: true,
        machine_name: Some("desk".to_owned()),
        presets_off: vec!["codex".to_owned()],
        settings_add: vec!["~/.a".to_owned(), "~/.b,c".to_owned()],
        settings_off: vec!["gemini".to_owned()],
        max_file: 8 << 20,
        ..Config::default()
    };
    let headers = "[remote]\nurl = 'git@host:me/vault.git'\nidle_timeout = 5\nallow_insecure = true\n[machine]\nname = 'desk'\n\
        [presets]\noff = ['codex', 'codex']\n[settings]\nadd = ['~/.a', '~/.b,c']\noff = ['gemini']\n\
        [limits]\nmax_file = '8MiB'\n";
    let inline = "\u{feff}remote = { url = 'git@host:me/vault.git', idle_timeout = 5, allow_insecure = true }\r\nmachine.name = 'desk'\r\n\
        presets.off = ['codex']\r\nsettings = { add = ['~/.a', '~/.b,c'], off = ['gemini'] }\r\n\
        limits.max_file = 8388608\r\n";
    for text in [headers, inline] {
        assert_eq!(Desk::with(text).load().expect("valid"), expected);
    }
    let desk = Desk::empty();
    for (key, text) in [
        ("limits.max_file", "8 mib"),
        ("settings.off", "gemini"),
        ("settings.add", "['~/.a', '~/.b,c']"),
        ("presets.off", " codex, codex, "),
        ("machine.name", " desk "),
        ("remote.idle_timeout", "5"),
        ("remote.allow_insecure", "true"),
        ("remote.url", "git@host:me/vault.git"),
    ] {
        assert!(desk.set(key, text).expect("set"));
        assert!(
            !desk.set(key, text).expect("set again"),
            "{key} was written twice"
        );
    }
    assert_eq!(desk.load().expect("valid"), expected);
    assert!(desk.text().contains("max_file = \"8MiB\""));
}

const FAULTS: &[(&[u8], &str)] = &[
    (
        b"[remote]\nurl = \n",
        "FILE is not valid TOML: line 2, column 7: ",
    ),
    (
        b"a = '\xff'",
        "FILE is not valid TOML: line 1, column 6: the text is not UTF-8",
    ),
    (
        b"# one\n[remot]\nurl = 'x'\n",
        "FILE, line 3: unknown key `remot.url`; did you mean `remote.url`",
    ),
    (
        b"[limits]\nmax_size = 1\n",
        "FILE, line 2: unknown key `limits.max_size`; did you mean",
    ),
    (
        b"'remote.url' = 'x'",
        "FILE, line 1: unknown key `\"remote.url\"`; did you mean `remote.url`",
    ),
    (
        b"remote = 'x'",
        "FILE, line 1: unknown key `remote`; did you mean `remote.",
    ),
    (b"zzz = 1", "FILE, line 1: unknown key `zzz`"),
    (
        b"[[remote]]\nurl = 'x'",
        "FILE, line 1: unknown key `remote`",
    ),
    (
        b"[remote]\nidle_timeout = '5'",
        "FILE, line 2: `remote.idle_timeout` takes a whole number of seconds from 1 to 86400, not a string",
    ),
    (
        b"presets.off = [1]",
        "FILE, line 1: `presets.off` takes a list of strings, not an integer",
    ),
    (
        b"presets.off = 'aigon'",
        "FILE, line 1: `presets.off` takes a list of strings, not a string",
    ),
    (
        b"limits.max_file = -1",
        "FILE, line 1: `limits.max_file` takes a size such as",
    ),
    (
        b"limits.max_file = '99999999999GB'",
        "FILE, line 1: `limits.max_file` takes a size such as",
    ),
    (
        b"remote.idle_timeout = 0",
        "FILE, line 1: `remote.idle_timeout` takes a whole number",
    ),
    (
        b"machine.name = ' '",
        "FILE, line 1: `machine.name` takes a string of one line",
    ),
    (
        b"remote.url = 'https://me:hunter2@h/v'",
        "FILE, line 1: the url in `remote.url` has a password",
    ),
];

#[test]
fn a_fault_in_the_file_names_the_file_the_line_and_the_key() {
    for (text, expected) in FAULTS {
        let fault = Desk::with(text).fault();
        assert!(fault.starts_with(expected), "{fault}");
        assert!(!fault.contains("hunter2"));
    }
}

#[test]
fn a_broken_file_stays_as_it_is() {
    let desk = Desk::with("[remote\nurl = 1");
    assert!(ConfigFile::open(&desk.path).is_err());
    assert_eq!(desk.text(), "[remote\nurl = 1");
    let nested = Desk::with(format!("x = {}", "[".repeat(100_000)));
    assert!(nested.load().is_err());
}

#[test]
fn a_refused_value_changes_nothing() {
    let desk = Desk::with("machine.name = 'a' # c\n");
    let refused = [
        ("machine.name", ""),
        ("machine.name", "a\nb"),
        ("remote.url", "-oProxyCommand=x"),
        ("remote.url", "a\u{7}b"),
        ("remote.idle_timeout", "soon"),
        ("remote.idle_timeout", "-1"),
        ("remote.allow_insecure", "yes"),
        ("limits.max_file", "25 apples"),
        ("limits.max_file", "0"),
        ("limits.max_file", "MB"),
        ("presets.off", "['a'"),
        ("presets.off", "['a']\nx = 1"),
        ("presets.off", "['a', 1]"),
        ("presets.of", "a"),
        ("machine", "a"),
    ];
    for (key, text) in refused {
        assert!(desk.set(key, text).is_err(), "{key} = {text:?}");
        assert_eq!(desk.text(), "machine.name = 'a' # c\n");
    }
}

#[test]
fn a_new_file_is_private_and_explains_every_key() {
    let desk = Desk::empty();
    assert!(desk.set("machine.name", "desk").expect("set"));
    let text = desk.text();
    for key in KEYS {
        assert!(
            text.contains(key.name) && text.contains(key.description),
            "{}",
            key.name
        );
    }
    assert!(text.starts_with("# Settings of holdall"));
    assert!(text.ends_with("\n\n[machine]\nname = \"desk\"\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100));
    let file = fs::metadata(desk.path.as_path()).expect("there");
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_change_keeps_comments_order_and_line_ends() {
    let desk =
        Desk::with("# top\r\n[limits]\r\nmax_file = '1MB' # big\r\n# end\r\n\r\n[remote]\r\n");
    desk.set("limits.max_file", "2000000").expect("set");
    desk.set("remote.url", "/srv/v").expect("set");
    assert_eq!(
        desk.text(),
        "# top\r\n[limits]\r\nmax_file = \"2MB\" # big\r\n# end\r\n\r\n[remote]\r\nurl = \"/srv/v\"\r\n"
    );
    let mut file = desk.open();
    assert!(file.unset("limits.max_file").expect("unset"));
    assert!(file.save().expect("saved"));
    assert!(desk.text().starts_with("# top\r\n[limits]\r\n# end\r\n"));
    assert_eq!(desk.load().expect("valid").max_file, 25_000_000);
}

#[test]
fn an_equal_value_in_another_spelling_is_left_as_it_is() {
    let text = "limits.max_file = 25_000_000\npresets.off = [ 'a' ,'b' ]\n";
    let desk = Desk::with(text);
    assert!(!desk.set("limits.max_file", "25MB").expect("set"));
    assert!(!desk.set("presets.off", "a,b").expect("set"));
    assert_eq!(desk.text(), text);
}

#[test]
fn unset_mends_a_wrong_key_and_makes_no_file() {
    let desk = Desk::with("[remot]\nurl = 'x'\n['a b']\nc = 1\n");
    let mut file = desk.open();
    assert!(file.unset("remot.url").expect("unset"));
    assert!(file.unset("'a b'.c").expect("unset"));
    assert!(!file.unset("remote.url").expect("a known key"));
    let again = file.unset("remot.url");
    assert!(matches!(again, Err(ConfigError::UnknownKey { .. })));
    assert!(file.save().expect("saved"));
    assert_eq!(desk.text(), "[remot]\n['a b']\n");
    let desk = Desk::empty();
    let mut file = desk.open();
    assert!(!file.unset("remote.url").expect("a known key"));
    assert!(!file.save().expect("nothing to do"));
    assert!(!desk.path.as_path().exists());
}

#[test]
fn a_key_above_which_no_table_stands_is_an_error_that_changes_nothing() {
    let desk = Desk::with("remote = 'x'\n");
    let said = whole(&desk.set("remote.url", "/srv/v").expect_err("no table"));
    assert!(said.contains("cannot set `remote.url` in"), "{said}");
    assert_eq!(desk.text(), "remote = 'x'\n");
}

#[test]
fn what_another_program_wrote_meanwhile_is_not_overwritten() {
    let desk = Desk::with("machine.name = 'a'\n");
    let mut file = desk.open();
    file.set("machine.name", "b").expect("set");
    fs::write(desk.path.as_path(), "machine.name = 'c'\n").expect("written");
    let saved = file.save();
    assert!(matches!(saved, Err(ConfigError::ChangedMeanwhile { .. })));
    assert_eq!(desk.text(), "machine.name = 'c'\n");
}

#[test]
fn a_value_is_shown_as_set_takes_it() {
    let shown = |key: &str, text: &str| {
        let key = Key::named(key).expect("a key");
        let value = Value::parse(key, text).expect("a value");
        let again = Value::parse(key, &value.to_string()).expect("what was shown");
        assert_eq!(again, value);
        value.to_string()
    };
    assert_eq!(shown("limits.max_file", "25000000"), "25MB");
    assert_eq!(shown("limits.max_file", "1048576"), "1MiB");
    assert_eq!(shown("limits.max_file", "1001B"), "1001");
    assert_eq!(shown("settings.add", "~/.a,~/.b"), "~/.a, ~/.b");
    assert_eq!(shown("settings.add", "['a,b', ' c']"), "[\"a,b\", \" c\"]");
    assert_eq!(shown("settings.add", ""), "");
}

#[test]
fn a_list_takes_any_item_as_it_is() {
    let desk = Desk::empty();
    let items = ["~/a, b".to_owned(), "[x]".to_owned(), "\"q\"".to_owned()];
    let mut file = desk.open();
    file.set_list("settings.add", &items).expect("set");
    assert!(file.set_list("settings.add", &["a\nb".to_owned()]).is_err());
    assert!(file.set_list("machine.name", &items).is_err());
    file.save().expect("saved");
    assert_eq!(desk.load().expect("valid").settings_add, items);
}
