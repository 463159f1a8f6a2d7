//! The shortest way from one sequence to another, by Myers' search from both ends, with a budget in steps.
//!
//! The search, its tie-breaks and the places where it gives up are those git uses, so that the hunks of a merge are the hunks people know
//! from git. Past the budget the answer is still a valid difference, only a coarser one; it never depends on time or machine.

use std::cell::Cell;

use super::super::stop::{self, Cancelled, Stop};

/// After so many rounds a long enough snake ends the search.
const SNAKE_AFTER: isize = 256;
/// The smallest budget: rounds before the search settles for the furthest point reached.
const MIN_BUDGET: isize = 256;
/// Equal items in a row that count as a long snake.
const LONG_SNAKE: isize = 20;
/// How much further than its cost a path must have come to be taken early.
const WORTH: isize = 4;

/// Rounds after which it is asked whether to go on.
const ASK_EVERY: isize = 64;

/// How a search is made.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// Asks for the shortest answer, whatever it costs.
    pub(super) minimal: bool,
    /// Ends it.
    pub(super) stop: Stop<'a>,
    /// Ends it too: the steps that it, and others with the same purse, may still make.
    pub(super) left: Option<&'a Cell<usize>>,
}

impl<'a> How<'a> {
    /// The shortest difference within git's budget, unless it is called off.
    pub(super) fn within_reason(stop: Stop<'a>) -> How<'a> {
        How { minimal: false, stop, left: None }
    }

    /// Takes so many steps out of the purse.
    fn spend(&self, steps: usize) -> Result<(), Cancelled> {
        let Some(purse) = self.left else { return Ok(()) };
        purse.set(purse.get().checked_sub(steps).ok_or(Cancelled)?);
        Ok(())
    }
}

/// A box of the edit grid that is still to be searched.
#[derive(Clone, Copy)]
struct Area {
    a0: isize,
    a1: isize,
    b0: isize,
    b1: isize,
    /// Whether the shortest way must be found here, whatever it costs.
    minimal: bool,
}

/// Where an area is cut in two, and which halves must be searched to the end.
struct Cut {
    i: isize,
    j: isize,
    minimal_before: bool,
    minimal_after: bool,
}

/// The diagonals that one direction has reached.
struct Front {
    mid: isize,
    lo: isize,
    hi: isize,
    /// Value of a diagonal just outside.
    outside: isize,
}

impl Front {
    fn at(mid: isize, outside: isize) -> Front {
        Front { mid, lo: mid, hi: mid, outside }
    }

    /// Widens by one diagonal on each side, or narrows where the grid ends.
    fn widen(&mut self, area: &Area, v: &mut [isize], zero: isize) {
        let (first, last) = (area.a0 - area.b1, area.a1 - area.b0);
        if self.lo > first {
            self.lo -= 1;
            v[(self.lo - 1 + zero) as usize] = self.outside;
        } else {
            self.lo += 1;
        }
        if self.hi < last {
            self.hi += 1;
            v[(self.hi + 1 + zero) as usize] = self.outside;
        } else {
            self.hi -= 1;
        }
    }

    /// Its diagonals, from the highest.
    fn diagonals(&self) -> impl Iterator<Item = isize> + use<> {
        let lo = self.lo;
        std::iter::successors(Some(self.hi), |d| Some(d - 2)).take_while(move |d| *d >= lo)
    }
}

/// What is compared, and the memory of the search.
struct Search<'a> {
    a: &'a [u32],
    b: &'a [u32],
    ahead: Vec<isize>,
    back: Vec<isize>,
    /// Index of diagonal 0.
    zero: isize,
    budget: isize,
    how: How<'a>,
}

/// Marks which items of `a` are gone and which of `b` are new.
pub(super) fn mark(a: &[u32], b: &[u32], how: How<'_>, mut gone: impl FnMut(usize), mut new: impl FnMut(usize)) -> Result<(), Cancelled> {
    let diagonals = a.len() + b.len() + 3;
    let mut search = Search {
        a,
        b,
        ahead: vec![0; diagonals],
        back: vec![0; diagonals],
        zero: b.len() as isize + 1,
        budget: (super::rough_root(diagonals) as isize).max(MIN_BUDGET),
        how,
    };
    let mut todo = vec![Area { a0: 0, a1: a.len() as isize, b0: 0, b1: b.len() as isize, minimal: how.minimal }];
    while let Some(area) = todo.pop() {
        let area = search.shrunk(area);
        if area.a0 == area.a1 {
            (area.b0..area.b1).for_each(|j| new(j as usize));
        } else if area.b0 == area.b1 {
            (area.a0..area.a1).for_each(|i| gone(i as usize));
        } else {
            let cut = search.cut(&area)?;
            todo.push(Area { a0: cut.i, b0: cut.j, minimal: cut.minimal_after, ..area });
            todo.push(Area { a1: cut.i, b1: cut.j, minimal: cut.minimal_before, ..area });
        }
    }
    Ok(())
}

