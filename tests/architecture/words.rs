//! What a source names: paths, string literals and single words, read from its tokens.
//!
//! Tokens reach everywhere (macro calls, macro bodies, attributes) and hold no comments.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

use super::tree::Source;

/// Keywords after which `::name` starts a path instead of going on with one.
const BEFORE_A_PATH: [&str; 14] = [
    "as", "break", "const", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return",
    "where", "while",
];

/// One word of the source and its line.
#[derive(Debug, PartialEq, Eq)]
pub struct Word<T> {
    pub what: T,
    pub line: usize,
}

#[derive(Default)]
pub struct Words {
    pub paths: Vec<Word<Vec<String>>>,
    pub literals: Vec<Word<String>>,
    pub idents: Vec<Word<String>>,
}

impl Words {
    pub fn of(source: &Source) -> Self {
        let mut words = Self::default();
        words.walk(&trees(source.tokens.clone()), false);
        words
    }

    fn walk(&mut self, tokens: &[TokenTree], in_attribute: bool) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => {
                    let inner = trees(group.stream());
                    let attribute = starts_attribute(tokens, at - 1, group.delimiter());
                    if !(attribute && is_ident(inner.first(), "doc")) {
                        self.walk(&inner, in_attribute || attribute);
                    }
                }
                TokenTree::Literal(literal) => self.literal(literal, in_attribute),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    let name = ident.to_string();
                    self.idents.push(Word {
                        what: name.clone(),
                        line,
                    });
                    if name == "use" && !is_punct(tokens.get(at), '<') {
                        at = self.imports(tokens, at, &mut Vec::new(), false);
                    } else if name == "extern" && is_ident(tokens.get(at), "crate") {
                        at = self.imports(tokens, at + 1, &mut Vec::new(), false);
                    } else if starts_path(tokens, at - 1) && is_joint(tokens, at) {
                        at = self.imports(tokens, at - 1, &mut Vec::new(), true);
                    }
                }
            }
        }
    }

    /// Text, and inside attributes also the paths that are written as text.
    fn literal(&mut self, literal: &proc_macro2::Literal, in_attribute: bool) {
        let line = literal.span().start().line;
        let value = match syn::Lit::new(literal.clone()) {
            syn::Lit::Str(text) => text.value(),
            syn::Lit::ByteStr(bytes) => String::from_utf8_lossy(&bytes.value()).into_owned(),
            _ => return,
        };
        if in_attribute && let Ok(path) = syn::parse_str::<syn::Path>(&value) {
            let names = path.segments.iter().map(|part| part.ident.to_string());
            let what = names.collect::<Vec<_>>();
            if what.len() > 1 {
                self.paths.push(Word { what, line });
            }
        }
        self.literals.push(Word { what: value, line });
    }

    /// Reads `a::b::{c, d::*}` from `at` on and returns where it ends. Only the path itself is
    /// read: `as name`, generics and the rest are left to the caller.
    fn imports(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        prefix: &mut Vec<String>,
        in_code: bool,
    ) -> usize {
        let (start, before) = (at, prefix.len());
        if is_joint(tokens, at) {
            at += 2;
        }
        let mut line = tokens
            .get(start)
            .map_or(0, |token| token.span().start().line);
        let mut whole = true;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(ident) => {
                    prefix.push(ident.to_string());
                    line = ident.span().start().line;
                }
                TokenTree::Punct(star) if star.as_char() == '*' && !in_code => {
                    prefix.push("*".to_owned());
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    for part in split_at_commas(trees(group.stream())) {
                        self.imports(&part, 0, prefix, false);
                    }
                    whole = false;
                }
                _ => break,
            }
            at += 1;
            if !is_joint(tokens, at) {
                break;
            }
            at += 2;
        }
        if whole && prefix.len() > before {
            self.paths.push(Word {
                what: prefix.clone(),
                line,
            });
        }
        prefix.truncate(before);
        at.max(start + 1)
    }
}

fn trees(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

fn split_at_commas(tokens: Vec<TokenTree>) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        if is_punct(Some(&token), ',') {
            parts.push(Vec::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(token);
        }
    }
    parts
}

fn is_ident(token: Option<&TokenTree>, name: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == name)
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// Whether `::` stands at `at`.
fn is_joint(tokens: &[TokenTree], at: usize) -> bool {
    matches!(
        tokens.get(at),
        Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint
    ) && is_punct(tokens.get(at + 1), ':')
}

fn is_joint_before(tokens: &[TokenTree], at: usize) -> bool {
    at >= 2 && is_joint(tokens, at - 2)
}

/// Whether `->` or `=>` ends right before `at`.
fn is_arrow_before(tokens: &[TokenTree], at: usize) -> bool {
    let shaft = at.checked_sub(2).and_then(|before| tokens.get(before));
    is_punct(shaft, '-') || is_punct(shaft, '=')
}

/// Whether the name at `at` is the first of a path.
fn starts_path(tokens: &[TokenTree], at: usize) -> bool {
    if !is_joint_before(tokens, at) {
        return true;
    }
    match at.checked_sub(3).and_then(|before| tokens.get(before)) {
        Some(TokenTree::Ident(ident)) => BEFORE_A_PATH.iter().any(|word| ident == word),
        Some(TokenTree::Punct(punct)) => punct.as_char() != '>' || is_arrow_before(tokens, at - 2),
        Some(TokenTree::Group(_) | TokenTree::Literal(_)) | None => true,
    }
}

/// Whether the group at `at` is the `[…]` of `#[…]` or `#![…]`.
fn starts_attribute(tokens: &[TokenTree], at: usize, delimiter: Delimiter) -> bool {
    let back = |steps: usize| at.checked_sub(steps).and_then(|before| tokens.get(before));
    delimiter == Delimiter::Bracket
        && (is_punct(back(1), '#') || (is_punct(back(1), '!') && is_punct(back(2), '#')))
}
