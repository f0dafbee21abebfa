//! The pure step, sequence by sequence.
