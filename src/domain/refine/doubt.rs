//! Changes that keep apart and still should not be decided: what one side says may turn what the other says into something nobody meant.
//!
//! Three kinds are known: one side negates a sentence (or takes the negation out) that the other rewords; both sides put the same words at
//! different places; one side renames something everywhere that the other names anew.

use std::collections::HashSet;
use std::ops::Range;

use super::side::{self, Change, Side};
use super::words::{APART, Word};

/// Words that turn a sentence into its opposite, in lower case and in order of their bytes. Not those that only take something away from a
/// noun ("without") or stand for one ("nothing"): another word may well change beside them.
const NEGATIONS: &[&str] = &[
    "aldri",
    "aldrig",
    "aucun",
    "aucune",
    "cannot",
    "değil",
    "geen",
    "ikke",
    "ikkje",
    "ingen",
    "inget",
    "inte",
    "jamais",
    "jamás",
    "kein",
    "keine",
    "keinem",
    "keinen",
    "keiner",
    "keines",
    "ne",
    "never",
    "nicht",
    "nie",
    "niemals",
    "niet",
    "ninguna",
    "ningún",
    "no",
    "non",
    "nooit",
    "not",
    "nunca",
    "não",
    "pas",
    "δεν",
    "μην",
    "όχι",
    "не",
    "немає",
    "нет",
    "ни",
    "никогда",
    "ні",
    "אין",
    "לא",
    "لا",
    "لم",
    "لن",
    "ليس",
    "ليست",
    "नहीं",
    "मत",
];
/// Signs that negate wherever they stand, in scripts without spaces and where a negation is part of a word.
const NEGATING_SIGNS: &[&str] = &["n't", "n’t", "不", "没", "沒", "未", "ない", "なかった", "ません", "ไม่", "않", "못", "없"];
/// Bytes of the longest of them that is ASCII, and some.
const LONGEST: usize = 16;
/// Words looked at around a change of single signs, so that a negation that is partly old is seen.
const AROUND: usize = 2;

