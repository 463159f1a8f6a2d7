//! Leaving the merge screen: the verdict, saving, markers, the journal, and what comes back of it.

use super::super::message::{Answer, Ask, Effect};
use super::super::screen::Ctx;
use super::{Merge, Source};
use crate::client::handle::Command;
use crate::domain::note::Time;
use crate::domain::settle::{Settle, Side};

/// How the writing of the journal of files stands: one at a time.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    under_way: bool,
    /// Something was chosen meanwhile.
    again: bool,
    /// The person has left; the program ends when the last choice is kept.
    then_leave: bool,
}

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
            Source::Note(p) => vec![Effect::Client(Command::Journal { id: p.id, journal: bytes })],
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
        let mut ask = Ask::choice("verdict", "The result does not hold all of both sides", &[('y', "save it so"), ('n', "back")]);
        ask.lines = lost.iter().take(SHOWN).map(super::super::super::domain::settle::Lost::say).collect();
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
            Source::Note(_) => {
                let mut out = self.journal();
                self.leaving = true;
                out.push(Effect::Back);
                out
            }
            // The last choice is kept first.
            Source::Files(_) if self.keeping.under_way => {
                self.keeping.then_leave = true;
                Vec::new()
            }
            Source::Files(_) => vec![Effect::Quit(1)],
        }
    }

    pub(super) fn written(&mut self, tag: &str, result: &Result<(), String>) -> Vec<Effect> {
        match (tag, result) {
            ("merge-result", Ok(())) => vec![Effect::Quit(0)],
            ("merge-markers", Ok(())) => vec![Effect::Quit(1)],
            ("merge-result" | "merge-markers", Err(why)) => vec![Effect::Warn(format!("{why} Nothing is lost: make room and save again."))],
            ("merge-journal", result) => self.kept(result),
            _ => Vec::new(),
        }
    }

    /// A journal was written, or could not be: what was chosen meanwhile goes out now, so that a later one never comes to lie under an
    /// earlier one.
    fn kept(&mut self, result: &Result<(), String>) -> Vec<Effect> {
        self.keeping.under_way = false;
        let mut out = if std::mem::take(&mut self.keeping.again) { self.journal() } else { Vec::new() };
        if let Err(why) = result {
            out.push(Effect::Warn(format!("{why} The choices are only in memory.")));
        }
        if self.keeping.then_leave && !self.keeping.under_way {
            out.push(Effect::Quit(1));
        }
        out
    }

    pub(super) fn answered(&mut self, id: &str, answer: &Answer, began: Time, ctx: &Ctx<'_>) -> Vec<Effect> {
        match (id, answer) {
            ("verdict", Answer::Choice(0)) => return self.finish(began, ctx),
            ("all-mine", Answer::Choice(0)) => drop(self.settle.choose_open(Side::Mine)),
            ("all-theirs", Answer::Choice(0)) => drop(self.settle.choose_open(Side::Theirs)),
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
