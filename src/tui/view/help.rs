//! Help: one line per action of the key table.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, paint, put_cut};
use crate::tui::help::Help;
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws the screen.
#[must_use]
pub fn draw(help: &Help, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, &format!("Help: {}", help.of.name()), "Enter does it", ctx.theme);
    let keys_width = (area.width / 3).min(24);
    for (y, n) in (area.y + 1..area.bottom()).zip(help.rows.shown()) {
        let Some((keys, words, action)) = help.lines.get(n) else { break };
        let name = format!(":{}", action.name());
        let keys: &str = if keys.is_empty() { &name } else { keys };
        let row = Rect { y, height: 1, ..area };
        put_cut(buf, area.x + 1, y, keys_width, keys, ctx.theme.get(Role::Key));
        put_cut(buf, area.x + 2 + keys_width, y, area.width.saturating_sub(keys_width + 2), words, ctx.theme.get(Role::Text));
        if n == help.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    drawn
}
