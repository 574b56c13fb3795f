//! A sync server that runs git wherever the environment points it.

use crate::flow::scene::{
    API, Files, Scene, add, connect, fails, pulled, pushed, state, text, utf8, vault,
};
use crate::kit::{Machine, Sandbox, git, tree};

/// Everything of a repository: its files, and all that git keeps.
fn whole(dir: &std::path::Path) -> (Files, Files) {
    (tree(dir), tree(&dir.join(".git")))
}

/// A repository with a staged and an unstaged edit.
fn in_use(machine: &Machine) -> std::path::PathBuf {
    let dir = machine.checkout("mine", "git@github.com:ada/mine.git");
    machine.write(dir.join("source.rs"), "committed\n");
    git(&["add", "-A"], &dir);
    git(&["commit", "-q", "-m", "source"], &dir);
    machine.write(dir.join("staged.rs"), "staged\n");
    git(&["add", "staged.rs"], &dir);
    machine.write(dir.join("source.rs"), "not committed\n");
    dir
}

/// 6
#[test]
fn data_inside_another_repository_touches_nothing_of_it() {
    let sandbox = Sandbox::new();
    let bare = sandbox.bare("vault.git");
    let mut machine = sandbox.machine("laptop");
    let mine = in_use(&machine);
    let before = whole(&mine);
    let data = mine.join("holdall");
    machine.env("HOLDALL_HOME", &data);
    connect(&machine, &bare);
    let dir = machine.checkout("api", API);
    machine.write(state("x"), "1\n");
    add(&machine, &dir);
    pushed(&machine);
    machine.write(state("x"), "2\n");
    pushed(&machine);
    pulled(&machine);
    let mut after = whole(&mine);
    after.0.retain(|path, _| !path.starts_with("holdall/"));
    assert_eq!(after, before);
    let files = vault(&sandbox, &bare);
    assert!(
        files.keys().all(|path| !path.contains(".rs")),
        "{:?}",
        files.keys()
    );
    assert_eq!(files["projects/api/.aigon/x"], b"2\n");
}

/// 6
#[test]
fn inherited_git_variables_lead_nowhere() {
    let mut scene = Scene::with(&[("x", "1\n")]);
    let mine = in_use(&scene.a);
    let before = whole(&mine);
    let git_dir = mine.join(".git");
    for (name, value) in [
        ("GIT_DIR", git_dir.clone()),
        ("GIT_WORK_TREE", mine.clone()),
        ("GIT_INDEX_FILE", git_dir.join("index")),
        ("GIT_OBJECT_DIRECTORY", git_dir.join("objects")),
        ("GIT_COMMON_DIR", git_dir.clone()),
        ("GIT_CONFIG", git_dir.join("config")),
        ("GIT_NAMESPACE", "elsewhere".into()),
        ("GIT_QUARANTINE_PATH", git_dir.join("objects")),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", git_dir.join("objects")),
    ] {
        scene.a.env(name, value);
    }
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    pulled(&scene.a);
    assert_eq!(whole(&mine), before);
    assert_eq!(scene.stored("x"), "2\n");
    let files = scene.vault();
    assert!(
        files.keys().all(|path| !path.contains(".rs")),
        "{:?}",
        files.keys()
    );
    let refs = git(&["for-each-ref", "--format=%(refname)"], &scene.bare);
    assert_eq!(refs, "refs/heads/main\n");
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("x")), "2\n");
}

/// 6
#[test]
fn a_directory_inside_a_repository_is_no_remote() {
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let mine = in_use(&machine);
    machine.write(mine.join("vault/file"), "1\n");
    let before = whole(&mine);
    for address in [mine.join("vault"), mine.clone(), mine.join(".git")] {
        fails(
            &machine,
            &["backup", "configure", utf8(&address)],
            (6, "not_a_vault"),
        );
        machine.ok(&["backup", "configure", utf8(&address), "--no-check"]);
        add(&machine, &mine);
        for command in ["push", "pull"] {
            fails(&machine, &["backup", command], (6, "not_a_vault"));
        }
        assert_eq!(whole(&mine), before, "{}", address.display());
    }
}
