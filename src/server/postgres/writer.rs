//! Group commit: whatever queued while the last transaction ran is the next one, decided and committed together.
//!
//! One worker with a connection of its own: a second would have its batch wait for the first one's commit, which holds the space, and
//! meanwhile what comes in would wait for a third; two smaller batches cost more than one. If a batch fails for one write's sake, its
//! writes are tried one by one, and only the one at fault hears of it. A lost connection or a lost race is tried again before a request
//! hears of it; after a COMMIT whose fate is unknown only a write with an idempotency key is, for its memory tells what became of it.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::sync::{mpsc, oneshot};

use super::batch::Batch;
use super::flush::flush;
use super::index::Changes;
use crate::domain::note::Seq;
use crate::server::store::{Answer, Job, Space, StoreError, Write};
use crate::server::work::perform;

/// Writes that go into one transaction.
const BATCH: usize = 128;
/// Bytes of text that go into one transaction, one larger write excepted.
const BYTES: usize = 8 << 20;
/// How often a lost race is tried again, and how often a lost connection: some twenty seconds in all.
const TRIES: (u32, u32) = (12, 20);
/// How long an idempotency key is kept, in microseconds: a day and an hour.
const KEPT: i64 = 25 * 3600 * 1_000_000;
/// Writes between two sweeps of old idempotency keys.
const SWEEP: usize = 10_000;
/// Keys swept at once.
const SWEPT: i64 = 20_000;
/// How a writer's connection begins: every statement finds its rows by their keys, so there is one plan, and it must not
/// depend on how large the tables were when it was made.
pub(super) const HELLO: &str =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";

/// A write, and where its answer goes.
pub(super) struct Waiting {
    pub(super) write: Box<Write>,
    pub(super) back: oneshot::Sender<Result<Answer, StoreError>>,
}

/// The worker.
pub(super) struct Queue {
    pool: Pool,
    queued: Arc<AtomicUsize>,
    changes: Arc<Changes>,
    since_sweep: AtomicUsize,
    /// Spaces in which this process has opened its epoch; none after a lost connection, for the database may not be where it was.
    opened: Mutex<HashSet<Space>>,
}

/// Why a batch was not committed, and whether it may have been.
struct Failed {
    error: StoreError,
    unknown: bool,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed { error, unknown: false }
    }
}

impl Queue {
    pub(super) fn new(pool: Pool, queued: Arc<AtomicUsize>, changes: Arc<Changes>) -> Self {
        Self { pool, queued, changes, since_sweep: AtomicUsize::new(SWEEP), opened: Mutex::default() }
    }

    /// Works until every sender is gone.
    pub(super) async fn work(self, mut waiting: mpsc::Receiver<Waiting>) {
        let mut taken = Vec::with_capacity(BATCH);
        loop {
            if waiting.recv_many(&mut taken, BATCH).await == 0 {
                return;
            }
            self.queued.fetch_sub(taken.len(), Ordering::Relaxed);
            let count = taken.len();
            let (mut batch, mut bytes) = (Vec::with_capacity(count), 0);
            for one in taken.drain(..) {
                let weight = weight(&one.write);
                if bytes + weight > BYTES && !batch.is_empty() {
                    self.settle(std::mem::take(&mut batch)).await;
                    bytes = 0;
                }
                bytes += weight;
                batch.push(one);
            }
            let now = batch.last().map_or(0, |w| w.write.now.0);
            self.settle(batch).await;
            self.sweep(count, now).await;
        }
    }

    /// Performs a batch and answers it, however often that must be tried.
    fn settle(&self, mut batch: Vec<Waiting>) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let (mut races, mut losses) = (0, 0);
            loop {
                batch.retain(|w| !w.back.is_closed()); // given up meanwhile: nobody would hear the answer
                if batch.is_empty() {
                    return;
                }
                let failed = match self.attempt(&batch).await {
                    Ok(answers) => {
                        batch.into_iter().zip(answers).for_each(|(w, answer)| tell(w, Ok(answer)));
                        self.changes.tell();
                        return;
                    }
                    Err(failed) => failed,
                };
                match failed.error {
                    StoreError::Again(_) if races < TRIES.0 => races += 1,
                    StoreError::Unavailable(_) if losses < TRIES.1 => {
                        losses += 1;
                        self.opened().clear();
                        if failed.unknown {
                            let (keyed, lost) = batch.into_iter().partition(|w| w.write.key.is_some());
                            batch = keyed;
                            lost.into_iter().for_each(|w| tell(w, Err(failed.error.clone())));
                        }
                        tokio::time::sleep(Duration::from_millis(u64::from(100 * losses).min(1500))).await;
                    }
                    StoreError::Again(_) | StoreError::Database(_) if batch.len() > 1 => {
                        for one in batch {
                            self.settle(vec![one]).await;
                        }
                        return;
                    }
                    error => {
                        batch.into_iter().for_each(|w| tell(w, Err(error.clone())));
                        return;
                    }
                }
            }
        })
    }

    async fn attempt(&self, batch: &[Waiting]) -> Result<Vec<Answer>, Failed> {
        let client = self.pool.get().await.map_err(StoreError::from)?;
        let mut committing = false;
        let done = self.transact(&client, batch, &mut committing).await;
        done.map_err(|error| {
            let lost = matches!(error, StoreError::Unavailable(_));
            Failed { error, unknown: committing && lost }
        })
        .inspect_err(|_| drop(Object::take(client))) // whatever state it is in, it takes it along
    }

    async fn transact(&self, client: &Object, batch: &[Waiting], committing: &mut bool) -> Result<Vec<Answer>, StoreError> {
        let mut tx = Batch::begin(client, batch.iter().map(|w| &*w.write)).await?;
        let mut answers = Vec::with_capacity(batch.len());
        for one in batch {
            answers.push(perform(&mut tx, &one.write).await?);
        }
        let out = tx.end();
        let opens: BTreeMap<Space, Seq> = {
            let opened = self.opened();
            out.places.iter().filter(|(space, _)| !opened.contains(space)).map(|(space, n)| (*space, *n)).collect()
        };
        *committing = true;
        flush(client, &out, &opens).await?;
        self.opened().extend(opens.into_keys());
        Ok(answers)
    }

    fn opened(&self) -> MutexGuard<'_, HashSet<Space>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets old idempotency keys now and then.
    async fn sweep(&self, written: usize, now: i64) {
        if self.since_sweep.fetch_add(written, Ordering::Relaxed) < SWEEP {
            return;
        }
        self.since_sweep.store(0, Ordering::Relaxed);
        let sql = "DELETE FROM memory WHERE ctid = ANY (ARRAY(SELECT ctid FROM memory WHERE at < $1 ORDER BY at LIMIT $2))";
        let swept = async {
            let client = self.pool.get().await?;
            let statement = client.prepare_cached(sql).await?;
            client.execute(&statement, &[&(now - KEPT), &SWEPT]).await?;
            Ok::<_, StoreError>(())
        };
        if let Err(e) = swept.await {
            tracing::warn!(error = %e, "old idempotency keys were not swept");
        }
    }
}

fn tell(one: Waiting, answer: Result<Answer, StoreError>) {
    let _ = one.back.send(answer); // the request may have been given up meanwhile
}

fn weight(write: &Write) -> usize {
    match &write.job {
        Job::Create { content, .. } => content.body.len(),
        Job::Save { patch, .. } => patch.body.as_ref().map_or(0, String::len),
        _ => 0,
    }
}
