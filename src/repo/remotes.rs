//! The URLs of a repository's remotes, from its settings.

/// One line of a git config: `section.sub.key`, and its value.
pub type Setting = (String, String);

/// All remotes' URLs, `origin` first, then by name: each as configured and, where an `insteadOf`
/// of the person changes it, as git would contact it.
pub fn urls(settings: &[Setting]) -> Vec<String> {
    let mut named: Vec<(&str, &str)> = settings
        .iter()
        .filter_map(|(key, value)| Some((middle(key, "remote.", ".url")?, value.as_str())))
        .collect();
    named.sort_by_key(|(name, _)| (*name != "origin", *name));
    let mut urls = Vec::new();
    for (_, url) in named {
        for form in [Some(url.to_owned()), rewritten(url, settings)] {
            if let Some(form) = form
                && !form.is_empty()
                && !urls.contains(&form)
            {
                urls.push(form);
            }
        }
    }
    urls
}

/// The longest matching prefix decides, as in git.
fn rewritten(url: &str, settings: &[Setting]) -> Option<String> {
    let (prefix, base) = settings
        .iter()
        .filter_map(|(key, prefix)| Some((prefix, middle(key, "url.", ".insteadof")?)))
        .filter(|(prefix, _)| url.starts_with(prefix.as_str()))
        .max_by_key(|(prefix, _)| prefix.len())?;
    Some(format!("{base}{}", &url[prefix.len()..]))
}

fn middle<'a>(key: &'a str, before: &str, after: &str) -> Option<&'a str> {
    key.strip_prefix(before)?.strip_suffix(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(lines: &[(&str, &str)]) -> Vec<Setting> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        lines.iter().map(owned).collect()
    }

    #[test]
    fn origin_comes_first_and_every_url_once() {
        let found = urls(&settings(&[
            ("remote.a.url", "https://a"),
            ("remote.z.url", "https://o"),
            ("remote.origin.url", "https://o"),
            ("remote.origin.url", "https://p"),
            ("remote.a.fetch", "x"),
            ("remote.pushdefault", "a"),
            ("remote.with.dots.url", "https://d"),
        ]));
        assert_eq!(found, ["https://o", "https://p", "https://a", "https://d"]);
    }

    #[test]
    fn the_longest_rewriting_decides() {
        let found = urls(&settings(&[
            ("remote.origin.url", "gh:me/x"),
            ("url.https://short/.insteadof", "gh:"),
            ("url.https://long/.insteadof", "gh:me/"),
        ]));
        assert_eq!(found, ["gh:me/x", "https://long/x"]);
    }
}
