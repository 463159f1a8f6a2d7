//! A refusal that comes while the conflict is on screen: theirs moved on. It is merged by a worker, the choices made so far are carried
//! over by what they were about, and only what is new asks.

use super::super::message::Effect;
use super::super::screen::Ctx;
use super::work::{Handed, Job, Ticket, Wanted};
use super::{Merge, Source, unit};
use crate::client::handle::{News, Parked};
use crate::domain::settle::Place;

/// A newer conflict of the same note, under way.
#[derive(Debug)]
pub(super) struct Newer {
    wanted: Wanted,
    parked: Box<Parked>,
}

impl Merge {
    pub(super) fn news(&mut self, news: &News, ctx: &Ctx<'_>) -> Vec<Effect> {
        match news {
            News::Failed(Some(id), _) if self.source.note() == Some(*id) => self.unkept(ctx.now),
            News::ChoicesKept(id) if self.source.note() == Some(*id) => return self.kept(&Ok(()), ctx),
            _ => {}
        }
        let (Source::Note(parked), News::NeedsYou(newer)) = (&self.source, news) else { return Vec::new() };
        if parked.id != newer.id || parked.theirs == newer.theirs && parked.mine == newer.mine {
            return Vec::new();
        }
        let (job, wanted) = Job::note(newer, &ctx.settings.accept);
        self.newer = Some(Newer { wanted, parked: newer.clone() });
        vec![Effect::Work(job), Effect::Say("Theirs moved on: merging the newer version.".to_owned())]
    }

    /// A merge is done: if it is the newer version, it takes the place of the present one.
    pub(super) fn merged(&mut self, ticket: &Ticket, result: &Handed) -> Vec<Effect> {
        let Some(newer) = self.newer.take_if(|n| n.wanted.is(ticket)) else { return Vec::new() };
        let Some(mut opened) = result.take() else { return Vec::new() };
        let mut out = self.end_edit();
        let restored = opened.settle.carry_over(&self.settle);
        self.settle = opened.settle;
        self.page.fences = opened.fences;
        self.source = Source::Note(newer.parked);
        self.page.forget();
        self.bar.clear();
        self.result_of = None;
        let first = restored.new.first().map(|h| unit(&self.settle, Place::Hunk(*h)));
        self.go(first.or_else(|| self.first_open()).unwrap_or(0));
        out.extend(self.journal());
        out.extend(restored.say().map(Effect::Say));
        out
    }

    /// Whether a newer version is on its way to this screen.
    pub(super) fn is_moving(&self) -> bool {
        self.newer.is_some()
    }
}
