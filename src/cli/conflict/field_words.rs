//! Fields in conflict as people read them.

use std::fmt::Write as _;

use crate::cli::answer::Look;
use crate::cli::show::{Table, ago, printable};
use crate::flow::conflict::{FieldChange, FieldEntry, FieldVariant};
use crate::flow::quoted;

/// So much of a value is shown in a line of a list.
const WIDTH: usize = 60;

/// As a list has it: each value cut to a line.
pub fn field_entry(conflict: &FieldEntry, look: &Look) -> String {
    let mut text = heading(conflict);
    let mut table = Table::new().indent(2);
    for variant in &conflict.variants {
        let value = short(variant.value.as_deref());
        let whose = whose(variant, look) + alike(conflict, variant);
        table.row([variant.token.clone(), value, whose]);
    }
    if conflict.has_base {
        table.row(["base", &short(conflict.base.as_deref()), ""]);
    }
    text.push_str(&table.to_string());
    text
}

/// All of it, each value whole.
pub fn field_page(conflict: &FieldEntry, look: &Look) -> String {
    let mut text = heading(conflict);
    for (at, variant) in conflict.variants.iter().enumerate() {
        let shown = if at == 0 { "; shown meanwhile" } else { "" };
        writeln!(
            text,
            "  {}  {}{shown}{}",
            variant.token,
            printable(&whose(variant, look)),
            alike(conflict, variant)
        )
        .ok();
        if alike(conflict, variant).is_empty() {
            text.push_str(&indented(variant.value.as_deref()));
        } else {
            text.push_str(&spelled_out(variant.value.as_deref()));
        }
        for change in &variant.changes {
            writeln!(text, "      {}", printable(&changed(change))).ok();
        }
    }
    if conflict.has_base {
        text.push_str("  base\n");
        text.push_str(&indented(conflict.base.as_deref()));
    }
    writeln!(text, "  seen  {}", conflict.seen).ok();
    text
}

pub fn field_hint(conflict: &FieldEntry) -> String {
    let own = conflict
        .variants
        .iter()
        .filter(|it| it.this_machine)
        .count();
    let sides = match (conflict.variants.len(), own) {
        (2, 1) => "local|remote",
        (_, 1) => "local|TOKEN",
        _ => "TOKEN",
    };
    let (target, field) = (quoted(&conflict.reference), quoted(&conflict.field));
    let value = if conflict.is_existence() {
        ""
    } else {
        "; or with `--value`"
    };
    format!("decide: `holdall conflict resolve {target} {field} --use {sides}`{value}")
}

fn heading(conflict: &FieldEntry) -> String {
    let title = conflict.title.as_deref().unwrap_or_default();
    let of = if title.is_empty() {
        String::new()
    } else {
        format!("  of “{}”", printable(title))
    };
    format!(
        "{}  {} {}{of}\n",
        conflict.id,
        printable(&conflict.reference),
        printable(&conflict.field)
    )
}

fn whose(variant: &FieldVariant, look: &Look) -> String {
    let by = variant.by.as_deref().unwrap_or("somebody");
    let also: Vec<&str> = variant.also.iter().map(String::as_str).collect();
    let also = if also.is_empty() {
        String::new()
    } else {
        format!("; the same on {}", also.join(", "))
    };
    let machine = if variant.this_machine && variant.also.is_empty() {
        "this machine"
    } else {
        &variant.machine
    };
    format!("{by}, {machine}, {}{also}", ago(variant.at, look.now))
}

/// Says of a value that looks like another one how they differ.
fn alike(conflict: &FieldEntry, variant: &FieldVariant) -> &'static str {
    let words = |it: &FieldVariant| -> Option<Vec<String>> {
        let words = it.value.as_deref()?.split_whitespace();
        Some(words.map(str::to_owned).collect())
    };
    let own = words(variant);
    let mut others = conflict.variants.iter();
    let is_alike = |it: &FieldVariant| it.token != variant.token && words(it) == own;
    if own.is_some() && others.any(is_alike) {
        "; differs in white space only"
    } else {
        ""
    }
}

/// A value with each sign of its white space, in quotes.
fn spelled_out(value: Option<&str>) -> String {
    let lines = value.unwrap_or("none").split_inclusive('\n');
    lines.fold(String::new(), |mut all, line| {
        writeln!(all, "    \"{}\"", line.escape_debug()).ok();
        all
    })
}

/// What a deletion did not see.
fn changed(change: &FieldChange) -> String {
    format!("{}: {}", change.field, short(change.value.as_deref()))
}

/// A value in one line.
pub fn short(value: Option<&str>) -> String {
    let Some(value) = value else {
        return "none".to_owned();
    };
    let first = value.lines().next().unwrap_or_default();
    let mut line: String = first.chars().take(WIDTH).collect();
    if value.trim_end() != line {
        line.push('…');
    }
    line
}

/// A value, each line of it safe to show.
fn indented(value: Option<&str>) -> String {
    let lines = value.unwrap_or("none").lines();
    lines.fold(String::new(), |mut all, line| {
        let line = line.replace('\t', "    ");
        writeln!(all, "{}", format!("    {}", printable(&line)).trim_end()).ok();
        all
    })
}
