//! The merge screen: two texts and their result, hunk by hunk, for a note's refused save and for three files alike.
//!
//! State and what keys do to it; drawing is in `view::merge`. All choices live in [`Settle`]; this screen holds only where the person looks.
//! After each choice the journal goes out, so that the same screen comes back whatever happens to the program.
//! The merge itself is work for a worker (`work`): until its result comes, `opening` says what is going on.

mod act;
mod bar;
mod edit;
mod fences;
mod find;
mod flow;
mod fold;
mod go;
mod labels;
pub mod mouse;
mod newer;
mod opening;
mod page;
mod question;
mod save;
mod spans;
mod table;
mod typed;
mod unasked;
mod why;
pub mod work;

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::{Action, Mode};
use super::message::{Effect, Event};
use super::screen::{Ctx, Drawn, Screen};
use super::view;
use crate::client::handle::Parked;
use crate::domain::note::{NoteId, Time};
use crate::domain::refine::Class;
use crate::domain::settle::{Labels, Place, Settle};

pub use edit::Editing;
pub use fences::Fences;
pub use flow::{Flow, Mark, result_flow, row_standing, standing};
pub use opening::Opening;
pub use page::{At, Look, Page, PageRow, What};
pub use question::Question;
pub use spans::{Span, spans};
pub use table::{Flip, Lens, Line, Table, place, unit};
pub(in crate::tui) use typed::kept_as_new;
pub use unasked::Unasked;
pub use work::{Job, Opened, Wanted};

/// Three files to be merged into one.
#[derive(Clone, Debug)]
pub struct Files {
    /// Where the result goes.
    pub result: PathBuf,
    /// The name shown for it.
    pub name: String,
    /// What the sides are called.
    pub labels: Labels,
    /// Where the journal is kept, if anywhere.
    pub journal: Option<PathBuf>,
}

/// Cells at the left of each row: a bar for the current place, a sign for how it stands, a space.
pub const GUTTER: u16 = 3;

/// Whose conflict it is.
#[derive(Clone, Debug)]
pub enum Source {
    /// A refused save.
    Note(Box<Parked>),
    /// Three files.
    Files(Files),
}

/// Where parts of the screen lie, as last fitted.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// All of it.
    pub area: Rect,
    /// The lens in use.
    pub lens: Option<Lens>,
    /// Where the rows of the page are.
    pub page: Rect,
    /// Left edge and width of each column.
    pub columns: Vec<(u16, u16)>,
    /// Where the result of the current place is; empty where the lens has no such pane.
    pub result: Rect,
}

/// The merge screen.
#[derive(Debug)]
pub struct Merge {
    /// The conflict.
    pub settle: Settle,
    /// Whose it is.
    pub source: Source,
    /// The unit the person is on.
    pub unit: usize,
    /// The atom of it that is under the cursor.
    pub atom: usize,
    /// What is shown of the whole.
    pub page: Page,
    /// The lens the person chose; nothing: by width.
    pub lens: Option<Lens>,
    /// What the single lens shows.
    pub flip: Flip,
    /// Each side as its change from base.
    pub as_change: bool,
    /// What is equal is folded.
    pub folded: bool,
    /// How wide mine is, in hundredths.
    pub split: u16,
    /// What was searched for last.
    pub needle: String,
    /// The text being edited.
    pub editing: Option<Editing>,
    /// The list of what was merged without asking, while it is open.
    pub unasked: Option<Unasked>,
    /// Rows of the result pane scrolled away.
    pub result_top: usize,
    /// Its rows, as last fitted.
    pub result_rows: Vec<Vec<Span>>,
    /// What `result_rows` were made of: unit, revision, width, how many.
    result_of: Option<(usize, u64, usize, usize)>,
    /// What the pane was measured for (unit, revision, width) and how many rows it needs; on one unit it never shrinks.
    needs: ((usize, u64, usize), usize),
    /// The first hunk of each row of the overview, and how many there are: made anew only for another height.
    pub bar: Vec<usize>,
    /// Where everything is.
    pub frame: Frame,
    began: Option<Time>,
    follow: bool,
    dragging: bool,
    leaving: bool,
    /// Where a search ended, to be shown at the next fit.
    found: Option<At>,
    keeping: save::Keeping,
    /// A newer version of theirs that is being merged in.
    newer: Option<newer::Newer>,
}

