//! Leaving the merge screen: the verdict, saving, markers, the journal, and what comes back of it.

use super::super::message::{Answer, Ask, Effect};
use super::super::screen::Ctx;
use super::{Files, Merge, Source};
use crate::client::handle::Command;
use crate::domain::note::Time;
use crate::domain::settle::{Fate, Lost, Settle, Side};

/// How the writing of the journal of files stands: one at a time.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    under_way: bool,
    /// Something was chosen meanwhile.
    again: bool,
    /// The person has left, with this status; the program ends when the last choice is kept.
    then_leave: Option<u8>,
    /// What was last tried could not be kept.
    failed: bool,
    /// When that is tried again.
    retry: Option<Time>,
    /// The result is written: the choices have done their work.
    done: bool,
}

/// Milliseconds after which keeping the choices is tried again.
const RETRY_MS: i64 = 2_000;
/// Lines of the verdict shown at once.
const SHOWN: usize = 8;

impl Merge {
    /// What keeps the choices made so far.
    pub(super) fn journal(&mut self) -> Vec<Effect> {
        if self.keeping.under_way {
            self.keeping.again = true;
            return Vec::new();
        }
        let bytes = self.settle.journal(self.hunk());
        match &self.source {
            Source::Note(p) => {
                // The client says whether it could keep them; if not, they are tried again.
                self.keeping.retry = None;
                vec![Effect::Client(Command::Journal { id: p.id, journal: bytes })]
            }
            Source::Files(f) => match &f.journal {
                Some(path) => {
                    self.keeping.under_way = true;
                    vec![Effect::Write { tag: "merge-journal", path: path.clone(), bytes }]
                }
                None => Vec::new(),
            },
        }
    }

    /// Saves if nothing is open and nothing is missing; otherwise goes to what is open, or asks.
    pub(super) fn save(&mut self, began: Time, ctx: &Ctx<'_>) -> Vec<Effect> {
        if self.is_moving() {
            return vec![Effect::Say("A newer version is being merged in: a moment.".to_owned())];
        }
        if self.keeping.failed && self.source.note().is_some() {
            let say = "The choices are only in memory: make room on the disk first, then save again.".to_owned();
            return self.journal().into_iter().chain([Effect::Warn(say)]).collect();
        }
        let open = self.settle.counts().open;
        if open > 0 && !self.settle.deletes() {
            if let Some(unit) = self.next_open(None) {
                self.go(unit);
            }
            let are = if open == 1 { "One place is".to_owned() } else { format!("{open} places are") };
            return vec![Effect::Warn(format!("{are} still open: here is the first."))];
        }
        if open > 0 {
            self.settle.choose_deleted();
        }
        let lost = if self.settle.deletes() { Vec::new() } else { self.settle.verdict() };
        if lost.is_empty() {
            return self.finish(began, ctx);
        }
        let dropped = lost.iter().any(|l| l.fate == Fate::Dropped);
        let title = if dropped { "The result does not hold all of both sides" } else { "Something stands twice in the result" };
        let mut ask = Ask::choice("verdict", title, &[('y', "save it so"), ('n', "back")]);
        ask.lines = lost.iter().take(SHOWN).map(Lost::say).collect();
        if lost.len() > SHOWN {
            ask.lines.push(format!("and {} more", lost.len() - SHOWN));
        }
        vec![Effect::Ask(Box::new(ask))]
    }

    fn finish(&mut self, began: Time, ctx: &Ctx<'_>) -> Vec<Effect> {
        match &self.source {
            Source::Files(f) => {
                let Some(bytes) = self.settle.result() else { return Vec::new() };
                vec![Effect::Write { tag: "merge-result", path: f.result.clone(), bytes }]
            }
            Source::Note(p) => {
                let seconds = u32::try_from(ctx.now.ms_since(began).max(0) / 1000).unwrap_or(u32::MAX);
                match resubmit(p, &self.settle, seconds) {
                    None => vec![Effect::Warn("The result is not UTF-8, so that no note can hold it: choose otherwise.".to_owned())],
                    Some(command) => {
                        self.leaving = true;
                        vec![Effect::Client(command), Effect::Say("Settled: on its way.".to_owned()), Effect::Back]
                    }
                }
            }
        }
    }

    pub(super) fn save_with_markers(&self) -> Vec<Effect> {
        match &self.source {
            Source::Note(_) => vec![Effect::Say("Markers are for files; a note keeps its choices instead.".to_owned())],
            Source::Files(f) => {
                let bytes = self.settle.with_markers(&f.labels);
                vec![Effect::Write { tag: "merge-markers", path: f.result.clone(), bytes }]
            }
        }
    }

    pub(super) fn later(&mut self) -> Vec<Effect> {
        match &self.source {
            Source::Note(_) if !self.keeping.failed => {
                let mut out = self.journal();
                self.leaving = true;
                out.push(Effect::Back);
                out
            }
            _ if self.keeping.failed => {
                let choices = [('r', "try again to keep them"), ('l', "leave without them"), ('n', "back")];
                let mut ask = Ask::choice("leave-unkept", "The choices could not be kept", &choices);
                ask.lines.push("They are only in memory: what is chosen here is lost when you leave.".to_owned());
                vec![Effect::Ask(Box::new(ask))]
            }
            _ => self.end(1),
        }
    }

