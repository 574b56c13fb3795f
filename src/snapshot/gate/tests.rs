//! What the gate finds and what it lets pass. Every secret is put together here, so that this file
//! itself holds none.

use super::planted::{chars, hex, planted, tokens};
use super::*;

fn found(text: &str) -> Vec<(&'static str, usize)> {
    let found = Scanner::whole(text.as_bytes());
    found
        .iter()
        .map(|secret| (secret.rule, secret.line))
        .collect()
}

#[test]
fn each_planted_secret_is_found_at_its_line_and_only_once() {
    let planted = planted();
    let rules: BTreeSet<_> = planted.iter().map(|(rule, _)| *rule).collect();
    assert!(rules.len() >= 40, "{}", rules.len());
    for (rule, secret) in planted {
        let text = format!("one\ntwo {secret}\nthree\n");
        assert_eq!(found(&text), [(rule, 2)], "{secret}");
    }
}

/// As a transcript holds the transcript of a JSON file: each level escapes the one below.
#[test]
fn each_is_found_inside_json_and_inside_json_in_json_under_one_fingerprint() {
    for (rule, secret) in planted() {
        let name = |text: &str| {
            Scanner::whole(text.as_bytes())
                .pop()
                .map(|secret| secret.fingerprint)
        };
        let plain = name(&secret);
        assert!(plain.is_some(), "{rule}");
        let mut text = format!("first\n{secret}\nlast");
        for level in 1..=3 {
            text = serde_json::json!({ "text": text }).to_string();
            assert_eq!(found(&text), [(rule, 1)], "{rule}, level {level}: {text}");
            assert_eq!(name(&text), plain, "{rule}, level {level}");
        }
    }
}

#[test]
fn a_content_in_pieces_of_any_size_is_found_the_same() {
    let noise = "plain words of an ordinary day\n".repeat(500);
    let mut text = String::new();
    for (_, secret) in planted() {
        text.push_str(&secret);
        text.push('\n');
        text.push_str(&noise);
    }
    let whole = Scanner::whole(text.as_bytes());
    assert!(whole.len() > 50, "{}", whole.len());
    for size in [4_093, 65_536, 1_000_003] {
        let mut scanner = Scanner::default();
        text.as_bytes()
            .chunks(size)
            .for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), whole, "{size}");
    }
    assert_eq!(
        scan(&mut text.as_bytes()).expect("memory is readable"),
        whole
    );
}

#[test]
fn a_value_is_named_by_its_fingerprint_alone_wherever_it_stands() {
    let token = format!("ghp_{}", chars(36));
    let name = |text: &str| {
        let found = Scanner::whole(text.as_bytes());
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].fingerprint.clone()
    };
    let plain = name(&token);
    assert_eq!(plain.len(), 16);
    for text in [
        format!("token: {token}"),
        format!("{{\"githubToken\": \"{token}\"}}"),
        format!("https://x:{token}@github.com/a/b"),
        format!("{token} {token}"),
    ] {
        assert_eq!(name(&text), plain, "{text}");
    }
    let debug = format!("{:?}", Scanner::whole(token.as_bytes()));
    assert!(!debug.contains(&token[4..12]), "{debug}");
}

#[test]
fn a_masked_text_tells_the_fingerprint_in_place_of_a_token() {
    let token = format!("ghp_{}", chars(36));
    let name = Scanner::whole(token.as_bytes()).remove(0).fingerprint;
    let text = format!("\u{e9}/d-{token}/x {token}.md");
    assert_eq!(
        masked(&text),
        format!("\u{e9}/d-[secret {name}]/x [secret {name}].md")
    );
    assert_eq!(masked("plain/name.md"), "plain/name.md");
}

#[test]
fn an_allowed_value_passes_and_the_next_one_does_not() {
    let path = VaultPath::parse("x").expect("valid");
    let text = format!("ghp_{} npm_{}", chars(36), chars(36));
    let held = |gate: &SecretGate| gate.inspect(&path, &mut text.as_bytes()).expect("readable");
    let all = held(&SecretGate::default());
    assert_eq!(all.len(), 2);
    let one = SecretGate::allowing(BTreeSet::from([all[0].fingerprint.clone()]));
    assert_eq!(held(&one), all[1..]);
}

