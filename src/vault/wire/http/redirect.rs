//! Where a redirect of the first question leads. The repository's own address follows from it.

use crate::vault::WireError;
use crate::vault::wire::address::HttpPlace;
use crate::vault::wire::line::Service;

/// What is asked for first, below the address of a repository.
pub fn first_question(service: Service) -> String {
    format!("/info/refs?service={}", service.name())
}

/// The repository that an answer of `from` says to ask instead.
pub fn next(
    (from, url): (&HttpPlace, &str),
    location: &str,
    service: Service,
) -> Result<HttpPlace, WireError> {
    let elsewhere = || WireError::NotAVault {
        url: url.to_owned(),
        reason: format!(
            "it leads to {}, which is no git repository",
            without_query(location)
        ),
    };
    let whole = absolute(from, location).ok_or_else(elsewhere)?;
    let repository = whole.strip_suffix(&first_question(service));
    let (scheme, rest) = repository
        .and_then(|it| it.split_once("://"))
        .ok_or_else(elsewhere)?;
    let tls = scheme.eq_ignore_ascii_case("https");
    let place = HttpPlace::of_url(tls, rest).map_err(|_| elsewhere())?;
    if from.tls && !place.tls {
        return Err(WireError::NotAllowed {
            url: url.to_owned(),
            reason: format!(
                "it leads from https to {}, where everybody reads along",
                place.url()
            ),
        });
    }
    let user = from
        .user
        .clone()
        .filter(|_| place.origin() == from.origin());
    Ok(HttpPlace { user, ..place })
}

fn absolute(from: &HttpPlace, location: &str) -> Option<String> {
    let lower = location.to_ascii_lowercase();
    if location.chars().any(char::is_control) {
        None
    } else if lower.starts_with("https://") || lower.starts_with("http://") {
        Some(location.to_owned())
    } else if location.starts_with("//") {
        Some(format!("{}:{location}", from.scheme()))
    } else if location.starts_with('/') {
        Some(format!("{}{location}", from.origin()))
    } else {
        None
    }
}

/// What comes behind the `?` may be a secret, and so may a user.
fn without_query(location: &str) -> String {
    let text = location.split(['?', '#']).next().unwrap_or_default();
    let text = match text.split_once('@') {
        Some((_, rest)) => rest,
        None => text,
    };
    let shown = text.chars().filter(|c| !c.is_control());
    shown.take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(from: &str, location: &str) -> Result<String, String> {
        let (scheme, rest) = from.split_once("://").expect("a scheme");
        let from = HttpPlace::of_url(scheme == "https", rest).expect("a place");
        let next = next((&from, "URL"), location, Service::Upload);
        let user = |place: &HttpPlace| place.user.clone().unwrap_or_default();
        next.map(|place| format!("{} {}", place.url(), user(&place)))
            .map_err(|fault| fault.to_string())
    }

    #[test]
    fn the_new_address_is_read_off_the_place_that_is_named() {
        let tail = "/info/refs?service=git-upload-pack";
        for (location, wanted) in [
            ("https://b/w", "https://b/w "),
            ("HTTPS://b/w", "https://b/w "),
            ("//b:1/w", "https://b:1/w "),
            ("/w", "https://a/w me"),
            ("https://a/w", "https://a/w me"),
        ] {
            let led = lead("https://me@a/v", &format!("{location}{tail}"));
            assert_eq!(led.as_deref(), Ok(wanted), "{location}");
        }
        let led = lead("http://a/v", &format!("https://a/v{tail}"));
        assert_eq!(led.as_deref(), Ok("https://a/v "));
    }

    #[test]
    fn what_leads_away_from_git_or_from_https_is_refused() {
        for location in [
            "https://b/login?token=hunter2",
            "https://me:hunter2@b/v",
            "https://b/v/info/refs",
            "https://b/v/info/refs?service=git-receive-pack",
            "https://me:hunter2@b/v/info/refs?service=git-upload-pack",
            "http://b/v/info/refs?service=git-upload-pack",
            "ftp://b/v/info/refs?service=git-upload-pack",
            "info/refs?service=git-upload-pack",
            "",
        ] {
            let fault = lead("https://a/v", location).expect_err(location);
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }
}
