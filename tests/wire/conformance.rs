//! The same scenarios over every way. None of them knows which one it is.

use std::path::PathBuf;

use crate::flow::scene::{API, by_hand, fails, hook, pushed, state, text, tip, vault};
use crate::kit::{Machine, Sandbox, commits, fsck, git, is_linear, scale, seed};

use super::sshd::{HOST, Sshd};
use super::utf8;
use super::web::Web;

/// A vault's remote behind a server, and two machines that reach it.
pub struct Hosted {
    pub sandbox: Sandbox,
    pub bare: PathBuf,
    pub url: String,
    pub a: Machine,
    pub b: Machine,
    pub sshd: Option<Sshd>,
    pub web: Option<Web>,
}

/// A way to a remote.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Path,
    Ssh,
    Https,
}

impl Way {
    /// Nothing where there is no server to start.
    pub fn open(self) -> Option<Hosted> {
        let sandbox = Sandbox::new();
        let sshd = match self {
            Self::Ssh => Some(Sshd::start(sandbox.path())?),
            Self::Path | Self::Https => None,
        };
        let web = match self {
            Self::Https => Some(Web::start(sandbox.path())?),
            Self::Path | Self::Ssh => None,
        };
        let bare = sandbox.bare("vault.git");
        let url = match self {
            Self::Path => utf8(&bare).to_owned(),
            Self::Ssh => format!("{HOST}:{}", utf8(&bare)),
            Self::Https => web.as_ref().expect("started").url("/git/vault.git"),
        };
        let machines = ["laptop", "desktop"].map(|name| {
            let mut machine = sandbox.machine(name);
            if let Some(sshd) = &sshd {
                sshd.known_to(&mut machine);
            }
            if let Some(web) = &web {
                web.known_to(&machine);
            }
            machine
        });
        Some(Hosted::new((sandbox, bare, url), machines, (sshd, web)))
    }
}

impl Hosted {
    fn new(
        (sandbox, bare, url): (Sandbox, PathBuf, String),
        machines: [Machine; 2],
        (sshd, web): (Option<Sshd>, Option<Web>),
    ) -> Self {
        for machine in &machines {
            let dir = machine.checkout("api", API);
            std::fs::create_dir(dir.join(".aigon")).expect("a directory can be made");
            machine.ok(&["project", "add", utf8(&dir)]);
        }
        let [a, b] = machines;
        Self {
            sandbox,
            bare,
            url,
            a,
            b,
            sshd,
            web,
        }
    }

    pub fn connect(&self) {
        for machine in [&self.a, &self.b] {
            machine.ok(&["backup", "configure", &self.url]);
        }
    }

    /// Work of the first machine that takes a moment to be sent.
    fn writes_many(&self, number: usize) {
        for file in 0..20 {
            let line = format!("{number} {file}\n");
            let name = state(&format!("many/{file}"));
            self.a.write(name, line.repeat(2_000));
        }
    }

    /// The remote cannot be reached any more, until it is on again.
    fn off(&mut self) {
        match (&mut self.sshd, &mut self.web) {
            (Some(sshd), _) => sshd.stop(),
            (_, Some(web)) => web.stop(),
            _ => std::fs::rename(&self.bare, self.bare.with_extension("off")).expect("moved"),
        }
    }

    fn on(&mut self) {
        match (&mut self.sshd, &mut self.web) {
            (Some(sshd), _) => sshd.go_on(),
            (_, Some(web)) => web.go_on(),
            _ => std::fs::rename(self.bare.with_extension("off"), &self.bare).expect("moved"),
        }
    }

    pub fn is_whole(&self) {
        fsck(&self.bare);
        assert!(is_linear(&self.bare));
    }

    pub fn stored(&self, name: &str) -> String {
        let path = format!("main:projects/api/.aigon/{name}");
        git(&["show", &path], &self.bare)
    }
}

/// Both are connected, and the first one pushed a file that the second one pulled.
fn in_step(way: Way) -> Option<Hosted> {
    let hosted = way.open()?;
    hosted.connect();
    hosted.a.write(state("x"), "1\n");
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.b, state("x")), "1\n");
    Some(hosted)
}

fn an_empty_remote_takes_the_first_push_and_hands_it_on(way: Way) {
    let Some(hosted) = way.open() else { return };
    let (code, document) = hosted.a.json(&["backup", "configure", &hosted.url]);
    assert_eq!(
        (code, &document["data"]["state"]),
        (0, &"empty".into()),
        "{document}"
    );
    hosted.a.write(state("x"), "1\n");
    let data = pushed(&hosted.a);
    assert_eq!(data["pushed"], true, "{data}");
    let (_, document) = hosted.b.json(&["backup", "configure", &hosted.url]);
    assert_eq!(document["data"]["state"], "vault", "{document}");
    hosted.b.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.b, state("x")), "1\n");
    // Quiet stays quiet.
    for machine in [&hosted.a, &hosted.b] {
        let before = commits(&hosted.bare);
        machine.ok(&["sync"]);
        assert_eq!(commits(&hosted.bare), before);
    }
    hosted.is_whole();
}

