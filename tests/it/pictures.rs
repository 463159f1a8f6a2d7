//! The pictures of the README, made from the running program: a terminal's cells as SVG.
//!
//! `cargo test --test it pictures -- --ignored` makes them anew under `assets/pictures`.

use std::fmt::Write;
use std::path::Path;

use crate::demo::collide;
use crate::pty::{Home, Term};

/// Size of a cell in pixels.
const CELL: (u32, u32) = (9, 19);

const COLOURS: [&str; 16] = [
    "#1b1d23", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#5c6370", "#ef7b85", "#a9d48a", "#f0cb86",
    "#72bfff", "#d789ee", "#67c7d3", "#ffffff",
];

fn colour(c: vt100::Color, or: &str) -> String {
    match c {
        vt100::Color::Default => or.to_owned(),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        vt100::Color::Idx(i @ 0..=15) => COLOURS[usize::from(i)].to_owned(),
        vt100::Color::Idx(i @ 16..=231) => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let i = i - 16;
            format!("#{:02x}{:02x}{:02x}", level(i / 36), level(i / 6 % 6), level(i % 6))
        }
        vt100::Color::Idx(i) => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (i - 232)),
    }
}

/// A screen as SVG: one rectangle per run of one background, one text per run of one style, each at its exact place.
fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
    framed(columns, rows, &(0..rows).map(|y| row(screen, y)).collect::<String>())
}

/// A terminal of so many columns and rows with something drawn in it.
pub fn framed(columns: u16, rows: u16, inside: &str) -> String {
    let (width, height) = (u32::from(columns) * CELL.0 + 20, u32::from(rows) * CELL.1 + 20);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"15\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#16181d\"/>\n{inside}</svg>\n"
    )
}

/// One row of a screen, at its place, with the cursor if it stands there.
pub fn row(screen: &vt100::Screen, row: u16) -> String {
    let (mut out, mut column) = (String::new(), 0);
    while column < screen.size().1.get() {
        column = run(screen, row, column, &mut out);
    }
    let (at, x) = screen.cursor_position();
    if at == row && !screen.hide_cursor() {
        let (x, y) = (10 + u32::from(x) * CELL.0, 10 + u32::from(row) * CELL.1);
        writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"#c8ccd4\" opacity=\"0.6\"/>", CELL.0, CELL.1).unwrap();
    }
    out
}

/// Draws the cells from `from` that look alike; returns the first that does not.
fn run(screen: &vt100::Screen, row: u16, from: u16, out: &mut String) -> u16 {
    let style = |column: u16| {
        let cell = screen.cell(row, column)?;
        let (mut fg, mut bg) = (colour(cell.fgcolor(), "#c8ccd4"), colour(cell.bgcolor(), "#16181d"));
        if cell.inverse() {
            std::mem::swap(&mut fg, &mut bg);
        }
        Some((fg, bg, cell.bold(), cell.underline(), cell.italic(), cell.dim()))
    };
    let look = style(from);
    let (mut to, mut text) = (from, String::new());
    while to < screen.size().1.get() && style(to) == look {
        let cell = screen.cell(row, to).unwrap();
        if !cell.is_wide_continuation() {
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
        }
        to += 1;
    }
    let Some((fg, bg, bold, underline, italic, dim)) = look else { return to };
    let (x, y) = (10 + u32::from(from) * CELL.0, 10 + u32::from(row) * CELL.1);
    let width = u32::from(to - from) * CELL.0;
    if bg != "#16181d" {
        writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{bg}\"/>", CELL.1).unwrap();
    }
    if !text.trim().is_empty() {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let extra = [
            (bold, " font-weight=\"bold\""),
            (underline, " text-decoration=\"underline\""),
            (italic, " font-style=\"italic\""),
            (dim, " opacity=\"0.6\""),
        ];
        let extra: String = extra.iter().filter(|(on, _)| *on).map(|(_, a)| *a).collect();
        let base = y + 14;
        let place = format!("x=\"{x}\" y=\"{base}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"");
        writeln!(out, "<text {place} fill=\"{fg}\"{extra}>{escaped}</text>").unwrap();
    }
    to
}

/// Puts a picture where the README finds it.
pub fn write(name: &str, picture: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(name), picture).unwrap();
}

fn keep(term: &Term, name: &str) {
    write(name, &term.screen(svg));
}

#[test]
#[ignore = "makes the pictures anew"]
fn the_pictures_of_the_readme() {
    let home = Home::new();
    let term = collide(&home, &[], 100, 30);
    keep(&term, "question.svg");
    term.send("\r");
    term.wait("result");
    keep(&term, "merge.svg");
    term.send("\r");
    term.wait("all settled");
    term.send("w");
    let text = term.wait_for("verdict or end", |t| t.contains("does not hold all") || t.contains("server has exactly"));
    if text.contains("does not hold all") {
        term.send("y");
    }
    term.wait("server has exactly");
    term.send("\x1b");
    // The preview follows after a moment.
    term.wait_for("the list with its preview", |t| t.contains("newest first") && t.contains("table for five"));
    keep(&term, "list.svg");
    term.send("A");
    term.wait_for("the dashboard", |t| !t.contains("newest first"));
    term.wait("Conflicts in 30 days");
    keep(&term, "dashboard.svg");
}

#[test]
fn every_picture_the_readme_shows_is_there() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(home.join("README.md")).unwrap();
    let shown: Vec<&str> = text.split("](").skip(1).filter_map(|l| l.split(')').next()).filter(|l| !l.contains("://")).collect();
    assert!(shown.iter().any(|l| l.ends_with(".svg")));
    for link in shown {
        assert!(home.join(link).exists(), "the README links to {link}, which is not there");
    }
}

#[test]
fn a_screen_becomes_text_at_its_place() {
    let mut parser = vt100::Parser::new(2.try_into().unwrap(), 12.try_into().unwrap(), 0);
    parser.process(b"a<\x1b[1;31mred\x1b[0m");
    let picture = svg(parser.screen());
    assert!(picture.contains(">a&lt;</text>"), "{picture}");
    assert!(picture.contains("x=\"28\"") && picture.contains("fill=\"#e06c75\" font-weight=\"bold\">red</text>"), "{picture}");
}
