//! SQLite as the source and as the target of a move: cursors on a thread of their own.

use std::path::PathBuf;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::table::{Batch, Cell, Gathering, Kind, NOTES, SPACES, Sums, TABLES, Table, VERSIONS, broken_off, compare, is_end, not_empty};
use crate::server::store::StoreError;

/// Earlier versions are found by it while they come in.
const FINDING: &str = "CREATE UNIQUE INDEX arriving ON versions (space, id, version)";
/// Whether a version names no earlier one, though there must be some.
const UNLINKED: &str = "SELECT EXISTS (SELECT 1 FROM versions WHERE version > 1 AND before IS NULL
     OR version & (version - 1) > 0 AND further IS NULL)";

async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|e| Err(StoreError::Unavailable(e.to_string())))
}

/// How many changes it has accepted, all spaces together.
pub(super) async fn changes(path: PathBuf) -> Result<i64, StoreError> {
    on_a_thread(move || changes_of(&Connection::open(path)?)).await
}

fn changes_of(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.query_row("SELECT coalesce(sum(seq), 0) FROM places", [], |r| r.get(0))?)
}

/// Sends every row of every table, as of one moment; `seen` hears how many changes there were at that moment.
pub(super) async fn read(path: PathBuf, rows: mpsc::Sender<Batch>, seen: oneshot::Sender<i64>) -> Result<(), StoreError> {
    on_a_thread(move || {
        let conn = Connection::open(path)?;
        conn.execute_batch("BEGIN")?; // one view of all tables
        let _ = seen.send(changes_of(&conn)?); // the caller hears of it in the end
        let send = |batch| rows.blocking_send(batch).map_err(|_| broken_off());
        for (n, table) in TABLES.iter().enumerate() {
            let mut gathering = Gathering::of(n);
            scan(&conn, table, |row| gathering.take(row).map_or(Ok(()), send))?;
            gathering.rest().map_or(Ok(()), send)?;
        }
        send(Batch { table: TABLES.len(), rows: Vec::new() })
    })
    .await
}

/// Writes all that comes, in one transaction, and reads it back before the commit.
pub(super) async fn write(path: PathBuf, mut batches: mpsc::Receiver<Batch>) -> Result<Sums, StoreError> {
    on_a_thread(move || {
        let conn = Connection::open(path)?;
        conn.busy_timeout(std::time::Duration::from_secs(10))?;
        conn.execute_batch("PRAGMA synchronous = FULL; BEGIN IMMEDIATE")?;
        if conn.query_row("SELECT EXISTS (SELECT 1 FROM spaces)", [], |r| r.get(0))? {
            return Err(not_empty());
        }
        conn.execute_batch(FINDING)?;
        let mut written = Sums::default();
        loop {
            let batch = batches.blocking_recv().ok_or_else(broken_off)?;
            if is_end(&batch) {
                break;
            }
            let mut put = conn.prepare_cached(&insert(&TABLES[batch.table]))?;
            for row in &batch.rows {
                written[batch.table].add(row);
                put.execute(params_from_iter(row))?;
            }
        }
        let mut found = Sums::default();
        for (table, sum) in TABLES.iter().zip(&mut found) {
            scan(&conn, table, |row| {
                sum.add(&row);
                Ok(())
            })?;
        }
        compare(&written, &found)?;
        if conn.query_row(UNLINKED, [], |r| r.get(0))? {
            return Err(StoreError::Database("the source lacks a version that a later one follows".to_owned()));
        }
        conn.execute_batch("DROP INDEX arriving")?;
        conn.execute_batch("COMMIT")?;
        Ok(found)
    })
    .await
}

fn insert(table: &Table) -> String {
    if table.name == SPACES {
        return "INSERT INTO spaces (id, name) SELECT ?1, ?2 WHERE ?3 IS NOT NULL".to_owned();
    }
    if table.name == VERSIONS {
        let earlier = |number: &str| format!("(SELECT row FROM versions WHERE space = ?1 AND id = ?2 AND version = {number})");
        let (before, further) = (earlier("?3 - 1"), earlier("?3 & (?3 - 1)"));
        let marks: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
        let names = table.names();
        return format!("INSERT INTO versions ({names}, before, further) VALUES ({}, {before}, {further})", marks.join(", "));
    }
    if table.name == NOTES {
        return "INSERT INTO notes (space, id, row, seq, deleted)
                VALUES (?1, ?2, (SELECT row FROM versions WHERE space = ?1 AND id = ?2 AND version = ?3), ?4, ?5)"
            .to_owned();
    }
    let marks = vec!["?"; table.columns.len()].join(", ");
    format!("INSERT INTO {} ({}) VALUES ({marks})", table.name, table.names())
}

fn scan(conn: &Connection, table: &Table, mut each: impl FnMut(Vec<Cell>) -> Result<(), StoreError>) -> Result<(), StoreError> {
    let sql = if table.name == NOTES {
        "SELECT n.space, n.id, v.version, n.seq, n.deleted FROM notes n JOIN versions v ON v.row = n.row".to_owned()
    } else if table.name == SPACES {
        "SELECT s.id, s.name, p.seq FROM spaces s JOIN places p ON p.space = s.id".to_owned()
    } else {
        format!("SELECT {} FROM {}{}", table.names(), table.name, table.order())
    };
    let mut find = conn.prepare(&sql)?;
    let mut rows = find.query([])?;
    while let Some(row) = rows.next()? {
        let cells = table.columns.iter().enumerate().map(|(i, (name, kind))| cell(row.get_ref(i)?, *kind, table.name, name));
        each(cells.collect::<Result<_, _>>()?)?;
    }
    Ok(())
}

fn cell(value: ValueRef<'_>, kind: Kind, table: &str, column: &str) -> Result<Cell, StoreError> {
    let wrong = || StoreError::Database(format!("{table}.{column} holds a value of another kind"));
    Ok(match (value, kind) {
        (ValueRef::Null, _) => Cell::Null,
        (ValueRef::Integer(n), Kind::Number) => Cell::Number(n),
        (ValueRef::Integer(n), Kind::Truth) => Cell::Truth(n != 0),
        (ValueRef::Text(t), Kind::Text) => Cell::Text(std::str::from_utf8(t).map_err(|_| wrong())?.to_owned()),
        (ValueRef::Blob(b), Kind::Id) => Cell::Id(Uuid::from_slice(b).map_err(|_| wrong())?),
        (ValueRef::Blob(b), Kind::Bytes) => Cell::Bytes(b.to_vec()),
        _ => return Err(wrong()),
    })
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Number(n) => ToSqlOutput::Owned(Value::Integer(*n)),
            Cell::Truth(t) => ToSqlOutput::Owned(Value::Integer(i64::from(*t))),
            Cell::Text(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
            Cell::Id(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Cell::Bytes(b) => ToSqlOutput::Borrowed(ValueRef::Blob(b)),
        })
    }
}
