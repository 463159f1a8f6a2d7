//! Drawing: each screen has its file here, under the same name. A view reads state from a shared reference and says what it drew where.
//!
//! This file has the few brushes the views share. They draw glyph by glyph through `domain::text`, so that nothing that came from outside
//! reaches the terminal raw, and never outside the area given.

pub mod app;
pub mod dashboard;
pub mod editor;
pub mod form;
pub mod help;
pub mod history;
pub mod inbox;
pub mod list;
pub mod merge;
pub mod notices;
pub mod outbox;
pub mod overlay;
pub mod reader;

use std::ops::Range;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::input::Input;
use super::theme::{Role, Theme};
use crate::domain::text;

/// Draws text at a cell, at most `max` cells of it, and returns how many cells it took. What does not fit is left out.
pub fn put(buf: &mut Buffer, x: u16, y: u16, max: u16, line: &str, style: Style) -> u16 {
    let max = max.min(buf.area.right().saturating_sub(x));
    if max == 0 || y < buf.area.top() || y >= buf.area.bottom() || x < buf.area.left() {
        return 0;
    }
    if text::is_plain(line.as_bytes()) {
        // Most text: a byte is a cell.
        let (from, cells) = (buf.index_of(x, y), line.len().min(usize::from(max)));
        for (cell, at) in buf.content[from..from + cells].iter_mut().zip(0..) {
            cell.set_symbol(&line[at..=at]).set_style(style);
        }
        return u16::try_from(cells).unwrap_or(max);
    }
    let mut used = 0u16;
    for glyph in text::glyphs(line) {
        let cells = u16::try_from(glyph.cells).unwrap_or(u16::MAX);
        if used.saturating_add(cells) > max {
            break;
        }
        put_glyph(buf, x + used, y, &glyph, style);
        used += cells;
    }
    used
}

/// Draws one glyph; the caller has seen to it that it fits.
pub fn put_glyph(buf: &mut Buffer, x: u16, y: u16, glyph: &text::Glyph<'_>, style: Style) {
    if glyph.stand_in {
        let mut bytes = [0; 4];
        for (x, c) in (x..).zip(glyph.shown.chars()) {
            buf[(x, y)].set_symbol(c.encode_utf8(&mut bytes)).set_style(style.add_modifier(Modifier::DIM));
        }
        return;
    }
    buf[(x, y)].set_symbol(&glyph.shown).set_style(style);
    for x in x + 1..x + u16::try_from(glyph.cells).unwrap_or(1) {
        buf[(x, y)].reset();
        buf[(x, y)].set_style(style);
    }
}

/// Draws a row of a line whose stretches have roles.
pub fn put_styled(buf: &mut Buffer, area: Rect, row: (&str, Range<usize>), styled: &[(Range<usize>, Role)], theme: &Theme) {
    let mut x = area.x;
    for glyph in text::glyphs_in(row.0, row.1) {
        let cells = u16::try_from(glyph.cells).unwrap_or(u16::MAX);
        if x.saturating_add(cells) > area.right() {
            break;
        }
        let role = styled.iter().find(|(r, _)| r.contains(&glyph.at.start)).map_or(Role::Text, |(_, role)| *role);
        put_glyph(buf, x, area.y, &glyph, theme.get(role));
        x += cells;
    }
}

/// Draws text and cuts it with an ellipsis where it does not fit; returns how many cells it took.
pub fn put_cut(buf: &mut Buffer, x: u16, y: u16, max: u16, line: &str, style: Style) -> u16 {
    let cut = text::truncate(line, usize::from(max));
    put(buf, x, y, max, &cut, style)
}

/// Draws several texts one after another, each in its style; what does not fit is left out. Returns how many cells they took.
pub fn put_all(buf: &mut Buffer, x: u16, y: u16, max: u16, parts: &[(&str, Style)]) -> u16 {
    parts.iter().fold(0, |used, (text, style)| used + put_cut(buf, x + used, y, max - used, text, *style))
}

/// Draws text so that it ends before column `right`; returns the column it begins at.
pub fn put_right(buf: &mut Buffer, right: u16, y: u16, max: u16, line: &str, style: Style) -> u16 {
    let cut = text::truncate(line, usize::from(max));
    let cells = u16::try_from(text::width(&cut)).unwrap_or(max);
    let x = right.saturating_sub(cells);
    put(buf, x, y, cells, &cut, style);
    x
}

