//! The log: a file in the state folder, so that nothing is ever written over the screen.
//!
//! It is turned over at 4 MiB, keeping one older file. Its level is a setting (`log`, `--log`, `DIPTYCH_LOG`): `off`, `error`, `warn`,
//! `info`, `debug` or `trace`. Texts of notes and tokens are never logged.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::sync::Mutex;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::{Config, dirs};

const MAX: u64 = 4 * 1024 * 1024;

/// Where the log is.
#[must_use]
pub fn path(config: &Config) -> PathBuf {
    config.dirs.state.join("diptych.log")
}

/// Starts logging to the file. A log that cannot be written is done without.
pub fn start(config: &Config) {
    let Ok(level) = config.log.parse::<LevelFilter>() else { return };
    if level == LevelFilter::OFF || dirs::make(&config.dirs.state).is_err() {
        return;
    }
    let path = path(config);
    if std::fs::metadata(&path).is_ok_and(|m| m.len() > MAX) {
        let _ = std::fs::rename(&path, path.with_extension("log.1"));
    }
    let Ok(file) = OpenOptions::new().create(true).append(true).open(&path) else { return };
    let format = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    // Crates below us speak only when something is wrong.
    let targets = Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("diptych", level);
    let _ = tracing_subscriber::registry().with(format).with(targets).try_init();
}
