//! From an SQLite file to an empty PostgreSQL database: every row of every table, in one transaction, then read back and compared.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use sha2::{Digest, Sha256};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::store::StoreError;

/// One table: its name, the query that reads it from SQLite in the order of its key, its columns in PostgreSQL with their kinds
/// (`i` a number, `t` a text, `b` true or false, `u` a UUID, `x` bytes), and the key.
struct Table {
    name: &'static str,
    from: &'static str,
    columns: &'static [(&'static str, char)],
    key: &'static str,
}

const TABLES: [Table; 9] = [
    Table {
        name: "spaces",
        from: "SELECT id, name, seq FROM spaces ORDER BY id",
        columns: &[("id", 'i'), ("name", 't'), ("seq", 'i')],
        key: "id",
    },
    Table {
        name: "epochs",
        from: "SELECT space, first, id FROM epochs ORDER BY space, first",
        columns: &[("space", 'i'), ("first", 'i'), ("id", 'u')],
        key: "space, first",
    },
    Table {
        name: "tokens",
        from: "SELECT id, space, user, name, hash, created, revoked FROM tokens ORDER BY id",
        columns: &[("id", 'i'), ("space", 'i'), ("user", 't'), ("name", 't'), ("hash", 'x'), ("created", 'i'), ("revoked", 'i')],
        key: "id",
    },
    Table {
        name: "versions",
        from: "SELECT space, id, version, title, body, tags, fields, deleted, created, updated, user, origin FROM versions
               ORDER BY space, id, version",
        columns: &[
            ("space", 'i'),
            ("id", 'u'),
            ("version", 'i'),
            ("title", 't'),
            ("body", 't'),
            ("tags", 't'),
            ("fields", 't'),
            ("deleted", 'b'),
            ("created", 'i'),
            ("updated", 'i'),
            ("user", 't'),
            ("origin", 't'),
        ],
        key: "space, id, version",
    },
    Table {
        name: "notes",
        from: "SELECT n.space, n.id, v.version, n.seq, n.deleted FROM notes n JOIN versions v ON v.row = n.row ORDER BY n.space, n.id",
        columns: &[("space", 'i'), ("id", 'u'), ("version", 'i'), ("seq", 'i'), ("deleted", 'b')],
        key: "space, id",
    },
    Table {
        name: "bookmarks",
        from: "SELECT space, user, note, seq, marked, why, gone, updated, origin FROM bookmarks ORDER BY space, note, seq",
        columns: &[
            ("space", 'i'),
            ("user", 't'),
            ("note", 'u'),
            ("seq", 'i'),
            ("marked", 'b'),
            ("why", 't'),
            ("gone", 'b'),
            ("updated", 'i'),
            ("origin", 't'),
        ],
        key: "space, note, seq",
    },
    Table {
        name: "locks",
        from: "SELECT space, note, seq, user, origin, token, acquired, expires FROM locks ORDER BY space, note",
        columns: &[
            ("space", 'i'),
            ("note", 'u'),
            ("seq", 'i'),
            ("user", 't'),
            ("origin", 't'),
            ("token", 'u'),
            ("acquired", 'i'),
            ("expires", 'i'),
        ],
        key: "space, note",
    },
    Table {
        name: "audit",
        from: "SELECT space, seq, id, at, entity, entity_id, action, user, client_origin, server_origin, server_ts, client_ts,
                      server_version, base_version, fields, outcome, settled FROM audit ORDER BY space, seq",
        columns: &[
            ("space", 'i'),
            ("seq", 'i'),
            ("id", 'u'),
            ("at", 'i'),
            ("entity", 't'),
            ("entity_id", 'u'),
            ("action", 't'),
            ("user", 't'),
            ("client_origin", 't'),
            ("server_origin", 't'),
            ("server_ts", 'i'),
            ("client_ts", 'i'),
            ("server_version", 'i'),
            ("base_version", 'i'),
            ("fields", 't'),
            ("outcome", 't'),
            ("settled", 't'),
        ],
        key: "space, seq",
    },
    Table {
        name: "memory",
        from: "SELECT space, user, key, hash, at, memory FROM memory ORDER BY space, key, at",
        columns: &[("space", 'i'), ("user", 't'), ("key", 'u'), ("hash", 'x'), ("at", 'i'), ("memory", 't')],
        key: "space, key, at",
    },
];

/// Moves all from the SQLite file to the database, which must hold nothing yet. Gives the number of rows of each table. Either everything
/// is there, compared row by row, or nothing is.
///
/// # Errors
/// If either cannot be opened, the database is not empty, or what was written reads differently.
pub async fn sqlite_to_postgres(path: &Path, address: &str) -> Result<Vec<(&'static str, u64)>, StoreError> {
    if !path.exists() {
        return Err(StoreError::Unavailable(format!("{} does not exist", path.display())));
    }
    drop(super::sqlite::SqliteStore::open(path)?); // brings its schema up to date
    drop(super::postgres::PostgresStore::open(address).await?);
    let from = Connection::open(path)?;
    from.execute_batch("BEGIN")?; // one view of all tables
    let (mut to, connection) = super::postgres::Way::of(address)?.connect().await?;
    let driving = tokio::spawn(connection);
    let tx = to.transaction().await?;
    let there: bool = tx.query_one("SELECT EXISTS (SELECT 1 FROM spaces)", &[]).await?.get(0);
    if there {
        return Err(StoreError::Database("the database is not empty".to_owned()));
    }
    let mut moved = Vec::new();
    for table in &TABLES {
        let (rows, written) = copy(&from, &tx, table).await?;
        let (found, read) = reread(&tx, table).await?;
        if (rows, written) != (found, read) {
            return Err(StoreError::Database(format!("table {} reads differently than it was written", table.name)));
        }
        moved.push((table.name, rows));
    }
    for table in ["spaces", "tokens"] {
        let next = format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))");
        tx.execute(&next, &[]).await?;
    }
    tx.commit().await?;
    driving.abort();
    Ok(moved)
}

