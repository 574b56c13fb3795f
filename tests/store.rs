//! This machine's store after many runs: small, whole, and readable at any time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::crash::{Git, Place, cramped, kill_after, part_of, text, usual, utf8};
use crate::kit::{Machine, Rng, Sandbox, Shape, fsck, git, scale, seed, tree, write_fixture};

fn store_of(machine: &Machine) -> PathBuf {
    machine.home.join("holdall/data/vault.git")
}

/// The bytes of all files below a directory.
fn weight(dir: &Path) -> u64 {
    let files = walkdir::WalkDir::new(dir).into_iter().flatten();
    files
        .filter_map(|entry| entry.metadata().ok().filter(fs::Metadata::is_file))
        .map(|meta| meta.len())
        .sum()
}

/// How many packs and loose objects a store has. A pack without an index is a fault.
fn rests_with(store: &Path) -> (usize, usize) {
    let said = git(&["count-objects", "-v"], store);
    let number = |name: &str| -> usize {
        let mut lines = said.lines();
        let line = lines.find_map(|line| line.strip_prefix(name));
        line.and_then(|number| number.parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {said}"))
    };
    for entry in fs::read_dir(store.join("objects/pack")).expect("there are packs") {
        let path = entry.expect("it can be listed").path();
        assert!(path.with_extension("idx").exists(), "{}", path.display());
    }
    (number("packs: "), number("count: "))
}

/// All state files of a fixture that travel.
fn state_files(projects: &[PathBuf]) -> Vec<PathBuf> {
    let below = |project: &PathBuf| walkdir::WalkDir::new(project.join(".aigon"));
    let files = projects.iter().flat_map(below).flatten();
    let mut files: Vec<_> = files
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            ["workflows", "telemetry", "events", "notes", "blobs"]
                .iter()
                .any(|kind| path.components().any(|part| part.as_os_str() == *kind))
        })
        .collect();
    files.sort();
    files
}

/// A line more, or a few letters changed in the middle, as tools do.
fn churn(path: &Path, rng: &mut Rng) {
    let mut bytes = fs::read(path).expect("it can be read");
    let fresh = text(rng, 60);
    if path.extension().is_some_and(|ending| ending == "jsonl") {
        let line = serde_json::json!({"id": rng.next(), "detail": String::from_utf8_lossy(&fresh)});
        bytes.extend_from_slice(format!("{line}\n").as_bytes());
    } else {
        let is_json = path.extension().is_some_and(|ending| ending == "json");
        let places = bytes.iter().enumerate();
        let places = places.filter(|(_, byte)| !is_json || byte.is_ascii_digit());
        let places: Vec<usize> = places.map(|(at, _)| at).collect();
        for _ in 0..20 {
            let at = places[rng.below(places.len())];
            bytes[at] = b'1' + u8::try_from(rng.below(9)).expect("a digit");
        }
    }
    fs::write(path, bytes).expect("it can be written");
}

#[test]
fn many_pushes_leave_a_small_store() {
    let pushes = scale(1_000);
    let sandbox = Sandbox::new();
    let machine = sandbox.machine("laptop");
    let shape = Shape {
        projects: 4,
        files: 125,
        seed: 1,
    };
    let totals = write_fixture(&machine.home, &shape).expect("the fixture can be written");
    for project in &totals.projects {
        machine.ok(&["project", "add", utf8(project)]);
    }
    let bare = sandbox.bare("vault.git");
    machine.ok(&["backup", "configure", utf8(&bare)]);
    let all = state_files(&totals.projects);
    let mut rng = seed(1);
    for _ in 0..pushes {
        for _ in 0..all.len() / 100 {
            churn(&all[rng.below(all.len())], &mut rng);
        }
        let ran = machine.run(&["backup", "push"]);
        assert!([0, 3].contains(&ran.code), "{ran}");
        let (packs, loose) = rests_with(&store_of(&machine));
        assert!(packs <= 8 && loose <= 512, "{packs} packs, {loose} loose");
    }
    let store = store_of(&machine);
    fsck(&store);
    let copy = sandbox.path().join("copy.git");
    let url = format!("file://{}", store.display());
    git(&["clone", "-q", "--mirror", &url, utf8(&copy)], &store);
    git(&["gc", "-q"], &copy);
    let after_gc = weight(&copy.join("objects"));
    // The copy had our own changes to begin with. By itself git finds others.
    git(&["repack", "-adfq"], &copy);
    let by_itself = weight(&copy.join("objects"));
    let ours = weight(&store.join("objects"));
    println!("{pushes} pushes: {ours} bytes, {after_gc} after git gc, {by_itself} by git itself");
    assert!(
        ours * 10 <= after_gc.min(by_itself) * 13,
        "{ours} against {after_gc} and {by_itself}"
    );
}

