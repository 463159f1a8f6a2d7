//! Finding a version of a note without an index of versions: an index costs one more page for every save, and versions other than the
//! present one are rarely asked for.
//!
//! Each version names the row of the one before it, and of the one whose number is its own without its lowest binary digit that is 1
//! (version 12 names 11 and 8). From the present version any other is some twice as many steps away as the present number has digits.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::domain::note::{NoteId, Version};
use crate::server::store::{Base, Space, StoreError};
use crate::server::tx::Step;

/// The place of a version among those of its note.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) row: i64,
    pub(super) version: Version,
    pub(super) updated: i64,
    pub(super) before: Option<i64>,
    pub(super) further: Option<i64>,
}

/// What [`link`] reads.
macro_rules! links {
    ($rest:literal) => {
        concat!("SELECT v.row, v.version, v.updated, v.before, v.further FROM ", $rest)
    };
}

fn link(r: &Row<'_>) -> rusqlite::Result<Link> {
    Ok(Link { row: r.get(0)?, version: r.get(1)?, updated: r.get(2)?, before: r.get(3)?, further: r.get(4)? })
}

/// The present version of a note.
pub(super) fn present(conn: &Connection, space: Space, id: NoteId) -> Step<Option<Link>> {
    let sql = links!("notes n JOIN versions v ON v.row = n.row WHERE n.space = ? AND n.id = ?");
    Ok(conn.prepare_cached(sql)?.query_row(params![space, id.0.as_bytes()], link).optional()?)
}

fn at(conn: &Connection, row: Option<i64>) -> Step<Option<Link>> {
    let Some(row) = row else { return Ok(None) };
    let found = conn.prepare_cached(links!("versions v WHERE v.row = ?"))?.query_row([row], link).optional()?;
    found.map(Some).ok_or_else(|| StoreError::Database("a version names another that is not there".to_owned()))
}

/// The row of a version.
pub(super) fn find(conn: &Connection, space: Space, id: NoteId, base: Base) -> Step<Option<i64>> {
    let place = |link: &Link| if let Base::NotAfter(_) = base { link.updated } else { link.version };
    let wanted = match base {
        Base::Any => i64::MAX,
        Base::Version(version) => version,
        Base::NotAfter(time) => time.0,
    };
    let mut here = present(conn, space, id)?;
    while let Some(link) = here {
        if place(&link) <= wanted {
            let other = matches!(base, Base::Version(version) if version != link.version);
            return Ok((!other).then_some(link.row));
        }
        here = match at(conn, link.further)?.filter(|further| place(further) >= wanted) {
            Some(further) => Some(further),
            None => at(conn, link.before)?,
        };
    }
    Ok(None)
}

