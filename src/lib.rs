//! diptych: edit notes in your terminal; when two edits collide, settle them side by side, and lose nothing.
//!
//! # The shape
//!
//! One crate, library and binary. A folder is a layer, and a file imports only from its own layer or from those below. A test
//! (`tests/it/tidy`) reads the sources and holds them to that.
//!
//! | layer | may import | what it never does |
//! | --- | --- | --- |
//! | [`domain`] | nothing | read a clock, a file, a socket or random bytes; wait; know of JSON or SQL |
//! | `wire` | domain | decide anything: it says what travels, and checks it on the way in |
//! | `client` | domain, wire | know the server's insides; say "saved" before the disk has it |
//! | `server` | domain, wire | know a client's insides; decide outside a transaction; decide without logging |
//! | `tui` | domain, the client's `handle` | wait, read or write in an update; draw from anything but a shared reference |
//! | `cli` | all | hold a rule of the product: it is the only place that knows everyone, reads clock and randomness, and prints |
//!
//! There is no prelude and nothing is re-exported at the root: the import line shows the layer.
//!
//! # Where to look
//!
//! - A note, its versions, what may be in it: `domain/note.rs`. Who wins when both changed a field: `domain/policy.rs`.
//! - Three texts to hunks: `domain/merge`. What is proposed inside one clash, and why: `domain/refine`. What a person chose, the
//!   result, and what the result leaves out: `domain/settle`.
//! - What a request and an answer look like: `wire`. What the server says to a save: `server/decide.rs`, run by each store inside its
//!   own transaction.
//! - When something is sent, tried again, or parked: `client/sync`, a plain function of state, input and time. What is on this disk:
//!   `client/disk`.
//! - What a key does: `assets/keys.toml`, read by `tui/keys.rs`; help and the command list are printed from the same table.
//! - A command: `cli`, one file each.
//!
//! # The way of one key
//!
//! The terminal gives bytes (`tui/source.rs`), which become an event (`tui/intake.rs`). The loop in `tui/mod.rs`, the only one, hands it
//! to the app; the key table makes an action of it; the screen on top changes its state and answers with effects. The loop carries them
//! out: a copy to the clipboard, an editor. Then it draws once from a shared reference, and learns what was drawn where, so that the mouse
//! finds it. Commands to the client and files are handed on after that, in order: they wake other threads, and the person looks at the
//! screen. Nothing flows back into a screen but events.
//!
//! # The way of one 409
//!
//! The editor sends `Save` with the whole text and its revision. The client writes draft, base and outbox entry in one transaction, and only
//! then says `SavedHere`. It sends the entry with its base version and an idempotency key. The server's store opens a transaction, reads
//! present and base, and asks `decide`; the note has moved on and the body's policy is manual, so the save is refused, with both
//! versions and an audit entry that keeps the refused text, and the transaction ends. The client parks the entry with mine, theirs
//! and base on disk before it tells anyone, and says `NeedsYou`. The screens show a banner and take nothing away from who is typing.
//! When the person goes there, the merge is made off the loop; each choice goes into a journal on disk. The settled text replaces the
//! outbox entry, with theirs as its base, and is sent like any save: accepted ("synced"), or refused again, where mine is now the
//! settled text and base the previous theirs, so that no choice is asked twice unless that very place moved.

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
