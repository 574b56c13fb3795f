//! `conflict list`, `conflict show`, `conflict diff`, `conflict export`, `conflict resolve`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::flow::conflict::{
    Choice, Comparison, ConflictEntry, ConflictListReport, ConflictShowReport, DecisionLine,
    DecisionOutcome, DiffOptions, ExportReport, ResolveOptions, ResolveReport, Resolved, Sized,
    Target, Thing, VariantEntry, diff, draft, export, list, resolve, show,
};
use crate::flow::{Event, FlowError, Watch as _, quoted};

use super::answer::{Answer, Look};
use super::args::{ConflictCommand, ConflictDiffArgs, ConflictExportArgs, ResolveArgs};
use super::ctx::Ctx;
use super::editor::edit;
use super::history::whose;
use super::question::confirm;
use super::show::{Table, ago, bytes, count, printable};

pub fn run(ctx: &Ctx, name: &str, command: &ConflictCommand) -> Result<Answer, FlowError> {
    match command {
        ConflictCommand::List => {
            let report = ctx.read(name, list)?;
            let hint = report
                .conflicts
                .first()
                .map(|first| format!("see how they differ: `holdall conflict show {}`", first.id));
            Ok(Answer::new(report, list_text).hints(hint))
        }
        ConflictCommand::Show { which } => {
            let report = ctx.read(name, |session| show(session, &which.conflict))?;
            let hint = show_hint(&report.conflict);
            Ok(Answer::new(report, show_text).hints([hint]))
        }
        ConflictCommand::Diff(args) => run_diff(ctx, name, args),
        ConflictCommand::Export(args) => run_export(ctx, name, args),
        ConflictCommand::Resolve(args) => run_resolve(ctx, name, args),
    }
}

fn show_hint(conflict: &ConflictEntry) -> String {
    let version = match conflict.variants.as_slice() {
        [_] => "local",
        _ => "TOKEN",
    };
    // What both made by themselves came from nothing: to take that would delete it.
    let came_from = |entry: &VariantEntry| entry.base.kind != Thing::Absent;
    let base = if conflict.variants.iter().any(came_from) {
        "|base"
    } else {
        ""
    };
    format!(
        "decide: `holdall conflict resolve {} --use vault|{version}{base}`; without --use in your editor",
        conflict.id
    )
}

fn run_diff(ctx: &Ctx, name: &str, args: &ConflictDiffArgs) -> Result<Answer, FlowError> {
    let options = DiffOptions {
        token: args.token.clone(),
        from_base: args.base,
    };
    let report = ctx.read(name, |session| {
        diff(session, &args.which.conflict, &options)
    })?;
    let text = |report: &ConflictShowReport, _: &Look| -> String {
        report.diffs.iter().map(comparison).collect()
    };
    Ok(Answer::new(report, text))
}

fn run_export(ctx: &Ctx, name: &str, args: &ConflictExportArgs) -> Result<Answer, FlowError> {
    let report = ctx.read(name, |session| {
        export(session, &args.which.conflict, &args.dir)
    })?;
    let text = |report: &ExportReport, _: &Look| {
        let mut table = Table::new();
        for file in &report.files {
            let machine = file.machine.clone().unwrap_or_default();
            table.row([file.side.clone(), machine, file.file.to_string()]);
        }
        table.to_string()
    };
    let hint = format!(
        "decide with one of them, or with one of your own: `holdall conflict resolve {} --file F`",
        report.id
    );
    Ok(Answer::new(report, text).hints([hint]))
}

fn run_resolve(ctx: &Ctx, name: &str, args: &ResolveArgs) -> Result<Answer, FlowError> {
    let choice = match (&args.choice, &args.file) {
        (Some(word), _) => Some(match word.as_str() {
            "local" => Choice::Local,
            "vault" => Choice::Vault,
            "base" => Choice::Base,
            token => Choice::Token(token.to_owned()),
        }),
        (None, Some(file)) => Some(Choice::File(file.clone())),
        (None, None) => None,
    };
    let report = match (&args.conflict, choice) {
        (None, Some(choice @ (Choice::Local | Choice::Vault))) => {
            resolve_all(ctx, name, (args, choice))?
        }
        (None, _) => {
            return Err(FlowError::Unsaid {
                what: "nothing says what to take of all conflicts",
                hint: "`--use local` or `--use vault`".to_owned(),
            });
        }
        (Some(wanted), Some(choice)) => {
            let options = ResolveOptions {
                target: Target::One(wanted.clone()),
                choice,
                dry_run: args.dry_run,
            };
            ctx.write(name, |writer| resolve(writer, &options))?
        }
        (Some(wanted), None) => resolve_in_editor(ctx, name, (args, wanted))?,
    };
    let decided = !report.dry_run && !report.resolved.is_empty();
    let undo = report
        .undo
        .as_ref()
        .map(|_| "to take it back: `holdall backup undo`");
    let hints = decided
        .then_some("send it: `holdall backup push`")
        .into_iter()
        .chain(undo);
    Ok(Answer::new(report, |report, _| resolve_text(report)).hints(hints))
}

