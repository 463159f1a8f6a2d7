//! What stops a merge, in git's words and with git's status.

use std::io::{self, Write};

/// Something that cannot be read, written or merged.
const ERROR: u8 = 255;
/// What git ends with when its configuration or repository is broken.
const FATAL: u8 = 128;

/// What stopped the merge.
pub(super) struct Trouble {
    status: u8,
    what: String,
}

impl Trouble {
    /// Something that cannot be read, written or merged.
    pub(super) fn new(what: impl Into<String>) -> Trouble {
        Trouble { status: ERROR, what: what.into() }
    }

    /// The configuration or the repository is not as it should be.
    pub(super) fn fatal(what: impl Into<String>) -> Trouble {
        Trouble { status: FATAL, what: what.into() }
    }

    /// Says what it is and gives the status.
    pub(super) fn told(self, quiet: bool) -> u8 {
        if !quiet {
            let word = if self.status == FATAL { "fatal" } else { "error" };
            let _ = writeln!(io::stderr(), "{word}: {}", self.what);
        }
        self.status
    }
}

/// An error without its number.
pub(super) fn plain(e: &io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
