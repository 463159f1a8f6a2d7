//! The choices as bytes, keyed by what each hunk says, so that they find their hunks again after a restart and after theirs moved on.
//!
//! One record for each hunk or row in which a person chose: a key (hash of base, mine and theirs there, and which of several equal ones it
//! is), a code, and for pieces and typed text the bytes. Pieces are stored with the text they gave, so that they come back as that text
//! even where the edits are told apart otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::merge::Kind;
use super::super::note::{FieldValue, Value};
use super::{Choice, RowChoice, Settle, Side};

const MAGIC: &[u8] = b"diptych settle 1\n";
/// Where the screen was, if nothing is known of it.
const NOWHERE: u32 = u32::MAX;

/// What names a hunk in a journal: a hash of what its sides say, and which of several equal ones it is.
pub(super) type Key = (u64, u64);

/// What came back from a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The hunk where the work was left.
    pub at: Option<usize>,
    /// Choices that found their place.
    pub kept: usize,
    /// Choices whose place is no longer there.
    pub lost: usize,
    /// Hunks that are open and were not part of that conflict.
    pub new: Vec<usize>,
}

impl Restored {
    /// One line for the person, if there is something new to say.
    #[must_use]
    pub fn say(&self) -> Option<String> {
        if self.lost == 0 && self.new.is_empty() {
            return None;
        }
        let n = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let new = if self.new.is_empty() {
            "nothing new asks".to_owned()
        } else {
            format!("{} new", n(self.new.len(), "place is", "places are"))
        };
        Some(format!("Theirs moved on: {} kept; {new}.", n(self.kept, "choice", "choices")))
    }
}

impl Settle {
    /// The choices made so far, and where the work stands. Empty before the first choice.
    #[must_use]
    pub fn journal(&self, at: Option<usize>) -> Vec<u8> {
        if self.history_is_empty() && self.rows.iter().all(|r| r.choice == r.fresh) && !self.any_chosen() {
            return Vec::new();
        }
        let mut out = MAGIC.to_vec();
        put(&mut out, at.and_then(|a| u32::try_from(a).ok()).unwrap_or(NOWHERE).into());
        for &(hunk, key) in self.keys() {
            // Open clashes are named too: what is not named is new when theirs moves on.
            let choice = &self.state[hunk].choice;
            if *choice == self.default_choice(hunk) && choice.is_some() {
                continue;
            }
            out.push(b'h');
            put(&mut out, key.0);
            put(&mut out, key.1);
            self.put_choice_bytes(&mut out, hunk, choice.as_ref());
        }
        for row in self.rows.iter().filter(|r| r.choice != r.fresh) {
            out.push(b'r');
            let sides = [row.base.as_bytes(), row.mine.as_bytes(), row.theirs.as_bytes()];
            put(&mut out, hash(row.name.to_string().as_bytes(), &sides));
            put_row(&mut out, row.choice.as_ref());
        }
        out
    }

    fn any_chosen(&self) -> bool {
        (0..self.hunks.len()).any(|h| self.hunks[h].kind != Kind::Equal && self.state[h].choice != self.default_choice(h))
    }

    /// Each hunk that can be chosen for, with its key. They never change, and are made once.
    fn keys(&self) -> &[(usize, Key)] {
        self.keys.get_or_init(|| {
            let mut seen: BTreeMap<u64, u64> = BTreeMap::new();
            let hunks = (0..self.hunks.len()).filter(|h| self.hunks[*h].kind != Kind::Equal);
            hunks
                .map(|h| {
                    let key = hash(&[], &[self.side(h, Side::Base), self.side(h, Side::Mine), self.side(h, Side::Theirs)]);
                    let nth = seen.entry(key).or_default();
                    *nth += 1;
                    (h, (key, *nth))
                })
                .collect()
        })
    }

