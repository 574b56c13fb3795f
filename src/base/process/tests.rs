use std::thread;
use std::time::Instant;

use super::*;

fn shell(script: &str) -> Program {
    let vars = [
        ("GIT_DIR".to_owned(), OsString::from("/nowhere")),
        ("PATH".to_owned(), OsString::from("/usr/bin:/bin")),
    ];
    let env = Env::new(vars, PathBuf::from("/"), "test".to_owned());
    Program::new("/bin/sh", &env).args(["-c", script])
}

#[test]
fn a_child_sees_nothing_that_steers_git() {
    let output = shell("echo \"[$GIT_DIR]\"").output().expect("it ran");
    assert_eq!(output.stdout, b"[]\n");
}

#[test]
fn a_program_of_the_surroundings_sees_them_and_no_token() {
    let vars = ["GIT_DIR", "HOLDALL_TOKEN", "LC_TIME", "PATH"];
    let vars = vars.map(|name| (name.to_owned(), OsString::from("/usr/bin:/bin")));
    let env = Env::new(vars, PathBuf::from("/"), "test".to_owned());
    let program = Program::of_surroundings("/bin/sh", &env);
    let script = "read line; echo \"$line [$GIT_DIR$HOLDALL_TOKEN] [$LC_TIME]\"";
    let talk = program
        .args(["-c", script])
        .talk(b"hello\n", Duration::from_secs(20));
    let talk = talk.expect("it ran");
    assert!(talk.success, "{}", talk.words);
    assert_eq!(talk.answer, b"hello [] [/usr/bin:/bin]\n");
}

#[test]
#[cfg(target_os = "linux")]
fn silence_ends_what_a_child_started_too() {
    for leads in [false, true] {
        let started = Instant::now();
        let program = shell("echo words; sh -c 'sleep 60; :'; :");
        let program = if leads { program.leading() } else { program };
        let mut running = program.start(Duration::from_millis(300)).expect("it ran");
        let mut stdout = running.stdout.take().expect("a pipe");
        let mut heard = String::new();
        stdout.read_to_string(&mut heard).expect("text");
        assert!(running.finish().2 && heard == "words\n", "{heard}");
        assert!(started.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn silence_ends_a_child() {
    let started = Instant::now();
    let running = shell("echo last words >&2; exec sleep 60")
        .start(Duration::from_millis(300))
        .expect("it ran");
    let (status, words, silent) = running.finish();
    assert!(silent && started.elapsed() < Duration::from_secs(20));
    assert!(!status.expect("it ended").success());
    assert_eq!(words, "last words\n");
}

#[test]
fn what_a_child_that_leads_has_started_is_ended_with_it() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let mark = dir.path().join("mark");
    let script = format!("(sleep 2; touch {}) & wait", mark.display());
    let program = shell(&script).leading();
    let running = program.start(Duration::from_millis(200)).expect("it ran");
    assert!(running.finish().2);
    thread::sleep(Duration::from_millis(2_500));
    assert!(!mark.exists());
}

#[test]
fn a_child_that_talks_is_alive() {
    let (status, words, silent) = shell("for i in 1 2 3 4 5 6 7; do sleep 0.2; echo $i >&2; done")
        .start(Duration::from_millis(600))
        .expect("it ran")
        .finish();
    assert!(!silent && status.expect("it ended").success());
    assert!(words.ends_with("7\n"), "{words}");
}

#[test]
fn a_child_that_ends_by_itself_was_not_silent() {
    let running = shell("exit 3")
        .start(Duration::from_secs(30))
        .expect("it ran");
    let (status, _, silent) = running.finish();
    assert_eq!(status.and_then(|s| s.code()), Some(3));
    assert!(!silent);
}

/// A script that is heard out: how it ended, and what it said.
fn heard(script: &str, said: &[u8], millis: u64) -> (Option<i32>, String) {
    let done = shell(script).hear_out(said, Duration::from_millis(millis));
    let done = done.expect("it ran");
    (done.status.and_then(|status| status.code()), done.words)
}

#[test]
fn who_is_heard_out_hears_what_it_is_told_and_its_streams_are_one() {
    let (code, words) = heard("cat; echo two >&2; echo three; exit 7", b"one\n", 20_000);
    assert_eq!((code, words.as_str()), (Some(7), "one\ntwo\nthree\n"));
}

#[test]
fn who_does_not_listen_is_not_waited_for() {
    // More than a pipe holds.
    let long = vec![b'x'; 1 << 20];
    assert_eq!(heard("exit 0", &long, 20_000).0, Some(0));
    assert_eq!(heard("exec <&-; sleep 0.2", &long, 20_000).0, Some(0));
    let (code, words) = heard("wc -c", &long, 20_000);
    assert_eq!((code, words.trim()), (Some(0), "1048576"));
}

#[test]
fn of_who_says_much_the_end_is_kept() {
    let many = "head -c 10000000 /dev/zero | tr '\\0' x; echo; echo the end";
    let (code, words) = heard(many, b"", 20_000);
    assert_eq!(code, Some(0));
    assert!(words.ends_with("x\nthe end\n"), "{}", words.len());
    assert_eq!(words.len(), 64 * 1024);
}

#[test]
fn who_talks_has_no_longer_than_others() {
    let started = Instant::now();
    let (code, words) = heard("echo begun; yes", b"", 300);
    assert_eq!(code, None);
    assert!(words.ends_with("y\n"), "{words}");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_a_child_leaves_behind_is_ended_when_its_time_is_up_and_only_then() {
    let dir = tempfile::tempdir().expect("a temp dir");
    let mark = dir.path().join("mark");
    let later = format!("(sleep 1; touch {}) &", mark.display());
    assert_eq!(heard(&format!("{later} wait"), b"", 200).0, None);
    thread::sleep(Duration::from_millis(1_500));
    assert!(!mark.exists());

    let started = Instant::now();
    assert_eq!(heard(&later, b"", 20_000).0, Some(0));
    assert!(started.elapsed() < Duration::from_millis(900));
    thread::sleep(Duration::from_millis(1_500));
    assert!(mark.exists());
}

#[test]
fn who_is_not_there_is_named() {
    let env = Env::new([], PathBuf::from("/"), "test".to_owned());
    let nobody = Program::new("/nowhere/at-all", &env);
    let fault = nobody
        .hear_out(b"", Duration::from_secs(1))
        .expect_err("none");
    assert_eq!(fault.to_string(), "cannot run /nowhere/at-all");
}
