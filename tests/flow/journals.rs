//! The journals of what can be undone, in a store that somebody else had in hand.

use crate::kit::git;

use super::scene::{pulled, pushed, state, text};
use super::undo::{pulled_scene, undone};

/// Somebody put the store in order with git: then its refs stand in one file.
#[test]
fn what_can_be_undone_is_known_also_where_git_packed_the_refs() {
    let (scene, data) = pulled_scene();
    let number = data["undo"].as_str().expect("an id").to_owned();
    let store = scene.b.home.join("holdall/data/vault.git");
    git(&["pack-refs", "--all"], &store);
    scene.a.write(state("x"), "3\n");
    pushed(&scene.a);
    let next: u64 = number.parse().expect("a number");
    assert_eq!(pulled(&scene.b)["undo"], (next + 1).to_string());
    git(&["pack-refs", "--all"], &store);
    undone(&scene.b, &[]);
    let data = undone(&scene.b, &[]);
    assert_eq!(data["undone"], number, "{data}");
    assert_eq!(text(&scene.b, state("x")), "1\n");
}
