//! A PostgreSQL of our own, from the distribution's package, for as long as the test program runs; and what only it can be asked.

mod cluster;
mod failover;
mod locale;
mod processes;
mod search;
mod tls;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use cluster::Cluster;

static RUNNING: OnceLock<Option<Cluster>> = OnceLock::new();
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The address of a new, empty database; `None` where there is no PostgreSQL, which is said (and never so under `CI=true`).
pub fn database() -> Option<String> {
    let running = RUNNING.get_or_init(|| Cluster::start("-c fsync=off")).as_ref()?;
    let name = format!("d{}", NEXT.fetch_add(1, Ordering::SeqCst));
    running.sql("postgres", &format!("CREATE DATABASE {name}"));
    Some(running.address(&name))
}

/// The address of a new, empty database made with these options, if this PostgreSQL has what they need.
fn database_with(options: &str) -> Option<Result<String, String>> {
    let running = RUNNING.get_or_init(|| Cluster::start("-c fsync=off")).as_ref()?;
    let name = format!("d{}", NEXT.fetch_add(1, Ordering::SeqCst));
    Some(running.try_sql("postgres", &format!("CREATE DATABASE {name} {options}")).map(|_| running.address(&name)))
}

/// Asks a database something, beside everyone else, as text.
pub fn ask(address: &str, sql: &str) -> String {
    let running = RUNNING.get().and_then(Option::as_ref).expect("a database was made");
    let name = address.trim_start_matches("postgresql:///").split('?').next().unwrap();
    running.sql(name, sql)
}

/// A runtime like the program's.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
