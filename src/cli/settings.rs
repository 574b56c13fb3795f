//! `settings add`, `settings list`, `settings remove`.

use std::fmt::Write as _;

use crate::flow::FlowError;
use crate::flow::report::Reason;
use crate::flow::settings::{SettingsChangeReport, SettingsListReport, add, list, remove};

use super::answer::Answer;
use super::args::SettingsCommand;
use super::ctx::Ctx;
use super::show::{Table, printable};
use super::words::reason_words;

pub fn run(ctx: &Ctx, name: &str, command: &SettingsCommand) -> Result<Answer, FlowError> {
    match command {
        SettingsCommand::Add { path } => {
            let report = ctx.read(name, |session| add(session, &path.to_string_lossy()))?;
            Ok(Answer::new(report, |report, _| {
                change_text(report, "travels from now on")
            }))
        }
        SettingsCommand::Remove { what } => {
            let report = ctx.read(name, |session| remove(session, what))?;
            let hint = "what the vault has of it stays there";
            Ok(Answer::new(report, |report, _| {
                change_text(report, "stays here from now on")
            })
            .hints([hint]))
        }
        SettingsCommand::List => {
            let report = ctx.read(name, list)?;
            Ok(Answer::new(report, |report, _| list_text(report)))
        }
    }
}

fn change_text(report: &SettingsChangeReport, what: &str) -> String {
    let already = if report.changed { "" } else { ", as before" };
    format!("{} {what}{already}\n", printable(&report.what))
}

fn list_text(report: &SettingsListReport) -> String {
    let mut text = String::new();
    for tool in &report.tools {
        writeln!(text, "{}  {}", printable(&tool.tool), tool.root).ok();
        let mut table = Table::new().indent(2);
        for path in &tool.paths {
            let keys = if path.local_keys.is_empty() {
                String::new()
            } else {
                format!("without {}", path.local_keys.join(", "))
            };
            let present = match (path.linked, path.present) {
                (true, _) => "stays: a link to somewhere else",
                (false, true) => "",
                (false, false) => "not here",
            };
            table.row([path.path.to_string(), present.to_owned(), keys]);
        }
        for path in &tool.of_presets {
            let why = reason_words(Reason::OfPreset);
            table.row([path.to_string(), format!("stays: {why}"), String::new()]);
        }
        text.push_str(&table.to_string());
        if !tool.stays.is_empty() {
            writeln!(text, "  stays here: {}", printable(&tool.stays.join(", "))).ok();
        }
    }
    for absent in &report.absent {
        let why = if absent.why == "off" {
            "switched off"
        } else {
            "not on this machine"
        };
        writeln!(text, "{}  {why}", absent.tool).ok();
    }
    text
}
