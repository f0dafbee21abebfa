//! Helpers shared by the test binaries: servers to test against, the built binaries, waiting for a state.
//!
//! Owns what stands in for the outside world. Deliberately knows nothing of the console's inner workings: what is
//! tested here is tested from outside.
#![allow(clippy::panic, reason = "a helper that cannot do its part fails the test that called it")]

pub mod account;
pub mod bins;
pub mod chaos;
pub mod desktop;
pub mod embedded;
pub mod gateway;
pub mod hostile;
pub mod kills;
pub mod now;
pub mod platform;
pub mod proxy;
pub mod seat;
pub mod serve;
pub mod stage;
pub mod target;
pub mod wait;

pub use account::Account;
pub use bins::{Finished, Home, Run, Running, Stream};
pub use chaos::Chaos;
pub use embedded::Embedded;
pub use gateway::Gateway;
pub use platform::Platform;
pub use proxy::Proxy;
pub use seat::Seat;
pub use stage::Stage;
pub use target::Target;
pub use wait::eventually;
