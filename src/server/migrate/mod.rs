//! From one store to another that is empty, either way: every row of every table, then read back and compared.
//!
//! The source is read in one snapshot, so its server may go on; what it changes meanwhile does not come along, and [`Moved::late`] counts it.
//! Rows flow through a short queue, a table at a time, so memory does not grow with the store. The target is written in one transaction:
//! everything is there and reads as it was read, or nothing is.

mod postgres;
mod sqlite;
mod table;

use std::path::PathBuf;

use tokio::sync::{mpsc, oneshot};

use super::store::StoreError;
use table::{ENDED_EARLY, TABLES};

/// What was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// How many rows, by table.
    pub rows: Vec<(&'static str, u64)>,
    /// Changes the source accepted after the snapshot; they are not in the target.
    pub late: u64,
}

/// Batches of rows that may wait for the writing side.
const WAITING: usize = 2;

/// A store by its address.
enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    fn of(address: &str) -> Self {
        match address.strip_prefix("sqlite:") {
            Some(path) => Place::Sqlite(PathBuf::from(path)),
            None => Place::Postgres(address.to_owned()),
        }
    }

    /// How many changes it has accepted, all spaces together.
    async fn changes(&self) -> Result<i64, StoreError> {
        match self {
            Place::Sqlite(path) => sqlite::changes(path.clone()).await,
            Place::Postgres(address) => postgres::changes(address).await,
        }
    }
}

/// Copies all from the store at `from` to the one at `to`, which must hold nothing yet; addresses as for `serve --store`.
///
/// # Errors
/// If either cannot be opened, the target is not empty, or what was written reads differently.
pub async fn copy(from: &str, to: &str) -> Result<Moved, StoreError> {
    let (source, target) = (Place::of(from), Place::of(to));
    if let Place::Sqlite(path) = &source
        && !path.exists()
    {
        return Err(StoreError::Unavailable(format!("{} does not exist", path.display())));
    }
    drop(super::open(from).await?); // each brings its schema up to date
    drop(super::open(to).await?);
    let (rows, batches) = mpsc::channel(WAITING);
    let (seen, snapshot) = oneshot::channel();
    let read = async {
        match &source {
            Place::Sqlite(path) => sqlite::read(path.clone(), rows, seen).await,
            Place::Postgres(address) => postgres::read(address, rows, seen).await,
        }
    };
    let write = async {
        match &target {
            Place::Sqlite(path) => sqlite::write(path.clone(), batches).await,
            Place::Postgres(address) => postgres::write(address, batches).await,
        }
    };
    // A side that fails closes the queue; the other then stops too, and the first cause is told.
    let (sums, read) = futures_util::future::join(write, read).await;
    let sums = match (sums, read) {
        (Ok(sums), Ok(())) => sums,
        (Err(StoreError::Unavailable(why)), Err(cause)) if why == ENDED_EARLY => return Err(cause),
        (Err(cause), _) | (Ok(_), Err(cause)) => return Err(cause),
    };
    let before = snapshot.await.map_err(|_| StoreError::Unavailable("the source was not read".to_owned()))?;
    let late = u64::try_from(source.changes().await? - before).unwrap_or(0);
    Ok(Moved { rows: TABLES.iter().zip(sums).map(|(t, sum)| (t.name, sum.rows)).collect(), late })
}
