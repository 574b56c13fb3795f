//! What a value looks like: random like a secret, or made by a person or a program for all to see.

use std::borrow::Cow;

use memchr::memmem;

use super::words::Pairs;

/// Texts that stand where a secret will be, in lower case.
const PLACEHOLDERS: [&str; 22] = [
    "example",
    "change-me",
    "change_me",
    "changeme",
    "placeholder",
    "redacted",
    "your-",
    "your_",
    "yourpass",
    "insert",
    "dummy",
    "xxxx",
    "****",
    "....",
    "<",
    "{{",
    "${",
    "$(",
    "process.env",
    "environ",
    "getenv",
    "abcdefghijklmnop",
];
/// Words that a value may begin with when it is a digest or a reference, in lower case.
const PUBLIC_STARTS: [&str; 20] = [
    "sha1", "sha256", "sha384", "sha512", "md5", "blake", "$", "%s", "%d", "%(", "%{", "/", "./",
    "~/", "0x", "env.", "enc[", "keyring:", "vault:", "ref+",
];
/// What stands in the tokens of manuals.
const DUMMY: &[u8] = b"EXAMPLE";
/// What a value holds that names a way to make a digest or a key.
const ALGORITHMS: [&str; 6] = ["sha256", "sha-256", "argon2", "bcrypt", "scrypt", "pbkdf2"];
/// Words in the name of a secret: code that fetches one says them again.
const NAME_WORDS: [&str; 9] = [
    "auth", "pass", "pwd", "secret", "token", "cred", "api_key", "apikey", "_key",
];
/// How a number ends in code that says its kind.
const NUMBERS: [&str; 10] = [
    "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize",
];
/// Below this share of changes between small letters, capitals and digits, a value is words; with
/// capitals, words change more often.
const FEWEST_CHANGES: f64 = 0.15;
const FEWEST_WITH_CAPITALS: f64 = 0.26;
/// Letters alone are random from this length on, where fewer pairs of them than this are usual ones.
const SHORTEST_OF_LETTERS: usize = 16;
const MOST_USUAL: f64 = 0.65;
/// Among digits, so few of so many pairs say the same.
const FEW_USUAL: f64 = 0.4;
const ENOUGH_PAIRS: u32 = 5;
/// Code that names something is no longer than this.
const LONGEST_NAME: usize = 120;
/// No text with less entropy is drawn at random.
const LEAST_ENTROPY: f64 = 1.5;

/// Bits of information in each byte, by how often bytes occur in the value itself.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let share = |count: u32| f64::from(count) / length;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| -share(*count) * share(*count).log2())
        .sum()
}

/// Whether a text in the form of a token stands for one: `ghp_xxxxxxxxxxxx`.
pub(super) fn is_dummy(value: &[u8]) -> bool {
    let tail = &value[value.len().saturating_sub(16)..];
    let blank = |byte: u8| matches!(byte, b'x' | b'X' | b'*' | b'.' | b'0' | b'_' | b'-');
    let is_blank = |first: &u8| blank(*first) && tail.iter().all(|byte| byte == first);
    tail.first().is_some_and(is_blank)
        || entropy(value) < LEAST_ENTROPY
        || memmem::find(value, DUMMY).is_some()
}

/// Whether a value is words that are written as a name: `created_at_v2`.
pub(super) fn is_name(value: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.:@$-".contains(byte);
    value.len() <= LONGEST_NAME
        && value.iter().all(is_part)
        && Pairs::of(value).usual() > MOST_USUAL
}

/// Whether a value without quotes is code or a reference: `settings.db_password_2`, `a::B3`, `512u32`.
pub(super) fn is_code(value: &[u8]) -> bool {
    let value = value.split(|byte| *byte == b'[').next().unwrap_or(value);
    if value
        .first()
        .is_some_and(|first| first.is_ascii_digit() || *first == b'-')
    {
        return NUMBERS.iter().any(|kind| value.ends_with(kind.as_bytes()));
    }
    let says = |text: &str| {
        let mut words = NAME_WORDS.iter();
        text.contains("::") || words.any(|word| text.contains(word))
    };
    is_name(value) && says(&String::from_utf8_lossy(value).to_ascii_lowercase())
}

/// Whether a value under a suspicious name is random enough to be a key or a token.
pub(super) fn looks_like_token(value: &[u8]) -> bool {
    let is_hex = value.iter().all(u8::is_ascii_hexdigit);
    let (shortest, floor) = if is_hex { (24, 3.0) } else { (10, 3.3) };
    let mixed = value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic);
    let random = (mixed && is_drawn(value)) || are_random_letters(value);
    value.len() >= shortest && random && entropy(value) >= floor && !is_public(value)
}

/// Whether a value in the place of a password is one that somebody would mind losing.
pub(super) fn looks_like_password(value: &[u8]) -> bool {
    let value = &*ungrouped(value);
    let has = |kind: fn(&u8) -> bool| usize::from(value.iter().any(kind));
    let kinds = has(u8::is_ascii_lowercase)
        + has(u8::is_ascii_uppercase)
        + has(u8::is_ascii_digit)
        + has(u8::is_ascii_punctuation);
    let starts =
        |word: &[u8]| value.len() >= word.len() && value[..word.len()].eq_ignore_ascii_case(word);
    let worn = starts(b"password") || starts(b"passwd");
    let mixed = has(u8::is_ascii_digit) == 1 && (kinds >= 3 || is_drawn(value));
    let random = !worn && (mixed || are_random_letters(value));
    value.len() >= 8 && random && entropy(value) >= 2.7 && !is_public(value)
}

