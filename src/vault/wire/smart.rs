//! A remote that a git server answers for: the same conversation, whatever way leads there.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::base::{ObjectId, Tell};
use crate::vault::{Objects, Store, WireError};

use super::line::{Call, Host, Open, Service};
use super::settle::Heard;
use super::{Aim, PushOutcome, Remote, Update, incoming, receive, send, settle, upload};

/// What fails so soon was broken before.
const AT_ONCE: Duration = Duration::from_secs(1);

pub struct SmartRemote<H> {
    host: H,
    aim: Aim,
    calling: RefCell<Option<Call>>,
    uploading: RefCell<Option<Open>>,
    receiving: RefCell<Option<Open>>,
}

impl<H: Host> SmartRemote<H> {
    pub const fn new(host: H, aim: Aim) -> Self {
        Self {
            host,
            aim,
            calling: RefCell::new(None),
            uploading: RefCell::new(None),
            receiving: RefCell::new(None),
        }
    }

    const fn service(&self) -> Service {
        match self.aim {
            Aim::Fetch => Service::Upload,
            Aim::Push => Service::Receive,
        }
    }

    /// What the tip is now, by a call of its own.
    fn tip_now(&self) -> Result<Option<ObjectId>, WireError> {
        let (advert, line) = self.host.call(Service::Upload)?;
        line.leave();
        advert.vault_tip(self.host.url())
    }

    /// What became of a push that was asked for.
    fn outcome(&self, update: Update, heard: Heard) -> Result<PushOutcome, WireError> {
        // The server's own word about the ref is as good as a look at it, and saves a call.
        if heard.said.as_ref().is_ok_and(|said| said.ok) {
            return Ok(PushOutcome::Accepted);
        }
        // Whether another one grew out of it the next round sees, which has to fetch it anyway.
        match settle::by_ref(update, &|| self.tip_now(), &|_| false)? {
            Some(outcome) => Ok(outcome),
            None => heard.unmoved(self.host.url()),
        }
    }
}

fn leave(open: &RefCell<Option<Open>>) {
    if let Some((_, line)) = open.take() {
        line.leave();
    }
}

impl<H: Host> Remote for SmartRemote<H> {
    fn url(&self) -> &str {
        self.host.url()
    }

    fn begin(&self) -> bool {
        // What hinders it whoever asks for the tip gets to know.
        let call = self.host.dial(self.service()).ok().flatten();
        self.calling.replace(call);
        self.calling.borrow().is_some()
    }

    fn tip(&self) -> Result<Option<ObjectId>, WireError> {
        let open = match self.aim {
            Aim::Fetch => &self.uploading,
            Aim::Push => &self.receiving,
        };
        leave(open);
        let begun = self.calling.take();
        let begun = begun.filter(|call| Instant::now() < call.waits_until);
        let (advert, line) = match begun {
            Some(call) => (call.hear)()?,
            None => self.host.call(self.service())?,
        };
        let tip = advert.vault_tip(self.host.url());
        if tip.is_err() {
            line.leave();
        } else {
            open.replace(Some((advert, line)));
        }
        tip
    }

    fn fetch(&self, store: &Store, tip: ObjectId, tell: Tell<'_>) -> Result<(), WireError> {
        if store.has(tip) {
            leave(&self.uploading);
            return Ok(());
        }
        let url = self.host.url();
        let open = self.uploading.take();
        let (advert, line) = match open.filter(|(advert, _)| advert.tip == Some(tip)) {
            Some(open) => open,
            None => self.host.call(Service::Upload)?,
        };
        if !advert.can(upload::NEEDED) {
            line.leave();
            return Err(WireError::Unsupported {
                url: url.to_owned(),
                what: format!("a protocol without {}", upload::NEEDED),
            });
        }
        let bad = |fault: std::io::Error| WireError::Protocol {
            url: url.to_owned(),
            reason: fault.to_string(),
        };
        // Another machine may have been faster than this call: then what it made of the tip comes.
        let want = advert.tip.unwrap_or(tip);
        let request = upload::request(&advert, want, &upload::haves(store)?).map_err(bad)?;
        incoming::take(
            store,
            (want, url),
            |out| {
                line.ask(&request, &mut |from| {
                    upload::read_pack(from, &mut |piece| out.write_all(piece))
                })
            },
            tell,
        )?;
        if store.has(tip) {
            Ok(())
        } else {
            Err(WireError::Unreachable {
                url: url.to_owned(),
                reason: "its branch went elsewhere while it was read".to_owned(),
            })
        }
    }

    fn push(
        &self,
        objects: &Objects<'_>,
        update: Update,
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError> {
        let ids = send::missing(objects, update.from, update.to)?;
        let say = &mut |out: &mut dyn Write| receive::request(out, objects, (update, &ids), tell);
        let open = self.receiving.take();
        if let Some((_, line)) = open.filter(|(advert, _)| advert.tip == update.from) {
            let since = Instant::now();
            let heard = line.send(say);
            // It waited while the disk was read, and may have been broken off meanwhile. What is silent
            // would be silent again.
            if heard.said.is_ok() || since.elapsed() >= AT_ONCE {
                return self.outcome(update, heard);
            }
        }
        let (advert, line) = self.host.call(Service::Receive)?;
        if advert.tip != update.from {
            line.leave();
            return Ok(settle::moved_or_grown(advert.tip, &|now| now == update.to));
        }
        self.outcome(update, line.send(say))
    }

    /// Nobody but the server gets at what is behind it.
    fn sweep(&self, _sent: &[ObjectId]) -> Result<(), WireError> {
        Ok(())
    }
}

impl<H> Drop for SmartRemote<H> {
    fn drop(&mut self) {
        leave(&self.uploading);
        leave(&self.receiving);
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::vault::wire::advert::Advert;
    use crate::vault::wire::line::{Hear, Line, Say};

    /// It counts the calls that are listened to: those that were on their way, and the others.
    struct Counting {
        waits: Duration,
        begun: Rc<RefCell<(u32, u32)>>,
    }

    struct Silent;

    impl Line for Silent {
        fn ask(self: Box<Self>, _: &[u8], _: Hear<'_>) -> Result<(), WireError> {
            Ok(())
        }

        fn send(self: Box<Self>, _: Say<'_>) -> Heard {
            unreachable!("nothing is sent")
        }

        fn leave(self: Box<Self>) {}
    }

    fn empty() -> Open {
        (Advert::default(), Box::new(Silent))
    }

    impl Host for Counting {
        fn url(&self) -> &'static str {
            "host:vault.git"
        }

        fn call(&self, _: Service) -> Result<Open, WireError> {
            self.begun.borrow_mut().1 += 1;
            Ok(empty())
        }

        fn dial(&self, _: Service) -> Result<Option<Call>, WireError> {
            let begun = self.begun.clone();
            Ok(Some(Call {
                waits_until: Instant::now() + self.waits,
                hear: Box::new(move || {
                    begun.borrow_mut().0 += 1;
                    Ok(empty())
                }),
            }))
        }
    }

    #[test]
    fn a_call_that_is_on_its_way_is_taken_unless_it_waited_for_too_long() {
        for (waits, wanted) in [(60, (1, 0)), (0, (0, 1))] {
            let begun = Rc::<RefCell<(u32, u32)>>::default();
            let waits = Duration::from_secs(waits);
            let host = Counting {
                waits,
                begun: begun.clone(),
            };
            let remote = SmartRemote::new(host, Aim::Push);
            assert!(remote.begin());
            assert_eq!(remote.tip().expect("an empty one"), None);
            assert_eq!(*begun.borrow(), wanted);
        }
    }
}
