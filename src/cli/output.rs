//! Printing: the one way to standard output and standard error.
//!
//! A reader that has gone (`diptych list | head`) ends the command quietly instead of with a panic. Text from outside is made harmless
//! when it goes to a terminal; into a pipe or a file it goes as it is.

use std::io::{self, IsTerminal, Write};

use super::Failure;

fn written(done: io::Result<()>) -> Result<(), Failure> {
    match done {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Err(Failure::silent(0)),
        Err(e) => Err(Failure::data("The output could not be written.", e, "Check where it goes, and try again.")),
    }
}

/// Prints one line.
///
/// # Errors
/// If it cannot be written.
pub fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Prints bytes as they are, without a line end.
///
/// # Errors
/// If they cannot be written.
pub fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// If it cannot be written.
pub fn json(value: &serde_json::Value) -> Result<(), Failure> {
    line(&value.to_string())
}

/// Tells the person something on standard error, beside the output; what cannot be written there is nobody's loss.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// How far a long work is, on standard error where a terminal is there; the last call ends the line.
pub fn progress(what: &str, done: usize, all: usize) {
    const WIDE: usize = 20;
    let mut err = io::stderr();
    if err.is_terminal() && (done.is_multiple_of(50) || done == all) {
        let full = (done * WIDE).checked_div(all).unwrap_or(WIDE).min(WIDE);
        let bar = "=".repeat(full) + &" ".repeat(WIDE - full);
        let _ = write!(err, "\r{what} [{bar}] {done} of {all}{}", if done == all { "\n" } else { "" });
    }
}

/// How much has come of what is fetched, where a terminal is there; `ends`: that was all, and the line is cleared.
pub fn fetching(notes: usize, ends: bool) {
    let mut err = io::stderr();
    if err.is_terminal() {
        let _ = if ends { write!(err, "\r\x1b[K") } else { write!(err, "\rFetching: {notes} notes are here") };
    }
}

/// Prints a failure on standard error.
pub fn failure(failure: &Failure) {
    let mut err = io::stderr().lock();
    for (lead, text) in [("diptych: ", &failure.what), ("  ", &failure.why), ("  ", &failure.todo)] {
        if !text.is_empty() {
            let _ = writeln!(err, "{lead}{}", harmless(text));
        }
    }
}

/// Text from outside for this output: control characters become signs when standard output is a terminal.
#[must_use]
pub fn shown(text: &str) -> String {
    if io::stdout().is_terminal() { harmless(text) } else { text.to_owned() }
}

/// The same text with every control character but line feed and tab replaced by a sign, so that no terminal obeys it.
#[must_use]
pub fn harmless(text: &str) -> String {
    let bidi = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars().map(|c| if (c.is_control() && c != '\n' && c != '\t') || bidi(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_escape_sequence_gets_through() {
        assert_eq!(super::harmless("a\x1b[2Jb\u{9b}c\u{202e}d\ne\tf"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d\ne\tf");
    }
}
