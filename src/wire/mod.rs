//! What travels: JSON shapes, headers, errors; checked conversions to and from the domain.
//!
//! Both ends of the HTTP protocol read and write these types and no others. They hold what JSON can say; what it may mean is checked
//! on the way into the domain. Every shape has a schema, from which the server's OpenAPI document is generated.

pub mod audit;
pub mod error;
pub mod markdown;
pub mod note;
pub mod side;
pub mod text;
pub mod time;
pub mod value;

/// Names the device or surface a request comes from: the origin.
pub const X_CLIENT: &str = "x-client";
/// Makes a retry of a write harmless.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Says that a reply is the first reply to its idempotency key again.
pub const IDEMPOTENCY_REPLAYED: &str = "idempotency-replayed";
/// Proves that a save comes from the holder of the note's lock.
pub const X_LOCK_TOKEN: &str = "x-lock-token";
/// Bytes an origin may have.
pub const MAX_ORIGIN: usize = 64;

/// Whether a text can be an origin: 1 to 64 characters of `[A-Za-z0-9._-]`.
#[must_use]
pub fn is_origin(text: &str) -> bool {
    (1..=MAX_ORIGIN).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// A success: `{"data": …}`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
}
