//! The rule language against git's own reading of the same patterns, and against noise.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdall::source::{RuleLine, RulePlace, Rules};

use crate::kit::{Rng, git, scale};

const PATHS: usize = 120;
const LONGEST: Duration = Duration::from_secs(2);

/// Runs seed after seed for about three seconds in all, or for two minutes.
fn for_a_while(mut run: impl FnMut(u64)) {
    let limit = Duration::from_secs(if scale(10) == 10 { 60 } else { 1 });
    let began = Instant::now();
    let mut seed = 0;
    while seed < 20 || began.elapsed() < limit {
        run(seed);
        seed += 1;
    }
}

const PIECES: [&str; 34] = [
    "a",
    "b",
    "c",
    "ab",
    "A",
    "z",
    "1",
    ".",
    "-",
    "_",
    "*",
    "*",
    "**",
    "***",
    "?",
    "/",
    "/",
    "/",
    "[ab]",
    "[!a]",
    "[^b-]",
    "[a-c]",
    "[]a]",
    "[[:alpha:]]",
    "[",
    "]",
    "\\",
    "\\*",
    " ",
    "\\ ",
    "{a,b}",
    "!",
    "#",
    "a.b",
];

fn pattern(rng: &mut Rng) -> String {
    let mut pattern = String::new();
    for _ in 0..rng.between(1, 7) {
        pattern.push_str(rng.pick(&PIECES));
    }
    match rng.below(12) {
        0 => pattern.insert(0, '!'),
        1 => pattern.insert(0, '/'),
        2 => pattern.insert_str(0, "**/"),
        3 => pattern.push('/'),
        4 => pattern.push_str("/**"),
        5 if !pattern.contains('[') => pattern.push('\u{e9}'),
        6 => {
            let at = rng.below(pattern.len() + 1);
            if pattern.is_char_boundary(at) {
                pattern.insert(at, *rng.pick(&[&'-', &']', &'[', &'\\', &':', &'^']));
            }
        }
        _ => {}
    }
    pattern
}

const NAMES: [&str; 24] = [
    "a", "b", "c", "ab", "abc", "a.b", "A", "z", "1", "-", "_", ".a", "a b", "a ", " a", "[ab]",
    "*", "{a,b}", "!a", "#a", "a\\b", "\u{e9}", "a\u{e9}", "]",
];

/// Files, and the directories above them, in a repository; every path as git wants it.
fn plant(rng: &mut Rng, root: &Path) -> BTreeMap<String, bool> {
    let mut paths = BTreeMap::new();
    while paths.len() < PATHS {
        let names: Vec<&str> = (0..rng.between(1, 4)).map(|_| rng.pick(&NAMES)).collect();
        let path = names.join("/");
        let file = root.join(&path);
        let dir = file.parent().expect("it lies in the repository");
        if fs::create_dir_all(dir).is_err() || file.is_dir() {
            continue;
        }
        fs::write(&file, "").expect("it can be written");
        for (slash, _) in path.match_indices('/') {
            paths.insert(path[..slash].to_owned(), true);
        }
        paths.insert(path, false);
    }
    paths
}

/// By path: the line of the pattern that decides, as git says.
fn asked_of_git(root: &Path, patterns: &[String], paths: &BTreeMap<String, bool>) -> Vec<usize> {
    fs::write(root.join(".gitignore"), patterns.join("\n") + "\n").expect("it can be written");
    let mut git = Command::new("git")
        .args([
            "check-ignore",
            "--no-index",
            "--stdin",
            "-z",
            "--verbose",
            "--non-matching",
        ])
        .current_dir(root)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", root)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git can be run");
    let mut asked = Vec::new();
    for path in paths.keys() {
        asked.extend_from_slice(path.as_bytes());
        asked.push(0);
    }
    // Less than a pipe holds, so nobody waits for anybody.
    let mut stdin = git.stdin.take().expect("it is a pipe");
    stdin.write_all(&asked).expect("git reads");
    drop(stdin);
    let said = git.wait_with_output().expect("git ends").stdout;
    let fields: Vec<&[u8]> = said.split(|byte| *byte == 0).collect();
    let lines = fields.chunks_exact(4).map(|fields| {
        let line = str::from_utf8(fields[1]).expect("a number");
        line.parse().unwrap_or(0)
    });
    lines.collect()
}

/// The same, as the rule language has it. A pattern that it refuses decides nothing.
fn asked_of_rules(patterns: &[String], paths: &BTreeMap<String, bool>) -> Vec<usize> {
    let mut rules = Vec::new();
    for (line, pattern) in (1..).zip(patterns) {
        let file = String::from("fuzz");
        let place = RulePlace::File { file, line };
        rules.extend(RuleLine::parse(pattern, &place).ok().flatten());
    }
    let rules = Rules::new(rules).expect("they compile together");
    let line = |(path, is_dir): (&String, &bool)| match rules.decide(path, *is_dir)?.rule.place {
        RulePlace::File { line, .. } => Some(line),
        RulePlace::Preset { .. } => None,
    };
    paths.iter().map(|entry| line(entry).unwrap_or(0)).collect()
}

