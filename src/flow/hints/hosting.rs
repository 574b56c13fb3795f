//! What to do next about a host that did not do what was asked of it.

use crate::flow::hosting::{Host, HostingError, Stands};

use super::typed::quoted;

/// The way that needs no program.
const BY_HAND: &str = "or make an empty private repository there yourself, and connect it: `holdall backup configure URL`";
const OTHER_NAME: &str = "take another name: `holdall backup configure --create-github NAME`";

pub fn hosting_hints(fault: &HostingError) -> Vec<String> {
    match fault {
        HostingError::NoProgram { host } => vec![
            format!(
                "install it ({}), then `{}`",
                host.program_page(),
                host.login_command()
            ),
            BY_HAND.to_owned(),
        ],
        HostingError::NotLoggedIn { host, .. } => vec![
            format!(
                "log in: `{}`; then run the command again",
                host.login_command()
            ),
            BY_HAND.to_owned(),
        ],
        HostingError::Unreachable { .. } => {
            vec!["run the command again when it answers; a repository that was made meanwhile is found then".to_owned()]
        }
        HostingError::BadName { .. } => vec![OTHER_NAME.to_owned()],
        HostingError::NameTaken {
            host, url, stands, ..
        } => taken_hints(*host, url, stands),
        HostingError::Public { label, url } => vec![
            // `gh repo edit` wants another flag in each version.
            format!(
                "make it private: `gh api --silent --method PATCH repos/{label} --field private=true`, then run the command again"
            ),
            format!(
                "if everybody may read it: `holdall backup configure {} --allow-public`",
                quoted(url)
            ),
        ],
        HostingError::Failed { .. } => vec![BY_HAND.to_owned()],
        HostingError::Base(_) => Vec::new(),
    }
}

/// The name belongs to one that may be the vault that is meant.
fn taken_hints(host: Host, url: &str, stands: &Stands) -> Vec<String> {
    let connect = format!(
        "to connect that one: `holdall backup configure {}`",
        quoted(url)
    );
    let other = match host {
        Host::GitHub => OTHER_NAME,
        Host::GitLab => "take another name: `holdall backup configure` asks for it",
    };
    match stands {
        Stands::Empty | Stands::Vault => vec![connect, other.to_owned()],
        Stands::Other { .. } | Stands::Public => vec![other.to_owned()],
    }
}
