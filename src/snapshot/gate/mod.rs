//! The gate: contents that carry a secret do not leave this machine.
//!
//! *In*: contents, whole or in pieces, and the fingerprints that a person allowed. *Out*: findings:
//! rule, line and fingerprint. *Never*: the bytes of a secret, in whatever form.
//!
//! One pass finds words that draw attention; only there is anything looked at more closely. The rules
//! stand in `rules.json`: most come from gitleaks (`LICENSE-gitleaks`), some are our own.

mod assignment;
mod beside;
mod escapes;
mod key_block;
mod keywords;
mod lead;
mod reading;
mod rules;
mod scanner;
mod utf16;
mod value;
mod words;

use std::collections::BTreeSet;
use std::io::{self, Read};

use crate::base::{Finding, Gate, VaultPath};

pub use beside::says_value;
pub use scanner::{Scanner, Secret, fingerprint, masked, masked_name};

/// So much of a content is read at once. Most contents are smaller.
const PIECE: usize = 256 * 1024;

/// Names everything that decides what the gate finds.
#[must_use]
pub fn gate_version() -> [u8; 32] {
    rules::version()
}

/// Holds back contents with secrets, but for values that a person allowed.
#[derive(Clone, Debug, Default)]
pub struct SecretGate {
    allowed: BTreeSet<String>,
}

impl SecretGate {
    /// Lets the values with these fingerprints through.
    #[must_use]
    pub fn allowing(allowed: BTreeSet<String>) -> Self {
        Self { allowed }
    }
}

impl Gate for SecretGate {
    fn inspect(&self, path: &VaultPath, content: &mut dyn Read) -> io::Result<Vec<Finding>> {
        let found = scan(content)?.into_iter();
        let held = found.filter(|secret| !self.allowed.contains(&secret.fingerprint));
        let finding = |secret: Secret| Finding {
            path: path.clone(),
            rule: secret.rule.to_owned(),
            line: secret.line,
            fingerprint: secret.fingerprint,
        };
        Ok(held.map(finding).collect())
    }
}

fn scan(mut content: &mut dyn Read) -> io::Result<Vec<Secret>> {
    let mut piece = Vec::new();
    let mut order = None;
    let mut next = |piece: &mut Vec<u8>, is_first: bool| {
        piece.clear();
        let length = (&mut content).take(PIECE as u64).read_to_end(piece)?;
        if is_first {
            order = utf16::order(piece);
        }
        if let Some(order) = order {
            *piece = utf16::narrow(piece, order);
        }
        Ok::<_, io::Error>(length)
    };
    if next(&mut piece, true)? < PIECE {
        return Ok(Scanner::whole(&piece));
    }
    let mut scanner = Scanner::default();
    while !piece.is_empty() {
        scanner.feed(&piece);
        next(&mut piece, false)?;
    }
    Ok(scanner.finish())
}

#[cfg(test)]
mod places;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod tests;
