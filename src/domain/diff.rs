//! Two texts to the places where they differ, by line or by word. With `merge`, the only user of `similar`.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// One place where `new` differs from `old`: byte ranges into both; one of them may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What was there.
    pub old: Range<usize>,
    /// What is there instead.
    pub new: Range<usize>,
}

/// The lines in which two texts differ, in order; ranges lie on line boundaries.
#[must_use]
pub fn lines(old: &[u8], new: &[u8]) -> Vec<Edit> {
    edits(&split_lines(old), &split_lines(new))
}

/// The words in which two texts differ, in order; never splits a grapheme. Invalid UTF-8 is compared byte by byte.
#[must_use]
pub fn words(old: &[u8], new: &[u8]) -> Vec<Edit> {
    edits(&split_words(old), &split_words(new))
}

fn split_lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|b| *b == b'\n').collect()
}

fn split_words(text: &[u8]) -> Vec<&[u8]> {
    use unicode_segmentation::UnicodeSegmentation;
    match std::str::from_utf8(text) {
        Ok(s) => s.split_word_bounds().map(str::as_bytes).collect(),
        Err(_) => text.chunks(1).collect(),
    }
}

fn edits(old: &[&[u8]], new: &[&[u8]]) -> Vec<Edit> {
    let ends = |tokens: &[&[u8]]| {
        let mut at = 0;
        let mut out = vec![0];
        out.extend(tokens.iter().map(|t| {
            at += t.len();
            at
        }));
        out
    };
    let (old_at, new_at) = (ends(old), ends(new));
    let mut out: Vec<Edit> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (o, n) = (op.old_range(), op.new_range());
        let edit = Edit { old: old_at[o.start]..old_at[o.end], new: new_at[n.start]..new_at[n.end] };
        match out.last_mut() {
            Some(last) if last.old.end == edit.old.start && last.new.end == edit.new.start => {
                last.old.end = edit.old.end;
                last.new.end = edit.new.end;
            }
            _ => out.push(edit),
        }
    }
    out
}
