//! What rules let travel, and that a path which they take out is lost nowhere.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::kit::{Machine, git, tree};

use super::scene::{
    Scene, any_object_has, by_hand, fails, is_there, pulled, pushed, remove, state, text, tip, utf8,
};

const OWN: &str = ".holdallignore";

fn sent(scene: &Scene) -> Vec<String> {
    let prefix = "projects/api/.aigon/";
    let files = scene.vault().into_keys();
    let mut sent: Vec<String> = files
        .filter_map(|path| path.strip_prefix(prefix).map(str::to_owned))
        .collect();
    sent.sort();
    sent
}

fn dry_run(machine: &Machine) -> Value {
    let (code, document) = machine.json(&["backup", "push", "--dry-run"]);
    assert!(matches!(code, 0 | 3), "{document}");
    document["data"].clone()
}

fn left<'d>(data: &'d Value, path: &str) -> &'d Value {
    let lines = data["left"].as_array().expect("a list");
    let line = lines.iter().find(|line| line["path"] == path);
    line.unwrap_or_else(|| panic!("{path} does not stay: {data}"))
}

#[test]
fn the_directorys_own_rules_come_after_the_persons_and_those_after_the_presets() {
    let scene = Scene::new();
    scene.a.ok(&[
        "config",
        "set",
        "rules",
        "*.bak, !run.log, draft-* :disposable",
    ]);
    scene.a.write(
        state(OWN),
        "# ours\n!keep.bak\n/plans/ :local\ndeep/*.tmp :keep\n/sessions/*\n",
    );
    for name in [
        "a.md",
        "x.bak",
        "keep.bak",
        "run.log",
        "other.log",
        "draft-1",
        "plans/p.md",
        "sub/plans/p.md",
        "deep/x.tmp",
        "sessions/s",
    ] {
        scene.a.write(state(name), "1\n");
    }
    let data = dry_run(&scene.a);
    let of = |path: &str| {
        let line = left(&data, &format!(".aigon/{path}"));
        let place = &line["place"];
        let place = match place["preset"].as_str() {
            Some(preset) => preset.to_owned(),
            None => format!(
                "{}:{}",
                place["file"].as_str().expect("a file"),
                place["line"]
            ),
        };
        (line["reason"].as_str().expect("a reason").to_owned(), place)
    };
    let config = scene.a.home.join("holdall/config.toml");
    let (reason, place) = of("x.bak");
    assert_eq!(reason, "machine_local");
    assert!(place.starts_with(utf8(&config)), "{place}");
    assert_eq!(of("draft-1").0, "disposable");
    let own = |line: usize| format!(".aigon/{OWN}:{line}");
    assert_eq!(of("plans"), ("machine_local".to_owned(), own(3)));
    assert_eq!(
        of("other.log"),
        ("disposable".to_owned(), "aigon".to_owned())
    );
    assert_eq!(
        of("sessions"),
        ("disposable".to_owned(), "aigon".to_owned())
    );
    let said = scene.a.ok(&["backup", "push", "--dry-run"]).stdout;
    for words in [
        "stays here: belongs to this machine",
        "api/.aigon/plans",
        "rule /plans/",
        "(.aigon/.holdallignore, line 3)",
        "(preset aigon)",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    pushed(&scene.a);
    let expected = [
        OWN,
        "a.md",
        "deep/x.tmp",
        "keep.bak",
        "run.log",
        "sub/plans/p.md",
    ];
    assert_eq!(sent(&scene), expected);
}

#[test]
fn a_rule_that_comes_and_goes_deletes_nothing_on_any_side() {
    let scene = Scene::with(&[("notes/n.md", "1\n"), ("x", "1\n")]);
    scene.a.write(state(OWN), "/notes/\n");
    pushed(&scene.a);
    assert_eq!(
        scene.stored("notes/n.md"),
        "1\n",
        "out of scope, and still in the vault"
    );
    // The rule arrives by pull: nothing goes there either, and edits made there stay there.
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("notes/n.md")), "1\n");
    scene.b.write(state("notes/n.md"), "of b\n");
    scene.a.write(state("notes/n.md"), "of a\n");
    for _ in 0..2 {
        for machine in [&scene.a, &scene.b] {
            pushed(machine);
            pulled(machine);
        }
    }
    assert_eq!(scene.stored("notes/n.md"), "1\n");
    assert_eq!(text(&scene.a, state("notes/n.md")), "of a\n");
    assert_eq!(text(&scene.b, state("notes/n.md")), "of b\n");
    // Deleted here while out of scope: that is nobody else's business.
    remove(&scene.a, state("notes/n.md"));
    pushed(&scene.a);
    assert_eq!(scene.stored("notes/n.md"), "1\n");
    // The rule goes: where the file is gone the vault's comes back, where it differs both stay.
    scene.a.write(state(OWN), "# nothing\n");
    pushed(&scene.a);
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("notes/n.md")), "1\n");
    scene.b.json(&["backup", "pull"]);
    scene.b.json(&["backup", "push"]);
    assert_eq!(text(&scene.b, state("notes/n.md")), "of b\n");
    let files = scene.vault();
    let kept = files.values().any(|bytes| bytes == b"of b\n");
    assert!(
        kept,
        "what b had is in the vault, at its path or in a conflict"
    );
}

