//! `conflict resolve`.

use std::fmt::Write as _;

use crate::cli::answer::Answer;
use crate::cli::args::ResolveArgs;
use crate::cli::ctx::Ctx;
use crate::cli::editor::edit;
use crate::cli::question::confirm;
use crate::cli::show::{count, printable};
use crate::cli::task::{from_input, withheld, withheld_hints};
use crate::flow::conflict::{
    Choice, EitherResolved, EitherSeen, Named, ResolveOptions, ResolveReport, Resolved,
    ResolvedField, Target, draft, resolve,
};
use crate::flow::{Event, FlowError, Watch as _, quoted};

use super::field_words::short;

pub fn run_resolve(ctx: &Ctx, name: &str, args: &ResolveArgs) -> Result<Answer, FlowError> {
    let choice = choice(args)?;
    let report = match (&args.conflict, choice) {
        (None, Some(choice @ (Choice::Local | Choice::Vault | Choice::Remote))) => {
            resolve_all(ctx, name, (args, choice))?
        }
        (None, _) => {
            return Err(FlowError::Unsaid {
                what: "nothing says what to take of all conflicts",
                hint: "`--use local` or `--use remote`".to_owned(),
            });
        }
        (Some(wanted), Some(choice)) => {
            let options = ResolveOptions {
                target: Target::One {
                    named: named(wanted, args),
                    if_seen: args.if_seen.as_deref(),
                },
                ..options(args, choice)
            };
            ctx.read(name, |session| resolve(session, &options))?
        }
        (Some(wanted), None) => resolve_in_editor(ctx, name, (args, wanted))?,
    };
    Ok(told(report))
}

fn choice(args: &ResolveArgs) -> Result<Option<Choice>, FlowError> {
    if let Some(word) = &args.choice {
        return Ok(Some(match word.as_str() {
            "local" => Choice::Local,
            "remote" => Choice::Remote,
            "vault" => Choice::Vault,
            "base" => Choice::Base,
            token => Choice::Token(token.to_owned()),
        }));
    }
    if args.value_stdin {
        return Ok(Some(Choice::Value(from_input()?)));
    }
    let value = args.value.clone().map(Choice::Value);
    Ok(value.or_else(|| args.file.clone().map(Choice::File)))
}

fn named<'n>(wanted: &'n str, args: &'n ResolveArgs) -> Named<'n> {
    Named {
        conflict: wanted,
        field: args.field.field.as_deref(),
    }
}

fn options(args: &ResolveArgs, choice: Choice) -> ResolveOptions<'_> {
    ResolveOptions {
        target: Target::All,
        choice,
        dry_run: args.dry_run,
        by: args.by.by.as_deref(),
    }
}

fn told(report: ResolveReport) -> Answer {
    let is_done = !report.dry_run && !report.resolved.is_empty();
    let mut hints = withheld_hints(&report.withheld);
    hints.extend(report.left.first().map(|line| line.hint.clone()));
    if is_done {
        hints.push("send it: `holdall backup push`".to_owned());
    }
    if report.undo.is_some() {
        hints.push("to take it back: `holdall backup undo`".to_owned());
    }
    let is_field = |line: &EitherResolved| matches!(line, EitherResolved::Field(_));
    if is_done && report.resolved.iter().any(is_field) {
        hints.push("to take back what was decided about fields: `holdall task undo`".to_owned());
    }
    let needs = report.needs_decision();
    Answer::new(report, |report, _| resolve_text(report))
        .needs_decision(needs)
        .hints(hints)
}

fn resolve_all(
    ctx: &Ctx,
    name: &str,
    (args, choice): (&ResolveArgs, Choice),
) -> Result<ResolveReport, FlowError> {
    let run = |target, dry_run| {
        let options = ResolveOptions {
            target,
            dry_run,
            ..options(args, choice.clone())
        };
        ctx.read(name, |session| resolve(session, &options))
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
        return run(Target::Shown(plan.shown()), false);
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
            hint: "`--use local|vault|base|TOKEN` (of a field `local|remote|base|TOKEN`), `--value TEXT`, or `--file F`; on a terminal an editor opens"
                .to_owned(),
        });
    }
    let draft = ctx.read(name, |session| draft(session, named(wanted, args)))?;
    let edited = edit(&ctx.edges.env, &draft.name, &draft.text)?;
    let seen = match (draft.seen, &args.if_seen) {
        (EitherSeen::Field(_), Some(token)) => EitherSeen::Field(token.clone()),
        (seen, _) => seen,
    };
    let options = ResolveOptions {
        target: Target::Shown([(draft.id, seen)].into()),
        ..options(args, Choice::Bytes(edited.text.clone()))
    };
    let done = ctx.read(name, |session| resolve(session, &options));
    if done.is_err()
        && let Some(file) = edited.kept()
    {
        let field = args.field.field.as_deref();
        let words: Vec<String> = [wanted].into_iter().chain(field).map(quoted).collect();
        let text = format!(
            "your text is in {file}: `holdall conflict resolve {} --file {}`",
            words.join(" "),
            quoted(&file)
        );
        ctx.out.tell(&Event::Warning { text: &text });
    }
    done
}

fn resolve_text(report: &ResolveReport) -> String {
    if report.resolved.is_empty() && report.left.is_empty() {
        return "no conflicts\n".to_owned();
    }
    let verb = if report.dry_run {
        "would decide"
    } else {
        "decided"
    };
    let lines = report.resolved.iter();
    let lines = lines.map(|line| match line {
        EitherResolved::File(file) => format!("{verb}  {}\n", resolved_words(file)),
        EitherResolved::Field(field) => format!("{verb}  {}\n", field_words(field)),
    });
    let mut text: String = lines.collect();
    for line in &report.left {
        let (on, field) = (printable(&line.reference), printable(&line.field));
        writeln!(text, "left  {on} {field}: {}", printable(&line.why)).ok();
    }
    text.push_str(&withheld(&report.withheld));
    if report.dry_run {
        let many = count(report.resolved.len() as u64, "conflict");
        writeln!(text, "{many}; nothing was changed").ok();
    }
    text
}

fn field_words(line: &ResolvedField) -> String {
    let place = format!("{} {}", line.reference, line.field);
    let value = short(line.value.as_deref());
    format!("{}: {}", printable(&place), printable(&value))
}

fn resolved_words(line: &Resolved) -> String {
    let place = format!("{}/{}", line.project, line.path);
    let what = match line.chosen.as_str() {
        "vault" => "the vault's version".to_owned(),
        "base" => "what both came from".to_owned(),
        "edited" => "the edited text".to_owned(),
        "value" => "the text that was given".to_owned(),
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
