//! What is answered to a write, and how records look in answers.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::note::{Time, Version};
use crate::server::app::App;
use crate::server::error::{Failure, Reply, json, json_of};
use crate::server::request::Incoming;
use crate::server::store::{Answer, BookmarkRow, Done, Job, LockRow};
use crate::wire::error::ConflictJson;
use crate::wire::note::SavedJson;
use crate::wire::side::{BookmarkJson, HolderJson, LockJson};
use crate::wire::time::{Stamp, http_date};
use crate::wire::{Data, IDEMPOTENCY_REPLAYED};

/// How the answers of one call differ from those of another.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// The status of a success.
    pub(super) ok: StatusCode,
    /// The status of a conflict.
    pub(super) conflict: StatusCode,
}

/// Asks the store for a write and answers it.
pub(super) async fn perform(app: &App, incoming: Incoming, job: Job, shape: Shape) -> Reply {
    let (who, key) = incoming.read();
    let write = app.write(who, job, key);
    let Answer { done, replayed } = app.store.write(write).await?;
    if !replayed {
        app.metrics.write(&done);
    }
    let mut response = answer(done, shape).unwrap_or_else(IntoResponse::into_response);
    if replayed {
        response.headers_mut().insert(HeaderName::from_static(IDEMPOTENCY_REPLAYED), HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn answer(done: Done, shape: Shape) -> Reply {
    Ok(match done {
        Done::Saved { note, merged, overruled, .. } => {
            let (id, version, updated_at) = (note.id, note.version, note.updated_at);
            let about = 512 + note.content.body.len() + note.content.body.len() / 16;
            let reply = SavedJson { data: (*note).into(), merged, overruled };
            let mut response = with_validators(json_of(shape.ok, &reply, about), version, updated_at);
            // The id of the note that is there: a first answer given again names the one made then.
            if shape.ok == StatusCode::CREATED
                && let Ok(place) = HeaderValue::try_from(format!("/api/notes/{id}"))
            {
                response.headers_mut().insert(header::LOCATION, place);
            }
            response
        }
        Done::Conflict { present, base, conflicts, id } => {
            let body = ConflictJson {
                error: "version_conflict".to_owned(),
                message: format!("This note was changed on {} since you read it.", present.updated_from),
                server_version: (*present).into(),
                base: base.map(|b| (*b).into()),
                conflicts,
                conflict_id: Some(id.to_string()),
            };
            json(shape.conflict, &body)
        }
        Done::Missing => return Err(Failure::not_found()),
        Done::UnknownBase => {
            let what = "The server never had the version this change started from.";
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_base", what));
        }
        Done::BasesDisagree => return Err(Failure::bad("preconditions_disagree", "The preconditions name different versions.")),
        Done::Owned(why) => return Err(Failure::owned(why)),
        Done::Invalid(why) => return Err(Failure::invalid(why)),
        Done::Locked(lock) => return Err(Failure::locked(StatusCode::LOCKED, &lock)),
        Done::LockRefused(lock) => return Err(Failure::locked(StatusCode::CONFLICT, &lock)),
        Done::LockTaken(lock) => json(StatusCode::OK, &Data { data: lock_shown(lock) }),
        Done::Released => StatusCode::NO_CONTENT.into_response(),
        Done::Bookmark(row) if row.gone => StatusCode::NO_CONTENT.into_response(),
        Done::Bookmark(row) => json(StatusCode::OK, &Data { data: bookmark_shown(row) }),
        Done::Settled(entry) => json(shape.ok, &Data { data: crate::wire::audit::EntryJson::from(*entry) }),
        Done::KeyReused => {
            let what = "This idempotency key was used with another request.";
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", what));
        }
    })
}

/// A lock as its holder sees it.
fn lock_shown(row: LockRow) -> LockJson {
    LockJson {
        note_id: row.note,
        holder: HolderJson { user: row.user, client: row.origin },
        token: row.token.to_string(),
        acquired_at: Stamp(Time(row.acquired)),
        expires_at: Stamp(Time(row.expires)),
    }
}

/// A bookmark as it travels.
pub(super) fn bookmark_shown(row: BookmarkRow) -> BookmarkJson {
    BookmarkJson { note_id: row.note, marked: row.marked, note: row.why, updated_at: Stamp(Time(row.updated)) }
}

/// The ETag of a version.
pub(super) fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Puts the validators of a note on an answer.
pub(super) fn with_validators(mut response: Response, version: Version, updated_at: Time) -> Response {
    response.headers_mut().insert(header::ETAG, etag(version));
    if let Ok(date) = HeaderValue::try_from(http_date(updated_at)) {
        response.headers_mut().insert(header::LAST_MODIFIED, date);
    }
    response
}
