//! The tables both stores have, and rows on their way from one to the other.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::server::store::StoreError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Text,
    Truth,
    Id,
    Bytes,
}

use Kind::{Bytes, Id, Number, Text, Truth};

/// A table with its columns as PostgreSQL has them.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [(&'static str, Kind)],
}

/// In SQLite where a space's order of changes stands is said by its records.
pub(super) const SPACES: &str = "spaces";
/// In SQLite a note points at the row of its version.
pub(super) const NOTES: &str = "notes";
/// In SQLite a version points at rows of earlier ones.
pub(super) const VERSIONS: &str = "versions";

/// Versions stand before the notes that point at them.
pub(super) const TABLES: [Table; 9] = [
    Table { name: SPACES, columns: &[("id", Number), ("name", Text), ("seq", Number)] },
    Table { name: "epochs", columns: &[("space", Number), ("first", Number), ("id", Id)] },
    Table {
        name: "tokens",
        columns: &[
            ("id", Number),
            ("space", Number),
            ("user", Text),
            ("name", Text),
            ("hash", Bytes),
            ("created", Number),
            ("revoked", Number),
        ],
    },
    Table {
        name: VERSIONS,
        columns: &[
            ("space", Number),
            ("id", Id),
            ("version", Number),
            ("title", Text),
            ("body", Text),
            ("tags", Text),
            ("fields", Text),
            ("deleted", Truth),
            ("created", Number),
            ("updated", Number),
            ("user", Text),
            ("origin", Text),
        ],
    },
    Table { name: NOTES, columns: &[("space", Number), ("id", Id), ("version", Number), ("seq", Number), ("deleted", Truth)] },
    Table {
        name: "bookmarks",
        columns: &[
            ("space", Number),
            ("user", Text),
            ("note", Id),
            ("seq", Number),
            ("marked", Truth),
            ("why", Text),
            ("gone", Truth),
            ("updated", Number),
            ("origin", Text),
        ],
    },
    Table {
        name: "locks",
        columns: &[
            ("space", Number),
            ("note", Id),
            ("seq", Number),
            ("user", Text),
            ("origin", Text),
            ("token", Id),
            ("acquired", Number),
            ("expires", Number),
        ],
    },
    Table {
        name: "audit",
        columns: &[
            ("space", Number),
            ("seq", Number),
            ("id", Id),
            ("at", Number),
            ("entity", Text),
            ("entity_id", Id),
            ("action", Text),
            ("user", Text),
            ("client_origin", Text),
            ("server_origin", Text),
            ("server_ts", Number),
            ("client_ts", Number),
            ("server_version", Number),
            ("base_version", Number),
            ("fields", Text),
            ("outcome", Text),
            ("settled", Text),
        ],
    },
    Table { name: "memory", columns: &[("space", Number), ("user", Text), ("key", Id), ("hash", Bytes), ("at", Number), ("memory", Text)] },
];

impl Table {
    /// The order its rows are sent in: each version after those before it.
    pub(super) fn order(&self) -> &'static str {
        if self.name == VERSIONS { " ORDER BY space, updated" } else { "" }
    }

    /// Its columns, quoted, with a comma between.
    pub(super) fn names(&self) -> String {
        self.columns.iter().map(|(n, _)| format!("\"{n}\"")).collect::<Vec<_>>().join(", ")
    }
}

/// One value of one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(i64),
    Text(String),
    Truth(bool),
    Id(Uuid),
    Bytes(Vec<u8>),
}

impl Cell {
    fn len(&self) -> usize {
        match self {
            Cell::Text(t) => t.len(),
            Cell::Bytes(b) => b.len(),
            _ => 16,
        }
    }
}

/// Some rows of one table; a table beyond the last one says that all is sent.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) table: usize,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// Rows and bytes of one batch.
const AT_ONCE: (usize, usize) = (1000, 1 << 20);

/// Gathers rows into batches.
#[derive(Debug)]
pub(super) struct Gathering {
    batch: Batch,
    bytes: usize,
}

impl Gathering {
    pub(super) fn of(table: usize) -> Self {
        Self { batch: Batch { table, rows: Vec::new() }, bytes: 0 }
    }

