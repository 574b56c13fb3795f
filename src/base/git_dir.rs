//! What a directory looks like that git takes for a repository, whatever its name is.

/// The names that it goes by.
pub const GIT_DIR_NAMES: [&str; 4] = ["HEAD", "objects", "refs", "commondir"];

/// Whether a directory is one, told by which of these names stand in it.
pub fn is_git_dir(has: impl Fn(&'static str) -> bool) -> bool {
    let [head, objects, refs, elsewhere] = GIT_DIR_NAMES;
    has(head) && (has(elsewhere) || (has(objects) && has(refs)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_directory_has_its_objects_or_says_where_they_are() {
        let is = |names: &[&str]| is_git_dir(|name| names.contains(&name));
        assert!(is(&["HEAD", "config", "objects", "refs"]));
        assert!(is(&["HEAD", "commondir", "gitdir"]));
        assert!(!is(&["HEAD", "objects"]) && !is(&["objects", "refs", "commondir"]));
    }
}
