//! The reference server: the HTTP protocol over a store. Never imports `client`.
//!
//! [`serve`] takes a listener, a store and a future that ends when it should stop; clock and ids come in with [`Config`]. A request goes
//! through `routes` (thin: read, ask the store, answer), the store's transaction, and `decide` inside it.

pub mod auth;
pub mod decide;
pub mod migrate;
pub mod policies;
pub mod postgres;
pub mod sqlite;
pub mod store;

mod app;
mod door;
mod error;
mod events;
mod fresh;
mod memory;
mod metrics;
mod request;
mod routes;
mod run;
mod search;
mod tx;
mod work;

pub use app::{Config, Tls};
pub use run::{openapi, serve};

use std::path::Path;
use std::sync::Arc;

/// Opens a store by its address, `sqlite:PATH` or `postgres://…`, and brings it up to date; an empty one sets itself up.
///
/// # Errors
/// If the address is of no known kind, or the store cannot be opened.
pub async fn open(address: &str) -> Result<Arc<dyn store::Store>, store::StoreError> {
    if let Some(path) = address.strip_prefix("sqlite:") {
        return Ok(Arc::new(sqlite::SqliteStore::open(Path::new(path))?));
    }
    if address.starts_with("postgres://") || address.starts_with("postgresql://") {
        return Ok(Arc::new(postgres::PostgresStore::open(address).await?));
    }
    Err(store::StoreError::Unavailable("a store is sqlite:PATH or postgres://…".to_owned()))
}
