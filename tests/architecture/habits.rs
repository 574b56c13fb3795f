//! The rules of the house that can be read off a source: names, lengths, the one gate, the one
//! place that spells the vault's files.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};

use super::tree::{Fault, House, Lines, Source, declared, folder_of_children, has_rust_name};
use super::words::Words;

const MAX_LINES: usize = 400;
const EMPTY_WORDS: [&str; 7] = [
    "util", "utils", "helper", "helpers", "manager", "managers", "common",
];
const EMPTY_VERBS: [&str; 3] = ["get_", "do_", "handle_"];
const VAULT_FILES: [&str; 6] = [
    "vault.json",
    "project.json",
    "machine.json",
    "conflict.json",
    "variant.json",
    "allowed.json",
];
const VAULT_FOLDERS: [&str; 4] = ["projects/", "machines/", "conflicts/", "settings/"];

/// Every folder has a `mod.rs` that says in one sentence what it is, then *In*, *Out*, *Never*.
pub fn every_folder_introduces_itself(house: &House, faults: &mut Vec<Fault>) {
    for folder in house.folders() {
        let path = format!("{folder}/mod.rs");
        let Some(source) = house.source(&path) else {
            if !is_test_folder(house, folder) {
                faults.push(Fault::new(&path, 1, "is missing: every folder has one"));
            }
            continue;
        };
        if source.is_test(1) {
            continue;
        }
        let said = opening(source);
        let first = said.split("\n\n").next().unwrap_or_default().trim();
        if !first.ends_with('.') || first.starts_with('*') {
            faults.push(source.fault(1, "does not open with a sentence in `//!`"));
        }
        let mut rest = said.as_str();
        for word in ["*In*", "*Out*", "*Never*"] {
            match rest.split_once(word) {
                Some((_, after)) => rest = after,
                None => faults.push(source.fault(1, format!("does not say {word} in its turn"))),
            }
        }
    }
}

fn is_test_folder(house: &House, folder: &str) -> bool {
    let inside = format!("{folder}/");
    house
        .sources
        .iter()
        .filter(|source| source.path.starts_with(&inside))
        .all(|source| source.is_test(1))
}

