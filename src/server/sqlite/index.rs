//! The index for searches, and how it is kept: behind the saves, so that none waits for it.
//!
//! It finds the notes that hold every three characters of what is searched for; each is then looked at itself, so that the answer is that
//! of reading all notes. A thread of its own sees to it that what changed is taken in once nobody writes, in slices that the writer does
//! between two transactions; while many write without a pause, a small slice now and then. What is not taken in yet is read through.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::mpsc::WeakSender;

use super::writer::Message;
use crate::domain::note::Seq;
use crate::server::store::Space;
use crate::server::tx::Step;

/// Notes and bytes of text one slice takes in.
const SLICE: (i64, usize) = (100, 64 * 1024);
/// How long nobody must have written until slices follow each other.
const PAUSE: Duration = Duration::from_millis(250);
/// Notes that may be left to read through while many write.
const BEHIND: i64 = 1000;
/// Characters an entry of the index has.
const GRAM: usize = 3;
/// Entries one search asks for at most; each note is looked at itself anyway.
const GRAMS: usize = 12;
/// Bits of a row's number that are the place; those above are the space.
const PLACE: u32 = 40;

/// The number of the row for a place in a space; `None` beyond what fits.
pub(super) fn row(space: Space, seq: Seq) -> Option<i64> {
    let fits = (0..1 << (62 - PLACE)).contains(&space) && (0..1 << PLACE).contains(&seq);
    fits.then_some((space << PLACE) | seq)
}

/// What to ask the index for, given a text in lower case; `None` for one too short for it.
pub(super) fn asked(needle: &str) -> Option<String> {
    let chars: Vec<char> = needle.chars().collect();
    let grams: BTreeSet<&[char]> = chars.windows(GRAM).collect();
    let quoted = |gram: &&[char]| format!("\"{}\"", gram.iter().collect::<String>().replace('"', "\"\""));
    let step = grams.len().div_ceil(GRAMS).max(1);
    let all: Vec<String> = grams.iter().step_by(step).map(quoted).collect();
    (!all.is_empty()).then(|| all.join(" AND "))
}

/// How far a space is indexed: all its notes up to this place.
pub(super) fn reached(conn: &Connection, space: Space) -> Step<Seq> {
    let sql = "SELECT seq FROM indexed WHERE space = ?";
    Ok(conn.prepare_cached(sql)?.query_row([space], |r| r.get(0)).optional()?.unwrap_or(0))
}

/// Takes in the next few notes that have changed, of one space; `false` once none is left.
fn slice(conn: &mut Connection) -> Step<bool> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let sql = "SELECT s.id, (SELECT max(n.seq) FROM notes n WHERE n.space = s.id), coalesce(i.seq, 0)
               FROM spaces s LEFT JOIN indexed i ON i.space = s.id
               WHERE EXISTS (SELECT 1 FROM notes n WHERE n.space = s.id AND n.seq > coalesce(i.seq, 0)) LIMIT 1";
    let next: Option<(Space, Seq, Seq)> = tx.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).optional()?;
    let Some((space, newest, from)) = next else { return Ok(false) };
    let mut reached = newest;
    {
        let sql = "SELECT n.id, n.seq, n.deleted, v.title, v.body FROM notes n JOIN versions v ON v.row = n.row
                   WHERE n.space = ? AND n.seq > ? ORDER BY n.seq LIMIT ?";
        let mut changed = tx.prepare_cached(sql)?;
        let mut changed = changed.query(params![space, from, SLICE.0])?;
        let (mut bytes, mut count) = (0, 0);
        while let Some(r) = changed.next()? {
            let (id, seq, deleted): ([u8; 16], Seq, bool) = (r.get(0)?, r.get(1)?, r.get(2)?);
            let text = format!("{}\n{}", r.get::<_, String>(3)?.to_lowercase(), r.get::<_, String>(4)?.to_lowercase());
            bytes += text.len();
            count += 1;
            put(&tx, (space, seq), id, (!deleted).then_some(text))?;
            if count == SLICE.0 || bytes > SLICE.1 {
                reached = seq;
                break;
            }
        }
    }
    tx.prepare_cached("INSERT OR REPLACE INTO indexed (space, seq) VALUES (?, ?)")?.execute([space, reached])?;
    tx.commit()?;
    Ok(true)
}

