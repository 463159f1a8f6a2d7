//! What keys do on the merge screen.

use super::super::keys::{Action, Mode};
use super::super::message::{Ask, Effect};
use super::super::screen::Ctx;
use super::table::{place, unit};
use super::{Flip, Lens, Merge};
use crate::domain::merge::Kind;
use crate::domain::note::Time;
use crate::domain::settle::{Choice, Place, RowChoice, Status};

impl Merge {
    pub(super) fn act(&mut self, action: Action, began: Time, ctx: &Ctx<'_>) -> Vec<Effect> {
        let page = isize::try_from(self.page.height.saturating_sub(1).max(1)).unwrap_or(1);
        match action {
            Action::MergeNext => return self.jump_open(self.next_open(Some(self.unit)).or_else(|| self.next_open(None)), ctx),
            Action::MergePrev => return self.jump_open(self.previous_open(self.unit).or_else(|| self.previous_open(usize::MAX / 2)), ctx),
            Action::HunkNext => return self.jump(self.next_changed(Some(self.unit))),
            Action::HunkPrev => return self.jump(self.previous_changed(self.unit)),
            Action::NextPiece => self.step_atom(true),
            Action::PrevPiece => self.step_atom(false),
            Action::Down => self.page.scroll(&self.settle, 1),
            Action::Up => self.page.scroll(&self.settle, -1),
            Action::PageDown => self.page.scroll(&self.settle, page),
            Action::PageUp => self.page.scroll(&self.settle, -page),
            Action::Top => self.page.top = super::At::default(),
            Action::Bottom => self.page.top = super::At { unit: super::Page::units(&self.settle).saturating_sub(1), line: 0, row: 0 },
            Action::Lens => return self.next_lens(),
            Action::Flip => return self.next_flip(),
            Action::AsChange => {
                self.as_change = !self.as_change;
                let say = if self.as_change { "Each side as its change from base." } else { "Each side as it reads." };
                return vec![Effect::Say(say.to_owned())];
            }
            Action::Fold => {
                self.folded = !self.folded;
                self.follow = true;
            }
            Action::Search => {
                return vec![Effect::Ask(Box::new(Ask::line_over("merge-search", "Search both sides and the result", &self.needle)))];
            }
            Action::Why => return vec![self.why(ctx)],
            Action::Unasked => return self.open_unasked(),
            Action::KeepAsNew => return self.ask_keep_as_new(),
            Action::CopyResult => return self.copy(),
            Action::EditHere => return self.begin_edit(),
            Action::EditOutside => return self.edit_outside(),
            Action::Save => return self.save(began, ctx),
            Action::SaveWithMarkers => return self.save_with_markers(),
            Action::Later | Action::Back => return self.later(),
            _ => return self.choose(action, ctx),
        }
        Vec::new()
    }

    fn jump_open(&mut self, unit: Option<usize>, ctx: &Ctx<'_>) -> Vec<Effect> {
        match unit {
            Some(unit) => self.go(unit),
            None => return vec![Effect::Say(format!("Nothing is open: {} saves.", ctx.keys.key_name(Mode::Merge, Action::Save)))],
        }
        Vec::new()
    }

    fn jump(&mut self, unit: Option<usize>) -> Vec<Effect> {
        match unit {
            Some(unit) => self.go(unit),
            None => return vec![Effect::Say("There is no further hunk this way.".to_owned())],
        }
        Vec::new()
    }

    fn next_lens(&mut self) -> Vec<Effect> {
        let now = self.frame.lens.unwrap_or(Lens::Two);
        let next = match now {
            Lens::Two => Lens::Three,
            Lens::Three => Lens::Stacked,
            Lens::Stacked => Lens::Single,
            Lens::Single => Lens::Two,
        };
        self.lens = Some(next);
        self.follow = true;
        vec![Effect::Say(format!("Lens: {}", next.name()))]
    }

    fn next_flip(&mut self) -> Vec<Effect> {
        if self.frame.lens != Some(Lens::Single) {
            self.lens = Some(Lens::Single);
        }
        self.flip = match self.flip {
            Flip::Result => Flip::Mine,
            Flip::Mine => Flip::Theirs,
            Flip::Theirs => Flip::Base,
            Flip::Base => Flip::Result,
        };
        self.follow = true;
        vec![Effect::Say(format!("Shown: {}", self.flip.name()))]
    }

    fn copy(&self) -> Vec<Effect> {
        let Some(hunk) = self.hunk() else { return Vec::new() };
        let text = String::from_utf8_lossy(&self.settle.hunk_bytes(hunk)).into_owned();
        vec![Effect::Copy(text), Effect::Say("Copied.".to_owned())]
    }

    /// Keys that choose.
    pub(super) fn choose(&mut self, action: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        match action {
            Action::Undo | Action::Redo => return self.step_history(action == Action::Undo),
            Action::AcceptAll => {
                let n = self.settle.accept_all();
                let say = match n {
                    0 => "Nothing is proposed.".to_owned(),
                    n => format!("{n} proposal{} taken; undo takes them back.", if n == 1 { "" } else { "s" }),
                };
                return vec![Effect::Say(say)];
            }
            Action::MineAll | Action::TheirsAll => return self.ask_for_all(action == Action::MineAll),
            _ => {}
        }
        match place(&self.settle, self.unit) {
            Place::Row(row) => self.choose_row(row, action),
            Place::Hunk(hunk) => self.choose_hunk(hunk, action, ctx),
        }
    }

