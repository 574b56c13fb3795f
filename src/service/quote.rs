//! Words as unit files want them.

/// A word of a command line of systemd: a dollar and a per cent sign mean themselves when they are doubled.
pub fn systemd(word: &str) -> String {
    let mut text = String::with_capacity(word.len() + 2);
    for c in word.chars() {
        match c {
            '%' | '$' => text.extend([c, c]),
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=%".contains(c);
    if text.chars().all(is_plain) && !text.is_empty() {
        text
    } else {
        format!("\"{text}\"")
    }
}

/// The program of such a line, in which a dollar means itself.
pub fn systemd_program(path: &str) -> String {
    let quoted = systemd(path);
    if path.contains(['"', '\'', '\\']) {
        // None may have such a name: a shell finds it, and becomes it.
        format!(r#"/bin/sh -c "exec \"$$0\" \"$$@\"" {quoted}"#)
    } else {
        quoted.replace("$$", "$")
    }
}

/// A text of a property list.
pub fn xml(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => quoted.push_str("&amp;"),
            '<' => quoted.push_str("&lt;"),
            '>' => quoted.push_str("&gt;"),
            c => quoted.push(c),
        }
    }
    quoted
}

/// A word of a command line of a shell.
pub fn shell(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=".contains(c);
    if word.chars().all(is_plain) && !word.is_empty() {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
