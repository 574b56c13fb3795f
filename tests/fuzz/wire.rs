//! A server that says anything: whatever it is, a fetch ends soon, with an error or with everything
//! that it was to bring, and no push is believed that was not confirmed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdall::base::{Env, HostPath, MachineId, ObjectId, Sink};
use holdall::vault::wire::{
    Address, Aim, GitConfig, PushOutcome, Remote, Update, WebOptions, WireOptions, remote,
};
use holdall::vault::{Objects, Store};
use sha1::{Digest, Sha1};

use crate::kit::{Rng, Sandbox, fsck, git, scale, seed};

const LONGEST: Duration = Duration::from_secs(20);

/// Packets of a conversation, to be damaged.
type Packets = Vec<Vec<u8>>;

fn packet(data: &[u8]) -> Vec<u8> {
    let mut packet = format!("{:04x}", data.len() + 4).into_bytes();
    packet.extend_from_slice(data);
    packet
}

/// A vault's repository with some history, large and small contents, and changes told as such.
fn server(sandbox: &Sandbox) -> PathBuf {
    let bare = sandbox.bare("server.git");
    let work = sandbox.path().join("work");
    git(
        &["clone", "-q", bare.to_str().expect("text"), "work"],
        sandbox.path(),
    );
    git(&["checkout", "-q", "-b", "main"], &work);
    let mut rng = seed(1);
    for round in 0..6 {
        for file in 0..8 {
            let dir = work.join(format!("d{}/e{}", file % 3, round % 2));
            fs::create_dir_all(&dir).expect("made");
            let lines: Vec<_> = (0..200)
                .map(|n| format!("{file} {n} {}", rng.below(3)))
                .collect();
            let lines = lines.join("\n");
            fs::write(dir.join(format!("f{file}")), lines).expect("written");
        }
        git(&["add", "-A"], &work);
        git(&["commit", "-q", "-m", "more"], &work);
    }
    git(&["push", "-q", "origin", "main"], &work);
    git(&["gc", "-q"], &bare);
    bare
}

/// What the server says to a whole fetch: its refs, and the pack.
fn spoken(bare: &Path, sandbox: &Sandbox) -> (Packets, Vec<u8>) {
    let tip = git(&["rev-parse", "main"], bare);
    let tip = tip.trim();
    let refs = [
        packet(format!("{tip} HEAD\0side-band-64k ofs-delta\n").as_bytes()),
        packet(format!("{tip} refs/heads/main\n").as_bytes()),
        b"0000".to_vec(),
    ];
    let out = sandbox.path().join("out");
    git(
        &[
            "pack-objects",
            "-q",
            "--all",
            "--revs",
            "--delta-base-offset",
            out.to_str().expect("text"),
        ],
        bare,
    );
    let mut files = fs::read_dir(sandbox.path()).expect("listed").flatten();
    let pack = files.find(|file| file.path().extension().is_some_and(|it| it == "pack"));
    (
        refs.to_vec(),
        fs::read(pack.expect("a pack").path()).expect("read"),
    )
}

/// The pack in bands, as a server sends it.
fn banded(pack: &[u8]) -> Packets {
    let mut packets = vec![packet(b"NAK\n"), packet(b"\x02Counting objects\n")];
    for piece in pack.chunks(3_000) {
        packets.push(packet(&[&[1], piece].concat()));
    }
    packets.push(b"0000".to_vec());
    packets
}

/// Its trailer says again what it is: else every damage would look the same.
fn sealed(mut pack: Vec<u8>) -> Vec<u8> {
    let end = pack.len().saturating_sub(20);
    pack.truncate(end);
    let sum: [u8; 20] = Sha1::digest(&pack).into();
    pack.extend_from_slice(&sum);
    pack
}

/// Flips, cuts, doubles, leaves out, or puts in.
fn damaged(mut bytes: Vec<u8>, rng: &mut Rng) -> Vec<u8> {
    for _ in 0..rng.between(1, 4) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, rng.next().to_le_bytes()[0]),
            2 => drop(bytes.remove(at)),
            3 => {
                let until = (at + rng.between(1, 40)).min(bytes.len());
                let again = bytes[at..until].to_vec();
                bytes.splice(at..at, again);
            }
            _ => bytes[at] ^= 1 << rng.below(8),
        }
    }
    bytes
}

/// A remote whose server says these bytes, whatever it is told.
struct Liar {
    sandbox: Sandbox,
    says: PathBuf,
}

