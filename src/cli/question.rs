//! Questions on a terminal. Whether somebody is there to answer, `manner` knows.

use std::io::Write as _;

/// What was typed, without the blanks around it; nothing where nothing was.
#[must_use]
pub fn line(prompt: &str) -> Option<String> {
    typed(prompt).filter(|line| !line.is_empty())
}

/// The same, but what is empty counts; at the end of the input there is nothing.
fn typed(prompt: &str) -> Option<String> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{prompt} ").ok();
    stderr.flush().ok();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim().to_owned())
}

/// A yes unless something else was said; nothing where nobody answers.
#[must_use]
pub fn agreed(prompt: &str) -> Option<bool> {
    let word = typed(&format!("{prompt} [Y/n]"))?.to_ascii_lowercase();
    Some(matches!(word.as_str(), "" | "y" | "yes"))
}

/// What was typed, or `usual` where that was nothing; nothing where nobody answers.
#[must_use]
pub fn line_or(prompt: &str, usual: &str) -> Option<String> {
    let word = typed(&format!("{prompt} [{usual}]:"))?;
    Some(if word.is_empty() {
        usual.to_owned()
    } else {
        word
    })
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
