//! Taking out and laying back as every format does it: decided on values, written by spans, and read
//! again to see that the text says just what it should.

use super::DocError;
use super::laying::Laying;
use super::tree::{Choice, Drops, KeyPath, Node, Overlaid, Stripped, ask, pruned, same_node};

/// A document that was read without fault, without its byte order mark.
#[derive(Debug)]
pub(super) struct Outline<'t> {
    pub(super) text: &'t str,
    pub(super) root: Node<'t>,
}

type Read = fn(&str) -> Result<Outline<'_>, DocError>;
type Without = fn(&Outline<'_>, &Drops<'_>) -> Result<String, DocError>;
type With = fn(&Outline<'_>, &Outline<'_>, &[KeyPath]) -> Result<String, DocError>;

/// What a format knows of how it is written.
pub(super) struct Dialect {
    pub(super) read: Read,
    /// The text without these members, whatever it then says.
    pub(super) without: Without,
    /// The text with these members of another in it, whatever it then says.
    pub(super) with: With,
    /// Whether it is written in lines: then `with` gets a text whose last line has an end, and from
    /// which all that gives way was cut out before. Else it sees to that itself.
    pub(super) in_lines: bool,
}

/// Takes out every member for which `drop` answers yes; the rest stays byte for byte.
pub(super) fn strip(
    dialect: &Dialect,
    text: &str,
    drop: &mut Choice<'_>,
) -> Result<Stripped, DocError> {
    let outline = (dialect.read)(text)?;
    let dropped = ask(&outline.root, drop);
    let text = match &dropped[..] {
        [] => text.to_owned(),
        dropped => cut(dialect, &outline, dropped)?,
    };
    Ok(Stripped {
        text: text.into_bytes(),
        dropped,
    })
}

/// The text without these members.
pub(super) fn cut(
    dialect: &Dialect,
    outline: &Outline<'_>,
    dropped: &[KeyPath],
) -> Result<String, DocError> {
    let drops = Drops::of(dropped);
    let text = (dialect.without)(outline, &drops)?;
    says(dialect, &text, &pruned(&outline.root, &drops), dropped)?;
    Ok(text)
}

/// Puts the members of `local` that [`strip`] dropped there back into `text`, as `local` writes them.
pub(super) fn overlay(
    dialect: &Dialect,
    text: &str,
    local: &str,
    dropped: &[KeyPath],
) -> Result<Overlaid, DocError> {
    let outline = (dialect.read)(text)?;
    let local_outline = (dialect.read)(local)?;
    let drops = Drops::of(dropped);
    if (dialect.without)(&local_outline, &drops)? == text {
        return Ok(Overlaid {
            text: local.as_bytes().to_vec(),
            left_out: Vec::new(),
        });
    }
    let (expected, laying) = Laying::lay(&outline.root, &local_outline.root, &drops);
    let laid = if dialect.in_lines {
        with_lines(dialect, &outline, &local_outline, &laying)?
    } else {
        (dialect.with)(&outline, &local_outline, &laying.placed)?
    };
    says(dialect, &laid, &expected, &laying.placed)?;
    Ok(Overlaid {
        text: laid.into_bytes(),
        left_out: laying.left_out,
    })
}

/// Whether a text that was edited at these members says what it should.
pub(super) fn says(
    dialect: &Dialect,
    text: &str,
    expected: &Node<'_>,
    edited: &[KeyPath],
) -> Result<(), DocError> {
    match (dialect.read)(text) {
        Ok(outline) if same_node(&outline.root, expected, None) => Ok(()),
        _ => Err(DocError::Unsafe {
            key: edited
                .first()
                .map_or_else(String::new, |path| path.join(".")),
        }),
    }
}

fn with_lines(
    dialect: &Dialect,
    outline: &Outline<'_>,
    local: &Outline<'_>,
    laying: &Laying,
) -> Result<String, DocError> {
    let mut bare = match &laying.replaced[..] {
        [] => outline.text.to_owned(),
        replaced => cut(dialect, outline, replaced)?,
    };
    let unended = !bare.is_empty() && !bare.ends_with('\n');
    if unended {
        bare.push('\n');
    }
    let mut laid = (dialect.with)(&(dialect.read)(&bare)?, local, &laying.placed)?;
    if unended {
        laid.truncate(laid.trim_end_matches('\n').len());
    }
    Ok(laid)
}
