//! `diptych sync`: fetches and sends now. `--json`: `{"data": {"left", "conflicts", "trouble"}}`: entries still in the outbox, notes that need
//! a person, and why the server could not be reached (or null). Status 3 if something could not be fetched or sent, 1 if a conflict is left.

use serde_json::json;

use super::session::{Sent, Session};
use super::{Context, Failure, output};
use crate::client::{Command, EntryState, State};

/// Fetch and send everything now
#[derive(clap::Args, Debug)]
pub struct Sync {
    /// Carry out deletions that are held because they are more than a fifth of the notes
    #[arg(long)]
    allow_deletions: bool,
}

impl Sync {
    /// Does it and tells what is left.
    ///
    /// # Errors
    /// If the notes cannot be opened.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (trouble, left, conflicts, held) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            let mut trouble = session.catch_up().await?;
            if self.allow_deletions {
                session.tell(Command::AllowDeletions);
                session.held = None;
            }
            for entry in session.outbox().await? {
                if trouble.is_some() {
                    break;
                }
                if entry.state == EntryState::Waiting {
                    if entry.attempts > 0 {
                        session.tell(Command::RetryNow(entry.entry));
                    }
                    if let Sent::Later(why) = session.sent(entry.id, false).await? {
                        trouble = Some(why);
                    }
                }
            }
            let left = session.outbox().await?.len();
            let conflicts = session.rows().await?.iter().filter(|r| r.state == State::NeedsYou).count();
            let held = session.held;
            session.close().await?;
            Ok((trouble, left, conflicts, held))
        })?;
        if ctx.config.json {
            output::json(&json!({ "data": { "left": left, "conflicts": conflicts, "trouble": trouble } }))?;
        } else {
            output::line(&format!("{left} left to send, {conflicts} that need{} you.", if conflicts == 1 { "s" } else { "" }))?;
        }
        if let Some((some, all)) = held {
            output::note(&format!(
                "{some} of {all} notes would be deleted here. That is held. diptych sync --allow-deletions lets it happen."
            ));
        }
        match trouble {
            Some(why) => Err(Failure::server("Not everything was fetched and sent.", why, "It goes on when the server can be reached.")),
            None if left > 0 => Err(Failure::server("Not everything was sent.", "Entries are paused or refused.", "See diptych outbox.")),
            None if conflicts > 0 || held.is_some() => Ok(1),
            None => Ok(0),
        }
    }
}
