//! What is read from PostgreSQL: queries and rows.

use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::audit::Entry;
use crate::domain::note::{Content, Note, NoteId, Seq, Time};
use crate::server::memory;
use crate::server::store::{BookmarkRow, Event, Kind, LockRow, Space, StoreError, TokenRow};
use crate::server::tx::Step;

macro_rules! columns {
    ($rest:expr) => {
        concat!("SELECT v.id, v.version, v.title, v.body, v.tags, v.fields, v.deleted, v.created, v.updated, v.\"user\", v.origin", $rest)
    };
}

/// The space's newest change.
pub(super) const NEWEST: &str = "SELECT seq FROM spaces WHERE id = $1";
pub(super) const PRESENT: &str = columns!(
    " FROM notes n JOIN versions v ON v.space = n.space AND v.id = n.id AND v.version = n.version
      WHERE n.space = $1 AND n.id = $2"
);
pub(super) const VERSION: &str = columns!(" FROM versions v WHERE v.space = $1 AND v.id = $2 AND v.version = $3");
pub(super) const NOT_AFTER: &str =
    columns!(" FROM versions v WHERE v.space = $1 AND v.id = $2 AND v.updated <= $3 ORDER BY v.version DESC LIMIT 1");
pub(super) const SINCE: &str = columns!(
    ", n.seq FROM notes n JOIN versions v ON v.space = n.space AND v.id = n.id AND v.version = n.version
      WHERE n.space = $1 AND n.seq > $2 ORDER BY n.seq LIMIT $3"
);
/// The newest epoch, and the last place of the one asked about.
pub(super) const EPOCH: &str = "SELECT (SELECT id FROM epochs WHERE space = $1 ORDER BY first DESC LIMIT 1),
       (SELECT coalesce((SELECT min(n.first) - 1 FROM epochs n WHERE n.space = e.space AND n.first > e.first), s.seq)
        FROM epochs e JOIN spaces s ON s.id = e.space WHERE e.space = $1 AND e.id = $2)";
/// How many notes a slice of a search looks at, and where it ends.
pub(super) const LOOKED: &str = "SELECT count(*), min(seq) FROM
     (SELECT seq FROM notes WHERE space = $1 AND NOT deleted AND seq < $2 AND seq > $3 ORDER BY seq DESC LIMIT $4) n";

