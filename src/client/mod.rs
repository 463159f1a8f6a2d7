//! The device's side: what a person typed is made durable, sent, sorted by the answer, and caught up with. Never imports `server`.
//!
//! Screens and commands hold a [`Handle`]: they send a [`Command`] and receive [`News`]; nothing else crosses. Every command about text
//! carries the revision of the text it speaks of, and news about it carries the same revision back, so that a late answer is never
//! applied to text it does not know. What becomes of a note is decided in `sync` and `outbox`, which are pure; `disk` makes it durable,
//! `http` carries it, `driver` runs them.

pub mod brake;
pub mod catch_up;
pub mod disk;
pub mod driver;
pub mod handle;
pub mod http;
pub mod locks;
pub mod message;
pub mod outbox;
pub mod rebase;
pub mod record;
pub mod sync;
pub mod unseen;

pub use driver::{Config, KeepToken, OpenError, Parts, start, start_keeping};
pub use handle::{Command, Handle, News};
pub use handle::{Connection, Detail, Draft, EntryState, Holder, OutboxRow, Parked, Revision, Row, State, Token, VersionRow};