fn resolve_all(
    ctx: &Ctx,
    name: &str,
    (args, choice): (&ResolveArgs, Choice),
) -> Result<ResolveReport, FlowError> {
    let run = |target, dry_run| {
        let choice = choice.clone();
        let options = ResolveOptions {
            target,
            choice,
            dry_run,
        };
        ctx.write(name, |writer| resolve(writer, &options))
    };
    if args.dry_run || args.yes {
        return run(Target::All, args.dry_run);
    }
    let sure = "`--all` decides every conflict at once; `--yes` says that you mean it";
    if !ctx.manner.may_ask {
        return Err(FlowError::Unsaid {
            what: "nobody can be asked whether all conflicts are to be decided so",
            hint: sure.to_owned(),
        });
    }
    let plan = run(Target::All, true)?;
    if plan.resolved.is_empty() {
        return Ok(plan);
    }
    if confirm(&format!("{}Decide so?", resolve_text(&plan))) {
        // What came while the person thought about it was not shown.
        let shown = plan.resolved.into_iter();
        let shown: BTreeMap<_, _> = shown.map(|line| (line.id, line.seen)).collect();
        return run(Target::Shown(shown), false);
    }
    Err(FlowError::Refused {
        what: "nothing was decided".to_owned(),
        hint: sure.to_owned(),
    })
}

fn resolve_in_editor(
    ctx: &Ctx,
    name: &str,
    (args, wanted): (&ResolveArgs, &str),
) -> Result<ResolveReport, FlowError> {
    if !ctx.manner.may_ask {
        return Err(FlowError::Unsaid {
            what: "nothing says which version to take",
            hint: "`--use local|vault|base|TOKEN`, or `--file F`; on a terminal an editor opens"
                .to_owned(),
        });
    }
    let draft = ctx.read(name, |session| draft(session, wanted))?;
    let edited = edit(&ctx.edges.env, &draft.name, &draft.text)?;
    let options = ResolveOptions {
        target: Target::Shown([(draft.id, draft.seen)].into()),
        choice: Choice::Bytes(edited.text.clone()),
        dry_run: args.dry_run,
    };
    let done = ctx.write(name, |writer| resolve(writer, &options));
    if done.is_err()
        && let Some(file) = edited.kept()
    {
        let text = format!(
            "your text is in {file}: `holdall conflict resolve {} --file {}`",
            quoted(wanted),
            quoted(&file)
        );
        ctx.out.tell(&Event::Warning { text: &text });
    }
    done
}

fn list_text(report: &ConflictListReport, look: &Look) -> String {
    let mut text = String::new();
    for conflict in &report.conflicts {
        text.push_str(&entry(conflict, look));
    }
    for id in &report.unreadable {
        writeln!(text, "conflicts/{} cannot be read", printable(id)).ok();
    }
    if text.is_empty() {
        text.push_str("no conflicts\n");
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

fn show_text(report: &ConflictShowReport, look: &Look) -> String {
    let mut text = entry(&report.conflict, look);
    if let Some(file) = &report.conflict.file {
        writeln!(text, "  on this disk: {file}").ok();
    }
    for line in &report.diffs {
        text.push_str(&comparison(line));
    }
    text + &whose(report.remote.as_deref(), report.in_step, look)
}

fn comparison(line: &Comparison) -> String {
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

fn resolve_text(report: &ResolveReport) -> String {
    if report.resolved.is_empty() {
        return "no conflicts\n".to_owned();
    }
    let verb = if report.dry_run {
        "would decide"
    } else {
        "decided"
    };
    let lines = report.resolved.iter();
    let lines = lines.map(|line| format!("{verb}  {}\n", resolved_words(line)));
    let text: String = lines.collect();
    let many = count(report.resolved.len() as u64, "conflict");
    if report.dry_run {
        format!("{text}{many}; nothing was changed\n")
    } else {
        text
    }
}

fn resolved_words(line: &Resolved) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let what = match line.chosen.as_str() {
        "vault" => "the vault's version".to_owned(),
        "base" => "what both came from".to_owned(),
        "edited" => "the edited text".to_owned(),
        other => other.to_owned(),
    };
    let gone = if line.deletes {
        " (there, the file is gone)"
    } else {
        ""
    };
    let disk = match (&line.file, line.written) {
        (Some(_), true) => "on this disk, too",
        (Some(_), false) => "this disk has it already",
        (None, _) => "only the vault: this disk does not carry it",
    };
    format!("{}: {}{gone}; {disk}", printable(&place), printable(&what))
}

/// What became of a decision in a push.
pub fn decision_words(line: &DecisionLine) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let (verb, words) = match line.outcome {
        DecisionOutcome::Carried => ("resolved", "the vault takes the decision"),
        DecisionOutcome::Dropped => (
            "not resolved",
            "it is not what it was when you decided; the decision is dropped",
        ),
        DecisionOutcome::TakenBack => (
            "not resolved",
            "this disk has again what it had before; the decision is dropped",
        ),
        DecisionOutcome::Withheld => (
            "not resolved",
            "the gate holds the content back; the decision waits",
        ),
    };
    format!("{verb}  {}: {words}\n", printable(&place))
}

/// What to do about decisions that hold no more.
pub fn decision_hint(lines: &[DecisionLine]) -> Option<String> {
    let with = |outcome| lines.iter().find(move |line| line.outcome == outcome);
    if let Some(line) = with(DecisionOutcome::Dropped) {
        let id = quoted(&line.id);
        return Some(format!("look at it again: `holdall conflict show {id}`"));
    }
    let id = quoted(&with(DecisionOutcome::Withheld)?.id);
    Some(format!(
        "what was chosen has the secret itself: choose again: `holdall conflict resolve {id}`"
    ))
}
