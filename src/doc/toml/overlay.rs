//! Laying members back in.

use std::collections::{BTreeMap, HashMap};

use toml_edit::Key;

use crate::doc::DocError;
use crate::doc::braces;
use crate::doc::dialect::Outline;
use crate::doc::gap::Comments;
use crate::doc::text::{self, Edit};
use crate::doc::tree::{Drops, Form, KeyPath, Node, Shape, parts};

use super::statements::{Kind, Statements};
use super::strip::refuse_dotted;

/// Writes these members of `local` into a text whose last line has an end: a key with its line at the
/// end of its table, a table with its header at the end of the document (or of the item of a list
/// that it belongs to), as they are written in `local` where that is possible.
pub(super) fn with(
    outline: &Outline<'_>,
    local: &Outline<'_>,
    placed: &[KeyPath],
) -> Result<String, DocError> {
    Target::new(&Statements::of(outline), &Statements::of(local)).lay(placed)
}

/// A key with its value as the local document writes it.
struct Pair<'p> {
    path: &'p [String],
    /// The table that it is written in.
    section: Option<&'p [String]>,
    line: String,
    /// The value, and what follows on its last line.
    raw: (&'p str, &'p str),
}

/// A key, below where it is put, with its value as it is written.
type Piece = (KeyPath, String);
/// The number of a header among the statements; none is the root.
type Section = Option<usize>;

struct Target<'o, 'a> {
    outline: &'o Statements<'o, 'a>,
    local: &'o Statements<'o, 'a>,
    nodes: HashMap<KeyPath, &'o Node<'a>>,
    /// Where each table with a header is, and the root.
    sections: HashMap<&'o [String], Section>,
    /// In which table's lines the keys of a dotted table are.
    dotted: HashMap<&'o [String], Section>,
    /// Where the next line of a section goes.
    ends: HashMap<Section, usize>,
    lines: Vec<Edit>,
    blocks: Vec<Edit>,
    /// What goes between braces: by the place of these, keys below them with their values.
    braces: BTreeMap<usize, (&'o Node<'a>, Vec<Piece>)>,
    /// Tables that get a header, with the lines below it.
    headers: BTreeMap<KeyPath, String>,
}

impl<'o, 'a> Target<'o, 'a> {
    fn new(outline: &'o Statements<'o, 'a>, local: &'o Statements<'o, 'a>) -> Self {
        let mut target = Self {
            outline,
            local,
            nodes: HashMap::new(),
            sections: HashMap::from([(&[][..], None)]),
            dotted: HashMap::new(),
            ends: HashMap::from([(None, root_start(outline))]),
            lines: Vec::new(),
            blocks: Vec::new(),
            braces: BTreeMap::new(),
            headers: BTreeMap::new(),
        };
        target.index(outline.root, &mut Vec::new());
        for (at, statement) in outline.all.iter().enumerate() {
            match &statement.kind {
                Kind::Header => {
                    target.sections.insert(&statement.path, Some(at));
                    target.ends.insert(Some(at), statement.lines.end);
                }
                Kind::Pair { section, .. } => {
                    target.ends.insert(*section, statement.lines.end);
                    let depth = outline.section_path(*section).len();
                    for len in depth + 1..statement.path.len() {
                        target.dotted.insert(&statement.path[..len], *section);
                    }
                }
            }
        }
        target
    }

    fn index(&mut self, node: &'o Node<'a>, path: &mut KeyPath) {
        for (part, below) in parts(node) {
            path.push(part);
            self.index(below, path);
            path.pop();
        }
        self.nodes.insert(path.clone(), node);
    }

    fn lay(mut self, placed: &'o [KeyPath]) -> Result<String, DocError> {
        let wanted = Drops::of(placed);
        let local = self.local;
        for (at, statement) in local.all.iter().enumerate() {
            let Some(below) = wanted.at(&statement.path) else {
                continue;
            };
            match &statement.kind {
                Kind::Header if below.here => {
                    let block = &local.text[statement.lines.start..local.section_end(at)];
                    let compact = at > 0 && !follows_blank(local.text, statement.lines.start);
                    self.block(&statement.path, block, compact);
                }
                Kind::Header => {}
                Kind::Pair { value, section } if below.here => {
                    let under = local.section_path(*section);
                    if section.is_some() && wanted.at(under).is_some_and(|under| under.here) {
                        continue;
                    }
                    self.pair(&Pair {
                        path: &statement.path,
                        section: Some(under),
                        line: ended(&local.text[statement.lines.clone()]),
                        raw: (
                            &local.text[value.span.clone()],
                            &local.text[value.span.end..statement.lines.end],
                        ),
                    })?;
                }
                Kind::Pair { value, .. } => {
                    self.inside(value, below, &mut statement.path.clone())?;
                }
            }
        }
        Ok(self.written())
    }

    /// What is wanted of a value between braces.
    fn inside(
        &mut self,
        node: &'o Node<'a>,
        wanted: &Drops<'_>,
        path: &mut KeyPath,
    ) -> Result<(), DocError> {
        for (part, node) in parts(node) {
            let Some(below) = wanted.key(&part) else {
                continue;
            };
            path.push(part);
            if below.here {
                refuse_dotted(self.local.text, node)?;
                let raw = (&self.local.text[node.span.clone()], "\n");
                self.pair(&Pair {
                    path,
                    section: None,
                    line: String::new(),
                    raw,
                })?;
            } else {
                self.inside(node, below, path)?;
            }
            path.pop();
        }
        Ok(())
    }

