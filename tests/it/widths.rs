//! Clusters that terminals measure each in its own way: whatever a terminal makes of them, nothing beside them shifts, and nothing of them stays.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use diptych::domain::text;
use diptych::tui::ink::{Ink, settle};
use diptych::tui::view;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

use crate::property::tried;

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
                let number = |n: usize| sequence[..end].split(';').nth(n).and_then(|t| t.parse::<usize>().ok());
                match &sequence[end..=end] {
                    "H" => self.at = number(1).unwrap() - 1,
                    "C" => self.at += number(0).unwrap(),
                    "X" | "K" | "J" => {
                        let (at, cells) = (self.at, number(0).filter(|_| &sequence[end..=end] == "X"));
                        let from = if &sequence[end..=end] == "J" { 0 } else { at };
                        (from..cells.map_or(self.cells.len(), |n| at + n)).for_each(|x| {
                            self.at = x;
                            self.set(" ", 1);
                        });
                        self.at = at;
                    }
                    _ => {}
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

/// What frames are written in, one after another.
#[derive(Clone, Default)]
struct Out(Rc<RefCell<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Frames {
    ink: Ink<Out>,
    out: Out,
}

impl Frames {
    fn new() -> Frames {
        let out = Out::default();
        Frames { ink: Ink::new(out.clone()), out }
    }

    /// The bytes that lead from the frame before to this one.
    fn bytes(&mut self, frame: &Buffer) -> String {
        self.ink
            .frame((frame.area.width, frame.area.height), |buf| {
                buf.clone_from(frame);
                None
            })
            .unwrap();
        String::from_utf8(self.out.0.take()).unwrap()
    }
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

const LOOKS: [Style; 5] = [
    Style::new(),
    Style::new().fg(Color::Red),
    Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::BOLD),
    Style::new().add_modifier(Modifier::UNDERLINED),
    Style::new().bg(Color::Blue).add_modifier(Modifier::DIM),
];

/// Frames of rows in some look; rows come again, so that some have moved.
fn texts() -> impl Strategy<Value = Vec<(String, usize)>> {
    let line = prop_oneof![
        4 => (0..14u32).prop_map(|n| format!("row {n} says {}", n * n)),
        2 => "[a-c 漢é]{0,30}",
        1 => Just(String::new()),
    ];
    let rows = prop_oneof![
        prop::collection::vec((line, 0..LOOKS.len()), 12),
        (0..20usize).prop_map(|from| (from..from + 12).map(|n| (format!("row {n} says {}", n * n), n % 3)).collect()),
    ];
    rows
}

proptest! {
    #![proptest_config(tried(500))]

    #[test]
    fn no_terminal_shifts_or_smears(frames in prop::collection::vec(lines(), 1..6), takes in prop::sample::select(vec![Takes::Characters, Takes::Clusters(1), Takes::Clusters(2)])) {
        let (mut row, mut screen) = (Row::new(takes), Frames::new());
        for line in frames.iter().chain([&String::from("only this"), &String::new()]) {
            row.take(&screen.bytes(&drawn(line)));
            for (x, shown) in plain_cells(line) {
                prop_assert_eq!(&row.cells[x], &shown, "cell {} of {:?}: {:?}", x, line, row.cells);
            }
            // Behind the end of the line nothing is left over.
            let end = text::width(line).min(usize::from(COLUMNS));
            prop_assert!(row.cells[end..].iter().all(|c| c == " "), "behind {line:?}: {:?}", row.cells);
        }
    }

    #[test]
    fn a_terminal_shows_each_frame_as_it_was_drawn(frames in prop::collection::vec(texts(), 2..6)) {
        let (rows, columns) = (12, COLUMNS);
        let mut terminal = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        let mut screen = Frames::new();
        for frame in &frames {
            let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
            for (y, (line, style)) in (0..rows).zip(frame) {
                let used = view::put(&mut buf, 1, y, columns - 1, line, LOOKS[*style]);
                view::put(&mut buf, used + 4, y, columns.saturating_sub(used + 4), "and", LOOKS[(style + 1) % LOOKS.len()]);
            }
            settle(&mut buf);
            let bytes = screen.bytes(&buf);
            terminal.process(bytes.as_bytes());
            let mut fresh = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
            fresh.process(Frames::new().bytes(&buf).as_bytes());
            for y in 0..rows {
                for x in 0..columns {
                    let (is, cell) = (terminal.screen().cell(y, x).unwrap(), &buf[(x, y)]);
                    let shown = if is.has_contents() { is.contents() } else { " " };
                    let hidden = x > 0 && text::width(buf[(x - 1, y)].symbol()) > 1;
                    prop_assert!(hidden || shown == cell.symbol(), "{x},{y}: {shown:?}, drawn {:?}", cell.symbol());
                    let look = |c: &vt100::Cell| (c.bgcolor(), c.underline(), c.inverse());
                    prop_assert!(hidden || look(is) == look(fresh.screen().cell(y, x).unwrap()), "{x},{y}: {is:?} {:?} {bytes:?}", frame[usize::from(y)]);
                    let letters = |c: &vt100::Cell| (c.fgcolor(), c.bold(), c.dim(), c.italic());
                    prop_assert!(shown == " " || letters(is) == letters(fresh.screen().cell(y, x).unwrap()), "{x},{y}: {is:?}");
                }
            }
        }
    }
}

#[test]
fn rows_that_moved_are_moved_by_the_terminal() {
    let page = |from: usize| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 100, 40));
        view::put(&mut buf, 0, 0, 100, "a head that stays", Style::new());
        for y in 1..40u16 {
            let n = from + usize::from(y);
            view::put(&mut buf, 4, y, 96, &format!("line {n} of a text with {} words in it, and some more {}", n * 7, n * n), Style::new());
        }
        buf
    };
    let mut terminal = vt100::Parser::new(40.try_into().unwrap(), 100.try_into().unwrap(), 0);
    let mut screen = Frames::new();
    for from in [100, 101, 99, 119, 100, 1000] {
        let bytes = screen.bytes(&page(from));
        terminal.process(bytes.as_bytes());
        let mut lines = terminal.screen().rows(0, 100);
        assert_eq!(lines.next().unwrap(), "a head that stays");
        assert!(lines.enumerate().all(|(n, line)| line.contains(&format!("line {} of", from + n + 1))), "{from}");
        if from == 101 || from == 99 {
            assert!(bytes.len() < 400, "{} bytes for {from}", bytes.len());
        }
    }
}