    /// Takes a row; gives the batch it fills.
    pub(super) fn take(&mut self, row: Vec<Cell>) -> Option<Batch> {
        self.bytes += row.iter().map(Cell::len).sum::<usize>();
        self.batch.rows.push(row);
        if self.batch.rows.len() < AT_ONCE.0 && self.bytes < AT_ONCE.1 {
            return None;
        }
        self.bytes = 0;
        let table = self.batch.table;
        Some(std::mem::replace(&mut self.batch, Batch { table, rows: Vec::new() }))
    }

    /// What is left.
    pub(super) fn rest(self) -> Option<Batch> {
        if self.batch.rows.is_empty() { None } else { Some(self.batch) }
    }
}

/// What a table's rows come to, in whatever order they are read: their number, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) rows: u64,
    hash: [u64; 4],
}

/// Of every table.
pub(super) type Sums = [Sum; TABLES.len()];

impl Sum {
    pub(super) fn add(&mut self, row: &[Cell]) {
        let mut hash = Sha256::new();
        for cell in row {
            let mut put = |kind: u8, bytes: &[u8]| {
                hash.update([kind]);
                hash.update((bytes.len() as u64).to_le_bytes());
                hash.update(bytes);
            };
            match cell {
                Cell::Null => put(0, &[]),
                Cell::Number(n) => put(1, &n.to_le_bytes()),
                Cell::Text(t) => put(2, t.as_bytes()),
                Cell::Truth(t) => put(3, &[u8::from(*t)]),
                Cell::Id(id) => put(4, id.as_bytes()),
                Cell::Bytes(b) => put(5, b),
            }
        }
        self.rows += 1;
        let hash: [u8; 32] = hash.finalize().into();
        for (sum, part) in self.hash.iter_mut().zip(hash.as_chunks::<8>().0) {
            *sum = sum.wrapping_add(u64::from_le_bytes(*part));
        }
    }
}

/// What one side says when the other is gone.
pub(super) const ENDED_EARLY: &str = "the other store ended early";

/// The other side is gone; it says itself why.
pub(super) fn broken_off() -> StoreError {
    StoreError::Unavailable(ENDED_EARLY.to_owned())
}

/// The target has something in it.
pub(super) fn not_empty() -> StoreError {
    StoreError::Database("the target is not empty: it holds notes or tokens already".to_owned())
}

/// Whether what was read back is what was written.
pub(super) fn compare(written: &Sums, read: &Sums) -> Result<(), StoreError> {
    match TABLES.iter().zip(written.iter().zip(read)).find(|(_, (w, r))| w != r) {
        None => Ok(()),
        Some((table, (w, r))) => {
            let how = format!("{} rows were written, {} read back, or their content differs", w.rows, r.rows);
            Err(StoreError::Database(format!("table {} does not read as it was written: {how}", table.name)))
        }
    }
}

/// The last message: the source has sent all of it.
pub(super) fn is_end(batch: &Batch) -> bool {
    batch.table >= TABLES.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_tells_rows_apart_but_not_their_order() {
        let sum = |rows: &[&[Cell]]| {
            let mut out = Sum::default();
            rows.iter().for_each(|r| out.add(r));
            out
        };
        let (a, b) = ([Cell::Text("ab".into()), Cell::Text("c".into())], [Cell::Text("a".into()), Cell::Text("bc".into())]);
        assert_eq!(sum(&[&a, &b]), sum(&[&b, &a]));
        assert_ne!(sum(&[&a]), sum(&[&b]));
        assert_ne!(sum(&[&a, &a]), sum(&[&a]));
        assert_ne!(sum(&[&[Cell::Null]]), sum(&[&[Cell::Text(String::new())]]));
        assert_ne!(sum(&[&[Cell::Number(1)]]), sum(&[&[Cell::Truth(true)]]));
    }

    #[test]
    fn a_batch_is_full_by_rows_or_by_bytes() {
        let mut g = Gathering::of(3);
        assert!(g.take(vec![Cell::Number(1)]).is_none());
        let full = g.take(vec![Cell::Text("x".repeat(AT_ONCE.1))]).unwrap();
        assert_eq!((full.table, full.rows.len()), (3, 2));
        assert!((0..AT_ONCE.0 - 1).all(|_| g.take(vec![Cell::Null]).is_none()) && g.take(vec![Cell::Null]).is_some());
        assert!(g.rest().is_none());
    }
}