/// The row that the version after `last` names as the one further back.
pub(super) fn further(conn: &Connection, last: Link) -> Step<Option<i64>> {
    let wanted = last.version.saturating_add(1) & last.version;
    let mut here = last;
    while here.version != wanted {
        if here.version & here.version.saturating_sub(1) == wanted {
            return Ok(here.further);
        }
        match at(conn, here.further)? {
            Some(further) => here = further,
            None => return Ok(None),
        }
    }
    Ok(Some(here.row))
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use futures_util::FutureExt;

    use super::super::tx::SqliteTx;
    use super::super::{Durability, MIGRATIONS, connect, migrate, read};
    use super::*;
    use crate::domain::note::{Content, Note, Seq, Time, Uuid};
    use crate::server::tx::Tx;

    /// Versions of three notes in turns, with the row each was given.
    fn written(conn: &mut Connection, up_to: i64) -> Vec<(i64, Note)> {
        let (mut events, mut opened, mut seqs, mut out) = (Vec::new(), HashSet::new(), HashMap::new(), Vec::new());
        let mut tx = SqliteTx { conn, events: &mut events, opened: &mut opened, seqs: &mut seqs, last: None };
        let mut seq = 0;
        for version in 1..=up_to {
            for id in (1..=3).filter(|id| version <= up_to / id) {
                seq += 1;
                let note = sample(id, version, seq);
                if seq % 2 == 0 {
                    tx.load(1, note.id).now_or_never().unwrap().unwrap(); // as a save does; without it the place is looked up
                }
                tx.put_note(1, seq, &note).now_or_never().unwrap().unwrap();
                out.push((tx.conn.last_insert_rowid(), note));
            }
        }
        out
    }

    fn sample(id: i64, version: Version, seq: Seq) -> Note {
        Note {
            id: NoteId(Uuid::from_u128(u128::try_from(id).unwrap())),
            version,
            content: Content { title: format!("{id} at {version}"), body: format!("text {seq}"), ..Content::default() },
            created_at: Time(id),
            updated_at: Time(10 * seq),
            updated_by: "ada".to_owned(),
            updated_from: "desk".to_owned(),
        }
    }

    fn folder() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let conn = connect(&folder.path().join("notes.db"), Durability::Off).unwrap();
        (folder, conn)
    }

    /// Every version is found by its number and by every time at which it was the newest, and names the rows it should.
    fn all_found(conn: &Connection, written: &[(i64, Note)]) {
        for (row, note) in written {
            let of_note = |version: Version| written.iter().find(|(_, n)| n.id == note.id && n.version == version).map(|(row, _)| *row);
            let until =
                written.iter().find(|(_, n)| n.id == note.id && n.version == note.version + 1).map_or(i64::MAX, |(_, n)| n.updated_at.0);
            assert_eq!(find(conn, 1, note.id, Base::Version(note.version)).unwrap(), Some(*row));
            for time in [note.updated_at.0, until - 1] {
                assert_eq!(find(conn, 1, note.id, Base::NotAfter(Time(time))).unwrap(), Some(*row), "{note:?} at {time}");
            }
            let link = at(conn, Some(*row)).unwrap().unwrap();
            assert_eq!(link.before, of_note(note.version - 1));
            assert_eq!(link.further, of_note(note.version & (note.version - 1)), "{note:?}");
            assert_eq!(read::version(conn, 1, note.id, Base::Version(note.version)).unwrap().as_ref(), Some(note));
        }
        for (_, first) in written.iter().filter(|(_, n)| n.version == 1) {
            let count = written.iter().filter(|(_, n)| n.id == first.id).count();
            let listed = read::versions(conn, 1, first.id).unwrap();
            assert_eq!(listed.iter().map(|n| n.version).rev().collect::<Vec<_>>(), (1..=i64::try_from(count).unwrap()).collect::<Vec<_>>());
            for base in
                [Base::Version(0), Base::Version(-5), Base::Version(listed[0].version + 1), Base::NotAfter(Time(first.updated_at.0 - 1))]
            {
                assert_eq!(find(conn, 1, first.id, base).unwrap(), None, "{base:?}");
            }
            assert_eq!(find(conn, 2, first.id, Base::Version(1)).unwrap(), None, "another space");
        }
    }

    #[test]
    fn every_version_is_found_from_the_present_one() {
        let (_folder, mut conn) = folder();
        migrate(&mut conn).unwrap();
        conn.execute_batch("INSERT INTO spaces (name) VALUES ('a')").unwrap();
        let written = written(&mut conn, 70);
        all_found(&conn, &written);
    }

    #[test]
    fn a_store_of_an_earlier_schema_keeps_all_it_had() {
        let (_folder, mut conn) = folder();
        for step in &MIGRATIONS[..5] {
            conn.execute_batch(step).unwrap();
        }
        conn.execute_batch("PRAGMA user_version = 5; INSERT INTO spaces (name, seq) VALUES ('a', 0), ('b', 0)").unwrap();
        let mut written = Vec::new();
        for seq in 1..=40 {
            let (id, version) = (seq % 2, (seq + 1) / 2);
            let n = sample(id, version, seq);
            let sql = "INSERT INTO versions (space, id, version, title, body, tags, fields, deleted, created, updated, user, origin)
                       VALUES (1, ?, ?, ?, ?, '[]', '{}', 0, ?, ?, 'ada', 'desk')";
            let id = n.id.0.as_bytes();
            conn.execute(sql, params![id, version, n.content.title, n.content.body, n.created_at.0, n.updated_at.0]).unwrap();
            let row = conn.last_insert_rowid();
            conn.execute("INSERT OR REPLACE INTO notes (space, id, row, seq, deleted) VALUES (1, ?, ?, ?, 0)", params![id, row, seq])
                .unwrap();
            written.push((row, n));
        }
        conn.execute_batch(
            "UPDATE spaces SET seq = 41 WHERE id = 1;
             INSERT INTO locks (space, note, seq, user, origin, token, acquired, expires) VALUES (1, x'00', 41, 'ada', 'desk', x'00', 1, 2)",
        )
        .unwrap();
        migrate(&mut conn).unwrap();
        all_found(&conn, &written);
        assert_eq!((read::newest(&conn, 1).unwrap(), read::newest(&conn, 2).unwrap()), (41, 0), "the order of changes goes on");
        let kept: i64 = conn.query_row("SELECT count(*) FROM versions WHERE space = 1 AND updated > 0", [], |r| r.get(0)).unwrap();
        assert_eq!(kept, 40);
    }
}
