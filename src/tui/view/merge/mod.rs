//! The merge screen drawn: labels, the page with its gutter, the overview at the right edge, the result of the current place.
//!
//! Nothing is told by colour alone: signs in the gutter say how a hunk stands, changed words are underlined, what is left out is struck.

mod opening;
mod overview;
mod question;
mod unasked;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::domain::buffer::{Case, hits};
use crate::domain::settle::{Place, Row, Side, Status};
use crate::domain::text;
use crate::tui::keys::{Action, Mode};
use crate::tui::merge::mouse::{Column, Part};
use crate::tui::merge::{GUTTER, Lens, Merge, PageRow, Span, What, place, row_standing, standing};
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::{Role, Theme};

pub use opening::draw as opening;
pub use question::draw as question;

/// Draws the screen.
#[must_use]
pub fn draw(m: &Merge, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    super::head(buf, area, &format!("settle · {}", m.source.name()), &m.progress(area.width < 60), ctx.theme);
    if let Some(list) = &m.unasked {
        unasked::draw(m, list, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, buf, ctx, &mut drawn);
        return drawn;
    }
    labels(m, buf, ctx);
    for (y, row) in (m.frame.page.top()..m.frame.page.bottom()).zip(&m.page.rows) {
        page_row(m, row, y, buf, ctx.theme, &mut drawn);
    }
    overview::draw(m, buf, ctx.theme, &mut drawn);
    pane(m, buf, ctx, &mut drawn);
    drawn
}

/// What each column holds.
fn columns(m: &Merge) -> &'static [Column] {
    match m.frame.lens {
        Some(Lens::Three) => &[Column::Mine, Column::Result, Column::Theirs],
        Some(Lens::Stacked | Lens::Single) => &[Column::Result],
        Some(Lens::Two) | None => &[Column::Mine, Column::Theirs],
    }
}

fn labels(m: &Merge, buf: &mut Buffer, ctx: &Ctx<'_>) {
    let y = m.frame.area.y + 1;
    let border = ctx.theme.get(Role::Border);
    for x in m.frame.area.left()..m.frame.area.right() {
        buf[(x, y)].set_symbol("─").set_style(border);
    }
    let put = |buf: &mut Buffer, x: u16, width: u16, column: Column| {
        let room = width.saturating_sub(2);
        let (label, role) = match column {
            Column::Mine => (m.label(Side::Mine, usize::from(room), ctx), Role::Mine),
            Column::Theirs => (m.label(Side::Theirs, usize::from(room), ctx), Role::Theirs),
            Column::Result => ("result".to_owned(), Role::Settled),
        };
        super::put_cut(buf, x, y, width, &format!(" {label} "), ctx.theme.get(role).add_modifier(Modifier::BOLD));
    };
    if columns(m) == [Column::Result] {
        let (x, width) = m.frame.columns.first().copied().unwrap_or((m.frame.area.x, m.frame.area.width));
        put(buf, x, width / 2, Column::Mine);
        put(buf, x + width / 2, width - width / 2, Column::Theirs);
        return;
    }
    for (column, (x, width)) in columns(m).iter().zip(&m.frame.columns) {
        put(buf, *x, *width, *column);
        if *x > m.frame.area.x + GUTTER {
            buf[(*x - 1, y)].set_symbol("┬").set_style(border);
        }
    }
}

/// The sign of a unit in the gutter, and its role.
fn sign(m: &Merge, unit: usize) -> (&'static str, Role) {
    match place(&m.settle, unit) {
        Place::Row(r) => match &m.settle.rows()[r] {
            row if row.choice.is_none() && row.proposal.is_some() => ("?", Role::Proposed),
            row if row.choice.is_none() => ("!", Role::Clash),
            row if row.is_auto() => ("·", Role::Dim),
            _ => ("✓", Role::Settled),
        },
        Place::Hunk(h) if h < m.settle.hunks().len() => match m.settle.status(h) {
            Status::Equal => (" ", Role::Text),
            Status::Auto => ("·", Role::Dim),
            Status::Chosen => ("✓", Role::Settled),
            Status::Proposed => ("?", Role::Proposed),
            Status::Open => ("!", Role::Clash),
        },
        Place::Hunk(_) => (" ", Role::Text),
    }
}

