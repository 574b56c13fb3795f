//! The store as its users see it: what is written is there, whoever writes at once, and comes to the
//! same wherever it arrives.

use serde_json::{Value, json};

use crate::base::{Edges, HostPath, Id, Timestamp};
use crate::layout::Entity;

use super::kit::{NOW, Place, holder, machine, meet};
use super::model::{self, field};
use super::*;

mod named;

#[test]
fn what_is_written_is_shown_and_found() {
    let mut place = Place::new(NOW);
    let on = place.add("Renew the certificate");
    place.set(&on, field::STATUS, "active");
    let row = place.task(&on);
    assert_eq!(row.title, "Renew the certificate");
    assert_eq!(
        (row.status.as_str(), row.priority.as_str()),
        ("active", "none")
    );
    let by_ref = place.store.reading().resolve(&row.reference.to_lowercase());
    assert_eq!(by_ref.expect("found").id, row.id);
    let found = Filter {
        words: Some("certif".to_owned()),
        ..Filter::default()
    };
    let found = place
        .store
        .reading()
        .list(&found, Timestamp::from_millis(NOW));
    assert_eq!(found.expect("read").total, 1);
}

#[test]
fn a_log_is_in_the_order_of_time_wherever_and_whenever_it_arrived() {
    let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
    let on = a.add("One");
    meet(&mut a, &mut b);
    b.set(&on, field::TITLE, "Two");
    assert!(a.take_in(&b));
    // Behind the other in this log, and before it in time.
    a.set(&on, field::STATUS, "active");
    meet(&mut a, &mut b);
    let log = |place: &Place, is_whole: bool, limit| {
        let thing = (!is_whole).then(|| place.task(&on).thing);
        let lines = place.store.reading().log(thing, limit).expect("read");
        let values = lines.into_iter().map(|line| line.value.unwrap_or_default());
        values.collect::<Vec<_>>()
    };
    for place in [&a, &b] {
        for is_whole in [true, false] {
            assert_eq!(log(place, is_whole, 9), ["Two", "active", "One"]);
            assert_eq!(log(place, is_whole, 1), ["Two"]);
            assert_eq!(log(place, is_whole, 2), ["Two", "active"]);
        }
    }
}

#[test]
fn two_who_change_one_field_both_see_it_and_one_choice_ends_it() {
    let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
    let on = a.add("Renew the certificate");
    meet(&mut a, &mut b);
    a.set(&on, field::STATUS, "active");
    b.set(&on, field::STATUS, "done");
    meet(&mut a, &mut b);
    for place in [&a, &b] {
        let row = place.task(&on);
        assert_eq!(
            (row.status.as_str(), row.disputes.as_slice()),
            ("done", &["status".to_owned()][..])
        );
    }
    let reading = a.store.reading();
    let (entity, n, name) = reading.disputes().expect("read").remove(0);
    let dispute = reading.dispute((&entity, n), &name).expect("read");
    let values: Vec<_> = dispute
        .variants
        .iter()
        .map(|it| it.value.as_deref())
        .collect();
    assert_eq!(values, [Some("done"), Some("active")]);
    assert_eq!(dispute.base, None);
    drop(reading);
    a.set(&on, field::STATUS, "active");
    meet(&mut a, &mut b);
    assert_eq!(
        (b.task(&on).status, b.task(&on).disputes),
        ("active".to_owned(), vec![])
    );
}

#[test]
fn two_who_wrote_under_one_name_both_keep_what_they_wrote() {
    let mut a = Place::new(NOW);
    let on = a.add("Before");
    let mut clone = a.copied(NOW + 1_000);
    let mine = a.add("Written here");
    let theirs = model::task(Id::parse("01KAG6T0V2W4X6Y8Z1A3B5C7D9").expect("valid"));
    clone.write("add", |pen| {
        pen.begin(&theirs, vec![(field::TITLE, json!("Written there"))])
    });
    // `a` was first: the vault has its chain under the name of both.
    assert!(!clone.take_in(&a));
    let name = a.chains()[0].0.clone();
    let fork = clone
        .store
        .change::<_, TasksError>(&clone.edges, |change| change.part(&name));
    assert!(fork.expect("parted").starts_with(&format!("{name}~")));
    assert!(clone.take_in(&a));
    let after = clone.add("Under a new name");
    meet(&mut a, &mut clone);
    for place in [&a, &clone] {
        for on in [&on, &mine, &theirs, &after] {
            assert_eq!(place.task(on).disputes, Vec::<String>::new());
        }
    }
    assert_eq!(clone.store.reading().chains().expect("read").len(), 3);
}

