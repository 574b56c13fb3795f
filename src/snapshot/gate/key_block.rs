//! Private keys in their armor, also inside a JSON string, where lines end in `\n`.

/// How far the lines of a key may lie behind its header.
pub(super) const REACH: usize = 12 * 1024;
/// A line of a key has at least so many characters.
const SHORTEST_LINE: usize = 20;
/// The first such line stands within so many bytes of the header.
const HEADER_REACH: usize = 600;

/// The key's own characters, without the ends of lines, of a block whose header begins here.
pub(super) fn private_key(text: &[u8]) -> Option<Vec<u8>> {
    let text = &text[..text.len().min(REACH)];
    let label = text.strip_prefix(b"-----BEGIN")?;
    let length = label
        .windows(5)
        .take(80)
        .position(|five| five == b"-----")?;
    let (label, body) = (&label[..length], &label[length + 5..]);
    if !label.ends_with(b"PRIVATE KEY") && !label.ends_with(b"PRIVATE KEY BLOCK") {
        return None;
    }
    // In prose a word follows, in a key the end of the line or the key itself.
    let gap = body.iter().take_while(|byte| !is_key(**byte)).count();
    let first = body[gap..].iter().take_while(|byte| is_key(**byte)).count();
    if first < SHORTEST_LINE && !body[..gap].iter().any(|byte| matches!(byte, b'\n' | b'\\')) {
        return None;
    }
    let mut key = Vec::new();
    let mut at = 0;
    while at < body.len() && !body[at..].starts_with(b"-----") {
        let run = body[at..].iter().take_while(|byte| is_key(**byte)).count();
        if run >= SHORTEST_LINE || !key.is_empty() {
            // The `n` of `\n` belongs to the end of the line before.
            let escaped = at > 0 && body[at - 1] == b'\\' && matches!(body[at], b'n' | b'r');
            key.extend_from_slice(&body[at + usize::from(escaped)..at + run]);
        } else if at > HEADER_REACH {
            return None;
        }
        at += run.max(1);
    }
    (!key.is_empty()).then_some(key)
}

const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(end: &str) -> String {
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7".to_owned();
        let rule = "-----";
        format!(
            "{rule}BEGIN RSA PRIVATE KEY{rule}{end}{line}{end}{line}{end}{rule}END RSA PRIVATE KEY{rule}"
        )
    }

    #[test]
    fn one_key_is_the_same_however_its_lines_end() {
        let plain = private_key(block("\n").as_bytes()).expect("a key");
        assert_eq!(plain.len(), 104);
        for end in ["\r\n", "\\n", "\\\\n", "\\r\\n", "\n    "] {
            assert_eq!(
                private_key(block(end).as_bytes()),
                Some(plain.clone()),
                "{end:?}"
            );
        }
    }

    #[test]
    fn a_header_without_a_key_is_prose() {
        let header = block("\n").lines().next().expect("a line").to_owned();
        for text in [
            format!(
                "{header} comes first, as in commit {}",
                "3f9a1c77d0".repeat(4)
            ),
            header.clone(),
            format!(
                "{header} is what such a file begins with, and then {}",
                "word ".repeat(300)
            ),
        ] {
            assert_eq!(private_key(text.as_bytes()), None);
        }
        let public = block("\n").replace("RSA PRIVATE", "PUBLIC");
        assert_eq!(private_key(public.as_bytes()), None);
    }
}
