//! Catching up with the server, pure: what a page of changes means, when the list begins anew, what a server lacks that was set back,
//! and when a person is asked before notes go.
//!
//! Pages are asked for one after another ([`CatchUp::ask`]); each is looked at ([`CatchUp::opens`]), its notes become steps
//! ([`CatchUp::came`]), and what follows is said by [`CatchUp::taken`]. Deletions wait in the brake until all is here. How far it came is
//! remembered on disk only then: what breaks off in between is learnt again. The memory of this is bounded by the number of notes.

use std::collections::HashSet;

use super::brake::Brake;
use super::handle::{News, State};
use super::message::{Answer, Effect, Input};
use super::record::{Lane, Record};
use super::sync::is_older;
use crate::domain::note::{Note, NoteId, Seq, Uuid};

/// What has been seen of the server's changes, and the store whose changes they are.
pub type Place = (Seq, Option<Uuid>);

/// What a page says besides its notes.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// How far it goes.
    pub seq: Seq,
    /// The store it is of, where the server says.
    pub store: Option<Uuid>,
    /// Whether there is more.
    pub more: bool,
    /// The place asked about is not part of the server's past: the list begins anew.
    pub reset: bool,
}

/// What follows a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next is asked for.
    Ask,
    /// That was the last.
    Whole,
}

/// What was learnt of a server that may have been set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetBack {
    /// It lacks texts that are here.
    Lacks,
    /// It says that it was set back, and has it all.
    HasAll,
    /// It was only asked from the start, and has it all.
    No,
}

/// Learning anew what a server has.
#[derive(Clone, Debug, Default)]
struct Back {
    /// The notes it has.
    seen: HashSet<NoteId>,
    /// Whether it was set back for certain.
    told: bool,
    /// Whether it lacks a text that is here.
    lacks: bool,
    /// Whether a save was answered meanwhile with something else than the list says.
    unclear: bool,
    /// Notes of which it may have another past than this device.
    doubted: HashSet<NoteId>,
}

/// How far this device has caught up.
#[derive(Clone, Debug)]
pub struct CatchUp {
    place: Place,
    under_way: bool,
    /// Notes that came since it began.
    fetched: usize,
    again: bool,
    /// What was begun broke off: there may be more that is not here.
    behind: bool,
    back: Option<Back>,
    unsure: bool,
    /// Whether something may be known of the server that is not within the place remembered: a save was answered, or an earlier run's was.
    loose: bool,
    /// Notes whose saves were answered since changes were last asked for: what a page says of them may be from before.
    answered: HashSet<NoteId>,
    brake: Brake,
}

impl CatchUp {
    /// A run begins where the disk says.
    #[must_use]
    pub fn new(place: Place) -> CatchUp {
        let (answered, brake) = (HashSet::new(), Brake::default());
        CatchUp { place, under_way: false, fetched: 0, again: false, behind: false, back: None, unsure: true, loose: true, answered, brake }
    }

    /// Begins, unless it is under way; then it is done once more after.
    pub fn begin(&mut self) -> bool {
        self.again |= self.under_way;
        self.fetched *= usize::from(self.under_way);
        !std::mem::replace(&mut self.under_way, true)
    }

    /// Whether it is under way.
    #[must_use]
    pub fn under_way(&self) -> bool {
        self.under_way
    }

    /// Whether the server may be in another state than when it was last asked: until that is known nothing is saved on top of it.
    #[must_use]
    pub fn unsure(&self) -> bool {
        self.unsure
    }

    /// Whether it broke off, so that it is to be tried again.
    #[must_use]
    pub fn behind(&self) -> bool {
        self.behind && !self.under_way
    }

    /// How far it has come.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// How many notes came since it began.
    #[must_use]
    pub fn fetched(&self) -> usize {
        self.fetched
    }

