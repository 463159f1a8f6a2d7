//! Cuts a text into words, each with the white space before it.
//!
//! A word is what a person would change as one: a word of any script, a number with its sign and unit, a date, an identifier, a URL, an
//! emoji with its modifiers, a tick box. Graphemes are never split. Text that is not UTF-8 is cut at ASCII white space.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// A word with the white space before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The white space before it.
    pub(super) gap: &'a [u8],
    /// The word; empty only for the end of the text.
    pub(super) text: &'a [u8],
    /// How well it keeps two edits apart; [`APART`] in sum is enough.
    pub(super) weight: u32,
}

/// The weight that keeps two edits apart: one word, two Han or Kana signs, six Thai ones.
pub(super) const APART: u32 = 6;

impl Word<'_> {
    /// Whether it is a tick box.
    pub(super) fn is_tick(&self) -> bool {
        matches!(self.text, b"[ ]" | b"[x]" | b"[X]")
    }

    /// Whether it could mark a list item.
    pub(super) fn is_bullet(&self) -> bool {
        matches!(self.text, b"-" | b"*" | b"+")
    }

    /// Whether it is a mark that may end a sentence.
    pub(super) fn ends_sentence(&self) -> bool {
        matches!(std::str::from_utf8(self.text), Ok("." | "!" | "?" | "。" | "！" | "？" | "।" | "؟" | "…"))
    }

    /// Whether it is a question mark.
    pub(super) fn asks(&self) -> bool {
        matches!(std::str::from_utf8(self.text), Ok("?" | "？" | "؟"))
    }

    /// Whether a line ends before it.
    pub(super) fn starts_line(&self) -> bool {
        self.gap.contains(&b'\n')
    }
}

/// The words of a text; the last one is empty and holds the white space at the end.
pub(super) fn split(text: &[u8]) -> Vec<Word<'_>> {
    split_quoted(text, &[])
}

/// The same of a text whose lines all start with `mark` (see [`quote_mark`]), which is taken as white space there: it goes where lines are
/// wrapped.
pub(super) fn split_quoted<'a>(text: &'a [u8], mark: &[u8]) -> Vec<Word<'a>> {
    match std::str::from_utf8(text) {
        Ok(s) => split_str(s, mark),
        Err(_) => split_bytes(text),
    }
}

/// The mark with which each line of all the texts starts, if they are one quotation (or a comment); empty if not.
pub(super) fn quote_mark(texts: [&[u8]; 3]) -> &'static [u8] {
    let quoted =
        |text: &[u8], mark| text.split(|b| *b == b'\n').all(|l| l.trim_ascii().is_empty() || l.trim_ascii_start().starts_with(mark));
    let marks: [&'static [u8]; 2] = [b">", b"//"];
    marks.into_iter().find(|mark| texts.iter().all(|t| !t.is_empty() && quoted(t, mark))).unwrap_or_default()
}

fn split_bytes(text: &[u8]) -> Vec<Word<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    loop {
        let gap = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let word = rest[gap..].iter().take_while(|b| !b.is_ascii_whitespace()).count();
        out.push(Word { gap: &rest[..gap], text: &rest[gap..gap + word], weight: APART });
        if word == 0 {
            return out;
        }
        rest = &rest[gap + word..];
    }
}

fn split_str<'a>(text: &'a str, mark: &[u8]) -> Vec<Word<'a>> {
    let mut out: Vec<Word<'_>> = Vec::with_capacity(text.len() / 5 + 4);
    let (mut gap, mut at) = (0, 0);
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    while at < text.len() {
        let space = space_at(text, at);
        if space > 0 {
            at += space;
            continue;
        }
        if !mark.is_empty() && bytes[at..].starts_with(mark) && (gap == 0 || bytes[gap..at].contains(&b'\n')) {
            at += mark.len();
            continue;
        }
        let usual = usual_run(bytes, at);
        if let Some((word, run)) = usual {
            out.push(Word { gap: &bytes[gap..at], text: &bytes[at..word], weight: APART });
            if word < run {
                out.push(Word { gap: &[], text: &bytes[word..run], weight: 0 });
            }
            (gap, at) = (run, run);
            continue;
        }
        found.clear();
        match tick_box(text, at) {
            Some(end) => found.push(at..end),
            None => run_words(text, at..run_end(text, at), &mut found),
        }
        for word in &found {
            let weight = weight(&text[word.clone()]);
            out.push(Word { gap: &bytes[gap..word.start], text: &bytes[word.clone()], weight });
            gap = word.end;
        }
        at = gap;
    }
    out.push(Word { gap: &bytes[gap..], text: &[], weight: 0 });
    if memchr::memchr(b'|', bytes).is_some() {
        table_bars(&mut out);
    }
    out
}

