//! Taking out and laying back as every format does it: decided on values, written by spans, and read
//! again to see that the text says just what it should.

use super::DocError;
use super::laying::Laying;
use super::tree::{Choice, Drops, KeyPath, Node, Overlaid, Stripped, ask, pruned, same_node};

/// What a format knows of how it is written.
pub(super) trait Dialect {
    /// A document that was read without fault: its values, and where they stand.
    type Outline<'t>;

    fn read(text: &str) -> Result<Self::Outline<'_>, DocError>;

    fn root<'o>(outline: &'o Self::Outline<'_>) -> &'o Node<'o>;

    /// The text without these members, whatever it then says.
    fn without(outline: &Self::Outline<'_>, drops: &Drops<'_>) -> Result<String, DocError>;

    /// The text with these members of `local` in it, whatever it then says. What stands under such
    /// a key gives way.
    fn with(
        outline: &Self::Outline<'_>,
        local: &Self::Outline<'_>,
        laying: &Laying,
    ) -> Result<String, DocError>;
}

/// Takes out every member for which `drop` answers yes; the rest stays byte for byte.
pub(super) fn strip<D: Dialect>(text: &str, drop: &mut Choice<'_>) -> Result<Stripped, DocError> {
    let outline = D::read(text)?;
    let dropped = ask(D::root(&outline), drop);
    let text = match &dropped[..] {
        [] => text.to_owned(),
        dropped => cut::<D>(&outline, dropped)?,
    };
    Ok(Stripped {
        text: text.into_bytes(),
        dropped,
    })
}

/// The text without these members.
pub(super) fn cut<D: Dialect>(
    outline: &D::Outline<'_>,
    dropped: &[KeyPath],
) -> Result<String, DocError> {
    let drops = Drops::of(dropped);
    let text = D::without(outline, &drops)?;
    says::<D>(&text, &pruned(D::root(outline), &drops), dropped)?;
    Ok(text)
}

/// Puts the members of `local` that [`strip`] dropped there back into `text`, as `local` writes them.
pub(super) fn overlay<D: Dialect>(
    text: &str,
    local: &str,
    dropped: &[KeyPath],
) -> Result<Overlaid, DocError> {
    let outline = D::read(text)?;
    let local_outline = D::read(local)?;
    let drops = Drops::of(dropped);
    if D::without(&local_outline, &drops)? == text {
        return Ok(Overlaid {
            text: local.as_bytes().to_vec(),
            left_out: Vec::new(),
        });
    }
    let (expected, laying) = Laying::lay(D::root(&outline), D::root(&local_outline), &drops);
    let laid = D::with(&outline, &local_outline, &laying)?;
    says::<D>(&laid, &expected, &laying.placed)?;
    Ok(Overlaid {
        text: laid.into_bytes(),
        left_out: laying.left_out,
    })
}

/// Whether a text that was edited at these members says what it should.
fn says<D: Dialect>(text: &str, expected: &Node<'_>, edited: &[KeyPath]) -> Result<(), DocError> {
    match D::read(text) {
        Ok(outline) if same_node(D::root(&outline), expected, None) => Ok(()),
        _ => Err(DocError::Unsafe {
            key: edited
                .first()
                .map_or_else(String::new, |path| path.join(".")),
        }),
    }
}

/// [`Dialect::with`] for a format that is written in lines: what gives way is cut out first, and
/// what comes goes on lines of its own, written by `write` into a text whose last line has an end.
pub(super) fn with_lines<D: Dialect>(
    (text, outline): (&str, &D::Outline<'_>),
    laying: &Laying,
    write: impl FnOnce(&D::Outline<'_>) -> Result<String, DocError>,
) -> Result<String, DocError> {
    let mut bare = match &laying.replaced[..] {
        [] => text.to_owned(),
        replaced => cut::<D>(outline, replaced)?,
    };
    let unended = !bare.is_empty() && !bare.ends_with('\n');
    if unended {
        bare.push('\n');
    }
    let mut laid = write(&D::read(&bare)?)?;
    if unended {
        laid.truncate(laid.trim_end_matches('\n').len());
    }
    Ok(laid)
}