    /// Whether it rests: nothing is being learnt anew, and no deletions are held.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.back.is_none() && self.brake.held().is_empty()
    }

    /// A page is asked for; from which place.
    pub fn ask(&mut self) -> Place {
        self.answered.clear();
        self.place
    }

    /// An exchange failed; `cut`: it never reached the server, or broke off.
    pub fn failed(&mut self, cut: bool) {
        self.unsure |= cut;
    }

    /// A page did not come. A server that cannot list may still take saves (it checks their versions); one that is away may not.
    pub fn no_page(&mut self, away: bool) {
        (self.under_way, self.behind, self.unsure) = (false, true, away);
    }

    /// What a page says, or a deletion, could not be stored; it is asked for again another time.
    pub fn not_stored(&mut self) {
        (self.under_way, self.behind) = (false, true);
    }

    /// A request was answered. `true`: the server may be in another past than ours, and what else it lacks is to be learnt before anything
    /// else is sent there.
    pub fn answered(&mut self, id: NoteId, lane: Lane, answer: &Answer) -> bool {
        if answer.tells_of_note(lane) {
            self.answered.insert(id);
            self.loose = true;
        }
        let unknown = matches!(answer, Answer::Conflict { base: None, .. });
        self.unsure |= unknown;
        unknown
    }

    /// Looks at a page; `false`: it is of no use, and the list is asked for from the start. `knows`: this device has notes of a server.
    pub fn opens(&mut self, head: &Head, knows: bool) -> bool {
        let (seq, store) = self.place;
        if head.seq < seq && !head.reset {
            // From a server that does not say so by itself; what it has is learnt again from the start.
            self.begin_back(true);
            return self.anew();
        }
        let elsewhere = store.is_some() && head.store.is_some() && head.store != store && seq > 0 && !head.reset;
        // The server began anew after the place remembered; what was answered later it may have lost, and only the whole list tells.
        // Or it was set back in the middle of the list, and the rest of it is of another state.
        if elsewhere && (self.loose || self.back.is_some()) {
            return self.anew();
        }
        // A list from the start is whole: what it does not hold, the server does not have.
        if head.reset || (seq == 0 && knows && self.back.is_none()) {
            self.begin_back(head.reset);
        }
        true
    }

    fn begin_back(&mut self, told: bool) {
        self.back = Some(Back { told, ..Back::default() });
        self.brake.clear();
    }

    fn anew(&mut self) -> bool {
        if let Some(back) = &mut self.back {
            (back.unclear, back.seen, back.doubted) = (false, HashSet::new(), HashSet::new());
        }
        self.place = (0, None);
        false
    }

    /// The step that a note of a page means; `None` where there is none, or it is a deletion that waits.
    pub fn came(&mut self, note: Note, record: &Record) -> Option<(NoteId, Input)> {
        let (id, deleted) = (note.id, note.content.deleted);
        if let Some(back) = &mut self.back {
            back.seen.insert(id);
        }
        self.fetched += 1;
        self.brake.came(id);
        if deleted && record.synced.as_ref().is_some_and(|n| !n.content.deleted) {
            let input = self.input(note, record);
            self.brake.hold(id, input);
            None
        } else if record.synced.is_some() || !deleted || !record.is_empty() {
            Some((id, self.input(note, record)))
        } else {
            None
        }
    }

    fn input(&mut self, note: Note, record: &Record) -> Input {
        let answered = self.answered.contains(&note.id);
        if let Some(back) = &mut self.back {
            // Which of the two is from before the server was set back cannot be told.
            back.unclear |= answered && record.synced.as_ref() != Some(&note);
        }
        let told = self.back.as_ref().is_some_and(|b| b.told);
        // In a list from the start a newer version may be of another past than ours, and then ours is the last of its kind.
        let untouched = self.back.is_some() && !record.has_own();
        if !answered && (told || untouched || is_older(&note, record.synced.as_ref())) {
            self.back.iter_mut().for_each(|b| b.doubted.extend([note.id]));
            Input::SetBack(Some(Box::new(note)))
        } else {
            Input::Remote(note)
        }
    }

    /// The steps of a page are stored.
    pub fn taken(&mut self, head: &Head) -> Next {
        self.place = (head.seq, head.store.or(self.place.1));
        if head.more {
            self.unsure &= self.back.is_some();
            return Next::Ask;
        }
        // A note that was answered for and is not in the list came after it, or went with the older state.
        let unclear = |b: &Back| b.unclear || self.answered.iter().any(|id| !b.seen.contains(id));
        if self.back.as_ref().is_some_and(unclear) {
            self.anew();
            return Next::Ask;
        }
        Next::Whole
    }

    /// Of the notes here that are from a server, those which it does not have.
    #[must_use]
    pub fn lacked(&mut self, here: Vec<NoteId>) -> Vec<NoteId> {
        let Some(back) = &mut self.back else { return Vec::new() };
        let lacked: Vec<NoteId> = here.into_iter().filter(|id| !back.seen.contains(id)).collect();
        back.doubted.extend(&lacked);
        lacked
    }

    /// Notes what steps said: whether the server lacks a text that is here.
    pub fn noted(&mut self, effects: &[Effect]) {
        if let Some(back) = &mut self.back {
            let ours = |e: &Effect| match e {
                Effect::Copy(..) => back.told,
                // One's own text on a note that only moved on is no sign of it.
                Effect::Tell(News::RowIs(row)) => row.state != State::Synced && back.doubted.contains(&row.id),
                _ => false,
            };
            back.lacks |= effects.iter().any(ours);
        }
    }

    /// All is here, and stored. What was learnt of a server that may have been set back.
    pub fn whole(&mut self) -> SetBack {
        (self.unsure, self.loose) = (false, !self.answered.is_empty());
        (self.under_way, self.behind) = (false, false);
        match self.back.take() {
            Some(Back { lacks: true, .. }) => SetBack::Lacks,
            Some(Back { told: true, .. }) => SetBack::HasAll,
            _ => SetBack::No,
        }
    }

    /// Whether it was asked for once more meanwhile.
    pub fn once_more(&mut self) -> bool {
        std::mem::take(&mut self.again)
    }

    /// How many deletions of so many notes a person must be asked about; `None`: they may be carried out.
    pub fn asks(&mut self, of: usize) -> Option<(usize, usize)> {
        self.brake.asks(of)
    }

    /// The person allows the deletions that were asked about. `true`: they may be carried out now; else more may come, and the word is
    /// kept until all is here.
    pub fn allow(&mut self) -> bool {
        self.brake.allow();
        !self.under_way && !self.behind
    }

    /// The deletions that wait.
    #[must_use]
    pub fn deletions(&self) -> Vec<(NoteId, Input)> {
        self.brake.held().to_vec()
    }

    /// They were carried out.
    pub fn deleted(&mut self) {
        self.brake = Brake::default();
    }
}
