//! Lines to read, as wrapped.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{put, put_right};
use crate::tui::reader::Reader;
use crate::tui::screen::Ctx;
use crate::tui::theme::Role;

/// Draws the rows in the window.
pub fn draw(reader: &Reader, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
    for (y, (line, range)) in (area.y..area.bottom()).zip(reader.wrapped.iter().skip(reader.rows.top)) {
        let Some((role, text)) = reader.lines.get(*line) else { break };
        put(buf, area.x, y, area.width, &text[range.clone()], ctx.theme.get(*role));
    }
    let below = reader.wrapped.len().saturating_sub(reader.rows.top + usize::from(area.height));
    if below > 0 && area.height > 1 {
        put_right(buf, area.right(), area.bottom() - 1, area.width, &format!(" ↓ {below} more "), ctx.theme.get(Role::Dim));
    }
}
