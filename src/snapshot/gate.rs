//! The gate: contents that carry a secret do not leave this machine.

use std::sync::LazyLock;

use regex::bytes::RegexSet;

use crate::base::{Finding, Gate, VaultPath};

/// Shapes that are a secret wherever they stand: its name, and the pattern.
const SHAPES: [(&str, &str); 18] = [
    (
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    ),
    ("age-secret-key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    ("github-token", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    (
        "github-fine-grained-token",
        r"\bgithub_pat_[A-Za-z0-9_]{50,}",
    ),
    (
        "gitlab-token",
        r"\bgl(?:pat|dt|rt|ptt|agent)-[A-Za-z0-9_\-]{20,}",
    ),
    ("anthropic-key", r"\bsk-ant-[A-Za-z0-9_\-]{20,}"),
    (
        "openai-key",
        r"\bsk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_\-]{32,}",
    ),
    ("aws-access-key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("google-api-key", r"\bAIza[0-9A-Za-z_\-]{35}"),
    ("slack-token", r"\bxox[abeprs]-[0-9A-Za-z\-]{20,}"),
    (
        "slack-webhook",
        r"hooks\.slack\.com/services/T[0-9A-Z]+/B[0-9A-Z]+/[0-9A-Za-z]{20,}",
    ),
    ("stripe-key", r"\b[rs]k_live_[0-9A-Za-z]{20,}"),
    ("npm-token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("pypi-token", r"\bpypi-AgEI[A-Za-z0-9_\-]{50,}"),
    ("crates-token", r"\bcio[A-Za-z0-9]{32}\b"),
    ("hugging-face-token", r"\bhf_[A-Za-z0-9]{30,}"),
    (
        "sendgrid-key",
        r"\bSG\.[A-Za-z0-9_\-]{20,}\.[A-Za-z0-9_\-]{40,}",
    ),
    (
        "telegram-bot-token",
        r"\b[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}\b",
    ),
];

static SET: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new(SHAPES.iter().map(|(_, pattern)| pattern)).expect("the patterns are tested")
});

/// The name of the first known shape of a secret in these bytes.
pub fn known_shape(bytes: &[u8]) -> Option<&'static str> {
    SET.matches(bytes)
        .iter()
        .next()
        .map(|index| SHAPES[index].0)
}

/// Looks for the known shapes of secrets.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecretGate;

impl Gate for SecretGate {
    fn inspect(&self, path: &VaultPath, bytes: &[u8]) -> Option<Finding> {
        let rule = known_shape(bytes)?;
        let line = bytes
            .split(|byte| *byte == b'\n')
            .position(|line| known_shape(line).is_some());
        Some(Finding {
            path: path.clone(),
            rule: rule.to_owned(),
            line: line.map_or(1, |index| index + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(text: &str) -> Option<(String, usize)> {
        let path = VaultPath::parse("x").expect("valid");
        SecretGate
            .inspect(&path, text.as_bytes())
            .map(|found| (found.rule, found.line))
    }

    /// Put together here, so that this file itself holds no secret's shape.
    fn planted() -> Vec<(&'static str, String)> {
        let chars = |n: usize| "aB3dE6gH9".chars().cycle().take(n).collect::<String>();
        vec![
            (
                "private-key",
                format!("-----BEGIN {} PRIVATE KEY-----", "OPENSSH"),
            ),
            ("github-token", format!("ghp_{}", chars(36))),
            ("gitlab-token", format!("glpat-{}", chars(20))),
            ("anthropic-key", format!("sk-ant-{}", chars(40))),
            ("openai-key", format!("sk-proj-{}", chars(48))),
            ("aws-access-key", format!("AKIA{}", "A1B2C3D4E5F6G7H8")),
            ("google-api-key", format!("AIza{}", chars(35))),
            ("slack-token", format!("xoxb-{}", chars(30))),
            ("stripe-key", format!("sk_live_{}", chars(24))),
            ("npm-token", format!("npm_{}", chars(36))),
            ("hugging-face-token", format!("hf_{}", chars(34))),
        ]
    }

    #[test]
    fn each_planted_secret_is_found_with_its_line() {
        for (rule, secret) in planted() {
            let text = format!("{{\n  \"note\": \"{secret}\"\n}}\n");
            assert_eq!(finding(&text), Some((rule.to_owned(), 2)), "{rule}");
        }
    }

    #[test]
    fn ordinary_state_passes() {
        for text in [
            "{\"id\":\"0666d464-418a-4a08-ad53-6f15c78270cd\"}",
            "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
            "task-management-and-risk-assessment-of-the-whole-plan",
            "the PRIVATE KEY of the story is patience",
            "2026-11-21T01:02:03.123Z 12345678:90",
        ] {
            assert_eq!(finding(text), None, "{text}");
        }
    }
}
