//! Machines with one task list between them, and what each of them shows of it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use holdall::base::{Clock, Edges, Env, Holder, HostPath, MachineId, SystemClock, Timestamp};
use holdall::tasks::{Hand, Pen, Store, TasksError};
use serde_json::Value;

use crate::flow::scene::{connect, tip};
use crate::kit::{Machine, Ran, Sandbox};

/// Machines that are connected to one bare remote, and have no project.
pub struct Desks {
    pub sandbox: Sandbox,
    pub bare: PathBuf,
    pub all: Vec<Machine>,
}

impl Desks {
    pub fn new(names: &[&str]) -> Self {
        let sandbox = Sandbox::new();
        let bare = sandbox.bare("vault.git");
        let mut desks = Self {
            sandbox,
            bare,
            all: Vec::new(),
        };
        for name in names {
            let machine = desks.connected(name);
            desks.all.push(machine);
        }
        desks
    }

    pub fn two(&self) -> [&Machine; 2] {
        [&self.all[0], &self.all[1]]
    }

    pub fn three(&self) -> [&Machine; 3] {
        [&self.all[0], &self.all[1], &self.all[2]]
    }

    /// One more machine, which has read nothing yet.
    pub fn connected(&self, name: &str) -> Machine {
        let mut machine = self.sandbox.machine(name);
        machine.env("USER", name);
        connect(&machine, &self.bare);
        machine
    }

    /// All push in this order, until each has heard of each: whoever pushes reads first.
    #[track_caller]
    pub fn meet(&self, order: &[usize]) {
        let again = &order[..order.len() - 1];
        for desk in order.iter().chain(again) {
            quietly(&self.all[*desk], &["backup", "push"]);
        }
    }

    /// All meet in this order. Then all have read the same and show the same: the one task there is.
    #[track_caller]
    pub fn agree(&self, order: &[usize]) -> Value {
        let tasks = self.agree_on_all(order);
        assert_eq!(tasks.as_array().map(Vec::len), Some(1), "{tasks}");
        tasks[0].clone()
    }

    /// The same of a list.
    #[track_caller]
    pub fn agree_on_all(&self, order: &[usize]) -> Value {
        self.meet(order);
        self.all_show_the_same()
    }

    #[track_caller]
    pub fn all_show_the_same(&self) -> Value {
        let mut shown = self.all.iter().map(|desk| (digest(desk), everything(desk)));
        let first = shown.next().expect("there is one");
        shown.for_each(|other| assert_eq!(first, other));
        first.1
    }

    /// Nobody has anything left to say.
    #[track_caller]
    pub fn are_quiet(&self) {
        let before = tip(&self.bare);
        for desk in &self.all {
            synced(desk);
        }
        assert_eq!(tip(&self.bare), before);
    }
}

/// Syncs, and fails the test unless all went well and nothing had to be said.
#[track_caller]
pub fn synced(machine: &Machine) {
    quietly(machine, &["sync"]);
}

/// Whether a run went well, or told of a field that somebody has to decide about.
fn is_done(code: i32) -> bool {
    code == 0 || code == 3
}

#[track_caller]
fn quietly(machine: &Machine, args: &[&str]) {
    let ran = machine.run(args);
    let is_quiet = !ran.stderr.contains("warning");
    assert!(is_done(ran.code) && is_quiet, "{ran}");
}

/// Pushes, and fails the test unless all went well; what was reported.
#[track_caller]
pub fn pushed(machine: &Machine) -> Value {
    let data = data(machine, &["backup", "push"]);
    assert_eq!(data["pushed"], true, "{data}");
    data
}

/// The same of a pull.
#[track_caller]
pub fn pulled(machine: &Machine) -> Value {
    data(machine, &["backup", "pull"])
}

/// The data of a command that went well, or wants a decision of somebody.
#[track_caller]
pub fn data(machine: &Machine, args: &[&str]) -> Value {
    let (code, document) = machine.json(args);
    assert!(is_done(code), "{args:?}: {document}");
    document["data"].clone()
}

/// Adds a task, and says its id, which is its name on every machine.
#[track_caller]
pub fn add(machine: &Machine, args: &[&str]) -> String {
    let data = data(machine, &[&["task", "add"], args].concat());
    data["task"]["id"].as_str().expect("it has one").to_owned()
}

