//! Conflicts as people read them.

use std::fmt::Write as _;

use crate::cli::answer::Look;
use crate::cli::history::whose;
use crate::cli::show::{Table, ago, bytes, printable};
use crate::flow::conflict::{
    Comparison, ConflictEntry, ConflictListReport, ConflictShowReport, EitherConflict, Sized,
    Thing, VariantEntry,
};

use super::field_words::{field_entry, field_page};

pub fn list_text(report: &ConflictListReport, look: &Look) -> String {
    let mut text = String::new();
    for conflict in &report.conflicts {
        text.push_str(&match conflict {
            EitherConflict::File(file) => entry(file, look),
            EitherConflict::Field(field) => field_entry(field, look),
        });
    }
    for id in &report.unreadable {
        writeln!(text, "conflicts/{} cannot be read", printable(id)).ok();
    }
    if text.is_empty() {
        text.push_str("no conflicts\n");
    }
    // Fields alone say nothing of a vault that nobody connected.
    let is_field = |it: &EitherConflict| matches!(it, EitherConflict::Field(_));
    let of_fields = !report.conflicts.is_empty() && report.conflicts.iter().all(is_field);
    if of_fields && report.remote.is_none() {
        return text;
    }
    text + &whose(report.remote.as_deref(), report.in_step, look)
}

fn entry(conflict: &ConflictEntry, look: &Look) -> String {
    let mut text = format!("{}  {}\n", conflict.id, printable(&conflict.reference));
    let mut table = Table::new().indent(2);
    table.row(["vault", &size_words(conflict.vault), ""]);
    for variant in &conflict.variants {
        table.row([
            variant.token.as_str(),
            &size_words(variant.local),
            &whose_version(variant, look),
        ]);
    }
    text.push_str(&table.to_string());
    if let Some(decided) = &conflict.decided {
        let (chosen, at) = (printable(&decided.chosen), ago(decided.at, look.now));
        writeln!(
            text,
            "  decided here {at}: {chosen}; the next push carries it"
        )
        .ok();
    }
    if conflict.damaged {
        text.push_str("  a version of it cannot be read\n");
    }
    text
}

fn whose_version(variant: &VariantEntry, look: &Look) -> String {
    match variant.at {
        Some(at) => format!("{}, filed {}", variant.machine, ago(at, look.now)),
        None => format!("{}, on this disk alone", variant.machine),
    }
}

fn size_words(side: Sized) -> String {
    let amount = side.size.map(bytes).unwrap_or_default();
    match side.kind {
        Thing::Absent => "no such file".to_owned(),
        Thing::File => amount,
        Thing::Exec => format!("{amount}, executable"),
        Thing::Link => "a link".to_owned(),
        Thing::Directory => "a directory".to_owned(),
    }
}

pub fn show_text(report: &ConflictShowReport, look: &Look) -> String {
    let conflict = match &report.conflict {
        EitherConflict::File(file) => file,
        EitherConflict::Field(field) => return field_page(field, look),
    };
    let mut text = entry(conflict, look);
    if let Some(file) = &conflict.file {
        writeln!(text, "  on this disk: {file}").ok();
    }
    for line in &report.diffs {
        text.push_str(&comparison(line));
    }
    text + &whose(report.remote.as_deref(), report.in_step, look)
}

pub fn comparison(line: &Comparison) -> String {
    let head = format!(
        "{} → {} ({})",
        line.from,
        line.token,
        printable(&line.machine)
    );
    match &line.patch {
        None => format!("{head}: not compared; one of the two is no text, or too long\n"),
        Some(patch) if patch.is_empty() => format!("{head}: the same content\n"),
        Some(patch) => {
            let lines = patch.lines().map(printable).collect::<Vec<_>>();
            format!("{head}\n{}\n", lines.join("\n"))
        }
    }
}
