//! The reference server. Never imports `client`.

pub mod decide;
pub mod sqlite;
pub mod store;

mod events;
mod memory;
mod work;