#[track_caller]
pub fn edit(machine: &Machine, task: &str, args: &[&str]) {
    data(machine, &[&["task", "edit", task], args].concat());
}

#[track_caller]
pub fn shown(machine: &Machine, task: &str) -> Value {
    data(machine, &["task", "show", task])["task"].clone()
}

struct Stopped(i64);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0)
    }
}

/// Writes to a task on a machine whose clock stands years away from now.
#[track_caller]
pub fn written_years_away<T>(
    machine: &Machine,
    years: i64,
    write: impl FnOnce(&mut Pen<'_, '_, '_>) -> Result<T, TasksError>,
) -> T {
    let now = SystemClock.now().millis();
    let edges = Edges {
        clock: Box::new(Stopped(now + years * 365 * 24 * 3_600_000)),
        ..Edges::system(Env::default())
    };
    let own = machine.read("holdall/data/this-machine.json");
    let own: Value = serde_json::from_slice(&own).expect("it has a name");
    let own = own["machine"]
        .as_str()
        .and_then(|id| MachineId::parse(id).ok());
    let hand = Hand {
        machine: &own.expect("it is one"),
        by: Some("somebody"),
        censor: &|_, _| None,
    };
    let written = store(machine).change(&edges, |change| change.write(hand, "edit", write));
    written.expect("it can be written")
}

/// The titles of all tasks that are there, in their order.
#[track_caller]
pub fn titles(machine: &Machine) -> Vec<String> {
    listed(
        machine,
        &["task", "list", "--all", "--sort", "title"],
        "title",
    )
}

/// One field of each task of a list.
#[track_caller]
pub fn listed(machine: &Machine, args: &[&str], field: &str) -> Vec<String> {
    let data = data(machine, args);
    let tasks = data["tasks"].as_array().expect("a list").iter();
    let text = |task: &Value| task[field].as_str().expect("it has one").to_owned();
    tasks.map(text).collect()
}

/// All tasks as a machine shows them, but for what depends on when they came there.
#[track_caller]
pub fn everything(machine: &Machine) -> Value {
    let mut list = data(machine, &["task", "list", "--all", "--everywhere"]);
    for task in list["tasks"].as_array_mut().expect("a list") {
        task["seen"] = Value::Null;
    }
    list["tasks"].clone()
}

/// What all ops that a machine has read come to.
pub fn digest(machine: &Machine) -> String {
    let digest = store(machine).reading().digest().expect("it can be read");
    digest.to_string()
}

/// The values of a field that wait for somebody to choose, in the order of their letters.
#[track_caller]
pub fn values(machine: &Machine, task: &str, field: &str) -> Vec<String> {
    let store = store(machine);
    let reading = store.reading();
    let row = reading.resolve(task).expect("there is one");
    let dispute = reading.dispute((&row.entity(), row.thing), field);
    let variants = dispute.expect("it can be read").variants.into_iter();
    let mut values: Vec<String> = variants.filter_map(|it| it.value).collect();
    values.sort();
    values
}

/// The task list of a machine, without its commands.
pub fn store(machine: &Machine) -> Store {
    let file = HostPath::new(machine.home.join("holdall/data/tasks.db")).expect("absolute");
    let holder = Holder {
        pid: 1,
        command: "test".to_owned(),
        since: Timestamp::from_millis(0),
    };
    Store::open(&file, &holder).expect("opened")
}

/// Every value that the log has of one field of a task.
#[track_caller]
pub fn logged(machine: &Machine, task: &str, field: &str) -> Vec<String> {
    let log = data(machine, &["task", "log", task, "--limit", "1000"]);
    let entries = log["entries"].as_array().expect("a log").iter();
    let of_field = entries.filter(|entry| entry["field"] == field);
    let mut values: Vec<String> = of_field
        .filter_map(|entry| Some(entry["value"].as_str()?.to_owned()))
        .collect();
    values.sort();
    values
}

/// Runs with a text as its input, and fails the test unless all went well.
#[track_caller]
pub fn fed(machine: &Machine, args: &[&str], text: &str) -> Ran {
    let mut command = machine.command(args);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert!(ran.code == 0, "{args:?}: {ran}");
    ran
}
