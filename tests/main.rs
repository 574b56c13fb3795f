//! The one test binary: everything that needs the whole house, or the program itself.

#![expect(
    clippy::disallowed_methods,
    reason = "tests make the outside world that the program then meets"
)]
#![expect(
    clippy::panic,
    reason = "what tests stand on fails the test, and says with what"
)]

mod architecture;
mod background;
mod cli;
mod false_alarms;
mod flow;
mod fuzz;
mod convergence;
mod crash;
mod interrupted;
mod kit;
mod layout;
#[cfg(target_os = "linux")]
mod peak;
mod peers;
mod simulation;
mod store;
mod wire;
