//! What goes over the network, in tasks of its own, and what their results do.

use super::turn::Turn;
use super::waiting::Key;
use super::{Driver, In, say};
use crate::client::handle::{Connection, News};
use crate::client::http::{Fault, LiveEvent};
use crate::client::message::{Answer, Input, Request};
use crate::client::outbox;
use crate::client::record::Lane;
use crate::domain::note::{NoteId, Time};

/// Entries that are made due in one transaction.
const WOKEN: usize = 256;

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
        self.waiting.sent((request.id, request.lane));
        let http = self.http.clone();
        let lock = self.locks.token(request.id).map(str::to_owned);
        self.spawn(async move {
            let answer = http.send(&request, lock.as_deref()).await;
            In::Answered(request.id, request.lane, answer)
        });
    }

    /// What came back, in order; answers to saves in a row are stored together.
    pub(super) fn came(&mut self, came: &mut Vec<In>) {
        let mut answers = Vec::new();
        for happened in came.drain(..) {
            match happened {
                In::Answered(id, lane, Ok(answer)) => answers.push((id, lane, answer)),
                other => {
                    self.answered(std::mem::take(&mut answers));
                    self.happened(other);
                }
            }
        }
        self.answered(answers);
    }

    fn happened(&mut self, happened: In) {
        match happened {
            In::Answered(id, lane, Ok(answer)) => self.answered(vec![(id, lane, answer)]),
            In::Answered(id, lane, Err(fault)) => self.unanswered(id, lane, fault),
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

    fn answered(&mut self, answers: Vec<(NoteId, Lane, Answer)>) {
        if answers.is_empty() {
            return;
        }
        answers.iter().for_each(|(id, lane, _)| self.waiting.back((*id, *lane)));
        self.reached();
        let mut unknown = false;
        answers.iter().for_each(|(id, lane, answer)| unknown |= self.caught.answered(*id, *lane, answer));
        if !self.apply_all(answers.into_iter().map(|(id, lane, answer)| (id, Input::Answered(lane, answer))).collect()) {
            // Not stored, so not known: it is sent again under its key, and the server gives the same answer.
            self.gate = self.now().plus_ms(5_000);
        }
        if unknown {
            self.catch_up();
        }
    }

    fn unanswered(&mut self, id: NoteId, lane: Lane, fault: Fault) {
        self.waiting.back((id, lane));
        if matches!(fault, Fault::Unauthorised(_)) {
            self.apply(id, Input::Answered(lane, Answer::Refused(401, say::NO_ENTRY.to_owned())));
            return self.failed(&fault);
        }
        self.failed(&fault);
        let wait = self.gate.ms_since(self.now());
        self.apply(id, Input::Answered(lane, Answer::Later(fault.to_string(), Some(wait))));
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
        // What was refused for its token only: the server has just taken one.
        let refused = self.disk.pending().unwrap_or_default().into_iter().filter(|p| p.entry.refused == Some(401));
        let refused: Vec<_> = refused.map(|p| (p.id, p.lane)).collect();
        self.wake_late(refused);
    }

    /// Entries whose time has not come yet are due at once, and so are these.
    pub(super) fn wake_late(&mut self, more: Vec<Key>) {
        self.asleep = false;
        let late = self.waiting.late(self.now());
        let turns: Vec<Turn> = late.into_iter().chain(more).map(|(id, lane)| (id, Input::Retry(lane))).collect();
        for some in turns.chunks(WOKEN) {
            if let Err(e) = self.together(some.to_vec()) {
                // What a full disk does not take is done again.
                self.asleep = true;
                return self.tell(News::Failed(some.first().map(|(id, _)| *id), say::not_stored(&e)));
            }
        }
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
