//! The outside: the clock, ids and random bytes. Made here and handed down; nothing else reads them.

use std::sync::Arc;

use base64::Engine;

use super::Failure;
use crate::domain::note::{NoteId, Time, Uuid};

/// Gives the time.
pub type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Makes ids that sort by when they were made (UUID v7).
pub type Ids = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The outside as a command is handed it.
#[derive(Clone)]
pub struct Edge {
    /// Gives the time.
    pub now: Clock,
    /// Makes ids.
    pub ids: Ids,
}

impl Edge {
    /// The real clock, real ids.
    #[must_use]
    pub fn real() -> Self {
        Self { now: Arc::new(now), ids: Arc::new(Uuid::now_v7) }
    }

    /// An id for a new note.
    #[must_use]
    pub fn note_id(&self) -> NoteId {
        NoteId((self.ids)())
    }
}

#[allow(clippy::disallowed_methods)] // The one place that may ask.
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Random bytes from the system.
///
/// # Errors
/// If the system has none to give.
pub fn random<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Failure::data("The system gives no random bytes.", e, "Try again."))?;
    Ok(bytes)
}

/// A seed for what only has to differ from run to run (such as jitter).
///
/// # Errors
/// If the system has no random bytes to give.
pub fn seed() -> Result<u64, Failure> {
    random().map(u64::from_le_bytes)
}

/// A new bearer token: `dpt_` and 32 random bytes.
///
/// # Errors
/// If the system has no random bytes to give.
pub fn token() -> Result<String, Failure> {
    let bytes: [u8; 32] = random()?;
    Ok(format!("dpt_{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
}
