//! The reference server. Never imports `client`.

pub mod decide;
pub mod store;
