//! The server beside its peers: `cargo bench --bench server` prints how many saves, at what cost, how fast.
//!
//! Whole processes on loopback, SQLite with `synchronous = FULL`, saves of 2 kB, alternating rounds; a ratio is of two medians of one
//! run. CPU is the server's own. `-- saves`, `-- large`, `-- listeners` run one part; `-- quick` takes fewer and shorter rounds. A peer
//! that is not installed is left out, and said so: `etcd`, `pgbench` of PostgreSQL, and the handler in `gin.go`, which is built where there
//! are Go and Debian's golang-github-{gin-gonic-gin,jinzhu-gorm,mattn-go-sqlite3}-dev (Gin 1.8, GORM 1.9). It reports, it never fails.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and ends at once when something is missing"
)]

mod large;
mod listeners;
mod load;
mod peers;
mod postgres;
mod process;
mod saves;

use std::path::{Path, PathBuf};
use std::process::Command;

use process::{Running, free_port};

/// The program to measure.
const PROGRAM: &str = env!("CARGO_BIN_EXE_diptych");

/// This server over a file, and a token for it.
pub struct Subject {
    pub running: Running,
    pub token: String,
}

/// The program, away from the settings of whoever runs this.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("DIPTYCH_BENCH_PROGRAM").map_or_else(|| PathBuf::from(PROGRAM), PathBuf::from));
    for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        command.env(name, folder);
    }
    command
}

impl Subject {
    /// Makes a token in the store and serves it. `store` is an address as `--store` takes it.
    pub fn start(folder: &Path, store: &str) -> Subject {
        let made = program(folder).args(["token", "add", "bench", "--store", store]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let port = free_port();
        let running = Running::start(program(folder).args(["serve", "--store", store, "--listen", &format!("127.0.0.1:{port}")]), port);
        Subject { running, token }
    }

    /// Its kind of load.
    pub fn kind(&self, stale: bool) -> load::Kind {
        load::Kind::Diptych { token: self.token.clone(), stale }
    }
}

/// The middle one of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A place for the files of servers: on the disk this was built on, for a folder in memory waits for no disk.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(Path::new(PROGRAM).parent().unwrap()).unwrap()
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, peer, kind, port, file] = &args[..]
        && peer == "peer"
    {
        return peers::be(kind, port.parse().unwrap(), file);
    }
    let named = |part: &str| args.iter().any(|a| a == part);
    let all = !["saves", "large", "listeners"].iter().any(|p| named(p));
    let quick = named("quick");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if all || named("saves") {
        runtime.block_on(saves::tables(quick));
    }
    if all || named("large") {
        runtime.block_on(large::tables(quick));
    }
    if all || named("listeners") {
        runtime.block_on(listeners::table(quick));
    }
}
