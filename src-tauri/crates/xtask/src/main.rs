//! The gateway's command line.
fn main() {}
