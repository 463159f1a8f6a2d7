//! Choosing: what may be put in a hunk, and how each choice becomes the plainest one that gives the same bytes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::merge::Kind;
use super::{RowChoice, Settle, history::Change};

/// One of the three texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What both started from.
    Base = 0,
    /// What this device has.
    Mine = 1,
    /// What the server or the other file has.
    Theirs = 2,
}

impl Side {
    /// The word for it on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Side::Base => "base",
            Side::Mine => "mine",
            Side::Theirs => "theirs",
        }
    }
}

/// What stands in a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// What mine says.
    Mine,
    /// What theirs says.
    Theirs,
    /// Both, mine first.
    MineThenTheirs,
    /// Both, theirs first.
    TheirsThenMine,
    /// What base says.
    Base,
    /// Nothing.
    Neither,
    /// What was proposed.
    Proposal,
    /// Base with these edits of either side (see [`Settle::atoms`]) made to it, by index.
    Atoms(BTreeSet<u32>),
    /// What a person typed.
    Typed(Arc<Vec<u8>>),
}

impl Choice {
    /// The word for it on screen.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Choice::Mine => "mine",
            Choice::Theirs => "theirs",
            Choice::MineThenTheirs => "both, mine first",
            Choice::TheirsThenMine => "both, theirs first",
            Choice::Base => "base",
            Choice::Neither => "neither",
            Choice::Proposal => "proposal",
            Choice::Atoms(_) => "pieces",
            Choice::Typed(_) => "typed",
        }
    }

    /// The stock answers, in the order in which typed text is compared with them.
    const STOCK: [Choice; 7] =
        [Choice::Proposal, Choice::Mine, Choice::Theirs, Choice::MineThenTheirs, Choice::TheirsThenMine, Choice::Base, Choice::Neither];
}

/// A place that can be chosen for: one of the rows above the text, or a hunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Row `n` of [`Settle::rows`].
    Row(usize),
    /// Hunk `n` of [`Settle::hunks`].
    Hunk(usize),
}

impl Settle {
    /// Puts a choice in a hunk. False (and nothing changed) if the hunk cannot take it: all agree there, nothing is proposed, or it holds it
    /// already. A proposal linked to others takes them along.
    pub fn choose(&mut self, hunk: usize, choice: Choice) -> bool {
        if self.hunks.get(hunk).is_none_or(|h| h.kind == Kind::Equal) {
            return false;
        }
        let Some(choice) = self.plain(hunk, choice) else { return false };
        if self.state[hunk].choice.as_ref() == Some(&choice) {
            return false;
        }
        let mut changes = vec![(hunk, Some(choice.clone()))];
        self.with_linked(hunk, &choice, &mut changes);
        self.apply(changes);
        if !matches!(choice, Choice::Atoms(_) | Choice::Typed(_)) {
            self.last = Some(choice);
        }
        true
    }

    /// What linked proposals must become with a choice: taken together, or given back together.
    fn with_linked(&self, hunk: usize, choice: &Choice, changes: &mut Vec<(usize, Option<Choice>)>) {
        let Some(proposal) = self.proposals.get(&hunk) else { return };
        let was = self.state[hunk].choice == Some(Choice::Proposal);
        for &linked in &proposal.linked {
            let held = self.state.get(linked).map(|s| s.choice == Some(Choice::Proposal));
            match (*choice == Choice::Proposal, held) {
                (true, Some(false)) if self.proposals.contains_key(&linked) => changes.push((linked, Some(Choice::Proposal))),
                (false, Some(true)) if was => changes.push((linked, self.unlinked(linked))),
                _ => {}
            }
        }
    }

    /// What a hunk holds once the proposal it was linked to is given up.
    fn unlinked(&self, hunk: usize) -> Option<Choice> {
        match self.hunks[hunk].kind {
            Kind::Mine | Kind::Same => Some(Choice::Mine),
            Kind::Theirs => Some(Choice::Theirs),
            Kind::Equal | Kind::Clash => None,
        }
    }

    /// Puts back what a hunk held before anyone chose: an open clash shows its proposal again.
    pub fn reset(&mut self, hunk: usize) -> bool {
        let Some(state) = self.state.get(hunk) else { return false };
        let fresh = self.default_choice(hunk);
        if state.choice == fresh {
            return false;
        }
        let mut changes = vec![(hunk, fresh.clone())];
        self.with_linked(hunk, &fresh.unwrap_or(Choice::Neither), &mut changes);
        self.apply(changes);
        true
    }

    /// Takes what is proposed for an open hunk. False if nothing is.
    pub fn accept(&mut self, hunk: usize) -> bool {
        self.proposals.contains_key(&hunk) && self.choose(hunk, Choice::Proposal)
    }

