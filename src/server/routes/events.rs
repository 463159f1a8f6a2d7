//! Live changes as server-sent events: resumed by `Last-Event-ID` without a gap, or told to resync.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::{broadcast, watch};

use super::Usual;
use crate::domain::note::Seq;
use crate::server::app::App;
use crate::server::auth::Caller;
use crate::server::error::{Failure, Reply};
use crate::server::store::{Event, Heard, Kind, LockRow, Space, StoreError};
use crate::wire::side::EventJson;

/// Changes a listener may have missed and still hear one by one.
const CATCH_UP: usize = 1000;
/// Locks told when a stream begins.
const HELD: usize = 1000;

struct Listening {
    app: App,
    space: Space,
    ready: VecDeque<Sent>,
    heard: broadcast::Receiver<Heard>,
    last: Seq,
    stopping: watch::Receiver<bool>,
}

/// Changes of this space as they happen; before them, without an id of their own, the locks that are held.
#[utoipa::path(
    get,
    path = "/api/events", operation_id = "streamEvents",
    params(("Last-Event-ID" = String, Header, description = "The id of the last event heard")),
    responses((status = 200, content_type = "text/event-stream", body = String, description = "event: note, bookmark, lock, audit or resync"), Usual)
)]
pub(super) async fn stream(State(app): State<App>, Caller(who): Caller, headers: HeaderMap) -> Reply {
    let heard = app.store.listen(who.space); // before looking back, so that nothing falls between
    let asked = headers.get("last-event-id").map(|v| v.to_str().ok().and_then(|v| v.trim().parse::<Seq>().ok()));
    let (ready, last) = match asked {
        None => {
            // News of an earlier change may still be on its way from another process.
            let (_, top) = app.store.events_since(who.space, Seq::MAX, 0).await?;
            (held(&app, who.space, Seq::MAX).await?, top)
        }
        Some(None) => return Err(Failure::invalid_one("Last-Event-ID", "must be the id of an event")),
        Some(Some(seen)) => {
            let (missed, top) = app.store.events_since(who.space, seen, CATCH_UP + 1).await?;
            if missed.len() > CATCH_UP || seen > top {
                let mut ready = held(&app, who.space, Seq::MAX).await?;
                ready.push_front(resync(top));
                (ready, top)
            } else {
                let mut ready = held(&app, who.space, seen).await?;
                ready.extend(missed.iter().map(sent));
                (ready, missed.last().map_or(seen, |e| e.seq))
            }
        }
    };
    app.metrics.listener(1);
    let stopping = app.stopping.clone();
    let listening = Listening { app, space: who.space, ready, heard, last, stopping };
    let events = stream::unfold(listening, |mut l| async move {
        let next = l.next().await?;
        Some((Ok::<_, Infallible>(next), l))
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15));
    let mut response: Response = Sse::new(events).keep_alive(alive).into_response();
    response.headers_mut().insert("x-accel-buffering", axum::http::HeaderValue::from_static("no"));
    Ok(response)
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.app.metrics.listener(-1);
    }
}

impl Listening {
    /// The next event; `None` once the server stops.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::select! {
                stopped = self.stopping.changed() => if stopped.is_err() { return None },
                heard = self.heard.recv() => match heard {
                    Ok(Heard::Event(event)) if event.seq > self.last => {
                        self.last = event.seq;
                        return Some(sent(&event));
                    }
                    Ok(Heard::Event(_)) => {}
                    Ok(Heard::Resync) | Err(broadcast::error::RecvError::Lagged(_)) => {
                        let (_, top) = self.app.store.events_since(self.space, Seq::MAX, 0).await.unwrap_or((Vec::new(), self.last));
                        self.last = self.last.max(top);
                        self.ready = held(&self.app, self.space, Seq::MAX).await.unwrap_or_default();
                        return Some(resync(self.last));
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
            }
        }
    }
}

fn resync(top: Seq) -> Sent {
    Sent::default().id(top.to_string()).event("resync").data("{}")
}

/// The locks held now, those whose place is not beyond one: what the event of each said, without its id, for it is no change.
async fn held(app: &App, space: Space, up_to: Seq) -> Result<VecDeque<Sent>, StoreError> {
    let held = app.store.locks(space, (app.config.clock)(), HELD).await?;
    let event = |lock: LockRow| {
        told(Sent::default(), Kind::Lock, EventJson { id: lock.note.to_string(), version: None, updated_from: lock.origin, deleted: false })
    };
    Ok(held.into_iter().filter(|(seq, _)| *seq <= up_to).map(|(_, lock)| event(lock)).collect())
}

fn sent(event: &Event) -> Sent {
    let data = EventJson { id: event.id.to_string(), version: event.version, updated_from: event.origin.clone(), deleted: event.deleted };
    told(Sent::default().id(event.seq.to_string()), event.kind, data)
}

fn told(begun: Sent, kind: Kind, data: EventJson) -> Sent {
    begun.event(kind.name()).data(serde_json::to_string(&data).unwrap_or_default())
}
