//! Base, mine and theirs to hunks: labels and byte ranges, text comes last.
//!
//! The hunks cover all three texts without gap or overlap, in order, so that any result can be put together from them. Their extents are
//! those of `git merge-file --diff3`; lines which both sides put at the ends of a clash become hunks of their own.

use std::ops::Range;

use super::diff::{self, Algorithm};
use super::stop::{self, Cancelled, NEVER, Stop};

pub mod marked;
mod walk;

use walk::Cluster;

/// What a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// All three agree.
    Equal,
    /// Only mine changed it.
    Mine,
    /// Only theirs changed it.
    Theirs,
    /// Both changed it, to the same bytes.
    Same,
    /// Both changed it, differently: nobody decides but a person.
    Clash,
}

/// A stretch of the three texts, as byte ranges on line boundaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// What it is.
    pub kind: Kind,
    /// Its place in base.
    pub base: Range<usize>,
    /// Its place in mine.
    pub mine: Range<usize>,
    /// Its place in theirs.
    pub theirs: Range<usize>,
}

/// Merges three texts into hunks that cover them in order.
#[must_use]
pub fn merge(base: &[u8], mine: &[u8], theirs: &[u8]) -> Vec<Hunk> {
    // Nobody calls it off, so there always is an answer.
    merge_unless(base, mine, theirs, NEVER).unwrap_or_default()
}

/// The same, unless it is called off: for a worker whose result may no longer be wanted.
///
/// # Errors
/// If `stop` said so, within about a millisecond.
pub fn merge_unless(base: &[u8], mine: &[u8], theirs: &[u8], stop: Stop<'_>) -> Result<Vec<Hunk>, Cancelled> {
    let m = diff::lines_unless(base, mine, Algorithm::Myers, stop)?;
    let t = diff::lines_unless(base, theirs, Algorithm::Myers, stop)?;
    stop::go_on(stop)?;
    Ok(hunks(base, mine, theirs, walk::clusters(&m, &t, mine, theirs)))
}

/// Clusters to hunks: fills what is equal between them, and takes from the ends of a clash what both sides put there.
fn hunks(base: &[u8], mine: &[u8], theirs: &[u8], clusters: Vec<Cluster>) -> Vec<Hunk> {
    let mut out = Vec::with_capacity(clusters.len() * 2 + 1);
    let mut at = 0;
    let mut ends = (0, 0);
    for c in clusters {
        if c.base.start > at {
            out.push(Hunk { kind: Kind::Equal, base: at..c.base.start, mine: ends.0..c.mine.start, theirs: ends.1..c.theirs.start });
        }
        at = c.base.end;
        ends = (c.mine.end, c.theirs.end);
        if c.kind == Kind::Clash { trimmed(base, mine, theirs, c, &mut out) } else { out.push(c.into()) }
    }
    if at < base.len() {
        out.push(Hunk { kind: Kind::Equal, base: at..base.len(), mine: ends.0..mine.len(), theirs: ends.1..theirs.len() });
    }
    out
}

impl From<Cluster> for Hunk {
    fn from(c: Cluster) -> Hunk {
        Hunk { kind: c.kind, base: c.base, mine: c.mine, theirs: c.theirs }
    }
}

/// Puts a clash as up to three hunks: what both sides begin with alike, the clash, what both end with alike.
///
/// Base lines go along with the lines taken off where one side has as many lines as base, so that line stands by line; otherwise they all
/// stay with the clash.
fn trimmed(base: &[u8], mine: &[u8], theirs: &[u8], c: Cluster, out: &mut Vec<Hunk>) {
    let (b, m, t) = (&base[c.base.clone()], &mine[c.mine.clone()], &theirs[c.theirs.clone()]);
    if m == t {
        out.push(Hunk { kind: Kind::Same, ..c.into() });
        return;
    }
    if first_line(m) != first_line(t) && last_line(m) != last_line(t) {
        out.push(c.into());
        return;
    }
    let (b, m, t) = (diff::split_lines(b), diff::split_lines(m), diff::split_lines(t));
    let head = m.iter().zip(&t).take_while(|(x, y)| x == y).count();
    let tail = m[head..].iter().rev().zip(t[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let level = b.len() == m.len() || b.len() == t.len();
    // A side with nothing left would look as if it had changed nothing: leave such clashes whole.
    let whole = head + tail == m.len().min(t.len());
    if whole || head + tail == 0 {
        out.push(c.into());
        return;
    }
    let bytes = |lines: &[&[u8]]| lines.iter().map(|l| l.len()).sum::<usize>();
    let (head_b, tail_b) = if level { (bytes(&b[..head]), bytes(&b[b.len() - tail..])) } else { (0, 0) };
    let (head, tail) = (bytes(&m[..head]), bytes(&m[m.len() - tail..]));
    let cut = |r: &Range<usize>, first: usize, last: usize| (r.start..r.start + first, r.start + first..r.end - last, r.end - last..r.end);
    let (b, m, t) = (cut(&c.base, head_b, tail_b), cut(&c.mine, head, tail), cut(&c.theirs, head, tail));
    let parts = [(Kind::Same, b.0, m.0, t.0), (Kind::Clash, b.1, m.1, t.1), (Kind::Same, b.2, m.2, t.2)];
    out.extend(parts.into_iter().filter(|p| !p.2.is_empty() || !p.3.is_empty()).map(|(kind, base, mine, theirs)| Hunk {
        kind,
        base,
        mine,
        theirs,
    }));
}

fn first_line(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(b'\n', text).map_or(text.len(), |at| at + 1)]
}

fn last_line(text: &[u8]) -> &[u8] {
    let before = &text[..text.len().saturating_sub(1)];
    &text[memchr::memrchr(b'\n', before).map_or(0, |at| at + 1)..]
}
