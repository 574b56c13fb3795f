//! Units of systemd, as its user manager takes them.

use super::{BEAT, UnitFile, Wanted, Way, quote};

/// Done, but something wants a decision; and: try again. Neither is a failure of the service.
const NO_FAILURE: &str = "3 4";

pub fn files(wanted: &Wanted) -> Vec<UnitFile> {
    match wanted.way {
        Way::Daemon => vec![daemon(wanted)],
        Way::Timer => vec![once(wanted), timer(wanted)],
    }
}

/// The one that is enabled.
pub fn main_unit(wanted: &Wanted) -> String {
    match wanted.way {
        Way::Daemon => service(wanted),
        Way::Timer => format!("{}.timer", wanted.name()),
    }
}

fn service(wanted: &Wanted) -> String {
    format!("{}.service", wanted.name())
}

fn daemon(wanted: &Wanted) -> UnitFile {
    let text = format!(
        "[Unit]\n\
         Description=holdall in the background: pushes as scheduled\n\
         Documentation=man:holdall-daemon(1)\n\
         \n\
         [Service]\n\
         Type=exec\n\
         {run}\
         Restart=always\n\
         RestartSec=15\n\
         TimeoutStopSec=10\n\
         \n\
         [Install]\n\
         WantedBy=default.target\n",
        run = run(wanted),
    );
    UnitFile {
        name: service(wanted),
        text,
    }
}

fn once(wanted: &Wanted) -> UnitFile {
    let text = format!(
        "[Unit]\n\
         Description=holdall in the background: what is due now\n\
         Documentation=man:holdall-daemon(1)\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         {run}\
         SuccessExitStatus={NO_FAILURE}\n",
        run = run(wanted),
    );
    UnitFile {
        name: service(wanted),
        text,
    }
}

fn timer(wanted: &Wanted) -> UnitFile {
    let text = format!(
        "[Unit]\n\
         Description=Looks every {BEAT} minutes whether a push of holdall is due\n\
         Documentation=man:holdall-daemon(1)\n\
         \n\
         [Timer]\n\
         OnCalendar=*:0/{BEAT}\n\
         RandomizedDelaySec=60\n\
         Persistent=true\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n",
    );
    UnitFile {
        name: main_unit(wanted),
        text,
    }
}

/// What both ways of running have in common.
fn run(wanted: &Wanted) -> String {
    let words = wanted.words();
    let words = words.iter().enumerate().map(|(at, word)| match at {
        0 => quote::systemd_program(word),
        _ => quote::systemd(word),
    });
    let words: Vec<_> = words.collect();
    let vars = wanted.vars.iter().map(|(name, value)| {
        let assigned = quote::systemd(&format!("{name}={value}"));
        // A dollar means nothing here.
        format!("Environment={}\n", assigned.replace("$$", "$"))
    });
    format!(
        "ExecStart={}\n{}Nice=10\nIOSchedulingClass=idle\n",
        words.join(" "),
        vars.collect::<String>()
    )
}
