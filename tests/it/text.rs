//! Laws of `domain::text` and `domain::buffer`: cells as ratatui counts them, rows that cover, edits against a naive model.

use diptych::domain::buffer::{Buffer, Case, Kind, Pos};
use diptych::domain::text;
use diptych::tui::editor::wrap::Wrap;
use proptest::prelude::*;
use ratatui::buffer::{Buffer as Cells, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::property::tried;

/// Texts with everything that ever moved a cursor away: wide, combining, joined, half-width marks, controls, bidi, tabs, endings.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "word",
        " ",
        "  ",
        "-",
        "/",
        "漢字",
        "é",
        "e\u{301}",
        "👨‍👩‍👧‍👦",
        "🇯🇵",
        "❤️",
        "👍🏽",
        "ﾃﾞｰﾀ",
        "नमस्ते",
        "\t",
        "\u{1b}[31m",
        "\0",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{9b}",
        "\u{ad}",
        "\u{301}",
        "\u{200d}",
        "a\u{200d}b",
        "สวัสดี",
        "שלום",
        "\u{7f}",
        "\u{e0001}",
        "\u{fe0f}",
        "ﾞ",
        "\u{3099}",
        "각",
        "\u{1160}",
        "\u{0600}",
        "\u{2028}",
        "0",
        "1.5",
        "。",
        "“x”",
    ]);
    prop_oneof![8 => prop::collection::vec(piece, 0..24).prop_map(|v| v.concat()), 1 => "\\PC{0,30}", 1 => "[a-z -]{0,80}"]
}

/// The same with line endings of every kind.
fn nasty_lines() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", ""]);
    prop::collection::vec((nasty(), end), 0..6).prop_map(|v| v.into_iter().map(|(t, e)| t + e).collect())
}

