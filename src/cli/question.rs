//! Questions on a terminal. Whether somebody is there to answer, `manner` knows.

use std::io::Write as _;

/// What was typed, without the blanks around it; nothing where nothing was.
#[must_use]
pub fn line(prompt: &str) -> Option<String> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{prompt} ").ok();
    stderr.flush().ok();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).ok();
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Yes, said in so many letters; anything else is a no.
#[must_use]
pub fn confirm(prompt: &str) -> bool {
    let answer = line(&format!("{prompt} [y/N]"));
    answer.is_some_and(|word| matches!(word.to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// The number of a choice, counted from nought; nothing where none of them was named.
#[must_use]
pub fn choose(prompt: &str, choices: &[String]) -> Option<usize> {
    let mut text = format!("{prompt}\n");
    for (at, choice) in choices.iter().enumerate() {
        text.push_str(&format_args!("  {}  {choice}\n", at + 1).to_string());
    }
    let typed = line(&format!("{text}Number, or nothing to leave it:"))?;
    let number: usize = typed.parse().ok()?;
    number.checked_sub(1).filter(|at| *at < choices.len())
}
