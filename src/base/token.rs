//! What an access token looks like where it stands alone: as a user in an address, as a word in a text.

/// What the tokens of git's hosts begin with.
const BEGINNINGS: [&str; 17] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glptt-",
    "glrt-",
    "glcbt-",
    "gloas-",
    "glsoat-",
    "gitea_",
    "ATBB",
    "ATCTT",
    "ATATT",
];
/// No shorter run of letters and digits is taken for a token by its looks alone.
const SHORTEST: usize = 20;

/// Whether a word is a token, as far as its looks tell. A name has its digits in one place, as in
/// `alice-at-123456789012`; chance has them all over.
#[must_use]
pub fn looks_like_token(word: &str) -> bool {
    BEGINNINGS.iter().any(|it| word.starts_with(it))
        || word
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(looks_like_chance)
}

fn looks_like_chance(run: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let stretches = run
        .split(|c: char| !c.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    let is_hex = run.chars().all(|c| c.is_ascii_hexdigit());
    run.len() >= SHORTEST && (stretches.count() > 1 || (is_hex && run.contains(is_digit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_from_names() {
        for token in [
            "0123456789abcdef0123456789abcdef01234567",
            "01234567890123456789",
            "ghp_x",
            "github_pat_11ABC",
            "glpat-x",
            "aB3dE6gH9aB3dE6gH9aB",
            "ab2cdefghij4klmnop6qrstuvwxyz2abcdefghij3klmnopqrs5t",
        ] {
            assert!(looks_like_token(token), "{token}");
        }
        for name in [
            "git",
            "anna",
            "anna@example.org",
            "oauth2",
            "x-token-auth",
            "x-access-token",
            "alice-at-123456789012",
            "dev2-at-123456789012",
            "continuousintegration2",
            "build-agent-2-eu-west-1-of-ours",
            "deadbeef",
            "",
        ] {
            assert!(!looks_like_token(name), "{name}");
        }
    }
}
