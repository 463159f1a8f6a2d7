//! Line endings, the final newline and the byte order mark, made alike before a merge and settled as a small item of their own.
//!
//! A side that only changed LF to CRLF has changed no words; merged as bytes it would collide with everything. Each of the three things is
//! one property of a text; where one side alone changed it, all three texts get that side's. A text with both kinds of endings is left as
//! it came: which of its lines meant to differ cannot be told.

use std::borrow::Cow;

/// The three texts with endings made alike, ready for `merge`, and what is needed to put the endings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Levelled<'a> {
    /// Base, with the endings of the result.
    pub base: Cow<'a, [u8]>,
    /// Mine, with the endings of the result.
    pub mine: Cow<'a, [u8]>,
    /// Theirs, with the endings of the result.
    pub theirs: Cow<'a, [u8]>,
    /// One plain sentence for each thing that was settled here ("mine changed line endings to CRLF"), for the list of what was merged unasked.
    pub notes: Vec<String>,
    /// Whether mine and theirs changed an ending differently, so that a person must say (the texts are then left as they came).
    pub open: bool,
}

/// How the lines of a text end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// It has no line end.
    None,
    Lf,
    CrLf,
    /// Some lines end one way, some the other.
    Mixed,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Makes endings alike where one side alone changed them.
#[must_use]
pub fn level<'a>(base: &'a [u8], mine: &'a [u8], theirs: &'a [u8]) -> Levelled<'a> {
    let mut out = Levelled { base: base.into(), mine: mine.into(), theirs: theirs.into(), notes: Vec::new(), open: false };
    if mine == theirs || base == mine || base == theirs {
        return out;
    }
    out.open = !level_style(&mut out);
    level_mark(&mut out);
    level_final(&mut out);
    out
}

/// The value that both sides should have if one changed it, and who did.
fn decided<T: PartialEq + Copy>(base: T, mine: T, theirs: T) -> Option<(T, &'static str)> {
    match (mine == base, theirs == base) {
        (true, true) => None,
        (false, true) => Some((mine, "mine")),
        (true, false) => Some((theirs, "theirs")),
        (false, false) => (mine == theirs).then_some((mine, "both sides")),
    }
}

/// False if both sides changed line endings, and differently.
fn level_style(l: &mut Levelled<'_>) -> bool {
    if [&l.base, &l.mine, &l.theirs].iter().all(|text| starts_with_lf(text)) {
        // No text has CRLF alone, so nobody changed to it or from it; no need to read them whole.
        return true;
    }
    let (b, m, t) = (style(&l.base), style(&l.mine), style(&l.theirs));
    if matches!(b, Style::None | Style::Mixed) || m == Style::None || t == Style::None {
        return true;
    }
    if m == Style::Mixed || t == Style::Mixed {
        return m == b || t == b || m == t;
    }
    let Some((style, who)) = decided(b, m, t) else { return true };
    let to = if style == Style::CrLf { with_crlf } else { with_lf };
    each(l, to);
    l.notes.push(format!("{who} changed line endings to {}", if style == Style::CrLf { "CRLF" } else { "LF" }));
    true
}

fn level_mark(l: &mut Levelled<'_>) {
    let marked = |text: &[u8]| text.starts_with(BOM);
    let Some((mark, who)) = decided(marked(&l.base), marked(&l.mine), marked(&l.theirs)) else { return };
    each(l, |text| match (mark, text.strip_prefix(BOM)) {
        (true, None) => Some([BOM, text].concat()),
        (false, Some(rest)) => Some(rest.to_vec()),
        _ => None,
    });
    l.notes.push(format!("{who} {} the byte order mark", if mark { "added" } else { "removed" }));
}

fn level_final(l: &mut Levelled<'_>) {
    if l.base.is_empty() || l.mine.is_empty() || l.theirs.is_empty() {
        return;
    }
    let ended = |text: &[u8]| text.ends_with(b"\n");
    let Some((end, who)) = decided(ended(&l.base), ended(&l.mine), ended(&l.theirs)) else { return };
    let crlf = [&l.mine, &l.theirs, &l.base].iter().any(|t| ended(t) && t.ends_with(b"\r\n"));
    let newline: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    each(l, |text| match (end, text.strip_suffix(b"\n")) {
        (true, None) => Some([text, newline].concat()),
        (false, Some(rest)) => Some(rest.strip_suffix(b"\r").unwrap_or(rest).to_vec()),
        _ => None,
    });
    l.notes.push(format!("{who} {} the final newline", if end { "added" } else { "removed" }));
}

/// Changes each of the three texts that `change` gives another form of.
fn each(l: &mut Levelled<'_>, change: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    for text in [&mut l.base, &mut l.mine, &mut l.theirs] {
        if let Some(changed) = change(text) {
            *text = changed.into();
        }
    }
}

/// Whether the first line ends in LF alone.
fn starts_with_lf(text: &[u8]) -> bool {
    memchr::memchr(b'\n', text).is_some_and(|at| !text[..at].ends_with(b"\r"))
}

fn style(text: &[u8]) -> Style {
    if memchr::memchr(b'\r', text).is_none() {
        return if memchr::memchr(b'\n', text).is_some() { Style::Lf } else { Style::None };
    }
    let mut found = Style::None;
    for at in memchr::memchr_iter(b'\n', text) {
        let this = if at > 0 && text[at - 1] == b'\r' { Style::CrLf } else { Style::Lf };
        if found != Style::None && found != this {
            return Style::Mixed;
        }
        found = this;
    }
    found
}

/// A text whose lines end in LF, with CRLF; nothing if they do already.
fn with_crlf(text: &[u8]) -> Option<Vec<u8>> {
    (style(text) == Style::Lf).then(|| {
        let mut out = Vec::with_capacity(text.len() + text.len() / 16);
        for line in super::diff::split_lines(text) {
            match line.strip_suffix(b"\n") {
                Some(rest) => out.extend([rest, b"\r\n"].concat()),
                None => out.extend(line),
            }
        }
        out
    })
}

/// A text whose lines end in CRLF, with LF; nothing if they do already.
fn with_lf(text: &[u8]) -> Option<Vec<u8>> {
    (style(text) == Style::CrLf).then(|| {
        let mut out = Vec::with_capacity(text.len());
        for line in super::diff::split_lines(text) {
            match line.strip_suffix(b"\r\n") {
                Some(rest) => out.extend([rest, b"\n"].concat()),
                None => out.extend(line),
            }
        }
        out
    })
}
