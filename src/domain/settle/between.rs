//! What two hunks do to each other: the verdict over edits that each merged without asking, and that together say something twice or undo
//! each other.
//!
//! Limits: only stretches long enough not to stand somewhere by chance are looked for, and only as a whole, one for each hunk.

use std::collections::HashMap;

use super::super::merge::Kind;
use super::super::refine;
use super::verdict::{Fate, Lost, is_telling};
use super::{Choice, Settle, Side};

impl Settle {
    /// Text that both sides put in at two places, front matter keys among it; and text that one side cut and the other put elsewhere.
    pub(super) fn judge_between(&self, out: &mut Vec<Lost>) {
        let mut put: HashMap<&[u8], [Option<usize>; 2]> = HashMap::new();
        for (h, side) in self.taken() {
            let new = added(self.side(h, Side::Base), self.side(h, side));
            if is_telling(new) {
                put.entry(new).or_default()[usize::from(side == Side::Theirs)] = Some(h);
            }
        }
        let mut twice: Vec<(usize, &[u8])> =
            put.iter().filter_map(|(text, by)| Some((by[0]?.max(by[1]?), *text))).chain(self.doubled_keys()).collect();
        twice.sort_unstable();
        out.extend(twice.into_iter().map(|(hunk, new)| Lost {
            hunk,
            side: Side::Base,
            fate: Fate::Doubled,
            old: Vec::new(),
            new: new.to_vec(),
        }));
        for hunk in (0..self.hunks.len()).filter(|h| self.hunks[*h].kind == Kind::Same && self.choice(*h) == Some(&Choice::Mine)) {
            let cut = self.side(hunk, Side::Base).trim_ascii();
            let side = match put.get(cut) {
                Some([Some(_), None]) => Side::Theirs,
                Some([None, Some(_)]) => Side::Mine,
                _ => continue,
            };
            if self.side(hunk, Side::Mine).trim_ascii().is_empty() {
                out.push(Lost { hunk, side, fate: Fate::Dropped, old: cut.to_vec(), new: Vec::new() });
            }
        }
    }

    /// The hunks that one side alone changed and that hold what it says, each with that side.
    fn taken(&self) -> impl Iterator<Item = (usize, Side)> + '_ {
        (0..self.hunks.len()).filter_map(|h| match (self.hunks[h].kind, self.choice(h)) {
            (Kind::Mine, Some(Choice::Mine)) => Some((h, Side::Mine)),
            (Kind::Theirs, Some(Choice::Theirs)) => Some((h, Side::Theirs)),
            _ => None,
        })
    }

    /// Front matter keys that both sides added and that stand twice in the result, each with the hunk that theirs put it in with.
    fn doubled_keys(&self) -> Vec<(usize, &[u8])> {
        let [base, mine, theirs] = [Side::Base, Side::Mine, Side::Theirs].map(|s| refine::matter_keys(self.text(s)));
        let new: Vec<&[u8]> = theirs.into_iter().filter(|k| mine.contains(k) && !base.contains(k)).collect();
        let result = if new.is_empty() { None } else { self.result() };
        let Some(result) = result else { return Vec::new() };
        let keys = refine::matter_keys(&result);
        let line = |h: usize, key| self.side(h, Side::Theirs).split(|b| *b == b'\n').any(|l| l.starts_with(key));
        let of_theirs = |key| self.taken().find(|(h, side)| *side == Side::Theirs && line(*h, key)).map_or(0, |(h, _)| h);
        new.into_iter().filter(|key| keys.iter().filter(|k| k == &key).count() > 1).map(|key| (of_theirs(key), key)).collect()
    }
}

/// What a text has that the old one has not, taken as one stretch, without the white space around it.
fn added<'a>(old: &[u8], new: &'a [u8]) -> &'a [u8] {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    new[head..new.len() - tail].trim_ascii()
}
