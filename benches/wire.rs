//! The way to a remote alone, as a whole process: to be timed beside git's.
//!
//! `cargo run --release --example wire -- look URL | fetch URL STORE | push URL STORE COMMIT`
#![expect(
    clippy::disallowed_methods,
    reason = "it stands in the place of the program, which reads the environment"
)]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use holdall::base::{Env, HostPath, MachineId, ObjectId};
use holdall::vault::wire::{
    Address, Aim, GitConfig, PushOutcome, Remote, Update, WebOptions, WireOptions, remote,
};
use holdall::vault::{Objects, Store};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match *words {
        ["look", url] => drop(way(url, Aim::Fetch)?.tip()?),
        ["fetch", url, store] => fetch(&*way(url, Aim::Fetch)?, &open(store)?)?,
        ["push", url, store, commit] => {
            let commit = ObjectId::parse(commit)?;
            push(&*way(url, Aim::Push)?, &open(store)?, commit)?;
        }
        _ => return Err("look URL | fetch URL STORE | push URL STORE COMMIT".into()),
    }
    Ok(())
}

fn fetch(remote: &dyn Remote, store: &Store) -> Result<(), Box<dyn Error>> {
    let tip = remote.tip()?.ok_or("there is nothing")?;
    Ok(remote.fetch(store, tip, &|_| ())?)
}

fn push(remote: &dyn Remote, store: &Store, to: ObjectId) -> Result<(), Box<dyn Error>> {
    let from = remote.tip()?;
    match remote.push(&Objects::new(store), Update { from, to }, &|_| ())? {
        PushOutcome::Accepted => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn open(store: &str) -> Result<Store, Box<dyn Error>> {
    let place = HostPath::new(Path::new(store).to_owned())?;
    Ok(Store::open_existing(&place)?.ok_or("no store")?)
}

fn way(url: &str, aim: Aim) -> Result<Box<dyn Remote>, Box<dyn Error>> {
    let vars =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let cwd = std::env::current_dir()?;
    let env = Env::new(vars, cwd.clone(), "bench".to_owned());
    let config = GitConfig::read(&env);
    let options = WireOptions {
        env,
        machine: MachineId::parse("k7f3q2hm9x")?,
        connect: Duration::from_secs(15),
        idle: Duration::from_mins(1),
        may_ask: false,
        web: WebOptions::default(),
    };
    let address = Address::parse(url, &cwd, &cwd)?;
    Ok(remote(address, url, (options, &config), aim)?)
}
