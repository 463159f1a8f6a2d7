//! Differences that start from rare lines: `patience` and `histogram`, as git understands them.
//!
//! Both find lines to hold on to, and go on between them; where there is nothing rare they hand over to the shortest difference. They cost
//! more than that on long texts with many changes (each level looks at all lines again), and are used only when asked for by name.

use std::ops::Range;

use super::super::stop::{self, Cancelled, Stop};
use super::{Algorithm, Marks};

/// Lines that stand more often than this are no help.
const MOST: usize = 64;

/// A stretch of both sequences.
#[derive(Clone, Debug)]
struct Part {
    a: Range<usize>,
    b: Range<usize>,
}

/// What a part comes to.
enum Found {
    /// Nothing in it is shared.
    Nothing,
    /// Something is, but nothing rare.
    Common,
    /// Shared stretches, in order.
    Runs(Vec<Part>),
}

/// Marks what differs.
pub(super) fn mark(a: &[u32], b: &[u32], algorithm: Algorithm, marks: &mut Marks, stop: Stop<'_>) -> Result<(), Cancelled> {
    let ids = a.iter().chain(b).max().map_or(0, |m| *m as usize + 1);
    let mut seen = Seen { of: vec![Line::default(); ids], next: vec![usize::MAX; a.len()] };
    let mut todo = vec![Part { a: 0..a.len(), b: 0..b.len() }];
    while let Some(part) = todo.pop() {
        stop::go_on(stop)?;
        if part.a.is_empty() || part.b.is_empty() {
            marks.all(part.a, part.b);
            continue;
        }
        let found = if algorithm == Algorithm::Patience { seen.unique(a, b, &part) } else { seen.rarest(a, b, &part) };
        match found {
            Found::Nothing => marks.all(part.a, part.b),
            Found::Common => marks.classic((a, b), (part.a, part.b), stop)?,
            Found::Runs(runs) => {
                let (mut i, mut j) = (part.a.start, part.b.start);
                for run in runs {
                    todo.push(Part { a: i..run.a.start, b: j..run.b.start });
                    (i, j) = (run.a.end, run.b.end);
                }
                todo.push(Part { a: i..part.a.end, b: j..part.b.end });
            }
        }
    }
    Ok(())
}

/// What is known of a line within one part.
#[derive(Clone, Copy, Default)]
struct Line {
    in_a: usize,
    in_b: usize,
    /// Where first in `a`, and in `b`.
    a_at: usize,
    b_at: usize,
}

struct Seen {
    /// By id; zero counts outside the part at hand.
    of: Vec<Line>,
    /// The next place in `a` of the same line.
    next: Vec<usize>,
}

impl Seen {
    fn read(&mut self, a: &[u32], b: &[u32], part: &Part) {
        for i in part.a.clone().rev() {
            let line = &mut self.of[a[i] as usize];
            self.next[i] = if line.in_a == 0 { usize::MAX } else { line.a_at };
            (line.in_a, line.a_at) = (line.in_a + 1, i);
        }
        for j in part.b.clone().rev() {
            let line = &mut self.of[b[j] as usize];
            (line.in_b, line.b_at) = (line.in_b + 1, j);
        }
    }

    fn forget(&mut self, a: &[u32], b: &[u32], part: &Part) {
        a[part.a.clone()].iter().chain(&b[part.b.clone()]).for_each(|id| self.of[*id as usize] = Line::default());
    }

