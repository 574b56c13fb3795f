//! A remote that a git server answers for: the same conversation, whatever way leads there.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::base::{ObjectId, Tell};
use crate::vault::{Objects, Store, WireError};

use super::advert::Advert;
use super::line::{Host, Line, Service};
use super::settle::Heard;
use super::{Aim, PushOutcome, Remote, Update, incoming, receive, send, settle, upload};

/// What fails so soon was broken before.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A call that goes on: the refs were told, and it waits for what is wanted.
type Open = (Advert, Box<dyn Line>);

pub struct SmartRemote<H> {
    host: H,
    aim: Aim,
    uploading: RefCell<Option<Open>>,
    receiving: RefCell<Option<Open>>,
}

impl<H: Host> SmartRemote<H> {
    pub const fn new(host: H, aim: Aim) -> Self {
        Self {
            host,
            aim,
            uploading: RefCell::new(None),
            receiving: RefCell::new(None),
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

    fn tip(&self) -> Result<Option<ObjectId>, WireError> {
        let (service, open) = match self.aim {
            Aim::Fetch => (Service::Upload, &self.uploading),
            Aim::Push => (Service::Receive, &self.receiving),
        };
        leave(open);
        let (advert, line) = self.host.call(service)?;
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
