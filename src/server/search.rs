//! What a search wants, and how far one request looks: once for all stores, so that all of them find the same.
//!
//! Case is that of Rust's `to_lowercase` in every script, never that of a database's locale. What no index finds (one or two characters,
//! a tag, what the index has not taken in yet) is read through; a request reads through so many notes and no more, and says where the
//! next one goes on. So no search, however rare what it looks for, holds a server for long.

use super::memory;
use super::store::{Page, Search};
use super::tx::Step;
use crate::domain::note::{Note, Seq};

/// What a note must hold to be found.
pub(crate) struct Wanted {
    /// In lower case.
    needle: Option<String>,
    tag: Option<String>,
}

impl Wanted {
    pub(crate) fn of(search: &Search) -> Self {
        Self { needle: search.q.as_ref().map(|q| q.to_lowercase()), tag: search.tag.clone() }
    }

    /// The text to look for, in lower case.
    pub(crate) fn needle(&self) -> Option<&str> {
        self.needle.as_deref()
    }

    /// The tag to look for.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Whether a note is wanted, given its title, its text and its tags as the stores keep them.
    pub(crate) fn fits(&self, title: &str, body: &str, tags: &str) -> Step<bool> {
        if self.needle().is_some_and(|needle| !holds(title, needle) && !holds(body, needle)) {
            return Ok(false);
        }
        match self.tag() {
            Some(tag) => Ok(memory::tags_from_text(tags)?.iter().any(|t| t == tag)),
            None => Ok(true),
        }
    }
}

/// A page of a search, as it fills: notes are offered to it in their order.
pub(crate) struct Found {
    limit: usize,
    /// Notes that may still be looked at.
    left: usize,
    notes: Vec<(Seq, Note)>,
    /// Where the next page begins; the page is done once it is there.
    after: Option<Seq>,
}

impl Found {
    pub(crate) fn of(search: &Search) -> Self {
        Self { limit: search.limit, left: search.look, notes: Vec::with_capacity(search.limit.min(256)), after: None }
    }

    /// Whether nothing more is to be offered.
    pub(crate) fn is_done(&self) -> bool {
        self.after.is_some()
    }

    /// How many notes may still be looked at.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Notes were looked at down to this place without being offered.
    pub(crate) fn passed(&mut self, count: usize, to: Seq) {
        self.left = self.left.saturating_sub(count);
        if self.left == 0 && self.after.is_none() {
            self.after = Some(to);
        }
    }

    /// Takes a note that is wanted, unless the page is full.
    pub(crate) fn take(&mut self, seq: Seq, note: Note) {
        if self.is_done() {
            return;
        }
        if self.notes.len() == self.limit {
            self.after = self.notes.last().map(|(seq, _)| *seq);
        } else {
            self.notes.push((seq, note));
        }
    }

    /// The page, given the space's newest change.
    pub(crate) fn page(self, seq: Seq) -> Page {
        Page { notes: self.notes, more: self.after.is_some(), after: self.after, seq }
    }
}

/// Whether a text holds a needle in lower case, whatever the case of the text.
pub(crate) fn holds(text: &str, needle: &str) -> bool {
    let Some(first) = needle.as_bytes().first() else { return true };
    if !text.is_ascii() {
        return text.to_lowercase().contains(needle); // in some scripts the length changes
    }
    let (text, needle) = (text.as_bytes(), needle.as_bytes());
    let begins = memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text);
    begins.map(|at| &text[at..]).any(|rest| rest.get(..needle.len()).is_some_and(|r| r.eq_ignore_ascii_case(needle)))
}
