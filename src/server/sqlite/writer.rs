//! The one thread that writes: whatever queued while the last commit ran is the next transaction, one wait for the disk for all of it.
//!
//! Where one of them fails, none is done and each is tried by itself, so that a failing one takes nothing with it: that is rarer, and
//! cheaper, than a savepoint for each. Answers and events leave after the commit, those of a batch together: the threads that wait for them
//! are woken once, not once for each. With an empty queue a write is committed at once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::FutureExt;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Checkpoints;
use super::index::Indexing;
use super::tx::SqliteTx;
use crate::domain::note::Seq;
use crate::server::events::Hub;
use crate::server::store::{Answer, Event, Space, StoreError, Write};
use crate::server::work::perform;

/// Writes that go into one transaction.
const BATCH: usize = 256;
/// How long an idempotency key is kept, in microseconds: a day and an hour.
const KEPT: i64 = 25 * 3600 * 1_000_000;
/// Writes between two sweeps of old idempotency keys.
const SWEEP: usize = 500;
/// Keys one sweep looks at: four for each write, so that all are seen before they are a third more.
const SWEPT: i64 = 2000;

/// Something to do with the connection, outside of any transaction.
pub(super) type Call = Box<dyn FnOnce(&mut Connection) + Send>;

/// What the thread is asked.
pub(super) enum Message {
    /// A write.
    Write(Box<Write>, Waiting),
    /// Anything else.
    Call(Call),
}

/// Of an idempotency key: space, user, key.
type Key = (Space, String, [u8; 16]);

