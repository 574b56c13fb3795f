//! `man [--dir DIR]`: one page per command.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use serde::Serialize;

use crate::base::BaseError;
use crate::flow::FlowError;

use super::answer::{Answer, Look};
use super::args::{self, ManArgs, examples_of};
use super::ctx::Ctx;
use super::show::count;

/// Commands nest this deep; a deeper tree would be another design.
const MAX_DEPTH: usize = 4;

struct Page {
    file: String,
    text: Vec<u8>,
}

#[derive(Serialize)]
struct PrintedReport {
    page: String,
    text: String,
}

#[derive(Serialize)]
struct WrittenReport {
    dir: PathBuf,
    pages: Vec<String>,
}

pub fn run(ctx: &Ctx, args: &ManArgs) -> Result<Answer, FlowError> {
    let mut root = args::command();
    root.build();
    match &args.dir {
        None => {
            let page = page(&root, "").map_err(BaseError::io("write the page of", "holdall"))?;
            let report = PrintedReport {
                page: page.file,
                text: String::from_utf8_lossy(&page.text).into_owned(),
            };
            Ok(Answer::new(report, |report, _| report.text.clone()))
        }
        Some(dir) => {
            let dir = ctx.edges.env.cwd.join(dir);
            let mut pages = Vec::new();
            collect(&root, "", MAX_DEPTH, &mut pages)
                .map_err(BaseError::io("write the pages for", &dir))?;
            write(&dir, &pages)?;
            let pages = pages.into_iter().map(|page| page.file).collect();
            Ok(Answer::new(WrittenReport { dir, pages }, told))
        }
    }
}

fn told(report: &WrittenReport, _: &Look) -> String {
    let pages = u64::try_from(report.pages.len()).unwrap_or(u64::MAX);
    format!(
        "wrote {} to {}\n",
        count(pages, "page"),
        report.dir.display()
    )
}

fn collect(
    command: &clap::Command,
    name: &str,
    depth: usize,
    to: &mut Vec<Page>,
) -> io::Result<()> {
    to.push(page(command, name)?);
    let below = command
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    for command in below.take_while(|_| depth > 0) {
        let name = format!("{name} {}", command.get_name());
        collect(command, name.trim_start(), depth - 1, to)?;
    }
    Ok(())
}

/// The page of one command, with its examples in the section where readers of man pages look.
fn page(command: &clap::Command, name: &str) -> io::Result<Page> {
    let shown = format!("holdall {name}");
    let title = shown.trim_end().replace(' ', "-");
    let plain = command.clone().after_long_help("").after_help("");
    let man = Man::new(plain)
        .title(title.clone())
        .manual("holdall")
        .source(format!("holdall {}", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    examples(name).to_writer(&mut text)?;
    Ok(Page {
        file: format!("{title}.1"),
        text,
    })
}

fn examples(name: &str) -> Roff {
    let mut roff = Roff::new();
    if !examples_of(name).is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for example in examples_of(name) {
        roff.control("TP", []);
        roff.text([bold(example.line)]);
        roff.text([roman(example.does)]);
    }
    roff
}

/// Pages are for everybody to read, so they get the modes that the person's umask gives; they can be
/// made again at any time, so a crash may leave half a page.
fn write(dir: &Path, pages: &[Page]) -> Result<(), BaseError> {
    std::fs::create_dir_all(dir).map_err(BaseError::io("create the directory", dir))?;
    for page in pages {
        let path = dir.join(&page.file);
        File::create(&path)
            .and_then(|mut file| file.write_all(&page.text))
            .map_err(BaseError::io("write", &path))?;
    }
    Ok(())
}