impl Search<'_> {
    fn same(&self, i: isize, j: isize) -> bool {
        self.a[i as usize] == self.b[j as usize]
    }

    /// The area without what is equal at its two ends.
    fn shrunk(&self, mut area: Area) -> Area {
        while area.a0 < area.a1 && area.b0 < area.b1 && self.same(area.a0, area.b0) {
            (area.a0, area.b0) = (area.a0 + 1, area.b0 + 1);
        }
        while area.a0 < area.a1 && area.b0 < area.b1 && self.same(area.a1 - 1, area.b1 - 1) {
            (area.a1, area.b1) = (area.a1 - 1, area.b1 - 1);
        }
        area
    }

    fn cut(&mut self, area: &Area) -> Result<Cut, Cancelled> {
        let mut ahead = Front::at(area.a0 - area.b0, -1);
        let mut back = Front::at(area.a1 - area.b1, isize::MAX);
        self.ahead[(ahead.mid + self.zero) as usize] = area.a0;
        self.back[(back.mid + self.zero) as usize] = area.a1;
        let mut cost = 0;
        loop {
            if cost % ASK_EVERY == 0 {
                stop::go_on(self.how.stop)?;
            }
            cost += 1;
            let width = (ahead.hi - ahead.lo + back.hi - back.lo) as usize / 2 + 2;
            self.how.spend(width)?;
            let (met, snake_ahead) = self.go_ahead(area, &mut ahead, &back);
            if let Some(cut) = met {
                return Ok(cut);
            }
            let (met, snake_back) = self.go_back(area, &ahead, &mut back);
            if let Some(cut) = met {
                return Ok(cut);
            }
            if area.minimal {
                continue;
            }
            if (snake_ahead || snake_back)
                && cost > SNAKE_AFTER
                && let Some(cut) = self.snake_ahead(area, &ahead, cost).or_else(|| self.snake_back(area, &back, cost))
            {
                return Ok(cut);
            }
            if cost >= self.budget {
                return Ok(self.furthest(area, &ahead, &back));
            }
        }
    }

    /// One round from the start; also whether a long snake was found.
    fn go_ahead(&mut self, area: &Area, front: &mut Front, other: &Front) -> (Option<Cut>, bool) {
        front.widen(area, &mut self.ahead, self.zero);
        let odd = (front.mid - other.mid) & 1 != 0;
        let (a, b) = (&self.a[..area.a1 as usize], &self.b[..area.b1 as usize]);
        let reached = &mut self.ahead[(front.lo - 1 + self.zero) as usize..=(front.hi + 1 + self.zero) as usize];
        let Some((above, diagonals)) = reached.split_last_mut() else { return (None, false) };
        let (mut above, mut d, mut snake) = (*above, front.hi, false);
        // Each diagonal starts from the further of its neighbours; the lower one is the next one's upper.
        for pair in diagonals.rchunks_exact_mut(2) {
            let [below, reached] = pair else { break };
            let below = *below;
            let from = if below >= above { below + 1 } else { above };
            let (mut x, mut y) = (from as usize, (from - d) as usize);
            while x < a.len() && y < b.len() && a[x] == b[y] {
                (x, y) = (x + 1, y + 1);
            }
            let i = x as isize;
            *reached = i;
            snake |= i - from > LONG_SNAKE;
            if odd && other.lo <= d && d <= other.hi && self.back[(d + self.zero) as usize] <= i {
                return (Some(Cut { i, j: i - d, minimal_before: true, minimal_after: true }), snake);
            }
            (above, d) = (below, d - 2);
        }
        (None, snake)
    }

    /// One round from the end; also whether a long snake was found.
    fn go_back(&mut self, area: &Area, other: &Front, front: &mut Front) -> (Option<Cut>, bool) {
        front.widen(area, &mut self.back, self.zero);
        let odd = (front.mid - other.mid) & 1 != 0;
        let (a, b) = (&self.a[area.a0 as usize..area.a1 as usize], &self.b[area.b0 as usize..area.b1 as usize]);
        let reached = &mut self.back[(front.lo - 1 + self.zero) as usize..=(front.hi + 1 + self.zero) as usize];
        let Some((above, diagonals)) = reached.split_last_mut() else { return (None, false) };
        let (mut above, mut d, mut snake) = (*above, front.hi, false);
        for pair in diagonals.rchunks_exact_mut(2) {
            let [below, reached] = pair else { break };
            let below = *below;
            let from = if below < above { below } else { above - 1 };
            // Counted from before the next item, which wraps round at the start of the area and is no place then.
            let (mut x, mut y) = ((from - area.a0 - 1) as usize, (from - d - area.b0 - 1) as usize);
            while x < a.len() && y < b.len() && a[x] == b[y] {
                (x, y) = (x.wrapping_sub(1), y.wrapping_sub(1));
            }
            let i = area.a0 + 1 + x as isize;
            *reached = i;
            snake |= from - i > LONG_SNAKE;
            if !odd && other.lo <= d && d <= other.hi && i <= self.ahead[(d + self.zero) as usize] {
                return (Some(Cut { i, j: i - d, minimal_before: true, minimal_after: true }), snake);
            }
            (above, d) = (below, d - 2);
        }
        (None, snake)
    }

    /// The path from the start that came far for its cost and ends in a long snake, if there is one.
    fn snake_ahead(&self, area: &Area, front: &Front, cost: isize) -> Option<Cut> {
        let (mut best, mut cut) = (0, None);
        for d in front.diagonals() {
            let i = self.ahead[(d + self.zero) as usize];
            let j = i - d;
            let worth = (i - area.a0) + (j - area.b0) - (d - front.mid).abs();
            let inside = area.a0 + LONG_SNAKE <= i && i < area.a1 && area.b0 + LONG_SNAKE <= j && j < area.b1;
            if worth > WORTH * cost && worth > best && inside && (1..=LONG_SNAKE).all(|k| self.same(i - k, j - k)) {
                best = worth;
                cut = Some(Cut { i, j, minimal_before: true, minimal_after: false });
            }
        }
        cut
    }

    /// The same for the paths from the end.
    fn snake_back(&self, area: &Area, front: &Front, cost: isize) -> Option<Cut> {
        let (mut best, mut cut) = (0, None);
        for d in front.diagonals() {
            let i = self.back[(d + self.zero) as usize];
            let j = i.wrapping_sub(d);
            let worth = (area.a1 - i) + (area.b1 - j) - (d - front.mid).abs();
            let inside = area.a0 < i && i <= area.a1 - LONG_SNAKE && area.b0 < j && j <= area.b1 - LONG_SNAKE;
            if worth > WORTH * cost && worth > best && inside && (0..LONG_SNAKE).all(|k| self.same(i + k, j + k)) {
                best = worth;
                cut = Some(Cut { i, j, minimal_before: false, minimal_after: true });
            }
        }
        cut
    }

    /// The furthest point of either direction: what the search settles for when the budget is spent.
    fn furthest(&self, area: &Area, ahead: &Front, back: &Front) -> Cut {
        let (mut far, mut far_i) = (-1, -1);
        for d in ahead.diagonals() {
            let i = self.ahead[(d + self.zero) as usize].min(area.a1);
            let (i, j) = if i - d > area.b1 { (area.b1 + d, area.b1) } else { (i, i - d) };
            if far < i + j {
                (far, far_i) = (i + j, i);
            }
        }
        let (mut near, mut near_i) = (isize::MAX, isize::MAX);
        for d in back.diagonals() {
            let i = self.back[(d + self.zero) as usize].max(area.a0);
            let (i, j) = if i - d < area.b0 { (area.b0 + d, area.b0) } else { (i, i - d) };
            if i + j < near {
                (near, near_i) = (i + j, i);
            }
        }
        if (area.a1 + area.b1) - near < far - (area.a0 + area.b0) {
            Cut { i: far_i, j: far - far_i, minimal_before: true, minimal_after: false }
        } else {
            Cut { i: near_i, j: near - near_i, minimal_before: false, minimal_after: true }
        }
    }
}