proptest! {
    #![proptest_config(tried(600))]

    #[test]
    fn a_glyph_takes_the_cells_ratatui_draws_it_with(line in nasty()) {
        let mut cells = Cells::empty(Rect::new(0, 0, 200, 1));
        let mut end = 0;
        for g in text::glyphs(&line) {
            prop_assert_eq!(g.at.start, end);
            end = g.at.end;
            prop_assert!(g.cells > 0);
            prop_assert!(!g.shown.chars().any(char::is_control), "{:?}", g.shown);
            let (x, _) = cells.set_stringn(0, 0, &g.shown, 200, Style::new());
            prop_assert_eq!(usize::from(x), g.cells, "{:?}", g.shown);
            if !g.stand_in {
                prop_assert_eq!(usize::from(g.shown.cell_width()), g.cells);
            }
        }
        prop_assert_eq!(end, line.len());
    }

    #[test]
    fn rows_cover_the_line_and_fit(line in nasty(), width in 1usize..30) {
        let rows = text::wrap(&line, width);
        prop_assert_eq!(rows[0].start, 0);
        prop_assert_eq!(rows[rows.len() - 1].end, line.len());
        for (i, row) in rows.iter().enumerate() {
            prop_assert!(i == 0 || rows[i - 1].end == row.start);
            prop_assert!(i == 0 || !row.is_empty());
            let glyphs: Vec<_> = text::glyphs_in(&line, row.clone()).collect();
            let cells: usize = glyphs.iter().map(|g| g.cells).sum();
            let hangs = glyphs.last().is_some_and(|g| g.shown == " ");
            prop_assert!(cells <= width + usize::from(hangs) || glyphs.len() == 1, "{cells} in {width}: {:?}", &line[row.clone()]);
            // A row never begins inside a grapheme of its line.
            prop_assert!(text::glyphs(&line).any(|g| g.at.start == row.start) || line.is_empty());
        }
        // From any row on, wrapping goes on the same way for plain text; for any text it covers the rest.
        let from: Vec<_> = text::wrap_from(&line, width, rows[rows.len() / 2].start).collect();
        prop_assert_eq!(from[from.len() - 1].end, line.len());
    }

    #[test]
    fn cut_text_fits(line in nasty(), cells in 0usize..20) {
        let cut = text::truncate(&line, cells);
        prop_assert!(text::width(&cut) <= cells);
        prop_assert_eq!(cut == text::shown(&line), text::width(&line) <= cells || cut == text::shown(&line));
    }

    #[test]
    fn column_and_byte_agree(line in nasty()) {
        for g in text::glyphs(&line) {
            let column = text::column(&line, 0..line.len(), g.at.start);
            prop_assert_eq!(text::byte_at(&line, 0..line.len(), column), g.at.start);
        }
    }

    #[test]
    fn lines_are_the_text(text in nasty_lines()) {
        let again: String = text::lines(&text).map(|(line, eol)| line.to_owned() + eol.as_str()).collect();
        prop_assert_eq!(&again, &text);
        prop_assert_eq!(Buffer::new(&text).text(), text);
    }

    #[test]
    fn edits_are_those_of_a_plain_string(start in nasty_lines(), steps in prop::collection::vec((0usize..400, 0usize..12, nasty_lines(), 0u8..9), 1..14)) {
        let mut buffer = Buffer::new(&start);
        let mut texts = vec![start];
        for (at, len, insert, what) in steps {
            let model = texts.last().unwrap().clone();
            let from = buffer.pos_of(model.floor_char_boundary(at % (model.len() + 1)));
            let to = buffer.pos_of(model.floor_char_boundary((at % (model.len() + 1) + len).min(model.len())));
            buffer.select(from, to);
            let range = buffer.selection().range();
            let byte = |p: Pos| buffer.slice(Pos::default()..p).len();
            let (from, to) = (byte(range.start), byte(range.end));
            match what {
                0..=3 => {
                    buffer.insert(&insert);
                    let want = format!("{}{insert}{}", &model[..from], &model[to..]);
                    prop_assert_eq!(buffer.text(), want);
                }
                4 => buffer.backspace(),
                5 => buffer.delete(),
                6 => buffer.delete_word_back(),
                7 => buffer.paste(&insert),
                _ => buffer.set_text(&insert),
            }
            // What a person sees as lines is what a fresh reading of the bytes gives: nothing hides in the shape of the buffer.
            let fresh = Buffer::new(&buffer.text());
            prop_assert_eq!(fresh.lines().len(), buffer.lines().len());
            prop_assert!(fresh.lines().iter().zip(buffer.lines()).all(|(a, b)| a.text == b.text && a.eol == b.eol));
            let cursor = buffer.cursor();
            prop_assert!(buffer.line(cursor.line).is_char_boundary(cursor.byte));
            buffer.seal();
            if buffer.text() != model {
                texts.push(buffer.text());
            }
        }
        // Undo leads back through every text, redo forth again.
        for want in texts.iter().rev() {
            while buffer.text() != *want {
                prop_assert!(buffer.undo());
            }
        }
        prop_assert_eq!(&buffer.text(), &texts[0]);
        while buffer.redo() {}
        prop_assert_eq!(&buffer.text(), texts.last().unwrap());
    }

    #[test]
    fn a_long_line_is_wrapped_again_as_it_would_be_anew(
        pieces in prop::collection::vec(prop_oneof!["[a-z]{1,9} ", "[a-z]{1,9}-", Just("unbroken".repeat(9))], 20..60),
        edits in prop::collection::vec((0usize..90_000, 0usize..40, "[a-z ]{0,60}"), 1..6),
        width in 5usize..120,
        wide in any::<bool>(),
    ) {
        let seed = pieces.concat() + if wide { "漢字 é 👨‍👩‍👧‍👦 " } else { "" };
        let mut buffer = Buffer::new(&seed.repeat(20_000 / seed.len() + 1));
        let mut wrap = Wrap::default();
        wrap.set_width(width);
        wrap.rows(&buffer, 0);
        for (at, len, typed) in edits {
            // Its first letter stays: a line that begins with a blank has its further rows hang under its words.
            let at = 1 + at % (buffer.line(0).len() - 1);
            let (from, to) = (buffer.on_grapheme(Pos::new(0, at)), buffer.on_grapheme(Pos::new(0, at + len)));
            buffer.replace(from..to, &typed, Kind::Other);
            let (rows, line) = (wrap.rows(&buffer, 0), buffer.line(0));
            prop_assert_eq!(rows[0].start, 0);
            prop_assert_eq!(rows[rows.len() - 1].end, line.len());
            prop_assert!(rows.windows(2).all(|w| w[0].end == w[1].start && line.is_char_boundary(w[1].start)));
            prop_assert!(rows.iter().all(|r| text::width(line[r.clone()].trim_end_matches(' ')) <= width));
            if !wide {
                prop_assert_eq!(rows.to_vec(), text::wrap(line, width));
            }
        }
    }

    #[test]
    fn finding_agrees_with_plain_search(text in "[abAB \n]{0,40}", needle in "[abA]{1,3}") {
        let buffer = Buffer::new(&text);
        let found: Vec<usize> = buffer.find_all(&needle, Case::Exact).map(|r| buffer.slice(Pos::default()..r.start).len()).collect();
        let plain: Vec<usize> = text.match_indices(&needle).map(|(at, _)| at).collect();
        prop_assert_eq!(found, plain);
        let low: Vec<usize> = buffer.find_all(&needle, Case::Ignore).map(|r| buffer.slice(Pos::default()..r.start).len()).collect();
        let plain: Vec<usize> = text.to_lowercase().match_indices(&needle.to_lowercase()).map(|(at, _)| at).collect();
        prop_assert_eq!(low, plain);
    }
}

