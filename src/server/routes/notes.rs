//! Reading notes: lists, search, one note, its versions.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::Deserialize;
use uuid::Uuid;

use super::answer::with_validators;
use super::{Usual, page};
use crate::domain::note::{Note, Seq};
use crate::server::app::App;
use crate::server::auth::Caller;
use crate::server::error::{Failure, Reply, json};
use crate::server::request::note_id;
use crate::server::store::Search;
use crate::wire::Data;
use crate::wire::note::{NoteJson, PageJson, VersionJson};
use crate::wire::time::Stamp;

/// Notes a search gives where it names no limit.
const FOUND: u32 = 100;
/// Notes a search gives at most.
const FOUND_MAX: u32 = 1000;

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Notes changed after this place, in order of change, deleted ones included.
    #[param(minimum = 0)]
    since: Option<i64>,
    /// The `store` that came with that place. Where the place is not part of this store's past, `reset` says so and the list is whole.
    store: Option<Uuid>,
    /// At most so many; without it, a list by `since` is whole.
    #[param(minimum = 1, maximum = 1000000)]
    limit: Option<u32>,
    /// Live notes whose title or text holds this, whatever its case.
    #[param(max_length = 1000)]
    q: Option<String>,
    /// Live notes with this tag.
    #[param(max_length = 1000)]
    tag: Option<String>,
    /// The next page of a search: the `after` of the page before.
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// What is wrong with a query, as a failure.
pub(super) fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Failure> {
    query.map(|Query(q)| q).map_err(|e| Failure::invalid_one("query", e.body_text()))
}

/// The notes: by order of change with `since`, else the live ones, the one changed last first.
///
/// A search looks through some thousands of notes at a time: while `more` is true there may be others, also where a page is short or
/// empty, and `after` says where the next one begins.
#[utoipa::path(get, path = "/api/notes", operation_id = "listNotes", params(ListQuery), responses((status = 200, body = PageJson), Usual))]
pub(super) async fn list(State(app): State<App>, Caller(who): Caller, asked: Result<Query<ListQuery>, QueryRejection>) -> Reply {
    let asked = query(asked)?;
    let limit = asked.limit;
    if limit == Some(0) || limit.is_some_and(|l| l > 1_000_000) {
        return Err(Failure::invalid_one("limit", "must be 1 to 1000000"));
    }
    let negative = |n: Option<Seq>| n.is_some_and(|n| n < 0);
    if negative(asked.since) || negative(asked.after) {
        return Err(Failure::invalid_one(if negative(asked.since) { "since" } else { "after" }, "must not be negative"));
    }
    if let Some(seq) = asked.since {
        if asked.q.is_some() || asked.tag.is_some() || asked.after.is_some() {
            return Err(Failure::invalid_one("since", "cannot stand beside q, tag or after"));
        }
        let limit = limit.map_or(usize::MAX, |l| l as usize);
        return Ok(page::since(app, who.space, (asked.store, seq), limit).await?);
    }
    if asked.store.is_some() {
        return Err(Failure::invalid_one("store", "stands beside since"));
    }
    let long = |t: &Option<String>| t.as_ref().is_some_and(|t| t.chars().count() > 1000);
    if long(&asked.q) || long(&asked.tag) {
        return Err(Failure::invalid_one(if long(&asked.q) { "q" } else { "tag" }, "at most 1000 characters"));
    }
    let limit = limit.unwrap_or(FOUND).min(FOUND_MAX) as usize;
    let q = asked.q.map(|q| q.replace('\0', "")).filter(|q| !q.is_empty());
    let tag = asked.tag.map(|q| q.replace('\0', ""));
    let found = app.store.search(who.space, Search { q, tag, after: asked.after, limit, look: app.config.search_look }).await?;
    let data = found.notes.into_iter().map(|(_, n)| n.into()).collect();
    Ok(json(StatusCode::OK, &PageJson { data, seq: found.seq, more: found.more, store: None, reset: false, after: found.after }))
}

fn not_modified(headers: &HeaderMap, note: &Note) -> bool {
    let Some(value) = headers.get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok()) else { return false };
    let mine = format!("\"{}\"", note.version);
    value.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == mine)
}

/// One note.
#[utoipa::path(
    get,
    path = "/api/notes/{id}", operation_id = "readNote",
    params(("id" = uuid::Uuid, Path), ("If-None-Match" = String, Header, description = "An ETag: 304 if the note still has it")),
    responses(
        (status = 200, body = Data<NoteJson>, headers(("ETag" = String), ("Last-Modified" = String))),
        (status = 304, description = "The note still has that ETag"),
        Usual
    )
)]
pub(super) async fn read(State(app): State<App>, Caller(who): Caller, Path(id): Path<String>, headers: HeaderMap) -> Reply {
    let note = app.store.note(who.space, note_id(&id)?, None).await?.ok_or_else(Failure::not_found)?;
    let (version, updated_at) = (note.version, note.updated_at);
    let answer = if not_modified(&headers, &note) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(StatusCode::OK, &Data { data: NoteJson::from(note) })
    };
    Ok(with_validators(answer, version, updated_at))
}

/// The versions of a note, newest first, without their content.
#[utoipa::path(
    get,
    path = "/api/notes/{id}/versions", operation_id = "listVersions",
    params(("id" = uuid::Uuid, Path)),
    responses((status = 200, body = Data<Vec<VersionJson>>), Usual)
)]
pub(super) async fn versions(State(app): State<App>, Caller(who): Caller, Path(id): Path<String>) -> Reply {
    let versions = app.store.versions(who.space, note_id(&id)?).await?;
    if versions.is_empty() {
        return Err(Failure::not_found());
    }
    let row = |n: Note| VersionJson {
        version: n.version,
        updated_at: Stamp(n.updated_at),
        updated_by: n.updated_by,
        updated_from: n.updated_from,
    };
    Ok(json(StatusCode::OK, &Data { data: versions.into_iter().map(row).collect::<Vec<_>>() }))
}

/// The note as it was at a version.
#[utoipa::path(
    get,
    path = "/api/notes/{id}/versions/{n}", operation_id = "readVersion",
    params(("id" = uuid::Uuid, Path), ("n" = i64, Path, minimum = 1)),
    responses((status = 200, body = Data<NoteJson>), Usual)
)]
pub(super) async fn version(State(app): State<App>, Caller(who): Caller, Path((id, n)): Path<(String, String)>) -> Reply {
    let version = n.parse().map_err(|_| Failure::not_found())?;
    let note = app.store.note(who.space, note_id(&id)?, Some(version)).await?.ok_or_else(Failure::not_found)?;
    Ok(json(StatusCode::OK, &Data { data: NoteJson::from(note) }))
}
