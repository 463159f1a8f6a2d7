//! Sends one outbox entry and sorts the answer.

use reqwest::header::IF_UNMODIFIED_SINCE;
use reqwest::{Method, StatusCode};

use super::{Fault, Http, body, fault, parse, unreachable};
use crate::client::message::{Answer, Body, Request};
use crate::client::record::Report;
use crate::domain::note::{Note, NoteId, Time};
use crate::wire;
use crate::wire::audit::{HunksJson, OutcomeJson, SettledJson};
use crate::wire::error::{ConflictJson, ErrorJson};
use crate::wire::note::{SaveJson, SavedJson};
use crate::wire::side::BookmarkSaveJson;

impl Http {
    /// Sends an entry. `lock` is the token of the note's lock, where this device holds it.
    ///
    /// # Errors
    /// No answer came, or the token was refused: that is about the server, not about this entry.
    pub async fn send(&self, request: &Request, lock: Option<&str>) -> Result<Answer, Fault> {
        let answer = match &request.body {
            Body::Create(content) => {
                self.write(request, lock, Method::POST, "/api/notes", &SaveJson::new_note(request.id, content.clone())).await
            }
            Body::Save(base, at, patch) => {
                let path = format!("/api/notes/{}", request.id);
                self.write(request, lock, Method::PUT, &path, &SaveJson::of(patch.clone(), *base, *at)).await
            }
            Body::Mark(marked, at) => self.mark(request, *marked, *at).await,
            Body::Report(report) => self.report(request, report).await,
        };
        match answer {
            Ok(answer) => Ok(answer),
            Err(Fault::Missing) => Ok(Answer::Missing),
            Err(Fault::Refused(status, why)) => Ok(Answer::Refused(status, why)),
            Err(Fault::Later(why, after)) => Ok(Answer::Later(why, after)),
            Err(fault @ (Fault::Nonsense(_) | Fault::TooLarge)) => Ok(Answer::Later(fault.to_string(), None)),
            Err(about_the_server) => Err(about_the_server),
        }
    }

    async fn write(&self, request: &Request, lock: Option<&str>, method: Method, path: &str, save: &SaveJson) -> Result<Answer, Fault> {
        let mut call = self.request(method, path).header(wire::IDEMPOTENCY_KEY, request.key.to_string()).json(save);
        if let Some(token) = lock {
            call = call.header(wire::X_LOCK_TOKEN, token);
        }
        let response = call.timeout(std::time::Duration::from_secs(60)).send().await.map_err(|e| unreachable(&e))?;
        match response.status() {
            s if s.is_success() => {
                let saved: SavedJson = parse(&body(response).await?)?;
                let note = checked(saved.data.into(), request.id)?;
                Ok(Answer::Saved(Box::new(note)))
            }
            StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => conflict(&body(response).await?, request.id),
            StatusCode::UNPROCESSABLE_ENTITY => {
                let bytes = body(response).await?;
                let said: ErrorJson = serde_json::from_slice(&bytes).unwrap_or_default();
                match (said.error.as_str(), &request.body) {
                    ("unknown_base", Body::Save(..)) => self.present_as_conflict(request.id).await,
                    _ => Err(super::sort(StatusCode::UNPROCESSABLE_ENTITY, &bytes, None)),
                }
            }
            _ => Err(fault(response).await),
        }
    }

    /// A base the server never had, or had in another past (it was set back to an older state): what it has now is the other side.
    async fn present_as_conflict(&self, id: NoteId) -> Result<Answer, Fault> {
        let present = self.note(id).await?;
        Ok(Answer::Conflict { present: Box::new(present), base: None, conflicts: Vec::new(), conflict_id: None })
    }

    async fn mark(&self, request: &Request, marked: bool, at: Time) -> Result<Answer, Fault> {
        let call = self
            .request(Method::PUT, &format!("/api/bookmarks/{}", request.id))
            .header(wire::IDEMPOTENCY_KEY, request.key.to_string())
            .header(IF_UNMODIFIED_SINCE, wire::time::rfc3339(at))
            .json(&BookmarkSaveJson { marked: Some(marked), ..BookmarkSaveJson::default() });
        self.json::<serde_json::Value>(call).await.map(|_| Answer::Done)
    }

    async fn report(&self, request: &Request, report: &Report) -> Result<Answer, Fault> {
        let Some(conflict_id) = report.conflict_id.as_deref().and_then(|c| c.parse().ok()) else { return Ok(Answer::Done) };
        let outcome = match report.outcome.as_str() {
            "mine" => OutcomeJson::Mine,
            "theirs" => OutcomeJson::Theirs,
            _ => OutcomeJson::Merged,
        };
        let [mine, theirs, both, edited] = report.hunks;
        let told = SettledJson { conflict_id, outcome, hunks: HunksJson { mine, theirs, both, edited }, seconds: report.seconds };
        let call = self.request(Method::POST, "/api/audit/settled").header(wire::IDEMPOTENCY_KEY, request.key.to_string()).json(&told);
        self.json::<serde_json::Value>(call).await.map(|_| Answer::Done)
    }
}

fn conflict(bytes: &[u8], id: NoteId) -> Result<Answer, Fault> {
    let said: ConflictJson = parse(bytes)?;
    Ok(Answer::Conflict {
        present: Box::new(checked(said.server_version.into(), id)?),
        base: said.base.map(|b| checked(b.into(), id)).transpose()?.map(Box::new),
        conflicts: said.conflicts.iter().filter_map(|c| c.parse().ok()).collect(),
        conflict_id: said.conflict_id,
    })
}

/// A note from outside means something only if it is the one asked for and keeps the limits.
pub(super) fn checked(note: Note, id: NoteId) -> Result<Note, Fault> {
    if note.id != id {
        return Err(Fault::Nonsense("The server answered with another note than the one asked for.".to_owned()));
    }
    sound(note)
}

/// Refuses a note that breaks the limits every server holds to.
pub(super) fn sound(note: Note) -> Result<Note, Fault> {
    let why = |what: &str| Fault::Nonsense(format!("The server sent a note that cannot be: {what}."));
    if note.version < 1 {
        return Err(why("its version is below 1"));
    }
    match note.content.check() {
        Ok(()) => Ok(note),
        Err(bad) => Err(why(&bad.into_iter().map(|(field, reason)| format!("{field} {reason}")).collect::<Vec<_>>().join(", "))),
    }
}