#[test]
fn a_receiver_has_rules_of_its_own() {
    let scene = Scene::with(&[("big.csv", "1\n"), ("x", "1\n")]);
    scene.b.ok(&["config", "set", "rules", "*.csv :large"]);
    scene.a.write(state("big.csv"), "2\n");
    scene.a.write(state("new.csv"), "2\n");
    scene.a.write(state("x"), "2\n");
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(
        text(&scene.b, state("big.csv")),
        "1\n",
        "neither overwritten"
    );
    assert!(!is_there(&scene.b, state("new.csv")), "nor brought");
    assert_eq!(text(&scene.b, state("x")), "2\n");
    remove(&scene.a, state("big.csv"));
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(text(&scene.b, state("big.csv")), "1\n", "nor deleted");
    pushed(&scene.b);
    assert_eq!(scene.stored("new.csv"), "2\n");
    // Without the rule what is only here goes there, and what is only there comes here.
    scene.b.ok(&["config", "unset", "rules"]);
    pulled(&scene.b);
    pushed(&scene.b);
    assert_eq!(text(&scene.b, state("new.csv")), "2\n");
    assert_eq!(scene.stored("big.csv"), "1\n");
}

#[test]
fn rules_that_cannot_be_understood_withhold_their_directory_and_nothing_else() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write("code/api/.claude/agents/a.md", "1\n");
    scene.a.write(state("x"), "2\n");
    scene
        .a
        .write(state(OWN), "*.md\nnotes.jsonl :keep :unoin\n");
    remove(&scene.a, state("x"));
    let (code, document) = scene.a.json(&["backup", "push"]);
    assert_eq!(code, 3, "{document}");
    let line = &document["data"]["withheld"][0];
    assert_eq!(line["path"], ".aigon");
    assert_eq!(line["reason"], "bad_rules");
    assert_eq!(line["line"], 2);
    assert!(
        line["rule"].as_str().expect("text").contains("`:unoin`"),
        "{line}"
    );
    assert_eq!(scene.stored("x"), "1\n");
    assert!(!sent(&scene).contains(&OWN.to_owned()));
    assert!(
        scene
            .vault()
            .contains_key("projects/api/.claude/agents/a.md")
    );
    let said = scene.a.run(&["backup", "push"]);
    assert!(
        said.stdout.contains("its rules cannot be understood"),
        "{said}"
    );
    // A pull leaves it alone just so.
    scene.b.write(state("x"), "of b\n");
    pushed(&scene.b);
    let (code, document) = scene.a.json(&["backup", "pull"]);
    assert_eq!(code, 3, "{document}");
    assert!(!is_there(&scene.a, state("x")));
    scene
        .a
        .write(state(OWN), "*.md\nnotes.jsonl :keep :union\n");
    pulled(&scene.a);
    assert_eq!(text(&scene.a, state("x")), "of b\n");
    pushed(&scene.a);
    assert!(sent(&scene).contains(&OWN.to_owned()));
}

#[test]
fn a_broken_rule_of_the_person_stops_the_run_before_anything_changes() {
    let scene = Scene::with(&[("x", "1\n")]);
    let message = fails(
        &scene.a,
        &["config", "set", "rules", "x :kep"],
        (1, "invalid"),
    );
    assert!(
        message.contains("`:kep`") && message.contains("disposable"),
        "{message}"
    );
    scene.a.ok(&["backup", "status", "--offline"]);
    let file = scene.a.home.join("holdall/config.toml");
    let before = fs::read_to_string(&file).expect("it is there");
    fs::write(
        &file,
        format!("rules = [\n  'ok',\n  'x :kep',\n]\n{before}"),
    )
    .expect("written");
    scene.a.write(state("x"), "2\n");
    let message = fails(&scene.a, &["backup", "push"], (1, "invalid"));
    for part in [utf8(&file), "line 3", "`:kep`"] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(scene.stored("x"), "1\n");
}

