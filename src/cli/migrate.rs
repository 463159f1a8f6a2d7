//! `diptych migrate`: all a server keeps, from one store to another, either way.

use serde_json::json;

use super::{Context, Failure, output};
use crate::server::migrate::copy;

/// Copy all a server keeps to another store that is empty, and verify every row
///
/// From SQLite to PostgreSQL when it is outgrown, or back. What the source accepts while it is being read does not come along: stop its
/// server first. The source is left as it is.
#[derive(clap::Args, Debug)]
pub struct Migrate {
    /// Where the notes are: sqlite:PATH or postgres://…
    from: String,
    /// Where they go: sqlite:PATH or postgres://…; empty, or not there yet
    to: String,
}

fn is_store(address: &str) -> bool {
    ["sqlite:", "postgres://", "postgresql://"].iter().any(|p| address.starts_with(p))
}

impl Migrate {
    /// Copies and verifies; prints how many rows of each table.
    ///
    /// # Errors
    /// If either store cannot be used, the target is not empty, the rows differ, or the source went on meanwhile.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        if let Some(other) = [&self.from, &self.to].into_iter().find(|a| !is_store(a)) {
            let why = "A store is sqlite:PATH or postgres://…";
            return Err(Failure::usage(format!("{other:?} is no store."), why, "See: diptych migrate --help"));
        }
        let failed = |e| Failure::data("Nothing was copied.", e, "Check both stores; the target must be empty.");
        let moved = ctx.block_on(async { copy(&self.from, &self.to).await.map_err(failed) })?;
        if ctx.config.json {
            let rows: serde_json::Map<_, _> = moved.rows.iter().map(|(name, n)| ((*name).to_owned(), json!(n))).collect();
            output::json(&json!({"rows": rows, "late": moved.late}))?;
        } else {
            moved.rows.iter().try_for_each(|(name, rows)| output::line(&format!("{rows:>9}  {name}")))?;
        }
        if moved.late > 0 {
            let what = format!("The copy is whole, but {} changes came to the source after it began.", moved.late);
            let why = "They are not in the copy: the source's server was running.";
            return Err(Failure::data(what, why, "Stop that server, empty the target, and copy again."));
        }
        output::note("Everything was copied and compared.");
        Ok(0)
    }
}