#[test]
fn a_restored_backup_goes_on_under_a_new_name() {
    let mut a = Place::new(NOW);
    a.add("Before");
    let mut restored = a.copied(NOW + 1_000);
    a.add("After the backup");
    assert!(restored.take_in(&a));
    restored.add("After the restore");
    meet(&mut a, &mut restored);
    assert_eq!(a.store.reading().chains().expect("read").len(), 2);
}

#[test]
fn whoever_hands_back_a_token_writes_over_what_they_saw_and_no_more() {
    let mut place = Place::new(NOW);
    let on = place.add("Renew");
    place.set(&on, field::STATUS, "todo");
    let row = place.task(&on);
    let token = place.store.reading().token(row.thing).expect("read");
    let by_token = |place: &mut Place, value: &str| {
        place.write("edit", |pen| {
            let seen = pen.seen(&on, Some(&token))?;
            pen.set(&on, (field::STATUS, json!(value)), &seen)
        });
    };
    by_token(&mut place, "active");
    assert!(place.task(&on).disputes.is_empty());
    by_token(&mut place, "done");
    assert_eq!(place.task(&on).disputes, ["status"]);
    let machine = machine();
    let hand = Hand {
        machine: &machine,
        by: None,
        censor: &|_, _| None,
    };
    let wrong = place.store.change::<_, TasksError>(&place.edges, |change| {
        change.write(hand, "edit", |pen| pen.seen(&on, Some("00000000")))
    });
    assert!(matches!(wrong, Err(TasksError::NoToken { .. })));
}

#[test]
fn each_deed_is_undone_as_one_and_what_came_after_it_stays() {
    let mut place = Place::new(NOW);
    let on = place.add("Renew");
    place.set(&on, field::STATUS, "todo");
    place.write("label", |pen| pen.add(&on, field::LABELS, json!("ops")));
    place.write("delete", |pen| {
        let seen = pen.seen(&on, None)?;
        pen.delete(&on, &seen)
    });
    assert!(place.task(&on).deleted);
    let undo = |place: &mut Place| {
        let deed = place.store.reading().deeds(1).expect("read").remove(0);
        place.write("undo", |pen| pen.reverse(&deed))
    };
    undo(&mut place);
    assert!(!place.task(&on).deleted);
    undo(&mut place);
    assert!(place.task(&on).labels.is_empty());
    undo(&mut place);
    assert_eq!(place.task(&on).status, "inbox");
    undo(&mut place);
    assert!(place.task(&on).deleted);
    assert!(place.store.reading().deeds(9).expect("read").is_empty());
}

#[test]
fn what_the_gate_holds_back_stays_here_and_its_name_travels() {
    let (mut a, mut b) = (Place::new(NOW), Place::new(NOW));
    let on = a.add("Rotate hunter2");
    assert_eq!(a.task(&on).title, "Rotate hunter2");
    meet(&mut a, &mut b);
    assert_eq!(b.task(&on).title, "(withheld where it was written: f00d)");
}

#[test]
fn a_long_text_travels_beside_the_op_that_names_it() {
    let (mut a, mut b) = (Place::new(NOW), Place::new(NOW));
    let on = a.add("Long");
    let long = "word ".repeat(LONGEST / 4);
    a.set(&on, field::DESCRIPTION, &long);
    assert_eq!(a.task(&on).description, long);
    meet(&mut a, &mut b);
    assert_eq!(
        b.task(&on).description,
        "(a long text that has not arrived)"
    );
    let name = b.store.reading().wanted().expect("read").remove(0);
    let bytes = a.store.reading().text(&name).expect("read").expect("there");
    let put = b
        .store
        .change::<_, TasksError>(&b.edges, |change| change.put_text(&name, &bytes));
    put.expect("put");
    assert_eq!(b.task(&on).description, long);
    assert!(b.store.reading().wanted().expect("read").is_empty());
}

