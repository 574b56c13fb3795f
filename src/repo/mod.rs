//! Other people's repositories, read and never written: where a checkout begins, what its remotes
//! and first commits are, whether it has a commit, and which files its own git tracks.
//!
//! *In*: a directory and the environment. *Out*: [`Checkout`], or the set of tracked paths.
//! *Never*: write, contact a remote, run a hook, or believe an inherited `GIT_DIR`.

mod checkout;
mod error;
mod find;
mod library;
mod past;
mod program;
mod remotes;
mod tracked;

pub use checkout::Checkout;
pub use error::RepoError;
pub use find::{discover, locate};
pub use past::has_any;
pub use tracked::tracked;

#[cfg(test)]
mod kit;
