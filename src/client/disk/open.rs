//! Opening the file: making it, knowing it for ours, setting aside what is not, and bringing it up to date.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{Disk, DiskError};
use crate::domain::note::Time;

/// Our mark in the file's header ("dpty").
const MARK: i64 = 0x6470_7479;
/// The steps of the format, in order; `user_version` counts those that were taken.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../../assets/migrations/client/1.sql"), include_str!("../../../assets/migrations/client/2.sql")];

pub(super) fn open(path: &Path, now: Time) -> Result<(Connection, Vec<String>), DiskError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| io(&e))?;
    }
    let mark = beside(path, ".damaged");
    let opened = try_open(path).and_then(|db| if mark.exists() { looked_through(db) } else { Ok(db) });
    match opened {
        Ok(db) => {
            let _ = std::fs::remove_file(&mark);
            Ok((db, Vec::new()))
        }
        Err(DiskError::Damaged(why)) => {
            let aside = set_aside(path, now)?;
            let db = try_open(path)?;
            let (saved, lost) = salvage(&aside, &db);
            let _ = std::fs::remove_file(&mark);
            let taken = if lost { "All that could be read of it was taken over" } else { "All of it was taken over" };
            let notice = format!(
                "The file of this device's notes could not be used: {why}. It is kept as {} and a new one was begun. {} \
                 What the server has comes back by itself; for anything else look into the kept file.",
                aside.display(),
                if saved == 0 { String::new() } else { format!("{taken} ({saved} notes).") }
            );
            Ok((db, vec![notice]))
        }
        Err(e) => Err(e),
    }
}

/// Looks through a file in which damage was seen.
fn looked_through(db: Connection) -> Result<Connection, DiskError> {
    let said: String = db.query_row("PRAGMA quick_check(1)", [], |r| r.get(0))?;
    if said == "ok" { Ok(db) } else { Err(DiskError::Damaged(said)) }
}

/// Takes over what can be read of a file set aside, note by note: how many, and whether something could not be.
fn salvage(aside: &Path, db: &Connection) -> (usize, bool) {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(old) = Connection::open_with_flags(aside, flags) else { return (0, true) };
    if old.query_row("PRAGMA application_id", [], |r| r.get::<_, i64>(0)).ok() != Some(MARK) {
        return (0, true);
    }
    let old = Disk { db: old, path: aside.to_owned(), last: None };
    let (ids, mut lost) = old.ids();
    let mut saved = 0;
    for id in ids {
        match old.read(id).and_then(|record| super::write::put(db, &record)) {
            Ok(()) => saved += 1,
            Err(_) => lost = true,
        }
        for kept in old.copies(id).unwrap_or_default().iter().rev() {
            lost |= super::write::put_copy(db, id, &kept.content, &kept.why, kept.at).is_err();
        }
    }
    (saved, lost)
}

/// The path with something added to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn try_open(path: &Path) -> Result<Connection, DiskError> {
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

/// Gives the file and its companions another name, which no file has yet.
fn set_aside(path: &Path, now: Time) -> Result<PathBuf, DiskError> {
    let named = |suffix: &str| beside(path, suffix);
    let aside = (0..1000)
        .map(|n| named(&format!(".aside-{}-{n}", now.0 / 1_000_000)))
        .find(|p| !p.exists())
        .ok_or_else(|| DiskError::Other("no free name for the damaged file".to_owned()))?;
    std::fs::rename(path, &aside).map_err(|e| io(&e))?;
    for companion in ["-wal", "-shm"] {
        let from = named(companion);
        if from.exists() {
            std::fs::rename(&from, beside(&aside, companion)).map_err(|e| io(&e))?;
        }
    }
    Ok(aside)
}

fn io(e: &std::io::Error) -> DiskError {
    match e.kind() {
        std::io::ErrorKind::StorageFull => DiskError::Full,
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => DiskError::ReadOnly,
        _ => DiskError::Other(e.to_string()),
    }
}