    /// A section of the local document, as it is.
    fn block(&mut self, path: &[String], block: &str, compact: bool) {
        let at = self.block_place(path);
        let continues = compact && self.blocks.last().is_some_and(|last| last.span.start == at);
        let blank = if at == 0 || continues { "" } else { "\n" };
        self.blocks.push(Edit {
            span: at..at,
            with: format!("{blank}{}", ended(block)),
        });
    }

    /// At the end of the document, or of the item of a list of tables that the path leads through.
    fn block_place(&self, path: &[String]) -> usize {
        let through = (1..=path.len()).rev().find(|len| {
            let above = self.nodes.get(&path[..len - 1]);
            above.is_some_and(|node| matches!(node.shape, Shape::List(_)))
        });
        let below = |prefix: &[String]| {
            let statements = self.outline.all.iter();
            statements
                .enumerate()
                .filter(|(_, statement)| {
                    statement.is_header() && statement.path.starts_with(prefix)
                })
                .map(|(at, _)| self.outline.section_end(at))
                .max()
        };
        through
            .and_then(|len| below(&path[..len]))
            .unwrap_or(self.outline.text.len())
    }

    fn pair(&mut self, pair: &Pair<'_>) -> Result<(), DocError> {
        let (_, table) = pair.path.split_last().expect("a key has a name");
        let known = (0..=table.len()).map_while(|depth| {
            let node = self.nodes.get(&table[..depth])?;
            Some((depth, *node))
        });
        let in_braces =
            |node: &Node<'_>| node.form == Form::Inline && matches!(node.shape, Shape::Object(_));
        let inmost = known.filter(|(_, node)| in_braces(node)).last();
        if let Some((depth, node)) = inmost {
            refuse_dotted(self.outline.text, node)?;
            let piece = (pair.path[depth..].to_vec(), pair.raw.0.to_owned());
            let entry = self.braces.entry(node.span.start);
            entry.or_insert((node, Vec::new())).1.push(piece);
            return Ok(());
        }
        let Some(section) = self.home(table, pair.section).copied() else {
            let line = format!(
                "{} = {}{}",
                dotted(&pair.path[table.len()..]),
                pair.raw.0,
                pair.raw.1
            );
            self.headers
                .entry(table.to_vec())
                .or_default()
                .push_str(&ended(&line));
            return Ok(());
        };
        let under = self.outline.section_path(section);
        let with = if pair.section == Some(under) {
            pair.line.clone()
        } else {
            let key = dotted(&pair.path[under.len()..]);
            ended(&format!("{key} = {}{}", pair.raw.0, pair.raw.1))
        };
        let at = self.ends[&section];
        self.lines.push(Edit { span: at..at, with });
        Ok(())
    }

    /// The section in whose lines a key of this table can stand: that of the table, or of the one
    /// nearest above it that is there, unless the local document has a header in between.
    fn home(&self, table: &[String], section: Option<&[String]>) -> Option<&Section> {
        let mut above = (0..=table.len()).rev().map(|len| &table[..len]);
        let nearest = above.find(|path| self.nodes.contains_key(*path))?;
        if nearest.len() < section.map_or(table.len(), <[String]>::len) {
            return None;
        }
        let sections = self.sections.get(nearest);
        sections.or_else(|| self.dotted.get(nearest))
    }

    fn written(mut self) -> String {
        for (path, lines) in std::mem::take(&mut self.headers) {
            let block = format!("[{}]\n{lines}", dotted(&path));
            self.block(&path, &block, false);
        }
        let mut edits = self.lines;
        for (node, pieces) in self.braces.into_values() {
            // What has a header of its own, or none, has no braces to imitate.
            let pieces = between_braces(&pieces).into_iter().map(braces::Piece::bare);
            edits.extend(braces::append(
                ((self.outline.text, Comments::Hash), node),
                (self.local.text, self.local.root),
                &pieces.collect::<Vec<_>>(),
            ));
        }
        edits.extend(self.blocks);
        text::apply(self.outline.text, edits)
    }
}

/// Keys with their values as members of an inline table; those below one key become a table.
fn between_braces(pieces: &[Piece]) -> Vec<String> {
    let same_key = |a: &Piece, b: &Piece| a.0[0] == b.0[0];
    let members = pieces.chunk_by(same_key).map(|chunk| {
        let key = Key::new(&chunk[0].0[0]);
        if let [(path, raw)] = chunk
            && path.len() == 1
        {
            return format!("{key} = {raw}");
        }
        let below: Vec<Piece> = chunk
            .iter()
            .filter_map(|(path, raw)| Some((path.get(1..)?.to_vec(), raw.clone())))
            .filter(|(path, _)| !path.is_empty())
            .collect();
        format!("{key} = {{ {} }}", between_braces(&below).join(", "))
    });
    members.collect()
}

/// A path as a key; the places in lists are not part of it.
fn dotted(path: &[String]) -> String {
    let parts = path.iter().filter(|part| !part.starts_with('['));
    let parts: Vec<String> = parts.map(|part| Key::new(part).to_string()).collect();
    parts.join(".")
}

fn ended(line: &str) -> String {
    let newline = if line.ends_with('\n') { "" } else { "\n" };
    format!("{line}{newline}")
}

fn follows_blank(text: &str, at: usize) -> bool {
    let before = text::line_start(text, at.saturating_sub(1));
    text[before..at].trim().is_empty()
}

/// Where the first line of the root goes: above the first header and the comments on it, unless
/// these begin the document and so are about all of it.
fn root_start(outline: &Statements<'_, '_>) -> usize {
    let Some(first) = outline.all.first() else {
        return outline.text.len();
    };
    let mut at = first.lines.start;
    while at > 0 {
        let before = text::line_start(outline.text, at - 1);
        if !outline.text[before..at].trim_start().starts_with('#') {
            return at;
        }
        at = before;
    }
    first.lines.start
}
