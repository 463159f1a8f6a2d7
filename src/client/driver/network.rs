//! What goes over the network, in tasks of its own, and what their results do.

use super::{Driver, In, say};
use crate::client::handle::{Connection, EntryState, News};
use crate::client::http::{Fault, LiveEvent};
use crate::client::message::{Answer, Input, Request};
use crate::client::outbox;
use crate::client::record::Lane;
use crate::domain::note::{NoteId, Time};

impl Driver {
    /// Runs a task whose result comes back through the queue.
    pub(super) fn spawn(&self, task: impl Future<Output = In> + Send + 'static) {
        let inbox = self.inbox.clone();
        self.runtime.spawn(async move {
            // The driver may have stopped; then nobody waits for it.
            let _ = inbox.send(task.await);
        });
    }

    pub(super) fn send(&mut self, request: Request) {
        self.in_flight.insert((request.id, request.lane));
        let http = self.http.clone();
        let lock = self.locks.token(request.id).map(str::to_owned);
        self.spawn(async move {
            let answer = http.send(&request, lock.as_deref()).await;
            In::Answered(request.id, request.lane, answer)
        });
    }

    pub(super) fn happened(&mut self, happened: In) {
        match happened {
            In::Answered(id, lane, answer) => self.answered(id, lane, answer),
            In::Page(page) => self.page(page),
            In::Rules(rules) => self.rules = rules,
            In::TokenTried(with, tried) => self.token_tried(*with, tried),
            In::Live(event) => self.live(event),
            In::LiveEnded(fault) => {
                self.listening = false;
                self.failed(&fault);
            }
            In::Mark(id, marked, at) => {
                self.apply(id, Input::RemoteMark(marked, at));
            }
            In::Lock(id, locked) => self.lock_told(id, locked),
            In::Unlocked(id, released) => self.lock_released(id, released),
            In::Tell(news) => {
                if let News::VersionIs(note) = &news {
                    self.unseen.fetched((**note).clone());
                }
                self.tell(news);
            }
            In::Failed(id, fault, what) => self.not_fetched(id, &fault, what),
        }
    }

    /// Something that only the server has did not come.
    pub(super) fn not_fetched(&mut self, id: Option<NoteId>, fault: &Fault, what: &str) {
        self.tell(News::Failed(id, say::not_fetched(what, fault)));
        if matches!(fault, Fault::Unreachable(_) | Fault::BrokeOff(_) | Fault::Unauthorised(_)) {
            self.failed(fault);
        }
    }

    fn answered(&mut self, id: NoteId, lane: Lane, answer: Result<Answer, Fault>) {
        self.in_flight.remove(&(id, lane));
        match answer {
            Ok(answer) => {
                self.reached();
                let unknown = self.caught.answered(id, lane, &answer);
                if !self.apply(id, Input::Answered(lane, answer)) {
                    // Not stored, so not known: it is sent again under its key, and the server gives the same answer.
                    self.gate = self.now().plus_ms(5_000);
                }
                if unknown {
                    self.catch_up();
                }
            }
            Err(Fault::Unauthorised(why)) => {
                self.apply(id, Input::Answered(lane, Answer::Refused(401, say::NO_ENTRY.to_owned())));
                self.failed(&Fault::Unauthorised(why));
            }
            Err(fault) => {
                self.failed(&fault);
                let wait = self.gate.ms_since(self.now());
                self.apply(id, Input::Answered(lane, Answer::Later(fault.to_string(), Some(wait))));
            }
        }
    }

    /// The server answered: whatever waited for it may go.
    pub(super) fn reached(&mut self) {
        self.failures = 0;
        self.gate = Time(i64::MIN);
        if self.connection != Connection::Online {
            self.connection = Connection::Online;
            self.tell(News::ConnectionIs(Connection::Online));
            self.wake();
        }
    }

    /// Entries that failed only for want of a server, or of a token that it takes, are due at once when it is back.
    pub(super) fn wake(&mut self) {
        let now = self.now();
        let late: Vec<_> = self.pending.iter().filter(|(_, (_, due))| *due > now).map(|(k, _)| *k).collect();
        self.asleep = false;
        for (id, lane) in late {
            let waits = self.pending.get(&(id, lane)).is_some_and(|(s, _)| *s == EntryState::Waiting);
            if waits && !self.in_flight.contains(&(id, lane)) {
                // What a full disk does not take is done again.
                self.asleep |= !self.apply(id, Input::Retry(lane));
            }
        }
        // What was refused for its token only: the server has just taken one.
        let refused = self.disk.pending().unwrap_or_default().into_iter().filter(|p| p.entry.refused == Some(401));
        refused.for_each(|p| {
            self.apply(p.id, Input::Retry(p.lane));
        });
    }

    pub(super) fn failed(&mut self, fault: &Fault) {
        let now = self.now();
        self.failures = self.failures.saturating_add(1);
        let jitter = self.jitter();
        self.gate = now.plus_ms(outbox::wait_ms(self.failures, jitter).min(60_000));
        self.caught.failed(matches!(fault, Fault::Unreachable(_) | Fault::BrokeOff(_)));
        let connection = match fault {
            Fault::Unauthorised(_) => Connection::Unauthorised,
            other => Connection::Offline { why: other.to_string(), next: Some(self.gate) },
        };
        if connection != self.connection {
            if connection == Connection::Unauthorised {
                self.tell(News::Notice(say::REFUSED_TOKEN.to_owned()));
            }
            self.connection = connection.clone();
            self.tell(News::ConnectionIs(connection));
        }
    }

    pub(super) fn listen(&mut self) {
        if self.listening || self.guest {
            return;
        }
        self.listening = true;
        let (http, inbox, seq) = (self.http.clone(), self.inbox.clone(), self.caught.place().0);
        self.spawn(async move {
            let told = http.listen(seq, |event| inbox.send(In::Live(event)).is_ok()).await;
            In::LiveEnded(told.err().unwrap_or_else(|| Fault::Unreachable("The stream of changes ended.".to_owned())))
        });
    }

    fn live(&mut self, event: LiveEvent) {
        match event {
            // What changed between the last page and the opening of the stream is not in either.
            LiveEvent::Note | LiveEvent::Resync | LiveEvent::Open => self.catch_up(),
            LiveEvent::Bookmark(id) => {
                let http = self.http.clone();
                self.spawn(async move {
                    match http.bookmark(id).await {
                        Ok((marked, at)) => In::Mark(id, marked, at),
                        Err(Fault::Missing) => In::Mark(id, false, Time(0)),
                        Err(fault) => In::Failed(Some(id), fault, "bookmark"),
                    }
                });
            }
            LiveEvent::Lock(id, from, released) => self.lock_seen(id, from, released),
        }
    }
}
