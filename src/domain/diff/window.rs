//! Two long texts that agree nearly everywhere: walks on while they agree, and compares only small windows where they part.
//!
//! A window ends at the next place where both go on alike for some lines, of which two stand only once in the window on either side. Inside
//! it the lines are compared as in `super::ids`, with enough equal lines around that sliding a change ends inside too; a window that is
//! not closed in this way grows or joins its neighbour. Texts for which this does not work out (many repeated lines, all shuffled) are left
//! to the comparison of the whole, after a bounded number of steps.
//!
//! Where two differences are equally short, which happens among repeated and blank lines in a row, git's choice depends on the whole of
//! both texts. A window that comes to something else when it is compared from its end has several, and then the whole is compared, as long
//! as both texts together are no larger than [`EXACT`]; above that a window settles for one of them. Where git gives up looking for a
//! shortest difference, among hundreds of edits, windows mostly still find one: the merge may then differ from git's, and is the finer one.
//! Not always: among many repeated lines a few in a thousand differences come out some lines longer than the shortest, where a block was
//! moved, or where a line is frequent in the whole text and not near the window. They are right all the same, only less tidy than git's.
//! Texts up to [`SMALL`] bytes are always searched as a whole.

use super::super::stop::{self, Cancelled, Stop};
use super::common::{self, Line};
use super::myers::How;
use super::table::Table;
use super::{Edit, Interner, Marks, clean, small};

/// Bytes of both texts together up to which the whole is compared: nothing is gained by windows then.
const SMALL: usize = 16 * 1024;
/// Bytes of both texts together up to which a window must have only one shortest difference.
const EXACT: usize = 8 * 1024 * 1024;
/// Lines that are looked at first on either side.
const FIRST: usize = 7;
/// Lines that are looked at where they repeat each other.
const WIDE: usize = 64;
/// Lines after which no more are looked at.
const MOST: usize = 4096;
/// Equal lines in a row, standing only once in the window on either side, that end a window.
pub(super) const RARE: usize = 4;
/// Lines after which a run is trusted however far it is shifted. A shorter one that is shifted further than it is long may be a block that
/// was moved, and following it costs more than it saves.
const MOVED: usize = 64;
/// Lines in a row that are looked at for that.
pub(super) const RUN: usize = 8;
/// Lines of context that a window gets first.
const CONTEXT: usize = 4;

/// The walk through two texts.
pub(super) struct Walk<'a> {
    old: &'a [u8],
    new: &'a [u8],
    /// Where the two places of comparison stand.
    at: (usize, usize),
    /// Lines from there.
    old_lines: Vec<Line>,
    new_lines: Vec<Line>,
    table: Table,
    names: Interner<'a>,
    out: Vec<Edit>,
    /// Lines that windows may still compare.
    steps: usize,
    /// How often single lines stand in the whole of the other text; looked up only where it matters.
    frequent: clean::Frequent<'a>,
    stop: Stop<'a>,
    /// Whether to leave it to a comparison of the whole where a window has several shortest differences.
    exact: bool,
}

/// Why a walk came to no end.
enum Unfinished {
    /// A window could not be closed.
    TooWild,
    /// It was called off.
    Cancelled,
}

use Unfinished::TooWild;

impl From<Cancelled> for Unfinished {
    fn from(_: Cancelled) -> Unfinished {
        Unfinished::Cancelled
    }
}

/// The lines in which the texts differ, or nothing if they must be compared as a whole.
pub(super) fn lines<'a>(old: &'a [u8], new: &'a [u8], stop: Stop<'a>) -> Result<Option<Vec<Edit>>, Cancelled> {
    if old.len() + new.len() <= SMALL {
        return Ok(None);
    }
    let mut walk = Walk {
        old,
        new,
        at: (0, 0),
        old_lines: Vec::new(),
        new_lines: Vec::new(),
        table: Table::default(),
        names: Interner::default(),
        out: Vec::new(),
        steps: 65_536 + (old.len() + new.len()) / 64,
        frequent: clean::Frequent::new(old, new),
        stop,
        exact: old.len() + new.len() <= EXACT,
    };
    match walk.run() {
        Ok(()) => Ok(Some(walk.out)),
        Err(TooWild) => Ok(None),
        Err(Unfinished::Cancelled) => Err(Cancelled),
    }
}

impl<'a> Walk<'a> {
    fn run(&mut self) -> Result<(), Unfinished> {
        while self.go_on() {
            stop::go_on(self.stop)?;
            if let Some(end) = small::edits(self.old, self.new, self.at, &mut self.out) {
                self.at = end;
                continue;
            }
            let end = self.window_end()?;
            self.window(self.at, end)?;
        }
        Ok(())
    }

    /// Walks on while the texts agree; false at the end of both.
    fn go_on(&mut self) -> bool {
        let n = common::lines_alike(&self.old[self.at.0..], &self.new[self.at.1..]);
        self.at = (self.at.0 + n, self.at.1 + n);
        self.at != (self.old.len(), self.new.len())
    }

