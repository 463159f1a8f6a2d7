//! The log of notices: the newest first, the one under the cursor in full below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, paint, paragraph, put_all, rule};
use crate::tui::message::Hit;
use crate::tui::notices::Log;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws the screen.
#[must_use]
pub fn draw(log: &Log, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, "Notices", "", ctx.theme);
    if log.notices.is_empty() {
        super::put(buf, area.x + 1, area.y + 2, area.width - 1, "Nothing was told yet.", ctx.theme.get(Role::Dim));
        return drawn;
    }
    for (y, n) in (area.y + 1..area.bottom().saturating_sub(3)).zip(log.rows.shown()) {
        let Some(notice) = log.notices.get(n) else { break };
        let role = if notice.warning { Role::Bad } else { Role::Text };
        let mark = if notice.warning { " ! " } else { "   " };
        put_all(
            buf,
            area.x + 1,
            y,
            area.width - 1,
            &[(&ctx.clock(notice.at), ctx.theme.get(Role::Dim)), (mark, ctx.theme.get(role)), (&notice.text, ctx.theme.get(role))],
        );
        let row = Rect { y, height: 1, ..area };
        if n == log.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    let y = area.bottom().saturating_sub(3);
    rule(buf, area, y, "", ctx.theme);
    if let Some(notice) = log.notices.get(log.rows.at) {
        paragraph(buf, Rect { x: area.x + 1, y: y + 1, width: area.width - 2, height: 2 }, &notice.text, ctx.theme.get(Role::Text));
    }
    drawn
}
