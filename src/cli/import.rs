//! `import`.

use std::fmt::Write as _;

use crate::flow::adopt::{
    ImportOptions, ImportReport, ImportedProject, LeftThere, RemoteKind, carry_out, foresee, plan,
    toward,
};
use crate::flow::{FlowError, Session, Writer, quoted, told_here};

use super::answer::Answer;
use super::args::ImportArgs;
use super::ctx::Ctx;
use super::show::{count, printable};

pub fn run(ctx: &Ctx, name: &str, args: &ImportArgs) -> Result<Answer, FlowError> {
    if !args.dry_run && !args.yes {
        return Err(FlowError::Refused {
            what: "nothing is taken over without --yes".to_owned(),
            hint: format!("see what it would be: `{}`", command(args, "--dry-run")),
        });
    }
    let options = ImportOptions {
        file: args.file.clone(),
        allow_public: args.public.allowed,
    };
    let (session, fault) = toward(ctx.session(name)?.settled()?, &options)?;
    let report = imported(&session, fault, (args, &options));
    let report = report.map_err(|fault| told_here(&session, fault))?;
    let is_connected = session.config.remote_url.is_some();
    let hints = hints(&report, args, is_connected);
    let needs = report.needs_decision();
    Ok(Answer::new(report, |report, _| text(report))
        .needs_decision(needs)
        .hints(hints))
}

fn imported(
    session: &Session<'_>,
    fault: Option<String>,
    (args, options): (&ImportArgs, &ImportOptions),
) -> Result<ImportReport, FlowError> {
    if args.dry_run {
        return Ok(ImportReport::of_plan(foresee(session, fault, options)?));
    }
    let writer = Writer::take_to_connect(session)?;
    let plan = plan(session, &writer.store, fault, options)?;
    carry_out(&writer, plan, options)
}

/// The command to type, about the same configuration.
fn command(args: &ImportArgs, what: &str) -> String {
    let file = args.file.as_ref().map_or_else(String::new, |file| {
        format!(" {}", quoted(&file.to_string_lossy()))
    });
    let public = if args.public.allowed {
        " --allow-public"
    } else {
        ""
    };
    format!("holdall import --from aigon {what}{public}{file}")
}

fn hints(report: &ImportReport, args: &ImportArgs, is_connected: bool) -> Vec<String> {
    let mut hints = Vec::new();
    let kind = report.plan.remote_kind;
    if matches!(kind, RemoteKind::AigonVault | RemoteKind::Vault) {
        hints.push("switch Aigon's own backup off on every machine (`aigon backup schedule off`): its next push would clear the vault".to_owned());
    }
    if let Some(schedule) = &report.plan.schedule {
        hints.push(format!(
            "its schedule ({schedule}) is not taken over: `holdall backup push` runs when you run it"
        ));
    }
    hints.extend(report.plan.left.iter().filter_map(stays));
    if report.dry_run {
        hints.push(format!("to take it over: `{}`", command(args, "--yes")));
    } else if is_connected {
        hints.push(
            "bring both sides together: `holdall backup pull`, then `holdall backup push`"
                .to_owned(),
        );
    } else if report.plan.remote_fault.is_none() {
        hints.push("connect a vault: `holdall backup configure URL`".to_owned());
    }
    if let Some(fault) = &report.plan.remote_fault {
        let url = report.plan.remote.as_deref().unwrap_or_default();
        hints.push(format!(
            "{fault}; push a copy to a bare repository (`git clone --mirror {} PATH`), and connect that: `holdall backup configure PATH`",
            quoted(url)
        ));
    }
    hints
}

/// What can be done about something that stays where it is.
fn stays(line: &LeftThere) -> Option<String> {
    let next = match line.why {
        "no_repository" => "import on a machine whose Aigon knows the repository",
        "several_repositories" => {
            "before one of them is pushed, import with a list of Aigon that has only one of that name, here or on another machine; or copy it out of a clone of the vault"
        }
        "known_already" => {
            "its repository is another project of the vault: copy what you miss out of a clone of the vault into its `.aigon`"
        }
        "not_readable" => "mend it in a clone of the vault, push that, and import again",
        _ => return None,
    };
    Some(format!("{} stays as it is in the vault: {next}", line.path))
}

fn text(report: &ImportReport) -> String {
    let plan = &report.plan;
    let mut text = String::new();
    let remote = plan.remote.as_deref().map(printable);
    let what = match plan.remote_kind {
        RemoteKind::None => "no vault is configured there".to_owned(),
        RemoteKind::Empty => "the vault is empty".to_owned(),
        RemoteKind::Vault => "the vault is one of holdall".to_owned(),
        RemoteKind::AigonVault => "the vault is one of Aigon".to_owned(),
        RemoteKind::NotReached => "the vault cannot be reached by this version".to_owned(),
    };
    writeln!(
        text,
        "{}{what}",
        remote.map_or_else(String::new, |url| format!("{url}: "))
    )
    .ok();
    for adopted in &plan.adopted {
        let line = format!(
            "adopted  {} ({}): {}",
            adopted.name,
            count(adopted.files as u64, "file"),
            adopted.path
        );
        writeln!(text, "{}", printable(&line)).ok();
    }
    for path in &plan.settings {
        writeln!(text, "adopted  {}", printable(path.as_str())).ok();
    }
    for line in &plan.left {
        let why = line.why.replace('_', " ");
        writeln!(text, "stays  {}: {why}", printable(line.path.as_str())).ok();
    }
    for finding in &report.withheld {
        let line = format!(
            "withheld  {}: {}, line {}",
            finding.path, finding.rule, finding.line
        );
        writeln!(text, "{}", printable(&line)).ok();
    }
    text.extend(plan.projects.iter().map(project));
    let end = match (report.dry_run, report.commit) {
        (true, _) => "nothing was changed".to_owned(),
        (false, Some(commit)) => format!(
            "the vault is one of holdall since commit {}",
            commit.short()
        ),
        (false, None) => "the vault was not changed".to_owned(),
    };
    writeln!(text, "{end}").ok();
    text
}

fn project(project: &ImportedProject) -> String {
    let line = match (&project.name, &project.why) {
        (_, Some(why)) => format!("not registered  {}: {why}", project.path),
        (Some(name), None) => format!("registered  {name}: {}", project.path),
        (None, None) => format!("found  {}", project.path),
    };
    format!("{}\n", printable(&line))
}
