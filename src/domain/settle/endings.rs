//! Line endings, the final newline and the byte order mark as one row above the text.
//!
//! What one side alone changed is taken; where both changed how lines end, and differently, the row asks.

use std::sync::Arc;

use super::super::endings;
use super::super::merge::Kind;
use super::rows::{Row, RowChoice, RowName};
use super::{Settle, Side};

const MARK: &[u8] = b"\xEF\xBB\xBF";

/// The texts with endings made alike, and the row that says so.
pub(super) fn levelled(original: &[Arc<Vec<u8>>; 3]) -> ([Arc<Vec<u8>>; 3], Vec<Row>) {
    let level = endings::level(&original[0], &original[1], &original[2]);
    let say = |text: &[u8]| describe(text);
    let proposal = (!level.notes.is_empty()).then(|| (None, format!("{} ({})", describe(&level.mine), level.notes.join("; "))));
    let fresh = proposal.as_ref().filter(|_| !level.open).map(|_| RowChoice::Proposal);
    let rows = if proposal.is_none() && !level.open {
        Vec::new()
    } else {
        vec![Row {
            name: RowName::Endings,
            kind: if level.open { Kind::Clash } else { Kind::Mine },
            base: say(&original[0]),
            mine: say(&original[1]),
            theirs: say(&original[2]),
            values: None,
            proposal: proposal.filter(|_| !level.open),
            choice: fresh.clone(),
            fresh,
        }]
    };
    let own = |cow: std::borrow::Cow<'_, [u8]>| match cow {
        std::borrow::Cow::Borrowed(_) => None,
        std::borrow::Cow::Owned(bytes) => Some(Arc::new(bytes)),
    };
    let changed = [own(level.base), own(level.mine), own(level.theirs)];
    let mut texts = original.clone();
    for (text, new) in texts.iter_mut().zip(changed) {
        if let Some(new) = new {
            *text = new;
        }
    }
    (texts, rows)
}

/// `LF, with a final newline`: what a person needs to know of a text's endings.
fn describe(text: &[u8]) -> String {
    let feeds = memchr::memchr_iter(b'\n', text).count();
    let pairs = memchr::memmem::find_iter(text, b"\r\n").count();
    let style = match (feeds, pairs) {
        (0, _) => "one line",
        (_, 0) => "LF",
        (f, p) if f == p => "CRLF",
        _ => "LF and CRLF",
    };
    let end = if text.ends_with(b"\n") { ", with a final newline" } else { ", no final newline" };
    let mark = if text.starts_with(MARK) { ", byte order mark" } else { "" };
    format!("{style}{end}{mark}")
}

impl Settle {
    /// Whose endings the result is to have: nobody's in particular (made alike), or one side's.
    fn endings_of(&self) -> Option<Side> {
        let row = self.rows.iter().find(|r| r.name == RowName::Endings)?;
        match row.choice {
            Some(RowChoice::Base) => Some(Side::Base),
            Some(RowChoice::Mine) => Some(Side::Mine),
            Some(RowChoice::Theirs) => Some(Side::Theirs),
            _ => None,
        }
    }

    /// Whether a result that is all `side`'s is that side's original bytes.
    pub(super) fn ends_like(&self, side: Side) -> bool {
        match self.endings_of() {
            Some(of) => of == side,
            None => Arc::ptr_eq(&self.original[side as usize], &self.texts[side as usize]),
        }
    }

    /// Gives the result the endings that were chosen for it.
    pub(super) fn with_ending(&self, mut out: Vec<u8>) -> Vec<u8> {
        let Some(side) = self.endings_of() else { return out };
        let like = self.original(side);
        let feeds = memchr::memchr_iter(b'\n', like).count();
        let pairs = memchr::memmem::find_iter(like, b"\r\n").count();
        if feeds > 0 && pairs == 0 {
            out = without_returns(&out);
        } else if feeds > 0 && pairs == feeds {
            out = with_returns(&out);
        }
        match (like.starts_with(MARK), out.starts_with(MARK)) {
            (true, false) => drop(out.splice(0..0, MARK.iter().copied())),
            (false, true) => drop(out.drain(..MARK.len())),
            _ => {}
        }
        if like.is_empty() || out.is_empty() {
            return out;
        }
        match (like.ends_with(b"\n"), out.ends_with(b"\n")) {
            (true, false) => out.extend_from_slice(if pairs > 0 { b"\r\n" } else { b"\n" }),
            (false, true) => {
                out.pop();
                if out.ends_with(b"\r") {
                    out.pop();
                }
            }
            _ => {}
        }
        out
    }
}

fn without_returns(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memmem::find_iter(text, b"\r\n") {
        out.extend_from_slice(&text[from..at]);
        from = at + 1;
    }
    out.extend_from_slice(&text[from..]);
    out
}

fn with_returns(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 16);
    let mut from = 0;
    for at in memchr::memchr_iter(b'\n', text) {
        let bare = at == 0 || text[at - 1] != b'\r';
        out.extend_from_slice(&text[from..at]);
        out.extend_from_slice(if bare { b"\r\n" } else { b"\n" });
        from = at + 1;
    }
    out.extend_from_slice(&text[from..]);
    out
}
