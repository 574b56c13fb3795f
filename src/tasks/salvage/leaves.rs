//! The rows of a damaged file, page by page: where SQLite does not find its way to a page any more, what
//! stands on it is there all the same. How that is laid out never changes:
//! <https://www.sqlite.org/fileformat2.html>.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::types::ValueRef;

pub const PAGE: usize = 4096;
/// The first page begins behind the header of the file.
pub const HEADER: usize = 100;
/// A page of this kind has rows of a table.
const LEAF: u8 = 13;
/// A longer row goes on elsewhere, and at least so much of it is here.
const MOST: usize = PAGE - 35;
const LEAST: usize = (PAGE - 12) * 32 / 255 - 23;
/// What another page has of it, behind the number of the next one.
const MORE: usize = PAGE - 4;

type Page = [u8; PAGE];

/// What is taken of each row of so many columns that stands anywhere in a file, of whichever table.
pub fn rows<T, const N: usize>(
    file: &Path,
    take: impl Fn(i64, [ValueRef<'_>; N]) -> Option<T>,
) -> io::Result<Vec<T>> {
    let file = File::open(file)?;
    let length = file.metadata()?.len();
    let pages = Pages { file, length };
    let mut all = Vec::new();
    for number in 1.. {
        let Some(page) = pages.get(number) else {
            break;
        };
        let head = if number == 1 { HEADER } else { 0 };
        for (n, row) in pages.rows(&page, head) {
            let columns = columns(&row).and_then(|all| all.try_into().ok());
            all.extend(columns.and_then(|columns| take(n, columns)));
        }
    }
    Ok(all)
}

struct Pages {
    file: File,
    length: u64,
}

impl Pages {
    /// The first one is 1.
    fn get(&self, number: u32) -> Option<Page> {
        let mut page = [0; PAGE];
        let at = u64::from(number.checked_sub(1)?) * PAGE as u64;
        self.file.read_exact_at(&mut page, at).ok()?;
        Some(page)
    }

    /// The rows of a page, each with its number.
    fn rows(&self, page: &Page, head: usize) -> impl Iterator<Item = (i64, Vec<u8>)> {
        let many = if page[head] == LEAF {
            short(page, head + 3).unwrap_or(0)
        } else {
            0
        };
        let places = (0..many).map_while(move |cell| short(page, head + 8 + 2 * usize::from(cell)));
        places.filter_map(move |at| self.row(page, at.into()))
    }

    fn row(&self, page: &Page, mut at: usize) -> Option<(i64, Vec<u8>)> {
        let size = varint(page, &mut at).filter(|size| *size <= self.length)?;
        let size = usize::try_from(size).ok()?;
        let n = varint(page, &mut at)?.cast_signed();
        let here = if size <= MOST { size } else { here(size) };
        let mut bytes = page.get(at..at + here)?.to_vec();
        let mut next = if here < size {
            long(page, at + here)?
        } else {
            0
        };
        while bytes.len() < size {
            let page = self.get(next)?;
            let more = MORE.min(size - bytes.len());
            bytes.extend_from_slice(&page[4..4 + more]);
            next = long(&page, 0)?;
        }
        Some((n, bytes))
    }
}

/// How much of a long row is on its first page: as much as fills its last one, if that fits.
const fn here(size: usize) -> usize {
    let here = LEAST + (size - LEAST) % MORE;
    if here <= MOST { here } else { LEAST }
}

/// Which kind each column is of, and how long, stands before the first one.
fn columns(row: &[u8]) -> Option<Vec<ValueRef<'_>>> {
    let mut at = 0;
    let mut place = usize::try_from(varint(row, &mut at)?).ok()?;
    let (end, mut columns) = (place, Vec::new());
    while at < end {
        let kind = varint(row, &mut at)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let length = usize::try_from(length).ok()?;
        let bytes = row.get(place..place.checked_add(length)?)?;
        columns.push(value(kind, bytes));
        place += length;
    }
    Some(columns)
}

fn value(kind: u64, bytes: &[u8]) -> ValueRef<'_> {
    match kind {
        0 => ValueRef::Null,
        1..=6 => ValueRef::Integer(integer(bytes)),
        7 => ValueRef::Real(f64::from_bits(integer(bytes).cast_unsigned())),
        8 => ValueRef::Integer(0),
        9 => ValueRef::Integer(1),
        _ if kind.is_multiple_of(2) => ValueRef::Blob(bytes),
        _ => ValueRef::Text(bytes),
    }
}

fn integer(bytes: &[u8]) -> i64 {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    let before = if is_negative { -1 } else { 0 };
    bytes
        .iter()
        .fold(before, |number, byte| number << 8 | i64::from(*byte))
}

fn short(page: &Page, at: usize) -> Option<u16> {
    let bytes = page.get(at..at + 2)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

fn long(page: &Page, at: usize) -> Option<u32> {
    let bytes = page.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// Seven bits of each byte while the eighth is set; all eight of a ninth.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for place in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if place == 8 {
            return Some(number << 8 | u64::from(byte));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number)
}
