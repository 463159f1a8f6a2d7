//! The reference server: PROTOCOL over a store. Never imports `client`.
//!
//! [`serve`] takes a listener, a store and a future that ends when it should stop; clock and ids come in with [`Config`]. A request goes
//! through `routes` (thin: read, ask the store, answer), the store's transaction, and `decide` inside it.

pub mod auth;
pub mod decide;
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
