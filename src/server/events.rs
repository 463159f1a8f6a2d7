//! Changes others may want to know of, and who hears of them: one channel per space, in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;
use uuid::Uuid;

use super::store::Space;
use crate::domain::note::{Seq, Version};

/// What kind of record an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `note`
    Note,
    /// `bookmark`
    Bookmark,
    /// `lock`
    Lock,
    /// `audit`
    Audit,
}

impl Kind {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Note => "note",
            Kind::Bookmark => "bookmark",
            Kind::Lock => "lock",
            Kind::Audit => "audit",
        }
    }

    /// The way back from [`Kind::name`].
    #[must_use]
    pub fn of(name: &str) -> Option<Kind> {
        [Kind::Note, Kind::Bookmark, Kind::Lock, Kind::Audit].into_iter().find(|k| k.name() == name)
    }
}

/// A change others may want to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// In which space.
    pub space: Space,
    /// Its place in the order of changes.
    pub seq: Seq,
    /// Of what.
    pub kind: Kind,
    /// The note; of an audit event, the entry.
    pub id: Uuid,
    /// The note's version, where there is one.
    pub version: Option<Version>,
    /// From where.
    pub origin: String,
    /// Deleted, taken off, released.
    pub deleted: bool,
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A change.
    Event(Arc<Event>),
    /// Changes may have been missed.
    Resync,
}

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