fn put(conn: &Connection, (space, seq): (Space, Seq), id: [u8; 16], text: Option<String>) -> Step<()> {
    let sql = "DELETE FROM searched WHERE space = ? AND id = ? RETURNING seq";
    let before: Option<Seq> = conn.prepare_cached(sql)?.query_row(params![space, id], |r| r.get(0)).optional()?;
    if let Some(before) = before.and_then(|seq| row(space, seq)) {
        conn.prepare_cached("DELETE FROM search WHERE rowid = ?")?.execute([before])?;
    }
    if let (Some(text), Some(row)) = (text, row(space, seq)) {
        conn.prepare_cached("INSERT INTO search (rowid, text) VALUES (?, ?)")?.execute(params![row, text])?;
        conn.prepare_cached("INSERT INTO searched (space, id, seq) VALUES (?, ?, ?)")?.execute(params![space, id, seq])?;
    }
    Ok(())
}

/// Whether more notes are to be taken in than a search should read through.
fn far_behind(conn: &Connection) -> Step<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM spaces s LEFT JOIN indexed i ON i.space = s.id WHERE
               (SELECT count(*) FROM (SELECT 1 FROM notes n WHERE n.space = s.id AND n.seq > coalesce(i.seq, 0) LIMIT ?1)) = ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([BEHIND], |r| r.get(0))?)
}

/// The writer's side: says that something changed.
pub(super) struct Indexing {
    tell: SyncSender<()>,
    told: Arc<AtomicBool>,
    writes: Arc<AtomicUsize>,
}

impl Indexing {
    /// Starts the thread. It begins with what is not taken in yet.
    pub(super) fn start(writer: WeakSender<Message>, queued: Arc<AtomicUsize>) -> Self {
        let (tell, hears) = sync_channel(1);
        let out = Self { tell, told: Arc::new(AtomicBool::new(false)), writes: Arc::default() };
        let keeper = Keeper { writer, queued, hears, told: Arc::clone(&out.told), writes: Arc::clone(&out.writes) };
        if let Err(e) = std::thread::Builder::new().name("diptych-index".to_owned()).spawn(move || keeper.run()) {
            tracing::warn!(error = %e, "no thread for the index; searches read through what is not in it");
        }
        out.changed();
        out
    }

    /// After a commit.
    pub(super) fn changed(&self) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        if !self.told.swap(true, Ordering::Relaxed) {
            let _ = self.tell.try_send(()); // it has been told already
        }
    }
}

struct Keeper {
    writer: WeakSender<Message>,
    queued: Arc<AtomicUsize>,
    hears: Receiver<()>,
    told: Arc<AtomicBool>,
    writes: Arc<AtomicUsize>,
}

impl Keeper {
    fn run(self) {
        while self.hears.recv().is_ok() {
            let mut more = true;
            while more {
                let before = self.writes.load(Ordering::Relaxed);
                match self.hears.recv_timeout(PAUSE) {
                    Err(RecvTimeoutError::Disconnected) => return,
                    Ok(()) | Err(RecvTimeoutError::Timeout) => {}
                }
                let busy = || self.writes.load(Ordering::Relaxed) != before;
                more = self.ask(busy());
                while more && !busy() {
                    more = self.ask(false);
                }
            }
        }
    }

