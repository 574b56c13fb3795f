//! How often the gate withholds what is no secret.

use holdall::snapshot::Scanner;

use crate::kit::{Rng, ordinary_file};

const FILES: usize = 5_400;
const SEED: u64 = 20_261_121;

#[test]
fn of_thousands_of_ordinary_files_hardly_one_is_withheld() {
    let mut rng = Rng::new(SEED);
    let mut bytes = 0;
    let mut withheld = Vec::new();
    for number in 0..FILES {
        let (name, text) = ordinary_file(&mut rng, number);
        bytes += text.len();
        if let Some(found) = Scanner::whole(text.as_bytes()).first() {
            let line = text.lines().nth(found.line - 1).unwrap_or_default();
            withheld.push(format!(
                "{name}:{}: {}: {line:.300}",
                found.line, found.rule
            ));
        }
    }
    println!(
        "{} of {FILES} files ({bytes} bytes) withheld",
        withheld.len()
    );
    assert!(withheld.len() * 1_000 < FILES, "{}", withheld.join("\n"));
}
