//! Saves of many notes at a time: durable together, and awaited together.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::session::Session;
use super::{Failure, output};
use crate::client::{Command, EntryState, News, OutboxRow, State};
use crate::domain::note::{Content, NoteId, Version};

/// How long no save may go out before they are waited for no longer.
const STILL: Duration = Duration::from_secs(15);
/// From so many entries on it is told how far the sending is.
pub(super) const MANY: usize = 20;

/// A save to make: the note, the version it started from (`None`: whatever this device has), and the content.
pub(super) type Save = (NoteId, Option<Version>, Content);

impl Session {
    /// Saves notes, each once. What is not named in the answer is durable here when this returns; of the others it says why not.
    ///
    /// # Errors
    /// The client has stopped, or does not answer in time.
    pub(super) async fn save_all(&mut self, saves: Vec<Save>) -> Result<HashMap<NoteId, String>, Failure> {
        let mut open: HashSet<NoteId> = saves.iter().map(|(id, ..)| *id).collect();
        for (id, base, content) in saves {
            self.tell(Command::Save { id, base, content: Box::new(content), revision: 1 });
        }
        let mut failed = HashMap::new();
        while !open.is_empty() {
            match tokio::time::timeout(STILL, self.hear()).await {
                Ok(Ok(News::SavedHere(id, 1))) => drop(open.remove(&id)),
                Ok(Ok(News::Failed(Some(id), why))) if open.remove(&id) => drop(failed.insert(id, why)),
                Ok(news) => drop(news?),
                Err(_) => {
                    return Err(Failure::data("The notes are not saved in time.", "The disk is slow.", "Look at them, and try again."));
                }
            }
        }
        Ok(failed)
    }

    /// Waits until the saves of these notes are answered, or cannot be now; gives how many of them were parked.
    ///
    /// # Errors
    /// If the disk cannot be read.
    pub(super) async fn sent_all(&mut self, ids: &[NoteId]) -> Result<usize, Failure> {
        let ids: HashSet<NoteId> = ids.iter().copied().collect();
        let (mut before, mut still) = (usize::MAX, Duration::ZERO);
        loop {
            let outbox = self.outbox().await?;
            let away = self.trouble().is_some();
            let goes = |e: &&OutboxRow| match e.state {
                EntryState::Sending => true,
                EntryState::Waiting => e.last_error.is_none() && !away,
                EntryState::Paused | EntryState::Refused => false,
            };
            let left = outbox.iter().filter(|e| ids.contains(&e.id)).filter(goes).count();
            if ids.len() > MANY {
                output::progress("Sent", ids.len() - left.min(ids.len()), ids.len());
            }
            if left == 0 || still >= STILL {
                break;
            }
            let listened = self.listen(outbox.len()).await;
            still = if left < before { Duration::ZERO } else { still + listened };
            before = left;
        }
        let rows = self.rows().await?;
        Ok(rows.iter().filter(|r| r.state == State::NeedsYou && ids.contains(&r.id)).count())
    }
}
