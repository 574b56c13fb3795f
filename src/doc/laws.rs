//! What must hold in every format: the laws of taking out and laying back, for its own documents.

use std::time::Instant;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::{DocError, Form, Format, KeyPath, Leaf, Overlaid, Stripped};

/// What stays on a machine, in all these documents.
pub(super) fn leave(path: &[&str], _: Leaf<'_>) -> bool {
    matches!(path.last(), Some(&("token" | "repos" | "projects")))
}

/// As many cases for each law.
pub(super) fn cases() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        cases: 500,
        ..ProptestConfig::default()
    }
}

pub(super) struct Laws(pub(super) Format);

impl Laws {
    pub(super) fn strip(&self, text: &str) -> Result<Stripped, DocError> {
        self.0.strip(text.as_bytes(), &mut leave)
    }

    pub(super) fn overlay(&self, text: &[u8], local: &str) -> Result<Overlaid, DocError> {
        let dropped = self.strip(local)?.dropped;
        self.0.overlay(text, local.as_bytes(), &dropped)
    }

    pub(super) fn same(&self, a: &str, b: &str) -> bool {
        self.0.same_value(a.as_bytes(), b.as_bytes())
    }

    /// Each document, and what is left of it.
    #[track_caller]
    pub(super) fn leaves(&self, cases: &[(&str, &str)]) {
        for (before, after) in cases {
            let stripped = self.strip(before);
            let stripped = stripped.unwrap_or_else(|fault| panic!("{fault}: {before}"));
            let text = String::from_utf8(stripped.text).expect("UTF-8");
            assert_eq!(text, *after, "from {before}");
        }
    }

    #[track_caller]
    pub(super) fn drops(&self, text: &str, paths: &[&str]) {
        let stripped = self.strip(text).expect("it can be stripped");
        assert_eq!(dotted(&stripped.dropped), paths);
    }

    /// Each document, the local one, and the first with the second laid over it.
    #[track_caller]
    pub(super) fn lays(&self, cases: &[(&str, &str, &str)]) {
        for (text, local, expected) in cases {
            let laid = self.overlay(text.as_bytes(), local);
            let laid = laid.unwrap_or_else(|fault| panic!("{fault}: {local:?} over {text:?}"));
            let found = String::from_utf8(laid.text).expect("UTF-8");
            assert_eq!(found, *expected, "{local:?} over {text:?}");
            assert!(laid.left_out.is_empty(), "{:?}", laid.left_out);
        }
    }

    /// Each document, a local one of which a member finds no place there, and that member.
    #[track_caller]
    pub(super) fn leaves_out(&self, cases: &[(&str, &str, &str)]) {
        for (text, local, path) in cases {
            let laid = self.overlay(text.as_bytes(), local).expect("it is read");
            assert_eq!(String::from_utf8_lossy(&laid.text), *text);
            assert_eq!(dotted(&laid.left_out), [*path]);
        }
    }

    /// Whatever a document is, each step takes far less than a second where it is not checked for
    /// overflow; `more` is what a document that can be stripped stays readable with.
    #[track_caller]
    pub(super) fn takes_no_time(&self, text: &str, more: &str) {
        let began = Instant::now();
        if let Ok(parts) = self.strip(text) {
            let whole = self.overlay(&parts.text, text).expect("laid");
            assert!(self.0.same_value(&whole.text, text.as_bytes()));
            let other = [&parts.text[..], more.as_bytes()].concat();
            let laid = self.overlay(&other, text).expect("laid");
            assert!(laid.left_out.is_empty());
        }
        let took = began.elapsed();
        assert!(took.as_secs() < 20, "{took:?} for {text:.40}");
    }

    /// Stripping twice is stripping once.
    pub(super) fn strips_once(&self, local: &str) -> TestCaseResult {
        let Ok(parts) = self.strip(local) else {
            return Ok(());
        };
        let again = self.0.strip(&parts.text, &mut leave).expect("it is read");
        prop_assert_eq!(&again.text, &parts.text);
        prop_assert!(again.dropped.is_empty());
        prop_assert_eq!(parts.dropped.is_empty(), parts.text == local.as_bytes());
        Ok(())
    }

    /// A document laid over its own stripped form is whole again.
    pub(super) fn is_whole_again(&self, local: &str) -> TestCaseResult {
        if let Ok(parts) = self.strip(local) {
            let whole = self.overlay(&parts.text, local).expect("laid");
            prop_assert!(whole.left_out.is_empty());
            prop_assert_eq!(String::from_utf8_lossy(&whole.text), local);
        }
        Ok(())
    }

    /// Stripping what was laid over gives the text back, unless objects were made on the way. Some
    /// edits are refused.
    pub(super) fn gives_back(&self, text: &str, local: &str) -> TestCaseResult {
        let (Ok(text), Ok(parts)) = (self.strip(text), self.strip(local)) else {
            return Ok(());
        };
        let Ok(overlaid) = self.overlay(&text.text, local) else {
            return Ok(());
        };
        let back = self
            .0
            .strip(&overlaid.text, &mut leave)
            .expect("it is read");
        let mut placed = parts.dropped;
        placed.retain(|path| !overlaid.left_out.contains(path));
        prop_assert_eq!(back.dropped.len(), placed.len());
        let parents_are_there = self.0.read(&text.text, |root| {
            placed.iter().all(|path| {
                let above = root.at(&path[..path.len() - 1]);
                above.is_some_and(|above| above.form != Form::Implied)
            })
        });
        if parents_are_there.expect("it is read") {
            prop_assert_eq!(
                String::from_utf8_lossy(&back.text),
                String::from_utf8_lossy(&text.text)
            );
        }
        Ok(())
    }

    /// Any text is refused, or read and then whole again.
    pub(super) fn reads_or_refuses(&self, text: &str) -> TestCaseResult {
        if let Ok(parts) = self.0.strip(text.as_bytes(), &mut |path, _| path == ["a"]) {
            let whole = self.0.overlay(&parts.text, text.as_bytes(), &parts.dropped);
            prop_assert_eq!(whole.expect("laid").text, text.as_bytes());
        }
        Ok(())
    }
}

fn dotted(paths: &[KeyPath]) -> Vec<String> {
    paths.iter().map(|path| path.join(".")).collect()
}

/// The laws as tests, over the documents of a format with keys to share and with local ones, and over
/// noise of some characters.
macro_rules! hold {
    ($laws:expr, $document:ident, $shared:expr, $local:expr, $noise:expr) => {
        proptest! {
            #![proptest_config($crate::doc::laws::cases())]

            #[test]
            fn stripping_twice_is_stripping_once(local in $document($local)) {
                $laws.strips_once(&local)?;
            }

            #[test]
            fn a_document_laid_over_its_own_stripped_form_is_whole_again(local in $document($local)) {
                $laws.is_whole_again(&local)?;
            }

            #[test]
            fn stripping_what_was_laid_over_gives_the_text_back(
                text in $document($shared),
                local in $document($local),
            ) {
                $laws.gives_back(&text, &local)?;
            }

            #[test]
            fn any_text_is_read_or_refused(text in $noise) {
                $laws.reads_or_refuses(&text)?;
            }
        }
    };
}
pub(super) use hold;
