//! The fetch protocol: what is wanted and what is here already, and the pack that comes for it.

use std::io::{self, Read};

use crate::base::ObjectId;
use crate::vault::{RefName, Store, VaultError};

use super::advert::Advert;
use super::pkt::{self, Packet};
use super::words::Words;

/// What the other side is asked to do, of what it can.
const WISHES: [&str; 3] = ["side-band-64k", "ofs-delta", "no-progress"];
/// What no fetch goes without.
pub const NEEDED: &str = "side-band-64k";
/// So many commits are named that are here.
const MOST_HAVES: usize = 64;

/// The whole request: one round, since a vault's history is one line of which both sides know the
/// beginning.
pub fn request(advert: &Advert, want: ObjectId, haves: &[ObjectId]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let wishes = WISHES.into_iter().filter(|wish| advert.can(wish));
    let wishes: Vec<_> = wishes.collect();
    let (wishes, version) = (wishes.join(" "), env!("CARGO_PKG_VERSION"));
    let line = format!("want {want} {wishes} agent=holdall/{version}\n");
    pkt::write(&mut out, line.as_bytes())?;
    pkt::flush(&mut out)?;
    for have in haves {
        pkt::write(&mut out, format!("have {have}\n").as_bytes())?;
    }
    pkt::write(&mut out, b"done\n")?;
    Ok(out)
}

/// Commits that are here, with gaps that grow: the other side has one of them, unless it is another
/// vault or lost more than it kept.
pub fn haves(store: &Store) -> Result<Vec<ObjectId>, VaultError> {
    let mut haves = Vec::new();
    for name in [RefName::Published, RefName::Branch] {
        let Some(tip) = store.read_ref(name)? else {
            continue;
        };
        let line = store.commits(tip, None)?;
        let mut at = 0;
        let mut gap = 1;
        while let Some(id) = line.get(at) {
            haves.push(*id);
            at += gap;
            gap *= 2;
        }
        haves.extend(line.last());
    }
    let mut seen = std::collections::HashSet::new();
    haves.retain(|id| seen.insert(*id));
    haves.truncate(MOST_HAVES);
    Ok(haves)
}

/// Hands on the pack of an answer.
pub fn read_pack(
    mut from: &mut dyn Read,
    take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut words = Words::default();
    loop {
        let data = match pkt::read(&mut from)? {
            Some(Packet::Data(data)) => data,
            Some(Packet::Flush) => return Ok(()),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        match data.split_first() {
            Some((1, pack)) => take(pack)?,
            Some((2, said)) => words.add(said),
            Some((3, said)) => {
                words.add(said);
                return Err(io::Error::other(words.printable()));
            }
            _ if data.starts_with(b"NAK") || data.starts_with(b"ACK ") => {}
            _ => match data.strip_prefix(b"ERR ") {
                Some(said) => {
                    words.add(said);
                    return Err(io::Error::other(words.printable()));
                }
                None => return Err(pkt::odd("its answer is no pack")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn answer(packets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for packet in packets {
            pkt::write(&mut bytes, packet).expect("memory");
        }
        pkt::flush(&mut bytes).expect("memory");
        bytes
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut pack = Vec::new();
        read_pack(&mut &*bytes, &mut |piece| pack.write_all(piece))?;
        Ok(pack)
    }

    #[test]
    fn the_pack_comes_out_of_its_band() {
        let bytes = answer(&[b"NAK\n", b"\x02Counting\n", b"\x01PA", b"\x01", b"\x01CK"]);
        assert_eq!(read(&bytes).expect("whole"), b"PACK");
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn the_other_sides_words_are_the_fault() {
        for (packets, wanted) in [
            (
                &[&b"NAK\n"[..], b"\x02so\n", b"\x03it broke\n"][..],
                "so; it broke",
            ),
            (&[b"ERR not our ref"], "not our ref"),
            (&[b"what"], "no pack"),
        ] {
            let fault = read(&answer(packets)).expect_err("a fault").to_string();
            assert!(fault.contains(wanted), "{fault}");
        }
    }

    #[test]
    fn a_request_asks_only_for_what_the_other_side_can() {
        let advert = Advert {
            capabilities: vec!["ofs-delta".to_owned(), "thin-pack".to_owned()],
            ..Advert::default()
        };
        let id = ObjectId::from_bytes([1; 20]);
        let request = request(&advert, id, &[id]).expect("memory");
        let request = String::from_utf8(request).expect("text");
        assert!(
            request.contains(&format!("want {id} ofs-delta agent=holdall/")),
            "{request}"
        );
        assert!(
            request.ends_with(&format!("0000{:04x}have {id}\n0009done\n", 50)),
            "{request}"
        );
    }
}
