//! Ids that are made when they are needed: a random number is asked of the system for each.

use std::sync::{Arc, OnceLock};

use uuid::Uuid;

/// An id that is made when it is first asked for, and stays the same: most writes need none.
#[derive(Clone)]
pub struct Fresh {
    ids: Arc<dyn Fn() -> Uuid + Send + Sync>,
    made: OnceLock<Uuid>,
}

impl Fresh {
    /// One that will come from there.
    #[must_use]
    pub fn from(ids: Arc<dyn Fn() -> Uuid + Send + Sync>) -> Self {
        Self { ids, made: OnceLock::new() }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        *self.made.get_or_init(|| (self.ids)())
    }
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.made.get().fmt(f)
    }
}