impl Liar {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let says = sandbox.path().join("says");
        Self { sandbox, says }
    }

    fn remote(&self, script: &str, aim: Aim) -> Box<dyn Remote> {
        let home = self.sandbox.path().to_owned();
        let vars = [
            ("PATH", std::env::var_os("PATH").expect("a path")),
            ("GIT_SSH_COMMAND", OsString::from(format!("{script} #"))),
        ];
        let vars = vars.map(|(name, value)| (name.to_owned(), value));
        let options = WireOptions {
            env: Env::new(vars, home.clone(), "here".to_owned()),
            machine: MachineId::parse("k7f3q2hm9x").expect("an id"),
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            may_ask: false,
            web: WebOptions::default(),
        };
        let address = Address::parse("host:vault.git", &home, &home).expect("an address");
        remote(
            address,
            "host:vault.git",
            (options, &GitConfig::default()),
            aim,
        )
        .expect("a way")
    }

    fn store(&self, name: &str) -> (Store, PathBuf) {
        let path = self.sandbox.path().join(name);
        let place = HostPath::new(path.clone()).expect("absolute");
        (Store::open(&place).expect("a store"), path)
    }

    /// Fetches from a server that says this into an empty store.
    fn fetch(&self, name: &str, says: &[u8]) -> bool {
        fs::write(&self.says, says).expect("written");
        let remote = self.remote(&format!("cat {}", self.says.display()), Aim::Fetch);
        let (store, path) = self.store(name);
        let since = Instant::now();
        let tip = remote.tip();
        let fetched = match tip {
            Ok(Some(tip)) => remote.fetch(&store, tip, &|_| ()).map(|()| tip),
            Ok(None) => return false,
            Err(fault) => Err(fault),
        };
        assert!(since.elapsed() < LONGEST, "{name}: {:?}", since.elapsed());
        let came = match fetched {
            Ok(tip) => {
                assert!(store.has(tip), "{name}");
                git(&["fsck", "--strict", &tip.to_string()], &path);
                true
            }
            Err(fault) => {
                assert!(!fault.to_string().contains('\u{1b}'), "{name}: {fault}");
                false
            }
        };
        drop(store);
        let left = fs::read_dir(&path).expect("listed").flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        let is_temp = |name: &OsString| name.to_string_lossy().contains("holdall-tmp");
        assert!(!left.iter().any(is_temp), "{name}: {left:?}");
        fs::remove_dir_all(&path).expect("deleted");
        came
    }
}

#[test]
fn damaged_refs_and_packets_of_a_fetch_bring_all_or_nothing() {
    let liar = Liar::new();
    let (refs, pack) = spoken(&server(&liar.sandbox), &liar.sandbox);
    let whole = [refs, banded(&pack)].concat().concat();
    assert!(liar.fetch("whole", &whole));
    for number in 0..scale(1_000) {
        let mut rng = seed(number as u64);
        // The beginning is where most is decided.
        let length = if rng.below(2) == 0 { 400 } else { whole.len() };
        let (head, tail) = whole.split_at(length.min(whole.len()));
        let says = [damaged(head.to_vec(), &mut rng), tail.to_vec()].concat();
        liar.fetch(&format!("seed {number}"), &says);
    }
}

#[test]
fn damaged_packs_bring_all_or_nothing() {
    let liar = Liar::new();
    let (refs, pack) = spoken(&server(&liar.sandbox), &liar.sandbox);
    for number in 0..scale(1_000) {
        let mut rng = seed(number as u64);
        let pack = sealed(damaged(pack.clone(), &mut rng));
        let says = [refs.clone(), banded(&pack)].concat().concat();
        liar.fetch(&format!("seed {number}"), &says);
    }
}

#[test]
fn no_push_is_believed_that_was_not_confirmed() {
    let liar = Liar::new();
    let (store, path) = liar.store("own");
    let mut objects = Objects::new(&store);
    let tree = {
        let id = objects.put_blob(b"x\n").expect("stored");
        let entry = holdall::base::TreeEntry {
            name: b"x".to_vec(),
            kind: holdall::base::Kind::File,
            id,
        };
        objects.put_tree(&[entry]).expect("stored")
    };
    objects.flush().expect("stored");
    let commit = git(&["commit-tree", "-m", "one", &tree.to_string()], &path);
    let to = ObjectId::parse(commit.trim()).expect("an id");
    let zero = "0".repeat(40);
    let refs = [
        packet(format!("{zero} capabilities^{{}}\0report-status side-band-64k\n").as_bytes()),
        b"0000".to_vec(),
    ]
    .concat();
    let report = [
        packet(b"unpack ok\n"),
        packet(b"ok refs/heads/main\n"),
        b"0000".to_vec(),
    ]
    .concat();
    let report = [packet(&[&[1], &report[..]].concat()), b"0000".to_vec()].concat();
    let (asked, answer) = (liar.sandbox.path().join("refs"), &liar.says);
    fs::write(&asked, &refs).expect("written");
    let script = format!(
        "said() {{ case \"$*\" in *receive-pack*) cat {0} {1}; cat > /dev/null;; *) cat {0};; esac; }}; said \"$@\"",
        asked.display(),
        answer.display()
    );
    for number in 0..scale(400) {
        let mut rng = seed(number as u64);
        let says = if number == 0 {
            report.clone()
        } else {
            damaged(report.clone(), &mut rng)
        };
        fs::write(answer, &says).expect("written");
        let objects = Objects::new(&store);
        let update = Update { from: None, to };
        let since = Instant::now();
        let outcome = liar
            .remote(&script, Aim::Push)
            .push(&objects, update, &|_| ());
        assert!(since.elapsed() < LONGEST, "{number}: {:?}", since.elapsed());
        let confirmed = says.windows(18).any(|it| it == b"ok refs/heads/main");
        let is_accepted = matches!(outcome, Ok(PushOutcome::Accepted));
        assert!(!is_accepted || confirmed, "seed {number}: {outcome:?}");
        assert!(is_accepted || number > 0, "{outcome:?}");
    }
    fsck(&path);
}
