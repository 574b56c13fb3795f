//! The contract and its mirror, held together: `vault-layout/` against `holdall::layout`.

mod example;
mod files;
mod invalid;
mod schemas;
mod spec;
