//! Changes go from the log into the file beside the thread that writes: a save does not wait for it.
//!
//! Once the log is long, a thread with a connection of its own moves what is there; the writer then moves the little that came meanwhile,
//! and the log begins anew. Where a long read holds the log open, it grows and is asked about less often.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rusqlite::Connection;

use super::Durability;

/// Pages of changes after which they go from the log into the file: 8 MiB, so that a page changed often is written there seldom.
const LONG: usize = 1000;

/// The writer's side.
pub(super) struct Checkpoints {
    pages: Arc<AtomicUsize>,
    ask: SyncSender<()>,
    done: Arc<AtomicBool>,
    under_way: bool,
    /// How long the log may become until it is seen to.
    patience: usize,
}

fn passive(conn: &Connection) {
    if let Err(e) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(error = %e, "the log could not be moved into the file");
    }
}

impl Checkpoints {
    /// Takes the place of the automatic checkpoints of the writer's connection.
    pub(super) fn of(conn: &mut Connection, path: &Path, durability: Durability) -> rusqlite::Result<Self> {
        let (pages, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (ask, asked) = sync_channel::<()>(1);
        let own = super::connect(path, durability)?;
        let told = Arc::clone(&done);
        let mover = std::thread::Builder::new().name("diptych-mover".to_owned()).spawn(move || {
            while asked.recv().is_ok() {
                passive(&own);
                told.store(true, Ordering::Release);
            }
        });
        if let Err(e) = mover {
            tracing::warn!(error = %e, "no thread for the log; it is moved by the thread that writes");
        }
        let long = Arc::clone(&pages);
        conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages: std::ffi::c_int| {
            long.store(usize::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self { pages, ask, done, under_way: false, patience: LONG })
    }

    /// After a commit.
    pub(super) fn turn(&mut self, conn: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.under_way {
            if self.done.swap(false, Ordering::Acquire) {
                self.under_way = false;
                passive(conn);
                self.patience = pages + LONG;
            }
            return;
        }
        if pages < LONG {
            self.patience = LONG; // it began anew
        } else if pages >= self.patience {
            match self.ask.try_send(()) {
                Ok(()) => self.under_way = true,
                Err(_) => {
                    passive(conn);
                    self.patience = pages + LONG;
                }
            }
        }
    }
}