impl Source {
    /// What it is about.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Source::Files(f) => &f.name,
            Source::Note(p) => &p.mine.title,
        }
    }

    /// The note, if it is one.
    #[must_use]
    pub fn note(&self) -> Option<NoteId> {
        match self {
            Source::Note(p) => Some(p.id),
            Source::Files(_) => None,
        }
    }
}

/// The screen for a parked conflict: the question first, unless choices were made already.
#[must_use]
pub fn open(parked: Box<Parked>, accept: &[String]) -> Box<dyn Screen> {
    if parked.journal.is_empty() { Box::new(Question::new(parked)) } else { Box::new(Opening::note(parked, accept)) }
}

/// The screen for three files, merged by a job. `size`: bytes of the three together.
#[must_use]
pub fn files(files: Files, job: (Job, Wanted), size: usize) -> Box<dyn Screen> {
    Box::new(Opening::new(Source::Files(files), job, size))
}

/// The classes of these names; unknown names are left out.
#[must_use]
pub fn classes(names: &[String]) -> Vec<Class> {
    Class::ALL.into_iter().filter(|c| names.iter().any(|n| n == c.name())).collect()
}

/// The conflict of a parked note, before its journal. Takes as long as a merge does: not for the loop.
#[must_use]
pub fn settle_of(parked: &Parked, accept: &[String]) -> Settle {
    let base = parked.base.as_ref().map(|n| &n.content);
    Settle::open_note(base, &parked.mine, &parked.theirs.content, &parked.conflicts, &classes(accept))
}

impl Merge {
    /// The screen for a conflict that is merged.
    #[must_use]
    pub fn new(opened: Opened, mut source: Source) -> Merge {
        if let Source::Files(files) = &mut source {
            files.journal = opened.journal;
        }
        let mut out = Merge {
            settle: opened.settle,
            source,
            unit: 0,
            atom: 0,
            page: Page::new(opened.fences),
            lens: None,
            flip: Flip::Result,
            as_change: false,
            folded: true,
            split: 50,
            needle: String::new(),
            editing: None,
            unasked: None,
            result_top: 0,
            result_rows: Vec::new(),
            result_of: None,
            needs: ((usize::MAX, 0, 0), 0),
            bar: Vec::new(),
            frame: Frame::default(),
            began: None,
            follow: true,
            dragging: false,
            leaving: false,
            found: None,
            keeping: save::Keeping::default(),
            newer: None,
        };
        out.unit = match opened.restored.at {
            Some(h) => unit(&out.settle, Place::Hunk(h)),
            None => out.first_open().or_else(|| out.next_changed(None)).unwrap_or(0),
        };
        out
    }

    /// The hunk the person is on, if it is not a row above the text.
    #[must_use]
    pub fn hunk(&self) -> Option<usize> {
        match place(&self.settle, self.unit) {
            Place::Hunk(h) if h < self.settle.hunks().len() => Some(h),
            _ => None,
        }
    }

    /// The lens for a size.
    #[must_use]
    pub fn lens_for(&self, area: Rect) -> Lens {
        self.lens.unwrap_or(match area.width {
            _ if area.height < 9 => Lens::Single,
            120.. => Lens::Three,
            64.. => Lens::Two,
            _ => Lens::Stacked,
        })
    }

    fn lay_out(&mut self, area: Rect) {
        let lens = self.lens_for(area);
        let body = Rect { y: area.y + 2, height: area.height.saturating_sub(2), ..area };
        let pane = if lens == Lens::Two || self.editing.is_some() { self.pane(body) } else { 1 };
        let page = Rect { height: body.height.saturating_sub(pane), ..body };
        let result = Rect { y: page.bottom() + 1, height: pane.saturating_sub(1), ..body };
        // The gutter at the left, the overview at the right.
        let (x, inner) = (area.x + GUTTER, area.width.saturating_sub(GUTTER + 1));
        let columns = match lens {
            Lens::Two => {
                let left = (u32::from(inner.saturating_sub(1)) * u32::from(self.split) / 100) as u16;
                let least = 8.min(inner / 3);
                let left = left.clamp(least, inner.saturating_sub(1 + least).max(least));
                // Columns of one width wrap alike, so that what is equal stands row beside row.
                let right = inner.saturating_sub(1 + left);
                vec![(x, left), (x + left + 1, if self.split == 50 { right.min(left) } else { right })]
            }
            Lens::Three => {
                let third = inner.saturating_sub(2) / 3;
                vec![(x, third), (x + third + 1, third), (x + 2 * third + 2, third)]
            }
            Lens::Stacked | Lens::Single => vec![(x, inner)],
        };
        let widths = columns.iter().map(|(_, w)| usize::from(*w)).collect();
        self.page.set_look(Look { widths, lens: Some(lens), flip: Some(self.flip), as_change: self.as_change, folded: self.folded });
        self.page.height = usize::from(page.height);
        self.frame = Frame { area, lens: Some(lens), page, columns, result };
    }