    /// The next place where both texts go on alike.
    fn window_end(&mut self) -> Result<(usize, usize), Unfinished> {
        keep_from(&mut self.old_lines, self.at.0);
        keep_from(&mut self.new_lines, self.at.1);
        let mut want = FIRST;
        loop {
            common::read_lines(self.old, self.at.0, want, &mut self.old_lines);
            common::read_lines(self.new, self.at.1, want, &mut self.new_lines);
            self.steps = self.steps.checked_sub(want / 8).ok_or(TooWild)?;
            if let Some(end) = self.agreement(want) {
                return Ok(end);
            }
            let ended = |lines: &[Line], text: &[u8], at: usize| lines.last().map_or(at, |l| l.end) == text.len();
            if ended(&self.old_lines, self.old, self.at.0) && ended(&self.new_lines, self.new, self.at.1) {
                // The rest is one window; what both end with alike need not be searched.
                let (old, new) = (&self.old[self.at.0..], &self.new[self.at.1..]);
                let tail = common::tail_alike(old, new);
                return Ok((self.old.len() - tail, self.new.len() - tail));
            }
            if want >= MOST {
                return Err(TooWild);
            }
            want += want / 2;
        }
    }

    /// The nearest agreement among the lines read, if it is nearer than any that was not.
    fn agreement(&mut self, want: usize) -> Option<(usize, usize)> {
        self.table.fill(&self.old_lines, &self.new_lines);
        if self.table.repeats * 4 > self.old_lines.len() + self.new_lines.len() && want < WIDE {
            return None;
        }
        (0..self.table.pairs.len()).map(|n| self.table.pairs[n]).filter(|(i, j)| i + j <= want).find_map(|(i, j)| self.run_around(i, j))
    }

    /// Whether two lines were read and are equal.
    fn same(&self, i: usize, j: usize) -> bool {
        match (self.old_lines.get(i), self.new_lines.get(j)) {
            (Some(a), Some(b)) => a.hash == b.hash && self.old[a.start..a.end] == self.new[b.start..b.end],
            _ => false,
        }
    }

    /// Where the run of equal lines around two equal ones starts, if it is long enough to trust.
    fn run_around(&self, i: usize, j: usize) -> Option<(usize, usize)> {
        let back = (0..=i.min(j)).take_while(|k| self.same(i - k, j - k)).count();
        if back == 0 {
            return None;
        }
        let (i, j) = (i + 1 - back, j + 1 - back);
        let skew = (i.abs_diff(j) + 1).min(MOVED);
        let ahead = (back..RUN.max(skew)).take_while(|k| self.same(i + k, j + k)).count();
        let rare = (0..back + ahead).filter(|k| self.table.old_once(i + k)).count();
        let start = (self.old_lines[i].start, self.new_lines[j].start);
        if rare < RARE || back + ahead < skew {
            // What both texts end with alike is certain however short it is.
            let (old, new) = (&self.old[start.0..], &self.new[start.1..]);
            if old.len() != new.len() || old != new {
                return None;
            }
        }
        Some(start)
    }

    /// Compares what lies between two places of agreement.
    fn window(&mut self, mut start: (usize, usize), mut end: (usize, usize)) -> Result<(), Unfinished> {
        if self.plain(end) || self.plain_inside(end) {
            self.at = end;
            return Ok(());
        }
        let (mut before, mut after) = (CONTEXT, CONTEXT);
        loop {
            let floor = self.out.last().map_or((0, 0), |e| (e.old.end, e.new.end));
            let from = common::lines_back(self.old, start.0, floor.0, before);
            let back = start.0 - from;
            let run = common::lines_alike(&self.old[end.0..], &self.new[end.1..]);
            let to = common::lines_ahead(self.old, end.0, end.0 + run, after);
            let ahead = to - end.0;
            let closed = self.compare((from, start.1 - back), (to, end.1 + ahead))?;
            let at_start = from == 0 && start.1 == back;
            let at_end = to == self.old.len() && end.1 + ahead == self.new.len();
            if closed.0 || at_start {
                if closed.1 || at_end {
                    self.at = end;
                    return Ok(());
                }
            } else if from > floor.0 {
                before *= 4;
            } else {
                let last = self.out.pop().ok_or(TooWild)?;
                start = (last.old.start, last.new.start);
            }
            if !closed.1 && !at_end {
                if ahead < run {
                    after *= 4;
                } else {
                    self.at = (end.0 + run, end.1 + run);
                    end = self.window_end()?;
                }
            }
        }
    }

    /// The same, after counting the lines before `end` alone: what is shared may be shared only with what follows.
    fn plain_inside(&mut self, end: (usize, usize)) -> bool {
        let old = self.old_lines.iter().take_while(|l| l.end <= end.0).count();
        let new = self.new_lines.iter().take_while(|l| l.end <= end.1).count();
        self.table.fill(&self.old_lines[..old], &self.new_lines[..new]);
        self.plain(end)
    }

