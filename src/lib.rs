//! diptych: edit notes in your terminal; when two edits collide, settle them side by side, and lose nothing.

pub mod domain;

#[cfg(feature = "app")]
pub mod cli;
#[cfg(feature = "app")]
pub mod client;
#[cfg(feature = "app")]
pub mod server;
#[cfg(feature = "app")]
pub mod tui;
#[cfg(feature = "app")]
pub mod wire;
