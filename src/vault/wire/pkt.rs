//! Git's packets: four hexadecimal digits of length, then the bytes.

use std::io::{self, Read, Write};

/// The longest packet that git sends.
const MAX: usize = 65_520;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub enum Packet {
    Data(Vec<u8>),
    Flush,
}

/// Reads a packet; nothing at the end of the stream.
pub fn read(from: &mut impl Read) -> io::Result<Option<Packet>> {
    let mut digits = [0; 4];
    match from.read_exact(&mut digits) {
        Ok(()) => {}
        Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(fault) => return Err(fault),
    }
    let length = std::str::from_utf8(&digits)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))
        .and_then(|text| usize::from_str_radix(text, 16).ok());
    match length {
        Some(0) => Ok(Some(Packet::Flush)),
        Some(length) if (4..=MAX).contains(&length) => {
            let mut data = vec![0; length - 4];
            from.read_exact(&mut data)?;
            Ok(Some(Packet::Data(data)))
        }
        _ => Err(odd("a packet begins with no length")),
    }
}

/// The other side does not speak as git does.
pub fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Reads packets up to a flush or the end.
pub fn read_section(from: &mut impl Read, most: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut section = Vec::new();
    while let Some(Packet::Data(data)) = read(from)? {
        if section.len() == most {
            return Err(odd("more packets than fit here"));
        }
        section.push(data);
    }
    Ok(section)
}

pub fn write(out: &mut impl Write, data: &[u8]) -> io::Result<()> {
    write!(out, "{:04x}", data.len() + 4)?;
    out.write_all(data)
}

pub fn flush(out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"0000")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_read_back_as_written() {
        let mut bytes = Vec::new();
        write(&mut bytes, b"hello\n").expect("written");
        flush(&mut bytes).expect("written");
        assert_eq!(&bytes, b"000ahello\n0000");
        let mut from = bytes.as_slice();
        assert_eq!(
            read(&mut from).expect("read"),
            Some(Packet::Data(b"hello\n".to_vec()))
        );
        assert_eq!(read(&mut from).expect("read"), Some(Packet::Flush));
        assert_eq!(read(&mut from).expect("read"), None);
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        for bytes in [
            b"zzzz".as_slice(),
            b"0003",
            b"ffff",
            b"+00a",
            b"000ahel",
            b"0001",
        ] {
            assert!(read(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }
}
