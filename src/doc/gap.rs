//! What stands between the members of an object: white space, comments, and a comma.

use std::ops::Range;

/// White space that may stand between the parts of an object.
pub(super) const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];
/// What ends a line, and a comment that goes to its end.
pub(super) const BREAK: [char; 2] = ['\n', '\r'];

/// How a format writes comments.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comments {
    /// `// …` up to the end of the line, and `/* … */`.
    Slashes,
    /// `# …` up to the end of the line.
    Hash,
}

impl Comments {
    /// How long the comment is with which a text begins, and what it is; nothing where there is
    /// none, or none that ends.
    fn first(self, text: &str) -> Option<(usize, What)> {
        let line = match self {
            Self::Slashes => "//",
            Self::Hash => "#",
        };
        if text.starts_with(line) {
            return Some((text.find(BREAK).unwrap_or(text.len()), What::Line));
        }
        let block = matches!(self, Self::Slashes) && text.starts_with("/*");
        let end = block.then(|| text[2..].find("*/")).flatten()?;
        Some((2 + end + 2, What::Block))
    }

    /// The comment with which a text begins.
    pub(super) fn lead(self, text: &str) -> Option<&str> {
        self.first(text).map(|(len, _)| &text[..len])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Comma,
    /// A comment up to the end of its line.
    Line,
    /// A comment with an end of its own.
    Block,
}

#[derive(Debug)]
struct Part {
    what: What,
    span: Range<usize>,
}

/// What stands behind a member or the opening brace, before the next member or the closing brace.
#[derive(Debug)]
pub(super) struct Gap<'t> {
    text: &'t str,
    pub(super) start: usize,
    /// Where the next member or the closing brace begins.
    pub(super) end: usize,
    parts: Vec<Part>,
    pub(super) comma: Option<Range<usize>>,
    /// Whether a further member begins on the line of the comma.
    next_on_line: bool,
}

impl<'t> Gap<'t> {
    pub(super) fn scan(
        (text, comments): (&'t str, Comments),
        within: Range<usize>,
        member_follows: bool,
    ) -> Self {
        let mut gap = Self {
            text,
            start: within.start.min(within.end),
            end: within.start.min(within.end),
            parts: Vec::new(),
            comma: None,
            next_on_line: false,
        };
        loop {
            let bare = blank_end(&text[..within.end], gap.end);
            gap.next_on_line &= !text[gap.end..bare].contains(BREAK);
            gap.end = bare;
            let rest = &text[bare..within.end];
            let (len, what) = if rest.starts_with(',') && gap.comma.is_none() {
                (1, What::Comma)
            } else if let Some(comment) = comments.first(rest) {
                comment
            } else {
                return gap;
            };
            gap.end += len;
            let span = bare..gap.end;
            match what {
                What::Comma => {
                    gap.comma = Some(span.clone());
                    gap.next_on_line = member_follows;
                }
                What::Line => gap.next_on_line = false,
                What::Block => {}
            }
            gap.parts.push(Part { what, span });
        }
    }

    /// What goes where the comma is to go but the members around it stay.
    pub(super) fn comma_alone(&self) -> Option<Range<usize>> {
        let comma = self.comma.clone()?;
        let has_comments = self.parts.len() > 1;
        Some(if has_comments {
            comma
        } else {
            self.start..comma.end
        })
    }

    /// Where that ends which stands behind a member on its line: the comma and comments, but not those
    /// before a further member on this line, to which they belong.
    pub(super) fn tail(&self) -> usize {
        self.on_line(self.start)
    }

    /// Where a further member would begin, so that no comment which speaks of the one before comes to
    /// stand behind it.
    pub(super) fn next_place(&self) -> usize {
        self.on_line(self.comma.as_ref().map_or(self.start, |comma| comma.end))
    }

    /// Where that ends which follows a place on its line.
    fn on_line(&self, mut at: usize) -> usize {
        let from = at;
        for part in self.parts.iter().filter(|part| part.span.start >= from) {
            if self.text[at..part.span.start].contains(BREAK) {
                break;
            }
            at = part.span.end;
            if part.what == What::Comma && self.next_on_line {
                break;
            }
        }
        at
    }

    /// The comments behind a member on its line, with the white space before them: those that have an
    /// end of their own, and the one that ends with the line.
    pub(super) fn beside(&self) -> (String, Option<&'t str>) {
        let tail = self.tail();
        let mut blocks = String::new();
        let mut at = self.start;
        for part in self.parts.iter().filter(|part| part.span.end <= tail) {
            let whole = &self.text[at..part.span.end];
            at = part.span.end;
            match part.what {
                What::Comma => {}
                What::Block => blocks.push_str(whole),
                What::Line => return (blocks, Some(whole)),
            }
        }
        (blocks, None)
    }

    /// Whether a comment begins here or later.
    pub(super) fn has_comment_from(&self, at: usize) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.what != What::Comma && part.span.start >= at)
    }

    /// Whether a comment ends here that needs the end of its line.
    pub(super) fn needs_break(&self, at: usize) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|part| part.what == What::Line && part.span.end == at)
    }

    /// Where the last comment or comma stands.
    pub(super) fn last_part(&self) -> Option<Range<usize>> {
        self.parts.last().map(|part| part.span.clone())
    }
}

/// Where the white space begins that ends here.
pub(super) fn blank_start(text: &str, at: usize) -> usize {
    text[..at].trim_end_matches(BLANK).len()
}

/// Where the white space ends that begins here.
pub(super) fn blank_end(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches(BLANK).len()
}
