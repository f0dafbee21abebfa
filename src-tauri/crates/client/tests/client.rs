//! The client over real sockets, against a server that says exactly what a test wants it to.

#[path = "wire/decisions.rs"]
mod decisions;
#[path = "wire/network.rs"]
mod network;
#[path = "wire/reading.rs"]
mod reading;
#[path = "wire/server.rs"]
mod server;
#[path = "wire/session.rs"]
mod session;
#[path = "wire/stream.rs"]
mod stream;
#[path = "wire/tls.rs"]
mod tls;
