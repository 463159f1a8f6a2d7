//! The journal of typing: what each batch changed, instead of the whole text again.
//!
//! A batch of typed text is one small row. Reading a note plays its rows over its parts; storing the note in any other way writes
//! the parts whole and takes the rows out. Their number and size are bounded, so that reading stays quick. The search is brought up
//! to date when the note is stored, or when someone searches.

use rusqlite::{Connection, params};

use super::json::{self, ContentJson};
use super::{Disk, DiskError};
use crate::client::record::{Record, Typed};
use crate::domain::note::{Content, Time};

/// Rows a note has in the journal at most, before it is written whole.
const ROWS: i64 = 256;
/// Bytes of typed text the journal holds of a note at most.
const BYTES: i64 = 64 * 1024;

/// A stretch of a text and what took its place.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Splice<'a> {
    start: usize,
    stop: usize,
    text: &'a str,
}

/// What turns `before` into `after`: the one stretch outside of which they are the same.
fn splice<'a>(before: &str, after: &'a str) -> Splice<'a> {
    let (b, a) = (before.as_bytes(), after.as_bytes());
    let most = b.len().min(a.len());
    let mut start = common(b, a, most);
    while !(before.is_char_boundary(start) && after.is_char_boundary(start)) {
        start -= 1;
    }
    let mut same = common_end(b, a, most - start);
    while !(before.is_char_boundary(b.len() - same) && after.is_char_boundary(a.len() - same)) {
        same -= 1;
    }
    Splice { start, stop: b.len() - same, text: &after[start..a.len() - same] }
}

/// Bytes compared at a time.
const CHUNK: usize = 4096;

fn common(a: &[u8], b: &[u8], most: usize) -> usize {
    let (a, b) = (&a[..most], &b[..most]);
    let whole = a.chunks(CHUNK).zip(b.chunks(CHUNK)).take_while(|(x, y)| x == y).map(|(x, _)| x.len()).sum();
    whole + a[whole..].iter().zip(&b[whole..]).take_while(|(x, y)| x == y).count()
}

fn common_end(a: &[u8], b: &[u8], most: usize) -> usize {
    let (a, b) = (&a[a.len() - most..], &b[b.len() - most..]);
    let whole: usize = a.rchunks(CHUNK).zip(b.rchunks(CHUNK)).take_while(|(x, y)| x == y).map(|(x, _)| x.len()).sum();
    let (a, b) = (&a[..most - whole], &b[..most - whole]);
    whole + a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count()
}

impl Disk {
    /// Keeps what was typed between `before`, which is on the disk, and `after`; `false` where that is not all that changed, or the
    /// journal is full: then the note must be stored whole.
    pub(super) fn keep(&self, before: &Record, after: &Record) -> Result<bool, DiskError> {
        let (Some(typed), Some(from)) = (&after.typed, before.content()) else { return Ok(false) };
        if typed.base != before.base() || !same_but_typed(before, after) {
            return Ok(false);
        }
        let Some(n) = self.n_of(after.id)? else { return Ok(false) };
        let change = splice(&from.body, &typed.content.body);
        let sql = "SELECT count(*), coalesce(sum(length(text) + coalesce(length(rest), 0)), 0) FROM typing WHERE n = ?1";
        let (rows, bytes): (i64, i64) = self.db.prepare_cached(sql)?.query_row([n], |r| Ok((r.get(0)?, r.get(1)?)))?;
        if rows >= ROWS || bytes + size(change.text.len()) > BYTES {
            return Ok(false);
        }
        let rest = |c: &Content| Content { body: String::new(), ..c.clone() };
        let (old, new) = (rest(from), rest(&typed.content));
        let rest = json::put((old != new).then(|| ContentJson::from(new)))?;
        let sql = "INSERT INTO typing (n, at, was, start, stop, text, rest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let (was, start, stop) = (size(from.body.len()), size(change.start), size(change.stop));
        self.db.prepare_cached(sql)?.execute(params![n, typed.at.0, was, start, stop, change.text, rest])?;
        super::write::put_row(&self.db, after)?;
        Ok(true)
    }

    /// Notes with typed text that the search does not know yet.
    pub(super) fn typing(&self) -> Result<Vec<crate::domain::note::NoteId>, DiskError> {
        let sql = "SELECT id FROM notes WHERE n IN (SELECT n FROM typing)";
        let mut statement = self.db.prepare_cached(sql)?;
        let rows = statement.query_map([], |r| Ok(crate::domain::note::NoteId(crate::domain::note::Uuid::from_bytes(r.get(0)?))))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Whether two states of a note differ in nothing but outbox entries.
pub(super) fn same_texts(a: &Record, b: &Record) -> bool {
    a.typed == b.typed && same_but_typed_and_entries(a, b)
}

fn same_but_typed(a: &Record, b: &Record) -> bool {
    a.entries == b.entries && same_but_typed_and_entries(a, b)
}

fn same_but_typed_and_entries(a: &Record, b: &Record) -> bool {
    (&a.synced, &a.saved, &a.aside, &a.sent, &a.parked, &a.mark, &a.report)
        == (&b.synced, &b.saved, &b.aside, &b.sent, &b.parked, &b.mark, &b.report)
}

fn size(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Plays the journal of a note over what its parts say.
pub(super) fn play(db: &Connection, n: i64, record: &mut Record) -> Result<(), DiskError> {
    let mut statement = db.prepare_cached("SELECT at, was, start, stop, text, rest FROM typing WHERE n = ?1 ORDER BY k")?;
    let mut rows = statement.query([n])?;
    while let Some(row) = rows.next()? {
        let (at, was, start, stop): (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let (base, mut content) = match record.typed.take() {
            Some(typed) => (typed.base, typed.content),
            None => (record.base(), record.content().cloned().unwrap_or_default()),
        };
        let text: String = row.get(4)?;
        let range = usize::try_from(start).ok().zip(usize::try_from(stop).ok());
        let range = range.filter(|(start, stop)| size(content.body.len()) == was && content.body.get(*start..*stop).is_some());
        let Some((start, stop)) = range else {
            return Err(DiskError::Damaged("the journal of typing does not fit the text".to_owned()));
        };
        content.body.replace_range(start..stop, &text);
        if let Some(rest) = json::get::<ContentJson>(row.get(5)?)? {
            content = Content { body: content.body, ..rest.into() };
        }
        record.typed = Some(Typed { content, base, at: Time(at) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::splice;

    #[test]
    fn a_splice_turns_one_text_into_the_other_and_cuts_between_characters() {
        let long = "é🙂 ".repeat(3000);
        let changed = [&long[..5600], "ß", &long[5606..]].concat();
        let cases = [
            ("", ""),
            ("", "a"),
            ("a", ""),
            ("aaa", "aa"),
            ("é", "è"),
            ("🙂🙂", "🙃🙂"),
            ("ab", "axb"),
            (&long, &changed),
            (&changed, &long),
        ];
        for (before, after) in cases {
            let s = splice(before, after);
            let mut text = before.to_owned();
            text.replace_range(s.start..s.stop, s.text);
            assert_eq!(text, after);
        }
        assert_eq!(splice("one two three", "one 2 three").text, "2");
        assert!(splice(&long, &changed).text.len() < 8);
    }
}