    /// Has the writer do a slice; while it is busy, only where too much is left. Whether there is more to do.
    fn ask(&self, busy: bool) -> bool {
        let Some(writer) = self.writer.upgrade() else { return false };
        let (back, answer) = sync_channel(1);
        let told = Arc::clone(&self.told);
        let call: super::writer::Call = Box::new(move |conn| {
            let done = match busy && !far_behind(conn).unwrap_or(false) {
                true => Ok(true),
                false => slice(conn),
            };
            if !matches!(done, Ok(true)) {
                told.store(false, Ordering::Relaxed); // on the writer's own thread: a change after this is told
            }
            let _ = back.send(done); // the other side waits for it
        });
        self.queued.fetch_add(1, Ordering::Relaxed);
        if writer.blocking_send(Message::Call(call)).is_err() {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        drop(writer);
        match answer.recv() {
            Ok(Ok(more)) => more,
            Ok(Err(e)) => {
                tracing::warn!(error = %e, "the index for searches could not be kept; it is tried again after the next change");
                false
            }
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{Durability, connect, migrate, read};
    use super::*;
    use crate::server::store::Search;

    const WORDS: [&str; 12] =
        ["Straße", "STRASSE", "İstanbul", "ǅungla", "naïve", "ab\"c'd", "x_y%z", "日本語テキスト", "ΑΣΣ ας", "OR", "AND NOT", "meeting"];

    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % sides
        }

        fn text(&mut self, words: usize) -> String {
            (0..words).map(|_| WORDS[self.roll(WORDS.len())]).collect::<Vec<_>>().join(if self.roll(2) == 0 { " " } else { "" })
        }
    }

    /// Writes a note as the writer does, and remembers it by its number.
    fn save(conn: &Connection, notes: &mut BTreeMap<usize, (Seq, bool, String, String)>, dice: &mut Dice, seq: Seq) {
        let n = dice.roll(60);
        let (deleted, title, body) = (dice.roll(5) == 0, dice.text(2), dice.text(6));
        let id = u128::try_from(n).unwrap().to_be_bytes();
        let sql = "INSERT INTO versions (space, id, version, title, body, tags, fields, deleted, created, updated, user, origin)
                   VALUES (1, ?, ?, ?, ?, '[\"t\"]', '{}', ?, 1, 1, 'u', 'o')";
        conn.execute(sql, params![id, seq, title, body, deleted]).unwrap();
        let row = conn.last_insert_rowid();
        let sql = "INSERT OR REPLACE INTO notes (space, id, row, seq, deleted) VALUES (1, ?, ?, ?, ?)";
        conn.execute(sql, params![id, row, seq, deleted]).unwrap();
        notes.insert(n, (seq, deleted, title, body));
    }

    #[test]
    fn what_is_found_is_what_reading_all_would_find() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = connect(&folder.path().join("notes.db"), Durability::Off).unwrap();
        migrate(&mut conn).unwrap();
        conn.execute_batch("INSERT INTO spaces (name) VALUES ('a'), ('b')").unwrap();
        let (mut notes, mut dice, mut found, mut by_index) = (BTreeMap::new(), Dice(7), 0, 0);
        for seq in 1..=600 {
            save(&conn, &mut notes, &mut dice, seq);
            if dice.roll(12) == 0 {
                slice(&mut conn).unwrap();
                by_index += 1;
            }
            let text = dice.text(2);
            let from = dice.roll(text.chars().count());
            let q: String = text.chars().skip(from).take(1 + dice.roll(6)).collect();
            let needle = q.to_lowercase();
            let mut expected: Vec<Seq> = notes
                .values()
                .filter(|(_, deleted, title, body)| {
                    !deleted && (title.to_lowercase().contains(&needle) || body.to_lowercase().contains(&needle))
                })
                .map(|n| n.0)
                .collect();
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let (mut got, mut after) = (Vec::new(), None);
            loop {
                let asked = Search { q: Some(q.clone()), tag: None, after, limit: 1 + dice.roll(9), look: 1 + dice.roll(40) };
                let page = read::search(&conn, 1, &asked).unwrap();
                got.extend(page.notes.iter().map(|(seq, _)| *seq));
                after = page.after;
                if !page.more {
                    break;
                }
            }
            assert_eq!(got, expected, "{q:?} after {seq} changes");
            found += got.len();
            assert!(read::search(&conn, 2, &Search { q: Some(q), limit: 9, look: 9, ..Search::default() }).unwrap().notes.is_empty());
        }
        assert!(found > 1000 && by_index > 20, "{found} {by_index}");
        while slice(&mut conn).unwrap() {}
        let kept: i64 = conn.query_row("SELECT count(*) FROM searched", [], |r| r.get(0)).unwrap();
        assert_eq!(kept, i64::try_from(notes.values().filter(|n| !n.1).count()).unwrap(), "one entry for each live note");
    }

    #[test]
    fn the_index_is_asked_in_its_order_and_stops_early() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = connect(&folder.path().join("notes.db"), Durability::Off).unwrap();
        migrate(&mut conn).unwrap();
        conn.execute_batch("INSERT INTO spaces (name) VALUES ('a')").unwrap();
        let sql = "EXPLAIN QUERY PLAN SELECT n.seq FROM search s CROSS JOIN notes n CROSS JOIN versions v
                   WHERE s.search MATCH '\"abc\"' AND s.rowid > 5 AND s.rowid <= 9 AND n.space = 1 AND n.seq = s.rowid - 5 AND v.row = n.row
                   ORDER BY s.rowid DESC LIMIT 3";
        let mut plan = conn.prepare(sql).unwrap();
        let steps: Vec<String> = plan.query_map([], |r| r.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(!steps.iter().any(|s| s.contains("TEMP B-TREE")), "{steps:?}");
        assert!(steps[0].contains("VIRTUAL TABLE") && steps[1].contains("notes_seq"), "{steps:?}");
    }
}
