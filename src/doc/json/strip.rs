//! Taking members out.

use crate::doc::tree::{Choice, Drops, Stripped, ask};
use crate::doc::{DocError, braces, text};

use super::parse::parse;

/// Takes out every member for which `drop` answers yes, with its comma and white space; all the
/// rest stays byte for byte. `drop` is asked once for each member, parents before children, and
/// not for what lies below a dropped one. An object that loses all its members becomes `{}` if
/// white space followed its brace, else it keeps the white space before the closing one.
pub fn strip(text: &[u8], drop: &mut Choice<'_>) -> Result<Stripped, DocError> {
    let json = parse(text)?;
    let dropped = ask(&json.root, drop);
    let mut cuts = Vec::new();
    braces::cuts(json.text, &json.root, &Drops::of(&dropped), &mut cuts);
    Ok(Stripped {
        text: text::cut(json.text, cuts).into_bytes(),
        dropped,
    })
}
