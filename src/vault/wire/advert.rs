//! What a git server tells before anything else: its refs, and what it understands.

use std::io::{self, Read};

use crate::base::ObjectId;
use crate::vault::{RefName, WireError};

use super::pkt;

/// Refs of a repository that is no vault may be many; a vault has one.
const MAX_REFS: usize = 100_000;

/// The part of an advertisement that counts here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advert {
    /// The tip of the vault's branch.
    pub tip: Option<ObjectId>,
    /// A branch or tag that is another one.
    pub other: Option<String>,
    /// The history does not reach back to its beginning.
    pub is_shallow: bool,
    pub capabilities: Vec<String>,
}

impl Advert {
    /// Reads it. Nothing where the stream ended before it began.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut advert = Self::default();
        let mut refs = 0;
        loop {
            let data = match pkt::read(from)? {
                Some(pkt::Packet::Data(data)) => data,
                Some(pkt::Packet::Flush) => return Ok(Some(advert)),
                None if refs == 0 => return Ok(None),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            };
            refs += 1;
            if refs > MAX_REFS {
                return Err(pkt::odd("it has more refs than a vault ever has"));
            }
            advert.line(&data)?;
        }
    }

    fn line(&mut self, data: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(data);
        if let Some(words) = text.strip_prefix("ERR ") {
            return Err(io::Error::other(words.trim_end().to_owned()));
        }
        let (line, rest) = text.split_once('\0').unwrap_or((&text, ""));
        // They stand behind the first name. What stands behind others is nobody's.
        if self.capabilities.is_empty() {
            self.capabilities = rest.split_whitespace().map(str::to_owned).collect();
        }
        let (id, name) = match line.trim_end().split_once(' ') {
            Some(("shallow", _)) => {
                self.is_shallow = true;
                return Ok(());
            }
            Some(("version", "1")) => return Ok(()),
            Some(pair) => pair,
            None => return Err(pkt::odd("a line of it names no ref")),
        };
        if name == RefName::Branch.name() {
            let id = ObjectId::parse(id).map_err(|_| pkt::odd("its branch has no id"))?;
            self.tip = Some(id);
        } else if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
            self.other.get_or_insert_with(|| name.to_owned());
        }
        Ok(())
    }

    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    /// The tip of the vault's branch; nothing where the repository is empty.
    pub fn vault_tip(&self, url: &str) -> Result<Option<ObjectId>, WireError> {
        let url = || url.to_owned();
        let unsupported = |what: &str| WireError::Unsupported {
            url: url(),
            what: what.to_owned(),
        };
        let formats = self.capabilities.iter();
        let mut formats = formats.filter_map(|it| it.strip_prefix("object-format="));
        if formats.any(|format| format != "sha1") {
            return Err(unsupported("SHA-256 object names"));
        }
        if self.is_shallow {
            return Err(unsupported("a shallow history"));
        }
        match (self.tip, &self.other) {
            (None, Some(other)) => Err(WireError::NotAVault {
                url: url(),
                reason: format!("it has content of its own ({other}) and no branch `main`"),
            }),
            (tip, _) => Ok(tip),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789012345678901234567890123456789";

    fn packets(lines: &[String]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in lines {
            pkt::write(&mut bytes, line.as_bytes()).expect("memory");
        }
        pkt::flush(&mut bytes).expect("memory");
        bytes
    }

    fn read(lines: &[String]) -> io::Result<Option<Advert>> {
        Advert::read(&mut packets(lines).as_slice())
    }

    #[test]
    fn the_tip_and_what_it_understands_are_read() {
        let zero = "0".repeat(40);
        let advert = read(&[
            format!("{ID} HEAD\0side-band-64k ofs-delta agent=git/2\n"),
            format!("{ID} refs/heads/main\n"),
        ]);
        let advert = advert.expect("whole").expect("something");
        assert_eq!(advert.tip.map(|id| id.to_string()).as_deref(), Some(ID));
        assert!(advert.can("ofs-delta") && !advert.can("thin-pack"));
        let empty = read(&[format!("{zero} capabilities^{{}}\0report-status\n")]);
        let empty = empty.expect("whole").expect("something");
        assert_eq!(empty.vault_tip("x").expect("empty"), None);
        assert_eq!(Advert::read(&mut io::empty()).expect("nothing"), None);
    }

    #[test]
    fn what_is_no_vault_of_ours_is_said() {
        let of = |lines: &[String]| {
            let advert = read(lines).expect("whole").expect("something");
            advert.vault_tip("x").expect_err("no vault").to_string()
        };
        assert!(of(&[format!("{ID} refs/heads/master\0a\n")]).contains("refs/heads/master"));
        let sha256 = format!("{ID} refs/heads/main\0object-format=sha256\n");
        assert!(of(&[sha256]).contains("SHA-256"));
        let shallow = [
            format!("{ID} refs/heads/main\0a\n"),
            format!("shallow {ID}\n"),
        ];
        assert!(of(&shallow).contains("shallow"));
    }

    #[test]
    fn what_is_not_gits_is_refused() {
        let fault = read(&["ERR access denied".to_owned()]).expect_err("an error");
        assert_eq!(fault.to_string(), "access denied");
        for line in ["nonsense\n", "zz refs/heads/main\n"] {
            assert!(read(&[line.to_owned()]).is_err(), "{line}");
        }
        let whole = packets(&[format!("{ID} refs/heads/main\0a\n")]);
        for length in 1..whole.len() {
            let read = Advert::read(&mut &whole[..length]);
            assert!(!matches!(read, Ok(Some(_))), "{length}");
        }
    }
}