/// Bytes of the white space that stands here, if any does.
fn space_at(text: &str, at: usize) -> usize {
    match text.as_bytes()[at] {
        b' ' | b'\t'..=b'\r' => 1,
        b if b.is_ascii() => 0,
        _ => text[at..].chars().next().filter(|c| c.is_whitespace()).map_or(0, char::len_utf8),
    }
}

/// Where the run without white space ends that starts here.
fn run_end(text: &str, at: usize) -> usize {
    text[at..].find(char::is_whitespace).map_or(text.len(), |n| at + n)
}

/// The usual run needs no segmentation: ASCII letters and digits, with or without one mark after them. Gives the ends of the word and of the
/// run.
fn usual_run(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let word = at + bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
    let ends = |at: usize| bytes.get(at).is_none_or(|b| matches!(b, b' ' | b'\t'..=b'\r'));
    match bytes.get(word) {
        _ if word == at => None,
        _ if ends(word) => Some((word, word)),
        Some(b'.' | b',' | b';' | b'!' | b'?') if ends(word + 1) => Some((word, word + 1)),
        _ => None,
    }
}

/// The end of the tick box that starts here, if one does.
fn tick_box(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    let boxed = rest.starts_with("[ ]") || rest.starts_with("[x]") || rest.starts_with("[X]");
    let alone = rest.get(3..).is_some_and(|after| after.is_empty() || after.starts_with(char::is_whitespace));
    (boxed && alone).then_some(at + 3)
}

/// Bars of a table row keep its cells apart as words do.
fn table_bars(words: &mut [Word<'_>]) {
    let mut start = 0;
    while start < words.len() {
        let end = (start + 1..words.len()).find(|i| words[*i].starts_line()).unwrap_or(words.len());
        let row = &mut words[start..end];
        let bars = row.iter().filter(|w| w.text == b"|").count();
        if bars >= 2 || (bars == 1 && row.len() > 2) {
            row.iter_mut().filter(|w| w.text == b"|").for_each(|w| w.weight = APART);
        }
        start = end;
    }
}

/// Adds the words of a run without white space, as ranges that cover it.
fn run_words(text: &str, run: Range<usize>, out: &mut Vec<Range<usize>>) {
    let (run, mut at) = (&text[..run.end], run.start);
    while let Some(url) = find_url(&run[at..]) {
        plain_words(run, at..at + url.start, out);
        out.push(at + url.start..at + url.end);
        at += url.end;
    }
    plain_words(run, at..run.len(), out);
}

/// The first URL of a run.
fn find_url(run: &str) -> Option<Range<usize>> {
    memchr::memchr2(b':', b'w', run.as_bytes())?;
    let (start, body) = if let Some(colon) = run.find("://") {
        let scheme = run[..colon].bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || b"+.-".contains(b)).count();
        (colon - scheme, colon + 3)
    } else {
        let start = run.find("www.").or_else(|| run.find("mailto:"))?;
        (start, start)
    };
    let len = run[body..].find(|c: char| "<>\"'`()[]{}|，。、；：！？「」『』（）".contains(c)).unwrap_or(run.len() - body);
    let end = run[..body + len].trim_end_matches(|c: char| ".,;:!?*_".contains(c)).len();
    (end > start).then_some(start..end)
}

fn plain_words(run: &str, part: Range<usize>, out: &mut Vec<Range<usize>>) {
    let tokens: Vec<Range<usize>> =
        run[part.clone()].split_word_bound_indices().map(|(at, t)| part.start + at..part.start + at + t.len()).collect();
    let first = out.len();
    let mut i = 0;
    while i < tokens.len() {
        let token = tokens[i].clone();
        let text = &run[token.clone()];
        let next = tokens.get(i + 1).map(|t| &run[t.clone()]);
        let last = (out.len() > first).then(|| out.len() - 1);
        if let Some(last) = last
            && joins(&run[out[last].clone()], text, next)
        {
            let connects = is_wordy(&run[out[last].clone()]) && !is_wordy(text) && !is_suffix(text);
            out[last].end = token.end;
            // What a connector connects comes along.
            if connects {
                let upto = if is_wordy(next.unwrap_or_default()) { i + 1 } else { i };
                out[last].end = tokens[upto].end;
                i = upto;
            }
        } else {
            out.push(token);
        }
        i += 1;
    }
}