    /// The longest sequence of lines that stand once in either, each with the equal lines around it.
    fn unique(&mut self, a: &[u32], b: &[u32], part: &Part) -> Found {
        self.read(a, b, part);
        let shared = b[part.b.clone()].iter().any(|id| self.of[*id as usize].in_a > 0);
        let once: Vec<(usize, usize)> = part
            .a
            .clone()
            .filter_map(|i| Some(self.of[a[i] as usize]).filter(|l| l.in_a == 1 && l.in_b == 1).map(|l| (i, l.b_at)))
            .collect();
        self.forget(a, b, part);
        if !shared {
            return Found::Nothing;
        }
        let kept = ascending(&once);
        if kept.is_empty() {
            return Found::Common;
        }
        let mut runs: Vec<Part> = Vec::with_capacity(kept.len() + 2);
        let (mut i, mut j) = (part.a.start, part.b.start);
        let ends = std::iter::once((part.a.end, part.b.end));
        for (x, y) in kept.into_iter().chain(ends) {
            let last = (x, y) == (part.a.end, part.b.end);
            let back = if last { 0 } else { (1..=(x - i).min(y - j)).take_while(|k| a[x - k] == b[y - k]).count() };
            let ahead = (0..(x - back - i).min(y - back - j)).take_while(|k| a[i + k] == b[j + k]).count();
            runs.push(Part { a: i..i + ahead, b: j..j + ahead });
            let after = usize::from(!last);
            runs.push(Part { a: x - back..x + after, b: y - back..y + after });
            (i, j) = (x + after, y + after);
        }
        Found::Runs(runs)
    }

    /// The longest shared stretch around the rarest line.
    fn rarest(&mut self, a: &[u32], b: &[u32], part: &Part) -> Found {
        self.read(a, b, part);
        let (mut best, mut rarity, mut shared) = (None::<Part>, MOST + 1, false);
        let mut j = part.b.start;
        while j < part.b.end {
            let line = self.of[b[j] as usize];
            let mut after = j + 1;
            shared |= line.in_a > 0;
            let mut at = if line.in_a == 0 || line.in_a > rarity { usize::MAX } else { line.a_at };
            while at != usize::MAX {
                let (run, count) = self.stretch(a, b, part, (at, j));
                after = after.max(run.b.end);
                if best.as_ref().is_none_or(|r| r.a.len() < run.a.len()) && (best.is_some() || run.a.len() > 1) || count < rarity {
                    rarity = count;
                    best = Some(run.clone());
                }
                at = self.next[at];
                while at != usize::MAX && at < run.a.end {
                    at = self.next[at];
                }
            }
            j = after;
        }
        self.forget(a, b, part);
        match best {
            _ if shared && rarity > MOST => Found::Common,
            Some(run) => Found::Runs(vec![run]),
            None => Found::Nothing,
        }
    }

    /// The shared stretch around two equal lines, and how often its rarest line stands in `a`.
    fn stretch(&self, a: &[u32], b: &[u32], part: &Part, (at, j): (usize, usize)) -> (Part, usize) {
        let count = |i: usize| self.of[a[i] as usize].in_a;
        let mut run = Part { a: at..at + 1, b: j..j + 1 };
        let mut rarity = count(at);
        while run.a.start > part.a.start && run.b.start > part.b.start && a[run.a.start - 1] == b[run.b.start - 1] {
            (run.a.start, run.b.start) = (run.a.start - 1, run.b.start - 1);
            rarity = rarity.min(count(run.a.start));
        }
        while run.a.end < part.a.end && run.b.end < part.b.end && a[run.a.end] == b[run.b.end] {
            rarity = rarity.min(count(run.a.end));
            (run.a.end, run.b.end) = (run.a.end + 1, run.b.end + 1);
        }
        (run, rarity)
    }
}

/// The longest sequence of pairs, already in order of the first place, that is in order of the second too.
fn ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut piles: Vec<usize> = Vec::new();
    let mut before = vec![usize::MAX; pairs.len()];
    for (n, (_, j)) in pairs.iter().enumerate() {
        let pile = piles.partition_point(|top| pairs[*top].1 < *j);
        before[n] = pile.checked_sub(1).map_or(usize::MAX, |p| piles[p]);
        if pile == piles.len() {
            piles.push(n);
        } else {
            piles[pile] = n;
        }
    }
    let mut out = Vec::with_capacity(piles.len());
    let mut at = piles.last().copied().unwrap_or(usize::MAX);
    while at != usize::MAX {
        out.push(pairs[at]);
        at = before[at];
    }
    out.reverse();
    out
}