#[test]
fn rules_of_the_person_hold_for_settings_too() {
    let scene = Scene::new();
    scene.a.ok(&["config", "set", "rules", "/agents/draft-*"]);
    for name in ["agents/a.md", "agents/draft-b.md", "CLAUDE.md"] {
        scene.a.write(Path::new(".claude").join(name), "1\n");
    }
    scene
        .a
        .write(".aigon/config.json", "{\"theme\": \"dark\"}\n");
    for args in [&["backup", "push", "--dry-run"][..], &["backup", "push"]] {
        let said = scene.a.ok(args).stdout;
        let keys = "+ aigon/config.json  without repos, serverPort";
        for words in ["+ claude/agents/a.md", keys] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    let said = scene.a.ok(&["settings", "list"]).stdout;
    for words in [
        "without repos, serverPort",
        "stays here: ",
        "/.credentials.json",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let files = scene.vault();
    assert!(files.contains_key("settings/claude/agents/a.md"));
    assert!(!files.contains_key("settings/claude/agents/draft-b.md"));
    scene.a.write(".claude/CLAUDE.md", "2\n");
    let said = scene.a.ok(&["backup", "push"]).stdout;
    assert!(
        !said.contains("+ claude/") && !said.contains("~ claude/"),
        "{said}"
    );
}

#[test]
fn caches_by_their_tag_and_large_files_stay_unless_a_rule_keeps_them() {
    let scene = Scene::new();
    let signature = "Signature: 8a477f597d28d172789f06886806bc55\n# made by a tool\n";
    for dir in ["made", "kept"] {
        scene
            .a
            .write(state(&format!("{dir}/CACHEDIR.TAG")), signature);
        scene.a.write(state(&format!("{dir}/x")), "1\n");
    }
    scene.a.write(state("large.bin"), vec![b'x'; 5000]);
    scene.a.write(state("wanted.bin"), vec![b'x'; 5000]);
    scene
        .a
        .write(state(OWN), "/kept/ :keep\n/wanted.bin :keep\n");
    scene.a.ok(&["config", "set", "limits.max_file", "1000"]);
    scene
        .a
        .ok(&["config", "set", "limits.warn_project", "4000"]);
    let data = dry_run(&scene.a);
    assert_eq!(left(&data, ".aigon/made")["reason"], "cache_dir");
    assert_eq!(left(&data, ".aigon/large.bin")["reason"], "too_large");
    let large = &data["large"][0];
    assert_eq!(
        (&large["project"], &large["limit"]),
        (&"api".into(), &4000.into())
    );
    assert!(
        large["size"].as_u64().is_some_and(|size| size > 5000),
        "{large}"
    );
    let said = scene.a.ok(&["backup", "push"]).stdout;
    assert!(said.contains("large  api: "), "{said}");
    assert_eq!(
        sent(&scene),
        [OWN, "kept/CACHEDIR.TAG", "kept/x", "wanted.bin"]
    );
    // It becomes a cache after it was sent: then it stays, and nothing is deleted anywhere.
    pulled(&scene.b);
    scene.a.write(state("x/y"), "1\n");
    pushed(&scene.a);
    scene.a.write(state("x/CACHEDIR.TAG"), signature);
    scene.a.write(state("x/y"), "2\n");
    pushed(&scene.a);
    pulled(&scene.b);
    assert_eq!(scene.stored("x/y"), "1\n");
    assert_eq!(text(&scene.b, state("x/y")), "1\n");
    assert_eq!(text(&scene.a, state("x/y")), "2\n");
}

#[test]
fn files_that_git_tracks_stay_out_of_sparse_checkouts_and_submodules() {
    let scene = Scene::new();
    let dir = scene.a.home.join("code/api");
    let lib = scene.a.checkout("lib", None);
    scene.a.write(dir.join(".aigon/tracked.md"), "of git\n");
    scene.a.write(dir.join("src/main.c"), "x\n");
    let from = utf8(&lib).to_owned();
    let allow = "protocol.file.allow=always";
    git(
        &[
            "-c",
            allow,
            "submodule",
            "add",
            "-q",
            "-f",
            &from,
            ".aigon/lib",
        ],
        &dir,
    );
    git(&["add", "-f", ".aigon/tracked.md", "src"], &dir);
    git(&["commit", "-q", "-m", "tracked"], &dir);
    scene.a.write(
        dir.join(".aigon/lib/README.md"),
        "changed in the submodule\n",
    );
    scene.a.write(state("own.md"), "1\n");
    pushed(&scene.a);
    assert_eq!(sent(&scene), ["own.md"]);
    git(&["sparse-checkout", "set", "--no-cone", "/src/"], &dir);
    assert!(
        !is_there(&scene.a, state("tracked.md")),
        "git took it off the disk"
    );
    let before = tip(&scene.bare);
    pushed(&scene.a);
    assert_eq!(tip(&scene.bare), before);
    // Somebody puts it into the vault by hand: it is still git's, also where it is not on the disk.
    by_hand(&scene.sandbox, &scene.bare, |dir| {
        fs::write(dir.join("projects/api/.aigon/tracked.md"), "by hand\n").expect("written");
    });
    pulled(&scene.a);
    assert!(!is_there(&scene.a, state("tracked.md")));
    assert!(!any_object_has(&scene.bare, "changed in the submodule"));
}

#[test]
fn a_preset_that_is_switched_off_neither_finds_nor_rules() {
    let scene = Scene::with(&[("x", "1\n")]);
    scene.a.write("code/api/.codex/prompts/p.md", "1\n");
    scene
        .a
        .ok(&["config", "set", "presets.off", "codex, generic, aigon"]);
    scene.a.write(state("run.log"), "1\n");
    pushed(&scene.a);
    let files = scene.vault();
    assert!(
        files.contains_key("projects/api/.aigon/run.log"),
        "its directory is registered"
    );
    assert!(
        !files.keys().any(|path| path.contains(".codex")),
        "{:?}",
        files.keys()
    );
    assert!(!tree(&scene.a.home.join("code/api/.codex")).is_empty());
}
