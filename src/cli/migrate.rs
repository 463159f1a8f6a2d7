//! `diptych migrate`: from an SQLite file to PostgreSQL.

use std::path::Path;

use super::{Context, Failure, output};
use crate::server::migrate::sqlite_to_postgres;

/// Move a server's notes from an SQLite file to an empty PostgreSQL database, and verify every row
#[derive(clap::Args, Debug)]
pub struct Migrate {
    /// Where they are: sqlite:PATH (stop its server first)
    from: String,
    /// Where they go: postgres://…
    to: String,
}

impl Migrate {
    /// Moves and verifies; prints what was moved.
    ///
    /// # Errors
    /// If either store cannot be used, the database is not empty, or the rows differ.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (Some(path), true) = (self.from.strip_prefix("sqlite:"), self.to.starts_with("postgres")) else {
            let why = "Only sqlite:PATH to postgres://… is known.";
            return Err(Failure::usage("These stores cannot be moved.", why, "See: diptych migrate --help"));
        };
        let moved = ctx.block_on(async {
            let done = sqlite_to_postgres(Path::new(path), &self.to).await;
            done.map_err(|e| Failure::data("Nothing was moved.", e, "Check both stores; the database must be empty."))
        })?;
        moved.iter().try_for_each(|(name, rows)| output::line(&format!("{rows:>9}  {name}")))?;
        output::note("Everything was moved and compared.");
        Ok(0)
    }
}
