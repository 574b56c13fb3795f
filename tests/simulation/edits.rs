//! What people and tools do to the files of a disk. Each version has a token that no other one has.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::kit::Rng;

/// Makes tokens.
pub struct Tokens {
    pub next: u32,
}

impl Tokens {
    fn mark(&mut self, mark: &str) -> String {
        self.next += 1;
        format!("{mark}{:06}", self.next)
    }

    fn token(&mut self) -> String {
        self.mark("tok")
    }
}

/// One edit somewhere in a state directory. What does not fit what is there does nothing.
pub fn edit(state: &Path, rng: &mut Rng, tokens: &mut Tokens) {
    // Something may stand in the way, such as a file where a directory is wanted.
    let _ = attempt(state, rng, tokens);
}

fn attempt(state: &Path, rng: &mut Rng, tokens: &mut Tokens) -> io::Result<()> {
    match rng.below(20) {
        0..=3 => lines(&name(state, rng, "md"), rng, tokens),
        4..=6 => append(&name(state, rng, "jsonl"), tokens),
        7..=9 => key(&name(state, rng, "json"), rng, tokens),
        10 | 11 => binary(&name(state, rng, "bin"), rng, tokens),
        12 | 13 => remove(&existing(state, rng)?),
        14 => rename(state, rng),
        15 => swap(&state.join("a"), rng, tokens),
        16 => link(&name(state, rng, "link"), tokens),
        17 => toggle_mode(&existing(state, rng)?),
        18 => unseen(&name(state, rng, "bin"), tokens),
        _ => empty_dir(&state.join(rng.pick(&["empty", "b/empty"]))),
    }
}

/// One more version of a file that is there.
pub fn again(path: &Path, rng: &mut Rng, tokens: &mut Tokens) {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let _ = match ending {
        Some("jsonl") => append(path, tokens),
        Some("json") => key(path, rng, tokens),
        Some("bin") => binary(path, rng, tokens),
        _ => lines(path, rng, tokens),
    };
}

fn name(state: &Path, rng: &mut Rng, ending: &str) -> PathBuf {
    let dir = rng.pick(&["", "", "a/", "b/c/"]);
    state.join(format!("{dir}n{}.{ending}", rng.below(2)))
}

fn existing(state: &Path, rng: &mut Rng) -> io::Result<PathBuf> {
    let walk = walkdir::WalkDir::new(state).sort_by_file_name();
    let files = walk.into_iter().flatten();
    let files: Vec<_> = files.filter(|entry| !entry.file_type().is_dir()).collect();
    if files.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(files[rng.below(files.len())].path().to_owned())
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("a file lies in a directory"))?;
    fs::write(path, bytes)
}

/// A text: a line is added, changed or taken out.
fn lines(path: &Path, rng: &mut Rng, tokens: &mut Tokens) -> io::Result<()> {
    let old = fs::read_to_string(path).unwrap_or_default();
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    let at = rng.below(lines.len() + 1);
    match rng.below(3) {
        0 if lines.len() > 1 => drop(lines.remove(at.min(lines.len() - 1))),
        1 if at < lines.len() => lines[at] = format!("- {} changed", tokens.token()),
        _ => lines.insert(at, format!("- {} added", tokens.token())),
    }
    write(path, lines.join("\n") + "\n")
}

/// A log: a tool appends.
fn append(path: &Path, tokens: &mut Tokens) -> io::Result<()> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let token = tokens.token();
    let line = format!("{{\"n\":{},\"event\":\"{token}\"}}\n", tokens.next);
    write(path, text + &line)
}

fn key(path: &Path, rng: &mut Rng, tokens: &mut Tokens) -> io::Result<()> {
    let key = format!("k{}", rng.below(4));
    set_key(path, &key, (rng.below(6) > 0).then(|| tokens.token()))
}

fn set_key(path: &Path, key: &str, value: Option<String>) -> io::Result<()> {
    let text = fs::read(path).unwrap_or_else(|_| b"{}".to_vec());
    let mut object: BTreeMap<String, String> = serde_json::from_slice(&text)?;
    match value {
        Some(value) => object.insert(key.to_owned(), value),
        None => object.remove(key),
    };
    write(path, serde_json::to_string_pretty(&object)? + "\n")
}

fn binary(path: &Path, rng: &mut Rng, tokens: &mut Tokens) -> io::Result<()> {
    let noise = rng.bytes(40);
    write(path, [&[0], tokens.token().as_bytes(), &noise].concat())
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)
}

fn rename(state: &Path, rng: &mut Rng) -> io::Result<()> {
    let from = existing(state, rng)?;
    let ending = from.extension().and_then(|ending| ending.to_str());
    let to = name(state, rng, ending.unwrap_or("md"));
    if to.symlink_metadata().is_ok() {
        return Ok(());
    }
    fs::create_dir_all(to.parent().expect("it lies in a directory"))?;
    fs::rename(from, to)
}

/// A directory becomes a file, or a file a directory.
fn swap(path: &Path, rng: &mut Rng, tokens: &mut Tokens) -> io::Result<()> {
    if path.is_dir() {
        fs::remove_dir_all(path)?;
        return write(path, tokens.token());
    }
    fs::remove_file(path).ok();
    lines(&path.join("n0.md"), rng, tokens)
}

fn link(path: &Path, tokens: &mut Tokens) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("it lies in a directory"))?;
    fs::remove_file(path).ok();
    symlink(tokens.token(), path)
}

fn toggle_mode(path: &Path) -> io::Result<()> {
    if path.is_symlink() {
        return Ok(());
    }
    let mode = fs::metadata(path)?.permissions().mode();
    fs::set_permissions(path, fs::Permissions::from_mode(mode ^ 0o111))
}

/// A new version of the same size with the time of the old one.
fn unseen(path: &Path, tokens: &mut Tokens) -> io::Result<()> {
    let old = fs::metadata(path).and_then(|meta| meta.modified());
    write(path, format!("\0{:40}", tokens.token()))?;
    fs::File::options()
        .write(true)
        .open(path)?
        .set_modified(old?)
}

fn empty_dir(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return fs::remove_dir(path);
    }
    fs::create_dir_all(path)
}

/// Settings: keys that travel, and keys of this machine.
pub fn settings(home: &Path, rng: &mut Rng, tokens: &mut Tokens) {
    let file = home.join(".aigon/config.json");
    let (key, value) = match rng.below(3) {
        0 => ("serverPort", tokens.mark("loc")),
        1 => ("theme", tokens.token()),
        _ => ("model", tokens.token()),
    };
    let _ = set_key(&file, key, Some(value));
}

/// A file with a secret in it, or without it again.
pub fn secret(state: &Path, rng: &mut Rng, tokens: &mut Tokens) {
    let path = name(state, rng, "md");
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let value: String = (0..36)
        .map(|_| char::from(letters[rng.below(letters.len())]))
        .collect();
    let _ = write(&path, format!("{}\nkey: ghp_{value}\n", tokens.token()));
}

/// The rules of a state directory keep a kind of file out, or no more.
pub fn ignore(state: &Path, rng: &mut Rng, tokens: &mut Tokens) {
    let path = state.join(".holdallignore");
    let pattern = rng.pick(&["n1.*", "b/", "*.bin", ""]);
    let _ = write(&path, format!("# {}\n{pattern}\n", tokens.token()));
}
