//! A remote that a git server answers for: the same conversation, whatever way leads there.

use std::cell::RefCell;

use crate::base::{ObjectId, Tell};
use crate::vault::{Objects, Store, WireError};

use super::advert::Advert;
use super::line::{Host, Line, Service};
use super::{PushOutcome, Remote, Update, incoming, receive, send, settle, upload};

pub struct SmartRemote<H> {
    host: H,
    /// The refs were told, and it waits for what is wanted: one call for both.
    open: RefCell<Option<(Advert, Box<dyn Line>)>>,
}

impl<H: Host> SmartRemote<H> {
    pub const fn new(host: H) -> Self {
        let open = RefCell::new(None);
        Self { host, open }
    }

    /// What the tip is now, by a call of its own.
    fn tip_now(&self) -> Result<Option<ObjectId>, WireError> {
        let (advert, line) = self.host.call(Service::Upload)?;
        line.leave();
        advert.vault_tip(self.host.url())
    }

    fn leave(&self) {
        if let Some((_, line)) = self.open.take() {
            line.leave();
        }
    }
}

impl<H: Host> Remote for SmartRemote<H> {
    fn url(&self) -> &str {
        self.host.url()
    }

    fn tip(&self) -> Result<Option<ObjectId>, WireError> {
        self.leave();
        let (advert, line) = self.host.call(Service::Upload)?;
        match advert.vault_tip(self.host.url()) {
            Ok(Some(tip)) => {
                self.open.replace(Some((advert, line)));
                Ok(Some(tip))
            }
            nothing => {
                line.leave();
                nothing
            }
        }
    }

    fn fetch(&self, store: &Store, tip: ObjectId, tell: Tell<'_>) -> Result<(), WireError> {
        if store.has(tip) {
            self.leave();
            return Ok(());
        }
        let url = self.host.url();
        let open = self.open.take();
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
        let request = upload::request(&advert, tip, &upload::haves(store)?).map_err(bad)?;
        incoming::take(
            store,
            (tip, url),
            |out| {
                line.ask(&request, &mut |from| {
                    upload::read_pack(from, &mut |piece| out.write_all(piece))
                })
            },
            tell,
        )
    }

    fn push(
        &self,
        objects: &Objects<'_>,
        update: Update,
        tell: Tell<'_>,
    ) -> Result<PushOutcome, WireError> {
        self.leave();
        let ids = send::missing(objects, update.from, update.to)?;
        let (advert, line) = self.host.call(Service::Receive)?;
        if advert.tip != update.from {
            line.leave();
            return Ok(PushOutcome::Moved);
        }
        let heard = line.send(&mut |out| receive::request(out, objects, (update, &ids), tell));
        // The server's own word about the ref is one as good as a look at it, and saves a call.
        if heard.said.as_ref().is_ok_and(|said| said.ok) {
            return Ok(PushOutcome::Accepted);
        }
        // Whether another one grew out of it the next round sees, which has to fetch it anyway.
        match settle::by_ref(update, &|| self.tip_now(), &|_| false)? {
            Some(outcome) => Ok(outcome),
            None => heard.unmoved(self.host.url()),
        }
    }

    /// Nobody but the server gets at what is behind it.
    fn sweep(&self, _sent: &[ObjectId]) -> Result<(), WireError> {
        Ok(())
    }
}

impl<H> Drop for SmartRemote<H> {
    fn drop(&mut self) {
        if let Some((_, line)) = self.open.take() {
            line.leave();
        }
    }
}
