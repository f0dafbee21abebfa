//! The fuzz targets, one of which `HOLDPOINT_FUZZ` names: whatever reads foreign text gives a value or an error, never a
//! panic, and what it reads it can write. `cargo xtask prove fuzz` builds and runs them.
#![no_main]
#![allow(unsafe_code, reason = "libFuzzer calls an exported symbol; the macro makes it")]

mod search;
mod targets;

use std::sync::OnceLock;

/// The target of this run.
static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    TARGET.get_or_init(chosen)(bytes);
});

fn chosen() -> fn(&[u8]) {
    match std::env::var("HOLDPOINT_FUZZ").as_deref() {
        Ok("frame") => targets::frame,
        Ok("event") => targets::event,
        Ok("error") => targets::error,
        Ok("canonical") => targets::canonical,
        Ok("search") => search::search,
        other => panic!("HOLDPOINT_FUZZ names no target: {other:?}"),
    }
}