#[test]
fn rows_that_repeat_are_moved_too() {
    let line = |n: usize| {
        format!("{} and the same words over and over, until the eye tires of them", ["one", "two, four", "three or five"][n % 3])
    };
    let page = |from: usize| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 100, 40));
        ["a head that stays", "and a second", "and a third"].iter().zip(0..).for_each(|(head, y)| {
            view::put(&mut buf, 0, y, 100, head, Style::new());
        });
        for y in 3..40u16 {
            view::put(&mut buf, 4, y, 96, &line(from + usize::from(y)), Style::new());
        }
        buf
    };
    let mut terminal = vt100::Parser::new(40.try_into().unwrap(), 100.try_into().unwrap(), 0);
    let mut screen = Frames::new();
    for (n, from) in [9, 10, 9, 11].into_iter().enumerate() {
        let bytes = screen.bytes(&page(from));
        terminal.process(bytes.as_bytes());
        let rows: Vec<String> = terminal.screen().rows(0, 100).collect();
        assert_eq!(rows[0], "a head that stays");
        assert!((3..40).all(|y| rows[y].trim() == line(from + y)), "{from}: {rows:?}");
        assert!(n == 0 || bytes.len() < 500, "{} bytes for {from}", bytes.len());
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
    let (mut screen, frame) = (Frames::new(), drawn("as it is"));
    assert_ne!(screen.bytes(&frame), "");
    assert_eq!(screen.bytes(&frame), "");
}

#[test]
fn a_terminal_that_takes_characters_shows_what_stands_beside_a_family() {
    let mut terminal = vt100::Parser::new(1.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
    let (family, popup) = (drawn("a👨‍👩‍👧‍👦b, and 🇯🇵.c"), drawn("xxxxxxxxxxxxxxxxxxxxxxxx"));
    let mut screen = Frames::new();
    for frame in [&family, &popup, &family] {
        terminal.process(screen.bytes(frame).as_bytes());
    }
    let row = terminal.screen().contents();
    assert!(row.starts_with('a') && row.contains("b, and ") && row.trim_end().ends_with(".c"), "{row:?}");
    terminal.process(screen.bytes(&drawn("")).as_bytes());
    assert_eq!(terminal.screen().contents().trim(), "");
}