fn page_row(m: &Merge, row: &PageRow, y: u16, buf: &mut Buffer, theme: &Theme, drawn: &mut Drawn) {
    let (area, unit) = (m.frame.area, row.at.unit);
    let (sign, role) = sign(m, unit);
    if unit == m.unit && sign != " " {
        buf[(area.x, y)].set_symbol("▌").set_style(theme.get(Role::Accent));
    }
    if row.first || y == m.frame.page.y {
        buf[(area.x + 1, y)].set_symbol(sign).set_style(theme.get(role));
    }
    let (left, right) = (area.x + GUTTER, area.right().saturating_sub(1));
    let whole = Rect::new(left, y, right.saturating_sub(left), 1);
    match &row.what {
        What::Label(text, role) => {
            drawn.hit(whole, Hit::Part(Part::Cell(unit, Column::Result).code()));
            let style = theme.get(*role).add_modifier(if unit == m.unit { Modifier::BOLD } else { Modifier::empty() });
            super::put_cut(buf, left, y, whole.width, text, style);
        }
        What::Fold(text) => {
            let style = theme.get(Role::Dim);
            for x in left..right {
                buf[(x, y)].set_symbol("┄").set_style(style);
            }
            super::put_cut(buf, left + 2, y, whole.width.saturating_sub(4), &format!(" {text} "), style);
        }
        What::Cells(cells) => {
            for (n, (x, width)) in m.frame.columns.iter().enumerate() {
                let column = columns(m).get(n).copied().unwrap_or(Column::Result);
                let area = Rect::new(*x, y, *width, 1);
                drawn.hit(area, Hit::Part(Part::Cell(unit, column).code()));
                if n > 0 {
                    buf[(*x - 1, y)].set_symbol("│").set_style(theme.get(Role::Border));
                    drawn.hit(Rect::new(*x - 1, y, 1, 1), Hit::Part(Part::Divider.code()));
                }
                if let Some(spans) = cells.get(n).and_then(Option::as_ref) {
                    draw_spans(m, spans, unit, area, buf, theme, drawn);
                }
            }
        }
    }
}

