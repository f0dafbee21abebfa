//! The deterministic simulation (PROOF): two consoles made of the real state, step, notices and stream machine, a gateway
//! made of the real law, and between them a network, clocks and disks that fail as the seed says. One seed is one run.
//!
//! Only in tests. It owns what an effect does in its world; what follows from it is the product's own code. A failing
//! seed prints itself, made as short as it goes, and `HOLDPOINT_SIM_SEED=n` plays it again.

mod console;
mod contract;
mod dice;
mod executor;
mod gateway;
mod judge;
mod ledger;
mod log;
mod net;
mod person;
mod plan;
pub(crate) mod planted;
mod platform;
mod saving;
mod shrink;
mod store;
mod tests;
mod trouble;
mod wire;
mod work;
mod world;