/// Gives every cell of an area a style and keeps what is drawn there.
pub fn paint(buf: &mut Buffer, area: Rect, style: Style) {
    buf.set_style(area.intersection(buf.area), style);
}

/// Empties an area.
pub fn clear(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    let mut empty = Cell::EMPTY;
    empty.set_style(style);
    for y in area.top()..area.bottom() {
        let from = buf.index_of(area.left(), y);
        buf.content[from..from + usize::from(area.width)].fill(empty.clone());
    }
}

/// A line across the area's top row in the head's style: a title at the left, something at the right.
pub fn head(buf: &mut Buffer, area: Rect, title: &str, right: &str, theme: &Theme) {
    let style = theme.get(Role::Head);
    paint(buf, Rect { height: 1, ..area }, style);
    let at = put_right(buf, area.right().saturating_sub(1), area.y, area.width / 2, right, style);
    put_cut(buf, area.x + 1, area.y, at.saturating_sub(area.x + 2), title, style);
}

/// A horizontal rule with a label in it.
pub fn rule(buf: &mut Buffer, area: Rect, y: u16, label: &str, theme: &Theme) {
    let style = theme.get(Role::Border);
    for x in area.left()..area.right().min(buf.area.right()) {
        buf[(x, y)].set_symbol("─").set_style(style);
    }
    if !label.is_empty() {
        put_cut(buf, area.x + 2, y, area.width.saturating_sub(4), &format!(" {label} "), style);
    }
}

/// A frame around an area with a title in its upper edge; returns the area inside.
pub fn frame(buf: &mut Buffer, area: Rect, title: &str, style: Style) -> Rect {
    use ratatui::widgets::{Block, Widget};
    let block = Block::bordered().border_style(style);
    let inner = block.inner(area);
    block.render(area, buf);
    if !title.is_empty() {
        put_cut(buf, area.x + 2, area.y, area.width.saturating_sub(4), &format!(" {title} "), style);
    }
    inner
}

/// Draws a line being typed, scrolled so that its cursor is visible; returns the cursor's cell.
pub fn input(buf: &mut Buffer, area: Rect, input: &Input, theme: &Theme, focused: bool) -> (u16, u16) {
    let (line, cursor, width) = (input.text(), input.cursor(), usize::from(area.width.max(1)));
    let before = text::width(&line[..cursor]);
    let start = if before < width { 0 } else { text::byte_at(line, 0..line.len(), before + 1 - width) };
    let mut x = 0u16;
    let selected = input.selected();
    for glyph in text::glyphs_in(line, start..line.len()) {
        let cells = u16::try_from(glyph.cells).unwrap_or(u16::MAX);
        if x.saturating_add(cells) > area.width {
            break;
        }
        let role = if selected.contains(&glyph.at.start) && focused { Role::Selected } else { Role::Text };
        put_glyph(buf, area.x + x, area.y, &glyph, theme.get(role));
        x += cells;
    }
    let at = u16::try_from(text::column(line, start..line.len(), cursor)).unwrap_or(0);
    (area.x + at.min(area.width.saturating_sub(1)), area.y)
}

/// Says, below the head of a screen, why there is nothing to show on it.
pub fn nothing(buf: &mut Buffer, area: Rect, say: &str, theme: &Theme) {
    let inside = Rect { x: area.x + 2, y: area.y + 2, width: area.width.saturating_sub(4), height: area.height.saturating_sub(2) };
    paragraph(buf, inside, say, theme.get(Role::Dim));
}

/// Draws a paragraph by soft wrap, at most `area.height` rows; returns how many rows it took.
pub fn paragraph(buf: &mut Buffer, area: Rect, paragraph: &str, style: Style) -> u16 {
    let mut y = 0;
    for (line, _) in text::lines(paragraph) {
        for row in text::wrap_from(line, usize::from(area.width), 0) {
            if y >= area.height {
                return y;
            }
            put(buf, area.x, area.y + y, area.width, &line[row], style);
            y += 1;
        }
    }
    y
}

/// An area in the middle of another, at most this large.
#[must_use]
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
}
