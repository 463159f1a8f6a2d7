//! What is shown while a conflict is merged by a worker: what is going on, and the way out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::keys::{Action, Mode};
use super::super::message::{Effect, Event};
use super::super::screen::{Ctx, Drawn, Screen};
use super::super::view;
use super::work::{Job, Wanted};
use super::{Merge, Source};
use crate::client::handle::Parked;
use crate::domain::note::{NoteId, Time};

/// A conflict that is being merged.
#[derive(Debug)]
pub struct Opening {
    /// Whose it is; none once the merge screen has taken over.
    source: Option<Source>,
    /// Goes out when the screen is first shown.
    job: Option<Job>,
    wanted: Wanted,
    /// Bytes of the three texts together.
    pub size: usize,
    began: Option<Time>,
    /// Whole seconds it has taken so far.
    pub seconds: i64,
}

impl Opening {
    /// The screen for a job under way. `size`: bytes of the three texts together.
    #[must_use]
    pub fn new(source: Source, (job, wanted): (Job, Wanted), size: usize) -> Opening {
        Opening { source: Some(source), job: Some(job), wanted, size, began: None, seconds: 0 }
    }

    /// The screen for a parked note.
    #[must_use]
    pub fn note(parked: Box<Parked>, accept: &[String]) -> Opening {
        let texts = [parked.base.as_ref().map(|n| &n.content), Some(&parked.mine), Some(&parked.theirs.content)];
        let size = texts.into_iter().flatten().map(|c| c.body.len()).sum();
        let job = Job::note(&parked, accept);
        Opening::new(Source::Note(parked), job, size)
    }

    /// What it is about.
    #[must_use]
    pub fn name(&self) -> &str {
        self.source.as_ref().map_or("", Source::name)
    }
}

impl Screen for Opening {
    fn mode(&self) -> Mode {
        Mode::Merge
    }

    fn title(&self) -> String {
        format!("settle {}", self.name())
    }

    fn note(&self) -> Option<NoteId> {
        self.source.as_ref().and_then(Source::note)
    }

    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        let began = *self.began.get_or_insert(ctx.now);
        self.seconds = ctx.now.ms_since(began).max(0) / 1000;
        match event {
            Event::Shown => return self.job.take().map(Effect::Work).into_iter().collect(),
            Event::Merged(ticket, result) if self.wanted.is(ticket) => {
                if let (Some(opened), Some(source)) = (result.take(), self.source.take()) {
                    return vec![Effect::Replace(Box::new(Merge::new(opened, source)))];
                }
            }
            Event::Action(Action::Later | Action::Back) => {
                let files = matches!(self.source, Some(Source::Files(_)));
                return vec![if files { Effect::Quit(1) } else { Effect::Back }];
            }
            _ => {}
        }
        Vec::new()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::merge::opening(self, area, buf, ctx)
    }

    fn hints(&self) -> Vec<Action> {
        vec![Action::Later]
    }

    fn wake(&self) -> Option<Time> {
        self.began.map(|at| at.plus_ms((self.seconds + 1) * 1000))
    }
}
