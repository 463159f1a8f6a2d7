//! Writing notes: create, save, delete, and what is answered to them.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Usual;
use super::answer::{Shape, perform};
use super::notes::query;
use crate::domain::note::{Content, NoteId, Patch};
use crate::server::app::App;
use crate::server::error::{Failure, Reply};
use crate::server::request::{Incoming, note_id};
use crate::server::store::Job;
use crate::wire::error::{ConflictJson, ErrorJson};
use crate::wire::note::{Owned, SaveJson, SavedJson};

/// Creates a note.
#[utoipa::path(
    post,
    path = "/api/notes", operation_id = "createNote",
    params(
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless")
    ),
    request_body = SaveJson,
    responses(
        (
            status = 201,
            body = SavedJson,
            headers(("ETag" = String), ("Last-Modified" = String), ("Location" = String)),
            links(
                ("read" = (operation_id = "readNote", parameters(("id" = "$response.body#/data/id")))),
                ("save" = (operation_id = "saveNote", parameters(("id" = "$response.body#/data/id")))),
                ("delete" = (operation_id = "deleteNote", parameters(("id" = "$response.body#/data/id"), ("base_version" = "$response.body#/data/version")))),
                ("versions" = (operation_id = "listVersions", parameters(("id" = "$response.body#/data/id")))),
                ("version" = (operation_id = "readVersion", parameters(("id" = "$response.body#/data/id"), ("n" = "$response.body#/data/version")))),
                ("lock" = (operation_id = "takeLock", parameters(("id" = "$response.body#/data/id")))),
                ("bookmark" = (operation_id = "writeBookmark", parameters(("note_id" = "$response.body#/data/id"))))
            )
        ),
        (status = 409, body = ConflictJson, description = "A note with this id says something else"),
        Usual
    )
)]
pub(super) async fn create(State(app): State<App>, incoming: Incoming) -> Reply {
    let asked: SaveJson = incoming.json()?;
    if asked.base_version.is_some_and(|v| v != 0) {
        return Err(Failure::invalid_one("base_version", "a new note has no base"));
    }
    if asked.base_updated_at.is_some() {
        return Err(Failure::invalid_one("base_updated_at", "a new note has no base"));
    }
    let id = NoteId(asked.id.unwrap_or_else(|| (app.config.ids)()));
    let (patch, owned) = asked.split();
    if owned != Owned::default() {
        let why = "belongs to the server".to_owned();
        return Err(Failure::owned(owned.names().into_iter().map(|n| (n.to_owned(), why.clone())).collect()));
    }
    let job = Job::Create { id, content: Content::default().patched(&patch) };
    perform(&app, incoming, job, Shape { ok: StatusCode::CREATED, conflict: StatusCode::CONFLICT }).await
}

fn conflict_status(if_match: bool) -> Shape {
    Shape { ok: StatusCode::OK, conflict: if if_match { StatusCode::PRECONDITION_FAILED } else { StatusCode::CONFLICT } }
}

/// Saves a note: what is left out stays.
#[utoipa::path(
    put,
    path = "/api/notes/{id}", operation_id = "saveNote",
    params(
        ("id" = uuid::Uuid, Path),
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless"),
        ("If-Match" = String, Header, description = "The base, by its ETag; a conflict is then 412"),
        ("If-Unmodified-Since" = String, Header, description = "The base, by a time in RFC 3339 or as an HTTP-date"),
        ("X-Lock-Token" = uuid::Uuid, Header, description = "The token of the note's lock")
    ),
    request_body = SaveJson,
    responses(
        (status = 200, body = SavedJson, headers(("ETag" = String), ("Last-Modified" = String))),
        (status = 409, body = ConflictJson, description = "The note has moved on"),
        (status = 412, body = ConflictJson, description = "The note has moved on, and the base was named by If-Match"),
        (status = 423, body = ErrorJson, description = "Someone else holds the note's lock"),
        (status = 428, body = ErrorJson, description = "No base is named"),
        Usual
    )
)]
pub(super) async fn save(State(app): State<App>, Path(id): Path<String>, incoming: Incoming) -> Reply {
    let id = note_id(&id)?;
    let asked: SaveJson = incoming.json()?;
    if asked.id.is_some_and(|i| i != id.0) {
        return Err(Failure::owned([("id".to_owned(), "is not the id of the address".to_owned())].into()));
    }
    let bases = incoming.bases(asked.base_version)?;
    let lock = incoming.lock_token()?;
    let base_at = asked.base_updated_at.map(|t| t.0);
    let (patch, owned) = asked.split();
    let job = Job::Save { id, bases: bases.all, base_at, patch, owned, lock, client_ts: bases.time };
    perform(&app, incoming, job, conflict_status(bases.if_match)).await
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// The version this change started from.
    #[param(minimum = 0)]
    base_version: Option<i64>,
}

/// Deletes a note: its tombstone is a version like any other.
#[utoipa::path(
    delete,
    path = "/api/notes/{id}", operation_id = "deleteNote",
    params(
        ("id" = uuid::Uuid, Path),
        DeleteQuery,
        ("X-Client" = String, Header, description = "The origin", pattern = r"^[A-Za-z0-9._-]{1,64}$"),
        ("Idempotency-Key" = uuid::Uuid, Header, description = "Makes a retry harmless"),
        ("If-Match" = String, Header, description = "The base, by its ETag; a conflict is then 412"),
        ("If-Unmodified-Since" = String, Header, description = "The base, by a time in RFC 3339 or as an HTTP-date"),
        ("X-Lock-Token" = uuid::Uuid, Header, description = "The token of the note's lock")
    ),
    responses(
        (status = 200, body = SavedJson, headers(("ETag" = String), ("Last-Modified" = String))),
        (status = 409, body = ConflictJson, description = "The note has moved on"),
        (status = 412, body = ConflictJson, description = "The note has moved on, and the base was named by If-Match"),
        (status = 423, body = ErrorJson, description = "Someone else holds the note's lock"),
        (status = 428, body = ErrorJson, description = "No base is named"),
        Usual
    )
)]
pub(super) async fn delete(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: Result<Query<DeleteQuery>, QueryRejection>,
    incoming: Incoming,
) -> Result<Response, Failure> {
    let id = note_id(&id)?;
    let bases = incoming.bases(query(asked)?.base_version)?;
    let lock = incoming.lock_token()?;
    let patch = Patch { deleted: Some(true), ..Patch::default() };
    let job = Job::Save { id, bases: bases.all, base_at: None, patch, owned: Owned::default(), lock, client_ts: bases.time };
    perform(&app, incoming, job, conflict_status(bases.if_match)).await
}