/// Forgets old keys among the next ones after `from`; gives where it ended, or the beginning where there are no more.
fn sweep(conn: &Connection, from: &Key, before: i64) -> Result<Key, StoreError> {
    let after = "FROM memory WHERE (space, user, key) > (?1, ?2, ?3)";
    let nth = format!("SELECT space, user, key {after} ORDER BY space, user, key LIMIT 1 OFFSET ?4");
    let here = params![from.0, from.1, from.2, SWEPT - 1];
    let to: Option<Key> = conn.prepare_cached(&nth)?.query_row(here, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?;
    match &to {
        Some(to) => {
            let old = format!("DELETE {after} AND (space, user, key) <= (?4, ?5, ?6) AND at < ?7");
            conn.prepare_cached(&old)?.execute(params![from.0, from.1, from.2, to.0, to.1, to.2, before])?;
        }
        None => {
            let old = format!("DELETE {after} AND at < ?4");
            conn.prepare_cached(&old)?.execute(params![from.0, from.1, from.2, before])?;
        }
    }
    Ok(to.unwrap_or_default())
}

type Back = oneshot::Sender<Result<Answer, StoreError>>;

/// Answers on their way. They are given also when the runtime that should do so ends first.
struct Answers(Vec<(Back, Answer)>);

impl Drop for Answers {
    fn drop(&mut self) {
        for (back, answer) in self.0.drain(..) {
            let _ = back.send(Ok(answer)); // the request may have been given up meanwhile
        }
    }
}

/// Where an answer goes, and the runtime of who waits for it.
pub(super) struct Waiting {
    pub(super) back: Back,
    pub(super) runtime: Option<Handle>,
}

fn tell(writes: Vec<(Box<Write>, Waiting)>, answers: Vec<Answer>) {
    let runtime = if writes.len() > 1 { writes.first().and_then(|(_, waiting)| waiting.runtime.clone()) } else { None };
    let answers = Answers(writes.into_iter().map(|(_, waiting)| waiting.back).zip(answers).collect());
    if let Some(runtime) = runtime {
        runtime.spawn(async move { drop(answers) });
    }
}

/// The thread's state.
pub(super) struct Writer {
    conn: Connection,
    checkpoints: Checkpoints,
    indexing: Indexing,
    waiting: mpsc::Receiver<Message>,
    hub: Arc<Hub>,
    queued: Arc<AtomicUsize>,
    /// Whether it waits for something to do.
    idle: Arc<AtomicBool>,
    since_sweep: usize,
    /// The key the last sweep ended with.
    swept: Key,
    /// Spaces in which this process has opened its epoch.
    opened: HashSet<Space>,
    /// The newest change of each space, known while no other connection writes; and what says whether one has.
    seqs: HashMap<Space, Seq>,
    others: i64,
}

impl Writer {
    pub(super) fn new(
        conn: Connection,
        (checkpoints, indexing): (Checkpoints, Indexing),
        waiting: mpsc::Receiver<Message>,
        hub: Arc<Hub>,
        (queued, idle): (Arc<AtomicUsize>, Arc<AtomicBool>),
    ) -> Self {
        let (swept, opened, seqs) = Default::default();
        Self { conn, checkpoints, indexing, waiting, hub, queued, idle, since_sweep: SWEEP, swept, opened, seqs, others: 0 }
    }

    /// Works until every sender is gone.
    pub(super) fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.next(&mut batch) > 0 {
            self.queued.fetch_sub(batch.len(), Ordering::Relaxed);
            let mut writes = Vec::with_capacity(batch.len());
            for message in batch.drain(..) {
                match message {
                    Message::Write(write, waiting) => writes.push((write, waiting)),
                    Message::Call(call) => {
                        self.commit(std::mem::take(&mut writes));
                        call(&mut self.conn);
                    }
                }
            }
            self.commit(writes);
        }
    }

    fn next(&mut self, batch: &mut Vec<Message>) -> usize {
        self.idle.store(true, Ordering::Relaxed);
        let taken = self.waiting.blocking_recv_many(batch, BATCH);
        self.idle.store(false, Ordering::Relaxed);
        taken
    }

    fn commit(&mut self, writes: Vec<(Box<Write>, Waiting)>) {
        if writes.is_empty() {
            return;
        }
        self.since_sweep += writes.len();
        match self.transaction(&writes) {
            Ok((answers, events)) => {
                events.into_iter().for_each(|e| self.hub.tell(e));
                tell(writes, answers);
                self.checkpoints.turn(&self.conn);
                self.indexing.changed();
            }
            Err(e) => match <[_; 1]>::try_from(writes) {
                Ok([(_, waiting)]) => {
                    let _ = waiting.back.send(Err(e)); // it may have been given up meanwhile
                }
                // One of them failed, and none was done: now each by itself, so that only that one fails.
                Err(writes) => writes.into_iter().for_each(|one| self.commit(vec![one])),
            },
        }
    }

    /// Performs all of these or none.
    fn transaction(&mut self, writes: &[(Box<Write>, Waiting)]) -> Result<(Vec<Answer>, Vec<Event>), StoreError> {
        let done = self.perform(writes);
        if done.is_err() {
            self.opened.clear(); // opened again where it was undone; one too many does no harm
            self.seqs.clear();
            if !self.conn.is_autocommit() {
                let _ = self.conn.execute_batch("ROLLBACK"); // the failure itself is what is told
            }
        }
        done
    }

    fn perform(&mut self, writes: &[(Box<Write>, Waiting)]) -> Result<(Vec<Answer>, Vec<Event>), StoreError> {
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let others = self.conn.prepare_cached("PRAGMA data_version")?.query_row([], |r| r.get(0))?;
        if std::mem::replace(&mut self.others, others) != others {
            self.seqs.clear();
        }
        let (mut answers, mut events) = (Vec::with_capacity(writes.len()), Vec::new());
        let mut tx = SqliteTx { conn: &mut self.conn, events: &mut events, opened: &mut self.opened, seqs: &mut self.seqs, last: None };
        for (write, _) in writes {
            let done = perform(&mut tx, write).now_or_never();
            answers.push(done.unwrap_or_else(|| Err(StoreError::Database("a step waited".to_owned())))?);
        }
        if self.since_sweep >= SWEEP {
            self.since_sweep = 0;
            let now = writes.first().map_or(0, |(w, _)| w.now.0);
            self.swept = sweep(&self.conn, &self.swept, now - KEPT)?;
        }
        self.conn.prepare_cached("COMMIT")?.execute([])?;
        Ok((answers, events))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::note::{NoteId, Time};
    use crate::server::store::{Done, Fresh, Job, Who};

    #[test]
    fn answers_are_given_though_the_runtime_that_asked_first_has_ended() {
        let ended = tokio::runtime::Builder::new_current_thread().build().unwrap().handle().clone();
        let (mut writes, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let write = Write {
                who: Who { space: 1, user: "ada".into(), origin: "desk".to_owned() },
                job: Job::Lock { note: NoteId(uuid::Uuid::nil()), token: None },
                key: None,
                now: Time(0),
                fresh: Fresh::from(Arc::new(uuid::Uuid::nil)),
                policies: Arc::default(),
                lock_ms: 0,
            };
            let (back, answer) = oneshot::channel();
            writes.push((Box::new(write), Waiting { back, runtime: Some(ended.clone()) }));
            heard.push(answer);
        }
        tell(writes, vec![Answer { done: Done::Missing, replayed: false }, Answer { done: Done::Released, replayed: false }]);
        let heard: Vec<Done> = heard.into_iter().map(|a| a.blocking_recv().unwrap().unwrap().done).collect();
        assert_eq!(heard, [Done::Missing, Done::Released]);
    }
}