/// Notes that may be wanted: the text $3 in title or body, the tag $4.
macro_rules! may_be_wanted {
    ($from:literal) => {
        columns!(concat!(
            ", n.seq FROM ",
            $from,
            " AND ($3::text IS NULL OR octet_length(v.title) > char_length(v.title) OR octet_length(v.body) > char_length(v.body)
                   OR position($3 IN lower(v.title COLLATE \"C\")) > 0 OR position($3 IN lower(v.body COLLATE \"C\")) > 0)
              AND ($4::text IS NULL OR jsonb_exists(v.tags::jsonb, $4))
              ORDER BY n.seq DESC"
        ))
    };
}

/// Those of the slice.
pub(super) const SEARCH_NEWER: &str = may_be_wanted!(
    "(SELECT * FROM notes WHERE space = $1 AND NOT deleted AND seq < $2 AND seq > $5 ORDER BY seq DESC LIMIT $6) n
     JOIN versions v ON v.space = n.space AND v.id = n.id AND v.version = n.version WHERE true"
);
/// Those of some the index named.
pub(super) const SEARCH_KNOWN: &str = may_be_wanted!(
    "unnest($2::uuid[]) w (id) JOIN notes n ON n.space = $1 AND n.id = w.id
     JOIN versions v ON v.space = n.space AND v.id = n.id AND v.version = n.version WHERE NOT n.deleted AND n.seq <= $5"
);
/// Holds the rows of notes until the transaction ends, in the order they are named. Here and below each row is looked up by its key for
/// itself (`LATERAL … OFFSET 0`): a plan made while a table was empty would else read all of it for as long as the connection lives.
pub(super) const HOLD: &str = "SELECT 1 FROM unnest($1::bigint[], $2::uuid[]) w (space, id)
     CROSS JOIN LATERAL (SELECT 1 FROM notes WHERE space = w.space AND id = w.id FOR UPDATE) n";
/// The idempotency memory of several keys.
pub(super) const KEYS: &str =
    "SELECT w.space, w.who, w.key, m.hash, m.memory FROM unnest($1::bigint[], $2::text[], $3::uuid[]) w (space, who, key)
     CROSS JOIN LATERAL (SELECT hash, memory FROM memory WHERE space = w.space AND \"user\" = w.who AND key = w.key OFFSET 0) m";
/// Several notes, each with its space and its lock.
pub(super) const NOTES: &str = columns!(
    ", n.space, l.note, l.\"user\", l.origin, l.token, l.acquired, l.expires FROM unnest($1::bigint[], $2::uuid[]) w (space, id)
     CROSS JOIN LATERAL (SELECT * FROM notes WHERE space = w.space AND id = w.id OFFSET 0) n
     CROSS JOIN LATERAL (SELECT * FROM versions WHERE space = n.space AND id = n.id AND version = n.version OFFSET 0) v
     LEFT JOIN LATERAL (SELECT * FROM locks WHERE space = n.space AND note = n.id OFFSET 0) l ON true"
);
/// Several versions, each with its space.
pub(super) const BASES: &str = columns!(
    ", v.space FROM unnest($1::bigint[], $2::uuid[], $3::bigint[]) w (space, id, version)
     CROSS JOIN LATERAL (SELECT * FROM versions WHERE space = w.space AND id = w.id AND version = w.version OFFSET 0) v"
);
pub(super) const VERSIONS: &str = "SELECT version, created, updated, \"user\", origin, deleted FROM versions
     WHERE space = $1 AND id = $2 ORDER BY version DESC";
pub(super) const SAVES_PER_DAY: &str =
    "SELECT updated / 86400000000, count(*) FROM versions WHERE space = $1 AND updated >= $2 GROUP BY 1 ORDER BY 1";
pub(super) const SAVES: &str = "SELECT version, created, updated, \"user\", origin, deleted, id, title FROM versions
     WHERE space = $1 AND updated >= $2 AND updated < $3 AND updated <= $4 AND (updated, id) < ($4, $5)
     ORDER BY updated DESC, id DESC LIMIT $6";
pub(super) const BOOKMARK: &str =
    "SELECT marked, why, gone, updated, origin FROM bookmarks WHERE space = $1 AND \"user\" = $2 AND note = $3";

macro_rules! audit_columns {
    ($rest:literal) => {
        concat!(
            "SELECT a.seq, a.id, a.at, a.entity, a.entity_id, a.action, a.\"user\", a.client_origin, a.server_origin, a.server_ts,
                    a.client_ts, a.server_version, a.base_version, a.fields, a.outcome, a.settled, b.body, t.body
             FROM audit a
             LEFT JOIN versions b ON b.space = a.space AND b.id = a.entity_id AND b.version = a.base_version
             LEFT JOIN versions t ON t.space = a.space AND t.id = a.entity_id AND t.version = a.server_version ",
            $rest
        )
    };
}

pub(super) const ENTRY: &str = audit_columns!("WHERE a.space = $1 AND a.id = $2");
pub(super) const AUDIT: &str = audit_columns!(
    "WHERE a.space = $1 AND a.seq < $2 AND a.at >= $3 AND a.at < $4
       AND ($5::text IS NULL OR a.entity = $5) AND ($6::uuid IS NULL OR a.entity_id = $6)
       AND ($7::text IS NULL OR a.action = $7 OR ($7 = 'conflict' AND left(a.action, 9) = 'conflict_'))
       AND ($8::text IS NULL OR a.client_origin = $8)
     ORDER BY a.seq DESC LIMIT $9"
);
pub(super) const EVENTS: &str = "SELECT n.seq, 'note', n.id, v.version, v.origin, n.deleted
       FROM notes n JOIN versions v ON v.space = n.space AND v.id = n.id AND v.version = n.version WHERE n.space = $1 AND n.seq > $2
     UNION ALL SELECT seq, 'bookmark', note, NULL, origin, gone OR NOT marked FROM bookmarks WHERE space = $1 AND seq > $2
     UNION ALL SELECT seq, 'lock', note, NULL, origin, expires = 0 FROM locks WHERE space = $1 AND seq > $2
     UNION ALL SELECT seq, 'audit', id, server_version, client_origin, false FROM audit WHERE space = $1 AND seq > $2
     ORDER BY 1 LIMIT $3";
/// Locks held now.
pub(super) const LOCKS: &str = "SELECT note, \"user\", origin, token, acquired, expires, seq FROM locks
     WHERE space = $1 AND expires > $2 ORDER BY expires DESC LIMIT $3";
pub(super) const TOKENS: &str = "SELECT t.id, t.space, s.name, t.\"user\", t.name, t.hash, t.created, t.revoked
     FROM tokens t JOIN spaces s ON s.id = t.space WHERE $1::bytea IS NULL OR t.hash = $1 ORDER BY t.id";

pub(super) fn hash(bytes: &[u8]) -> Step<[u8; 32]> {
    bytes.try_into().map_err(|_| StoreError::Database("a kept hash has not 32 bytes".to_owned()))
}

pub(super) fn note(row: &Row) -> Step<Note> {
    let (tags, fields) = (memory::tags_from_text(row.get(4))?, memory::values_from_text(row.get(5))?);
    Ok(Note {
        id: NoteId(row.get(0)),
        version: row.get(1),
        content: Content { title: row.get(2), body: row.get(3), tags, fields, deleted: row.get(6) },
        created_at: Time(row.get(7)),
        updated_at: Time(row.get(8)),
        updated_by: row.get(9),
        updated_from: row.get(10),
    })
}

pub(super) fn version_row(row: &Row, id: NoteId) -> Note {
    Note {
        id,
        version: row.get(0),
        content: Content { deleted: row.get(5), ..Content::default() },
        created_at: Time(row.get(1)),
        updated_at: Time(row.get(2)),
        updated_by: row.get(3),
        updated_from: row.get(4),
    }
}

/// A row of [`SAVES`].
pub(super) fn save(row: &Row) -> Note {
    let mut note = version_row(row, NoteId(row.get(6)));
    note.content.title = row.get(7);
    note
}

/// A lock whose columns begin at that one.
pub(super) fn lock(row: &Row, at: usize) -> LockRow {
    LockRow {
        note: row.get(at),
        user: row.get(at + 1),
        origin: row.get(at + 2),
        token: row.get(at + 3),
        acquired: row.get(at + 4),
        expires: row.get(at + 5),
    }
}

pub(super) fn bookmark(row: &Row, user: &str, note: NoteId) -> BookmarkRow {
    BookmarkRow {
        note: note.0,
        user: user.to_owned(),
        marked: row.get(0),
        why: row.get(1),
        gone: row.get(2),
        updated: row.get(3),
        origin: row.get(4),
    }
}

pub(super) fn entry(row: &Row) -> Step<(Seq, Entry)> {
    let time = |i: usize| row.get::<_, Option<i64>>(i).map(Time);
    let entry = Entry {
        id: row.get::<_, Uuid>(1).to_string(),
        at: Time(row.get(2)),
        entity: row.get(3),
        entity_id: row.get::<_, Uuid>(4).to_string(),
        action: row.get(5),
        user_id: row.get(6),
        client_origin: row.get(7),
        server_origin: row.get(8),
        server_ts: time(9),
        client_ts: time(10),
        server_version: row.get(11),
        base_version: row.get(12),
        fields: memory::fields_from_text(row.get(13), row.get(16), row.get(17))?,
        outcome: row.get(14),
        settled: memory::settled_from_text(row.get(15)),
    };
    Ok((row.get(0), entry))
}

pub(super) fn event(row: &Row, space: Space) -> Event {
    Event {
        space,
        seq: row.get(0),
        kind: Kind::of(row.get(1)).unwrap_or(Kind::Note),
        id: row.get(2),
        version: row.get(3),
        origin: row.get(4),
        deleted: row.get(5),
    }
}

pub(super) fn token(row: &Row) -> Step<TokenRow> {
    Ok(TokenRow {
        id: row.get(0),
        space: row.get(1),
        space_name: row.get(2),
        user: row.get(3),
        name: row.get(4),
        hash: hash(row.get(5))?,
        created: Time(row.get(6)),
        revoked: row.get::<_, Option<i64>>(7).map(Time),
    })
}
