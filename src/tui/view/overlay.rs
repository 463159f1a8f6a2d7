//! What lies over a screen: a question in a box, or the commands by name.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{clear, frame, input, middle, paint, paragraph, put_all, put_cut, put_right};
use crate::domain::text;
use crate::tui::input::Input;
use crate::tui::message::{Ask, Hit};
use crate::tui::overlay::{Overlay, Palette};
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws it over `area`; returns the cursor's cell.
pub fn draw(overlay: &Overlay, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) -> Option<(u16, u16)> {
    match overlay {
        Overlay::Ask { ask, input } => draw_ask(ask, input, area, buf, ctx, drawn),
        Overlay::Commands(palette) => Some(draw_commands(palette, area, buf, ctx, drawn)),
    }
}

fn draw_ask(ask: &Ask, typed: &Input, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) -> Option<(u16, u16)> {
    let width = area.width.saturating_sub(4).min(64);
    let inside = usize::from(width.saturating_sub(4));
    let rows: usize = ask.lines.iter().map(|l| text::wrap(l, inside).len()).sum();
    let answers = if ask.choices.is_empty() { 1 } else { ask.choices.len() };
    let height = u16::try_from(rows + answers + 2 + usize::from(rows > 0)).unwrap_or(u16::MAX);
    let boxed = middle(area, width, height);
    clear(buf, boxed, ctx.theme.get(Role::Text));
    let inner = frame(buf, boxed, &ask.title, ctx.theme.get(Role::Accent));
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let mut y = inner.y;
    // The answers must fit whatever else does not.
    let room = inner.height.saturating_sub(u16::try_from(answers).unwrap_or(0));
    for line in &ask.lines {
        let left = Rect { y, height: (inner.y + room).saturating_sub(y), ..inner };
        y += paragraph(buf, left, line, ctx.theme.get(Role::Text));
    }
    if rows > 0 && y < inner.y + room {
        y += 1;
    }
    if ask.choices.is_empty() {
        let dots = ask.hidden.then(|| Input::new(&"•".repeat(typed.text().chars().count())));
        return Some(input(buf, Rect { y, height: 1, ..inner }, dots.as_ref().unwrap_or(typed), ctx.theme, true));
    }
    for (n, (key, label)) in ask.choices.iter().enumerate() {
        if y >= inner.bottom() {
            break;
        }
        let name = key.to_string();
        put_all(
            buf,
            inner.x,
            y,
            inner.width,
            &[(&name, ctx.theme.get(Role::Key)), ("  ", ctx.theme.get(Role::Text)), (label, ctx.theme.get(Role::Text))],
        );
        drawn.hit(Rect { y, height: 1, ..inner }, Hit::Choice(n));
        y += 1;
    }
    None
}

/// How many commands are shown at once over such an area.
#[must_use]
pub fn palette_rows(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(5).clamp(1, 16))
}

fn draw_commands(palette: &Palette, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>, drawn: &mut Drawn) -> (u16, u16) {
    let height = u16::try_from(palette_rows(area)).unwrap_or(1) + 3;
    let boxed = middle(area, area.width.saturating_sub(4).min(72), height);
    clear(buf, boxed, ctx.theme.get(Role::Text));
    let inner = frame(buf, boxed, "commands", ctx.theme.get(Role::Accent));
    let cursor =
        input(buf, Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), height: 1, ..inner }, &palette.input, ctx.theme, true);
    for (y, n) in (inner.y + 1..inner.bottom()).zip(palette.rows.shown()) {
        let Some(entry) = palette.found.get(n) else { break };
        let row = Rect { y, height: 1, ..inner };
        let keys_at = put_right(buf, inner.right().saturating_sub(1), y, inner.width / 3, &entry.keys, ctx.theme.get(Role::Key));
        let name = format!("{:<20} ", entry.action.name());
        let used = put_cut(buf, inner.x + 1, y, keys_at.saturating_sub(inner.x + 2), &name, ctx.theme.get(Role::Accent));
        put_cut(buf, inner.x + 1 + used, y, keys_at.saturating_sub(inner.x + 2 + used), &entry.help, ctx.theme.get(Role::Text));
        if n == palette.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Choice(n));
    }
    cursor
}
