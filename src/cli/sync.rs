//! `diptych sync`: fetches and sends now. `--json`: `{"data": {"left", "conflicts", "trouble"}}`: entries still in the outbox, notes that need
//! a person, and why the server could not be reached (or null). Status 3 if something could not be fetched or sent, 1 if a conflict is left.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::many::MANY;
use super::session::Session;
use super::{Context, Failure, output};
use crate::client::{Command, EntryState, OutboxRow, State};

/// Fetch and send everything now
#[derive(clap::Args, Debug)]
pub struct Sync {
    /// Carry out deletions that are held because they are more than a fifth of the notes
    #[arg(long)]
    allow_deletions: bool,
    /// How long to wait for the server, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 15, conflicts_with = "wait")]
    timeout: u64,
    /// Wait until everything that is not paused or refused is sent, as long as that takes
    #[arg(long)]
    wait: bool,
}

impl Sync {
    /// Does it and tells what is left.
    ///
    /// # Errors
    /// If the notes cannot be opened, or not everything could be fetched and sent.
    pub fn run(self, ctx: &Context) -> Result<u8, Failure> {
        let (trouble, left, conflicts, held) = ctx.block_on(async {
            let mut session = Session::open(ctx).await?;
            let within = if self.wait { Duration::MAX } else { Duration::from_secs(self.timeout) };
            let trouble = match self.fetched(&mut session, within).await? {
                Some(why) => Some(why),
                None => match tokio::time::timeout(within, self.sent(&mut session)).await {
                    Ok(done) => done?,
                    Err(_) => Some("The server has not answered in time.".to_owned()),
                },
            };
            let left = session.outbox().await?;
            let conflicts = session.rows().await?.iter().filter(|r| r.state == State::NeedsYou).count();
            let held = session.held;
            session.close().await?;
            Ok((trouble, left, conflicts, held))
        })?;
        if ctx.config.json {
            output::json(&json!({ "data": { "left": left.len(), "conflicts": conflicts, "trouble": trouble } }))?;
        } else {
            let need = if conflicts == 1 { "needs" } else { "need" };
            output::line(&format!("{} left to send, {conflicts} that {need} you.", left.len()))?;
        }
        if let Some((some, all)) = held {
            output::note(&format!(
                "{some} of {all} notes would be deleted here. That is held. diptych sync --allow-deletions lets it happen."
            ));
        }
        match trouble {
            Some(why) => Err(Failure::server("Not everything was fetched and sent.", why, "It goes on when the server can be reached.")),
            None if !left.is_empty() => Err(Failure::server("Not everything was sent.", stuck(&left), "See diptych outbox.")),
            None if conflicts > 0 || held.is_some() => Ok(1),
            None => Ok(0),
        }
    }

    /// Fetches, for as long as something comes within that time; gives why that cannot be now.
    async fn fetched(&self, session: &mut Session, within: Duration) -> Result<Option<String>, Failure> {
        let mut trouble = session.catch_up(within).await?;
        while self.wait && trouble.is_some() {
            session.listen(0).await;
            trouble = match session.trouble() {
                Some(why) => Some(why),
                None => session.catch_up(within).await?,
            };
        }
        Ok(trouble)
    }

    /// Waits until nothing is on its way; gives why that cannot be now.
    async fn sent(&self, session: &mut Session) -> Result<Option<String>, Failure> {
        if self.allow_deletions {
            session.tell(Command::AllowDeletions);
            session.held = None;
        }
        // What failed before is due at once.
        session.tell(Command::SyncNow);
        let all = going(session).await?;
        let tries: HashMap<i64, u32> = all.iter().map(|e| (e.entry, e.attempts)).collect();
        loop {
            let now = going(session).await?;
            if all.len() > MANY {
                output::progress("Sent", all.len().saturating_sub(now.len()), all.len());
            }
            if now.is_empty() {
                return Ok(None);
            }
            let before = |e: &OutboxRow| tries.get(&e.entry).copied().unwrap_or(0);
            let failed = now.iter().find(|e| e.state == EntryState::Waiting && e.attempts > before(e));
            let why = failed.and_then(|e| e.last_error.clone()).or_else(|| session.trouble());
            if why.is_some() && !self.wait {
                return Ok(why);
            }
            session.listen(now.len()).await;
        }
    }
}

/// The entries that go out by themselves.
async fn going(session: &mut Session) -> Result<Vec<OutboxRow>, Failure> {
    let rows = session.outbox().await?;
    Ok(rows.into_iter().filter(|e| matches!(e.state, EntryState::Waiting | EntryState::Sending)).collect())
}

fn stuck(left: &[OutboxRow]) -> String {
    let count = |state| left.iter().filter(|e| e.state == state).count();
    format!("{} entries are paused, {} refused.", count(EntryState::Paused), count(EntryState::Refused))
}
