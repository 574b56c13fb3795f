//! Letters that words are made of: what a person named is told from what a program drew at random.

/// For each letter, the letters that often follow it in words and names: two of five pairs of letters,
/// and nineteen of twenty pairs that occur.
const OFTEN_NEXT: [&[u8]; 26] = [
    b"bcdfgiklmnprstuvxy",
    b"aeilorsuy",
    b"acefghiklorstu",
    b"adeilorsu",
    b"abcdefgilmnopqrstvwxy",
    b"aefgilorstu",
    b"aehilnorsu",
    b"aeiortu",
    b"abcdefglmnoprstvxz",
    b"e",
    b"eis",
    b"adefilopstuy",
    b"abeimopstu",
    b"acdefgiklnopstuvy",
    b"abcdefgiklmnoprstuvw",
    b"aehiloprstuy",
    b"u",
    b"acdefgiklmnoprstuvy",
    b"aceghiklmnopstuy",
    b"acdefhilmoprstuy",
    b"abcdefgilmnprst",
    b"aei",
    b"aehinors",
    b"aeipt",
    b"npst",
    b"e",
];

/// The share of pairs of letters in a text that are usual ones. The joint of two words, a capital behind
/// a small letter, is none: words have few, random texts one at every fourth letter.
pub(super) fn usual_share(text: &[u8]) -> f64 {
    let (mut pairs, mut usual) = (0_u32, 0_u32);
    for pair in text.windows(2) {
        if let [first, second] = pair
            && first.is_ascii_alphabetic()
            && second.is_ascii_alphabetic()
        {
            pairs += 1;
            usual += u32::from(is_usual(*first, *second));
        }
    }
    f64::from(usual) / f64::from(pairs.max(1))
}

fn is_usual(first: u8, second: u8) -> bool {
    let is_joint = first.is_ascii_lowercase() && second.is_ascii_uppercase();
    let row = usize::from(first.to_ascii_lowercase() - b'a');
    !is_joint && OFTEN_NEXT[row].contains(&second.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_have_usual_letters_and_random_texts_have_not() {
        for words in [
            "correct",
            "getAccessTokenFromStore",
            "OAUTH_CLIENT_SECRET",
            "configuration.database.password",
        ] {
            assert!(usual_share(words.as_bytes()) > 0.75, "{words}");
        }
        for random in [
            "MbQuAiwJHVzpZSjgmcWN",
            "mbquaiwjhvzpzsjgmcwn",
            "Xk39fjq0Zr8LmQ2vT5",
        ] {
            assert!(usual_share(random.as_bytes()) < 0.5, "{random}");
        }
        assert!(usual_share(b"12").abs() < f64::EPSILON);
    }
}
