//! `diptych completions`: what a shell needs to complete commands and options.

use super::{Context, Failure, output};

/// Print completions for a shell, to be put where it looks for them
#[derive(clap::Args, Debug)]
pub struct Completions {
    /// Which shell
    shell: clap_complete::Shell,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn run(self, _: &Context) -> Result<u8, Failure> {
        let mut out = Vec::new();
        clap_complete::generate(self.shell, &mut super::tree(), "diptych", &mut out);
        output::bytes(&out).map(|()| 0)
    }
}
