//! The log: a file in the state folder, so that nothing is ever written over the screen.
//!
//! It is turned over at 4 MiB, also while the program runs, keeping one older file. Its level is a setting (`log`, `--log`, `DIPTYCH_LOG`): `off`, `error`, `warn`,
//! `info`, `debug` or `trace`. Texts of notes and tokens are never logged.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
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

/// A file that makes room for another once it is long enough.
struct Turning {
    path: PathBuf,
    max: u64,
    file: File,
    length: u64,
}

impl Turning {
    fn open(path: PathBuf, max: u64) -> io::Result<Self> {
        let (file, length) = append(&path)?;
        Ok(Self { path, max, file, length })
    }

    /// Another process may have turned it over already: then its new file is gone on with.
    fn turn(&mut self) -> io::Result<()> {
        if std::fs::metadata(&self.path).is_ok_and(|m| m.len() > self.max) {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        (self.file, self.length) = append(&self.path)?;
        Ok(())
    }
}

fn append(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

impl Write for Turning {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.length > self.max && self.turn().is_err() {
            self.length = 0; // it stays where it is, and is tried again as much later
        }
        let written = self.file.write(line)?;
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Starts logging to the file. A log that cannot be written is done without.
pub fn start(config: &Config) {
    let Ok(level) = config.log.parse::<LevelFilter>() else { return };
    if level == LevelFilter::OFF || dirs::make(&config.dirs.state).is_err() {
        return;
    }
    let path = path(config);
    let Ok(file) = Turning::open(path, MAX) else { return };
    let format = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    // Crates below us speak only when something is wrong.
    let targets = Targets::new().with_default(LevelFilter::WARN.min(level)).with_target("diptych", level);
    let _ = tracing_subscriber::registry().with(format).with(targets).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_makes_room_while_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("diptych.log");
        let (mut ours, mut others) = (Turning::open(path.clone(), 100).unwrap(), Turning::open(path.clone(), 100).unwrap());
        for n in 0..60 {
            let by = if n % 3 == 0 { &mut others } else { &mut ours };
            by.write_all(format!("line {n:04}\n").as_bytes()).unwrap();
        }
        let (now, before) = (std::fs::read_to_string(&path).unwrap(), std::fs::read_to_string(path.with_extension("log.1")).unwrap());
        assert!(now.len() < 250 && before.len() < 250, "{} {}", now.len(), before.len());
        assert!(now.ends_with("line 0059\n") && before.ends_with('\n'), "lines are whole");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
