//! Bookmarks: the last write wins, and a clobbered one is logged.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::Usual;
use super::answer::{Shape, bookmark_shown, perform};
use crate::server::app::App;
use crate::server::auth::Caller;
use crate::server::error::{Failure, Reply, json};
use crate::server::request::{Incoming, note_id, unmodified_since};
use crate::server::store::Job;
use crate::wire::Data;
use crate::wire::side::{BookmarkJson, BookmarkSaveJson};

const SHAPE: Shape = Shape { ok: StatusCode::OK, conflict: StatusCode::CONFLICT };
/// Bytes the reason of a bookmark may have.
const MAX_WHY: usize = 4000;

/// This user's bookmark on a note.
#[utoipa::path(
    get,
    path = "/api/bookmarks/{note_id}", operation_id = "readBookmark",
    params(("note_id" = uuid::Uuid, Path)),
    responses((status = 200, body = Data<BookmarkJson>), Usual)
)]
pub(super) async fn read(State(app): State<App>, Caller(who): Caller, Path(id): Path<String>) -> Reply {
    let row = app.store.bookmark(who.space, who.user.to_string(), note_id(&id)?).await?;
    let row = row.filter(|r| !r.gone).ok_or_else(Failure::not_found)?;
    Ok(json(StatusCode::OK, &Data { data: bookmark_shown(row) }))
}

/// Writes a bookmark. Where the row is newer than `If-Unmodified-Since`, it is written all the same, and logged.
#[utoipa::path(
    put,
    path = "/api/bookmarks/{note_id}", operation_id = "writeBookmark",
    params(
        ("note_id" = uuid::Uuid, Path),
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless"),
        ("If-Unmodified-Since" = String, Header, description = "When the row was last seen, in RFC 3339 or as an HTTP-date")
    ),
    request_body = BookmarkSaveJson,
    responses((status = 200, body = Data<BookmarkJson>), Usual)
)]
pub(super) async fn write(State(app): State<App>, Path(id): Path<String>, incoming: Incoming) -> Reply {
    let note = note_id(&id)?;
    let asked: BookmarkSaveJson = incoming.json()?;
    if asked.note_id.is_some_and(|i| i != note.0) {
        return Err(Failure::owned([("note_id".to_owned(), "is not the id of the address".to_owned())].into()));
    }
    if asked.note.as_ref().is_some_and(|n| n.len() > MAX_WHY || n.contains('\0')) {
        return Err(Failure::invalid_one("note", format!("at most {MAX_WHY} bytes, without the character U+0000")));
    }
    let client_ts = unmodified_since(&incoming.headers)?;
    let owned = asked.updated_at.map(|t| t.0);
    let job = Job::Bookmark { note, marked: asked.marked, why: asked.note, gone: false, client_ts, owned };
    perform(&app, incoming, job, SHAPE).await
}

/// Takes a bookmark away.
#[utoipa::path(
    delete,
    path = "/api/bookmarks/{note_id}", operation_id = "removeBookmark",
    params(
        ("note_id" = uuid::Uuid, Path),
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless"),
        ("If-Unmodified-Since" = String, Header, description = "When the row was last seen, in RFC 3339 or as an HTTP-date")
    ),
    responses((status = 204, description = "It is gone"), Usual)
)]
pub(super) async fn remove(State(app): State<App>, Path(id): Path<String>, incoming: Incoming) -> Reply {
    let note = note_id(&id)?;
    let client_ts = unmodified_since(&incoming.headers)?;
    let job = Job::Bookmark { note, marked: Some(false), why: None, gone: true, client_ts, owned: None };
    perform(&app, incoming, job, SHAPE).await
}
