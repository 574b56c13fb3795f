//! `doctor`.

use std::fmt::Write as _;
use std::path::Path;

use crate::flow::doctor::{Background, DoctorOptions, DoctorReport, Line, Verdict, doctor};
use crate::flow::repair::{LostValue, ProjectsRepair, RepairReport, StoreRepair, TasksRepair};
use crate::flow::{FlowError, quoted};

use super::answer::{Answer, Failure, Look};
use super::args::DoctorArgs;
use super::ctx::Ctx;
use super::daemon;
use super::manner::Talk;
use super::show::{Table, count, printable};

pub fn run(ctx: &Ctx, name: &str, args: DoctorArgs) -> Result<Answer, FlowError> {
    let options = DoctorOptions {
        integrity: args.integrity,
        rebuild: args.rebuild,
        repair: args.repair,
        background: background(ctx, name),
    };
    let home = ctx.manner.home.as_deref();
    let mut report = doctor(&ctx.edges, home, (name, &ctx.out), options)?;
    at_home(&mut report.checks, home);
    let ended_by = report.ended_by.take();
    let ended_by = ended_by.as_ref().map(Failure::from);
    let is_through = ended_by.is_none();
    let (failed, quiet) = (report.has_failed(), is_quiet(ctx));
    let text = move |report: &DoctorReport, _: &Look| {
        let rebuilt = if report.rebuilt && !quiet {
            "what is shown of the tasks was made of their ops again\n"
        } else {
            ""
        };
        let repaired = report.repaired.as_ref().map(repair_words);
        let repaired = repaired.unwrap_or_default();
        if is_through {
            repaired + rebuilt + &told(&report.checks, quiet)
        } else {
            repaired
        }
    };
    let answer = Answer::new(report, text).found_faults(failed);
    Ok(answer.failing(ended_by))
}

/// What was mended, and what could not be: that is said to who wants quiet, too.
fn repair_words(report: &RepairReport) -> String {
    let mut text = String::new();
    if report.settings {
        text += "the settings were put back as holdall knew them last; what was written by hand since is not in them. See what goes with them: `holdall backup push --dry-run`\n";
    }
    if let Some(store) = &report.store {
        text += &store_words(store);
    }
    if let Some(damaged) = &report.machine_damaged {
        let line = format!("this machine's own name could not be read: the file is {damaged}");
        text += &(printable(&line) + "\n");
    }
    if let Some(machine) = &report.machine {
        let line = if report.machine_is_new {
            "nothing says any more what this machine called itself; the vault keeps what it wrote, and it goes on under a new name"
        } else {
            "this machine's own name was written down again"
        };
        writeln!(text, "{line}: {machine}").expect("a string takes everything");
    }
    if let Some(tasks) = &report.tasks {
        text += &tasks_words(tasks);
    }
    if let Some(damaged) = &report.projects_damaged {
        let line = format!(
            "the list of projects could not be read: the file is {damaged}; what no push ever took of it is to be added again: `holdall project add PATH`"
        );
        text += &(printable(&line) + "\n");
    }
    if let Some(projects) = &report.projects {
        text += &projects_words(projects);
    }
    if text.is_empty() {
        text += "nothing is damaged that could be mended\n";
    }
    text
}

fn store_words(store: &StoreRepair) -> String {
    let mut lines = Vec::new();
    if store.head {
        lines.push("the HEAD of this machine's copy of the vault was written again".to_owned());
    }
    if store.indexes > 0 {
        let packs = count(store.indexes as u64, "pack");
        lines.push(format!("{packs} of it got a new index"));
    }
    if let Some(damaged) = &store.damaged {
        let from = if store.fetched {
            "what could be read of it and what the remote has"
        } else {
            "what could be read of it"
        };
        lines.push(format!(
            "this machine's copy of the vault was made again of {from}; the damaged one is {damaged}"
        ));
    } else if store.fetched {
        lines
            .push("this machine's copy of the vault was gone, and came from the remote".to_owned());
    }
    for lost in &store.lost {
        let commit = lost.commit.map(|id| format!(" (commit {id})"));
        lines.push(format!(
            "could not be read: {}{}",
            lost.what,
            commit.unwrap_or_default()
        ));
    }
    for found in &store.found {
        lines.push(format!(
            "found, and nothing led to it any more: commit {}, which `{}` brings onto this disk",
            found.commit, found.restore
        ));
    }
    lines.iter().map(|line| printable(line) + "\n").collect()
}

