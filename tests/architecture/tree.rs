//! A tree of sources, each parsed once: which room it is in, and which of its lines are tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use proc_macro2::TokenStream;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemMod, Meta, Token};

/// A broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub path: String,
    pub line: usize,
    pub what: String,
}

impl Fault {
    pub fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// A range of lines, both ends included.
#[derive(Debug, Clone, Copy)]
pub struct Lines {
    pub first: usize,
    pub last: usize,
}

impl Lines {
    pub fn of(thing: &impl Spanned) -> Self {
        Self {
            first: thing.span().start().line,
            last: thing.span().end().line,
        }
    }

    pub const fn hold(self, line: usize) -> bool {
        self.first <= line && line <= self.last
    }
}

/// One file of `src/`, parsed.
pub struct Source {
    pub path: String,
    /// The folder below `src/`, or `main` and `lib` for the two loose files.
    pub room: String,
    /// How many modules below the crate's root this file is.
    pub depth: usize,
    pub text: String,
    pub tokens: TokenStream,
    pub file: syn::File,
    /// Bodies of modules written inside the file: each is one module deeper.
    pub inline: Vec<Lines>,
    tests: Vec<Lines>,
    all_tests: bool,
}

impl Source {
    fn parse(path: &str, text: &str) -> Result<Self, Fault> {
        let broken = |error: &syn::Error| {
            Fault::new(
                path,
                error.span().start().line,
                format!("is not Rust: {error}"),
            )
        };
        let file = syn::parse_file(text).map_err(|error| broken(&error))?;
        let tokens = syn::parse_str(text).map_err(|error| broken(&error))?;
        let names = module_names(path);
        let mut source = Self {
            path: path.to_owned(),
            room: names.first().map_or_else(
                || {
                    if path.ends_with("lib.rs") {
                        "lib"
                    } else {
                        "main"
                    }
                    .to_owned()
                },
                Clone::clone,
            ),
            depth: names.len(),
            text: text.to_owned(),
            tokens,
            inline: Vec::new(),
            tests: Vec::new(),
            all_tests: false,
            file,
        };
        let mut found = Regions::default();
        found.look_into(&source.file.items);
        (source.inline, source.tests) = (found.inline, found.tests);
        Ok(source)
    }

    pub fn fault(&self, line: usize, what: impl Into<String>) -> Fault {
        Fault::new(&self.path, line, what)
    }

    /// Whether a line is only compiled for tests.
    pub fn is_test(&self, line: usize) -> bool {
        self.all_tests || self.tests.iter().any(|lines| lines.hold(line))
    }

    /// How many modules below the crate's root a line is.
    pub fn depth_at(&self, line: usize) -> usize {
        self.depth + self.inline.iter().filter(|lines| lines.hold(line)).count()
    }

    /// Lines before the first module of tests.
    pub fn lines_before_tests(&self) -> usize {
        if self.all_tests {
            return 0;
        }
        let tests = self.file.items.iter().find_map(|item| match item {
            Item::Mod(module) if is_for_tests(&module.attrs) => Some(Lines::of(module).first - 1),
            _ => None,
        });
        tests.unwrap_or_else(|| self.text.lines().count())
    }
}

#[derive(Default)]
struct Regions {
    inline: Vec<Lines>,
    tests: Vec<Lines>,
}

impl Regions {
    fn look_into(&mut self, items: &[Item]) {
        for item in items {
            if is_for_tests(attributes(item)) {
                self.tests.push(Lines::of(item));
            }
            if let Item::Mod(ItemMod {
                content: Some((braces, items)),
                ..
            }) = item
            {
                let (open, close) = (braces.span.open(), braces.span.close());
                self.inline.push(Lines {
                    first: open.start().line,
                    last: close.end().line,
                });
                self.look_into(items);
            }
        }
    }
}

/// The attributes of an item that can be switched off for a build.
fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(x) => &x.attrs,
        Item::Enum(x) => &x.attrs,
        Item::Fn(x) => &x.attrs,
        Item::Impl(x) => &x.attrs,
        Item::Macro(x) => &x.attrs,
        Item::Mod(x) => &x.attrs,
        Item::Static(x) => &x.attrs,
        Item::Struct(x) => &x.attrs,
        Item::Trait(x) => &x.attrs,
        Item::Type(x) => &x.attrs,
        Item::Use(x) => &x.attrs,
        _ => &[],
    }
}

/// `#[test]`, or a `#[cfg(…)]` that cannot hold without `test`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<Meta>()
                    .is_ok_and(|condition| needs_test(&condition)))
    })
}

fn needs_test(condition: &Meta) -> bool {
    let Meta::List(list) = condition else {
        return condition.path().is_ident("test");
    };
    let Ok(parts) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return false;
    };
    match () {
        () if list.path.is_ident("all") => parts.iter().any(needs_test),
        () if list.path.is_ident("any") => !parts.is_empty() && parts.iter().all(needs_test),
        () => false,
    }
}

/// `src/vault/wire/mod.rs` is `[vault, wire]`; the loose files are `[]`.
pub fn module_names(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    let mut names: Vec<String> = inner.split('/').map(str::to_owned).collect();
    let file = names.pop().unwrap_or_default();
    match file.trim_end_matches(".rs") {
        "mod" => {}
        "lib" | "main" if names.is_empty() => {}
        stem => names.push(stem.to_owned()),
    }
    names
}

/// All sources under `src/`, by path.
pub struct House {
    pub sources: Vec<Source>,
}

impl House {
    /// Parses `src/…` of a tree given as path → text. What cannot be parsed is a fault.
    pub fn parse(tree: &BTreeMap<String, String>) -> (Self, Vec<Fault>) {
        let (mut sources, mut faults) = (Vec::new(), Vec::new());
        for (path, text) in tree {
            if path.starts_with("src/") && has_rust_name(path) {
                match Source::parse(path, text) {
                    Ok(source) => sources.push(source),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        let mut house = Self { sources };
        house.mark_test_files();
        (house, faults)
    }

    /// Every folder that holds a source, as `src/…`.
    pub fn folders(&self) -> BTreeSet<&str> {
        let mut folders = BTreeSet::new();
        for source in &self.sources {
            let mut path = source.path.as_str();
            while let Some((folder, _)) = path.rsplit_once('/') {
                if folder != "src" {
                    folders.insert(folder);
                }
                path = folder;
            }
        }
        folders
    }

    pub fn source(&self, path: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.path == path)
    }

    /// A file behind `#[cfg(test)] mod name;` is a test, and so is everything below it.
    fn mark_test_files(&mut self) {
        let mut prefixes = Vec::new();
        for source in &self.sources {
            for (name, for_tests) in declared(&source.file.items) {
                if for_tests {
                    prefixes.push(format!("{}/{name}", folder_of_children(&source.path)));
                }
            }
        }
        for source in &mut self.sources {
            let stem = source.path.trim_end_matches(".rs");
            source.all_tests = prefixes
                .iter()
                .any(|prefix| stem == prefix || stem.starts_with(&format!("{prefix}/")));
        }
    }
}

pub fn has_rust_name(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "rs")
}

/// The modules that a file declares but does not hold, and whether they are for tests.
pub fn declared(items: &[Item]) -> Vec<(String, bool)> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() => {
                Some((module.ident.to_string(), is_for_tests(&module.attrs)))
            }
            _ => None,
        })
        .collect()
}

/// Where the files of a file's modules lie.
pub fn folder_of_children(path: &str) -> String {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file.trim_end_matches(".rs") {
        "mod" | "lib" | "main" => folder.to_owned(),
        stem => format!("{folder}/{stem}"),
    }
}