#[test]
fn what_waits_for_another_is_blocked_and_a_circle_blocks_nobody() {
    let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 1));
    let (one, other) = (a.add("One"), a.add("Other"));
    meet(&mut a, &mut b);
    let needs = |place: &mut Place, task: &Entity, first: &Entity| {
        place.write("depend", |pen| {
            pen.add(task, field::DEPENDS, json!(first.id))
        });
    };
    needs(&mut a, &one, &other);
    needs(&mut b, &other, &one);
    meet(&mut a, &mut b);
    for place in [&a, &b] {
        assert_eq!(
            [place.task(&one).waits, place.task(&other).waits],
            [true, false]
        );
    }
    a.set(&other, field::STATUS, "done");
    assert!(!a.task(&one).waits);
}

#[test]
fn many_who_write_at_once_all_come_through() {
    let place = Place::new(NOW);
    let file = HostPath::new(place.dir.path().join("tasks.db")).expect("absolute");
    std::thread::scope(|scope| {
        for writer in 0..8_i64 {
            let file = &file;
            scope.spawn(move || {
                let edges = Edges::system(crate::base::Env::default());
                let mut store = Store::open(file, &holder()).expect("opened");
                let machine = machine();
                let hand = Hand {
                    machine: &machine,
                    by: None,
                    censor: &|_, _| None,
                };
                for _ in 0..5 {
                    let on = model::task(Id::new(&edges).expect("chance"));
                    let done = store.change::<_, TasksError>(&edges, |change| {
                        change.write(hand, "add", |pen| {
                            pen.begin(&on, vec![(field::TITLE, json!(writer))])
                        })
                    });
                    done.expect("written");
                }
            });
        }
    });
    let all = Filter::default();
    let count = place
        .store
        .reading()
        .count(&all, Timestamp::from_millis(NOW));
    assert_eq!(count.expect("read"), 40);
    let chain = place
        .store
        .reading()
        .own_chain()
        .expect("read")
        .expect("one");
    assert_eq!(chain.seq, 40);
}

#[test]
fn a_ref_is_as_short_as_it_can_be_and_says_whom_it_could_mean() {
    let mut place = Place::new(NOW);
    let ids = ["7KQ9AAAAAAAAAAAA", "7KQ9ABAAAAAAAAAA", "8000000000000000"];
    let all: Vec<Entity> = ids
        .iter()
        .map(|key| model::task(Id::parse(&format!("01KAG6T0V2{key}")).expect("valid")))
        .collect();
    for on in &all {
        place.write("add", |pen| pen.begin(on, vec![(field::TITLE, json!("x"))]));
    }
    let refs: Vec<String> = all.iter().map(|on| place.task(on).reference).collect();
    assert_eq!(refs, ["7KQ9AA", "7KQ9AB", "8000"]);
    let reading = place.store.reading();
    match reading.resolve("7kq9") {
        Err(TasksError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), 2),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        reading.resolve("9"),
        Err(TasksError::NoSuchTask { .. })
    ));
    assert_eq!(
        reading.resolve("WEB-8000").expect("the key decides").id,
        all[2].id.as_str()
    );
}

#[test]
fn a_description_that_two_changed_apart_is_shown_merged_and_is_no_conflict() {
    let merging = |place: Place| {
        let Place { edges, store, dir } = place;
        // As far as this test goes: one changes the first line, the other the last.
        let store = store.merging(|base, one, other| {
            let lines: Vec<[&str; 3]> = base
                .lines()
                .zip(one.lines().zip(other.lines()))
                .map(|(base, (one, other))| [base, one, other])
                .collect();
            let merged = lines.iter().map(|[base, one, other]| {
                let changed = [one, other].into_iter().find(|it| *it != base);
                format!("{}\n", changed.unwrap_or(base))
            });
            Some(merged.collect())
        });
        Place { edges, store, dir }
    };
    let (mut a, mut b) = (merging(Place::new(NOW)), merging(Place::new(NOW)));
    let on = a.add("Text");
    a.set(&on, field::DESCRIPTION, "one\ntwo\nthree\n");
    meet(&mut a, &mut b);
    a.set(&on, field::DESCRIPTION, "ONE\ntwo\nthree\n");
    b.set(&on, field::DESCRIPTION, "one\ntwo\nTHREE\n");
    meet(&mut a, &mut b);
    for place in [&a, &b] {
        let row = place.task(&on);
        assert_eq!(row.description, "ONE\ntwo\nTHREE\n");
        assert!(row.disputes.is_empty());
    }
}