/// What is given to people in groups of four, `abcd efgh ijkl mnop`, is one text.
fn ungrouped(value: &[u8]) -> Cow<'_, [u8]> {
    let mut groups = value.split(|byte| *byte == b' ');
    let is_grouped = value.contains(&b' ') && groups.all(|group| group.len() == 4);
    if is_grouped {
        Cow::Owned(value.iter().copied().filter(|byte| *byte != b' ').collect())
    } else {
        Cow::Borrowed(value)
    }
}

fn are_random_letters(value: &[u8]) -> bool {
    value.len() >= SHORTEST_OF_LETTERS
        && value.iter().all(u8::is_ascii_alphabetic)
        && Pairs::of(value).usual() < MOST_USUAL
}

/// Ids, digests, places and what stands for a value: nobody hides them.
fn is_public(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let text = String::from_utf8_lossy(&lower);
    PUBLIC_STARTS.iter().any(|start| text.starts_with(start))
        || PLACEHOLDERS.iter().any(|word| text.contains(word))
        || ALGORITHMS.iter().any(|word| text.contains(word))
        || text.contains("://")
        || (text.starts_with('%') && text.ends_with('%'))
        || text.contains(char::is_whitespace)
        || is_uuid(&lower)
        || is_ulid(&lower)
        || is_moment(&lower)
        || lower.iter().all(|byte| !byte.is_ascii_alphabetic())
}

fn is_uuid(lower: &[u8]) -> bool {
    lower.len() == 36
        && lower.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_ulid(lower: &[u8]) -> bool {
    lower.len() == 26
        && matches!(lower[0], b'0'..=b'7')
        && lower
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'i' | b'l' | b'o' | b'u'))
}

fn is_moment(lower: &[u8]) -> bool {
    lower.len() >= 10
        && lower[..10].iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn is_drawn(value: &[u8]) -> bool {
    let pairs = Pairs::of(value);
    changes_often(value) || (pairs.all >= ENOUGH_PAIRS && pairs.usual() < FEW_USUAL)
}

/// Random texts change all the time between small letters, capitals and digits, names and words at
/// their joints. A capital and the small letter after it are one change.
fn changes_often(value: &[u8]) -> bool {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let changes = |pair: &&[u8]| match (kind(pair[0]), kind(pair[1])) {
        (Some(1), Some(0)) => false,
        (Some(before), Some(after)) => before != after,
        _ => false,
    };
    let count = value.windows(2).filter(changes).count();
    let floor = if value.iter().any(u8::is_ascii_uppercase) {
        FEWEST_WITH_CAPITALS
    } else {
        FEWEST_CHANGES
    };
    let of = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    of(count) >= floor * of(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_texts_are_told_from_ids_names_and_places() {
        for token in [
            "9aF3kQ7xZ1mB5vT8cR2w",
            "3f9a1c77d0b2e4865a91c3f07be2d418",
            "q8r2k5m1z7x4c9v3b6n0",
            "45ghiukldjahdnhzdauz",
        ] {
            assert!(looks_like_token(token.as_bytes()), "{token}");
        }
        for public in [
            "v10.2.3-20260121.4567",
            "0666d464-418a-4a08-ad53-6f15c78270cd",
            "01KAG3T8Z9W1X2Y3V4B5N6M7Q8",
            "sha512-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "getAccessTokenFromStoreV2",
            "refresh_token_rotation_2",
            "2026-11-21T01:02:03.123Z",
            "your-token-9aF3kQ7xZ1mB5vT8",
            "${GITHUB_TOKEN_2}",
            "12345678901234567890",
            "cl100k_base",
        ] {
            assert!(!looks_like_token(public.as_bytes()), "{public}");
        }
    }

    #[test]
    fn passwords_have_several_kinds_of_characters() {
        for password in ["Tr0ub4dor&3", "k9!mPq27Lz", "x7f2k9q1m4"] {
            assert!(looks_like_password(password.as_bytes()), "{password}");
        }
        for other in [
            "hunter",
            "password1!A",
            "<your password>",
            "correct-horse",
            "$PASSWORD1",
        ] {
            assert!(!looks_like_password(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_dummy_is_no_token() {
        for dummy in [
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxAA",
            "AKIAIOSFODNN7EXAMPLE",
        ] {
            assert!(is_dummy(dummy.as_bytes()), "{dummy}");
        }
        assert!(!is_dummy(b"ghp_aB3dE6gH9aB3dE6gH9"));
    }

    #[test]
    fn code_names_what_it_fetches_and_a_password_does_not() {
        for code in [
            "user.password_v2",
            "this.form.controls.password1.value",
            "opts.Oauth2Password",
            "Oauth2PasswordCredentials",
            "aws_secretsmanager_secret_version.db_v2.secret_string",
            "super::Win32::Foundation::UNICODE_STRING",
            "16384u32",
            "-2146368492i32",
        ] {
            assert!(is_code(code.as_bytes()), "{code}");
        }
        for other in ["Tr0ub4dor.3", "tokenXk39fjq0Zr8LmQ2vT5", "my.dog.has2fleas"] {
            assert!(!is_code(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn letters_alone_are_a_secret_where_no_word_is_in_them() {
        for random in [
            "MbQuAiwJHVzpZSjgmcWN",
            "mbquaiwjhvzpzsjgmcwn",
            "MBQUAIWJHVZPZSJGMCWN",
        ] {
            assert!(looks_like_password(random.as_bytes()), "{random}");
            assert!(looks_like_token(random.as_bytes()), "{random}");
        }
        for words in [
            "getAuthenticationTokenFromHttpHeader",
            "kubernetesserviceaccount",
            "CLIENTCREDENTIALS",
        ] {
            assert!(!looks_like_password(words.as_bytes()), "{words}");
            assert!(!looks_like_token(words.as_bytes()), "{words}");
        }
    }
}
