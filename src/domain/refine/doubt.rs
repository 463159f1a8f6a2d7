//! Changes that keep apart and still should not be decided: what one side says may turn what the other says into something nobody meant.
//!
//! Three kinds are known: one side negates a sentence (or takes the negation out) that the other rewords; both sides put the same words at
//! different places; one side renames something everywhere that the other names anew.

use std::collections::HashSet;
use std::ops::Range;

use super::side::{self, Change, Side};
use super::words::{APART, Word};

/// Words that negate, in lower case and in order of their bytes.
const NEGATIONS: &[&str] = &[
    "aldri",
    "aldrig",
    "aucun",
    "aucune",
    "bez",
    "cannot",
    "değil",
    "ei",
    "geen",
    "hayır",
    "ikke",
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
    "nada",
    "ne",
    "neither",
    "nem",
    "nessuna",
    "nessuno",
    "never",
    "nicht",
    "nichts",
    "nie",
    "niemals",
    "niemand",
    "niente",
    "niet",
    "ninguna",
    "ningún",
    "no",
    "nobody",
    "non",
    "none",
    "nooit",
    "nor",
    "not",
    "nothing",
    "nunca",
    "não",
    "ohne",
    "pas",
    "rien",
    "sans",
    "sem",
    "senza",
    "sin",
    "without",
    "yok",
    "zonder",
    "δεν",
    "μην",
    "όχι",
    "без",
    "не",
    "немає",
    "нет",
    "ни",
    "никогда",
    "ні",
    "אין",
    "בלי",
    "לא",
    "لا",
    "لم",
    "لن",
    "ليس",
    "ليست",
    "ما",
    "نه",
    "नहीं",
    "मत",
];
/// Signs that negate wherever they stand, in scripts without spaces and where a negation is part of a word.
const NEGATING_SIGNS: &[&str] = &["n't", "n’t", "不", "没", "沒", "无", "無", "未", "ない", "なかった", "ません", "ไม่", "않", "못", "없"];
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
        || doubled((mine, m_own), (theirs, t_own))
        || renamed(base, (mine, m_own), (theirs, t_own))
        || renamed(base, (theirs, t_own), (mine, m_own))
}

/// Whether a side changed a negation in a sentence that the other side changed too.
fn negated(base: &[Word<'_>], (side, own): (&Side<'_>, &[&Change]), other: &[&Change]) -> bool {
    own.iter().filter(|c| negations(base, c.edit.old.clone()) != negations(&side.words, c.edit.new.clone())).any(|c| {
        let sentence = sentence(base, c);
        let alone =
            c.edit.old.is_empty() && c.reach.start <= sentence.start && side.words[c.edit.new.clone()].iter().any(|w| ends_sentence(w));
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
    let starts = |i: &usize| *i == 0 || ends_sentence(&base[i - 1]) || side::parts_lines(base, *i);
    let from = c.edit.old.start.min(last.saturating_sub(1));
    let start = (0..=from).rev().find(starts).unwrap_or(0);
    let end = (c.edit.old.end.max(start + 1)..last).find(starts).unwrap_or(last);
    start..end
}

fn ends_sentence(word: &Word<'_>) -> bool {
    matches!(std::str::from_utf8(word.text), Ok("." | "!" | "?" | "。" | "！" | "？" | "।" | "؟" | "…"))
}

/// Whether both sides put the same words in, at different places.
fn doubled((mine, m_own): (&Side<'_>, &[&Change]), (theirs, t_own): (&Side<'_>, &[&Change])) -> bool {
    let new = |side: &Side<'_>, c: &Change| -> Vec<Vec<u8>> {
        side.words[c.edit.new.clone()].iter().filter(|w| w.weight > 0).map(|w| w.text.to_ascii_lowercase()).collect()
    };
    let heavy = |side: &Side<'_>, c: &Change| side.words[c.edit.new.clone()].iter().map(|w| w.weight).sum::<u32>() >= APART;
    let inserted = |side: &Side<'_>, own: &[&Change]| -> HashSet<Vec<Vec<u8>>> {
        own.iter().filter(|c| c.edit.old.is_empty() && heavy(side, c)).map(|c| new(side, c)).collect()
    };
    let (m, t) = (inserted(mine, m_own), inserted(theirs, t_own));
    m.iter().any(|words| t.contains(words))
}

/// Whether a side put one word for another everywhere, and the other side put the old one in anew.
fn renamed(base: &[Word<'_>], (side, own): (&Side<'_>, &[&Change]), (other, others): (&Side<'_>, &[&Change])) -> bool {
    let single = |c: &&&Change| c.edit.old.len() == 1 && c.edit.new.len() == 1 && base[c.edit.old.start].weight >= APART;
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
