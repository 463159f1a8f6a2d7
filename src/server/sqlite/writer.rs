//! The one thread that writes: whatever queued while the last commit ran is the next transaction, one wait for the disk for all of it.
//!
//! Each write has a savepoint of its own, so that a failing one takes nothing with it. Answers and events leave after the commit. With an
//! empty queue a write is committed at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::tx::SqliteTx;
use crate::server::events::Hub;
use crate::server::store::{Answer, Event, Space, StoreError, Write};
use crate::server::work::perform;

/// Writes that go into one transaction.
const BATCH: usize = 256;
/// How long an idempotency key is kept, in microseconds: a day and an hour.
const KEPT: i64 = 25 * 3600 * 1_000_000;
/// Writes between two sweeps of old idempotency keys.
const SWEEP: usize = 10_000;

/// Something to do with the connection, outside of any transaction.
pub(super) type Call = Box<dyn FnOnce(&mut Connection) + Send>;

/// What the thread is asked.
pub(super) enum Message {
    /// A write.
    Write(Box<Write>, Back),
    /// Anything else.
    Call(Call),
}

type Back = oneshot::Sender<Result<Answer, StoreError>>;

/// The thread's state.
pub(super) struct Writer {
    conn: Connection,
    waiting: mpsc::Receiver<Message>,
    hub: Arc<Hub>,
    queued: Arc<AtomicUsize>,
    since_sweep: usize,
    /// Spaces in which this process has opened its epoch.
    opened: HashSet<Space>,
}

impl Writer {
    pub(super) fn new(conn: Connection, waiting: mpsc::Receiver<Message>, hub: Arc<Hub>, queued: Arc<AtomicUsize>) -> Self {
        Self { conn, waiting, hub, queued, since_sweep: SWEEP, opened: HashSet::new() }
    }

    /// Works until every sender is gone.
    pub(super) fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            self.queued.fetch_sub(batch.len(), Ordering::Relaxed);
            let mut writes = Vec::with_capacity(batch.len());
            for message in batch.drain(..) {
                match message {
                    Message::Write(write, back) => writes.push((write, back)),
                    Message::Call(call) => {
                        self.commit(std::mem::take(&mut writes));
                        call(&mut self.conn);
                    }
                }
            }
            self.commit(writes);
        }
    }

    fn commit(&mut self, writes: Vec<(Box<Write>, Back)>) {
        if writes.is_empty() {
            return;
        }
        self.since_sweep += writes.len();
        let now = writes[0].0.now.0;
        let mut events = Vec::new();
        let mut answers: Vec<(Back, Result<Answer, StoreError>)> = Vec::with_capacity(writes.len());
        let begun = self.conn.execute_batch("BEGIN IMMEDIATE");
        let mut failed = begun.err().map(|e| e.to_string());
        for (write, back) in writes {
            let answer = match &failed {
                Some(why) => Err(StoreError::Database(why.clone())),
                None => self.one(&write, &mut events),
            };
            answers.push((back, answer));
        }
        if failed.is_none() {
            if self.since_sweep >= SWEEP {
                self.since_sweep = 0;
                failed = self.conn.execute("DELETE FROM memory WHERE at < ?", [now - KEPT]).err().map(|e| e.to_string());
            }
            failed = failed.or_else(|| self.conn.execute_batch("COMMIT").err().map(|e| e.to_string()));
        }
        if failed.is_some() && !self.conn.is_autocommit() {
            let _ = self.conn.execute_batch("ROLLBACK"); // the failure itself is what is told
        }
        if failed.is_some() {
            self.opened.clear();
        } else {
            events.into_iter().for_each(|e| self.hub.tell(e));
        }
        for (back, answer) in answers {
            let answer = match &failed {
                Some(why) => Err(StoreError::Database(why.clone())),
                None => answer,
            };
            let _ = back.send(answer); // the request may have been given up meanwhile
        }
    }

    fn one(&mut self, write: &Write, events: &mut Vec<Event>) -> Result<Answer, StoreError> {
        self.conn.prepare_cached("SAVEPOINT one")?.execute([])?;
        let before = events.len();
        let mut tx = SqliteTx { conn: &mut self.conn, events, opened: &mut self.opened };
        let done = perform(&mut tx, write).now_or_never();
        let answer = done.unwrap_or_else(|| Err(StoreError::Database("a step waited".to_owned())));
        if answer.is_err() {
            events.truncate(before);
            self.opened.clear(); // opened again where it was undone; one too many does no harm
            self.conn.prepare_cached("ROLLBACK TO one")?.execute([])?;
        }
        self.conn.prepare_cached("RELEASE one")?.execute([])?;
        answer
    }
}