fn changes_go_both_ways(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for round in 0..3 {
        for (one, other) in [(&hosted.a, &hosted.b), (&hosted.b, &hosted.a)] {
            let text_now = format!("{round}\n").repeat(50);
            one.write(state("x"), &text_now);
            one.write(state(&format!("dir/{round}")), &text_now);
            pushed(one);
            other.ok(&["backup", "pull"]);
            assert_eq!(text(other, state("x")), text_now);
        }
    }
    hosted.is_whole();
}

fn two_that_begin_at_once_both_arrive(way: Way) {
    let Some(hosted) = way.open() else { return };
    hosted.connect();
    let started = [&hosted.a, &hosted.b].map(|machine| {
        machine.write(
            state(
                machine
                    .home
                    .file_name()
                    .expect("a name")
                    .to_str()
                    .expect("text"),
            ),
            "1\n",
        );
        machine.spawn(&["backup", "push"])
    });
    for run in started {
        let ran = run.finish();
        assert!(ran.code == 0, "{ran}");
    }
    hosted.is_whole();
    let files = vault(&hosted.sandbox, &hosted.bare);
    for name in ["laptop", "desktop"] {
        assert!(
            files.contains_key(&format!("projects/api/.aigon/{name}")),
            "{name}"
        );
    }
}

fn pushes_at_once_lose_nothing(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for round in 0..scale(50) {
        let started = [("a", &hosted.a), ("b", &hosted.b)].map(|(name, machine)| {
            machine.write(state(&format!("{name}/{round}")), format!("{round}\n"));
            machine.spawn(&["backup", "push"])
        });
        for run in started {
            let ran = run.finish();
            assert!(ran.code == 0, "{round}: {ran}");
        }
        for name in ["a", "b"] {
            assert_eq!(
                hosted.stored(&format!("{name}/{round}")),
                format!("{round}\n")
            );
        }
    }
    hosted.is_whole();
}

fn a_hooks_no_is_a_refusal_in_its_own_words(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let script = hook(
        &hosted.bare,
        "pre-receive",
        "echo 'no pushes on Fridays' >&2; exit 1",
    );
    let before = tip(&hosted.bare);
    hosted.a.write(state("x"), "2\n");
    let said = fails(&hosted.a, &["backup", "push"], (1, "refused"));
    assert!(said.contains("no pushes on Fridays"), "{said}");
    assert_eq!(tip(&hosted.bare), before);
    std::fs::remove_file(script).expect("deleted");
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
}

fn a_rewound_remote_gets_back_what_it_lost(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let before = tip(&hosted.bare);
    hosted.a.write(state("x"), "2\n");
    pushed(&hosted.a);
    git(&["update-ref", "refs/heads/main", &before], &hosted.bare);
    let (code, document) = hosted.a.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["healed"]),
        (0, &"rewound".into()),
        "{document}"
    );
    assert_eq!(hosted.stored("x"), "2\n");
    // And where both went on from there.
    hosted.b.ok(&["backup", "pull"]);
    git(&["update-ref", "refs/heads/main", &before], &hosted.bare);
    hosted.b.write(state("y"), "b\n");
    hosted.b.ok(&["backup", "push"]);
    hosted.a.ok(&["backup", "push"]);
    assert_eq!(
        (hosted.stored("x"), hosted.stored("y")),
        ("2\n".into(), "b\n".into())
    );
}

fn an_alien_repository_is_left_alone(way: Way) {
    let Some(hosted) = way.open() else { return };
    by_hand(&hosted.sandbox, &hosted.bare, |dir| {
        std::fs::write(dir.join("main.c"), "int main() {}\n").expect("written");
    });
    let before = tip(&hosted.bare);
    fails(
        &hosted.a,
        &["backup", "configure", &hosted.url],
        (6, "not_a_vault"),
    );
    git(&["branch", "-m", "main", "trunk"], &hosted.bare);
    fails(
        &hosted.a,
        &["backup", "configure", &hosted.url],
        (6, "not_a_vault"),
    );
    git(&["branch", "-m", "trunk", "main"], &hosted.bare);
    assert_eq!(tip(&hosted.bare), before);
}

fn a_push_that_is_killed_is_made_good_by_the_next(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for number in 0..scale(40) {
        hosted.writes_many(number);
        let run = hosted.a.spawn(&["backup", "push"]);
        std::thread::sleep(std::time::Duration::from_millis(15 * (number as u64 % 20)));
        run.kill_9();
        pushed(&hosted.a);
        assert!(
            hosted
                .stored("many/7")
                .starts_with(&format!("{number} 7\n"))
        );
        hosted.is_whole();
    }
    hosted.b.ok(&["backup", "pull"]);
}

