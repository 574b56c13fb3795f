//! Projects with tool state as people have them, the same bytes for the same arguments.
//!
//! Each project `DIR/code/<name>` is a git repository with one commit, an `origin` and an ignored
//! `.aigon/`: mostly small JSON that is rewritten or written once, a few logs, some prose, hardly
//! any binary; and beside it what must never travel. `DIR/home/.aigon/config.json` is the tool's
//! global config, with machine-local keys and a secret in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::random::Rng;

const WORDS: &[&str] = &[
    "adapter", "alarm", "archive", "balance", "beacon", "bridge", "bucket", "canvas", "channel",
    "cluster", "cookie", "digest", "draft", "editor", "engine", "filter", "folder", "gateway",
    "harbor", "import", "invoice", "journal", "kernel", "ledger", "legend", "letter", "market",
    "matrix", "mirror", "module", "notice", "orbit", "parcel", "pattern", "pillar", "portal",
    "record", "report", "router", "sample", "screen", "sensor", "signal", "spring", "studio",
    "switch", "ticket", "timer", "token", "vector", "volume", "widget", "window", "zone",
];
const STAGES: &[&str] = &["inbox", "backlog", "doing", "review", "done"];
const ACTORS: &[&str] = &["cc", "cx", "gg", "human"];
/// What lies in a state directory and must never leave the machine.
const JUNK: [&str; 4] = [
    "sessions/a.json",
    "locks/x.lock",
    "cache/c.bin",
    "server.log",
];

/// How much to write.
pub struct Shape {
    pub projects: usize,
    pub files: usize,
    pub seed: u64,
}

/// What was written. Junk and the global config are not counted.
pub struct Totals {
    pub projects: Vec<PathBuf>,
    pub files: usize,
    pub bytes: usize,
}

/// Writes the fixture below `dir`.
pub fn write_fixture(dir: &Path, shape: &Shape) -> io::Result<Totals> {
    let mut rng = Rng::new(shape.seed);
    let mut totals = Totals {
        projects: Vec::new(),
        files: 0,
        bytes: 0,
    };
    for number in 0..shape.projects {
        let name = format!("{}-{}-{number:02}", rng.pick(WORDS), rng.pick(WORDS));
        let project = dir.join("code").join(&name);
        put(&project.join("README.md"), prose(&mut rng, 800).as_bytes())?;
        put(&project.join(".gitignore"), b".aigon/\n")?;
        let state = project.join(".aigon");
        for at in 0..shape.files {
            let (path, content) = state_file(&mut rng, at);
            put(&state.join(path), &content)?;
            totals.files += 1;
            totals.bytes += content.len();
        }
        for junk in JUNK {
            put(&state.join(junk), b"never travels\n")?;
        }
        commit(&project, &name)?;
        totals.projects.push(project);
    }
    let config = json!({
        "repos": totals.projects,
        "serverPort": 4100,
        "theme": "dark",
        "agents": {"cc": {"model": "large"}},
        // Made here, so that no scanner takes this source for a leak.
        "githubToken": format!("ghp_{}", "0123456789abcdefABCDEF0123456789abcd"),
        "backup": {},
    });
    put(&dir.join("home/.aigon/config.json"), &pretty(&config))?;
    Ok(totals)
}

/// One file of a state directory: 60 % workflows, 25 % telemetry, 8 % logs, 6 % prose, 1 % binary.
fn state_file(rng: &mut Rng, at: usize) -> (String, Vec<u8>) {
    match rng.below(100) {
        0..60 => (
            format!("workflows/{:02}/feature-{at:05}.json", at % 16),
            pretty(&workflow(rng)),
        ),
        60..85 => (format!("telemetry/{}.json", uuid(rng)), pretty(&event(rng))),
        85..93 => {
            let count = rng.between(15, 200);
            let lines: Vec<String> = (0..count).map(|_| format!("{}\n", event(rng))).collect();
            (format!("events/{at:05}.jsonl"), lines.concat().into_bytes())
        }
        93..99 => {
            let length = rng.between(1_000, 12_000);
            (format!("notes/{at:05}.md"), prose(rng, length).into_bytes())
        }
        _ => {
            let length = rng.between(20_000, 200_000);
            (format!("blobs/{at:05}.bin"), rng.bytes(length))
        }
    }
}

fn workflow(rng: &mut Rng) -> Value {
    let count = rng.between(1, 18);
    json!({
        "id": uuid(rng),
        "kind": "feature",
        "stage": rng.pick(STAGES),
        "created": time(rng),
        "updated": time(rng),
        "title": prose(rng, 50).trim(),
        "events": (0..count).map(|_| event(rng)).collect::<Vec<_>>(),
    })
}

fn event(rng: &mut Rng) -> Value {
    let length = rng.between(40, 160);
    json!({
        "id": uuid(rng),
        "at": time(rng),
        "type": rng.pick(WORDS),
        "actor": rng.pick(ACTORS),
        "detail": prose(rng, length).trim(),
        "ms": rng.between(1, 90_000),
    })
}

/// Sentences, now and then a heading, `length` bytes and a newline.
fn prose(rng: &mut Rng, length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        for at in 0..rng.between(6, 14) {
            let word = rng.pick(WORDS);
            if at == 0 {
                text.push_str(&word[..1].to_uppercase());
                text.push_str(&word[1..]);
            } else {
                text.push(' ');
                text.push_str(word);
            }
        }
        text.push_str(". ");
        if rng.below(100) < 15 {
            text.push_str("\n\n## ");
            text.push_str(rng.pick(WORDS));
            text.push_str("\n\n");
        }
    }
    text.truncate(length);
    text.push('\n');
    text
}

fn uuid(rng: &mut Rng) -> String {
    let (high, low) = (rng.next(), rng.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff,
    )
}

fn time(rng: &mut Rng) -> String {
    format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        rng.between(1, 11),
        rng.between(1, 28),
        rng.below(24),
        rng.below(60),
        rng.below(60),
        rng.below(1000),
    )
}

fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Makes the project a repository with one commit that is the same everywhere.
fn commit(project: &Path, name: &str) -> io::Result<()> {
    let origin = format!("https://git.example.com/team/{name}.git");
    let steps: [&[&str]; 4] = [
        &["init", "-q", "-b", "main"],
        &["add", "-A"],
        &["commit", "-q", "-m", "start"],
        &["remote", "add", "origin", &origin],
    ];
    for step in steps {
        let mut git = Command::new("git");
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("GIT_") {
                git.env_remove(variable);
            }
        }
        let git = git
            .args(step)
            .current_dir(project)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        for who in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{who}_NAME"), "Fixture")
                .env(format!("GIT_{who}_EMAIL"), "fixture@example.com")
                .env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
        }
        let status = git.stdin(Stdio::null()).status()?;
        if !status.success() {
            let what = format!(
                "git {} in {} ended with {status}",
                step[0],
                project.display()
            );
            return Err(io::Error::other(what));
        }
    }
    Ok(())
}
