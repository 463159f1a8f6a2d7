//! `diptych log`: the versions of a note, newest first. `--json`: `{"data": [{"version", "updated_at", "updated_by", "updated_from"}]}`.

use serde_json::json;

use super::session::{Session, minute};
use super::{Context, Failure, output};
use crate::client::{Command, News};
use crate::wire::time::rfc3339;

/// List the versions of a note (asks the server)
#[derive(clap::Args, Debug)]
pub struct Log {
    /// The note: its id, or a beginning of it that is its alone
    id: String,
}

impl Log {
    /// Prints them.
    ///
    /// # Errors
    /// No such note; the server cannot be reached.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let versions = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            session.catch_up().await?;
            let id = session.find(&self.id).await?;
            let pick = |news| if let News::History(_, versions) = news { Some(versions) } else { None };
            let versions = session.ask_server(Command::History(id), pick).await?;
            session.close().await?;
            Ok(versions)
        })?;
        if ctx.config.json {
            let row = |v: &crate::client::VersionRow| json!({ "version": v.version, "updated_at": rfc3339(v.at), "updated_by": v.by, "updated_from": v.from });
            return output::json(&json!({ "data": versions.iter().map(row).collect::<Vec<_>>() })).map(|()| 0);
        }
        for v in versions {
            output::line(&format!("{:>4}  {}  {}", v.version, minute(v.at), output::harmless(&format!("{} on {}", v.by, v.from))))?;
        }
        Ok(0)
    }
}