fn projects_words(projects: &ProjectsRepair) -> String {
    let mut lines = vec!["the list of projects was made again".to_owned()];
    let found = projects.registered.iter();
    lines.extend(found.map(|it| format!("registered: {} at {}", it.name, it.path)));
    let lost = projects.lost.iter();
    lines.extend(lost.map(|name| {
        format!(
            "nothing here says where {name} lies: `holdall project add PATH`, before the next push"
        )
    }));
    lines.iter().map(|line| printable(line) + "\n").collect()
}

fn tasks_words(tasks: &TasksRepair) -> String {
    let ops = |many: usize| count(many as u64, "op");
    let mut lines = vec![format!(
        "the task list was made again: {} of the vault, {} that nobody else has",
        ops(tasks.received),
        ops(tasks.rescued)
    )];
    if let Some(damaged) = &tasks.damaged {
        lines.push(format!("the damaged one is {damaged}"));
    }
    match tasks.lost {
        Some(0) => {}
        Some(lost) => lines.push(format!(
            "could not be read: {} of this machine that no push took",
            count(lost, "op")
        )),
        None => {
            lines.push("how much no push took, and could not be read, is not known".to_owned());
        }
    }
    for LostValue { reference, field } in &tasks.values_lost {
        lines.push(format!(
            "could not be read: the {field} of {reference}, which never left this machine"
        ));
    }
    lines.iter().map(|line| printable(line) + "\n").collect()
}

/// What runs what is to come by itself. Where that cannot be asked, the doctor tells why.
fn background(ctx: &Ctx, name: &str) -> Background {
    daemon::standing(ctx, name).map_or_else(
        |_| Background::default(),
        |it| Background {
            running: it.is_at_work(),
            fault: it.fault(),
        },
    )
}

/// What is to be typed is about the same home as the question was.
pub fn at_home(checks: &mut [Line], home: Option<&Path>) {
    let Some(home) = home else {
        return;
    };
    let flag = format!("holdall --home {} ", quoted(&home.to_string_lossy()));
    for fix in checks.iter_mut().filter_map(|line| line.found.fix.as_mut()) {
        let mut said = fix.replace("`holdall ", &format!("`{flag}"));
        said = said.replace("&& holdall ", &format!("&& {flag}"));
        if let Some(rest) = said.strip_prefix("holdall ") {
            said = format!("{flag}{rest}");
        }
        *fix = said;
    }
}

pub fn is_quiet(ctx: &Ctx) -> bool {
    ctx.manner.talk == Talk::Quiet
}

/// The table, and how many there are of each; of a quiet run what is not well alone.
pub fn told(checks: &[Line], quiet: bool) -> String {
    let table = lines(checks, quiet);
    if quiet {
        table
    } else {
        table + &summary(checks)
    }
}

/// A line for each check, and below it what mends it.
fn lines(checks: &[Line], quiet: bool) -> String {
    let told = checks
        .iter()
        .filter(|line| !quiet || line.found.verdict != Verdict::Ok);
    let told: Vec<&Line> = told.collect();
    let mut table = Table::new();
    for line in &told {
        let ms = line.found.ms.map(|ms| format!(" ({ms} ms)"));
        let message = line.found.message.clone() + &ms.unwrap_or_default();
        table.row([word(line), line.name, &message]);
    }
    let mut text = String::new();
    for (shown, line) in table.lines().iter().zip(told) {
        text += shown;
        text.push('\n');
        if let Some(fix) = &line.found.fix {
            writeln!(text, "      fix: {}", printable(fix)).expect("a string takes everything");
        }
    }
    text
}

const fn word(line: &Line) -> &'static str {
    match line.found.verdict {
        _ if line.found.waits_for.is_some() => "skip",
        Verdict::Ok => "ok",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    }
}

fn summary(checks: &[Line]) -> String {
    let all = count(checks.len() as u64, "check");
    let parts = [
        ("FAIL", "failed"),
        ("warn", "to look at"),
        ("skip", "not made"),
    ];
    let parts = parts.into_iter().filter_map(|(its, words)| {
        let number = checks.iter().filter(|line| word(line) == its).count();
        (number > 0).then(|| format!("{number} {words}"))
    });
    let parts: Vec<String> = parts.collect();
    match parts.as_slice() {
        [] => format!("{all}: all is well\n"),
        parts => format!("{all}: {}\n", parts.join(", ")),
    }
}