    /// Adds the edits up to `end` if they are plain: the lines that both sides have stand in the same order and number on both, and no
    /// change could be slid. There is only one shortest difference then.
    fn plain(&mut self, end: (usize, usize)) -> bool {
        let first = self.out.len();
        let (mut i, mut j) = (0, 0);
        let mut lone = (0, 0);
        let done = loop {
            let start = (i, j);
            while self.old_lines.get(i).is_some_and(|l| l.start < end.0) && !self.table.old_shared(i) {
                i += 1;
            }
            while self.new_lines.get(j).is_some_and(|l| l.start < end.1) && !self.table.new_shared(j) {
                j += 1;
            }
            lone = (lone.0 + i - start.0, lone.1 + j - start.1);
            let at = (self.old_lines.get(i).map_or(end.0, |l| l.start), self.new_lines.get(j).map_or(end.1, |l| l.start));
            if start != (i, j) {
                let from = (self.old_lines.get(start.0).map_or(at.0, |l| l.start), self.new_lines.get(start.1).map_or(at.1, |l| l.start));
                if slides(self.old, from.0, at.0) || slides(self.new, from.1, at.1) {
                    break false;
                }
                self.out.push(Edit { old: from.0..at.0, new: from.1..at.1 });
            }
            match (at.0 < end.0, at.1 < end.1) {
                (false, false) => break true,
                (true, true) if self.same(i, j) => (i, j) = (i + 1, j + 1),
                _ => break false,
            }
        };
        // Among many changed lines frequent ones may be set aside, which is looked into elsewhere.
        let plain = done && lone.0.max(lone.1) < clean::ENOUGH_CHANGES;
        if !plain {
            self.out.truncate(first);
        }
        plain
    }

    /// Compares two stretches and adds their edits, if no change reaches the start (first answer) or the end (second) of them.
    fn compare(&mut self, from: (usize, usize), to: (usize, usize)) -> Result<(bool, bool), Unfinished> {
        let (old, new) = (super::split_lines(&self.old[from.0..to.0]), super::split_lines(&self.new[from.1..to.1]));
        self.steps = self.steps.checked_sub(old.len() + new.len()).ok_or(TooWild)?;
        self.names.clear();
        let (a, b) = (self.names.all(&old), self.names.all(&new));
        let mut marks = Marks::new(&a, &b);
        let ends = clean::equal_ends(&a, &b);
        let (mut of_a, mut of_b) = (clean::matches(&a, ends, true, &super::counts(&b)), clean::matches(&b, ends, true, &super::counts(&a)));
        self.frequent.correct_old(&mut of_a, &old[ends.0..old.len() - ends.1], from.1);
        self.frequent.correct_new(&mut of_b, &new[ends.0..new.len() - ends.1], from.0);
        marks.search((&a, &b), ends, (&of_a, &of_b), How::within_reason(self.stop))?;
        let (low, high) = marks.slide(&a, &b);
        if self.exact && marks != from_the_end((&a, &b), ends, (&of_a, &of_b), self.stop)? {
            return Err(TooWild);
        }
        let (at_start, at_end) = (from == (0, 0), to == (self.old.len(), self.new.len()));
        let closed = (!low, !high);
        if (closed.0 || at_start) && (closed.1 || at_end) {
            self.out.extend(super::placed(marks.edits(), &old, &new, from));
        }
        Ok(closed)
    }
}

/// The same comparison made from the end: where it comes to something else, there are several shortest differences.
fn from_the_end(
    (a, b): (&[u32], &[u32]),
    ends: (usize, usize),
    (of_a, of_b): (&[clean::Match], &[clean::Match]),
    stop: Stop<'_>,
) -> Result<Marks, Cancelled> {
    let turned = |ids: &[u32]| -> Vec<u32> { ids.iter().rev().copied().collect() };
    let turned_matches = |of: &[clean::Match]| -> Vec<clean::Match> { of.iter().rev().copied().collect() };
    let (x, y) = (turned(a), turned(b));
    let mut marks = Marks::new(&x, &y);
    marks.search((&x, &y), (ends.1, ends.0), (&turned_matches(of_a), &turned_matches(of_b)), How::within_reason(stop))?;
    marks.gone.reverse();
    marks.new.reverse();
    marks.slide(a, b);
    Ok(marks)
}

/// Keeps the lines read that start at a place or after it, if the place is among them.
fn keep_from(lines: &mut Vec<Line>, at: usize) {
    match lines.iter().position(|l| l.start >= at) {
        Some(first) if lines[first].start == at => drop(lines.drain(..first)),
        _ => lines.clear(),
    }
}

/// Whether a change of these lines could stand elsewhere as well.
fn slides(text: &[u8], start: usize, end: usize) -> bool {
    let up = || start > 0 && common::line_before(text, start) == common::line_before(text, end);
    let down = || end < text.len() && common::line_at(text, start) == common::line_at(text, end);
    start < end && (up() || down())
}
