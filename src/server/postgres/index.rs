//! The index for searches, kept behind the saves as in SQLite: an entry for each live note with all its runs of three characters.
//!
//! A task takes in what has changed once this process has written and then paused; of several processes one at a time. What is not taken
//! in yet is read through, and each note found is looked at itself, so that the answer is that of reading all notes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::Pool;
use futures_util::future::try_join_all;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::domain::note::Seq;
use crate::server::store::{Space, StoreError};

/// Notes one slice takes in.
const SLICE: i64 = 100;
/// How long nobody must have written until slices follow each other.
const PAUSE: Duration = Duration::from_millis(250);
/// While many write without a pause, so many pauses make room for one slice.
const BUSY: u32 = 8;
/// Numbers one search asks for at most.
const GRAMS: usize = 12;
/// Notes that hold all that is asked for, beyond which reading from the newest on finds a page sooner than the index.
pub(super) const MANY: i64 = 2000;

/// The notes that may hold what is asked for.
pub(super) const FIND: &str = "SELECT seq, id FROM search WHERE space = $1 AND grams @> $2::int[] LIMIT $3";
/// How far a space is indexed.
pub(super) const REACHED: &str = "SELECT seq FROM indexed WHERE space = $1";

/// The runs of three characters of a text in lower case, each as a number. Kept in the database: it never changes.
fn grams(text: &str) -> BTreeSet<i32> {
    let chars: Vec<u32> = text.chars().map(u32::from).collect();
    let number = |w: &[u32]| w.iter().fold(0_u32, |n, c| n.wrapping_mul(0x9E37_79B1).rotate_left(7) ^ *c).cast_signed();
    chars.windows(3).map(number).collect()
}

/// What to ask the index for, given a text in lower case; nothing for one too short for it.
pub(super) fn asked(needle: &str) -> Vec<i32> {
    let all = grams(needle);
    let step = all.len().div_ceil(GRAMS).max(1);
    all.into_iter().step_by(step).collect()
}

/// What the store tells of.
#[derive(Default)]
pub(super) struct Changes {
    changed: Notify,
    writes: AtomicUsize,
}

impl Changes {
    /// After a commit.
    pub(super) fn tell(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }
}

/// Takes in what changes, for as long as the store lives; it begins with what is not taken in yet.
pub(super) async fn keep(pool: Pool, changes: Arc<Changes>) {
    loop {
        let (mut more, mut busy) = (true, 0);
        while more {
            let before = changes.writes.load(Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
            let quiet = || changes.writes.load(Ordering::Relaxed) == before;
            busy = if quiet() { BUSY } else { busy + 1 };
            while more && (quiet() || busy >= BUSY) {
                more = slice(&pool).await.unwrap_or_else(|e| {
                    tracing::warn!(error = %e, "the index for searches could not be kept; it is tried again after the next change");
                    false
                });
                busy = 0;
            }
        }
        changes.changed.notified().await;
    }
}

/// Takes in the next few notes that have changed, of one space; `false` once none is left, or another process is at it.
async fn slice(pool: &Pool) -> Result<bool, StoreError> {
    let mut client = pool.get().await?;
    let tx = client.transaction().await?;
    let sql = "SELECT s.id, s.seq, coalesce(i.seq, 0) FROM spaces s LEFT JOIN indexed i ON i.space = s.id
               WHERE s.seq > coalesce(i.seq, 0) AND pg_try_advisory_xact_lock(7231878407) LIMIT 1";
    let Some(next) = tx.query_opt(sql, &[]).await? else { return Ok(false) };
    let (space, newest, from): (Space, Seq, Seq) = (next.get(0), next.get(1), next.get(2));
    let sql = "SELECT n.id, n.seq, n.deleted, v.title, v.body FROM notes n
               JOIN versions v ON v.space = n.space AND v.id = n.id AND v.version = n.version
               WHERE n.space = $1 AND n.seq > $2 ORDER BY n.seq LIMIT $3";
    let changed = tx.query(sql, &[&space, &from, &SLICE]).await?;
    let put = tx
        .prepare_cached(
            "INSERT INTO search (space, id, seq, grams) VALUES ($1, $2, $3, $4)
             ON CONFLICT (space, id) DO UPDATE SET seq = excluded.seq, grams = excluded.grams",
        )
        .await?;
    let text = |title: &str, body: &str| format!("{}\n{}", title.to_lowercase(), body.to_lowercase());
    let live = changed.iter().filter(|r| !r.get::<_, bool>(2));
    let rows: Vec<(Uuid, Seq, Vec<i32>)> =
        live.map(|r| (r.get(0), r.get(1), grams(&text(r.get(3), r.get(4))).into_iter().collect())).collect();
    let gone: Vec<Uuid> = changed.iter().filter(|r| r.get(2)).map(|r| r.get(0)).collect();
    try_join_all(rows.iter().map(async |(id, seq, grams)| tx.execute(&put, &[&space, id, seq, grams]).await)).await?;
    if !gone.is_empty() {
        tx.execute("DELETE FROM search WHERE space = $1 AND id = ANY ($2)", &[&space, &gone]).await?;
    }
    let full = i64::try_from(changed.len()).unwrap_or(i64::MAX) == SLICE;
    let reached: Seq = changed.last().filter(|_| full).map_or(newest, |r| r.get(1));
    let sql = "INSERT INTO indexed (space, seq) VALUES ($1, $2) ON CONFLICT (space) DO UPDATE SET seq = excluded.seq";
    tx.execute(sql, &[&space, &reached]).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_text_holds_all_that_is_asked_for() {
        let text = grams("straße und äpfel 日本語テキスト, a\"b'c");
        for needle in ["straße", "und", "äpf", "日本語", "a\"b'c", "straße und äpfel 日本語テキスト"] {
            let asked = asked(needle);
            assert!(!asked.is_empty() && asked.len() <= GRAMS && asked.iter().all(|g| text.contains(g)), "{needle}");
        }
        assert!(asked("ab").is_empty() && asked("").is_empty());
        assert!(!asked("meeting").iter().all(|g| text.contains(g)));
        assert_eq!(grams("abc").into_iter().collect::<Vec<_>>(), [-920_971_881], "what the database keeps is read by every later version");
    }
}
