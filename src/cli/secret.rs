//! `secret list`, `secret allow`, `secret revoke`.

use std::fmt::Write as _;

use crate::flow::FlowError;
use crate::flow::secret::{
    AllowedSecret, Decision, FoundSecret, SecretDecisionReport, SecretListReport, allow, list,
    revoke,
};

use super::answer::{Answer, Look};
use super::args::SecretCommand;
use super::ctx::Ctx;
use super::show::{Table, ago, count, printable};

pub fn run(ctx: &Ctx, name: &str, command: &SecretCommand) -> Result<Answer, FlowError> {
    match command {
        SecretCommand::List => {
            let report = ctx.read(name, list)?;
            let mut waits = report
                .found
                .iter()
                .filter(|secret| !secret.allowed && !secret.in_vault);
            let hint = waits.clone().any(|secret| secret.key.is_none()).then_some(
                "take the value out of the file, or let it travel: `holdall secret allow FINGERPRINT`",
            );
            let alone = waits.next().map(|_| {
                "a value in settings or in a text of a task stays here alone, and the rest travels; to send it too: `holdall secret allow FINGERPRINT`"
            });
            let hint = hint.or(alone);
            Ok(Answer::new(report, list_text).hints(hint))
        }
        SecretCommand::Allow { fingerprint } => {
            let report = ctx.read(name, |session| allow(session, fingerprint))?;
            Ok(decided(report, "may travel").hints(["send it: `holdall backup push`"]))
        }
        SecretCommand::Revoke { fingerprint } => {
            let report = ctx.read(name, |session| revoke(session, fingerprint))?;
            let hint = "files that have it in the vault already keep it and travel on: change the secret itself if it must not be there";
            Ok(decided(
                report,
                "is withheld wherever the vault does not have it yet",
            )
            .hints([hint]))
        }
    }
}

fn decided(report: SecretDecisionReport, words: &'static str) -> Answer {
    Answer::new(report, move |report, _| {
        let already = if report.changed { "" } else { ", as before" };
        let mut text = format!("{} {words}{already}\n", report.fingerprint);
        for place in &report.places {
            writeln!(text, "  {}", place_words(place)).ok();
        }
        if report.texts > 0 {
            let many = count(report.texts as u64, "text");
            writeln!(text, "{many} of tasks written again").ok();
        }
        text
    })
}

fn place_words(secret: &FoundSecret) -> String {
    let mut place = format!("{}/{}", secret.project, secret.path);
    if let Some(line) = secret.line {
        write!(place, ":{line}").ok();
    }
    if let Some(key) = &secret.key {
        write!(place, ": {key}").ok();
    }
    printable(&place).into_owned()
}

fn list_text(report: &SecretListReport, look: &Look) -> String {
    let mut text = String::new();
    if !report.found.is_empty() {
        text.push_str("found\n");
        let mut table = Table::new().indent(2);
        for secret in &report.found {
            let verdict = match (secret.allowed, &secret.key) {
                (true, _) => "allowed",
                (false, Some(_)) if secret.in_vault => "in the vault",
                (false, Some(_)) => "stays here",
                (false, None) => "withheld",
            };
            table.row([
                secret.fingerprint.clone(),
                verdict.to_owned(),
                secret.rule.clone(),
                place_words(secret),
            ]);
        }
        text.push_str(&table.to_string());
    }
    if !report.allowed.is_empty() {
        text.push_str("allowed\n");
        let mut table = Table::new().indent(2);
        for secret in &report.allowed {
            table.row([secret.fingerprint.clone(), allowed_words(secret, look)]);
        }
        text.push_str(&table.to_string());
    }
    if text.is_empty() {
        text.push_str("nothing is withheld for a secret, and nothing is allowed\n");
    }
    text
}

fn allowed_words(secret: &AllowedSecret, look: &Look) -> String {
    let at = ago(secret.at, look.now);
    let by = match &secret.machine {
        Some(machine) => format!("{at} by machine {machine}"),
        None => format!("{at}, on this machine"),
    };
    let note = secret
        .note
        .as_deref()
        .map_or_else(String::new, |note| format!(": {}", printable(note)));
    let waits = match secret.waits {
        Some(Decision::Allow) => "; waits for the next push",
        Some(Decision::Revoke) => "; revoked by the next push",
        None => "",
    };
    format!("{by}{note}{waits}")
}
