//! Who hears of what: one channel per space, in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use super::store::{Event, Heard, Space};

/// Changes a slow listener may fall behind before it is told to resync.
const BEHIND: usize = 4096;

/// The channels of all spaces that have been listened to.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    channels: Mutex<HashMap<Space, broadcast::Sender<Heard>>>,
}

impl Hub {
    /// Hears of a space's changes from now on.
    pub(crate) fn listen(&self, space: Space) -> broadcast::Receiver<Heard> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(space).or_insert_with(|| broadcast::channel(BEHIND).0).subscribe()
    }

    /// Tells a space's listeners of a change.
    pub(crate) fn tell(&self, event: Event) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(&event.space) {
            let _ = channel.send(Heard::Event(Arc::new(event))); // an error means that nobody listens
        }
    }

    /// Tells every listener that changes may have been missed.
    pub(crate) fn resync(&self) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        for channel in channels.values() {
            let _ = channel.send(Heard::Resync);
        }
    }
}
