//! What each command does.

use std::sync::Arc;

use super::turn::Turn;
use super::{Driver, In, say};
use crate::client::disk::{DiskError, Kept};
use crate::client::handle::{Command, News, Revision, VersionRow};
use crate::client::http::Fault;
use crate::client::message::Input;
use crate::client::record::{Lane, Report};
use crate::domain::note::{Content, Note, NoteId, Time, Version};

/// Hits a search gives at most.
const HITS: usize = 200;
/// Audit entries shown behind the figures.
const ENTRIES: usize = 200;

impl Driver {
    /// Carries out what was asked, in order; saves of several notes in a row become durable together. `false`: it is to stop.
    pub(super) fn commanded(&mut self, asked: &mut Vec<Command>) -> bool {
        let mut saves: Vec<Turn> = Vec::new();
        for command in asked.drain(..) {
            match command {
                Command::Save { id, base, content, revision } if content.check().is_ok() => {
                    if saves.iter().any(|(other, _)| *other == id) {
                        self.apply_all(std::mem::take(&mut saves));
                    }
                    self.unseen.shown(id);
                    saves.push((id, Input::Save(*content, revision, base)));
                }
                other => {
                    self.apply_all(std::mem::take(&mut saves));
                    if other == Command::Stop {
                        return false;
                    }
                    self.command(other);
                }
            }
        }
        self.apply_all(saves);
        true
    }

    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::List => self.list(),
            Command::Search(text) => match self.disk.search(&text, HITS) {
                Ok(found) => self.tell(News::Found(text, found)),
                Err(e) => self.tell(News::Failed(None, say::not_read(&e))),
            },
            Command::Open(id) => self.open(id),
            Command::Type { id, base, content, revision } => self.typed(id, base, *content, revision),
            Command::Save { id, base, content, revision } => self.saved(id, base, *content, revision),
            Command::Discard(id) => self.step(id, Input::Discard),
            Command::Delete(id) => self.step(id, Input::Delete),
            Command::Undelete(id) => self.step(id, Input::Undelete),
            Command::Journal { id, journal } => self.step(id, Input::Journal(journal)),
            Command::Settle { id, content, outcome, hunks, seconds } => {
                self.step(id, Input::Settle(*content, Report { conflict_id: None, outcome, hunks, seconds }));
            }
            Command::KeepAsNew { id, copy } => self.keep_as_new(id, copy),
            Command::Rebase(id) => self.step(id, Input::Rebase),
            Command::Bookmark(id, marked) => self.step(id, Input::Mark(marked)),
            Command::Lock(id) => self.take_lock(id),
            Command::Unlock(id) => self.release_lock(id),
            Command::VersionAt(id, version) if version < 0 => self.copy(id, version),
            Command::History(_) | Command::VersionAt(..) | Command::Figures { .. } => self.fetch(command),
            Command::Outbox => self.outbox(),
            Command::Pause(no, on) => self.entry(no, |lane| Input::Pause(lane, on)),
            Command::RetryNow(no) => {
                self.gate = Time(i64::MIN);
                self.entry(no, Input::Retry);
            }
            Command::DropEntry(no) => self.entry(no, Input::Drop),
            Command::SyncNow => {
                self.gate = Time(i64::MIN);
                self.wake_late(Vec::new());
                self.catch_up();
            }
            Command::AllowDeletions => self.allow_deletions(),
            Command::UseToken(token) => self.try_token(token),
            Command::Stop => {}
        }
    }

    fn step(&mut self, id: NoteId, input: Input) {
        self.apply(id, input);
    }

    fn list(&mut self) {
        match self.disk.rows() {
            Ok(mut rows) => {
                for row in &mut rows {
                    row.lock = self.lock_of(row.id);
                }
                self.tell(News::Rows(Arc::new(rows)));
                self.tell(News::ConnectionIs(self.connection.clone()));
            }
            Err(e) => self.tell(News::Failed(None, say::not_read(&e))),
        }
    }

    fn open(&mut self, id: NoteId) {
        self.unseen.shown(id);
        match self.disk.load(id) {
            Ok(record) => self.tell(News::Opened(Box::new(record.detail(self.lock_of(id))))),
            Err(e) => self.tell(News::Failed(Some(id), say::not_read(&e))),
        }
    }

    fn typed(&mut self, id: NoteId, base: Option<Version>, content: Content, revision: Revision) {
        self.unseen.shown(id);
        self.locks.typed(id);
        self.apply(id, Input::Type(content, revision, base));
    }

    fn saved(&mut self, id: NoteId, base: Option<Version>, content: Content, revision: Revision) {
        self.unseen.shown(id);
        if let Err(bad) = content.check() {
            let why = bad.iter().map(|(field, reason)| format!("{field} {reason}")).collect::<Vec<_>>().join("; ");
            let todo = "Nothing is lost: it is kept as typed. Change that and save again.";
            self.apply(id, Input::Type(content, revision, base));
            return self.tell(News::Failed(Some(id), format!("This cannot be saved. A note keeps limits ({why}). {todo}")));
        }
        self.apply(id, Input::Save(content, revision, base));
    }

    /// Mine becomes a note of its own, theirs stays: two records in one transaction.
    fn keep_as_new(&mut self, id: NoteId, copy: NoteId) {
        match self.parked(id) {
            Ok(Some((mine, theirs))) => {
                let report = Report { conflict_id: None, outcome: "theirs".to_owned(), hunks: [0; 4], seconds: 0 };
                let steps = vec![(copy, Input::Save(mine, 0, None)), (id, Input::Settle(theirs, report))];
                match self.stored(steps, None) {
                    Ok(effects) => effects.into_iter().for_each(|e| self.carry_out(e)),
                    Err(e) => self.tell(News::Failed(Some(id), say::not_stored(&e))),
                }
            }
            Ok(None) => self
                .tell(News::Failed(Some(id), "This note has no refused save. Nothing was copied. Open it to see what it says.".to_owned())),
            Err(e) => self.tell(News::Failed(Some(id), say::not_read(&e))),
        }
    }

    fn parked(&self, id: NoteId) -> Result<Option<(Content, Content)>, DiskError> {
        let parked = self.disk.load(id)?.parked;
        Ok(parked.map(|p| (Content { deleted: false, ..p.mine }, p.theirs.content)))
    }

    pub(super) fn outbox(&mut self) {
        self.watched = Some(false);
        match self.disk.outbox() {
            Ok(mut rows) => {
                for row in &mut rows {
                    let lane = match row.what.as_str() {
                        "bookmark" => Lane::Mark,
                        "report" => Lane::Report,
                        _ => Lane::Note,
                    };
                    if self.waiting.is_under_way((row.id, lane)) {
                        row.state = crate::client::handle::EntryState::Sending;
                    }
                }
                self.tell(News::Outbox(rows));
            }
            Err(e) => self.tell(News::Failed(None, say::not_read(&e))),
        }
    }

    fn entry(&mut self, no: i64, input: impl FnOnce(Lane) -> Input) {
        match self.disk.entry(no) {
            Ok(Some((id, lane))) => {
                if self.waiting.is_under_way((id, lane)) {
                    let why = "That entry is under way just now. Its answer is not here yet. Try again in a moment.";
                    return self.tell(News::Failed(Some(id), why.to_owned()));
                }
                self.apply(id, input(lane));
                self.outbox();
            }
            Ok(None) => {
                let why = format!("There is no entry {no} in the outbox. It may have been sent meanwhile. Look at the outbox again.");
                self.tell(News::Failed(None, why));
            }
            Err(e) => self.tell(News::Failed(None, say::not_read(&e))),
        }
    }

    /// The copies kept aside here, as versions below zero.
    fn copies(&self, id: NoteId) -> Vec<VersionRow> {
        let copies = self.disk.copies(id).unwrap_or_default();
        let row = |c: Kept| VersionRow { version: -c.no, at: c.at, by: c.why, from: self.me.clone() };
        copies.into_iter().map(row).collect()
    }

    fn copy(&self, id: NoteId, version: Version) {
        match self.disk.copies(id) {
            Ok(copies) => match copies.into_iter().find(|c| c.no == -version) {
                Some(c) => {
                    let note = Note {
                        id,
                        version,
                        content: c.content,
                        created_at: c.at,
                        updated_at: c.at,
                        updated_by: c.why,
                        updated_from: self.me.clone(),
                    };
                    self.tell(News::VersionIs(Box::new(note)));
                }
                None => self.tell(News::Failed(Some(id), "There is no such copy of this note. Its history lists them.".to_owned())),
            },
            Err(e) => self.tell(News::Failed(Some(id), say::not_read(&e))),
        }
    }

    /// What only the server knows.
    fn fetch(&mut self, command: Command) {
        let http = self.http.clone();
        match command {
            Command::History(id) => {
                let copies = self.copies(id);
                self.spawn(async move {
                    match http.history(id).await {
                        Ok(rows) => In::Tell(News::History(id, with(rows, copies))),
                        Err(Fault::Missing) => In::Tell(News::History(id, copies)),
                        Err(fault) if copies.is_empty() => In::Failed(Some(id), fault, "history"),
                        // What is kept here can be shown without a server.
                        Err(_) => In::Tell(News::History(id, copies)),
                    }
                });
            }
            Command::VersionAt(id, version) => self.spawn(async move {
                match http.version(id, version).await {
                    Ok(note) => In::Tell(News::VersionIs(Box::new(note))),
                    Err(fault) => In::Failed(Some(id), fault, "version"),
                }
            }),
            Command::Figures { days } => self.spawn(async move {
                let both = async { Ok((http.figures(days).await?, http.audit(ENTRIES, "").await?)) };
                match both.await {
                    Ok((figures, entries)) => In::Tell(News::Figures(Box::new(figures), entries)),
                    Err(fault) => In::Failed(None, fault, "audit log"),
                }
            }),
            _ => {}
        }
    }
}

/// Versions and copies in one list, newest first.
fn with(mut rows: Vec<VersionRow>, copies: Vec<VersionRow>) -> Vec<VersionRow> {
    for copy in copies.into_iter().rev() {
        let at = rows.iter().position(|r| r.at <= copy.at).unwrap_or(rows.len());
        rows.insert(at, copy);
    }
    rows
}