    fn step_history(&mut self, back: bool) -> Vec<Effect> {
        match if back { self.settle.undo() } else { self.settle.redo() } {
            Some(place) => self.go(unit(&self.settle, place)),
            None => return vec![Effect::Say(if back { "Nothing to undo." } else { "Nothing to redo." }.to_owned())],
        }
        Vec::new()
    }

    fn ask_for_all(&self, mine: bool) -> Vec<Effect> {
        let n = self.settle.counts().open;
        if n == 0 {
            return vec![Effect::Say("Nothing is open.".to_owned())];
        }
        let (id, word) = if mine { ("all-mine", "Mine") } else { ("all-theirs", "Theirs") };
        let title = if n == 1 { format!("{word} for the one that is open?") } else { format!("{word} for all {n} that are open?") };
        vec![Effect::Ask(Box::new(Ask::choice(id, title, &[('y', "yes"), ('n', "no")])))]
    }

    fn choose_row(&mut self, row: usize, action: Action) -> Vec<Effect> {
        let choice = match action {
            Action::Mine => RowChoice::Mine,
            Action::Theirs => RowChoice::Theirs,
            Action::Base => RowChoice::Base,
            Action::Both | Action::BothTheirsFirst if self.settle.rows()[row].proposal.is_some() => RowChoice::Proposal,
            Action::Accept if self.settle.rows()[row].choice.is_none() => RowChoice::Proposal,
            Action::Accept => {
                self.go_on();
                return Vec::new();
            }
            Action::Proposal => {
                self.settle.reset_row(row);
                return Vec::new();
            }
            Action::SameAgain => match self.settle.last_choice() {
                Some(Choice::Mine) => RowChoice::Mine,
                Some(Choice::Theirs) => RowChoice::Theirs,
                _ => return vec![Effect::Say("There is no last choice that fits here.".to_owned())],
            },
            _ => return vec![Effect::Say("Here one can choose mine, theirs or base, or type a value.".to_owned())],
        };
        let accepts = matches!(action, Action::Accept | Action::SameAgain);
        if !self.settle.choose_row(row, choice) && action == Action::Accept {
            return vec![Effect::Say("Nothing is proposed here: choose mine or theirs.".to_owned())];
        }
        if accepts {
            self.go_on();
        }
        Vec::new()
    }

    fn choose_hunk(&mut self, hunk: usize, action: Action, ctx: &Ctx<'_>) -> Vec<Effect> {
        if hunk >= self.settle.hunks().len() || self.settle.hunks()[hunk].kind == Kind::Equal {
            return vec![Effect::Say("All agree here.".to_owned())];
        }
        let choice = match action {
            Action::Mine => Choice::Mine,
            Action::Theirs => Choice::Theirs,
            Action::Both => Choice::MineThenTheirs,
            Action::BothTheirsFirst => Choice::TheirsThenMine,
            Action::Base => Choice::Base,
            Action::Neither => Choice::Neither,
            Action::Proposal => {
                self.settle.reset(hunk);
                return Vec::new();
            }
            Action::ToggleAtom => {
                return if self.settle.toggle(hunk, self.atom) {
                    Vec::new()
                } else {
                    vec![Effect::Say("There is no piece to toggle.".to_owned())]
                };
            }
            Action::SameAgain => {
                if self.settle.same_as_last(hunk)
                    || self.settle.choice(hunk) == self.settle.last_choice() && self.settle.last_choice().is_some()
                {
                    self.go_on();
                    return Vec::new();
                }
                return vec![Effect::Say("There is no last choice that fits here.".to_owned())];
            }
            Action::Accept => return self.accept(hunk, ctx),
            _ => return Vec::new(),
        };
        if self.frame.lens == Some(Lens::Single) && matches!(action, Action::Mine | Action::Theirs | Action::Base) {
            self.flip = Flip::Result;
        }
        self.settle.choose(hunk, choice);
        Vec::new()
    }

    /// Accepts what is proposed or shown, and goes on.
    fn accept(&mut self, hunk: usize, ctx: &Ctx<'_>) -> Vec<Effect> {
        let open = matches!(self.settle.status(hunk), Status::Open | Status::Proposed);
        let shown = match (self.frame.lens, self.flip) {
            (Some(Lens::Single), Flip::Mine) => Some(Choice::Mine),
            (Some(Lens::Single), Flip::Theirs) => Some(Choice::Theirs),
            (Some(Lens::Single), Flip::Base) => Some(Choice::Base),
            _ => None,
        };
        if let Some(choice) = shown {
            self.settle.choose(hunk, choice);
            self.flip = Flip::Result;
        } else if open && !self.settle.accept(hunk) {
            let [m, t, b, piece] =
                [Action::Mine, Action::Theirs, Action::Both, Action::ToggleAtom].map(|a| ctx.keys.key_name(Mode::Merge, a));
            return vec![Effect::Say(format!("Nothing is proposed here: {m} mine, {t} theirs, {b} both, or {piece} for pieces."))];
        }
        self.go_on();
        Vec::new()
    }

    /// To the next open place, if there is one.
    fn go_on(&mut self) {
        if let Some(unit) = self.next_open(Some(self.unit)).or_else(|| self.next_open(None)) {
            self.go(unit);
        }
    }
}
