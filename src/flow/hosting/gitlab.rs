//! GitLab, through `glab`. Its interface is asked by `glab api`, which answers in JSON: `glab repo
//! create` says what it made in words, and begins repositories on this disk.

use serde::Deserialize;

use super::Repository;
use super::asked::Tool;
use super::error::HostingError;
use super::host::Host;
use super::place::check_name;

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Project {
    path_with_namespace: String,
    visibility: String,
    ssh_url_to_repo: String,
    http_url_to_repo: String,
}

pub fn login(tool: &Tool<'_>) -> Result<String, HostingError> {
    let what = "say who is logged in";
    let user: User = tool.ask_json(what, &["api", "user"])?;
    match check_name(Host::GitLab, &user.username) {
        Ok(()) => Ok(user.username),
        Err(_) => Err(tool.strange(what)),
    }
}

pub fn create(tool: &Tool<'_>, name: &str) -> Result<Repository, HostingError> {
    let (name, path) = (format!("name={name}"), format!("path={name}"));
    let mut args = vec!["api", "projects", "--method", "POST"];
    for field in [&name, &path, "visibility=private"] {
        args.extend(["--raw-field", field]);
    }
    let what = "make the repository";
    let made = tool.ask_json(what, &args)?;
    let made = repository(tool, what, made)?;
    if made.is_public {
        let said = format!("{} is not private", made.label);
        return Err(tool.failed(what, said));
    }
    Ok(made)
}

pub fn view(tool: &Tool<'_>, label: &str) -> Result<Repository, HostingError> {
    let what = "look at the repository";
    let place = ["projects", &label.replace('/', "%2F")].join("/");
    let seen = tool.ask_json(what, &["api", &place])?;
    repository(tool, what, seen)
}

fn repository(
    tool: &Tool<'_>,
    what: &'static str,
    project: Project,
) -> Result<Repository, HostingError> {
    let url = match protocol(tool, &project.http_url_to_repo) {
        Some("https") => project.http_url_to_repo,
        _ => project.ssh_url_to_repo,
    };
    // Neither a path of this disk nor an option.
    if url.starts_with(['-', '/', '.', '~']) || !url.contains(':') {
        return Err(tool.strange(what));
    }
    Ok(Repository {
        label: project.path_with_namespace,
        url,
        is_public: project.visibility != "private",
    })
}

/// As `glab` itself would clone; without being told it takes ssh.
fn protocol(tool: &Tool<'_>, url: &str) -> Option<&'static str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    let args = ["config", "get", "git_protocol", "--host", host];
    let said = tool.ask("say how it reaches GitLab", &args).ok()?;
    (said.trim() == "https").then_some("https")
}
