//! A list of notes as one JSON text, however long: written page by page, so that memory stays constant.

use std::collections::VecDeque;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use uuid::Uuid;

use crate::domain::note::Seq;
use crate::server::app::App;
use crate::server::store::{Page, Space, StoreError};
use crate::wire::note::NoteJson;

/// Notes read and written at once.
const CHUNK: usize = 250;

struct Writing {
    app: App,
    space: Space,
    seq: Seq,
    left: usize,
    begun: bool,
    reset: bool,
    done: bool,
    ready: VecDeque<Bytes>,
}

/// The notes changed after `seq`, at most `limit`; all of them, where `seq` is a place in a past that this store does not have. The first
/// page is read before the answer begins, so that a failure has its status.
pub(super) async fn since(app: App, space: Space, (store, seq): (Option<Uuid>, Seq), limit: usize) -> Result<Response, StoreError> {
    let reset = match store {
        Some(store) => !app.store.epoch(space, Some((store, seq))).await?.leads_here,
        None => false,
    };
    let seq = if reset { 0 } else { seq };
    let mut writing = Writing { app, space, seq, left: limit, begun: false, reset, done: false, ready: VecDeque::new() };
    writing.next_page().await?;
    let body = stream::unfold(writing, |mut w| async move {
        loop {
            if let Some(bytes) = w.ready.pop_front() {
                return Some((Ok::<_, StoreError>(bytes), w));
            }
            if w.done {
                return None;
            }
            if let Err(e) = w.next_page().await {
                tracing::error!(error = %e, "a list could not be finished");
                w.done = true;
                return Some((Err(e), w)); // the connection breaks, so that nobody takes the list for whole
            }
        }
    });
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((kind, Body::from_stream(body)).into_response())
}

impl Writing {
    async fn next_page(&mut self) -> Result<(), StoreError> {
        let page = self.app.store.since(self.space, self.seq, self.left.min(CHUNK)).await?;
        let mut out = Vec::with_capacity(16 * 1024);
        if !self.begun {
            out.extend_from_slice(br#"{"data":["#);
        }
        self.left -= page.notes.len().min(self.left);
        self.done = !page.more || self.left == 0;
        let seen = seen(&page);
        let more = page.more;
        for (seq, note) in page.notes {
            if self.begun {
                out.push(b',');
            }
            self.begun = true;
            self.seq = seq;
            serde_json::to_writer(&mut out, &NoteJson::from(note)).map_err(|e| StoreError::Database(e.to_string()))?;
        }
        self.begun = true;
        if self.done {
            let reset = if self.reset { r#","reset":true"# } else { "" };
            // Asked last: the epoch of what was read, or a later one, to whose past what was read belongs.
            let store = self.app.store.epoch(self.space, None).await?.id.map_or(String::new(), |id| format!(r#","store":"{id}""#));
            out.extend_from_slice(format!(r#"],"seq":{seen},"more":{more}{store}{reset}}}"#).as_bytes());
        }
        self.ready.push_back(out.into());
        Ok(())
    }
}

/// What a reader of this page has seen up to. A reader who has seen more than there is (this store was set back) is told so by less.
fn seen(page: &Page) -> Seq {
    match page.notes.last() {
        Some((last, _)) if page.more => *last,
        Some((last, _)) => page.seq.max(*last),
        None => page.seq,
    }
}