fn is_wordy(token: &str) -> bool {
    token.chars().any(char::is_alphanumeric)
}

fn is_suffix(token: &str) -> bool {
    matches!(token, "%" | "‰" | "€" | "$" | "£" | "¥" | "₽" | "°")
}

fn ends_in_digit(token: &str) -> bool {
    token.chars().next_back().is_some_and(char::is_numeric)
}

pub(super) fn starts_with_digit(token: &str) -> bool {
    token.chars().next().is_some_and(char::is_numeric)
}

/// Numerals of Chinese and Japanese, and what follows them in dates and times.
const HAN_NUMERALS: &str = "〇零一二三四五六七八九十百千万萬億亿两兩";
const HAN_UNITS: &str = "年月日時时分秒号號点點円元圆";

/// Bytes above which a row of numerals is no number that a person would change as one.
const LONG_NUMBER: usize = 256;

/// Signs of which a row is one thing: a rule under a heading, a fence, an emphasis, a level.
const RULES: &str = "=-~*_#.`";

fn is_han_number(c: char) -> bool {
    HAN_NUMERALS.contains(c) || c.is_ascii_digit() || ('０'..='９').contains(&c)
}

/// Whether `token` continues the word `word`; `next` is what follows it.
fn joins(word: &str, token: &str, next: Option<&str>) -> bool {
    let (Some(end), Some(start)) = (word.chars().next_back(), token.chars().next()) else { return false };
    let numeric_word = word.len() <= LONG_NUMBER
        && word.chars().all(|c| is_han_number(c) || HAN_UNITS.contains(c))
        && word.chars().next().is_some_and(is_han_number);
    if numeric_word && token.chars().all(|c| is_han_number(c) || HAN_UNITS.contains(c)) {
        return is_han_number(end) || is_han_number(start);
    }
    if RULES.contains(start) && word.chars().chain(token.chars()).all(|c| c == start) {
        return true;
    }
    if single_sign(end) || single_sign(start) {
        return false;
    }
    if is_suffix(token) {
        return ends_in_digit(word);
    }
    let sigil = word.chars().all(|c| "$€£¥#@+-−±~".contains(c));
    if sigil {
        return is_wordy(token) || word.chars().all(|c| c == '-') && token == "-";
    }
    if !is_wordy(word) {
        return word == "/" && is_wordy(token);
    }
    if is_wordy(token) {
        // Segmentation parted them without a mark between: letters and digits of different scripts.
        return starts_with_digit(token) || ends_in_digit(word);
    }
    let Some(next) = next.filter(|n| is_wordy(n) && !n.chars().next().is_some_and(single_sign)) else { return false };
    match token {
        "-" | "‐" | "‑" | "_" | "." | "/" | "'" | "’" | "@" | "&" | "+" | "~" | "\\" => true,
        ":" | "," | "–" | "−" | "٫" | "٬" => ends_in_digit(word) && starts_with_digit(next),
        _ => false,
    }
}

/// Signs of scripts written without spaces, each a word of its own.
fn single_sign(c: char) -> bool {
    is_han(c) || ('\u{3041}'..='\u{309F}').contains(&c) || is_thai_like(c)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '々' | '〇')
}

/// Thai, Lao, Khmer, Burmese: words run together and need more signs between.
fn is_thai_like(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27BF}' | '\u{1F000}'..='\u{1FAFF}')
}

fn weight(word: &str) -> u32 {
    let Some(first) = word.chars().next() else { return 0 };
    if first == '[' {
        return 0;
    }
    if is_thai_like(first) {
        1
    } else if single_sign(first) {
        3 * u32::try_from(word.chars().count()).unwrap_or(2).min(2)
    } else if is_wordy(word) || is_emoji(first) {
        APART
    } else {
        0
    }
}
