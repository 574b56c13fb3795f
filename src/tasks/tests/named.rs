//! What an op names: before it is there, and twice.

use super::*;

#[test]
fn what_is_named_before_it_is_there_comes_to_the_same() {
    let (mut a, mut b) = (Place::new(NOW), Place::new(NOW + 5_000));
    let mut c = Place::new(NOW + 3_000);
    let (set, gone) = (a.add("Set"), a.add("Gone"));
    for on in [&set, &gone] {
        a.set(on, field::STATUS, "active");
    }
    meet(&mut a, &mut b);
    meet(&mut a, &mut c);
    // Both name what `a` wrote.
    c.set(&set, field::STATUS, "canceled");
    b.set(&set, field::STATUS, "done");
    b.write("delete", |pen| {
        let seen = pen.seen(&gone, None)?;
        pen.delete(&gone, &seen)
    });
    meet(&mut b, &mut c);
    let mut chains = b.chains();
    for _ in 0..2 {
        chains.reverse();
        let mut fresh = Place::new(NOW);
        assert!(fresh.take_chains(&chains));
        assert_eq!(fresh.digest(), b.digest());
        let row = fresh.task(&set);
        assert_eq!(
            (row.status.as_str(), row.disputes),
            ("done", vec!["status".to_owned()])
        );
        assert!(fresh.task(&gone).deleted);
    }
}

/// Another program may write so, and a reader has to take it.
#[test]
fn what_is_named_twice_in_one_op_is_named() {
    let mut a = Place::new(NOW);
    let on = a.add("Named twice");
    a.set(&on, field::STATUS, "active");
    let early = a.chains();
    a.set(&on, field::STATUS, "done");
    let mut chains = a.chains();
    let (_, bytes) = chains[0].1.last_mut().expect("a segment");
    let text = String::from_utf8(bytes.clone()).expect("text");
    let (before, last) = text.trim_end().rsplit_once('\n').expect("several ops");
    let mut op: Value = serde_json::from_str(last).expect("an op");
    let saw = op["saw"].as_array_mut().expect("it saw the other one");
    saw.push(saw[0].clone());
    *bytes = format!("{before}\n{op}\n").into_bytes();
    let mut digests = Vec::new();
    for meetings in [&[&chains][..], &[&early, &chains]] {
        let mut fresh = Place::new(NOW);
        assert!(meetings.iter().all(|chains| fresh.take_chains(chains)));
        let row = fresh.task(&on);
        assert_eq!((row.status.as_str(), row.disputes), ("done", vec![]));
        digests.push(fresh.digest());
    }
    assert_eq!(digests[0], digests[1]);
}
