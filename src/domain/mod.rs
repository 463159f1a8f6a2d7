//! Pure values and decisions: no I/O, no async, no clock, no randomness, no serde.
//!
//! Everything diptych exists for is decided here and only carried out elsewhere, so that it can be tried on every small input
//! without a terminal, a disk or a network. Time and ids come in as arguments.

pub mod audit;
pub mod buffer;
pub mod diff;
pub mod endings;
pub mod merge;
pub mod note;
pub mod policy;
pub mod refine;
pub mod settle;
pub mod stop;
pub mod text;
pub mod typed;
