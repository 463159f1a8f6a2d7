//! A conflict as a value: what a person (or an accepted proposal) put in each hunk, with one history, the result and what it leaves out.
//!
//! A [`Settle`] holds the three texts once and ranges into them; a choice costs as much as its own hunk, whatever the size of the text.
//! Hunks where one side alone changed something, or both the same, are taken without asking, and can be changed like any other. A clash
//! stays open until a person chooses, even where a proposal is shown for it, unless its class is among those the person's settings accept.
//! Markers are written for others and never read back.

mod atoms;
mod between;
mod choice;
mod endings;
mod history;
mod journal;
mod markers;
mod parts;
mod rows;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::merge::{self, Hunk, Kind};
use super::refine::{self, Class, Proposal};
use super::stop::{Cancelled, NEVER, Stop};

pub use atoms::Atom;
pub use choice::{Choice, Place, Side};
pub use journal::Restored;
pub use markers::Labels;
pub use parts::Part;
pub use rows::{Row, RowChoice, RowName};
pub use verdict::{Fate, Lost};

/// How a hunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All three agree: nothing to settle.
    Equal,
    /// Taken without asking.
    Auto,
    /// A person chose.
    Chosen,
    /// A clash with a proposal that nobody has accepted.
    Proposed,
    /// A clash with nothing in it.
    Open,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Clashes in all: hunks and rows that had to be asked.
    pub clashes: usize,
    /// Clashes that are settled.
    pub settled: usize,
    /// Clashes that are open.
    pub open: usize,
    /// Open clashes for which something is proposed.
    pub proposals: usize,
    /// Hunks and rows that were taken without asking and still are.
    pub auto: usize,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// What is in the hunk; nothing: open, or (if `equal`) not asked.
    choice: Option<Choice>,
    /// Counts the changes, so that a view knows what it must lay out anew.
    stamp: u32,
}

/// A conflict, and how far it is settled.
#[derive(Clone, Debug)]
pub struct Settle {
    /// As they came: base, mine, theirs.
    original: [Arc<Vec<u8>>; 3],
    /// With endings made alike; the same as `original` where nothing had to be.
    texts: [Arc<Vec<u8>>; 3],
    hunks: Vec<Hunk>,
    state: Vec<State>,
    proposals: BTreeMap<usize, Proposal>,
    accepted: Vec<Class>,
    rows: Vec<Row>,
    open: BTreeSet<usize>,
    clashes: usize,
    auto: usize,
    /// How many of `open` have a proposal.
    proposed: usize,
    history: history::History,
    last: Option<Choice>,
    revision: u64,
    keys: OnceLock<Vec<(usize, journal::Key)>>,
}

impl Settle {
    /// Merges three texts and takes what needs no asking. Proposals whose class is in `accept` are taken too.
    #[must_use]
    pub fn open(base: Vec<u8>, mine: Vec<u8>, theirs: Vec<u8>, accept: &[Class]) -> Settle {
        Settle::open_unless([base, mine, theirs], accept, NEVER).unwrap_or_else(|Cancelled| Settle::nothing())
    }

    /// The same of base, mine and theirs, unless it is called off: for a worker whose result may no longer be wanted.
    ///
    /// # Errors
    /// If `stop` said so.
    pub fn open_unless([base, mine, theirs]: [Vec<u8>; 3], accept: &[Class], stop: Stop<'_>) -> Result<Settle, Cancelled> {
        let original = [Arc::new(base), Arc::new(mine), Arc::new(theirs)];
        let (texts, rows) = endings::levelled(&original);
        let hunks = merge::merge_unless(&texts[0], &texts[1], &texts[2], stop)?;
        let proposals = refine::propose_unless(&texts[0], &texts[1], &texts[2], &hunks, stop)?;
        let mut out = Settle {
            original,
            texts,
            state: vec![State::default(); hunks.len()],
            hunks,
            proposals: proposals.into_iter().map(|p| (p.hunk, p)).collect(),
            accepted: accept.to_vec(),
            rows,
            ..Settle::nothing()
        };
        out.begin();
        Ok(out)
    }

    /// No conflict at all: three empty texts.
    fn nothing() -> Settle {
        Settle {
            original: Default::default(),
            texts: Default::default(),
            hunks: Vec::new(),
            state: Vec::new(),
            proposals: BTreeMap::new(),
            accepted: Vec::new(),
            rows: Vec::new(),
            open: BTreeSet::new(),
            clashes: 0,
            auto: 0,
            proposed: 0,
            history: history::History::default(),
            last: None,
            revision: 0,
            keys: OnceLock::new(),
        }
    }

    fn begin(&mut self) {
        for hunk in 0..self.hunks.len() {
            match self.hunks[hunk].kind {
                Kind::Equal => continue,
                Kind::Clash => self.clashes += 1,
                Kind::Mine | Kind::Theirs | Kind::Same => {}
            }
            match self.default_choice(hunk) {
                None => {
                    self.open.insert(hunk);
                    self.proposed += usize::from(self.proposals.contains_key(&hunk));
                }
                choice => {
                    self.auto += 1;
                    self.state[hunk].choice = choice;
                }
            }
        }
    }

    /// What is in a hunk before anyone chose.
    fn default_choice(&self, hunk: usize) -> Option<Choice> {
        let accepted = |h: usize| {
            let taken = |p: &Proposal| self.accepted.contains(&p.class);
            self.proposals.get(&h).is_some_and(|p| taken(p) && p.linked.iter().all(|l| self.proposals.get(l).is_some_and(taken)))
        };
        match self.hunks[hunk].kind {
            Kind::Equal => None,
            _ if accepted(hunk) => Some(Choice::Proposal),
            Kind::Mine | Kind::Same => Some(Choice::Mine),
            Kind::Theirs => Some(Choice::Theirs),
            Kind::Clash => None,
        }
    }