fn what_cannot_be_reached_is_not_empty_and_nothing_is_taken_for_sent(way: Way) {
    let Some(mut hosted) = in_step(way) else {
        return;
    };
    let before = tip(&hosted.bare);
    hosted.off();
    hosted.a.write(state("x"), "2\n");
    for command in ["push", "pull"] {
        fails(&hosted.a, &["backup", command], (4, "unreachable"));
    }
    fails(&hosted.a, &["sync"], (4, "unreachable"));
    let (code, document) = hosted.a.json(&["backup", "status"]);
    let remote = &document["data"]["remote"];
    assert_eq!(
        (code, &remote["error"]["kind"]),
        (0, &"unreachable".into()),
        "{document}"
    );
    hosted.on();
    assert_eq!(tip(&hosted.bare), before);
    pushed(&hosted.a);
    assert_eq!(hosted.stored("x"), "2\n");
    assert_eq!(text(&hosted.a, state("x")), "2\n");
}

fn a_first_push_without_the_remote_joins_what_came_there_meanwhile(way: Way) {
    let Some(mut hosted) = way.open() else { return };
    hosted.connect();
    hosted.off();
    hosted.a.write(state("a"), "1\n");
    fails(&hosted.a, &["backup", "push"], (4, "unreachable"));
    hosted.on();
    hosted.b.write(state("b"), "1\n");
    pushed(&hosted.b);
    pushed(&hosted.a);
    assert_eq!(
        (hosted.stored("a"), hosted.stored("b")),
        ("1\n".into(), "1\n".into())
    );
    hosted.is_whole();
}

fn an_emptied_remote_gets_everything_back_and_fresh_machines_get_it(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    std::fs::remove_dir_all(&hosted.bare).expect("deleted");
    assert_eq!(hosted.sandbox.bare("vault.git"), hosted.bare);
    let (code, document) = hosted.a.json(&["backup", "push"]);
    assert_eq!(
        (code, &document["data"]["healed"]),
        (0, &"emptied".into()),
        "{document}"
    );
    assert_eq!(hosted.stored("x"), "1\n");
    hosted.b.write(state("x"), "2\n");
    pushed(&hosted.b);
    hosted.a.ok(&["backup", "pull"]);
    assert_eq!(text(&hosted.a, state("x")), "2\n");
}

fn a_large_pack_goes_and_comes(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    let (files, size) = if scale(10) == 10 {
        (5, 20 << 20)
    } else {
        (2, 2 << 20)
    };
    let mut rng = seed(3);
    for file in 0..files {
        let bytes: Vec<u8> = (0..size / 8)
            .flat_map(|_| rng.next().to_le_bytes())
            .collect();
        hosted.a.write(state(&format!("large/{file}.bin")), bytes);
    }
    pushed(&hosted.a);
    hosted.b.ok(&["backup", "pull"]);
    for file in 0..files {
        let name = state(&format!("large/{file}.bin"));
        assert!(hosted.a.read(&name) == hosted.b.read(&name), "{file}");
    }
    hosted.is_whole();
}

fn a_pull_that_is_killed_leaves_nothing_half_done(way: Way) {
    let Some(hosted) = in_step(way) else { return };
    for number in 0..scale(40) {
        hosted.writes_many(number);
        pushed(&hosted.a);
        let run = hosted.b.spawn(&["backup", "pull"]);
        std::thread::sleep(std::time::Duration::from_millis(10 * (number as u64 % 25)));
        run.kill_9();
        hosted.b.ok(&["backup", "pull"]);
        for file in 0..20 {
            let name = state(&format!("many/{file}"));
            assert!(hosted.a.read(&name) == hosted.b.read(&name), "{number}");
        }
        let store = hosted.b.home.join("holdall/data/vault.git");
        fsck(&store);
        let left = std::fs::read_dir(&store).expect("listed").flatten();
        let mut names = left.map(|entry| entry.file_name().to_string_lossy().into_owned());
        assert!(!names.any(|name| name.contains("holdall-tmp")), "{number}");
    }
}

macro_rules! over {
    ($name:ident: $way:ident) => {
        mod $name {
            over!($way:
                an_empty_remote_takes_the_first_push_and_hands_it_on,
                changes_go_both_ways,
                two_that_begin_at_once_both_arrive,
                pushes_at_once_lose_nothing,
                a_hooks_no_is_a_refusal_in_its_own_words,
                a_rewound_remote_gets_back_what_it_lost,
                an_alien_repository_is_left_alone,
                a_push_that_is_killed_is_made_good_by_the_next,
                what_cannot_be_reached_is_not_empty_and_nothing_is_taken_for_sent,
                a_first_push_without_the_remote_joins_what_came_there_meanwhile,
                an_emptied_remote_gets_everything_back_and_fresh_machines_get_it,
                a_large_pack_goes_and_comes,
                a_pull_that_is_killed_leaves_nothing_half_done,
            );
        }
    };
    ($way:ident: $($scenario:ident,)*) => {
        $(
            #[test]
            fn $scenario() {
                super::$scenario(super::Way::$way);
            }
        )*
    };
}

over!(path: Path);
over!(ssh: Ssh);
over!(https: Https);
