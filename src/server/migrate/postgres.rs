//! PostgreSQL as the source and as the target of a move: portals to read, COPY to write.

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, IsolationLevel, Row, Transaction};
use uuid::Uuid;

use super::table::{Batch, Cell, Gathering, Kind, Sums, TABLES, Table, broken_off, compare, is_end, not_empty};
use crate::server::postgres::Way;
use crate::server::store::StoreError;

/// Rows fetched at once.
const FETCHED: i32 = 500;

/// A connection and the task that drives it, ended with it.
struct Connected {
    client: Client,
    driving: tokio::task::JoinHandle<()>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.driving.abort();
    }
}

async fn connect(address: &str) -> Result<Connected, StoreError> {
    let (client, connection) = Way::of(address)?.connect().await?;
    let driving = tokio::spawn(async move {
        if let Err(e) = connection.await {
            tracing::warn!(error = %e, "the connection of a move was lost");
        }
    });
    Ok(Connected { client, driving })
}

const CHANGES: &str = "SELECT coalesce(sum(seq), 0)::bigint FROM spaces";

/// How many changes it has accepted, all spaces together.
pub(super) async fn changes(address: &str) -> Result<i64, StoreError> {
    Ok(connect(address).await?.client.query_one(CHANGES, &[]).await?.get(0))
}

/// Sends every row of every table, as of one moment; `seen` hears how many changes there were at that moment.
pub(super) async fn read(address: &str, rows: mpsc::Sender<Batch>, seen: oneshot::Sender<i64>) -> Result<(), StoreError> {
    let mut connected = connect(address).await?;
    let one_view = connected.client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
    let tx = one_view.start().await?;
    let _ = seen.send(tx.query_one(CHANGES, &[]).await?.get(0)); // the caller hears of it in the end
    for (n, table) in TABLES.iter().enumerate() {
        let mut gathering = Gathering::of(n);
        let portal = open(&tx, table).await?;
        while let Some(found) = next(&tx, &portal, table).await? {
            for row in found {
                if let Some(full) = gathering.take(row) {
                    rows.send(full).await.map_err(|_| broken_off())?;
                }
            }
        }
        if let Some(rest) = gathering.rest() {
            rows.send(rest).await.map_err(|_| broken_off())?;
        }
    }
    rows.send(Batch { table: TABLES.len(), rows: Vec::new() }).await.map_err(|_| broken_off())
}

/// Writes all that comes, in one transaction, and reads it back before the commit.
pub(super) async fn write(address: &str, mut batches: mpsc::Receiver<Batch>) -> Result<Sums, StoreError> {
    let mut connected = connect(address).await?;
    let tx = connected.client.transaction().await?;
    tx.batch_execute("LOCK TABLE spaces IN SHARE ROW EXCLUSIVE MODE").await?; // no server begins to fill it meanwhile
    if tx.query_one("SELECT EXISTS (SELECT 1 FROM spaces)", &[]).await?.get(0) {
        return Err(not_empty());
    }
    let mut written = Sums::default();
    let mut batch = batches.recv().await.ok_or_else(broken_off)?;
    while !is_end(&batch) {
        let at = batch.table;
        let table = &TABLES[at];
        let types: Vec<Type> = table.columns.iter().map(|(_, kind)| type_of(*kind)).collect();
        let sql = format!("COPY {} ({}) FROM STDIN BINARY", table.name, table.names());
        let mut writer = std::pin::pin!(BinaryCopyInWriter::new(tx.copy_in(&sql).await?, &types));
        while batch.table == at {
            for row in &batch.rows {
                written[at].add(row);
                let values: Vec<Box<dyn ToSql + Sync + Send>> =
                    row.iter().zip(table.columns).map(|(cell, (_, kind))| value(cell, *kind)).collect();
                let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|v| &**v as &(dyn ToSql + Sync)).collect();
                writer.as_mut().write(&values).await?;
            }
            batch = batches.recv().await.ok_or_else(broken_off)?;
        }
        writer.finish().await?;
    }
    let mut found = Sums::default();
    for (table, sum) in TABLES.iter().zip(&mut found) {
        let portal = open(&tx, table).await?;
        while let Some(rows) = next(&tx, &portal, table).await? {
            rows.iter().for_each(|row| sum.add(row));
        }
    }
    compare(&written, &found)?;
    for table in ["spaces", "tokens"] {
        let next = format!("SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))");
        tx.execute(&next, &[]).await?;
    }
    tx.commit().await?;
    connected.client.batch_execute("ANALYZE").await?; // plans for so many rows from the first request on
    Ok(found)
}

async fn open(tx: &Transaction<'_>, table: &Table) -> Result<tokio_postgres::Portal, StoreError> {
    let statement = tx.prepare(&format!("SELECT {} FROM {}{}", table.names(), table.name, table.order())).await?;
    Ok(tx.bind(&statement, &[]).await?)
}

/// The next rows of a portal; `None` at its end.
async fn next(tx: &Transaction<'_>, portal: &tokio_postgres::Portal, table: &Table) -> Result<Option<Vec<Vec<Cell>>>, StoreError> {
    let rows = tx.query_portal(portal, FETCHED).await?;
    let cells = |row: &Row| table.columns.iter().enumerate().map(|(i, (_, kind))| cell(row, i, *kind)).collect();
    if rows.is_empty() { Ok(None) } else { Ok(Some(rows.iter().map(cells).collect())) }
}

fn cell(row: &Row, i: usize, kind: Kind) -> Cell {
    match kind {
        Kind::Number => row.get::<_, Option<i64>>(i).map(Cell::Number),
        Kind::Text => row.get::<_, Option<String>>(i).map(Cell::Text),
        Kind::Truth => row.get::<_, Option<bool>>(i).map(Cell::Truth),
        Kind::Id => row.get::<_, Option<Uuid>>(i).map(Cell::Id),
        Kind::Bytes => row.get::<_, Option<Vec<u8>>>(i).map(Cell::Bytes),
    }
    .unwrap_or(Cell::Null)
}

fn type_of(kind: Kind) -> Type {
    match kind {
        Kind::Number => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Truth => Type::BOOL,
        Kind::Id => Type::UUID,
        Kind::Bytes => Type::BYTEA,
    }
}

fn value(cell: &Cell, kind: Kind) -> Box<dyn ToSql + Sync + Send> {
    match cell {
        Cell::Number(n) => Box::new(*n),
        Cell::Text(t) => Box::new(t.clone()),
        Cell::Truth(t) => Box::new(*t),
        Cell::Id(id) => Box::new(*id),
        Cell::Bytes(b) => Box::new(b.clone()),
        Cell::Null => match kind {
            Kind::Number => Box::new(None::<i64>),
            Kind::Text => Box::new(None::<String>),
            Kind::Truth => Box::new(None::<bool>),
            Kind::Id => Box::new(None::<Uuid>),
            Kind::Bytes => Box::new(None::<Vec<u8>>),
        },
    }
}
