//! JSON, as people write it for tools, with comments and a comma behind the last item where these
//! stand; read strictly in all else, and edited without touching what was not meant.
//!
//! *In*: a text that claims to be JSON. *Out*: values with their spans; the text without some members,
//! or with them laid back in. *Never*: reformat, reorder, bring a comment into a text that had none
//! but with the member that it stands beside, or read a number as anything but its digits.

mod outline;
mod overlay;
mod strip;

use super::DocError;
use super::dialect::Dialect;
use super::laying::Laying;
use super::tree::{Drops, Node};
pub(super) use outline::Outline;

pub(super) enum Json {}

impl Dialect for Json {
    type Outline<'t> = Outline<'t>;

    fn read(text: &str) -> Result<Outline<'_>, DocError> {
        Outline::read(text)
    }

    fn root<'o>(json: &'o Outline<'_>) -> &'o Node<'o> {
        &json.root
    }

    fn without(json: &Outline<'_>, drops: &Drops<'_>) -> Result<String, DocError> {
        Ok(strip::without(json, drops))
    }

    fn with(json: &Outline<'_>, local: &Outline<'_>, laying: &Laying) -> Result<String, DocError> {
        Ok(overlay::with(json, local, &laying.placed))
    }
}

#[cfg(test)]
mod laws;
