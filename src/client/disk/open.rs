//! Opening the file: making it, knowing it for ours, having set aside what is not, and bringing it up to date.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{DiskError, salvage};
use crate::domain::note::Time;

/// Our mark in the file's header ("dpty").
pub(super) const MARK: i64 = 0x6470_7479;
/// The steps of the format, in order; `user_version` counts those that were taken.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../../assets/migrations/client/1.sql"), include_str!("../../../assets/migrations/client/2.sql")];

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

/// The path with something added to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn try_open(path: &Path) -> Result<Connection, DiskError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(path, flags).map_err(|e| cannot_open(path, e))?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(64);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?; // values bound do not have statements prepared anew
    let mark: i64 = db.query_row("PRAGMA application_id", [], |r| r.get(0))?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    if mark != MARK && tables > 0 {
        return Err(DiskError::Damaged("it is a database of another program".to_owned()));
    }
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;")?;
    migrate(&mut db)?;
    Ok(db)
}

fn cannot_open(path: &Path, e: rusqlite::Error) -> DiskError {
    if path.is_dir() {
        return DiskError::Other(format!("{} is a folder, not a file", path.display()));
    }
    match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) => DiskError::ReadOnly,
        _ => e.into(),
    }
}

fn migrate(db: &mut Connection) -> Result<(), DiskError> {
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let taken: i64 = tx.query_row("PRAGMA user_version", [], |r| r.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if taken > known {
        return Err(DiskError::Newer(taken));
    }
    for sql in MIGRATIONS.iter().skip(usize::try_from(taken).unwrap_or(0)) {
        tx.execute_batch(sql)?;
    }
    if taken < known {
        tx.pragma_update(None, "user_version", known)?;
        tx.pragma_update(None, "application_id", MARK)?;
    }
    Ok(tx.commit()?)
}

pub(super) fn io(e: &std::io::Error) -> DiskError {
    match e.kind() {
        std::io::ErrorKind::StorageFull => DiskError::Full,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => DiskError::ReadOnly,
        _ => DiskError::Other(e.to_string()),
    }
}
