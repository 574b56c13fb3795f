use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::vault::pack::{self, Encoder, PackStream};

/// A pack on a disk, and what is in it.
struct Ground {
    dir: TempDir,
    /// In their order: where each begins, and what it is.
    entries: Vec<(u64, ObjectId, Vec<u8>)>,
    length: u64,
}

/// An entry as it goes into a pack: its bytes, and the content that it tells.
type Entry = (Vec<u8>, Vec<u8>);

fn whole(content: &[u8]) -> Entry {
    let mut raw = Vec::new();
    Encoder::new().entry(Type::Blob, content, &mut raw);
    (raw, content.to_vec())
}

/// A content told upon another one, by its distance or by its name.
fn change(base: &[u8], content: &[u8], distance: Option<u64>) -> Entry {
    let delta = delta::encode(base, content, usize::MAX).expect("made");
    let mut raw = Vec::new();
    if let Some(distance) = distance {
        Encoder::new().change(distance, &delta, &mut raw);
    } else {
        Encoder::new().entry(Type::Blob, &delta, &mut raw);
        let end = raw.iter().position(|byte| byte & 0x80 == 0);
        let end = end.expect("a header ends") + 1;
        raw[0] = (raw[0] & 0x8f) | (pack::BY_NAME << 4);
        let id = object_id(Type::Blob, base);
        raw.splice(end..end, *id.as_bytes());
    }
    (raw, content.to_vec())
}

impl Ground {
    fn of(entries: &[Entry]) -> Self {
        let dir = tempfile::tempdir().expect("a temp dir");
        let mut stream = PackStream::begin(Vec::new(), entries.len()).expect("begun");
        let mut known = Vec::new();
        for (raw, content) in entries {
            known.push((
                stream.written,
                object_id(Type::Blob, content),
                content.clone(),
            ));
            stream.write(raw).expect("written");
        }
        let (bytes, sum) = stream.finish().expect("finished");
        let places = known.iter().map(|(offset, id, _)| index::Place {
            id: *id,
            crc: 0,
            offset: *offset,
        });
        let mut index = Vec::new();
        index::write(places.collect(), sum, &mut index).expect("written");
        let ground = Self {
            length: bytes.len() as u64,
            dir,
            entries: known,
        };
        fs::write(ground.file("pack"), bytes).expect("written");
        fs::write(ground.file("idx"), index).expect("written");
        ground
    }

    fn file(&self, ending: &str) -> PathBuf {
        self.dir.path().join("pack-1").with_extension(ending)
    }

    fn change(&self, ending: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.file(ending)).expect("read");
        change(&mut bytes);
        fs::write(self.file(ending), bytes).expect("written");
    }

    /// Which of them can be made, with the help of one who has these.
    fn read(&self, lent: &[&[u8]]) -> Vec<bool> {
        let from = |id| {
            let mut lent = lent.iter().map(|bytes| (Type::Blob, bytes.to_vec()));
            lent.find(|(kind, bytes)| object_id(*kind, bytes) == id)
        };
        let mut rubble = Rubble::open(self.dir.path()).expect("opened");
        rubble.name(&from);
        let reads = |(_, id, content): &(u64, ObjectId, Vec<u8>)| {
            let made = rubble.read(*id, &from);
            made.is_some_and(|(_, bytes)| *bytes == *content)
        };
        self.entries.iter().map(reads).collect()
    }
}

fn noise(seed: u32, length: u32) -> Vec<u8> {
    let bytes = (0..length).flat_map(|n| (n ^ seed).wrapping_mul(2_654_435_761).to_le_bytes());
    bytes.collect()
}

/// Some that do not compress, some that do, and one that is empty.
fn some() -> Ground {
    let contents = [
        noise(1, 300),
        b"one\n".repeat(90),
        Vec::new(),
        noise(2, 900),
        b"x".to_vec(),
    ];
    Ground::of(&contents.each_ref().map(|content| whole(content)))
}

#[test]
fn what_lies_before_the_cut_reads_with_an_index_and_without() {
    let lengths = {
        let ground = some();
        let starts = ground.entries.iter().map(|(offset, ..)| *offset);
        let cuts = starts.flat_map(|start| [start, start + 1, start + 7]);
        cuts.chain([0, 5, 12, ground.length - 21, ground.length - 1])
            .collect::<Vec<_>>()
    };
    for length in lengths {
        for has_index in [true, false] {
            let ground = some();
            ground.change("pack", |bytes| {
                bytes.truncate(usize::try_from(length).expect("small"));
            });
            if !has_index {
                fs::remove_file(ground.file("idx")).expect("removed");
            }
            let ends = ground.entries.iter().skip(1).map(|(offset, ..)| *offset);
            let ends = ends.chain([ground.length - 20]);
            let expected: Vec<bool> = ends.map(|end| end <= length).collect();
            assert_eq!(ground.read(&[]), expected, "{length} {has_index}");
        }
    }
}

