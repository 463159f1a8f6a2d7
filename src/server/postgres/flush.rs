//! What a batch wrote, sent as whole columns: one statement a table, one trip with the COMMIT.
//!
//! The first statement moves the space's place in the order of changes on, and so holds the space until the commit: the order of places
//! is the order in which changes become visible, in every process. The statements after it reckon each row's place from there.

use std::collections::{BTreeMap, HashMap};

use deadpool_postgres::ClientWrapper;
use futures_util::future::{try_join, try_join_all};
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::batch::{Out, entry_texts};
use super::listen;
use crate::domain::note::{Note, Seq};
use crate::server::memory;
use crate::server::store::{Event, Space, StoreError};
use crate::server::tx::Step;

type Column<'a> = Box<dyn ToSql + Sync + Send + 'a>;

const PLACES: &str = "UPDATE spaces s SET seq = s.seq + w.n FROM unnest($1::bigint[], $2::bigint[]) w (id, n) WHERE s.id = w.id";

/// Begins an epoch with the first of these places.
const EPOCHS: &str = "INSERT INTO epochs (space, first, id) SELECT w.space, s.seq - w.n + 1, gen_random_uuid()
     FROM unnest($1::bigint[], $2::bigint[]) w (space, n) JOIN LATERAL (SELECT seq FROM spaces WHERE id = w.space OFFSET 0) s ON true";

const VERSIONS: &str = "INSERT INTO versions (space, id, version, title, body, tags, fields, deleted, created, updated, \"user\", origin)
     SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
                          $9::bigint[], $10::bigint[], $11::text[], $12::text[])";

const NOTES: &str = "INSERT INTO notes (space, id, version, seq, deleted)
     SELECT w.space, w.id, w.version, s.seq - w.back, w.deleted
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[]) w (space, id, version, back, deleted)
     JOIN LATERAL (SELECT seq FROM spaces WHERE id = w.space OFFSET 0) s ON true
     ON CONFLICT (space, id) DO UPDATE SET version = excluded.version, seq = excluded.seq, deleted = excluded.deleted";

const AUDIT: &str = "INSERT INTO audit (space, seq, id, at, entity, entity_id, action, \"user\", client_origin, server_origin, server_ts,
                                        client_ts, server_version, base_version, fields, outcome, settled)
     SELECT w.space, s.seq - w.back, w.id, w.at, w.entity, w.entity_id, w.action, w.who, w.client_origin, w.server_origin, w.server_ts,
            w.client_ts, w.server_version, w.base_version, w.fields, w.outcome, w.settled
     FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                 $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::text[])
          w (space, back, id, at, entity, entity_id, action, who, client_origin, server_origin, server_ts, client_ts, server_version,
             base_version, fields, outcome, settled)
     JOIN LATERAL (SELECT seq FROM spaces WHERE id = w.space OFFSET 0) s ON true";

const MEMORY: &str = "INSERT INTO memory (space, \"user\", key, hash, at, memory)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bytea[], $5::bigint[], $6::text[])";

const BOOKMARKS: &str = "INSERT INTO bookmarks (space, \"user\", note, seq, marked, why, gone, updated, origin)
     SELECT w.space, w.who, w.note, s.seq - w.back, w.marked, w.why, w.gone, w.updated, w.origin
     FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::bigint[], $5::boolean[], $6::text[], $7::boolean[], $8::bigint[], $9::text[])
          w (space, who, note, back, marked, why, gone, updated, origin)
     JOIN LATERAL (SELECT seq FROM spaces WHERE id = w.space OFFSET 0) s ON true
     ON CONFLICT (space, \"user\", note) DO UPDATE SET seq = excluded.seq, marked = excluded.marked, why = excluded.why,
                                                     gone = excluded.gone, updated = excluded.updated, origin = excluded.origin";

const LOCKS: &str = "INSERT INTO locks (space, note, seq, \"user\", origin, token, acquired, expires)
     SELECT w.space, w.note, CASE WHEN w.back IS NULL THEN 0 ELSE s.seq - w.back END, w.who, w.origin, w.token, w.acquired, w.expires
     FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::uuid[], $7::bigint[], $8::bigint[])
          w (space, note, back, who, origin, token, acquired, expires)
     JOIN LATERAL (SELECT seq FROM spaces WHERE id = w.space OFFSET 0) s ON true
     ON CONFLICT (space, note) DO UPDATE SET seq = greatest(locks.seq, excluded.seq), \"user\" = excluded.\"user\",
                      origin = excluded.origin, token = excluded.token, acquired = excluded.acquired, expires = excluded.expires";

