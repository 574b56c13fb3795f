//! GitHub, through `gh`.

use serde::Deserialize;

use super::Repository;
use super::asked::Tool;
use super::error::HostingError;
use super::place::{Protocol, Slug};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    is_private: bool,
    url: String,
}

/// Who is logged in: the host itself is asked, because a token may have run out.
pub fn login(tool: &Tool<'_>) -> Result<String, HostingError> {
    let what = "say who is logged in";
    let args = ["api", "user", "--hostname", "github.com", "--jq", ".login"];
    let said = tool.ask(what, &args)?;
    let login = said.trim();
    // As an owner it has to be one word.
    match Slug::parse(&format!("{login}/x")) {
        Some(_) => Ok(login.to_owned()),
        None => Err(tool.strange(what)),
    }
}

/// Without a terminal it prints the page of what it made, and nothing else.
pub fn create(tool: &Tool<'_>, label: &str) -> Result<Repository, HostingError> {
    let what = "make the repository";
    let said = tool.ask(what, &["repo", "create", &at_github(label), "--private"])?;
    let slug = said.lines().find_map(Slug::of_page);
    let slug = slug.ok_or_else(|| tool.strange(what))?;
    Ok(repository(tool, &slug, false))
}

pub fn view(tool: &Tool<'_>, label: &str) -> Result<Repository, HostingError> {
    let what = "look at the repository";
    // `visibility` is not known to versions that are in use; what an organisation sees is private.
    let args = ["repo", "view", &at_github(label), "--json", "isPrivate,url"];
    let seen: Seen = tool.ask_json(what, &args)?;
    let slug = Slug::of_page(&seen.url).ok_or_else(|| tool.strange(what))?;
    Ok(repository(tool, &slug, !seen.is_private))
}

/// The repository at this host, whichever one `gh` takes for the usual one.
fn at_github(label: &str) -> String {
    ["github.com", label].join("/")
}

fn repository(tool: &Tool<'_>, slug: &Slug, is_public: bool) -> Repository {
    Repository {
        label: slug.to_string(),
        url: slug.url(protocol(tool)),
        is_public,
    }
}

/// As `gh` itself would clone; where it does not say, by https, as it does without being told.
fn protocol(tool: &Tool<'_>) -> Protocol {
    let args = ["config", "get", "git_protocol", "--host", "github.com"];
    match tool.ask("say how it reaches GitHub", &args) {
        Ok(said) if said.trim() == "ssh" => Protocol::Ssh,
        _ => Protocol::Https,
    }
}
