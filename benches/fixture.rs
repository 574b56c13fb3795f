//! Writes the fixture that holdall is measured on, and prints one JSON line of totals.
//!
//! `cargo run --release --example fixture -- DIR [--projects 20] [--files 250] [--seed 1]`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it makes the outside world that holdall is then measured on"
)]

#[path = "../tests/kit/fixture.rs"]
mod fixture;
#[path = "../tests/kit/random.rs"]
mod random;

use std::error::Error;
use std::path::PathBuf;

use fixture::{Shape, write_fixture};

fn main() -> Result<(), Box<dyn Error>> {
    let (dir, shape) = arguments(std::env::args().skip(1))?;
    let totals = write_fixture(&dir, &shape)?;
    let line = serde_json::json!({
        "projects": totals.projects.len(),
        "files": totals.files,
        "bytes": totals.bytes,
    });
    println!("{line}");
    Ok(())
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<(PathBuf, Shape), Box<dyn Error>> {
    let mut dir = None;
    let mut shape = Shape {
        projects: 20,
        files: 250,
        seed: 1,
    };
    while let Some(word) = words.next() {
        let mut number = || words.next().ok_or_else(|| format!("{word} needs a number"));
        match word.as_str() {
            "--projects" => shape.projects = number()?.parse()?,
            "--files" => shape.files = number()?.parse()?,
            "--seed" => shape.seed = number()?.parse()?,
            _ if word.starts_with('-') => return Err(format!("no option {word}").into()),
            _ if dir.is_some() => return Err(format!("one directory, not also {word}").into()),
            _ => dir = Some(PathBuf::from(word)),
        }
    }
    Ok((dir.ok_or("which directory?")?, shape))
}
