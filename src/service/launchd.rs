//! A LaunchAgent of macOS.

use rustix::process::getuid;

use super::{BEAT, UnitFile, Wanted, Way, quote};

/// What launchd knows it by.
fn label(wanted: &Wanted) -> String {
    format!("dev.{}.daemon", wanted.name())
}

pub fn file_name(wanted: &Wanted) -> String {
    format!("{}.plist", label(wanted))
}

/// The services of this person, while the person is logged in.
pub fn domain() -> String {
    format!("gui/{}", getuid().as_raw())
}

pub fn target(wanted: &Wanted) -> String {
    format!("{}/{}", domain(), label(wanted))
}

pub fn files(wanted: &Wanted) -> Vec<UnitFile> {
    let words = wanted.words();
    let words = words
        .iter()
        .map(|word| format!("\t\t<string>{}</string>\n", quote::xml(word)));
    let when = match wanted.way {
        Way::Daemon => {
            "\t<key>KeepAlive</key>\n\t<true/>\n\t<key>ThrottleInterval</key>\n\t<integer>15</integer>\n"
                .to_owned()
        }
        Way::Timer => format!(
            "\t<key>StartInterval</key>\n\t<integer>{}</integer>\n",
            BEAT * 60
        ),
    };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \t<key>Label</key>\n\t<string>{label}</string>\n\
         \t<key>ProgramArguments</key>\n\t<array>\n{words}\t</array>\n\
         {vars}{when}\
         \t<key>RunAtLoad</key>\n\t<true/>\n\
         \t<key>ProcessType</key>\n\t<string>Background</string>\n\
         </dict>\n</plist>\n",
        label = label(wanted),
        words = words.collect::<String>(),
        vars = vars(wanted),
    );
    vec![UnitFile {
        name: file_name(wanted),
        text,
    }]
}

fn vars(wanted: &Wanted) -> String {
    if wanted.vars.is_empty() {
        return String::new();
    }
    let pairs = wanted.vars.iter().map(|(name, value)| {
        let value = quote::xml(value);
        format!("\t\t<key>{name}</key>\n\t\t<string>{value}</string>\n")
    });
    format!(
        "\t<key>EnvironmentVariables</key>\n\t<dict>\n{}\t</dict>\n",
        pairs.collect::<String>()
    )
}
