#![doc = include_str!("../ARCHITECTURE.md")]
#![cfg_attr(
    test,
    expect(
        clippy::disallowed_methods,
        reason = "tests make the outside world that the code under test then meets"
    )
)]

pub mod base;
pub mod cli;
pub mod flow;
pub mod merge;
pub mod restore;
pub mod vault;
