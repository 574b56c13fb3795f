//! What to do about a remote that is damaged.

use super::quoted;

/// Each machine has all that it ever saw of the vault: a push to an empty repository brings it back, and
/// whoever has more brings that with the next one. So it is, once this machine's copy was found whole.
pub fn whole_here_hints(url: &str) -> Vec<String> {
    let rest = "what this machine has of the vault is whole: a push brings it back, and other machines add with theirs what they have".to_owned();
    let make = if url.starts_with('/') {
        let (path, aside) = (quoted(url), quoted(&format!("{url}.damaged")));
        format!("mv {path} {aside} && git init --bare {path} && holdall backup push")
    } else {
        "move that repository away, make an empty one in its place, and run `holdall backup push`"
            .to_owned()
    };
    vec![make, rest]
}

/// What does not read here the remote may be the last to have.
pub fn elsewhere_hints() -> Vec<String> {
    [
        "on another machine of this vault run `holdall doctor`: where its copy is whole it says how the remote is made anew, and `holdall backup push` there brings all of it back",
        "until then leave the remote as it is: this machine has no copy of the vault that was found whole",
    ]
    .map(str::to_owned)
    .into()
}