/// Where `**` follows plain text in a pattern with a slash, as in `/a**`, git takes the text off
/// before it looks at the stars, and lets them cross slashes. Its documentation says that they do
/// not, and so does holdall.
fn is_read_otherwise(pattern: &str) -> bool {
    let pattern = pattern.strip_prefix('!').unwrap_or(pattern);
    let mut stars = pattern.match_indices("**").map(|(at, _)| &pattern[..at]);
    let follows_text = |before: &str| !before.is_empty() && !before.ends_with(['/', '*']);
    pattern.contains('/') && stars.any(follows_text)
}

#[test]
fn patterns_mean_what_they_mean_to_git() {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut decided = 0;
    for_a_while(|seed| {
        let mut rng = Rng::new(seed);
        let root = dir.path().join(format!("{}", seed / 50));
        if !root.exists() {
            fs::create_dir(&root).expect("a directory can be made");
            git(&["init", "-q"], &root);
        }
        let paths = plant(&mut Rng::new(seed / 50), &root);
        let mut patterns: Vec<String> = (0..rng.between(1, 5)).map(|_| pattern(&mut rng)).collect();
        patterns.retain(|pattern| !is_read_otherwise(pattern));
        let ours = asked_of_rules(&patterns, &paths);
        let theirs = asked_of_git(&root, &patterns, &paths);
        assert_eq!(ours.len(), theirs.len(), "seed {seed}");
        for ((path, ours), theirs) in paths.keys().zip(&ours).zip(&theirs) {
            assert_eq!(
                ours, theirs,
                "seed {seed}, path {path:?}: the line that decides among {patterns:?}, here and in git"
            );
            decided += usize::from(*theirs > 0);
        }
    });
    assert!(decided > 200, "git decided only {decided} times");
}

/// A line of the language, or nearly.
fn noise(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..rng.below(12) {
        match rng.below(5) {
            0 => bytes.extend(pattern(rng).bytes()),
            1 => bytes.extend(
                rng.pick(&[" :keep", " :union", " :lo", "\t:secret ", " :", "\\"])
                    .bytes(),
            ),
            2 => bytes.extend(
                rng.pick(&["\n", "\r\n", "# ", "\u{feff}", "[:", ":]"])
                    .bytes(),
            ),
            3 => {
                let count = rng.between(1, 40);
                bytes.extend(
                    rng.pick(&["*", "?", "[a", "/", "**/", "a*"])
                        .repeat(count)
                        .bytes(),
                );
            }
            _ => {
                let count = rng.below(6);
                bytes.extend(rng.bytes(count));
            }
        }
    }
    bytes
}

#[test]
fn noise_is_refused_or_understood_and_never_takes_long() {
    for_a_while(|seed| {
        let mut rng = Rng::new(seed);
        for _ in 0..20 {
            let bytes = noise(&mut rng);
            let shown = bytes.escape_ascii();
            let path = format!("{}/b/{}", "a".repeat(rng.below(60)), pattern(&mut rng));
            let began = Instant::now();
            if let Ok(lines) = RuleLine::parse_file(&bytes, "fuzz") {
                let rules = Rules::new(lines).unwrap_or_else(|fault| {
                    panic!("seed {seed}: {shown} was read and does not compile: {fault}")
                });
                let _ = (rules.decide(&path, false), rules.merge(&path));
            }
            let took = began.elapsed();
            assert!(
                took < LONGEST,
                "seed {seed}: {shown} and {path:?} took {took:?}"
            );
        }
    });
}

#[test]
fn a_rule_that_is_written_out_reads_the_same() {
    let place = RulePlace::Preset {
        preset: String::from("fuzz"),
    };
    for_a_while(|seed| {
        let mut rng = Rng::new(seed);
        let classes = [
            "",
            " :keep",
            " :local :union",
            " :json",
            " :secret",
            " :text :large",
        ];
        let line = format!("{}{}", pattern(&mut rng), rng.pick(&classes));
        let Ok(Some(rule)) = RuleLine::parse(&line, &place) else {
            return;
        };
        let class = rule.class.map(|class| format!(" :{}", class.word()));
        let merge = rule.merge.map(|merge| format!("\t:{}", merge.word()));
        let again = [
            rule.text.clone(),
            class.unwrap_or_default(),
            merge.unwrap_or_default(),
        ];
        let again = RuleLine::parse(&again.concat(), &place).ok().flatten();
        let parts = |rule: &RuleLine| (rule.text.clone(), rule.class, rule.merge);
        let same = again.is_some_and(|again| parts(&again) == parts(&rule));
        assert!(same, "seed {seed}: {line:?}");
    });
}
