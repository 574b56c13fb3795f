#![doc = include_str!("../ARCHITECTURE.md")]
#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "tests make the outside world that the code under test then meets"
    )
)]

pub mod base;
pub mod layout;
pub mod doc;
pub mod config;
pub mod repo;
pub mod database;
pub mod project;
pub mod source;
pub mod snapshot;
pub mod merge;
pub mod oplog;
pub mod tasks;
pub mod vault;
pub mod restore;
pub mod schedule;
pub mod service;
pub mod runs;
pub mod flow;
pub mod daemon;
pub mod cli;
