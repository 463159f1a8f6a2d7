//! The inbox: two lines for each conflict.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{head, nothing, paint, put, put_all, put_cut};
use crate::tui::inbox::Inbox;
use crate::tui::message::Hit;
use crate::tui::screen::{Ctx, Drawn};
use crate::tui::theme::Role;

/// Draws the screen.
#[must_use]
pub fn draw(inbox: &Inbox, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    head(buf, area, &format!("Conflicts · {} need{} you", inbox.order.len(), if inbox.order.len() == 1 { "s" } else { "" }), "", ctx.theme);
    if inbox.order.is_empty() {
        let say = if inbox.told { "Nothing needs you. A note comes here when it was changed in two places." } else { "Reading…" };
        nothing(buf, area, say, ctx.theme);
        return drawn;
    }
    let dim = ctx.theme.get(Role::Dim);
    for (i, n) in inbox.rows.shown().enumerate() {
        let y = area.y + 1 + u16::try_from(i).unwrap_or(0) * 2;
        let Some(w) = inbox.order.get(n).and_then(|id| inbox.waiting.get(id)) else { break };
        if y + 1 >= area.bottom() {
            break;
        }
        let title = if w.title.is_empty() { "(no title)" } else { &w.title };
        put_all(buf, area.x, y, area.width, &[(" ! ", ctx.theme.get(Role::Bad)), (title, ctx.theme.get(Role::Text))]);
        let row = Rect { y, height: 2, ..area };
        match &w.parked {
            Some(p) => {
                let clashes = match w.clashes {
                    0 => "no clash".to_owned(),
                    1 => "1 clash".to_owned(),
                    n => format!("{n} clashes"),
                };
                let begun = if w.settled > 0 { format!(", {} settled", w.settled) } else { String::new() };
                let t = &p.theirs;
                let line = format!(
                    "   {clashes}{begun} · theirs: {} on {}, {} · mine {}",
                    t.updated_by,
                    t.updated_from,
                    ctx.clock(t.updated_at),
                    ctx.clock(p.mine_at)
                );
                put_cut(buf, area.x, y + 1, area.width, &line, dim);
            }
            None => {
                put(buf, area.x, y + 1, area.width, "   …", dim);
            }
        }
        if n == inbox.rows.at {
            paint(buf, row, ctx.theme.get(Role::Cursor));
        }
        drawn.hit(row, Hit::Row(n));
    }
    drawn
}