/// The `//!` lines at the top of a file, without their leading space.
fn opening(source: &Source) -> String {
    let lines = source.file.attrs.iter().filter_map(|attribute| {
        let syn::Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) if pair.path.is_ident("doc") => Some(text.value().trim().to_owned()),
            _ => None,
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// No file or folder has a name that could hold anything.
pub fn files_say_what_they_hold(source: &Source, faults: &mut Vec<Fault>) {
    let inner = source
        .path
        .trim_start_matches("src/")
        .trim_end_matches(".rs");
    for part in inner.split(['/', '_']) {
        if EMPTY_WORDS.contains(&part) {
            faults.push(source.fault(1, format!("`{part}` says nothing about what is inside")));
        }
    }
}

pub fn files_stay_short(source: &Source, faults: &mut Vec<Fault>) {
    let lines = source.lines_before_tests();
    if lines > MAX_LINES {
        let what = format!("has {lines} lines before its tests, more than {MAX_LINES}");
        faults.push(source.fault(MAX_LINES + 1, what));
    }
}

/// `unsafe` stands in one place of `vault` (the fsync switch of libgit2), and nowhere else.
pub fn unsafe_stands_once(house: &[(&Source, Words)], faults: &mut Vec<Fault>) {
    let mut seen = 0;
    for (source, words) in house {
        for word in &words.idents {
            if word.what != "unsafe" {
                continue;
            }
            seen += 1;
            if source.room != "vault" {
                faults.push(source.fault(word.line, "`unsafe` has one place, in `vault`"));
            } else if seen > 1 {
                faults.push(source.fault(word.line, "a second `unsafe`: one place is allowed"));
            }
        }
    }
}

/// The lints against printing are lifted in the one writer to streams only.
pub fn printing_has_one_place(source: &Source, words: &Words, faults: &mut Vec<Fault>) {
    if source.path == "src/cli/out.rs" {
        return;
    }
    for path in &words.paths {
        if let Some(lint @ ("print_stdout" | "print_stderr")) = path.what.last().map(String::as_str)
        {
            let what = format!("`{lint}` is lifted in src/cli/out.rs only");
            faults.push(source.fault(path.line, what));
        }
    }
}

/// What lies in the vault, and where, is spelled in `layout` only.
pub fn the_vault_is_spelled_in_layout(source: &Source, words: &Words, faults: &mut Vec<Fault>) {
    if source.room == "layout" {
        return;
    }
    for word in &words.literals {
        if !source.is_test(word.line) && is_vault_path(&word.what) {
            let what = format!("`{}` is a path of the vault: `layout` spells it", word.what);
            faults.push(source.fault(word.line, what));
        }
    }
}

/// Prose may name a file; a path has no blanks.
fn is_vault_path(text: &str) -> bool {
    !text.contains(char::is_whitespace)
        && (text.split('/').any(|name| VAULT_FILES.contains(&name))
            || VAULT_FOLDERS.iter().any(|folder| text.starts_with(folder)))
}

/// Function names, type names and calls of the gate.
#[derive(Default)]
struct Reader {
    faults: Vec<(usize, String)>,
    gate_calls: Vec<usize>,
}

impl Reader {
    fn function(&mut self, name: &syn::Ident) {
        let text = name.to_string();
        if EMPTY_VERBS.iter().any(|verb| text.starts_with(verb)) {
            let what = format!("`fn {text}`: the verb says nothing");
            self.faults.push((Lines::of(name).first, what));
        }
    }

    fn named_type(&mut self, name: &syn::Ident) {
        let text = name.to_string();
        if ["Util", "Utils", "Helper", "Helpers", "Manager"]
            .iter()
            .any(|end| text.ends_with(end))
        {
            let what = format!("`{text}`: the name says nothing about what it holds");
            self.faults.push((Lines::of(name).first, what));
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident);
        visit::visit_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // The names of a trait's functions are the trait's.
        if item.trait_.is_none() {
            for part in &item.items {
                if let syn::ImplItem::Fn(function) = part {
                    self.function(&function.sig.ident);
                }
            }
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig.ident);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.named_type(&item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.named_type(&item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.named_type(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        // Options and iterators have an `inspect` too: theirs takes a closure.
        let closure = matches!(call.args.first(), Some(syn::Expr::Closure(_)));
        if call.method == "inspect" && !closure {
            self.gate_calls.push(Lines::of(&call.method).first);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let names: Vec<_> = path.path.segments.iter().map(|part| &part.ident).collect();
        if let [.., owner, name] = names.as_slice()
            && *owner == "Gate"
            && *name == "inspect"
        {
            self.gate_calls.push(Lines::of(*name).first);
        }
        visit::visit_expr_path(self, path);
    }
}

pub fn names_say_something(source: &Source, faults: &mut Vec<Fault>) {
    let mut reader = Reader::default();
    reader.visit_file(&source.file);
    faults.extend(
        reader
            .faults
            .into_iter()
            .map(|(line, what)| source.fault(line, what)),
    );
}

/// Every outgoing byte passes one gate: as soon as there is a vault, it has one caller.
pub fn the_gate_has_one_caller(house: &House, faults: &mut Vec<Fault>) {
    let mut vault = house
        .sources
        .iter()
        .filter(|source| source.room == "vault")
        .peekable();
    if vault.peek().is_none() {
        return;
    }
    let mut callers = 0;
    for source in vault {
        let mut reader = Reader::default();
        reader.visit_file(&source.file);
        for line in reader
            .gate_calls
            .into_iter()
            .filter(|line| !source.is_test(*line))
        {
            callers += 1;
            if callers > 1 {
                faults.push(source.fault(line, "a second caller of the gate: it has one"));
            }
        }
    }
    if callers == 0 {
        faults.push(Fault::new(
            "src/vault/mod.rs",
            1,
            "nothing in `vault` calls the gate",
        ));
    }
}

/// Every source under `tests/` is a module of the one test binary.
pub fn every_test_file_is_run(tree: &BTreeMap<String, String>, faults: &mut Vec<Fault>) {
    let mut reached = BTreeSet::from(["tests/main.rs".to_owned()]);
    let mut queue = vec!["tests/main.rs".to_owned()];
    while let Some(path) = queue.pop() {
        let Some(text) = tree.get(&path) else {
            continue;
        };
        let file = match syn::parse_file(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.span().start().line;
                faults.push(Fault::new(&path, line, format!("is not Rust: {error}")));
                continue;
            }
        };
        let folder = folder_of_children(&path);
        for (name, _) in declared(&file.items) {
            for child in [
                format!("{folder}/{name}.rs"),
                format!("{folder}/{name}/mod.rs"),
            ] {
                if tree.contains_key(&child) && reached.insert(child.clone()) {
                    queue.push(child);
                }
            }
        }
    }
    for path in tree.keys() {
        if path.starts_with("tests/") && has_rust_name(path) && !reached.contains(path) {
            faults.push(Fault::new(
                path,
                1,
                "is no module of tests/main.rs, so it never runs",
            ));
        }
    }
}
