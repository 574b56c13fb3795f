//! Which processes another one started, as far as the system says so.

use std::fs;

use rustix::process::Pid;

/// All below it, the nearest first. Nothing where there is no `/proc`.
pub fn below(process: Pid) -> Vec<Pid> {
    let mut found = children(process);
    let mut at = 0;
    while let Some(next) = found.get(at) {
        let more = children(*next);
        found.extend(more);
        at += 1;
    }
    found
}

fn children(process: Pid) -> Vec<Pid> {
    let threads = format!("/proc/{}/task", process.as_raw_nonzero());
    let threads = fs::read_dir(threads).into_iter().flatten().flatten();
    let lists = threads.filter_map(|it| fs::read_to_string(it.path().join("children")).ok());
    let numbers = |list: String| -> Vec<Pid> {
        let words = list.split_whitespace();
        words
            .filter_map(|word| Pid::from_raw(word.parse().ok()?))
            .collect()
    };
    lists.flat_map(numbers).collect()
}