const TELL: &str = "SELECT pg_notify($1, (SELECT s.seq FROM spaces s WHERE s.id = w.space) || w.told)
     FROM unnest($2::bigint[], $3::text[]) w (space, told)";

/// Events of one message between processes; a message may have 8,000 bytes.
const TOLD_AT_ONCE: usize = 32;

/// Writes all of it and commits; `opens` are spaces in which this process has opened no epoch yet. After an error the transaction must be rolled back; if the connection was lost, it may have been committed.
pub(super) async fn flush<'a>(client: &ClientWrapper, out: &'a Out, opens: &'a BTreeMap<Space, Seq>) -> Step<()> {
    let mut asked: Vec<(&str, Vec<Column<'a>>)> = Vec::new();
    let mut ask = |sql, rows: bool, columns: Step<Vec<Column<'a>>>| {
        if rows {
            asked.push((sql, columns?));
        }
        Ok::<(), StoreError>(())
    };
    let places = &out.places;
    ask(PLACES, !places.is_empty(), Ok(vec![column(places.keys().copied()), column(places.values().copied())]))?;
    ask(EPOCHS, !opens.is_empty(), Ok(vec![column(opens.keys().copied()), column(opens.values().copied())]))?;
    ask(VERSIONS, !out.versions.is_empty(), versions(&out.versions))?;
    ask(NOTES, !out.versions.is_empty(), Ok(notes(out)))?;
    ask(AUDIT, !out.audit.is_empty(), audit(out))?;
    ask(BOOKMARKS, !out.bookmarks.is_empty(), Ok(bookmarks(out)))?;
    ask(LOCKS, !out.locks.is_empty(), Ok(locks(out)))?;
    ask(TELL, !out.events.is_empty(), Ok(told(out)))?;
    let mut keys: Vec<_> = out.memory.iter().collect();
    keys.sort_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2))); // one order in every process: nobody waits in a ring
    let remembered = vec![
        column(keys.iter().map(|m| m.0)),
        column(keys.iter().map(|m| &*m.1)),
        column(keys.iter().map(|m| m.2)),
        column(keys.iter().map(|m| &m.3[..])),
        column(keys.iter().map(|m| m.4)),
        column(keys.iter().map(|m| &*m.5)),
    ];
    ask(MEMORY, !keys.is_empty(), Ok(remembered))?;
    let mut ready: Vec<(Statement, Vec<&(dyn ToSql + Sync)>)> = Vec::with_capacity(asked.len());
    for (sql, columns) in &asked {
        ready.push((client.prepare_cached(sql).await?, columns.iter().map(|c| &**c as &(dyn ToSql + Sync)).collect()));
    }
    let sent = try_join_all(ready.iter().map(|(statement, params)| client.execute(statement, params)));
    try_join(sent, client.batch_execute("COMMIT")).await?;
    Ok(())
}

fn column<'a, T>(values: impl Iterator<Item = T>) -> Column<'a>
where
    T: ToSql + Sync + Send + 'a,
{
    Box::new(values.collect::<Vec<T>>())
}

/// How far behind the last place its space gave out.
fn back(places: &BTreeMap<Space, Seq>, space: Space, seq: Seq) -> Seq {
    places.get(&space).copied().unwrap_or(seq) - seq
}

fn versions(rows: &[(Space, Seq, Note)]) -> Step<Vec<Column<'_>>> {
    let tags = rows.iter().map(|(.., n)| memory::tags_to_text(&n.content.tags)).collect::<Step<Vec<_>>>()?;
    let fields = rows.iter().map(|(.., n)| memory::values_to_text(&n.content.fields)).collect::<Step<Vec<_>>>()?;
    let notes = || rows.iter().map(|(.., n)| n);
    Ok(vec![
        column(rows.iter().map(|(s, ..)| *s)),
        column(notes().map(|n| n.id.0)),
        column(notes().map(|n| n.version)),
        column(notes().map(|n| &*n.content.title)),
        column(notes().map(|n| &*n.content.body)),
        Box::new(tags),
        Box::new(fields),
        column(notes().map(|n| n.content.deleted)),
        column(notes().map(|n| n.created_at.0)),
        column(notes().map(|n| n.updated_at.0)),
        column(notes().map(|n| &*n.updated_by)),
        column(notes().map(|n| &*n.updated_from)),
    ])
}

