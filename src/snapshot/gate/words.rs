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

/// The pairs of letters that stand together in a text.
pub(super) struct Pairs {
    pub all: u32,
    usual: u32,
}

impl Pairs {
    /// The joint of two words, a capital behind a small letter, is no usual pair: words have few, random
    /// texts one at every fourth letter.
    pub fn of(text: &[u8]) -> Self {
        let letters = text.windows(2).filter_map(|pair| match pair {
            [first, second] if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() => {
                Some(is_usual(*first, *second))
            }
            _ => None,
        });
        letters.fold(Self { all: 0, usual: 0 }, |pairs, is_usual| Self {
            all: pairs.all + 1,
            usual: pairs.usual + u32::from(is_usual),
        })
    }

    /// The share of usual ones.
    pub fn usual(&self) -> f64 {
        f64::from(self.usual) / f64::from(self.all.max(1))
    }
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
            assert!(Pairs::of(words.as_bytes()).usual() > 0.75, "{words}");
        }
        for random in [
            "MbQuAiwJHVzpZSjgmcWN",
            "mbquaiwjhvzpzsjgmcwn",
            "Xk39fjq0Zr8LmQ2vT5",
        ] {
            assert!(Pairs::of(random.as_bytes()).usual() < 0.5, "{random}");
        }
        assert!(Pairs::of(b"12").usual().abs() < f64::EPSILON);
    }
}
