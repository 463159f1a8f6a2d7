//! Dates and numbers that take several words: an edit of one of the words is an edit of all.
//!
//! Known are dates with a year, digits grouped by spaces, and number words put together ("one and a half", "drei viertel"). The words are
//! those of a few European languages; elsewhere, and in words not listed, each word stands for itself.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::words::{Word, starts_with_digit};

/// Number words below the tens, in lower case, by language.
const UNITS: &str = "
    one two three four five six seven eight nine ten eleven twelve
    zwei drei vier fünf sechs sieben acht neun zehn elf zwölf
    deux trois quatre cinq sept huit neuf dix onze douze
    dos tres cuatro cinco seis siete ocho nueve diez
    dois duas três quatro sete oito nove dez
    due tre quattro cinque sei sette otto nove dieci
    twee drie vijf zes zeven negen tien
    två tre fyra fem sex sju åtta nio tio
    два две три четыре пять шесть семь восемь девять десять";
/// Tens, hundreds and parts of one: what a number of several words has at least one of.
const GREAT: &str = "
    twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen half quarter quarters third thirds
    zwanzig dreißig vierzig fünfzig hundert tausend halb halbe viertel drittel
    vingt trente quarante cinquante soixante cent cents mille demi demie quart quarts
    veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien mil medio media cuartos
    vinte trinta quarenta cinquenta meia meio
    venti trenta quaranta cinquanta mezzo mezza
    twintig dertig honderd duizend anderhalf kwart
    tjugo trettio halv hundra tusen
    двадцать тридцать сорок пятьдесят сто тысяча половиной четвертью";
/// Words that may stand between two of them, two at most.
const BETWEEN: &[&str] = &["a", "an", "and", "e", "ed", "en", "et", "och", "of", "og", "und", "y", "и", "і", "с"];
/// Bytes of the longest number word, and some.
const LONGEST: usize = 24;

/// Each number word, and whether it is a great one.
static KNOWN: LazyLock<HashMap<&'static [u8], bool, foldhash::fast::FixedState>> = LazyLock::new(|| {
    let each = |words: &'static str, great| words.split_ascii_whitespace().map(move |w| (w.as_bytes(), great));
    each(UNITS, false).chain(each(GREAT, true)).collect()
});

/// Dates and numbers that are written with spaces, as ranges of words: an edit of one part is an edit of all.
pub(super) fn groups(words: &[Word<'_>]) -> Vec<Range<usize>> {
    // Each of them has a word that is a number, and most texts have none.
    let numeric = |w: &Word<'_>| match w.text.first() {
        Some(b) if b.is_ascii() => b.is_ascii_digit(),
        Some(_) => std::str::from_utf8(w.text).is_ok_and(starts_with_digit),
        None => false,
    };
    if !words.iter().any(|w| numeric(w) || number_word(w) == Some(true)) {
        return Vec::new();
    }
    let texts: Vec<&str> = words.iter().map(|w| std::str::from_utf8(w.text).unwrap_or_default()).collect();
    let joined = |i: usize| words.get(i).is_some_and(|w| !w.gap.is_empty() || w.weight == 0);
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut i = 0;
    while i < words.len() {
        match date_end(&texts, i)
            .or_else(|| number_end(words, &texts, i))
            .or_else(|| spelled_end(words, i))
            .filter(|end| (i + 1..*end).all(joined))
        {
            Some(end) => {
                out.push(i..end);
                i = end;
            }
            None => i += 1,
        }
    }
    out
}

fn digits(text: &str) -> usize {
    if text.chars().all(char::is_numeric) { text.chars().count() } else { 0 }
}

/// Day, month and year in any order that ends in the year; or numbers that carry their units.
fn date_end(texts: &[&str], at: usize) -> Option<usize> {
    let day = |t: &str| {
        let number = t.trim_end_matches(|c: char| c.is_alphabetic() || c == 'º' || c == 'ª');
        (1..=2).contains(&digits(number)) && !number.is_empty()
    };
    let name = |t: &str| t.chars().count() > 2 && t.chars().all(char::is_alphabetic);
    let unit = |t: &str| starts_with_digit(t) && ["년", "월", "일", "시", "분"].iter().any(|u| t.contains(u));
    let skip = |mut i: usize| {
        while texts.get(i).is_some_and(|t| matches!(*t, "." | "," | "de" | "del" | "of" | "the")) {
            i += 1;
        }
        i
    };
    let first = texts.get(at)?;
    if unit(first) {
        let end = (at..texts.len()).find(|i| !unit(texts[*i])).unwrap_or(texts.len());
        return (end > at + 1).then_some(end);
    }
    let second = skip(at + 1);
    let third = skip(second + 1);
    let (middle, year) = (texts.get(second)?, texts.get(third)?);
    let dated = (day(first) && name(middle)) || (name(first) && day(middle));
    (dated && digits(year) == 4).then_some(third + 1)
}

/// A number grouped by spaces: 12 345,67; or three groups and more, as of a telephone or an account.
fn number_end(words: &[Word<'_>], texts: &[&str], at: usize) -> Option<usize> {
    let narrow = |i: usize| matches!(std::str::from_utf8(words[i].gap).unwrap_or_default(), " " | "\u{A0}" | "\u{202F}" | "\u{2009}");
    let three = |t: &str| {
        let whole = t.split([',', '.']).next().unwrap_or_default().trim_end_matches(is_currency);
        digits(whole) == 3
    };
    let first = texts.get(at)?;
    if first.bytes().any(|b| b.is_ascii_digit()) && first.bytes().all(|b| b.is_ascii_alphanumeric()) {
        let end = (at + 1..texts.len()).find(|i| !(digits(texts[*i]) > 1 && narrow(*i))).unwrap_or(texts.len());
        if end > at + 2 {
            return Some(end);
        }
    }
    if !(1..=3).contains(&digits(first)) {
        return None;
    }
    let end = (at + 1..texts.len()).find(|i| !(three(texts[*i]) && narrow(*i))).unwrap_or(texts.len());
    (end > at + 1).then_some(end)
}

/// Number words put together: one after the other, or with a word or two between them; nothing if none of them is a great one.
fn spelled_end(words: &[Word<'_>], at: usize) -> Option<usize> {
    let number = |i: usize| words.get(i).and_then(number_word);
    let between = |i: usize| words.get(i).is_some_and(|w| BETWEEN.iter().any(|b| w.text.eq_ignore_ascii_case(b.as_bytes())));
    number(at)?;
    let mut end = at + 1;
    while let Some(next) = (end..=end + 2).take_while(|i| *i == end || between(i - 1)).find(|i| number(*i).is_some()) {
        let pair = [number(end - 1), number(next)];
        if !pair.contains(&Some(true)) {
            break;
        }
        end = next + 1;
    }
    (end > at + 1).then_some(end)
}

/// Whether a word is a great number word; nothing if it is none at all.
fn number_word(word: &Word<'_>) -> Option<bool> {
    if !(3..=LONGEST).contains(&word.text.len()) {
        return None;
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..word.text.len()];
    lower.copy_from_slice(word.text);
    lower.make_ascii_lowercase();
    KNOWN.get(&*lower).copied()
}

fn is_currency(c: char) -> bool {
    "€$£¥₽%".contains(c)
}
