//! `diptych log`: the versions of a note, newest first, and the copies that this device has put aside of it (drafts discarded, saves taken
//! out of the outbox, sides of a settled conflict). `--json`: `{"data": [{"version", "updated_at", "updated_by", "updated_from"}]}`; a
//! copy has `"copy"` and `"why"` in place of `version` and `updated_by`.

use serde_json::json;

use super::session::{FRESH, Session, minute};
use super::{Context, Failure, output};
use crate::client::{Command, News, VersionRow};
use crate::wire::time::rfc3339;

/// List the versions of a note (asks the server), and the copies kept here
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
            let away = session.catch_up(FRESH).await?;
            let id = session.find(&self.id).await?;
            let pick = |news| if let News::History(_, versions) = news { Some(versions) } else { None };
            let versions = session.ask_server(Command::History(id), pick).await?;
            session.close().await?;
            if let Some(why) = away {
                // What is kept here is shown, and does not pass for all there is.
                output::note(&format!(
                    "These are the copies that this device keeps; the server has the versions. {}",
                    output::harmless(&why)
                ));
            }
            Ok(versions)
        })?;
        if ctx.config.json {
            let row = |v: &VersionRow| match v.version {
                copy @ ..0 => json!({ "copy": -copy, "updated_at": rfc3339(v.at), "why": v.by, "updated_from": v.from }),
                version => json!({ "version": version, "updated_at": rfc3339(v.at), "updated_by": v.by, "updated_from": v.from }),
            };
            return output::json(&json!({ "data": versions.iter().map(row).collect::<Vec<_>>() })).map(|()| 0);
        }
        for v in versions {
            let what = output::harmless(&format!("{} on {}", v.by, v.from));
            match v.version {
                copy @ ..0 => output::line(&format!("copy {}  {}  {what}", -copy, minute(v.at)))?,
                version => output::line(&format!("{version:>4}  {}  {what}", minute(v.at)))?,
            }
        }
        Ok(0)
    }
}