#[test]
fn a_push_that_has_nothing_to_send_writes_nothing_into_the_store() {
    let mut place = Place::new();
    let machine = place.machine("laptop", Git::Installed);
    write_much(&mut place, &machine, &mut seed(0));
    // A plan with it is made each time, and given up.
    let token = format!("ghp_{}\n", "aB3dE6gH9".repeat(4));
    machine.write("code/api/.aigon/notes.md", token);
    let objects = store_of(&machine).join("objects");
    let push = || {
        assert_eq!(machine.run(&["backup", "push"]).code, 3);
        tree(&objects)
    };
    push();
    assert!(push() == push(), "objects came");
}

/// Enough that the store is put in order at the end of the push.
fn write_much(place: &mut Place, machine: &Machine, rng: &mut Rng) {
    for number in 0..5 {
        let bytes = text(rng, 40_000);
        place.write(
            machine,
            format!(".aigon/much/{number}-{}.md", rng.below(4)),
            bytes,
        );
    }
}

#[test]
fn readers_never_miss_an_object_while_the_store_is_put_in_order() {
    let mut place = Place::new();
    let machine = place.machine("laptop", Git::Installed);
    write_much(&mut place, &machine, &mut seed(0));
    machine.ok(&["backup", "push"]);
    let is_over = AtomicBool::new(false);
    let reads = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !is_over.load(Ordering::Relaxed) {
                for args in [
                    &["backup", "log"][..],
                    &["backup", "diff", "HEAD~1", "HEAD"],
                ] {
                    let ran = machine.run(args);
                    // The first commit has none before it.
                    let is_first = ran.stderr.contains("HEAD~1");
                    assert!(ran.code == 0 || is_first, "{args:?}: {ran}");
                    reads += 1;
                }
                assert_eq!(machine.run(&["backup", "status", "--offline"]).code, 0);
            }
            reads
        });
        for number in 0..scale(150).max(15) {
            write_much(&mut place, &machine, &mut seed(100 + number as u64));
            let ran = machine.ok(&["backup", "push"]);
            assert!(!ran.stderr.contains("consolidate"), "{ran}");
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().expect("no read failed")
    });
    assert!(reads > 5, "only {reads} reads");
    fsck(&store_of(&machine));
}

#[test]
fn a_push_that_is_killed_while_it_puts_the_store_in_order_loses_nothing() {
    let mut killed = 0;
    let kills = scale(100);
    let mut place = Place::new();
    let mut machine = place.machine("laptop", Git::Installed);
    for number in 0..kills {
        // A young store is put in order at every push.
        if number % 8 == 0 {
            place = Place::new();
            machine = place.machine("laptop", Git::Installed);
        }
        let what = format!("after kill {number}");
        let mut rng = seed(9_000 + number as u64);
        write_much(&mut place, &machine, &mut rng);
        let usually = usual(|| drop(machine.ok(&["backup", "push"])));
        write_much(&mut place, &machine, &mut rng);
        let run = machine.spawn(&["backup", "push"]);
        killed += usize::from(kill_after(run, part_of(usually, &mut rng), &place.bare));
        fsck(&store_of(&machine));
        machine.ok(&["backup", "push"]);
        place.is_tidy(&machine, &what);
        place.holds_all(&what);
        fsck(&store_of(&machine));
        rests_with(&store_of(&machine));
    }
    assert!(
        killed * 3 >= kills,
        "only {killed} of {kills} kills were in time"
    );
    place.is_sound(1, "in the end");
}

#[test]
fn a_push_for_which_the_disk_has_room_and_the_new_pack_has_not_is_a_success() {
    let mut place = Place::new();
    let mut machine = place.machine("laptop", Git::Installed);
    place.write(
        &machine,
        ".aigon/big.md".to_owned(),
        text(&mut seed(1), 600_000),
    );
    machine.ok(&["backup", "push"]);
    assert_eq!(rests_with(&store_of(&machine)), (1, 0));
    place.write(
        &machine,
        ".aigon/more.md".to_owned(),
        text(&mut seed(2), 130_000),
    );
    let ran = cramped(&mut machine, 300, &["backup", "push"]);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stderr.contains("consolidate"), "{ran}");
    place.holds_all("with too little room");
    assert_eq!(rests_with(&store_of(&machine)), (2, 0));
    fsck(&store_of(&machine));
    place.write(
        &machine,
        ".aigon/little.md".to_owned(),
        text(&mut seed(3), 10),
    );
    let ran = machine.ok(&["backup", "push"]);
    assert!(!ran.stderr.contains("consolidate"), "{ran}");
    assert_eq!(rests_with(&store_of(&machine)), (1, 0));
    place.is_tidy(&machine, "with room again");
    fsck(&store_of(&machine));
}