#[test]
fn hostile_characters_have_stand_ins() {
    assert_eq!(text::shown("a\u{1b}[2Jb"), "a␛[2Jb");
    assert_eq!(text::shown("\u{202e}x\u{2069}"), "‹202E›x‹2069›");
    assert_eq!(text::shown("a\u{200b}b\u{200d}c"), "a‹200B›b‹200D›c");
    assert_eq!(text::shown("\0\t\u{9b}"), "␀→   ‹009B›");
    assert_eq!(text::shown("👨‍👩‍👧‍👦 नमस्ते ❤️"), "👨‍👩‍👧‍👦 नमस्ते ❤️");
}

#[test]
fn words_wrap_where_people_expect() {
    let rows = |line: &str, width| text::wrap(line, width).into_iter().map(|r| line[r].to_owned()).collect::<Vec<_>>();
    assert_eq!(rows("", 5), [""]);
    assert_eq!(rows("one two three", 7), ["one two ", "three"]);
    assert_eq!(rows("one two three", 6), ["one ", "two ", "three"]);
    assert_eq!(rows("unbreakable", 4), ["unbr", "eaka", "ble"]);
    assert_eq!(rows("well-known", 6), ["well-", "known"]);
    assert_eq!(rows("漢字かな", 4), ["漢字", "かな"]);
    assert_eq!(rows("é one two", 5), ["é one ", "two"]);
}

#[test]
fn typing_is_undone_word_by_word() {
    let mut b = Buffer::new("");
    for c in "one two".chars() {
        b.insert(&c.to_string());
    }
    assert!(b.undo());
    assert_eq!(b.text(), "one ");
    assert!(b.undo());
    assert_eq!(b.text(), "");
    assert!(!b.undo());
    assert!(b.redo() && b.redo() && !b.redo());
    assert_eq!(b.text(), "one two");
}

#[test]
fn a_new_line_ends_like_its_neighbours() {
    let mut b = Buffer::new("a\r\nb");
    b.move_to(b.end(), false);
    b.newline();
    b.paste("x\ny\rz");
    assert_eq!(b.text(), "a\r\nb\r\nx\r\ny\r\nz");
}

#[test]
fn one_backspace_takes_a_whole_family() {
    let mut b = Buffer::new("x👨‍👩‍👧‍👦");
    b.move_to(b.end(), false);
    b.backspace();
    assert_eq!(b.text(), "x");
}

/// One carriage return is followed by what is typed, and another by what stands there: both become endings, in the lines as in the bytes.
#[test]
fn carriage_returns_on_both_sides_of_what_is_typed_become_endings() {
    for typed in ["\n\r", "\n", "\r"] {
        let mut buffer = Buffer::new("a\rb\n");
        buffer.select(Pos::new(0, 2), Pos::new(0, 3));
        buffer.insert(typed);
        let fresh = Buffer::new(&buffer.text());
        assert!(
            fresh.lines().len() == buffer.lines().len()
                && fresh.lines().iter().zip(buffer.lines()).all(|(a, b)| a.text == b.text && a.eol == b.eol)
        );
        assert_eq!(buffer.text(), format!("a\r{typed}\n"));
        assert!(buffer.undo() && buffer.text() == "a\rb\n");
    }
}

/// What is cut is drawn, and measured, as it is: marks without a letter of their own do not join the blanks of a tab before them.
#[test]
fn cut_text_fits_where_marks_follow_a_tab() {
    for (line, cells) in [("\t\u{ff9e}\u{200d}", 6), ("\t\u{fe0f}\u{200d}\u{ff9e}", 6), ("a\t\u{fe0f}\u{200d}\u{ff9e}", 7)] {
        let cut = text::truncate(line, cells);
        assert!(text::width(&cut) <= cells && text::shown(&cut) == cut, "{line:?} {cut:?}");
    }
}
