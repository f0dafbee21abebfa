//! Behaviour tests.

mod tidy;