/// Whether to leave it to a person though the changes of both sides keep apart; given are the changes that only one side made.
pub(super) fn rises(base: &[Word<'_>], (mine, m_own): (&Side<'_>, &[&Change]), (theirs, t_own): (&Side<'_>, &[&Change])) -> bool {
    if m_own.is_empty() || t_own.is_empty() {
        return false;
    }
    negated(base, (mine, m_own), t_own)
        || negated(base, (theirs, t_own), m_own)
        || doubled(base, (mine, m_own), (theirs, t_own))
        || renamed(base, (mine, m_own), (theirs, t_own))
        || renamed(base, (theirs, t_own), (mine, m_own))
}

/// Whether a side changed a negation in a sentence that the other side changed too.
fn negated(base: &[Word<'_>], (side, own): (&Side<'_>, &[&Change]), other: &[&Change]) -> bool {
    own.iter().filter(|c| negations(base, c.edit.old.clone()) != negations(&side.words, c.edit.new.clone())).any(|c| {
        let sentence = sentence(base, c);
        let alone =
            c.edit.old.is_empty() && c.reach.start <= sentence.start && side.words[c.edit.new.clone()].iter().any(|w| w.ends_sentence());
        !alone && other.iter().any(|o| o.reach.start < sentence.end && sentence.start < o.reach.end.max(o.reach.start + 1))
    })
}

/// How many negations stand in a stretch.
fn negations(words: &[Word<'_>], stretch: Range<usize>) -> usize {
    let whole = words[stretch.clone()].iter().filter(|w| negates(w.text)).count();
    let around = &words[stretch.start.saturating_sub(AROUND)..words.len().min(stretch.end + AROUND)];
    if around.iter().all(|w| w.text.iter().all(|b| b.is_ascii() && *b != b'\'')) {
        return whole;
    }
    let text: Vec<u8> = around.iter().flat_map(|w| w.text.iter().copied()).collect();
    let text = String::from_utf8_lossy(&text).to_lowercase();
    whole + NEGATING_SIGNS.iter().map(|s| text.matches(s).count()).sum::<usize>()
}

fn negates(word: &[u8]) -> bool {
    // Looked up only if it starts as one of them does.
    let could = match word.first() {
        Some(b) if b.is_ascii() => matches!(b.to_ascii_lowercase(), b'a' | b'c' | b'g' | b'i' | b'j' | b'k' | b'n' | b'p'),
        first => first.is_some(),
    };
    if !could {
        return false;
    }
    let mut lower = [0; LONGEST];
    match lower.get_mut(..word.len()) {
        Some(lower) if word.is_ascii() => {
            lower.copy_from_slice(word);
            lower.make_ascii_lowercase();
            NEGATIONS.binary_search_by(|n| n.as_bytes().cmp(lower)).is_ok() || lower.starts_with(b"n'")
        }
        _ if word.is_ascii() => word.starts_with(b"n'"),
        _ => {
            let text = String::from_utf8_lossy(word).to_lowercase();
            NEGATIONS.binary_search_by(|n| n.cmp(&text.as_str())).is_ok() || text.starts_with("n’")
        }
    }
}

/// The words of base from the start to the end of the sentence in which a change stands.
fn sentence(base: &[Word<'_>], c: &Change) -> Range<usize> {
    let last = base.len() - 1;
    let starts = |i: &usize| *i == 0 || base[i - 1].ends_sentence() || side::parts_lines(base, *i);
    let from = c.edit.old.start.min(last.saturating_sub(1));
    let start = (0..=from).rev().find(starts).unwrap_or(0);
    let end = (c.edit.old.end.max(start + 1)..last).find(starts).unwrap_or(last);
    start..end
}

/// Whether both sides put the same words in, at different places, and one of them is not a word that might stand anywhere.
fn doubled(base: &[Word<'_>], (mine, m_own): (&Side<'_>, &[&Change]), (theirs, t_own): (&Side<'_>, &[&Change])) -> bool {
    let inserted = |c: &&&Change| c.edit.old.is_empty();
    let heavy = |side: &Side<'_>, c: &Change| -> Vec<Vec<u8>> {
        side.words[c.edit.new.clone()].iter().filter(|w| w.weight > 0).map(|w| w.text.to_ascii_lowercase()).collect()
    };
    let telling = |c: &Change| {
        let new = &mine.words[c.edit.new.clone()];
        let known = |word: &[u8]| base.iter().any(|w| w.text == word);
        new.iter().map(|w| w.weight).sum::<u32>() >= APART && new.iter().any(|w| is_telling(w.text) && !known(w.text))
    };
    if !t_own.iter().any(|c| inserted(&c)) {
        return false;
    }
    let t: HashSet<Vec<Vec<u8>>> = t_own.iter().filter(inserted).map(|c| heavy(theirs, c)).collect();
    m_own.iter().filter(inserted).any(|c| t.contains(&heavy(mine, c)) && telling(c))
}

/// Whether a word says something of its own: four letters, or any of a script whose words are shorter.
fn is_telling(word: &[u8]) -> bool {
    let text = std::str::from_utf8(word).unwrap_or_default();
    let latin = |c: &char| *c < '\u{370}';
    text.chars().filter(|c| c.is_alphabetic()).take(4).count() >= if text.chars().any(|c| c.is_alphabetic() && !latin(&c)) { 1 } else { 4 }
}

/// Whether a side put one word for another everywhere, and the other side put the old one in anew.
fn renamed(base: &[Word<'_>], (side, own): (&Side<'_>, &[&Change]), (other, others): (&Side<'_>, &[&Change])) -> bool {
    if own.len() < 2 {
        return false;
    }
    let single = |c: &&&Change| c.edit.old.len() == 1 && c.edit.new.len() == 1 && is_telling(base[c.edit.old.start].text);
    let mut swaps: Vec<(&[u8], &[u8])> =
        own.iter().filter(single).map(|c| (base[c.edit.old.start].text, side.words[c.edit.new.start].text)).collect();
    swaps.sort_unstable();
    let twice = swaps.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0].0);
    let count = |words: &[Word<'_>], word: &[u8]| words.iter().filter(|w| w.text == word).count();
    twice.into_iter().any(|old| {
        let anew = |c: &&Change| count(&other.words[c.edit.new.clone()], old) > count(&base[c.edit.old.clone()], old);
        count(&side.words, old) == 0 && others.iter().any(anew)
    })
}
