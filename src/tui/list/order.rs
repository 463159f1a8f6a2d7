//! Which notes the list shows, and in which order.

use std::collections::{HashMap, HashSet};

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::client::handle::Row;
use crate::domain::note::NoteId;

/// In which order notes are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Changed last first.
    #[default]
    Recent,
    /// By title.
    Title,
    /// What needs a person first, then what is not synced, then bookmarks.
    Attention,
}

impl Sort {
    /// The next order, round and round.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Sort::Recent => Sort::Title,
            Sort::Title => Sort::Attention,
            Sort::Attention => Sort::Recent,
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Sort::Recent => "newest first",
            Sort::Title => "by title",
            Sort::Attention => "what needs you first",
        }
    }
}

/// What narrows the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Fuzzy over titles and tags.
    pub query: String,
    /// The deleted notes instead of the others.
    pub deleted: bool,
    /// Only notes with this tag.
    pub tag: Option<String>,
    /// Notes whose text holds the words searched for, with the hit; shown after those whose title fits.
    pub found: HashMap<NoteId, String>,
}

/// The notes to show, as indexes into `rows`.
#[must_use]
pub fn order(rows: &[Row], filter: &Filter, sort: Sort) -> Vec<u32> {
    let fits = |row: &Row| row.is_gone() == filter.deleted && filter.tag.as_ref().is_none_or(|t| row.tags.contains(t));
    let mut shown: Vec<u32> = (0u32..).zip(rows).filter(|(_, row)| fits(row)).map(|(i, _)| i).collect();
    let row = |i: &u32| &rows[*i as usize];
    match sort {
        Sort::Recent => shown.sort_by_key(|i| std::cmp::Reverse(row(i).updated_at)),
        Sort::Title => shown.sort_by_cached_key(|i| row(i).title.to_lowercase()),
        Sort::Attention => shown.sort_by_key(|i| {
            let r = row(i);
            (std::cmp::Reverse(r.state), !r.bookmarked, std::cmp::Reverse(r.updated_at))
        }),
    }
    if filter.query.trim().is_empty() {
        return shown;
    }
    let pattern = Pattern::parse(&filter.query, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut chars = Vec::new();
    let mut scored: Vec<(u32, u32)> = Vec::new();
    for i in &shown {
        if let Some(score) = pattern.score(Utf32Str::new(&row(i).title, &mut chars), &mut matcher) {
            scored.push((score, *i));
        }
    }
    // A stable sort: titles that fit alike stay in the chosen order.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let titles: HashSet<u32> = scored.iter().map(|(_, i)| *i).collect();
    let texts = shown.iter().copied().filter(|i| filter.found.contains_key(&row(i).id) && !titles.contains(i));
    scored.iter().map(|(_, i)| *i).chain(texts).collect()
}

/// Every tag with how many notes have it, most used first.
#[must_use]
pub fn tags(rows: &[Row]) -> Vec<(String, usize)> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for row in rows.iter().filter(|r| !r.is_gone()) {
        for tag in &row.tags {
            *counts.entry(tag).or_default() += 1;
        }
    }
    let mut out: Vec<(String, usize)> = counts.into_iter().map(|(t, n)| (t.to_owned(), n)).collect();
    out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    out
}