    /// A number for what the sides say where they differ: two conflicts with the same number take the same choices.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let keys: Vec<[u8; 8]> = self.keys().iter().map(|(_, key)| key.0.to_le_bytes()).collect();
        let rows: Vec<&[u8]> = self.rows.iter().flat_map(|r| [r.base.as_bytes(), r.mine.as_bytes(), r.theirs.as_bytes()]).collect();
        hash(keys.as_flattened(), &rows)
    }

    fn put_choice_bytes(&self, out: &mut Vec<u8>, hunk: usize, choice: Option<&Choice>) {
        match choice {
            None => out.push(b'?'),
            Some(Choice::Mine) => out.push(b'm'),
            Some(Choice::Theirs) => out.push(b't'),
            Some(Choice::MineThenTheirs) => out.push(b'b'),
            Some(Choice::TheirsThenMine) => out.push(b'B'),
            Some(Choice::Base) => out.push(b'0'),
            Some(Choice::Neither) => out.push(b'x'),
            Some(Choice::Proposal) => {
                out.push(b'p');
                put_bytes(out, &self.hunk_bytes(hunk));
            }
            Some(Choice::Typed(text)) => {
                out.push(b'e');
                put_bytes(out, text);
            }
            Some(Choice::Atoms(on)) => {
                out.push(b'a');
                put_bytes(out, &self.hunk_bytes(hunk));
                put(out, on.len() as u64);
                on.iter().for_each(|i| put(out, (*i).into()));
            }
        }
    }

    /// Puts the choices of a journal back, without history. What does not fit, or cannot be read, changes nothing and is counted as lost.
    pub fn restore(&mut self, journal: &[u8]) -> Restored {
        let mut out = Restored::default();
        let Some(mut rest) = journal.strip_prefix(MAGIC) else {
            out.lost = usize::from(!journal.is_empty());
            return out;
        };
        let places: BTreeMap<Key, usize> = self.keys().iter().map(|&(h, key)| (key, h)).collect();
        let at = take(&mut rest).unwrap_or(u64::from(NOWHERE));
        out.at = usize::try_from(at).ok().filter(|a| *a < self.hunks.len());
        let mut named: BTreeSet<usize> = BTreeSet::new();
        while let Some((kind, after)) = rest.split_first() {
            rest = after;
            let read = match kind {
                b'h' => self.restore_hunk(&mut rest, &places, &mut named),
                b'r' => self.restore_row(&mut rest),
                _ => None,
            };
            match read {
                Some(true) => out.kept += 1,
                Some(false) => out.lost += 1,
                None => {
                    out.lost += 1;
                    break;
                }
            }
        }
        let open: Vec<usize> = self.open.iter().copied().collect();
        out.kept -= open.iter().filter(|h| named.contains(h)).count().min(out.kept);
        out.new = open.into_iter().filter(|h| !named.contains(h)).collect();
        out
    }

    /// Reads one record; whether it found its place, or none if it cannot be read.
    fn restore_hunk(&mut self, rest: &mut &[u8], places: &BTreeMap<Key, usize>, named: &mut BTreeSet<usize>) -> Option<bool> {
        let key = (take(rest)?, take(rest)?);
        let (code, after) = rest.split_first()?;
        *rest = after;
        let stored = if matches!(code, b'p' | b'e' | b'a') { take_bytes(rest)?.to_vec() } else { Vec::new() };
        let mut on = BTreeSet::new();
        if *code == b'a' {
            for _ in 0..take(rest)? {
                on.insert(u32::try_from(take(rest)?).ok()?);
            }
        }
        let Some(&hunk) = places.get(&key) else { return Some(*code == b'?') };
        let typed = |s: &Settle| s.plain(hunk, Choice::Typed(Arc::new(stored.clone())));
        let choice = match code {
            b'?' => None,
            b'm' => Some(Choice::Mine),
            b't' => Some(Choice::Theirs),
            b'b' => Some(Choice::MineThenTheirs),
            b'B' => Some(Choice::TheirsThenMine),
            b'0' => Some(Choice::Base),
            b'x' => Some(Choice::Neither),
            b'p' | b'e' => typed(self),
            b'a' => {
                let atoms = self.atoms(hunk);
                let same = on.iter().all(|i| (*i as usize) < atoms.len()) && self.composed(hunk, &atoms, &on) == stored;
                if same { Some(Choice::Atoms(on)) } else { typed(self) }
            }
            _ => return None,
        };
        named.insert(hunk);
        if self.state[hunk].choice != choice {
            self.put_choice(hunk, choice);
            self.revision += 1;
        }
        Some(true)
    }

    fn restore_row(&mut self, rest: &mut &[u8]) -> Option<bool> {
        let key = take(rest)?;
        let choice = take_row(rest)?;
        let is = |r: &super::Row| hash(r.name.to_string().as_bytes(), &[r.base.as_bytes(), r.mine.as_bytes(), r.theirs.as_bytes()]) == key;
        let Some(row) = self.rows.iter_mut().find(|r| is(r)) else { return Some(false) };
        row.choice = choice;
        self.revision += 1;
        Some(true)
    }

    /// Takes the choices of an earlier conflict over into this one, by what the hunks say: only what is new asks.
    pub fn carry_over(&mut self, old: &Settle) -> Restored {
        self.restore(&old.journal(None))
    }
}

