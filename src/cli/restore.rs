//! `restore`.

use std::fmt::Write as _;

use crate::flow::hooks::around;
use crate::flow::newcomer::{
    CloneWith, Place, RestoreOptions, RestorePlan, RestoreProject, RestoreReport, foresee, plan,
    restore, toward,
};
use crate::flow::{FlowError, Session, Writer, quoted, told_here};

use super::answer::{Answer, Look};
use super::args::{CloneWay, RestoreArgs};
use super::ctx::Ctx;
use super::project_scan::undecided;
use super::pull;
use super::question::confirm;
use super::show::{Table, ago, bytes, count, printable};
use super::words::unreadable_machines;

pub fn run(ctx: &Ctx, name: &str, args: &RestoreArgs) -> Result<Answer, FlowError> {
    let options = RestoreOptions {
        into: args.into.clone(),
        clone: args.clone,
        clone_with: args.clone_with.map(|way| match way {
            CloneWay::Https => CloneWith::Https,
            CloneWay::Ssh => CloneWith::Ssh,
        }),
        allow_public: args.public.allowed,
    };
    let session = toward(ctx.session(name)?.settled()?, &args.url)?;
    let report = restored(ctx, &session, (args, &options));
    let report = report.map_err(|fault| told_here(&session, fault))?;
    let (hints, needs) = (hints(&report, args), report.needs_decision());
    Ok(Answer::new(report, text).needs_decision(needs).hints(hints))
}

fn restored(
    ctx: &Ctx,
    session: &Session<'_>,
    (args, options): (&RestoreArgs, &RestoreOptions),
) -> Result<RestoreReport, FlowError> {
    if args.dry_run {
        return Ok(RestoreReport::of_plan(foresee(session, options)?));
    }
    let writer = Writer::take_to_connect(session)?;
    let plan = plan(session, &writer.store, options)?;
    if ctx.manner.may_ask && !args.yes {
        ask(ctx, &plan)?;
    }
    around(writer, false, |writer| restore(writer, plan, options))
}

/// Shows the plan, and goes on with a yes alone.
fn ask(ctx: &Ctx, plan: &RestorePlan) -> Result<(), FlowError> {
    ctx.out.note(plan_text(plan, &ctx.look()).trim_end());
    if confirm("Restore this?") {
        return Ok(());
    }
    Err(FlowError::Refused {
        what: "nothing was restored: the answer was no".to_owned(),
        hint: "to see the plan alone, add --dry-run; to go on unasked, --yes".to_owned(),
    })
}

fn hints(report: &RestoreReport, args: &RestoreArgs) -> Vec<String> {
    let places = || report.plan.projects.iter().map(|project| &project.place);
    let mut hints = Vec::new();
    if !args.clone && places().any(|place| matches!(place, Place::Missing { .. })) {
        hints.push(format!(
            "to clone what is missing from where it is published: `{}`",
            command(args, true, None)
        ));
    }
    if places().any(|place| matches!(place, Place::NotCloned { .. })) {
        hints.push(clone_again(args));
    }
    if report.dry_run {
        let same = command(args, args.clone, args.clone_with);
        hints.push(format!("to carry it out: `{same}`"));
    }
    // What is missing is told project by project.
    hints.extend(report.pull.iter().flat_map(pull::hints_on_what_came));
    hints
}

/// Where one way to the hosts was asked for, there is the other one.
fn clone_again(args: &RestoreArgs) -> String {
    let same = command(args, true, args.clone_with);
    let again = format!("what could not be cloned is tried again by `{same}`");
    let other = match args.clone_with {
        None => return again,
        Some(CloneWay::Https) => CloneWay::Ssh,
        Some(CloneWay::Ssh) => CloneWay::Https,
    };
    format!(
        "{again}; another way: `{}`",
        command(args, true, Some(other))
    )
}

