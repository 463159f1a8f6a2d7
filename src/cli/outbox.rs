//! `diptych outbox`: saves on their way, and what to do about those that cannot go.
//!
//! `--json`: `{"data": [{"entry", "id", "title", "what", "state", "attempts", "due", "last_error"}]}`, state `waiting`, `sending`, `paused` or `refused`.

use serde_json::json;

use super::session::{Session, minute};
use super::{Context, Failure, output};
use crate::client::{Command, EntryState, News, OutboxRow};
use crate::wire::time::rfc3339;

/// List the saves on their way, or act on one
#[derive(clap::Args, Debug)]
pub struct Outbox {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(clap::Subcommand, Debug)]
enum What {
    /// Try an entry now
    Retry {
        /// The number of the entry
        entry: i64,
    },
    /// Hold an entry back
    Pause {
        /// The number of the entry
        entry: i64,
    },
    /// Let a paused entry go again
    Resume {
        /// The number of the entry
        entry: i64,
    },
    /// Take an entry out; its text stays here as a draft
    Drop {
        /// The number of the entry
        entry: i64,
    },
}

impl Outbox {
    /// Acts, and prints the outbox.
    ///
    /// # Errors
    /// No such entry; the notes cannot be opened.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let command = match self.what {
            None => Command::Outbox,
            Some(What::Retry { entry }) => Command::RetryNow(entry),
            Some(What::Pause { entry }) => Command::Pause(entry, true),
            Some(What::Resume { entry }) => Command::Pause(entry, false),
            Some(What::Drop { entry }) => Command::DropEntry(entry),
        };
        let rows = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            let rows = session.ask(command, |news| if let News::Outbox(rows) = news { Some(rows) } else { None }).await?;
            session.close().await?;
            Ok(rows)
        })?;
        if ctx.config.json {
            return output::json(&json!({ "data": rows.iter().map(row_json).collect::<Vec<_>>() })).map(|()| 0);
        }
        for row in &rows {
            let error = row.last_error.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
            let due = row.due.map(minute).unwrap_or_default();
            let text = output::harmless(&format!("{}{error}", row.title));
            output::line(&format!(
                "{:>4}  {:8}  {:8}  {:>3} tries  {due:16}  {text}",
                row.entry,
                row.what,
                state(&row.state),
                row.attempts
            ))?;
        }
        Ok(0)
    }
}

fn state(state: &EntryState) -> &'static str {
    match state {
        EntryState::Waiting => "waiting",
        EntryState::Sending => "sending",
        EntryState::Paused => "paused",
        EntryState::Refused => "refused",
    }
}

fn row_json(row: &OutboxRow) -> serde_json::Value {
    json!({
        "entry": row.entry, "id": row.id.to_string(), "title": row.title, "what": row.what, "state": state(&row.state),
        "attempts": row.attempts, "due": row.due.map(rfc3339), "last_error": row.last_error,
    })
}