/// One fingerprint, whatever the token was written behind.
#[test]
fn a_token_is_found_behind_colours_escapes_and_underscores() {
    let token = format!("ghp_{}", chars(36));
    let plain = Scanner::whole(token.as_bytes());
    for text in [
        format!("\u{1b}[32m{token}\u{1b}[0m"),
        format!("{{\"out\":\"\\u001b[32m{token}\\u001b[0m\"}}"),
        format!("my_{token}"),
        format!("\"\\x0a{token}\""),
        format!("TOKEN=3D{token}"),
        format!("{{\"t\":\"\\u0067{}\"}}", &token[1..]),
    ] {
        assert_eq!(Scanner::whole(text.as_bytes()), plain, "{text:?}");
    }
}

#[test]
fn a_key_of_putty_is_one_whatever_ends_its_lines() {
    let of = |end: &str| {
        let text = format!(
            "Private-Lines: 1{end}{}{end}Private-MAC: {}",
            chars(48),
            hex(64)
        );
        let found = Scanner::whole(text.as_bytes());
        assert_eq!(found.len(), 1, "{text}");
        (found[0].rule, found[0].fingerprint.clone())
    };
    assert_eq!(of("\n").0, "putty-private-key");
    for end in ["\r\n", "\\n", "\\r\\n"] {
        assert_eq!(of(end), of("\n"), "{end:?}");
    }
}

#[test]
fn json_that_writes_slashes_out_hides_nothing() {
    for plain in [
        format!(
            "{{\"hook\":\"https://hooks.slack.com/services/{}\"}}",
            chars(44)
        ),
        format!(
            "{{\"db\":\"postgres://app:{}@db.internal/app\"}}",
            chars(14)
        ),
        format!("{{\"password\":\"{}/{}\"}}", chars(9), chars(14)),
    ] {
        let found = Scanner::whole(plain.as_bytes());
        assert_eq!(found.len(), 1, "{plain}");
        let written = plain.replace('/', "\\/");
        assert_eq!(Scanner::whole(written.as_bytes()), found, "{written}");
        let inside = serde_json::json!({ "text": written }).to_string();
        assert_eq!(Scanner::whole(inside.as_bytes()), found, "{inside}");
    }
}