/// The command to type, about the places that this one was about.
fn command(args: &RestoreArgs, clone: bool, with: Option<CloneWay>) -> String {
    let mut line = format!("holdall restore {}", quoted(&args.url));
    for dir in &args.into {
        write!(line, " --into {}", quoted(&dir.to_string_lossy())).ok();
    }
    if clone {
        line.push_str(" --clone");
    }
    match with {
        Some(CloneWay::Https) => line.push_str(" --clone-with https"),
        Some(CloneWay::Ssh) => line.push_str(" --clone-with ssh"),
        None => {}
    }
    if args.public.allowed {
        line.push_str(" --allow-public");
    }
    if args.yes {
        line.push_str(" --yes");
    }
    line
}

fn text(report: &RestoreReport, look: &Look) -> String {
    let mut text = plan_text(&report.plan, look);
    match &report.pull {
        Some(pulled) => text.push_str(&pull::text(pulled, look)),
        None => text.push_str("nothing was changed\n"),
    }
    text
}

/// What the vault holds, and where each of it goes.
fn plan_text(plan: &RestorePlan, look: &Look) -> String {
    let mut text = format!("{}\n", printable(&plan.remote));
    let mut machines = Table::new().indent(2);
    for machine in &plan.machines.known {
        machines.row([machine.name.as_str(), &ago(machine.last_push, look.now)]);
    }
    section(&mut text, "machines, by last push", &machines);
    text.push_str(&unreadable_machines(&plan.machines));
    let mut projects = Table::new().indent(2);
    for project in &plan.projects {
        projects.row(row(project, look));
    }
    section(&mut text, "projects", &projects);
    let mut tools = Table::new().indent(2);
    for tool in &plan.settings {
        tools.row([
            tool.name.clone(),
            count(tool.files, "file"),
            bytes(tool.bytes),
        ]);
    }
    section(&mut text, "settings", &tools);
    if plan.conflicts > 0 {
        let many = count(plan.conflicts as u64, "conflict");
        writeln!(text, "{many} on file: `holdall conflict list` shows each").ok();
    }
    undecided(&mut text, &plan.undecided);
    for line in &plan.unreadable {
        let message = printable(&line.message).into_owned();
        writeln!(text, "cannot be read  {}: {message}", line.path).ok();
    }
    text.extend(plan.projects.iter().map(not_placed));
    text
}

fn section(text: &mut String, heading: &str, table: &Table) {
    if !table.is_empty() {
        text.push_str(heading);
        text.push('\n');
        text.push_str(&table.to_string());
    }
}

fn row(project: &RestoreProject, look: &Look) -> [String; 5] {
    let writer = project.last_writer.as_ref();
    let writer = writer.map(|it| format!("{}, {}", it.machine, ago(it.at, look.now)));
    let place = match &project.place {
        Place::Registered { path } => format!("registered: {path}"),
        Place::Found { path } => format!("found: {path}"),
        Place::Undecided => "undecided".to_owned(),
        Place::ToClone { path } => format!("is cloned to {path}"),
        Place::Cloned { path, .. } => format!("cloned: {path}"),
        Place::NotCloned { .. } => "could not be cloned".to_owned(),
        Place::InTheWay { path, .. } => format!("something else is at {path}"),
        Place::Missing { .. } => "not here".to_owned(),
    };
    [
        project.name.clone(),
        count(project.files, "file"),
        bytes(project.bytes),
        writer.unwrap_or_default(),
        place,
    ]
}

/// Why a project has no place here, and the command for it.
fn not_placed(project: &RestoreProject) -> String {
    let (why, next) = match &project.place {
        Place::NotCloned { tried, next, .. } => {
            let lines = tried.iter();
            let lines = lines.map(|it| format!("\n  {}: {}", it.url, it.reason));
            (lines.collect::<String>(), next)
        }
        Place::InTheWay { path, next } => (format!(" {path} is there, and not known as it"), next),
        Place::Missing { next } => (String::new(), next),
        _ => return String::new(),
    };
    let lines = format!("not placed  {}:{why}\n  {next}", project.name);
    let lines: Vec<_> = lines.lines().map(printable).collect();
    format!("{}\n", lines.join("\n"))
}
