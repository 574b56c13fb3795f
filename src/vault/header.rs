//! What an object is and how big, without reading all of it. libgit2 says so, too: but where an entry is
//! of a kind that there is none of, its binding panics, and bytes on a disk may say anything.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::ZlibDecoder;

use crate::base::ObjectId;

use super::pack::{BLOCK, Type};
use super::packed;

/// The longest header of a loose object: its type, a space, its size, and a zero byte.
const LONGEST: usize = 32;

/// The type and the size of an object below `objects`, or in a store that this one borrows from.
pub fn look(objects: &Path, id: ObjectId) -> io::Result<Option<(Type, u64)>> {
    for dir in lenders(objects) {
        if let Some((kind, size, _)) = open_loose(&dir, id)? {
            return Ok(Some((kind, size)));
        }
        if let Some(found) = packed::header(&dir, id)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Where objects are looked for.
fn lenders(objects: &Path) -> Vec<PathBuf> {
    let lines = fs::read_to_string(objects.join("info/alternates")).unwrap_or_default();
    let others = lines.lines().map(|line| objects.join(line));
    std::iter::once(objects.to_owned()).chain(others).collect()
}

/// A loose object: its type, its size, and what gives its content.
pub fn open_loose(
    objects: &Path,
    id: ObjectId,
) -> io::Result<Option<(Type, u64, impl Read + use<>)>> {
    let name = id.to_string();
    let file = match File::open(objects.join(&name[..2]).join(&name[2..])) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let mut content = ZlibDecoder::new(BufReader::with_capacity(BLOCK, file));
    let mut head = Vec::with_capacity(LONGEST);
    let mut byte = [b' '];
    while head.len() < LONGEST {
        content.read_exact(&mut byte)?;
        if byte[0] == 0 {
            let (kind, size) = parse(&head).ok_or(ErrorKind::InvalidData)?;
            return Ok(Some((kind, size, content)));
        }
        head.push(byte[0]);
    }
    Err(ErrorKind::InvalidData.into())
}

fn parse(head: &[u8]) -> Option<(Type, u64)> {
    let (word, size) = std::str::from_utf8(head).ok()?.split_once(' ')?;
    let all = [Type::Commit, Type::Tree, Type::Blob];
    let kind = all.into_iter().find(|kind| kind.word() == word)?;
    Some((kind, size.parse().ok()?))
}
