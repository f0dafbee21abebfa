//! The wire contract against its fixtures, and against anything else that may come.

#[path = "wire/any.rs"]
mod any;
#[path = "wire/decoding.rs"]
mod decoding;
#[path = "wire/fixture.rs"]
mod fixture;
#[path = "wire/shapes.rs"]
mod shapes;
