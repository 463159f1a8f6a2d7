//! How long work is called off: by a question that the caller answers.
//!
//! A merge of large texts runs on a worker, and whoever waits for it may leave. The work asks at every some thousand steps, so an answer
//! of yes ends it within about a millisecond. What is asked is the caller's matter (a flag, a deadline, a closed channel).

use thiserror::Error;

/// Asked now and then during long work; true ends it. Should go on saying true once it did.
pub type Stop<'a> = &'a dyn Fn() -> bool;

/// For work that nobody calls off.
pub const NEVER: Stop<'static> = &|| false;

/// The work was called off, and there is no result.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the work was called off")]
pub struct Cancelled;

/// Asks whether to go on.
///
/// # Errors
/// If not.
pub fn go_on(stop: Stop<'_>) -> Result<(), Cancelled> {
    if stop() { Err(Cancelled) } else { Ok(()) }
}