    /// The client could not store something of this note: the choices go to it again after a while.
    pub(super) fn unkept(&mut self, now: Time) {
        (self.keeping.failed, self.keeping.retry) = (true, Some(now.plus_ms(RETRY_MS)));
    }

    /// Ends the program, once the last choice is kept. Choices whose result is written are kept no longer.
    fn end(&mut self, status: u8) -> Vec<Effect> {
        if self.keeping.under_way {
            self.keeping.then_leave = Some(status);
            return Vec::new();
        }
        let done = match &self.source {
            Source::Files(Files { journal: Some(path), .. }) if self.keeping.done => Some(Effect::Remove(path.clone())),
            _ => None,
        };
        done.into_iter().chain([Effect::Quit(status)]).collect()
    }

    pub(super) fn written(&mut self, tag: &str, result: &Result<(), String>, ctx: &Ctx<'_>) -> Vec<Effect> {
        match (tag, result) {
            ("merge-result" | "merge-markers", Ok(())) => {
                self.keeping.done = true;
                self.end(u8::from(tag == "merge-markers"))
            }
            ("merge-result" | "merge-markers", Err(why)) => vec![Effect::Warn(format!("{why} Nothing is lost: make room and save again."))],
            ("merge-journal", result) => self.kept(result, ctx),
            _ => Vec::new(),
        }
    }

    /// A journal was written, or could not be: what was chosen meanwhile goes out now, so that a later one never comes to lie under an
    /// earlier one.
    pub(super) fn kept(&mut self, result: &Result<(), String>, ctx: &Ctx<'_>) -> Vec<Effect> {
        self.keeping.under_way = false;
        let again = std::mem::take(&mut self.keeping.again) && !self.keeping.done;
        let mut out = if again { self.journal() } else { Vec::new() };
        // Said once; it is tried again all the while.
        if let Err(why) = result
            && !self.keeping.failed
        {
            out.push(Effect::Warn(format!("The choices are only in memory: make room, and they will be kept. {why}")));
        }
        let failed = result.is_err() && !self.keeping.done;
        if self.keeping.failed && result.is_ok() {
            out.push(Effect::Say("There is room again: your choices are kept.".to_owned()));
        }
        self.keeping.failed = failed;
        self.keeping.retry = self.keeping.failed.then(|| ctx.now.plus_ms(RETRY_MS));
        match self.keeping.then_leave.filter(|_| !self.keeping.under_way) {
            Some(_) if self.keeping.failed => {
                self.keeping.then_leave = None;
                out.extend(self.later());
            }
            Some(status) => out.extend(self.end(status)),
            None => {}
        }
        out
    }

    /// When keeping the choices is tried again after it failed.
    pub(super) fn retry_at(&self) -> Option<Time> {
        self.keeping.retry.filter(|_| !self.keeping.under_way)
    }

    /// Tries again to keep the choices, if it is time.
    pub(super) fn retry(&mut self, now: Time) -> Vec<Effect> {
        if self.retry_at().is_some_and(|at| at <= now) { self.journal() } else { Vec::new() }
    }

    pub(super) fn answered(&mut self, id: &str, answer: &Answer, began: Time, ctx: &Ctx<'_>) -> Vec<Effect> {
        match (id, answer) {
            ("verdict", Answer::Choice(0)) => return self.finish(began, ctx),
            ("all-mine", Answer::Choice(0)) => drop(self.settle.choose_open(Side::Mine)),
            ("all-theirs", Answer::Choice(0)) => drop(self.settle.choose_open(Side::Theirs)),
            ("leave-unkept", Answer::Choice(0)) => {
                self.keeping.then_leave = self.source.note().is_none().then_some(1);
                return self.journal().into_iter().chain([Effect::Say("Keeping the choices is tried again.".to_owned())]).collect();
            }
            ("leave-unkept", Answer::Choice(1)) if self.source.note().is_some() => {
                self.leaving = true;
                return vec![Effect::Back];
            }
            ("leave-unkept", Answer::Choice(1)) => return vec![Effect::Quit(1)],
            ("row-value", Answer::Text(text)) => return self.value_typed(text),
            ("keep-as-new", Answer::Choice(0)) => return self.keep_as_new(ctx),
            ("merge-search", Answer::Text(needle)) => return self.search(needle),
            ("left-markers", answer) => return self.markers_answered(answer),
            _ => {}
        }
        Vec::new()
    }
}

/// The command that resubmits a settled note; nothing if it is not settled, or its text is not UTF-8.
pub(super) fn resubmit(parked: &crate::client::handle::Parked, settle: &Settle, seconds: u32) -> Option<Command> {
    let content = settle.content(parked.base.as_ref().map(|n| &n.content), &parked.mine, &parked.theirs.content)?;
    Some(Command::Settle {
        id: parked.id,
        content: Box::new(content),
        outcome: settle.outcome().to_owned(),
        hunks: settle.tally(),
        seconds,
    })
}
