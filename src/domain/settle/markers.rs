//! Conflict markers, for others to read: never read back here.

use super::{Settle, Side};

/// The names that stand on the markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// On the line of mine.
    pub mine: String,
    /// On the line of base.
    pub base: String,
    /// On the line of theirs.
    pub theirs: String,
}

impl Default for Labels {
    fn default() -> Self {
        Self { mine: "mine".to_owned(), base: "base".to_owned(), theirs: "theirs".to_owned() }
    }
}

/// The shortest markers others look for.
const USUAL: usize = 7;

impl Settle {
    /// The result with what is open between markers that are longer than any run of the same characters at the start of a line.
    #[must_use]
    pub fn with_markers(&self, labels: &Labels) -> Vec<u8> {
        let size = self.texts.iter().map(|t| longest_run(t)).max().unwrap_or(0).max(USUAL - 1) + 1;
        let end = self.line_end();
        let mut out = Vec::new();
        let line = |out: &mut Vec<u8>, mark: u8, label: &str| {
            if !out.is_empty() && !out.ends_with(b"\n") {
                out.extend_from_slice(end);
            }
            out.extend(std::iter::repeat_n(mark, size));
            let label: String = label.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            if !label.is_empty() {
                out.push(b' ');
                out.extend_from_slice(label.as_bytes());
            }
            out.extend_from_slice(end);
        };
        for hunk in 0..self.hunks.len() {
            if !self.open.contains(&hunk) {
                self.write_hunk(hunk, &mut out);
                continue;
            }
            line(&mut out, b'<', &labels.mine);
            out.extend_from_slice(self.side(hunk, Side::Mine));
            line(&mut out, b'|', &labels.base);
            out.extend_from_slice(self.side(hunk, Side::Base));
            line(&mut out, b'=', "");
            out.extend_from_slice(self.side(hunk, Side::Theirs));
            line(&mut out, b'>', &labels.theirs);
        }
        self.with_ending(out)
    }

    /// Whether a text holds lines that look like conflict markers and none of the three texts does.
    #[must_use]
    pub fn has_new_markers(&self, text: &[u8]) -> bool {
        let found = marker_lines(text);
        found > 0 && self.texts.iter().all(|t| marker_lines(t) < found)
    }
}

fn runs(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1));
    starts.map(|at| {
        let line = &text[at.min(text.len())..];
        match line.first() {
            Some(mark @ (b'<' | b'|' | b'=' | b'>')) => line.iter().take_while(|b| *b == mark).count(),
            _ => 0,
        }
    })
}

fn longest_run(text: &[u8]) -> usize {
    runs(text).max().unwrap_or(0)
}

fn marker_lines(text: &[u8]) -> usize {
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1));
    let is_marker = |at: &usize| {
        let line = &text[(*at).min(text.len())..];
        [b'<', b'>'].iter().any(|m| {
            line.len() >= USUAL
                && line[..USUAL].iter().all(|b| b == m)
                && line.get(USUAL).is_none_or(|b| matches!(b, b' ' | b'\r' | b'\n' | b'<' | b'>'))
        })
    };
    starts.filter(is_marker).count()
}
