//! Locks: taken, renewed, released.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Usual;
use super::answer::{Shape, perform};
use crate::server::app::App;
use crate::server::error::{Failure, Reply};
use crate::server::request::{Incoming, note_id};
use crate::server::store::Job;
use crate::wire::Data;
use crate::wire::error::ErrorJson;
use crate::wire::side::{LockJson, LockTokenJson};

const SHAPE: Shape = Shape { ok: StatusCode::OK, conflict: StatusCode::CONFLICT };

fn token(body: LockTokenJson) -> Result<Option<uuid::Uuid>, Failure> {
    let parsed = body.token.map(|t| t.parse()).transpose();
    parsed.map_err(|_| Failure::invalid_one("token", "must be the token of a lock"))
}

/// Takes a note's lock, or renews it with its token.
#[utoipa::path(
    post,
    path = "/api/notes/{id}/lock", operation_id = "takeLock",
    params(
        ("id" = uuid::Uuid, Path),
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless")
    ),
    request_body(content = Option<LockTokenJson>, description = "The token to renew; may be left out"),
    responses(
        (status = 200, body = Data<LockJson>),
        (status = 409, body = ErrorJson, description = "Someone else holds it"),
        Usual
    )
)]
pub(super) async fn take(State(app): State<App>, Path(id): Path<String>, incoming: Incoming) -> Reply {
    let note = note_id(&id)?;
    let token = token(incoming.json_or_default()?)?;
    perform(&app, incoming, Job::Lock { note, token }, SHAPE).await
}

/// Releases a note's lock with its token. A lock that someone else has taken meanwhile stays.
#[utoipa::path(
    delete,
    path = "/api/notes/{id}/lock", operation_id = "releaseLock",
    params(
        ("id" = uuid::Uuid, Path),
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("X-Lock-Token" = uuid::Uuid, Header, description = "The token, where it is not in the body")
    ),
    request_body(content = Option<LockTokenJson>, description = "The token; may be left out where the header has it"),
    responses(
        (status = 204, description = "Released, or free already"),
        (status = 409, body = ErrorJson, description = "Someone else holds it now"),
        Usual
    )
)]
pub(super) async fn release(State(app): State<App>, Path(id): Path<String>, incoming: Incoming) -> Reply {
    let note = note_id(&id)?;
    let token = token(incoming.json_or_default()?)?.or(incoming.lock_token()?);
    let token = token.ok_or_else(|| Failure::invalid_one("token", "is needed to release a lock"))?;
    perform(&app, incoming, Job::Unlock { note, token }, SHAPE).await
}