type Cell = Box<dyn ToSql + Sync + Send>;

fn cell(value: Value, kind: char) -> Result<Cell, StoreError> {
    let uuid = |b: &[u8]| Uuid::from_slice(b).map_err(|e| StoreError::Database(e.to_string()));
    Ok(match (value, kind) {
        (Value::Integer(i), 'i') => Box::new(Some(i)),
        (Value::Integer(i), 'b') => Box::new(i != 0),
        (Value::Text(t), 't') => Box::new(Some(t)),
        (Value::Blob(b), 'u') => Box::new(uuid(&b)?),
        (Value::Blob(b), 'x') => Box::new(b),
        (Value::Null, 'i') => Box::new(None::<i64>),
        (Value::Null, 't') => Box::new(None::<String>),
        (_, kind) => return Err(StoreError::Database(format!("a value is not of kind {kind}"))),
    })
}

fn digest(hash: &mut Sha256, bytes: Option<&[u8]>) {
    hash.update(bytes.map_or(u64::MAX, |b| b.len() as u64).to_le_bytes());
    hash.update(bytes.unwrap_or_default());
}

async fn copy(from: &Connection, tx: &Transaction<'_>, table: &Table) -> Result<(u64, [u8; 32]), StoreError> {
    let names = table.columns.iter().map(|(n, _)| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
    let marks = (1..=table.columns.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
    let insert = tx.prepare(&format!("INSERT INTO {} ({names}) VALUES ({marks})", table.name)).await?;
    let (mut count, mut hash, mut after) = (0u64, Sha256::new(), 0i64);
    loop {
        let batch = batch(from, table, after, &mut hash)?;
        if batch.is_empty() {
            return Ok((count, hash.finalize().into()));
        }
        after += i64::try_from(batch.len()).unwrap_or(i64::MAX);
        count += batch.len() as u64;
        let writes = batch.iter().map(|row| {
            let params: Vec<&(dyn ToSql + Sync)> = row.iter().map(|c| &**c as &(dyn ToSql + Sync)).collect();
            let insert = &insert;
            async move { tx.execute(insert, &params).await }
        });
        futures_util::future::try_join_all(writes).await?;
    }
}

/// Up to 500 rows from place `after` on.
fn batch(from: &Connection, table: &Table, after: i64, hash: &mut Sha256) -> Result<Vec<Vec<Cell>>, StoreError> {
    let mut read = from.prepare_cached(&format!("{} LIMIT 500 OFFSET {after}", table.from))?;
    let mut rows = read.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Vec::with_capacity(table.columns.len());
        for (i, (_, kind)) in table.columns.iter().enumerate() {
            let value: Value = row.get(i)?;
            match &value {
                Value::Null => digest(hash, None),
                Value::Integer(i) => digest(hash, Some(&i.to_le_bytes())),
                Value::Text(t) => digest(hash, Some(t.as_bytes())),
                Value::Blob(b) => digest(hash, Some(b)),
                Value::Real(f) => digest(hash, Some(&f.to_le_bytes())),
            }
            cells.push(cell(value, *kind)?);
        }
        out.push(cells);
    }
    Ok(out)
}

async fn reread(tx: &Transaction<'_>, table: &Table) -> Result<(u64, [u8; 32]), StoreError> {
    let names = table.columns.iter().map(|(n, _)| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {names} FROM {} ORDER BY {}", table.name, table.key);
    let statement = tx.prepare(&sql).await?;
    let portal = tx.bind(&statement, &[]).await?;
    let (mut count, mut hash) = (0u64, Sha256::new());
    loop {
        let rows = tx.query_portal(&portal, 500).await?;
        if rows.is_empty() {
            return Ok((count, hash.finalize().into()));
        }
        count += rows.len() as u64;
        for row in &rows {
            for (i, (_, kind)) in table.columns.iter().enumerate() {
                match kind {
                    'i' => digest(&mut hash, row.get::<_, Option<i64>>(i).map(i64::to_le_bytes).as_ref().map(|b| &b[..])),
                    'b' => digest(&mut hash, Some(&i64::from(row.get::<_, bool>(i)).to_le_bytes())),
                    't' => digest(&mut hash, row.get::<_, Option<&str>>(i).map(str::as_bytes)),
                    'u' => digest(&mut hash, Some(row.get::<_, Uuid>(i).as_bytes())),
                    _ => digest(&mut hash, Some(row.get::<_, &[u8]>(i))),
                }
            }
        }
    }
}