#[test]
fn a_value_on_the_next_line_is_found() {
    let value = chars(18);
    for text in [
        format!("db:\n  password: |-\n    {value}\n"),
        format!("{{\n \"password\":\n   \"{value}\"\n}}"),
        format!("- name: DB_PASSWORD\n  value: {value}\n"),
    ] {
        let found = found(&text);
        assert!(
            matches!(found[..], [("password", 2 | 3)]),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_long_value_is_found_and_what_is_named_inside_one_too() {
    let of = |length: usize| format!("client_secret: \"{}\"", chars(length));
    assert_eq!(found(&of(401)), [("secret-value", 1)]);
    assert_eq!(found(&of(4096)), [("secret-value", 1)]);
    assert_eq!(found(&of(4097)), [], "data");
    let inside = format!("token=\"{}token={};\"", "a-".repeat(300), chars(24));
    assert_eq!(found(&inside).len(), 1);
}

#[test]
fn a_text_in_utf16_is_read() {
    let text = format!("first\ntoken=ghp_{}\n", chars(36));
    let expected = Scanner::whole(text.as_bytes());
    for mark in ["", "\u{feff}"] {
        let marked = format!("{mark}{text}{}", "more\n".repeat(70_000));
        let low: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let high: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [low, high] {
            assert_eq!(scan(&mut bytes.as_slice()).expect("readable"), expected);
        }
    }
}

/// What looks too much like the words and ids of others to be found in the midst of letters.
const WEAK: [&str; 7] = [
    "crates-token",
    "hugging-face-token",
    "nuget-api-key",
    "openai-key",
    "pulumi-api-token",
    "square-access-token",
    "twilio-api-key",
];

/// As a database holds them: a column begins where the one before ends, and ends where a byte follows
/// that may be a letter.
#[test]
fn a_token_is_found_between_the_columns_of_a_database() {
    let holds = |rule: &&str, secret: &str| {
        let text = format!("SQLite format 3\0\x10\0\x01\nname{secret}other");
        found(&text).contains(&(*rule, 2))
    };
    let tokens = tokens();
    let missed = tokens.iter().filter(|(rule, secret)| !holds(rule, secret));
    let missed: Vec<_> = missed.map(|(rule, _)| *rule).collect();
    assert_eq!(missed, WEAK);
    let token = format!("ghp_{}", chars(36));
    assert_eq!(found(&format!("name{token}")), [], "a text is none");
}

/// Words run into each other there, too, and ids of all kinds end in `task`.
#[test]
fn ordinary_columns_of_a_database_pass() {
    for text in [
        format!("task-{}", hex(32)),
        format!("RISK{}", hex(32)),
        "CAUCASIANALBANIANARMENIANGREEK".to_owned(),
        "CZECHIASLOVAKIASLOVENIASPAINSWEDEN".to_owned(),
        format!("x{}4b1d{}", hex(20), hex(40)),
        format!("xcio{}", chars(32)),
    ] {
        assert_eq!(found(&format!("\0name{text}other")), [], "{text}");
    }
}

#[test]
fn a_wide_text_in_a_database_is_read() {
    let token = format!("ghp_{}", chars(36));
    for text in [token.clone(), format!("password={}", chars(18))] {
        let plain = Scanner::whole(text.as_bytes()).remove(0).fingerprint;
        let low: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let high: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for wide in [low, high] {
            for end in ["\0", "x\0"] {
                let mut bytes = format!("SQLite format 3\0\x10\n\n{end}").into_bytes();
                bytes.extend(&wide);
                bytes.extend(b"\0\x07\0");
                bytes.extend(vec![b' '; 2 * PIECE]);
                let held = scan(&mut bytes.as_slice()).expect("memory is readable");
                let held: Vec<_> = held.iter().map(|it| (&it.fingerprint, it.line)).collect();
                assert_eq!(held, [(&plain, 3)], "{text} {end:?}");
            }
        }
    }
}

/// Each of these words leads to a look at what surrounds it.
#[test]
fn words_that_are_repeated_without_end_take_no_longer_than_others() {
    let began = std::time::Instant::now();
    for text in [
        "token=",
        "token:\n ",
        "token:\n\n",
        "token: # ",
        "token: [",
        "token\n",
        "name: token, a: b, ",
        "value: name: token ",
        "default login ",
        "\0t\0o\0k\0e\0n\0=",
        "x\0ghp_",
        "auth\": \"",
        ":*:a:",
        " -pab",
        "--token ",
        "eyJhbGciOiJI.",
        "eyJa-",
        "bearer=",
        "-----BEGIN PRIVATE KEY-----",
        "PuTTY-User-Key-File-2: ",
        "Private-Lines: 1\n",
        "curl ",
        "-u a:b ",
        "machine a login b ",
        "ghp_",
        "://a:b",
        "sk-",
        "\\/",
    ] {
        let line = text.repeat(300_000 / text.len());
        assert_eq!(Scanner::whole(line.as_bytes()).len(), 0, "{text}");
    }
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
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
        "\"max_tokens\": 4096, \"tokenizer\": \"cl100k_base\", \"token_count\": 18231",
        "const token = await client.getAccessTokenV2(userId1);",
        "password: process.env.DB_PASSWORD_2,",
        "secret = settings.client_secret_v2",
        "\"session_token_id\": \"01KAG3T8Z9W1X2Y3V4B5N6M7Q8\"",
        "Authorization: Bearer ${GITHUB_TOKEN_2}",
        "postgres://user:password@localhost:5432/app",
        "export OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "\"integrity\": \"sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==\"",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}