/// Of a note written more than once, the last.
fn notes(out: &Out) -> Vec<Column<'_>> {
    let last: HashMap<(Space, Uuid), (Seq, &Note)> = out.versions.iter().map(|(s, seq, n)| ((*s, n.id.0), (*seq, n))).collect();
    let mut rows: Vec<_> = last.into_iter().collect();
    rows.sort_by_key(|(key, _)| *key);
    vec![
        column(rows.iter().map(|((s, _), _)| *s)),
        column(rows.iter().map(|((_, id), _)| *id)),
        column(rows.iter().map(|(_, (_, n))| n.version)),
        column(rows.iter().map(|((s, _), (seq, _))| back(&out.places, *s, *seq))),
        column(rows.iter().map(|(_, (_, n))| n.content.deleted)),
    ]
}

fn audit(out: &Out) -> Step<Vec<Column<'_>>> {
    let rows = &out.audit;
    let texts = rows.iter().map(|(.., e)| entry_texts(e)).collect::<Step<Vec<_>>>()?;
    let entries = || rows.iter().map(|(.., e)| e);
    Ok(vec![
        column(rows.iter().map(|(s, ..)| *s)),
        column(rows.iter().map(|(s, seq, _)| back(&out.places, *s, *seq))),
        column(texts.iter().map(|t| t.0)),
        column(entries().map(|e| e.at.0)),
        column(entries().map(|e| &*e.entity)),
        column(texts.iter().map(|t| t.1)),
        column(entries().map(|e| &*e.action)),
        column(entries().map(|e| &*e.user_id)),
        column(entries().map(|e| &*e.client_origin)),
        column(entries().map(|e| &*e.server_origin)),
        column(entries().map(|e| e.server_ts.map(|t| t.0))),
        column(entries().map(|e| e.client_ts.map(|t| t.0))),
        column(entries().map(|e| e.server_version)),
        column(entries().map(|e| e.base_version)),
        column(texts.iter().map(|t| t.2.clone())),
        column(entries().map(|e| e.outcome.as_deref())),
        column(texts.iter().map(|t| t.3.clone())),
    ])
}

fn bookmarks(out: &Out) -> Vec<Column<'_>> {
    let rows = || out.bookmarks.iter();
    vec![
        column(rows().map(|(k, _)| k.0)),
        column(rows().map(|(k, _)| &*k.1)),
        column(rows().map(|(k, _)| k.2)),
        column(rows().map(|(k, (seq, _))| back(&out.places, k.0, *seq))),
        column(rows().map(|(_, (_, r))| r.marked)),
        column(rows().map(|(_, (_, r))| &*r.why)),
        column(rows().map(|(_, (_, r))| r.gone)),
        column(rows().map(|(_, (_, r))| r.updated)),
        column(rows().map(|(_, (_, r))| &*r.origin)),
    ]
}

fn locks(out: &Out) -> Vec<Column<'_>> {
    let rows = || out.locks.iter();
    vec![
        column(rows().map(|(k, _)| k.0)),
        column(rows().map(|(k, _)| k.1)),
        column(rows().map(|(k, (seq, _))| seq.map(|seq| back(&out.places, k.0, seq)))),
        column(rows().map(|(_, (_, r))| &*r.user)),
        column(rows().map(|(_, (_, r))| &*r.origin)),
        column(rows().map(|(_, (_, r))| r.token)),
        column(rows().map(|(_, (_, r))| r.acquired)),
        column(rows().map(|(_, (_, r))| r.expires)),
    ]
}

fn told(out: &Out) -> Vec<Column<'_>> {
    let mut of_space: BTreeMap<Space, Vec<Event>> = BTreeMap::new();
    for event in &out.events {
        let seq = back(&out.places, event.space, event.seq);
        of_space.entry(event.space).or_default().push(Event { seq, ..event.clone() });
    }
    let messages: Vec<(Space, String)> =
        of_space.iter().flat_map(|(s, events)| events.chunks(TOLD_AT_ONCE).map(|some| (*s, listen::to_text(some)))).collect();
    vec![Box::new(listen::CHANNEL), column(messages.iter().map(|(s, _)| *s)), column(messages.iter().map(|(_, text)| text.clone()))]
}
