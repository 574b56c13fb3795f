//! What a run said: faults with their causes, and which paths it left behind.

use holdall::flow::FlowError;
use holdall::flow::push::PushReport;

use super::machine::PROJECTS;

pub fn told(fault: &FlowError) -> String {
    let first: &dyn std::error::Error = fault;
    let causes = std::iter::successors(Some(first), |fault| fault.source());
    let words: Vec<_> = causes.map(ToString::to_string).collect();
    words.join(": ")
}

/// Whether a push left a path behind.
pub fn is_left(report: &PushReport, key: &str) -> bool {
    let withheld = report
        .withheld
        .iter()
        .map(|line| (&line.project, &line.path));
    let left = report.left.iter().map(|line| (&line.project, &line.path));
    // One that was taken out of the vault, or is not on the list of the machine.
    let skipped = |name: &str| !report.projects.iter().any(|sent| sent.name == name);
    withheld
        .chain(left)
        .any(|(project, path)| is_at(key, project, path.as_str()))
        || PROJECTS
            .iter()
            .any(|name| skipped(name) && key.starts_with(&format!("projects/{name}/")))
}

/// Whether a path of the vault is this path of a project or tool, or below it.
pub fn is_at(key: &str, owner: &str, path: &str) -> bool {
    ["projects", "settings"].iter().any(|top| {
        let at = format!("{top}/{owner}/{path}");
        key == at
            || key
                .strip_prefix(&at)
                .is_some_and(|rest| rest.starts_with('/'))
    })
}
