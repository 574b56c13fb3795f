//! A text in the person's own editor.

use std::io::Write as _;

use tempfile::{NamedTempFile, TempPath};

use crate::base::{BaseError, Env, Program, read_limited};
use crate::flow::FlowError;

/// A longer text was not written by hand.
const MAX_SIZE: u64 = 16 * 1024 * 1024;

/// What came of it, and the file it stands in until this is dropped.
pub struct Edited {
    pub text: Vec<u8>,
    file: TempPath,
}

impl Edited {
    /// Leaves the file in place: the work is not to be lost. Where it is.
    #[must_use]
    pub fn kept(self) -> Option<String> {
        let file = self.file.keep().ok()?;
        Some(file.display().to_string())
    }
}

/// Opens a text in an editor and waits for its end. `name` says what kind of file it is.
pub fn edit(env: &Env, name: &str, text: &[u8]) -> Result<Edited, FlowError> {
    let fault = BaseError::io("write", "a file for the editor");
    let file = tempfile::Builder::new()
        .prefix("holdall-")
        .suffix(&format!("-{}", name.trim_start_matches('-')))
        .tempfile()
        .and_then(|mut file| {
            file.write_all(text)?;
            Ok(file)
        })
        .map(NamedTempFile::into_temp_path)
        .map_err(fault)?;
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| env.var(name)?.to_str())
        .unwrap_or("vi");
    // It may have arguments of its own, as git and others take it.
    let line = format!("{editor} \"$1\"");
    let program = Program::of_person("/bin/sh", env).args(["-c", &line, "holdall"]);
    let ended = program.args([&*file]).on_terminal()?;
    if !ended.success() {
        return Err(FlowError::Refused {
            what: format!("the editor (`{editor}`) did not end well: {ended}"),
            hint: "nothing was decided; set VISUAL or EDITOR, or use `--use` or `--file`"
                .to_owned(),
        });
    }
    Ok(Edited {
        text: read_limited(&file, MAX_SIZE)?,
        file,
    })
}
