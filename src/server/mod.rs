//! The reference server: PROTOCOL over a store. Never imports `client`.
//!
//! [`serve`] takes a listener, a store and a future that ends when it should stop; clock and ids come in with [`Config`]. A request goes
//! through `routes` (thin: read, ask the store, answer), the store's transaction, and `decide` inside it.

pub mod auth;
pub mod decide;
pub mod policies;
pub mod sqlite;
pub mod store;

mod app;
mod error;
mod events;
mod memory;
mod metrics;
mod request;
mod routes;
mod run;
mod work;

pub use app::{Config, Tls};
pub use run::{openapi, serve};

use std::path::Path;
use std::sync::Arc;

/// Opens a store by its address, `sqlite:PATH`, and brings it up to date; an empty one sets itself up.
///
/// # Errors
/// If the address is of no known kind, or the store cannot be opened.
pub async fn open(address: &str) -> Result<Arc<dyn store::Store>, store::StoreError> {
    match address.strip_prefix("sqlite:") {
        Some(path) => Ok(Arc::new(sqlite::SqliteStore::open(Path::new(path))?)),
        None => Err(store::StoreError::Unavailable(format!("{address:?} is no store: use sqlite:PATH"))),
    }
}