fn draw_spans(m: &Merge, spans: &[Span], unit: usize, area: Rect, buf: &mut Buffer, theme: &Theme, drawn: &mut Drawn) {
    let mut x = area.x;
    for span in spans {
        let mut style = theme.get(span.role);
        if span.struck {
            style = style.add_modifier(Modifier::CROSSED_OUT | Modifier::DIM).remove_modifier(Modifier::UNDERLINED);
        }
        if unit == m.unit && span.atom == Some(m.atom) {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let used = super::put(buf, x, area.y, area.right().saturating_sub(x), &span.text, style);
        highlight(m, span, Rect::new(x, area.y, used, 1), buf, theme);
        if let Some(atom) = span.atom {
            drawn.hit(Rect::new(x, area.y, used, 1), Hit::Part(Part::Atom(unit, atom).code()));
        }
        x += used;
    }
}

/// Shows what was searched for.
fn highlight(m: &Merge, span: &Span, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if m.needle.is_empty() {
        return;
    }
    for at in hits(&span.text, &m.needle, Case::smart(&m.needle)) {
        let cells = |t: &str| u16::try_from(text::width(t)).unwrap_or(u16::MAX);
        let x = area.x.saturating_add(cells(&span.text[..at.start]));
        super::paint(buf, Rect::new(x, area.y, cells(&span.text[at]), 1).intersection(area), theme.get(Role::Match));
    }
}

/// The rule below the page with how the current place stands, and the result under it.
fn pane(m: &Merge, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) {
    let (area, y) = (m.frame.area, m.frame.page.bottom());
    if y >= area.bottom() {
        return;
    }
    let (label, role) = standing_line(m, ctx);
    let line = Rect { y, height: 1, ..area };
    super::rule(buf, line, y, "", ctx.theme);
    let pane = m.frame.result;
    let below = m.result_rows.len().saturating_sub(m.result_top + usize::from(pane.height));
    let more = match (below > 0 && pane.height > 0, area.width < 60) {
        (false, _) => "",
        (true, true) => " ⋯ ─",
        (true, false) => " ⋯ more below ─",
    };
    let used = super::put_right(buf, area.right(), y, area.width / 2, more, ctx.theme.get(Role::Border));
    super::put_cut(buf, area.x + 2, y, used.saturating_sub(area.x + 4), &format!(" {label} "), ctx.theme.get(role));
    for (y, spans) in (pane.top()..pane.bottom().min(area.bottom())).zip(m.result_rows.iter().skip(m.result_top)) {
        let bar = if m.editing.is_some() { "▎" } else { "▌" };
        buf[(area.x, y)].set_symbol(bar).set_style(ctx.theme.get(role));
        let cells = Rect::new(area.x + GUTTER, y, area.width.saturating_sub(GUTTER + 1), 1);
        drawn.hit(cells, Hit::Part(Part::Cell(m.unit, Column::Result).code()));
        draw_spans(m, spans, usize::MAX, cells, buf, ctx.theme, drawn);
    }
    if let Some(e) = &m.editing {
        let row = e.cursor.0.saturating_sub(m.result_top);
        let x = u16::try_from(e.cursor.1).unwrap_or(0).min(pane.width.saturating_sub(GUTTER + 2));
        let y = pane.y + u16::try_from(row).unwrap_or(0).min(pane.height.saturating_sub(1));
        drawn.cursor = Some((area.x + GUTTER + x, y));
    }
}

fn standing_line(m: &Merge, ctx: &Ctx<'_>) -> (String, Role) {
    if m.editing.is_some() {
        return ("editing the result · Esc ends".to_owned(), Role::Typed);
    }
    let ((_, role), narrow) = (sign(m, m.unit), m.frame.area.width < 60);
    let what = match place(&m.settle, m.unit) {
        Place::Row(r) => {
            let row = &m.settle.rows()[r];
            let how = if row.choice.is_none() && row.is_deletion() { deletion(row, ctx) } else { row_standing(row) };
            format!("{}: {how}", row.name)
        }
        Place::Hunk(h) if h < m.settle.hunks().len() => {
            let proposed = m.settle.status(h) == Status::Proposed;
            let enter = ctx.keys.key_name(Mode::Merge, Action::Accept);
            let hint = match (proposed, narrow) {
                (false, _) => String::new(),
                (true, true) => " ?".to_owned(),
                (true, false) => format!(" ? {enter} accepts"),
            };
            format!("{}{hint}", standing(&m.settle, h))
        }
        Place::Hunk(_) => String::new(),
    };
    let left = m.settle.counts().open;
    let left = match left {
        0 if narrow => format!("{} saves", ctx.keys.key_name(Mode::Merge, Action::Save)),
        0 => format!("all settled: {} saves", ctx.keys.key_name(Mode::Merge, Action::Save)),
        1 => "1 left".to_owned(),
        n => format!("{n} left"),
    };
    // In three columns the result has its own label.
    let result = if m.frame.lens == Some(Lens::Three) || narrow { "" } else { "result · " };
    (format!("{result}{what} · {left}"), role)
}

/// The answers where one side deleted the note.
fn deletion(row: &Row, ctx: &Ctx<'_>) -> String {
    let key = |action| ctx.keys.key_name(Mode::Merge, action);
    let (keeps, deletes) = if row.mine == "deleted" { (Action::Theirs, Action::Mine) } else { (Action::Mine, Action::Theirs) };
    format!("{} keeps it, {} deletes it, {} makes a new note", key(keeps), key(deletes), key(Action::KeepAsNew))
}
