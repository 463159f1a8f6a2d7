//! Clusters that terminals measure each in its own way: whatever a terminal makes of them, nothing beside them shifts, and nothing of them stays.

use diptych::domain::text;
use diptych::tui::ink::{Ink, settle};
use diptych::tui::view;
use proptest::prelude::*;
use ratatui::backend::Backend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

const COLUMNS: u16 = 24;

const CLUSTERS: [&str; 14] = ["👨‍👩‍👧‍👦", "🇯🇵", "👍🏽", "❤️", "☂︎", "1️⃣", "👩‍🚀", "🏴‍☠️", "e\u{301}", "漢", "क्षि", "நி", "ﾃﾞ", "x"];

/// How a terminal takes characters.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// Each for itself, as `wcwidth` does; flags and skin tones take two cells each.
    Characters,
    /// Clusters as a whole, in so many cells where they are not of one plain character.
    Clusters(usize),
}

/// A terminal's one row: the text of each cell; an empty one belongs to the wide one before it.
struct Row {
    cells: Vec<String>,
    at: usize,
    takes: Takes,
}

impl Row {
    fn new(takes: Takes) -> Row {
        Row { cells: vec![" ".to_owned(); usize::from(COLUMNS)], at: 0, takes }
    }

    fn set(&mut self, text: &str, cells: usize) {
        for x in self.at..(self.at + cells).min(self.cells.len()) {
            // What is overwritten in part goes whole.
            if self.cells[x].is_empty() {
                let head = self.cells[..x].iter().rposition(|c| !c.is_empty()).unwrap();
                self.cells[head..=x].iter_mut().for_each(|c| *c = " ".to_owned());
            }
            let mut after = x + 1;
            while self.cells.get(after).is_some_and(String::is_empty) {
                self.cells[after] = " ".to_owned();
                after += 1;
            }
            self.cells[x] = if x == self.at { text.to_owned() } else { String::new() };
        }
        self.at += cells;
    }

    fn print(&mut self, cluster: &str) {
        match self.takes {
            Takes::Clusters(cells) if text::unsure(cluster).is_some() => self.set(cluster, cells),
            Takes::Clusters(_) => self.set(cluster, text::width(cluster)),
            Takes::Characters => {
                for c in cluster.chars() {
                    let cells = match c {
                        '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}' => 2,
                        '\u{fe0e}' | '\u{fe0f}' | '\u{200d}' | '\u{20e3}' => 0,
                        '\u{ff9e}' | '\u{ff9f}' => 1,
                        c => unicode_width::UnicodeWidthChar::width(c).unwrap_or(0),
                    };
                    if cells > 0 {
                        self.set(&c.to_string(), cells);
                    }
                }
            }
        }
    }

    /// Takes what the program writes: positions, styles, marks, text.
    fn take(&mut self, bytes: &str) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                if &sequence[end..=end] == "H" {
                    self.at = sequence[..end].split(';').nth(1).unwrap().parse::<usize>().unwrap() - 1;
                }
                rest = &sequence[end + 1..];
            } else {
                let until = rest.find('\x1b').unwrap_or(rest.len());
                let text = rest[..until].to_owned();
                text.graphemes(true).for_each(|g| self.print(g));
                rest = &rest[until..];
            }
        }
    }
}

fn drawn(line: &str) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, COLUMNS, 1));
    view::put(&mut buf, 0, 0, COLUMNS, line, Style::new());
    settle(&mut buf);
    buf
}

/// The bytes that lead from one frame to the next.
fn bytes(before: &Buffer, after: &Buffer) -> String {
    let mut out = Vec::new();
    let mut ink = Ink::new(&mut out);
    ink.draw(before.diff_iter(after)).unwrap();
    ink.present().unwrap();
    drop(ink);
    String::from_utf8(out).unwrap()
}

/// Cells and what each must show: those of plain characters of the line.
fn plain_cells(line: &str) -> Vec<(usize, String)> {
    let (mut x, mut out) = (0, Vec::new());
    for g in text::glyphs(line) {
        if g.shown.is_ascii() && x < usize::from(COLUMNS) {
            out.push((x, g.shown.clone().into_owned()));
        }
        x += g.cells;
    }
    out
}

fn lines() -> impl Strategy<Value = String> {
    let piece =
        prop_oneof![3 => prop::sample::select(CLUSTERS.to_vec()).prop_map(str::to_owned), 2 => "[a-z ]{1,4}", 1 => Just(String::new())];
    prop::collection::vec(piece, 0..9).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn no_terminal_shifts_or_smears(frames in prop::collection::vec(lines(), 1..6), takes in prop::sample::select(vec![Takes::Characters, Takes::Clusters(1), Takes::Clusters(2)])) {
        let (mut row, mut before) = (Row::new(takes), drawn(""));
        for line in frames.iter().chain([&String::from("only this"), &String::new()]) {
            let after = drawn(line);
            row.take(&bytes(&before, &after));
            for (x, shown) in plain_cells(line) {
                prop_assert_eq!(&row.cells[x], &shown, "cell {} of {:?}: {:?}", x, line, row.cells);
            }
            // Behind the end of the line nothing is left over.
            let end = text::width(line).min(usize::from(COLUMNS));
            prop_assert!(row.cells[end..].iter().all(|c| c == " "), "behind {line:?}: {:?}", row.cells);
            before = after;
        }
    }
}

#[test]
fn what_differs_between_terminals_is_known() {
    let most: Vec<_> = CLUSTERS.iter().map(|c| text::unsure(c)).collect();
    let (some, none) = (Some, None);
    assert_eq!(most[..8], [some(8), some(4), some(4), some(3), some(2), some(3), some(4), some(5)]);
    assert_eq!([most[8], most[9], most[13]], [none, none, none]);
    assert!(CLUSTERS.iter().all(|c| text::unsure(c).is_none_or(|n| n >= text::width(c))));
}

#[test]
fn nothing_is_written_when_nothing_differs() {
    let frame = drawn("as it is");
    assert_eq!(bytes(&frame, &frame), "");
}

#[test]
fn a_terminal_that_takes_characters_shows_what_stands_beside_a_family() {
    let mut terminal = vt100::Parser::new(1.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
    let (family, popup) = (drawn("a👨‍👩‍👧‍👦b, and 🇯🇵.c"), drawn("xxxxxxxxxxxxxxxxxxxxxxxx"));
    let mut before = drawn("");
    for frame in [&family, &popup, &family] {
        terminal.process(bytes(&before, frame).as_bytes());
        before = frame.clone();
    }
    let row = terminal.screen().contents();
    assert!(row.starts_with('a') && row.contains("b, and ") && row.trim_end().ends_with(".c"), "{row:?}");
    terminal.process(bytes(&family, &drawn("")).as_bytes());
    assert_eq!(terminal.screen().contents().trim(), "");
}
