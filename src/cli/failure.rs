//! What a command ends with when it cannot do what was asked, and the exit status that goes with it.

use std::fmt::Display;

/// What went wrong, for a person: one sentence of what, one of why, one of what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}\n{why}\n{todo}")]
pub struct Failure {
    /// The exit status: 1 a conflict is left, 2 usage, 3 the server, 4 data or disk.
    pub status: u8,
    /// What happened. Empty: nothing is printed (whoever read our output has gone).
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do about it.
    pub todo: String,
}

impl Failure {
    /// A failure with an exit status of its own.
    pub fn new(status: u8, what: impl Display, why: impl Display, todo: impl Display) -> Self {
        Self { status, what: what.to_string(), why: why.to_string(), todo: todo.to_string() }
    }

    /// A conflict is left (1).
    pub fn conflict(what: impl Display, why: impl Display, todo: impl Display) -> Self {
        Self::new(1, what, why, todo)
    }

    /// The arguments or the settings make no sense (2).
    pub fn usage(what: impl Display, why: impl Display, todo: impl Display) -> Self {
        Self::new(2, what, why, todo)
    }

    /// The server could not be reached, or refused (3).
    pub fn server(what: impl Display, why: impl Display, todo: impl Display) -> Self {
        Self::new(3, what, why, todo)
    }

    /// Trouble with data or disk (4).
    pub fn data(what: impl Display, why: impl Display, todo: impl Display) -> Self {
        Self::new(4, what, why, todo)
    }

    /// Ends without a word: whoever read our output has gone.
    #[must_use]
    pub fn silent(status: u8) -> Self {
        Self::new(status, "", "", "")
    }
}
