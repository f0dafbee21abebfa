//! The gateway as a library.

pub mod matching;
pub mod openapi;
pub mod render;
