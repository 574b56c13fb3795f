//! The sanitizer under mutated settings: it reads or refuses, and what it reads keeps the laws.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use holdall::doc::{Format, KeyPattern};
use holdall::snapshot::Sanitizer;

use crate::kit::{Rng, seed};

const JSON: &[&str] = &[
    "{\n  \"theme\": \"dark\",\n  \"repos\": [\"/home/ada/api\"],\n  \"hooks\": [{\"command\": \"sh /home/ada/x\"}]\n}\n",
    "{\"a\":{\"apiKey\":\"0123456789abcdef\",\"b\":[1,{\"repos\":null}]},\"command\":\"~/bin/x\"}",
    "{ \"\\u0061\\ud83d\" : [ ] , \"b\" : { \"repos\" : 1 } }",
    "// top\n{\n  \"theme\": \"dark\", // of theme\n  // above\n  \"repos\": [1, /* x */], // mine\n  \"command\": \"/home/ada/x\", /* y */\n}\n",
    "{ // all\r\n\t\"repos\": { /* \"a\" */ }, /* b */ \"b\" /* : */: {\"apiKey\": \"0123456789\" // z\n}\n // end\n}",
];
const TOML: &[&str] = &[
    "# top\nmodel = \"x\"\nrepos = [ 1, # c\n 2 ]\n\n[projects.\"/home/ada/a\"]\ntrust = \"yes\"\n\n[mcp.x]\ncommand = '/home/ada/bin/x'\nenv = { API_TOKEN = \"0123456789\", b = { repos = 1 } }\n",
    "a.repos = 1\na.b = '''\n[x]\n'''\n[[s]]\ncommand = \"/home/ada/x\"\n[s.repos]\nx = 1\n[[s]]\nrepos = {}\n",
    "[a]\r\nrepos = 1 # c\r\n[a.b]\r\nx = [{ repos = 1 }, {}]\r\n",
];
const YAML: &[&str] = &[
    "# top\ntheme: dark\nrepos:\n  - /home/ada/a\n  # c\n  - b: |\n      text\n\n      # more\n\nmcp: {x: {command: /home/ada/bin/x, apiKey: 0123456789abc}}\n",
    "list:\n- repos: 1\n  command: '/home/ada'\n- &a {repos: 2}\n- *a\nlast: >-\n  folded\n  text\n",
    "a:\r\n    repos: x\r\nb: \"é\\n\"\r\n? repos\r\n: 1\r\n",
];
/// What a mutation puts in: what the formats are made of.
const BITS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    ":",
    ": ",
    ",",
    "=",
    " = ",
    ".",
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "#",
    " # c",
    "//",
    " // c\n",
    "/* c */",
    "/*",
    "*/",
    "\r",
    "\n",
    "\r\n",
    "\n\n",
    "\t",
    "  ",
    "- ",
    "? ",
    "|\n",
    ">-\n",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "---\n",
    "...\n",
    "repos",
    "repos: 1\n",
    "repos = 1\n",
    "\"repos\": 1,",
    "command",
    "/home/ada/",
    "~",
    "~/",
    "\\",
    "\\u0000",
    "\u{feff}",
    "é",
    "\u{2028}",
    "\0",
    "null",
    "1e9",
    "token: 0123456789\n",
];

fn sanitizer(format: Format) -> Sanitizer {
    let keys = |text: &[&str]| {
        let keys = text.iter().map(|key| KeyPattern::parse(key));
        keys.collect::<Result<Vec<_>, _>>().expect("patterns")
    };
    Sanitizer {
        allowed: std::sync::Arc::default(),
        format,
        keys: keys(&["**.repos", "projects"]),
        portable: keys(&["**.command"]),
        home: Some("/home/ada".to_owned()),
    }
}

/// One of the corpus after some changes; now and then several of them joined.
fn mutated(rng: &mut Rng, corpus: &[&str]) -> Vec<u8> {
    let mut bytes = rng.pick(corpus).as_bytes().to_vec();
    for _ in 0..rng.below(5).min(rng.below(5)) {
        let at = rng.below(bytes.len() + 1);
        let end = (at + rng.below(12)).min(bytes.len());
        match rng.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => {
                let piece = bytes[at..end].to_vec();
                let to = rng.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            2 if at < bytes.len() => bytes[at] = u8::try_from(rng.below(256)).expect("a byte"),
            3 => {
                let other = rng.pick(corpus).as_bytes();
                bytes.splice(at..end, other[rng.below(other.len())..].iter().copied());
            }
            _ => {
                let bit = rng.pick(BITS).bytes();
                bytes.splice(at..at, bit);
            }
        }
    }
    bytes
}

/// The laws, for one file on this machine and one in the vault; whether both could be read.
fn check(format: Format, local: &[u8], vault: &[u8]) -> bool {
    let sanitizer = sanitizer(format);
    let Ok(clean) = sanitizer.clean(local) else {
        return false;
    };
    let again = sanitizer.clean(&clean.text).expect("clean is readable");
    assert_eq!(again.text, clean.text, "cleaning twice is cleaning once");
    assert!(again.dropped.is_empty(), "nothing is left to take out");
    let whole = sanitizer.lay_over(&clean.text, Some(local));
    let whole = whole.expect("a file fits over its own clean form");
    assert!(format.same_value(&whole, local), "it is whole again");
    let Ok(theirs) = sanitizer.clean(vault) else {
        return false;
    };
    if let Ok(laid) = sanitizer.lay_over(vault, Some(local)) {
        let mut back = sanitizer
            .clean(&laid)
            .expect("what was written is readable");
        let mut ours = clean.dropped;
        back.dropped.sort();
        ours.sort();
        assert_eq!(
            back.dropped, ours,
            "all local keys are there, and no others"
        );
        if ours.iter().all(|path| path.len() == 1) {
            assert!(
                format.same_value(&back.text, &theirs.text),
                "the rest is the vault's"
            );
        }
    }
    true
}

fn run(name: &str, format: Format, corpus: &[&str]) {
    let full = std::env::var("HOLDALL_TEST_FULL").is_ok_and(|value| value == "1");
    let length = Duration::from_secs(if full { 40 } else { 1 });
    let (began, mut number, mut read) = (Instant::now(), 0, 0);
    while began.elapsed() < length {
        number += 1;
        let mut rng = seed(number);
        let local = mutated(&mut rng, corpus);
        let vault = mutated(&mut rng, corpus);
        let one = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| check(format, &local, &vault)));
        read += u64::from(matches!(outcome, Ok(true)));
        let slow = one.elapsed() > Duration::from_secs(2);
        assert!(
            outcome.is_ok() && !slow,
            "{name}, seed {number} ({:?}):\nlocal {:?}\nvault {:?}",
            one.elapsed(),
            String::from_utf8_lossy(&local),
            String::from_utf8_lossy(&vault),
        );
    }
    assert!(
        read > number / 100,
        "{name}: of {number} inputs only {read} were read"
    );
}

#[test]
fn mutated_json_is_refused_or_keeps_the_laws() {
    run("json", Format::Json, JSON);
}

#[test]
fn mutated_toml_is_refused_or_keeps_the_laws() {
    run("toml", Format::Toml, TOML);
}

#[test]
fn mutated_yaml_is_refused_or_keeps_the_laws() {
    run("yaml", Format::Yaml, YAML);
}
