//! The file itself: making it, knowing it for ours, and bringing it up to date.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::DiskError;

/// Our mark in the file's header ("dpty").
pub(super) const MARK: i64 = 0x6470_7479;
/// The steps of the format, in order; `user_version` counts those that were taken.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../../assets/migrations/client/1.sql"), include_str!("../../../assets/migrations/client/2.sql")];

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
