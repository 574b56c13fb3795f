//! `config list`, `get`, `set`, `unset` and `path`.

use crate::flow::FlowError;
use crate::flow::config::{self, ConfigChangeReport, ConfigListReport};

use super::answer::{Answer, Look};
use super::args::ConfigCommand;
use super::ctx::Ctx;
use super::show::{Table, printable};

pub fn run(ctx: &Ctx, command: &ConfigCommand) -> Result<Answer, FlowError> {
    let places = ctx.places()?;
    match command {
        ConfigCommand::List => Ok(Answer::new(config::list(&places)?, list_text)),
        ConfigCommand::Get { key } => {
            let report = config::get(&places, key)?;
            Ok(Answer::new(report, |report, _| {
                format!("{}\n", printable(&report.entry.text))
            }))
        }
        ConfigCommand::Set { key, value } => Ok(Answer::new(
            config::set(&places, &ctx.edges.env, key, value)?,
            |report, _| change_text(report),
        )),
        ConfigCommand::Unset { key } => {
            Ok(Answer::new(config::unset(&places, key)?, |report, _| {
                change_text(report)
            }))
        }
        ConfigCommand::Path => Ok(Answer::new(config::path(&places), |report, _| {
            format!("{}\n", report.file)
        })),
    }
}

fn list_text(report: &ConfigListReport, look: &Look) -> String {
    let mut table = Table::new();
    for entry in &report.entries {
        let set = if entry.set { "" } else { "default" };
        let about = if look.verbose { entry.description } else { "" };
        table.row([entry.key, &entry.text, set, about]);
    }
    table.to_string()
}

fn change_text(report: &ConfigChangeReport) -> String {
    let text = if report.text.is_empty() {
        "nothing"
    } else {
        &report.text
    };
    let already = if report.changed { "" } else { " already" };
    format!(
        "{} is {}{already}\n",
        printable(&report.key),
        printable(text)
    )
}