    /// Takes all that is proposed for open clashes, as one step; how many that were.
    pub fn accept_all(&mut self) -> usize {
        let hunks: Vec<usize> = self.open.iter().copied().filter(|h| self.proposals.contains_key(h)).collect();
        let mut changes: Vec<(usize, Option<Choice>)> = Vec::new();
        for &h in &hunks {
            changes.push((h, Some(Choice::Proposal)));
            self.with_linked(h, &Choice::Proposal, &mut changes);
        }
        changes.sort_by_key(|(h, _)| *h);
        changes.dedup_by_key(|(h, _)| *h);
        let rows: Vec<Change> = self.rows_accepted();
        let count = hunks.len() + rows.len();
        self.apply_all(changes, rows);
        count
    }

    /// Puts one side in all that is open, as one step; how many that were.
    pub fn choose_open(&mut self, side: Side) -> usize {
        let (choice, row) = Self::of_side(side);
        let changes: Vec<_> = self.open.iter().map(|h| (*h, Some(choice.clone()))).collect();
        let rows = self.rows_set(&row, true);
        let count = changes.len() + rows.len();
        self.apply_all(changes, rows);
        count
    }

    /// Puts one side everywhere, as one step: the result is that side, byte for byte.
    pub fn keep(&mut self, side: Side) {
        let (choice, row) = Self::of_side(side);
        let other = |h: &usize| self.hunks[*h].kind != Kind::Equal && self.state[*h].choice.as_ref() != Some(&choice);
        let changes: Vec<_> = (0..self.hunks.len()).filter(other).map(|h| (h, Some(choice.clone()))).collect();
        let rows = self.rows_set(&row, false);
        self.apply_all(changes, rows);
    }

    fn of_side(side: Side) -> (Choice, RowChoice) {
        match side {
            Side::Base => (Choice::Base, RowChoice::Base),
            Side::Mine => (Choice::Mine, RowChoice::Mine),
            Side::Theirs => (Choice::Theirs, RowChoice::Theirs),
        }
    }

    /// Puts the last choice made (of one of the stock answers) in this hunk too. False if there is none, or it does not fit.
    pub fn same_as_last(&mut self, hunk: usize) -> bool {
        self.last.clone().is_some_and(|choice| self.choose(hunk, choice))
    }

    /// The last stock answer chosen, which [`Settle::same_as_last`] repeats.
    #[must_use]
    pub fn last_choice(&self) -> Option<&Choice> {
        self.last.as_ref()
    }

    /// Puts typed text in a hunk. Typing on in the same hunk is one step until [`Settle::seal`].
    pub fn type_text(&mut self, hunk: usize, text: &[u8]) -> bool {
        if self.hunks.get(hunk).is_none_or(|h| h.kind == Kind::Equal) {
            return false;
        }
        let Some(choice) = self.plain(hunk, Choice::Typed(Arc::new(text.to_vec()))) else { return false };
        if self.state[hunk].choice.as_ref() == Some(&choice) {
            return false;
        }
        let mut changes = vec![(hunk, Some(choice.clone()))];
        self.with_linked(hunk, &choice, &mut changes);
        self.apply_typing(changes);
        true
    }

    /// Ends a stretch of typing: what is typed next is another step.
    pub fn seal(&mut self) {
        self.history.seal();
    }

    /// The plainest choice that gives the same bytes as `choice`, or none if the hunk cannot take it.
    pub(super) fn plain(&self, hunk: usize, choice: Choice) -> Option<Choice> {
        let bytes = match &choice {
            Choice::Proposal => return self.proposals.contains_key(&hunk).then_some(choice),
            Choice::Atoms(on) => {
                let atoms = self.atoms(hunk);
                if on.iter().any(|i| *i as usize >= atoms.len()) {
                    return None;
                }
                self.composed(hunk, &atoms, on)
            }
            Choice::Typed(text) => text.to_vec(),
            _ => return Some(choice),
        };
        Some(Choice::STOCK.into_iter().find(|s| self.stock(hunk, s).is_some_and(|b| *b == bytes[..])).unwrap_or(choice))
    }

    /// The bytes of a stock answer; none for a proposal that is not there, and for pieces and typed text.
    pub(super) fn stock(&self, hunk: usize, choice: &Choice) -> Option<std::borrow::Cow<'_, [u8]>> {
        use std::borrow::Cow;
        let side = |s| self.side(hunk, s);
        let both = |a: Side, b: Side| Cow::Owned(self.joined(hunk, a, b));
        Some(match choice {
            Choice::Mine => Cow::Borrowed(side(Side::Mine)),
            Choice::Theirs => Cow::Borrowed(side(Side::Theirs)),
            Choice::MineThenTheirs => both(Side::Mine, Side::Theirs),
            Choice::TheirsThenMine => both(Side::Theirs, Side::Mine),
            Choice::Base => Cow::Borrowed(side(Side::Base)),
            Choice::Neither => Cow::Borrowed(&[][..]),
            Choice::Proposal => Cow::Owned(self.proposals.get(&hunk)?.pieces.iter().flat_map(|p| &p.text).copied().collect()),
            Choice::Atoms(_) | Choice::Typed(_) => return None,
        })
    }
}
