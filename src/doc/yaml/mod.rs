//! YAML, read strictly and edited without touching what was not meant.
//!
//! *In*: the text of one document. *Out*: its values with their places, the text without some
//! members, or with them laid back in; comments, order and style stay. *Never*: edit where it is
//! not certain what the text would then say: such a document is refused.

mod outline;
mod overlay;
mod strip;

use super::DocError;
use super::dialect::{Dialect, with_lines};
use super::laying::Laying;
use super::tree::{Drops, Node};
use outline::Outline;

pub(super) enum Yaml {}

impl Dialect for Yaml {
    type Outline<'t> = Outline<'t>;

    fn read(text: &str) -> Result<Outline<'_>, DocError> {
        Outline::read(text)
    }

    fn root<'o>(outline: &'o Outline<'_>) -> &'o Node<'o> {
        &outline.root
    }

    fn without(outline: &Outline<'_>, drops: &Drops<'_>) -> Result<String, DocError> {
        strip::without(outline, drops)
    }

    fn with(
        outline: &Outline<'_>,
        local: &Outline<'_>,
        laying: &Laying,
    ) -> Result<String, DocError> {
        with_lines::<Self>((outline.text, outline), laying, |bare| {
            overlay::with(bare, local, &laying.placed)
        })
    }
}

#[cfg(test)]
mod laws;
