//! The list of notes: head, search line, rows, and a preview where there is room.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::editor::state_mark;
use super::{head, input, nothing, paint, put, put_all, put_cut, put_right, put_styled};
use crate::client::handle::Row;
use crate::domain::buffer::{Case, hits};
use crate::domain::text;
use crate::tui::keys::{Action, Mode};
use crate::tui::list::List;
use crate::tui::markdown;
use crate::tui::message::Hit;
use crate::tui::rows::counted;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Cells the preview takes at a width; 0: there is no room.
#[must_use]
pub const fn preview_width(width: u16) -> u16 {
    if width >= 100 { width * 2 / 5 } else { 0 }
}

/// Lines above the rows.
#[must_use]
pub fn above(list: &List) -> u16 {
    1 + u16::from(list.search.is_some() || !list.filter.query.is_empty() || list.filter.tag.is_some())
}

/// Draws the screen.
#[must_use]
pub fn draw(list: &List, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let total = list.all.as_ref().map_or(0, |all| all.iter().filter(|r| r.is_gone() == list.filter.deleted).count());
    let (one, many) = if list.filter.deleted { ("deleted note", "deleted notes") } else { ("note", "notes") };
    let count = if list.shown.len() == total { counted(total, one, many) } else { format!("{} of {total} {many}", list.shown.len()) };
    let picked = if list.selected.is_empty() { String::new() } else { format!(" · {} selected", list.selected.len()) };
    let right = if area.width < 60 { String::new() } else { format!("{} · {}", list.sort.name(), ctx.settings.device) };
    head(buf, area, &format!("diptych · {count}{picked}"), &right, ctx.theme);
    narrowed(list, Rect { y: area.y + 1, height: 1, ..area }, buf, ctx, &mut drawn);
    let side = if list.preview { preview_width(area.width) } else { 0 };
    let rows = Rect { y: area.y + above(list), height: area.height.saturating_sub(above(list)), width: area.width - side, ..area };
    if list.shown.is_empty() {
        empty(list, total, rows, buf, ctx);
        return drawn;
    }
    let Some(all) = &list.all else { return drawn };
    for (y, n) in (rows.y..rows.bottom()).zip(list.rows.shown()) {
        let Some(row) = list.shown.get(n).and_then(|i| all.get(*i as usize)) else { break };
        let line = Rect { y, height: 1, ..rows };
        draw_row(list, row, line, buf, ctx);
        if n == list.rows.at {
            paint(buf, line, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(line, Hit::Row(n));
    }
    if side > 0 {
        preview(list, Rect { x: rows.right(), width: side, ..rows }, buf, ctx);
    }
    drawn
}

fn narrowed(list: &List, line: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) {
    let dim = ctx.theme.get(Role::Dim);
    let mut x = line.x + 1;
    if let Some(tag) = &list.filter.tag {
        x += put_all(buf, x, line.y, line.width / 2, &[("#", ctx.theme.get(Role::Tag)), (tag, ctx.theme.get(Role::Tag)), (" ", dim)]);
    }
    let rest = Rect { x: x + 8, width: line.right().saturating_sub(x + 8), ..line };
    if let Some(typed) = &list.search {
        put(buf, x, line.y, 8, "Search: ", dim);
        drawn.cursor = Some(input(buf, rest, typed, ctx.theme, true));
    } else if !list.filter.query.is_empty() {
        put(buf, x, line.y, 8, "Search: ", dim);
        put_cut(buf, rest.x, line.y, rest.width, &list.filter.query, ctx.theme.get(Role::Text));
    }
}

fn empty(list: &List, total: usize, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let key = |action| ctx.keys.key_name(Mode::List, action);
    let say = if list.all.is_none() {
        "Reading the notes…".to_owned()
    } else if total == 0 && list.filter.deleted {
        format!("No note is deleted. {} shows all notes again.", key(Action::Back))
    } else if total == 0 {
        format!("No notes yet. {} writes the first one; {} shows everything else there is.", key(Action::New), key(Action::Help))
    } else {
        format!("No note fits. {} shows all notes again.", key(Action::Back))
    };
    nothing(buf, Rect { y: area.y.saturating_sub(1), ..area }, &say, ctx.theme);
}

/// What a row is called: its title, else its first words.
#[must_use]
pub fn title(row: &Row) -> &str {
    if row.title.is_empty() { text::first_words(row.excerpt.lines()).unwrap_or("(no title)") } else { &row.title }
}

fn draw_row(list: &List, row: &Row, line: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let theme = ctx.theme;
    let (sign, word, role) = state_mark(row.state);
    let selected = list.selected.contains(&row.id);
    let y = line.y;
    // From the right: age, state, origin where there is room; the title has the rest.
    let mut right = line.right().saturating_sub(1);
    right = put_right(buf, right, y, 4, &format!("{:>4}", ctx.age(row.updated_at)), theme.get(Role::Dim)).saturating_sub(1);
    if line.width >= 70 {
        let from = if row.origin == ctx.settings.device { "" } else { &row.origin };
        put_cut(buf, right.saturating_sub(10), y, 10, from, theme.get(Role::Dim));
        right = right.saturating_sub(11);
    }
    let state = if line.width >= 60 { format!("{sign} {word:<10}") } else { sign.to_owned() };
    right = put_right(buf, right, y, 12, &state, theme.get(role)).saturating_sub(1);
    let marks = [(selected, "▪"), (row.bookmarked, "*"), (row.lock.is_some(), "L")];
    let mut x = line.x;
    for (on, mark) in marks {
        put(buf, x, y, 1, if on { mark } else { " " }, theme.get(Role::Accent));
        x += 1;
    }
    let room = right.saturating_sub(x + 1);
    let title = title(row);
    let tags: String = row.tags.iter().map(|t| format!(" #{t}")).collect();
    let tags_room = room.saturating_sub(u16::try_from(text::width(title)).unwrap_or(u16::MAX)).max(room / 4).min(room / 2);
    let tags_cells = u16::try_from(text::width(&tags)).unwrap_or(u16::MAX).min(tags_room);
    let hit = list.filter.found.get(&row.id).filter(|_| !list.filter.query.is_empty());
    let mut at = x + 1 + put_cut(buf, x + 1, y, room - tags_cells, title, theme.get(Role::Text));
    if let Some(hit) = hit {
        let room = (right - tags_cells).saturating_sub(at + 2);
        // The hit is a piece of text with its line ends; here it is one line.
        let hit = hit.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown = around(&hit, &list.filter.query, usize::from(room));
        at += 2;
        let used = put_cut(buf, at, y, room, &shown, theme.get(Role::Dim));
        for found in places(&shown, &list.filter.query) {
            let cells = |t: &str| u16::try_from(text::width(t)).unwrap_or(u16::MAX);
            let from = at.saturating_add(cells(&shown[..found.start]));
            let mark = Rect::new(from, y, cells(&shown[found]), 1).intersection(Rect::new(at, y, used, 1));
            paint(buf, mark, theme.get(Role::Match));
        }
        at += used;
    }
    if selected {
        paint(buf, Rect { x: line.x, width: at - line.x, ..line }, theme.get(Role::Selected));
    }
    put_right(buf, right, y, tags_cells, &tags, theme.get(Role::Tag));
}

/// Where a text holds words that are searched for.
fn places(shown: &str, query: &str) -> Vec<Range<usize>> {
    query.split_whitespace().flat_map(|word| hits(shown, word, Case::Ignore).collect::<Vec<_>>()).collect()
}

/// A hit from a little before the first place that was searched for, where that would not fit otherwise.
fn around(hit: &str, query: &str, cells: usize) -> String {
    let Some(first) = places(hit, query).into_iter().min_by_key(|at| at.start) else { return hit.to_owned() };
    let before = text::width(&hit[..first.end]);
    if before < cells {
        return hit.to_owned();
    }
    let from = text::byte_at(hit, 0..hit.len(), before.saturating_sub(cells * 2 / 3));
    format!("…{}", &hit[from.min(first.start)..])
}

fn preview(list: &List, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    for y in area.top()..area.bottom() {
        put(buf, area.x, y, 1, "│", ctx.theme.get(Role::Border));
    }
    let Some(row) = list.current() else { return };
    let inside = Rect { x: area.x + 2, width: area.width.saturating_sub(3), ..area };
    let detail = list.previewed.as_ref().filter(|d| d.id == row.id);
    let body = detail.and_then(|d| d.content()).map_or(&row.excerpt, |content| &content.body);
    let mut y = inside.y;
    let mut fence = false;
    for (line, _) in text::lines(body) {
        let (styled, next) = markdown::style(line, fence);
        fence = next;
        for part in text::wrap_from(line, usize::from(inside.width), 0) {
            if y >= inside.bottom() {
                return;
            }
            put_styled(buf, Rect { y, height: 1, ..inside }, (line, part), &styled, ctx.theme);
            y += 1;
        }
    }
}