#[test]
fn a_byte_that_is_another_one_takes_one_object_at_most() {
    for at in (12..some().length - 20).step_by(61) {
        for index in ["whole", "wrong", "gone"] {
            let ground = some();
            ground.change("pack", |bytes| {
                bytes[usize::try_from(at).expect("small")] ^= 0xff;
            });
            match index {
                "wrong" => ground.change("idx", |bytes| bytes[8 + 256 * 4 + 3] ^= 0xff),
                "gone" => fs::remove_file(ground.file("idx")).expect("removed"),
                _ => {}
            }
            let read = ground.read(&[]);
            let lost = read.iter().filter(|read| !**read).count();
            assert!(lost <= 1, "{at} {index}: {read:?}");
        }
    }
}

#[test]
fn an_index_that_was_changed_costs_nothing() {
    for at in [0, 9, 900, 8 + 256 * 4 + 1, 8 + 256 * 4 + 5 * 24 + 3] {
        let ground = some();
        ground.change("idx", |bytes| bytes[at] ^= 0x55);
        assert_eq!(ground.read(&[]), [true; 5], "{at}");
    }
}

#[test]
fn what_is_told_upon_a_base_that_does_not_read_is_made_of_the_one_that_somebody_else_has() {
    let [a, b, c] = [noise(1, 3_000), noise(1, 3_100), noise(1, 3_200)];
    for by_name in [false, true] {
        for has_index in [true, false] {
            let first = whole(&a);
            let second = change(&a, &b, (!by_name).then_some(first.0.len() as u64));
            let third = change(&b, &c, (!by_name).then_some(second.0.len() as u64));
            let ground = Ground::of(&[first, second, third]);
            if !has_index {
                fs::remove_file(ground.file("idx")).expect("removed");
            }
            assert_eq!(ground.read(&[]), [true; 3]);
            ground.change("pack", |bytes| bytes[500] ^= 0xff);
            assert_eq!(ground.read(&[]), [false; 3]);
            // Without an index nobody knows what stood so many bytes before.
            let is_known = by_name || has_index;
            assert_eq!(ground.read(&[&a]), [false, is_known, is_known]);
            assert_eq!(ground.read(&[&b]), [false, false, is_known]);
        }
    }
}

#[test]
fn a_base_that_never_was_there_is_lent() {
    let (a, b) = (noise(1, 3_000), noise(1, 3_100));
    let ground = Ground::of(&[change(&a, &b, None)]);
    assert_eq!(ground.read(&[]), [false]);
    assert_eq!(ground.read(&[&a]), [true]);
}

#[test]
fn what_nobody_would_write_is_none_and_comes_to_an_end() {
    let content = noise(1, 100);
    let (raw, _) = whole(&content);
    let deflated = &raw[2..];
    let entry = |header: &[u8]| ([header, deflated].concat(), content.clone());
    let upon_itself = [
        &[0xf0, 0x19][..],
        object_id(Type::Blob, &content).as_bytes(),
    ]
    .concat();
    for header in [
        // Kinds that there are none of, and a tag.
        &[0x80, 0x19][..],
        &[0xd0, 0x19],
        &[0xc0, 0x19],
        // More than it has, less than it has, and more than anything has.
        &[0xb0, 0x7f],
        &[0xb0, 0x01],
        &[0xb0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        &[
            0xb0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
        ],
        // Upon itself, and upon what lies before the pack.
        &upon_itself,
        &[0xe0, 0x19, 0],
        &[0xe0, 0x19, 0x7f],
        &[
            0xe0, 0x19, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
        ],
    ] {
        for has_index in [true, false] {
            let ground = Ground::of(&[entry(header), whole(b"behind it")]);
            if !has_index {
                fs::remove_file(ground.file("idx")).expect("removed");
            }
            assert_eq!(ground.read(&[]), [false, true], "{header:?} {has_index}");
        }
    }
}

#[test]
fn a_ring_of_changes_is_none() {
    let (a, b) = (noise(1, 3_000), noise(1, 3_100));
    let ground = Ground::of(&[change(&a, &b, None), change(&b, &a, None)]);
    assert_eq!(ground.read(&[]), [false; 2]);
    assert_eq!(ground.read(&[&a]), [true; 2]);
}

#[test]
fn a_long_row_of_changes_is_made() {
    let row: Vec<Vec<u8>> = (0..300).map(|n| noise(7, 300 + n)).collect();
    let mut entries = vec![whole(&row[0])];
    for pair in row.windows(2) {
        let distance = entries.last().map(|(raw, _)| raw.len() as u64);
        entries.push(change(&pair[0], &pair[1], distance));
    }
    let ground = Ground::of(&entries);
    assert!(ground.read(&[]).into_iter().all(|read| read));
}

#[test]
fn what_is_large_is_read_piece_by_piece() {
    let large = noise(3, 600_000);
    let ground = Ground::of(&[whole(b"before"), whole(&large), whole(b"behind")]);
    for has_index in [true, false] {
        if !has_index {
            fs::remove_file(ground.file("idx")).expect("removed");
        }
        let mut rubble = Rubble::open(ground.dir.path()).expect("opened");
        rubble.name(&|_| None);
        let (size, mut content) = rubble
            .open_large(ground.entries[1].1)
            .next()
            .expect("large");
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).expect("read");
        assert!(size == bytes.len() as u64 && bytes == large);
        assert!(rubble.open_large(ground.entries[0].1).next().is_none());
    }
}