    /// After scrolling: the person is where they look.
    fn catch_up(&mut self) {
        let on_page = |u: usize, rows: &[PageRow]| rows.iter().any(|r| r.at.unit == u);
        if on_page(self.unit, &self.page.rows) {
            return;
        }
        let mut seen: Vec<usize> = self.page.rows.iter().map(|r| r.at.unit).collect();
        seen.dedup();
        if let Some(u) = seen.into_iter().find(|u| self.changed(*u)) {
            (self.unit, self.atom, self.result_top) = (u, 0, 0);
        }
    }
}

impl Screen for Merge {
    fn mode(&self) -> Mode {
        match (&self.editing, &self.unasked) {
            (Some(_), _) => Mode::Editor,
            (None, Some(_)) => Mode::Unasked,
            (None, None) => Mode::Merge,
        }
    }

    fn title(&self) -> String {
        format!("settle {}", self.source.name())
    }

    fn note(&self) -> Option<NoteId> {
        self.source.note()
    }

    fn typing(&self) -> bool {
        self.editing.is_some()
    }

    fn update(&mut self, event: &Event, ctx: &Ctx<'_>) -> Vec<Effect> {
        let began = *self.began.get_or_insert(ctx.now);
        let before = self.settle.revision();
        let mut out = match event {
            Event::Action(action) if self.editing.is_some() => self.edit_action(*action, ctx),
            Event::Key(key) if self.editing.is_some() => self.edit_key(*key),
            Event::Paste(text) if self.editing.is_some() => self.edit_paste(text),
            Event::Action(_) | Event::Mouse(..) if self.unasked.is_some() => self.unasked_event(event, ctx),
            Event::Action(action) => self.act(*action, began, ctx),
            Event::Mouse(mouse, hit) => self.mouse(*mouse, *hit, ctx),
            Event::Answer { id, answer } => self.answered(id, answer, began, ctx),
            Event::EditorDone { tag: "merge-hunk", text } => self.editor_done(text),
            Event::Written { tag, result } => self.written(tag, result, ctx),
            Event::News(news) => self.news(news, ctx),
            Event::Merged(ticket, result) => self.merged(ticket, result),
            Event::Leave => self.end_edit(),
            Event::Tick => self.retry(ctx.now),
            _ => Vec::new(),
        };
        if self.settle.revision() != before && !self.leaving {
            out.extend(self.journal());
        }
        out
    }

    fn fit(&mut self, area: Rect, _: &Ctx<'_>) {
        let before = self.frame.page;
        self.lay_out(area);
        // On a page of another size the place the person is at stays in sight.
        self.follow |= self.frame.page != before;
        if let Some(at) = self.found.take() {
            self.page.top = at;
            self.page.scroll(&self.settle, -2);
        } else if self.follow {
            self.page.show(&self.settle, self.unit);
        }
        self.page.lay_out(&self.settle);
        if !self.follow {
            self.catch_up();
        }
        self.follow = false;
        if self.bar.len() != self.page.height + 1 {
            self.bar = bar::bar(&self.settle, self.page.height);
        }
        self.fit_result();
        if let Some(list) = &mut self.unasked {
            list.rows.fit(usize::from(area.height.saturating_sub(2)));
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
        view::merge::draw(self, area, buf, ctx)
    }

    fn wake(&self) -> Option<Time> {
        self.retry_at()
    }

    fn hints(&self) -> Vec<Action> {
        self.offered()
    }
}
