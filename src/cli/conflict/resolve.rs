//! `conflict resolve`.

use std::collections::BTreeMap;

use crate::cli::answer::Answer;
use crate::cli::args::ResolveArgs;
use crate::cli::ctx::Ctx;
use crate::cli::editor::edit;
use crate::cli::question::confirm;
use crate::cli::show::{count, printable};
use crate::flow::conflict::{
    Choice, ResolveOptions, ResolveReport, Resolved, Target, draft, resolve,
};
use crate::flow::{Event, FlowError, Watch as _, quoted};

pub fn run_resolve(ctx: &Ctx, name: &str, args: &ResolveArgs) -> Result<Answer, FlowError> {
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