    /// The hunks, which cover the three texts in order; a hunk is named by its index.
    #[must_use]
    pub fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }

    /// One of the three texts, endings made alike: what the ranges of [`Settle::hunks`] speak of.
    #[must_use]
    pub fn text(&self, side: Side) -> &[u8] {
        &self.texts[side as usize]
    }

    /// One of the three texts as it came.
    #[must_use]
    pub fn original(&self, side: Side) -> &[u8] {
        &self.original[side as usize]
    }

    /// What one side says in a hunk.
    #[must_use]
    pub fn side(&self, hunk: usize, side: Side) -> &[u8] {
        let h = &self.hunks[hunk];
        match side {
            Side::Base => &self.texts[0][h.base.clone()],
            Side::Mine => &self.texts[1][h.mine.clone()],
            Side::Theirs => &self.texts[2][h.theirs.clone()],
        }
    }

    /// What was chosen for a hunk; nothing while it is open, and in a hunk where all agree.
    #[must_use]
    pub fn choice(&self, hunk: usize) -> Option<&Choice> {
        self.state[hunk].choice.as_ref()
    }

    /// What the merge would put in a hunk.
    #[must_use]
    pub fn proposal(&self, hunk: usize) -> Option<&Proposal> {
        self.proposals.get(&hunk)
    }

    /// How a hunk stands.
    #[must_use]
    pub fn status(&self, hunk: usize) -> Status {
        match &self.state[hunk].choice {
            _ if self.hunks[hunk].kind == Kind::Equal => Status::Equal,
            None if self.proposals.contains_key(&hunk) => Status::Proposed,
            None => Status::Open,
            some if *some == self.default_choice(hunk) => Status::Auto,
            Some(_) => Status::Chosen,
        }
    }

    /// Whether a hunk was taken without asking when the conflict was opened, whatever it holds now.
    #[must_use]
    pub fn was_unasked(&self, hunk: usize) -> bool {
        self.hunks[hunk].kind != Kind::Equal && self.default_choice(hunk).is_some()
    }

    /// Counts the changes of one hunk: while it stays the same, so does all that is shown of the hunk.
    #[must_use]
    pub fn stamp(&self, hunk: usize) -> u32 {
        self.state[hunk].stamp
    }

    /// Counts all changes.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// How far the work is. Costs little, whatever the size.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let rows = || self.rows.iter();
        let row_clashes = rows().filter(|r| r.asks()).count();
        let row_open = rows().filter(|r| r.choice.is_none()).count();
        let open = self.open.len() + row_open;
        let clashes = self.clashes + row_clashes;
        let proposals = self.proposed + rows().filter(|r| r.choice.is_none() && r.proposal.is_some()).count();
        let auto = self.auto + rows().filter(|r| r.is_auto()).count();
        Counts { clashes, settled: clashes.saturating_sub(open), open, proposals, auto }
    }

    /// Whether nothing is open.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.open.is_empty() && self.rows.iter().all(|r| r.choice.is_some())
    }

    /// The open hunks, in order.
    pub fn open_hunks(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.open.iter().copied()
    }

    /// The next open hunk after `hunk`, without going round.
    #[must_use]
    pub fn next_open(&self, hunk: Option<usize>) -> Option<usize> {
        let from = hunk.map_or(0, |h| h + 1);
        self.open.range(from..).next().copied()
    }

    /// The open hunk before `hunk`, without going round.
    #[must_use]
    pub fn previous_open(&self, hunk: usize) -> Option<usize> {
        self.open.range(..hunk).next_back().copied()
    }

    /// How the whole was settled, for the audit log: `mine`, `theirs` or `merged`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        let rows = |want: RowChoice| self.rows.iter().all(|r| r.choice.as_ref() == Some(&want));
        if self.is_all(Side::Mine) && rows(RowChoice::Mine) {
            "mine"
        } else if self.is_all(Side::Theirs) && rows(RowChoice::Theirs) {
            "theirs"
        } else {
            "merged"
        }
    }

    /// Whether every hunk holds what `side` says.
    fn is_all(&self, side: Side) -> bool {
        let want = if side == Side::Mine { Choice::Mine } else { Choice::Theirs };
        (0..self.hunks.len()).all(|h| match &self.state[h].choice {
            _ if self.hunks[h].kind == Kind::Equal => true,
            Some(c) if *c == want => true,
            Some(c @ (Choice::Mine | Choice::Theirs | Choice::Base | Choice::Neither)) => {
                self.stock(h, c).is_some_and(|bytes| bytes == self.side(h, side))
            }
            _ => false,
        })
    }

    /// Clashes settled as mine, as theirs, as both, and in another way (pieces, typed, proposals), for the audit log.
    #[must_use]
    pub fn tally(&self) -> [u32; 4] {
        let mut out = [0; 4];
        for (h, s) in self.hunks.iter().zip(&self.state).filter(|(h, _)| h.kind == Kind::Clash) {
            debug_assert_eq!(h.kind, Kind::Clash);
            match s.choice {
                Some(Choice::Mine) => out[0] += 1,
                Some(Choice::Theirs) => out[1] += 1,
                Some(Choice::MineThenTheirs | Choice::TheirsThenMine) => out[2] += 1,
                Some(_) => out[3] += 1,
                None => {}
            }
        }
        out
    }
}
