//! Opening the file as a person's start of the program does: going on with what broke off, and setting aside what cannot be used.

use std::path::Path;

use rusqlite::Connection;

use super::file::{beside, io, try_open};
use super::{DiskError, salvage};
use crate::domain::note::Time;

pub(super) fn open(path: &Path, now: Time) -> Result<(Connection, Vec<String>), DiskError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| io(&e))?;
    }
    let mark = beside(path, ".damaged");
    let broken_off: Vec<String> = salvage::finish(path)?.into_iter().collect();
    let opened = try_open(path).and_then(|db| if mark.exists() && broken_off.is_empty() { looked_through(db) } else { Ok(db) });
    let (db, notices) = match opened {
        Ok(db) => (db, broken_off),
        Err(DiskError::Damaged(why)) => {
            let told = salvage::salvage(path, &why, now)?;
            (try_open(path)?, vec![told])
        }
        Err(e) => return Err(e),
    };
    let _ = std::fs::remove_file(&mark);
    Ok((db, notices))
}

/// Looks through a file in which damage was seen.
fn looked_through(db: Connection) -> Result<Connection, DiskError> {
    let said: String = db.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
    if said == "ok" { Ok(db) } else { Err(DiskError::Damaged(said)) }
}