/// FNV-1a over the lengths and bytes of some texts: keys need to be the same on every machine, not to withstand an enemy.
fn hash(name: &[u8], texts: &[&[u8]]) -> u64 {
    let mut out: u64 = 0xcbf2_9ce4_8422_2325;
    let mut add = |b: u8| out = (out ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3);
    for text in std::iter::once(&name).chain(texts) {
        (text.len() as u64).to_le_bytes().into_iter().for_each(&mut add);
        text.iter().copied().for_each(&mut add);
    }
    out
}

/// Writes a number, seven bits a byte.
fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push((n as u8) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut out = 0u64;
    for shift in (0..64).step_by(7) {
        let (b, after) = rest.split_first()?;
        *rest = after;
        out |= u64::from(b & 0x7f).checked_shl(shift)?;
        if b & 0x80 == 0 {
            return Some(out);
        }
    }
    None
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let n = usize::try_from(take(rest)?).ok()?;
    let (bytes, after) = rest.split_at_checked(n)?;
    *rest = after;
    Some(bytes)
}

fn put_row(out: &mut Vec<u8>, choice: Option<&RowChoice>) {
    match choice {
        None => out.push(b'?'),
        Some(RowChoice::Mine) => out.push(b'm'),
        Some(RowChoice::Theirs) => out.push(b't'),
        Some(RowChoice::Base) => out.push(b'0'),
        Some(RowChoice::Proposal) => out.push(b'p'),
        Some(RowChoice::Typed(FieldValue::Absent)) => out.push(b'-'),
        Some(RowChoice::Typed(FieldValue::Is(value))) => match value {
            Value::Int(n) => {
                out.push(b'i');
                put(out, u64::from_le_bytes(n.to_le_bytes()));
            }
            Value::Float(f) => {
                out.push(b'f');
                put(out, f.to_bits());
            }
            Value::Bool(b) => out.extend([b'y', u8::from(*b)]),
            Value::Text(t) => {
                out.push(b's');
                put_bytes(out, t.as_bytes());
            }
            Value::List(l) => {
                out.push(b'l');
                put(out, l.len() as u64);
                l.iter().for_each(|t| put_bytes(out, t.as_bytes()));
            }
        },
    }
}

/// A row's choice; the outer nothing: it cannot be read.
fn take_row(rest: &mut &[u8]) -> Option<Option<RowChoice>> {
    let (code, after) = rest.split_first()?;
    *rest = after;
    let text = |rest: &mut &[u8]| take_bytes(rest).and_then(|b| String::from_utf8(b.to_vec()).ok());
    let value = match code {
        b'?' => return Some(None),
        b'm' => return Some(Some(RowChoice::Mine)),
        b't' => return Some(Some(RowChoice::Theirs)),
        b'0' => return Some(Some(RowChoice::Base)),
        b'p' => return Some(Some(RowChoice::Proposal)),
        b'-' => return Some(Some(RowChoice::Typed(FieldValue::Absent))),
        b'i' => Value::Int(i64::from_le_bytes(take(rest)?.to_le_bytes())),
        b'f' => Value::Float(f64::from_bits(take(rest)?)),
        b'y' => {
            let (b, after) = rest.split_first()?;
            *rest = after;
            Value::Bool(*b != 0)
        }
        b's' => Value::Text(text(rest)?),
        b'l' => {
            let n = take(rest)?;
            let mut list = Vec::new();
            for _ in 0..n {
                list.push(text(rest)?);
            }
            Value::List(list)
        }
        _ => return None,
    };
    Some(Some(RowChoice::Typed(FieldValue::Is(value))))
}
