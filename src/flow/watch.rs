//! What a flow tells while it works. A face draws it; nobody has to listen.

use crate::base::Progress;

/// What takes long where there is much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Checkouts of this disk are looked at.
    Looking,
    /// Files of this disk are read and compressed.
    Reading,
    /// The gate looks at what is new.
    Checking,
    Sending,
    Fetching,
    /// Files are written to this disk.
    Writing,
    /// Objects of this machine's store are looked at.
    Verifying,
}

/// Something that happened on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// The files of so many projects and tools are looked at.
    Scanning {
        units: usize,
    },
    /// The remote is asked.
    Contacting {
        url: &'a str,
    },
    Fetching {
        url: &'a str,
    },
    /// A project is cloned from where it is published.
    Cloning {
        name: &'a str,
        url: &'a str,
    },
    Pushing {
        url: &'a str,
    },
    /// Another machine was faster; the work is merged again.
    Again {
        attempt: usize,
    },
    /// One more file of a stage, object, or piece of one is done: as often as that.
    Progress {
        stage: Stage,
        now: Progress,
    },
    /// The daemon wrote this down.
    Logged {
        text: &'a str,
    },
    /// A command of the person's own is run; it may take its time.
    Calling {
        what: &'a str,
    },
    /// What such a command said.
    Said {
        who: &'a str,
        text: &'a str,
    },
    /// Something worth a line to a person, though the run goes on.
    Warning {
        text: &'a str,
    },
}

/// Hears events.
pub trait Watch {
    fn tell(&self, event: &Event<'_>);
}

/// Hears nothing.
pub struct Silent;

impl Watch for Silent {
    fn tell(&self, _: &Event<'_>) {}
}
