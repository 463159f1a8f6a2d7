//! Merging off the loop: a job goes out as an effect, runs on a worker, and its result comes back as an event.
//!
//! Who asked holds a [`Wanted`]; when that is dropped (the person left, or something newer came) the job is called off. A result that
//! nobody waits for any more finds no taker.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Fences, classes};
use crate::client::handle::Parked;
use crate::domain::settle::{Restored, Settle};
use crate::domain::stop::{Cancelled, Stop};

/// A conflict merged, with the choices of its journal put back.
#[derive(Debug)]
pub struct Opened {
    /// The conflict.
    pub settle: Settle,
    /// What came back from the journal.
    pub restored: Restored,
    /// Where code fences stand in it.
    pub fences: Fences,
    /// Where the journal of files is kept, if anywhere.
    pub journal: Option<PathBuf>,
}

impl Opened {
    /// A conflict with the choices of a journal put back.
    #[must_use]
    pub fn new(mut settle: Settle, journal: &[u8]) -> Opened {
        let restored = settle.restore(journal);
        Opened { fences: Fences::of(&settle), settle, restored, journal: None }
    }
}

/// What a job does: asks its question now and then, and gives up when that says so.
type Run = dyn FnOnce(Stop<'_>) -> Result<Opened, Cancelled> + Send;

/// A merge to be done by a worker.
pub struct Job {
    ticket: Ticket,
    run: Box<Run>,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}

impl Job {
    /// A job, and what its result is wanted by.
    #[must_use]
    pub fn new(run: impl FnOnce(Stop<'_>) -> Result<Opened, Cancelled> + Send + 'static) -> (Job, Wanted) {
        let ticket = Ticket::default();
        (Job { ticket: ticket.clone(), run: Box::new(run) }, Wanted(ticket))
    }

    /// The merge of a parked note.
    #[must_use]
    pub fn note(parked: &Parked, accept: &[String]) -> (Job, Wanted) {
        let (parked, accept) = (parked.clone(), classes(accept));
        Job::new(move |stop| {
            let base = parked.base.as_ref().map(|n| &n.content);
            let settle = Settle::open_note_unless(base, &parked.mine, &parked.theirs.content, &parked.conflicts, &accept, stop)?;
            Ok(Opened::new(settle, &parked.journal))
        })
    }

    /// Does it; for a worker, as it may take long. Nothing: it was called off.
    #[must_use]
    pub fn run(self) -> Option<(Ticket, Handed)> {
        let opened = (self.run)(&|| self.ticket.is_off()).ok()?;
        Some((self.ticket, Handed(Arc::new(Mutex::new(Some(opened))))))
    }
}

/// Tells one job from another, and whether it is called off.
#[derive(Clone, Debug, Default)]
pub struct Ticket(Arc<AtomicBool>);

impl Ticket {
    fn is_off(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A result that is waited for. Dropped, it calls the job off.
#[derive(Debug)]
pub struct Wanted(Ticket);

impl Wanted {
    /// Whether this is the ticket of the job that is waited for.
    #[must_use]
    pub fn is(&self, ticket: &Ticket) -> bool {
        Arc::ptr_eq(&self.0.0, &ticket.0)
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// A result on its way to the one who waits for it: events are told to every screen, but only one may have it.
#[derive(Clone, Debug)]
pub struct Handed(Arc<Mutex<Option<Opened>>>);

impl Handed {
    /// The result, if nobody took it yet.
    #[must_use]
    pub fn take(&self) -> Option<Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
